"""Which of home network, device, firewall and server is at fault when a call goes badly, for each participant.

Pure policy: once a second come a sample of the server and one of each participant's line, out come the verdicts that
have changed. A fault counts when it lasts, not when it happens: one gap, a change of the network or a camera that
starts are none. It is told within ten seconds, and taken back when nothing has been wrong for ten.

What several networks suffer at the same time is the server's own line; people behind one address share a line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cached_property
from itertools import chain
from statistics import fmean as mean
from typing import NamedTuple, Protocol

WINDOW = 7
"""Samples that are looked at together."""
LASTING = 4
"""So many of them must show a fault that may come and go."""
SPAN = 3
"""So many must show one that does not, such as the route."""
CLEAR_SAMPLES = 10
"""Without a fault until a verdict is taken back."""
SETTLING_S = 4.0
"""After a participant has connected, or its path has changed, samples say nothing."""
BLOCKED_S = 8.0
"""Without a path after a join, something keeps media out: with a slow line it takes three seconds."""

MIN_PACKETS = 30
"""Of a sample or a window whose share of losses says something."""
BAD_LOSS, NOTICEABLE_LOSS = 0.04, 0.02
"""Share of packets: what repair does not hide; what it hides at some cost."""
BURST_LOSS, QUIET_LOSS = 0.1, 0.01
"""Losses that come in bursts, with seconds without any between them."""
LONG_RTT_MS = 400.0
"""People begin to talk over each other (ITU-T G.114: 400 ms one way is the most; a call has devices on both ends)."""
COMMON_DELAY_MS = 0.75 * LONG_RTT_MS
"""Of most networks, when one is above the limit."""
QUEUE_MS = 250.0
"""Longer than the shortest round trip by this: a queue stands before the line."""
LONG_JITTER_MS = 30.0
"""Players buffer so much that a conversation suffers, or play gaps."""
LOW_FPS = 9.0
"""Frames/s of a camera; even in the dark they give more."""
MANY_KEYFRAME_REQUESTS = 6
"""In a window, of a line that loses nothing: a decoder that cannot follow."""
DROPPED_FRAMES = 0.15
"""Share of the frames that a client received and did not show."""
DECODING_SHARE = 0.7
"""Of the time: above it decoding falls behind."""
BUSY_LAG_MS = 500.0
"""How late a page's timer comes on a device that has no time for the page."""
TIRED_LAG_MS, TIRED_FPS = 100.0, 12.0
"""The same on average, and frames/s of its camera, of a device that makes packets late and uneven."""
STUTTER_SHARE = 0.6
"""Or so many frames in one second where there were all in another."""
LONG_LIMITED = 15
"""So many samples on end an encoder that begins does not call the line too narrow, as it does at first."""
MEMORY_S = 20
"""For so many samples a line that was full explains few frames: encoders adapt, and then nothing is lost."""

COMMON_SHARE = 0.7
"""More of the networks than this suffer the same: it is the server's line."""
COMMON_NETWORKS = 3
"""From so many networks on that can be told."""
LONG_LAG_S = 0.5
"""How late the event loop was."""
BUSY_SHARE = 0.95
"""Of a core, taken by one worker of the data plane."""
SLOW_SHARE = 0.25
"""Of the packets, forwarded later than `SLOW_FORWARD_US`; some wait for a narrow line."""
SLOW_FORWARD_US = 50_000
DROPPED_SHARE = 0.01
"""Of the datagrams, which the machine did not take."""


class Fault(Enum):
    """What is to blame."""

    HOME = "home"
    DEVICE = "device"
    FIREWALL = "firewall"
    SERVER = "server"


