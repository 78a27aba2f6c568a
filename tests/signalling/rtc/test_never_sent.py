"""What this server never says, because it does not have what is said: read from its sources, so that it stays true."""

import ast
from pathlib import Path

import pytest
from livekit.protocol import models, rtc

SOURCES = [
    ast.parse(path.read_text(encoding="utf-8"))
    for folder in ("signalling", "mediaserver")
    for path in Path(__file__).resolve().parents[3].joinpath(folder).rglob("*.py")
]

#: It is told of a backup codec for sound, which no SDK publishes to this server; candidates stand in descriptions.
RESPONSES = {"subscribed_audio_codec_update", "trickle"}
#: It is put together of bytes (`outgoing.joined`).
IN_BYTES = {"join"}
#: Of telephones, agents, and clusters of LiveKit Cloud.
DISCONNECT_REASONS = {
    "AGENT_ERROR",
    "MEDIA_FAILURE",
    "SIP_TRUNK_FAILURE",
    "USER_REJECTED",
    "USER_UNAVAILABLE",
}
REQUEST_RESPONSES = {"QUEUED", "UNCLASSIFIED_ERROR"}


def keywords_of(name: str) -> set[str]:
    """Which fields the calls of a message set."""
    calls = (node for tree in SOURCES for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        keyword.arg
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == name
        for keyword in call.keywords
        if keyword.arg
    }


def attributes_of(name: str) -> set[str]:
    """Which values of an enumeration are named."""
    nodes = (node for tree in SOURCES for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if isinstance(node.value, ast.Attribute) and node.value.attr == name}


@pytest.mark.compatibility(*(f"signal.response.{name}" for name in RESPONSES), unimplemented=True)
def test_responses() -> None:
    fields = {field.name for field in rtc.SignalResponse.DESCRIPTOR.oneofs_by_name["message"].fields}
    assert fields - keywords_of("SignalResponse") == RESPONSES | IN_BYTES


@pytest.mark.compatibility(*(f"disconnect_reason.{name}" for name in DISCONNECT_REASONS), unimplemented=True)
def test_reasons_to_disconnect() -> None:
    assert set(models.DisconnectReason.keys()) - attributes_of("DisconnectReason") == DISCONNECT_REASONS


@pytest.mark.compatibility(*(f"request_response.{name}" for name in REQUEST_RESPONSES), unimplemented=True)
def test_answers_to_requests() -> None:
    assert set(rtc.RequestResponse.Reason.keys()) - attributes_of("RequestResponse") == REQUEST_RESPONSES


@pytest.mark.compatibility("subscription_error.SE_UNKNOWN", unimplemented=True)
def test_errors_of_subscriptions() -> None:
    assert set(models.SubscriptionError.keys()) - attributes_of("SubscriptionError") == {"SE_UNKNOWN"}
