"""The published `lk` command: it manages rooms, joins them, and loads the server. Found on PATH or by LK."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc

from .clips import FPS, write_sound, write_video
from .load import LK, SHAPES
from .sdk import Received, camera, joined
from .server import RunningServer

pytestmark = [
    pytest.mark.interop,
    pytest.mark.alone,
    pytest.mark.timeout(120),
    pytest.mark.skipif(LK is None, reason="no lk on PATH and none named by LK"),
]
STEP_S = 40.0


def command(server: RunningServer, *arguments: str) -> Sequence[str]:
    keys = ("--api-key", "devkey", "--api-secret", "secret")
    return (str(LK), "--url", server.http, *keys, "--yes", *arguments)


async def lk(server: RunningServer, *arguments: str) -> tuple[int, str]:
    """Runs a command to its end; its status and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command(server, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(STEP_S):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def done(server: RunningServer, *arguments: str) -> str:
    status, output = await lk(server, *arguments)
    assert status == 0, output
    return output


def json_in(output: str) -> Any:
    """The JSON that stands after what `lk` says of its configuration."""
    return json.loads(output[output.index("{") :])


@asynccontextmanager
async def running(server: RunningServer, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command that goes on; it is interrupted at the end."""
    process = await asyncio.create_subprocess_exec(
        *command(server, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.compatibility("client.lk_room", "twirp.RoomService.CreateRoom", "twirp.RoomService.ListRooms")
@pytest.mark.compatibility("twirp.RoomService.DeleteRoom", "twirp.RoomService.UpdateRoomMetadata")
async def test_rooms(server: RunningServer) -> None:
    made = json_in(await done(server, "room", "create", "--empty-timeout", "60", "lk-rooms"))
    assert (made["name"], made["emptyTimeout"]) == ("lk-rooms", 60)
    await done(server, "room", "update", "--metadata", "quiet", "lk-rooms")
    (listed,) = json_in(await done(server, "room", "list", "--json", "lk-rooms"))["rooms"]
    assert (listed["sid"], listed["metadata"]) == (made["sid"], "quiet")
    assert made["sid"] in await done(server, "room", "list")
    await done(server, "room", "delete", "lk-rooms")
    status, output = await lk(server, "room", "delete", "lk-rooms")
    assert status != 0 and "does not exist" in output


@pytest.mark.compatibility("client.lk_room", "twirp.RoomService.GetParticipant", "twirp.RoomService.SendData")
@pytest.mark.compatibility("twirp.RoomService.ListParticipants", "twirp.RoomService.UpdateSubscriptions")
@pytest.mark.compatibility("twirp.RoomService.RemoveParticipant", "twirp.RoomService.UpdateParticipant")
async def test_participants(server: RunningServer) -> None:
    async with (
        joined(server, "anna", "lk-people", single=True) as (anna, heard),
        joined(server, "boris", "lk-people", single=True) as (_, seen),
        camera(anna) as source,
    ):
        anna.on("participant_metadata_changed", lambda *_: heard.note("changed"))
        await seen.until(lambda: len(seen.pictures) > 5, "pictures")
        who = ("--room", "lk-people", "--identity", "anna")
        assert {"anna", "boris"} <= set(
            re.findall(r"\w+", await done(server, "room", "participants", "list", "lk-people"))
        )
        assert json_in(await done(server, "room", "participants", "get", *who))["identity"] == "anna"
        await done(server, "room", "participants", "update", *who, "--metadata", '{"seat":4}')
        await heard.until(lambda: anna.local_participant.metadata == '{"seat":4}', "metadata")
        await done(server, "room", "mute-track", *who, "--mute", source.sound.sid)
        await seen.until(lambda: "muted" in seen.events, "mute")
        viewer = ("--room", "lk-people", "--identity", "boris")
        await done(server, "room", "update-subscriptions", *viewer, "--unsubscribe", source.picture.sid)
        await silence(seen)
        await done(server, "room", "send-data", "--room", "lk-people", "--topic", "t", '{"a":1}')
        await heard.until(lambda: ("t", b'{"a":1}', "") in heard.data, "data of the server")
        await done(server, "room", "participants", "remove", *viewer)
        await seen.until(lambda: "disconnected" in seen.events, "removed")


async def silence(received: Received) -> None:
    """Waits until no picture has come for a second."""
    async with asyncio.timeout(STEP_S):
        count = -1
        while len(received.pictures) != count:
            count = len(received.pictures)
            await asyncio.sleep(1)


@pytest.mark.compatibility("client.lk_room")
async def test_lk_joins_and_plays_files(server: RunningServer, tmp_path: Path) -> None:
    film, sound = write_video(tmp_path / "film.h264", 10), write_sound(tmp_path / "sound.ogg", 10)
    async with joined(server, "viewer", "lk-join", single=True) as (viewer, received):
        plays = (
            "--publish",
            str(film),
            "--publish",
            str(sound),
            "--fps",
            str(FPS),
            "--publish-data",
            "hello",
        )
        async with running(
            server, "room", "join", "--identity", "lk", "--attribute", "k=v", *plays, "lk-join"
        ):
            await received.until(lambda: len(received.pictures) > 40, "40 pictures")
            await received.until(lambda: len(received.speech()) > 48_000, "a second of sound")
            other = viewer.remote_participants["lk"]
            assert dict(other.attributes) == {"k": "v"}
            kinds = {publication.kind for publication in other.track_publications.values()}
            assert kinds == {rtc.TrackKind.KIND_AUDIO, rtc.TrackKind.KIND_VIDEO}
            await received.until(lambda: any(d[1] == b"hello" for d in received.data), "data")


@pytest.mark.heavy
@pytest.mark.compatibility("client.lk_perf")
@pytest.mark.parametrize("shape", SHAPES)
async def test_load(server: RunningServer, shape: str) -> None:
    """Every subscriber gets every track, nothing is lost, nobody fails."""
    output = await done(server, "perf", "load-test", "--room", "lk-load", "--duration", "12s", *SHAPES[shape])
    totals = re.search(r"│ Total *│ (\d+)/(\d+) *│ (\S+) .*│ *(\d+) \(([\d.]+)%\) *│ *(\d+) *│", output)
    if totals is None and not re.search(r"│ \S+ *│ \S+ *│ (audio|video)", output):
        pytest.skip("this lk was built without its films: `go install` brings none")
    assert totals is not None, output
    got, wanted, _, _, loss, errors = totals.groups()
    assert got == wanted and float(loss) < 1 and errors == "0", output
