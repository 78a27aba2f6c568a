"""Ids of rooms, participants, tracks and events. The SDKs tell them apart by their prefix."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 12
_COUNT: int = len(_ALPHABET) ** _LENGTH

_TRACK_PREFIX = {
    "camera": "VC",
    "microphone": "AM",
    "screen_share": "VS",
    "screen_share_audio": "AS",
}


def room_sid() -> str:
    return "RM_" + _random()


def participant_sid() -> str:
    return "PA_" + _random()


def track_sid(kind: str, source: str) -> str:
    return "TR_" + _TRACK_PREFIX.get(source, kind[0].upper() + "U") + _random()


def data_track_sid() -> str:
    return "DTR_" + _random()


def event_id() -> str:
    return "EV_" + _random()


def _random() -> str:
    # One random number: a choice for each character costs seven times as much.
    number = secrets.randbelow(_COUNT)
    characters = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    return "".join(characters)
