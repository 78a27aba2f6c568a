"""The first packets of a publisher, before the load generator takes over its socket.

LiveKit publishes a track when its first packet comes, not when it is negotiated; viewers are offered nothing before.
"""

import asyncio

from pylibsrtp import Policy, Session

from .endpoint import Endpoint

#: The load generator counts packets from here on (`publisher.rs`), so that sequence numbers go on without a gap.
LOAD_BEGINS_AT = 1000
PACKETS = 20
INTERVAL_S = 0.05
PROFILES = {
    "SRTP_AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "SRTP_AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    "SRTP_AES128_CM_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}
#: A VP8 descriptor and a keyframe of 640 x 360 (RFC 7741); as an Opus packet it means nothing, which nobody plays.
PAYLOAD = bytes([0x10, 0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01]) + bytes(100)


async def send_first_packets(endpoint: Endpoint, payload_type: int, ssrc: int) -> None:
    """Sends a second of small packets with this endpoint's keys."""
    keys = endpoint.keys
    policy = Policy(
        key=keys.send_key + keys.send_salt,
        ssrc_type=Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=PROFILES[keys.profile],
    )
    session = Session(policy)
    for number in range(LOAD_BEGINS_AT - PACKETS, LOAD_BEGINS_AT):
        # RFC 3550, section 5.1: version 2, marker; time stamps before 0, where the load generator begins.
        timestamp = ((number - LOAD_BEGINS_AT) * 960) % 2**32
        header = bytes([0x80, 0x80 | payload_type]) + number.to_bytes(2, "big")
        header += timestamp.to_bytes(4, "big") + ssrc.to_bytes(4, "big")
        endpoint.send(session.protect(header + PAYLOAD))
        await asyncio.sleep(INTERVAL_S)
