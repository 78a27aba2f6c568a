"""Publishers are told what they may send of one track (`b=` lines of our answer)."""

from __future__ import annotations

import pytest

from mediaserver import negotiation
from mediaserver.aiortc_adapter import Fingerprint
from mediaserver.engine import IceCredentials
from mediaserver.negotiation import TransportLines
from mediaserver.sdp import MediaSection, RtpCodec, SessionDescription, parse

LINES = TransportLines(IceCredentials(), Fingerprint("sha-256", "AA"), "passive", [])


@pytest.mark.parametrize(
    ("limit", "told"),
    [(0, []), (400_000, ["b=AS:400", "b=TIAS:400000"]), (32_001, ["b=AS:33", "b=TIAS:32001"])],
)
def test_a_limit_stands_behind_the_address(limit: int, told: list[str]) -> None:
    offered = MediaSection(kind="video", attributes=[("mid", "0")])
    codec = RtpCodec(96, "video/VP8", 90_000)
    section = negotiation.receiving(offered, [codec], LINES, first=True, max_bps=limit)
    text = str(SessionDescription(media=[section]))
    lines = text.split("\r\n")
    address = lines.index("c=IN IP4 0.0.0.0")
    assert [line for line in lines if line.startswith("b=")] == told
    assert lines[address + 1 : address + 1 + len(told)] == told
    assert parse(text).media[0].mid == "0"
