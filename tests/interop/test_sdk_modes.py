"""Modes of the published Python SDK: encryption, DTX, screens, streams, calls, who may do what."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import numpy.typing as npt
import pytest
from livekit import rtc

from .sdk import HEIGHT, RATE, SOUND_FRAME, WIDTH, Received, camera, joined, number_of, picture
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(90)]
both_modes = pytest.mark.parametrize(
    "single",
    [
        pytest.param(False, id="v0", marks=pytest.mark.compatibility("client.python_v0")),
        pytest.param(True, id="v1", marks=pytest.mark.compatibility("client.python_v1")),
    ],
)


@asynccontextmanager
async def microphone(
    room: rtc.Room, sound: Callable[[int], npt.NDArray[np.int16]], channels: int = 1, **options: object
) -> AsyncIterator[rtc.LocalTrackPublication]:
    """Publishes what `sound` gives for each chunk of 10 ms: (samples, channels)."""
    source = rtc.AudioSource(RATE, channels)
    track = rtc.LocalAudioTrack.create_audio_track("sound", source)
    publish = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, **options)  # type: ignore[arg-type]

    async def speak() -> None:
        number = 0
        while True:
            samples = sound(number).astype(np.int16)
            await source.capture_frame(
                rtc.AudioFrame(samples.tobytes(), RATE, channels, SOUND_FRAME)
            )  # paces the loop
            number += 1

    publication = await room.local_participant.publish_track(track, publish)
    task = asyncio.create_task(speak())
    try:
        yield publication
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.compatibility("media.opus_dtx")
@pytest.mark.parametrize(("dtx", "most", "least"), [(True, 20, 0), (False, 120, 80)])
async def test_silence(server: RunningServer, dtx: bool, most: int, least: int) -> None:
    """With DTX (RFC 7587, section 3.1.3) silence is a packet every 400 ms instead of every 20 ms."""

    def quiet(number: int) -> npt.NDArray[np.int16]:
        return np.zeros((SOUND_FRAME, 1), np.int16)

    def packets() -> float:
        return server.metrics()['polyana_rtp_packets_total{direction="in"}']

    name = f"dtx-{dtx}"
    async with (
        joined(server, "viewer", name, single=True) as (_, received),
        joined(server, "teacher", name, single=True) as (teacher, _),
        microphone(teacher, quiet, dtx=dtx, red=False),
    ):
        await received.until(lambda: len(received.speech()) > RATE, "a second of silence")
        before, heard = packets(), len(received.speech())
        await received.until(lambda: len(received.speech()) > heard + 2 * RATE, "two seconds more")
        assert least <= packets() - before <= most


@pytest.mark.compatibility("media.e2ee", "data.encrypted_packet", "data.encrypted")
@both_modes
async def test_end_to_end_encryption(server: RunningServer, single: bool) -> None:
    name = f"e2ee-{single}"
    async with (
        joined(server, "viewer", name, single=single, passphrase=b"secret") as (viewer, seen),
        joined(server, "stranger", name, single=single, passphrase=b"another") as (_, nothing),
        joined(server, "teacher", name, single=single, passphrase=b"secret") as (teacher, _),
        camera(teacher) as source,
    ):
        await seen.until(lambda: len(seen.pictures) >= 20, "20 pictures")
        assert all(number_of(image) in source.sent for image in full_size(seen)[-10:])
        await seen.until(lambda: bool(np.abs(seen.speech()[-RATE:]).max(initial=0) > 2000), "sound")
        (publisher,) = (p for p in viewer.remote_participants.values() if p.identity == "teacher")
        assert {p.encryption_type for p in publisher.track_publications.values()} == {rtc.EncryptionType.GCM}
        await teacher.local_participant.publish_data(b"hello", topic="t")
        await seen.until(lambda: ("t", b"hello", "teacher") in seen.data, "data")
        assert nothing.pictures == [] and nothing.data == []


def full_size(received: Received) -> list[np.ndarray]:
    return [image for image in received.pictures if image.shape[:2] == (HEIGHT, WIDTH)]


@pytest.mark.compatibility("media.screen_share_with_sound")
@both_modes
async def test_a_screen_with_its_sound_beside_a_camera(server: RunningServer, single: bool) -> None:
    name = f"screen-{single}"
    async with (
        joined(server, "viewer", name, single=single) as (viewer, received),
        joined(server, "teacher", name, single=single) as (teacher, _),
        camera(teacher),
    ):
        screen = rtc.VideoSource(1280, 720)
        track = rtc.LocalVideoTrack.create_video_track("screen", screen)
        share = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_SCREENSHARE, simulcast=False)
        shared = await teacher.local_participant.publish_track(track, share)
        large = np.kron(picture(3)[:, :, :1], np.ones((2, 2, 4), np.uint8))
        film = rtc.VideoFrame(1280, 720, rtc.VideoBufferType.RGBA, large.tobytes())
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO, dtx=False)
        source = rtc.AudioSource(RATE, 1)
        sound = rtc.LocalAudioTrack.create_audio_track("film", source)
        await teacher.local_participant.publish_track(sound, options)

        async def draw() -> None:
            while True:
                screen.capture_frame(film)
                await asyncio.sleep(0.1)

        drawing = asyncio.create_task(draw())
        try:
            wide = lambda: any(image.shape[1] == 1280 for image in received.pictures)  # noqa: E731
            await received.until(wide, "the screen")
            await received.until(lambda: len(full_size(received)) > 10, "the camera beside it")
            publications = viewer.remote_participants["teacher"].track_publications.values()
            wanted = {
                rtc.TrackSource.SOURCE_CAMERA,
                rtc.TrackSource.SOURCE_MICROPHONE,
                rtc.TrackSource.SOURCE_SCREENSHARE,
                rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO,
            }
            assert {publication.source for publication in publications} == wanted
            await teacher.local_participant.unpublish_track(shared.sid)
            await received.until(lambda: "unpublished" in received.events, "the end of the screen")
        finally:
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)


@pytest.mark.compatibility("data.text_stream", "data.byte_stream", "data.rpc", "data.large_message")
@both_modes
async def test_streams_and_calls(server: RunningServer, single: bool) -> None:
    name = f"streams-{single}"
    got: dict[str, object] = {}
    async with (
        joined(server, "a", name, single=single) as (a, heard),
        joined(server, "b", name, single=single) as (b, received),
    ):
        await heard.until(lambda: "b" in a.remote_participants, "b")

        async def text(reader: rtc.TextStreamReader, identity: str) -> None:
            got["text"] = (identity, await reader.read_all(), reader.info.attributes)
            received.note("text")

        async def data(reader: rtc.ByteStreamReader, identity: str) -> None:
            got["bytes"] = b"".join([chunk async for chunk in reader])
            received.note("bytes")

        b.register_text_stream_handler(
            "s", lambda r, i: received.tasks.append(asyncio.create_task(text(r, i)))
        )
        b.register_byte_stream_handler(
            "s", lambda r, i: received.tasks.append(asyncio.create_task(data(r, i)))
        )
        words = "Привет, лес! " * 10_000
        await a.local_participant.send_text(words, topic="s", attributes={"k": "v"})
        await received.until(lambda: "text" in got, "text")
        assert got["text"] == ("a", words, {"k": "v"})
        writer = await a.local_participant.stream_bytes("book", topic="s")
        book = bytes(range(256)) * 2000
        await writer.write(book)
        await writer.aclose()
        await received.until(lambda: "bytes" in got, "bytes")
        assert got["bytes"] == book

        @b.local_participant.register_rpc_method("upper")
        async def upper(call: rtc.RpcInvocationData) -> str:
            return f"{call.caller_identity}:{call.payload.upper()}"

        @b.local_participant.register_rpc_method("fail")
        async def fail(call: rtc.RpcInvocationData) -> str:
            raise rtc.RpcError(1500, "as asked")

        ask = a.local_participant.perform_rpc
        assert (
            await ask(destination_identity="b", method="upper", payload="x" * 20_000) == "a:" + "X" * 20_000
        )
        with pytest.raises(rtc.RpcError) as refused:
            await ask(destination_identity="b", method="fail", payload="")
        assert (refused.value.code, refused.value.message) == (1500, "as asked")
        with pytest.raises(rtc.RpcError) as missing:
            await ask(destination_identity="nobody", method="upper", payload="")
        assert missing.value.code in (1401, 1501, 1502), "no such recipient"


@pytest.mark.compatibility("signal.request.subscription_permission")
@both_modes
async def test_a_publisher_chooses_who_receives(server: RunningServer, single: bool) -> None:
    name = f"choose-{single}"
    async with (
        joined(server, "b", name, single=single) as (_, b),
        joined(server, "c", name, single=single) as (_, c),
        joined(server, "teacher", name, single=single) as (teacher, _),
    ):
        allow = rtc.ParticipantTrackPermission(participant_identity="b", allow_all=True)
        teacher.local_participant.set_track_subscription_permissions(
            allow_all_participants=False, participant_permissions=[allow]
        )
        async with camera(teacher):
            await b.until(lambda: len(b.pictures) > 10, "pictures for b")
            assert c.pictures == [] and "subscribed" not in c.events
            teacher.local_participant.set_track_subscription_permissions(allow_all_participants=True)
            await c.until(lambda: len(c.pictures) > 10, "pictures for c")


@pytest.mark.compatibility("grant.hidden", "grant.can_subscribe", "grant.can_publish")
@both_modes
async def test_the_hidden_and_the_silent(server: RunningServer, single: bool) -> None:
    """Who is hidden receives and is not seen; who only publishes receives nothing."""
    name = f"hidden-{single}"
    async with (
        joined(server, "anna", name, single=single) as (anna, heard),
        joined(server, "ghost", name, single=single, hidden=True, can_publish=False) as (_, ghost),
        joined(server, "sender", name, single=single, can_subscribe=False) as (sender, nothing),
        camera(anna),
        camera(sender),
    ):
        await ghost.until(lambda: len(ghost.pictures) > 10, "pictures for the ghost")
        await heard.until(lambda: len(heard.pictures) > 10, "pictures of the sender")
        assert set(anna.remote_participants) == {"sender"}
        assert nothing.pictures == [] and "subscribed" not in nothing.events


@pytest.mark.compatibility("signal.request.update_metadata")
@both_modes
async def test_attributes(server: RunningServer, single: bool) -> None:
    name = f"attributes-{single}"
    async with (
        joined(server, "b", name, single=single) as (b, seen),
        joined(server, "a", name, single=single, can_update_own_metadata=True) as (a, _),
    ):
        for event in (
            "participant_attributes_changed",
            "participant_name_changed",
            "participant_metadata_changed",
        ):
            b.on(event, lambda *_: seen.note("changed"))  # type: ignore[arg-type]
        await seen.until(lambda: "a" in b.remote_participants, "the other")
        await a.local_participant.set_attributes({"role": "guest", "seat": "4"})
        await a.local_participant.set_attributes({"seat": ""})
        await a.local_participant.set_name("Anna")
        await a.local_participant.set_metadata("m")
        other = b.remote_participants["a"]

        def done() -> bool:
            return (other.name, other.metadata, dict(other.attributes)) == ("Anna", "m", {"role": "guest"})

        await seen.until(done, "all changes")
        with contextlib.suppress(Exception):
            await b.local_participant.set_name("Head")
        assert a.remote_participants["b"].name == ""


@pytest.mark.compatibility("simulate.node_failure", "simulate.server_leave", "simulate.migration")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
@pytest.mark.parametrize("scenario", ["SIGNAL_RECONNECT", "NODE_FAILURE", "FULL_RECONNECT", "MIGRATION"])
@pytest.mark.heavy
async def test_failures_on_request(server: RunningServer, scenario: str, single: bool) -> None:
    name = f"simulate-{scenario}-{single}"
    kinds = rtc.room.proto_room.SimulateScenarioKind  # type: ignore[attr-defined]
    kind = next(value for key, value in kinds.items() if key.endswith(scenario))
    async with (
        joined(server, "viewer", name, single=single) as (_, received),
        joined(server, "teacher", name, single=single) as (teacher, told),
        camera(teacher),
    ):
        await received.until(lambda: len(received.pictures) > 10, "pictures")
        teacher.on("reconnected", lambda: told.note("reconnected"))
        await teacher.simulate_scenario(kind)
        await told.until(lambda: "reconnected" in told.events, "the end of the failure")
        before = len(received.pictures)
        await received.until(lambda: len(received.pictures) > before + 20, "pictures after it")
