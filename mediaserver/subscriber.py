"""The subscribing side of a participant: which tracks of others it receives, and how much of each."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from mediaserver.peer_connection import UnsupportedCodec
from mediaserver.subscription import Subscription, Wishes
from mediaserver.track import VideoQuality

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import RtpSender
    from mediaserver.track import Track


class SubscriptionFailure(Enum):
    CODEC_UNSUPPORTED = "codec_unsupported"
    TRACK_NOT_FOUND = "track_not_found"


class Subscriber:
    """Holds what the participant wants, and makes it so wherever that is allowed."""

    def __init__(
        self, participant: Participant, *, auto_subscribe: bool, adaptive_stream: bool, sync_streams: bool
    ) -> None:
        self._participant = participant
        self._sync_streams = sync_streams
        self._auto_subscribe = auto_subscribe
        # With adaptive stream the client says what it needs as soon as a picture is visible.
        self._first_wishes = Wishes(quality=VideoQuality.LOW if adaptive_stream else VideoQuality.HIGH)
        self._wanted: dict[str, bool] = {}
        self._wishes: dict[str, Wishes] = {}
        self._failed: set[str] = set()
        self._denied: set[str] = set()
        self.subscriptions: dict[str, Subscription] = {}
        self.started = False

    def start(self) -> None:
        """The peer connection can take senders now."""
        self.started = True
        self.reconcile_all()

    def request(self, track_sid: str, wanted: bool) -> None:
        """The client subscribes or unsubscribes."""
        if track_sid in self._participant.room.tracks:
            self.restore([track_sid], wanted)
        elif wanted:
            self._participant.observer.subscription_failed(track_sid, SubscriptionFailure.TRACK_NOT_FOUND)

    def restore(self, track_sids: list[str], wanted: bool) -> None:
        """The client's own list after a resume. Tracks that are gone by now are no failure."""
        for track_sid in track_sids:
            track = self._participant.room.tracks.get(track_sid)
            if track is not None:  # Nothing that a client makes up is remembered.
                self._wanted[track_sid] = wanted
                self._failed.discard(track_sid)
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
        allowed = self._allowed(track, wanted)
        active = track.sid in self.subscriptions
        if wanted and allowed and not active and track.sid not in self._failed:
            self._subscribe(track)
        elif active and not (wanted and allowed):
            self._unsubscribe(track)

    def track_ended(self, track: Track) -> None:
        """The track is gone for good."""
        self._unsubscribe(track)
        for remembered in (self._wanted, self._wishes):
            remembered.pop(track.sid, None)
        self._failed.discard(track.sid)
        self._denied.discard(track.sid)

    def sender_unsupported(self, sender: RtpSender) -> None:
        """The last description of the client showed that it cannot decode this track; the sender is gone."""
        for subscription in list(self.subscriptions.values()):
            if subscription.sender is sender:
                del self.subscriptions[subscription.track.sid]
                subscription.track.subscribers.discard(self._participant)
                self._fail(subscription.track)

    def close(self) -> None:
        for subscription in list(self.subscriptions.values()):
            self._unsubscribe(subscription.track)

    def _allowed(self, track: Track, wanted: bool) -> bool:
        allowed = self._participant.room.may_receive(self._participant, track)
        if wanted and allowed == (track.sid in self._denied):
            # Clients show a track that they may not receive as such, so they must hear of every change.
            (self._denied.discard if allowed else self._denied.add)(track.sid)
            self._participant.observer.subscription_permission_changed(track, allowed)
        return allowed

    def _subscribe(self, track: Track) -> None:
        assert track.receiver is not None, "a track of the room has its receiver"
        wishes = self._wishes.get(track.sid, self._first_wishes)
        publisher = track.publisher.sid
        shared = track.sync_stream if self._sync_streams else None
        try:
            sender = self._participant.subscriber_connection.add_sender(
                track.receiver,
                stream_id=f"{publisher}|{track.sid}",
                sync_stream_id=f"{publisher}|{shared}" if shared else None,
                track_id=track.sid,
                paused=wishes.disabled,
            )
        except UnsupportedCodec:
            self._fail(track)
            return
        subscription = Subscription(track, sender, wishes)
        self.subscriptions[track.sid] = subscription
        subscription.apply()
        self._participant.room.subscribed(self._participant, track)

    def _fail(self, track: Track) -> None:
        self._failed.add(track.sid)
        self._participant.observer.subscription_failed(track.sid, SubscriptionFailure.CODEC_UNSUPPORTED)

    def _unsubscribe(self, track: Track) -> None:
        subscription = self.subscriptions.pop(track.sid, None)
        if subscription is None:
            return
        track.subscribers.discard(self._participant)
        self._participant.subscriber_connection.remove_sender(subscription.sender)
