"""Active speakers: levels of receivers in, changes of speakers out. Pure; the caller brings the time.

The data plane reports every 300 ms (RFC 6464 levels, as linear 0..1) who is above its speech threshold. Here
the levels are smoothed, so that a cough is no speaker, and held for a moment, so that a breath between two
words does not end one. LiveKit does the same with other constants (`pkg/sfu/audio/audiolevel.go`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

HYSTERESIS_DB = 5
"""A level around the threshold does not flicker."""
HOLD_S = 0.8
"""How long a speaker stays one after the level fell below `SpeakerSettings.level_off`."""
REPORT_TIMEOUT_S = 1.0
"""Without a report for this long everybody is silent."""
QUANTIZATION = 8
"""Levels are rounded up to eighths: smaller changes are not worth a message."""


@dataclass(frozen=True, slots=True)
class SpeakerSettings:
    """LiveKit's `audio` settings, with its defaults."""

    active_level: int = 35
    """-dBov (RFC 6464): from this level on somebody speaks."""
    smooth_intervals: int = 2
    """Reports that a level is averaged over."""

    @property
    def level_on(self) -> float:
        return float(10 ** (-self.active_level / 20))

    @property
    def level_off(self) -> float:
        return float(10 ** (-(self.active_level + HYSTERESIS_DB) / 20))

    @property
    def smoothing(self) -> float:
        """Weight of the newest report in an exponential average with the centre of mass of so many."""
        return min(1.0, 2 / (self.smooth_intervals + 1))


@dataclass(frozen=True, slots=True)
class Speaker:
    """A participant's level (linear, 0..1) as clients are told."""

    sid: str
    level: float
    active: bool


@dataclass(slots=True)
class _State:
    level: float = 0.0
    active: bool = False
    last_loud: float = 0.0


class ActiveSpeakers:
    """The speakers of one room."""

    def __init__(self, settings: SpeakerSettings) -> None:
        self._level_on, self._level_off = settings.level_on, settings.level_off
        self._smoothing = settings.smoothing
        self._states: dict[str, _State] = {}
        self._told: dict[str, Speaker] = {}
        self._reported_at = float("-inf")

    def observe(self, levels: Mapping[str, float], now: float) -> None:
        """A report: participant sid -> level. Who is missing is below the data plane's threshold."""
        self._reported_at = now
        for sid in levels:
            self._states.setdefault(sid, _State())
        for sid, state in self._states.items():
            state.level += (levels.get(sid, 0.0) - state.level) * self._smoothing
            if state.level >= self._level_on:
                state.active = True
            if state.level >= self._level_off:
                state.last_loud = now

    def changes(self, now: float, *, levels: bool = True) -> list[Speaker]:
        """What differs from the last call, loudest first. Call it at most every 400 ms, as LiveKit does. Without
        `levels` it is who has begun or ended to speak; how loud the others are waits for the next call with them."""
        self._expire(now)
        current = {speaker.sid: speaker for speaker in self.snapshot()}
        if not levels:
            current = {sid: self._told.get(sid, speaker) for sid, speaker in current.items()}
        ended = [Speaker(sid, 0.0, False) for sid in self._told if sid not in current]
        changed = [speaker for sid, speaker in current.items() if self._told.get(sid) != speaker]
        self._told = current
        return changed + ended

    def snapshot(self) -> list[Speaker]:
        """All active speakers, loudest first: for those who join late, as updates are only changes."""
        speakers = [
            Speaker(sid, _quantize(state.level), True) for sid, state in self._states.items() if state.active
        ]
        return sorted(speakers, key=lambda speaker: (-speaker.level, speaker.sid))

    def forget(self, sid: str) -> None:
        """The participant left: its clients-side state goes with it."""
        self._states.pop(sid, None)
        self._told.pop(sid, None)

    @property
    def idle(self) -> bool:
        """Whether nothing can change before the next report."""
        return not self._states and not self._told

    def _expire(self, now: float) -> None:
        if now - self._reported_at > REPORT_TIMEOUT_S:
            for state in self._states.values():
                state.level = 0.0
        for sid, state in list(self._states.items()):
            if state.active and state.level < self._level_off and now - state.last_loud >= HOLD_S:
                state.active = False
            if not state.active and state.level < self._level_off:
                del self._states[sid]


def _quantize(level: float) -> float:
    return min(1.0, -(-level * QUANTIZATION // 1) / QUANTIZATION)
