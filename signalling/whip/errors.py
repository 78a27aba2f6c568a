"""Refusals, as problem details (RFC 9457). Clients go by the status alone (RFC 9725, section 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from mediaserver.publisher import PublishRefusal, PublishRefused
from mediaserver.sdp import SdpError
from signalling.rtc.errors import JoinError, PermissionDenied, ServerFull, Unauthorised

RETRY_AFTER_S = 5


class Refused(Exception):
    """A request that is refused. `detail` may be shown to the client."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def of_join(error: JoinError) -> Refused:
    """LiveKit's SDKs know 401 only; HTTP tells who is unknown (401) from what is forbidden (403)."""
    if isinstance(error, PermissionDenied):
        return Refused(HTTPStatus.FORBIDDEN, str(error))
    if isinstance(error, Unauthorised):
        return Refused(error.status, str(error), {"WWW-Authenticate": "Bearer"})
    headers = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, ServerFull) else {}
    return Refused(error.status, str(error), headers)


def of_description(error: SdpError) -> Refused:
    """The offer cannot be read."""
    return Refused(HTTPStatus.BAD_REQUEST, f"session description: {error}")


def of_publishing(error: PublishRefused) -> Refused:
    """The tracks are not covered by the token, or are too many."""
    if error.refusal is PublishRefusal.NOT_ALLOWED:
        return Refused(HTTPStatus.FORBIDDEN, "no permission to publish this source")
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "too many tracks")
