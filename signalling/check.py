"""`polyana check`: is this machine ready? Each failure comes with its fix."""

import asyncio
import contextlib
import errno
import os
import resource
import shutil
import socket
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from cryptography import x509

from mediaserver.ice_candidates import local_addresses
from signalling import __version__
from signalling.config import HttpSettings, Settings
from signalling.pages.bundle import Bundle
from signalling.store import Database, StoreError

MIN_FREE_BYTES = 1 << 30
MIN_FILES = 4096
MIN_UDP_BUFFER = 2 << 20
EXPIRES_SOON_DAYS = 14
NOT_SUPPORTED = "not supported here; leave it out if this is as it should be"
EARLIEST_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Result:
    """One finding. `fix` is empty where nothing is wrong; a warning does not fail the check."""

    subject: str
    finding: str
    fix: str = ""
    warning: bool = False

    @property
    def failed(self) -> bool:
        """True when the server would not run well."""
        return bool(self.fix) and not self.warning

    def __str__(self) -> str:
        mark = "FAIL" if self.failed else "warn" if self.fix else " ok "
        line = f"[{mark}] {self.subject}: {self.finding}"
        return f"{line}\n       fix: {self.fix}" if self.fix else line


def main(settings: Settings, unsupported: Sequence[str] = ()) -> int:
    """Prints all findings; 1 when one failed. `unsupported`: what LiveKit's configuration asks for in vain."""
    results = [
        *(Result("LiveKit's configuration", line, NOT_SUPPORTED, warning=True) for line in unsupported),
        *run(settings, datetime.now(UTC)),
    ]
    for result in results:
        print(result)
    failed = sum(result.failed for result in results)
    print(f"\n{failed} of {len(results)} checks failed" if failed else f"\nAll {len(results)} checks passed")
    return 1 if failed else 0


def run(settings: Settings, now: datetime) -> Iterator[Result]:
    """All checks, in the order in which a server would need them."""
    yield _versions()
    yield _bundle()
    yield from _ports(settings)
    yield _addresses(settings)
    yield from _certificate(settings.http, now)
    yield from _webhooks(settings)
    yield _data_folder(settings.data)
    yield _database(settings)
    yield _open_files()
    yield _udp_buffers()
    yield _segmentation()
    yield from _priority()
    yield _clock(now)


def _versions() -> Result:
    try:
        from mediaserver._dataplane import __version__ as extension
    except ImportError as error:
        return Result(
            "data plane", f"cannot be loaded ({error})", "run `make run`, or `pip install .`, on this machine"
        )
    if extension != __version__:
        return Result(
            "data plane", f"version {extension}, server {__version__}", "install both again: `pip install .`"
        )
    return Result("data plane", f"version {extension}, aiortc {metadata.version('aiortc')}")


def _bundle() -> Result:
    if not Bundle().present:
        return Result("web bundle", "not built", "run `make run`, or `npm install && npm run build` in web/")
    return Result("web bundle", "present")


def _ports(settings: Settings) -> Iterator[Result]:
    http, media = settings.http, settings.media
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    ports = {"HTTP": http.port, "HTTPS": http.tls_port, "metrics": settings.metrics.port}
    wanted = [
        (name, tcp, "http.host", host, port)
        for name, port in ports.items()
        for host in http.host
        if port is not None
    ]
    wanted += [("media UDP", udp, "media.hosts", host, media.udp_port) for host in media.hosts]
    if media.tcp_port is not None:
        wanted += [("media TCP", tcp, "media.hosts", host, media.tcp_port) for host in media.hosts]
    with contextlib.ExitStack() as open_until_all_are_tried:  # two settings may want the same port
        for name, kind, setting, host, port in wanted:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            try:
                probe = open_until_all_are_tried.enter_context(socket.socket(family, kind))
                _bind(probe, host, port)
            except OSError as error:
                finding, fix = error.strerror or str(error), _port_fix(error, setting, host)
            else:
                finding, fix = "free", ""
            yield Result(f"{name} port {port} on {host}", finding, fix)


def _bind(probe: socket.socket, host: str, port: int) -> None:
    if probe.family == socket.AF_INET6:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if probe.type == socket.SOCK_STREAM:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((host, port))
    if probe.type == socket.SOCK_STREAM:
        probe.listen(1)


def _port_fix(error: OSError, setting: str, host: str) -> str:
    if isinstance(error, PermissionError):
        return "choose a port above 1023, or grant CAP_NET_BIND_SERVICE"
    if error.errno == errno.EADDRINUSE:
        return (
            "stop the program that has it (`ss -lntup` shows which), or choose another port in the settings"
        )
    if host == "::":
        return f"remove '::' from {setting}: this machine has no IPv6"
    return f"name an address of this machine in {setting}"


def _addresses(settings: Settings) -> Result:
    announced = settings.media.announced_addresses
    addresses = list(announced) or local_addresses()
    if addresses == ["127.0.0.1"]:
        return Result("addresses", "only loopback", "connect this machine to a network", warning=True)
    return Result("addresses", f"{'announced' if announced else 'of this machine'}: {', '.join(addresses)}")


