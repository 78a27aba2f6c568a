"""Data, profiles, permissions and what the server tells of itself, with the published livekit-client in browsers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from livekit import api

from .js_client import JsClient, JsPage, chromium_pages
from .server import RunningServer
from .test_js_media import CAMERA, MICROPHONE, each_browser_and_mode, opened

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(150)]
#: Registers what answers on topic "stream" and method "upper"; what came is in `window.streams`.
HANDLERS = """(room) => {
    const streams = (window.streams = {});
    const digest = async (bytes) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join();
    room.registerTextStreamHandler('stream', async (reader, from) => {
        const text = await reader.readAll();
        streams.text = { from: from.identity, length: text.length, start: text.slice(0, 6), ...reader.info.attributes };
    });
    room.registerByteStreamHandler('stream', async (reader, from) => {
        const bytes = new Uint8Array(await new Blob(await reader.readAll()).arrayBuffer());
        streams.bytes = { from: from.identity, name: reader.info.name, size: bytes.length };
        streams.bytes.digest = await digest(bytes);
    });
    room.registerRpcMethod('upper', async (data) => `${data.callerIdentity}:${data.payload.toUpperCase()}`);
    room.registerRpcMethod('fail', async () => { throw new sdk.RpcError(1500, 'as asked', 'more'); });
}"""


@asynccontextmanager
async def backend(server: RunningServer) -> AsyncIterator[api.RoomService]:
    """LiveKit's server API, as the published server SDK calls it."""
    async with api.LiveKitAPI(server.http, "devkey", "secret") as made:
        yield made.room


@pytest.mark.compatibility(
    "data.user", "data.reliable", "data.lossy", "data.topic", "data.destination_identities"
)
@pytest.mark.compatibility(
    "data.text_stream", "data.byte_stream", "data.rpc", "data.large_message", "data.data_track"
)
@each_browser_and_mode()
async def test_data(server: RunningServer, speech: Path, tmp_path: Path, browser: str, single: bool) -> None:
    name = f"js-data-{browser}-{single}"
    async with opened(browser, server, speech, tmp_path) as page:
        anna, boris, clara = [await page.join(one, name, single=single) for one in ("anna", "boris", "clara")]
        await boris.call(HANDLERS)
        await packets(anna, boris, clara)
        await streams(anna, boris)
        await calls(anna)
        await data_track(anna, boris)


async def packets(anna: JsClient, boris: JsClient, clara: JsClient) -> None:
    send = """(room, text, options) =>
        room.localParticipant.publishData(new TextEncoder().encode(text), options)"""
    await anna.call(send, "to clara", {"reliable": True, "destinationIdentities": ["clara"]})
    await anna.call(send, "to all", {"reliable": True, "topic": "t"})
    await anna.call(send, "x" * 14_000, {"reliable": True, "topic": "large"})
    for client in (boris, clara):
        await client.told("dataReceived", arg0="x" * 14_000, arg1="anna", arg3="large")
        await client.told("dataReceived", arg0="to all", arg1="anna", arg3="t")
    await clara.told("dataReceived", arg0="to clara")
    assert not [e for e in await boris.log() if e["event"] == "dataReceived" and e["args"][0] == "to clara"]
    await anna.call(send, "quick", {"reliable": False})
    await boris.told("dataReceived", arg0="quick")


async def streams(anna: JsClient, boris: JsClient) -> None:
    await anna.call(
        """(room) => room.localParticipant.sendText('Привет' + 'я'.repeat(100000),
            { topic: 'stream', attributes: { k: 'v' } })"""
    )
    text = await boris.until("() => window.streams.text")
    assert text == {"from": "anna", "length": 100_006, "start": "Привет", "k": "v"}
    digest = await anna.call(
        """async (room) => {
            const bytes = new Uint8Array(300000).map((_, i) => (i * 7) % 251);
            await room.localParticipant.sendFile(new File([bytes], 'book.bin'), { topic: 'stream' });
            return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join();
        }"""
    )
    got = await boris.until("() => window.streams.bytes")
    assert got == {"from": "anna", "name": "book.bin", "size": 300_000, "digest": digest}


async def calls(anna: JsClient) -> None:
    call = """async (room, method, payload) => {
        try {
            return await room.localParticipant.performRpc({ destinationIdentity: 'boris', method, payload });
        } catch (error) { return [error.code, error.message, error.data ?? '']; }
    }"""
    assert await anna.call(call, "upper", "hello") == "anna:HELLO"
    assert await anna.call(call, "fail", "") == [1500, "as asked", "more"]
    assert (await anna.call(call, "nothing", ""))[0] == 1400, "unsupported method"


async def data_track(anna: JsClient, boris: JsClient) -> None:
    await anna.call(
        "async (room) => { window.beats = await room.localParticipant.publishDataTrack({ name: 'beats' }); }"
    )
    await boris.call(
        """(room) => {
            const read = async () => {
                const track = await room.remoteParticipants.get('anna').dataTracks.getDeferred('beats');
                const reader = track.subscribe().getReader();
                window.beat = new TextDecoder().decode((await reader.read()).value.payload);
            };
            read();
        }"""
    )
    await boris.until(
        """async () => {
            await window.beats.tryPush({ payload: new TextEncoder().encode('beat') });
            return window.beat === 'beat';
        }"""
    )
    await anna.call("() => window.beats.unpublish()")
    await boris.told("dataTrackUnpublished")


