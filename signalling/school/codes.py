"""Secrets that travel in links and cookies, and the keyed hashes by which they are found."""

import base64
import hmac
import secrets
from hashlib import sha256

CODE_LENGTH = 26
"""130 bits in base32."""
TOKEN_BYTES = 32


def new_code() -> str:
    """A random code of a link."""
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().lower()[:CODE_LENGTH]


def new_token() -> str:
    """A random token of a session: 256 bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Codes:
    """`key`: of this installation, from a file that no copy of the database has."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def derived(self, purpose: str, value: str) -> str:
        """The code of something that has an id: it can be shown again, and guessed by nobody without the key."""
        digest = hmac.new(self._key, f"{purpose}:{value}".encode(), sha256).digest()
        return base64.b32encode(digest).decode().lower()[:CODE_LENGTH]

    def hash(self, code: str) -> str:
        """By this a code is looked up: how long that takes tells nothing of the code itself."""
        return hmac.new(self._key, b"lookup:" + code.encode("utf-8", "replace"), sha256).hexdigest()


def token_hash(token: str) -> str:
    """By this a session is looked up. A token is random, so nothing slower is needed."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()
