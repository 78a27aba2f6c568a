"""The query of a join, friendly and hostile."""

import base64
import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models, rtc

from signalling.rtc.connect_parameters import decode_join_request, gunzip, parse_v0, parse_v1
from signalling.rtc.errors import InvalidRequest

MAX = 65_536


def wrap(join: rtc.JoinRequest | bytes, compression: str = "GZIP", urlsafe: bool = True) -> str:
    raw = join if isinstance(join, bytes) else join.SerializeToString()
    data = gzip.compress(raw, mtime=0) if compression == "GZIP" else raw
    wrapped = rtc.WrappedJoinRequest(join_request=data, compression=compression).SerializeToString()
    return (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(wrapped).decode()


def test_v0_defaults() -> None:
    parameters = parse_v0({}, MAX)
    assert parameters.auto_subscribe and not parameters.single_connection
    assert not (parameters.reconnect or parameters.adaptive_stream)


@pytest.mark.compatibility(
    "join.query.attributes",
    "join.query.auto_subscribe",
    "join.query.adaptive_stream",
    "join.query.reconnect",
    "join.query.reconnect_reason",
    "join.query.sid",
    "join.query.sdk",
    "join.query.protocol",
    "join.query.version",
)
def test_v0() -> None:
    attributes = base64.urlsafe_b64encode(b'{"a": "b"}').decode().rstrip("=")
    parameters = parse_v0(
        {
            "auto_subscribe": "0",
            "adaptive_stream": "true",
            "reconnect": "1",
            "reconnect_reason": "2",
            "sid": "PA_1",
            "sdk": "python",
            "protocol": "18",
            "version": "1.2.1",
            "attributes": attributes,
        },
        MAX,
    )
    assert not parameters.auto_subscribe and parameters.adaptive_stream and parameters.reconnect
    assert (parameters.reconnect_reason, parameters.participant_sid) == (2, "PA_1")
    assert parameters.client_info.sdk == models.ClientInfo.PYTHON and parameters.client_info.protocol == 18
    assert parameters.attributes == {"a": "b"}


TEXTS = ("version", "os", "os_version", "browser", "browser_version", "device_model", "network")


@pytest.mark.compatibility(*(f"join.query.{name}" for name in TEXTS))
@pytest.mark.compatibility("join.query.client_protocol", "join.query.capabilities")
def test_v0_tells_of_the_client() -> None:
    query = {name: f"its {name}" for name in TEXTS}
    query |= {"client_protocol": "1", "capabilities": "CAP_PACKET_TRAILER, CAP_NEWER,,CAP_UNUSED"}
    client = parse_v0(query, MAX).client_info
    assert [getattr(client, name) for name in TEXTS] == [query[name] for name in TEXTS]
    assert client.client_protocol == 1
    assert list(client.capabilities) == [
        models.ClientInfo.Capability.CAP_PACKET_TRAILER,
        models.ClientInfo.Capability.CAP_UNUSED,
    ]


@pytest.mark.compatibility("join.query.auto_subscribe_data_track")
@pytest.mark.compatibility("join.request.connection_settings.auto_subscribe_data_track")
def test_data_tracks_may_be_subscribed_to_from_the_beginning() -> None:
    settings = rtc.ConnectionSettings(auto_subscribe_data_track=True)
    wanted = {"join_request": wrap(rtc.JoinRequest(connection_settings=settings))}
    assert parse_v1(wanted, MAX).auto_subscribe_data_tracks
    assert not parse_v1({"join_request": wrap(rtc.JoinRequest())}, MAX).auto_subscribe_data_tracks
    assert parse_v0({"auto_subscribe_data_track": "1"}, MAX).auto_subscribe_data_tracks
    assert not parse_v0({}, MAX).auto_subscribe_data_tracks


@pytest.mark.compatibility("join.query.subscriber_allow_pause")
@pytest.mark.compatibility("join.request.connection_settings.subscriber_allow_pause")
@pytest.mark.parametrize("allow", [True, False, None])
def test_whether_pictures_may_be_paused_is_the_clients_choice_or_nobodys(allow: bool | None) -> None:
    settings = rtc.ConnectionSettings(subscriber_allow_pause=allow)
    join = {"join_request": wrap(rtc.JoinRequest(connection_settings=settings))}
    assert parse_v1(join, MAX).subscriber_allow_pause is allow
    assert parse_v1({"join_request": wrap(rtc.JoinRequest())}, MAX).subscriber_allow_pause is None
    texts = {True: ("1", "true"), False: ("0", "false"), None: ("",)}[allow]
    assert {parse_v0({"subscriber_allow_pause": text}, MAX).subscriber_allow_pause for text in texts} == {
        allow
    }
    assert parse_v0({}, MAX).subscriber_allow_pause is None


@pytest.mark.parametrize(
    ("protocol", "browser", "takes"),
    [("10", "chrome", True), ("9", "chrome", False), ("17", "Firefox", False), ("18", "", True)],
)
def test_who_takes_sync_streams(protocol: str, browser: str, takes: bool) -> None:
    assert parse_v0({"protocol": protocol, "browser": browser}, MAX).takes_sync_streams is takes


@pytest.mark.parametrize("protocol", ["x", "-1", "9" * 30, "\uff11\uff17", ""])
def test_v0_with_an_odd_protocol(protocol: str) -> None:
    assert parse_v0({"protocol": protocol}, MAX).client_info.protocol == 0


@pytest.mark.parametrize("attributes", ["!", "W10", "eyJhIjogMX0", base64.b64encode(b"[" * 5000).decode()])
def test_v0_with_odd_attributes(attributes: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_v0({"attributes": attributes}, MAX)


@pytest.mark.compatibility(
    "join.compression.NONE",
    "join.compression.GZIP",
    "join.request.client_info",
    "join.request.publisher_offer",
    "join.request.add_track_requests",
    "join.request.participant_attributes",
    "join.request.connection_settings.auto_subscribe",
    "join.request.connection_settings.adaptive_stream",
)
@pytest.mark.parametrize("compression", ["NONE", "GZIP"])
@pytest.mark.parametrize("urlsafe", [True, False])
def test_v1(compression: str, urlsafe: bool) -> None:
    join = rtc.JoinRequest(
        client_info=models.ClientInfo(sdk=models.ClientInfo.JS, protocol=17),
        connection_settings=rtc.ConnectionSettings(auto_subscribe=True, adaptive_stream=True),
        participant_attributes={"a": "b"},
        publisher_offer=rtc.SessionDescription(type="offer", sdp="~~~>>>???", id=1),
        add_track_requests=[rtc.AddTrackRequest(cid="c")],
    )
    parameters = parse_v1({"join_request": wrap(join, compression, urlsafe)}, MAX)
    assert parameters.single_connection and parameters.auto_subscribe and parameters.adaptive_stream
    assert parameters.publisher_offer == join.publisher_offer and parameters.sync_state is None
    assert parameters.add_track_requests[0].cid == "c" and parameters.attributes == {"a": "b"}


@pytest.mark.compatibility("client.go_v1")
def test_a_join_request_may_come_to_the_older_endpoint_as_from_the_go_sdk() -> None:
    join = rtc.JoinRequest(client_info=models.ClientInfo(sdk=models.ClientInfo.GO), metadata="m")
    parameters = parse_v0({"join_request": wrap(join), "auto_subscribe": "1"}, MAX)
    assert parameters.single_connection and parameters.client_info.sdk == models.ClientInfo.GO
    assert parameters.metadata == "m" and not parameters.auto_subscribe
    with pytest.raises(InvalidRequest):
        parse_v0({"join_request": "%"}, MAX)


@pytest.mark.compatibility("join.request.reconnect", "join.request.participant_sid")
@pytest.mark.parametrize("offer", [None, rtc.SessionDescription()], ids=["Firefox", "Go"])
def test_v1_without_an_offer(offer: rtc.SessionDescription | None) -> None:
    join = rtc.JoinRequest(reconnect=True, participant_sid="PA", publisher_offer=offer)
    parameters = parse_v1({"join_request": wrap(join)}, MAX)
    assert parameters.publisher_offer is None and parameters.reconnect and parameters.participant_sid == "PA"
    assert not parameters.auto_subscribe, "v1 says so explicitly"


def test_an_unpadded_request_is_understood() -> None:
    assert decode_join_request(wrap(rtc.JoinRequest(metadata="xy")).rstrip("="), MAX).metadata == "xy"


@pytest.mark.parametrize("text", ["", "%", "a", "????", "é", wrap(b"\xff\xff\xff"), wrap(b"\xff", "NONE")])
def test_what_cannot_be_decoded_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        decode_join_request(text, MAX)


def test_an_unknown_compression_is_refused() -> None:
    wrapped = rtc.WrappedJoinRequest(compression=7, join_request=b"")  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest):
        decode_join_request(base64.urlsafe_b64encode(wrapped.SerializeToString()).decode(), MAX)


def test_a_gzip_bomb_is_refused_without_unpacking_it() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < MAX
    with pytest.raises(InvalidRequest, match="too large"):
        gunzip(bomb, MAX)


def test_the_limit_is_exact() -> None:
    assert len(gunzip(gzip.compress(b"x" * MAX), MAX)) == MAX
    with pytest.raises(InvalidRequest):
        gunzip(gzip.compress(b"x" * (MAX + 1)), MAX)
    too_large = rtc.JoinRequest(metadata="x" * MAX)
    for compression in ("NONE", "GZIP"):
        with pytest.raises(InvalidRequest):
            decode_join_request(wrap(too_large, compression), MAX)


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b", gzip.compress(b"abc", mtime=0)[:-4], zlib.compress(b"abc")]
)
def test_damaged_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest):
        gunzip(data, MAX)


@given(st.binary(max_size=300))
def test_random_bytes_never_do_more_than_raise(data: bytes) -> None:
    for text in (base64.urlsafe_b64encode(data).decode(), wrap(data), wrap(data, "NONE")):
        with suppress(InvalidRequest):
            decode_join_request(text, MAX)


@given(st.text(max_size=100))
def test_random_text_never_does_more_than_raise(text: str) -> None:
    with suppress(InvalidRequest):
        parse_v1({"join_request": text}, MAX)