class Verdict(StrEnum):
    """The code that people read out to the operator; it begins with the fault."""

    HOME_LOSS = "HOME_LOSS"
    HOME_BURSTS = "HOME_BURSTS"
    HOME_DELAY = "HOME_DELAY"
    HOME_JITTER = "HOME_JITTER"
    HOME_DOWNLINK = "HOME_DOWNLINK"
    HOME_UPLINK = "HOME_UPLINK"
    DEVICE_BUSY = "DEVICE_BUSY"
    DEVICE_DECODING = "DEVICE_DECODING"
    DEVICE_ENCODING = "DEVICE_ENCODING"
    FIREWALL_TCP = "FIREWALL_TCP"
    """UDP is blocked, media takes ICE-TCP."""
    FIREWALL_RELAY = "FIREWALL_RELAY"
    """Only a TURN server is reached."""
    FIREWALL_BLOCKED = "FIREWALL_BLOCKED"
    """Signalling works, media has no path at all."""
    SERVER_BUSY = "SERVER_BUSY"
    SERVER_DROPS = "SERVER_DROPS"
    SERVER_LINE = "SERVER_LINE"

    @property
    def fault(self) -> Fault:
        return Fault(self.value.partition("_")[0].lower())


class Route(Enum):
    """How media gets through."""

    NONE = "none"
    UDP = "udp"
    TCP = "tcp"
    RELAY = "relay"


@dataclass(frozen=True, slots=True)
class ClientReport:
    """What a client says of itself for about a second; most say nothing."""

    cpu_limited: bool = False
    """Its encoder does less than it should for want of processor time (W3C `qualityLimitationReason`)."""
    bandwidth_limited: bool = False
    frames_decoded: int = 0
    frames_dropped: int = 0
    decode_ms: float = 0.0
    """Spent on decoding."""
    interval_ms: float = 1000.0
    lag_ms: float = 0.0
    """How late the page's own timer was; 0 where timers are throttled."""
    relayed: bool = False
    """Media takes a TURN server."""

    @property
    def is_late(self) -> bool:
        return self.lag_ms >= BUSY_LAG_MS

    @property
    def decodes_too_long(self) -> bool:
        return self.decode_ms >= DECODING_SHARE * self.interval_ms

    @property
    def drops_frames(self) -> bool:
        frames = self.frames_decoded + self.frames_dropped
        return self.frames_dropped > DROPPED_FRAMES * max(1, frames)

    @property
    def shows_anything(self) -> bool:
        """Whether there is something to look at."""
        return (
            self.cpu_limited
            or self.bandwidth_limited
            or self.is_late
            or self.decodes_too_long
            or self.drops_frames
        )


def _share(arrived: int, lost: int) -> float | None:
    total = arrived + lost
    return lost / total if total >= MIN_PACKETS else None


class Passed(NamedTuple):
    """Packets of one direction in one interval."""

    arrived: int = 0
    lost: int = 0

    @property
    def loss(self) -> float | None:
        """Share of the packets; None: too few to tell."""
        return _share(self.arrived, self.lost)


NOTHING_PASSED = Passed()


class LineSample(NamedTuple):
    """One participant in one interval, as the server saw it. Times are milliseconds. One is made for each participant
    in each second, and a tuple is made in a fourth of the time of a frozen dataclass."""

    network: str = ""
    """People with the same one share a line."""
    route: Route = Route.UDP
    remote: str = ""
    """Address of the path; another one is another network."""
    waiting_s: float = 0.0
    """Since the join, without a path."""
    down: Passed = NOTHING_PASSED
    """To the participant, on its line alone."""
    up: Passed = NOTHING_PASSED
    rtt_ms: float | None = None
    down_jitter_ms: float = 0.0
    up_jitter_ms: float = 0.0
    is_narrow: bool = False
    """The line to it does not carry the pictures that it wishes."""
    camera_fps: float | None = None
    """Of the slowest camera that it sends; None: none is on."""
    keyframe_requests: int = 0
    tracks: int = 0
    """That it receives; the first frames of each are asked for."""
    takes_pictures: bool = False
    report: ClientReport | None = None

    @property
    def shows_anything(self) -> bool:
        """Whether there is something to look at; nearly all samples of a good call show nothing."""
        return (
            self.down.lost > NOTICEABLE_LOSS * self.down.arrived
            or self.up.lost > NOTICEABLE_LOSS * self.up.arrived
            or self.route is not Route.UDP
            or self.is_narrow
            or self.keyframe_requests > 0
            or (self.rtt_ms is not None and self.rtt_ms >= LONG_RTT_MS)
            or max(self.down_jitter_ms, self.up_jitter_ms) >= LONG_JITTER_MS
            or (self.camera_fps is not None and self.camera_fps < LOW_FPS)
            or (self.report is not None and self.report.shows_anything)
        )


