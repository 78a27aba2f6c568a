"""What the benchmark sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fanout.encoded import OVERHEAD_BYTES, frame_sizes, split
from benchmarks.fanout.shape import MAX_PACKET_BYTES, SHAPES, Shape


@given(st.integers(1, 200_000), st.integers(200, 1400))
def test_packets_of_a_frame_are_as_few_as_fit_and_nearly_equal(size: int, most: int) -> None:
    sizes = split(size, most)
    assert max(sizes) <= most
    assert len(sizes) == -(-size // (most - OVERHEAD_BYTES))
    assert max(sizes) - min(sizes) <= 1
    if size >= 200:
        assert sum(sizes) == size + len(sizes) * OVERHEAD_BYTES


def test_an_encoders_sizes_differ() -> None:
    frames = frame_sizes(MAX_PACKET_BYTES)
    counts = [len(frame) for frame in frames[1:]]
    assert len(set(counts)) > 3 and len(frames[0]) > max(counts)  # the first is the keyframe
    bits_per_second = sum(map(sum, frames)) * 8 / len(frames) * 25
    assert bits_per_second == pytest.approx(1_250_000, rel=0.3)


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_full_traffic(name: str) -> None:
    shape = Shape.named(name, 10)
    assert shape.media.packet_bytes <= MAX_PACKET_BYTES
    assert set(shape.traffic()) == {"frames_per_second", "burst", "packet_bytes", "clock_rate", "frames"}
    assert SHAPES[name].sizes and set(SHAPES[name].quick) <= {10, 20, *SHAPES[name].sizes}


def test_an_unknown_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match="no shape"):
        Shape.named("circle", 1)


@pytest.mark.parametrize(
    ("name", "size", "publishers", "receivers", "copies", "tracks", "subscriptions"),
    [
        ("video", 200, 1, 200, 200, 1, 200),
        ("growth", 1000, 1, 1000, 1000, 1, 1000),
        ("meeting", 8, 8, 8, 7, 7, 56),
        ("audio", 50, 50, 50, 49, 49, 2450),
        ("rooms", 100, 100, 300, 3, 1, 300),
    ],
)
def test_who_gets_what(
    name: str, size: int, publishers: int, receivers: int, copies: int, tracks: int, subscriptions: int
) -> None:
    shape = Shape.named(name, size)
    found = (shape.publishers, shape.receivers, shape.copies, shape.tracks, shape.subscriptions)
    assert found == (publishers, receivers, copies, tracks, subscriptions)
    assert shape.publishers * shape.copies == shape.subscriptions, "what is sent is what is received"


def test_a_meeting_sends_as_in_video_and_its_bursts_are_those_of_all() -> None:
    assert Shape.named("meeting", 8).traffic() == Shape.named("video", 8).traffic()
    assert Shape.named("meeting", 8).bursts_per_second == 8 * 25
    assert Shape.named("rooms", 100).bursts_per_second == 100 * 25
