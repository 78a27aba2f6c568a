"""Which section of an offer carries which announced track, in which codec. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediaserver.peer_connection import RemoteMedia
    from mediaserver.track import CodecStream


@dataclass(frozen=True)
class SectionMatch:
    """The outcome for one offer."""

    kept: Mapping[str, CodecStream]
    """mid -> stream of a track that was bound before and still is, maybe to another section."""
    new: Mapping[str, CodecStream]
    """mid -> pending stream that now has its section."""
    ended: Sequence[CodecStream]
    """Bound streams whose section no longer sends, or carries another track now."""
    unmatched: Sequence[str]
    """mids of sending sections that nobody announced: nothing that they carry is forwarded."""


def match_sections(
    media: Sequence[RemoteMedia], published: Sequence[CodecStream], pending: Sequence[CodecStream]
) -> SectionMatch:
    """Pairs the sending sections of an offer with streams of tracks.

    A section keeps its stream as long as its `a=msid` track id stays the same. Otherwise it gets the pending
    stream that was announced with this id, or else the first pending one of its kind: Firefox writes other
    ids into its offers than the MediaStreamTrack ids that livekit-client announces.
    """
    by_mid = {stream.mid: stream for stream in published}
    waiting = list(pending)
    kept, new, rest = dict[str, "CodecStream"](), dict[str, "CodecStream"](), list["RemoteMedia"]()
    for section in media:
        bound = by_mid.get(section.mid)
        announced = next((s for s in waiting if _announced(s, section)), None)
        if announced is not None:
            # Also when the id is bound already: the client took the track back and published it again.
            waiting.remove(announced)
            new[section.mid] = announced
        elif bound is not None and bound.sdp_track_id == section.track_id:
            kept[section.mid] = bound
        else:
            rest.append(section)
    unmatched = _match_rest(rest, by_mid, waiting, kept, new)
    ended = [stream for stream in published if stream not in kept.values()]
    return SectionMatch(kept, new, ended, unmatched)


def _match_rest(
    rest: Sequence[RemoteMedia],
    by_mid: Mapping[str, CodecStream],
    waiting: list[CodecStream],
    kept: dict[str, CodecStream],
    new: dict[str, CodecStream],
) -> list[str]:
    unmatched = list[str]()
    for section in rest:
        moved = next((s for s in by_mid.values() if _moved(s, section) and s not in kept.values()), None)
        pending = next((s for s in waiting if s.kind == section.kind), None)
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


def _announced(stream: CodecStream, section: RemoteMedia) -> bool:
    return stream.kind == section.kind and section.track_id in stream.cids


def _moved(stream: CodecStream, section: RemoteMedia) -> bool:
    return stream.kind == section.kind and stream.sdp_track_id == section.track_id


def preferred_codecs(match: SectionMatch) -> dict[str, str]:
    """mid -> MIME type that the answer must put first.

    livekit-client leaves the choice to the server: without this, a request for H264, VP9 or AV1 becomes VP8.
    """
    streams = {**match.kept, **match.new}
    return {mid: mime for mid, stream in streams.items() if (mime := stream.preferred_mime_type)}
