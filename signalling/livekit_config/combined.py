"""Settings that come from several keys of LiveKit's together. Each function raises `ValueError` that names the key."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mediaserver.codecs import SUPPORTED
from mediaserver.ice_candidates import Adapter
from signalling.livekit_config import values

#: Come with what they protect, without a say.
ALWAYS = ("video/rtx",)
PRESET = {
    "emptytimeout": "empty_timeout",
    "departuretimeout": "departure_timeout",
    "maxparticipants": "max_participants",
    "metadata": "metadata",
}
#: Of LiveKit's RoomConfiguration.
PRESET_UNSUPPORTED = ("name", "egress", "agents", "minplayoutdelay", "maxplayoutdelay", "syncstreams", "tags")
TRANSPORTS = {"udp": ("turn", "udp"), "tcp": ("turn", "tcp"), "tls": ("turns", "tcp")}


@dataclass
class Parts:
    """Converted values by LiveKit's key, and what is to be said about them."""

    addresses: Callable[[], list[Adapter]]
    values: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def get(self, key: str) -> Any:
        return self.values.get(key)


def api_keys(parts: Parts) -> dict[str, Any]:
    """The file wins, as in LiveKit."""
    if file := parts.get("key_file"):
        if parts.get("keys"):
            parts.warnings.append("keys: not used, key_file has the keys")
        return {"key_file": file}
    return {"keys": parts.get("keys")} if parts.get("keys") else {}


def media_port(parts: Parts) -> dict[str, Any]:
    """One UDP port is enough here; it is the first of what LiveKit would have used."""
    start, end, udp = (
        parts.get(f"rtc.{name}") for name in ("port_range_start", "port_range_end", "udp_port")
    )
    if start and end:
        parts.warnings.append(f"rtc.port_range_start: one UDP port is enough; {start} is used")
        return {"media.udp_port": values.port(start)}
    if udp:
        return {"media.udp_port": udp}
    return {}


def media_addresses(parts: Parts) -> dict[str, Any]:
    """What is announced to clients: the node's IP, or those of the machine's that pass the filters."""
    if node := parts.get("rtc.node_ip"):
        return {"media.announced_addresses": node}
    if parts.get("rtc.use_external_ip"):
        parts.warnings.append(
            "rtc.use_external_ip: no outside server is asked; clients elsewhere need the address in rtc.node_ip"
        )
    names = ("interfaces.includes", "interfaces.excludes", "ips.includes", "ips.excludes")
    interfaces, no_interfaces, networks, no_networks = (parts.get(f"rtc.{name}") or [] for name in names)
    loopback = bool(parts.get("rtc.enable_loopback_candidate"))
    if not (interfaces or no_interfaces or networks or no_networks or loopback):
        return {}

    def passes(adapter: Adapter) -> bool:
        address = ipaddress.ip_address(adapter.address)
        named = adapter.name in interfaces if interfaces else adapter.name not in no_interfaces
        within = any(address in network for network in networks or no_networks)
        return named and (within if networks else not within) and (loopback or not adapter.is_loopback)

    found = [adapter.address for adapter in parts.addresses() if passes(adapter)]
    if not found:
        raise ValueError("rtc.interfaces, rtc.ips: no address of this machine passes them")
    return {"media.announced_addresses": found}


def ice_servers(parts: Parts) -> dict[str, Any]:
    """TURN servers, then STUN servers. LiveKit names public STUN servers where there are none; we do not: an
    ICE-lite server is found without."""
    servers = [_turn_server(entry) for entry in parts.get("rtc.turn_servers") or []]
    if stun := parts.get("rtc.stun_servers"):
        servers.append({"urls": [f"stun:{server}" for server in stun]})
    return {"rtc.ice_servers": servers} if servers else {}


def _turn_server(entry: Mapping[str, Any]) -> dict[str, Any]:
    try:
        scheme, transport = TRANSPORTS[entry.get("protocol") or "tcp"]
        url = f"{scheme}:{values.text(entry.get('host'))}:{values.port(entry.get('port'))}?transport={transport}"
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"rtc.turn_servers: host, port and protocol (udp, tcp, tls) are needed ({error})"
        ) from error
    given = {name: value for name, value in entry.items() if value}
    if "secret" in given:
        names = {"secret": "secret", "ttl": "ttl_s"}
    elif "secret_file" in given:
        names = {"secret_file": "secret_file", "ttl": "ttl_s"}
    else:
        names = {"username": "username", "credential": "credential"}
    return {"urls": [url], **{ours: given[theirs] for theirs, ours in names.items() if theirs in given}}


def codecs(parts: Parts) -> dict[str, Any]:
    """In LiveKit's order, those that are routed here."""
    entries = parts.get("room.enabled_codecs")
    if not entries:
        return {}
    names = {f"{kind}/{name}".lower(): (kind, name) for kind, known in SUPPORTED.items() for name in known}
    wanted = [values.text(entry.get("mime")).lower() for entry in entries]
    for mime in wanted:
        if mime not in names and mime not in ALWAYS:
            parts.warnings.append(f"room.enabled_codecs: {mime} is not routed here")
    if any(entry.get("fmtp_line") for entry in entries):
        parts.warnings.append("room.enabled_codecs: fmtp_line has no effect; parameters are negotiated")
    found = [_canonical(*names[mime]) for mime in wanted if mime in names]
    if not found:
        raise ValueError("room.enabled_codecs: none of them is routed here")
    return {"rtc.enabled_codecs": found}


def _canonical(kind: str, name: str) -> str:
    return f"{kind}/{name.lower() if kind == 'audio' else name}"


def room_presets(parts: Parts) -> dict[str, Any]:
    """Rooms by `roomPreset` of a token. Go's YAML writes the fields in lower case without underscores."""
    presets = parts.get("room.room_configurations")
    if not presets:
        return {}
    if not isinstance(presets, dict) or not all(isinstance(preset, dict) for preset in presets.values()):
        raise ValueError("room.room_configurations: a mapping of mappings is expected")
    return {
        "rtc.room_configurations": {
            str(name): _preset(f"room.room_configurations.{name}", preset, parts)
            for name, preset in presets.items()
        }
    }


def _preset(path: str, preset: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    made = {}
    for field_name, value in preset.items():
        key = str(field_name).replace("_", "").lower()
        if key in PRESET:
            made[PRESET[key]] = value
        elif key in PRESET_UNSUPPORTED:
            parts.warnings.append(f"{path}.{field_name}: not supported here")
        else:
            raise ValueError(f"{path}.{field_name}: no such key in LiveKit's configuration")
    return made


COMBINED: tuple[Callable[[Parts], dict[str, Any]], ...] = (
    api_keys,
    media_port,
    media_addresses,
    ice_servers,
    codecs,
    room_presets,
)
