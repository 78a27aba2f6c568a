"""SDP fragments (RFC 8840): what is written is read again; any text is read or refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mediaserver.aiortc_adapter import Fingerprint
from mediaserver.engine import IceCredentials
from mediaserver.ice_candidates import IceCandidate
from mediaserver.negotiation import TransportLines
from signalling.whip.fragment import MAX_CANDIDATES, FragmentError, IceFragment, parse, write
from tests.signalling.whip.whip_clients import CANDIDATE, PASSWORD, RESTART, UFRAG, fragment

ICE_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
MIDS = st.lists(st.text("abc0123456789", min_size=1, max_size=8), min_size=1, max_size=2, unique=True)


def test_what_a_client_trickles() -> None:
    found = parse("a=group:BUNDLE 0 1\r\n" + fragment(CANDIDATE, "a=end-of-candidates"))
    assert found == IceFragment(UFRAG, PASSWORD, ("0",), (CANDIDATE.removeprefix("a=candidate:"),))
    assert not found.restarts(UFRAG)


def test_other_credentials_are_a_restart() -> None:
    assert parse(RESTART).restarts(UFRAG)


def test_credentials_may_be_left_out_and_lines_end_anyhow() -> None:
    found = parse(f"m=audio 9 RTP/AVP 0\na=mid:0\n{CANDIDATE}")
    assert found.candidates and not found.restarts(UFRAG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "nonsense",
        "a=",
        "v=0\r\n" + fragment(),
        "a=ice-ufrag:EsAw\r\n",
        f"a=ice-pwd:{PASSWORD}\r\n",
        fragment(ufrag="abc"),
        fragment(ufrag="a b c d"),
        fragment(password="short"),
        fragment("a=ice-ufrag:other", f"a=ice-pwd:{PASSWORD}"),
        fragment("a=candidate:"),
        fragment("a=candidate:1 1 udp many 192.0.2.1 1 typ host"),
        fragment(*[CANDIDATE] * (MAX_CANDIDATES + 1)),
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(FragmentError):
        parse(text)


@given(
    ufrag=st.text(ICE_CHARACTERS, min_size=4, max_size=32),
    password=st.text(ICE_CHARACTERS, min_size=22, max_size=64),
    mids=MIDS,
    ports=st.lists(st.integers(1, 65_535), max_size=4),
)
def test_what_is_written_is_read_again(ufrag: str, password: str, mids: list[str], ports: list[int]) -> None:
    candidates = [IceCandidate("udp", "192.0.2.1", port, 2_130_706_431) for port in ports]
    lines = TransportLines(
        IceCredentials(ufrag, password), Fingerprint("sha-256", "AB"), "passive", candidates
    )
    text = write(lines, "audio", tuple(mids))
    assert "a=ice-lite\r\n" in text and "a=end-of-candidates\r\n" in text
    found = parse(text)
    assert (found.ufrag, found.password, found.mids) == (ufrag, password, (mids[0],))
    assert [f"candidate:{candidate}" for candidate in found.candidates] == [c.value for c in candidates]


@given(
    st.text()
    | st.lists(st.sampled_from([*fragment(CANDIDATE).split("\r\n"), "a=", "m=", "x"])).map("\r\n".join)
)
@example("a=candidate:" + "1 " * 10_000)
@example("a=ice-ufrag:" + "a" * 10_000)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except FragmentError:
        return
    assert bool(found.ufrag) == bool(found.password)
    assert len(found.candidates) <= MAX_CANDIDATES
