"""Qualities and layers of a video track, as publishers announce and subscribers ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class VideoQuality(IntEnum):
    """What a subscriber asks for and a publisher calls its encodings. The order means something."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    OFF = 3


@dataclass(frozen=True, slots=True)
class VideoLayer:
    """An encoding, or a spatial layer of an SVC stream, as its publisher announced it. Bit rate in bit/s."""

    quality: VideoQuality
    width: int = 0
    height: int = 0
    bitrate_bps: int = 0
    ssrc: int = 0
    spatial_layer: int = 0
    rid: str = ""
