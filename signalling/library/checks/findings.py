"""What the checks found: where, how bad, by code."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    NOTE = "note"  # good to know
    WARNING = "warning"  # who verifies should look at it
    ERROR = "error"  # must not be broadcast as it is


class FindingCode(StrEnum):
    FLASHES = "flashes"
    RED_FLASHES = "red_flashes"
    BLACK = "black"
    FROZEN = "frozen"
    SILENCE = "silence"
    CLIPPING = "clipping"
    TOO_LOUD = "too_loud"
    TOO_QUIET = "too_quiet"
    TRUE_PEAK = "true_peak"
    LOUDNESS_RANGE = "loudness_range"
    NO_SOUND = "no_sound"
    SOUND_LENGTH = "sound_length"
    RESOLUTION_LOW = "resolution_low"
    FRAME_RATE_LOW = "frame_rate_low"
    DURATION = "duration"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Finding:
    """`start` and `end` in seconds of the film; `value` beside `limit` in the unit that the code implies.

    Flashes: transitions' area (share of the picture); black, frozen, silence: s; clipping: clipped samples;
    loudness: LUFS, LU, dBTP; resolution: lines; frame rate: frames a second; duration,
    sound length and truncated (s that can be played beside s that the file promises): s.
    """

    code: FindingCode
    severity: Severity
    start: float
    end: float
    value: float
    limit: float


@dataclass(slots=True)
class Stretch:
    """Gathers a state that lasts: call `update` with every moment, stretches of at least `least` s come out."""

    least: float
    began: float | None = None

    def update(self, time: float, holds: bool) -> tuple[float, float] | None:
        """The stretch that ended at `time`, if it was long enough."""
        if holds:
            if self.began is None:
                self.began = time
            return None
        began, self.began = self.began, None
        return (began, time) if began is not None and time - began >= self.least else None
