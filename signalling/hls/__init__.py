"""HLS of running broadcasts over HTTP, for audiences that a CDN carries ([docs/hls.md](../../docs/hls.md))."""

from signalling.hls.service import HlsService, OnAir

__all__ = ["HlsService", "OnAir"]
