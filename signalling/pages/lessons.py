"""Lesson links: unguessable codes derived from a key in the data folder, so that a link outlives a restart."""

import base64
import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from signalling.config import LessonSettings
from signalling.private_file import write_private

#: 130 bits.
CODE_LENGTH = 26
KEY_BYTES = 32


def load_link_key(folder: Path) -> bytes:
    """The key of this installation, made when there is none. Raises `OSError`."""
    path = folder / "link.key"
    key = path.read_bytes() if path.exists() else b""
    if len(key) < KEY_BYTES:  # an empty one, left by a full disk, would make links that anybody can compute
        key = secrets.token_bytes(KEY_BYTES)
        write_private(path, key)
    return key


def link_code(key: bytes, room: str) -> str:
    """The code of a room's link."""
    digest = hmac.new(key, room.encode(), sha256).digest()
    return base64.b32encode(digest).decode().lower()[:CODE_LENGTH]


class LessonBook:
    """The lessons of the settings, found by code."""

    def __init__(self, key: bytes, lessons: Iterable[LessonSettings]) -> None:
        self._lessons = [(link_code(key, lesson.room).encode(), lesson) for lesson in lessons]

    def find(self, code: str) -> LessonSettings | None:
        """The lesson of a code. Every code is compared in full, so that time tells nothing."""
        given = code.encode("utf-8", "replace")
        found = None
        for known, lesson in self._lessons:
            if hmac.compare_digest(known, given):
                found = lesson
        return found

    def codes(self) -> list[tuple[str, LessonSettings]]:
        """All links, for the operator's console."""
        return [(code.decode(), lesson) for code, lesson in self._lessons]