def _certificate(http: HttpSettings, now: datetime) -> Iterator[Result]:
    if http.tls_port is None or http.tls_certificate is None or http.tls_key is None:
        return
    subject = f"certificate {http.tls_certificate}"
    try:
        found = x509.load_pem_x509_certificate(http.tls_certificate.read_bytes())
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            http.tls_certificate, http.tls_key
        )
    except (OSError, ValueError) as error:
        yield Result(
            subject, f"cannot be used ({error})", "http.tls_certificate and http.tls_key must be a PEM pair"
        )
        return
    days = (found.not_valid_after_utc - now).days
    if now < found.not_valid_before_utc:
        yield Result(
            subject, f"not valid before {found.not_valid_before_utc:%Y-%m-%d}", "wait, or set the clock"
        )
    elif days < 0:
        yield Result(subject, "expired", "renew it")
    elif days < EXPIRES_SOON_DAYS:
        yield Result(subject, f"expires in {days} days", "renew it soon", warning=True)
    else:
        yield Result(subject, f"valid for {days} days")


def _webhooks(settings: Settings) -> Iterator[Result]:
    webhook = settings.webhook
    if not webhook.urls:
        return
    subject = f"webhooks to {len(webhook.urls)} URL" + ("s" if len(webhook.urls) > 1 else "")
    if webhook.api_key and webhook.api_key not in settings.keys:
        fix = "name one of `keys` in webhook.api_key; until then the first one signs"
        yield Result(subject, f"no such key: {webhook.api_key}", fix, warning=True)
    elif webhook.in_vain:
        yield Result(subject, f"never happen: {', '.join(webhook.in_vain)}", NOT_SUPPORTED, warning=True)
    else:
        yield Result(subject, f"signed with {webhook.api_key or next(iter(settings.keys))}")


def _data_folder(folder: Path) -> Result:
    subject = f"data folder {folder}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Result(
            subject,
            str(error),
            "make it writable for the user that runs polyana, or name another with --data",
        )
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        return Result(subject, f"{free >> 20} MiB free", "free at least 1 GiB")
    return Result(subject, f"writable, {free >> 30} GiB free")


def _database(settings: Settings) -> Result:
    database = Database(settings.store, settings.data)
    try:
        revision = asyncio.run(database.revision())
    except StoreError as error:
        fix = "start it, and make user and database; store.url says where it is"
        return Result("database", str(error), fix)
    made = f"at migration {revision}" if revision else "empty: the tables are made at the first start"
    return Result("database", f"{database} {made}")


def _open_files() -> Result:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < MIN_FILES:
        return Result(
            "open files",
            f"limit {soft}",
            f"raise it: `ulimit -n {MIN_FILES}` or LimitNOFILE= in the unit",
            warning=True,
        )
    return Result("open files", f"limit {soft} (at most {hard})")


def _priority() -> Iterator[Result]:
    """As the data plane's threads ask for it: on Linux it is of one thread alone."""
    try:
        from mediaserver._dataplane import NICE
    except ImportError:
        return  # `_versions` says so
    with ThreadPoolExecutor(max_workers=1) as thread:
        refused = thread.submit(os.setpriority, os.PRIO_PROCESS, 0, NICE).exception()
    if refused is None:
        yield Result("media's priority", f"before other work (nice {NICE})")
        return
    fix = f"LimitNICE={NICE} in the unit; for a container the ulimit nice={20 - NICE}, or the capability SYS_NICE"
    yield Result("media's priority", "none: on a busy machine packets wait for other work", fix, warning=True)


def _udp_buffers() -> Result:
    found = {name: _sysctl(name) for name in ("rmem_max", "wmem_max")}
    if os.geteuid() != 0 and min(found.values()) < MIN_UDP_BUFFER:
        fix = f"sysctl -w net.core.rmem_max={MIN_UDP_BUFFER} net.core.wmem_max={MIN_UDP_BUFFER}"
        return Result("UDP buffers", f"at most {min(found.values()) >> 10} KiB", fix, warning=True)
    return Result("UDP buffers", "large enough")


def _sysctl(name: str) -> int:
    try:
        return int(Path(f"/proc/sys/net/core/{name}").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return MIN_UDP_BUFFER  # a container may hide it; the server tries in any case


def _segmentation() -> Result:
    udp_segment = 103
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_UDP, udp_segment, 1200)
        except OSError:
            return Result(
                "UDP segmentation",
                "not supported",
                "Linux 4.18 or newer sends at a third of the cost",
                warning=True,
            )
    return Result("UDP segmentation", "supported")


def _clock(now: datetime) -> Result:
    if now < EARLIEST_CLOCK:
        return Result(
            "clock", f"{now:%Y-%m-%d}", "set the clock (timedatectl set-ntp true): tokens depend on it"
        )
    return Result("clock", f"{now:%Y-%m-%d %H:%M} UTC")
