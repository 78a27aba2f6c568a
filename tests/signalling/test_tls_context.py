"""The certificate while the server runs: renewed before it ends, read again when its files change."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from signalling.config import HttpSettings
from signalling.tls import RENEW_BEFORE_DAYS, VALID_DAYS, ensure_certificate
from signalling.tls_context import TlsContext
from tests.mediaserver.room_fakes import FakeClock


class Served:
    """A TLS server of the context under test."""

    def __init__(self, folder: Path, http: HttpSettings | None = None) -> None:
        self.clock, self.registry = FakeClock(), CollectorRegistry()
        self.addresses = ["192.0.2.7"]
        self.tls = TlsContext(
            http or HttpSettings(), folder, lambda: self.addresses, self.clock, self.registry
        )

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time(), UTC)

    async def start(self) -> None:
        self.tls.load()
        self.server = await asyncio.start_server(
            lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=self.tls.context
        )

    async def shown(self) -> x509.Certificate:
        """The certificate that a new client gets."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        port = self.server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
        return x509.load_der_x509_certificate(found)

    def counted(self, result: str) -> float:
        name = "polyana_tls_certificate_reloads_total"
        return self.registry.get_sample_value(name, {"result": result}) or 0.0

    def expiry(self) -> float | None:
        return self.registry.get_sample_value("polyana_tls_certificate_expiry_timestamp_seconds")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    made = Served(tmp_path)
    await made.start()
    yield made
    made.server.close()
    await made.server.wait_closed()


async def test_a_certificate_made_on_the_spot_is_renewed_while_running(served: Served) -> None:
    first = await served.shown()
    await served.tls.refresh()
    assert await served.shown() == first and served.counted("done") == 0
    served.clock.advance(timedelta(days=VALID_DAYS - RENEW_BEFORE_DAYS).total_seconds())
    await served.tls.refresh()
    second = await served.shown()
    assert second != first and second.not_valid_after_utc > served.now + timedelta(days=VALID_DAYS - 1)
    assert served.counted("done") == 1 and served.expiry() == second.not_valid_after_utc.timestamp()


async def test_a_new_address_of_the_machine_gets_into_it(served: Served) -> None:
    served.addresses.append("198.51.100.1")
    await served.tls.refresh()
    names = (await served.shown()).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "198.51.100.1" in map(str, names.get_values_for_type(x509.IPAddress))


@pytest.fixture
async def with_files(tmp_path: Path) -> AsyncIterator[tuple[Served, Path, Path]]:
    """The certificate of the settings, as another program renews it."""
    certificate, key = ensure_certificate(
        tmp_path / "theirs", ["192.0.2.1"], datetime(2026, 1, 1, tzinfo=UTC)
    )
    made = Served(tmp_path / "ours", HttpSettings(tls_certificate=certificate, tls_key=key))
    await made.start()
    yield made, certificate, key
    made.server.close()
    await made.server.wait_closed()


async def test_a_certificate_that_another_program_renewed_is_taken(
    with_files: tuple[Served, Path, Path], tmp_path: Path
) -> None:
    served, certificate, key = with_files
    first = await served.shown()
    new = ensure_certificate(tmp_path / "new", ["192.0.2.1"], datetime(2026, 2, 1, tzinfo=UTC))
    certificate.write_bytes(new[0].read_bytes())
    with capture_logs() as lines:
        await served.tls.refresh()
        await served.tls.refresh()
    assert await served.shown() == first, "its key has not come yet"
    assert served.counted("failed") == 1 and [line["log_level"] for line in lines] == ["error"]
    key.write_bytes(new[1].read_bytes())
    await served.tls.refresh()
    assert await served.shown() == x509.load_pem_x509_certificate(new[0].read_bytes())
    assert not (tmp_path / "ours").exists(), "none is made beside it"


async def test_files_that_are_gone_change_nothing(with_files: tuple[Served, Path, Path]) -> None:
    served, certificate, _ = with_files
    first = await served.shown()
    certificate.unlink()
    await served.tls.refresh()
    assert await served.shown() == first and served.counted("failed") == 1


def test_without_a_usable_certificate_there_is_no_start(tmp_path: Path) -> None:
    file = tmp_path / "empty.pem"
    file.write_bytes(b"")
    served = Served(tmp_path, HttpSettings(tls_certificate=file, tls_key=file))
    with pytest.raises(ValueError, match="PEM"):
        served.tls.load()
