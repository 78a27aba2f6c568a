"""A sealed film as records of the data plane: in order, whole, and not with a changed byte."""

import random
import struct
from pathlib import Path

import pytest

from signalling.library.broadcast import SealedFilm
from signalling.library.renditions import h264, vp8
from signalling.library.renditions.format import Kind
from signalling.library.sealing.manifest import Manifest, SealBroken
from tests.signalling.library.made_film import RATE, make_film

SECONDS = 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def manifest(folder: Path) -> Manifest:
    return make_film(folder, SECONDS)


def parse(records: bytes) -> list[tuple[int, int, int, bytes]]:
    found, at = [], 0
    while at < len(records):
        time, stream, flags, length = struct.unpack_from(">IBBH", records, at)
        at += 8 + length
        found.append((time, stream, flags, records[at - length : at]))
    return found


def test_a_second_has_all_packets_of_all_streams_in_order(manifest: Manifest, folder: Path) -> None:
    film = SealedFilm(manifest, folder)
    assert film.seconds == SECONDS + 1
    assert [(one.kind, one.layer) for one in film.headers] == [(Kind.VP8, 0), (Kind.VP8, 1), (Kind.OPUS, 0)]
    second = film.second(2)
    assert second.media_us == 2_000_000
    found = parse(second.records)
    times = [time for time, *_ in found]
    assert times == sorted(times) and times[0] == 0 and times[-1] == 980_000
    assert sum(stream == 2 for _, stream, *_ in found) == 50
    for stream in (0, 1):
        assert sum(flags for _, number, flags, _ in found if number == stream) == RATE
        first = next(payload for _, number, _, payload in found if number == stream)
        assert vp8.is_keyframe(first[4:])


def test_sound_may_be_longer_than_the_picture(manifest: Manifest, folder: Path) -> None:
    film = SealedFilm(manifest, folder)
    assert {stream for _, stream, *_ in parse(film.second(SECONDS).records)} == {2}
    for number in (-1, SECONDS + 1):
        with pytest.raises(IndexError):
            film.second(number)


def test_records_are_what_the_data_plane_takes(tmp_path: Path) -> None:
    dataplane = pytest.importorskip("mediaserver._dataplane")
    if not hasattr(dataplane, "Chunk"):
        pytest.skip("this data plane plays no films")
    film = SealedFilm(make_film(tmp_path, SECONDS, backup=True), tmp_path)
    for number in range(film.seconds):
        for backups in (False, True):
            dataplane.Chunk(film.second(number, backups=backups).records)


def test_backup_codecs_come_when_they_are_asked_for_in_streams_of_their_own(tmp_path: Path) -> None:
    film = SealedFilm(make_film(tmp_path, SECONDS, backup=True), tmp_path)
    assert [(one.kind, one.layer) for one in film.headers[3:]] == [(Kind.H264, 0), (Kind.H264, 1)]
    plain, whole = film.second(2), film.second(2, backups=True)
    assert plain.media_us == whole.media_us
    found = parse(whole.records)
    assert [packet for packet in found if packet[1] < 3] == parse(plain.records)
    times = [time for time, *_ in found]
    assert times == sorted(times)
    for stream in (3, 4):
        pictures = [(time, payload) for time, number, _, payload in found if number == stream]
        assert pictures[0][1][0] & 0x1F == h264.STAP_A and pictures[0][0] == 0
        assert {time for time, _ in pictures} == {time for time, number, *_ in found if number == stream - 3}
    assert film.second(SECONDS, backups=True) == film.second(SECONDS), "only sound"


def test_a_film_without_backups_is_the_same_with_them(manifest: Manifest, folder: Path) -> None:
    film = SealedFilm(manifest, folder)
    assert film.second(1, backups=True) == film.second(1)


def test_a_hundred_changed_bytes_stop_a_hundred_times(manifest: Manifest, folder: Path) -> None:
    film = SealedFilm(manifest, folder)
    chosen = random.Random(5)
    for _ in range(100):
        rendition = chosen.choice(manifest.renditions)
        number = chosen.randrange(len(rendition.chunks))
        entry = rendition.chunks[number]
        where = entry.offset + chosen.randrange(entry.length)
        path = folder / rendition.file
        whole = path.read_bytes()
        path.write_bytes(
            whole[:where] + bytes([whole[where] ^ 1 << chosen.randrange(8)]) + whole[where + 1 :]
        )
        with pytest.raises(SealBroken) as broken:
            film.second(number)
        assert broken.value.file == rendition.file
        path.write_bytes(whole)
        film.second(number)


def test_chunks_that_change_places_are_found(manifest: Manifest, folder: Path) -> None:
    path = folder / "sound.prtp"
    first, second = manifest.renditions[2].chunks[:2]
    whole = path.read_bytes()
    assert first.length == second.length
    swapped = whole[second.offset : second.offset + second.length] + whole[first.offset : second.offset]
    path.write_bytes(whole[: first.offset] + swapped + whole[second.offset + second.length :])
    with pytest.raises(SealBroken):
        SealedFilm(manifest, folder).second(0)


def test_another_file_in_its_place_is_found(manifest: Manifest, folder: Path) -> None:
    (folder / "video-1.prtp").write_bytes((folder / "video-0.prtp").read_bytes())
    with pytest.raises(SealBroken):
        SealedFilm(manifest, folder)
    (folder / "video-1.prtp").unlink()
    with pytest.raises(SealBroken):
        SealedFilm(manifest, folder)
