"""What a join costs the server, how soon a newcomer hears something, and what Python takes in steady state."""
