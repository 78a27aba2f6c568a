"""What the benchmark sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fanout.encoded import OVERHEAD_BYTES, frame_sizes, split
from benchmarks.fanout.shape import MAX_PACKET_BYTES, NAMES, Shape


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


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_is_full_traffic(name: str) -> None:
    shape = Shape.named(name, 10)
    assert shape.receivers == 10 and shape.packet_bytes <= MAX_PACKET_BYTES
    assert set(shape.traffic()) == {"frames_per_second", "burst", "packet_bytes", "clock_rate", "frames"}


def test_an_unknown_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match="no shape"):
        Shape.named("circle", 1)
