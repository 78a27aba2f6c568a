"""Layers of real encoders, switched at random: what arrives is continuous, and decodes to the picture that was encoded.

Chromium's VP8, VP9, AV1 and H264 in several scalability modes go through the data plane picture by picture, with
another target before every second picture on average. `LAYER_RUNS=50`: more than a thousand switches for each stream.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise

import pytest
from aiortc.rtp import RtpPacket
from dataplane_peer import Peer, is_rtcp
from encoded_streams import Packet, Recording

from mediaserver import codecs
from mediaserver._dataplane import CodecParameters, DataPlane, Encoding, PayloadTypeMapping

RUNS = int(os.environ.get("LAYER_RUNS", "8"))
VIDEO, SPEECH = 1, 2
OUT_VIDEO_TYPE, SPEECH_TYPE = 100, 111
SPEECH_SSRC, OUT_VIDEO_SSRC, OUT_SPEECH_SSRC = 99, 500, 600
OUT_DESCRIPTOR = 5
SWITCH_CHANCE = 0.5
STREAMS = {
    "vp8-l1t3": {(0, 0), (0, 1), (0, 2)},
    "vp8-l1t3-described": {(0, 0), (0, 1), (0, 2)},
    "h264-l1t3": {(0, 0), (0, 1), (0, 2)},
    "vp9-l3t3": {(s, t) for s in range(3) for t in range(3)},
    "vp9-l3t3-key": {(s, t) for s in range(3) for t in range(3)},
    "av1-l3t3": {(s, t) for s in range(3) for t in range(3)},
    "av1-l3t3-key": {(s, t) for s in range(3) for t in range(3)},
}


class Line:
    """A recording on its way from Alice to Bob. Speech behind each picture shows when all of it has come."""

    def __init__(self, recording: Recording, plane: DataPlane) -> None:
        self.plane = plane
        address = ("127.0.0.1", int(plane.udp_addresses[0].rpartition(":")[2]))
        self.alice, self.bob = Peer(plane, 1, address), Peer(plane, 2, address)
        self.alice.check()
        self.bob.check()
        self._spoken = 0
        self._publish(recording)
        self._subscribe(VIDEO, OUT_VIDEO_SSRC, recording.payload_type, OUT_VIDEO_TYPE)
        self._subscribe(SPEECH, OUT_SPEECH_SSRC, SPEECH_TYPE, SPEECH_TYPE)
        self._wait_for_commands()

    def _publish(self, recording: Recording) -> None:
        extensions = [(codecs.DEPENDENCY_DESCRIPTOR, recording.descriptor_id)]
        self.plane.set_receiver(
            self.alice.transport,
            VIDEO,
            kind="video",
            mid="0",
            codecs=[CodecParameters(recording.payload_type, recording.mime_type, 90_000)],
            encodings=[Encoding(ssrc=recording.packets[0].ssrc)],
            extensions=extensions if recording.descriptor_id else [],
            nack=False,
        )
        self.plane.set_receiver(
            self.alice.transport,
            SPEECH,
            kind="audio",
            mid="1",
            codecs=[CodecParameters(SPEECH_TYPE, "audio/opus", 48_000)],
            encodings=[Encoding(ssrc=SPEECH_SSRC)],
            extensions=[],
            nack=False,
        )

    def _subscribe(self, receiver: int, ssrc: int, incoming: int, outgoing: int) -> None:
        self.plane.set_sender(
            self.bob.transport,
            receiver,
            receiver=receiver,
            mid=str(receiver),
            ssrc=ssrc,
            rtx_ssrc=None,
            cname="publisher",
            payload_types=[PayloadTypeMapping(incoming, outgoing)],
            extensions=[(codecs.DEPENDENCY_DESCRIPTOR, OUT_DESCRIPTOR)],
        )

    def _wait_for_commands(self) -> None:
        """Commands are taken between datagrams: the first packets may come before them."""
        self.bob.socket.settimeout(0.05)
        while True:
            self._speak()
            try:
                list(self._until_speech())
            except TimeoutError:
                continue
            self.bob.socket.settimeout(5)
            return

    def target(self, spatial: int, temporal: int) -> None:
        self.plane.set_sender_target(VIDEO, enabled=True, max_spatial=spatial, max_temporal=temporal)

    def carry(self, packets: Sequence[Packet]) -> list[Packet]:
        """Sends one picture; gives what of it arrives."""
        for packet in packets:
            self.alice.send(self.alice.outbound.protect(packet.content))
        self._speak()
        return list(self._until_speech())

    def _speak(self) -> None:
        self._spoken += 1
        packet = RtpPacket(SPEECH_TYPE, 0, self._spoken, 960 * self._spoken, SPEECH_SSRC)
        packet.payload = b"speech"
        self.alice.send(self.alice.outbound.protect(packet.serialize()))

    def _until_speech(self) -> Iterator[Packet]:
        while True:
            datagram = self.bob.receive()
            if is_rtcp(datagram):
                continue
            packet = Packet(self.bob.inbound.unprotect(datagram))
            if packet.ssrc == OUT_SPEECH_SSRC:
                return
            yield packet


@contextmanager
def line(recording: Recording, seed: int) -> Iterator[Line]:
    plane = DataPlane(udp_binds=["127.0.0.1:0"], coalesce_us=0, keyframe_interval_us=1000, seed=seed)
    with closing(plane):
        made = Line(recording, plane)
        with closing(made.alice), closing(made.bob):
            yield made


def switch_at_random(recording: Recording, seed: int) -> tuple[int, list[list[Packet]]]:
    """How often the target changed, and what came of each picture of which anything came."""
    chance = random.Random(seed)
    switches, arrived = 0, list[list[Packet]]()
    with line(recording, seed) as carried:
        for packets in recording.pictures:
            if chance.random() < SWITCH_CHANCE:
                carried.target(chance.randrange(3), chance.randrange(3))
                switches += 1
            if came := carried.carry(packets):
                arrived.append(came)
    return switches, arrived


def assert_continuous(recording: Recording, arrived: list[list[Packet]]) -> None:
    numbers = [packet.sequence_number for packets in arrived for packet in packets]
    assert all((b - a) % 0x10000 == 1 for a, b in pairwise(numbers))
    # A picture ends with a marker. Where frames do not tell what those above them will need, it has one more for each
    # layer that begins again in it without a keyframe.
    most = 3 if recording.mime_type == "video/AV1" else 1
    for packets in arrived:
        assert packets[-1].marker and sum(packet.marker for packet in packets) <= most


@pytest.mark.parametrize("name", list(STREAMS))
def test_no_switch_breaks_a_picture(name: str) -> None:
    recording = Recording(name)
    switches, seen = 0, set[tuple[int, int]]()
    for seed in range(RUNS):
        changed, arrived = switch_at_random(recording, seed)
        switches += changed
        pictures = [recording.picture(packets, OUT_DESCRIPTOR) for packets in arrived]
        assert_continuous(recording, arrived)
        for picture, shown in zip(pictures, recording.decode(pictures), strict=True):
            assert shown == recording.expected[picture.layer[0], picture.number], (seed, picture.number)
            seen.add(picture.layer)
    assert switches >= 15 * RUNS
    assert seen == STREAMS[name], "all layers have been the highest"


@pytest.mark.parametrize("name", list(STREAMS))
def test_without_a_limit_everything_is_forwarded_as_it_is(name: str) -> None:
    recording = Recording(name)
    with line(recording, 1) as carried:
        arrived = [carried.carry(packets) for packets in recording.pictures]
    if "key" in name and "av1" in name:
        # Between keyframes whoever decodes the highest layer needs none of the others.
        assert all(len(came) <= len(sent) for came, sent in zip(arrived, recording.pictures, strict=True))
    else:
        sizes = [[len(packet.payload) for packet in packets] for packets in arrived]
        assert sizes == [[len(packet.payload) for packet in packets] for packets in recording.pictures]
    pictures = [recording.picture(packets, OUT_DESCRIPTOR) for packets in arrived]
    shown = recording.decode(pictures)
    assert shown == [recording.expected[picture.layer[0], picture.number] for picture in pictures]
