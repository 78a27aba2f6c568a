"""What can go wrong before a session exists, with the HTTP status that LiveKit's SDKs understand.

The SDKs read the status of the failed WebSocket upgrade, or of `.../validate`: 401 and 403 mean a bad token
(give up), 404 on `/rtc/v1` means "no such path, fall back to v0", 5xx "try again".
"""

from http import HTTPStatus


class JoinError(Exception):
    """A join that is refused. `str()` is a reason that may be shown to the client."""

    status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR
    result: str = "error"
    """The label value in `polyana_rtc_joins_total`."""


class Unauthorised(JoinError):
    """No token, or one that proves nothing."""

    status = HTTPStatus.UNAUTHORIZED
    result = "unauthorised"


class PermissionDenied(JoinError):
    """A valid token without the grant that is needed (LiveKit answers 401 here too)."""

    status = HTTPStatus.UNAUTHORIZED
    result = "denied"


class InvalidRequest(JoinError):
    """Parameters that cannot be understood or are too large."""

    status = HTTPStatus.BAD_REQUEST
    result = "invalid"


class RoomNotFound(JoinError):
    """The room does not exist and may not be created by joining."""

    status = HTTPStatus.NOT_FOUND
    result = "room_not_found"

    def __init__(self) -> None:
        # livekit-client looks for these words to tell this from a missing /rtc/v1 path.
        super().__init__("requested room does not exist")


class NotAWebSocket(JoinError):
    """A plain HTTP request to a WebSocket endpoint."""

    status = HTTPStatus.NOT_FOUND
    result = "not_a_websocket"


class TooManyConnections(JoinError):
    """One identity or address opens more connections than it may."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    result = "too_many_connections"


class ServerFull(JoinError):
    """The room or the server is full, or the server is shutting down."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    result = "full"
