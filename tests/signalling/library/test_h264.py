"""H.264 as RTP payloads: what is cut comes together again, and films arrive as their pictures."""

import json
from pathlib import Path

import av
import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.broadcast import SealedFilm
from signalling.library.renditions import h264
from signalling.library.renditions.film import encode_film
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
from signalling.library.sealing.manifest import SealBroken, manifest_of

from .clips import moving, real_film, tone, write_film

VIDEO = Header(Kind.H264, 0, 90_000, 90_000, width=640, height=360)
#: Bytes of a unit after its header, as emulation prevention leaves them: never 00 00 0x, and no zero at the end.
bodies = st.binary(min_size=1, max_size=5000).map(lambda data: data.replace(b"\0", b"\3") + b"\x80")
units = st.tuples(st.sampled_from([0x41, 0x61, 0x65, 0x67, 0x68]), bodies).map(
    lambda unit: bytes([unit[0]]) + (unit[1][-900:] if unit[0] & 0x1F in (7, 8) else unit[1])
)


def stream(parts: list[bytes], code: bytes = b"\0\0\0\1") -> bytes:
    return b"".join(code + part for part in parts)


def together(packets: list[Packet]) -> list[bytes]:
    """What a receiver makes of payloads (RFC 6184)."""
    found: list[bytes] = []
    for packet in packets:
        payload = packet.payload
        kind = payload[0] & 0x1F
        if kind == h264.STAP_A:
            at = 1
            while at < len(payload):
                size = int.from_bytes(payload[at : at + 2], "big")
                found.append(payload[at + 2 : at + 2 + size])
                at += 2 + size
        elif kind == h264.FU_A:
            if payload[1] & 0x80:
                found.append(bytes([payload[0] & 0x60 | payload[1] & 0x1F]))
            found[-1] += payload[2:]
        else:
            found.append(payload)
    return found


@given(st.lists(units, min_size=1, max_size=8), st.sampled_from([b"\0\0\1", b"\0\0\0\1"]))
def test_units_of_a_stream_come_back(parts: list[bytes], code: bytes) -> None:
    assert h264.units(stream(parts, code)) == parts


@given(st.lists(units, min_size=1, max_size=6).filter(lambda found: sum(map(len, found)) < 20_000))
def test_pictures_come_back_from_their_payloads(parts: list[bytes]) -> None:
    sets = [unit for unit in parts if h264.unit_type(unit) in (h264.SPS, h264.PPS)]
    if sum(map(len, sets)) + 2 * len(sets) > MOST_PAYLOAD - 1:
        return
    packets = h264.packets(parts, time=7)
    assert together(packets) == sets + [unit for unit in parts if unit not in sets]
    assert all(0 < len(one.payload) <= MOST_PAYLOAD and one.time == 7 for one in packets)
    assert [Flag.BEGINS in one.flags for one in packets] == [True] + [False] * (len(packets) - 1)
    assert [Flag.MARKER in one.flags for one in packets] == [False] * (len(packets) - 1) + [True]
    assert {Flag.KEYFRAME in one.flags for one in packets} == {h264.is_keyframe(parts)}
    chunk = Chunk(0, 7, 3000, tuple(packets))
    if h264.is_keyframe(parts):
        assert read_chunk(chunk.pack(), VIDEO) == chunk
    else:
        with pytest.raises(RenditionError):
            read_chunk(chunk.pack(), VIDEO)


@given(st.binary(max_size=2000))
def test_any_bytes_are_units_or_nothing(data: bytes) -> None:
    assert all(unit and b"\0\0\1" not in unit for unit in h264.units(data))


@pytest.mark.parametrize("size", [1, MOST_PAYLOAD, MOST_PAYLOAD + 1, 2 * MOST_PAYLOAD, 40_000])
def test_pieces_of_a_slice_have_equal_sizes(size: int) -> None:
    packets = h264.packets([bytes([0x65]) + b"\3" * (size - 1)], time=0)
    sizes = [len(one.payload) for one in packets]
    assert len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0]
    assert together(packets) == [bytes([0x65]) + b"\3" * (size - 1)]


