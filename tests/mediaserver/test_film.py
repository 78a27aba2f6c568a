"""What of a film the data plane is given and when, and where everybody is told that the film is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from mediaserver.dynacast import PAUSE_DELAY_S
from mediaserver.film import (
    AHEAD,
    FilmConnection,
    FilmPlayer,
    FilmStream,
    film_connection,
    let_in,
    publish,
)
from mediaserver.layers import VideoQuality
from mediaserver.participant import Participant, ParticipantKind, ParticipantState, RemovalReason
from mediaserver.peer_connection import Offerer, PeerConnectionObserver
from mediaserver.room import Room
from mediaserver.track import TrackSource
from tests.mediaserver.film_fakes import H264, OPUS, SECOND_US, VP8, FakeEngine, NumberedFilm, settle
from tests.mediaserver.room_fakes import FakeClock, fake, make_participant, make_room, told

TRANSPORT = 7


class Film:
    """A player, and what it told."""

    def __init__(self, seconds: int = 10) -> None:
        self.engine, self.clock, self.source = FakeEngine(), FakeClock(), NumberedFilm(seconds)
        self.moves = 0
        self.errors: list[Exception] = []
        self.player = FilmPlayer(self.engine.engine, TRANSPORT, self.source, self.clock, self)

    def film_moved(self) -> None:
        self.moves += 1

    def film_failed(self, error: Exception) -> None:
        self.errors.append(error)

    @property
    def queue(self) -> list[int]:
        """Numbers of the chunks that the data plane has."""
        return [start // SECOND_US for start in self.engine.plane.queues.get(TRANSPORT, ())]

    @property
    def backups(self) -> list[int]:
        """Those of them that have every codec."""
        chunks = self.engine.plane.chunks.get(TRANSPORT, {})
        return [number for number in self.queue if chunks[number * SECOND_US] == -number]

    @property
    def position_s(self) -> float:
        return self.player.moment.position_at(self.clock.time()) / 1e6

    async def second(self) -> None:
        self.clock.advance(1)
        self.engine.plane.pass_second()
        await settle()


@pytest.fixture
async def film() -> AsyncIterator[Film]:
    made = Film()
    await settle()
    yield made
    await made.player.close()
    assert not made.engine.players


async def test_a_few_chunks_are_there_before_they_are_due(film: Film) -> None:
    assert film.queue == list(range(AHEAD)) and film.source.asked == film.queue
    assert not film.player.playing and film.position_s == 0
    film.player.play()
    moves = film.moves
    for second in range(1, 6):
        await film.second()
        assert film.queue == list(range(second, second + AHEAD)) and film.position_s == second
    assert film.moves == moves, "it is where everybody expects it"


async def test_a_pause_goes_back_to_the_begin_of_the_second(film: Film) -> None:
    film.player.play()
    await film.second()
    film.clock.advance(0.7)
    assert film.position_s == pytest.approx(1.7)
    film.player.pause()
    film.clock.advance(60)
    assert film.position_s == 1 and TRANSPORT not in film.engine.plane.playing
    film.player.play()
    film.clock.advance(0.5)
    assert film.position_s == pytest.approx(1.5)


async def test_a_chunk_that_had_ended_when_the_film_was_paused_counts(film: Film) -> None:
    film.player.play()
    handler = film.engine.players[TRANSPORT]
    film.engine.plane.queues[TRANSPORT].popleft()
    film.player.pause()
    handler(0)  # told late
    await settle()
    assert film.position_s == 1 and film.queue == [1, 2, 3]


@pytest.mark.parametrize(("to", "number"), [(4.2, 4), (0, 0), (-1, 0), (1e6, 9)])
async def test_a_seek_replaces_what_was_given(film: Film, to: float, number: int) -> None:
    film.player.play()
    await film.second()
    film.player.seek(round(to * SECOND_US))
    assert film.position_s == number
    await settle()
    assert film.queue == list(range(number, min(10, number + AHEAD)))
    film.clock.advance(0.25)
    assert film.position_s == number + 0.25


async def test_what_is_read_when_somebody_seeks_is_thrown_away(film: Film) -> None:
    film.source.held = {3: asyncio.Event()}
    film.player.play()
    await film.second()
    assert film.source.asked[-1] == 3
    film.player.seek(6 * SECOND_US)
    film.source.held[3].set()
    await settle()
    assert film.queue == [6, 7, 8]
    film.engine.players[TRANSPORT](1 * SECOND_US)  # of what was replaced
    assert film.queue == [6, 7, 8] and film.position_s == 6


async def test_a_slow_disk_is_told(film: Film) -> None:
    film.source.held = {3: asyncio.Event()}
    film.player.play()
    for _ in range(3):
        await film.second()
    film.clock.advance(5)
    assert film.position_s == 3 and not film.player.moment.moving and film.player.playing
    film.source.held.pop(3).set()
    await settle()
    film.clock.advance(0.5)
    assert film.position_s == 3.5 and film.player.moment.moving


async def test_the_end_shows_the_last_second_and_play_begins_anew(film: Film) -> None:
    film.player.play()
    for _ in range(10):
        await film.second()
    assert film.player.moment.ended and not film.player.playing
    assert film.position_s == pytest.approx(9.6) and film.queue == [9]
    film.player.play()
    await settle()
    assert film.queue == [0, 1, 2] and film.player.playing and not film.player.moment.ended
    await film.second()
    assert film.position_s == 1


async def test_what_the_source_raises_ends_it_at_once(film: Film) -> None:
    film.source.broken = {4: ValueError("changed")}
    film.player.play()
    await film.second()
    assert not film.errors and film.queue == [1, 2, 3]
    await film.second()
    assert [str(error) for error in film.errors] == ["changed"] and not film.player.playing


async def test_what_waits_is_given_anew_when_somebody_takes_another_codec(film: Film) -> None:
    film.player.play()
    await film.second()
    moves = film.moves
    film.player.need_backups(True)
    await settle()
    assert film.queue == [1, 2, 3] and film.backups == [2, 3], "what plays goes on"
    assert film.source.asked == [0, 1, 2, 3, 2, 3]
    await film.second()
    assert film.queue == film.backups == [2, 3, 4] and film.moves == moves and film.position_s == 2
    film.player.need_backups(False)
    await film.second()
    assert film.queue == [3, 4, 5] and film.backups == [3, 4], "what was given is played"


async def test_a_film_that_stands_is_given_anew_at_once(film: Film) -> None:
    film.player.seek(5 * SECOND_US)
    await settle()
    moves = film.moves
    film.player.need_backups(True)
    await settle()
    assert film.queue == film.backups == [5, 6, 7] and film.moves == moves and film.position_s == 5
    asked = len(film.source.asked)
    film.player.need_backups(True)
    await settle()
    assert len(film.source.asked) == asked, "they are there"


async def test_a_film_that_stops_where_another_codec_is_missing_is_given_anew(film: Film) -> None:
    film.player.play()
    await film.second()
    film.player.need_backups(True)
    await settle()
    film.player.pause()
    await settle()
    assert film.queue == film.backups == [1, 2, 3] and film.position_s == 1


async def test_a_chunk_may_have_begun_before_it_was_given_anew(film: Film) -> None:
    film.player.play()
    handler = film.engine.players[TRANSPORT]
    film.player.need_backups(True)
    film.engine.plane.queues[TRANSPORT].popleft()
    await settle()
    handler(0)  # told late: the second one plays as it was
    await settle()
    assert film.queue == [1, 2, 3] and film.backups == [2, 3]
    film.player.pause()
    await settle()
    assert film.queue == film.backups == [1, 2, 3]
    asked = len(film.source.asked)
    film.player.play()
    film.player.pause()
    await settle()
    assert len(film.source.asked) == asked


async def test_what_is_read_when_somebody_comes_is_read_again_with_the_other_codec(film: Film) -> None:
    film.source.held = {3: asyncio.Event()}
    film.player.play()
    await film.second()
    film.player.need_backups(True)
    film.source.held[3].set()
    await settle()
    assert film.queue == [1, 2, 3] and film.backups == [2, 3]


async def test_others_see_a_participant_with_a_picture_in_layers_and_a_sound() -> None:
    engine, clock, room = FakeEngine(), FakeClock(), make_room()
    viewer = make_participant(room, "viewer")
    streams = (
        FilmStream(VP8, 320, 180, 100_000),
        FilmStream(VP8, 640, 360, 400_000),
        FilmStream(OPUS),
    )
    film = film_of(streams, room, engine, clock)
    assert film.state is ParticipantState.ACTIVE and film.brings_films
    picture, sound = film.publisher.tracks.values()
    assert picture.settings.source is TrackSource.SCREEN_SHARE and picture.mime_type == "video/VP8"
    assert sound.settings.source is TrackSource.SCREEN_SHARE_AUDIO
    assert picture.sync_stream == sound.sync_stream == "film"
    assert [(one.quality, one.width) for one in picture.main.layers] == [
        (VideoQuality.MEDIUM, 320),
        (VideoQuality.HIGH, 640),
    ]
    assert picture.main.simulcast and len(viewer.subscriber.subscriptions) == 2
    ((_, arguments, _),) = [one for one in engine.plane.commands if one[0] == "set_player"]
    assert picture.receiver and sound.receiver
    assert arguments[1] == [
        (picture.receiver.id, 0, 96, 90_000),
        (picture.receiver.id, 1, 96, 90_000),
        (sound.receiver.id, 0, 111, 48_000),
    ]
    await film.close()
    assert not film.publisher_connection.receivers


def film_of(streams: Sequence[FilmStream], room: Room, engine: FakeEngine, clock: FakeClock) -> Participant:
    """The participant that plays them."""

    def connect(offerer: Offerer, observer: PeerConnectionObserver) -> FilmConnection:
        return film_connection(engine.engine, clock, room, {}, offerer, observer)

    film = make_participant(room, "film:1", kind=ParticipantKind.INGRESS, connect=connect)
    publish(film, streams)
    return film


def film_in_both_codecs(room: Room, engine: FakeEngine, clock: FakeClock) -> Participant:
    """A participant whose picture comes in VP8 and H.264, each in two layers."""
    layers = ((320, 180, 100_000), (640, 360, 400_000))
    vp8, h264 = ([FilmStream(codec, *layer) for layer in layers] for codec in (VP8, H264))
    return film_of((*vp8, FilmStream(OPUS), *h264), room, engine, clock)


async def test_a_picture_may_have_one_layer_and_a_sound_no_picture() -> None:
    room = make_room()
    viewer, old = make_participant(room, "viewer"), make_participant(room, "old")
    fake(old.publisher_connection).unsupported.add("video/VP8")
    still = (FilmStream(VP8, 320, 180, 100_000), FilmStream(H264, 320, 180, 90_000))
    film = film_of(still, room, FakeEngine(), FakeClock())
    (picture,) = film.publisher.tracks.values()
    (backup,) = picture.backups
    assert not picture.main.simulcast and not backup.simulcast and backup.rids == ()
    assert old.subscriber.subscriptions[picture.sid].stream is backup
    await film.close()
    room.remove(film, RemovalReason.PARTICIPANT_REMOVED)
    sound = film_of((FilmStream(OPUS),), room, FakeEngine(), FakeClock())
    assert [track.kind for track in sound.publisher.tracks.values()] == ["audio"]
    assert all(len(person.subscriber.subscriptions) == 1 for person in (viewer, old))
    await sound.close()


async def test_who_cannot_decode_the_first_codec_gets_the_other_while_it_is_needed() -> None:
    engine, clock, room = FakeEngine(), FakeClock(), make_room()
    viewer, old = make_participant(room, "viewer"), make_participant(room, "old")
    fake(old.publisher_connection).unsupported.add("video/VP8")
    film = film_in_both_codecs(room, engine, clock)
    picture = next(track for track in film.publisher.tracks.values() if track.kind == "video")
    (backup,) = picture.backups
    assert picture.receiver and backup.receiver and backup.receiver.mid != picture.receiver.mid
    assert backup.layers == picture.main.layers and backup.rids == picture.main.rids and backup.simulcast
    ((_, arguments, _),) = [one for one in engine.plane.commands if one[0] == "set_player"]
    assert [(receiver, encoding) for receiver, encoding, *_ in arguments[1]][3:] == [
        (backup.receiver.id, 0),
        (backup.receiver.id, 1),
    ]

    def lets_in() -> dict[int, bool]:
        commands = [arguments for name, arguments, _ in engine.plane.commands if name == "enable_receiver"]
        return dict(commands)

    assert [p.subscriber.subscriptions[picture.sid].stream for p in (viewer, old)] == [picture.main, backup]
    assert lets_in()[picture.receiver.id] and not lets_in()[backup.receiver.id]
    room.update_dynacast(clock.now)
    ((_, qualities),) = told(film, "subscribed_qualities_changed")
    assert let_in(picture, qualities) and lets_in()[backup.receiver.id]
    film.publisher.mute(picture, True)
    assert not any(lets_in()[stream.receiver.id] for stream in picture.streams if stream.receiver)
    film.publisher.mute(picture, False)
    room.remove(old, RemovalReason.CLIENT_INITIATED)
    for _ in range(2):
        room.update_dynacast(clock.now)
        clock.advance(PAUSE_DELAY_S)
    _, (_, qualities) = told(film, "subscribed_qualities_changed")
    assert not let_in(picture, qualities) and not lets_in()[backup.receiver.id]
    film.publisher.mute(picture, True)
    film.publisher.mute(picture, False)
    assert lets_in()[picture.receiver.id] and not lets_in()[backup.receiver.id]
    await film.close()


async def test_who_decodes_both_codecs_of_a_film_gets_the_one_that_it_prefers() -> None:
    room = make_room()
    phone, other = make_participant(room, "phone"), make_participant(room, "other")
    fake(phone.publisher_connection).preferred = ["video/H264", "video/VP8"]
    film = film_in_both_codecs(room, FakeEngine(), FakeClock())
    picture = next(track for track in film.publisher.tracks.values() if track.kind == "video")
    (backup,) = picture.backups
    assert phone.subscriber.subscriptions[picture.sid].stream is backup
    assert other.subscriber.subscriptions[picture.sid].stream is picture.main
    await film.close()
