"""What becomes of each key of LiveKit 1.13's configuration.

Names are those of its pkg/config/config.go. `tests/signalling/livekit_config/` compares the table with a list of all
of them and with LiveKit's own example file.
"""

from dataclasses import dataclass
from typing import Any

from signalling.livekit_config import values

NEUTRAL: tuple[Any, ...] = (None, "", 0, False, [], {})
"""Values that ask for nothing."""


@dataclass(frozen=True)
class Setting:
    """One of our settings (`path`)."""

    path: str
    convert: values.Convert


@dataclass(frozen=True)
class Part:
    """Makes settings together with others: see combined.py."""

    convert: values.Convert


@dataclass(frozen=True)
class Ignored:
    """Without effect here; a warning, unless the value is one that makes no difference."""

    reason: str
    same: tuple[Any, ...] = NEUTRAL


@dataclass(frozen=True)
class Refused:
    """Would silently be something else here; an error, unless the value is one that makes no difference."""

    reason: str
    same: tuple[Any, ...] = NEUTRAL


Rule = Setting | Part | Ignored | Refused

TUNING = "tunes the inside of LiveKit"
ONE_NODE = "this server is one node"
REDIS = "rooms over several nodes are not supported: each node would have rooms of its own"
TURN = "there is no TURN server inside; run coturn (deploy/coturn) and name it in rtc.turn_servers"
NO_OUTSIDE = "no outside server is asked for the own address; name it in rtc.node_ip"
ICE_LITE = "ICE-lite on one UDP and one TCP port"

MAPPED: dict[str, Rule] = {
    "port": Setting("http.port", values.port),
    "bind_addresses": Setting("http.host", values.texts),
    "region": Setting("rtc.region", values.text),
    "development": Setting("dev", values.boolean),
    "keys": Part(values.secrets),
    "key_file": Part(values.path),
    "prometheus.port": Setting("metrics.port", values.port_or_none),
    "prometheus.username": Setting("metrics.username", values.text),
    "prometheus.password": Setting("metrics.password", values.text),
    "prometheus_port": Setting("metrics.port", values.port_or_none),
    "logging.level": Setting("log_level", values.log_level),
    "logging.json": Setting("log_json", values.boolean),
    "log_level": Setting("log_level", values.log_level),
    "rtc.tcp_port": Setting("media.tcp_port", values.port_or_none),
    "rtc.udp_port": Part(values.first_port),
    "rtc.port_range_start": Part(values.integer),
    "rtc.port_range_end": Part(values.integer),
    "rtc.node_ip": Part(values.addresses),
    "rtc.use_external_ip": Part(values.boolean),
    "rtc.interfaces.includes": Part(values.texts),
    "rtc.interfaces.excludes": Part(values.texts),
    "rtc.ips.includes": Part(values.networks),
    "rtc.ips.excludes": Part(values.networks),
    "rtc.enable_loopback_candidate": Part(values.boolean),
    "rtc.stun_servers": Part(values.texts),
    "rtc.turn_servers": Part(
        lambda value: values.mappings(
            value,
            frozenset({"host", "port", "protocol", "username", "credential", "secret", "secret_file", "ttl"}),
        )
    ),
    "rtc.data_channel_max_buffered_amount": Setting("rtc.max_reliable_buffer_bytes", values.limit),
    "rtc.congestion_control.enabled": Setting("rtc.congestion_control.enabled", values.boolean),
    "rtc.congestion_control.allow_pause": Setting("rtc.congestion_control.allow_pause", values.boolean),
    "room.auto_create": Setting("rtc.auto_create", values.boolean),
    "room.empty_timeout": Setting("rtc.empty_timeout_s", values.at_least(0)),
    "room.departure_timeout": Setting("rtc.departure_timeout_s", values.at_least(0)),
    "room.max_participants": Setting("rtc.max_participants", values.zero_or_more),
    "room.enable_remote_unmute": Setting("rtc.enable_remote_unmute", values.boolean),
    "room.enabled_codecs": Part(lambda value: values.mappings(value, frozenset({"mime", "fmtp_line"}))),
    "room.room_configurations": Part(lambda value: value),
    "limit.num_tracks": Setting("rtc.max_tracks", values.zero_or_more),
    "limit.bytes_per_sec": Setting("rtc.max_bytes_per_s", values.zero_or_more),
    "limit.subscription_limit_video": Setting("rtc.subscription_limit_video", values.zero_or_more),
    "limit.subscription_limit_audio": Setting("rtc.subscription_limit_audio", values.zero_or_more),
    "limit.max_metadata_size": Setting("rtc.max_metadata_bytes", values.limit),
    "limit.max_attributes_size": Setting("rtc.max_attributes_bytes", values.limit),
    "limit.max_room_name_length": Setting("rtc.max_room_name_length", values.limit),
    "limit.max_participant_identity_length": Setting("rtc.max_identity_length", values.limit),
    "limit.max_participant_name_length": Setting("rtc.max_name_length", values.limit),
    "limit.max_data_blob_key_length": Setting("rtc.max_data_blob_key_bytes", values.limit),
    "limit.max_data_blobs_size": Setting("rtc.max_data_blobs_bytes", values.limit),
    # Older names; they win, as in LiveKit.
    "room.max_metadata_size": Setting("rtc.max_metadata_bytes", values.limit),
    "room.max_room_name_length": Setting("rtc.max_room_name_length", values.limit),
    "room.max_participant_identity_length": Setting("rtc.max_identity_length", values.limit),
    "webhook.urls": Setting("webhook.urls", values.texts),
    "webhook.api_key": Setting("webhook.api_key", values.text),
    "webhook.resource_url_notifier.max_age": Setting("webhook.max_age_s", values.seconds),
    "webhook.filter_params.include_events": Setting("webhook.include_events", values.texts),
    "webhook.filter_params.exclude_events": Setting("webhook.exclude_events", values.texts),
    "audio.active_level": Setting("rtc.audio.active_level", values.integer),
    "audio.min_percentile": Setting("rtc.audio.min_percentile", values.integer),
    "audio.smooth_intervals": Setting("rtc.audio.smooth_intervals", values.integer),
    "audio.update_interval": Setting("rtc.speaker_interval_s", values.milliseconds),
}

