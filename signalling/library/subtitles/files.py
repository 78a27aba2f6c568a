"""Subtitles of a film beside its renditions, a file for each language: those given with it, and those inside."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import av.error
from av.subtitles.subtitle import AssSubtitle

from ..decoding import open_film
from ..renditions.writer import ChunkedFile
from .cues import Cue, SubtitlesError, read, tidy
from .written import write_cues

MOST_STREAMS = 8
CODECS = ("srt", "subrip", "mov_text", "webvtt", "ass", "ssa", "text")
"""With text inside; pictures of text are left alone."""
_SHORT = {"rus": "ru", "eng": "en"}
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def write_subtitles(
    source: Path, folder: Path, given: Sequence[tuple[str, Path]], duration: float
) -> list[ChunkedFile]:
    """`given`: language and file. A language that is given is not taken from the film. `duration`: of the film, s.
    Raises `SubtitlesError` for files that were given and are none."""
    found = {language: read(path.read_bytes()) for language, path in given}
    for language, cues in embedded(source):
        found.setdefault(language, cues)
    return [write_cues(folder, language, cues, duration) for language, cues in found.items()]


def embedded(source: Path) -> Iterator[tuple[str, list[Cue]]]:
    """What a film has inside; streams that cannot be read are as if they were not there."""
    with open_film(source) as container:
        streams = [
            (one.index, _language(one.language))
            for one in container.streams.subtitles
            if one.codec_context.name in CODECS
        ]
        start = (container.start_time or 0) / av.time_base
    for index, language in streams[:MOST_STREAMS]:
        try:
            cues = tidy(_cues(source, index, start))
        except (av.error.FFmpegError, SubtitlesError):
            continue
        if cues:
            yield language, cues


def _cues(source: Path, index: int, start: float) -> Iterator[Cue]:
    with open_film(source) as container:
        stream = container.streams[index]
        for packet in container.demux(stream):
            if packet.pts is None or not packet.duration or packet.time_base is None:
                continue
            begin = round((float(packet.pts * packet.time_base) - start) * 1000)
            end = begin + round(float(packet.duration * packet.time_base) * 1000)
            for rect in packet.decode():
                if isinstance(rect, AssSubtitle):
                    yield Cue(begin, end, rect.dialogue.decode("utf-8", "replace"))


def _language(told: str | None) -> str:
    language = _SHORT.get(told or "", told or "")
    return language if _LANGUAGE.fullmatch(language) else "und"
