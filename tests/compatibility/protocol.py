"""Everything that the current protocol has, read from its protobuf descriptors where it is written there."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from dataclasses import dataclass
from typing import Literal, get_args

import livekit.protocol
from google.protobuf.descriptor import Descriptor, EnumDescriptor, ServiceDescriptor
from livekit import api
from livekit.protocol import models, room, rtc

Case = Literal["good", "refused", "malformed"]
CASES: tuple[Case, ...] = get_args(Case)

NOTHING_TO_REFUSE = frozenset(
    f"signal.request.{name}"
    for name in (
        # What everybody who is in a room may say of themselves.
        "offer",
        "answer",
        "trickle",
        "track_setting",
        "leave",
        "subscription_permission",
        "sync_state",
        "ping",
        "ping_req",
    )
)
NOTHING_TO_DAMAGE = frozenset({"signal.request.trickle", "signal.request.ping", "signal.request.ping_req"})
"""Any value of theirs is a good one: numbers, and text that an ICE-lite server does not read."""


@dataclass(frozen=True)
class Feature:
    """One row of the table."""

    name: str
    cases: tuple[Case, ...] = ("good",)
    """What must be proven if it is served."""


@dataclass(frozen=True)
class Group:
    title: str
    features: tuple[Feature, ...]


def groups() -> tuple[Group, ...]:
    """All features in the order of the table."""
    return (
        Group("Signal requests", _signal_requests()),
        Group("Signal responses", _oneof("signal.response", rtc.SignalResponse.DESCRIPTOR, "message")),
        Group("Data packets", _oneof("data", models.DataPacket.DESCRIPTOR, "value") + _named("data", DATA)),
        Group("Simulated scenarios", _oneof("simulate", rtc.SimulateScenario.DESCRIPTOR, "scenario")),
        Group("Join: query of /rtc", _named("join.query", QUERY)),
        Group("Join: request of /rtc/v1", _join_request()),
        Group("Token: claims", _named("claim", _claims())),
        Group(
            "Token: grants (`video`)", _named("grant", [f.name for f in dataclasses.fields(api.VideoGrants)])
        ),
        Group("Token: room configuration", _fields("room_config", room.RoomConfiguration.DESCRIPTOR)),
        Group("Reasons to disconnect", _values("disconnect_reason", models.DisconnectReason.DESCRIPTOR)),
        Group("Actions of a leave", _values("leave_action", rtc.LeaveRequest.Action.DESCRIPTOR)),
        Group("Reasons to reconnect", _values("reconnect_reason", models.ReconnectReason.DESCRIPTOR)),
        Group("Answers to requests", _values("request_response", rtc.RequestResponse.Reason.DESCRIPTOR)),
        Group("Errors of subscriptions", _values("subscription_error", models.SubscriptionError.DESCRIPTOR)),
        *(Group(f"Server API: {service.name}", _methods(service)) for service in services()),
        Group("Webhooks", _named("webhook", WEBHOOKS)),
        Group("Media", _named("media", MEDIA)),
        Group("Clients", _named("client", CLIENTS)),
    )


def features() -> dict[str, Feature]:
    return {feature.name: feature for group in groups() for feature in group.features}


def services() -> list[ServiceDescriptor]:
    """All Twirp services of the package, those of rooms first."""
    found: dict[str, ServiceDescriptor] = {}
    for module in pkgutil.iter_modules(livekit.protocol.__path__):
        descriptor = getattr(importlib.import_module(f"livekit.protocol.{module.name}"), "DESCRIPTOR", None)
        found |= dict(descriptor.services_by_name) if descriptor is not None else {}
    return [found.pop("RoomService"), *(found[name] for name in sorted(found))]


def _signal_requests() -> tuple[Feature, ...]:
    names = _oneof("signal.request", rtc.SignalRequest.DESCRIPTOR, "message")
    return tuple(Feature(feature.name, _cases_of_request(feature.name)) for feature in names)


def _cases_of_request(name: str) -> tuple[Case, ...]:
    without = {"refused": NOTHING_TO_REFUSE, "malformed": NOTHING_TO_DAMAGE}
    return tuple(case for case in CASES if name not in without.get(case, ()))


def _join_request() -> tuple[Feature, ...]:
    settings = _fields("join.request.connection_settings", rtc.ConnectionSettings.DESCRIPTOR)
    compressions = _values("join.compression", rtc.WrappedJoinRequest.Compression.DESCRIPTOR)
    request = _fields("join.request", rtc.JoinRequest.DESCRIPTOR)
    return tuple(f for f in request if f.name != "join.request.connection_settings") + settings + compressions


def _claims() -> list[str]:
    own = [f.name for f in dataclasses.fields(api.access_token.Claims)]
    return [*own, "iss", "exp", "nbf"]


def _methods(service: ServiceDescriptor) -> tuple[Feature, ...]:
    return tuple(Feature(f"twirp.{service.name}.{method.name}", CASES) for method in service.methods)


def _oneof(prefix: str, message: Descriptor, name: str) -> tuple[Feature, ...]:
    return _named(prefix, [field.name for field in message.oneofs_by_name[name].fields])


def _fields(prefix: str, message: Descriptor) -> tuple[Feature, ...]:
    return _named(prefix, [field.name for field in message.fields])


def _values(prefix: str, enum: EnumDescriptor) -> tuple[Feature, ...]:
    return _named(prefix, [value.name for value in enum.values])


def _named(prefix: str, names: list[str]) -> tuple[Feature, ...]:
    return tuple(Feature(f"{prefix}.{name}") for name in names)


# What has no descriptor.

DATA = [
    *("reliable", "lossy", "destination_identities", "topic", "sequence", "resend_after_resume"),
    *("large_message", "text_stream", "byte_stream", "rpc", "data_track", "encrypted"),
]
#: Read by LiveKit's server (pkg/service: rtcservice.go, auth.go and ParseClientInfo in utils.go).
QUERY = [
    *("access_token", "auto_subscribe", "auto_subscribe_data_track", "adaptive_stream", "disable_ice_lite"),
    *("reconnect", "reconnect_reason", "sid", "subscriber_allow_pause", "publish", "attributes"),
    *("protocol", "client_protocol", "sdk", "version", "os", "os_version", "browser", "browser_version"),
    *("device_model", "network", "capabilities"),
]
#: webhook/consts.go of github.com/livekit/protocol.
WEBHOOKS = [
    *("room_started", "room_finished", "participant_joined", "participant_left"),
    *("participant_connection_aborted", "track_published", "track_unpublished"),
    *("egress_started", "egress_updated", "egress_ended", "ingress_started", "ingress_ended"),
    *("agent_job_pending", "agent_job_started", "agent_job_ended"),
]
MEDIA = [
    *("vp8", "h264", "h264_profiles", "vp9", "vp9_svc", "av1", "av1_svc", "backup_codec", "dynacast"),
    *("simulcast_rid", "simulcast_ssrc", "adaptive_stream", "opus", "opus_stereo", "opus_dtx", "red"),
    *("screen_share_with_sound", "e2ee", "ice_udp", "ice_tcp", "ice_restart", "turn_credentials"),
    *("mute_at_the_server", "active_speakers", "nack_rtx", "transport_wide_feedback"),
]
CLIENTS = [
    *("js_chromium_v0", "js_chromium_v1", "js_firefox_v0", "js_firefox_v1", "python_v0", "python_v1"),
    *("go_v0", "go_v1", "lk_room", "lk_perf", "server_sdk_python"),
    *("whip_aiortc", "whip_chromium", "whip_ffmpeg", "whip_gstreamer"),
    *("whep_aiortc", "whep_chromium", "whep_gstreamer"),
]
