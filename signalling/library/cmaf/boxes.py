"""The boxes of fragmented MP4 (ISO/IEC 14496-12) that one track needs. Pure."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4  # language
_TRACK = 1
_SYNC, _NO_SYNC = 0x02000000, 0x01010000  # flags of a sample: depends on none, on others
_BASE_IS_MOOF, _DEFAULT_DURATION, _DEFAULT_FLAGS = 0x020000, 0x08, 0x20  # of tfhd
_DATA_OFFSET, _FIRST_FLAGS, _SIZES = 0x1, 0x4, 0x200  # of trun


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """`sps` and `pps`: parameter sets of H.264."""

    clock: int  # Hz
    width: int
    height: int
    sps: bytes
    pps: bytes


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """`configuration`: the AudioSpecificConfig (ISO/IEC 14496-3)."""

    clock: int  # Hz: of samples
    channels: int
    bitrate: int  # bit/s
    configuration: bytes


Track = VideoTrack | SoundTrack


def box(kind: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind.encode() + body


def _full(kind: str, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def initialisation(track: Track) -> bytes:
    """What comes before all fragments: `ftyp` and `moov`."""
    video = isinstance(track, VideoTrack)
    size = (track.width << 16, track.height << 16) if isinstance(track, VideoTrack) else (0, 0)
    movie = _full(
        "mvhd", struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100), _MATRIX, bytes(24), b"\0\0\0\2"
    )
    head = _full(
        "tkhd",
        struct.pack(">IIIII8xHHH2x", 0, 0, _TRACK, 0, 0, 0, 0, 0 if video else 0x100),
        _MATRIX,
        struct.pack(">II", *size),
        flags=3,
    )
    media = box(
        "mdia",
        _full("mdhd", struct.pack(">IIIIHH", 0, 0, track.clock, 0, _UNDETERMINED, 0)),
        _full("hdlr", bytes(4), b"vide" if video else b"soun", bytes(12), b"\0"),
        _information(track),
    )
    extends = box("mvex", _full("trex", struct.pack(">IIIII", _TRACK, 1, 0, 0, 0)))
    brands = b"iso6", struct.pack(">I", 0), b"iso6cmfcmp41"
    return box("ftyp", *brands) + box("moov", movie, box("trak", head, media), extends)


def fragment(number: int, time: int, duration: int, samples: Sequence[bytes], *, all_sync: bool) -> bytes:
    """`moof` and `mdat`. `time`: of the first sample, `duration`: of each, in units of the clock; the first sample
    needs no other, with `all_sync` none does."""
    flags = _BASE_IS_MOOF | _DEFAULT_DURATION | _DEFAULT_FLAGS
    sizes = struct.pack(f">{len(samples)}I", *map(len, samples))

    def head(data: int) -> bytes:
        default = _SYNC if all_sync else _NO_SYNC
        return box(
            "moof",
            _full("mfhd", struct.pack(">I", number)),
            box(
                "traf",
                _full("tfhd", struct.pack(">III", _TRACK, duration, default), flags=flags),
                _full("tfdt", struct.pack(">Q", time), version=1),
                _full(
                    "trun",
                    struct.pack(">IiI", len(samples), data, _SYNC),
                    sizes,
                    flags=_DATA_OFFSET | _FIRST_FLAGS | _SIZES,
                ),
            ),
        )

    return head(len(head(0)) + 8) + box("mdat", *samples)


def _information(track: Track) -> bytes:
    video = isinstance(track, VideoTrack)
    entry = _avc1(track) if isinstance(track, VideoTrack) else _mp4a(track)
    none = bytes(4)
    return box(
        "minf",
        _full("vmhd", bytes(8), flags=1) if video else _full("smhd", none),
        box("dinf", _full("dref", struct.pack(">I", 1), _full("url ", flags=1))),
        box(
            "stbl",
            _full("stsd", struct.pack(">I", 1), entry),
            _full("stts", none),
            _full("stsc", none),
            _full("stsz", none, none),
            _full("stco", none),
        ),
    )


def _avc1(track: VideoTrack) -> bytes:
    """Visual sample entry with the decoder's configuration (ISO/IEC 14496-15, 5.3.3)."""
    return box(
        "avc1",
        struct.pack(">6xH16xHHIII", 1, track.width, track.height, 72 << 16, 72 << 16, 0),
        struct.pack(">H32xHH", 1, 24, 0xFFFF),
        box(
            "avcC",
            bytes([1]) + track.sps[1:4] + b"\xff\xe1",
            struct.pack(">H", len(track.sps)),
            track.sps,
            struct.pack(">BH", 1, len(track.pps)),
            track.pps,
        ),
    )


def _mp4a(track: SoundTrack) -> bytes:
    """Audio sample entry with the elementary stream's descriptor (ISO/IEC 14496-1, 7.2.6.5)."""
    specific = _descriptor(5, track.configuration)
    decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, track.bitrate, track.bitrate), specific)
    stream = _descriptor(3, bytes(3), decoder, _descriptor(6, b"\2"))
    return box(
        "mp4a",
        struct.pack(">6xH8xHH4xI", 1, track.channels, 16, track.clock << 16),
        _full("esds", stream),
    )


def _descriptor(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    assert len(body) < 128, "longer ones have longer lengths"
    return bytes([tag, len(body)]) + body
