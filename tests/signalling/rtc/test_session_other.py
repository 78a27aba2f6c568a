"""Pings, metadata, leaving, simulations, and what is not handled."""

from typing import Any

import pytest
from livekit.protocol import models, rtc

from mediaserver.connection_quality import ConnectionQuality, Rated
from mediaserver.participant import ParticipantState
from signalling.rtc.tokens import verify_token
from tests.signalling.rtc.rtc_fakes import KEYS, World

MAY_UPDATE = {"can_update_own_metadata": True}


@pytest.mark.compatibility(
    "signal.request.ping", "signal.request.ping_req", "signal.response.pong", "signal.response.pong_resp"
)
async def test_pings(world: World) -> None:
    anna = await world.join("anna")
    await anna.request(ping=5)
    await anna.request(ping_req=rtc.Ping(timestamp=42, rtt=7))
    now = int(world.clock.time() * 1000)
    assert anna.told("pong") == [now]
    assert anna.told("pong_resp") == [rtc.Pong(last_ping_timestamp=42, timestamp=now)]


async def test_pings_are_answered_even_while_requests_wait(world: World) -> None:
    anna = await world.join("anna")
    await anna.session.receive(rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid="x")))
    await anna.session.receive(rtc.SignalRequest(ping_req=rtc.Ping(timestamp=1)))
    assert anna.kinds()[-1] == "pong_resp"


