"""Follows the lines of all participants: what ails them, found out once a second.

Nearly all lines show nothing, from the first second on. They rest (`resting_lines`): only whether they may show
something is asked, of all of them at once; the others are judged one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from mediaserver.diagnosis import (
    ClientReport,
    Diagnosis,
    LineSample,
    Route,
    ServerSample,
    Verdict,
)
from mediaserver.line_samples import LineReader
from mediaserver.resting_lines import RestingLine, RestingLines
from mediaserver.statistics import Statistics

if TYPE_CHECKING:
    from mediaserver.participant import Participant


class LineWatch:
    """`network_of` says whose an address is: people behind one share a line."""

    def __init__(self, network_of: Callable[[str], str], relays: Collection[str]) -> None:
        """`relays`: addresses of TURN servers that we tell clients of."""
        self._reader = LineReader(network_of, relays)
        self._diagnosis = Diagnosis()
        self._resting = RestingLines()
        self._awake: dict[str, Participant] = {}
        self._at_rest: set[str] = set()
        self._suspicious: set[str] = set()
        self._statistics = Statistics()
        self._reports: Mapping[str, ClientReport] = {}
        self._samples: dict[str, LineSample] = {}

    @property
    def resting(self) -> int:
        """How many lines rest."""
        return len(self._resting)

    def verdict(self, sid: str) -> Verdict | None:
        """The standing one."""
        return self._diagnosis.verdict(sid)

    def sample(self, sid: str) -> LineSample:
        """The newest of a line that is watched."""
        return self._samples[sid] if sid in self._samples else self._resting.newest(sid)

    def begin(self, statistics: Statistics, reports: Mapping[str, ClientReport]) -> None:
        """Another second is looked at. `reports` by sid."""
        self._statistics, self._reports = statistics, reports
        self._suspicious = self._resting.look(statistics, reports)
        self._awake, self._at_rest = {}, set()

    def pass_over(self, participants: Iterable[Participant]) -> None:
        """Some of those who are there, until all have been passed over."""
        for participant in participants:
            sid = participant.sid
            line = self._resting.get(sid)
            if line is not None and sid not in self._suspicious and line.is_as_it_was():
                self._at_rest.add(sid)
            elif line is not None or participant.primary_connection.has_peer:
                self._awake[sid] = participant

    def read(self) -> None:
        """Samples of this second, of all who were passed over; the others are forgotten."""
        woken = [sid for sid in self._awake if sid in self._resting]
        if len(self._at_rest) + len(woken) < len(self._resting):
            self._resting.keep(self._at_rest.union(woken))
        for sid in woken:
            self._wake(sid, now=False)
        self._samples = self._reader.read(self._awake.values(), self._statistics, self._reports)

    def server(self, loop_lag_s: float) -> ServerSample:
        """Of the same time. `loop_lag_s`: how late the event loop was."""
        return self._reader.server(loop_lag_s)

    def judge(self, server: ServerSample) -> dict[str, Verdict | None]:
        """What is said from now on of whom something else was said before, by sid; None: nothing is wrong any more."""
        changes = self._diagnosis.update(self._statistics.at, server, self._samples, self._resting)
        for sid in self._samples:
            self._let_rest(sid)
        for sid, verdict in changes.items():
            if verdict is not None and sid in self._resting:  # the server is at fault
                self._samples[sid] = self._resting.newest(sid)
                self._wake(sid, now=True)
        return changes

    def _wake(self, sid: str, *, now: bool) -> None:
        self._diagnosis.resume(sid, *self._resting.take(sid, now=now))

    def _let_rest(self, sid: str) -> None:
        """If nothing is to be seen of it any more."""
        if not self._diagnosis.rests(sid):
            return  # nothing more is done where all lines suffer
        sample, participant = self._samples[sid], self._awake[sid]
        if sample.route is not Route.UDP or sample.is_narrow:
            return
        line = RestingLine.of(participant, sample)
        if line.is_as_it_was():
            self._resting.add(sid, line, self._diagnosis.shortest_rtt_ms(sid))
