"""Our server as a child process on free ports, and what its log says at the end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Below Linux's own range (net.ipv4.ip_local_port_range).
PORTS = range(15_000, 32_000)
READY_TIMEOUT_S = 30.0
#: Lines of one problem; a traceback with its values takes a few hundred.
MAX_TOLD = 400
STOP_TIMEOUT_S = 15.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that was free a moment ago, and that nobody gets who asks for any: browsers ask all the time."""
    while True:
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


@dataclass
class RunningServer:
    """Where it listens and how it ended."""

    port: int
    udp_port: int
    tcp_port: int
    log: Path
    pid: int
    host: str = "localhost"

    @property
    def http(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def websocket(self) -> str:
        return f"ws://{self.host}:{self.port}"

    def lesson_path(self) -> str:
        """Path of the lesson link that the server printed."""
        match = re.search(r"http://localhost:\d+(/l/\S+)", self.text())
        assert match is not None, self.text()
        return match[1]

    def operator_path(self) -> str:
        match = re.search(r"http://localhost:\d+(/operator#token=\S+)", self.text())
        assert match is not None, self.text()
        return match[1]

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def metrics(self) -> dict[str, float]:
        """Samples of /metrics by name with labels."""
        with urllib.request.urlopen(f"{self.http}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def problems(self) -> list[str]:
        """Lines of the log that must not be there; after the first what may explain it."""
        lines = self.text().splitlines()
        found = [
            number
            for number, line in enumerate(lines)
            if re.search(r"\[error|\[critical|Traceback|panicked", line)
        ]
        if not found:
            return []
        told = slice(found[0], found[0] + MAX_TOLD)
        return [*lines[told], *(lines[number] for number in found if number >= told.stop)]


@contextlib.contextmanager
def running_server(folder: Path, **environment: str) -> Iterator[RunningServer]:
    """Starts `polyana serve --dev` and waits until it is ready; ends it and checks its log."""
    server, process = start_server(folder, environment)
    try:
        wait_until_ready(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = -1
    assert status == 0, f"ended with {status}:\n{server.text()}"
    assert not server.problems(), "\n".join(server.problems())


def other_server(port: int) -> RunningServer:
    """A server that somebody else has started; LiveKit's ports follow each other."""
    return RunningServer(port, udp_port=port + 2, tcp_port=port + 1, log=Path(os.devnull), pid=0)


def start_server(folder: Path, environment: dict[str, str]) -> tuple[RunningServer, subprocess.Popen[bytes]]:
    """Starts `polyana serve --dev`; the caller waits for it and ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    port, udp, tcp, tls = free_port(), free_port(socket.SOCK_DGRAM), free_port(), free_port()
    values = {
        "POLYANA_HTTP__PORT": str(port),
        "POLYANA_HTTP__TLS_PORT": str(tls),
        "POLYANA_MEDIA__UDP_PORT": str(udp),
        "POLYANA_MEDIA__TCP_PORT": str(tcp),
        # The third connection of a room goes to the second worker: clients notice nothing.
        "POLYANA_MEDIA__WORKERS": "2",
        "POLYANA_MEDIA__TOGETHER": "2",
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "signalling", "serve", "--dev", "--data", str(folder / "data")],
            cwd=ROOT,
            env=os.environ | values | environment,
            stdout=output,
            stderr=output,
        )
    return RunningServer(port, udp, tcp, log, process.pid), process


def wait_until_ready(server: RunningServer, process: subprocess.Popen[bytes]) -> None:
    """Returns when /readyz says so."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    answer = ""
    while time.monotonic() < deadline:
        assert process.poll() is None, server.text()
        try:
            with urllib.request.urlopen(f"{server.http}/readyz", timeout=2) as response:
                answer = json.load(response)["status"]
            return
        except urllib.error.HTTPError as error:
            answer = error.read().decode()
        except OSError as error:
            answer = str(error)
        time.sleep(0.05)  # a poll of another process, bounded by the deadline
    raise AssertionError(f"not ready: {answer}\n{server.text()}")