REFUSED: dict[str, Rule] = {
    "redis.address": Refused(REDIS),
    "redis.sentinel_addresses": Refused(REDIS),
    "redis.cluster_addresses": Refused(REDIS),
    "turn.enabled": Refused(TURN),
    "rtc.force_tcp": Refused("UDP is always offered; where only TCP passes, clients take it by themselves"),
}

IGNORED: dict[str, Rule] = {
    "rtc.use_ice_lite": Ignored(f"always {ICE_LITE}", (True,)),
    "rtc.allow_tcp_fallback": Ignored("TCP is offered while rtc.tcp_port is not 0", (True,)),
    "room.sync_streams": Ignored(
        "camera and microphone are in step wherever the client can take it", (True,)
    ),
    "rtc.skip_external_ip_validation": Ignored(NO_OUTSIDE),
    "rtc.advertise_internal_ip": Ignored(NO_OUTSIDE),
    "rtc.external_ip_only": Ignored(NO_OUTSIDE),
    "rtc.use_mdns": Ignored(f"no names of clients are resolved: {ICE_LITE}"),
    "room.playout_delay.enabled": Ignored("the publisher's playout delay is passed on"),
    "audio.active_red_encoding": Ignored("no RED is made of Opus"),
    "enable_data_tracks": Ignored("data tracks are always served", (True,)),
    "enable_participant_data_blob": Ignored("data blobs are always served", (True,)),
    "ingress.rtmp_base_url": Ignored("no RTMP ingress"),
    "ingress.whip_base_url": Ignored("WHIP is served at this server's own address"),
    "trace.jaeger_url": Ignored("no traces; logs carry a correlation id"),
    "debug_handler.port": Ignored("no profiler behind HTTP"),
    "debug_handler_port": Ignored("LiveKit's example calls debug_handler so"),
}

#: reason -> lines "parent: key key"; an empty parent is the top.
NAMED = {
    TURN: """
        turn: domain cert_file key_file tls_port udp_port relay_range_start relay_range_end external_tls bind_addresses
        turn: ttl_seconds allow_restricted_peer_cidrs deny_peer_cidrs
    """,
    REDIS: """
        redis: username password db use_tls sentinel_master_name sentinel_username sentinel_password dial_timeout
        redis: read_timeout write_timeout max_redirects pool_timeout pool_size
        redis.tls: enabled insecure server_name ca_cert_file client_cert_file client_key_file
    """,
    ONE_NODE: """
        node_selector: kind sort_by algorithm cpu_load_limit sysload_limit regions
        signal_relay: retry_timeout min_retry_interval max_retry_interval stream_buffer_size connect_attempts
        psrpc: max_attempts timeout backoff buffer_size
        room: create_room_timeout create_room_attempts
        api: execution_timeout check_interval max_check_interval enable_psrpc_for_get_list_participants
    """,
    "agents are not dispatched": """
        agents: enable_user_data_recording enable_user_data_redaction target_load
    """,
    "goes with what it belongs to, which is not served": """
        room.playout_delay: min max
    """,
    ICE_LITE: """
        rtc: use_stun_port_as_ice host_acceptance_min_wait srflx_acceptance_min_wait prflx_acceptance_min_wait
        rtc: relay_acceptance_min_wait tcp_fallback_rtt_threshold allow_udp_unstable_fallback
    """,
    "log levels are the same for all parts, and no line is left out": """
        logging: sample sample_initial sample_interval item_sample_seconds item_sample_initial item_sample_interval
        logging: component_levels pion_level
    """,
    TUNING: """
        rtc: sctp_min_cwnd sctp_fast_rtx_wnd sctp_cwnd_ca_step strict_acks packet_buffer_size
        rtc: packet_buffer_size_video packet_buffer_size_audio reconnect_on_publication_error
        rtc: reconnect_on_subscription_error reconnect_on_data_channel_error datachannel_slow_threshold
        rtc: datachannel_lossy_target_latency datachannel_data_track_target_latency enable_rtp_stream_restart_detection
        rtc.batch_io: batch_size max_flush_interval
        rtc.pli_throttle: low_quality mid_quality high_quality
        rtc.forward_stats: summary_interval report_interval report_window
        room: update_batch_target_size
        limit: max_data_track_custom_encoding_length
        audio: enable_loss_proxying
        video: dynacast_pause_delay codec_regression_threshold
        video.stream_tracker_manager.video: stream_tracker_type bitrate_report_interval packet_tracker frame_tracker
        video.stream_tracker_manager.screenshare: stream_tracker_type bitrate_report_interval packet_tracker
        video.stream_tracker_manager.screenshare: frame_tracker
        metric.timestamper_config: one_way_delay_estimator_min_interval one_way_delay_estimator_max_batch
        metric.collector: sampling_interval_ms batch_interval_ms
        metric.reporter: reporting_interval_ms
        node_stats: stats_update_interval stats_rate_measurement_intervals stats_max_delay
        webhook.url_notifier: num_workers queue_size
        webhook.resource_url_notifier: max_depth
    """,
}

