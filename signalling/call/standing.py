"""From the state of a call to what the media server enforces for each person: rules and permissions. Pure."""

from __future__ import annotations

from dataclasses import replace

from mediaserver.permissions import Permissions
from mediaserver.rules import CLOSED, Circles, Gate, Medium, MediumRules, Rules
from mediaserver.track import TrackSource
from signalling.call.groups import MAIN
from signalling.call.roles import CallRole, Power
from signalling.call.settings import Reach, RecordingRule
from signalling.call.state import CallState

ALL, HOSTS = "all", "hosts"
LEADERS, EVERYBODY = frozenset({HOSTS}), frozenset({ALL, HOSTS})
CAMERA = frozenset({TrackSource.CAMERA, TrackSource.MICROPHONE})
SCREEN = frozenset({TrackSource.SCREEN_SHARE, TrackSource.SCREEN_SHARE_AUDIO})


def rules_of(state: CallState, key: str) -> Rules:
    """Who receives somebody, who knows of it, what of it is dropped."""
    power = state.power(key)
    if power is Power.WAITING:
        return CLOSED
    reach, data = _reach(state, key), _data_reach(state, key)
    return Rules(
        circles=_circles(state, key, power),
        seen_by=seen_by(state, key),
        audio=MediumRules(reach, _gate(state, key, Medium.AUDIO)),
        video=MediumRules(reach, _gate(state, key, Medium.VIDEO)),
        screen=MediumRules(reach, _gate(state, key, Medium.SCREEN)),
        data=MediumRules(data, _gate(state, key, Medium.DATA)),
    )


def sight_of(state: CallState, key: str) -> tuple[Circles, Circles]:
    """Whom somebody may know of (its circles), and who may know of it, without all else that `rules_of` says."""
    power = state.power(key)
    if power is Power.WAITING:
        return CLOSED.circles, CLOSED.seen_by
    return _circles(state, key, power), seen_by(state, key)


def seen_by(state: CallState, key: str) -> Circles:
    """Who may know that somebody is here who is in."""
    return LEADERS if state.is_audience(key) else EVERYBODY


def rules_of_film(state: CallState) -> Rules:
    """Everybody who is in sees a film, wherever it is; it receives nobody."""
    everybody = MediumRules(frozenset({ALL}), Gate.FROZEN if state.film_hidden else Gate.OPEN)
    return Rules(
        seen_by=frozenset({ALL}), audio=everybody, video=everybody, screen=everybody, data=MediumRules()
    )


def permissions_of(state: CallState, key: str, given: Permissions) -> Permissions:
    """What somebody may publish; `given` by its token."""
    power = state.power(key)
    if power is Power.WAITING:
        return replace(given, can_publish=False, can_publish_data=False)
    if power.leads:
        return replace(given, can_publish=True, can_publish_sources=frozenset(), can_publish_data=True)
    if power is Power.CAMERA:
        return replace(given, can_publish=True, can_publish_sources=CAMERA, can_publish_data=False)
    if power is Power.VIEWER:
        return replace(given, can_publish=False, can_publish_data=True)
    screens = state.settings.participant_screens or key in state.screens
    sources = CAMERA | SCREEN if screens else CAMERA
    return replace(given, can_publish=True, can_publish_sources=sources, can_publish_data=True)


def is_recorded(state: CallState, key: str, media: tuple[Medium, ...]) -> bool:
    """Whether what somebody sends goes into the recording that runs: what everybody in the main room receives of those
    whom the rule of the call names, and nothing that is frozen or muted."""
    if not in_recordings(state, key) or not state.recording.agreed(key):
        return False
    rules = rules_of(state, key)
    heard = all(not rules.of(medium).reach.isdisjoint({ALL, MAIN}) for medium in media)
    return heard and rules.gate(media) is Gate.OPEN


def in_recordings(state: CallState, key: str) -> bool:
    """Whether somebody is of those who are recorded in this call. By the role in the token: what a host makes of
    somebody here makes no adult of a child."""
    person, rule = state.persons[key], state.settings.recording
    if person.role.is_equipment:
        # A camera shows a room full of children as well as a stage.
        return False
    if person.role.is_staff or (person.badge and key not in state.revoked):
        return rule is not RecordingRule.OFF
    return rule is RecordingRule.ADULTS and person.role in (CallRole.FAMILY, CallRole.VIEWER)


def _circles(state: CallState, key: str, power: Power) -> Circles:
    """Each with the group where somebody is, so that nothing crosses from one to another."""
    place = state.groups.place(key)
    circles = {ALL, place}
    if any(isinstance(to, frozenset) and key in to for to in state.directed.values()):
        circles.add(_person(key, place))  # only then, so that most are in the same circles and told the same
    if power.leads:
        circles |= {HOSTS, _hosts(place)}
    return frozenset(circles)


def _reach(state: CallState, key: str) -> Circles:
    place = state.groups.place(key)
    if state.leads(key) and key in state.groups.announcing:
        return frozenset({ALL})
    directed = state.directed.get(key, Reach.EVERYONE if state.presents(key) else state.reach)
    if directed is Reach.EVERYONE:
        return frozenset({place})
    if directed is Reach.HOSTS:
        return frozenset({_hosts(place)})
    assert isinstance(directed, frozenset)
    return frozenset(_person(one, place) for one in directed)


def _data_reach(state: CallState, key: str) -> Circles:
    if state.leads(key) or state.settings.participant_data:
        return _reach(state, key)
    return frozenset({_hosts(state.groups.place(key))})


def _gate(state: CallState, key: str, medium: Medium) -> Gate:
    hold = state.holds.get(medium)
    # Who leads is not meant when everybody is muted, only when it is itself.
    if hold is not None and (key in hold.persons if state.presents(key) else hold.holds(key)):
        return Gate.MUTED
    if state.screen_stopped(key, medium):
        return Gate.FROZEN
    silent = medium is Medium.DATA and not (state.chat_allowed or state.leads(key))
    unasked = medium is not Medium.DATA and state.awaits_consent(key)
    frozen = silent or unasked or state.reasons(key) or medium in state.frozen.get(key, ())
    return Gate.FROZEN if frozen else Gate.OPEN


def _hosts(place: str) -> str:
    return f"{HOSTS}:{place}"


def _person(key: str, place: str) -> str:
    return f"@{place}:{key}"
