"""LiveKit configurations in, settings or refusals out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from mediaserver.ice_candidates import Adapter
from signalling.config import ConfigError, Settings, load
from signalling.livekit_config import Translation, read

HERE = Path(__file__).parent
SECRET = "s" * 32
ADAPTERS = [
    Adapter("lo", "127.0.0.1"),
    Adapter("en0", "10.0.1.2"),
    Adapter("en0", "192.168.1.9"),
    Adapter("docker0", "172.17.0.1"),
    Adapter("en0", "2001:db8::2"),
]


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
