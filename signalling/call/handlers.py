"""One function for each command. The door has let it pass; here the state changes, and the call applies it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from mediaserver.rules import Medium
from signalling.call import commands
from signalling.call.errors import conflict, forbidden, not_found
from signalling.call.polls import Option, Poll
from signalling.call.roles import CallRole, person_of
from signalling.call.settings import Mode, Reach

if TYPE_CHECKING:
    from signalling.call.call import Call

MAX_POLLS = 20

# Entrance


def admit(call: Call, actor: str, command: commands.Admit) -> None:
    person = person_of(command.identity)
    _check_room_for(call)
    call.state.entrance.admit(person)


def admit_all(call: Call, actor: str, command: commands.AdmitAll) -> None:
    _check_one_by_one(call)
    for person in list(call.state.entrance.waiting):
        call.state.entrance.admit(person)


def admit_expected(call: Call, actor: str, command: commands.AdmitExpected) -> None:
    _check_one_by_one(call)
    expected = {one.person for one in call.state.settings.expected}
    for person in [one for one in call.state.entrance.waiting if one in expected]:
        call.state.entrance.admit(person)


def next_family(call: Call, actor: str, command: commands.Next) -> None:
    """The consultation with one family ends, the next one begins. The one before may wait again."""
    state = call.state
    if state.mode is not Mode.CONSULTATION:
        raise conflict("NO_CONSULTATION", "This call is no consultation")
    coming = next((key for key in state.entrance.waiting if state.persons[key].here), None)
    for person in [p.key for p in state.here() if not state.serves(p.key)]:
        state.entrance.send_back(person, call.clock.time())
    if coming is not None:
        state.entrance.admit(coming)


def set_lock(call: Call, actor: str, command: commands.SetLock) -> None:
    call.state.entrance.locked = command.locked


def deny(call: Call, actor: str, command: commands.Deny) -> None:
    call.dismiss(person_of(command.identity))


def block(call: Call, actor: str, command: commands.Block | commands.Ban) -> None:
    person = person_of(command.identity)
    call.dismiss(person)
    call.state.entrance.block(person)


def unblock(call: Call, actor: str, command: commands.Unblock) -> None:
    call.state.entrance.unblock(person_of(command.identity))


def remove(call: Call, actor: str, command: commands.Remove) -> None:
    call.dismiss(person_of(command.identity))


def end(call: Call, actor: str, command: commands.End) -> None:
    call.end()


# Hands


def raise_hand(call: Call, actor: str, command: commands.RaiseHand) -> None:
    call.state.hands.up(actor, call.clock.time())


def lower_hand(call: Call, actor: str, command: commands.LowerHand) -> None:
    call.state.hands.down(actor)


def lower_hand_of(call: Call, actor: str, command: commands.LowerHandOf) -> None:
    call.state.hands.down(person_of(command.identity))


def lower_all_hands(call: Call, actor: str, command: commands.LowerAllHands) -> None:
    call.state.hands.clear()


# Microphones, cameras, screens


def mute(call: Call, actor: str, command: commands.Mute) -> None:
    _take(call, person_of(command.identity), Medium.AUDIO)


def stop_camera(call: Call, actor: str, command: commands.StopCamera) -> None:
    _take(call, person_of(command.identity), Medium.VIDEO)


def mute_all(call: Call, actor: str, command: commands.MuteAll) -> None:
    """All who do not lead, and those who come later."""
    if call.state.self_unmute:
        for person in list(call.state.here()):
            if not call.state.presents(person.key):
                call.mute_once(person.key, Medium.AUDIO)
    else:
        call.state.holds[Medium.AUDIO].hold_all()
    call.state.asked = {person: media - {Medium.AUDIO} for person, media in call.state.asked.items()}


def ask_unmute(call: Call, actor: str, command: commands.AskUnmute) -> None:
    _give_back(call, person_of(command.identity), Medium.AUDIO)


def ask_camera(call: Call, actor: str, command: commands.AskCamera) -> None:
    _give_back(call, person_of(command.identity), Medium.VIDEO)


def answer(call: Call, actor: str, command: commands.Answer) -> None:
    call.state.asked.get(actor, set()).discard(Medium(command.medium))


def set_self_unmute(call: Call, actor: str, command: commands.SetSelfUnmute) -> None:
    call.state.self_unmute = command.allowed
    if command.allowed:
        call.state.holds[Medium.AUDIO].release_all()


def set_screen(call: Call, actor: str, command: commands.SetScreen) -> None:
    change = call.state.screens.add if command.allowed else call.state.screens.discard
    change(person_of(command.identity))


def freeze(call: Call, actor: str, command: commands.Freeze) -> None:
    person = person_of(command.identity)
    if command.media:
        call.state.frozen[person] = frozenset(Medium(name) for name in command.media)
    else:
        call.state.frozen.pop(person, None)


def panic(call: Call, actor: str, command: commands.Panic) -> None:
    call.state.panic = True


def calm(call: Call, actor: str, command: commands.Calm) -> None:
    call.state.panic = False


# Stage


def spotlight(call: Call, actor: str, command: commands.Spotlight) -> None:
    call.state.spotlight = tuple(dict.fromkeys(call.known(one) for one in command.identities))


def promote(call: Call, actor: str, command: commands.Promote) -> None:
    person = person_of(command.identity)
    _check_consent(call, person)
    call.state.stage[person] = True
    call.state.hands.down(person)


def demote(call: Call, actor: str, command: commands.Demote) -> None:
    call.state.stage[person_of(command.identity)] = False


def make_cohost(call: Call, actor: str, command: commands.MakeCohost) -> None:
    person = call.state.persons[call.known(command.identity)]
    if person.role is CallRole.GUEST:
        raise forbidden("A guest cannot become a co-host")
    _check_consent(call, person.key)
    call.state.cohosts.add(person.key)


def drop_cohost(call: Call, actor: str, command: commands.DropCohost) -> None:
    """Who is one by its own role stays one: that role is the school's to take."""
    person = person_of(command.identity)
    if person not in call.state.cohosts:
        raise conflict("NO_COHOST", "This participant was not made a co-host here")
    call.state.cohosts.discard(person)


