"""Films in a call: who may show them, where everybody is told that they are, and when they stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mediaserver.participant import RemovalReason
from mediaserver.room import Room
from mediaserver.rules import Gate
from mediaserver.track import Track
from signalling.call.errors import CallError
from signalling.call.settings import ScreenLimit
from signalling.library.subtitles.cues import Cue
from tests.mediaserver.film_fakes import FakeEngine, settle
from tests.signalling.broadcast.broadcast_fakes import BASIC, SECONDS, FakeFilms, broadcasts_of
from tests.signalling.call.call_fakes import CallWorld, packets
from tests.signalling.rtc.rtc_fakes import Client

READS = 4
"""Seconds that a film reads one after the other, at most."""


class Cinema(CallWorld):
    """A call in which films can be shown."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self.engine, self.films = FakeEngine(), FakeFilms(folder)
        self.films.add(seconds=60)
        self.broadcasts = broadcasts_of(
            self.films,
            self.engine,
            self.attendance,
            self.clock,
            self.metrics,
            self.registry,
            {"lesson": BASIC},
        )
        self.service.projector = self.broadcasts

    async def command(self, client: Client | str, kind: str, **fields: Any) -> None:
        await super().command(client, kind, **fields)
        await self.read()

    async def read(self) -> None:
        for _ in range(READS):
            await settle()
            await self.broadcasts.settle()
        self.service.tick()

    async def watch(self, seconds: int) -> None:
        """The film goes on, if it does."""
        for _ in range(seconds):
            await self.wait(1)
            self.engine.plane.pass_second()
            await self.read()

    def film(self, client: Client) -> dict[str, Any]:
        film: dict[str, Any] = self.view(client)["film"]
        return film

    def position_s(self, client: Client) -> float:
        """As the client shows it."""
        film = self.film(client)
        moved: float = self.clock.time() - film["at"] if film["moving"] else 0.0
        return round(float(film["position_s"]) + moved, 1)

    async def close(self) -> None:
        await self.broadcasts.close()
        await super().close()


@pytest.fixture
async def cinema(tmp_path: Path) -> AsyncIterator[Cinema]:
    made = Cinema(tmp_path)
    yield made
    await made.close()


async def code_of(cinema: Cinema, client: Client, kind: str, **fields: Any) -> str:
    with pytest.raises(CallError) as refused:
        await cinema.command(client, kind, **fields)
    return refused.value.code


