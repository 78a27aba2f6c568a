"""A peer of the data plane on a real socket: STUN by aioice, SRTP by libsrtp (pylibsrtp), RTP by aiortc."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field

from aioice import stun
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, RtpPacket
from pylibsrtp import Policy, Session

from mediaserver._dataplane import CodecParameters, DataPlane, Encoding, PayloadTypeMapping

TIMEOUT_S = 5.0
PASSWORD = "password-of-24-characters"
POLICIES = {
    "SRTP_AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    "SRTP_AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    "SRTP_AES128_CM_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}
VIDEO, RTX, OUT_VIDEO, OUT_RTX = 96, 97, 120, 121


def is_rtcp(packet: bytes) -> bool:
    """RFC 5761, section 4."""
    return 192 <= packet[1] <= 223


@dataclass
class Peer:
    """One transport of a data plane, from the other side. `address` is the server's; TCP carries RFC 4571 frames."""

    plane: DataPlane
    transport: int
    address: tuple[str, int]
    profile: str = "SRTP_AEAD_AES_128_GCM"
    worker: int = 0
    tcp: bool = False
    _received: bytes = field(default=b"", init=False)

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM)
        self.socket.settimeout(TIMEOUT_S)
        # Connected: datagrams from any other address of the server would not arrive.
        self.socket.connect(self.address)
        self.ufrag = f"ufrag{self.transport}"
        self.plane.add_transport(self.transport, self.worker, self.ufrag, PASSWORD)
        policy, key_length, salt_length = POLICIES[self.profile]
        keys = [bytes([n + self.transport]) * key_length for n in (1, 2)]
        salts = [bytes([n + self.transport]) * salt_length for n in (3, 4)]
        self.plane.set_srtp_keys(self.transport, self.profile, keys[0], salts[0], keys[1], salts[1])
        self.outbound = Session(Policy(keys[0] + salts[0], Policy.SSRC_ANY_OUTBOUND, srtp_profile=policy))
        self.inbound = Session(Policy(keys[1] + salts[1], Policy.SSRC_ANY_INBOUND, srtp_profile=policy))

    def close(self) -> None:
        self.socket.close()

    def send(self, datagram: bytes) -> None:
        self.socket.sendall(struct.pack("!H", len(datagram)) + datagram if self.tcp else datagram)

    def receive(self) -> bytes:
        """The next datagram; TimeoutError when none comes, ConnectionError when the stream has ended."""
        if not self.tcp:
            return self.socket.recv(2048)
        while True:
            length = int.from_bytes(self._received[:2], "big") + 2
            if len(self._received) >= max(length, 3):
                datagram, self._received = self._received[2:length], self._received[length:]
                return datagram
            more = self.socket.recv(65_536)
            if not more:
                raise ConnectionError("closed")
            self._received += more

    def check(self, password: str = PASSWORD) -> stun.Message:
        """A connectivity check that nominates; gives the server's answer."""
        self.send(bytes(self.request(password)))
        answer = stun.parse_message(self.receive())
        answer.check_message_integrity(PASSWORD.encode())
        assert answer.message_class == stun.Class.RESPONSE
        return answer

    def request(self, password: str = PASSWORD) -> stun.Message:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.ufrag}:client"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(password.encode())
        return message

    def publish(self, receiver: int, ssrc: int, *higher: int) -> None:
        """A VP8 track told by SSRC; `higher`: SSRCs of more simulcast streams, each better than the one before."""
        self.plane.set_receiver(
            self.transport,
            receiver,
            kind="video",
            mid="0",
            codecs=[CodecParameters(VIDEO, "video/VP8", 90_000, RTX)],
            encodings=[Encoding(ssrc=one, rtx_ssrc=one + 1) for one in (ssrc, *higher)],
            extensions=[],
            nack=True,
        )

    def subscribe(self, sender: int, receiver: int, ssrc: int) -> None:
        self.plane.set_sender(
            self.transport,
            sender,
            receiver=receiver,
            mid="0",
            ssrc=ssrc,
            rtx_ssrc=ssrc + 1,
            cname="publisher",
            payload_types=[PayloadTypeMapping(VIDEO, OUT_VIDEO, OUT_RTX)],
            extensions=[],
        )

    def video(self, sequence_number: int, ssrc: int, size: int = 1000, *, marker: int = 1) -> bytes:
        """An encrypted packet of a VP8 keyframe; the payload ends with its number. `marker`: 1 for the last packet
        of a frame."""
        packet = RtpPacket(VIDEO, marker, sequence_number, 3000 * sequence_number, ssrc)
        packet.payload = b"\x10\x00" + bytes(size - 4) + struct.pack("!H", sequence_number)
        return self.outbound.protect(packet.serialize())

    def next_video(self) -> RtpPacket:
        """The next forwarded packet, decrypted; reports are passed over."""
        while True:
            datagram = self.receive()
            if not is_rtcp(datagram):
                return RtpPacket.parse(self.inbound.unprotect(datagram))

    def next_rtcp(self) -> list[object]:
        """The next compound, decrypted; media is passed over."""
        while True:
            datagram = self.receive()
            if is_rtcp(datagram):
                return list(RtcpPacket.parse(self.inbound.unprotect_rtcp(datagram)))

    def nack(self, ssrc: int, lost: list[int]) -> None:
        packet = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=ssrc, lost=lost)
        self.send(self.outbound.protect_rtcp(bytes(packet)))

    def pli(self, ssrc: int) -> None:
        packet = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=ssrc)
        self.send(self.outbound.protect_rtcp(bytes(packet)))


def number_of(packet: RtpPacket) -> int:
    """The publisher's sequence number, from the payload."""
    return int.from_bytes(packet.payload[-2:], "big")
