"""Which seconds of a recording are in its film. Pure."""

from collections.abc import Iterable, Iterator

from mediaserver.recording_files import RecordedTrack

FILM = "recording.mp4"
FPS = 25
CUT_S = 3.0
"""Where nothing at all was recorded for longer, the recording stood still: that is not in the film."""


def recorded_seconds(tracks: Iterable[RecordedTrack]) -> Iterator[tuple[float, float]]:
    """When something was recorded: begins and lengths of at most a second."""
    spans: list[tuple[float, float]] = []
    for begin, end in sorted((track.started_s, track.ended_s) for track in tracks if track.packets):
        if spans and begin <= spans[-1][1] + CUT_S:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((begin, end))
    for begin, end in spans:
        ticks = round((end - begin) * FPS)
        for first in range(0, ticks, FPS):
            yield begin + first / FPS, min(FPS, ticks - first) / FPS
