"""The published `livekit-api` Python SDK manages rooms in which the `livekit` SDK's participants are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from livekit import api, rtc
from livekit.protocol import models
from livekit.protocol import room as protocol

from .sdk import Received, camera, joined, token
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]
both_modes = pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])


@pytest.fixture
async def lk(server: RunningServer) -> AsyncIterator[api.LiveKitAPI]:
    client = api.LiveKitAPI(server.http, "devkey", "secret")
    yield client
    await client.aclose()


@pytest.mark.compatibility("client.server_sdk_python")
async def test_rooms(server: RunningServer, lk: api.LiveKitAPI) -> None:
    made = await lk.room.create_room(
        api.CreateRoomRequest(name="api-rooms", empty_timeout=60, max_participants=2, metadata="m")
    )
    assert (made.empty_timeout, made.max_participants) == (60, 2)
    async with joined(server, "anna", made.name, single=True) as (anna, heard):
        assert (await anna.sid, anna.metadata) == (made.sid, "m")
        listed = await lk.room.list_rooms(api.ListRoomsRequest(names=[made.name]))
        assert [(r.sid, r.num_participants) for r in listed.rooms] == [(made.sid, 1)]
        await lk.room.update_room_metadata(api.UpdateRoomMetadataRequest(room=made.name, metadata="new"))
        await heard.until(lambda: anna.metadata == "new", "metadata of the room")
        reasons: list[int] = []
        anna.on("disconnected", lambda reason: reasons.append(reason))
        await lk.room.delete_room(api.DeleteRoomRequest(room=made.name))
        await heard.until(lambda: "disconnected" in heard.events, "the room is gone")
        assert reasons == [models.DisconnectReason.ROOM_DELETED]
    with pytest.raises(api.TwirpError) as missing:
        await lk.room.delete_room(api.DeleteRoomRequest(room=made.name))
    assert (missing.value.code, missing.value.status) == ("not_found", 404)


@pytest.mark.compatibility("client.server_sdk_python")
@both_modes
async def test_participants(server: RunningServer, lk: api.LiveKitAPI, single: bool) -> None:
    name = f"api-participants-{single}"
    async with (
        joined(server, "viewer", name, single=single) as (viewer, seen),
        joined(server, "anna", name, single=single) as (anna, heard),
        camera(anna) as source,
    ):
        await seen.until(lambda: len(seen.pictures) > 5 and len(seen.sound) > 5, "picture and sound")
        who = {"room": name, "identity": "anna"}
        listed = await lk.room.list_participants(api.ListParticipantsRequest(room=name))
        assert {p.identity for p in listed.participants} == {"viewer", "anna"}
        info = await lk.room.get_participant(api.RoomParticipantIdentity(**who))
        assert {track.sid for track in info.tracks} == {source.picture.sid, source.sound.sid}

        muted = api.MuteRoomTrackRequest(**who, track_sid=source.sound.sid, muted=True)
        await lk.room.mute_published_track(muted)
        await seen.until(lambda: "muted" in seen.events, "the viewer sees the microphone muted")
        await heard.until(lambda: source.sound.muted, "the client knows that it is muted")

        await lk.room.update_participant(
            api.UpdateParticipantRequest(**who, name="Anna", metadata="m", attributes={"hand": "up"})
        )
        remote = viewer.remote_participants["anna"]
        await seen.until(lambda: remote.name == "Anna" and remote.attributes == {"hand": "up"}, "profile")

        choose = api.UpdateSubscriptionsRequest(room=name, identity="viewer", track_sids=[source.picture.sid])
        await lk.room.update_subscriptions(choose)
        choose.subscribe = True
        await lk.room.update_subscriptions(choose)
        so_far = len(seen.pictures)
        await seen.until(lambda: len(seen.pictures) > so_far + 5, "pictures come again")

        allowed = models.ParticipantPermission(can_subscribe=True, can_publish_data=True)
        await lk.room.update_participant(api.UpdateParticipantRequest(**who, permission=allowed))
        await seen.until(lambda: seen.events.count("unpublished") == 2, "all tracks of hers are gone")

        await lk.room.remove_participant(api.RoomParticipantIdentity(**who))
        await heard.until(lambda: "disconnected" in heard.events, "she is out")
        back = rtc.Room()
        with pytest.raises(rtc.ConnectError):
            await back.connect(server.websocket, token("anna", name))


@both_modes
async def test_data_and_rpc(server: RunningServer, lk: api.LiveKitAPI, single: bool) -> None:
    name = f"api-data-{single}"
    async with (
        joined(server, "anna", name, single=single) as (anna, a),
        joined(server, "boris", name, single=single) as (_, b),
    ):
        kind = models.DataPacket.RELIABLE
        await lk.room.send_data(api.SendDataRequest(room=name, data=b"all", topic="bell", kind=kind))
        only = api.SendDataRequest(room=name, data=b"anna", destination_identities=["anna"], kind=kind)
        await lk.room.send_data(only)
        last = api.SendDataRequest(room=name, data=b"end", kind=kind)
        await lk.room.send_data(last)
        for received in (a, b):
            await received.until(lambda r=received: ("", b"end", "") in r.data, "the last packet")
            assert ("bell", b"all", "") in received.data
        assert ("", b"anna", "") in a.data
        assert ("", b"anna", "") not in b.data

        @anna.local_participant.register_rpc_method("greet")
        async def greet(call: rtc.RpcInvocationData) -> str:
            if not call.payload:
                raise rtc.RpcError(42, "nobody to greet", "")
            return f"Hello, {call.payload}"

        assert await perform(server, name, "greet", "Vera") == (200, {"payload": "Hello, Vera"})
        status, failed = await perform(server, name, "greet", "")
        assert (status, failed["msg"]) == (500, "RpcError 42: nobody to greet")
        status, failed = await perform(server, name, "nothing", "")
        assert (status, failed["code"]) == (400, "invalid_argument")


async def perform(server: RunningServer, name: str, method: str, payload: str) -> tuple[int, dict[str, str]]:
    """`PerformRpc`, which the SDK does not have yet."""
    grants = api.VideoGrants(room_admin=True, room=name)
    bearer = api.AccessToken("devkey", "secret").with_grants(grants).to_jwt()
    request = protocol.PerformRpcRequest(
        room=name, destination_identity="anna", method=method, payload=payload, response_timeout_ms=5000
    )
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    url = f"{server.http}/twirp/livekit.RoomService/PerformRpc"
    fields = {field.name: value for field, value in request.ListFields()}
    async with aiohttp.ClientSession() as http, http.post(url, json=fields, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_what_is_refused(server: RunningServer, lk: api.LiveKitAPI) -> None:
    with pytest.raises(api.TwirpError) as unimplemented:
        await lk.egress.list_egress(api.ListEgressRequest())
    assert unimplemented.value.code == "unimplemented"
    stranger = api.LiveKitAPI(server.http, "devkey", "another secret of a stranger")
    with pytest.raises(api.TwirpError) as refused:
        await stranger.room.list_rooms(api.ListRoomsRequest())
    await stranger.aclose()
    assert (refused.value.code, refused.value.status) == ("unauthenticated", 401)


class Follower:
    """How many pictures and pieces of sound a participant has of whom. A track that it is no longer subscribed to
    counts no more."""

    def __init__(self, room: rtc.Room, received: Received) -> None:
        self.room, self.received = room, received
        self.got: Counter[tuple[str, int]] = Counter()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        for participant in room.remote_participants.values():
            for publication in participant.track_publications.values():
                if publication.track is not None:
                    self._begin(publication.track, publication, participant)
        room.on("track_subscribed", self._begin)
        room.on("track_unsubscribed", self._end)

    async def hears(self, *identities: str) -> None:
        """Waits until pictures and sound of all of these, and of nobody else, have come since now."""
        self.got.clear()
        wanted = {(identity, kind) for identity in identities for kind in (1, 2)}
        together = lambda: {key for key, count in self.got.items() if count > 3} >= wanted  # noqa: E731
        await self.received.until(together, f"{self.room.local_participant.identity} receives {identities}")
        assert set(self.room.remote_participants) == set(identities)
        self.got.clear()
        await self.received.until(together, "and goes on to")
        assert set(self.got) == wanted

    def _begin(self, track: rtc.Track, publication: object, participant: rtc.RemoteParticipant) -> None:
        key = participant.identity, int(track.kind)
        self._tasks[track.sid] = asyncio.create_task(self._count(track, key))
        self.received.tasks.append(self._tasks[track.sid])

    def _end(self, track: rtc.Track, publication: object, participant: object) -> None:
        self._tasks.pop(track.sid).cancel()

    async def _count(self, track: rtc.Track, key: tuple[str, int]) -> None:
        video = isinstance(track, rtc.RemoteVideoTrack)
        async for _ in rtc.VideoStream(track) if video else rtc.AudioStream(track):
            self.got[key] += 1
            await self.received.tell()


@both_modes
@pytest.mark.compatibility("signal.response.room_moved", "twirp.RoomService.MoveParticipant")
async def test_moved_to_another_room_and_back(
    server: RunningServer, lk: api.LiveKitAPI, single: bool
) -> None:
    lesson, group = f"api-lesson-{single}", f"api-group-{single}"

    async def move(identity: str, source: str, destination: str) -> None:
        request = api.MoveParticipantRequest(room=source, identity=identity, destination_room=destination)
        await lk.room.move_participant(request)

    async with AsyncExitStack() as stack:
        people = {}
        for name in ("teacher", "anna", "boris"):
            room, received = await stack.enter_async_context(joined(server, name, lesson, single=single))
            await stack.enter_async_context(camera(room))
            people[name] = Follower(room, received)
        teacher, anna, boris = people.values()
        for follower in people.values():
            await follower.hears(*(people.keys() - {follower.room.local_participant.identity}))
        sid = anna.room.local_participant.sid
        await move("anna", lesson, group)
        await move("boris", lesson, group)
        await anna.hears("boris")
        await boris.hears("anna")
        await teacher.received.until(lambda: not teacher.room.remote_participants, "the teacher is alone")
        assert (anna.room.name, anna.room.local_participant.sid) == (group, sid)
        await move("boris", group, lesson)
        await move("anna", group, lesson)
        for follower in people.values():
            await follower.hears(*(people.keys() - {follower.room.local_participant.identity}))
            assert "disconnected" not in follower.received.events


@both_modes
@pytest.mark.compatibility("twirp.RoomService.ForwardParticipant")
async def test_forwarded_to_another_room(server: RunningServer, lk: api.LiveKitAPI, single: bool) -> None:
    lesson, group = f"api-plenum-{single}", f"api-forward-{single}"
    async with (
        joined(server, "teacher", lesson, single=single) as (teacher, _),
        camera(teacher),
        joined(server, "anna", lesson, single=single) as (anna, in_lesson),
    ):
        # The room does not exist yet, so it is made on the worker of the lesson.
        request = api.ForwardParticipantRequest(room=lesson, identity="teacher", destination_room=group)
        await lk.room.forward_participant(request)
        lesson_follower = Follower(anna, in_lesson)
        async with joined(server, "vera", group, single=single) as (vera, in_group), camera(vera):
            await Follower(vera, in_group).hears("teacher")
            await lesson_follower.hears("teacher")
            assert set(teacher.remote_participants) == {"anna"}, "one way only"
            await lk.room.remove_participant(api.RoomParticipantIdentity(room=group, identity="teacher"))
            await in_group.until(lambda: not vera.remote_participants, "the teacher is gone there")
            await lesson_follower.hears("teacher")


@both_modes
async def test_a_track_that_is_taken_again_and_again_is_told_each_time(
    server: RunningServer, single: bool
) -> None:
    name = f"again-{single}"
    async with (
        joined(server, "teacher", name, single=single) as (teacher, _),
        joined(server, "anna", name, single=single) as (anna, got),
    ):
        track = rtc.LocalAudioTrack.create_audio_track("microphone", rtc.AudioSource(48_000, 1))
        await teacher.local_participant.publish_track(track, rtc.TrackPublishOptions())
        for times in range(1, 5):
            await got.until(lambda n=times: got.events.count("subscribed") == n, f"subscribed {times} times")
            (publication,) = anna.remote_participants["teacher"].track_publications.values()
            forwarded = server.metrics()["polyana_subscriptions"]
            publication.set_subscribed(False)
            await got.until(lambda n=times: got.events.count("unsubscribed") == n, "unsubscribed")
            # The SDK sends each wish on a task of its own, and sometimes the second before the first.
            async with asyncio.timeout(20):
                while server.metrics()["polyana_subscriptions"] >= forwarded:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            publication.set_subscribed(True)
