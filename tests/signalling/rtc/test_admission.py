"""Who may join, from token and parameters."""

from typing import Any

import pytest
from livekit.protocol import models, rtc
from pydantic.alias_generators import to_camel

from mediaserver.room import RoomSettings
from mediaserver.track import TrackSource
from signalling.rtc.admission import Admission, admit, token_of
from signalling.rtc.connect_parameters import ConnectParameters
from signalling.rtc.errors import InvalidRequest, JoinError, PermissionDenied, Unauthorised
from signalling.rtc.settings import RoomConfigurationSettings, RtcSettings
from signalling.rtc.tokens import Claims, RoomConfiguration, VideoGrants
from tests.signalling.rtc.rtc_fakes import World

SETTINGS = RtcSettings()


def admission(
    grants: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, **parameters: Any
) -> Admission:
    video = VideoGrants(**{"room_join": True, "room": "lesson", **(grants or {})})
    token = Claims(**{"iss": "k", "sub": "anna", "exp": 0.0, "video": video, **(claims or {})})
    return admit(token, ConnectParameters(True, models.ClientInfo(), **parameters), SETTINGS)


def test_defaults_of_grants() -> None:
    permissions = admission().permissions
    assert permissions.can_publish and permissions.can_subscribe and permissions.can_publish_data
    assert not (permissions.can_update_metadata or permissions.hidden or permissions.recorder)


def test_data_follows_publishing_unless_it_is_said() -> None:
    assert not admission({"can_publish": False}).permissions.can_publish_data
    assert admission({"can_publish": False, "can_publish_data": True}).permissions.can_publish_data


@pytest.mark.compatibility("grant.can_publish_sources")
def test_sources() -> None:
    permissions = admission({"can_publish_sources": ("camera", "SCREEN_SHARE", "tape")}).permissions
    assert permissions.can_publish_sources == {TrackSource.CAMERA, TrackSource.SCREEN_SHARE}
    assert not permissions.may_publish(TrackSource.MICROPHONE)
    nothing = admission({"can_publish_sources": ("tape",)}).permissions
    assert not any(nothing.may_publish(source) for source in TrackSource)


@pytest.mark.compatibility("grant.room_join", "grant.room")
@pytest.mark.parametrize(
    ("grants", "claims", "error"),
    [
        ({"room_join": False}, {}, PermissionDenied),
        ({}, {"video": None}, PermissionDenied),
        ({"room": ""}, {}, InvalidRequest),
        ({"room": "x" * 257}, {}, InvalidRequest),
        ({"room": "a\nb"}, {}, InvalidRequest),
        ({}, {"sub": ""}, InvalidRequest),
        ({}, {"sub": "x" * 257}, InvalidRequest),
        ({}, {"sub": "\x00"}, InvalidRequest),
        ({}, {"name": "x" * 257}, InvalidRequest),
        ({}, {"metadata": "x" * 70_000}, InvalidRequest),
        ({}, {"attributes": {"k": "x" * 70_000}}, InvalidRequest),
        ({}, {"room_config": RoomConfiguration(metadata="x" * 70_000)}, InvalidRequest),
    ],
)
def test_refusals(grants: dict[str, Any], claims: dict[str, Any], error: type[JoinError]) -> None:
    with pytest.raises(error):
        admission(grants, claims)


@pytest.mark.compatibility(
    "grant.can_update_own_metadata",
    "join.request.metadata",
    "join.request.participant_attributes",
    "join.query.attributes",
)
def test_own_metadata_needs_a_grant() -> None:
    for parameters in ({"metadata": "m"}, {"attributes": {"k": "v"}}):
        with pytest.raises(PermissionDenied):
            admission(**parameters)
    profile = admission(
        {"can_update_own_metadata": True},
        {"attributes": {"role": "guest", "k": "1"}},
        metadata="m",
        attributes={"k": "2", "role": ""},
    ).profile
    assert profile.metadata == "m" and profile.attributes == {"role": "guest", "k": "2"}


@pytest.mark.compatibility("join.query.publish")
def test_a_publish_only_presence() -> None:
    second = admission(publish_only="screen")
    assert second.profile.identity == "anna#screen" and not second.permissions.can_subscribe
    with pytest.raises(PermissionDenied):
        admission({"can_publish": False}, publish_only="screen")


@pytest.mark.compatibility(
    "claim.room_config",
    "room_config.empty_timeout",
    "room_config.departure_timeout",
    "room_config.max_participants",
    "room_config.metadata",
)
def test_the_room_is_configured_by_the_token() -> None:
    config = RoomConfiguration(empty_timeout=1, departure_timeout=2, max_participants=3, metadata="m")
    room = admission({}, {"room_config": config}).room_settings
    assert (room.empty_timeout_s, room.departure_timeout_s, room.max_participants) == (1, 2, 3)
    assert room.metadata == "m"
    assert admission().room_settings.empty_timeout_s == SETTINGS.empty_timeout_s


