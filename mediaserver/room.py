"""A room: who is in it, which tracks there are, and what everybody must be told.

All calls come from one event loop. Times are seconds of a monotonic clock, given by the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Protocol

from mediaserver import sids
from mediaserver.data_budget import DataBudget, DefaultBudget
from mediaserver.participant import Participant, ParticipantKind, ParticipantState, RemovalReason
from mediaserver.policy import Policy
from mediaserver.speakers import ActiveSpeakers, Speaker, SpeakerSettings

if TYPE_CHECKING:
    from mediaserver.connection_quality import Rated
    from mediaserver.data_tracks import DataTrack
    from mediaserver.rules import Circles
    from mediaserver.stream_allocator import StreamAllocator
    from mediaserver.subscriber import Subscriber
    from mediaserver.track import CodecStream, Track

DEPENDENT_KINDS = frozenset({ParticipantKind.AGENT, ParticipantKind.EGRESS})
"""They serve others: they take no seat, and a room in which only they are left is empty."""


MAX_EXTRA_FLUSHES = 3
"""How many changes of one publisher are told at once between two regular flushes. Without a limit, one client
that mutes and unmutes all the time would make the server talk to the whole room all the time."""


def _serves(participant: Participant) -> bool:
    permissions = participant.permissions
    return participant.kind in DEPENDENT_KINDS or permissions.recorder or permissions.agent


class IdentityTaken(Exception):
    """Somebody else of this identity is in the room, or forwarded to it."""


class RoomFull(Exception):
    """The room has as many participants as it may have."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """Times in seconds; `max_participants` 0: no limit."""

    empty_timeout_s: float = 300
    departure_timeout_s: float = 20
    max_participants: int = 0
    metadata: str = ""
    speakers: SpeakerSettings = field(default_factory=SpeakerSettings)
    data_budget: DefaultBudget = field(default_factory=DefaultBudget)


LEVELS_PER_S = 1250
"""To so many listeners a second it is told how loud somebody speaks who speaks already: to 500 whenever speakers are
told, to 3,000 every 2.4 seconds. Who begins and ends to speak is told at once to any audience."""


class RoomObserver(Protocol):
    """Tells clients what concerns all of them."""

    def participants_changed(
        self, room: Room, changed: Collection[Participant], recipients: Collection[Participant]
    ) -> None:
        """Some have joined, left (state DISCONNECTED) or changed."""

    def participant_replaced(
        self, room: Room, replaced: Participant, recipients: Collection[Participant]
    ) -> None:
        """The same person joined anew; the old presence is gone."""

    def sights_changed(
        self,
        room: Room,
        viewers: Collection[Participant],
        appeared: Collection[Participant],
        gone: Collection[Participant],
    ) -> None:
        """The rules of the room let participants know of these, or no longer; each of all but itself."""

    def speakers_changed(self, room: Room, changes: Collection[Speaker]) -> None: ...
    def room_changed(self, room: Room, viewers: Collection[Participant]) -> None:
        """Its metadata, or how many these know of."""

    def participant_active(self, participant: Participant) -> None:
        """Its media has connected for the first time."""

    def participant_left(self, participant: Participant, reason: RemovalReason) -> None:
        """It is out of the room, and everybody has been told."""

    def track_published(self, track: Track) -> None: ...
    def track_ended(self, track: Track) -> None: ...


def _nothing() -> None: ...


class Room:
    def __init__(
        self,
        name: str,
        settings: RoomSettings,
        *,
        observer: RoomObserver,
        now: float,
        created_at: float,
    ) -> None:
        self.sid = sids.room_sid()
        self.name = name
        self.settings = settings
        self.metadata = settings.metadata
        self.created_at = created_at
        self.participants: dict[str, Participant] = {}
        self.forwarded: dict[str, Participant] = {}
        """Participants of other rooms whose tracks are here too; they receive nothing from here."""
        self.tracks: dict[str, Track] = {}
        self.data_tracks: dict[str, DataTrack] = {}
        self.track_listeners: set[Callable[[], None]] = set()
        """Called when a track begins or ends here, is muted, or comes in otherwise than before."""
        self.policy = Policy(self)
        self.speakers = ActiveSpeakers(settings.speakers)
        self.waiting: set[Subscriber] = set()
        """Those who wait for a codec, or for a place among their tracks; nobody else costs anything here."""
        self.unallocated: dict[StreamAllocator, None] = {}
        """Those with something to share anew, in order."""
        self.deficient: set[StreamAllocator] = set()
        """Those whose lines cannot carry everything."""
        self.data_budgets: dict[str, DataBudget] = {}
        """By identity: who comes back has spent what it had spent."""
        self.stir: Callable[[], None] = _nothing
        """Called when something changes that is told or done by regular calls; see `is_stirred` and `is_settled`."""
        self.loudest: str | None = None
        """Sid of who speaks, of several the loudest; of those who fell silent the last."""
        self._by_sid: dict[str, Participant] = {}
        self._observer = observer
        self._changed: dict[str, Participant] = {}
        self._changed_themselves: set[str] = set()
        self._flushes: Counter[str] = Counter()
        self._batches = 0
        self._serving: dict[Participant, None] = {}
        """Those in it who are not counted, and recorders."""
        self._next_levels = 0.0
        self._room_changed = False
        self._recounted: set[Circles] = set()
        """Who may know of somebody who has come or gone, or publishes since or no longer: `Rules.seen_by`."""
        self._expires_at: float | None = now + settings.empty_timeout_s
        self._ending = False

    # People

    def check_seat(self, identity: str, kind: ParticipantKind) -> None:
        """Raises `RoomFull`. Who replaces an earlier presence of the same identity always has a seat."""
        limit = self.settings.max_participants
        needs_seat = identity not in self.participants and kind not in DEPENDENT_KINDS
        if limit and needs_seat and self._seats_taken() >= limit:
            raise RoomFull

    def join(self, participant: Participant) -> None:
        """Seats a participant; an earlier one with this identity is removed first."""
        self._seat(participant)
        participant.become(ParticipantState.JOINED)
        participant.data_subscriber.reconcile_all()
        self.participant_changed(participant, by_itself=True)

    def remove(self, participant: Participant, reason: RemovalReason) -> None:
        """Ends a presence: tracks, subscriptions and the seat. The caller closes the connections."""
        if self.participants.get(participant.identity) is not participant:
            return
        self._forward_no_more(participant)
        self._unseat(participant)
        participant.become(ParticipantState.DISCONNECTED)
        participant.version += 1
        participant.subscriber.close()
        participant.publisher.close()
        participant.data_subscriber.close()
        participant.data_publisher.close()
        if reason is RemovalReason.DUPLICATE_IDENTITY:
            viewers = [p for p in self.participants.values() if self.policy.sees(p, participant)]
            self._observer.participant_replaced(self, participant, viewers)
        else:
            self._tell_gone(participant)
        self._observer.participant_left(participant, reason)
        participant.observer.removed(reason)
        self.policy.unseated(participant)

    def end(self, reason: RemovalReason) -> None:
        """Takes everybody out, once and for all. As all go, nobody is told which of the others do."""
        self._ending = True
        for participant in [*self.participants.values()]:
            self.remove(participant, reason)
        for guest in [*self.forwarded.values()]:
            self.end_forwarding(guest)

    def release(self, participant: Participant) -> None:
        """Lets a participant go to another room: with its connections and what it publishes, which ends here."""
        self._forward_no_more(participant)
        self._unseat(participant)
        participant.subscriber.leave()
        participant.data_subscriber.leave()
        for track in participant.publisher.tracks.values():
            self.track_ended(track)
        for data_track in participant.data_publisher.tracks.values():
            self.data_track_ended(data_track)
        self._tell_gone(participant)
        self._observer.participant_left(participant, RemovalReason.MIGRATION)
        self.policy.unseated(participant)

    def admit(self, participant: Participant) -> None:
        """Seats a participant that another room has released. `introduce` follows when its client knows."""
        self._seat(participant)
        participant.room = self

    def introduce(self, participant: Participant) -> None:
        """What an admitted participant publishes begins here, and what it receives."""
        if participant.has_been_active:
            self._observer.participant_active(participant)
        participant.publisher.apply_gates()
        for track in participant.publisher.tracks.values():
            self.track_published(track)
        for data_track in participant.data_publisher.tracks.values():
            self.data_track_published(data_track)
        self.participant_changed(participant, immediately=True, by_itself=True)
        participant.subscriber.reconcile_all()
        participant.data_subscriber.reconcile_all()

    def forward(self, participant: Participant) -> None:
        """What a participant of another room publishes appears here, too, until it leaves that room. Raises
        `IdentityTaken`."""
        if self.forwarded.get(participant.identity) is participant:
            return
        if participant.identity in self.participants or participant.identity in self.forwarded:
            raise IdentityTaken
        self.forwarded[participant.identity] = participant
        self._by_sid[participant.sid] = participant
        participant.forwarded_to.append(self)
        self.participant_changed(participant, immediately=True)
        for track in participant.publisher.tracks.values():
            self._add_track(track)
        for data_track in participant.data_publisher.tracks.values():
            self._add_data_track(data_track)

    def end_forwarding(self, participant: Participant) -> None:
        """What a participant of another room publishes is no longer here."""
        del self.forwarded[participant.identity]
        participant.forwarded_to.remove(self)
        self._forget(participant)
        for track in participant.publisher.tracks.values():
            self._drop_track(track)
        for data_track in participant.data_publisher.tracks.values():
            self._drop_data_track(data_track)
        self._tell_gone(participant)

    def participant_active(self, participant: Participant) -> None:
        """Its media has connected for the first time."""
        self._observer.participant_active(participant)
        self.participant_changed(participant)

    def participant(self, *, sid: str) -> Participant | None:
        return self._by_sid.get(sid)

    def participant_changed(
        self, participant: Participant, *, immediately: bool = False, by_itself: bool = False
    ) -> None:
        """Everybody must hear of it: a publisher's changes at once, others together with the next `flush`.

        What a client did `by_itself` it need not hear again.
        """
        if participant.sid not in self._by_sid:
            return
        if participant.room is self:
            for room in participant.forwarded_to:
                room.participant_changed(participant, immediately=immediately, by_itself=by_itself)
        participant.version += 1
        if by_itself and participant.sid not in self._changed:
            self._changed_themselves.add(participant.sid)
        elif not by_itself:
            self._changed_themselves.discard(participant.sid)
        self._changed[participant.sid] = participant
        self.stir()
        if immediately or (participant.is_publisher and self._flushes[participant.sid] < MAX_EXTRA_FLUSHES):
            self._flushes[participant.sid] += 1
            if not self._batches:
                self._flush()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What changes meanwhile is told to everybody together, at the end."""
        self._batches += 1
        try:
            yield
        finally:
            self._batches -= 1
            if not self._batches:
                self._flush()

    def flush(self) -> int:
        """Tells everybody what has changed since the last call, and how many were told. To be called regularly."""
        self._flushes.clear()
        return self._flush()

    def _flush(self) -> int:
        told = 0
        if not self._changed:
            return told
        changed, self._changed = self._changed, {}
        quiet, self._changed_themselves = self._changed_themselves, set()
        visible = [p for p in changed.values() if not p.permissions.hidden]
        # One list for all, so that it is serialised once: together with others, one's own change does no
        # harm.
        alone = visible[0] if len(visible) == 1 and visible[0].sid in quiet else None
        if visible:
            for known, viewers in self.policy.groups(visible, without=alone):
                self._observer.participants_changed(self, known, viewers)
                told += len(viewers)
        for participant in changed.values():
            if participant.permissions.hidden and participant.sid not in quiet:
                self._observer.participants_changed(self, [participant], [participant])
        return told

    @property
    def is_stirred(self) -> bool:
        """`flush`, `update_dynacast` or `update_allocations` may have something to do soon."""
        return bool(
            self._changed or self._flushes or self.unallocated or self.deficient or self.waiting
        ) or any(track.kind == "video" and track.dynacast.is_stirred for track in self.tracks.values())

    @property
    def is_settled(self) -> bool:
        """`flush_room` and `expired` have nothing to do."""
        return not (self._room_changed or self._recounted) and self._seats_taken() > 0

    def flush_room(self) -> int:
        """Tells about the room itself (counts, metadata) whom a change since the last call concerns, and how many they
        were."""
        everybody, self._room_changed = self._room_changed, False
        recounted, self._recounted = self._recounted, set()
        concerned = [*self.participants.values()] if everybody else self.policy.viewers_of(recounted)
        if concerned:
            self._observer.room_changed(self, concerned)
        return len(concerned)

    def set_metadata(self, metadata: str) -> None:
        self.metadata = metadata
        self._room_changed = True
        self.flush_room()

    # Tracks

    def may_receive(self, subscriber: Participant, track: Track | DataTrack) -> bool:
        """The one place that answers "may X receive Y"."""
        if not (subscriber.permissions.can_subscribe and self.policy.receives(subscriber, track)):
            return False
        if subscriber.permissions.recorder:
            return True
        return track.publisher.publisher.subscription_permissions.allows(subscriber, track)

    def tell_sights(
        self,
        viewers: Collection[Participant],
        appeared: Collection[Participant],
        gone: Collection[Participant],
    ) -> None:
        """Participants may know of these from now on, or no longer; each of all but itself."""
        self._observer.sights_changed(self, viewers, appeared, gone)

    def edges_changed(self, changed: Collection[Participant]) -> None:
        """Who may receive what some publish, and what they may receive, has changed."""
        ones = dict.fromkeys(changed)
        for track in list(self.tracks.values()):
            for participant in list(self.participants.values()) if track.publisher in ones else ones:
                participant.subscriber.reconcile(track)
        for data_track in list(self.data_tracks.values()):
            for participant in list(self.participants.values()) if data_track.publisher in ones else ones:
                participant.data_subscriber.reconcile(data_track)
        for publisher in ones:
            for room in publisher.forwarded_to:
                room._publisher_edges_changed(publisher)

    def _publisher_edges_changed(self, publisher: Participant) -> None:
        """The same for somebody who is only forwarded to this room."""
        for track in list(publisher.publisher.tracks.values()):
            self._reconcile(track)
        for data_track in publisher.data_publisher.tracks.values():
            self._reconcile_data(data_track)

    def permissions_changed(self, publisher: Participant) -> None:
        """Who may receive the tracks of a publisher has changed."""
        for room in publisher.rooms:
            room._publisher_edges_changed(publisher)

    def track_published(self, track: Track) -> None:
        for room in track.publisher.rooms:
            room._add_track(track)
        self._observer.track_published(track)

    def track_changed(self, track: Track) -> None:
        """What was said about a track has changed."""
        for subscriber in list(track.subscribers):
            subscriber.subscriber.subscriptions[track.sid].apply()
        self._coming_changed(track)
        self.participant_changed(track.publisher, by_itself=True)

    def stream_moved(self, stream: CodecStream) -> None:
        """The stream comes in on another receiver now."""
        for subscriber in list(stream.track.subscribers):
            subscription = subscriber.subscriber.subscriptions[stream.track.sid]
            if subscription.stream is stream:
                subscription.move(stream)
        self._coming_changed(stream.track)

    def muting_changed(self, track: Track) -> None:
        """The track is forwarded to nobody any more, or again."""
        self.bandwidth_changed(track)
        self._coming_changed(track)

    def bandwidth_changed(self, track: Track, growth: float = inf) -> None:
        """The track takes at most `growth` times what it did of its subscribers' lines."""
        if track.kind == "video":
            for subscriber in track.subscribers:
                subscriber.subscriber.allocator.costs_changed(growth)

    def allocate_anew(self, allocator: StreamAllocator) -> None:
        """With the next `update_allocations`."""
        self.unallocated[allocator] = None
        self.stir()

    def let_wait(self, subscriber: Subscriber) -> None:
        """It is asked at each `update_dynacast` whether it still must."""
        self.waiting.add(subscriber)
        self.stir()

    def update_allocations(self, now: float) -> None:
        """Shares lines on which something has changed. To be called regularly."""
        due, self.unallocated = self.unallocated, {}
        due |= {allocator: None for allocator in self.deficient if now >= allocator.retry_at}
        for allocator in due:
            allocator.run(now)

    def codec_added(self, track: Track) -> None:
        """The track comes in in one more codec."""
        for room in track.publisher.rooms:
            for participant in list(room.participants.values()):
                participant.subscriber.codec_added(track)
        self._coming_changed(track)
        self.participant_changed(track.publisher, by_itself=True)

    def codec_ended(self, track: Track, stream: CodecStream) -> None:
        """The track no longer comes in in one of its codecs."""
        for subscriber in list(track.subscribers):
            subscriber.subscriber.codec_ended(track, stream)
        self._coming_changed(track)
        self.participant_changed(track.publisher, by_itself=True)

    def update_dynacast(self, now: float) -> None:
        """Tells publishers what to encode, and subscribers whose codec does not come. To be called regularly."""
        for track in self.tracks.values():
            if track.kind == "video" and (needs := track.dynacast.update(now)) is not None:
                named = {track.codec_name(number): quality for number, quality in needs.items()}
                track.publisher.observer.subscribed_qualities_changed(track, named)
        for subscriber in list(self.waiting):
            subscriber.check_waiting(now)

    def track_ended(self, track: Track) -> None:
        if track.sid not in self.tracks:
            return
        for room in track.publisher.rooms:
            room._drop_track(track)
        self._observer.track_ended(track)

    def data_track_published(self, track: DataTrack) -> None:
        self.participant_changed(track.publisher, immediately=True, by_itself=True)
        for room in track.publisher.rooms:
            room._add_data_track(track)

    def data_track_ended(self, track: DataTrack) -> None:
        for room in track.publisher.rooms:
            room._drop_data_track(track)
        self.participant_changed(track.publisher, immediately=True, by_itself=True)

    def subscribed(self, subscriber: Participant, track: Track) -> None:
        track.subscribers.add(subscriber)
        if not track.has_been_subscribed:
            track.has_been_subscribed = True
            track.publisher.observer.track_subscribed(track)

    # Time

    def observe_levels(self, levels: Mapping[str, float], now: float) -> None:
        """Audio levels of a moment: participant sid -> linear level, only of those above the threshold."""
        self.speakers.observe(levels, now)

    def update_speakers(self, now: float) -> None:
        """Tells everybody who speaks now. To be called at the interval of speaker updates until `speakers` are idle."""
        levels = now >= self._next_levels
        if not self.speakers.idle and (changes := self.speakers.changes(now, levels=levels)):
            if levels:
                self._next_levels = now + len(self.participants) / LEVELS_PER_S
            self._observer.speakers_changed(self, changes)
            loudest = next(iter(self.speakers.snapshot()), None)
            self.loudest = loudest.sid if loudest is not None else self.loudest

    def tell_quality(self, rated: Mapping[str, Rated], changed: Collection[str]) -> None:
        """How good the connections are, by participant sid, and of whom something else is said than before. To be
        called at regular intervals."""
        published = any(track.publisher.sid in changed for track in self.tracks.values())
        for participant in self.participants.values():
            if published or participant.sid in changed or participant.hears_of_others:
                participant.tell_quality(rated)

    def expired(self, now: float) -> bool:
        """Whether nobody has come for so long that the room should end."""
        if self._seats_taken():
            self._expires_at = None
            return False
        if self._expires_at is None:
            self._expires_at = now + self.settings.departure_timeout_s
        return now >= self._expires_at

    def recount(self, participant: Participant) -> None:
        """Somebody has come or gone, or counts otherwise than before."""
        recorded = self.active_recording
        if self.participants.get(participant.identity) is participant and _serves(participant):
            self._serving[participant] = None
        else:
            self._serving.pop(participant, None)
        self._room_changed |= self.active_recording is not recorded
        self._recounted.add(participant.rules.seen_by)
        self.stir()

    @property
    def num_publishers(self) -> int:
        # By their tracks: a class has many more participants.
        everything: tuple[Track | DataTrack, ...] = (*self.tracks.values(), *self.data_tracks.values())
        return len({track.publisher for track in everything if track.publisher.room is self})

    @property
    def num_participants(self) -> int:
        """Without those who serve others, with those who are hidden, as LiveKit counts."""
        return len(self.participants) - len(self._serving)

    @property
    def active_recording(self) -> bool:
        return any(p.permissions.recorder for p in self._serving)

    def _add_track(self, track: Track) -> None:
        self.tracks[track.sid] = track
        self._recounted.add(track.publisher.rules.seen_by)
        self.participant_changed(track.publisher, immediately=True, by_itself=True)
        self._reconcile(track)
        self._tell_track_listeners()

    def _drop_track(self, track: Track) -> None:
        del self.tracks[track.sid]
        self._recounted.add(track.publisher.rules.seen_by)
        for participant in self.participants.values():
            participant.subscriber.track_ended(track)
        self.participant_changed(track.publisher, immediately=True, by_itself=True)
        self._tell_track_listeners()

    def _coming_changed(self, track: Track) -> None:
        for room in track.publisher.rooms:
            room._tell_track_listeners()

    def _tell_track_listeners(self) -> None:
        for listener in list(self.track_listeners):
            listener()

    def _add_data_track(self, track: DataTrack) -> None:
        """Everybody has been told of it: clients must know a track before its handle."""
        self.data_tracks[track.sid] = track
        self._reconcile_data(track)

    def _drop_data_track(self, track: DataTrack) -> None:
        del self.data_tracks[track.sid]
        for participant in () if self._ending else self.participants.values():
            participant.data_subscriber.ended(track)

    def _forward_no_more(self, participant: Participant) -> None:
        for room in list(participant.forwarded_to):
            room.end_forwarding(participant)

    def _seat(self, participant: Participant) -> None:
        if (guest := self.forwarded.get(participant.identity)) is not None:
            self.end_forwarding(guest)
        earlier = self.participants.get(participant.identity)
        if earlier is not None:
            self.remove(earlier, RemovalReason.DUPLICATE_IDENTITY)
        self.policy.seating(participant)
        self.participants[participant.identity] = participant
        self._by_sid[participant.sid] = participant
        self._expires_at = None
        self.recount(participant)

    def _unseat(self, participant: Participant) -> None:
        # Before its tracks end, so that this is not told as a change of its own.
        del self.participants[participant.identity]
        self.policy.leaving(participant)
        self._forget(participant)

    def _forget(self, participant: Participant) -> None:
        del self._by_sid[participant.sid]
        self._changed.pop(participant.sid, None)
        self.recount(participant)
        self.speakers.forget(participant.sid)

    def _tell_gone(self, participant: Participant) -> None:
        participant.version += 1
        state, participant.state = participant.state, ParticipantState.DISCONNECTED
        if not (participant.permissions.hidden or self._ending):
            for gone, viewers in self.policy.groups([participant]):
                self._observer.participants_changed(self, gone, viewers)
        participant.state = state

    def _seats_taken(self) -> int:
        return len(self.participants) - sum(p.kind in DEPENDENT_KINDS for p in self._serving)

    def _reconcile(self, track: Track) -> None:
        for participant in list(self.participants.values()):
            participant.subscriber.reconcile(track)

    def _reconcile_data(self, track: DataTrack) -> None:
        for participant in list(self.participants.values()):
            participant.data_subscriber.reconcile(track)
