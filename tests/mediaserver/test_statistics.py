"""Tables of what the data plane has counted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.statistics import FIELDS, ReceiverRow, SenderRow, Statistics, Table, TransportRow
from tests.mediaserver.made_statistics import transports, worker


def test_rows_have_the_fields_that_the_data_plane_writes() -> None:
    for kind, fields in FIELDS.items():
        assert list(kind._fields) == [name for name, _ in fields]
        assert {np.dtype(code).itemsize for _, code in fields} == {8}


def test_rows_are_numbers_of_python() -> None:
    found = Statistics([worker(senders=[{"sender": 3, "packets": 7, "fraction_lost": 0.25, "encoding": -1}])])
    row = found.senders.find(3)
    assert row == SenderRow(3, 7, 0, 0, 0.25, -1)
    assert [type(value) for value in row] == [int, int, int, int, float, int]
    assert found.senders.values("packets") == {3: 7}
    assert found.senders.find(4) is None and len(found.receivers) == 0
    assert Statistics().transports.find(1) is None
    assert Table(ReceiverRow).places(np.array([1, 2])).tolist() == [-1, -1]


ids = st.sets(st.integers(1, 60))


@given(st.lists(ids, min_size=1, max_size=4), st.lists(st.integers(0, 61)))
def test_a_row_is_found_by_its_id_on_whatever_worker_it_is(workers: list[set[int]], asked: list[int]) -> None:
    apart = [found - set().union(*workers[:number]) for number, found in enumerate(workers)]
    table = Table(
        TransportRow,
        [transports({"transport": one, "bytes_in": 10 * one} for one in found) for found in apart],
    )
    here = sorted(set().union(*workers))
    assert table.ids.tolist() == here and len(table) == len(here)
    for number, place in zip(asked, table.places(np.array(asked, np.int64)).tolist(), strict=True):
        row = table.find(number)
        assert (row is not None) == (place >= 0) == (number in here)
        assert row is None or (row.bytes_in == 10 * number == table.column("bytes_in")[place])
