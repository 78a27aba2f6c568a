"""The query of a WebSocket join: v0 names each parameter, v1 packs a `JoinRequest` into one."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from signalling.rtc.errors import InvalidRequest

FIRST_PROTOCOL_WITH_SYNC_STREAMS = 10
MAX_SHARED_BYTES = 512
_TRUE = frozenset({"1", "true"})
_CAPABILITIES = frozenset(models.ClientInfo.Capability.keys())

_SDKS = {
    "js": models.ClientInfo.JS,
    "ios": models.ClientInfo.SWIFT,
    "swift": models.ClientInfo.SWIFT,
    "android": models.ClientInfo.ANDROID,
    "flutter": models.ClientInfo.FLUTTER,
    "go": models.ClientInfo.GO,
    "unity": models.ClientInfo.UNITY,
    "reactnative": models.ClientInfo.REACT_NATIVE,
    "rust": models.ClientInfo.RUST,
    "python": models.ClientInfo.PYTHON,
    "cpp": models.ClientInfo.CPP,
    "unityweb": models.ClientInfo.UNITY_WEB,
    "node": models.ClientInfo.NODE,
    "esp32": models.ClientInfo.ESP32,
}


@dataclass(frozen=True)
class ConnectParameters:
    """What a client asks for when it connects."""

    single_connection: bool
    client_info: models.ClientInfo
    auto_subscribe: bool = True
    auto_subscribe_data_tracks: bool = False
    adaptive_stream: bool = False
    subscriber_allow_pause: bool | None = None
    """Whether pictures may stop for which its line has no place; None: as in the settings."""
    reconnect: bool = False
    reconnect_reason: int = 0
    participant_sid: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    publish_only: str = ""
    """v0 only: a second presence of the same person that only publishes, under `identity#publish_only`."""
    add_track_requests: tuple[rtc.AddTrackRequest, ...] = ()
    publisher_offer: rtc.SessionDescription | None = None
    sync_state: rtc.SyncState | None = None
    takes_data: bool = True
    """False: a client of another protocol, which knows no data packets."""

    @property
    def takes_sync_streams(self) -> bool:
        """Whether the client finds a track whose stream is named by the publisher (`PA_...|camera`) by its track
        id: protocol 10 and later. Firefox gives received tracks ids of its own."""
        client = self.client_info
        return client.protocol >= FIRST_PROTOCOL_WITH_SYNC_STREAMS and client.browser.lower() != "firefox"


def parse_v0(query: Mapping[str, str], max_bytes: int) -> ConnectParameters:
    """The parameters of `/rtc`. A client that brings a join request there, as the Go SDK does, has one connection
    as on `/rtc/v1`. Raises `InvalidRequest`."""
    if query.get("join_request"):
        return parse_v1(query, max_bytes)
    reconnect = query.get("reconnect", "") in _TRUE
    return ConnectParameters(
        single_connection=False,
        client_info=_client_info(query),
        auto_subscribe=query.get("auto_subscribe", "1") in _TRUE,
        auto_subscribe_data_tracks=query.get("auto_subscribe_data_track", "") in _TRUE,
        adaptive_stream=query.get("adaptive_stream", "") in _TRUE,
        subscriber_allow_pause=pause in _TRUE if (pause := query.get("subscriber_allow_pause")) else None,
        reconnect=reconnect,
        reconnect_reason=_integer(query.get("reconnect_reason", "")),
        participant_sid=query.get("sid", "") if reconnect else "",
        attributes=_attributes(query.get("attributes", "")),
        publish_only=query.get("publish", ""),
    )


def parse_v1(query: Mapping[str, str], max_bytes: int) -> ConnectParameters:
    """The parameters of `/rtc/v1`. Raises `InvalidRequest`, also for more than `max_bytes` after
    decompression."""
    join = decode_join_request(query.get("join_request", ""), max_bytes)
    settings = join.connection_settings
    # A copy: a part of a message keeps all of it, with the offer, for as long as the client stays.
    described = join.client_info.SerializeToString()
    client_info = (_shared_client if len(described) <= MAX_SHARED_BYTES else models.ClientInfo.FromString)(
        described
    )
    return ConnectParameters(
        single_connection=True,
        client_info=client_info,
        auto_subscribe=settings.auto_subscribe,
        auto_subscribe_data_tracks=settings.auto_subscribe_data_track,
        adaptive_stream=settings.adaptive_stream,
        subscriber_allow_pause=_optional(settings, "subscriber_allow_pause"),
        reconnect=join.reconnect,
        reconnect_reason=join.reconnect_reason,
        participant_sid=join.participant_sid,
        metadata=join.metadata,
        attributes=dict(join.participant_attributes),
        add_track_requests=tuple(join.add_track_requests),
        # Empty from the Go SDK when it comes back.
        publisher_offer=join.publisher_offer if join.publisher_offer.sdp else None,
        sync_state=join.sync_state if join.HasField("sync_state") else None,
    )


@lru_cache(maxsize=256)
def _shared_client(described: bytes) -> models.ClientInfo:
    """Not to be changed: an audience has few kinds of clients, and a message of its own is a kilobyte."""
    return models.ClientInfo.FromString(described)


def _optional(settings: rtc.ConnectionSettings, name: str) -> bool | None:
    return getattr(settings, name) if settings.HasField(name) else None


def decode_join_request(text: str, max_bytes: int) -> rtc.JoinRequest:
    """base64url -> WrappedJoinRequest -> (gzip) -> JoinRequest. Raises `InvalidRequest`."""
    if not text:
        raise InvalidRequest("join_request is required")
    if len(text) > 2 * max_bytes:
        raise InvalidRequest("join request too large")
    try:
        # '+' arrives as a space from clients that did not use the URL-safe alphabet.
        normal = text.replace(" ", "-").replace("+", "-").replace("/", "_").rstrip("=")
        raw = base64.b64decode(normal + "=" * (-len(normal) % 4), altchars=b"-_", validate=True)
        wrapped = rtc.WrappedJoinRequest.FromString(raw)
        if wrapped.compression == rtc.WrappedJoinRequest.GZIP:
            return rtc.JoinRequest.FromString(gunzip(wrapped.join_request, max_bytes))
        if wrapped.compression == rtc.WrappedJoinRequest.NONE and len(wrapped.join_request) <= max_bytes:
            return rtc.JoinRequest.FromString(wrapped.join_request)
    except (binascii.Error, DecodeError, ValueError) as error:
        raise InvalidRequest("cannot decode the join request") from error
    raise InvalidRequest("join request too large or in an unknown compression")


def gunzip(data: bytes, max_bytes: int) -> bytes:
    """Decompresses gzip (RFC 1952) without ever holding more than `max_bytes` of output.

    Raises `InvalidRequest` for more than that, for damaged and for incomplete data.
    """
    decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = decompressor.decompress(data, max_bytes + 1)
    except zlib.error as error:
        raise InvalidRequest("cannot decompress the join request") from error
    if len(plain) > max_bytes:
        raise InvalidRequest("join request too large")
    if not decompressor.eof:
        raise InvalidRequest("cannot decompress the join request")
    return plain


def _client_info(query: Mapping[str, str]) -> models.ClientInfo:
    return models.ClientInfo(
        sdk=_SDKS.get(query.get("sdk", ""), models.ClientInfo.UNKNOWN),
        version=query.get("version", ""),
        protocol=_integer(query.get("protocol", "")),
        client_protocol=_integer(query.get("client_protocol", "")),
        os=query.get("os", ""),
        os_version=query.get("os_version", ""),
        device_model=query.get("device_model", ""),
        browser=query.get("browser", ""),
        browser_version=query.get("browser_version", ""),
        network=query.get("network", ""),
        capabilities=_capabilities(query.get("capabilities", "")),  # type: ignore[arg-type]
    )


def _capabilities(text: str) -> list[int]:
    """Names, separated by commas; those of a newer protocol say nothing to us."""
    names = (name.strip() for name in text.split(","))
    return [models.ClientInfo.Capability.Value(name) for name in names if name in _CAPABILITIES]


def _attributes(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        attributes = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("cannot decode attributes") from error
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise InvalidRequest("cannot decode attributes")
    return attributes


def _integer(text: str) -> int:
    # A protocol number that does not fit its field is as good as none.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
