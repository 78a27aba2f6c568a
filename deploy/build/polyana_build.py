"""PEP 517 backend: builds the web bundle, then lets maturin build the extension and the wheel.

`POLYANA_SKIP_WEB=1` leaves the bundle as it is (it was built before, or nobody looks at pages).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import maturin
import node_wheel
from maturin import (  # re-exported: a backend is its functions
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parents[2]


def _web_wanted() -> bool:
    return os.environ.get("POLYANA_SKIP_WEB") != "1" and (ROOT / "web/package.json").exists()


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What maturin needs (Rust, when absent), and Node when absent."""
    node = [] if not _web_wanted() or not node_wheel.wanted() else [node_wheel.REQUIREMENT]
    return [*maturin.get_requires_for_build_wheel(config_settings), *node]


get_requires_for_build_editable = get_requires_for_build_wheel


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Bundle, then wheel."""
    build_web()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Bundle, then an editable wheel."""
    build_web()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_web() -> None:
    """`npm install --no-save && npm run build` in web/, with Node from PATH or from the wheel."""
    if not _web_wanted():
        return
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ)
        if node_wheel.wanted():
            node_wheel.provide(Path(folder))
            environment["PATH"] = os.pathsep.join([folder, environment.get("PATH", "")])
        for command in (["npm", "install", "--no-save", "--no-audit", "--no-fund"], ["npm", "run", "build"]):
            program = shutil.which(command[0], path=environment["PATH"])
            if program is None:
                raise RuntimeError(f"npm is missing: install Node.js {node_wheel.MIN_NODE} or newer")
            subprocess.run(
                [program, *command[1:]], cwd=ROOT / "web", env=environment, check=True, stdout=sys.stderr
            )


if __name__ == "__main__":
    build_web()
