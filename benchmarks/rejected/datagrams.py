"""What strangers send, kind by kind. Everything is seeded: each run sends the same."""

import random
import struct
from dataclasses import dataclass

from ..peers.endpoint import binding_request

SEED = 20_261_125
#: Different datagrams of a kind; they are sent in turn.
VARIETY = 256
#: First bytes that belong to no protocol (RFC 7983, section 7).
UNCLASSIFIED = [*range(4, 16), *range(80, 128), *range(192, 256)]
MEDIA_BYTES = 1200


@dataclass(frozen=True)
class Kind:
    """`on_path`: sent from the address of a peer that is connected, as one who forges source addresses would."""

    name: str
    datagrams: list[bytes]
    on_path: bool = False


def kinds(ufrag: str, ssrc: int, payload_type: int) -> list[Kind]:
    """`ufrag`: of a transport of the server; `ssrc` and `payload_type`: of a track that it receives."""
    made = random.Random(SEED)
    numbers = range(VARIETY)
    return [
        Kind("garbage", [bytes([made.choice(UNCLASSIFIED)]) + made.randbytes(199) for _ in numbers]),
        Kind("STUN, unknown user", [check(made, made.randbytes(6).hex()) for _ in numbers]),
        Kind("STUN, wrong password", [check(made, ufrag) for _ in numbers]),
        Kind("RTP, unknown address", [rtp(made, n, ssrc, payload_type) for n in numbers]),
        Kind("RTCP, unknown address", [rtcp(made, ssrc) for _ in numbers]),
        Kind("DTLS, unknown address", [client_hello(made) for _ in numbers]),
        Kind("RTP, forged on a path", [rtp(made, n, ssrc, payload_type) for n in numbers], on_path=True),
        Kind("RTCP, forged on a path", [rtcp(made, ssrc) for _ in numbers], on_path=True),
        Kind("STUN, forged on a path", [check(made, ufrag) for _ in numbers], on_path=True),
        Kind("DTLS, forged on a path", [client_hello(made) for _ in numbers], on_path=True),
        Kind("DTLS records, forged on a path", [application_data(made) for _ in numbers], on_path=True),
    ]


def check(made: random.Random, ufrag: str) -> bytes:
    """A connectivity check as a browser makes it, with a password that was guessed."""
    return binding_request(f"{ufrag}:client", made.randbytes(12).hex(), made.randbytes(12))


def rtp(made: random.Random, number: int, ssrc: int, payload_type: int) -> bytes:
    """Of a stream that exists, with sequence numbers far ahead, so that they are no replay."""
    header = struct.pack("!BBHII", 0x80, payload_type, (30_000 + number) & 0xFFFF, 1, ssrc)
    return header + made.randbytes(MEDIA_BYTES - len(header))


def rtcp(made: random.Random, ssrc: int) -> bytes:
    """A sender report with encrypted body, tag and index that are none."""
    return struct.pack("!BBHI", 0x80, 200, 6, ssrc) + made.randbytes(40)


def client_hello(made: random.Random) -> bytes:
    """DTLS 1.2 (RFC 6347): one handshake record with a ClientHello."""
    body = b"\xfe\xfd" + made.randbytes(32) + b"\0\0" + b"\0\x02\xc0\x2b" + b"\x01\0"
    handshake = (
        b"\x01" + len(body).to_bytes(3, "big") + b"\0\0" + b"\0\0\0" + len(body).to_bytes(3, "big") + body
    )
    return b"\x16\xfe\xfd" + b"\0\0" + made.randbytes(6) + len(handshake).to_bytes(2, "big") + handshake


def application_data(made: random.Random) -> bytes:
    """A record of epoch 1, as data channels use it, that no key fits."""
    body = made.randbytes(100)
    return b"\x17\xfe\xfd" + b"\0\x01" + b"\0\0" + made.randbytes(4) + len(body).to_bytes(2, "big") + body
