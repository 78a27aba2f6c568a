"""A response on its way to clients: serialised at most once for each format, however many get it."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from google.protobuf import json_format
from livekit.protocol import models, rtc

_UPDATE_TAG = b"\x2a"
"""Field 5 of a `SignalResponse`, with a length."""


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


class ParticipantList:
    """What is told of many participants to many of them, each of all but itself: each info is serialised once."""

    def __init__(self, infos: Mapping[str, models.ParticipantInfo]) -> None:
        """By sid."""
        # Serialised messages with a repeated field can be put behind each other (protobuf.dev, "Last One Wins").
        self._parts = {
            sid: rtc.ParticipantUpdate(participants=[info]).SerializeToString() for sid, info in infos.items()
        }
        self._whole: Outgoing | None = None

    def without(self, sid: str) -> Outgoing:
        if sid in self._parts:
            return self._outgoing(part for key, part in self._parts.items() if key != sid)
        if self._whole is None:
            self._whole = self._outgoing(self._parts.values())
        return self._whole

    def _outgoing(self, parts: Iterable[bytes]) -> Outgoing:
        content = b"".join(parts)
        return SerialisedUpdate(_UPDATE_TAG + _varint(len(content)) + content)


class SerialisedUpdate(Outgoing):
    """A list of participants that is there in bytes."""

    def __init__(self, binary: bytes) -> None:
        self.kind = "update"
        self._binary = binary

    @cached_property
    def binary(self) -> bytes:
        return self._binary

    @cached_property
    def text(self) -> str:
        return Outgoing(rtc.SignalResponse.FromString(self._binary)).text


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
