"""The load generator's programs: built from the Rust beside this file."""

import os
import resource
import subprocess
from pathlib import Path

from ..peers.process import GENERATOR_CORE

MOST_FILES = 65_536
SOURCES = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", SOURCES / "target"))


def build() -> None:
    """Raises CalledProcessError when it does not compile."""
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=SOURCES, check=True)


def prepare() -> None:
    """Builds them and puts this process beside them: on their core, with a socket for each of thousands of clients.
    Raises CalledProcessError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, MOST_FILES)), hard))
    build()
    subprocess.run(["taskset", "-cp", GENERATOR_CORE, str(os.getpid())], check=True, capture_output=True)


def binary(name: str) -> Path:
    """A program of the crate, after `build`."""
    return TARGET / "release" / name
