"""The publishing side of a participant: announced tracks, their sections in the client's offers, muting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mediaserver import opus, sids
from mediaserver.answering import AnswerWishes
from mediaserver.permissions import SubscriptionPermissions
from mediaserver.publication import SectionMatch, match_sections, preferred_codecs
from mediaserver.rules import Gate
from mediaserver.track import KIND_OF_SOURCE, CodecStream, Track, TrackCodec, TrackSettings

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import RemoteMedia, RtpReceiver


class PublishRefusal(Enum):
    NOT_ALLOWED = "not_allowed"
    LIMIT_EXCEEDED = "limit_exceeded"
    NOT_FOUND = "not_found"
    UNSUPPORTED = "unsupported"


class PublishRefused(Exception):
    """The track may not be published."""

    def __init__(self, refusal: PublishRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a client's offer; `mid_to_track_id` names the tracks that the server sends."""

    sdp: str
    mid_to_track_id: Mapping[str, str]


class Publisher:
    """Tracks are `pending` from the announcement until an offer brings their section, then in `tracks`."""

    def __init__(self, participant: Participant, max_tracks: int) -> None:
        self._participant = participant
        self._max_tracks = max_tracks
        self._unmatched: dict[str, RemoteMedia] = {}
        self.pending: dict[str, Track] = {}
        self.tracks: dict[str, Track] = {}
        self.subscription_permissions = SubscriptionPermissions()

    def allow_subscribers(self, permissions: SubscriptionPermissions) -> None:
        """Who may receive the tracks, by the publisher's own choice."""
        self.subscription_permissions = permissions
        self._participant.room.permissions_changed(self._participant)

    def add_track(self, settings: TrackSettings, *, muted: bool) -> Track:
        """Announces a track. Raises `PublishRefused`."""
        if not self._may_publish(settings):
            raise PublishRefused(PublishRefusal.NOT_ALLOWED)
        if len(self.pending) + len(self.tracks) >= self._max_tracks:
            raise PublishRefused(PublishRefusal.LIMIT_EXCEEDED)
        track = Track(
            sids.track_sid(settings.kind, settings.source.value), self._participant, settings, muted
        )
        gate = self._participant.room.policy.gate(track)
        track.blocked = gate is not Gate.OPEN
        track.muted = muted or gate is Gate.MUTED
        self.pending[track.sid] = track
        return track

    def apply_gates(self, *, only_closing: bool = False) -> None:
        """The rules of the room for what is published have changed."""
        policy = self._participant.room.policy
        for track in [*self.tracks.values(), *self.pending.values()]:
            if not only_closing or policy.gate(track) is not Gate.OPEN:
                self._apply_gate(track)

    def begin_played(self, track: Track, played: Sequence[tuple[RtpReceiver, tuple[str, ...]]]) -> None:
        """An announced track comes in from the server itself: a receiver with its RIDs for each codec. Of backup codecs
        nothing is let in before somebody takes them."""
        for number, (receiver, rids) in enumerate(played):
            stream = track.main
            if number:
                codec = track.settings.codecs[number]
                stream = track.add_backup(number, cid=codec.cid, layers=codec.layers)
                stream.needed = False
            stream.bind(receiver, sdp_track_id="", rids=rids, mime_type=receiver.mime_type)
        self._begin(track.main)

    def add_codec(self, track_sid: str, codec: TrackCodec) -> Track:
        """Announces a section with a backup codec of a published track. Raises `PublishRefused`."""
        track = self.tracks.get(track_sid)
        if track is None:
            raise PublishRefused(PublishRefusal.NOT_FOUND)
        known = {0, *(stream.number for stream in track.backups)}
        waiting = [number for number in range(len(track.settings.codecs)) if number not in known]
        named = (n for n in waiting if track.codec_name(n).lower() == codec.mime_type.lower())
        # livekit-client may name the first codec here: what it sends is the one that it was asked for.
        number = next(named, next(iter(waiting), None))
        if track.kind != "video" or number is None:
            raise PublishRefused(PublishRefusal.UNSUPPORTED)
        track.add_backup(number, cid=codec.cid, layers=codec.layers)
        return track

    def bind_late(self) -> None:
        """Publishes announced tracks whose sections came with an earlier offer."""
        if self._unmatched and (pending := self._pending_streams()):
            media = list(self._unmatched.values())
            self._apply(match_sections(media, (), pending), self._unmatched)

    def find(self, track_sid: str) -> Track | None:
        return self.tracks.get(track_sid) or self.pending.get(track_sid)

    def forbidden(self) -> list[Track]:
        """Tracks that the permissions do not cover (any more)."""
        tracks = [*self.tracks.values(), *self.pending.values()]
        return [track for track in tracks if not self._may_publish(track.settings)]

    async def answer_offer(self, sdp: str) -> Answer:
        """Answers the client's offer and publishes or ends tracks as its sections say. Raises `SdpError`."""
        connection = self._participant.publisher_connection
        offer = connection.read_offer(sdp)
        media = {section.mid: section for section in offer.media}
        bound = [stream for track in self.tracks.values() for stream in track.streams]
        match = match_sections(offer.media, bound, self._pending_streams())
        wanted = AnswerWishes(preferred_codecs(match), opus.options_of(match))
        answer = await connection.answer(offer, wanted)
        self._apply(match, media)
        return Answer(answer, connection.mid_to_track_id())

    def mute(self, track: Track, muted: bool, *, by_server: bool = False) -> None:
        """A muted track is dropped at the data plane. Where the room has muted it, the client is told so again."""
        if not muted and self._participant.room.policy.gate(track) is Gate.MUTED:
            self._participant.observer.track_muted(track)
        else:
            self._set_muted(track, muted, by_server=by_server)

    def update(self, track: Track, **changes: object) -> None:
        """Replaces settings of a track."""
        track.update(**changes)
        if track.sid in self.tracks:
            self._participant.room.track_changed(track)

    def unpublish(self, track: Track, *, by_server: bool = False) -> None:
        """Ends a track. By the server: whatever the client sends on, nothing is forwarded."""
        self.pending.pop(track.sid, None)
        if self.tracks.pop(track.sid, None) is not None:
            self._participant.line_changed()
            for stream in track.streams:
                stream.enable(False)
            self._participant.room.track_ended(track)
        if by_server:
            self._participant.observer.track_unpublished(track)

    def close(self) -> None:
        for track in list(self.tracks.values()):
            self.unpublish(track)
        self.pending.clear()

    def media_started(self, receiver: RtpReceiver) -> None:
        """The codec is known for certain now."""
        streams = (stream for track in self.tracks.values() for stream in track.streams)
        stream = next((s for s in streams if s.receiver is receiver), None)
        if (
            stream is not None
            and receiver.mime_type
            and stream.mime_type.lower() != receiver.mime_type.lower()
        ):
            stream.mime_type = receiver.mime_type
            self._participant.room.track_changed(stream.track)

    def _may_publish(self, settings: TrackSettings) -> bool:
        permissions = self._participant.permissions
        honest = KIND_OF_SOURCE.get(settings.source, settings.kind) == settings.kind
        return permissions.may_publish(settings.source) and (honest or not permissions.can_publish_sources)

    def _set_muted(self, track: Track, muted: bool, *, by_server: bool) -> None:
        if track.set_muted(muted):
            self._participant.room.muting_changed(track)
            self._participant.room.participant_changed(self._participant, by_itself=not by_server)
            if by_server:
                self._participant.observer.track_muted(track)

    def _apply_gate(self, track: Track) -> None:
        gate = self._participant.room.policy.gate(track)
        changed = track.blocked != (gate is not Gate.OPEN)
        track.blocked = gate is not Gate.OPEN
        track.enforce()
        if gate is Gate.MUTED and not track.muted:
            self._set_muted(track, True, by_server=True)
        elif changed:
            self._participant.room.muting_changed(track)

    def _pending_streams(self) -> list[CodecStream]:
        backups = (stream for track in self.tracks.values() for stream in track.backups)
        return [*(t.main for t in self.pending.values()), *(s for s in backups if s.receiver is None)]

    def _apply(self, match: SectionMatch, media: Mapping[str, RemoteMedia]) -> None:
        for stream in match.ended:
            self._end(stream)
        for mid, stream in [*match.kept.items(), *match.new.items()]:
            self._bind(stream, media[mid])
        receivers = self._participant.publisher_connection.receivers
        for mid in match.unmatched:
            if mid in receivers:
                receivers[mid].set_enabled(False)
        self._unmatched = {mid: media[mid] for mid in match.unmatched}
        for stream in match.new.values():
            if stream.receiver is not None:
                self._begin(stream)

    def _begin(self, stream: CodecStream) -> None:
        track, room = stream.track, self._participant.room
        if stream.number == 0:
            del self.pending[track.sid]
            self.tracks[track.sid] = track
            room.track_published(track)
            if room.policy.gate(track) is Gate.MUTED:
                self._participant.observer.track_muted(track)
        else:
            room.codec_added(track)

    def _end(self, stream: CodecStream) -> None:
        track = stream.track
        if stream.number == 0:
            self.unpublish(track)
        else:
            stream.enable(False)
            track.backups.remove(stream)
            self._participant.line_changed()
            self._participant.room.codec_ended(track, stream)

    def _bind(self, stream: CodecStream, section: RemoteMedia) -> None:
        receiver = self._participant.publisher_connection.receivers.get(section.mid)
        if receiver is None:
            return  # The section was rejected: no codec in common.
        moved = stream.receiver is not None and stream.receiver is not receiver
        mime_type = receiver.mime_type or stream.mime_type or _expected_codec(stream, section)
        stream.bind(receiver, sdp_track_id=section.track_id, rids=tuple(section.rids), mime_type=mime_type)
        if moved:
            self._participant.room.stream_moved(stream)


def _expected_codec(stream: CodecStream, section: RemoteMedia) -> str:
    # Until the first packet shows it: the answer puts the publisher's choice first if the offer has it.
    offered = {codec.lower(): codec for codec in section.codecs}
    return offered.get(stream.codec.mime_type.lower()) or next(iter(section.codecs), "")
