"""Subtitles that somebody gives to a prepared film, or takes from it: nothing is encoded anew for them."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files import write_whole
from ..hls.playlist import Subtitles, programme, static
from ..renditions.format import LISTING
from ..renditions.writer import listed
from ..sealing.manifest import SealedRendition
from .cues import Cue, read, webvtt
from .written import file_name, language_of, write_cues

_GIVEN = re.compile(r"\.given-([a-z]{2,3})\.vtt")


def give(folder: Path, language: str, cues: Sequence[Cue] | None) -> None:
    """What `apply` will do; None: the language is taken out. Raises `OSError`."""
    write_whole(_given(folder, language), webvtt(cues) if cues is not None else b"")


def take_back(folder: Path, language: str) -> None:
    """What was given and not yet applied."""
    _given(folder, language).unlink(missing_ok=True)


def apply(folder: Path, duration: float) -> None:
    """All that was given becomes part of the renditions; what a crash left half done is done again to the same end.
    `duration`: of the film, s. Raises `OSError`, `ValueError`."""
    given = {found[1]: path for path in folder.iterdir() if (found := _GIVEN.fullmatch(path.name))}
    if not given:
        return
    told = json.loads((folder / LISTING).read_bytes())
    names = {file_name(language) for language in given}
    listing: list[dict[str, Any]] = [one for one in told["renditions"] if one["file"] not in names]
    for language, path in sorted(given.items()):
        if data := path.read_bytes():
            listing.append(listed(write_cues(folder, language, read(data), duration)))
    renditions = [SealedRendition.model_validate(one) for one in listing]
    for name, text in static(programme(renditions)).items():
        write_whole(folder / name, text.encode())
    write_whole(folder / LISTING, json.dumps(told | {"renditions": listing}, indent=1).encode())
    for name in names - {one["file"] for one in listing}:
        (folder / name).unlink(missing_ok=True)
        language = language_of(name)
        (folder / Subtitles(language).playlist).unlink(missing_ok=True)
    for path in given.values():
        path.unlink()


def languages(folder: Path) -> dict[str, int]:
    """Of a film's subtitles, with the number of their cues. Raises `OSError`, `ValueError`."""
    told = json.loads((folder / LISTING).read_bytes())
    names = [one["file"] for one in told["renditions"] if one["kind"] == "webvtt"]
    return {language_of(name): len(read((folder / name).read_bytes())) for name in names}


def _given(folder: Path, language: str) -> Path:
    return folder / f".given-{language}.vtt"
