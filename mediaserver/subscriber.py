"""The subscribing side of a participant: which tracks of others it receives, and how much of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from mediaserver.layers import VideoQuality
from mediaserver.peer_connection import UnsupportedCodec
from mediaserver.stream_allocator import StreamAllocator
from mediaserver.subscription import Subscription, Wishes

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import RtpSender
    from mediaserver.track import CodecStream, Kind, Track


BACKUP_TIMEOUT_S = 10.0
"""How long a subscriber waits for a publisher to send a backup codec; not all clients do."""


class SubscriptionFailure(Enum):
    CODEC_UNSUPPORTED = "codec_unsupported"
    TRACK_NOT_FOUND = "track_not_found"


class Subscriber:
    """Holds what the participant wants, and makes it so wherever that is allowed."""

    def __init__(
        self,
        participant: Participant,
        *,
        auto_subscribe: bool,
        adaptive_stream: bool,
        sync_streams: bool,
        allow_pause: bool,
        max_subscriptions: Mapping[Kind, int],
    ) -> None:
        self._participant = participant
        self._sync_streams = sync_streams
        self._auto_subscribe = auto_subscribe
        # With adaptive stream the client says what it needs as soon as a picture is visible.
        self._first_wishes = Wishes(quality=VideoQuality.LOW if adaptive_stream else VideoQuality.HIGH)
        self._wanted: dict[str, bool] = {}
        self._wishes: dict[str, Wishes] = {}
        self._failed: frozenset[str] = frozenset()
        self._waiting: dict[str, float | None] = {}
        """Tracks whose publisher was asked for a codec that this participant can decode, until when (None: the
        time is not known yet)."""
        self._denied: frozenset[str] = frozenset()
        self._max_subscriptions = max_subscriptions
        self._beyond_limit: dict[str, None] = {}
        """Wanted and allowed tracks that wait until another one ends, in this order."""
        self.subscriptions: dict[str, Subscription] = {}
        self.changes = 0
        """How often one has begun or ended."""
        self.allocator = StreamAllocator(participant, allow_pause=allow_pause)
        self.started = False

    def start(self) -> None:
        """The peer connection can take senders now."""
        self.started = True
        self.reconcile_all()

    def request(self, track_sid: str, wanted: bool) -> None:
        """The client subscribes or unsubscribes."""
        track = self._participant.room.tracks.get(track_sid)
        if track is not None and self._participant.room.policy.sees(self._participant, track.publisher):
            self.restore([track_sid], wanted)
        elif wanted:
            self._participant.observer.subscription_failed(track_sid, SubscriptionFailure.TRACK_NOT_FOUND)

    def restore(self, track_sids: list[str], wanted: bool) -> None:
        """The client's own list after a resume. Tracks that are gone by now are no failure."""
        for track_sid in track_sids:
            track = self._participant.room.tracks.get(track_sid)
            if track is not None:  # Nothing that a client makes up is remembered.
                self._wanted[track_sid] = wanted
                self._failed -= {track_sid}
                self.reconcile(track)

    def set_wishes(self, track_sid: str, wishes: Wishes) -> None:
        """What the client wants of a track, also of one that it is not subscribed to yet."""
        if track_sid not in self._participant.room.tracks:
            return
        self._wishes[track_sid] = wishes
        subscription = self.subscriptions.get(track_sid)
        if subscription is not None:
            subscription.wishes = wishes
            subscription.apply()

    def reconcile_all(self) -> None:
        for track in list(self._participant.room.tracks.values()):
            self.reconcile(track)

    def reconcile(self, track: Track) -> None:
        """Starts or ends the subscription to one track, as wanted and allowed."""
        if track.publisher is self._participant or not self.started:
            return
        wanted = self._wanted.get(track.sid, self._auto_subscribe)
        subscription = self.subscriptions.get(track.sid)
        if wanted and subscription is not None and self._is_barred(track):
            subscription.bar(True)
        elif not (self._allowed(track, wanted) and wanted):
            self._unsubscribe(track)
        elif subscription is not None:
            subscription.bar(False)
        elif track.sid not in self._failed:
            self._subscribe(track)

    def codec_added(self, track: Track) -> None:
        """The track comes in in one more codec."""
        subscription = self.subscriptions.get(track.sid)
        if subscription is None:
            self.reconcile(track)
            return
        best = next((stream for stream in track.streams if self._decodes(stream.codec.mime_type)), None)
        if best is not None and best is not subscription.stream:
            subscription.move(best)

    def codec_ended(self, track: Track, stream: CodecStream) -> None:
        """The track no longer comes in in one of its codecs."""
        subscription = self.subscriptions.get(track.sid)
        if subscription is not None and subscription.stream is stream:
            self._unsubscribe(track)
            self.reconcile(track)

    def check_waiting(self, now: float) -> None:
        """Gives up on backup codecs that do not come. To be called regularly; seconds, monotonic."""
        for sid, until in list(self._waiting.items()):
            track = self._participant.room.tracks[sid]
            if until is None:
                self._waiting[sid] = now + BACKUP_TIMEOUT_S
            elif now >= until:
                self._unsubscribe(track)
                self._fail(track)
        for sid in list(self._beyond_limit):
            self.reconcile(self._participant.room.tracks[sid])

    def track_ended(self, track: Track) -> None:
        """The track is gone for good."""
        self._unsubscribe(track)
        for remembered in (self._wanted, self._wishes):
            remembered.pop(track.sid, None)
        self._failed -= {track.sid}
        self._denied -= {track.sid}

    def sender_unsupported(self, sender: RtpSender) -> None:
        """The last description of the client showed that it cannot decode this track; the sender is gone."""
        for subscription in list(self.subscriptions.values()):
            if subscription.sender is sender:
                del self.subscriptions[subscription.track.sid]
                self._count_change()
                self._unsubscribe(subscription.track)
                self.reconcile(subscription.track)

    def leave(self) -> None:
        """The participant goes to another room: nothing of this one's tracks is remembered."""
        self.close()
        self._wanted.clear()
        self._wishes.clear()
        self._failed = self._denied = frozenset()

    def close(self) -> None:
        for track in list(self._participant.room.tracks.values()):
            self._unsubscribe(track)
        self.allocator.leave()

    def _count_change(self) -> None:
        self.changes += 1
        self._participant.line_changed()

    def _allowed(self, track: Track, wanted: bool) -> bool:
        room = self._participant.room
        allowed = room.may_receive(self._participant, track)
        known = room.policy.sees(self._participant, track.publisher)
        if wanted and known and allowed == (track.sid in self._denied):
            # Clients show a track that they may not receive as such, so they must hear of every change.
            self._denied = self._denied - {track.sid} if allowed else self._denied | {track.sid}
            self._participant.observer.subscription_permission_changed(track, allowed)
        return allowed

    def _is_barred(self, track: Track) -> bool:
        """Whether only the rules of the room deny a track that the participant knows of. What was negotiated stays, so
        that the first packet after the rules have changed back is heard."""
        policy = self._participant.room.policy
        return not policy.receives(self._participant, track) and policy.sees(
            self._participant, track.publisher
        )

    def _is_full(self, track: Track) -> bool:
        """Whether it must wait until another track of its kind ends."""
        limit = self._max_subscriptions.get(track.kind, 0)
        full = 0 < limit <= sum(one.track.kind == track.kind for one in self.subscriptions.values())
        if full:
            self._beyond_limit.setdefault(track.sid)
            self._participant.room.let_wait(self)
        return full

    def _subscribe(self, track: Track) -> None:
        if self._is_full(track):
            return
        wishes = self._wishes.get(track.sid, self._first_wishes)
        for stream in self._by_preference(track):
            try:
                sender = self._add_sender(stream, wishes)
            except UnsupportedCodec:
                continue
            subscription = Subscription(stream, self._participant, sender, wishes)
            self.subscriptions[track.sid] = subscription
            self._count_change()
            self._stop_waiting(track)
            subscription.apply()
            self._participant.room.subscribed(self._participant, track)
            return
        self._wait_for_backup(track)

    def _by_preference(self, track: Track) -> list[CodecStream]:
        """A film costs its publisher, the server, the same in every codec: there the client's own order counts, so that
        phones decode by hardware what they can."""
        if not track.is_played:
            return track.streams
        connection = self._participant.subscriber_connection
        return sorted(track.streams, key=lambda stream: connection.codec_rank(stream.mime_type))

    def _add_sender(self, stream: CodecStream, wishes: Wishes) -> RtpSender:
        assert stream.receiver is not None, "what comes in has a receiver"
        track = stream.track
        publisher = track.publisher.sid
        shared = track.sync_stream if self._sync_streams else None
        return self._participant.subscriber_connection.add_sender(
            stream.receiver,
            stream_id=f"{publisher}|{track.sid}",
            sync_stream_id=f"{publisher}|{shared}" if shared else None,
            track_id=track.sid,
            paused=wishes.disabled,
        )

    def _wait_for_backup(self, track: Track) -> None:
        """Nothing that comes in can be decoded: another codec of the announcement may be."""
        possible = (n for n in track.missing_codecs if self._decodes(track.codec_name(n)))
        number = next(possible, None)
        if number is None:
            self._fail(track)
        else:
            self._waiting.setdefault(track.sid, None)
            self._participant.room.let_wait(self)
            track.dynacast.need(self._participant, number, VideoQuality.HIGH)

    def _stop_waiting(self, track: Track) -> None:
        self._waiting.pop(track.sid, None)
        self._beyond_limit.pop(track.sid, None)
        if not (self._waiting or self._beyond_limit):
            self._participant.room.waiting.discard(self)

    def _decodes(self, mime_type: str) -> bool:
        return self._participant.subscriber_connection.can_decode(mime_type)

    def _fail(self, track: Track) -> None:
        self._failed |= {track.sid}
        self._participant.observer.subscription_failed(track.sid, SubscriptionFailure.CODEC_UNSUPPORTED)

    def _unsubscribe(self, track: Track) -> None:
        self._stop_waiting(track)
        track.dynacast.forget(self._participant)
        track.subscribers.discard(self._participant)
        self.allocator.forget(track)
        subscription = self.subscriptions.pop(track.sid, None)
        if subscription is not None:
            self._count_change()
            self._participant.subscriber_connection.remove_sender(subscription.sender)
