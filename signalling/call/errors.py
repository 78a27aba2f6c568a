"""What is refused, as the HTTP API tells it."""

from __future__ import annotations


class CallError(Exception):
    """`code` is for programs, `str()` for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def forbidden(message: str = "This needs another role") -> CallError:
    return CallError(403, "FORBIDDEN", message)


def not_found(what: str) -> CallError:
    return CallError(404, "NOT_FOUND", f"There is no such {what}")


def conflict(code: str, message: str) -> CallError:
    return CallError(409, code, message)
