"""Media of the published livekit-client in browsers: all codecs and modes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from .js_client import JsClient, JsPage, chromium_pages, firefox_page
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.browser, pytest.mark.timeout(150)]

#: Publishes a camera; gives the sid.
CAMERA = """async (room, options = {}) => {
    const track = (await sdk.createLocalTracks({ video: { resolution: sdk.VideoPresets.h720.resolution } }))[0];
    return (await room.localParticipant.publishTrack(track, { source: 'camera', ...options })).trackSid;
}"""
MICROPHONE = """async (room, options = {}) =>
    (await room.localParticipant.setMicrophoneEnabled(true, undefined, options)).trackSid"""
#: The encoder's view of a published track: codec, and each encoding with whether it is sent.
OUTGOING = """async (room, sid) => {
    const sender = room.localParticipant.trackPublications.get(sid).track.sender;
    const stats = [...(await sender.getStats()).values()];
    const codecs = Object.fromEntries(stats.filter((s) => s.type === 'codec').map((s) => [s.id, s.mimeType]));
    return {
        encodings: sender.getParameters().encodings,
        streams: stats.filter((s) => s.type === 'outbound-rtp')
            .map((s) => ({ active: s.active, mime: codecs[s.codecId], mode: s.scalabilityMode ?? '' })),
    };
}"""
Pages = AbstractAsyncContextManager[JsPage]


@asynccontextmanager
async def opened(browser: str, server: RunningServer, speech: Path, tmp_path: Path) -> AsyncIterator[JsPage]:
    if browser == "chromium":
        async with chromium_pages(server, speech) as (page,):
            yield page
        return
    profile = tmp_path / "profile"
    profile.mkdir()
    async with firefox_page(server, profile) as page:
        yield page


def each_browser_and_mode() -> Any:
    return pytest.mark.parametrize(
        ("browser", "single"),
        [
            pytest.param(
                name, single, marks=pytest.mark.compatibility(f"client.js_{name}_{mode}"), id=f"{name}-{mode}"
            )
            for name in ("chromium", "firefox")
            for single, mode in ((False, "v0"), (True, "v1"))
        ],
    )


@each_browser_and_mode()
async def test_each_sees_and_hears_the_other(
    server: RunningServer, speech: Path, tmp_path: Path, browser: str, single: bool
) -> None:
    name = f"js-meet-{browser}-{single}"
    async with opened(browser, server, speech, tmp_path) as page:
        anna = await page.join("anna", name, single=single)
        boris = await page.join("boris", name, single=single)
        for one, other in ((anna, boris), (boris, anna)):
            picture, sound = await one.call(CAMERA), await one.call(MICROPHONE)
            assert (await other.plays(picture))["frameWidth"] > 0
            await other.plays(sound)
        await boris.call("(room) => room.localParticipant.setMicrophoneEnabled(false)")
        await anna.told("trackMuted", arg1="boris")
        await boris.call("(room) => room.localParticipant.setMicrophoneEnabled(true)")
        await anna.told("trackUnmuted", arg1="boris")
        await anna.told("activeSpeakersChanged")
        await boris.call("(room) => room.disconnect()")
        await anna.told("participantDisconnected", arg0="boris")


@pytest.mark.parametrize(
    ("codec", "mode"),
    [
        pytest.param("vp8", "", marks=pytest.mark.compatibility("media.vp8"), id="vp8"),
        pytest.param("h264", "", marks=pytest.mark.compatibility("media.h264"), id="h264"),
        pytest.param(
            "vp9", "L3T3_KEY", marks=pytest.mark.compatibility("media.vp9", "media.vp9_svc"), id="vp9"
        ),
        pytest.param(
            "av1", "L3T3_KEY", marks=pytest.mark.compatibility("media.av1", "media.av1_svc"), id="av1"
        ),
    ],
)
@pytest.mark.parametrize(
    "single", [pytest.param(False, marks=pytest.mark.heavy, id="v0"), pytest.param(True, id="v1")]
)
async def test_codecs(server: RunningServer, speech: Path, codec: str, mode: str, single: bool) -> None:
    name = f"js-codec-{codec}-{single}"
    async with chromium_pages(server, speech) as (page,):
        viewer = await page.join("viewer", name, single=single)
        teacher = await page.join("teacher", name, single=single)
        sid = await teacher.call(CAMERA, {"videoCodec": codec, "backupCodec": False})
        seen = await viewer.plays(sid)
        assert seen["mime"].lower() == f"video/{codec}"
        sent = await teacher.call(OUTGOING, sid)
        assert {s["mime"].lower() for s in sent["streams"]} == {f"video/{codec}"}
        assert not mode or [s["mode"] for s in sent["streams"]] == [mode]
        if not mode:
            assert len(sent["streams"]) == 3, "three simulcast layers"
            await changes_size(viewer, sid)


@pytest.mark.heavy
@pytest.mark.parametrize("mode", ["L3T3_KEY", "L2T2", "L2T3"])
@pytest.mark.parametrize(
    "codec",
    [
        pytest.param("vp9", marks=pytest.mark.compatibility("media.vp9_svc"), id="vp9"),
        pytest.param("av1", marks=pytest.mark.compatibility("media.av1_svc"), id="av1"),
    ],
)
async def test_svc_layers(server: RunningServer, speech: Path, codec: str, mode: str) -> None:
    async with chromium_pages(server, speech) as (page,):
        viewer = await page.join("viewer", f"js-svc-{codec}-{mode}")
        teacher = await page.join("teacher", f"js-svc-{codec}-{mode}")
        options = {"videoCodec": codec, "scalabilityMode": mode, "backupCodec": False}
        sid = await teacher.call(CAMERA, options)
        await changes_size(viewer, sid, layers=int(mode[1]))
        sent = await teacher.call(OUTGOING, sid)
        assert [s["mode"] for s in sent["streams"]] == [mode]


@pytest.mark.heavy
@pytest.mark.compatibility("media.e2ee", "media.vp9_svc")
async def test_layers_of_an_encrypted_svc_stream(server: RunningServer, speech: Path) -> None:
    """Of encrypted VP9 only the payload descriptor can be read here. AV1 is encrypted by no livekit-client."""
    async with chromium_pages(server, speech, count=2) as pages:
        teacher, viewer = [
            await page.join(name, "js-e2ee-svc", encrypted="secret")
            for page, name in zip(pages, ("teacher", "viewer"), strict=True)
        ]
        sid = await teacher.call(CAMERA, {"videoCodec": "vp9", "scalabilityMode": "L3T3_KEY"})
        await changes_size(viewer, sid)
        assert await viewer.call("(room) => room.remoteParticipants.get('teacher').isEncrypted")
        sent = await teacher.call(OUTGOING, sid)
        assert [(s["mime"], s["mode"]) for s in sent["streams"]] == [("video/VP9", "L3T3_KEY")]
        late = await pages[1].join("late", "js-e2ee-svc", encrypted="secret")
        await late.plays(sid)


async def changes_size(viewer: JsClient, sid: str, layers: int = 3) -> None:
    """The viewer asks for the lowest and the highest spatial layer in turn, and gets them."""
    quality = """(room, sid, quality) => {
        for (const participant of room.remoteParticipants.values())
            participant.trackPublications.get(sid)?.setVideoQuality(sdk.VideoQuality[quality]);
    }"""
    wide = (await viewer.incoming(sid, "now.frameWidth >= 1280", seconds=40))["frameWidth"]
    await viewer.call(quality, sid, "LOW")
    await viewer.incoming(sid, f"now.frameWidth <= {wide // 2 ** (layers - 1)}")
    await viewer.plays(sid)
    await viewer.call(quality, sid, "HIGH")
    await viewer.incoming(sid, f"now.frameWidth >= {wide}", seconds=40)


@pytest.mark.compatibility("media.backup_codec")
@pytest.mark.parametrize(
    ("policy", "others"), [("SIMULCAST", "video/H264"), ("PREFER_REGRESSION", "video/VP8")]
)
async def test_who_cannot_decode_gets_the_backup_codec(
    server: RunningServer, speech: Path, tmp_path: Path, policy: str, others: str
) -> None:
    """Firefox of the distribution has no H.264; Chromium publishes it, and VP8 for Firefox. By the policy others keep
    the first codec, or follow, so that the publisher encodes once."""
    publish = f"""(room, policy) => ({CAMERA})(room, {{
        videoCodec: 'h264', backupCodec: {{ codec: 'vp8' }}, backupCodecPolicy: sdk.BackupCodecPolicy[policy],
    }})"""
    profile = tmp_path / "profile"
    profile.mkdir()
    async with chromium_pages(server, speech) as (page,), firefox_page(server, profile) as fox:
        teacher = await page.join("teacher", f"js-backup-{policy}", dynacast=True)
        viewer = await page.join("viewer", f"js-backup-{policy}")
        sid = await teacher.call(publish, policy)
        assert (await viewer.plays(sid))["mime"] == "video/H264"
        guest = await fox.join("guest", f"js-backup-{policy}")
        assert (await guest.plays(sid))["mime"] == "video/VP8"
        await viewer.incoming(sid, f"now.mime === '{others}'")
        await viewer.plays(sid)


@pytest.mark.compatibility("media.dynacast")
async def test_dynacast_stops_what_nobody_watches(server: RunningServer, speech: Path) -> None:
    active = "async (room, sid) => (await ({OUTGOING})(room, sid)).encodings.filter((e) => e.active).length"
    active = active.replace("{OUTGOING}", OUTGOING)
    async with chromium_pages(server, speech) as (page,):
        teacher = await page.join("teacher", "js-dynacast", dynacast=True)
        viewer = await page.join("viewer", "js-dynacast")
        sid = await teacher.call(CAMERA)
        await viewer.plays(sid)
        await teacher.until(f"async (...given) => (await ({active})(...given)) === 3", sid)
        await viewer.call(
            """(room, sid) => { for (const p of room.remoteParticipants.values())
                p.trackPublications.get(sid)?.setVideoQuality(sdk.VideoQuality.LOW); }""",
            sid,
        )
        await teacher.until(f"async (...given) => (await ({active})(...given)) === 1", sid)
        await viewer.call("(room) => room.disconnect()")
        await teacher.until(f"async (...given) => (await ({active})(...given)) === 0", sid)
        again = await page.join("again", "js-dynacast")
        await again.plays(sid)
        await teacher.until(f"async (...given) => (await ({active})(...given)) === 3", sid)


@pytest.mark.compatibility("media.adaptive_stream", "join.request.connection_settings.adaptive_stream")
async def test_adaptive_stream_follows_the_element(server: RunningServer, speech: Path) -> None:
    size = """(room, name, sid, width, height) => {
        const element = document.querySelector(`[data-room=${name}][data-sid=${sid}]`);
        Object.assign(element.style, { width: `${width}px`, height: `${height}px`, display: width ? '' : 'none' });
    }"""
    async with chromium_pages(server, speech) as (page,):
        teacher = await page.join("teacher", "js-adaptive")
        viewer = await page.join("viewer", "js-adaptive", adaptiveStream={"pixelDensity": 1})
        sid = await teacher.call(CAMERA)
        await viewer.plays(sid)
        await viewer.call(size, "viewer", sid, 1280, 720)
        await viewer.incoming(sid, "now.frameWidth >= 1280", seconds=40)
        await viewer.call(size, "viewer", sid, 160, 90)
        await viewer.incoming(sid, "now.frameWidth <= 320")
        await viewer.call(size, "viewer", sid, 0, 0)
        await stands_still(viewer, sid)
        await viewer.call(size, "viewer", sid, 160, 90)
        await viewer.plays(sid)


async def stands_still(viewer: JsClient, sid: str) -> None:
    """Waits until no picture has come for two seconds."""
    await viewer.until(
        """async (room, name, sid) => {
            const before = (await window.incoming(name, sid)).framesDecoded;
            await new Promise((next) => setTimeout(next, 2000));
            return (await window.incoming(name, sid)).framesDecoded === before;
        }""",
        viewer.name,
        sid,
    )


@pytest.mark.compatibility("media.screen_share_with_sound")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_a_screen_with_its_sound(server: RunningServer, speech: Path, single: bool) -> None:
    publish = """async (room) => {
        const publish = (track, options) => room.localParticipant.publishTrack(track, options);
        const screen = await publish(drawn(1280, 720), { source: 'screen_share', simulcast: false });
        const sound = await publish(tone(), { source: 'screen_share_audio', dtx: false, red: false });
        return [screen.trackSid, sound.trackSid];
    }"""
    sources = """(room) => [...room.remoteParticipants.get('teacher').trackPublications.values()]
        .map((publication) => publication.source).sort()"""
    async with chromium_pages(server, speech) as (page,):
        teacher = await page.join("teacher", f"js-screen-{single}", single=single)
        viewer = await page.join("viewer", f"js-screen-{single}", single=single)
        camera = await teacher.call(CAMERA)
        screen, sound = await teacher.call(publish)
        for sid in (screen, sound, camera):
            await viewer.plays(sid)
        assert (await viewer.incoming(screen, "now.frameWidth > 0"))["frameWidth"] == 1280
        assert await viewer.call(sources) == ["camera", "screen_share", "screen_share_audio"]
        await teacher.call(
            "(room, sid) => room.localParticipant.unpublishTrack("
            "room.localParticipant.trackPublications.get(sid).track)",
            screen,
        )
        await viewer.told("trackUnpublished", arg1="teacher")
        await viewer.plays(camera)


#: Publishes 440 Hz on the left and 880 Hz on the right.
STEREO = """async (room) => {
    const context = new AudioContext();
    const merger = new ChannelMergerNode(context, { numberOfInputs: 2 });
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
    for (const [side, frequency] of [440, 880].entries()) {
        const oscillator = new OscillatorNode(context, { frequency });
        oscillator.connect(merger, 0, side);
        oscillator.start();
    }
    merger.connect(destination);
    const options = { source: 'microphone', forceStereo: true, dtx: false, red: false };
    return (await room.localParticipant.publishTrack(destination.stream.getAudioTracks()[0], options)).trackSid;
}"""
#: The loudest frequency of each side of a received track, in Hz.
SIDES = """async (room, name, sid) => {
    const stream = document.querySelector(`[data-room=${name}][data-sid=${sid}]`).srcObject;
    const context = new AudioContext();
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(splitter);
    const sides = [0, 1].map((side) => {
        const analyser = new AnalyserNode(context, { fftSize: 8192 });
        splitter.connect(analyser, side);
        return analyser;
    });
    await new Promise((next) => setTimeout(next, 1000));
    const found = sides.map((analyser) => {
        const power = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(power);
        return Math.round((power.indexOf(Math.max(...power)) * context.sampleRate) / analyser.fftSize / 20) * 20;
    });
    await context.close();
    return found[0] === 440 && found[1] === 880;
}"""


@pytest.mark.compatibility("media.opus_stereo")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_left_and_right_stay_apart(server: RunningServer, speech: Path, single: bool) -> None:
    async with chromium_pages(server, speech) as (page,):
        viewer = await page.join("viewer", f"js-stereo-{single}", single=single)
        teacher = await page.join("teacher", f"js-stereo-{single}", single=single)
        sid = await teacher.call(STEREO)
        await viewer.plays(sid)
        await viewer.until(SIDES, "viewer", sid)


@pytest.mark.compatibility("media.e2ee", "data.encrypted_packet", "data.encrypted")
async def test_end_to_end_encryption(server: RunningServer, speech: Path) -> None:
    """Who has the key sees, hears and reads; who has another one gets packets that say nothing."""
    async with chromium_pages(server, speech, count=3) as pages:
        teacher, viewer, stranger = [
            await page.join(name, "js-e2ee", encrypted=key)
            for page, name, key in zip(
                pages, ("teacher", "viewer", "stranger"), ("secret", "secret", "other"), strict=True
            )
        ]
        sid, sound = await teacher.call(CAMERA), await teacher.call(MICROPHONE)
        await viewer.plays(sid)
        await viewer.plays(sound)
        encrypted = "(room) => room.remoteParticipants.get('teacher').isEncrypted"
        assert await viewer.call(encrypted)
        await teacher.call("(room) => room.localParticipant.publishData(new TextEncoder().encode('hello'))")
        assert (await viewer.told("dataReceived"))[0] == "hello"
        await stranger.told("encryptionError")
        seen = await stranger.incoming(sid, "now.packetsReceived > 100")
        assert seen.get("framesDecoded", 0) == 0
        assert not [e for e in await stranger.log() if e["event"] == "dataReceived"]
