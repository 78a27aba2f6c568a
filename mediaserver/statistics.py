"""What the data plane has counted, of all workers at one moment: tables with a row for each of its objects.

Thousands of rows come each second, and hardly any of them shows anything. They stay columns of numbers, and questions
about all of them are asked of whole columns (NumPy); an object is made only of the row that somebody looks at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from mediaserver.engine import RECEIVER_FIELDS, SENDER_FIELDS, TRANSPORT_FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mediaserver.engine import WorkerStatistics


class TransportRow(NamedTuple):
    """See `_dataplane.TRANSPORT_FIELDS`."""

    transport: int
    bytes_in: int
    bytes_out: int
    wire_bytes_out: int
    rtt_us: int
    feedback_arrived: int
    feedback_lost: int
    jitter_us: int
    keyframe_requests: int


class ReceiverRow(NamedTuple):
    """See `_dataplane.RECEIVER_FIELDS`."""

    receiver: int
    packets: int
    bytes: int
    lost: int
    jitter_us: int
    frames: int
    live_encodings: int


class SenderRow(NamedTuple):
    """See `_dataplane.SENDER_FIELDS`."""

    sender: int
    packets: int
    bytes: int
    retransmitted: int
    fraction_lost: float
    encoding: int


Row = TypeVar("Row", TransportRow, ReceiverRow, SenderRow)
FIELDS = {TransportRow: TRANSPORT_FIELDS, ReceiverRow: RECEIVER_FIELDS, SenderRow: SENDER_FIELDS}


class Places:
    """Rows of a table for ids."""

    def __init__(self, rows: NDArray[np.intp]) -> None:
        """-1: there is none."""
        self.rows = rows
        self.are_here: NDArray[np.bool_] = rows >= 0
        """Of each id, whether there is one."""
        self.are_all = bool(self.are_here.all())


class Table(Generic[Row]):
    """Rows in order of their ids, which are in the first column."""

    def __init__(self, kind: type[Row], parts: Sequence[bytes] = ()) -> None:
        """`parts`: of the workers, each in order."""
        self._kind: type[Row] = kind
        dtype = np.dtype(FIELDS[kind])
        rows = np.frombuffer(b"".join(parts), dtype)
        self.rows: NDArray[np.void] = rows if len(parts) < 2 else np.sort(rows, order=kind._fields[0])
        self._looked_up: dict[int, tuple[NDArray[np.int64], Places]] = {}
        """By the array's identity, which it keeps as long as it is in here."""
        self._found: dict[int, Row] = {}
        """Made already: who is looked at is looked at several times, as the end of one second and the begin of the
        next."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def ids(self) -> NDArray[np.int64]:
        return self.column(self._kind._fields[0])

    def column(self, name: str) -> NDArray[np.int64]:
        """Of all rows. Not to be changed."""
        column: NDArray[np.int64] = self.rows[name]
        return column

    def values(self, name: str) -> dict[int, int]:
        """A column by the ids of its rows."""
        return dict(zip(self.ids.tolist(), self.column(name).tolist(), strict=True))

    def find(self, number: int) -> Row | None:
        """The row with this id."""
        found = self._found.get(number)
        if found is None and (at := self._places.get(number)) is not None:
            found = self._found[number] = self._kind._make(self.rows[at].item())
        return found

    def places(self, ids: NDArray[np.int64]) -> Places:
        """Asked of the same array for column after column, and once more when this moment is the one before."""
        known = self._looked_up.get(id(ids))
        if known is None:
            known = self._looked_up[id(ids)] = ids, self.look_up(ids)
        return known[1]

    def look_up(self, ids: NDArray[np.int64]) -> Places:
        """Of an array that nobody asks for again."""
        if not len(self):
            return Places(np.full(len(ids), -1, np.intp))
        rows = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        return Places(np.where(self.ids[rows] == ids, rows, -1))

    def at(self, places: Places, name: str, missing: int = 0) -> NDArray[np.int64]:
        """Of a column; `missing` where there is no row."""
        found: NDArray[np.int64]
        if places.are_all:
            found = self.column(name)[places.rows]
        elif not len(self):
            found = np.full(len(places.rows), missing, np.int64)
        else:
            found = np.where(places.are_here, self.column(name)[places.rows], missing)
        return found

    @cached_property
    def _places(self) -> dict[int, int]:
        return {number: at for at, number in enumerate(self.ids.tolist())}


class Statistics:
    """`at`: seconds, monotonic; `workers` as the engine gives them. Tables are made when they are asked for."""

    def __init__(self, workers: Iterable[WorkerStatistics] = (), at: float = 0.0) -> None:
        self.workers = list(workers)
        self.at = at

    @cached_property
    def transports(self) -> Table[TransportRow]:
        return Table(TransportRow, [worker.transports for worker in self.workers])

    @cached_property
    def receivers(self) -> Table[ReceiverRow]:
        return Table(ReceiverRow, [worker.receivers for worker in self.workers])

    @cached_property
    def senders(self) -> Table[SenderRow]:
        return Table(SenderRow, [worker.senders for worker in self.workers])


def seconds_between(before: Statistics, after: Statistics) -> float:
    """Never 0."""
    return max(after.at - before.at, 1e-3)


def growth(before: Table[Row], after: Table[Row], ids: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    """How much a column of these rows has grown; 0 where it has not, or where there was no row at both moments."""
    old, new = before.places(ids), after.places(ids)
    grown: NDArray[np.int64] = np.maximum(0, after.at(new, name) - before.at(old, name))
    if not (old.are_all and new.are_all):
        grown[~(old.are_here & new.are_here)] = 0
    return grown


def have_grown(before: Table[Row], after: Table[Row], ids: Sequence[int], name: str) -> list[bool]:
    """Whether a column of each of these rows has; a row that was not there began at 0."""
    numbers = np.array(ids, np.int64)
    old, new = (table.at(table.look_up(numbers), name) for table in (before, after))
    found: list[bool] = (new > old).tolist()
    return found


class Owned:
    """Ids of rows, several of which belong to one owner."""

    def __init__(self, owned: Iterable[Collection[int]]) -> None:
        """Ids of each owner."""
        found = list(owned)
        self.ids = np.array([number for one in found for number in one], np.int64)
        self.owners = np.repeat(np.arange(len(found)), np.array([*map(len, found)], np.intp))
        """The place of the owner of each."""
        self._count = len(found)

    def sum(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of each owner, from one of each row."""
        found = np.zeros(self._count, np.int64)
        np.add.at(found, self.owners, counts)
        return found

    def any(self, shows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether any of its rows does, of each owner."""
        found = np.zeros(self._count, np.bool_)
        np.logical_or.at(found, self.owners, shows)
        return found
