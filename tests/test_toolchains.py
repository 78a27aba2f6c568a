"""Rust and Node where the machine has none: what is fetched can be called, and failures name the way out."""

import importlib
import os
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

BUILD = Path(__file__).resolve().parents[1] / "deploy/build"


@pytest.fixture
def toolchains(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BUILD)
    return importlib.import_module("toolchains")


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def output(program: Path, *arguments: str) -> str:
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_npm_of_the_wheel_is_run_with_its_own_node(toolchains: ModuleType, tmp_path: Path) -> None:
    package = tmp_path / "with a blank"
    script(package / "bin/node", 'echo "node: $*"')
    toolchains.node_wheel.provide_from(package, tmp_path / "bin")
    assert output(tmp_path / "bin/node", "--version") == "node: --version"
    library = package / "lib/node_modules/npm/bin"
    assert output(tmp_path / "bin/npm", "install", "a b") == f"node: {library}/npm-cli.js install a b"
    assert output(tmp_path / "bin/npx", "x") == f"node: {library}/npx-cli.js x"


def test_programs_of_the_toolchain_are_called_without_rustup(toolchains: ModuleType, tmp_path: Path) -> None:
    home = tmp_path / "rust"
    for program in ("cargo", "rustc", "rustfmt"):
        script(home / f"rustup/toolchains/stable-x/bin/{program}", f"echo {program} itself")
        script(home / f"cargo/bin/{program}", "echo RUSTUP_HOME is not set >&2; exit 1")
    (tmp_path / "bin").mkdir()
    toolchains.link_toolchain(home, tmp_path)
    assert output(tmp_path / "bin/cargo") == "cargo itself"
    assert output(tmp_path / "bin/rustc") == "rustc itself"


@pytest.mark.parametrize(
    ("rustc", "web", "found"),
    [
        ("1.63.0+dfsg1-2", "1.96.0+dfsg1-1~deb12u2", ("cargo-web", "rustc-web")),
        ("1.90.0-1", "(none)", ("cargo", "rustc")),
        ("1.63.0", "1.78.0", ()),
        ("(none)", "(none)", ()),
    ],
)
def test_a_distribution_that_has_a_current_rust(
    toolchains: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rustc: str,
    web: str,
    found: tuple[str, ...],
) -> None:
    text = f'case "$2" in rustc) v="{rustc}";; *) v="{web}";; esac; echo "  Candidate: $v"'
    script(tmp_path / "apt-cache", text)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert toolchains.distribution_packages() == found


def test_without_a_way_the_user_is_told_what_to_do(
    toolchains: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchains, "run_rustup", lambda home: False)
    monkeypatch.setattr(toolchains, "install_packages", lambda: False)
    for packages, told in (
        (("cargo-web", "rustc-web"), "apt-get install cargo-web rustc-web"),
        ((), "install Rust"),
    ):
        monkeypatch.setattr(toolchains, "distribution_packages", lambda packages=packages: packages)
        with pytest.raises(SystemExit, match=told):
            toolchains.fetch_rust(tmp_path)


def test_versions_are_read_from_what_programs_say(toolchains: ModuleType) -> None:
    assert toolchains.version_in("cargo 1.96.0 (abc 2026-01-01)") == (1, 96)
    assert toolchains.version_in("v24.19.0") == (24, 19)
    assert toolchains.version_in("(none)") == ()
    assert toolchains.version_of("no-such-program-here") == ()
