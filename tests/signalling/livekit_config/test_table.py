"""The table of LiveKit's keys: complete, leading to settings that exist, with LiveKit's example."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from signalling.config import Settings, load
from signalling.livekit_config.rules import RULES, Setting
from signalling.livekit_config.values import UNLIMITED
from tests.signalling.livekit_config.translated import (
    HERE,
    nested,
    settings,
    translated,
)

#: Structures that LiveKit reads from one text.
ONE_TEXT = {
    "rtc.udp_port.start": "rtc.udp_port",
    "rtc.udp_port.end": "rtc.udp_port",
    "rtc.node_ip.ipv4": "rtc.node_ip",
    "rtc.node_ip.ipv6": "rtc.node_ip",
}


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
        ("rtc.congestion_control.enabled", False, "rtc.congestion_control.enabled", False),
        ("rtc.congestion_control.allow_pause", False, "rtc.congestion_control.allow_pause", False),
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
    assert rtc.congestion_control.enabled and rtc.congestion_control.allow_pause
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
