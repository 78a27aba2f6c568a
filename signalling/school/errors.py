"""What the school refuses, and why. `code` is for programs, the text for people and logs."""


class SchoolError(Exception):
    """`status` is the HTTP status that means the same."""

    code = "REFUSED"
    status = 400

    def __init__(self, message: str = "", code: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").partition("\n")[0])
        if code is not None:
            self.code = code


class BadRequest(SchoolError):
    """The request cannot be understood"""

    code = "BAD_REQUEST"


class NotSignedIn(SchoolError):
    """Please sign in"""

    code, status = "NOT_SIGNED_IN", 401


class WrongCredentials(SchoolError):
    """Name or password is wrong"""

    code, status = "WRONG_CREDENTIALS", 401


class Denied(SchoolError):
    """You may not do this"""

    code, status = "DENIED", 403


class NotFound(SchoolError):
    """There is no such thing, or it is not for you"""

    code, status = "NOT_FOUND", 404


class LinkNotFound(SchoolError):
    """Please ask for a new link"""

    code, status = "LINK_NOT_FOUND", 404


class Conflict(SchoolError):
    """Something has changed meanwhile"""

    code, status = "CONFLICT", 409


class TooManyAttempts(SchoolError):
    """Too many attempts, please wait a moment"""

    code, status = "TOO_MANY_ATTEMPTS", 429
