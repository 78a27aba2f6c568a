"""The published `livekit` Python SDK (libwebrtc) against our server, with two connections (v0) and one (v1)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from livekit import api, rtc

from .broadcast import broadcast
from .sdk import CODECS, HEIGHT, RATE, WIDTH, camera, joined, number_of, ssim, token
from .server import RunningServer
from .viewer import watching

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(90)]
MIN_SSIM = 0.85


def spectrum_peak_hz(sound: npt.NDArray[np.int16]) -> float:
    power = np.abs(np.fft.rfft(sound.astype(np.float64) * np.hanning(len(sound))))
    return float(np.fft.rfftfreq(len(sound), 1 / RATE)[int(power.argmax())])


@pytest.mark.compatibility("media.vp8", "media.h264", "media.vp9", "media.av1", "media.opus")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
@pytest.mark.parametrize("codec", list(CODECS))
async def test_picture_and_sound_arrive(server: RunningServer, codec: str, single: bool) -> None:
    room_name = f"media-{codec}-{single}"
    async with (
        joined(server, "viewer", room_name, single=single) as (_, received),
        joined(server, "teacher", room_name, single=single) as (room, _),
        camera(room, codec) as source,
    ):
        full = lambda: sum(p.shape[:2] == (HEIGHT, WIDTH) for p in received.pictures) >= 40  # noqa: E731
        await received.until(full, "40 pictures at full size")
        await received.until(lambda: len(received.speech()) > 3 * RATE, "three seconds of sound")
        pictures = [p for p in received.pictures if p.shape[:2] == (HEIGHT, WIDTH)][-30:]
        numbers = [number_of(image) for image in pictures]
        matched = [
            (source.sent[n], image) for n, image in zip(numbers, pictures, strict=True) if n in source.sent
        ]
        assert len(matched) >= 28, numbers
        assert np.mean([ssim(sent, got) for sent, got in matched]) >= MIN_SSIM
        assert sum(b > a for a, b in pairwise(numbers)) >= 27, numbers
        sound = received.speech()[-2 * RATE :]
        assert abs(spectrum_peak_hz(sound) - 440) < 15  # the syllables widen the line
        assert np.abs(sound).max() > 2000


@pytest.mark.compatibility("media.simulcast_rid")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_simulcast_reaches_full_size(server: RunningServer, single: bool) -> None:
    room_name = f"simulcast-{single}"
    async with (
        watching(server.websocket, token("viewer", room_name), single=single) as seen,
        joined(server, "teacher", room_name, single=single) as (room, _),
        broadcast(room),
    ):
        await seen.until(lambda: len(seen.of_width(1280)) > 50, "two seconds at full size")
        assert {picture.width for picture in seen.pictures[-25:]} == {1280}


@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_data_goes_to_whom_it_is_meant(server: RunningServer, single: bool) -> None:
    room_name = f"data-{single}"
    async with (
        joined(server, "a", room_name, single=single) as (room, _),
        joined(server, "b", room_name, single=single) as (_, b),
        joined(server, "c", room_name, single=single) as (_, c),
    ):
        await room.local_participant.publish_data(b"everybody", reliable=True, topic="t")
        await room.local_participant.publish_data(b"only c", reliable=True, destination_identities=["c"])
        await room.local_participant.publish_data(b"x" * 14_000, reliable=True, topic="large")
        for received in (b, c):
            await received.until(lambda r=received: any(d[0] == "large" for d in r.data), "large data")
        # Only now: reliable data waits for a channel that is still opening, lossy data does not.
        await room.local_participant.publish_data(b"quick", reliable=False)
        for received in (b, c):
            await received.until(lambda r=received: any(d[1] == b"quick" for d in r.data), "lossy data")
            assert ("t", b"everybody", "a") in received.data
        assert ("", b"only c", "a") in c.data
        assert ("", b"only c", "a") not in b.data


async def test_mute_and_unpublish_are_told(server: RunningServer) -> None:
    async with (
        joined(server, "viewer", "mute", single=True) as (_, received),
        joined(server, "teacher", "mute", single=True) as (room, _),
        camera(room) as source,
    ):
        await received.until(lambda: len(received.pictures) > 3, "pictures")
        track = source.sound.track
        assert isinstance(track, rtc.LocalAudioTrack)
        track.mute()
        await received.until(lambda: "muted" in received.events, "mute")
        track.unmute()
        await received.until(lambda: "unmuted" in received.events, "unmute")
        await room.local_participant.unpublish_track(source.picture.sid)
        await received.until(lambda: "unpublished" in received.events, "unpublish")


async def test_speakers_are_told(server: RunningServer) -> None:
    async with (
        joined(server, "viewer", "speakers", single=True) as (_, received),
        joined(server, "teacher", "speakers", single=True) as (room, _),
        camera(room),
    ):
        await received.until(lambda: "speaks" in received.events, "a speaker")


async def test_a_second_join_replaces_the_first(server: RunningServer) -> None:
    async with (
        joined(server, "same", "twice", single=True) as (_, first),
        joined(server, "same", "twice", single=True) as (second, _),
    ):
        await first.until(lambda: "disconnected" in first.events, "the first is told")
        assert second.isconnected()


async def test_leaving_is_told(server: RunningServer) -> None:
    async with joined(server, "stays", "leave", single=True) as (_, received):
        async with joined(server, "goes", "leave", single=True):
            await received.until(lambda: "came" in received.events, "joining")
        await received.until(lambda: "left" in received.events, "leaving")


@pytest.mark.parametrize(
    "access",
    [
        "not a token",
        token("x", "locked", secret="wrong"),
        token("x", "locked", ttl_s=-4000),
        api.AccessToken("devkey", "secret")
        .with_identity("x")
        .with_grants(api.VideoGrants(room="locked"))
        .to_jwt(),
    ],
    ids=["garbage", "other key", "expired", "no grant"],
)
async def test_wrong_tokens_do_not_join(server: RunningServer, access: str) -> None:
    room = rtc.Room()
    with pytest.raises(rtc.ConnectError):
        await room.connect(server.websocket, access, rtc.RoomOptions())
    assert not room.isconnected()


async def test_without_the_grant_nothing_is_published(server: RunningServer) -> None:
    async with joined(server, "guest", "no-publish", single=True, can_publish=False) as (room, _):
        track = rtc.LocalVideoTrack.create_video_track("camera", rtc.VideoSource(WIDTH, HEIGHT))
        with pytest.raises(Exception, match=r"(?i)permission|timed out"):
            await room.local_participant.publish_track(track)


async def test_a_token_opens_its_own_room_only(server: RunningServer) -> None:
    """The room is what the token says; a client cannot name another, and hears nothing of it."""
    async with (
        joined(server, "teacher", "room-one", single=True) as (one, heard),
        joined(server, "stranger", "room-two", single=True) as (two, _),
    ):
        await two.local_participant.publish_data(b"from two", reliable=True)
        assert (one.name, two.name) == ("room-one", "room-two")
        assert not one.remote_participants and not two.remote_participants
        async with joined(server, "friend", "room-one", single=True) as (friend, _):
            await friend.local_participant.publish_data(b"from one", reliable=True)
            await heard.until(lambda: bool(heard.data), "data of the own room")
        assert [payload for _, payload, _ in heard.data] == [b"from one"]
