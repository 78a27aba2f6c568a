"""What the bearer of a token may ask of the server API."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from signalling.rtc.admission import token_of
from signalling.rtc.api.errors import ApiError, Code, permission_denied
from signalling.rtc.errors import Unauthorised
from signalling.rtc.tokens import Claims, SipGrants, VideoGrants, verify_token


@dataclass(frozen=True)
class Caller:
    """A verified token. Each `check_...` raises `ApiError` if it does not grant that."""

    claims: Claims
    video: VideoGrants = field(init=False)
    sip: SipGrants = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "video", self.claims.video or VideoGrants())
        object.__setattr__(self, "sip", self.claims.sip or SipGrants())

    def check_create(self) -> None:
        _need(self.video.room_create)

    def check_list(self) -> None:
        _need(self.video.room_list)

    def check_record(self) -> None:
        _need(self.video.room_record)

    def check_ingress(self) -> None:
        _need(self.video.ingress_admin)

    def check_sip(self) -> None:
        _need(self.sip.admin or self.sip.call)

    def check_admin(self, room: str) -> None:
        """Of this room only."""
        _need(self.video.room_admin and room == self.video.room)

    def check_destination(self, room: str, destination: str) -> None:
        """To take participants from one room to another."""
        self.check_admin(room)
        _need(destination == self.video.destination_room)


def authenticate(
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
    keys: Mapping[str, str],
    *,
    now: float,
    leeway_s: float,
) -> Caller:
    """The bearer of the request's token, whose `sha256` must be that of the body if it has one. Raises
    `ApiError`."""
    try:
        claims = verify_token(token_of(headers, query), keys, now=now, leeway_s=leeway_s)
    except Unauthorised as error:
        raise ApiError(Code.UNAUTHENTICATED, str(error)) from error
    if claims.sha256 and not _matches(claims.sha256, body):
        raise ApiError(Code.UNAUTHENTICATED, "the body is not the one that the token was made for")
    return Caller(claims)


def _matches(expected: str, body: bytes) -> bool:
    # As in LiveKit's webhooks: the digest in base64.
    found = base64.b64encode(sha256(body).digest())
    return hmac.compare_digest(found, expected.encode("utf-8", "replace"))


def _need(granted: bool) -> None:
    if not granted:
        raise permission_denied()
