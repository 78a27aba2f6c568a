"""Data between participants: stamped, addressed, limited, and otherwise untouched."""

import pytest
from livekit.protocol import models

from signalling.rtc.settings import RtcSettings
from tests.signalling.rtc.rtc_fakes import Client, World


def received(client: Client, label: str = "_reliable") -> list[models.DataPacket]:
    connection = client.publisher if client.participant.single_connection else client.subscriber
    return [models.DataPacket.FromString(payload) for name, payload in connection.sent if name == label]


def send(client: Client, packet: models.DataPacket, label: str = "_reliable") -> None:
    client.publisher.receive_data(label, packet.SerializeToString())


def user(payload: bytes = b"hello", **fields: object) -> models.DataPacket:
    return models.DataPacket(user=models.UserPacket(payload=payload, topic="t"), **fields)  # type: ignore[arg-type]


@pytest.mark.compatibility("data.user", "data.reliable", "data.topic")
async def test_everybody_else_gets_it_with_the_sender_stamped(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    forged = user(
        participant_identity="head", participant_sid="PA_head", kind=models.DataPacket.LOSSY, sequence=1
    )
    forged.user.participant_identity = "head"
    send(anna, forged)
    assert received(anna) == []
    (packet,) = received(boris)
    assert packet.kind == models.DataPacket.RELIABLE
    assert (packet.participant_identity, packet.participant_sid) == ("anna", anna.participant.sid)
    assert (packet.user.participant_identity, packet.user.topic, packet.user.payload) == (
        "anna",
        "t",
        b"hello",
    )
    assert packet.sequence == 1


@pytest.mark.compatibility("data.lossy")
async def test_lossy_stays_lossy(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    send(anna, user(), "_lossy")
    assert received(boris) == [] and len(received(boris, "_lossy")) == 1


@pytest.mark.compatibility("data.destination_identities")
async def test_only_those_who_are_named(world: World) -> None:
    anna, boris, clara = [await world.join(name) for name in ("anna", "boris", "clara")]
    send(anna, user(destination_identities=["boris"]))
    inside = user()
    inside.user.destination_identities.append("clara")
    send(anna, inside)
    by_sid = user()
    by_sid.user.destination_sids.append(clara.participant.sid)
    send(anna, by_sid)
    assert [list(p.destination_identities) for p in received(boris)] == [["boris"]]
    assert list(received(boris)[0].user.destination_identities) == ["boris"]
    assert [list(p.destination_identities) for p in received(clara)] == [["clara"], []]


@pytest.mark.compatibility(
    "data.chat_message",
    "data.rpc_request",
    "data.rpc_ack",
    "data.rpc_response",
    "data.stream_header",
    "data.stream_chunk",
    "data.stream_trailer",
    "data.sip_dtmf",
    "data.encrypted_packet",
    "data.transcription",
)
async def test_all_payloads_pass_untouched(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    stream = models.DataStream
    packets = [
        models.DataPacket(chat_message=models.ChatMessage(id="1", message="Привет")),
        models.DataPacket(rpc_request=models.RpcRequest(id="1", method="m", compressed_payload=b"z")),
        models.DataPacket(rpc_ack=models.RpcAck(request_id="1")),
        models.DataPacket(rpc_response=models.RpcResponse(request_id="1", payload="p")),
        models.DataPacket(stream_header=stream.Header(stream_id="s", topic="t")),
        models.DataPacket(stream_chunk=stream.Chunk(stream_id="s", content=b"c")),
        models.DataPacket(stream_trailer=stream.Trailer(stream_id="s")),
        models.DataPacket(sip_dtmf=models.SipDTMF(code=1)),
        models.DataPacket(encrypted_packet=models.EncryptedPacket(iv=b"i", encrypted_value=b"e")),
        models.DataPacket(transcription=models.Transcription(transcribed_participant_identity="anna")),
    ]
    for packet in packets:
        send(anna, packet)
    for sent, got in zip(packets, received(boris), strict=True):
        kind = sent.WhichOneof("value")
        assert kind == got.WhichOneof("value") and getattr(sent, kind) == getattr(got, kind)
        assert got.participant_identity == "anna"


async def test_fields_of_a_newer_version_pass(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    unknown_field = b"\xfa\x07\x03new"  # field 127, length-delimited
    anna.publisher.receive_data("_reliable", user().SerializeToString() + unknown_field)
    ((_, payload),) = boris.publisher.sent
    assert unknown_field in payload


@pytest.mark.compatibility("grant.can_publish_data")
async def test_without_permission_nothing_passes(world: World) -> None:
    anna = await world.join("anna", grants={"can_publish_data": False})
    boris = await world.join("boris")
    send(anna, user())
    assert received(boris) == []
    assert world.metric("polyana_rtc_data_packets_total", kind="any", outcome="denied") == 1


async def test_a_listener_without_subscriptions_gets_data(world: World) -> None:
    anna = await world.join("anna")
    boris = await world.join("boris", v1=False, grants={"can_subscribe": False})
    send(anna, user())
    assert len(boris.publisher.sent) == 1, "over its only connection"


@pytest.mark.compatibility("data.speaker")
async def test_forgeries(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    send(anna, models.DataPacket(speaker=models.ActiveSpeakerUpdate()))
    send(
        anna, models.DataPacket(transcription=models.Transcription(transcribed_participant_identity="boris"))
    )
    assert received(boris) == []


@pytest.mark.compatibility("claim.kind")
async def test_an_agent_may_transcribe_and_write_for_others(world: World) -> None:
    agent = await world.join("agent", claims={"kind": "agent"})
    boris = await world.join("boris")
    send(
        agent, models.DataPacket(transcription=models.Transcription(transcribed_participant_identity="boris"))
    )
    send(agent, models.DataPacket(participant_identity="boris", chat_message=models.ChatMessage(message="m")))
    transcription, chat = received(boris)
    assert transcription.participant_identity == "agent"
    assert chat.participant_identity == "boris" and chat.chat_message.generated


async def test_a_hidden_sender_stays_hidden(world: World) -> None:
    ghost, boris = await world.join("ghost", grants={"hidden": True}), await world.join("boris")
    send(ghost, user())
    (packet,) = received(boris)
    assert (packet.participant_identity, packet.participant_sid) == ("", "")
    assert (packet.user.participant_identity, packet.user.participant_sid) == ("", "")


@pytest.mark.compatibility("data.sequence")
async def test_repeated_reliable_packets_are_dropped_and_the_last_is_told_on_resume(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    anna.media_connects()
    for sequence in (1, 2, 2, 1, 3):
        send(anna, user(sequence=sequence))
    assert [p.sequence for p in received(boris)] == [1, 2, 3]
    back = await world.resume(anna)
    assert back.told("reconnect")[0].last_message_seq == 3


@pytest.mark.compatibility("data.metrics", "grant.can_subscribe_metrics")
async def test_metrics_go_to_those_who_may_see_them(world: World) -> None:
    anna = await world.join("anna")
    operator = await world.join("operator", grants={"can_subscribe_metrics": True})
    boris = await world.join("boris")
    packet = models.DataPacket()
    packet.metrics.SetInParent()
    send(anna, packet)
    assert len(received(operator)) == 1 and received(boris) == []


async def test_garbage_is_counted(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    anna.publisher.receive_data("_reliable", b"\xff\xff\xff")
    anna.publisher.receive_data("_reliable", b"")
    anna.publisher.receive_data("_unheard_of", b"x")
    assert world.metric("polyana_rtc_data_packets_total", kind="any", outcome="invalid") == 1
    assert world.metric("polyana_rtc_data_packets_total", kind="unknown", outcome="forwarded") == 1
    assert world.metric("polyana_rtc_data_packets_total", kind="other_channel", outcome="ignored") == 1
    assert len(boris.publisher.sent) == 1


async def test_limits() -> None:
    settings = RtcSettings()
    world = World(data_packets_per_s=10, data_packet_burst=5, max_data_packet_bytes=1000)
    assert settings.max_data_packet_bytes > 1000
    anna, boris = await world.join("anna"), await world.join("boris")
    send(anna, user(b"x" * 2000))
    for _ in range(10):
        send(anna, user())
    assert len(received(boris)) == 5
    world.clock.advance(0.2)
    for _ in range(10):
        send(anna, user())
    assert len(received(boris)) == 7
    await world.attendance.close()


async def test_a_receiver_that_cannot_take_it_is_counted(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    boris.publisher.open_channels = set()
    send(anna, user(), "_lossy")
    assert world.metric("polyana_rtc_data_dropped_total", label="_lossy") == 1


async def test_the_payload_is_serialised_once(world: World) -> None:
    anna = await world.join("anna")
    others = [await world.join(f"p{n}") for n in range(5)]
    send(anna, user())
    payloads = [other.publisher.sent[0][1] for other in others]
    assert all(payload is payloads[0] for payload in payloads)
