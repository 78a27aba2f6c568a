"""Behind a firewall without UDP calls go over ICE-TCP, and over TURN by TCP and by TLS; the operator reads so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from signalling.rtc.ice_servers import ice_servers
from signalling.rtc.settings import RtcSettings

from .firewall import AVAILABLE, Namespace, namespace_without_udp
from .sdk import camera, joined
from .server import RunningServer, running_server
from .test_verdicts import codes, until
from .turn import SECRET, Relay, running_relay

pytestmark = [
    pytest.mark.interop,
    pytest.mark.alone,
    pytest.mark.network,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not AVAILABLE, reason="a network namespace needs root and iproute2"),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="no coturn on this machine"),
]


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    with namespace_without_udp() as made:
        yield made


@pytest.fixture(scope="module")
def relay(namespace: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with running_relay(tmp_path_factory.mktemp("turn") / "coturn", namespace.address) as running:
        yield running


@pytest.fixture(scope="module", params=["tcp", "tls"])
def transport(request: pytest.FixtureRequest) -> str:
    """Of the relay that the server names."""
    return str(request.param)


@pytest.fixture(scope="module")
def server(relay: Relay, transport: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    entry = {"urls": [relay.urls[transport]], "secret": SECRET}
    folder = tmp_path_factory.mktemp("relayed")
    with running_server(folder, POLYANA_RTC__ICE_SERVERS=json.dumps([entry])) as running:
        yield running


def test_the_firewall_is_one(namespace: Namespace) -> None:
    assert not namespace.passes_udp()


@pytest.mark.parametrize(
    ("kind", "code"),
    [("sdk", "FIREWALL_TCP"), ("sdk-relayed", "FIREWALL_RELAY"), ("whep", "FIREWALL_RELAY")],
)
async def test_a_lesson_gets_through(
    server: RunningServer, relay: Relay, transport: str, namespace: Namespace, kind: str, code: str
) -> None:
    if (kind, transport) == ("sdk-relayed", "tls"):
        pytest.skip("libwebrtc trusts no certificate that we make")
    if (kind, transport) == ("sdk", "tls"):
        pytest.skip("takes ICE-TCP, whatever relay there is")
    urls = [relay.urls[transport]]
    settings = RtcSettings.model_validate({"ice_servers": [{"urls": urls, "secret": SECRET}]})
    (turn,) = ice_servers(settings, "PA_whep", 1_900_000_000.0)
    arguments = [kind, namespace.address, str(server.port), f"behind-{kind}"]
    if kind == "whep":
        arguments += [*urls, turn.username, turn.credential]
    async with (
        joined(server, "teacher", f"behind-{kind}", single=True) as (room, _),
        camera(room),
        namespace.viewer(*arguments, SSL_CERT_FILE=str(certificate(relay))),
    ):
        await until(lambda: code in codes(server).get(kind, ()), lambda: codes(server))


def certificate(relay: Relay) -> Path:
    """Of the relay, which clients in the namespace trust."""
    (found,) = [path for path in relay.log.parent.glob("*.pem") if "BEGIN CERT" in path.read_text()]
    return found
