"""All checks of one film: pictures and sound go in as they are decoded, a report comes out."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..jpeg import jpeg
from ..media_types import Sort
from .findings import Finding, FindingCode, Severity
from .flashes import FlashDetector
from .loudness import Loudness, LoudnessMeter, Samples
from .luminance import screen_picture
from .picture import PictureChecks
from .sound import SoundChecks

Rgb = NDArray[np.uint8]

MOST_FINDINGS = 200  # of one code; a film with more is refused for the first
MOST_EVIDENCE = 24
EVIDENCE_EVERY = 1.0  # s of film between pictures that may become evidence
EVIDENCE_WIDTH = 320


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of a film; loudness as EBU R 128 s2 (streaming) allows before it is normalised."""

    least_height: int = 360  # lines
    least_frame_rate: float = 12.0
    longest: float | None = None  # s: what the age may watch at a time
    loudness: tuple[float, float] = (-30.0, -14.0)  # LUFS
    loudness_range: float = 20.0  # LU
    true_peak: float = -1.0  # dBTP
    sound_length: float = 1.0  # s by which sound and picture may differ
    missing: float = 1.0  # s by which a film may be shorter than its file says


@dataclass(frozen=True, slots=True)
class Report:
    medium: Sort
    duration: float  # s
    width: int
    height: int
    frame_rate: float  # pictures a second on the average
    channels: int
    loudness: Loudness | None
    findings: tuple[Finding, ...]
    evidence: tuple[tuple[float, bytes], ...]  # s, JPEG; pictures of what was found

    @property
    def acceptable(self) -> bool:
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


class FilmChecks:
    """`width`, `height`: of the source, 0 without pictures; `channels`: 0 without sound; `promised`: its length in s,
    as the file says."""

    def __init__(
        self,
        *,
        width: int,
        height: int,
        channels: int,
        promised: float | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._width, self._height, self._channels = width, height, channels
        self._promised = promised
        self._limits = limits or Limits()
        self._flashes = FlashDetector()
        self._picture = PictureChecks()
        self._sound = SoundChecks()
        self._loudness = LoudnessMeter(channels) if channels else None
        self._pictures = 0
        self._first_time = self._last_time = 0.0
        self._kept: list[tuple[float, bytes]] = []
        self._evidence: list[tuple[float, bytes]] = []
        self._found = 0

    def picture(self, time: float, rgb: Rgb) -> None:
        """One decoded picture, small is enough (320 wide); times grow."""
        if not self._pictures:
            self._first_time = time
        self._flashes.update(time, screen_picture(rgb))
        self._picture.update(time, rgb)
        self._pictures += 1
        self._last_time = time
        self._keep_evidence(time, rgb)

    def sound(self, samples: Samples) -> None:
        """(channels, samples) at 48 kHz."""
        self._sound.update(samples)
        if self._loudness is not None:
            self._loudness.update(samples)

    def finish(self) -> Report:
        frame_rate = self._frame_rate()
        shown = self._last_time + 1 / frame_rate if frame_rate else self._last_time
        self._picture.finish(shown)
        self._sound.finish()
        loudness = self._loudness.result() if self._loudness is not None else None
        duration = max(shown, self._sound.duration)
        findings = [*self._flashes.findings, *self._picture.findings, *self._sound.findings]
        findings += self._of_the_whole(duration, shown, frame_rate, loudness)
        return Report(
            medium=Sort.FILM if self._width else Sort.SOUND,
            duration=duration,
            width=self._width,
            height=self._height,
            frame_rate=frame_rate,
            channels=self._channels,
            loudness=loudness,
            findings=_bounded(findings),
            evidence=tuple(self._evidence),
        )

    def _frame_rate(self) -> float:
        seconds = self._last_time - self._first_time
        return (self._pictures - 1) / seconds if self._pictures > 1 and seconds > 0 else 0.0

    def _keep_evidence(self, time: float, rgb: Rgb) -> None:
        """A picture a second is kept for a moment: what is found is shown with what was before it."""
        if not self._kept or time - self._kept[-1][0] >= EVIDENCE_EVERY:
            self._kept.append((time, _evidence(rgb)))
        found = len(self._flashes.findings) + len(self._picture.findings)
        if found > self._found:
            self._add_evidence(time, rgb)
        self._found = found
        self._kept = self._kept[-2:]

    def _add_evidence(self, time: float, rgb: Rgb) -> None:
        for at, picture in [*self._kept, (time, _evidence(rgb))]:
            if len(self._evidence) < MOST_EVIDENCE and all(at != other for other, _ in self._evidence):
                self._evidence.append((at, picture))

    def _of_the_whole(
        self, duration: float, shown: float, frame_rate: float, loudness: Loudness | None
    ) -> list[Finding]:
        limits = self._limits
        found: list[Finding] = []

        def note(code: FindingCode, severity: Severity, value: float, limit: float) -> None:
            found.append(Finding(code, severity, 0.0, duration, value, limit))

        if self._width and self._height < limits.least_height:
            note(FindingCode.RESOLUTION_LOW, Severity.WARNING, self._height, limits.least_height)
        if self._width and self._pictures > 1 and frame_rate < limits.least_frame_rate:
            note(FindingCode.FRAME_RATE_LOW, Severity.WARNING, frame_rate, limits.least_frame_rate)
        if self._promised is not None and duration < self._promised - limits.missing:
            note(FindingCode.TRUNCATED, Severity.ERROR, duration, self._promised)
        if limits.longest is not None and duration > limits.longest:
            note(FindingCode.DURATION, Severity.WARNING, duration, limits.longest)
        if loudness is None:
            note(FindingCode.NO_SOUND, Severity.WARNING, 0, 1)
            return found
        heard = self._sound.duration
        if self._width and abs(heard - shown) > limits.sound_length:
            note(FindingCode.SOUND_LENGTH, Severity.WARNING, heard, shown)
        quiet, loud = limits.loudness
        # Loudness and peaks are put right by the normalisation: who verifies need only know.
        if loudness.integrated > loud:
            note(FindingCode.TOO_LOUD, Severity.NOTE, loudness.integrated, loud)
        if loudness.integrated < quiet:
            note(FindingCode.TOO_QUIET, Severity.NOTE, loudness.integrated, quiet)
        if loudness.true_peak > limits.true_peak:
            note(FindingCode.TRUE_PEAK, Severity.NOTE, loudness.true_peak, limits.true_peak)
        if loudness.range > limits.loudness_range:
            note(FindingCode.LOUDNESS_RANGE, Severity.NOTE, loudness.range, limits.loudness_range)
        return found


def _evidence(rgb: Rgb) -> bytes:
    """At most 320 wide."""
    height, width = rgb.shape[:2]
    if width > EVIDENCE_WIDTH:
        size = (EVIDENCE_WIDTH, max(1, round(height * EVIDENCE_WIDTH / width)))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return jpeg(rgb)


def _bounded(findings: list[Finding]) -> tuple[Finding, ...]:
    """In the order of the film, at most MOST_FINDINGS of a code."""
    counts: dict[FindingCode, int] = {}
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (one.start, one.code)):
        counts[finding.code] = counts.get(finding.code, 0) + 1
        if counts[finding.code] <= MOST_FINDINGS:
            kept.append(finding)
    return tuple(kept)
