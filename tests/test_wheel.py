"""The wheel that users install: everything that runs, nothing that only builds it."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: The first build of a fresh checkout compiles the whole data plane.
BUILD_TIMEOUT_S = 900
SOURCE_NAMES = {"Cargo.toml", "Cargo.lock", "package.json", "node_modules", "tests", "benchmarks", "target"}
SOURCE_SUFFIXES = {".rs", ".ts", ".tsx", ".pyc"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    folder = tmp_path_factory.mktemp("wheel")
    interpreter = str(Path(sys.executable).parent)  # maturin is a program beside it
    environment = os.environ | {"PATH": os.pathsep.join([interpreter, os.environ["PATH"]])}
    environment.pop("POLYANA_SKIP_WEB", None)
    arguments = ["wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    build = subprocess.run(
        [sys.executable, "-m", "pip", *arguments], env=environment, cwd=folder, capture_output=True, text=True
    )
    assert build.returncode == 0, build.stdout + build.stderr
    (ROOT / "signalling/bundle/.built").touch()  # make's stamp, which went with the old bundle
    (made,) = folder.glob("*.whl")
    return zipfile.Path(made)


@pytest.fixture(scope="module")
def names(wheel: zipfile.Path) -> list[str]:
    return wheel.root.namelist()


pytestmark = [
    pytest.mark.alone,  # the bundle is built anew, which others serve
    pytest.mark.timeout(BUILD_TIMEOUT_S),
    pytest.mark.skipif(
        shutil.which("cargo") is None or shutil.which("npm") is None, reason="needs cargo, npm"
    ),
]


def test_the_extension_and_its_types_are_there(names: list[str]) -> None:
    assert [name for name in names if re.fullmatch(r"mediaserver/_dataplane\.[^/]*so", name)]
    assert "mediaserver/_dataplane.pyi" in names


def test_every_module_is_there(names: list[str]) -> None:
    modules = {
        str(path.relative_to(ROOT))
        for package in ("mediaserver", "signalling")
        for path in (ROOT / package).rglob("*.py")
        if "dataplane" not in path.parts
    }
    assert len(modules) > 50 and modules <= set(names)


def test_the_pages_are_there_with_their_assets(wheel: zipfile.Path, names: list[str]) -> None:
    page = (wheel / "signalling/bundle/index.html").read_text("utf-8")
    wanted = re.findall(r'(?:src|href)="/([^"]+)"', page)
    assert any(name.startswith("assets/") for name in wanted)
    assert {f"signalling/bundle/{name}" for name in wanted} <= set(names)


def test_the_command_and_the_licence_are_there(wheel: zipfile.Path, names: list[str]) -> None:
    (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    scripts = (wheel / info / "entry_points.txt").read_text("utf-8")
    assert re.search(r"^polyana\s*=\s*signalling\.__main__:main$", scripts, re.MULTILINE)
    assert any(name.endswith("/LICENSE") for name in names if name.startswith(info))


def test_nothing_that_only_builds_it(names: list[str]) -> None:
    paths = [PurePosixPath(name) for name in names]
    assert {path.parts[0] for path in paths if ".dist-info" not in path.parts[0]} == {
        "mediaserver",
        "signalling",
    }
    assert not [path for path in paths if path.suffix in SOURCE_SUFFIXES or SOURCE_NAMES & set(path.parts)]
    assert not [path for path in paths if path.name.startswith(".")], "stamps of make"
