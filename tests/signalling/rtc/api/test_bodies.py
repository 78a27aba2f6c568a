"""Property tests: every request of the protocol survives both encodings, and nothing makes the parser fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit.protocol import room

from signalling.rtc.api.bodies import Encoding, parse, render
from signalling.rtc.api.errors import ApiError, Code
from signalling.rtc.api.services import methods

quickly = settings(derandomize=True, deadline=None)
REQUESTS = sorted({m.request for m in methods().values()}, key=lambda kind: kind.DESCRIPTOR.full_name)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from([f.name for f in room.CreateRoomRequest.DESCRIPTOR.fields])


def parsed(body: bytes, encoding: Encoding, kind: type[Message]) -> Message | None:
    """None: refused, in the one way that there is."""
    try:
        return parse(body, encoding, kind)
    except ApiError as refused:
        code = refused.code
    assert code is Code.MALFORMED
    return None


@quickly
@given(st.binary(), st.sampled_from(Encoding), st.sampled_from(REQUESTS))
def test_any_bytes(body: bytes, encoding: Encoding, kind: type[Message]) -> None:
    message = parsed(body, encoding, kind)
    if message is not None:
        assert parse(render(message, encoding), encoding, kind) == message


@quickly
@given(st.dictionaries(NAMES | st.text(), JSON_VALUES))
def test_any_json_object(fields: dict[str, Any]) -> None:
    parsed(json.dumps(fields).encode(), Encoding.JSON, room.CreateRoomRequest)


@quickly
@given(
    st.builds(
        room.SendDataRequest,
        room=st.text(),
        data=st.binary(),
        kind=st.sampled_from([0, 1]),
        destination_identities=st.lists(st.text(), max_size=3),
        topic=st.text(),
        nonce=st.binary(max_size=20),
    ),
    st.sampled_from(Encoding),
)
def test_what_is_written_is_read(message: room.SendDataRequest, encoding: Encoding) -> None:
    assert parse(render(message, encoding), encoding, room.SendDataRequest) == message


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"egress":' * 5000 + b"{}" + b"}" * 5000])
def test_json_nested_too_deeply(deep: bytes) -> None:
    assert parsed(deep, Encoding.JSON, room.CreateRoomRequest) is None


@pytest.mark.parametrize("data", ["%%%", "aGk=%", "aGk =", "aGk\n", "=aGk", "ä", "a"])
@pytest.mark.parametrize("name", ["data", "nonce"])
def test_what_is_no_base64_is_no_data(data: str, name: str) -> None:
    body = json.dumps({"room": "lesson", name: data}).encode()
    assert parsed(body, Encoding.JSON, room.SendDataRequest) is None


@pytest.mark.parametrize("data", ["+/+/aGk=", "-_-_aGk=", "-_-_aGk"])
def test_base64_in_both_alphabets(data: str) -> None:
    message = parse(json.dumps({"data": data}).encode(), Encoding.JSON, room.SendDataRequest)
    assert message.data == b"\xfb\xff\xbfhi"