def test_messages_and_delimiters_are_left_out() -> None:
    parts = [b"\x09\xf0", b"\x06\x05\x80", b"\x67abc", b"\x68d", b"\x65picture"]
    assert h264.units(stream(parts)) == parts[2:]


def encoded(source: Path, folder: Path, rate: int = 25) -> dict[str, dict]:
    folder.mkdir()
    encode_film(source, folder, rate=rate, gain=1.0, tell=lambda done: None, h264=True, hls=True)
    return {one["file"]: one for one in json.loads((folder / "renditions.json").read_bytes())["renditions"]}


def chunks(folder: Path, entry: dict) -> list[Chunk]:
    data = (folder / entry["file"]).read_bytes()
    header = read_header(data[: HEADER.size])
    assert header.kind is Kind.H264
    return [
        read_chunk(data[one["offset"] : one["offset"] + one["length"]], header) for one in entry["chunks"]
    ]


def test_a_real_film_comes_back_from_its_payloads(tmp_path: Path) -> None:
    source = real_film("bikes")
    made = encoded(source, tmp_path / "r")
    found = chunks(tmp_path / "r", made["h264-1.prtp"])
    decoder = av.CodecContext.create("h264", "r")
    shown = []
    for chunk in found:
        for time in sorted({packet.time for packet in chunk.packets}):
            picture = stream(together([one for one in chunk.packets if one.time == time]))
            shown += decoder.decode(av.Packet(picture))
    shown += decoder.decode(None)
    assert decoder.profile == "Constrained Baseline"
    with av.open(str(source)) as container:
        originals = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(shown) == len(originals) == 250
    psnr = [cv2.PSNR(a.to_ndarray(format="rgb24"), b) for a, b in zip(shown, originals, strict=True)]
    assert min(psnr) > 28


def test_layers_of_both_codecs_and_the_sound_have_the_same_seconds(tmp_path: Path) -> None:
    """A decoder may begin at any chunk; sound that is shorter than the picture ends in silence."""
    source = write_film(tmp_path / "f.mp4", 3.2, lambda time: moving(time, 640, 480), tone(1.4))
    made = encoded(source, tmp_path / "r")
    assert set(made) == {
        *(
            f"{kind}-{layer}.{end}"
            for layer in range(3)
            for kind, end in (("video", "prtp"), ("h264", "prtp"))
        ),
        *(f"hls-video-{layer}.mp4" for layer in range(3)),
        "sound.prtp",
        "hls-sound.mp4",
    }
    for name, entry in made.items():
        starts = [one["start"] / entry["clock"] for one in entry["chunks"]]
        assert starts == pytest.approx([0, 1, 2, 3], abs=0.022), name
    for layer in range(3):
        for number, chunk in enumerate(chunks(tmp_path / "r", made[f"h264-{layer}.prtp"])):
            first = chunk.packets[0].payload
            assert first[0] & 0x1F == h264.STAP_A and {first[3] & 0x1F} == {h264.SPS}
            assert chunk.start == number * 90_000


def test_a_film_whose_sound_is_longer_keeps_its_last_picture(tmp_path: Path) -> None:
    made = encoded(write_film(tmp_path / "f.mkv", 1, sound=tone(3.5)), tmp_path / "r")
    for entry in made.values():
        end = entry["chunks"][-1]
        assert (end["start"] + end["duration"]) / entry["clock"] == pytest.approx(3.5, abs=0.08)


def test_who_broadcasts_gets_it_beside_vp8(tmp_path: Path) -> None:
    source = write_film(tmp_path / "f.mp4", 1.2, sound=tone(1.2))
    encoded(source, tmp_path / "r")
    film = SealedFilm(manifest_of("c", {}, source, tmp_path / "r"), tmp_path / "r")
    layers = [one.kind for one in film.headers].count(Kind.VP8)
    assert [one.kind for one in film.headers] == [*[Kind.VP8] * layers, Kind.OPUS, *[Kind.H264] * layers]
    assert film.seconds == 2
    path = tmp_path / "r" / "h264-0.prtp"
    data = bytearray(path.read_bytes())
    data[200] ^= 4
    path.write_bytes(data)
    film.second(0)
    for read in (lambda: film.second(0, backups=True), film.check):
        with pytest.raises(SealBroken, match=r"h264-0\.prtp"):
            read()
