"""How a room is set up: by the request or token that makes it, then by a preset, then by the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from mediaserver.data_budget import DefaultBudget
from mediaserver.room import RoomSettings
from mediaserver.speakers import SpeakerSettings
from signalling.rtc.settings import DataBudgetSettings, RtcSettings

UNSUPPORTED = frozenset(
    {"agents", "egress", "min_playout_delay", "max_playout_delay", "replay_enabled", "tags"}
)
"""Fields of LiveKit's `RoomConfiguration` that this server does not act on."""


class Configuration(Protocol):
    """What LiveKit's `RoomConfiguration` and `CreateRoomRequest` have in common. Times in seconds; 0 and "": not
    given."""

    @property
    def empty_timeout(self) -> int: ...
    @property
    def departure_timeout(self) -> int: ...
    @property
    def max_participants(self) -> int: ...
    @property
    def metadata(self) -> str: ...


class UnknownPreset(Exception):
    """The settings have no room configuration of this name."""


def room_settings(configuration: Configuration | None, preset: str, settings: RtcSettings) -> RoomSettings:
    """What is not given comes from the preset of this name ("": none), then from the settings. Raises
    `UnknownPreset`."""
    chosen = [configuration] if configuration is not None else []
    data_budget = _budget(settings.data_budget, open_ended=True)
    if preset:
        named = settings.room_configurations.get(preset)
        if named is None:
            raise UnknownPreset(preset)
        chosen.append(named)
        if named.data_budget is not None:
            data_budget = _budget(named.data_budget, open_ended=False)
    return RoomSettings(
        empty_timeout_s=_first((c.empty_timeout for c in chosen), settings.empty_timeout_s),
        departure_timeout_s=_first((c.departure_timeout for c in chosen), settings.departure_timeout_s),
        max_participants=int(_first((c.max_participants for c in chosen), settings.max_participants)),
        metadata=next((c.metadata for c in chosen if c.metadata), ""),
        speakers=SpeakerSettings(settings.audio.active_level, settings.audio.smooth_intervals),
        data_budget=data_budget,
    )


def _budget(settings: DataBudgetSettings, *, open_ended: bool) -> DefaultBudget:
    return DefaultBudget(settings.megabytes * 1_000_000, settings.minutes * 60.0, open_ended)


def unsupported(fields: Iterable[str]) -> list[str]:
    """Those of the given fields that will have no effect."""
    return sorted(UNSUPPORTED.intersection(fields))


def _first(values: Iterable[float], default: float) -> float:
    return next((value for value in values if value), default)
