"""Data packets of the server itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit.protocol import models, room

from mediaserver.room import Room
from signalling.rtc.api.nonces import MAX_NONCES, Nonces
from tests.mediaserver.room_fakes import fake
from tests.signalling.rtc.api.conftest import ADMIN, Api
from tests.signalling.rtc.rtc_fakes import Client

SEND = "twirp.RoomService.SendData"


def received(client: Client, label: str = "_reliable") -> list[models.DataPacket]:
    sent = fake(client.participant.primary_connection).sent
    return [models.DataPacket.FromString(payload) for channel, payload in sent if channel == label]


async def three(api: Api) -> list[Client]:
    return [await api.world.join(name) for name in ("anna", "boris", "vera")]


@pytest.mark.compatibility(SEND)
async def test_everybody_gets_it(api: Api) -> None:
    clients = await three(api)
    await api.call("SendData", room.SendDataRequest(room="lesson", data=b"bell", topic="school"))
    for client in clients:
        (packet,) = received(client)
        assert (packet.user.payload, packet.user.topic) == (b"bell", "school")
        assert (packet.participant_identity, packet.participant_sid) == ("", ""), "of the server"
    await api.call("SendData", room.SendDataRequest(room="lesson", data=b"x", kind=models.DataPacket.LOSSY))
    assert [packet.user.payload for packet in received(clients[0], "_lossy")] == [b"x"]


async def test_only_those_who_are_named_get_it(api: Api) -> None:
    anna, boris, vera = await three(api)
    request = room.SendDataRequest(
        room="lesson",
        data=b"x",
        destination_identities=["anna"],
        destination_sids=[vera.participant.sid],
    )
    await api.call("SendData", request)
    assert [len(received(client)) for client in (anna, boris, vera)] == [1, 0, 1]


async def test_a_repetition_is_dropped(api: Api) -> None:
    anna = await api.world.join("anna")
    for nonce in (b"a" * 16, b"a" * 16, b"b" * 16, b"", b""):
        await api.call("SendData", room.SendDataRequest(room="lesson", data=b"x", nonce=nonce))
    assert len(received(anna)) == 4


@pytest.mark.compatibility(SEND, case="malformed")
async def test_what_cannot_be_sent(api: Api) -> None:
    anna = await api.world.join("anna")
    answer = await api.json("SendData", {"room": "lesson", "data": "AAAA", "nonce": "AAAA"}, **ADMIN)
    assert (answer.status, answer.code) == (400, "invalid_argument")
    assert answer.words == "nonce should be 16-bytes or not present, got: 3 bytes"
    answer = await api.json("SendData", {"room": "lesson", "data": "not base64!"}, **ADMIN)
    assert (answer.status, answer.code) == (400, "malformed")
    limit = api.world.settings.max_data_packet_bytes
    answer = await api.protobuf("SendData", room.SendDataRequest(room="lesson", data=b"x" * limit))
    assert (answer.status, answer.code) == (400, "invalid_argument")
    assert not received(anna)


async def test_a_room_that_does_not_exist(api: Api) -> None:
    answer = await api.json("SendData", {"room": "lesson", "data": "AAAA"}, **ADMIN)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.compatibility(SEND, case="refused")
async def test_without_the_grant_for_this_room(api: Api) -> None:
    anna = await api.world.join("anna")
    answer = await api.json("SendData", {"room": "lesson", "data": "AAAA"}, room_admin=True, room="other")
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert not received(anna)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sampled_from([bytes([n]) * 16 for n in range(8)])))
def test_a_nonce_counts_once(nonces: list[bytes]) -> None:
    seen = Nonces()
    some_room = Room.__new__(Room)
    assert [n for n in nonces if not seen.repeated(some_room, n)] == list(dict.fromkeys(nonces))


def test_only_so_many_nonces_are_remembered() -> None:
    seen, some_room = Nonces(), Room.__new__(Room)
    for number in range(MAX_NONCES + 1):
        assert not seen.repeated(some_room, number.to_bytes(16, "big"))
    assert seen.repeated(some_room, MAX_NONCES.to_bytes(16, "big"))
    assert not seen.repeated(some_room, bytes(16)), "forgotten"
