"""The load generator's programs: built from the Rust beside this file."""

import os
import subprocess
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", SOURCES / "target"))


def build() -> None:
    """Raises CalledProcessError when it does not compile."""
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=SOURCES, check=True)


def binary(name: str) -> Path:
    """A program of the crate, after `build`."""
    return TARGET / "release" / name
