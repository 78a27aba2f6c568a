"""Passwords: argon2id (RFC 9106), off the event loop, a few at a time."""

import asyncio
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH, MAX_LENGTH = 10, 200
"""Characters (NIST SP 800-63B asks for at least 8, and for no rules of composition)."""
AT_ONCE = 2
"""Each takes 64 MiB for some tens of milliseconds."""


class Passwords(Protocol):
    """Made and verified; tests have a quick one."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, known: str | None) -> bool: ...


class Argon2Passwords:
    """RFC 9106's second recommended parameters (64 MiB, 3 passes, 4 lanes), which are the library's defaults."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """In the PHC string format, with its salt and parameters."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, known: str | None) -> bool:
        """False for a wrong one. Without a hash (no such account, or none with a password) it takes as long."""
        async with self._slots:
            return await asyncio.to_thread(self._verify, password, known)

    def outdated(self, known: str) -> bool:
        """Made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(known)

    def _verify(self, password: str, known: str | None) -> bool:
        if known is None:
            self._nobodys = self._nobodys or self._hasher.hash("nobody's")
        try:
            self._hasher.verify(known or self._nobodys or "", password)
        except (VerificationError, InvalidHashError):
            return False
        return known is not None
