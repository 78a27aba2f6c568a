"""livekit.yaml as settings: every key is known, mapped or named, and nothing is lost silently."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel

from mediaserver.ice_candidates import Adapter
from signalling.config import ConfigError, Settings, load
from signalling.livekit_config import Translation, read
from signalling.livekit_config.rules import RULES, Setting
from signalling.livekit_config.values import UNLIMITED, seconds

HERE = Path(__file__).parent
SECRET = "s" * 32
ADAPTERS = [
    Adapter("lo", "127.0.0.1"),
    Adapter("en0", "10.0.1.2"),
    Adapter("en0", "192.168.1.9"),
    Adapter("docker0", "172.17.0.1"),
    Adapter("en0", "2001:db8::2"),
]
#: Structures that LiveKit reads from one text.
ONE_TEXT = {
    "rtc.udp_port.start": "rtc.udp_port",
    "rtc.udp_port.end": "rtc.udp_port",
    "rtc.node_ip.ipv4": "rtc.node_ip",
    "rtc.node_ip.ipv6": "rtc.node_ip",
}


def translated(
    values: Mapping[str, Any] | str = "", environment: Mapping[str, str] | None = None
) -> Translation:
    text = values if isinstance(values, str) else yaml.safe_dump(dict(values))
    return read(None, {"LIVEKIT_CONFIG": text, **(environment or {})}, lambda: ADAPTERS)


def nested(key: str, value: Any) -> dict[str, Any]:
    for part in reversed(key.split(".")):
        value = {part: value}
    return value  # type: ignore[no-any-return]


def settings(values: Mapping[str, Any]) -> Settings:
    return load(None, {}, translated({"keys": {"k": SECRET}, **values}).settings)


def refused(values: Mapping[str, Any] | str, environment: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        translated(values, environment)
    return str(error.value)


# The table


def livekit_keys() -> set[str]:
    lines = (HERE / "keys.txt").read_text("utf-8").splitlines()
    names = {line.split("[]")[0] for line in lines if not line.startswith("#")}
    return {ONE_TEXT.get(name, name) for name in names}


def test_the_table_has_every_key_of_livekit_and_no_other() -> None:
    mistaken_in_the_example = {"debug_handler_port"}
    assert set(RULES) == livekit_keys() | mistaken_in_the_example


def our_settings(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found |= our_settings(section, f"{prefix}{name}.")
        else:
            found.add(f"{prefix}{name}")
    return found


def test_the_table_leads_to_settings_that_exist() -> None:
    assert {rule.path for rule in RULES.values() if isinstance(rule, Setting)} <= our_settings(Settings)


@pytest.mark.parametrize(
    ("key", "value", "path", "wanted"),
    [
        ("port", 8080, "http.port", 8080),
        ("bind_addresses", ["10.0.0.1", "::1"], "http.host", ("10.0.0.1", "::1")),
        ("region", "eu", "rtc.region", "eu"),
        ("development", True, "dev", True),
        ("prometheus_port", 6789, "metrics.port", 6789),
        ("prometheus.port", 6789, "metrics.port", 6789),
        ("prometheus.port", 0, "metrics.port", None),
        ("logging.level", "warn", "log_level", "warning"),
        ("log_level", "DEBUG", "log_level", "debug"),
        ("logging.json", False, "log_json", False),
        ("rtc.tcp_port", 7000, "media.tcp_port", 7000),
        ("rtc.tcp_port", 0, "media.tcp_port", None),
        ("rtc.udp_port", 7000, "media.udp_port", 7000),
        ("rtc.udp_port", "7000-7010", "media.udp_port", 7000),
        ("rtc.node_ip", "192.0.2.1", "media.announced_addresses", ("192.0.2.1",)),
        ("rtc.node_ip", "192.0.2.1, 2001:db8::1", "media.announced_addresses", ("192.0.2.1", "2001:db8::1")),
        ("rtc.data_channel_max_buffered_amount", 1000, "rtc.max_reliable_buffer_bytes", 1000),
        ("room.auto_create", False, "rtc.auto_create", False),
        ("room.empty_timeout", 0, "rtc.empty_timeout_s", 0),
        ("room.departure_timeout", 5, "rtc.departure_timeout_s", 5),
        ("room.max_participants", 30, "rtc.max_participants", 30),
        ("room.enable_remote_unmute", True, "rtc.enable_remote_unmute", True),
        ("room.max_metadata_size", 7, "rtc.max_metadata_bytes", 7),
        ("room.max_room_name_length", 7, "rtc.max_room_name_length", 7),
        ("room.max_participant_identity_length", 7, "rtc.max_identity_length", 7),
        ("limit.num_tracks", -1, "rtc.max_tracks", 0),
        ("limit.num_tracks", 400, "rtc.max_tracks", 400),
        ("limit.bytes_per_sec", 1_000_000, "rtc.max_bytes_per_s", 1_000_000),
        ("limit.subscription_limit_audio", 3, "rtc.subscription_limit_audio", 3),
        ("limit.subscription_limit_video", 4, "rtc.subscription_limit_video", 4),
        ("limit.max_metadata_size", 0, "rtc.max_metadata_bytes", UNLIMITED),
        ("limit.max_attributes_size", 9, "rtc.max_attributes_bytes", 9),
        ("limit.max_room_name_length", 9, "rtc.max_room_name_length", 9),
        ("limit.max_participant_identity_length", 9, "rtc.max_identity_length", 9),
        ("limit.max_participant_name_length", 9, "rtc.max_name_length", 9),
        ("limit.max_data_blob_key_length", 9, "rtc.max_data_blob_key_bytes", 9),
        ("limit.max_data_blobs_size", 9, "rtc.max_data_blobs_bytes", 9),
        ("webhook.urls", ["https://a.example/x"], "webhook.urls", ("https://a.example/x",)),
        ("webhook.api_key", "k", "webhook.api_key", "k"),
        ("webhook.resource_url_notifier.max_age", "1m30s", "webhook.max_age_s", 90),
        (
            "webhook.filter_params.include_events",
            ["room_started"],
            "webhook.include_events",
            ("room_started",),
        ),
        (
            "webhook.filter_params.exclude_events",
            ["room_started"],
            "webhook.exclude_events",
            ("room_started",),
        ),
        ("audio.active_level", 30, "rtc.audio.active_level", 30),
        ("audio.min_percentile", 50, "rtc.audio.min_percentile", 50),
        ("audio.smooth_intervals", 4, "rtc.audio.smooth_intervals", 4),
        ("audio.update_interval", 500, "rtc.speaker_interval_s", 0.5),
    ],
)
def test_a_key_is_one_of_our_settings(key: str, value: Any, path: str, wanted: Any) -> None:
    found: Any = settings(nested(key, value))
    for name in path.split("."):
        found = getattr(found, name)
    assert found == wanted
    assert not translated(nested(key, value)).warnings


def test_every_setting_of_the_table_is_tested_above() -> None:
    mark = test_a_key_is_one_of_our_settings.pytestmark[0]  # type: ignore[attr-defined]
    tested = {case[0] for case in mark.args[1]} | {"prometheus.username", "prometheus.password"}
    assert {key for key, rule in RULES.items() if isinstance(rule, Setting)} <= tested


# LiveKit's example


def test_livekits_example_is_understood() -> None:
    found = translated((HERE / "example.yaml").read_text("utf-8"))
    ours = load(None, {}, found.settings)
    assert ours.http.port == 7980 and ours.metrics.port == 6789 and not ours.log_json
    assert set(ours.keys) == {"first", "second"}
    assert (ours.media.udp_port, ours.media.tcp_port) == (50_000, 7981)
    assert ours.media.announced_addresses == ("192.0.2.7",)
    rtc = ours.rtc
    assert (rtc.region, rtc.auto_create, rtc.enable_remote_unmute) == ("school-1", False, True)
    assert (rtc.empty_timeout_s, rtc.departure_timeout_s, rtc.max_participants) == (200, 30, 40)
    assert rtc.enabled_codecs == ("audio/opus", "video/VP8", "audio/red")
    assert (rtc.max_tracks, rtc.max_bytes_per_s) == (0, 1_000_000_000)
    turn, stun = rtc.ice_servers
    assert turn.urls == ("turns:turn.school.example:443?transport=tcp",)
    assert (turn.secret, turn.ttl_s) == ("shared", 7200)
    assert stun.urls == ("stun:stun.school.example:3478",)


def test_what_the_example_asks_for_in_vain_is_named() -> None:
    text = (HERE / "example.yaml").read_text("utf-8")
    named = {warning.split(":")[0] for warning in translated(text).warnings}
    assert named == {
        "debug_handler_port",
        "rtc.port_range_start",  # one of the range is used
        "rtc.advertise_internal_ip",
        "rtc.skip_external_ip_validation",
        "rtc.congestion_control.allow_pause",
        "rtc.packet_buffer_size_video",
        "rtc.packet_buffer_size_audio",
        *(f"rtc.pli_throttle.{quality}_quality" for quality in ("low", "mid", "high")),
        "rtc.use_mdns",
        "rtc.strict_acks",
        "rtc.batch_io.batch_size",
        "rtc.batch_io.max_flush_interval",
        "rtc.datachannel_data_track_target_latency",
        "logging.pion_level",
        "room.enabled_codecs",  # PCMU
        *(f"room.playout_delay.{name}" for name in ("enabled", "min", "max")),
        *(f"signal_relay.{name}_retry_interval" for name in ("min", "max")),
        "signal_relay.retry_timeout",
        "signal_relay.stream_buffer_size",
        *(f"psrpc.{name}" for name in ("max_attempts", "timeout", "backoff", "buffer_size")),
        "audio.active_red_encoding",
        *(
            f"turn.{name}"
            for name in ("udp_port", "tls_port", "relay_range_start", "relay_range_end", "external_tls")
        ),
        *(f"turn.{name}" for name in ("domain", "cert_file", "key_file", "ttl_seconds", "deny_peer_cidrs")),
        "turn.allow_restricted_peer_cidrs",
        "ingress.rtmp_base_url",
        "ingress.whip_base_url",
        *(f"node_selector.{name}" for name in ("kind", "sort_by", "algorithm", "sysload_limit", "regions")),
    }


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


# Several keys together


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
