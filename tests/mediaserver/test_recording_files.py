"""Files of recordings: records come out as they were put in, and anything else is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_fakes import packet, report

from mediaserver.recording_files import (
    BLOCK,
    HEADER,
    JOURNAL,
    MANIFEST,
    BadRecording,
    ClockReport,
    Packet,
    read_recording,
    read_records,
    read_track,
)

PACKETS = st.builds(
    Packet,
    arrival_us=st.integers(0, 2**64 - 1),
    sequence=st.integers(0, 2**64 - 1),
    timestamp=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=40),
    marker=st.booleans(),
    begins=st.booleans(),
    encoding=st.integers(0, 255),
    payload_type=st.integers(0, 127),
    quarters=st.none() | st.integers(0, 3),
)


def written(record: Packet) -> bytes:
    return packet(
        record.sequence,
        record.timestamp,
        record.payload,
        arrival_us=record.arrival_us,
        marker=record.marker,
        begins=record.begins,
        encoding=record.encoding,
        payload_type=record.payload_type,
        quarters=record.quarters,
    )


@given(st.lists(PACKETS, max_size=6))
def test_records_come_out_as_they_were_put_in(packets: list[Packet]) -> None:
    assert list(read_records(b"".join(map(written, packets)))) == packets


def test_a_sender_report_tells_two_clocks() -> None:
    (record,) = read_records(report(90_000, 3_900_000_000.25))
    assert isinstance(record, ClockReport)
    assert (record.timestamp, record.ntp) == (90_000, 3_900_000_000.25)


@given(st.lists(PACKETS, min_size=1, max_size=4), st.data())
def test_any_bytes_are_records_or_an_error_that_names_the_place(
    packets: list[Packet], data: st.DataObject
) -> None:
    made = bytearray(b"".join(map(written, packets)))
    for _ in range(data.draw(st.integers(0, 3))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(made[: data.draw(st.integers(0, len(made)))])
    size = 0
    try:
        for record in read_records(cut):
            size += HEADER.size + (len(record.payload) if isinstance(record, Packet) else 8)
    except BadRecording as error:
        fault = str(error)
    else:
        fault = ""
    assert size == len(cut) if not fault else any(word.isdigit() for word in fault.split())


@pytest.mark.parametrize(
    ("at", "value"),
    [(21, 6), (22, 64), (22, 5), (24, 128)],
    ids=["too long", "unknown flag", "a report with a marker", "no payload type"],
)
def test_what_is_no_record_is_refused(at: int, value: int) -> None:
    made = bytearray(packet(1, 2, b"x") + bytes(2000))
    made[at] = value
    with pytest.raises(BadRecording, match="at 0"):
        list(read_records(bytes(made)))


def test_a_long_file_is_read_in_blocks_and_its_cut_end_left_out(tmp_path: Path) -> None:
    path = tmp_path / "0001.rtp"
    count = 2 * BLOCK // 1000
    path.write_bytes(
        b"".join(packet(n, n, bytes(1000)) for n in range(count)) + packet(count, 0, b"cut")[:-1]
    )
    assert [record.timestamp for record in read_track(path)] == list(range(count))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (MANIFEST, "{}"),
        (MANIFEST, "[" * 100_000),
        (JOURNAL, ""),
        (JOURNAL, "{}\n"),
        (JOURNAL, '{"type": "ended", "duration_s": 1}\n'),
        (JOURNAL, '{"type": "ended", "duration_s": NaN}\n'),
        (
            JOURNAL,
            '{"type":"closed","file":"../../etc/passwd","mime_type":"","ended_s":1,"packets":0,"lost":0}\n',
        ),
        ("other", ""),
    ],
)
def test_what_is_no_recording_is_said_so(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadRecording):
        read_recording(tmp_path)
