"""What is broadcast in one room, for HLS."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mediaserver.clock import Clock
from signalling.hls.reading import SealedFile
from signalling.library.hls import playlist
from signalling.library.hls.playlist import Programme, programme
from signalling.library.hls.timeline import Position, Timeline
from signalling.library.sealing.manifest import Manifest, SealBroken, check_renditions
from signalling.library.subtitles.cues import Cue, SubtitlesError, read

LOOK_S = 60.0
"""Nothing is expected."""
KINDS = ("cmaf-h264", "cmaf-aac", "webvtt")


@dataclass
class Channel:
    """One film, from when it is shown until it is not. `id` is of this showing: the same film later is another one."""

    id: str
    content: str
    title: str
    film: Programme
    files: Mapping[str, SealedFile]
    subtitles: Mapping[str, list[Cue]]
    """By language."""
    timeline: Timeline
    clock: Clock
    position: Position
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ready(self) -> bool:
        """A player finds something to play."""
        return any(segment.complete for segment in self.timeline.segments(self.clock.time()))

    def moved(self, position: Position) -> None:
        """What waits learns it."""
        self.position = position
        self._change(self.timeline.moved(position))

    def finished(self) -> None:
        self._change(self.timeline.finished(self.clock.time()))

    def playlist(self, name: str) -> str | None:
        """Of one rendition now; None: not before a segment is complete. Raises `KeyError` for names that are none."""
        now = self.clock.time()
        for rendition in self.film.renditions:
            if name == playlist.playlist_name(rendition):
                return playlist.live(self.film, rendition, self.timeline, now)
        for subtitles in self.film.subtitles:
            if name == subtitles.playlist:
                return playlist.live_subtitles(subtitles, self.timeline, now)
        raise KeyError(name)

    async def published(self, number: int | None, part: int | None, within: float) -> bool:
        """Waits for a segment or a part; without a number for the first segment. False: it did not come `within` s.
        Raises `TooFar`."""
        try:
            async with asyncio.timeout(within):
                while (pause := self._missing_for(number, part)) is not None:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), pause)
        except TimeoutError:
            return False
        return True

    def _missing_for(self, number: int | None, part: int | None) -> float | None:
        """How long to wait at most before looking again, s; None: it is there."""
        now = self.clock.time()
        if self.timeline.ended:
            return None
        ready = self.timeline.ready_at(self._first if number is None else number, part, now)
        if ready is None:
            return LOOK_S
        return ready - now if ready > now else None

    @property
    def _first(self) -> int:
        return self.timeline.runs[0].number if self.timeline.runs else 0

    def _change(self, timeline: Timeline) -> None:
        if timeline is not self.timeline:
            self.timeline = timeline
            self._changed.set()
            self._changed = asyncio.Event()


def open_files(
    manifest: Manifest, folder: Path
) -> tuple[Programme, dict[str, SealedFile], dict[str, list[Cue]]]:
    """Reads all of what HLS has of a film. Blocks on the disk. Raises `SealBroken`."""
    ours = [one for one in manifest.renditions if one.kind in KINDS]
    check_renditions(manifest.model_copy(update={"renditions": ours}), folder)
    film = programme(ours)
    files = {one.file: SealedFile(folder / one.file, one) for one in ours if one.kind != "webvtt"}
    try:
        subtitles = {one.language: read((folder / one.file).read_bytes()) for one in film.subtitles}
    except (OSError, SubtitlesError) as error:
        raise SealBroken("the subtitles cannot be read") from error
    return film, files, subtitles
