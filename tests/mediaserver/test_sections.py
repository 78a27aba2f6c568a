"""Which section a track gets: one that carried another track only after the peer heard that nothing comes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from mediaserver.offering import OfferWriter
from mediaserver.peer_connection import PeerConnection
from mediaserver.rtp import RtpReceiver, RtpSender
from mediaserver.sections import Section, Sections
from mediaserver.senders import Senders


def sender(kind: str = "audio", track: str = "TR_1") -> RtpSender:
    source = cast(RtpReceiver, SimpleNamespace(kind=kind))
    return RtpSender(
        1, source, f"PA_x|{track}", track, cast(PeerConnection, None), sync_stream_id="PA_x|camera"
    )


def offered(*kinds: str) -> Any:
    """A client's offer that receives on all its sections."""
    media = [
        SimpleNamespace(mid=str(number), kind=kind, port=9, line=0, direction="recvonly", rejected=False)
        for number, kind in enumerate(kinds)
    ]
    return SimpleNamespace(media=media)


def answer(sections: Sections, senders: list[RtpSender], offer: Any) -> None:
    """What an answer does to the sections."""
    sections.match(offer)
    sections.place(senders, offer)
    for section in sections:
        section.told = section.sender is not None


def test_a_freed_section_rests_for_one_answer() -> None:
    sections, first, second = Sections(), sender(), sender()
    answer(sections, [first], offered("audio"))
    assert first.mid == "0"
    (section,) = sections
    section.free()
    assert sections.free("audio") == 0, "the client must add a section, or wait"
    answer(sections, [second], offered("audio"))
    assert second.mid is None, "the client would take it for the first track"
    assert sections.free("audio") == 1
    answer(sections, [second], offered("audio"))
    assert second.mid == "0"


def test_a_new_section_is_used_at_once() -> None:
    sections, first, second = Sections(), sender(), sender()
    answer(sections, [first], offered("audio"))
    for section in sections:
        section.free()
    answer(sections, [second], offered("audio", "audio"))
    assert second.mid == "1"


def test_a_section_on_which_the_client_does_not_receive_is_not_free() -> None:
    sections = Sections()
    offer = offered("audio", "video")
    offer.media[0].direction = "sendonly"
    answer(sections, [], offer)
    assert (sections.free("audio"), sections.free("video")) == (0, 1)


@pytest.mark.parametrize(("told", "mid"), [(True, "1"), (False, "0")])
def test_our_own_offers_follow_the_same_rule(told: bool, mid: str) -> None:
    sections, new = Sections(), sender()
    section = sections.add("audio")
    section.told = told
    sections.place_in_own(new)
    assert new.mid == mid


def test_a_track_that_comes_back_has_another_stream_each_time() -> None:
    sections, msids = Sections(), []
    for _ in range(4):
        again = sender()
        sections.place_in_own(again)
        msids.append(again.msid)
        (section,) = sections
        section.free()
    assert msids[:2] == ["PA_x|camera TR_1", "PA_x|TR_1 TR_1"]
    assert len(set(msids)) == 4, "libwebrtc tells of a stream once for each section"
    assert all(msid.endswith(" TR_1") for msid in msids)


def test_another_track_takes_a_section_that_did_not_have_it() -> None:
    sections, first, guest = Sections(), sender(), sender(track="TR_2")
    sections.place_in_own(first)
    for section in sections:
        section.free()
    sections.place_in_own(guest)
    assert (guest.mid, guest.msid) == ("0", "PA_x|TR_2 TR_2")
    for section in sections:
        section.free()
    back = sender(track="TR_2")
    sections.place_in_own(back)
    assert (back.mid, back.msid) == ("1", "PA_x|camera TR_2"), "a home of its own"


def test_an_offer_says_what_the_client_will_know(monkeypatch: pytest.MonkeyPatch) -> None:
    sections, gone = Sections(), Section("0", "audio", told=True)
    sections._sections.append(gone)
    monkeypatch.setattr(OfferWriter, "_section", lambda *_, **__: object())
    writer = OfferWriter(sections, cast(Senders, SimpleNamespace(waiting=[])))
    writer.write(cast(Any, SimpleNamespace(media=[])), cast(Any, None))
    assert not gone.told
