"""RPC calls of the server: a participant answers, or does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit.protocol import models

from mediaserver.participant import RemovalReason
from signalling.rtc import rpc
from signalling.rtc.rpc import RpcCalls, RpcErrorCode, RpcFailed, TooManyCalls
from tests.mediaserver.room_fakes import fake
from tests.signalling.rtc.api.conftest import ADMIN, Answer, Api
from tests.signalling.rtc.rtc_fakes import Client

PERFORM = "twirp.RoomService.PerformRpc"
REQUEST = {"room": "lesson", "destination_identity": "anna", "method": "greet", "payload": "Hello"}
Respond = Callable[[models.RpcRequest], list[models.DataPacket]]


def result(request: models.RpcRequest) -> list[models.DataPacket]:
    return [
        models.DataPacket(rpc_ack=models.RpcAck(request_id=request.id)),
        models.DataPacket(
            rpc_response=models.RpcResponse(request_id=request.id, payload=f"{request.payload}!")
        ),
    ]


def failure(code: int, message: str = "", data: str = "") -> Respond:
    def respond(request: models.RpcRequest) -> list[models.DataPacket]:
        error = models.RpcError(code=code, message=message, data=data)
        return [models.DataPacket(rpc_response=models.RpcResponse(request_id=request.id, error=error))]

    return respond


def asked(client: Client) -> models.DataPacket:
    """The server's request."""
    return models.DataPacket.FromString(fake(client.participant.primary_connection).sent[-1][1])


async def perform(api: Api, client: Client, respond: Respond, **fields: Any) -> Answer:
    """Calls, and answers as the client."""
    task = asyncio.create_task(api.json("PerformRpc", REQUEST | fields, **ADMIN))
    connection = fake(client.participant.primary_connection)
    while not connection.sent:
        await asyncio.sleep(0)
        if task.done():
            break
    else:
        for packet in respond(asked(client).rpc_request):
            client.session.data.received("_reliable", packet.SerializeToString())
    return await task


@pytest.mark.compatibility(PERFORM)
async def test_the_participant_answers(api: Api) -> None:
    anna, boris = await api.world.join("anna"), await api.world.join("boris")
    answer = await perform(api, anna, result, response_timeout_ms=2500)
    assert (answer.status, answer.json) == (200, {"payload": "Hello!"})
    packet = asked(anna)
    assert (packet.rpc_request.method, packet.rpc_request.version) == ("greet", 1)
    assert packet.rpc_request.response_timeout_ms == 2500
    assert packet.participant_identity == packet.rpc_request.id, "to whom the client answers"
    assert not fake(boris.participant.primary_connection).sent, "nobody else hears of it"


@pytest.mark.parametrize(
    ("respond", "status", "code", "words"),
    [
        (
            failure(1400, "Method not supported"),
            400,
            "invalid_argument",
            "RpcError 1400: Method not supported",
        ),
        (failure(1500, "Application error"), 500, "internal", "RpcError 1500: Application error"),
        (failure(42, "Busy", "till noon"), 500, "internal", "RpcError 42: Busy: till noon"),
        (failure(1404, "Version"), 501, "unimplemented", "RpcError 1404: Version"),
    ],
)
async def test_errors_of_the_participant(
    api: Api, respond: Respond, status: int, code: str, words: str
) -> None:
    answer = await perform(api, await api.world.join("anna"), respond)
    assert (answer.status, answer.code, answer.words) == (status, code, words)


async def test_who_leaves_answers_no_more(api: Api) -> None:
    anna = await api.world.join("anna")

    def leave(request: models.RpcRequest) -> list[models.DataPacket]:
        anna.session.remove(RemovalReason.CLIENT_INITIATED)
        return []

    answer = await perform(api, anna, leave)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.words == "RpcError 1503: Recipient disconnected"


async def test_answers_to_calls_of_others_are_forwarded(api: Api) -> None:
    anna, boris = await api.world.join("anna"), await api.world.join("boris")
    for packet in result(models.RpcRequest(id="of boris")):
        packet.destination_identities.append("boris")
        anna.session.data.received("_reliable", packet.SerializeToString())
    assert len(fake(boris.participant.primary_connection).sent) == 2


