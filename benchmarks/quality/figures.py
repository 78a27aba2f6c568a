"""From what came over a line and what was seen to figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.interop.link import Record
from tests.interop.viewer import Picture, Seen, Span, overlap

BIN_S = 0.1
#: The rate is the mean of so much time: a film's pictures differ in size.
SMOOTH_S = 2.0
#: "What is finally used" is the mean of the last seconds.
FINAL_S = 5.0
CONVERGED = 0.85
#: A wait in the queue that talk does not bear.
CONGESTED_S = 0.2


@dataclass(frozen=True)
class Figures:
    """One receiver in one cell. Shares are 0 to 1."""

    used_kbps: float
    """Finally, with IP and UDP headers."""
    share: float | None
    """Of the line; None for a line without a limit."""
    converged_s: float | None
    """Until 85 % of what is finally used."""
    congested_s: float
    """Time in which the queue was longer than 200 ms or full."""
    first_picture_s: float | None
    freezes_per_minute: float
    frozen: float
    """Share of the time that a picture stood for more than 200 ms while the track was not paused; 1 without any."""
    longest_freeze_s: float
    fps: float
    height: float
    """Mean of the pictures; 0 without any."""
    final_fps: float
    """Pictures a second in the last 5 s, pauses or not;"""
    final_height: float
    """their height."""
    gaps: int
    """Of sound, longer than 60 ms."""
    concealed: float
    """Share of the sound that the receiver had to make up."""
    queue_p50_ms: float
    queue_p95_ms: float
    dropped: float
    """Share of the datagrams that found the queue full."""
    paused_s: float
    """As the server told it."""
    late_p95_ms: float = 0.0
    """What the machine added to the line's delay."""
    kbps: list[float] = field(default_factory=list)
    """Course of the whole time, a value for each 0.1 s: rate,"""
    queue_ms: list[float] = field(default_factory=list)
    """the longest wait,"""
    heights: list[int] = field(default_factory=list)
    """and the height of the last picture; 0 while none has come for half a second."""


def paused_spans(states: Sequence[tuple[float, str, bool]], track: str, end: float) -> list[Span]:
    """From what the server told of a track's stream, (when, track, paused), to the times of its pauses."""
    spans: list[Span] = []
    since: float | None = None
    for at, sid, paused in states:
        if sid != track:
            continue
        if paused and since is None:
            since = at
        elif not paused and since is not None:
            spans.append((since, at))
            since = None
    return spans if since is None else [*spans, (since, end)]


def converged_s(kbps: Sequence[float], final: float) -> float | None:
    """Seconds until the smoothed rate first reaches 85 % of the final one. `kbps`: a value for each 0.1 s."""
    width = round(SMOOTH_S / BIN_S)
    for number in range(len(kbps) - width + 1):
        if sum(kbps[number : number + width]) / width >= CONVERGED * final:
            return number * BIN_S
    return None


def longest_waits(record: Record, span: Span) -> list[float]:
    """Seconds, for each bin."""
    found = [0.0] * round((span[1] - span[0]) / BIN_S)
    for one in record.passed:
        number = int((one.at - span[0]) / BIN_S)
        if one.at >= span[0] and number < len(found):
            found[number] = max(found[number], one.waited_s)
    return found


def congested_s(record: Record, span: Span) -> float:
    """Time in which datagrams waited too long or were dropped."""
    bad = {number for number, wait in enumerate(longest_waits(record, span)) if wait > CONGESTED_S}
    bad |= {int((at - span[0]) / BIN_S) for at, _ in record.dropped if span[0] <= at < span[1]}
    return len(bad) * BIN_S


def mean_height(pictures: Sequence[Picture]) -> float:
    return sum(one.height for one in pictures) / len(pictures) if pictures else 0.0


def heights(seen: Seen, span: Span) -> list[int]:
    """For each bin."""
    found = []
    pictures = seen.during((span[0] - 1, span[1]))
    number = 0
    for step in range(round((span[1] - span[0]) / BIN_S)):
        at = span[0] + (step + 1) * BIN_S
        while number < len(pictures) and pictures[number].at < at:
            number += 1
        last = pictures[number - 1] if number else None
        found.append(last.height if last and at - last.at < 0.5 else 0)
    return found


def figures(
    seen: Seen, record: Record, paused: Sequence[Span], whole: Span, judged: Span, limit_kbps: float | None
) -> Figures:
    """`whole`: from the subscription to the end; `judged`: what the figures are of, its end is that of the whole."""
    seconds = judged[1] - judged[0]
    final = sum(record.bins(judged[1] - FINAL_S, judged[1], FINAL_S)) * 8 / FINAL_S / 1000
    course = [size * 8 / BIN_S / 1000 for size in record.bins(*whole, BIN_S)]
    pictures, last = seen.during(judged), seen.during((judged[1] - FINAL_S, judged[1]))
    first = next((one.at for one in seen.pictures if one.at >= whole[0]), None)
    # Before the first picture nothing could freeze; how long that took is told by itself.
    freezes = seen.freezes((max(judged[0], first or judged[0]), judged[1]), paused)
    passed = sum(judged[0] <= one.at < judged[1] for one in record.passed)
    dropped = record.drops(*judged)
    pause = sum(overlap(one, judged) for one in paused)
    return Figures(
        used_kbps=final,
        share=final / limit_kbps if limit_kbps else None,
        converged_s=converged_s(course[round((judged[0] - whole[0]) / BIN_S) :], final),
        congested_s=congested_s(record, judged),
        first_picture_s=first - whole[0] if first is not None else None,
        freezes_per_minute=len(freezes) * 60 / seconds,
        frozen=sum(freezes) / seconds,
        longest_freeze_s=max(freezes, default=0.0),
        fps=len(pictures) / (seconds - pause) if pause < seconds - 1 else 0.0,
        height=mean_height(pictures),
        final_fps=len(last) / FINAL_S,
        final_height=mean_height(last),
        gaps=len(seen.gaps(judged)),
        concealed=seen.concealed(judged),
        queue_p50_ms=record.waited(0.5, *judged) * 1000,
        queue_p95_ms=record.waited(0.95, *judged) * 1000,
        dropped=dropped / (dropped + passed) if dropped + passed else 0.0,
        paused_s=pause,
        late_p95_ms=record.lateness(0.95, *judged) * 1000,
        kbps=[round(value, 1) for value in course],
        queue_ms=[round(value * 1000) for value in longest_waits(record, whole)],
        heights=heights(seen, whole),
    )
