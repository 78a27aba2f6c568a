"""A response on its way to clients: serialised at most once for each format, however many get it."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from google.protobuf import json_format
from livekit.protocol import models, rtc

_JOIN, _UPDATE = b"\x0a", b"\x2a"
"""Tags of fields 1 and 5 of a `SignalResponse`, with a length."""
_OTHER_PARTICIPANTS = b"\x1a"
"""Field 3 of a `JoinResponse`, repeated."""
_PARTICIPANTS = b"\x0a"
"""Field 1 of a `ParticipantUpdate`, repeated."""


class Outgoing:
    """Wraps a `SignalResponse`, which must not change any more."""

    def __init__(self, message: rtc.SignalResponse) -> None:
        self._message = message
        self.kind: str = message.WhichOneof("message") or "empty"

    @cached_property
    def binary(self) -> bytes:
        return self._message.SerializeToString()

    @cached_property
    def text(self) -> str:
        return json_format.MessageToJson(self._message, indent=None)

    def __repr__(self) -> str:
        return f"Outgoing({self.kind})"


def delimited(info: models.ParticipantInfo) -> bytes:
    """Serialised behind its length, as it stands in a field of another message after the field's tag."""
    content = info.SerializeToString()
    return _varint(len(content)) + content


def joined(join: rtc.JoinResponse, others: Iterable[bytes]) -> Outgoing:
    """A `JoinResponse` with `other_participants`, each of them `delimited`: once for all who come after it."""
    content = join.SerializeToString() + _repeated(_OTHER_PARTICIPANTS, others)
    return Serialised("join", _JOIN + _varint(len(content)) + content)


class ParticipantList:
    """What is told of many participants to many of them, each of all but itself: each info is serialised once."""

    def __init__(self, infos: Mapping[str, models.ParticipantInfo]) -> None:
        """By sid."""
        self._parts = {sid: delimited(info) for sid, info in infos.items()}
        self._whole: Outgoing | None = None

    def without(self, sid: str) -> Outgoing:
        if sid in self._parts:
            return self._outgoing(part for key, part in self._parts.items() if key != sid)
        if self._whole is None:
            self._whole = self._outgoing(self._parts.values())
        return self._whole

    def _outgoing(self, parts: Iterable[bytes]) -> Outgoing:
        content = _repeated(_PARTICIPANTS, parts)
        return Serialised("update", _UPDATE + _varint(len(content)) + content)


class Serialised(Outgoing):
    """A response that is there in bytes."""

    def __init__(self, kind: str, binary: bytes) -> None:
        self.kind = kind
        self._binary = binary

    @cached_property
    def binary(self) -> bytes:
        return self._binary

    @cached_property
    def text(self) -> str:
        return Outgoing(rtc.SignalResponse.FromString(self._binary)).text


def _repeated(tag: bytes, parts: Iterable[bytes]) -> bytes:
    # Messages with a repeated field can be put behind each other (protobuf.dev, "Last One Wins").
    joined = tag.join(parts)
    return tag + joined if joined else b""


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
