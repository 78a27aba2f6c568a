"""What the player of films takes of the server's CPU."""
