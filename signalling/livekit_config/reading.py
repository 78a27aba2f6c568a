"""From text and environment to settings: every key is looked up, and all that is wrong is named at once."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mediaserver.ice_candidates import Adapter, adapters
from signalling.config import ConfigError
from signalling.livekit_config.combined import COMBINED, Parts
from signalling.livekit_config.rules import RULES, Ignored, Part, Refused, Setting
from signalling.yaml_file import parse_mapping, read_mapping

BODY, KEYS = "LIVEKIT_CONFIG", "LIVEKIT_KEYS"
#: Command line options of LiveKit's with a variable of its own.
VARIABLES = {
    KEYS: "keys",
    "LIVEKIT_REGION": "region",
    "NODE_IP": "rtc.node_ip",
    "UDP_PORT": "rtc.udp_port",
    "REDIS_HOST": "redis.address",
    "REDIS_PASSWORD": "redis.password",
    "LIVEKIT_TURN_CERT": "turn.cert_file",
    "LIVEKIT_TURN_KEY": "turn.key_file",
}
#: Lists and mappings, which LiveKit takes from files only.
IN_FILES_ONLY = {
    "bind_addresses",
    "rtc.interfaces.includes",
    "rtc.interfaces.excludes",
    "rtc.ips.includes",
    "rtc.ips.excludes",
    "rtc.stun_servers",
    "rtc.turn_servers",
    "redis.sentinel_addresses",
    "redis.cluster_addresses",
    "room.enabled_codecs",
    "room.room_configurations",
    "webhook.urls",
    "webhook.filter_params.include_events",
    "webhook.filter_params.exclude_events",
    "turn.bind_addresses",
    "turn.allow_restricted_peer_cidrs",
    "turn.deny_peer_cidrs",
    "node_selector.regions",
    "node_stats.stats_rate_measurement_intervals",
    "logging.component_levels",
    *(key for key in RULES if key.startswith("video.stream_tracker_manager.")),
}
#: All other keys: `LIVEKIT_RTC_TCP_PORT`.
VARIABLES |= {
    f"LIVEKIT_{key.upper().replace('.', '_')}": key
    for key in RULES
    if key not in IN_FILES_ONLY and key not in VARIABLES.values()
}


@dataclass
class Translation:
    """`settings` go below our own file; `warnings` say what has no effect here."""

    settings: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read(
    file: Path | None,
    environment: Mapping[str, str] = os.environ,
    addresses: Callable[[], list[Adapter]] = adapters,
) -> Translation:
    """`file`: livekit.yaml; without one, LIVEKIT_CONFIG may hold its text. Without both and LIVEKIT_KEYS, other
    variables are somebody else's. Raises `ConfigError` that names every key at fault."""
    if file is None and not environment.keys() & {BODY, KEYS}:
        return Translation()
    try:
        values = read_mapping(file) if file is not None else parse_mapping(environment.get(BODY, ""), BODY)
        if KEYS in environment:
            values = {**values, "keys": parse_mapping(environment[KEYS], KEYS)}
    except ValueError as error:
        raise ConfigError(str(error)) from error
    errors: list[str] = []
    found = dict(_leaves(values, "", errors)) | _variables(environment)
    translation = _translate(found, errors, addresses)
    if errors:
        raise ConfigError("\n".join(errors))
    return translation


def _leaves(values: Mapping[Any, Any], prefix: str, errors: list[str]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if key in RULES:
            yield key, value
        elif any(known.startswith(f"{key}.") for known in RULES):
            if isinstance(value, dict):
                yield from _leaves(value, f"{key}.", errors)
            elif value is not None:
                errors.append(f"{key}: a mapping is expected")
        else:
            errors.append(f"{key}: no such key in LiveKit's configuration")


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    found = {key: environment[name] for name, key in VARIABLES.items() if environment.get(name)}
    found.pop("keys", None)  # several lines of YAML, read above
    return found


def _translate(
    found: Mapping[str, Any], errors: list[str], addresses: Callable[[], list[Adapter]]
) -> Translation:
    result = Translation()
    parts = Parts(addresses)
    for key, rule in RULES.items():  # in the table's order: later names of the same setting win
        value = found.get(key)
        if value is None:
            continue
        try:
            match rule:
                case Setting(path, convert):
                    _put(result.settings, path, convert(value))
                case Part(convert):
                    parts.values[key] = convert(value)
                case Ignored(reason, same) if not _among(value, same):
                    result.warnings.append(f"{key}: {reason}")
                case Refused(reason, same) if not _among(value, same):
                    errors.append(f"{key}: {reason}")
        except ValueError as error:
            errors.append(f"{key}: {error}")
    for combine in COMBINED:
        try:
            for path, made in combine(parts).items():
                _put(result.settings, path, made)
        except ValueError as error:
            errors.append(str(error))
    result.warnings += parts.warnings
    return result


def _among(value: Any, same: tuple[Any, ...]) -> bool:
    plain = {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value
    return any(plain == known and type(plain) is type(known) for known in same)


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    *sections, name = path.split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
    settings[name] = value
