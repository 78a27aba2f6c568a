"""LiveKit's access tokens: JWT (RFC 7519) signed with HS256, `iss` an API key, `sub` the identity.

The grants follow https://docs.livekit.io/home/get-started/authentication/: a claim that is absent from
`video` is granted for `canPublish`, `canSubscribe` and `canPublishData`, and refused for everything else.
"""

import json
import math
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt
from jwt.algorithms import HMACAlgorithm
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from signalling.rtc.errors import Unauthorised

ALGORITHM = "HS256"
MAX_TOKEN_BYTES = 32_768
"""Nothing longer is even decoded. A token carries metadata and attributes, so it can be long."""

TRACK_SOURCES = ("unknown", "camera", "microphone", "screen_share", "screen_share_audio")
"""The names that `canPublishSources` may hold."""


class _Claims(BaseModel):
    # Unknown claims are ignored: newer SDKs add some, and JWT asks for it (RFC 7519, section 4).
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class VideoGrants(_Claims):
    """What the bearer may do."""

    room_create: bool = False
    room_list: bool = False
    room_record: bool = False
    room_admin: bool = False
    room_join: bool = False
    room: str = ""
    can_publish: bool | None = None
    can_subscribe: bool | None = None
    can_publish_data: bool | None = None
    can_publish_sources: tuple[str, ...] | None = None
    """If not empty, only these sources; names as in `TRACK_SOURCES`, unknown ones grant nothing."""
    can_update_own_metadata: bool | None = None
    ingress_admin: bool = False
    hidden: bool = False
    recorder: bool = False
    agent: bool = False
    can_subscribe_metrics: bool | None = None
    can_manage_agent_session: bool | None = None
    destination_room: str = ""


class SipGrants(_Claims):
    """What the bearer may ask of SIP, which this server does not have."""

    admin: bool = False
    call: bool = False


class RoomConfiguration(_Claims):
    """Used when the join creates the room. `agents` and the fields after it have no effect here."""

    name: str = ""
    empty_timeout: int = Field(default=0, ge=0)
    departure_timeout: int = Field(default=0, ge=0)
    max_participants: int = Field(default=0, ge=0)
    metadata: str = ""
    agents: tuple[dict[str, Any], ...] = ()
    egress: dict[str, Any] | None = None
    min_playout_delay: int = 0
    max_playout_delay: int = 0
    tags: dict[str, Any] | None = None


class Claims(_Claims):
    """A verified token."""

    iss: str
    sub: str = ""
    exp: float
    nbf: float = 0
    jti: str = ""
    name: str = ""
    kind: str = ""
    metadata: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)
    sha256: str = ""
    room_preset: str = ""
    room_config: RoomConfiguration | None = None
    video: VideoGrants | None = None
    sip: SipGrants | None = None

    @property
    def api_key(self) -> str:
        return self.iss

    @property
    def identity(self) -> str:
        return self.sub

    @property
    def correlation_id(self) -> str:
        """Empty if the token has no id."""
        return self.jti


class TokenError(Unauthorised):
    """A token that proves nothing. The message does not repeat any part of the token."""


class TokenMalformed(TokenError):
    """Not a JWT, another algorithm than HS256, or claims of the wrong type."""


class UnknownApiKey(TokenError):
    """`iss` is none of the configured keys."""


class InvalidSignature(TokenError):
    """Signed with another secret, or changed."""


class TokenExpired(TokenError):
    """`exp` has passed by more than the leeway."""


class TokenNotYetValid(TokenError):
    """`nbf` or `iat` is in the future by more than the leeway."""


