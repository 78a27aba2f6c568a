"""The preflight: each check when all is well and when not, with its fix."""

import asyncio
import errno
import os
import resource
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaserver._dataplane import NICE
from signalling import check
from signalling.check import Result
from signalling.config import Settings, load
from signalling.store import Database
from signalling.tls import VALID_DAYS, ensure_certificate
from signalling.webhooks import WebhookSettings

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def settings(data: Path, **sections: dict[str, Any]) -> Settings:
    """Any free port of loopback, unless a test says otherwise."""
    wanted: dict[str, Any] = {
        "keys": {"school": "s" * 32},
        "data": data,
        "http": {"host": "127.0.0.1", "port": 0} | sections.get("http", {}),
        "media": {"hosts": ["127.0.0.1"], "udp_port": 0, "tcp_port": 0} | sections.get("media", {}),
    }
    return load(None, wanted)


def found(subject: str, wanted: Settings, now: datetime = NOW) -> Result:
    """The only result whose subject begins so."""
    (result,) = [result for result in check.run(wanted, now) if result.subject.startswith(subject)]
    return result


def is_well(result: Result) -> bool:
    return not result.failed and not result.fix


@contextmanager
def taken(kind: socket.SocketKind) -> Iterator[int]:
    """A port of loopback that somebody else has."""
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen(1)
        yield other.getsockname()[1]


# All together


def test_every_part_is_looked_at(tmp_path: Path) -> None:
    subjects = [result.subject for result in check.run(settings(tmp_path), NOW)]
    assert subjects == [
        "data plane",
        "web bundle",
        "HTTP port 0 on 127.0.0.1",
        "media UDP port 0 on 127.0.0.1",
        "media TCP port 0 on 127.0.0.1",
        "addresses",
        f"data folder {tmp_path}",
        "database",
        "open files",
        "UDP buffers",
        "UDP segmentation",
        "media's priority",
        "clock",
    ]


def test_what_is_printed_and_the_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [Result("a", "good"), Result("b", "slow", "be quick", warning=True)]
    monkeypatch.setattr(check, "run", lambda settings, now: iter(results))
    assert check.main(load(None, {"dev": True})) == 0
    output = capsys.readouterr().out
    assert output == "[ ok ] a: good\n[warn] b: slow\n       fix: be quick\n\nAll 2 checks passed\n"
    results.append(Result("c", "broken", "mend it"))
    assert check.main(load(None, {"dev": True})) == 1
    assert "[FAIL] c: broken\n       fix: mend it\n\n1 of 3 checks failed\n" in capsys.readouterr().out


# What is installed


def test_the_extension_has_our_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = settings(tmp_path)
    assert is_well(found("data plane", wanted))
    monkeypatch.setattr(check, "__version__", "9.9.9")
    other = found("data plane", wanted)
    assert other.failed and "9.9.9" in other.finding and "pip install" in other.fix
    monkeypatch.setitem(sys.modules, "mediaserver._dataplane", None)
    missing = found("data plane", wanted)
    assert missing.failed and "cannot be loaded" in missing.finding and "make run" in missing.fix


@pytest.mark.parametrize("present", [True, False])
def test_the_web_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: bool) -> None:
    monkeypatch.setattr(check.Bundle, "present", present)
    result = found("web bundle", settings(tmp_path))
    assert result.failed != present and ("npm run build" in result.fix) != present


# Ports


@pytest.mark.parametrize(
    ("kind", "subject", "section", "key"),
    [
        (socket.SOCK_STREAM, "HTTP", "http", "port"),
        (socket.SOCK_STREAM, "HTTPS", "http", "tls_port"),
        (socket.SOCK_DGRAM, "media UDP", "media", "udp_port"),
        (socket.SOCK_STREAM, "media TCP", "media", "tcp_port"),
    ],
)
def test_a_port_that_somebody_has(
    tmp_path: Path, kind: socket.SocketKind, subject: str, section: str, key: str
) -> None:
    with taken(kind) as port:
        wanted = settings(tmp_path, **{section: {key: port}})
        result = found(f"{subject} port {port}", wanted)
        assert result.failed and "ss -lntup" in result.fix
    assert is_well(found(f"{subject} port {port}", wanted))


