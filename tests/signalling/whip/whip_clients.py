"""Offers as encoders and players make them, and requests with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from mediaserver.room import Room
from signalling.whip.session import WhipSession
from tests.signalling.served import Served, client_at

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
FINGERPRINT = ":".join(["AB"] * 32)
UFRAG, PASSWORD = "EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"
NEW_UFRAG, NEW_PASSWORD = "ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"
CODECS = {
    "opus": ("audio", 111, "opus/48000/2", "minptime=10;useinbandfec=1"),
    "VP8": ("video", 96, "VP8/90000", ""),
    "H264": ("video", 102, "H264/90000", "packetization-mode=1;profile-level-id=42e01f"),
    "PCMU": ("audio", 0, "PCMU/8000", ""),
    "theora": ("video", 120, "theora/90000", ""),
}


def media(mid: str, *codecs: str, direction: str = "sendonly", extra: tuple[str, ...] = ()) -> list[str]:
    """The lines of a section with these codecs, all of one kind."""
    kind = CODECS[codecs[0]][0]
    numbers = " ".join(str(CODECS[codec][1]) for codec in codecs)
    lines = [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {numbers}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a=ice-ufrag:{UFRAG}",
        f"a=ice-pwd:{PASSWORD}",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        f"a={direction}",
        f"a=msid:stream {kind}-of-client",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
    ]
    for codec in codecs:
        _, number, name, parameters = CODECS[codec]
        lines.append(f"a=rtpmap:{number} {name}")
        if parameters:
            lines.append(f"a=fmtp:{number} {parameters}")
    return [*lines, *extra]


def offer(*sections: list[str], bundle: str | None = None) -> str:
    """A description of these sections."""
    mids = [line.removeprefix("a=mid:") for lines in sections for line in lines if line.startswith("a=mid:")]
    group = f"a=group:BUNDLE {' '.join(mids) if bundle is None else bundle}"
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", group]
    return "\r\n".join([*head, *(line for lines in sections for line in lines), ""])


def obs_offer() -> str:
    """As OBS offers (libdatachannel): transport lines of the session, a second group, simulcast best first."""
    transport = ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup")
    stereo = "a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1"
    rids = ("a=rid:0 send", "a=rid:1 send", "a=rid:2 send", "a=simulcast:send 0;1;2")
    sections = [media("0", "opus", extra=(stereo,)), media("1", "H264", extra=("a=ssrc:7 cname:obs", *rids))]
    common = [line for line in sections[0] if line.startswith(transport)]
    own = [[line for line in lines if not line.startswith(transport)] for lines in sections]
    return offer(*own, bundle="0 1\r\n" + "\r\n".join(["a=group:LS 0 1", "a=msid-semantic:WMS *", *common]))


AUDIO, VIDEO = media("0", "opus"), media("1", "H264")
PUBLISHING = offer(AUDIO, VIDEO)
PLAYING = offer(media("0", "opus", direction="recvonly"), media("1", "VP8", "H264", direction="recvonly"))


def fragment(*lines: str, ufrag: str = UFRAG, password: str = PASSWORD, mid: str = "0") -> str:
    """A trickled fragment."""
    head = ["m=audio 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{mid}", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}"]
    return "".join(f"{line}\r\n" for line in [*head, *lines])


CANDIDATE = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw"
RESTART = fragment(CANDIDATE, ufrag=NEW_UFRAG, password=NEW_PASSWORD)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str
    links: list[str]


@dataclass
class Client:
    """One client of one protocol."""

    served: Served
    protocol: str = "whip"
    identity: str = "obs"
    grants: dict[str, Any] = field(default_factory=dict)
    address: str = "192.0.2.1"
    location: str = ""
    entity_tag: str = ""

    @property
    def token(self) -> str:
        return self.served.token(identity=self.identity, **self.grants)

    async def request(
        self, method: str, path: str, body: str | bytes = "", token: str | None = None, **headers: str
    ) -> Answer:
        """A request with the client's token, or another one; "": none."""
        bearer = self.token if token is None else token
        sent = client_at(self.address) | {name.replace("_", "-"): value for name, value in headers.items()}
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        async with self.served.http.request(
            method, path, data=body, headers=sent, skip_auto_headers=["Content-Type"]
        ) as response:
            return await _answer(response)

    async def post(self, sdp: str | bytes = PUBLISHING, query: str = "", **headers: str) -> Answer:
        """Offers; a session that is made is the client's from now on."""
        path = f"/{self.protocol}/v1{query}"
        answer = await self.request("POST", path, sdp, **{"Content_Type": SDP, **headers})
        if answer.status == 201:
            self.location = urlsplit(answer.headers["Location"]).path
            self.entity_tag = answer.headers["ETag"]
        return answer

    async def patch(self, body: str, if_match: str | None = None, **headers: str) -> Answer:
        """Trickles, with the current entity tag."""
        named = {"Content_Type": FRAGMENT, "If_Match": self.entity_tag if if_match is None else if_match}
        return await self.request("PATCH", self.location, body, **{**named, **headers})

    async def delete(self, **headers: Any) -> Answer:
        return await self.request("DELETE", self.location, **headers)

    @property
    def session(self) -> WhipSession:
        """The newest session of this identity."""
        presence = self.served.server.rtc.attendance.of(self.room.participants[self.identity])
        assert isinstance(presence, WhipSession)
        return presence

    @property
    def room(self) -> Room:
        room = self.served.server.rtc.attendance.rooms.get("maths")
        assert room is not None
        return room

    @property
    def present(self) -> bool:
        room = self.served.server.rtc.attendance.rooms.get("maths")
        return room is not None and self.identity in room.participants


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    return Answer(
        response.status, response.headers, await response.text(), response.headers.getall("Link", [])
    )