def test_the_correlation_id_comes_from_the_token_or_is_new() -> None:
    assert admission({}, {"jti": "c-1"}).correlation_id == "c-1"
    assert admission().correlation_id != admission().correlation_id


@pytest.mark.compatibility("join.query.access_token")
def test_where_the_token_is() -> None:
    assert token_of({"Authorization": "Bearer a"}, {"access_token": "b"}) == "a"
    assert token_of({}, {"access_token": "b"}) == "b"
    headers: dict[str, str]
    for headers in ({"Authorization": "Basic a"}, {}):
        with pytest.raises(Unauthorised):
            token_of(headers, {})


@pytest.mark.compatibility("claim.room_preset")
def test_a_preset_of_the_settings_fills_what_the_token_leaves_open() -> None:
    preset = RoomConfigurationSettings(departure_timeout=7, max_participants=5, metadata="quiet")
    settings = RtcSettings(room_configurations={"exam": preset}, empty_timeout_s=11)
    video = VideoGrants(room_join=True, room="lesson")

    def room(**claims: Any) -> RoomSettings:
        token = Claims(iss="k", sub="anna", exp=0.0, video=video, **claims)
        return admit(token, ConnectParameters(True, models.ClientInfo()), settings).room_settings

    assert room(room_preset="exam") == RoomSettings(11, 7, 5, "quiet")
    config = RoomConfiguration(max_participants=9, empty_timeout=3)
    assert room(room_preset="exam", room_config=config) == RoomSettings(3, 7, 9, "quiet")
    assert room().metadata == ""
    with pytest.raises(InvalidRequest):
        room(room_preset="party")


NO_EFFECT = ("agents", "egress", "min_playout_delay", "max_playout_delay", "tags")


@pytest.mark.compatibility(*(f"room_config.{name}" for name in NO_EFFECT), unimplemented=True)
def test_options_of_rooms_without_effect_are_named() -> None:
    wanted = {"agents": ({"agentName": "a"},), "egress": {}, "tags": {"a": "b"}}
    config = RoomConfiguration(**wanted, min_playout_delay=100, max_playout_delay=200)  # type: ignore[arg-type]
    assert admission({}, {"room_config": config}).unsupported_room_options == sorted(NO_EFFECT)


@pytest.mark.compatibility("room_config.name", "room_config.sync_streams")
def test_options_of_rooms_that_need_nothing() -> None:
    """The token's `roomPreset` chooses by name; streams of one publisher are always in step."""
    config = RoomConfiguration.model_validate({"name": "preset", "syncStreams": True})
    assert admission({}, {"room_config": config}).unsupported_room_options == []


@pytest.mark.compatibility("grant.agent", "grant.recorder")
def test_agents_and_recorders() -> None:
    permissions = admission({"agent": True, "recorder": True}).permissions
    assert permissions.agent and permissions.recorder


CLOUD = ("sip", "agent", "inference", "observability", "agent_endpoint", "agent_thread")


@pytest.mark.compatibility(*(f"claim.{name}" for name in CLOUD), unimplemented=True)
@pytest.mark.compatibility("grant.can_manage_agent_session", unimplemented=True)
def test_grants_for_services_that_are_not_here_open_nothing() -> None:
    """A token for telephones, agents and models is a good token; it gives no way into a room."""
    grants = {name: {"admin": True, "call": True, "perform": True, "write": True} for name in CLOUD}
    claims = Claims.model_validate(
        {"iss": "k", "sub": "anna", "exp": 1, **{to_camel(n): g for n, g in grants.items()}}
    )
    with pytest.raises(PermissionDenied):
        admit(claims, ConnectParameters(True, models.ClientInfo()), SETTINGS)
    permissions = admission({"can_manage_agent_session": True}).permissions
    assert not (permissions.agent or permissions.recorder or permissions.can_update_metadata)


@pytest.mark.parametrize("name", ["polyana.role", "polyana.badge"])
def test_nobody_gives_itself_a_role(name: str) -> None:
    """Not even with the grant to change its own attributes."""
    world = World()
    with pytest.raises(PermissionDenied):
        world.admission("anna", grants={"can_update_own_metadata": True}, attributes={name: "host"})


async def test_nobody_changes_its_role() -> None:
    world = World()
    grants, role = {"can_update_own_metadata": True}, {"polyana.role": "family"}
    anna = await world.join("anna", grants=grants, claims={"attributes": role})
    for attributes in ({"polyana.role": "host"}, {"polyana.role": ""}, {"polyana.badge": "teacher"}):
        await anna.request(update_metadata=rtc.UpdateParticipantMetadata(attributes=attributes))
    await anna.request(update_metadata=rtc.UpdateParticipantMetadata(attributes={"mood": "good"}))
    assert anna.participant.attributes == {**role, "mood": "good"}
    await world.attendance.close()
