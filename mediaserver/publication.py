"""Which section of an offer carries which announced track. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediaserver.peer_connection import RemoteMedia
    from mediaserver.track import Track


@dataclass(frozen=True)
class SectionMatch:
    """The outcome for one offer."""

    kept: Mapping[str, Track]
    """mid -> track that was bound before and still is, maybe to another section."""
    new: Mapping[str, Track]
    """mid -> pending track that now has its section."""
    ended: Sequence[Track]
    """Bound tracks whose section no longer sends, or carries another track now."""
    unmatched: Sequence[str]
    """mids of sending sections that nobody announced: nothing that they carry is forwarded."""

    def track(self, mid: str) -> Track | None:
        return self.kept.get(mid) or self.new.get(mid)


def match_sections(
    media: Sequence[RemoteMedia], published: Sequence[Track], pending: Sequence[Track]
) -> SectionMatch:
    """Pairs the sending sections of an offer with tracks.

    A section keeps its track as long as its `a=msid` track id stays the same. Otherwise it gets the pending
    track that was announced with this id, or else the first pending track of its kind: Firefox writes other
    ids into its offers than the MediaStreamTrack ids that livekit-client announces.
    """
    by_mid = {track.mid: track for track in published}
    waiting = list(pending)
    kept, new, rest = dict[str, "Track"](), dict[str, "Track"](), list["RemoteMedia"]()
    for section in media:
        bound = by_mid.get(section.mid)
        announced = next((t for t in waiting if _announced(t, section)), None)
        if announced is not None:
            # Also when the id is bound already: the client took the track back and published it again.
            waiting.remove(announced)
            new[section.mid] = announced
        elif bound is not None and bound.sdp_track_id == section.track_id:
            kept[section.mid] = bound
        else:
            rest.append(section)
    unmatched = _match_rest(rest, by_mid, waiting, kept, new)
    ended = [track for track in published if track not in kept.values()]
    return SectionMatch(kept, new, ended, unmatched)


def _match_rest(
    rest: Sequence[RemoteMedia],
    by_mid: Mapping[str, Track],
    waiting: list[Track],
    kept: dict[str, Track],
    new: dict[str, Track],
) -> list[str]:
    unmatched = list[str]()
    for section in rest:
        moved = next((t for t in by_mid.values() if _moved(t, section) and t not in kept.values()), None)
        pending = next((t for t in waiting if t.kind == section.kind), None)
        bound = by_mid.get(section.mid)
        if moved is not None:
            kept[section.mid] = moved
        elif pending is not None:
            waiting.remove(pending)
            new[section.mid] = pending
        elif bound is not None and bound.kind == section.kind and bound not in kept.values():
            # Another id in the same section, but nothing was announced: the same track under a new name.
            kept[section.mid] = bound
        else:
            unmatched.append(section.mid)
    return unmatched


def _announced(track: Track, section: RemoteMedia) -> bool:
    return track.kind == section.kind and section.track_id in track.settings.cids


def _moved(track: Track, section: RemoteMedia) -> bool:
    return track.kind == section.kind and track.sdp_track_id == section.track_id


def preferred_codecs(match: SectionMatch) -> dict[str, str]:
    """mid -> MIME type that the answer must put first.

    livekit-client leaves the choice to the server: without this, a request for H264, VP9 or AV1 becomes VP8.
    """
    tracks = {**match.kept, **match.new}
    return {
        mid: track.settings.codecs[0].mime_type
        for mid, track in tracks.items()
        if track.kind == "video" and track.settings.codecs and track.settings.codecs[0].mime_type
    }
