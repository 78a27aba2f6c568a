"""What comes from a participant, as the receivers of the data plane count it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mediaserver.diagnosis import NOTHING_PASSED, Passed
from mediaserver.statistics import Statistics, seconds_between
from mediaserver.track import TrackSource

if TYPE_CHECKING:
    from mediaserver.participant import Participant


class Uplinks(NamedTuple):
    """Ids of receivers, of what is not silent."""

    receivers: tuple[int, ...]
    speech: tuple[int, ...]
    cameras: tuple[int, ...]
    """Speech and cameras are among the receivers."""


def uplinks_of(participant: Participant) -> Uplinks:
    """As they are now."""
    receivers, speech, cameras = list[int](), list[int](), list[int]()
    for track in participant.publisher.tracks.values():
        if track.is_silent:
            continue
        found = [stream.receiver.id for stream in track.streams if stream.receiver is not None]
        receivers += found
        if track.kind == "audio":
            speech += found
        elif track.settings.source is TrackSource.CAMERA:
            cameras += found
    return Uplinks(tuple(receivers), tuple(speech), tuple(cameras))


def arrived(receiver: int, before: Statistics, after: Statistics) -> Passed:
    """Between two moments."""
    old, new = before.receivers.find(receiver), after.receivers.find(receiver)
    if old is None or new is None:
        return NOTHING_PASSED
    return Passed(max(0, new.packets - old.packets), max(0, new.lost - old.lost))


def passed_up(uplinks: Uplinks, before: Statistics, after: Statistics) -> Passed:
    """On the line from somebody."""
    if not uplinks.receivers:
        return NOTHING_PASSED
    found = [arrived(receiver, before, after) for receiver in uplinks.receivers]
    return Passed(sum(one.arrived for one in found), sum(one.lost for one in found))


def up_jitter_ms(uplinks: Uplinks, before: Statistics, after: Statistics) -> float:
    """Of speech, which leaves evenly; pictures do not."""
    heard = [
        found.jitter_us / 1000
        for receiver in uplinks.speech
        if arrived(receiver, before, after).arrived and (found := after.receivers.find(receiver)) is not None
    ]
    return max(heard, default=0.0)


def camera_fps(uplinks: Uplinks, before: Statistics, after: Statistics) -> float | None:
    """Of the slowest camera; None: it cannot be told of any."""
    found = (_fps(camera, before, after) for camera in uplinks.cameras)
    return min((fps for fps in found if fps is not None), default=None)


def _fps(receiver: int, before: Statistics, after: Statistics) -> float | None:
    """Of one encoding on average; None while others begin or end."""
    old, new = before.receivers.find(receiver), after.receivers.find(receiver)
    if old is None or new is None or not new.live_encodings:
        return None
    if old.live_encodings != new.live_encodings or new.frames < old.frames:
        return None
    return (new.frames - old.frames) / new.live_encodings.bit_count() / seconds_between(before, after)
