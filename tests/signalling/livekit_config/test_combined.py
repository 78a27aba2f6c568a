"""Settings that come from several keys of LiveKit's together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from signalling.config import load
from tests.signalling.livekit_config.translated import (
    ADAPTERS,
    SECRET,
    settings,
    translated,
)


def addresses(**rtc: Any) -> list[str] | None:
    media: dict[str, Any] = translated({"rtc": rtc}).settings.get("media", {})
    return media.get("announced_addresses")


def test_addresses_of_this_machine_are_filtered() -> None:
    assert addresses() is None
    assert addresses(interfaces={"excludes": ["docker0"]}) == ["10.0.1.2", "192.168.1.9", "2001:db8::2"]
    assert addresses(interfaces={"includes": ["docker0"], "excludes": ["docker0"]}) == ["172.17.0.1"]
    assert addresses(ips={"includes": ["10.0.0.0/8"]}) == ["10.0.1.2"]
    assert addresses(ips={"excludes": ["10.0.0.0/8", "2001:db8::/32"]}) == ["192.168.1.9", "172.17.0.1"]
    everything = [adapter.address for adapter in ADAPTERS]
    assert addresses(enable_loopback_candidate=True) == everything
    assert addresses(ips={"excludes": ["10.0.0.0/8"]}, node_ip="192.0.2.1") == ["192.0.2.1"], "said plainly"


def test_an_address_outside_is_not_looked_for() -> None:
    (warning,) = translated({"rtc": {"use_external_ip": True}}).warnings
    assert warning.startswith("rtc.use_external_ip: ")
    assert not translated({"rtc": {"use_external_ip": True, "node_ip": "192.0.2.1"}}).warnings


def test_a_key_file_wins_over_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(f"k: {SECRET}\n")
    file.chmod(0o600)
    monkeypatch.setenv("WHERE", str(tmp_path))
    found = translated({"key_file": "$WHERE/keys.yaml", "keys": {"other": SECRET}})
    assert load(None, {}, found.settings).keys == {"k": SECRET}
    assert [warning.split(":")[0] for warning in found.warnings] == ["keys"]


def test_turn_servers() -> None:
    servers = [
        {"host": "a", "port": 3478, "protocol": "udp", "username": "u", "credential": "c"},
        {"host": "b", "port": 3479, "secret_file": "/secret"},
        {"host": "c", "port": 443, "protocol": "tls", "secret": "s", "secret_file": "/other", "ttl": 60},
    ]
    assert translated({"rtc": {"turn_servers": servers}}).settings["rtc"]["ice_servers"] == [
        {"urls": ["turn:a:3478?transport=udp"], "username": "u", "credential": "c"},
        {"urls": ["turn:b:3479?transport=tcp"], "secret_file": "/secret"},
        {"urls": ["turns:c:443?transport=tcp"], "secret": "s", "ttl_s": 60},
    ]


def test_presets_of_rooms_in_both_spellings() -> None:
    exam = {"emptytimeout": 60, "max_participants": 5, "metadata": "quiet", "egress": {}, "tags": {}}
    found = translated({"keys": {"k": SECRET}, "room": {"room_configurations": {"exam": exam}}})
    preset = load(None, {}, found.settings).rtc.room_configurations["exam"]
    assert (preset.empty_timeout, preset.max_participants, preset.metadata) == (60, 5, "quiet")
    assert [warning.rsplit(".", 1)[-1] for warning in found.warnings] == [
        "egress: not supported here",
        "tags: not supported here",
    ]


def test_a_password_for_metrics() -> None:
    prometheus = {"port": 6789, "username": "prometheus", "password": "secret"}
    found = settings({"prometheus": prometheus}).metrics
    assert (found.port, found.username, found.password) == (6789, "prometheus", "secret")
