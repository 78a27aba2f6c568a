"""coturn of the distribution with our example configuration, on loopback and the machine's own addresses."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mediaserver.ice_candidates import local_addresses
from signalling.tls import ensure_certificate

from .server import ROOT, free_port

EXAMPLE = ROOT / "deploy/coturn/turnserver.conf"
SECRET = "a secret of at least 32 characters"
READY_TIMEOUT_S = 15.0


@dataclass
class Relay:
    """Where it listens, and what it logged."""

    address: str
    port: int
    tls_port: int
    log: Path

    @property
    def urls(self) -> dict[str, str]:
        """By transport, as clients are told."""
        return {
            "udp": f"turn:{self.address}:{self.port}?transport=udp",
            "tcp": f"turn:{self.address}:{self.port}?transport=tcp",
            "tls": f"turns:{self.address}:{self.tls_port}?transport=tcp",
        }

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def configuration(folder: Path, relay: Relay, allowed: list[str]) -> str:
    """The example with values in place of what its reader fills in."""
    certificate, key = ensure_certificate(folder, [relay.address], datetime.now(UTC))
    values = {
        "listening-port": str(relay.port),
        "tls-listening-port": str(relay.tls_port),
        "cert": str(certificate),
        "pkey": str(key),
        "static-auth-secret": SECRET,
        "allowed-peer-ip": "\nallowed-peer-ip=".join(allowed),
    }
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, value in values.items():
        text, found = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert found == 1, name
    local = {"listening-ip": relay.address, "relay-ip": relay.address, "pidfile": f"{folder}/pid"}
    local["userdb"] = f"{folder}/turndb"
    return "\n".join([text, *(f"{name}={value}" for name, value in local.items()), "verbose", ""])


@contextlib.contextmanager
def running_relay(folder: Path, address: str | None = None) -> Iterator[Relay]:
    """Starts coturn and waits until it listens on this address, or the first of this machine. Its peers: this machine's
    addresses."""
    folder.mkdir(parents=True)
    addresses = local_addresses()
    relay = Relay(address or addresses[0], free_port(), free_port(), folder / "turnserver.log")
    file = folder / "turnserver.conf"
    file.write_text(configuration(folder, relay, addresses), encoding="utf-8")
    with relay.log.open("wb") as output:
        process = subprocess.Popen(["turnserver", "-c", str(file)], cwd=folder, stdout=output, stderr=output)
    try:
        _wait_until_ready(relay, process)
        yield relay
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(relay: Relay, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    ports = (relay.port, relay.tls_port)
    wanted = [f"DTLS/UDP listener opened on: {relay.address}:{port}" for port in ports] + ["auth thread"]
    while time.monotonic() < deadline:
        assert process.poll() is None, relay.text()
        if all(line in relay.text() for line in wanted):
            return
        time.sleep(0.05)  # a poll of another process, bounded by the deadline
    raise AssertionError(f"coturn does not listen:\n{relay.text()}")
