"""One request to a receiver, signed as LiveKit's server signs it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from hashlib import sha256
from typing import Protocol

import aiohttp

from signalling import __version__
from signalling.rtc import create_token
from signalling.webhooks.schedule import Entry

CONTENT_TYPE = "application/webhook+json"
"""Of its own, so that no framework parses a body before its signature is checked."""
TOKEN_TTL = timedelta(minutes=5)
MAX_RESPONSE_BYTES = 65_536
"""Read so that the connection can be used again; the content does not matter."""
TRANSIENT = frozenset({408, 425, 429})


class Outcome(Enum):
    """What became of an attempt."""

    DELIVERED = auto()
    REFUSED = auto()
    """The receiver will not take this event, now or later."""
    FAILED = auto()
    """It may take it later."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`retry_after_s`: what the receiver asks for, or 0."""

    outcome: Outcome
    reason: str = ""
    retry_after_s: float = 0.0


class Sender(Protocol):
    async def send(self, entry: Entry, key: str, secret: str, num_dropped: int, now: float) -> Attempt:
        """Never raises. `now`: seconds since the epoch."""

    async def close(self) -> None: ...


class HttpSender:
    """POST by aiohttp. Redirects are not followed: the signature is for the address of the settings."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, entry: Entry, key: str, secret: str, num_dropped: int, now: float) -> Attempt:
        body = body_of(entry, num_dropped)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Authorization": signature(body, key, secret, now),
            "User-Agent": f"polyana/{__version__}",
        }
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.post(
                entry.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                await response.content.read(MAX_RESPONSE_BYTES)
                return judged(response.status, response.headers.get("Retry-After", ""))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return Attempt(Outcome.FAILED, f"{type(error).__name__}: {error}".rstrip(": "))

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def judged(status: int, retry_after: str) -> Attempt:
    """What a status says. Like LiveKit, which tries again after 429 and 5xx."""
    if 200 <= status < 300:
        return Attempt(Outcome.DELIVERED)
    if status in TRANSIENT or status >= 500:
        # In seconds; the other form, a date (RFC 9110, section 10.2.3), is treated as none.
        asked = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
        return Attempt(Outcome.FAILED, f"status {status}", asked)
    return Attempt(Outcome.REFUSED, f"status {status}")


def body_of(entry: Entry, num_dropped: int) -> bytes:
    """The event, with how many were lost before it."""
    if not num_dropped:
        return entry.body.encode()
    return json.dumps({**json.loads(entry.body), "numDropped": num_dropped}, ensure_ascii=False).encode()


def signature(body: bytes, key: str, secret: str, now: float) -> str:
    """A token with the SHA-256 of the body."""
    digest = base64.b64encode(sha256(body).digest()).decode()
    return create_token(key, secret, identity="", video=None, ttl=TOKEN_TTL, now=now, sha256=digest)
