"""Measurements of the packet path beside the bare loop and other servers. See README.md for the method."""
