"""livekit.yaml and its variables as settings: what is wrong is named, and nothing is lost silently."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signalling.config import ConfigError, load
from signalling.livekit_config import Translation, read
from signalling.livekit_config.rules import RULES
from signalling.livekit_config.values import seconds
from tests.signalling.livekit_config.translated import (
    ADAPTERS,
    SECRET,
    refused,
    translated,
)

# What stops the start


@pytest.mark.parametrize(
    "values",
    [
        {"redis": {"address": "redis:6379"}},
        {"redis": {"sentinel_addresses": ["redis:26379"]}},
        {"redis": {"cluster_addresses": ["redis:6379"]}},
        {"turn": {"enabled": True}},
        {"rtc": {"force_tcp": True}},
    ],
)
def test_what_would_silently_be_something_else_is_refused(values: dict[str, Any]) -> None:
    ((section, keys),) = values.items()
    assert refused(values).startswith(f"{section}.{next(iter(keys))}: ")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"prot": 1}, "prot"),
        ({"rtc": {"tcp_prot": 1}}, "rtc.tcp_prot"),
        (
            {"rtc": {"congestion_control": {"remote_bwe": {"nack": 1}}}},
            "rtc.congestion_control.remote_bwe.nack",
        ),
        ({"rtc": {"turn_servers": [{"hots": "a"}]}}, "rtc.turn_servers"),
        ({"room": {"enabled_codecs": [{"name": "opus"}]}}, "room.enabled_codecs"),
        ({"room": {"room_configurations": {"exam": {"max": 1}}}}, "room.room_configurations.exam.max"),
        ({"rtc": 7881}, "rtc"),
        ({"port": "many"}, "port"),
        ({"port": 0}, "port"),
        ({"port": True}, "port"),
        ({"bind_addresses": "10.0.0.1"}, "bind_addresses"),
        ({"rtc": {"node_ip": "school.example"}}, "rtc.node_ip"),
        ({"rtc": {"node_ip": "10.0.0.1,10.0.0.2"}}, "rtc.node_ip"),
        ({"rtc": {"udp_port": "7010-7000"}}, "rtc.udp_port"),
        ({"rtc": {"ips": {"includes": ["10.0.0.300/8"]}}}, "rtc.ips.includes"),
        ({"rtc": {"ips": {"includes": ["203.0.113.0/24"]}}}, "rtc.interfaces, rtc.ips"),
        ({"rtc": {"turn_servers": [{"host": "a", "port": 1, "protocol": "sctp"}]}}, "rtc.turn_servers"),
        ({"rtc": {"turn_servers": [{"port": 3478}]}}, "rtc.turn_servers"),
        ({"rtc": {"turn_servers": ["turn.school.example"]}}, "rtc.turn_servers"),
        ({"room": {"enabled_codecs": [{"mime": "video/theora"}]}}, "room.enabled_codecs"),
        ({"room": {"empty_timeout": -1}}, "room.empty_timeout"),
        ({"keys": {"k": 5}}, "keys"),
        ({"keys": ["k"]}, "keys"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], named: str) -> None:
    assert refused(values).startswith(f"{named}: ")


def test_all_that_is_wrong_is_named_at_once() -> None:
    lines = refused({"prot": 1, "redis": {"address": "a"}, "rtc": {"tcp_port": -1}}).splitlines()
    assert {line.split(":")[0] for line in lines} == {"prot", "redis.address", "rtc.tcp_port"}


def test_secrets_do_not_show_in_errors() -> None:
    assert "hunter2" not in refused({"keys": {"k": ["hunter2"]}})
    assert "hunter2" not in refused("keys: {k: *hunter2}")


@pytest.mark.parametrize("key", ["rtc", "keys", "redis", "room", "turn"])
def test_an_empty_section_is_nothing(key: str) -> None:
    assert translated(f"{key}:") == Translation()


# The environment


def test_variables_win_over_the_file() -> None:
    environment = {
        "LIVEKIT_KEYS": f"first: {SECRET}\nsecond: {SECRET}",
        "LIVEKIT_RTC_TCP_PORT": "7000",
        "LIVEKIT_ROOM_AUTO_CREATE": "false",
        "NODE_IP": "192.0.2.9",
        "UDP_PORT": "7001",
        "LIVEKIT_LIMIT_NUM_TRACKS": "100",
        "LIVEKIT_LOG_LEVEL": "warn",
    }
    below = translated({"keys": {"k": SECRET}, "rtc": {"tcp_port": 1}}, environment).settings
    found = load(None, {}, below)
    assert set(found.keys) == {"first", "second"}
    assert (found.media.tcp_port, found.media.udp_port) == (7000, 7001)
    assert found.media.announced_addresses == ("192.0.2.9",) and not found.rtc.auto_create
    assert found.rtc.max_tracks == 100 and found.log_level == "warning"


def test_keys_alone_are_enough() -> None:
    found = read(None, {"LIVEKIT_KEYS": f"k: {SECRET}", "REDIS_HOST": ""})
    assert load(None, {}, found.settings).keys == {"k": SECRET}


def test_variables_alone_are_somebody_elses() -> None:
    others = {"UDP_PORT": "many", "REDIS_HOST": "redis:6379", "LIVEKIT_API_KEY": "k", "LIVEKIT_PORT": "1"}
    assert read(None, others) == Translation()
    assert "redis.address" in refused("", others)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("LIVEKIT_KEYS", "k", "LIVEKIT_KEYS"),
        ("LIVEKIT_KEYS", "k: [", "LIVEKIT_KEYS"),
        ("LIVEKIT_CONFIG", "- a", "LIVEKIT_CONFIG"),
        ("LIVEKIT_TURN_ENABLED", "true", "turn.enabled"),
        ("LIVEKIT_PORT", "many", "port"),
        ("REDIS_HOST", "redis:6379", "redis.address"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, named: str) -> None:
    assert refused("", {name: value}).startswith(f"{named}: ")


# Beside our own settings


def test_our_own_file_wins(tmp_path: Path) -> None:
    file = tmp_path / "polyana.yaml"
    file.write_text("http: {port: 9000}\n")
    below = translated({"port": 8000, "keys": {"k": SECRET}, "region": "eu"}).settings
    found = load(file, {}, below)
    assert (found.http.port, found.rtc.region) == (9000, "eu")


def test_a_file_is_read_and_named(tmp_path: Path) -> None:
    file = tmp_path / "livekit.yaml"
    with pytest.raises(ConfigError, match=re.escape(str(file))):
        read(file, {})
    file.write_text("port: 8000\n")
    assert read(file, {"LIVEKIT_CONFIG": "port: 9000"}).settings == {"http": {"port": 8000}}, "named plainly"


# Any input


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("7000")
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


@hypothesis_settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(RULES)), anything, max_size=6), st.data())
def test_any_value_gives_settings_or_a_config_error(values: dict[str, Any], data: st.DataObject) -> None:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *sections, name = key.split(".")
        section = tree
        for part in sections:
            section = section.setdefault(part, {})
        section[name] = value
    names = st.sampled_from(["LIVEKIT_PORT", "NODE_IP", "UDP_PORT", "LIVEKIT_KEYS", "LIVEKIT_LOGGING_JSON"])
    environment = data.draw(st.dictionaries(names, st.text(max_size=10), max_size=3))
    text = yaml.safe_dump(tree, allow_unicode=True)
    with contextlib.suppress(ConfigError):
        load(
            None,
            {"dev": True},
            read(None, {"LIVEKIT_CONFIG": text, **environment}, lambda: ADAPTERS).settings,
        )


@given(st.integers(0, 100), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_gos_durations(hours: int, minutes: int, secs: int, millis: int) -> None:
    wanted = hours * 3600 + minutes * 60 + secs + millis / 1000
    assert seconds(f"{hours}h{minutes}m{secs}s{millis}ms") == pytest.approx(wanted)
    assert seconds(int(secs * 1e9)) == pytest.approx(secs)


@pytest.mark.parametrize("wrong", ["", "5", "s", "5x", "-5s", "5 s", "1s2", True, None, [], 1.5])
def test_what_is_no_duration(wrong: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        seconds(wrong)
