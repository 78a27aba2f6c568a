"""What one person may know of a call, as a JSON object. docs/call-control.md describes it. Pure."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

from mediaserver.rules import Circles, Medium
from signalling.call import standing
from signalling.call.polls import Poll
from signalling.call.roles import Power
from signalling.call.screen_time import KindTime
from signalling.call.settings import Mode, Reach, RecordingRule
from signalling.call.state import CallState, Person
from signalling.call.time_limit import TimePhase
from signalling.search import beginnings, normal

if TYPE_CHECKING:
    from mediaserver.clock import Clock

MAX_PEOPLE, MAX_WATCHING = 300, 100
"""In one snapshot, and in one of a webinar, where all but a few watch; `people_total` says how many there are."""
PAGE = 50
"""Of the list of all people."""
SMALL_CALL = 50
"""In bigger ones who does not lead is told only of those who stand out; LiveKit's protocol tells of all."""


class Scene:
    """The call at one moment: what is the same for many is made once, when the first of them asks."""

    def __init__(self, state: CallState, clock: Clock, version: int = 0) -> None:
        self.state, self.clock = state, clock
        self.version = version
        """Grows from scene to scene."""
        self.asked = state.asked_to_record if state.recording.is_on else []
        """Whether they agree to a recording."""
        self._people: dict[tuple[Circles, bool], tuple[list[dict[str, object]], int]] = {}

    def people(self, viewer: str) -> tuple[list[dict[str, object]], int]:
        """Those whom a person may know of, itself too, as far as they are shown; and how many they are."""
        leads = self.state.leads(viewer)
        circles, seen_by = standing.sight_of(self.state, viewer)
        shared, total = self._shared(circles, leads)
        if any(one["person"] == viewer for one in shared):
            return shared, total
        counted = not circles.isdisjoint(seen_by) and not self.state.persons[viewer].hidden
        return [self._shown(viewer, leads), *shared], total if counted else total + 1

    def find(self, viewer: str, query: str, first: int) -> tuple[list[dict[str, object]], int]:
        """For who leads: `PAGE` of those whom a person may know of, from the `first` on, who have names in which these
        words begin; and how many they are."""
        circles, _ = standing.sight_of(self.state, viewer)
        wanted = beginnings(query)
        found = [
            person.key
            for person in self.state.here()
            if not person.hidden
            and all(word in normal(person.name) for word in wanted)
            and self._sees(circles, person.key)
        ]
        return [self._shown(key, True) for key in found[first : first + PAGE]], len(found)

    def _shared(self, circles: Circles, leads: bool) -> tuple[list[dict[str, object]], int]:
        found = self._people.get((circles, leads))
        if found is None:
            seen = [p.key for p in self.state.here() if not p.hidden and self._sees(circles, p.key)]
            chosen = [key for key in seen if self._stands_out(key)] if len(seen) > SMALL_CALL else seen
            if leads and chosen is not seen:
                # An audience has no end: who wants something of the hosts is shown before all others.
                first = set(chosen)
                chosen += islice((key for key in seen if key not in first), MAX_PEOPLE)
            most = MAX_WATCHING if self.state.mode is Mode.WEBINAR else MAX_PEOPLE
            found = [self._shown(key, leads) for key in chosen[:most]], len(seen)
            self._people[circles, leads] = found
        return found

    def _sees(self, circles: Circles, key: str) -> bool:
        return not circles.isdisjoint(standing.seen_by(self.state, key))

    def _stands_out(self, key: str) -> bool:
        state = self.state
        called = key in state.spotlight or key in state.hands.queue or state.stage.get(key, False)
        return called or state.presents(key)

    def _shown(self, key: str, leads: bool) -> dict[str, object]:
        return _person(self.state, self.state.persons[key], details=leads)


def snapshot(scene: Scene, person: str) -> dict[str, object]:
    """For one person. Who waits learns that it waits, and nothing else."""
    state, clock = scene.state, scene.clock
    if state.power(person) is Power.WAITING:
        return {"you": {"person": person, "power": "waiting"}}
    leads = state.leads(person)
    people, total = scene.people(person)
    found: dict[str, object] = {
        "you": _you(state, person),
        "mode": state.mode.value,
        "locked": state.entrance.locked,
        "reach": state.reach.value,
        "self_unmute": state.self_unmute,
        "chat": {"allowed": state.chat_allowed, "interval_s": state.chat_interval_s},
        "panic": state.panic,
        "attended": not state.guardian.frozen,
        "time": _time(state, clock),
        "screen_stopped": state.screen_time.stopped,
        "spotlight": list(state.spotlight),
        "people": people,
        "people_total": total,
        "groups": _groups(state, person),
        "polls": [_poll(state, person, poll) for poll in state.polls.values()],
        "film": _film(state),
        "film_end": asdict(state.films.end) if state.films.end is not None else None,
        "recording": _recording(scene, person),
    }
    if leads:
        found["lobby"] = _lobby(state)
        found["screen_time"] = [_screen(kind, one) for kind, one in state.screen_time.kinds.items()]
        found["expected"] = [
            {"person": one.person, "name": one.name, "here": _is_here(state, one.person)}
            for one in state.settings.expected
        ]
        found["hands"] = [key for key in state.hands.queue if _is_here(state, key)]
        found["blocked"] = [
            {"person": key, "name": state.persons[key].name} for key in sorted(state.entrance.blocked)
        ]
    return found