@pytest.mark.compatibility("signal.request.update_metadata", "grant.can_update_own_metadata")
async def test_what_a_participant_says_of_itself(server: RunningServer, speech: Path) -> None:
    async with chromium_pages(server, speech) as (page,):
        anna = await page.join("anna", "js-profile", grants={"can_update_own_metadata": True})
        boris = await page.join("boris", "js-profile")
        await anna.call("(room) => room.localParticipant.setName('Anna')")
        await anna.call("(room) => room.localParticipant.setMetadata('m')")
        await anna.call("(room) => room.localParticipant.setAttributes({ role: 'guest', gone: '' })")
        await boris.told("participantNameChanged", arg0="Anna")
        await boris.told("participantMetadataChanged", arg1="anna")
        await boris.told("participantAttributesChanged", arg0={"role": "guest"}, arg1="anna")
        refused = await boris.call("(room) => room.localParticipant.setName('Head').catch((e) => e.name)")
        assert refused == "SignalRequestError"
        assert not [
            e for e in await anna.log() if e["event"] == "participantNameChanged" and e["args"][1] == "boris"
        ]


@pytest.mark.compatibility("twirp.RoomService.UpdateParticipant", "twirp.RoomService.MutePublishedTrack")
@pytest.mark.compatibility("twirp.RoomService.UpdateRoomMetadata", "twirp.RoomService.RemoveParticipant")
@pytest.mark.compatibility(
    "signal.response.mute", "signal.response.track_unpublished", "signal.response.room_update"
)
async def test_permissions_change_while_a_lesson_goes_on(server: RunningServer, speech: Path) -> None:
    async with chromium_pages(server, speech) as (page,), backend(server) as rooms:
        anna, boris = await page.join("anna", "js-permissions"), await page.join("boris", "js-permissions")
        camera, sound = await anna.call(CAMERA), await anna.call(MICROPHONE)
        await boris.plays(camera)
        await boris.plays(sound)
        mute = api.MuteRoomTrackRequest(room="js-permissions", identity="anna", track_sid=sound, muted=True)
        await rooms.mute_published_track(mute)
        await anna.told("trackMuted", arg1="anna")
        await boris.told("trackMuted", arg1="anna")

        change = api.UpdateParticipantRequest(room="js-permissions", identity="anna")
        change.permission.CopyFrom(api.ParticipantPermission(can_subscribe=True, can_publish_data=True))
        await rooms.update_participant(change)
        await anna.until("(room) => !room.localParticipant.permissions.canPublish")
        await anna.told("participantPermissionsChanged", arg1="anna")
        await boris.told("trackUnpublished", arg1="anna", count=2)
        again = f"(room) => ({CAMERA})(room).catch((error) => error.name)"
        assert await anna.call(again) == "PublishTrackError"
        change.permission.can_publish = True
        await rooms.update_participant(change)
        await anna.until("(room) => room.localParticipant.permissions.canPublish")
        await boris.plays(await anna.call(CAMERA))

        deaf = api.ParticipantPermission(can_subscribe=False, can_publish=True, can_publish_data=True)
        await rooms.update_participant(
            api.UpdateParticipantRequest(room="js-permissions", identity="boris", permission=deaf)
        )
        await boris.told("trackUnsubscribed")
        await rooms.update_room_metadata(
            api.UpdateRoomMetadataRequest(room="js-permissions", metadata=json.dumps({"quiet": True}))
        )
        await boris.told("roomMetadataChanged", arg0='{"quiet": true}')
        await rooms.remove_participant(api.RoomParticipantIdentity(room="js-permissions", identity="boris"))
        await boris.told("disconnected", arg0=4)  # PARTICIPANT_REMOVED
        await anna.told("participantDisconnected", arg0="boris")


@pytest.mark.compatibility("signal.response.connection_quality", "signal.response.refresh_token")
async def test_what_the_server_tells(server: RunningServer, speech: Path) -> None:
    async with chromium_pages(server, speech) as (page,):
        anna = await page.join("anna", "js-told", grants={"can_update_own_metadata": True})
        boris = await page.join("boris", "js-told")
        await boris.plays(await anna.call(CAMERA))
        await boris.told("connectionQualityChanged", arg0="excellent", arg1="anna")
        await anna.told("connectionQualityChanged", arg0="excellent", arg1="anna")
        await anna.told("localTrackSubscribed")
        before = await anna.call("(room) => room.engine.token")
        await anna.call("(room) => room.localParticipant.setName('Anna')")
        await anna.until("(room, before) => room.engine.token !== before", before)
        assert await boris.call("(room) => room.serverInfo.protocol >= 15")


@pytest.mark.compatibility("grant.can_publish_sources")
async def test_only_the_sources_of_the_token(server: RunningServer, speech: Path) -> None:
    page: JsPage
    async with chromium_pages(server, speech) as (page,):
        sources = {"can_publish_sources": ["microphone"]}
        anna = await page.join("anna", "js-sources", grants=sources)  # type: ignore[arg-type]
        boris = await page.join("boris", "js-sources")
        assert (
            await anna.call(f"(room) => ({CAMERA})(room).catch((error) => error.name)") == "PublishTrackError"
        )
        await boris.plays(await anna.call(MICROPHONE))
