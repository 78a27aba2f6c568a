"""Tables of what the data plane has counted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.statistics import (
    FIELDS,
    Owned,
    ReceiverRow,
    SenderRow,
    Statistics,
    Table,
    TransportRow,
    growth,
    have_grown,
)
from tests.mediaserver.made_statistics import statistics, transports, worker


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
    assert Table(ReceiverRow).places(np.array([1, 2])).rows.tolist() == [-1, -1]


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
    for number, place in zip(asked, table.places(np.array(asked, np.int64)).rows.tolist(), strict=True):
        row = table.find(number)
        assert (row is not None) == (place >= 0) == (number in here)
        assert row is None or (row.bytes_in == 10 * number == table.column("bytes_in")[place])


def test_what_was_not_there_at_both_moments_has_not_grown() -> None:
    before = statistics(receivers=[{"receiver": 1, "packets": 5}, {"receiver": 2, "packets": 5}])
    after = statistics(
        receivers=[{"receiver": number, "packets": 9 - 4 * (number - 1)} for number in (1, 2, 3)]
    )
    grown = growth(before.receivers, after.receivers, np.array([3, 2, 1, 4]), "packets")
    assert grown.tolist() == [0, 0, 4, 0]
    assert growth(before.receivers, after.receivers, np.array([2, 1]), "packets").tolist() == [0, 4]
    tables = before.receivers, after.receivers
    assert have_grown(*tables, [3, 2, 1, 4], "packets") == [True, False, True, False], "3 from nothing"
    shrunk = growth(after.receivers, before.receivers, np.array([1, 2]), "packets")
    assert shrunk.tolist() == [0, 0]


def test_places_are_looked_up_once_for_an_array() -> None:
    found = statistics(receivers=[{"receiver": 1, "packets": 5}, {"receiver": 2, "packets": 6}]).receivers
    here, partly = np.array([2, 1]), np.array([3, 1])
    assert found.places(here) is found.places(here) is not found.places(here.copy())
    assert found.places(here).are_all and not found.places(partly).are_all
    assert found.at(found.places(here), "packets", -1).tolist() == [6, 5]
    assert found.at(found.places(partly), "packets", -1).tolist() == [-1, 5]
    nobody = np.array([], np.int64)
    assert found.at(found.places(nobody), "packets").tolist() == []
    assert Table(ReceiverRow).at(Table(ReceiverRow).places(nobody), "packets").tolist() == []


def test_rows_are_counted_for_their_owners() -> None:
    owned = Owned([(7, 3), (), (5,)])
    assert owned.ids.tolist() == [7, 3, 5]
    assert owned.sum(np.array([1, 2, 4])).tolist() == [3, 0, 4]
    assert owned.any(np.array([True, False, False])).tolist() == [True, False, False]
    assert Owned([]).sum(np.array([], np.int64)).tolist() == []
