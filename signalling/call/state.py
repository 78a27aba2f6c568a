"""All that is known of one call, without media and without a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from mediaserver.rules import Medium
from signalling.call.entrance import Entrance
from signalling.call.film import Films
from signalling.call.groups import Groups
from signalling.call.guardian import GuardianRule
from signalling.call.hands import Hands
from signalling.call.holds import Hold
from signalling.call.polls import Poll
from signalling.call.recording import Recording
from signalling.call.roles import CallRole, Power
from signalling.call.screen_time import FILM, ScreenTime
from signalling.call.settings import CallSettings, LobbyRule, Mode, Reach
from signalling.call.time_limit import TimeLimit, TimePhase

PLACE_KEPT_S = 30.0
"""Longer than a reconnect takes."""
MAX_PERSONS = 5000
"""Remembered in one call; of those who are away the oldest are forgotten beyond."""


@dataclass
class Person:
    """Somebody who is or was here, with all devices."""

    key: str
    role: CallRole
    name: str
    badge: str = ""
    devices: dict[str, str] = field(default_factory=dict)
    """Of the moment: sid -> identity."""
    hidden: bool = False
    """By its token: nobody else learns that it is there."""
    left_at: float | None = None
    """Since when no device is here, monotonic."""
    counts_as_host: bool = False
    """A confirmed adult by its token, on a device of a person (not a film or a recorder)."""

    is_film: bool = False
    """A program that publishes (an ingress), other than the camera of an event."""

    @property
    def here(self) -> bool:
        return bool(self.devices)


@dataclass
class CallState:
    """Persons are named by their keys everywhere (`roles.person_of`)."""

    settings: CallSettings
    entrance: Entrance = field(init=False)
    guardian: GuardianRule = field(init=False)
    limit: TimeLimit = field(init=False)
    screen_time: ScreenTime = field(init=False)
    mode: Mode = field(init=False)
    reach: Reach = field(init=False)
    self_unmute: bool = field(init=False)
    chat_allowed: bool = field(init=False)
    chat_interval_s: float = field(init=False)
    time_phase: TimePhase = TimePhase.WAITING
    panic: bool = False
    persons: dict[str, Person] = field(default_factory=dict)
    hands: Hands = field(default_factory=Hands)
    holds: dict[Medium, Hold] = field(default_factory=lambda: {Medium.AUDIO: Hold(), Medium.VIDEO: Hold()})
    asked: dict[str, set[Medium]] = field(default_factory=dict)
    """What somebody was asked to switch on."""
    frozen: dict[str, frozenset[Medium]] = field(default_factory=dict)
    screens: set[str] = field(default_factory=set)
    """Who may share a screen."""
    stage: dict[str, bool] = field(default_factory=dict)
    """Promoted (True) and demoted (False) persons."""
    cohosts: set[str] = field(default_factory=set)
    """Made by a host; they do not count as confirmed adults."""
    watching: set[str] = field(default_factory=set)
    """They send nothing whatever a host does: a consent is missing."""
    revoked: set[str] = field(default_factory=set)
    """Staff that is none any more."""
    spotlight: tuple[str, ...] = ()
    directed: dict[str, Reach | frozenset[str]] = field(default_factory=dict)
    """Whom the media of somebody reach, if not those of the default: persons, or a named reach."""
    groups: Groups = field(default_factory=Groups)
    polls: dict[str, Poll] = field(default_factory=dict)
    films: Films = field(default_factory=Films)
    recording: Recording = field(default_factory=Recording)
    restored_at: float = -inf
    """When another process had known all this, monotonic: nobody is back yet."""

    def __post_init__(self) -> None:
        settings = self.settings
        self.mode, self.reach = settings.mode, settings.reach
        self.self_unmute, self.chat_allowed = settings.self_unmute, settings.chat
        self.chat_interval_s = settings.chat_interval_s
        self.entrance = Entrance(self._lobby_rule(), settings.locked)
        self.guardian = GuardianRule(settings.guardian_rule, settings.guardian_grace_s)
        self.limit = TimeLimit(
            settings.limit_minutes * 60, settings.warning_minutes * 60, settings.soft_stop_s
        )
        self.screen_time = ScreenTime(settings.screen_limits, settings.screen_used_s, settings.soft_stop_s)

    def _lobby_rule(self) -> LobbyRule:
        return LobbyRule.ALL if self.mode is Mode.CONSULTATION else self.settings.lobby

    def set_mode(self, mode: Mode) -> None:
        """Those who are in stay in."""
        self.mode = mode
        self.entrance.rule = self._lobby_rule()

    def person(self, key: str, role: CallRole, name: str, badge: str = "") -> Person:
        """Somebody who comes; what is known already stays known."""
        found = self.persons.get(key)
        if found is None:
            self._forget_somebody()
            found = self.persons[key] = Person(key, role, name)
        found.role, found.name, found.badge = role, name, badge
        if key in self.revoked and role.is_staff:
            found.role, found.badge = CallRole.GUEST, ""
        return found

    def _forget_somebody(self) -> None:
        if len(self.persons) >= MAX_PERSONS:
            away = next((person.key for person in self.persons.values() if not person.here), None)
            if away is not None:
                del self.persons[away]
                self.entrance.admitted.discard(away)
                self.forget_choices(away)

    def power(self, key: str) -> Power:
        """What somebody may be taken for now."""
        person = self.persons.get(key)
        if person is None or not self.entrance.is_in(key):
            return Power.WAITING
        if person.role.is_equipment:
            return Power.CAMERA if person.role is CallRole.CAMERA else Power.VIEWER
        if person.role is CallRole.HOST:
            return Power.HOST
        if key in self.watching and not person.role.is_staff:
            return Power.VIEWER
        if person.role is CallRole.COHOST or key in self.cohosts:
            return Power.COHOST
        return Power.MEMBER if self.on_stage(key) else Power.VIEWER

    def leads(self, key: str) -> bool:
        return self.power(key).leads

    def presents(self, key: str) -> bool:
        """Whether everybody should see somebody: who leads, and a camera of theirs."""
        power = self.power(key)
        return power.leads or power is Power.CAMERA

    def serves(self, key: str) -> bool:
        """Whether somebody is no party of a conversation: who leads, and equipment."""
        return self.leads(key) or self.persons[key].role.is_equipment

    def on_stage(self, key: str) -> bool:
        """Whether somebody who does not lead publishes."""
        person = self.persons[key]
        usual = self.mode is not Mode.WEBINAR and person.role is not CallRole.VIEWER
        return self.stage.get(key, usual)

    def forget_absent(self, now: float) -> bool:
        """Who does not come back soon loses the place among hands and in the lobby. Returns whether anybody did."""
        absent = [key for key in (*self.hands.queue, *self.entrance.waiting) if self._is_gone(key, now)]
        for key in absent:
            self.hands.down(key)
            self.entrance.leave_lobby(key)
        return bool(absent)

    def _is_gone(self, key: str, now: float) -> bool:
        person = self.persons.get(key)
        if person is None:
            return now - self.restored_at >= PLACE_KEPT_S
        return person.left_at is not None and now - person.left_at >= PLACE_KEPT_S

    def is_audience(self, key: str) -> bool:
        """Whether only who leads may know that somebody is here."""
        return self.mode is Mode.WEBINAR and self.power(key) is Power.VIEWER

    def is_apart(self, key: str) -> bool:
        """Whether it concerns nobody but who leads when somebody comes or goes."""
        unseen = self.is_audience(key) or self.power(key) is Power.WAITING
        return unseen and not self.groups.names

    def here(self) -> Iterable[Person]:
        """Everybody who is connected and in."""
        return (p for p in self.persons.values() if p.here and self.entrance.is_in(p.key))

    def is_asked(self, key: str) -> bool:
        """Whether a recording needs somebody's consent: all who may be seen and heard, whether they would be in it or
        not."""
        person = self.persons.get(key)
        if not self.recording.is_on or person is None or person.is_film or person.role.is_equipment:
            return False
        return person.here and self.power(key) not in (Power.WAITING, Power.VIEWER)

    @property
    def asked_to_record(self) -> list[str]:
        return [person.key for person in self.here() if self.is_asked(person.key)]

    @property
    def all_agreed(self) -> bool:
        """Of those who are here."""
        return all(self.recording.agreed(key) for key in self.asked_to_record)

    def awaits_consent(self, key: str) -> bool:
        """Whether somebody who came while a recording runs has not answered yet: until then nobody receives it."""
        return self.recording.is_running and self.is_asked(key) and not self.recording.agreed(key)

    def reasons(self, key: str) -> list[str]:
        """Why all that somebody sends is frozen; empty: it is not."""
        found = ["panic"] if self.panic else []
        if not self.leads(key):
            found += ["unattended"] if self.guardian.frozen else []
            found += ["time"] if self.time_phase is TimePhase.STOPPED else []
        return found

    @property
    def film_reasons(self) -> list[str]:
        """Why a film stands, whatever the host wants; empty: it may go on."""
        found = ["panic"] if self.panic else []
        found += ["unattended"] if self.guardian.frozen else []
        over = self.time_phase is TimePhase.STOPPED or self.pages_stopped
        if self.films.film is None or not self.films.film.entry.pages:
            over = over or self.screen_time.is_stopped(FILM)
        return found + (["time"] if over else [])

    @property
    def film_hidden(self) -> bool:
        """Whether nothing of what is shown goes out."""
        return self.panic or self.pages_stopped

    @property
    def pages_stopped(self) -> bool:
        """Whether children have looked long enough at pages that are shown: they go, where a film only stands."""
        film = self.films.film
        return (
            film is not None
            and film.entry.pages > 0
            and self.screen_time.is_stopped(self.settings.shared_screen)
        )

    def screen_stopped(self, key: str, medium: Medium) -> bool:
        """Whether children have looked long enough at what somebody shows, its sound too."""
        person = self.persons.get(key)
        if person is not None and person.is_film:
            return self.screen_time.is_stopped(FILM)
        return medium is Medium.SCREEN and self.screen_time.is_stopped(self.settings.shared_screen)

    def forget_choices(self, key: str) -> None:
        """Somebody was removed: what it was given is taken back."""
        self.hands.down(key)
        for remembered in (self.stage, self.asked, self.directed, self.groups.members):
            remembered.pop(key, None)
        for given in (self.cohosts, self.screens, self.groups.announcing):
            given.discard(key)
        self.spotlight = tuple(one for one in self.spotlight if one != key)
