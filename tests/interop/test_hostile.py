"""Bad input against a running server while a lesson goes on: nothing ends but its sender, counters move.

All garbage is seeded, so that a failure comes again.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from contextlib import closing

import aiohttp
import pytest
from aioice import stun
from livekit.protocol import models
from livekit.protocol import rtc as signal

from mediaserver.sdp import parse

from .sdk import Received, camera, joined, token
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]
SEED = 20_261_124
#: Of DTLS 1.2: handshake record, ClientHello, lengths that fit a body of 80 bytes.
CLIENT_HELLO = bytes.fromhex("16fefd0000000000000000005c 010000500000000000000050 fefd") + bytes(range(78))
FIRST_BYTES = [0, 1, 3, 16, 19, 20, 22, 23, 63, 64, 79, 80, 127, 128, 144, 175, 191, 192, 255]


def mutations(made: random.Random, seed: bytes, count: int) -> Iterator[bytes]:
    """Copies of `seed` with bits turned, ends cut off, bytes put in."""
    for _ in range(count):
        datagram = bytearray(seed)
        for _ in range(made.randint(1, 5)):
            match made.randrange(3):
                case 0 if datagram:
                    datagram[made.randrange(len(datagram))] ^= 1 << made.randrange(8)
                case 1:
                    del datagram[made.randint(0, len(datagram)) :]
                case _:
                    at = made.randint(0, len(datagram))
                    datagram[at:at] = made.randbytes(made.randint(1, 9))
        yield bytes(datagram)


def datagrams(made: random.Random) -> Iterator[bytes]:
    """Random bytes of every kind that a demultiplexer tells apart, and damaged messages of each protocol."""
    for first in FIRST_BYTES:
        for _ in range(20):
            yield bytes([first]) + made.randbytes(made.choice([0, 1, 11, 19, 40, 200, 1200]))
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = "abcdefgh:client"
    request.add_message_integrity(b"password")
    rtp = bytes.fromhex("90e0000100000001000000070001bede") + made.randbytes(200)
    rtcp = bytes.fromhex("81c900070000000100000007") + made.randbytes(20)
    for seed in (bytes(request), CLIENT_HELLO, rtp, rtcp):
        yield seed
        yield from mutations(made, seed, 100)


async def goes_on(received: Received) -> None:
    """New pictures and new sound still arrive."""
    pictures, sound = len(received.pictures), len(received.sound)
    await received.until(
        lambda: len(received.pictures) > pictures + 10 and len(received.sound) > sound + 20,
        "the lesson goes on",
    )


async def test_datagrams_and_streams_of_strangers(server: RunningServer) -> None:
    async with (
        joined(server, "viewer", "hostile", single=True) as (_, received),
        joined(server, "teacher", "hostile", single=True) as (room, _),
        camera(room),
    ):
        await goes_on(received)
        before = server.metrics()
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as stranger:
            stranger.connect(("127.0.0.1", server.udp_port))
            stranger.setblocking(False)
            for datagram in datagrams(random.Random(SEED)):
                stranger.send(datagram)
            await goes_on(received)
            with pytest.raises(BlockingIOError):  # silence, whatever was asked
                stranger.recv(2048)
        after = server.metrics()
        for kind in ("stun_malformed", "unclassified", "unknown_peer"):
            name = f'polyana_packet_errors_total{{kind="{kind}"}}'
            assert after[name] > before[name], name
        made = random.Random(SEED)
        for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\xff\xff", b"\0\x10" + made.randbytes(16)):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.tcp_port)
            writer.write(garbage + made.randbytes(300))
            assert await asyncio.wait_for(reader.read(100), 5) == b""
            writer.close()
        await goes_on(received)


async def test_a_peer_with_a_password_and_a_broken_handshake(server: RunningServer) -> None:
    """Past ICE, where strangers do not come: DTLS that is none, RTP before keys."""
    made = random.Random(SEED)
    async with (
        joined(server, "viewer", "handshake", single=True) as (_, received),
        joined(server, "teacher", "handshake", single=True) as (room, _),
        camera(room),
        aiohttp.ClientSession() as http,
    ):
        await goes_on(received)
        url = f"{server.http}/rtc?protocol=15&auto_subscribe=1"
        headers = {"Authorization": f"Bearer {token('mallory', 'handshake')}"}
        async with http.ws_connect(url, headers=headers) as websocket:
            offer = None
            while offer is None:
                message = await websocket.receive(timeout=10)
                answer = signal.SignalResponse.FromString(message.data)
                if answer.WhichOneof("message") == "offer":
                    offer = parse(answer.offer.sdp)
            section = offer.media[0]
            ufrag, password = offer.lookup(section, "ice-ufrag"), offer.lookup(section, "ice-pwd")
            assert ufrag and password
            reply = str(offer).replace("a=setup:actpass", "a=setup:active").replace("sendonly", "recvonly")
            description = signal.SignalRequest(
                answer=signal.SessionDescription(type="answer", sdp=reply.replace("a=ice-lite\r\n", ""))
            )
            await websocket.send_bytes(description.SerializeToString())
            with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as peer:
                peer.connect(("127.0.0.1", server.udp_port))
                peer.settimeout(5)
                check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
                check.attributes["USERNAME"] = f"{ufrag}:client"
                check.attributes["PRIORITY"] = 1
                check.attributes["ICE-CONTROLLING"] = 1
                check.attributes["USE-CANDIDATE"] = None
                check.add_message_integrity(password.encode())
                peer.send(bytes(check))
                assert stun.parse_message(peer.recv(2048)).message_class == stun.Class.RESPONSE
                before = server.metrics()
                for datagram in datagrams(made):
                    peer.send(datagram)
                for hello in mutations(made, CLIENT_HELLO, 300):
                    peer.send(hello)
                await goes_on(received)
        after = server.metrics()
        name = 'polyana_packet_errors_total{kind="no_keys"}'
        assert after[name] > before[name]


async def test_signalling_of_a_member(server: RunningServer) -> None:
    """Random and damaged requests with a good token: the session ignores them, or only this one ends."""
    made = random.Random(SEED)
    offer = signal.SignalRequest(offer=signal.SessionDescription(type="offer", sdp="v=0\r\nm=audio x\r\n"))
    track = signal.SignalRequest(
        add_track=signal.AddTrackRequest(cid="c", name="n", type=models.TrackType.VIDEO, width=2**31)
    )
    async with (
        joined(server, "viewer", "protobuf", single=True) as (_, received),
        joined(server, "teacher", "protobuf", single=True) as (room, _),
        camera(room),
        aiohttp.ClientSession() as http,
    ):
        await goes_on(received)
        headers = {"Authorization": f"Bearer {token('mallory', 'protobuf')}"}
        before = server.metrics()
        for seed in (offer.SerializeToString(), track.SerializeToString(), b""):
            async with http.ws_connect(f"{server.http}/rtc?protocol=15", headers=headers) as websocket:
                for request in mutations(made, seed, 60):
                    if websocket.closed:
                        break
                    await websocket.send_bytes(request)
                if not websocket.closed:
                    await websocket.send_str("{not json")
                    await websocket.send_bytes(made.randbytes(300_000))
                while not websocket.closed:
                    message = await asyncio.wait_for(websocket.receive(), 10)
                    if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE):
                        break
        await goes_on(received)
        after = server.metrics()
        grown = [name for name in after if "signal" in name and after[name] > before.get(name, 0)]
        assert grown, sorted(name for name in after if "signal" in name)


async def test_http_of_strangers(server: RunningServer) -> None:
    made = random.Random(SEED)
    seed = b'GET /api/lessons HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{"a":'
    for request in [*mutations(made, seed, 60), made.randbytes(2000), b"A" * 100_000]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 10)
        assert not answer.startswith(b"HTTP/1.1 5"), (request, answer)
        writer.close()
    assert server.metrics()["polyana_http_malformed_requests_total"] > 10
    async with aiohttp.ClientSession() as http:
        for path in ("/readyz", "/"):
            async with http.get(server.http + path) as response:
                assert response.status == 200
