"""Statistics of the data plane as a test wants them: rows of a few named fields, all others are 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from mediaserver.connection_quality import QualityMonitor, Rated
from mediaserver.engine import RECEIVER_FIELDS, SENDER_FIELDS, TRANSPORT_FIELDS, WorkerStatistics
from mediaserver.participant import Participant
from mediaserver.statistics import Statistics

Fields = Mapping[str, Any]


def transports(rows: Iterable[Fields]) -> bytes:
    """`rtt_us` is unknown where a row does not say it."""
    return _table(TRANSPORT_FIELDS, ({"rtt_us": -1, **row} for row in rows))


def receivers(rows: Iterable[Fields]) -> bytes:
    return _table(RECEIVER_FIELDS, rows)


def senders(rows: Iterable[Fields]) -> bytes:
    return _table(SENDER_FIELDS, rows)


def worker(number: int = 0, **tables: Iterable[Fields]) -> WorkerStatistics:
    """One that counts nothing else; `tables`: `transports`, `receivers` and `senders`."""
    made = {kind: make(tables.get(kind, ())) for kind, make in TABLES.items()}
    return cast(WorkerStatistics, SimpleNamespace(worker=number, **made))


def statistics(at: float = 0.0, **tables: Iterable[Fields]) -> Statistics:
    """Of one worker; `tables` as for `worker`."""
    return Statistics([worker(**tables)], at)


def ratings(
    monitor: QualityMonitor, participants: Iterable[Participant], now: Statistics
) -> dict[str, Rated]:
    """Of one interval, each rated by itself."""
    monitor.begin(now)
    for participant in participants:
        monitor.rate([participant])
    return monitor.end()


def _table(fields: list[tuple[str, str]], rows: Iterable[Fields]) -> bytes:
    """In order of the ids, as the data plane writes them."""
    names, found = {name for name, _ in fields}, list(rows)
    assert all(row.keys() <= names for row in found)
    numbers = sorted(tuple(row.get(name, 0) for name, _ in fields) for row in found)
    return np.array(numbers, np.dtype(fields)).tobytes()


TABLES = {"transports": transports, "receivers": receivers, "senders": senders}