@pytest.mark.compatibility("signal.request.leave", case="malformed")
@pytest.mark.compatibility("signal.request.leave", "disconnect_reason.CLIENT_INITIATED")
async def test_leaving(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await world.pass_time(1)
    await anna.request(leave=rtc.LeaveRequest(reason=99))  # type: ignore[arg-type]
    assert anna.participant.state is ParticipantState.DISCONNECTED and anna.told("leave") == []
    assert boris.told("update")[-1].participants[0].state == models.ParticipantInfo.DISCONNECTED
    assert world.metric("polyana_rtc_removals_total", reason="client_initiated") == 1
    before = anna.kinds()
    await anna.request(ping=1)
    assert anna.kinds() == before, "nobody answers who has left"


@pytest.mark.compatibility("signal.response.request_response")
@pytest.mark.compatibility("signal.request.update_metadata", case="refused")
async def test_metadata_needs_permission(world: World) -> None:
    anna = await world.join("anna")
    update = rtc.UpdateParticipantMetadata(name="Head", request_id=3)
    await anna.request(update_metadata=update)
    (response,) = anna.told("request_response")
    assert (response.reason, response.request_id) == (rtc.RequestResponse.NOT_ALLOWED, 3)
    assert response.update_metadata == update and anna.participant.name == ""


@pytest.mark.compatibility(
    "signal.request.update_metadata",
    "signal.response.refresh_token",
    "grant.can_update_own_metadata",
    "request_response.OK",
)
async def test_metadata(world: World) -> None:
    anna = await world.join("anna", grants=MAY_UPDATE, claims={"attributes": {"a": "1", "b": "2"}})
    boris = await world.join("boris")
    update = rtc.UpdateParticipantMetadata(
        name="A", metadata="m", attributes={"a": "", "c": "3"}, request_id=4
    )
    await anna.request(update_metadata=update)
    await world.pass_time(1)
    info = next(p for u in boris.told("update") for p in u.participants if p.identity == "anna")
    assert (info.name, info.metadata, dict(info.attributes)) == ("A", "m", {"b": "2", "c": "3"})
    (response,) = anna.told("request_response")
    assert (response.reason, response.request_id) == (rtc.RequestResponse.OK, 4)
    claims = verify_token(anna.told("refresh_token")[-1], KEYS, now=world.clock.time(), leeway_s=0)
    assert (claims.name, claims.metadata, claims.attributes) == ("A", "m", {"b": "2", "c": "3"})


@pytest.mark.compatibility("signal.request.update_metadata", case="malformed")
@pytest.mark.parametrize(
    "update",
    [{"name": "x" * 300}, {"metadata": "x" * 70_000}, {"attributes": {"k": "x" * 70_000}}],
)
async def test_metadata_has_limits(world: World, update: dict[str, Any]) -> None:
    anna = await world.join("anna", grants=MAY_UPDATE)
    await anna.request(update_metadata=rtc.UpdateParticipantMetadata(**update))
    assert anna.told("request_response")[0].reason == rtc.RequestResponse.LIMIT_EXCEEDED


async def test_attributes_cannot_grow_without_end(world: World) -> None:
    anna = await world.join("anna", grants=MAY_UPDATE)
    for key in "abc":
        await anna.request(update_metadata=rtc.UpdateParticipantMetadata(attributes={key: "x" * 30_000}))
    reasons = [response.reason for response in anna.told("request_response")]
    assert reasons == [rtc.RequestResponse.OK, rtc.RequestResponse.OK, rtc.RequestResponse.LIMIT_EXCEEDED]


async def test_clients_that_know_no_request_response_get_none(world: World) -> None:
    old_js = await world.join("old", protocol=9, grants=MAY_UPDATE)
    await old_js.request(update_metadata=rtc.UpdateParticipantMetadata(name="x"))
    assert old_js.told("request_response") == []
    rust = await world.join("rust", protocol=9, sdk=models.ClientInfo.RUST)
    await rust.request(update_metadata=rtc.UpdateParticipantMetadata(name="x"))
    assert rust.told("request_response") == []


async def test_an_empty_request_is_counted(world: World) -> None:
    anna = await world.join("anna")
    await anna.request()
    assert world.metric("polyana_rtc_unhandled_messages_total", kind="unknown") == 1


async def test_every_request_of_the_protocol_is_known_or_known_to_be_unhandled() -> None:
    from signalling.rtc.handlers import HANDLERS, PONGS

    unhandled = {
        "publish_data_track_request",
        "unpublish_data_track_request",
        "update_data_subscription",
        "store_data_blob_request",
        "get_data_blob_request",
    }
    fields = {f.name for f in rtc.SignalRequest.DESCRIPTOR.oneofs_by_name["message"].fields}
    assert fields == {*HANDLERS, *PONGS} | unhandled


@pytest.mark.compatibility("signal.request.simulate", case="refused")
async def test_simulations_are_off(world: World) -> None:
    anna = await world.join("anna")
    await anna.request(simulate=rtc.SimulateScenario(server_leave=True))
    assert anna.told("leave") == []
    assert world.metric("polyana_rtc_unhandled_messages_total", kind="simulate_server_leave") == 1


@pytest.mark.compatibility(
    "signal.request.simulate",
    "simulate.server_leave",
    "simulate.leave_request_full_reconnect",
    "leave_action.RECONNECT",
    "leave_action.DISCONNECT",
)
@pytest.mark.parametrize(
    ("scenario", "action"),
    [
        ("server_leave", rtc.LeaveRequest.DISCONNECT),
        ("leave_request_full_reconnect", rtc.LeaveRequest.RECONNECT),
    ],
)
async def test_simulated_leaves(scenario: str, action: int) -> None:
    world = World(allow_simulate=True)
    anna = await world.join("anna")
    await anna.request(simulate=rtc.SimulateScenario(**{scenario: True}))  # type: ignore[arg-type]
    assert anna.told("leave")[0].action == action
    await world.attendance.close()


@pytest.mark.compatibility(
    "simulate.disconnect_signal_on_resume",
    "simulate.disconnect_signal_on_resume_no_messages",
    "simulate.speaker_update",
    "simulate.switch_candidate_protocol",
    "simulate.node_failure",
    "leave_action.RESUME",
)
async def test_simulated_disconnects() -> None:
    world = World(allow_simulate=True)
    anna = await world.join("anna")
    anna.media_connects()
    await anna.request(simulate=rtc.SimulateScenario(disconnect_signal_on_resume=True))
    back = await world.resume(anna)
    assert back.told("reconnect") and back.sink.closed == "simulated"
    await (await world.resume(anna)).request(
        simulate=rtc.SimulateScenario(disconnect_signal_on_resume_no_messages=True)
    )
    for _ in range(3):
        assert (await world.resume(anna)).kinds() == []
    back = await world.resume(anna)
    assert back.told("reconnect") and back.sink.closed is None
    await back.request(simulate=rtc.SimulateScenario(speaker_update=3))
    assert [s.active for c in back.told("speakers_changed") for s in c.speakers] == [True]
    await world.pass_time(4)
    assert [s.active for c in back.told("speakers_changed") for s in c.speakers] == [True, False]
    await back.request(simulate=rtc.SimulateScenario(switch_candidate_protocol=rtc.CandidateProtocol.TCP))
    assert back.told("leave")[0].action == rtc.LeaveRequest.RESUME
    await back.request(simulate=rtc.SimulateScenario(node_failure=True))
    assert back.sink.closed == "simulated" and anna.participant.state is ParticipantState.DISCONNECTED
    await world.attendance.close()


async def test_a_bug_in_one_session_does_not_end_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await world.join("anna")

    async def broken(*arguments: object) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(anna.session.negotiation, "client_offer", broken)
    await anna.session.receive(rtc.SignalRequest(offer=rtc.SessionDescription()))
    await anna.session.receive(rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid="x")))
    await world.work()
    assert world.metric("polyana_rtc_signal_errors_total", kind="internal") == 1
    assert anna.told("request_response")[0].reason == rtc.RequestResponse.NOT_FOUND


@pytest.mark.compatibility("signal.response.connection_quality")
@pytest.mark.parametrize(
    ("protocol", "told"), [(17, models.ConnectionQuality.LOST), (10, models.ConnectionQuality.POOR)]
)
async def test_connection_quality(world: World, protocol: int, told: int) -> None:
    anna = await world.join("anna", protocol=protocol)
    anna.participant.tell_quality({anna.participant.sid: Rated(ConnectionQuality.LOST, 20.0)})
    (update,) = anna.told("connection_quality")
    (info,) = update.updates
    assert (info.participant_sid, info.quality) == (anna.participant.sid, told)
    assert 1 < info.score < 2
