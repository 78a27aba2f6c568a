"""Films as fragmented MP4 (ISO/IEC 23000-19, CMAF) for HLS ([docs/hls.md](../../../docs/hls.md))."""
