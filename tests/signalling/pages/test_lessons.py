"""Lesson links: unguessable, the same after a restart, found in constant time."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalling.config import LessonSettings
from signalling.pages.lessons import CODE_LENGTH, KEY_BYTES, LessonBook, link_code, load_link_key

KEY = bytes(range(KEY_BYTES))
MATHS = LessonSettings(room="maths", title="Maths")
MUSIC = LessonSettings(room="music", title="Music")


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    key = load_link_key(folder)
    assert len(key) == KEY_BYTES and load_link_key(folder) == key
    assert (folder / "link.key").stat().st_mode & 0o777 == 0o600
    assert load_link_key(tmp_path / "elsewhere") != key


@pytest.mark.parametrize("left", [b"", b"half"])
def test_a_key_that_was_half_written_is_made_anew(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "link.key").write_bytes(left)
    key = load_link_key(tmp_path)
    assert len(key) == KEY_BYTES and (tmp_path / "link.key").read_bytes() == key


def test_a_code_depends_on_key_and_room() -> None:
    code = link_code(KEY, "maths")
    assert code == link_code(KEY, "maths") and len(code) == CODE_LENGTH
    assert code.isalnum() and code == code.lower()
    assert len({code, link_code(KEY, "music"), link_code(KEY[::-1], "maths")}) == 3


def test_lessons_are_found_by_their_codes_alone() -> None:
    book = LessonBook(KEY, [MATHS, MUSIC])
    codes = dict(book.codes())
    assert {code: book.find(code) for code in codes} == codes and list(codes.values()) == [MATHS, MUSIC]
    code = next(iter(codes))
    for wrong in ("", code[:-1], f"{code}a", code.upper(), "maths"):
        assert book.find(wrong) is None


@settings(derandomize=True)
@given(st.text())
def test_no_text_is_a_code(code: str) -> None:
    assert LessonBook(KEY, [MATHS, MUSIC]).find(code) is None