def set_mode(call: Call, actor: str, command: commands.SetMode) -> None:
    call.state.set_mode(command.mode)


# Directed media and groups


def direct(call: Call, actor: str, command: commands.Direct) -> None:
    person = person_of(command.identity)
    if command.to == "default":
        call.state.directed.pop(person, None)
    elif isinstance(command.to, str):
        call.state.directed[person] = Reach(command.to)
    else:
        call.state.directed[person] = frozenset(call.known(one) for one in command.to)


def set_reach(call: Call, actor: str, command: commands.SetReach) -> None:
    call.state.reach = Reach(command.reach)


def open_groups(call: Call, actor: str, command: commands.OpenGroups) -> None:
    call.state.groups.open(
        (group.name, [call.known(one) for one in group.identities]) for group in command.groups
    )


def close_groups(call: Call, actor: str, command: commands.CloseGroups) -> None:
    call.state.groups.close()


def move(call: Call, actor: str, command: commands.MoveTo) -> None:
    if not call.state.groups.put(person_of(command.identity), command.group):
        raise not_found("group")


def visit(call: Call, actor: str, command: commands.Visit) -> None:
    if not call.state.groups.put(actor, command.group):
        raise not_found("group")


def announce(call: Call, actor: str, command: commands.Announce) -> None:
    change = call.state.groups.announcing.add if command.on else call.state.groups.announcing.discard
    change(actor)


# Time


def extend(call: Call, actor: str, command: commands.Extend) -> None:
    now = call.clock.monotonic()
    if call.state.limit.end is None:
        raise conflict("NO_LIMIT", "This call has no limit of time")
    call.state.limit.extend(command.minutes * 60, now)
    call.state.time_phase = call.state.limit.phase(now)


def extend_screen(call: Call, actor: str, command: commands.ExtendScreen) -> None:
    found = call.state.screen_time.kinds.get(command.kind)
    if found is None:
        raise conflict("NO_LIMIT", "This screen has no limit of time")
    found.extend(command.minutes * 60)


# Conversation


def set_chat(call: Call, actor: str, command: commands.SetChat) -> None:
    call.state.chat_allowed, call.state.chat_interval_s = command.allowed, command.interval_s


async def chat(call: Call, actor: str, command: commands.Chat) -> None:
    await call.conversation.say(actor, command.text, command.to)


async def delete_message(call: Call, actor: str, command: commands.DeleteMessage) -> None:
    if not await call.conversation.delete(command.id):
        raise not_found("message")


def react(call: Call, actor: str, command: commands.React) -> None:
    if command.emoji not in commands.EMOJI:
        raise conflict("UNKNOWN_EMOJI", "This reaction is not known")
    call.conversation.react(actor, command.emoji)


