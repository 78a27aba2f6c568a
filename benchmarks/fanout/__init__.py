"""Server CPU for each forwarded packet, one publisher to many receivers."""
