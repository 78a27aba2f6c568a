"""SubRip and WebVTT in, cues of plain text, WebVTT out. Pure.

Nothing of a file is passed on but its times and its text: no tags, styles, notes, regions, positions, and no
characters that are not seen.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MOST_BYTES = 2 << 20
MOST_CUES = 20_000
MOST_TEXT = 500  # characters of one cue
MOST_LINES = 4
LONGEST_FILM = 24 * 3_600_000  # ms
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")  # of HTML and WebVTT, of SubStation Alpha


class SubtitlesError(ValueError):
    """The bytes are no subtitles; the text says why."""


@dataclass(frozen=True, slots=True)
class Cue:
    """From `start` to `end`, ms of the film, `text` is shown: 1 to MOST_LINES lines."""

    start: int
    end: int
    text: str


def read(data: bytes) -> list[Cue]:
    """A file in UTF-8, UTF-16 with its mark, or windows-1251, by start. Raises `SubtitlesError`."""
    if len(data) > MOST_BYTES:
        raise SubtitlesError(f"subtitles of more than {MOST_BYTES >> 20} MB")
    cues = tidy(_cues(_decoded(data)))
    if not cues:
        raise SubtitlesError("there is no line with a time in this file")
    return cues


def tidy(cues: Iterable[Cue]) -> list[Cue]:
    """Sanitised, in the order of their starts; what has no text or no length is left out. Raises `SubtitlesError` for
    too many."""
    found: list[Cue] = []
    for cue in cues:
        text = plain(cue.text)
        if text and 0 <= cue.start < cue.end <= LONGEST_FILM:
            found.append(Cue(cue.start, cue.end, text))
        if len(found) > MOST_CUES:
            raise SubtitlesError(f"more than {MOST_CUES} subtitles")
    return sorted(found, key=lambda cue: (cue.start, cue.end))


def plain(text: str) -> str:
    """What is read of a cue."""
    text = html.unescape(_TAG.sub("", text))
    lines = ("".join(filter(_is_seen, line)).strip() for line in re.split(r"\r\n|\r|\n|\\N", text))
    return "\n".join([line for line in lines if line][:MOST_LINES])[:MOST_TEXT].rstrip()


def webvtt(cues: Sequence[Cue], *, mapped: bool = False) -> bytes:
    """`mapped`: as a segment of HLS, whose times are those of the film (RFC 8216, section 3.5)."""
    lines = ["WEBVTT", *(["X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"] if mapped else ()), ""]
    for cue in cues:
        lines += [f"{_stamp(cue.start)} --> {_stamp(cue.end)}", html.escape(cue.text, quote=False), ""]
    return "\n".join(lines).encode()


def between(cues: Sequence[Cue], start: int, end: int) -> list[Cue]:
    """Those that are seen at any time from `start` to `end`, ms."""
    return [cue for cue in cues if cue.start < end and cue.end > start]


def _decoded(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for codec in ("utf-16",) if marked else ("utf-8-sig", "cp1251"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise SubtitlesError("the file is no text")


def _cues(text: str) -> Iterator[Cue]:
    """Blocks with a line of times; what is after it in the block is the text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        for number, line in enumerate(lines[:2]):
            if (times := _TIMES.match(line)) is not None:
                parts = times.groups()
                yield Cue(_ms(parts[:4]), _ms(parts[4:]), "\n".join(lines[number + 1 :]))
                break


def _ms(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def _stamp(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _is_seen(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) not in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    )
