"""`polyana keys` and `polyana content`."""

import json
from pathlib import Path

import pytest

from signalling.__main__ import main
from signalling.library.media_types import Sort
from signalling.library.pages.preparing import encode_pages
from signalling.library.pipeline.job import Job
from signalling.library.renditions import vp8
from signalling.library.renditions.film import listed
from signalling.library.renditions.format import Header, Kind
from signalling.library.renditions.writer import RenditionWriter
from signalling.library.sealing.keys import KeyRing
from signalling.library.sealing.manifest import manifest_of, seal

from .clips import flashing, tone, write_film
from .made_pages import SLIDE, pdf


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run(*words: str) -> tuple[int, str]:
        status = main([*words, "--data", str(tmp_path / "data"), "--dev"])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def test_keys_are_madelisted_and_revoked(run) -> None:
    assert run("keys", "list") == (0, "")
    status, said = run("keys", "make")
    identifier = said.split()[0]
    assert status == 0 and len(identifier) == 16
    assert "valid" in run("keys", "list")[1]
    assert run("keys", "revoke", identifier)[0] == 0
    assert "revoked" in run("keys", "list")[1]
    status, said = run("keys", "revoke", "nothing")
    assert status == 1 and "no key" in said


def test_a_film_is_checked(run, tmp_path: Path) -> None:
    good = write_film(tmp_path / "good.mp4", 1, sound=tone(1))
    status, said = run("content", "check", str(good))
    assert status == 0 and "nothing speaks against it" in said
    bad = write_film(tmp_path / "bad.mp4", 2, flashing(6), tone(2))
    status, said = run("content", "check", str(bad))
    assert status == 1 and "error: flashes" in said
    assert json.loads(run("content", "check", str(bad), "--json")[1])["acceptable"] is False
    status, said = run("content", "check", str(Path(__file__)))
    assert status == 1 and "no film" in said


def test_a_changed_byte_is_found(run, tmp_path: Path) -> None:
    run("keys", "make")
    folder = tmp_path / "film"
    folder.mkdir()
    source = folder / "source"
    source.write_bytes(b"film")
    with RenditionWriter(folder / "video-0.prtp", Header(Kind.VP8, 0, 90_000, 90_000)) as writer:
        writer.add(vp8.packets(bytes(5000), time=0, picture_id=0), 90_000)
    (folder / "renditions.json").write_text(json.dumps({"renditions": [listed(writer)]}))
    sealed = seal(
        manifest_of("c1", {"title": "x"}, source, folder), KeyRing(tmp_path / "data" / "content-keys")
    )
    (folder / "seal.json").write_text(sealed.model_dump_json())
    assert run("content", "verify", str(folder), "--source", str(source)) == (
        0,
        f"c1: sealed by {sealed.key}, 1 pieces, none was changed\n",
    )
    path = folder / "video-0.prtp"
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    status, said = run("content", "verify", str(folder))
    assert status == 1 and "video-0.prtp was changed at 0 s" in said
    status, said = run("content", "verify", str(tmp_path / "none"))
    assert status == 1 and said


def test_a_changed_page_of_a_document_is_found(run, tmp_path: Path) -> None:
    run("keys", "make")
    folder = tmp_path / "slides"
    folder.mkdir()
    source = folder / "source"
    source.write_bytes(pdf([SLIDE] * 2))
    encode_pages(Job(source=source, folder=folder), lambda done: None, sort=Sort.DOCUMENT)
    sealed = seal(manifest_of("c2", {}, source, folder), KeyRing(tmp_path / "data" / "content-keys"))
    (folder / "seal.json").write_text(sealed.model_dump_json())
    status, said = run("content", "verify", str(folder), "--source", str(source))
    assert status == 0 and "none was changed" in said
    best = max(folder.glob("video-*.prtp"), key=lambda path: path.stat().st_size)
    changed = bytearray(best.read_bytes())
    changed[-1] ^= 1
    best.write_bytes(changed)
    status, said = run("content", "verify", str(folder))
    assert status == 1 and f"{best.name} was changed at 1 s" in said
