"""What clients may ask for: `{"type": ..., ...}`. docs/call-control.md says what each does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from signalling.call.settings import Mode, ScreenKind

MAX_PEOPLE = 200
Identity = Annotated[str, Field(min_length=1, max_length=256)]
"""Of a participant, or the person behind it."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
HeldMedium = Literal["audio", "video"]
MediumName = Literal["audio", "video", "screen", "data"]
EMOJI = ("👍", "👏", "❤️", "😂", "😮", "😢", "🎉", "👋", "✅", "❌", "🐢", "🐇")


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OnPerson(_Command):
    identity: Identity


class Admit(_OnPerson):
    type: Literal["admit"]


class Deny(_OnPerson):
    type: Literal["deny"]


class Block(_OnPerson):
    type: Literal["block"]


class Unblock(_OnPerson):
    type: Literal["unblock"]


class Remove(_OnPerson):
    type: Literal["remove"]


class Ban(_OnPerson):
    type: Literal["ban"]


class AdmitExpected(_Command):
    type: Literal["admit_expected"]


class AdmitAll(_Command):
    type: Literal["admit_all"]


class Next(_Command):
    type: Literal["next"]


class SetLock(_Command):
    type: Literal["set_lock"]
    locked: bool


class RaiseHand(_Command):
    type: Literal["raise_hand"]


class LowerHand(_Command):
    type: Literal["lower_hand"]


class LowerHandOf(_OnPerson):
    type: Literal["lower_hand_of"]


class LowerAllHands(_Command):
    type: Literal["lower_all_hands"]


class Mute(_OnPerson):
    type: Literal["mute"]


class MuteAll(_Command):
    type: Literal["mute_all"]


class AskUnmute(_OnPerson):
    type: Literal["ask_unmute"]


class StopCamera(_OnPerson):
    type: Literal["stop_camera"]


class AskCamera(_OnPerson):
    type: Literal["ask_camera"]


class Answer(_Command):
    """To what was asked: done, or rather not."""

    type: Literal["answer"]
    medium: HeldMedium


class SetSelfUnmute(_Command):
    type: Literal["set_self_unmute"]
    allowed: bool


class SetScreen(_OnPerson):
    type: Literal["set_screen"]
    allowed: bool


class Freeze(_OnPerson):
    type: Literal["freeze"]
    media: Annotated[tuple[MediumName, ...], Field(max_length=4)]
    """What is frozen from now on; empty: nothing."""


class Panic(_Command):
    type: Literal["panic"]


class Calm(_Command):
    type: Literal["calm"]


class Spotlight(_Command):
    type: Literal["spotlight"]
    identities: Annotated[tuple[Identity, ...], Field(max_length=4)]


class Promote(_OnPerson):
    type: Literal["promote"]


class Demote(_OnPerson):
    type: Literal["demote"]


class MakeCohost(_OnPerson):
    type: Literal["make_cohost"]


class DropCohost(_OnPerson):
    type: Literal["drop_cohost"]


class SetMode(_Command):
    type: Literal["set_mode"]
    mode: Mode


class Direct(_OnPerson):
    """Whom the media of one person reach."""

    type: Literal["direct"]
    to: (
        Literal["default", "everyone", "hosts"]
        | Annotated[tuple[Identity, ...], Field(max_length=MAX_PEOPLE)]
    )


class SetReach(_Command):
    """Whom the media of all who do not lead reach by default."""

    type: Literal["set_reach"]
    reach: Literal["everyone", "hosts"]


class Group(_Command):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    identities: Annotated[tuple[Identity, ...], Field(max_length=MAX_PEOPLE)] = ()


class OpenGroups(_Command):
    type: Literal["open_groups"]
    groups: Annotated[tuple[Group, ...], Field(min_length=1, max_length=50)]


class CloseGroups(_Command):
    type: Literal["close_groups"]


class MoveTo(_OnPerson):
    type: Literal["move"]
    group: Annotated[str, Field(max_length=16)] | None


class Visit(_Command):
    """Where the host is; null: in the main room."""

    type: Literal["visit"]
    group: Annotated[str, Field(max_length=16)] | None


