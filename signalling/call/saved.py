"""What of a call outlives the server: a JSON object, and back. Pure.

Who is connected is not in it. Moments are seconds since the epoch, as a monotonic clock begins anew with the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from mediaserver.rules import Medium
from signalling.call.holds import Hold
from signalling.call.polls import Option, Poll
from signalling.call.settings import Mode, Reach
from signalling.call.state import CallState

if TYPE_CHECKING:
    from mediaserver.clock import Clock


class _Saved(BaseModel):
    # An older server may have to read what a newer one has written.
    model_config = ConfigDict(extra="ignore")


class SavedHold(_Saved):
    everybody: bool = False
    persons: set[str] = set()
    exempt: set[str] = set()


class SavedPoll(_Saved):
    id: str
    question: str
    options: list[tuple[str, str]]
    multiple: bool
    anonymous: bool
    open: bool
    counts: list[int]
    voters: set[str]
    choices: dict[str, tuple[int, ...]]


class SavedScreen(_Saved):
    stretch_s: float = 0
    extended_s: float = 0


class SavedCall(_Saved):
    """Persons by their keys. Whose tokens were taken back, until when: `tokens` by identity in this room, `beginnings`
    by the beginning of the identity in every room."""

    mode: Mode
    reach: Reach
    self_unmute: bool
    chat_allowed: bool
    chat_interval_s: float
    panic: bool
    locked: bool
    ended: bool
    admitted: set[str]
    waiting: dict[str, float]
    removed: set[str]
    blocked: set[str]
    hands: dict[str, float]
    holds: dict[Medium, SavedHold]
    frozen: dict[str, set[Medium]]
    screens: set[str]
    stage: dict[str, bool]
    cohosts: set[str]
    watching: set[str]
    revoked: set[str]
    spotlight: tuple[str, ...]
    directed: dict[str, Literal["everyone", "hosts"] | set[str]]
    group_names: dict[str, str]
    group_members: dict[str, str]
    announcing: set[str]
    groups_opened: int
    polls: list[SavedPoll]
    began_at: float | None
    extended_s: float
    screen_time: dict[str, SavedScreen] = {}
    tokens: dict[str, float] = {}
    beginnings: dict[str, float] = {}


def saved(state: CallState, clock: Clock) -> SavedCall:
    """`tokens` and `beginnings` are the caller's to add."""
    entrance, groups, began = state.entrance, state.groups, state.limit.began
    return SavedCall(
        mode=state.mode,
        reach=state.reach,
        self_unmute=state.self_unmute,
        chat_allowed=state.chat_allowed,
        chat_interval_s=state.chat_interval_s,
        panic=state.panic,
        locked=entrance.locked,
        ended=entrance.ended,
        admitted=entrance.admitted,
        waiting=entrance.waiting,
        removed=entrance.removed,
        blocked=entrance.blocked,
        hands=state.hands.queue,
        holds={medium: SavedHold(**vars(hold)) for medium, hold in state.holds.items()},
        frozen={person: set(media) for person, media in state.frozen.items()},
        screens=state.screens,
        stage=state.stage,
        cohosts=state.cohosts,
        watching=state.watching,
        revoked=state.revoked,
        spotlight=state.spotlight,
        directed={
            person: to.value if isinstance(to, Reach) else set(to) for person, to in state.directed.items()
        },
        group_names=groups.names,
        group_members=groups.members,
        announcing=groups.announcing,
        groups_opened=groups.opened,
        polls=[_saved_poll(poll) for poll in state.polls.values()],
        began_at=None if began is None else round(clock.time() - clock.monotonic() + began, 3),
        extended_s=state.limit.extended_s,
        screen_time={
            kind: SavedScreen(stretch_s=one.stretch_s, extended_s=one.extended_s)
            for kind, one in state.screen_time.kinds.items()
        },
    )


def restore(state: CallState, found: SavedCall, clock: Clock) -> None:
    """Into a call that has just been opened."""
    state.set_mode(found.mode)
    state.reach, state.panic = found.reach, found.panic
    state.self_unmute = found.self_unmute
    state.chat_allowed, state.chat_interval_s = found.chat_allowed, found.chat_interval_s
    entrance = state.entrance
    entrance.locked, entrance.ended = found.locked, found.ended
    entrance.admitted, entrance.waiting = found.admitted, found.waiting
    entrance.removed, entrance.blocked = found.removed, found.blocked
    state.hands.queue = found.hands
    state.holds |= {medium: Hold(**dict(hold)) for medium, hold in found.holds.items()}
    state.frozen = {person: frozenset(media) for person, media in found.frozen.items()}
    state.screens, state.stage, state.cohosts = found.screens, found.stage, found.cohosts
    state.watching, state.revoked = found.watching, found.revoked
    state.spotlight = found.spotlight
    state.directed = {
        person: Reach(to) if isinstance(to, str) else frozenset(to) for person, to in found.directed.items()
    }
    groups = state.groups
    groups.names, groups.members = found.group_names, found.group_members
    groups.announcing, groups.opened = found.announcing, found.groups_opened
    state.polls = {poll.id: _poll(poll) for poll in found.polls}
    if found.began_at is not None:
        state.limit.begin(clock.monotonic() - (clock.time() - found.began_at))
    state.limit.extended_s = found.extended_s
    for kind, one in found.screen_time.items():
        if kind in state.screen_time.kinds:
            known = state.screen_time.kinds[kind]
            known.stretch_s, known.extended_s = one.stretch_s, one.extended_s
    state.restored_at = clock.monotonic()


def _saved_poll(poll: Poll) -> SavedPoll:
    values = vars(poll) | {"options": [(option.text, option.picture) for option in poll.options]}
    return SavedPoll(**values)


def _poll(found: SavedPoll) -> Poll:
    options = tuple(Option(text, picture) for text, picture in found.options)
    poll = Poll(found.id, found.question, options, found.multiple, found.anonymous, found.open)
    poll.counts, poll.voters, poll.choices = found.counts, found.voters, found.choices
    return poll