def test_two_settings_that_want_the_same_port(tmp_path: Path) -> None:
    with taken(socket.SOCK_STREAM) as port:
        pass  # free again
    wanted = settings(tmp_path, http={"port": port}, media={"tcp_port": port})
    assert is_well(found(f"HTTP port {port}", wanted))
    assert found(f"media TCP port {port}", wanted).failed


def test_udp_and_tcp_share_a_number(tmp_path: Path) -> None:
    with taken(socket.SOCK_STREAM) as port:
        assert is_well(found("media UDP", settings(tmp_path, media={"udp_port": port})))


def test_without_tcp_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    results = check.run(settings(tmp_path, media={"tcp_port": None}), NOW)
    assert not [result for result in results if result.subject.startswith("media TCP")]


@pytest.mark.parametrize(
    ("number", "host", "fix"),
    [
        (errno.EACCES, "127.0.0.1", "CAP_NET_BIND_SERVICE"),
        (errno.EADDRNOTAVAIL, "192.0.2.1", "name an address of this machine in media.hosts"),
        (errno.EAFNOSUPPORT, "::", "remove '::' from media.hosts"),
        (errno.EADDRNOTAVAIL, "2001:db8::1", "name an address of this machine in media.hosts"),
    ],
)
def test_an_address_that_cannot_be_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, host: str, fix: str
) -> None:
    def bind(probe: socket.socket, host: str, port: int) -> None:
        if probe.type == socket.SOCK_DGRAM:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(check, "_bind", bind)
    result = found("media UDP", settings(tmp_path, media={"hosts": [host]}))
    assert result.failed and result.finding == os.strerror(number) and fix in result.fix


# Network, certificate


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "local_addresses", lambda: ["192.0.2.7"])
    assert found("addresses", settings(tmp_path)).finding == "of this machine: 192.0.2.7"
    announced = settings(tmp_path, media={"announced_addresses": ["198.51.100.1"]})
    assert found("addresses", announced).finding == "announced: 198.51.100.1"
    monkeypatch.setattr(check, "local_addresses", lambda: ["127.0.0.1"])
    alone = found("addresses", settings(tmp_path))
    assert alone.warning and "connect this machine" in alone.fix


@pytest.fixture
def with_certificate(tmp_path: Path) -> Settings:
    certificate, key = ensure_certificate(tmp_path, [], NOW)
    pair = {"tls_port": 0, "tls_certificate": certificate, "tls_key": key}
    return settings(tmp_path, http=pair)


@pytest.mark.parametrize(
    ("days", "failed", "finding"),
    [
        (0, False, f"valid for {VALID_DAYS} days"),
        (VALID_DAYS - 14, False, "valid for 14 days"),
        (VALID_DAYS - 13, False, "expires in 13 days"),
        (VALID_DAYS, False, "expires in 0 days"),
        (VALID_DAYS + 1, True, "expired"),
        (-1, True, "not valid before 2026-06-01"),
    ],
)
def test_a_certificate_of_ones_own(with_certificate: Settings, days: int, failed: bool, finding: str) -> None:
    result = found("certificate", with_certificate, NOW + timedelta(days=days))
    assert (result.failed, result.finding) == (failed, finding)
    assert bool(result.fix) == (not finding.startswith("valid for"))


@pytest.mark.parametrize("damaged", ["tls_certificate", "tls_key"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_certificate_that_cannot_be_used(
    with_certificate: Settings, damaged: str, content: bytes | None
) -> None:
    path: Path = getattr(with_certificate.http, damaged)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    result = found("certificate", with_certificate)
    assert result.failed and "http.tls_certificate and http.tls_key" in result.fix


def test_a_key_of_another_certificate(with_certificate: Settings, tmp_path: Path) -> None:
    _, other = ensure_certificate(tmp_path / "other", [], NOW)
    assert with_certificate.http.tls_key is not None
    with_certificate.http.tls_key.write_bytes(other.read_bytes())
    assert found("certificate", with_certificate).failed


def test_the_certificate_made_on_the_spot_needs_no_check(tmp_path: Path) -> None:
    results = check.run(settings(tmp_path, http={"tls_port": 0}), NOW)
    assert not [result for result in results if result.subject.startswith("certificate")]


# The machine


def test_the_data_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    assert is_well(found("data folder", settings(tmp_path / "new")))
    assert list((tmp_path / "new").iterdir()) == []


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    result = found("data folder", settings(tmp_path / "file"))
    assert result.failed and "--data" in result.fix


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=check.MIN_FREE_BYTES - 1)
    monkeypatch.setattr(check.shutil, "disk_usage", lambda folder: usage)
    result = found("data folder", settings(tmp_path))
    assert result.failed and result.finding == "1023 MiB free" and "1 GiB" in result.fix


@pytest.mark.parametrize(("limit", "well"), [(check.MIN_FILES, True), (check.MIN_FILES - 1, False)])
def test_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, well: bool) -> None:
    monkeypatch.setattr(check.resource, "getrlimit", lambda which: (limit, resource.RLIM_INFINITY))
    result = found("open files", settings(tmp_path))
    assert is_well(result) == well and result.warning != well and ("LimitNOFILE" in result.fix) != well


