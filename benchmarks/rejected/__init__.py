"""Server CPU for each datagram that nobody vouches for, beside a forwarded packet."""
