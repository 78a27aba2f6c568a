"""Subtitles as a rendition: a file for each language."""

from collections.abc import Sequence
from pathlib import Path

from ..renditions.writer import ChunkedFile, Description
from .cues import Cue, webvtt


def file_name(language: str) -> str:
    return f"subtitles-{language}.vtt"


def language_of(file: str) -> str:
    """Of a rendition of this kind."""
    return file.removeprefix("subtitles-").removesuffix(".vtt")


def write_cues(folder: Path, language: str, cues: Sequence[Cue], duration: float) -> ChunkedFile:
    """In one chunk: the text of a film is small. `duration`: of the film, s."""
    file = ChunkedFile(folder / file_name(language), Description("webvtt", 0, 1000))
    with file:
        file.append(webvtt(cues), 0, max(1, round(duration * 1000)))
    return file
