"""Control of a call with real clients, also with one that does what it may not. Packets that arrive are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from livekit import rtc
from livekit.protocol import models
from livekit.protocol import rtc as signal
from livekit.rtc.participant import PublishTrackError

from .call_client import ROLE, CallRoom, call_room, complete, role_token, speaking
from .sdk import token
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(180)]


async def test_the_matrix_of_who_hears_whom_is_the_policy(server: RunningServer) -> None:
    async with call_room(server, "matrix") as call, speaking(call, "a", "b", "c"):
        everybody = complete("t", "a", "b", "c")
        await call.settles(everybody)
        to_teacher = {(name, "t") for name in "abc"}

        await call.command("t", "set_reach", reach="hosts")
        await call.settles(to_teacher | {("t", name) for name in "abc"})

        await call.command("t", "direct", identity="staff:1", to=["family:b:phone"])
        await call.settles(to_teacher | {("t", "b")})

        await call.command("t", "direct", identity="family:a", to=["family:c"])
        await call.settles({("b", "t"), ("c", "t"), ("t", "b"), ("a", "c")})

        for person in ("staff:1", "family:a"):
            await call.command("t", "direct", identity=person, to="default")
        await call.command("t", "set_reach", reach="everyone")
        await call.settles(everybody)

        await call.command("t", "panic")
        await call.settles(set())
        await call.command("t", "calm")
        await call.settles(everybody)
        assert not any({"unsubscribed", "muted"} & set(p.received.events) for p in call.people.values())


async def test_groups_lose_no_sound_on_the_way_in_and_out(server: RunningServer) -> None:
    async with call_room(server, "groups", participant_data=True) as call, speaking(call, "a", "b", "c"):
        await call.settles(complete("t", "a", "b", "c"))
        before, began = (
            (await call.people["b"].packets())["family:a:phone"],
            asyncio.get_running_loop().time(),
        )
        groups = [
            {"name": "Mice", "identities": ["family:a", "family:b"]},
            {"name": "Cats", "identities": ["family:c"]},
        ]
        for _ in range(3):
            await call.command("t", "open_groups", groups=groups)
            await asyncio.sleep(0.3)
            await call.command("t", "close_groups")
            await asyncio.sleep(0.3)
        await call.command("t", "open_groups", groups=groups)
        arrived = (await call.people["b"].packets())["family:a:phone"] - before
        seconds = asyncio.get_running_loop().time() - began
        assert arrived > 0.9 * 50 * seconds, (arrived, seconds)  # from one of the group to the other: no gap

        await call.settles(complete("a", "b"))
        opened = (await call.view("t"))["groups"]
        await call.command("t", "visit", group=opened[1]["id"])
        await call.settles(complete("a", "b") | complete("t", "c"))
        await call.command("t", "announce", on=True)
        await call.settles(complete("a", "b") | {("t", name) for name in "abc"} | {("c", "t")})
        await call.command("t", "announce", on=False)

        for name in "abc":
            call.people[name].received.data.clear()
        await call.people["a"].room.local_participant.publish_data(b"squeak", topic="mice")
        spy = call.people["a"].room.local_participant
        await spy.publish_data(b"secret", topic="mice", destination_identities=["family:c:phone"])
        await call.people["b"].received.until(
            lambda: ("mice", b"squeak", "family:a:phone") in call.people["b"].received.data,
            "data in the group",
        )
        await call.command("t", "close_groups")
        await call.settles(complete("t", "a", "b", "c"))
        assert not [one for one in call.people["c"].received.data if one[0] == "mice"]
        # Nothing was negotiated anew, nobody was told that a track went away.
        assert not any("unsubscribed" in p.received.events for p in call.people.values())


async def test_muted_frozen_and_removed_clients_that_do_not_play_along(server: RunningServer) -> None:
    async with call_room(server, "hostile-call") as call, speaking(call, "a", "b"):
        everybody = complete("t", "a", "b")
        await call.settles(everybody)
        a = call.people["a"]
        assert a.microphone is not None

        await call.command("t", "mute", identity="family:a:phone")
        a.microphone.unmute()  # the client switches itself on again, and publishes another microphone
        await a.speak()
        await call.settles(everybody - {("a", "t"), ("a", "b")})
        await call.command("t", "ask_unmute", identity="family:a")
        await call.until("a", lambda told: told["you"]["asked"] == ["audio"], "the question")
        a.microphone.mute()
        a.microphone.unmute()
        await call.settles(everybody)

        await call.command("t", "freeze", identity="family:a", media=["audio", "video", "data"])
        a.microphone.mute()
        a.microphone.unmute()
        await a.speak()
        await a.room.local_participant.publish_data(
            b"x", topic="frozen", destination_identities=["staff:1:laptop"]
        )
        await call.settles(everybody - {("a", "t"), ("a", "b")})
        assert (await call.try_command("a", "chat", text="x"))[0] == 403
        await call.command("t", "freeze", identity="family:a", media=[])
        await call.settles(everybody)
        assert not [one for one in call.people["t"].received.data if one[0] == "frozen"]

        # A child's packets go to hosts at most, whomever they name.
        publish = a.room.local_participant.publish_data
        await publish(b"to b", topic="private", destination_identities=["family:b:phone"])
        await publish(b"to all", topic="private")
        teacher = call.people["t"].received
        await teacher.until(
            lambda: ("private", b"to all", "family:a:phone") in teacher.data, "data for hosts"
        )
        assert not [one for one in call.people["b"].received.data if one[0] == "private"]

        for kind, fields in (
            ("mute", {"identity": "family:b"}),
            ("remove", {"identity": "staff:1"}),
            ("promote", {"identity": "family:a"}),
            ("make_cohost", {"identity": "family:a"}),
            ("panic", {}),
            ("end", {}),
            ("set_lock", {"locked": True}),
            ("extend", {"minutes": 5, "reason": "x"}),
        ):
            status, answer = await call.try_command("a", kind, **fields)
            assert (status, answer["error"]["code"]) == (403, "FORBIDDEN"), kind

        await call.command("t", "remove", identity="family:a:phone")
        await a.received.until(lambda: "disconnected" in a.received.events, "the end for the removed")
        assert await call.heard(["t", "b"]) == complete("t", "b")
        assert "family:a:phone" not in {
            p.identity for p in call.people["b"].room.remote_participants.values()
        }
        assert (await call.try_command("a", "raise_hand"))[1]["error"]["code"] == "REMOVED"
        for query in ("", "&reconnect=1"):
            assert await join_status(call, a.token, query) == 401


async def test_a_camera_that_was_stopped_under_any_name(server: RunningServer) -> None:
    sources = rtc.TrackSource
    async with call_room(server, "cameras") as call, speaking(call, "a"):
        a = call.people["a"]
        await a.show(sources.SOURCE_CAMERA)
        await call.settles({("a", "t")}, kind="video")
        await call.command("t", "stop_camera", identity="family:a")
        await call.settles(set(), kind="video")
        await a.show(sources.SOURCE_CAMERA)
        for name in (sources.SOURCE_MICROPHONE, sources.SOURCE_SCREENSHARE, sources.SOURCE_UNKNOWN):
            with pytest.raises((TimeoutError, PublishTrackError)):
                async with asyncio.timeout(2):
                    await a.show(name)
        await call.settles(set(), kind="video")
        await call.settles(complete("t", "a"), kind="audio")
        await call.command("t", "set_screen", identity="family:a", allowed=True)
        await a.show(sources.SOURCE_SCREENSHARE)  # may be shared, but all pictures are stopped
        await call.settles(set(), kind="video")
        await call.command("t", "ask_camera", identity="family:a")
        for publication in a.room.local_participant.track_publications.values():
            if publication.kind == rtc.TrackKind.KIND_VIDEO and publication.track is not None:
                publication.track.mute()
                publication.track.unmute()
        await call.settles({("a", "t")}, kind="video")


async def join_status(call: CallRoom, bearer: str, query: str = "") -> int:
    """Of the WebSocket; 101 if it opens."""
    url = f"{call.server.http}/rtc?protocol=15{query}"
    try:
        async with call.http.ws_connect(url, headers={"Authorization": f"Bearer {bearer}"}):
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return error.status


class RawClient:
    """Signalling without an SDK: it asks for whatever it likes, and keeps what it was told."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self.told: list[signal.SignalResponse] = []

    async def ask(self, **request: Any) -> None:
        await self._websocket.send_bytes(signal.SignalRequest(**request).SerializeToString())

    async def listen(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._websocket.receive()
                    assert message.type is aiohttp.WSMsgType.BINARY, message
                    self.told.append(signal.SignalResponse.FromString(message.data))
        except TimeoutError:
            pass

    def of(self, kind: str) -> list[Any]:
        return [getattr(one, kind) for one in self.told if one.WhichOneof("message") == kind]


def secrets_of(call: CallRoom) -> Iterator[str]:
    """What nobody may learn in the lobby."""
    for person in call.people.values():
        yield person.identity
        yield person.room.local_participant.sid
        yield from person.room.local_participant.track_publications


async def test_who_waits_in_the_lobby_learns_nothing(server: RunningServer) -> None:
    async with call_room(server, "lobby-call") as call, speaking(call, "a"):
        await call.settles(complete("t", "a"))
        bearer = role_token("guest:mallory", call.name, "guest", can_update_own_metadata=True)
        tracks = list(call.people["t"].room.local_participant.track_publications)
        url = f"{server.http}/rtc?protocol=16&auto_subscribe=1"
        async with call.http.ws_connect(url, headers={"Authorization": f"Bearer {bearer}"}) as websocket:
            mallory = RawClient(websocket)
            await mallory.listen(1)
            await mallory.ask(subscription=signal.UpdateSubscription(track_sids=tracks, subscribe=True))
            for cid, source in (("m", models.MICROPHONE), ("c", models.CAMERA), ("s", models.SCREEN_SHARE)):
                kind = models.AUDIO if cid == "m" else models.VIDEO
                await mallory.ask(add_track=signal.AddTrackRequest(cid=cid, type=kind, source=source))
            attributes = {ROLE: "host", "polyana.badge": "teacher"}
            await mallory.ask(update_metadata=signal.UpdateParticipantMetadata(attributes=attributes))
            await mallory.ask(
                sync_state=signal.SyncState(
                    subscription=signal.UpdateSubscription(track_sids=tracks, subscribe=True)
                )
            )
            blob = models.DataBlobKey(generic="x")
            await mallory.ask(
                get_data_blob_request=signal.GetDataBlobRequest(
                    key=blob, participant_identity="staff:1:laptop"
                )
            )
            await call.command("t", "chat", text="not for the lobby")
            await mallory.listen(2)
            assert mallory.of("join")[0].room.num_participants == 1
            told = b"".join(one.SerializeToString() for one in mallory.told)
            failures = {one.subscription_response.track_sid for one in mallory.told}
            for secret in set(secrets_of(call)) - failures:  # it named these itself
                assert secret.encode() not in told, secret
            assert not mallory.of("offer") or "m=audio" not in mallory.of("offer")[-1].sdp
            reasons = {one.reason for one in mallory.of("request_response")}
            assert reasons == {signal.RequestResponse.NOT_ALLOWED, signal.RequestResponse.NOT_FOUND}
            assert not mallory.of("track_published")
            status, snapshot = await call.request("GET", "", bearer)
            assert status == 200 and snapshot["you"]["power"] == "waiting"
            assert set(snapshot) == {"version", "now", "you"}
            assert (await call.request("GET", "/chat", bearer))[1] == {"messages": []}
            for kind in ("raise_hand", "admit_all", "panic"):
                answer = await call.request("POST", "/commands", bearer, json={"type": kind})
                assert answer[0] == 403
            lobby = (await call.view("t"))["lobby"]
            assert [one["person"] for one in lobby] == ["guest:mallory"]
            others = call.people["a"].room.remote_participants
            assert [one.identity for one in others.values()] == ["staff:1:laptop"]
            await call.command("t", "block", identity="guest:mallory")
        assert await join_status(call, bearer) == 401
        fresh = role_token("guest:mallory", call.name, "guest")
        assert await join_status(call, fresh) == 401
        await call.command("t", "set_lock", locked=True)
        assert await join_status(call, role_token("guest:x", call.name, "guest")) == 401
        assert await join_status(call, role_token("family:z:x", call.name, "family")) == 401


async def test_an_audience_cannot_publish_until_it_is_promoted(server: RunningServer) -> None:
    async with (
        call_room(server, "webinar-call", mode="webinar", lobby="off") as call,
        call.person("t", "staff:1:laptop", "host") as teacher,
        call.person("a", "family:a:phone", "family", can_publish=True) as a,
        call.person("b", "family:b:phone", "family", can_publish=True) as b,
    ):
        await teacher.speak()
        await call.settles({("t", "a"), ("t", "b")})
        assert [p.identity for p in a.room.remote_participants.values()] == ["staff:1:laptop"]
        with pytest.raises((TimeoutError, PublishTrackError)):  # the SDK waits for a yes
            async with asyncio.timeout(3):
                await a.speak()
        await call.command("a", "raise_hand")
        await call.until("t", lambda told: told["hands"] == ["family:a"], "the hand")
        await call.command("t", "promote", identity="family:a:phone")
        await call.until("a", lambda told: told["you"]["power"] == "member", "the stage")
        await a.speak()
        await call.settles({("t", "a"), ("t", "b"), ("a", "t"), ("a", "b")})
        await call.command("t", "demote", identity="family:a:phone")
        await call.settles({("t", "a"), ("t", "b")})
        assert "unpublished" in b.received.events


async def test_children_are_not_alone(server: RunningServer) -> None:
    """No host for the time of grace: silence. A host is back: all as it was."""
    async with call_room(server, "guardian", guardian_grace_s=3) as call, speaking(call, "a", "b"):
        await call.settles(complete("t", "a", "b"))
        b = call.people["b"]
        assert b.microphone is not None
        b.microphone.mute()
        await call.settles(complete("t", "a", "b") - {("b", "t"), ("b", "a")})
        await call.people["t"].room.disconnect()
        assert await call.heard(["a", "b"]) == {("a", "b")}
        await call.until("a", lambda told: told["you"]["reasons"] == ["unattended"], "the calm card")
        await call.settles(set(), ["a", "b"])
        assert (await call.try_command("a", "chat", text="anybody?"))[0] == 403
        async with call.person("t", "staff:1:tablet", "host"):
            await call.settles({("a", "b"), ("a", "t")})
            assert (await call.view("a"))["attended"] is True


async def test_attendance_is_what_was_delivered(server: RunningServer) -> None:
    loop = asyncio.get_running_loop()
    async with call_room(server, "attendance") as call, speaking(call):
        truth, joins = 0.0, 3
        for number in range(joins):
            async with call.person("a", f"family:a:device{number}", "family") as family:
                await family.received.until(lambda: bool(family.received.sound), "sound")
                began = loop.time()
                await asyncio.sleep(2 + number / 2)
                truth += loop.time() - began
            await asyncio.sleep(1)
        async with call.person("w", "guest:waits", "guest"):
            await asyncio.sleep(2)
            status, answer = await call.request("GET", "/attendance", call.people["t"].token)
        assert status == 200
        rows = {row["person"]: row for row in answer["rows"]}
        assert set(rows) == {"staff:1", "family:a"}  # who waits was not there
        assert rows["family:a"]["joins"] == joins and not rows["family:a"]["here"]
        assert rows["family:a"]["received_s"] == pytest.approx(truth, abs=1.0)
        assert rows["staff:1"]["here"] and rows["staff:1"]["received_s"] < 1


async def test_plain_rooms_are_as_before(server: RunningServer) -> None:
    async with aiohttp.ClientSession() as http:
        call = CallRoom(server, "plain-room", http)
        async with (
            call.person("a", "anna", "", attributes={}) as anna,
            call.person("b", "boris", "", attributes={}) as boris,
        ):
            await anna.speak()
            await boris.speak()
            await call.settles(complete("a", "b"))
            await anna.room.local_participant.publish_data(b"hi", topic="t")
            await boris.received.until(lambda: ("t", b"hi", "anna") in boris.received.data, "data")
            status, answer = await call.request("GET", "", token("anna", call.name))
            assert (status, answer["error"]["code"]) == (404, "NO_CALL")
