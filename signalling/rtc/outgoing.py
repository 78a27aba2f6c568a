"""A response on its way to clients: serialised at most once for each format, however many get it."""

from collections.abc import Iterable, Mapping

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
        self._binary: bytes | None = (
            None  # not a `cached_property`, which takes a lock for each (Python 3.11)
        )
        self._text: str | None = None
        self.kind: str = message.WhichOneof("message") or "empty"

    @property
    def binary(self) -> bytes:
        if self._binary is None:
            self._binary = self._message.SerializeToString()
        return self._binary

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = json_format.MessageToJson(self._message, indent=None)
        return self._text

    def __repr__(self) -> str:
        return f"Outgoing({self.kind})"


def delimited(info: models.ParticipantInfo) -> bytes:
    """Serialised behind its length, as it stands in a field of another message after the field's tag."""
    content = info.SerializeToString()
    return _varint(len(content)) + content


def undelimited(part: bytes) -> models.ParticipantInfo:
    """What was `delimited`."""
    prefix = 1
    while part[prefix - 1] & 0x80:
        prefix += 1
    return models.ParticipantInfo.FromString(part[prefix:])


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
        self._text = None

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = Outgoing(rtc.SignalResponse.FromString(self.binary)).text
        return self._text


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
