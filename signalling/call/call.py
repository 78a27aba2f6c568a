"""One call at work: what its state says is made so in the room, and told to those whom it concerns."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from mediaserver.data import RELIABLE
from mediaserver.participant import Participant, ParticipantKind, ParticipantState, RemovalReason
from mediaserver.rules import Medium, Rules
from mediaserver.track import TrackSource
from signalling.call import door, standing
from signalling.call.chat import ChatStore
from signalling.call.commands import Command
from signalling.call.conversation import Conversation
from signalling.call.entrance import Refusal
from signalling.call.errors import CallError, forbidden, not_found
from signalling.call.events import CallEvent
from signalling.call.handlers import HANDLERS
from signalling.call.roles import CallRole, Power, person_of, role_of
from signalling.call.saved import SavedCall, restore, saved
from signalling.call.screen_time import FILM
from signalling.call.screening import Projector, Screening
from signalling.call.settings import CallSettings
from signalling.call.snapshot import Scene, snapshot
from signalling.call.state import CallState, Person
from signalling.call.taping import NoRecorders, Recorders, Taping
from signalling.call.telling import TOPIC, Telling
from signalling.call.time_limit import TimePhase
from signalling.rtc.admission import BADGE_ATTRIBUTE, ROLE_ATTRIBUTE
from signalling.rtc.limits import TokenBucket
from signalling.rtc.notice import notice

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.room import Room
    from mediaserver.track import Track
    from signalling.rtc.attendance import Attendance

COMMANDS_PER_S, COMMAND_BURST = 5.0, 20.0
HOST_PRIORITY, SPOTLIGHT_PRIORITY = 1, 2
"""Of pictures on lines that cannot carry everything."""
ONLY_TOLD = frozenset(
    {
        "answer",
        "chat",
        "close_poll",
        "delete_message",
        "lower_all_hands",
        "lower_hand",
        "lower_hand_of",
        "open_poll",
        "raise_hand",
        "react",
        "vote",
    }
)
"""Commands after which everybody may do and receive what it could before. Thousands vote at the same time."""


@dataclass(frozen=True)
class CallContext:
    """What all calls share."""

    attendance: Attendance
    clock: Clock
    chat: ChatStore
    projector: Callable[[], Projector]
    tell: Callable[[CallEvent], None]
    recorders: Callable[[], Recorders] = NoRecorders
    stir: Callable[[Call], None] = lambda call: None
    """Called when `Call.tick` has something to do soon."""


class Call:
    """Implements `RoomController`. Belongs to one event loop."""

    def __init__(self, name: str, settings: CallSettings, context: CallContext) -> None:
        self.name = name
        self.state = CallState(settings)
        self.clock = context.clock
        self.conversation = Conversation(self, context.chat)
        self.screening = Screening(self)
        self.taping = Taping(self)
        self.room: Room | None = None
        self.idle_since = context.clock.monotonic()
        """Since when there has been no room, monotonic."""
        self._context = context
        self._sids: dict[str, str] = {}
        """Of the moment: sid -> person."""
        self._buckets: dict[str, TokenBucket] = {}
        self._hosting: dict[str, Participant] = {}
        """Devices of staff, by sid."""
        self._telling = Telling(self)
        self._screens_on = False
        self._log = structlog.get_logger(__name__).bind(room=name)

    def stir(self) -> None:
        """`tick` has something to do soon."""
        self._context.stir(self)

    # The room

    def attach(self, room: Room) -> None:
        """The room of this call is there: from now on the call decides in it."""
        self.room = room
        room.policy.control(self)
        self._apply()
        self.stir()

    def detach(self) -> None:
        """Everybody is out, and the room is gone."""
        self.taping.end("empty")
        self.room = None
        self.idle_since = self.clock.monotonic()

    def save(self) -> SavedCall:
        """What must outlive this process."""
        revocations = self._context.attendance.revocations
        found = saved(self.state, self.clock)
        return found.model_copy(
            update={"tokens": revocations.of_room(self.name), "beginnings": revocations.of_all()}
        )

    def restore(self, found: SavedCall) -> None:
        """What another process has saved, before anybody comes."""
        restore(self.state, found, self.clock)
        revocations = self._context.attendance.revocations
        for identity, until in found.tokens.items():
            revocations.revoke(self.name, identity, until)
        for begin, until in found.beginnings.items():
            revocations.revoke_all(begin, until)

    def check_entry(self, identity: str, role: CallRole) -> Refusal | None:
        """Why somebody may not come in, not even to wait."""
        return self.state.entrance.refusal(person_of(identity), role)

    def seating(self, participant: Participant) -> Rules:
        if self.screening.is_film(participant.identity):
            return standing.rules_of_film(self.state)
        key, role = person_of(participant.identity), role_of(participant.attributes.get(ROLE_ATTRIBUTE, ""))
        badge = participant.attributes.get(BADGE_ATTRIBUTE, "")
        person = self.state.person(key, role, participant.name, badge)
        person.devices[participant.sid] = participant.identity
        person.left_at, person.hidden = None, participant.permissions.hidden
        person.counts_as_host = person.role.is_staff and _is_person(participant)
        person.is_film = _shows_film(participant)
        self._sids[participant.sid] = key
        if person.role.is_staff:
            self._hosting[participant.sid] = participant
        self.state.entrance.arrive(key, person.role, self.clock.time())
        self._event("", "arrived", key, identity=participant.identity)
        permissions = standing.permissions_of(self.state, key, participant.permissions)
        if participant.state is ParticipantState.JOINING:
            participant.permissions = permissions  # before anybody, its own client too, is told of it
        elif permissions != participant.permissions:
            participant.set_permissions(permissions)
        self._came_or_went(key)
        return standing.rules_of(self.state, key)

    def unseated(self, participant: Participant) -> None:
        key = self._sids.pop(participant.sid, None)
        self._hosting.pop(participant.sid, None)
        self._telling.forget(participant.sid)
        if key is None:
            return
        person = self.state.persons[key]
        person.devices.pop(participant.sid, None)
        if not person.here:
            person.left_at = self.clock.monotonic()
            self._buckets.pop(key, None)
        self._event("", "left", key, identity=participant.identity)
        self._came_or_went(key)

    def _came_or_went(self, key: str) -> None:
        if self.state.is_apart(key):
            self._telling.changed_for(key)
        else:
            self._telling.changed()

    @property
    def devices(self) -> int:
        """How many are in the room, without films."""
        return len(self._sids)

    @property
    def projector(self) -> Projector:
        """Shows films."""
        return self._context.projector()

    @property
    def recorders(self) -> Recorders:
        """Take down what goes into recordings."""
        return self._context.recorders()

    def person_of_device(self, participant: Participant) -> str | None:
        """None: it is no person of this call."""
        return self._sids.get(participant.sid)

    def present(self) -> list[tuple[str, Participant]]:
        """Everybody in the room: (person, participant)."""
        participants = self.room.participants.values() if self.room is not None else ()
        return [(self._sids[p.sid], p) for p in participants if p.sid in self._sids]

    # Commands

    async def execute(self, identity: str, command: Command) -> None:
        """Does what a participant asks for. Raises `CallError`."""
        actor = self.caller(identity)
        self._take_token(actor)
        target = self._target(actor, command)
        power = self.state.power(target) if target else None
        if not door.may(self.state.power(actor), command.type, power):
            raise forbidden()
        outcome = HANDLERS[command.type](self, actor, command)
        if inspect.isawaitable(outcome):
            await outcome
        details = command.model_dump(mode="json", exclude={"type", "identity", "text"})
        self._event(identity, command.type, getattr(command, "identity", "") and target, **details)
        self._telling.changed(actor, target)
        if command.type not in ONLY_TOLD:
            self._apply()

    def caller(self, identity: str) -> str:
        """The person behind an identity that is in the room. Raises `CallError`."""
        participant = self.room.participants.get(identity) if self.room is not None else None
        key = self._sids.get(participant.sid) if participant is not None else None
        if key is None:
            raise CallError(409, "NOT_IN_CALL", "You are not in this call")
        return key

    def known(self, identity: str) -> str:
        """The person behind an identity of a command. Raises `CallError`."""
        key = person_of(identity)
        if key not in self.state.persons:
            raise not_found("participant")
        return key

    def _target(self, actor: str, command: Command) -> str:
        identity = getattr(command, "identity", None)
        if identity is None:
            return ""
        key = self.known(identity)
        return "" if key == actor else key

    def _take_token(self, actor: str) -> None:
        now = self.clock.monotonic()
        bucket = self._buckets.setdefault(actor, TokenBucket(COMMANDS_PER_S, COMMAND_BURST, now))
        if not bucket.take(now):
            raise CallError(429, "TOO_MANY_REQUESTS", "Too many commands, please wait a moment")

    # Acts on participants

    def mute_once(self, person: str, medium: Medium) -> None:
        """As if it had done so itself."""
        for participant in self._devices(person):
            for track in list(participant.publisher.tracks.values()):
                if medium in track.media:
                    participant.publisher.mute(track, True, by_server=True)

    def dismiss(self, person: str) -> None:
        """Media are cut, and the tokens are dead. With a new one somebody may ask to come in again."""
        self.state.entrance.remove(person)
        self.state.forget_choices(person)
        attendance = self._context.attendance
        until = (
            math.floor(self.clock.time()) + 1
        )  # whole seconds, as `nbf` of tokens: those of this one are meant
        for participant in self._devices(person):
            attendance.revocations.revoke(self.name, person_identity(participant), until)
            if (presence := attendance.of(participant)) is not None:
                presence.remove(RemovalReason.PARTICIPANT_REMOVED)

    def film_changed(self) -> None:
        """Where the film is, or whether it moves."""
        self._telling.changed()

    def film_stopped(self, content: str, reason: str) -> None:
        """Not by a host."""
        self._event("", "film_stopped", content=content, reason=reason)
        self._telling.changed()

    def note(self, action: str, target: str = "", actor: str = "", **details: object) -> None:
        """Something of a recording has happened."""
        self._event(actor, action, target, **details)
        self._telling.changed()

    def screen(self, participant: Participant, *, shared: bool) -> None:
        """Somebody began to share a screen, or ended it."""
        self._event(participant.identity, "screen_started" if shared else "screen_ended")

    def expect(self, settings: CallSettings) -> None:
        """The list of who is expected has changed."""
        self.state.settings = self.state.settings.model_copy(update={"expected": settings.expected})
        self._telling.changed_for()

    def let_watch_only(self, person: str, watches: bool) -> None:
        """The school says that somebody must not be seen and heard, or that it may be again."""
        if watches != (person in self.state.watching):
            (self.state.watching.add if watches else self.state.watching.discard)(person)
            self._event("", "consent_missing" if watches else "consent_given", person)
            self._telling.changed(person)
            self._apply()

    def withdraw_recording(self, person: str) -> None:
        """The school says that somebody agrees to recordings no longer."""
        if self.taping.withdraw(person):
            self._telling.changed()
            self._apply()

    def revoke_role(self, person: str) -> None:
        """The school has taken a role of staff back: no power from now on, and out."""
        self.state.revoked.add(person)
        if person not in self.state.persons:
            return
        known = self.state.persons[person]
        known.role, known.badge, known.counts_as_host = CallRole.GUEST, "", False
        for participant in self._devices(person):
            participant.update(attributes={BADGE_ATTRIBUTE: "", ROLE_ATTRIBUTE: CallRole.GUEST.value})
        self.dismiss(person)
        self._event("", "role_revoked", person)
        self._telling.changed()
        self._apply()

    def end(self) -> None:
        """For everybody, and nobody comes back."""
        self.state.entrance.ended = True
        if self.room is not None:
            self._context.attendance.rooms.end(self.room, RemovalReason.ROOM_DELETED)

    def _devices(self, person: str) -> list[Participant]:
        known = self.state.persons.get(person)
        if self.room is None or known is None:
            return []
        found = (self.room.participant(sid=sid) for sid in known.devices)
        return [participant for participant in found if participant is not None]

    # Time

    def tick(self) -> bool:
        """To be called about every 100 ms while it returns True, else once a second, or when it stirs."""
        if self.room is None:
            return False
        now = self.clock.monotonic()
        before = self.state.guardian.frozen, self.state.time_phase
        hosts = sum(map(self._is_attending, self._hosting.values()))
        if hosts:
            self.state.limit.begin(now)
        if self.state.guardian.update(hosts, now):
            self._event("", "unattended" if self.state.guardian.frozen else "attended")
        self.state.time_phase = self.state.limit.phase(now)
        if self.state.time_phase is not before[1] and self.state.time_phase in _TIME_EVENTS:
            self._event("", _TIME_EVENTS[self.state.time_phase])
        if before != (self.state.guardian.frozen, self.state.time_phase):
            self._telling.changed()
            self._apply()
        if self.state.forget_absent(now):
            self._telling.changed()
        self.screening.tick(now)
        if self.taping.tick(now):
            self._telling.changed()
            self._apply()
        self._notice_answers()
        self.conversation.flush(now)
        self._telling.tick(now)
        return self._telling.is_stirred or self.conversation.is_stirred

    def screen_kind(self, track: Track) -> str | None:
        """As what children look at a track, for the norms; None: it does not count."""
        if track.kind != "video":
            return None
        if _shows_film(track.publisher):
            return self.state.settings.shared_screen if self.is_page(track) else FILM
        shared = track.settings.source is TrackSource.SCREEN_SHARE
        return self.state.settings.shared_screen if shared else None

    def is_page(self, track: Track) -> bool:
        """Children read pages as they read what is on the board; while one stands, nothing is sent."""
        film = self.state.films.film
        return film is not None and film.identity == track.publisher.identity and film.entry.pages > 0

    def count_screens(self, delivered: Collection[str], seconds: float) -> None:
        """Kinds of screens whose pictures reached somebody who does not lead in the last `seconds`."""
        for kind, phase in self.state.screen_time.count(delivered, seconds, self.clock.time()):
            if phase in _SCREEN_EVENTS:
                self._event("", _SCREEN_EVENTS[phase], kind=kind)
            if kind == FILM and phase is TimePhase.STOPPED and self.state.films.film is not None:
                self.state.films.film.playing = False  # it begins again when a host wants it
            self._telling.changed()
            self._apply()
        if delivered or self._screens_on:
            self._telling.changed_for()  # only who leads sees the time that is left
        self._screens_on = bool(delivered)

    def _notice_answers(self) -> None:
        """Whoever has switched on what was asked for has answered."""
        for key, asked in self.state.asked.items():
            for participant in self._devices(key) if asked else ():
                for track in participant.publisher.tracks.values():
                    if not track.muted and not asked.isdisjoint(track.media):
                        asked.difference_update(track.media)
                        self._telling.changed_for(key)

    def _is_attending(self, participant: Participant) -> bool:
        person = self.state.persons[self._sids[participant.sid]]
        return person.counts_as_host and participant.media_connected

    # Making it so, and telling

    def tell(self, topic: str, content: Mapping[str, object], may_read: Callable[[str], bool]) -> None:
        """Sends a data packet of the server to all devices of those persons who may read it."""
        packet = notice(topic, content)
        for key, participant in self.present():
            if participant.takes_data and may_read(key):
                participant.send_data(RELIABLE, packet)

    def snapshot(self, identity: str) -> dict[str, object]:
        """What a participant may know of the call now. Raises `CallError`."""
        self._notice_answers()
        version = self._telling.version
        content = snapshot(Scene(self.state, self.clock, version), self.caller(identity))
        return {"version": version, "now": self.clock.time(), **content}

    def find_people(self, identity: str, query: str, first: int) -> dict[str, object]:
        """A page of those who are here, by name. Raises `CallError`."""
        actor = self.caller(identity)
        if not door.may(self.state.power(actor), "people"):
            raise forbidden()
        self._take_token(actor)  # thousands of names are looked through
        people, total = Scene(self.state, self.clock).find(actor, query, first)
        return {"people": people, "total": total}

    def _apply(self) -> None:
        if self.room is None:
            return
        present = self.present()
        rules = {p: standing.rules_of(self.state, key) for key, p in present}
        films = dict.fromkeys(self.screening.participants(), standing.rules_of_film(self.state))
        with self.room.batch():
            self.room.policy.set_rules(rules | films)
            self.screening.obey()
            self.taping.obey()
            for key, participant in present:
                permissions = standing.permissions_of(self.state, key, participant.permissions)
                if permissions != participant.permissions:
                    participant.set_permissions(permissions)
                self._set_priority(key, participant)

    def _set_priority(self, key: str, participant: Participant) -> None:
        spotlight = SPOTLIGHT_PRIORITY if key in self.state.spotlight else 0
        priority = max(spotlight, HOST_PRIORITY if self.state.presents(key) else 0)
        if priority != participant.priority:
            participant.priority = priority
            for track in participant.publisher.tracks.values():
                participant.room.bandwidth_changed(track)

    def _event(self, actor: str, action: str, target: str = "", **details: object) -> None:
        event = CallEvent(self.clock.time(), self.name, actor, action, target, details)
        self._log.info("call", action=action, actor=actor, target=target)
        self._context.tell(event)


_SCREEN_EVENTS = {
    TimePhase.WARNING: "screen_warning",
    TimePhase.OVER: "screen_over",
    TimePhase.STOPPED: "screen_stopped",
}
_TIME_EVENTS = {
    TimePhase.WARNING: "time_warning",
    TimePhase.OVER: "time_over",
    TimePhase.STOPPED: "time_stopped",
}


def _is_person(participant: Participant) -> bool:
    permissions = participant.permissions
    serves = permissions.hidden or permissions.recorder or permissions.agent
    return participant.kind is ParticipantKind.STANDARD and not serves


def _shows_film(participant: Participant) -> bool:
    """What comes in from a program is a film, unless it is the camera of an event."""
    role = role_of(participant.attributes.get(ROLE_ATTRIBUTE, ""))
    return participant.kind is ParticipantKind.INGRESS and role is not CallRole.CAMERA


def person_identity(participant: Participant) -> str:
    """The identity of its token."""
    return participant.identity.partition("#")[0]


__all__ = ["TOPIC", "Call", "CallContext", "Person", "Power"]