@pytest.mark.parametrize(
    ("user", "size", "well"),
    [(1000, check.MIN_UDP_BUFFER, True), (1000, check.MIN_UDP_BUFFER - 1, False), (0, 1, True)],
)
def test_udp_buffers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, size: int, well: bool
) -> None:
    monkeypatch.setattr(check.os, "geteuid", lambda: user)  # root may pass the limit
    monkeypatch.setattr(check, "_sysctl", lambda name: size)
    result = found("UDP buffers", settings(tmp_path))
    assert is_well(result) == well and result.warning != well and ("sysctl -w" in result.fix) != well


def test_an_old_kernel_without_segmentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class OldSocket(socket.socket):
        def setsockopt(self, level: int, *option: Any) -> None:
            if level == socket.IPPROTO_UDP:
                raise OSError(errno.ENOPROTOOPT, "")
            super().setsockopt(level, *option)

    assert is_well(found("UDP segmentation", settings(tmp_path)))
    monkeypatch.setattr(check.socket, "socket", OldSocket)
    result = found("UDP segmentation", settings(tmp_path))
    assert result.warning and "Linux 4.18" in result.fix


def test_media_goes_before_other_work_where_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(check.os, "setpriority", lambda *arguments: asked.append(arguments))
    assert is_well(found("media's priority", settings(tmp_path)))
    assert asked == [(os.PRIO_PROCESS, 0, NICE)]

    def refuse(which: int, who: int, priority: int) -> None:
        raise PermissionError(errno.EACCES, "")

    monkeypatch.setattr(check.os, "setpriority", refuse)
    result = found("media's priority", settings(tmp_path))
    assert result.warning and f"LimitNICE={NICE}" in result.fix and "nice=25" in result.fix


def test_a_clock_that_was_never_set(tmp_path: Path) -> None:
    assert found("clock", settings(tmp_path)).finding == "2026-06-01 12:00 UTC"
    result = found("clock", settings(tmp_path), datetime(1970, 1, 1, tzinfo=UTC))
    assert result.failed and "timedatectl" in result.fix


# Webhooks


@pytest.mark.parametrize(("api_key", "well"), [("", True), ("school", True), ("gone", False)])
def test_webhooks_need_a_key_that_signs(tmp_path: Path, api_key: str, well: bool) -> None:
    webhook = {"urls": ["https://journal.example/hooks"], "api_key": api_key}
    wanted = settings(tmp_path).model_copy(update={"webhook": WebhookSettings(**webhook)})
    result = found("webhooks", wanted)
    assert is_well(result) == well and not result.failed
    assert not [r for r in check.run(settings(tmp_path), NOW) if r.subject.startswith("webhooks")]


def test_events_that_never_happen_are_named(tmp_path: Path) -> None:
    webhook = WebhookSettings(
        urls=("https://journal.example",), include_events=("egress_ended", "room_started")
    )
    result = found("webhooks", settings(tmp_path).model_copy(update={"webhook": webhook}))
    assert result.warning and result.finding == "never happen: egress_ended"


# The database


def test_the_database(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    new = found("database", wanted)
    assert is_well(new) and "first start" in new.finding and not (tmp_path / "polyana.db").exists()

    async def start() -> None:
        database = Database(wanted.store, tmp_path)
        await database.open()
        await database.close()

    asyncio.run(start())
    assert "at migration 00" in found("database", wanted).finding


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    (tmp_path / "polyana.db").write_bytes(b"no database at all" * 100)
    result = found("database", settings(tmp_path))
    assert result.failed and "store.url" in result.fix
