"""Films in rooms: by whose rules they are opened, how they are shared, and what stops them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from mediaserver.dynacast import PAUSE_DELAY_S
from mediaserver.film import Moment
from mediaserver.participant import ParticipantKind, RemovalReason
from signalling.broadcast.films import FilmEntry, FilmRefused
from signalling.broadcast.projection import StopReason
from signalling.library.broadcast import SealedFilm, Second
from signalling.library.sealing.manifest import SealBroken
from signalling.rtc.errors import RoomNotFound
from tests.signalling.broadcast.broadcast_fakes import SECONDS
from tests.signalling.broadcast.conftest import Cinema, Seats
from tests.signalling.rtc.rtc_fakes import Client


async def test_a_film_is_a_participant_that_others_receive(cinema: Cinema) -> None:
    viewer = await cinema.viewer()
    shown, seats = await cinema.show()
    participant = viewer.participant.room.participants["film:lesson"]
    assert participant.kind is ParticipantKind.INGRESS and participant.name == "Hedgehog"
    assert len(participant.publisher.tracks) == 2
    for second in range(1, 4):
        await cinema.second()
        assert shown.moment.position_at(cinema.clock.time()) == second * 1_000_000
    shown.stop(StopReason.HOST)
    await cinema.read()
    assert seats.stops == [StopReason.HOST] and not viewer.participant.room.tracks
    assert not cinema.engine.plane.queues and cinema.counted("stops_total", reason="host") == 1


async def test_seconds_are_read_once_for_all_rooms(cinema: Cinema) -> None:
    for number in range(10):
        await cinema.viewer(f"room{number}")
        await cinema.show(room=f"room{number}")
    for _ in range(SECONDS + 2):
        await cinema.second()
    assert cinema.counted("seconds_total", source="disk") == SECONDS + 1
    assert cinema.counted("seconds_total", source="memory") >= 9 * (SECONDS + 1)


async def test_memory_is_bounded(tmp_path: Path) -> None:
    cinema = Cinema(tmp_path, max_bytes=300_000)
    cinema.films.add(seconds=20)
    await cinema.viewer()
    shown, _ = await cinema.show()
    for _ in range(15):
        await cinema.second()
        assert 0 < cinema.counted("cache_bytes") <= 300_000
    shown.seek(0)
    await cinema.read()
    assert shown.moment.moving and cinema.counted("seconds_total", source="disk") > 20
    await cinema.close()


async def test_the_lesson_says_what_may_be_shown(cinema: Cinema) -> None:
    await cinema.viewer()
    await cinema.viewer("parents")
    cinema.lessons["parents"] = ("school", "parents")
    for room, content, code in (
        ("lesson", "nothing", "unknown"),
        ("parents", "c1", "wrong_programme"),
        ("elsewhere", "c1", "no_lesson"),
    ):
        with pytest.raises(FilmRefused) as refused:
            await cinema.broadcasts.show(room, "film:1", content, Seats())
        assert refused.value.code == code
    assert [film.title for film in await cinema.broadcasts.allowed("lesson", "hedge")] == ["Hedgehog"]
    assert await cinema.broadcasts.allowed("lesson", "wolf") == []
    assert await cinema.broadcasts.allowed("parents", "") == []
    assert "film:1" not in {
        p.identity for room in cinema.attendance.rooms for p in room.participants.values()
    }


async def test_a_room_that_is_gone_does_not_come_back_for_a_film(cinema: Cinema) -> None:
    with pytest.raises(RoomNotFound):
        await cinema.show()
    assert cinema.attendance.rooms.get("lesson") is None


async def test_a_withdrawn_film_stops_everywhere(cinema: Cinema) -> None:
    cinema.films.add("c2")
    all_seats = []
    for room, content in (("one", "c1"), ("two", "c1"), ("three", "c2")):
        await cinema.viewer(room)
        all_seats.append((await cinema.show(content, room))[1])
    cinema.films.withdraw("c1")
    assert [seats.stops for seats in all_seats] == [[StopReason.WITHDRAWN]] * 2 + [[]]
    with pytest.raises(FilmRefused, match="withdrawn"):
        await cinema.show(room="one")


async def test_a_broken_seal_stops_the_film_everywhere_and_is_told_once(cinema: Cinema) -> None:
    all_seats = []
    for room in ("one", "two"):
        await cinema.viewer(room)
        all_seats.append((await cinema.show(room=room))[1])
    flip(cinema, random.Random(1), second=5)
    for _ in range(SECONDS):
        await cinema.second()
    assert [seats.stops for seats in all_seats] == [[StopReason.SEAL_BROKEN]] * 2
    await cinema.broadcasts.watch()
    ((content, what),) = cinema.films.broken
    assert content == "c1" and isinstance(what, SealBroken) and what.file
    assert cinema.counted("seals_broken_total") == 1
    with pytest.raises(FilmRefused, match="seal_broken"):
        await cinema.show(room="one")


FILES = ("video-0.prtp", "video-1.prtp", "sound.prtp")


def flip(
    cinema: Cinema, chosen: random.Random, second: int | None = None, files: Sequence[str] = FILES
) -> tuple[Path, bytes]:
    """Another bit in a file of the film; returns the file as it was."""
    path = cinema.films.folder / "c1" / chosen.choice(files)
    whole = path.read_bytes()
    part = len(whole) // (SECONDS + 1)
    where = (
        chosen.randrange(32, len(whole)) if second is None else second * part + chosen.randrange(part // 2)
    )
    path.write_bytes(whole[:where] + bytes([whole[where] ^ 1 << chosen.randrange(8)]) + whole[where + 1 :])
    return path, whole


async def test_a_hundred_flips_while_it_plays_stop_it_a_hundred_times_and_none_never(cinema: Cinema) -> None:
    """Whatever byte it is, also of what was shown already: the next look at the files finds it, half a second later."""
    chosen = random.Random(7)
    await cinema.viewer()
    for clean in (True, False):
        for _ in range(100):
            cinema.films.refusals.clear()
            shown, seats = await cinema.show()
            await cinema.broadcasts.watch()
            for _ in range(chosen.randrange(SECONDS)):
                await cinema.second()
            if not clean:
                path, whole = flip(cinema, chosen)
            await cinema.broadcasts.watch()
            await cinema.second()
            if clean:
                assert not seats.stops
                shown.stop(StopReason.HOST)
            else:
                assert seats.stops == [StopReason.SEAL_BROKEN]
                path.write_bytes(whole)
    assert len(cinema.films.broken) == 100


async def old_viewer(cinema: Cinema) -> Client:
    """Somebody comes who can only decode H.264."""
    old = await cinema.join("old", v1=False)
    refused = next(sender for sender in old.subscriber.senders if sender.source.mime_type == "video/VP8")
    old.subscriber.refuse(refused)
    (track,) = [track for track in old.participant.room.tracks.values() if track.kind == "video"]
    assert old.participant.subscriber.subscriptions[track.sid].stream.mime_type == "video/H264"
    return old


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Seconds that are read from the disk, and whether with H.264."""
    noted: list[tuple[int, bool]] = []
    second = SealedFilm.second

    def read(film: SealedFilm, number: int, *, backups: bool = False) -> Second:
        noted.append((number, backups))
        return second(film, number, backups=backups)

    monkeypatch.setattr(SealedFilm, "second", read)
    return noted


