"""What an audience of thousands costs: its joins, its first pictures, its steady state, its memory."""