def _you(state: CallState, person: str) -> dict[str, object]:
    held = [medium.value for medium, hold in state.holds.items() if _is_held(state, person, medium)]
    return {
        "person": person,
        "power": state.power(person).value,
        "badge": state.persons[person].badge,
        "no_consent": person in state.watching,
        "may_share_screen": state.leads(person)
        or state.settings.participant_screens
        or person in state.screens,
        "held": sorted(held),
        "frozen": sorted(medium.value for medium in state.frozen.get(person, ())),
        "reasons": state.reasons(person),
        "asked": sorted(medium.value for medium in state.asked.get(person, ())),
        "hand": state.hands.place(person),
        "group": state.groups.members.get(person),
        "announcing": person in state.groups.announcing,
        "directed": _direction(state, person),
    }


def _person(state: CallState, person: Person, *, details: bool) -> dict[str, object]:
    key = person.key
    shown: dict[str, object] = {
        "person": key,
        "name": person.name,
        "badge": person.badge,
        "power": state.power(key).value,
        "identities": sorted(person.devices.values()),
        "hand": key in state.hands.queue,
    }
    if details:
        shown |= {
            "held": sorted(medium.value for medium in state.holds if _is_held(state, key, medium)),
            "frozen": sorted(medium.value for medium in state.frozen.get(key, ())),
            "asked": sorted(medium.value for medium in state.asked.get(key, ())),
            "screen": key in state.screens,
            "no_consent": key in state.watching,
            "group": state.groups.members.get(key),
            "directed": _direction(state, key),
            "cohost_here": key in state.cohosts,
        }
    return shown


def _is_held(state: CallState, person: str, medium: Medium) -> bool:
    hold = state.holds[medium]
    return person in hold.persons if state.presents(person) else hold.holds(person)


def _direction(state: CallState, person: str) -> object:
    directed = state.directed.get(person)
    if directed is None:
        return "default"
    return directed.value if isinstance(directed, Reach) else sorted(directed)


def _time(state: CallState, clock: Clock) -> dict[str, object] | None:
    end = state.limit.end
    if end is None:
        return None
    ends_at = round(clock.time() + end - clock.monotonic())
    stops_at = round(ends_at + state.limit.soft_stop_s)
    phase = state.time_phase if state.time_phase is not TimePhase.WAITING else TimePhase.RUNNING
    return {
        "phase": phase.value,
        "ends_at": ends_at,
        "stops_at": stops_at,
        "extended_minutes": round(state.limit.extended_s / 60, 1),
    }


def _screen(kind: str, one: KindTime) -> dict[str, object]:
    return {
        "kind": kind,
        "phase": one.phase.value,
        "on": one.is_on,
        "ends_at": round(one.ends_at) if one.is_on else None,
        "stops_at": round(one.ends_at + one.soft_stop_s) if one.is_on else None,
        "left_minutes": None if one.is_on else round(one.left_s / 60, 1),
        "extended_minutes": round(one.extended_s / 60, 1),
    }


def _lobby(state: CallState) -> list[dict[str, object]]:
    expected = {one.person for one in state.settings.expected}
    return [
        {
            "person": key,
            "name": state.persons[key].name,
            "role": state.persons[key].role.value,
            "expected": key in expected,
            "since": since,
        }
        for key, since in state.entrance.waiting.items()
        if _is_here(state, key)
    ]


def _is_here(state: CallState, key: str) -> bool:
    person = state.persons.get(key)
    return person is not None and person.here


def _groups(state: CallState, person: str) -> list[dict[str, object]]:
    """All for who leads; else one's own."""
    own = state.groups.members.get(person)
    return [
        {
            "id": group,
            "name": name,
            "people": sorted(p.key for p in state.here() if state.groups.members.get(p.key) == group),
        }
        for group, name in state.groups.names.items()
        if state.leads(person) or group == own
    ]


def _film(state: CallState) -> dict[str, object] | None:
    films, film = state.films, state.films.film
    if film is None:
        return None
    return {
        **asdict(film.entry),
        "identity": film.identity,
        "subtitles": list(film.subtitles),
        "playing": film.playing,
        "moving": film.moving,
        "ended": film.ended,
        "position_s": round(film.position_s, 3),
        "at": round(film.at, 3),
        "reasons": state.film_reasons,
        "volume": films.volume,
    }


def _recording(scene: Scene, person: str) -> dict[str, object]:
    state, recording, asked = scene.state, scene.state.recording, scene.asked
    waiting = [key for key in asked if recording.agreed(key) is None]
    shown: dict[str, object] = {
        "allowed": state.settings.recording is not RecordingRule.OFF,
        "state": recording.phase.value,
        "since": recording.since,
        "recorded_s": round(recording.recorded_s, 1),
        "you": {
            "asked": person in asked,
            "agreed": recording.agreed(person),
            "held": state.awaits_consent(person),
            "included": standing.in_recordings(state, person),
        },
        "waiting_for": len(waiting),
        "failure": recording.failure,
    }
    if state.leads(person):
        shown["waiting"] = waiting
        shown["refused"] = [key for key in asked if recording.agreed(key) is False]
    return shown


def _poll(state: CallState, person: str, poll: Poll) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": poll.id,
        "question": poll.question,
        "options": [
            {"text": option.text, "picture": option.picture, "votes": votes}
            for option, votes in zip(poll.options, poll.counts, strict=True)
        ],
        "multiple": poll.multiple,
        "anonymous": poll.anonymous,
        "open": poll.open,
        "voters": len(poll.voters),
        "voted": person in poll.voters,
        "choice": list(poll.choices.get(person, ())),
    }
    if state.leads(person) and not poll.anonymous:
        shown["choices"] = {voter: list(chosen) for voter, chosen in sorted(poll.choices.items())}
    return shown
