"""Playlists of films ([docs/hls.md](../../../docs/hls.md)): all of it, and what was broadcast until now. Pure."""
