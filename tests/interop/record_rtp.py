"""Records the RTP of a browser's encoder, packet by packet, as a fixture: real layers of real codecs.

    python -m tests.interop.record_rtp VP9 L3T3_KEY tests/fixtures/vp9-l3t3-key.rtp

Chromium sends a drawn picture straight to this program (ICE-lite, DTLS, SRTP). The file begins with a line of JSON
(mime_type, payload_type, dependency_descriptor_id), then each packet as it was before encryption, behind its 16-bit
length (RFC 4571 framing).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import socket
import struct
from pathlib import Path

from OpenSSL import SSL
from playwright.async_api import async_playwright
from pylibsrtp import Policy, Session

from benchmarks.peers.endpoint import Identity, _attribute, _export, _records, _stun

from .browser import CHROMIUM

DEPENDENCY_DESCRIPTOR = (
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)
KEYFRAME_INTERVAL_S = 1.5
PAGE = """async ([mime, mode, width, height, fps, bitrate]) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d');
    let number = 0;
    setInterval(() => {
        number += 1;
        context.fillStyle = '#456';
        context.fillRect(0, 0, width, height);
        for (let i = 0; i < 3; i++) {
            context.fillStyle = `hsl(${i * 120 + number}, 70%, 60%)`;
            const x = width / 2 + width / 3 * Math.sin(number / 9 + i);
            const y = height / 2 + height / 3 * Math.cos(number / 7 + 2 * i);
            context.fillRect(x - 60, y - 60, 120, 120);
        }
    }, 1000 / fps);
    const track = canvas.captureStream(fps).getVideoTracks()[0];
    const peer = window.peer = new RTCPeerConnection();
    const encoding = {scalabilityMode: mode, maxBitrate: bitrate, maxFramerate: fps};
    const transceiver = peer.addTransceiver(track, {direction: 'sendonly', sendEncodings: [encoding]});
    const all = RTCRtpSender.getCapabilities('video').codecs;
    transceiver.setCodecPreferences(all.filter((codec) => codec.mimeType === mime));
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
}"""


class Recorder(asyncio.DatagramProtocol):
    """An ICE-lite peer that only receives."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.packets: list[bytes] = []
        self.connected = asyncio.Event()
        self._peer: tuple[str, int] | None = None
        self._inbound: Session | None = None
        self._outbound: Session | None = None
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_privatekey(identity.key)
        context.use_certificate(identity.certificate)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
        self._dtls = SSL.Connection(context, None)
        self._dtls.set_accept_state()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[0] < 4:
            self._answer_check(data, addr)
        elif data[0] < 64:
            self._dtls.bio_write(data)
            self._handshake()
        elif self._inbound is not None and not 192 <= data[1] <= 223:
            self.packets.append(self._inbound.unprotect(data))

    def ask_for_keyframe(self) -> None:
        """A PLI, once the stream is known."""
        if self._outbound is None or not self.packets or self._peer is None:
            return
        ssrc = self.packets[-1][8:12]
        plain = struct.pack("!BBHI", 0x80, 201, 1, 1) + struct.pack("!BBHI", 0x81, 206, 2, 1) + ssrc
        self.transport.sendto(self._outbound.protect_rtcp(plain), self._peer)

    def _answer_check(self, data: bytes, addr: tuple[str, int]) -> None:
        self._peer = addr
        address = int.from_bytes(socket.inet_aton(addr[0]), "big") ^ 0x2112A442
        mapped = struct.pack("!BBHI", 0, 1, addr[1] ^ 0x2112, address)
        answer = _stun(0x0101, data[8:20], _attribute(0x0020, mapped), self.password)
        self.transport.sendto(answer, addr)

    def _handshake(self) -> None:
        if self._inbound is not None:
            return
        done = False
        try:
            self._dtls.do_handshake()
            done = True
        except SSL.WantReadError:
            pass
        while self._peer is not None:
            try:
                flight = self._dtls.bio_read(1500)
            except SSL.WantReadError:
                break
            for record in _records(flight):
                self.transport.sendto(record, self._peer)
        if done:
            keys = _export(self._dtls, client=False)
            profile = Policy.SRTP_PROFILE_AES128_CM_SHA1_80
            self._inbound = Session(
                Policy(keys.receive_key + keys.receive_salt, Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
            )
            self._outbound = Session(
                Policy(keys.send_key + keys.send_salt, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
            )
            self.connected.set()


def answer(offer: str, recorder: Recorder, port: int, kbps: int, uris: set[str]) -> tuple[str, int, int]:
    """(answer, payload type, id of the dependency descriptor or 0). The first codec, header extensions of `uris`."""
    (payload_type,) = re.findall(r"^m=video \S+ \S+ (\d+)", offer, re.MULTILINE)
    (codec,) = re.findall(rf"^a=rtpmap:{payload_type} (\S+)", offer, re.MULTILINE)
    fmtp = re.search(rf"^a=fmtp:{payload_type} (.*)$", offer, re.MULTILINE)
    parameters = [fmtp[1].strip()] if fmtp else []
    parameters += [f"x-google-{name}-bitrate={kbps}" for name in ("min", "start", "max")]
    extensions = dict(re.findall(r"^a=extmap:(\d+) (\S+)", offer, re.MULTILINE))
    kept = [(number, uri) for number, uri in extensions.items() if uri in uris]
    lines = [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=extmap-allow-mixed",
        "a=group:BUNDLE 0",
        f"m=video 9 UDP/TLS/RTP/SAVPF {payload_type}",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=recvonly",
        "a=rtcp-mux",
        f"a=ice-ufrag:{recorder.ufrag}",
        f"a=ice-pwd:{recorder.password}",
        f"a=fingerprint:sha-256 {recorder.identity.fingerprint}",
        "a=setup:passive",
        f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host",
        f"a=rtpmap:{payload_type} {codec}",
        f"a=fmtp:{payload_type} {';'.join(parameters)}",
        f"a=rtcp-fb:{payload_type} nack pli",
        *(f"a=extmap:{number} {uri}" for number, uri in kept),
    ]
    return "\r\n".join([*lines, ""]), int(payload_type), int(kept[0][0]) if kept else 0


async def record(arguments: argparse.Namespace) -> bytes:
    """Runs the browser; gives the file."""
    loop = asyncio.get_running_loop()
    transport, recorder = await loop.create_datagram_endpoint(
        lambda: Recorder(Identity.create()), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--allow-loopback-in-peer-connection"],
        )
        page = await browser.new_page()
        bitrate = arguments.kbps * 1000
        mime = f"video/{arguments.codec}"
        size = [arguments.width, arguments.height, arguments.fps]
        offered = await page.evaluate(PAGE, [mime, arguments.mode, *size, bitrate])
        uris = {DEPENDENCY_DESCRIPTOR} if arguments.descriptor else set()
        text, payload_type, descriptor = answer(offered, recorder, port, arguments.kbps, uris)
        await page.evaluate("(sdp) => peer.setRemoteDescription({type: 'answer', sdp})", text)
        await asyncio.wait_for(recorder.connected.wait(), 20)
        for _ in range(round(arguments.seconds / KEYFRAME_INTERVAL_S)):
            await asyncio.sleep(KEYFRAME_INTERVAL_S)
            recorder.ask_for_keyframe()
        await browser.close()
    transport.close()
    head = {"mime_type": mime, "payload_type": payload_type, "dependency_descriptor_id": descriptor}
    packets = sorted(recorder.packets, key=lambda packet: unwrapped(packet, recorder.packets[0]))
    content = b"".join(struct.pack("!H", len(packet)) + packet for packet in packets)
    return json.dumps(head).encode() + b"\n" + content


def unwrapped(packet: bytes, first: bytes) -> int:
    """The sequence number, counted from the first packet's."""
    number, base = (int.from_bytes(p[2:4], "big") for p in (packet, first))
    return (number - base + 0x8000) % 0x10000


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("codec", choices=["VP8", "VP9", "AV1", "H264"])
    parser.add_argument("mode", help="scalabilityMode, such as L3T3_KEY")
    parser.add_argument("file")
    parser.add_argument("--seconds", type=float, default=9)
    parser.add_argument("--kbps", type=int, default=220)
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--height", type=int, default=540)
    parser.add_argument("--fps", type=int, default=10)
    parser.add_argument("--descriptor", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()
    Path(arguments.file).write_bytes(asyncio.run(record(arguments)))


if __name__ == "__main__":
    main()
