"""From a request to somebody who may join: token, grants, names and sizes. Pure but for the clock's value."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mediaserver.participant import Profile
from mediaserver.permissions import Permissions
from mediaserver.room import RoomSettings
from signalling.rtc import from_client, room_configuration
from signalling.rtc.connect_parameters import ConnectParameters
from signalling.rtc.data_saving import OWN_CHOICES, check_choices
from signalling.rtc.errors import InvalidRequest, PermissionDenied, Unauthorised
from signalling.rtc.settings import RtcSettings
from signalling.rtc.tokens import Claims, new_correlation_id

BEARER = "Bearer "
ROLE_ATTRIBUTE, BADGE_ATTRIBUTE = "polyana.role", "polyana.badge"
SERVER_ATTRIBUTES = frozenset({ROLE_ATTRIBUTE, BADGE_ATTRIBUTE})
"""Attributes that only a token or the server gives, whatever a client may set of itself."""


@dataclass(frozen=True)
class Admission:
    """Who may join which room, and as what."""

    room_name: str
    profile: Profile
    permissions: Permissions
    claims: Claims
    parameters: ConnectParameters
    correlation_id: str
    room_settings: RoomSettings

    @property
    def may_create_room(self) -> bool:
        return self.claims.video is not None and self.claims.video.room_create

    @property
    def unsupported_room_options(self) -> list[str]:
        """What the token wants of a new room in vain."""
        configuration = self.claims.room_config
        return room_configuration.unsupported(configuration.model_fields_set if configuration else ())


def token_of(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """The token of a request. The header wins over the query, as in LiveKit. Raises `Unauthorised`."""
    header = headers.get("Authorization", "")
    if header and not header.startswith(BEARER):
        raise Unauthorised("invalid authorization header. Must start with " + BEARER)
    token = header.removeprefix(BEARER) or query.get("access_token", "")
    if not token:
        raise Unauthorised("no access token")
    return token


def admit(claims: Claims, parameters: ConnectParameters, settings: RtcSettings) -> Admission:
    """Checks what needs no knowledge of rooms. Raises a `JoinError`."""
    video = claims.video
    if video is None or not video.room_join:
        raise PermissionDenied("no permissions to access the room")
    _check_names(claims, settings)
    permissions = from_client.permissions_of(video)
    identity = claims.identity
    if parameters.publish_only:
        if not permissions.can_publish:
            raise PermissionDenied("no permission to publish")
        permissions = replace(permissions, can_subscribe=False)
        identity = f"{identity}#{parameters.publish_only}"
    profile = _profile(identity, claims, parameters, permissions)
    check_profile(profile.name, profile.metadata, profile.attributes, settings)
    return Admission(
        room_name=video.room,
        profile=profile,
        permissions=permissions,
        claims=claims,
        parameters=parameters,
        correlation_id=claims.correlation_id or new_correlation_id(),
        room_settings=_room_settings(claims, settings),
    )


def check_profile(name: str, metadata: str, attributes: Mapping[str, str], settings: RtcSettings) -> None:
    """Raises `InvalidRequest` for what is too long to be told to everybody."""
    if len(name) > settings.max_name_length:
        raise InvalidRequest("exceeds name length limit")
    if len(metadata.encode()) > settings.max_metadata_bytes:
        raise InvalidRequest("exceeds metadata size limit")
    if sum(len(k.encode()) + len(v.encode()) for k, v in attributes.items()) > settings.max_attributes_bytes:
        raise InvalidRequest("exceeds attributes size limit")
    check_choices(attributes)


def _check_names(claims: Claims, settings: RtcSettings) -> None:
    room = claims.video.room if claims.video else ""
    if not claims.identity:
        raise InvalidRequest("identity cannot be empty")
    if len(claims.identity) > settings.max_identity_length:
        raise InvalidRequest(f"identity is too long: max length {settings.max_identity_length}")
    if not room:
        raise InvalidRequest("no room name")
    if len(room) > settings.max_room_name_length:
        raise InvalidRequest(f"room name is too long: max length {settings.max_room_name_length}")
    if not (printable(claims.identity) and printable(room)):
        raise InvalidRequest("control characters in the identity or the room name")


def printable(text: str) -> bool:
    """Whether a name may stand in a log line: control characters would forge others, surrogates cannot be
    encoded."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def _profile(
    identity: str, claims: Claims, parameters: ConnectParameters, permissions: Permissions
) -> Profile:
    own = {key: value for key, value in parameters.attributes.items() if value}
    if (own.keys() - OWN_CHOICES or parameters.metadata) and not permissions.can_update_metadata:
        raise PermissionDenied("no permission to update own metadata")
    if own.keys() & SERVER_ATTRIBUTES:
        raise PermissionDenied("only the server sets these attributes")
    return Profile(
        identity=identity,
        name=claims.name,
        metadata=parameters.metadata or claims.metadata,
        attributes={**claims.attributes, **own},
        kind=from_client.participant_kind(claims.kind),
    )


def _room_settings(claims: Claims, settings: RtcSettings) -> RoomSettings:
    """What the token says, then what the preset that it names says, then the settings."""
    room = claims.room_config
    if room is not None and len(room.metadata.encode()) > settings.max_metadata_bytes:
        raise InvalidRequest("exceeds metadata size limit")
    try:
        return room_configuration.room_settings(room, claims.room_preset, settings)
    except room_configuration.UnknownPreset as error:
        raise InvalidRequest("unknown room configuration in the token") from error
