"""Packets of a recording become the frames that decoders take, whatever is lost or late on the way."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from encoded_streams import Recording
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.recording_files import ClockReport, Packet
from signalling.library.recording import depacketizing
from signalling.library.recording.ordering import frames, in_order
from signalling.library.recording.pictures import Pictures
from signalling.library.recording.timing import PublisherClock, Report, TrackClock, survey

CODECS = ["video/vp8", "video/vp9", "video/h264", "video/av1", "audio/opus"]
STREAMS = ["av1-l3t3", "av1-l3t3-key", "h264-l1t3", "vp8-l1t3", "vp9-l3t3", "vp9-l3t3-key"]


def made(number: int, timestamp: int, payload: bytes = b"x", *, arrival_us: int = 0, **more: bool) -> Packet:
    flags = {"marker": False, "begins": False} | more
    return Packet(
        arrival_us or number * 1000, number, timestamp, payload, **flags, encoding=0, payload_type=96
    )


def recorded(name: str) -> tuple[Recording, list[Packet]]:
    recording = Recording(name)
    first = recording.packets[0].sequence_number
    packets = [
        Packet(
            1_000_000 + number * 100,
            (packet.sequence_number - first) % 65_536 + 1000,
            packet.timestamp,
            packet.payload,
            packet.marker,
            number == 0,
            0,
            recording.payload_type,
        )
        for number, packet in enumerate(recording.packets)
    ]
    return recording, packets


def shown(recording: Recording, packets: Sequence[Packet]) -> list[tuple[int, int]]:
    """Sizes of the pictures, one after the other."""
    times: list[float] = []

    def time(stream: int, timestamp: int) -> float:
        times.append(len(times))
        return times[-1]

    codecs = {recording.payload_type: recording.mime_type}
    pictures = Pictures(frames(in_order(packets), codecs), time)
    found = [pictures.at(number) for number in range(len(recording.pictures))]
    return [(one.frame.width, one.frame.height) for one in found if one is not None]


@pytest.mark.parametrize("name", STREAMS)
def test_streams_of_browsers_are_decoded_in_their_best_layer(name: str) -> None:
    recording, packets = recorded(name)
    shuffled = random.Random(5)
    late = sorted(
        packets, key=lambda one: one.sequence + (shuffled.random() * 8 if one.sequence > 1005 else 0)
    )
    best = max(
        (int(width), int(height))
        for width, _, height in (text.split()[0].partition("x") for text in recording.expected.values())
    )
    sizes = shown(recording, late)
    assert len(sizes) == len(recording.pictures)
    assert set(sizes) == {best}


@given(st.sampled_from(CODECS), st.lists(st.binary(max_size=30), min_size=1, max_size=4))
def test_any_payloads_are_a_frame_or_an_error(codec: str, payloads: list[bytes]) -> None:
    try:
        data, keyframe = depacketizing.assemble(codec, payloads)
    except depacketizing.BadPayload:
        return
    assert isinstance(data, bytes)
    assert isinstance(keyframe, bool)


def test_a_codec_that_nobody_knows_is_no_frame() -> None:
    with pytest.raises(depacketizing.BadPayload):
        depacketizing.assemble("video/h266", [b"x"])


@given(st.permutations(range(12)), st.sets(st.integers(1, 11)))
def test_what_is_in_order_again_is_what_came(order: list[int], lost: set[int]) -> None:
    packets = [made(number, number, begins=number == 0) for number in range(12)]
    came = [packets[0]] + [packets[number] for number in order if number and number not in lost]
    found = list(in_order(came))
    assert [one.sequence for one in found] == [n for n in range(12) if n not in lost]


def test_what_is_lost_is_not_waited_for_long() -> None:
    came = [
        made(0, 0, begins=True),
        made(2, 2),
        made(3, 3, arrival_us=3_000_000),
        made(1, 1, arrival_us=3_100_000),
    ]
    assert [one.sequence for one in in_order(came)] == [0, 2, 3], "what comes later still is too late"


def test_a_loss_is_told_with_the_frame_behind_it() -> None:
    vp8 = b"\x10\x00\x00"
    packets = [
        made(0, 0, vp8, begins=True, marker=True),
        made(1, 9, vp8),
        made(3, 18, vp8, marker=True),
        made(4, 27, vp8, marker=True),
    ]
    found = [(one.timestamp, one.after_loss) for one in frames(packets, {96: "video/VP8"})]
    assert found == [(0, False), (18, True), (27, False)]


def test_padding_is_no_loss() -> None:
    vp8 = b"\x10\x00\x00"
    packets = [made(0, 0, vp8, begins=True, marker=True), made(1, 0, b""), made(2, 9, vp8, marker=True)]
    found = [(one.timestamp, one.after_loss) for one in frames(packets, {96: "video/VP8"})]
    assert found == [(0, False), (9, False)]


@given(st.floats(-3e8, 3e8), st.integers(0, 2**32 - 1), st.floats(-2e-4, 2e-4))
def test_the_clock_of_a_publisher_may_be_any_and_drift(shift: float, base: int, drift: float) -> None:
    """An hour of sound on a clock that goes wrong: everything is dated as it came, within the way here."""
    rate, origin = 48_000, 1_700_000_000.0
    records: list[Packet | ClockReport] = []
    for second in range(0, 3600, 5):
        theirs = second * (1 + drift)
        timestamp = (base + round(theirs * rate)) % 2**32
        arrival = round((origin + second + 0.03 + second % 3 * 0.01) * 1e6)
        records.append(ClockReport(arrival, timestamp, origin + shift + theirs))
        records.append(made(second + 1, timestamp, arrival_us=arrival, begins=second == 0))
    streams = survey(records, rate)
    publisher = PublisherClock(streams[0].reports)
    clock = TrackClock(streams, publisher, rate)
    for second in range(0, 3600, 5):
        time = clock.time(0, (base + round(second * (1 + drift) * rate)) % 2**32)
        assert time is not None
        assert abs(time - (origin + second + 0.03)) < 0.02


def test_a_stream_without_reports_is_dated_by_its_quickest_packet() -> None:
    packets = [
        made(n, n * 960, begins=n == 0, arrival_us=10_000_000 + n * 20_000 + (0 if n == 7 else 30_000))
        for n in range(20)
    ]
    clock = TrackClock(survey(packets, 48_000), PublisherClock([]), 48_000)
    assert clock.time(0, 10 * 960) == pytest.approx(10.2)
    assert clock.time(1, 0) is None


def test_a_report_that_lies_is_not_believed() -> None:
    publisher = PublisherClock([Report(0, 100.0, 1000.0), Report(48_000, 5000.0, 1001.0)])
    records: list[Packet | ClockReport] = [
        ClockReport(1_000_000_000, 0, 100.0),
        made(1, 0, begins=True, arrival_us=1_000_000_000),
        ClockReport(1_001_000_000, 48_000, 5000.0),
        made(2, 48_000, arrival_us=1_001_000_000),
    ]
    clock = TrackClock(survey(records, 48_000), publisher, 48_000)
    assert clock.time(0, 0) == pytest.approx(1000)
    assert clock.time(0, 48_000) == pytest.approx(1001, abs=0.1)