async def test_everybody_sees_the_same_position(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    family = await cinema.come("family:1:a")
    assert cinema.view(family)["film"] is None
    await cinema.command(teacher, "film_play", content="c1")
    film = cinema.film(family)
    assert (
        film | {"title": "Hedgehog", "verified": True, "age_mark": 0, "playing": True, "volume": 1.0} == film
    )
    assert film["identity"] in cinema.attendance.rooms.get("lesson").participants  # type: ignore[union-attr]
    assert len(family.participant.subscriber.subscriptions) == 2
    await cinema.watch(3)
    told = packets(family, "polyana.call")[-1]["film"]
    assert told == cinema.film(teacher) == cinema.film(family)
    assert cinema.position_s(family) == 3
    late = await cinema.come("family:2:a")
    assert cinema.position_s(late) == 3 and len(late.participant.subscriber.subscriptions) == 2
    assert [one["person"] for one in cinema.view(teacher)["people"]] == ["staff:1", "family:1", "family:2"]


async def test_subtitles_of_the_film_that_is_shown(cinema: Cinema) -> None:
    cinema.films.add("c2", subtitles=["ru", "en"])
    teacher = await cinema.come("staff:1:a", "host")
    screening = cinema.service.calls["lesson"].screening
    with pytest.raises(CallError, match="No film"):
        await screening.subtitles("ru")
    await cinema.command(teacher, "film_play", content="c1")
    assert cinema.film(teacher)["subtitles"] == [] and await screening.subtitles("ru") == []
    await cinema.command(teacher, "film_play", content="c2")
    assert packets(teacher, "polyana.call")[-1]["film"]["subtitles"] == ["ru", "en"]
    found = await asyncio.gather(*(screening.subtitles("en") for _ in range(5)))
    assert found[0][3] == Cue(3000, 3900, "en 3") and all(one is found[0] for one in found)
    assert await screening.subtitles("../ru") == []


async def test_subtitles_that_were_changed_stop_the_film(cinema: Cinema) -> None:
    cinema.films.add("c2", subtitles=["ru"])
    teacher = await cinema.come("staff:1:a", "host")
    await cinema.command(teacher, "film_play", content="c2")
    path = cinema.films.folder / "c2" / "subtitles-ru.vtt"
    path.write_text(path.read_text().replace("ru 3", "ru 4"))
    assert await cinema.service.calls["lesson"].screening.subtitles("ru") == []
    await cinema.read()
    assert cinema.view(teacher)["film"] is None
    assert cinema.view(teacher)["film_end"] == {"title": "Hedgehog", "reason": "seal_broken"}
    assert [content for content, _ in cinema.films.broken] == ["c2"]


async def test_what_hosts_do(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    family = await cinema.come("family:1:a")
    await cinema.command(teacher, "film_play", content="c1", position_s=20.4)
    assert cinema.position_s(family) == 20
    await cinema.watch(2)
    await cinema.command(teacher, "film_pause")
    await cinema.watch(5)
    assert cinema.position_s(family) == 22 and not cinema.film(family)["playing"]
    await cinema.command(teacher, "film_seek", position_s=40)
    assert cinema.position_s(family) == 40 and not cinema.film(family)["moving"]
    await cinema.command(teacher, "film_play")
    await cinema.watch(1)
    assert cinema.position_s(family) == 41
    await cinema.command(teacher, "film_volume", volume=0.4)
    assert cinema.film(family)["volume"] == 0.4
    await cinema.command(teacher, "film_stop")
    assert cinema.view(family)["film"] is None and cinema.view(family)["film_end"] is None
    assert not family.participant.subscriber.subscriptions
    assert [e.action for e in cinema.events if e.action.startswith("film")] == [
        *("film_play", "film_pause", "film_seek", "film_play", "film_volume", "film_stop")
    ]


async def test_nobody_else_does(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    family = await cinema.come("family:1:a")
    assert await code_of(cinema, family, "film_play", content="c1") == "FORBIDDEN"
    await cinema.command(teacher, "film_play", content="c1")
    for kind, fields in (("film_pause", {}), ("film_seek", {"position_s": 1}), ("film_stop", {})):
        assert await code_of(cinema, family, kind, **fields) == "FORBIDDEN"
    assert cinema.film(family)["playing"]


async def test_refusals_say_why_and_leave_what_is_shown(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    for kind, fields in (
        ("film_play", {}),
        ("film_pause", {}),
        ("film_seek", {"position_s": 1}),
        ("film_stop", {}),
    ):
        assert await code_of(cinema, teacher, kind, **fields) == "NO_FILM"
    await cinema.command(teacher, "film_play", content="c1")
    for code in ("not_verified", "expired", "withdrawn", "wrong_programme", "not_ready"):
        cinema.films.add("c2", seconds=1)
        cinema.films.refusals["c2"] = code  # type: ignore[assignment]
        assert await code_of(cinema, teacher, "film_play", content="c2") == f"FILM_{code.upper()}"
    assert await code_of(cinema, teacher, "film_play", content="c3") == "FILM_UNKNOWN"
    assert cinema.film(teacher)["content"] == "c1"
    assert len(cinema.attendance.rooms.get("lesson").participants) == 2  # type: ignore[union-attr]


async def test_another_film_takes_the_place(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    cinema.films.add("c2", title="Wolf", seconds=10)
    await cinema.command(teacher, "film_play", content="c1")
    first = cinema.film(teacher)["identity"]
    await cinema.command(teacher, "film_play", content="c2")
    film = cinema.film(teacher)
    assert film["title"] == "Wolf" and film["identity"] != first
    assert cinema.attendance.rooms.get("lesson").participants.keys() == {  # type: ignore[union-attr]
        "staff:1:a",
        film["identity"],
    }


async def test_panic_and_an_absent_host_pause_it_and_it_goes_on_by_itself(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    family = await cinema.come("family:1:a")
    await cinema.command(teacher, "film_play", content="c1")
    (film,) = cinema.call.screening.participants()
    (picture, _) = film.publisher.tracks.values()
    await cinema.watch(2)
    await cinema.command(teacher, "panic")
    assert cinema.film(family)["reasons"] == ["panic"] and not cinema.film(family)["moving"]
    assert cinema.film(family)["playing"] and film.room.policy.gate(picture) is Gate.FROZEN
    await cinema.watch(3)
    await cinema.command(teacher, "calm")
    assert cinema.film(family)["moving"] and cinema.position_s(family) == 2
    assert film.room.policy.gate(picture) is Gate.OPEN

    teacher.session.remove(RemovalReason.CLIENT_INITIATED)
    await cinema.watch(11)
    assert cinema.film(family)["reasons"] == ["unattended"] and not cinema.film(family)["moving"]
    await cinema.come("staff:1:a", "host")
    await cinema.read()
    assert cinema.film(family)["moving"] and cinema.film(family)["reasons"] == []


async def test_a_host_can_pause_what_stands_already(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    await cinema.command(teacher, "film_play", content="c1")
    await cinema.command(teacher, "panic")
    await cinema.command(teacher, "film_pause")
    await cinema.command(teacher, "calm")
    assert not cinema.film(teacher)["moving"]


async def test_who_waits_sees_nothing_of_it(tmp_path: Path) -> None:
    cinema = Cinema(tmp_path, lobby="all")
    teacher = await cinema.come("staff:1:a", "host")
    family = await cinema.come("family:1:a")
    await cinema.command(teacher, "film_play", content="c1")
    assert "film" not in cinema.view(family) and not family.participant.subscriber.subscriptions
    await cinema.command(teacher, "admit", identity="family:1")
    assert cinema.film(family) and len(family.participant.subscriber.subscriptions) == 2
    await cinema.close()


async def test_it_is_seen_in_all_groups_and_in_webinars(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    family = await cinema.come("family:1:a")
    await cinema.command(teacher, "open_groups", groups=[{"name": "mice", "identities": ["family:1"]}])
    await cinema.command(teacher, "set_mode", mode="webinar")
    await cinema.command(teacher, "set_lock", locked=True)
    await cinema.command(teacher, "film_play", content="c1")
    targets = [one.sender.target for one in family.participant.subscriber.subscriptions.values()]  # type: ignore[attr-defined]
    assert len(targets) == 2 and all(target["enabled"] for target in targets)


async def test_everybody_is_told_why_it_stopped(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    await cinema.command(teacher, "film_play", content="c1")
    cinema.films.withdraw("c1")
    await cinema.read()
    assert cinema.view(teacher)["film"] is None
    assert cinema.view(teacher)["film_end"] == {"title": "Hedgehog", "reason": "withdrawn"}
    assert cinema.events[-1].action == "film_stopped" and cinema.events[-1].details["reason"] == "withdrawn"
    cinema.films.add("c2", seconds=4)
    path = cinema.films.folder / "c2" / "video-1.prtp"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    await cinema.command(teacher, "film_play", content="c2")
    await cinema.watch(2)
    assert cinema.view(teacher)["film_end"] == {"title": "Hedgehog", "reason": "seal_broken"}
    assert [content for content, _ in cinema.films.broken] == ["c2"]


async def test_a_film_for_nobody_ends_with_the_call(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    await cinema.command(teacher, "film_play", content="c1")
    teacher.session.remove(RemovalReason.CLIENT_INITIATED)
    await cinema.wait(21)
    assert not cinema.attendance.rooms.get("lesson").participants  # type: ignore[union-attr]
    assert cinema.call.state.films.film is None


async def test_the_end_of_the_call_ends_the_film(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    await cinema.command(teacher, "film_play", content="c1")
    await cinema.command(teacher, "end")
    await cinema.read()
    assert cinema.attendance.rooms.get("lesson") is None and not cinema.engine.plane.queues


async def test_the_end_can_be_played_again(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    cinema.films.add("c2", seconds=2)
    await cinema.command(teacher, "film_play", content="c2")
    await cinema.watch(SECONDS)
    assert cinema.film(teacher)["ended"] and not cinema.film(teacher)["playing"]
    assert cinema.position_s(teacher) == pytest.approx(2.1, abs=0.05)
    await cinema.command(teacher, "film_play")
    assert cinema.film(teacher)["moving"] and cinema.position_s(teacher) == 0


async def test_pages_are_turned_and_never_move(cinema: Cinema) -> None:
    teacher = await cinema.come("staff:1:a", "host")
    family = await cinema.come("family:1:a")
    cinema.films.add("c2", title="Slides", seconds=12, pages=12)
    await cinema.command(teacher, "film_play", content="c2")
    assert (cinema.film(family)["pages"], cinema.position_s(family)) == (12, 0)
    await cinema.watch(5)
    assert cinema.position_s(family) == 0 and not cinema.film(family)["playing"]
    await cinema.command(teacher, "film_seek", position_s=3)
    assert cinema.position_s(family) == 3 and cinema.engine.plane.queues
    assert await code_of(cinema, teacher, "film_play") == "PAGES_STAND"
    assert not cinema.film(family)["moving"]
    await cinema.command(teacher, "film_play", content="c1")
    assert cinema.film(family)["moving"] and cinema.film(family)["pages"] == 0


async def test_pages_count_as_the_board_and_go_when_it_is_enough(tmp_path: Path) -> None:
    limit = ScreenLimit(at_a_time_minutes=1).model_dump()
    cinema = Cinema(tmp_path, screen_limits={"board": limit, "film": limit}, soft_stop_s=0)
    teacher = await cinema.come("staff:1:a", "host")
    cinema.films.add("c2", title="Slides", seconds=12, pages=12)
    await cinema.command(teacher, "film_play", content="c2")
    times = cinema.call.state.screen_time.kinds
    await pass_seconds(cinema, 5)
    assert times["board"].today_s == 0, "the teacher alone"
    await cinema.come("family:1:a")
    await pass_seconds(cinema, 59)
    picture = picture_of(cinema)
    # Nothing is sent while a page stands: it is looked at all the same.
    assert times["board"].today_s == 59 and room_of(cinema).policy.gate(picture) is Gate.OPEN
    await pass_seconds(cinema, 2)
    assert room_of(cinema).policy.gate(picture) is Gate.FROZEN and cinema.film(teacher)["reasons"] == ["time"]
    assert times["film"].today_s == 0
    await pass_seconds(cinema, 5)
    assert times["board"].today_s == 60, "nobody sees it any more"
    await cinema.command(teacher, "film_play", content="c1")
    picture = picture_of(cinema)
    assert cinema.call.screen_kind(picture) == "film"
    assert room_of(cinema).policy.gate(picture) is Gate.OPEN and cinema.film(teacher)["moving"]
    await cinema.close()


def picture_of(cinema: Cinema) -> Track:
    """Of what is shown."""
    (film,) = cinema.call.screening.participants()
    (found,) = (track for track in film.publisher.tracks.values() if track.kind == "video")
    return found


async def pass_seconds(cinema: Cinema, seconds: int) -> None:
    for _ in range(seconds):
        cinema.clock.advance(1)
        await cinema.service.sample()
    await cinema.read()


def room_of(cinema: Cinema) -> Room:
    room = cinema.attendance.rooms.get("lesson")
    assert room is not None
    return room
