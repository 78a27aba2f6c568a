"""The text of playlists (RFC 8216, and its second edition for parts). Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..cmaf.writer import SOUND_CODEC, VIDEO_CODEC
from ..sealing.manifest import SealedChunk, SealedRendition
from ..subtitles.written import language_of
from .timeline import SEGMENT, Segment, Timeline

FILM = "film.m3u8"
CONTENT_TYPE = "application/vnd.apple.mpegurl"
PARTS_KEPT = 3  # segments: parts that are older are of no use to anybody (section 6.2.2)
SEGMENTS_KEPT = 8
_VERSION = "#EXT-X-VERSION:6"
_WORDS = {"ru": "Русский", "en": "English"}


@dataclass(frozen=True, slots=True)
class Subtitles:
    """`language` is a tag of BCP 47."""

    language: str

    @property
    def playlist(self) -> str:
        return f"hls-subtitles-{self.language}.m3u8"

    @property
    def file(self) -> str:
        return f"subtitles-{self.language}.vtt"

    @property
    def folder(self) -> str:
        """Of its segments in a broadcast."""
        return self.file.removesuffix(".vtt")

    @property
    def name(self) -> str:
        return _WORDS.get(self.language, self.language)


@dataclass(frozen=True, slots=True)
class Programme:
    """A film as HLS has it: renditions of CMAF, lowest layer first, and subtitles."""

    video: tuple[SealedRendition, ...]
    sound: SealedRendition | None
    subtitles: tuple[Subtitles, ...] = ()

    @property
    def renditions(self) -> tuple[SealedRendition, ...]:
        return (*self.video, *((self.sound,) if self.sound is not None else ()))

    @property
    def seconds(self) -> int:
        """That all renditions have."""
        return min((len(one.chunks) for one in self.renditions), default=0)

    @property
    def longest_part(self) -> float:
        """s, rounded up to ms."""
        return max(
            (
                -(-chunk.duration * 1000 // one.clock) / 1000
                for one in self.renditions
                for chunk in one.chunks
            ),
            default=1.0,
        )


def programme(renditions: Sequence[SealedRendition]) -> Programme:
    """Of all renditions of a film. Without segments for HLS there are none in it."""
    video = sorted((one for one in renditions if one.kind == "cmaf-h264"), key=lambda one: one.layer)
    sound = next((one for one in renditions if one.kind == "cmaf-aac"), None)
    languages = (language_of(one.file) for one in renditions if one.kind == "webvtt")
    return Programme(tuple(video), sound, tuple(Subtitles(language) for language in languages))


def playlist_name(rendition: SealedRendition) -> str:
    return rendition.file.removesuffix(".mp4") + ".m3u8"


def multivariant(film: Programme, folder: str = "") -> str:
    """What a player opens. `folder`: before the names of all playlists, with its slash."""
    lines = ["#EXTM3U", _VERSION, "#EXT-X-INDEPENDENT-SEGMENTS"]
    groups = ""
    if film.sound is not None and film.video:
        lines.append(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="sound",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="{film.sound.channels}",URI="{folder}{playlist_name(film.sound)}"'
        )
        groups += ',AUDIO="sound"'
    lines += (
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="{text.name}",LANGUAGE="{text.language}",'
        f'DEFAULT=NO,AUTOSELECT=YES,URI="{folder}{text.playlist}"'
        for text in film.subtitles
    )
    groups += ',SUBTITLES="subtitles"' if film.subtitles else ""
    for one in film.video or ([film.sound] if film.sound is not None else []):
        lines += [_variant(one, film.sound if film.video else None) + groups, folder + playlist_name(one)]
    return _text(lines)


def whole(rendition: SealedRendition) -> str:
    """The playlist of all of a film."""
    chunks = rendition.chunks
    segments = [chunks[begin : begin + SEGMENT] for begin in range(0, len(chunks), SEGMENT)]
    lines = [
        "#EXTM3U",
        _VERSION,
        f"#EXT-X-TARGETDURATION:{SEGMENT}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        _map(rendition),
    ]
    for segment in segments:
        lines += _segment(rendition, segment)
    return _text([*lines, "#EXT-X-ENDLIST"])


def whole_subtitles(subtitles: Subtitles, film: Programme) -> str:
    """One segment: the text of a film is small."""
    length = max(film.seconds, 1)
    return _text(
        [
            "#EXTM3U",
            _VERSION,
            f"#EXT-X-TARGETDURATION:{length}",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            f"#EXTINF:{length},",
            subtitles.file,
            "#EXT-X-ENDLIST",
        ]
    )


def static(film: Programme) -> dict[str, str]:
    """File name -> text of all playlists that lie beside the segments."""
    if not film.renditions:
        return {}
    found = {FILM: multivariant(film)}
    found |= {playlist_name(one): whole(one) for one in film.renditions}
    return found | {one.playlist: whole_subtitles(one, film) for one in film.subtitles}


def live(film: Programme, rendition: SealedRendition, timeline: Timeline, now: float) -> str | None:
    """What was broadcast until `now` (s since the epoch), with parts; None until a segment is complete."""
    kept = _kept(timeline, now)
    if kept is None:
        return None
    part = film.longest_part
    lines = [
        *_live_head(kept),
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={3 * part:.3f},HOLD-BACK={3 * SEGMENT}",
        f"#EXT-X-PART-INF:PART-TARGET={part:.3f}",
        _map(rendition),
    ]
    with_parts = kept[-1].number - PARTS_KEPT - (not kept[-1].complete)
    leaps = kept[0].discontinuities
    for segment in kept:
        chunks = rendition.chunks[segment.first : segment.end]
        lines += _begun(segment, leaps)
        leaps = segment.discontinuities
        if segment.number > with_parts:
            lines += (_part(rendition, chunk) for chunk in chunks)
        if segment.complete:
            lines += _segment(rendition, chunks)
    if timeline.ended:
        return _text([*lines, "#EXT-X-ENDLIST"])
    if (second := timeline.upcoming(now)) is not None:
        chunk = rendition.chunks[second]
        lines.append(
            f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{rendition.file}",BYTERANGE-START={chunk.offset},'
            f"BYTERANGE-LENGTH={chunk.length}"
        )
    return _text([*lines, *_reports(film, rendition, kept[-1])])


def live_subtitles(subtitles: Subtitles, timeline: Timeline, now: float) -> str | None:
    """The same for subtitles, without parts: segments are `subtitles-<language>/<from>-<to>.vtt`, in seconds."""
    kept = _kept(timeline, now)
    if kept is None:
        return None
    lines, leaps = _live_head(kept), kept[0].discontinuities
    for segment in kept:
        if segment.complete:
            lines += _begun(segment, leaps)
            leaps = segment.discontinuities
            lines += [
                f"#EXTINF:{segment.end - segment.first},",
                f"{subtitles.folder}/{segment.first}-{segment.end}.vtt",
            ]
    return _text([*lines, "#EXT-X-ENDLIST"] if timeline.ended else lines)


def _kept(timeline: Timeline, now: float) -> list[Segment] | None:
    segments = timeline.segments(now)
    complete = sum(segment.complete for segment in segments)
    return segments[max(0, complete - SEGMENTS_KEPT) :] if complete else None


def _live_head(kept: Sequence[Segment]) -> list[str]:
    return [
        "#EXTM3U",
        _VERSION,
        f"#EXT-X-TARGETDURATION:{SEGMENT}",
        f"#EXT-X-MEDIA-SEQUENCE:{kept[0].number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{kept[0].discontinuities}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]


def _begun(segment: Segment, leaps: int) -> Iterator[str]:
    """`leaps`: before the segment before it."""
    if segment.discontinuities != leaps:
        yield "#EXT-X-DISCONTINUITY"
    date = datetime.fromtimestamp(round(segment.date, 3), UTC).isoformat(timespec="milliseconds")
    yield f"#EXT-X-PROGRAM-DATE-TIME:{date.replace('+00:00', 'Z')}"


def _segment(rendition: SealedRendition, chunks: Sequence[SealedChunk]) -> list[str]:
    duration = sum(chunk.duration for chunk in chunks) / rendition.clock
    length = sum(chunk.length for chunk in chunks)
    return [f"#EXTINF:{duration:.5f},", f"#EXT-X-BYTERANGE:{length}@{chunks[0].offset}", rendition.file]


def _part(rendition: SealedRendition, chunk: SealedChunk) -> str:
    return (
        f'#EXT-X-PART:DURATION={chunk.duration / rendition.clock:.5f},URI="{rendition.file}",'
        f'BYTERANGE="{chunk.length}@{chunk.offset}",INDEPENDENT=YES'
    )


def _reports(film: Programme, rendition: SealedRendition, last: Segment) -> Iterator[str]:
    """Where the other playlists are: at the same place."""
    for one in film.renditions:
        if one.file != rendition.file:
            part = last.end - last.first - 1
            yield f'#EXT-X-RENDITION-REPORT:URI="{playlist_name(one)}",LAST-MSN={last.number},LAST-PART={part}'


def _map(rendition: SealedRendition) -> str:
    return f'#EXT-X-MAP:URI="{rendition.file}",BYTERANGE="{rendition.chunks[0].offset}@0"'


def _variant(video: SealedRendition, sound: SealedRendition | None) -> str:
    both = [video, *((sound,) if sound is not None else ())]
    codecs = ",".join(VIDEO_CODEC if one.kind == "cmaf-h264" else SOUND_CODEC for one in both)
    size = f",RESOLUTION={video.width}x{video.height}" if video.width else ""
    peak, average = sum(map(_peak, both)), sum(map(_average, both))
    return f'#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average}{size},CODECS="{codecs}"'


def _peak(rendition: SealedRendition) -> int:
    """bit/s of the largest segment of at most SEGMENT seconds."""
    chunks = rendition.chunks
    segments = (chunks[begin : begin + SEGMENT] for begin in range(0, len(chunks), SEGMENT))
    return max(_bits(rendition, segment) for segment in segments)


def _average(rendition: SealedRendition) -> int:
    return _bits(rendition, rendition.chunks)


def _bits(rendition: SealedRendition, chunks: Sequence[SealedChunk]) -> int:
    length, duration = sum(one.length for one in chunks), sum(one.duration for one in chunks)
    return -(-length * 8 * rendition.clock // duration)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
