"""A PostgreSQL cluster of the tests' own: made once for a run, on a free port, gone at its end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.server import free_port

ROOT_MAY_NOT = "postgres"
"""initdb refuses root, so root becomes the user whom the package made."""


def programs() -> Path | None:
    """The folder of the newest PostgreSQL here; None without one."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return versions[-1] if versions else None


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of its server, without a database."""
    folder = programs()
    assert folder is not None
    home = Path(tempfile.mkdtemp(prefix="polyana-pg-"))
    if os.geteuid() == 0:
        shutil.chown(home, ROOT_MAY_NOT)
    data, port = home / "data", free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off -c max_connections=200"
    initialise = [folder / "initdb", "-D", data, "-U", "school", "-A", "trust", "-E", "UTF8", "--no-sync"]
    try:
        _run(initialise, home)
        _run([folder / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start"], home)
        yield f"postgresql://school@127.0.0.1:{port}"
    finally:
        if (data / "postmaster.pid").exists():
            _run([folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], home)
        shutil.rmtree(home, ignore_errors=True)


def _run(command: list[Path | str], folder: Path) -> None:
    user = ROOT_MAY_NOT if os.geteuid() == 0 else None
    with (folder / "output").open("w") as output:
        done = subprocess.run(command, cwd=folder, user=user, group=user, stdout=output, stderr=output)
    assert done.returncode == 0, (folder / "output").read_text()
