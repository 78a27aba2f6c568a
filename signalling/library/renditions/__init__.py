"""Films as RTP payloads that need no encoder any more ([docs/renditions.md](../../../docs/renditions.md))."""