class Announce(_Command):
    """Whether the host is heard in all groups."""

    type: Literal["announce"]
    on: bool


class Extend(_Command):
    type: Literal["extend"]
    minutes: Annotated[float, Field(gt=0, le=120)]
    reason: Line


class ExtendScreen(_Command):
    """Children may look at a kind of screen for so much longer."""

    type: Literal["extend_screen"]
    kind: ScreenKind
    minutes: Annotated[float, Field(gt=0, le=120)]
    reason: Line


class SetChat(_Command):
    type: Literal["set_chat"]
    allowed: bool
    interval_s: Annotated[float, Field(ge=0, le=3600)] = 0


class Chat(_Command):
    type: Literal["chat"]
    text: Text
    to: Literal["everyone", "hosts"] = "everyone"


class DeleteMessage(_Command):
    type: Literal["delete_message"]
    id: Annotated[str, Field(min_length=1, max_length=64)]


class React(_Command):
    type: Literal["react"]
    emoji: Annotated[str, Field(max_length=8)]


class PollOption(_Command):
    text: Annotated[str, Field(max_length=200)] = ""
    picture: Annotated[str, Field(max_length=64)] = ""


class OpenPoll(_Command):
    type: Literal["open_poll"]
    question: Line
    options: Annotated[tuple[PollOption, ...], Field(min_length=2, max_length=10)]
    multiple: bool = False
    anonymous: bool = False


class Vote(_Command):
    type: Literal["vote"]
    poll: Annotated[str, Field(max_length=16)]
    options: Annotated[tuple[int, ...], Field(min_length=1, max_length=10)]


class ClosePoll(_Command):
    type: Literal["close_poll"]
    poll: Annotated[str, Field(max_length=16)]


class FilmPlay(_Command):
    """Shows a film from a position on; without `content` the one that stands goes on."""

    type: Literal["film_play"]
    content: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    position_s: Annotated[float, Field(ge=0, le=86_400)] = 0


class FilmPause(_Command):
    type: Literal["film_pause"]


class FilmSeek(_Command):
    type: Literal["film_seek"]
    position_s: Annotated[float, Field(ge=0, le=86_400)]


class FilmVolume(_Command):
    """How loud clients play it; 1 is as it was made."""

    type: Literal["film_volume"]
    volume: Annotated[float, Field(ge=0, le=1)]


class FilmStop(_Command):
    type: Literal["film_stop"]


class RecordingAsk(_Command):
    """Everybody who may be seen and heard is asked; it begins when all have agreed."""

    type: Literal["recording_ask"]


class RecordingConsent(_Command):
    """At any time, also against what one has said before."""

    type: Literal["recording_consent"]
    agreed: bool


class RecordingStart(_Command):
    """What was paused goes on."""

    type: Literal["recording_start"]


class RecordingStop(_Command):
    """Asking ends, too."""

    type: Literal["recording_stop"]


class End(_Command):
    type: Literal["end"]


Command = Annotated[
    Admit
    | Deny
    | Block
    | Unblock
    | Remove
    | Ban
    | AdmitExpected
    | AdmitAll
    | Next
    | SetLock
    | RaiseHand
    | LowerHand
    | LowerHandOf
    | LowerAllHands
    | Mute
    | MuteAll
    | AskUnmute
    | StopCamera
    | AskCamera
    | Answer
    | SetSelfUnmute
    | SetScreen
    | Freeze
    | Panic
    | Calm
    | Spotlight
    | Promote
    | Demote
    | MakeCohost
    | DropCohost
    | SetMode
    | Direct
    | SetReach
    | OpenGroups
    | CloseGroups
    | MoveTo
    | Visit
    | Announce
    | Extend
    | ExtendScreen
    | SetChat
    | Chat
    | DeleteMessage
    | React
    | OpenPoll
    | Vote
    | ClosePoll
    | FilmPlay
    | FilmPause
    | FilmSeek
    | FilmVolume
    | FilmStop
    | RecordingAsk
    | RecordingConsent
    | RecordingStart
    | RecordingStop
    | End,
    Field(discriminator="type"),
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
