"""Broadcasts of films in running calls: what is on disk, checked as it is read, becomes tracks of a room."""
