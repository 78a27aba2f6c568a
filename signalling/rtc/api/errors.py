"""Errors of the Twirp protocol (https://twitchtv.github.io/twirp/docs/errors.html) with LiveKit's words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """Twirp's error codes, as far as this server uses them."""

    CANCELED = "canceled"
    INVALID_ARGUMENT = "invalid_argument"
    MALFORMED = "malformed"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    NOT_FOUND = "not_found"
    BAD_ROUTE = "bad_route"
    ALREADY_EXISTS = "already_exists"
    UNAUTHENTICATED = "unauthenticated"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    FAILED_PRECONDITION = "failed_precondition"
    ABORTED = "aborted"
    UNIMPLEMENTED = "unimplemented"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


HTTP_STATUSES: Mapping[Code, int] = {
    Code.CANCELED: 408,
    Code.INVALID_ARGUMENT: 400,
    Code.MALFORMED: 400,
    Code.DEADLINE_EXCEEDED: 408,
    Code.NOT_FOUND: 404,
    Code.BAD_ROUTE: 404,
    Code.ALREADY_EXISTS: 409,
    Code.UNAUTHENTICATED: 401,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 412,
    Code.ABORTED: 409,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
}


class ApiError(Exception):
    """A call that fails. The message goes to the caller."""

    def __init__(self, code: Code, message: str, meta: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.meta = dict(meta or {})

    @property
    def status(self) -> int:
        return HTTP_STATUSES[self.code]

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        body: dict[str, object] = {"code": self.code.value, "msg": str(self)}
        return body | {"meta": self.meta} if self.meta else body


def permission_denied() -> ApiError:
    """LiveKit calls a missing grant "unauthenticated", too; SDKs rely on the status 401."""
    return ApiError(Code.UNAUTHENTICATED, "permissions denied")


def bad_route(message: str, method: str, path: str) -> ApiError:
    return ApiError(Code.BAD_ROUTE, message, {"twirp_invalid_route": f"{method} {path}"})


def room_not_found() -> ApiError:
    return ApiError(Code.NOT_FOUND, "requested room does not exist")


def participant_not_found() -> ApiError:
    return ApiError(Code.NOT_FOUND, "participant does not exist")


def exceeds(what: str, limit: int) -> ApiError:
    """`what`: for instance "metadata size"."""
    return ApiError(
        Code.INVALID_ARGUMENT, f"{what} exceeds limits {limit}", {"argument": f"{what} exceeds limits"}
    )