@pytest.mark.compatibility(PERFORM, case="malformed")
async def test_what_cannot_be_called(api: Api) -> None:
    answer = await api.json("PerformRpc", REQUEST | {"destination_identity": ""}, **ADMIN)
    assert (answer.status, answer.words) == (400, "destination identity is required")
    answer = await api.json("PerformRpc", REQUEST, **ADMIN)
    assert (answer.status, answer.words) == (404, "requested room does not exist")
    await api.world.join("boris")
    answer = await api.json("PerformRpc", REQUEST, **ADMIN)
    assert (answer.status, answer.words) == (404, "participant does not exist")
    anna = await api.world.join("anna")
    answer = await perform(api, anna, result, payload="x" * (rpc.MAX_PAYLOAD_BYTES + 1))
    assert (answer.status, answer.code) == (400, "invalid_argument")
    assert answer.words == "RpcError 1402: Request payload too large"
    assert (await api.json("PerformRpc", REQUEST | {"payload": 1}, **ADMIN)).code == "malformed"


@pytest.mark.compatibility(PERFORM, case="refused")
async def test_without_the_grant_for_this_room(api: Api) -> None:
    anna = await api.world.join("anna")
    answer = await api.json("PerformRpc", REQUEST, room_admin=True, room="other")
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert not fake(anna.participant.primary_connection).sent


# Time


def calls(sent: asyncio.Queue[bytes], ack_timeout_s: float) -> RpcCalls:
    def send(packet: bytes) -> bool:
        sent.put_nowait(packet)
        return True

    return RpcCalls(send, ack_timeout_s=ack_timeout_s)


@pytest.mark.parametrize(
    ("ack_timeout_s", "timeout_s", "code"),
    [(0.0, 9.0, RpcErrorCode.CONNECTION_TIMEOUT), (9.0, 0.0, RpcErrorCode.RESPONSE_TIMEOUT)],
)
async def test_no_answer_in_time(ack_timeout_s: float, timeout_s: float, code: RpcErrorCode) -> None:
    with pytest.raises(RpcFailed) as failed:
        await calls(asyncio.Queue(), ack_timeout_s).perform("greet", "", timeout_s)
    assert failed.value.code is code


async def test_who_has_acknowledged_has_more_time() -> None:
    sent: asyncio.Queue[bytes] = asyncio.Queue()
    pending = calls(sent, ack_timeout_s=0.05)
    task = asyncio.create_task(pending.perform("greet", "Hello", 9.0))
    ack, response = result(models.DataPacket.FromString(await sent.get()).rpc_request)
    assert pending.answered(ack)
    done, _ = await asyncio.wait({task}, timeout=0.1)
    assert not done
    assert pending.answered(response)
    assert await task == "Hello!"
    assert not pending.answered(response), "once is enough"


async def test_what_cannot_be_sent_fails_at_once() -> None:
    with pytest.raises(RpcFailed) as failed:
        await RpcCalls(lambda _: False).perform("greet", "", 9.0)
    assert failed.value.code is RpcErrorCode.SEND_FAILED


async def test_only_so_many_at_a_time() -> None:
    pending = calls(asyncio.Queue(), 9.0)
    tasks = [asyncio.create_task(pending.perform("greet", "", 9.0)) for _ in range(rpc.MAX_CALLS)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyCalls):
        await pending.perform("greet", "", 9.0)
    pending.close()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {str(outcome) for outcome in outcomes} == {"RpcError 1503: Recipient disconnected"}


PACKETS = st.builds(
    models.DataPacket,
    rpc_ack=st.none() | st.builds(models.RpcAck, request_id=st.text()),
    rpc_response=st.none() | st.builds(models.RpcResponse, request_id=st.text(), payload=st.text()),
)


@settings(derandomize=True, deadline=None)
@given(PACKETS)
def test_answers_to_nothing_are_not_taken(packet: models.DataPacket) -> None:
    assert not RpcCalls(lambda _: True).answered(packet)
