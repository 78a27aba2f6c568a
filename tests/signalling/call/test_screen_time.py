"""How long children look at screens: counted by what was delivered, warned of, stopped, and gone on with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from livekit.protocol import models

from mediaserver.participant import ParticipantKind
from signalling.call.errors import CallError
from signalling.call.screen_time import ScreenTime
from signalling.call.settings import ScreenLimit
from signalling.call.time_limit import TimePhase
from tests.mediaserver import made_statistics
from tests.signalling.call.call_fakes import CallWorld, hears
from tests.signalling.rtc.rtc_fakes import Client

SHARE = {"source": models.SCREEN_SHARE}
LIMITS = {
    "board": ScreenLimit(at_a_time_minutes=7, a_day_minutes=20),
    "film": ScreenLimit(at_a_time_minutes=5),
}


def look(screens: ScreenTime, seconds: float, *kinds: str) -> list[tuple[str, TimePhase]]:
    """One after another, in steps of a second."""
    found = []
    for _ in range(round(seconds)):
        found += list(screens.count(kinds, 1.0, 0.0))
    return found


def test_a_film_until_it_stops_and_after_a_break() -> None:
    screens = ScreenTime(LIMITS, {}, 60)
    assert look(screens, 4 * 60, "film") == [("film", TimePhase.WARNING)]
    assert look(screens, 61, "film") == [("film", TimePhase.OVER)]
    assert look(screens, 60, "film") == [("film", TimePhase.STOPPED)] and screens.stopped == ["film"]
    assert look(screens, 5 * 60) == [("film", TimePhase.RUNNING)]
    assert look(screens, 4 * 60, "film") == [("film", TimePhase.WARNING)]
    assert screens.take() == {"film": 4 * 60 + 61 + 60 + 4 * 60} and screens.take() == {}


def test_a_day_has_an_end_whatever_the_breaks() -> None:
    screens = ScreenTime(LIMITS, {"board": 15 * 60.0}, 60)
    assert look(screens, 4 * 60, "board") == [("board", TimePhase.WARNING)]
    assert look(screens, 120, "board")[-1] == ("board", TimePhase.STOPPED)
    assert look(screens, 10 * 60) == [] and screens.is_stopped("board")
    screens.kinds["board"].extend(180)
    assert screens.kinds["board"].phase is TimePhase.RUNNING
    assert look(screens, 120, "board") == [("board", TimePhase.WARNING)]
    assert look(screens, 120, "board")[-1] == ("board", TimePhase.STOPPED)


def test_what_is_not_for_an_age_is_over_at_once() -> None:
    screens = ScreenTime({"film": ScreenLimit(at_a_time_minutes=0, a_day_minutes=0)}, {}, 60)
    assert look(screens, 10) == []
    assert look(screens, 61, "film") == [("film", TimePhase.OVER), ("film", TimePhase.STOPPED)]


class ScreenWorld(CallWorld):
    """Everything that is sent arrives."""

    async def shown(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.statistics = [self._counted()]
            await self.service.sample()
            self.service.tick()
        await self.work()

    def _counted(self) -> Any:
        senders = [
            {"sender": one.sender.id, "bytes": round(self.clock.now)}
            for _, participant in self.call.present()
            for one in participant.subscriber.subscriptions.values()
            if cast(Any, one.sender).target.get("enabled") and cast(Any, one.track.receiver).enabled
        ]
        return made_statistics.worker(senders=senders)


@pytest.fixture
async def lesson() -> AsyncIterator[ScreenWorld]:
    made = ScreenWorld(screen_limits={kind: limit.model_dump() for kind, limit in LIMITS.items()})
    yield made
    await made.close()


def phases(world: CallWorld, host: Client) -> dict[str, str]:
    return {one["kind"]: one["phase"] for one in world.view(host)["screen_time"]}


async def test_a_shared_screen_stops_softly_and_goes_on_with_a_reason(lesson: ScreenWorld) -> None:
    teacher, family = await lesson.come("staff:1:a", "host"), await lesson.come("family:a:x")
    await teacher.publish(source=models.MICROPHONE)
    await lesson.shown(60)
    assert lesson.call.state.screen_time.kinds["board"].today_s == 0, "sound is no screen"
    await teacher.publish("video", **SHARE)
    await lesson.shown(6 * 60 + 2)
    assert phases(lesson, teacher) == {"board": "warning", "film": "running"}
    assert "screen_time" not in lesson.view(family)
    await lesson.shown(60)
    assert phases(lesson, teacher)["board"] == "over" and hears(family, teacher, "video")
    await lesson.shown(60)
    assert phases(lesson, teacher)["board"] == "stopped" and not hears(family, teacher, "video")
    assert hears(family, teacher) and lesson.view(family)["screen_stopped"] == ["board"]
    with pytest.raises(CallError):
        await lesson.command(family, "extend_screen", kind="board", minutes=2, reason="more")
    await lesson.command(teacher, "extend_screen", kind="board", minutes=2, reason="the end of the tale")
    assert hears(family, teacher, "video") and phases(lesson, teacher)["board"] == "running"
    extended = [event for event in lesson.events if event.action == "extend_screen"]
    assert extended[0].details == {"kind": "board", "minutes": 2.0, "reason": "the end of the tale"}
    told = [event.action for event in lesson.events if event.action.startswith("screen_")]
    assert told == ["screen_started", "screen_warning", "screen_over", "screen_stopped"]


async def test_a_film_counts_apart_and_only_when_a_child_sees_it(lesson: ScreenWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    film = await lesson.come("film:1", "cohost", claims={"kind": "ingress"})
    assert film.participant.kind is ParticipantKind.INGRESS
    await film.publish("video", source=models.CAMERA)
    await film.publish("audio", source=models.MICROPHONE)
    await lesson.shown(30)
    assert lesson.call.state.screen_time.kinds["film"].today_s == 0, "the teacher alone"
    family = await lesson.come("family:a:x")
    await lesson.shown(6 * 60 + 5)
    assert phases(lesson, teacher)["film"] == "stopped"
    assert not hears(family, film, "video") and not hears(family, film)
    assert lesson.call.state.screen_time.kinds["board"].today_s == 0
    with pytest.raises(CallError):
        await lesson.command(teacher, "extend_screen", kind="tablet", minutes=2, reason="x")


async def test_the_camera_of_an_event_is_no_film(lesson: ScreenWorld) -> None:
    await lesson.come("staff:1:a", "host")
    camera = await lesson.come("camera:1", "camera", claims={"kind": "ingress"})
    await camera.publish("video", source=models.CAMERA)
    family = await lesson.come("family:a:x")
    await lesson.shown(20 * 60)
    assert lesson.call.state.screen_time.kinds["film"].today_s == 0
    assert hears(family, camera, "video")
