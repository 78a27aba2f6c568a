"""Seals: what is signed, by whom, and that a changed byte is found."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.sealing.canonical import canonical
from signalling.library.sealing.keys import KeyFault, KeyRing
from signalling.library.sealing.manifest import (
    Manifest,
    SealBroken,
    check_renditions,
    check_signature,
    check_source,
    manifest_of,
    read_seal,
    seal,
)

from . import seal_fixture
from .clips import write_rendition

NOW = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
METADATA = {"title": "Осенний лес", "programme": "basic", "age": 6, "licence": "CC BY 4.0"}


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    ring = KeyRing(tmp_path / "keys")
    ring.make(NOW)
    return ring


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One rendition of three seconds, made without an encoder, and its source."""
    folder = tmp_path / "film"
    folder.mkdir()
    (folder / "source").write_bytes(bytes(range(256)) * 40)
    write_rendition(folder)
    return folder


def manifest(folder: Path) -> Manifest:
    return manifest_of("c1", METADATA, folder / "source", folder)


def test_a_seal_holds_what_it_says(folder: Path, keys: KeyRing) -> None:
    sealed = read_seal(seal(manifest(folder), keys).model_dump_json().encode())
    check_signature(sealed, keys)
    check_renditions(sealed.manifest, folder)
    check_source(sealed.manifest, folder / "source")
    assert sealed.manifest.metadata == METADATA


def test_each_changed_byte_is_found(folder: Path, keys: KeyRing) -> None:
    sealed = manifest(folder)
    path = folder / "video-0.prtp"
    whole = path.read_bytes()
    for where in range(0, len(whole), 97):
        path.write_bytes(whole[:where] + bytes([whole[where] ^ 1]) + whole[where + 1 :])
        with pytest.raises(SealBroken) as broken:
            check_renditions(sealed, folder)
        assert broken.value.file == "video-0.prtp"
    path.write_bytes(whole + b"\0")
    with pytest.raises(SealBroken):
        check_renditions(sealed, folder)
    path.unlink()
    with pytest.raises(SealBroken):
        check_renditions(sealed, folder)


def test_the_place_of_a_change_is_told(folder: Path) -> None:
    sealed = manifest(folder)
    path = folder / "video-0.prtp"
    whole = bytearray(path.read_bytes())
    whole[sealed.renditions[0].chunks[2].offset + 100] ^= 4
    path.write_bytes(whole)
    with pytest.raises(SealBroken, match="at 2 s"):
        check_renditions(sealed, folder)


def test_what_is_changed_already_is_not_sealed(folder: Path) -> None:
    path = folder / "video-0.prtp"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(SealBroken):
        manifest(folder)


def test_a_changed_source_is_found(folder: Path) -> None:
    sealed = manifest(folder)
    (folder / "source").write_bytes(b"another")
    with pytest.raises(SealBroken, match="source"):
        check_source(sealed, folder / "source")


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": METADATA | {"age": 0}},
        {"content": "c2"},
        {"metadata": METADATA | {"title": "Осенний лес "}},
        {"renditions": []},
    ],
)
def test_a_changed_manifest_has_no_valid_signature(
    folder: Path, keys: KeyRing, change: dict[str, Any]
) -> None:
    sealed = seal(manifest(folder), keys)
    forged = sealed.model_copy(update={"manifest": sealed.manifest.model_copy(update=change)})
    with pytest.raises(SealBroken, match="signature"):
        check_signature(forged, keys)


@pytest.mark.parametrize("signature", ["", "x", "AAAA", "A" * 88])
def test_no_other_signature_is_taken(folder: Path, keys: KeyRing, signature: str) -> None:
    sealed = seal(manifest(folder), keys).model_copy(update={"signature": signature})
    with pytest.raises(SealBroken):
        check_signature(sealed, keys)


def test_a_manifest_never_leads_out_of_its_folder(folder: Path, keys: KeyRing) -> None:
    text = seal(manifest(folder), keys).model_dump_json()
    for name in ("../source", "/etc/passwd", "a/b", ".hidden", ""):
        with pytest.raises(SealBroken):
            read_seal(text.replace("video-0.prtp", name).encode())


def test_a_new_key_signs_and_the_old_one_still_verifies(folder: Path, keys: KeyRing) -> None:
    old = seal(manifest(folder), keys)
    newer = keys.make(NOW)
    assert seal(manifest(folder), keys).key == newer.id
    check_signature(old, keys)


def test_a_revoked_key_verifies_and_signs_nothing(folder: Path, keys: KeyRing) -> None:
    sealed = seal(manifest(folder), keys)
    keys.revoke(sealed.key, NOW)
    with pytest.raises(SealBroken):
        check_signature(sealed, keys)
    with pytest.raises(KeyFault):
        seal(manifest(folder), keys)
    with pytest.raises(KeyError):
        keys.revoke("0" * 16, NOW)
    assert not list(keys.folder.glob("*.pem"))


def test_a_key_of_another_server_verifies_nothing(folder: Path, keys: KeyRing, tmp_path: Path) -> None:
    other = KeyRing(tmp_path / "other")
    other.make(NOW)
    with pytest.raises(SealBroken):
        check_signature(seal(manifest(folder), other), keys)


def test_keys_are_private_and_damaged_ones_are_told(keys: KeyRing) -> None:
    for path in keys.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    listing = keys.folder / "keys.json"
    text = listing.read_text()
    public = json.loads(text)["keys"][0]["public"]
    for damaged in ("{", text.replace(public, "00" * 32), text.replace(public, "xyz")):
        listing.write_text(damaged)
        with pytest.raises(KeyFault):
            keys.entries()


def test_canonical_json_is_that_of_rfc_8785() -> None:
    value = {
        "\u20ac": 1,
        "\r": 2,
        "\ufb33": 3,
        "1": [True, None],
        "\U0001f600": {},
        "\u00f6": 'a\n\u001f"\\/',
    }
    assert canonical(value).decode() == (
        '{"\\r":2,"1":[true,null],"ö":"a\\n\\u001f\\"\\\\/","€":1,"😀":{},"\ufb33":3}'
    )


@pytest.mark.parametrize("value", [1.5, math.nan, 2**53, {1: 2}, "\ud800", b"", {"x": {1.0}}])
def test_what_is_not_the_same_everywhere_is_not_signed(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_canonical_json_has_the_same_meaning_and_is_stable(value: Any) -> None:
    data = canonical(value)
    assert json.loads(data) == value
    assert canonical(json.loads(data)) == data


def test_the_seal_that_the_pages_are_tested_with_is_of_this_code(tmp_path: Path) -> None:
    """`python -m tests.signalling.library.seal_fixture` writes it anew."""
    assert seal_fixture.FILE.read_text(encoding="utf-8") == seal_fixture.made(tmp_path)
