"""Webhooks as the server has them: what the settings want, from the rooms to the receiver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from structlog.testing import capture_logs

from signalling.api_keys import ApiKeys
from signalling.rtc.webhook_events import Hooks
from signalling.webhooks import Webhooks, WebhookSettings
from signalling.webhooks.settings import WITHOUT_CAUSE
from tests.signalling.rtc.rtc_fakes import World
from tests.signalling.webhooks.webhook_fakes import A, FakeSender


class Told:
    """A world whose events go to webhooks."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.world, self.sender = World(), FakeSender()
        self.webhooks = Webhooks(
            WebhookSettings(**{"urls": (A,), **settings}),
            ApiKeys({"school": "s" * 32}),
            folder,
            self.world.clock,
            CollectorRegistry(),
            self.sender,
        )
        attendance = self.world.attendance
        hooks = Hooks(attendance.of, self.world.settings.enabled_codecs)
        attendance.events.subscribe(lambda event: self.webhooks.notify(hooks.of(event, 0.0)))

    async def lesson(self) -> list[str]:
        """Somebody comes, publishes and goes; the server ends. What arrived."""
        await self.webhooks.start()
        anna = await self.world.join("anna")
        anna.media_connects()
        await anna.publish("audio")
        await self.world.attendance.close()
        await self.webhooks.close()
        await self.webhooks.close()
        return self.sender.events()


ALL = [
    "room_started",
    "participant_joined",
    "track_published",
    "track_unpublished",
    "participant_left",
    "room_finished",
]


async def test_a_lesson_is_told_in_its_order(tmp_path: Path) -> None:
    assert await Told(tmp_path).lesson() == ALL


async def test_only_what_is_included(tmp_path: Path) -> None:
    told = Told(tmp_path, include_events=("room_finished", "room_started"), exclude_events=("room_started",))
    assert await told.lesson() == ["room_started", "room_finished"], "includes win, as in LiveKit"


async def test_all_but_what_is_excluded(tmp_path: Path) -> None:
    told = Told(tmp_path, exclude_events=("track_published", "track_unpublished"))
    assert await told.lesson() == [name for name in ALL if not name.startswith("track")]


async def test_without_urls_nothing_is_done(tmp_path: Path) -> None:
    assert await Told(tmp_path, urls=()).lesson() == []
    assert not (tmp_path / "webhooks.sqlite3").exists()


async def test_a_key_that_is_none_of_the_keys_is_told(tmp_path: Path) -> None:
    with capture_logs() as lines:
        assert await Told(tmp_path, api_key="gone").lesson() == ALL
    assert [line["api_key"] for line in lines if line["log_level"] == "warning"] == ["gone"]


@pytest.mark.compatibility(*(f"webhook.{name}" for name in WITHOUT_CAUSE), unimplemented=True)
async def test_events_that_never_happen_are_told_at_start(tmp_path: Path) -> None:
    with capture_logs() as lines:
        assert await Told(tmp_path, include_events=tuple(WITHOUT_CAUSE)).lesson() == []
    assert [line["events"] for line in lines if line["log_level"] == "warning"] == [sorted(WITHOUT_CAUSE)]


@pytest.mark.compatibility(
    "webhook.agent_job_pending", "webhook.agent_job_started", "webhook.agent_job_ended", unimplemented=True
)
@pytest.mark.parametrize("name", ["agent_job_pending", "agent_job_started", "agent_job_ended"])
def test_events_of_agents_cannot_be_asked_for(name: str) -> None:
    with pytest.raises(ValidationError, match="include_events"):
        WebhookSettings(include_events=(name,))


@pytest.mark.parametrize(
    "wrong",
    [
        {"urls": ["ftp://school.example"]},
        {"urls": ["https://"]},
        {"urls": ["school.example"]},
        {"include_events": ["room_begun"]},
        {"exclude_events": ["room_begun"]},
        {"max_queued": 0},
        {"timeout_s": 0},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings(**wrong)
