"""Values as LiveKit writes them, in YAML or in a variable of the environment. All raise `ValueError`."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Convert = Callable[[Any], Any]

UNLIMITED = (1 << 31) - 1
"""Where LiveKit says 0 for "no limit" and our setting is a number that is always checked."""
_TRUE, _FALSE = ("true", "1", "t"), ("false", "0", "f")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text is expected")
    return value


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE + _FALSE:
        return value.lower() in _TRUE
    raise ValueError("true or false is expected")


def integer(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[\d_]+", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is expected")
    return value


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        try:
            return float(text(value))
        except ValueError:
            raise ValueError("a number is expected") from None
    return float(value)


def at_least(least: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        found = integer(value)
        if found < least:
            raise ValueError(f"at least {least} is expected")
        return found

    return convert


def port(value: Any) -> int:
    found = integer(value)
    if not 1 <= found <= 65_535:
        raise ValueError("a port (1 to 65535) is expected")
    return found


def port_or_none(value: Any) -> int | None:
    """0 is "off"."""
    return None if integer(value) == 0 else port(value)


def limit(value: Any) -> int:
    """0, or less, is "no limit"."""
    found = integer(value)
    return found if found > 0 else UNLIMITED


def zero_or_more(value: Any) -> int:
    """Less than 0 is "no limit" too, which is 0 here."""
    return max(0, integer(value))


def seconds(value: Any) -> float:
    """Go's durations: `1m30s`, `500ms`; a bare number is nanoseconds."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) * _SECONDS["ns"]
    given = text(value)
    found: list[tuple[str, str]] = _DURATION.findall(given)
    if not found or "".join(amount + unit for amount, unit in found) != given:
        raise ValueError("a duration such as 30s or 500ms is expected")
    return sum((float(amount) * _SECONDS[unit] for amount, unit in found), 0.0)


def milliseconds(value: Any) -> float:
    """A number of milliseconds, in seconds."""
    return at_least(1)(value) / 1000


def texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a list is expected")
    return [text(item) for item in value]


def mappings(value: Any, known: frozenset[str]) -> list[Mapping[str, Any]]:
    """A list of mappings with known keys only."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("a list of mappings is expected")
    if unknown := [key for item in value for key in item if key not in known]:
        raise ValueError(f"unknown key {unknown[0]!r}")
    return value


def secrets(value: Any) -> dict[str, str]:
    """API keys with their secrets."""
    if not isinstance(value, dict) or not all(
        isinstance(key, str) and isinstance(secret, str) for key, secret in value.items()
    ):
        raise ValueError("a mapping of keys to secrets is expected, secrets that look like numbers in quotes")
    return value


def path(value: Any) -> str:
    """A file; `$NAME` and `~` are what they are in a shell."""
    return str(Path(os.path.expandvars(text(value))).expanduser())


def addresses(value: Any) -> list[str]:
    """`node_ip`: an IPv4 address, an IPv6 address, or both with a comma."""
    found = [ipaddress.ip_address(part.strip()) for part in text(value).split(",")]
    if len({address.version for address in found}) != len(found):
        raise ValueError("at most one IPv4 and one IPv6 address are expected")
    return [str(address) for address in found]


def first_port(value: Any) -> int:
    """`udp_port`: a port, or a range of which the first is taken."""
    start, dash, end = str(value).partition("-")
    first = port(start.strip())
    if dash and port(end.strip()) <= first:
        raise ValueError("the end of a range is greater than its start")
    return first


def networks(value: Any) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(item, strict=False) for item in texts(value)]


def log_level(value: Any) -> str:
    found = text(value).lower()
    return {"warn": "warning", "dpanic": "error", "panic": "critical", "fatal": "critical"}.get(found, found)