_TREND = """required_samples required_samples_min downward_trend_threshold downward_trend_max_wait
    collapse_threshold validity_window"""
_LOSS = "min_duration_for_loss_validity base_duration base_pps loss_penalty_factor"
_REGULATOR = "base_interval backoff_factor max_interval min_duration max_duration duration_increase_factor"
_SETTLE = "settle_wait_num_rtt settle_wait_min settle_wait_max"
_GROUP = "min_packets max_window_duration"
_QUEUE = "min_number_of_groups min_duration"

#: Below rtc.congestion_control.
BANDWIDTH = {
    "": "use_send_side_bwe_interceptor use_send_side_bwe send_side_bwe_pacer",
    "stream_allocator": """min_channel_capacity disable_etimation_unmanaged_tracks probe_mode probe_overage_pct
        probe_min_bps paused_min_wait""",
    "remote_bwe": "nack_ratio_attenuator expected_usage_threshold",
    "remote_bwe.channel_observer_probe.estimate": _TREND,
    "remote_bwe.channel_observer_probe.nack": "window_min_duration window_max_duration ratio_threshold",
    "remote_bwe.channel_observer_non_probe.estimate": _TREND,
    "remote_bwe.channel_observer_non_probe.nack": "window_min_duration window_max_duration ratio_threshold",
    "remote_bwe.probe_controller": _SETTLE,
    "remote_bwe.probe_controller.probe_regulator": _REGULATOR,
}
#: Below rtc.congestion_control.send_side_bwe.congestion_detector.
CONGESTION = {
    "": """packet_group_max_age jqr_min_delay jqr_min_trend_coefficient dqr_max_delay jqr_min_weighted_loss
        dqr_max_weighted_loss congested_ctr_epsilon estimaton_window_duration""",
    "packet_group": _GROUP,
    "probe_packet_group": _SETTLE,
    "probe_packet_group.packet_group": _GROUP,
    "probe_regulator": _REGULATOR,
    "probe_signal": """min_bytes_ratio min_duration_ratio jqr_min_delay dqr_max_delay jqr_min_weighted_loss
        dqr_max_weighted_loss""",
    "probe_signal.weighted_loss": _LOSS,
    "weighted_loss": _LOSS,
    "congested_ctr_trend": _TREND,
    "congested_packet_group": _GROUP,
    **{
        f"{signal}_{region}": _QUEUE
        for signal in ("queuing_delay_early_warning", "loss_early_warning", "queuing_delay_congested")
        for region in ("jqr", "dqr")
    },
    "loss_congested_jqr": _QUEUE,
    "loss_congested_dqr": _QUEUE,
}


def _below(prefix: str, parent: str, names: str) -> list[str]:
    return [".".join(filter(None, (prefix, parent, name))) for name in names.split()]


def _named() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for reason, block in NAMED.items():
        for line in block.strip().splitlines():
            parent, names = line.strip().split(": ")
            rules |= dict.fromkeys(_below("", parent, names), Ignored(reason))
    prefix = "rtc.congestion_control"
    detector = f"{prefix}.send_side_bwe.congestion_detector"
    for start, table in ((prefix, BANDWIDTH), (detector, CONGESTION)):
        for parent, names in table.items():
            rules |= dict.fromkeys(_below(start, parent, names), Ignored(TUNING))
    return rules


RULES: dict[str, Rule] = {**MAPPED, **REFUSED, **IGNORED, **_named()}
