"""Chromium as a plain WebRTC client, without any SDK: a WHEP player and a WHIP publisher with simulcast."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page

from .browser import LISTEN, SPEECH_LEVEL, chromium, positions
from .sdk import camera, joined, token
from .server import RunningServer
from .whip import player

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.browser, pytest.mark.timeout(120)]

#: What a page needs of RFC 9725, in its own words.
CLIENT = """() => {
    window.open_session = async (connection, url, token, munge = (sdp) => sdp) => {
        const { sdp } = await connection.createOffer();
        await connection.setLocalDescription({ type: 'offer', sdp: munge(sdp) });
        const headers = { 'Authorization': `Bearer ${token}`, 'Content-Type': 'application/sdp' };
        const response = await fetch(url, { method: 'POST', headers, body: connection.localDescription.sdp });
        if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
        const answer = await response.text();
        await connection.setRemoteDescription({ type: 'answer', sdp: answer });
        Object.assign(window, { connection, answer, token });
        window.session = new URL(response.headers.get('Location'), url).href;
        window.tag = response.headers.get('ETag');
    };
    window.patch = async (body, tag) => fetch(window.session, {
        method: 'PATCH', body, headers: {
            'Authorization': `Bearer ${window.token}`,
            'Content-Type': 'application/trickle-ice-sdpfrag',
            'If-Match': tag,
        },
    });
    window.value = (sdp, name) => sdp.match(new RegExp(`a=${name}:(.*)`))[1].trim();
}"""
PLAY = """async ([url, token]) => {
    const connection = new RTCPeerConnection();
    const video = document.createElement('video');
    video.autoplay = true;
    video.muted = true;
    video.srcObject = new MediaStream();
    document.body.append(video);
    connection.ontrack = (event) => video.srcObject.addTrack(event.track);
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
    await window.open_session(connection, url, token);
}"""
PUBLISH = """async ([url, token]) => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
    const connection = new RTCPeerConnection();
    connection.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendonly', streams: [stream] });
    connection.addTransceiver(stream.getVideoTracks()[0], {
        direction: 'sendonly', streams: [stream],
        sendEncodings: [{ rid: 'full' }, { rid: 'small', scaleResolutionDownBy: 4 }],
    });
    await window.open_session(connection, url, token);
}"""
#: Simulcast as before there were RIDs: Chromium reads it from ssrc-groups that a page writes into its own offer.
PUBLISH_BY_SSRC = """async ([url, token]) => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
    const connection = new RTCPeerConnection();
    for (const track of [...stream.getAudioTracks(), ...stream.getVideoTracks()])
        connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    const simulcast = (sdp) => {
        const start = sdp.indexOf('m=video');
        const video = sdp.slice(start).split('\\r\\n');
        const group = video.find((line) => line.startsWith('a=ssrc-group:FID'));
        const [media, repair] = group.split(' ').slice(1).map(Number);
        const own = video.filter((line) => line.startsWith(`a=ssrc:${media} `));
        const second = [media + 7, repair + 7];
        const lines = second.flatMap((ssrc) => own.map((line) => line.replace(`ssrc:${media}`, `ssrc:${ssrc}`)));
        const groups = [`a=ssrc-group:FID ${second.join(' ')}`, `a=ssrc-group:SIM ${media} ${second[0]}`];
        const last = video.lastIndexOf(video.filter((line) => line.startsWith('a=ssrc:')).at(-1));
        video.splice(last + 1, 0, ...lines, ...groups);
        return sdp.slice(0, start) + video.join('\\r\\n');
    };
    await window.open_session(connection, url, token, simulcast);
    const sender = connection.getSenders().find((sender) => sender.track.kind === 'video');
    const parameters = sender.getParameters();
    parameters.encodings[0].scaleResolutionDownBy = 2;
    await sender.setParameters(parameters);
}"""
#: RFC 9725, section 4.3.3: credentials and candidates go by PATCH, the rest of both descriptions stays.
RESTART_ICE = """async () => {
    window.connection.restartIce();
    const offer = await window.connection.createOffer();
    await window.connection.setLocalDescription(offer);
    const fragment = ['m=audio 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0',
        ...['ice-ufrag', 'ice-pwd'].map((name) => `a=${name}:${window.value(offer.sdp, name)}`), ''].join('\\r\\n');
    const response = await window.patch(fragment, '*');
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const answered = await response.text();
    let answer = window.answer;
    for (const name of ['ice-ufrag', 'ice-pwd'])
        answer = answer.replaceAll(window.value(answer, name), window.value(answered, name));
    await window.connection.setRemoteDescription({ type: 'answer', sdp: answer });
    const changed = window.value(answered, 'ice-ufrag') !== window.value(window.answer, 'ice-ufrag');
    const stale = await window.patch(fragment, window.tag);
    return [changed, response.headers.get('ETag') !== window.tag, stale.status];
}"""
END = """async () => (await fetch(window.session, {
    method: 'DELETE', headers: { 'Authorization': `Bearer ${window.token}` } })).status"""
SELECTED = """async () => [...(await window.connection.getStats()).values()]
    .filter((report) => report.type === 'transport').map((report) => report.selectedCandidatePairChanges)[0]"""


@asynccontextmanager
async def page_of(server: RunningServer, speech: Path) -> AsyncIterator[Page]:
    async with chromium(speech) as browser:
        page = await (await browser.new_context()).new_page()
        await page.goto(f"{server.http}/healthz")
        await page.evaluate(CLIENT)
        yield page


@pytest.mark.compatibility("client.whep_chromium")
async def test_a_page_plays_and_restarts_ice(server: RunningServer, speech: Path) -> None:
    room_name = "whep-page"
    async with (
        page_of(server, speech) as page,
        joined(server, "teacher", room_name, single=True) as (room, told),
        camera(room, "vp8"),
    ):
        await page.evaluate(PLAY, [f"{server.http}/whep/v1", token("page", room_name)])
        (before,) = await positions(page, lambda now: len(now) == 1)
        await positions(page, lambda now: now[0] > before + 1)
        assert await page.evaluate(LISTEN) > SPEECH_LEVEL
        paths = await page.evaluate(SELECTED)
        assert await page.evaluate(RESTART_ICE) == [True, True, 412]
        await positions(page, lambda now: now[0] > before + 8)
        assert await page.evaluate(SELECTED) > paths
        assert await page.evaluate(END) == 200
        await told.until(lambda: "page" not in room.remote_participants, "the player's end")


@pytest.mark.parametrize(
    ("publish", "small_size"),
    [
        pytest.param(PUBLISH, (120, 160), id="rid", marks=pytest.mark.compatibility("media.simulcast_rid")),
        pytest.param(
            PUBLISH_BY_SSRC, (240, 320), id="ssrc", marks=pytest.mark.compatibility("media.simulcast_ssrc")
        ),
    ],
)
@pytest.mark.compatibility("client.whip_chromium")
async def test_a_page_publishes_two_sizes(
    server: RunningServer,
    speech: Path,
    publish: str,
    small_size: tuple[int, int],
    request: pytest.FixtureRequest,
) -> None:
    room_name = f"whip-page-{request.node.callspec.id}"
    async with (
        page_of(server, speech) as page,
        player(server, "large", room_name, "?quality=high") as (_, large),
        player(server, "small", room_name, "?quality=low") as (_, small),
    ):
        await page.evaluate(publish, [f"{server.http}/whip/v1", token("page", room_name)])
        await large.until(lambda: any(p.shape[1] == 640 for p in large.pictures), "the full picture")
        small.pictures.clear()
        await small.until(lambda: len(small.pictures) > 20, "small pictures")
        assert {p.shape[:2] for p in small.pictures} == {small_size}
        assert await page.evaluate(END) == 200