async def test_who_is_there_already_gets_h264_from_the_first_second_on(
    cinema: Cinema, reads: list[tuple[int, bool]]
) -> None:
    cinema.films.add(backup=True)
    old = await cinema.join("old", v1=False)
    old.subscriber.unsupported.add("video/VP8")
    await cinema.show()
    assert reads == [(0, True), (1, True), (2, True)]


async def test_h264_is_read_while_somebody_takes_it(cinema: Cinema, reads: list[tuple[int, bool]]) -> None:
    cinema.films.add(seconds=20, backup=True)
    await cinema.viewer()
    shown, seats = await cinema.show()
    await cinema.second()
    cinema.tick()
    await cinema.read()
    assert reads == [(0, False), (1, False), (2, False), (3, False)]
    old = await old_viewer(cinema)
    cinema.tick()
    await cinema.read()
    assert reads[4:] == [(2, True), (3, True)], "the first plays"
    await cinema.second()
    assert reads[6:] == [(4, True)]
    old.participant.room.remove(old.participant, RemovalReason.CLIENT_INITIATED)
    cinema.tick()
    cinema.clock.advance(PAUSE_DELAY_S)
    cinema.tick()
    for _ in range(2):
        await cinema.second()
    assert reads[7:] == [(5, False), (6, False)]
    shown.pause()
    await old_viewer(cinema)
    cinema.tick()
    await cinema.read()
    assert reads[9:] == [(5, True), (6, True)], "(4, True) is in memory"
    assert shown.moment.position_at(cinema.clock.time()) == 4_000_000 and not seats.stops


@pytest.mark.parametrize("watched", [False, True])
async def test_a_changed_byte_of_h264_stops_the_film(cinema: Cinema, watched: bool) -> None:
    """At once where it is read, else at the next look at the files."""
    cinema.films.add(backup=True)
    await cinema.viewer()
    _, seats = await cinema.show()
    await cinema.broadcasts.watch()
    flip(cinema, random.Random(3), second=3, files=["h264-0.prtp"])
    if watched:
        await old_viewer(cinema)
        cinema.tick()
        for _ in range(2):
            await cinema.second()
    else:
        await cinema.second()
        assert not seats.stops
        await cinema.broadcasts.watch()
    assert seats.stops == [StopReason.SEAL_BROKEN]
    await cinema.read()
    ((_, what),) = cinema.films.broken
    assert what.file == "h264-0.prtp"


async def test_who_follows_all_films_hears_where_they_are(cinema: Cinema) -> None:
    """As HLS does."""
    heard: list[tuple[str, str, int, bool]] = []

    class Follower:
        def film_moved(self, room: str, entry: FilmEntry, film: SealedFilm, moment: Moment) -> None:
            assert film.manifest.renditions and film.folder.is_dir()
            heard.append((room, entry.content, moment.position_us, moment.moving))

        def film_stopped(self, room: str) -> None:
            heard.append((room, "", 0, False))

    cinema.broadcasts.watchers.append(Follower())
    await cinema.viewer()
    shown, _ = await cinema.show()
    for _ in range(2):
        await cinema.second()
    assert heard[-1] == ("lesson", "c1", 0, True), "nothing is told that can be expected"
    shown.pause()
    shown.seek(4.5)
    assert heard[-1] == ("lesson", "c1", 4_000_000, False)
    shown.stop(StopReason.HOST)
    await cinema.read()
    assert heard[-1] == ("lesson", "", 0, False)
