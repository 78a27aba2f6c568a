"""All controlled calls of this server: what the composition root makes, the school asks, and time moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from mediaserver.participant import Participant
from mediaserver.statistics import Statistics
from mediaserver.track import Track, TrackSource
from signalling.beat import REST_S, TICK_S, Ticker, in_parts, repeat
from signalling.call.attendance import AttendanceBook, AttendanceRow, PresenceRecord
from signalling.call.call import Call, CallContext
from signalling.call.chat import ChatStore, MemoryChat
from signalling.call.delivery import DeliveryMeter
from signalling.call.endpoint import CallEndpoint
from signalling.call.entrance import Refusal
from signalling.call.events import CallEvent, Listener
from signalling.call.roles import role_of
from signalling.call.saved import SavedCall
from signalling.call.screening import NoProjector, Projector
from signalling.call.settings import CallSettings
from signalling.call.taping import NoRecorders, Recorders
from signalling.rtc.admission import ROLE_ATTRIBUTE, Admission
from signalling.rtc.errors import PermissionDenied, ServerFull
from signalling.rtc.events import (
    ParticipantJoined,
    ParticipantLeft,
    RoomEvent,
    RoomFinished,
    RoomStarted,
    TrackPublished,
    TrackUnpublished,
)

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.engine import WorkerStatistics
    from signalling.api_keys import ApiKeys
    from signalling.rtc.attendance import Attendance
    from signalling.rtc.settings import RtcSettings

SAMPLE_S = 1.0
SAMPLED_AT_ONCE = 16
"""Calls, of which each may be a class of thirty."""
MAX_CALLS = 2000
MAX_REVOKED = 10_000
FORGOTTEN_AFTER_S = 6 * 3600.0
"""A call without a room: who was blocked must not come back after a break."""
REFUSALS = {
    Refusal.BLOCKED: "you were removed from this call",
    Refusal.LOCKED: "the call is locked",
    Refusal.ENDED: "the call has ended",
}


class CallService:
    """A room is controlled if its call was opened, or when the first token with a role comes for it."""

    def __init__(
        self,
        attendance: Attendance,
        keys: ApiKeys,
        settings: RtcSettings,
        clock: Clock,
        sample: Callable[[], Awaitable[Iterable[WorkerStatistics]]],
        chat: ChatStore | None = None,
    ) -> None:
        """`sample` gives what the data plane has counted."""
        self.calls: dict[str, Call] = {}
        self.books: dict[str, AttendanceBook] = {}
        self.listeners: list[Listener] = []
        """They hear of everything that is done, at once."""
        self.presence_listeners: list[Callable[[PresenceRecord], None]] = []
        self.settings_of: Callable[[str], CallSettings | None] = lambda room: None
        """What a call is like that nobody has opened: the school knows after a restart."""
        self.projector: Projector = NoProjector()
        """Shows films."""
        self.recorders: Recorders = NoRecorders()
        """Take down what goes into recordings."""
        self._attendance = attendance
        self._clock = clock
        self._sample = sample
        self._ticker = Ticker(TICK_S, REST_S, lambda _: self.tick(), self._failed)
        self._context = CallContext(
            attendance,
            clock,
            chat or MemoryChat(),
            lambda: self.projector,
            self._tell,
            lambda: self.recorders,
            self._stir,
        )
        self._stirred: dict[Call, None] = {}
        """Those that have something to do soon."""
        self._next_look = 0.0
        """When all of them are looked at again."""
        self._revoked: dict[str, None] = {}
        """Persons in order: tokens of a role that was taken back may still be around."""
        self._meter = DeliveryMeter()
        self._sampled_at: float | None = None
        self._endpoint = CallEndpoint(self, keys, settings, clock)
        self._sampling: asyncio.Task[None] | None = None
        self._log = structlog.get_logger(__name__)
        attendance.doorkeeper = self._check
        attendance.events.subscribe(self._happened)

    def routes(self) -> list[web.RouteDef]:
        """Below /api/calls."""
        return self._endpoint.routes()

    # For the school

    def open(
        self,
        room: str,
        settings: CallSettings,
        earlier: SavedCall | None = None,
        presences: Iterable[PresenceRecord] = (),
    ) -> Call:
        """The call of a room. One that is there already goes on as it is, with the new list of who is expected.
        `earlier` and `presences`: what was saved of it before a restart. Raises `ServerFull`."""
        call = self.calls.get(room)
        if call is None:
            self._make_place()
            call = self.calls[room] = Call(room, settings, self._context)
            if earlier is not None:
                call.restore(earlier)
            call.state.revoked |= self._revoked.keys()
            self.books[room] = AttendanceBook(room, self._presence_ended)
            self.books[room].restore(presences)
            if (found := self._attendance.rooms.get(room)) is not None:
                call.attach(found)
        elif call.state.settings.expected != settings.expected:
            call.expect(settings)
        self._start()
        return call

    def close_call(self, room: str) -> None:
        """Ends a call for everybody, and nobody comes back with an old token."""
        if (call := self.calls.get(room)) is not None:
            call.end()

    def revoke_role(self, person: str) -> None:
        """A role of staff was taken back: in all calls that run, and for those who come later."""
        self._revoked[person] = None
        if len(self._revoked) > MAX_REVOKED:
            del self._revoked[next(iter(self._revoked))]
        for call in self.calls.values():
            call.revoke_role(person)

    def restore_role(self, person: str) -> None:
        """The role was confirmed again: it counts for the tokens that are made from now on."""
        self._revoked.pop(person, None)
        for call in self.calls.values():
            call.state.revoked.discard(person)

    def rows(self, room: str) -> list[AttendanceRow]:
        """Who was in the call of a room."""
        book = self.books.get(room)
        return book.rows(self._clock.time()) if book is not None else []

    def present(self) -> list[PresenceRecord]:
        """Presences that have not ended, up to now."""
        now = self._clock.time()
        return [record for book in self.books.values() for record in book.present(now)]

    def is_revoked(self, room: str, identity: str, not_before: float) -> bool:
        """Whether a token was taken back."""
        return self._attendance.revocations.covers(room, identity, not_before)

    async def close(self) -> None:
        """Leaves no task behind. Idempotent."""
        self._ticker.close()
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.gather(self._sampling, return_exceptions=True)
            self._sampling = None

    # Time

    def tick(self) -> bool:
        """As of each call: about every 100 ms while one of them is stirred, else once a second."""
        now = self._clock.monotonic()
        due: Iterable[Call] = self._stirred
        if now >= self._next_look:
            self._next_look = now + REST_S
            due = self.calls.values()
        for call in list(due):
            if call.tick():
                self._stirred[call] = None
            else:
                self._stirred.pop(call, None)
        return bool(self._stirred)

    async def sample(self) -> None:
        """To be called once a second: who received something."""
        people = [p for call in self.calls.values() for _, p in call.present()]
        delivered = await self._meter.read(people, Statistics(await self._sample() if people else ()))
        now, before = self._clock.time(), self._sampled_at
        self._sampled_at = now
        async for part in in_parts(self.books.items(), SAMPLED_AT_ONCE):
            for name, book in part:
                if self.books.get(name) is book:  # nobody has forgotten it meanwhile
                    self._sample_call(self.calls[name], book, delivered, now, before)

    def _sample_call(
        self,
        call: Call,
        book: AttendanceBook,
        delivered: Mapping[str, frozenset[str]],
        now: float,
        before: float | None,
    ) -> None:
        """`before`: when it was sampled last; None: never."""
        for key, participant in call.present():
            _note_arrival(call, book, key, participant, now)
        book.sample(delivered, now)
        if before is not None and call.state.screen_time.kinds:
            call.count_screens(self._screens_seen(call, delivered), now - before)

    def _screens_seen(self, call: Call, delivered: Mapping[str, frozenset[str]]) -> set[str]:
        """Kinds of screens that reached somebody who does not lead."""
        found: set[str | None] = set()
        for key, participant in call.present():
            if not call.state.leads(key):
                subscriptions = participant.subscriber.subscriptions
                if participant.media_connected and not call.state.film_hidden:
                    found |= {
                        call.screen_kind(one.track)
                        for one in subscriptions.values()
                        if one.wished.enabled and call.is_page(one.track)
                    }
                for sid in delivered.get(participant.sid, ()):
                    if sid in subscriptions:
                        found.add(call.screen_kind(subscriptions[sid].track))
        return {kind for kind in found if kind is not None}

    # What happens in rooms

    def _check(self, admission: Admission) -> None:
        """Raises a `JoinError`."""
        room, role = admission.room_name, admission.profile.attributes.get(ROLE_ATTRIBUTE)
        call = self.calls.get(room)
        if call is None:
            settings = self.settings_of(room) or (CallSettings() if role else None)
            if settings is None:
                return  # a room of plain tokens
            call = self.open(room, settings)
        if call.screening.is_film(admission.profile.identity):
            return
        refusal = call.check_entry(admission.profile.identity, role_of(role or ""))
        if refusal is not None:
            raise PermissionDenied(REFUSALS[refusal])

    def _happened(self, event: RoomEvent) -> None:
        match event:
            case RoomStarted(room) if room.name in self.calls:
                self.calls[room.name].attach(room)
            case RoomFinished(room) if room.name in self.calls:
                self.calls[room.name].detach()
                self.books[room.name].close(self._clock.time())
            case TrackPublished(track) | TrackUnpublished(track):
                self._track_changed(track, isinstance(event, TrackPublished))
            case ParticipantJoined(participant):
                self._joined(participant)
            case ParticipantLeft(participant) if participant.room.name in self.books:
                self.books[participant.room.name].left(participant.sid, self._clock.time())

    def _track_changed(self, track: Track, published: bool) -> None:
        call = self.calls.get(track.publisher.room.name)
        if call is None or call.screening.is_film(track.publisher.identity):
            return
        if track.settings.source is TrackSource.SCREEN_SHARE:
            call.screen(track.publisher, shared=published)

    def _joined(self, participant: Participant) -> None:
        call = self.calls.get(participant.room.name)
        key = call.person_of_device(participant) if call is not None else None
        if call is not None and key is not None:
            _note_arrival(call, self.books[call.name], key, participant, self._clock.time())
            call.stir()  # an adult who can be seen and heard now may be the one that it waits for

    def _tell(self, event: CallEvent) -> None:
        for listener in self.listeners:
            try:
                listener(event)
            except Exception:
                self._log.exception("a listener failed", call_event=event.action)

    def _presence_ended(self, record: PresenceRecord) -> None:
        for listener in self.presence_listeners:
            try:
                listener(record)
            except Exception:
                self._log.exception("a listener failed", person=record.person)

    # The task

    def _make_place(self) -> None:
        now = self._clock.monotonic()
        idle = [name for name, call in self.calls.items() if call.room is None]
        for name in idle:
            old = now - self.calls[name].idle_since > FORGOTTEN_AFTER_S
            if old or len(self.calls) >= MAX_CALLS:
                self._stirred.pop(self.calls[name], None)
                del self.calls[name], self.books[name]
        if len(self.calls) >= MAX_CALLS:
            raise ServerFull("too many calls")

    def _stir(self, call: Call) -> None:
        self._stirred[call] = None
        self._ticker.stir()

    def _start(self) -> None:
        self._ticker.start()
        if self._sampling is None:
            self._sampling = asyncio.create_task(
                repeat(SAMPLE_S, self.sample, self._failed), name="calls-sample"
            )

    def _failed(self) -> None:
        self._log.exception("regular work failed")


def _note_arrival(call: Call, book: AttendanceBook, key: str, participant: Participant, now: float) -> None:
    """Who was admitted counts from now on, and who was sent back to the lobby no longer."""
    if call.state.persons[key].role.is_equipment:
        return  # nobody attends by it
    if not call.state.entrance.is_in(key):
        book.left(participant.sid, now)
    elif participant.has_been_active:
        book.came(participant.sid, key, call.state.persons[key].name, now)
