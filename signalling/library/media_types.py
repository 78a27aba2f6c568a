"""What a file is, by its first bytes. Pure. Names and what a browser says of a file count nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

NEEDED = 4096  # bytes; less only if the file is shorter


class Sort(StrEnum):
    """`FILM` may turn out to be sound alone."""

    FILM = "film"
    SOUND = "sound"
    IMAGE = "image"
    DOCUMENT = "document"

    @property
    def is_pages(self) -> bool:
        """Pictures that stand."""
        return self in (Sort.IMAGE, Sort.DOCUMENT)


@dataclass(frozen=True, slots=True)
class MediaType:
    """`name` as in HTTP (RFC 6838)."""

    name: str
    sort: Sort


def _starts(magic: bytes, at: int = 0) -> Callable[[bytes], bool]:
    return lambda head: head[at : at + len(magic)] == magic


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    """ISO base media files (ISO/IEC 14496-12, 4.3): `ftyp` with one of these major brands, or with any."""
    return lambda head: head[4:8] == b"ftyp" and (not brands or head[8:12] in brands)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _mpeg_ts(head: bytes) -> bool:
    return len(head) > 376 and all(head[at] == 0x47 for at in (0, 188, 376))


def _mp3(head: bytes) -> bool:
    """A tag, or a frame of layer III (ISO/IEC 11172-3, 2.4.1.3)."""
    frame = len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 != 0xF0
    return head[:3] == b"ID3" or frame


def _adts(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _webm(head: bytes) -> bool:
    return head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head[:64]


#: The first that fits counts.
TYPES: tuple[tuple[Callable[[bytes], bool], MediaType], ...] = (
    (_brand(b"M4A ", b"M4B "), MediaType("audio/mp4", Sort.SOUND)),
    (_brand(b"qt  "), MediaType("video/quicktime", Sort.FILM)),
    (_brand(), MediaType("video/mp4", Sort.FILM)),
    (_starts(b"moov", 4), MediaType("video/quicktime", Sort.FILM)),
    (_webm, MediaType("video/webm", Sort.FILM)),
    (_starts(b"\x1a\x45\xdf\xa3"), MediaType("video/x-matroska", Sort.FILM)),
    (_riff(b"AVI "), MediaType("video/x-msvideo", Sort.FILM)),
    (_starts(b"\x00\x00\x01\xba"), MediaType("video/mpeg", Sort.FILM)),
    (_mpeg_ts, MediaType("video/mp2t", Sort.FILM)),
    (_starts(b"FLV\x01"), MediaType("video/x-flv", Sort.FILM)),
    (_starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), MediaType("video/x-ms-asf", Sort.FILM)),
    (_starts(b"OggS"), MediaType("video/ogg", Sort.FILM)),
    (_riff(b"WAVE"), MediaType("audio/wav", Sort.SOUND)),
    (_starts(b"fLaC"), MediaType("audio/flac", Sort.SOUND)),
    (_mp3, MediaType("audio/mpeg", Sort.SOUND)),
    (_adts, MediaType("audio/aac", Sort.SOUND)),
    (_starts(b"%PDF-"), MediaType("application/pdf", Sort.DOCUMENT)),
    (_starts(b"\x89PNG\r\n\x1a\n"), MediaType("image/png", Sort.IMAGE)),
    (_starts(b"\xff\xd8\xff"), MediaType("image/jpeg", Sort.IMAGE)),
    (_riff(b"WEBP"), MediaType("image/webp", Sort.IMAGE)),
)


_STILL = _brand(b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")


def media_type(head: bytes) -> MediaType | None:
    """Of a file that begins with `head`; None: nothing that the library takes."""
    if _STILL(head):
        return None
    return next((found for fits, found in TYPES if fits(head)), None)
