"""The certificate of the running server: made or read at start, renewed and read again while it runs."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography import x509
from prometheus_client import CollectorRegistry, Counter, Gauge

from mediaserver.clock import Clock
from signalling.beat import beat
from signalling.config import HttpSettings
from signalling.tls import ensure_certificate

CHECK_INTERVAL_S = 60.0


class TlsContext:
    """New connections get the newest certificate that can be used; those that are open stay as they are."""

    def __init__(
        self,
        http: HttpSettings,
        folder: Path,
        addresses: Callable[[], Iterable[str]],
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        """`folder`: for the certificate that is made where the settings name none, for these `addresses`."""
        self._http, self._folder, self._addresses, self._clock = http, folder, addresses, clock
        self._loaded: tuple[bytes, bytes] | None = None
        self._refused: tuple[bytes, bytes] | None = None
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._reloads = Counter(
            "polyana_tls_certificate_reloads",
            "Certificates taken while running, by result (done, failed)",
            ["result"],
            registry=registry,
        )
        self._expiry = Gauge(
            "polyana_tls_certificate_expiry_timestamp_seconds",
            "When the certificate of HTTPS ends; 0 without HTTPS",
            registry=registry,
        )
        self._log = structlog.get_logger(__name__)

    def load(self) -> None:
        """The first certificate. Raises `OSError` (`ssl.SSLError` is one) or `ValueError`."""
        self._take(*self._read())

    async def run(self) -> None:
        """Looks for a new one until it is cancelled."""
        while True:
            await beat(CHECK_INTERVAL_S)
            await self.refresh()

    async def refresh(self) -> None:
        """Renews the certificate if it is due, and takes what is new. What cannot be used changes nothing."""
        try:
            pair = await asyncio.to_thread(self._read)
            if pair in (self._loaded, self._refused):
                return
            self._refused = pair  # until it has been taken, so that one failure is told once
            self._take(*pair)
        except (OSError, ValueError) as error:
            self._reloads.labels("failed").inc()
            self._log.error("a certificate cannot be taken, the old one stays", reason=str(error))
        else:
            self._reloads.labels("done").inc()
            self._log.info("a new certificate is in use")

    def _files(self) -> tuple[Path, Path]:
        certificate, key = self._http.tls_certificate, self._http.tls_key
        if certificate is not None and key is not None:
            return certificate, key
        now = datetime.fromtimestamp(self._clock.time(), UTC)
        return ensure_certificate(self._folder, self._addresses(), now)

    def _read(self) -> tuple[bytes, bytes]:
        certificate, key = self._files()
        return certificate.read_bytes(), key.read_bytes()

    def _take(self, certificate: bytes, key: bytes) -> None:
        found = x509.load_pem_x509_certificate(certificate)
        files = self._files()
        # A pair that does not fit would leave half of itself in the context: it is tried in another one.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*files)
        self.context.load_cert_chain(*files)
        self._loaded = certificate, key
        self._expiry.set(found.not_valid_after_utc.timestamp())