@dataclass(frozen=True, slots=True)
class ServerSample:
    """The server in one interval."""

    loop_lag_s: float = 0.0
    """The longest."""
    busiest_worker: float = 0.0
    """Share of a core."""
    slow_share: float = 0.0
    dropped_share: float = 0.0


@dataclass
class _Line:
    """What is remembered of one participant."""

    since: float
    """When its path began, seconds, monotonic."""
    samples: deque[LineSample] = field(default_factory=lambda: deque(maxlen=WINDOW))
    ordinary: int = WINDOW
    """So many samples have come since one that showed anything."""
    down_arrived: int = 0
    down_lost: int = 0
    up_arrived: int = 0
    up_lost: int = 0
    """Packets in the window."""
    shortest_rtt_ms: float = float("inf")
    uplink_was_full: int = 0
    """Samples for which few frames are still explained by that."""
    limited: int = 0
    """The newest so many samples, the encoder said that the line limits it."""
    verdict: Verdict | None = None
    clean: int = 0

    def restart(self, now: float) -> None:
        """The path is another one."""
        self.since = now
        self.samples.clear()
        self.ordinary = WINDOW
        self.down_arrived = self.down_lost = self.up_arrived = self.up_lost = 0
        self.shortest_rtt_ms = float("inf")

    @property
    def rests(self) -> bool:
        """Another sample that shows nothing would change nothing but the samples."""
        settled = len(self.samples) > 0 and not self.needs_a_look
        return settled and self.verdict is None and not self.uplink_was_full

    def resume(self, samples: Iterable[LineSample], shortest_rtt_ms: float) -> None:
        """These came meanwhile, none of which showed anything. The next ones are looked at: it has been woken."""
        self.ordinary = 0
        for sample in samples:
            self._append(sample)
        self.shortest_rtt_ms = min(self.shortest_rtt_ms, shortest_rtt_ms)

    @property
    def needs_a_look(self) -> bool:
        """Whether the window shows anything, without which nothing can be found; hardly any good line does."""
        return self.ordinary < WINDOW

    def add(self, sample: LineSample) -> None:
        self._append(sample)
        self.ordinary = 0 if sample.shows_anything else self.ordinary + 1
        queued = False
        if (rtt_ms := sample.rtt_ms) is not None:
            self.shortest_rtt_ms = min(self.shortest_rtt_ms, rtt_ms)
            queued = rtt_ms > self.shortest_rtt_ms + QUEUE_MS
        is_limited = sample.report is not None and sample.report.bandwidth_limited
        self.limited = self.limited + 1 if is_limited else 0
        if queued or (self.up_lost and (self.loss_up or 0.0) >= NOTICEABLE_LOSS):
            self.uplink_was_full = MEMORY_S
        elif self.uplink_was_full:
            self.uplink_was_full -= 1

    def _append(self, sample: LineSample) -> None:
        if len(self.samples) == WINDOW:
            self._count(self.samples[0], -1)
        self.samples.append(sample)
        self._count(sample, 1)

    def _count(self, sample: LineSample, sign: int) -> None:
        arrived, lost = sample.down
        self.down_arrived += sign * arrived
        self.down_lost += sign * lost
        if sample.up is not NOTHING_PASSED:
            arrived, lost = sample.up
            self.up_arrived += sign * arrived
            self.up_lost += sign * lost

    def count(self, shows: Callable[[LineSample], bool]) -> int:
        return sum(map(shows, self.samples))

    def lasts(self, shows: Callable[[LineSample], bool]) -> bool:
        return self.count(shows) >= LASTING

    @property
    def loss_down(self) -> float | None:
        """Of the window; None: too few packets to tell."""
        return _share(self.down_arrived, self.down_lost)

    @property
    def loss_up(self) -> float | None:
        return _share(self.up_arrived, self.up_lost)

    def loses(self, direction: Callable[[LineSample], Passed]) -> bool:
        """More than repair hides, and not only in one gap of up to two seconds."""
        lost = self.loss_down if direction is _down else self.loss_up
        if (lost or 0.0) < BAD_LOSS:
            return False  # told by the sums, as of nearly all
        passed = [direction(sample) for sample in self.samples]
        worst = max(
            range(len(passed)), key=lambda at: sum(one.lost for one in passed[at : at + 2]), default=0
        )
        without_gap = _sum(passed[:worst] + passed[worst + 2 :]).loss or 0.0
        return without_gap >= NOTICEABLE_LOSS


