"""What a receiver behind a weak line sees and hears: one film in three sizes, lines of a known rate, delay and loss."""
