"""A response on its way to clients: serialised at most once for each format, however many get it."""

from functools import cached_property

from google.protobuf import json_format
from livekit.protocol import rtc


class Outgoing:
    """Wraps a `SignalResponse`, which must not change any more."""

    def __init__(self, message: rtc.SignalResponse) -> None:
        self.message = message
        self.kind: str = message.WhichOneof("message") or "empty"

    @cached_property
    def binary(self) -> bytes:
        return self.message.SerializeToString()

    @cached_property
    def text(self) -> str:
        return json_format.MessageToJson(self.message, indent=None)

    def __repr__(self) -> str:
        return f"Outgoing({self.kind})"
