"""When the frames of all tracks happened, on one clock.

RTP times of a track mean something to its publisher alone; sender reports tell them in the publisher's NTP time, the
same for its picture and its sound, so that lips stay with words. Between the clocks of publishers and ours stands what
the quickest report of a minute took: by so much all tracks of one publisher are moved alike.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mediaserver.recording_files import BadRecording, ClockReport, Packet, read_track

WINDOW_S = 30.0
"""Reports this much before and after a moment are asked for the way between two clocks: they drift."""
FURTHEST_S = 10.0
"""A report that puts a track further from when it arrived is wrong."""
FIRST_PACKETS = 200
"""Of a stream without reports: the quickest of them stands for one."""


@dataclass(frozen=True, slots=True)
class Report:
    """At `at` s (the publisher's clock, or ours if it told none) it was `timestamp`; it came at `arrival` s (ours)."""

    timestamp: int
    at: float
    arrival: float


@dataclass(frozen=True, slots=True)
class StreamReports:
    """Of one stream of a file, in order."""

    reports: tuple[Report, ...]
    by_arrival: bool
    """The publisher told nothing."""


def readable(path: Path) -> Iterator[Packet | ClockReport]:
    """The records of a file as far as it is there and whole."""
    try:
        yield from read_track(path)
    except (BadRecording, FileNotFoundError):
        return


def survey(records: Iterable[Packet | ClockReport], rate: int) -> list[StreamReports]:
    """What all streams of a file say of time; `rate` of their RTP clock, Hz."""
    streams: list[StreamReports] = []
    reports: list[Report] = []
    first: list[Packet] = []
    early: list[ClockReport] = []

    def close() -> None:
        if reports:
            streams.append(StreamReports(tuple(reports), by_arrival=False))
        elif first:
            streams.append(StreamReports((_quickest(first, rate),), by_arrival=True))

    for record in records:
        if isinstance(record, ClockReport):
            early.append(record)
            continue
        if record.begins and first:
            close()
            reports, first = [], []
        # A report is written before the packet after it, which says of which stream it is.
        reports += [Report(one.timestamp, one.ntp, one.arrival_us / 1e6) for one in early]
        early.clear()
        if len(first) < FIRST_PACKETS:
            first.append(record)
    close()
    return streams


def _quickest(packets: Sequence[Packet], rate: int) -> Report:
    base = packets[0].timestamp

    def sent(packet: Packet) -> float:
        return packet.arrival_us / 1e6 - _difference(packet.timestamp, base) / rate

    quickest = min(packets, key=sent)
    arrival = quickest.arrival_us / 1e6
    return Report(quickest.timestamp, arrival, arrival)


def _difference(timestamp: int, before: int) -> int:
    """With its sign, though both wrap around."""
    return (timestamp - before + 2**31) % 2**32 - 2**31


class PublisherClock:
    """The way from a publisher's clock to ours, s."""

    def __init__(self, reports: Iterable[Report]) -> None:
        ordered = sorted(reports, key=lambda report: report.at)
        self._times = [report.at for report in ordered]
        self._ways = [report.arrival - report.at for report in ordered]

    def offset(self, at: float) -> float:
        """To be added to a time of the publisher's; 0 without reports."""
        begin, end = bisect_left(self._times, at - WINDOW_S), bisect_right(self._times, at + WINDOW_S)
        if begin == end:  # none near: the nearest
            begin = min(begin, len(self._ways) - 1)
            end = begin + 1
        return min(self._ways[begin:end], default=0.0)


class TrackClock:
    """When the frames of one file happened, s since the epoch on our clock. Asked in order."""

    def __init__(self, streams: Sequence[StreamReports], publisher: PublisherClock, rate: int) -> None:
        self._streams = streams
        self._publisher = publisher
        self._rate = rate
        self._stream = -1
        self._next = 0
        self._offset: tuple[float, float] = (-1e18, 0.0)

    def time(self, stream: int, timestamp: int) -> float | None:
        """None: nothing is known of the stream."""
        if not 0 <= stream < len(self._streams):
            return None
        if stream != self._stream:
            self._stream, self._next = stream, 0
        known = self._streams[stream]
        while (
            self._next + 1 < len(known.reports)
            and _difference(timestamp, known.reports[self._next + 1].timestamp) >= 0
        ):
            self._next += 1
        report = known.reports[self._next]
        at = report.at + _difference(timestamp, report.timestamp) / self._rate
        if known.by_arrival:
            return at
        time = at + self._way(at)
        near = report.arrival + _difference(timestamp, report.timestamp) / self._rate
        return time if abs(time - near) < FURTHEST_S else near

    def _way(self, at: float) -> float:
        if abs(at - self._offset[0]) > 1:
            self._offset = at, self._publisher.offset(at)
        return self._offset[1]
