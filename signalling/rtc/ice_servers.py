"""STUN and TURN servers with credentials for one participant.

A TURN server that shares a secret with us needs no list of users (draft-uberti-behave-turn-rest-00; coturn's
`use-auth-secret`): the user name says until when it is good, and the credential is its HMAC-SHA1.
"""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha1

from signalling.rtc.settings import IceServerSettings, RtcSettings


@dataclass(frozen=True, slots=True)
class IceServer:
    """RTCIceServer of W3C WebRTC."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


def ice_servers(settings: RtcSettings, participant_sid: str, now: float) -> list[IceServer]:
    """What a client may use from `now` (seconds since the epoch) on."""
    return [_for_participant(server, participant_sid, now) for server in settings.ice_servers]


def _for_participant(server: IceServerSettings, participant_sid: str, now: float) -> IceServer:
    if not server.secret:
        return IceServer(server.urls, server.username, server.credential)
    # The sid, as in LiveKit: a name of a child has no place in the logs of a relay, and STUN's limit of a
    # USERNAME (RFC 8489, section 14.3: 508 bytes) would not hold every identity.
    username = f"{int(now) + server.ttl_s}:{participant_sid}"
    return IceServer(server.urls, username, turn_credential(server.secret, username))


def turn_credential(secret: str, username: str) -> str:
    """The password that the TURN server computes too."""
    # SHA-1 is what coturn's scheme has; an HMAC of it is still sound (RFC 6194, section 3.3).
    digest = hmac.new(secret.encode(), username.encode(), sha1).digest()
    return base64.b64encode(digest).decode()
