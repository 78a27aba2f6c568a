"""Offers and answers in both modes."""

import pytest
from livekit.protocol import models, rtc

from mediaserver.participant import ParticipantState
from signalling.rtc.negotiation import MAX_FRUITLESS_ROUNDS
from tests.mediaserver.room_fakes import offer_of
from tests.signalling.rtc.rtc_fakes import Client, World


async def offer(client: Client, sdp: str | None = None, number: int = 1) -> None:
    description = rtc.SessionDescription(type="offer", sdp=offer_of() if sdp is None else sdp, id=number)
    await client.request(offer=description)


async def answer(client: Client, number: int, sdp: str = "answer") -> None:
    await client.request(answer=rtc.SessionDescription(type="answer", sdp=sdp, id=number))


@pytest.mark.compatibility("signal.response.media_sections_requirement", "signal.request.offer")
async def test_v1_asks_for_the_sections_it_misses(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await offer(boris)
    sid = await anna.publish("video")
    (requirement,) = boris.told("media_sections_requirement")
    assert (requirement.num_audios, requirement.num_videos) == (0, 1)
    await offer(boris, offer_of(free_video=1), 2)
    assert dict(boris.told("answer")[-1].mid_to_track_id) == {"v0": sid}
    assert len(boris.told("media_sections_requirement")) == 1


async def test_v1_asks_for_an_offer_even_without_new_sections(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await offer(boris)
    await anna.publish("audio")
    await offer(boris, offer_of(free_audio=1), 2)
    boris.forget()
    await anna.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of()))
    (requirement,) = boris.told("media_sections_requirement")
    assert (requirement.num_audios, requirement.num_videos) == (0, 0), "the msid must go"


async def test_v1_asks_for_nothing_before_the_first_offer(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await anna.publish("audio")
    assert boris.told("media_sections_requirement") == []
    await offer(boris)
    (requirement,) = boris.told("media_sections_requirement")
    assert (requirement.num_audios, requirement.num_videos) == (1, 0)


async def test_v1_gives_up_on_a_client_that_adds_no_sections(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await anna.publish("audio")
    for number in range(3 * MAX_FRUITLESS_ROUNDS):
        await offer(boris, number=number)
    assert len(boris.told("media_sections_requirement")) <= MAX_FRUITLESS_ROUNDS + 1
    assert len(boris.told("answer")) == 3 * MAX_FRUITLESS_ROUNDS
    await offer(boris, offer_of(free_audio=1), 99)
    boris.forget()
    await anna.publish("audio")
    assert len(boris.told("media_sections_requirement")) == 1, "after progress it is asked again"


@pytest.mark.compatibility("signal.request.answer", "signal.response.offer")
async def test_v0_offers_one_at_a_time(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    await anna.publish("audio")
    await anna.publish("video")
    assert [o.id for o in boris.told("offer")] == [1], "the first is not answered yet"
    await answer(boris, 1)
    assert [o.id for o in boris.told("offer")] == [1, 2]
    await answer(boris, 2)
    assert [o.id for o in boris.told("offer")] == [1, 2]
    assert len(boris.told("offer")[-1].mid_to_track_id) == 2
    assert boris.subscriber.answers == ["answer", "answer"]


async def test_v0_ignores_answers_to_older_offers(world: World) -> None:
    boris = await world.join("boris", v1=False)
    await answer(boris, 7)
    assert boris.subscriber.answers == []
    await answer(boris, 0, "answer without a number, from an old SDK")
    assert len(boris.subscriber.answers) == 1


async def test_answers_nobody_waits_for_are_counted(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    await answer(anna, 1)
    await answer(boris, 1)
    await answer(boris, 1)
    assert world.metric("polyana_rtc_signal_errors_total", kind="answer") == 2


@pytest.mark.compatibility("signal.request.offer", "signal.response.answer")
async def test_v0_publishes_over_its_own_connection(world: World) -> None:
    anna = await world.join("anna", v1=False)
    sid = await anna.publish("audio")
    assert anna.told("answer")[-1].type == "answer" and sid in anna.participant.publisher.tracks
    assert anna.told("media_sections_requirement") == []


@pytest.mark.compatibility("signal.request.offer", "signal.request.answer", case="malformed")
async def test_descriptions_that_are_none_are_counted_and_ignored(world: World) -> None:
    boris = await world.join("boris", v1=False)
    await offer(boris, "nonsense")
    await answer(boris, 1, "nonsense")
    assert boris.told("answer") == [] and boris.subscriber.answers == []
    assert world.metric("polyana_rtc_signal_errors_total", kind="offer") == 1
    assert world.metric("polyana_rtc_signal_errors_total", kind="answer") == 1
    await answer(boris, 1)
    assert boris.subscriber.answers == ["answer"]


@pytest.mark.compatibility("disconnect_reason.STATE_MISMATCH", "leave_action.RECONNECT")
async def test_a_client_that_does_not_answer_must_join_anew(world: World) -> None:
    anna = await world.join("anna", v1=False)
    await world.pass_time(world.settings.answer_timeout_s - 2)
    await anna.request(ping=1)
    assert anna.told("leave") == []
    await world.sessions_hear(anna)
    await world.pass_time(4)
    (leave,) = anna.told("leave")
    assert leave.reason == models.DisconnectReason.STATE_MISMATCH
    assert leave.action == rtc.LeaveRequest.RECONNECT
    assert anna.participant.state is ParticipantState.DISCONNECTED


@pytest.mark.compatibility("signal.request.trickle")
async def test_trickle_needs_nothing(world: World) -> None:
    anna = await world.join("anna")
    anna.forget()
    await anna.request(trickle=rtc.TrickleRequest(candidateInit="not even JSON"))
    assert anna.kinds() == []
    assert world.metric("polyana_rtc_signal_messages_total", direction="in", kind="trickle") == 1
    assert world.metric("polyana_rtc_unhandled_messages_total", kind="trickle") == 0
