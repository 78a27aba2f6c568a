"""The format of renditions: what is written is read again, and nothing else is read."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.renditions import vp8
from signalling.library.renditions.format import (
    HEADER,
    MOST_PAYLOAD,
    Chunk,
    Flag,
    Header,
    Kind,
    Packet,
    RenditionError,
    read_chunk,
    read_header,
)
from signalling.library.renditions.writer import RenditionWriter

VIDEO = Header(Kind.VP8, 1, 90_000, 90_000, width=640, height=360)
SOUND = Header(Kind.OPUS, 0, 48_000, 48_000, channels=2)


def picture(size: int, key: bool) -> bytes:
    return bytes([0 if key else 1]) + bytes(size - 1)


@st.composite
def video_chunks(draw: st.DrawFn) -> Chunk:
    start = draw(st.integers(0, 1 << 40))
    sizes = draw(st.lists(st.integers(1, 5000), min_size=1, max_size=30))
    packets = []
    for number, size in enumerate(sizes):
        packets += vp8.packets(picture(size, number == 0), time=start + number * 3000, picture_id=number)
    return Chunk(draw(st.integers(0, 1 << 31)), start, len(sizes) * 3000, tuple(packets))


@st.composite
def sound_chunks(draw: st.DrawFn) -> Chunk:
    start = draw(st.integers(0, 1 << 40))
    payloads = draw(st.lists(st.binary(min_size=1, max_size=MOST_PAYLOAD), min_size=1, max_size=50))
    packets = tuple(Packet(start + n * 960, one, Flag.BEGINS) for n, one in enumerate(payloads))
    return Chunk(draw(st.integers(0, 1 << 31)), start, len(payloads) * 960, packets)


@given(video_chunks())
def test_video_comes_back(chunk: Chunk) -> None:
    assert read_chunk(chunk.pack(), VIDEO) == chunk


@given(sound_chunks())
def test_sound_comes_back(chunk: Chunk) -> None:
    assert read_chunk(chunk.pack(), SOUND) == chunk


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (lambda: read_header(data), lambda: read_chunk(data, VIDEO)):
        with pytest.raises(RenditionError):
            read()


@given(video_chunks(), st.data())
def test_a_changed_index_is_refused_or_is_another_valid_one(chunk: Chunk, data: st.DataObject) -> None:
    packed = bytearray(chunk.pack())
    where = data.draw(st.integers(0, len(packed) - 1))
    packed[where] ^= data.draw(st.integers(1, 255))
    try:
        read = read_chunk(bytes(packed), VIDEO)
    except RenditionError:
        return
    assert read.pack() == packed  # one meaning for one sequence of bytes


@given(video_chunks(), st.data())
def test_a_cut_or_longer_chunk_is_refused(chunk: Chunk, data: st.DataObject) -> None:
    packed = chunk.pack()
    with pytest.raises(RenditionError):
        read_chunk(packed[: data.draw(st.integers(0, len(packed) - 1))], VIDEO)
    with pytest.raises(RenditionError):
        read_chunk(packed + b"\0", VIDEO)


def test_the_header_comes_back() -> None:
    for header in (VIDEO, SOUND):
        assert read_header(header.pack()) == header


@pytest.mark.parametrize(("where", "value"), [(0, 0), (4, 2), (5, 9), (HEADER.size - 1, 1)])
def test_another_version_or_kind_is_refused(where: int, value: int) -> None:
    data = bytearray(VIDEO.pack())
    data[where] = value
    with pytest.raises(RenditionError):
        read_header(bytes(data))


@pytest.mark.parametrize("size", [1, 1175, 1176, 1177, 2352, 2353, 40_000])
@pytest.mark.parametrize("key", [True, False])
def test_pictures_become_payloads_of_equal_size(size: int, key: bool) -> None:
    data = picture(size, key)
    packets = vp8.packets(data, time=0, picture_id=0x9234)
    assert b"".join(one.payload[4:] for one in packets) == data
    assert len({len(one.payload) for one in packets[:-1]}) <= 1
    assert all(len(one.payload) <= MOST_PAYLOAD for one in packets)
    assert len(packets[-1].payload) <= len(packets[0].payload)
    assert [bool(one.flags & Flag.MARKER) for one in packets] == [False] * (len(packets) - 1) + [True]
    assert [one.payload[0] for one in packets] == [0x90] + [0x80] * (len(packets) - 1)
    assert all(one.payload[1:4] == bytes([0x80, 0x92, 0x34]) for one in packets)
    assert all(bool(one.flags & Flag.KEYFRAME) is key for one in packets)


def test_chunks_are_where_the_writer_says_with_their_digests(tmp_path: Path) -> None:
    path = tmp_path / "video-1.prtp"
    with RenditionWriter(path, VIDEO) as writer:
        for number in range(3):
            writer.add(vp8.packets(picture(3000, True), time=number * 3000, picture_id=number), 3000)
        assert not path.exists()
    data = path.read_bytes()
    assert sha256(data).hexdigest() == writer.sha256 and len(data) == writer.size
    assert read_header(data[: HEADER.size]) == VIDEO
    end = HEADER.size
    for number, entry in enumerate(writer.entries):
        assert entry.offset == end
        end = entry.offset + entry.length
        assert sha256(data[entry.offset : end]).hexdigest() == entry.sha256
        chunk = read_chunk(data[entry.offset : end], VIDEO)
        assert (chunk.number, chunk.start, chunk.duration) == (number, entry.start, entry.duration)
    assert end == len(data)


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), RenditionWriter(tmp_path / "x", VIDEO):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