def _sum(passed: Iterable[Passed]) -> Passed:
    arrived = lost = 0
    for one in passed:
        arrived, lost = arrived + one.arrived, lost + one.lost
    return Passed(arrived, lost)


def _down(sample: LineSample) -> Passed:
    return sample.down


def _up(sample: LineSample) -> Passed:
    return sample.up


class Resting(Protocol):
    """Lines of which nothing is to be seen, by key, and what common faults need of them (`_Common`)."""

    def __contains__(self, key: str) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def losses_down(self) -> Iterable[tuple[str, bool | None]]: ...
    def losses_up(self) -> Iterable[tuple[str, bool | None]]: ...
    def narrowness(self) -> Iterable[tuple[str, bool | None]]: ...
    def delays(self) -> Iterable[tuple[str, bool | None]]: ...


class Diagnosis:
    """Remembers lines by a key of the caller's, a participant's sid."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._server: deque[ServerSample] = deque(maxlen=WINDOW)

    def verdict(self, key: str) -> Verdict | None:
        """The standing one."""
        line = self._lines.get(key)
        return line.verdict if line is not None else None

    def rests(self, key: str) -> bool:
        """Whether nothing that it has shown counts any more: it need not be looked at while it shows nothing."""
        return self._lines[key].rests

    def shortest_rtt_ms(self, key: str) -> float:
        """Ever, of its path; infinite: none is known."""
        return self._lines[key].shortest_rtt_ms

    def resume(self, key: str, samples: Iterable[LineSample], shortest_rtt_ms: float) -> None:
        """A line has rested; its samples meanwhile, the oldest first and no more than a window, and the shortest round
        trip."""
        self._lines[key].resume(samples, shortest_rtt_ms)

    def update(
        self,
        now: float,
        server: ServerSample,
        samples: Mapping[str, LineSample],
        resting: Resting | None = None,
    ) -> dict[str, Verdict | None]:
        """What is said from now on of whom something else was said before; None: nothing is wrong any more.

        To be called once a second. `now`: seconds, monotonic. Who is neither in `samples` nor `resting` is forgotten.
        """
        self._keep(samples, resting, now)
        self._server.append(server)
        for key, sample in samples.items():
            self._observe(self._lines[key], sample, now)
        server_fault = self._server_fault()
        lines = {key: self._lines[key] for key in samples}
        common = _Common(lines.values(), resting)
        changes: dict[str, Verdict | None] = {}
        for key, line in lines.items() if server_fault is None else self._lines.items():
            if server_fault is not None and line.samples:
                found: Verdict | None = server_fault
            elif line.needs_a_look:
                found = _judge(line, common)
            elif line.verdict is None:
                continue
            else:
                found = None
            if _settle(line, found):
                changes[key] = line.verdict
        return changes

    def _keep(self, samples: Mapping[str, LineSample], resting: Resting | None, now: float) -> None:
        for key in samples:
            if key not in self._lines:
                self._lines[key] = _Line(now)
        rest = resting if resting is not None else ()
        if len(self._lines) > len(samples) + len(rest):
            self._lines = {key: one for key, one in self._lines.items() if key in samples or key in rest}

    def _observe(self, line: _Line, sample: LineSample, now: float) -> None:
        before = line.samples[-1] if line.samples else None
        if before is not None and before.remote != sample.remote:
            line.restart(now)
        if sample.route is Route.NONE or now - line.since >= SETTLING_S:
            line.add(sample)

    def _server_fault(self) -> Verdict | None:
        busy = sum(
            one.loop_lag_s >= LONG_LAG_S
            or one.busiest_worker >= BUSY_SHARE
            or one.slow_share >= SLOW_SHARE
            for one in self._server
        )  # fmt: skip
        dropping = sum(one.dropped_share >= DROPPED_SHARE for one in self._server)
        if dropping >= LASTING:
            return Verdict.SERVER_DROPS
        return Verdict.SERVER_BUSY if busy >= LASTING else None


def _settle(line: _Line, found: Verdict | None) -> bool:
    """Takes what was found as the verdict, or takes the verdict back when nothing has been found for long. True: it is
    another one. Of one fault the first code stays, as what to do is the same, unless media has found a way."""
    before = line.verdict
    line.clean = 0 if found is not None else line.clean + 1
    if found is not None and (
        before is None or before.fault is not found.fault or before is Verdict.FIREWALL_BLOCKED
    ):
        line.verdict = found
    elif line.clean >= CLEAR_SAMPLES:
        line.verdict = None
    return line.verdict is not before


class _Common:
    """What most networks suffer at the same time. Seldom asked, so counted when it is."""

    def __init__(self, lines: Iterable[_Line], resting: Resting | None) -> None:
        """`lines`: that do not rest."""
        self._lines = lines
        self._resting = resting

    @cached_property
    def _placed(self) -> list[tuple[_Line, LineSample]]:
        """Lines that have a path, with what they showed last."""
        newest = ((line, line.samples[-1]) for line in self._lines if line.samples)
        return [(line, sample) for line, sample in newest if sample.route is not Route.NONE]

    @cached_property
    def loss_down(self) -> bool:
        awake = (_loses(sample, line.loss_down) for line, sample in self._placed)
        return _most(chain(awake, self._resting.losses_down() if self._resting else ()))

    @cached_property
    def loss_up(self) -> bool:
        awake = (_loses(sample, line.loss_up) for line, sample in self._placed)
        return _most(chain(awake, self._resting.losses_up() if self._resting else ()))

    @cached_property
    def narrow(self) -> bool:
        awake = ((one.network, one.is_narrow if one.takes_pictures else None) for _, one in self._placed)
        return _most(chain(awake, self._resting.narrowness() if self._resting else ()))

    @cached_property
    def delay(self) -> bool:
        awake = (
            (one.network, None if one.rtt_ms is None else one.rtt_ms >= COMMON_DELAY_MS)
            for _, one in self._placed
        )
        return _most(chain(awake, self._resting.delays() if self._resting else ()))


def _loses(sample: LineSample, loss: float | None) -> tuple[str, bool | None]:
    return sample.network, None if loss is None else loss >= NOTICEABLE_LOSS


def _most(lines: Iterable[tuple[str, bool | None]]) -> bool:
    """Whether most networks suffer, by the network of each line and whether it does; None: it cannot be told."""
    suffering: dict[str, bool] = {}
    for network, suffers in lines:
        if suffers is not None:
            suffering[network] = suffering.get(network, True) and suffers
    return len(suffering) >= COMMON_NETWORKS and sum(suffering.values()) > COMMON_SHARE * len(suffering)


def _judge(line: _Line, common: _Common) -> Verdict | None:
    """Of a line with samples."""
    newest = line.samples[-1]
    if newest.route is Route.NONE:
        return Verdict.FIREWALL_BLOCKED if newest.waiting_s >= BLOCKED_S else None
    return (
        _device_by_its_word(line)
        or (_network(line, common) if newest.route is not Route.TCP else None)  # which hides losses as delays
        or _firewall(line)
        or _device_by_what_it_does(line)
    )


def _device_by_its_word(line: _Line) -> Verdict | None:
    reports = [sample.report for sample in line.samples if sample.report is not None]
    if not reports:
        return None
    if sum(report.is_late for report in reports) >= LASTING:
        return Verdict.DEVICE_BUSY
    if sum(report.decodes_too_long for report in reports) >= LASTING:
        return Verdict.DEVICE_DECODING
    if sum(report.cpu_limited for report in reports) >= LASTING:
        return Verdict.DEVICE_ENCODING
    return None


def _network(line: _Line, common: _Common) -> Verdict | None:
    if line.loses(_down):
        return Verdict.SERVER_LINE if common.loss_down or common.narrow else _kind_of_loss(line, _down)
    if line.loses(_up):
        return Verdict.SERVER_LINE if common.loss_up else _kind_of_loss(line, _up)
    if line.lasts(lambda sample: sample.is_narrow):
        return Verdict.SERVER_LINE if common.narrow else Verdict.HOME_DOWNLINK
    if _is_uneven_or_late(line) and _is_tired(line):
        return Verdict.DEVICE_BUSY
    if line.lasts(_is_late):
        return Verdict.SERVER_LINE if common.delay else Verdict.HOME_DELAY
    if line.lasts(_is_uneven):
        return Verdict.HOME_JITTER
    is_squeezed = line.lasts(_has_few_frames) or line.limited >= LASTING
    if (is_squeezed and line.uplink_was_full) or line.limited >= LONG_LIMITED:
        return Verdict.HOME_UPLINK
    return None


def _is_late(sample: LineSample) -> bool:
    return (sample.rtt_ms or 0.0) >= LONG_RTT_MS


def _is_uneven(sample: LineSample) -> bool:
    return max(sample.down_jitter_ms, sample.up_jitter_ms) >= LONG_JITTER_MS


def _is_uneven_or_late(line: _Line) -> bool:
    return line.lasts(_is_late) or line.lasts(_is_uneven)


def _is_tired(line: _Line) -> bool:
    """A device without time sends late and unevenly too; but a line brings all frames of a camera in the end, and does
    not make pages late."""
    lags = [sample.report.lag_ms for sample in line.samples if sample.report is not None]
    if len(lags) >= SPAN and mean(lags) >= TIRED_LAG_MS:
        return True
    fps = [sample.camera_fps for sample in line.samples if sample.camera_fps is not None]
    comes_evenly = not line.lasts(lambda sample: sample.down_jitter_ms >= LONG_JITTER_MS)
    is_whole = (line.loss_up or 0.0) < QUIET_LOSS
    stutters = len(fps) >= SPAN and (mean(fps) < TIRED_FPS or min(fps) < STUTTER_SHARE * max(fps))
    return stutters and comes_evenly and is_whole and not line.uplink_was_full


def _kind_of_loss(line: _Line, direction: Callable[[LineSample], Passed]) -> Verdict:
    losses = [loss for sample in line.samples if (loss := direction(sample).loss) is not None]
    quiet = sum(loss < QUIET_LOSS for loss in losses)
    bursts = max(losses, default=0.0) >= BURST_LOSS and quiet >= SPAN
    return Verdict.HOME_BURSTS if bursts else Verdict.HOME_LOSS


def _firewall(line: _Line) -> Verdict | None:
    routes = [sample.route for sample in line.samples]
    if routes.count(Route.TCP) >= SPAN:
        return Verdict.FIREWALL_TCP
    return Verdict.FIREWALL_RELAY if routes.count(Route.RELAY) >= SPAN else None


def _device_by_what_it_does(line: _Line) -> Verdict | None:
    """Only where the line explains nothing."""
    if (line.loss_down or 0.0) < NOTICEABLE_LOSS and _cannot_decode(line):
        return Verdict.DEVICE_DECODING
    return Verdict.DEVICE_ENCODING if line.lasts(_has_few_frames) else None


def _cannot_decode(line: _Line) -> bool:
    if line.lasts(lambda sample: sample.report is not None and sample.report.drops_frames):
        return True
    requests = [sample.keyframe_requests for sample in line.samples]
    asked = len(requests) - requests.count(0) >= LASTING and sum(requests) >= MANY_KEYFRAME_REQUESTS
    return asked and len({sample.tracks for sample in line.samples}) == 1  # it has settled


def _has_few_frames(sample: LineSample) -> bool:
    return sample.camera_fps is not None and sample.camera_fps < LOW_FPS