def verify_token(token: str, keys: Mapping[str, str], *, now: float, leeway_s: float) -> Claims:
    """Checks signature and times and returns the claims.

    `now` is seconds since the epoch. Raises a `TokenError`; which one says why.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenMalformed("the token is too long")
    claims, signature = _unverified(token)
    # The issuer chooses the secret, so it must be read first. Nothing else of the unverified claims is used.
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise TokenMalformed("the token names no API key")
    secret = keys.get(issuer)
    if not secret:
        raise UnknownApiKey("invalid API key")
    signed = token.rpartition(".")[0].encode()  # RFC 7515, section 5.2
    if not _HS256.verify(signed, secret.encode(), signature):
        raise InvalidSignature("invalid authorization token: wrong signature")
    _check_times(claims, now, leeway_s)
    try:
        return Claims.model_validate(claims)
    except ValidationError as error:
        raise TokenMalformed(f"invalid claims: {_first_location(error)}") from error


def create_token(
    key: str,
    secret: str,
    *,
    identity: str,
    video: VideoGrants | None,
    sip: SipGrants | None = None,
    ttl: timedelta,
    now: float | None = None,
    name: str = "",
    kind: str = "",
    metadata: str = "",
    attributes: Mapping[str, str] | None = None,
    sha256: str = "",
    room_preset: str = "",
    room_config: RoomConfiguration | None = None,
    correlation_id: str | None = None,
) -> str:
    """Signs a token that `verify_token` and every LiveKit server accept.

    `now` is seconds since the epoch, by default the system's clock. `correlation_id` becomes `jti`, which
    names the session in every log line.
    """
    issued_at = time.time() if now is None else now
    claims = Claims(
        iss=key,
        sub=identity,
        exp=int(issued_at + ttl.total_seconds()),
        jti=correlation_id or new_correlation_id(),
        name=name,
        kind=kind,
        metadata=metadata,
        attributes=dict(attributes or {}),
        sha256=sha256,
        room_preset=room_preset,
        room_config=room_config,
        video=video,
        sip=sip,
    )
    payload = claims.model_dump(by_alias=True, exclude_defaults=True)
    payload |= {"exp": int(claims.exp), "nbf": int(issued_at), "iat": int(issued_at)}
    return _SIGNATURES.encode(
        json.dumps(payload, separators=(",", ":")).encode(), secret, algorithm=ALGORITHM
    )


def new_correlation_id() -> str:
    """A fresh id for a session whose token has no `jti`."""
    return uuid.uuid4().hex


class _Hs256(HMACAlgorithm):
    """HMAC-SHA256 without PyJWT's warning for every token when the secret is short.

    Short secrets (LiveKit's `--dev` pair is "devkey" / "secret") are the business of the settings' check,
    once.
    """

    def check_key_length(self, key: Any) -> str | None:
        return None


def _signatures() -> jwt.PyJWS:
    signatures = jwt.PyJWS(algorithms=[])
    signatures.register_algorithm(ALGORITHM, _HS256)
    return signatures


_HS256 = _Hs256(HMACAlgorithm.SHA256)
_SIGNATURES = _signatures()


def _unverified(token: str) -> tuple[dict[str, Any], bytes]:
    """Claims and signature, read once: PyJWT would read everything again to verify it."""
    try:
        parts = _SIGNATURES.decode_complete(token, options={"verify_signature": False})
        if parts["header"].get("alg") != ALGORITHM:
            raise TokenMalformed("the token must be signed with HS256")
        return _claims(parts["payload"]), parts["signature"]
    except (jwt.PyJWTError, ValueError) as error:
        raise TokenMalformed("invalid authorization token") from error


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(payload)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(claims, dict):
        raise ValueError("the claims are no object")
    return claims


def _check_times(claims: Mapping[str, Any], now: float, leeway_s: float) -> None:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if claims.get(name) is not None}
    for name, value in times.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise TokenMalformed(f"invalid claims: {name}")
    if "exp" not in times:
        # A token that never expires cannot be taken back.
        raise TokenMalformed("invalid claims: exp is missing")
    if now > times["exp"] + leeway_s:
        raise TokenExpired("the token has expired")
    if now < max(times.get("nbf", 0), times.get("iat", 0)) - leeway_s:
        raise TokenNotYetValid("the token is not valid yet")


def _first_location(error: ValidationError) -> str:
    return ".".join(str(part) for part in error.errors()[0]["loc"])