def open_poll(call: Call, actor: str, command: commands.OpenPoll) -> None:
    polls = call.state.polls
    if len(polls) >= MAX_POLLS:
        raise conflict("TOO_MANY_POLLS", "There are too many polls in this call")
    if not all(option.text.strip() or option.picture for option in command.options):
        raise conflict("EMPTY_OPTION", "Each option needs a text or a picture")
    options = tuple(Option(option.text.strip(), option.picture) for option in command.options)
    name = f"p{len(polls) + 1}"
    polls[name] = Poll(name, command.question, options, command.multiple, command.anonymous)


def vote(call: Call, actor: str, command: commands.Vote) -> None:
    poll = call.state.polls.get(command.poll)
    if poll is None:
        raise not_found("poll")
    if (code := poll.refusal(actor, command.options)) is not None:
        raise conflict(code, "This vote does not count")
    poll.vote(actor, command.options)


def close_poll(call: Call, actor: str, command: commands.ClosePoll) -> None:
    if command.poll not in call.state.polls:
        raise not_found("poll")
    call.state.polls[command.poll].open = False


# Films


async def film_play(call: Call, actor: str, command: commands.FilmPlay) -> None:
    if command.content is None:
        call.screening.resume()
    else:
        await call.screening.show(command.content, command.position_s)


def film_pause(call: Call, actor: str, command: commands.FilmPause) -> None:
    call.screening.pause()


def film_seek(call: Call, actor: str, command: commands.FilmSeek) -> None:
    call.screening.seek(command.position_s)


def film_volume(call: Call, actor: str, command: commands.FilmVolume) -> None:
    call.state.films.volume = command.volume


def film_stop(call: Call, actor: str, command: commands.FilmStop) -> None:
    call.screening.stop()


# Recording


def recording_ask(call: Call, actor: str, command: commands.RecordingAsk) -> None:
    call.taping.ask(actor)


def recording_consent(call: Call, actor: str, command: commands.RecordingConsent) -> None:
    call.taping.answer(actor, command.agreed)


def recording_start(call: Call, actor: str, command: commands.RecordingStart) -> None:
    call.taping.start()


def recording_stop(call: Call, actor: str, command: commands.RecordingStop) -> None:
    call.taping.stop()


def _take(call: Call, person: str, medium: Medium) -> None:
    call.state.asked.get(person, set()).discard(medium)
    if medium is Medium.AUDIO and call.state.self_unmute:
        call.mute_once(person, medium)
    else:
        call.state.holds[medium].hold(person)


def _give_back(call: Call, person: str, medium: Medium) -> None:
    call.state.holds[medium].release(person)
    call.state.asked.setdefault(person, set()).add(medium)


def _check_consent(call: Call, person: str) -> None:
    if person in call.state.watching:
        raise conflict("NO_CONSENT", "The guardian has not agreed that this family is seen and heard")


def _check_room_for(call: Call) -> None:
    occupied = any(not call.state.serves(person.key) for person in call.state.here())
    if call.state.mode is Mode.CONSULTATION and occupied:
        raise conflict("OCCUPIED", "Another family is in the consultation")


def _check_one_by_one(call: Call) -> None:
    if call.state.mode is Mode.CONSULTATION:
        raise conflict("ONE_BY_ONE", "A consultation is with one family at a time")


Handler = Callable[["Call", str, Any], Awaitable[None] | None]
HANDLERS: dict[str, Handler] = {
    "block": block,
    "ban": block,
    "unblock": unblock,
    "next": next_family,
    **{
        function.__name__: function
        for function in (
            admit,
            admit_all,
            admit_expected,
            announce,
            answer,
            ask_camera,
            ask_unmute,
            calm,
            chat,
            close_groups,
            close_poll,
            delete_message,
            demote,
            deny,
            direct,
            drop_cohost,
            end,
            extend,
            extend_screen,
            film_pause,
            film_play,
            film_seek,
            film_stop,
            film_volume,
            freeze,
            lower_all_hands,
            lower_hand,
            lower_hand_of,
            make_cohost,
            move,
            mute,
            mute_all,
            open_groups,
            open_poll,
            panic,
            promote,
            raise_hand,
            react,
            recording_ask,
            recording_consent,
            recording_start,
            recording_stop,
            remove,
            set_chat,
            set_lock,
            set_mode,
            set_reach,
            set_screen,
            set_self_unmute,
            spotlight,
            stop_camera,
            visit,
            vote,
        )
    },
}
"""By the type of the command."""
