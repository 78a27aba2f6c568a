"""Data tracks and data blobs in LiveKit's protocol; what is sent again after a resume."""

from typing import Any

import pytest
from livekit.protocol import models, rtc

from tests.signalling.rtc.rtc_fakes import Client, World

R = rtc.RequestResponse


async def publish(
    client: Client, handle: int = 7, name: str = "heartbeat", **fields: Any
) -> models.DataTrackInfo:
    request = rtc.PublishDataTrackRequest(pub_handle=handle, name=name, **fields)
    await client.request(publish_data_track_request=request)
    info: models.DataTrackInfo = client.told("publish_data_track_response")[-1].info
    return info


async def subscribe(client: Client, sid: str, wanted: bool = True) -> None:
    update = rtc.UpdateDataSubscription.Update(track_sid=sid, subscribe=wanted)
    await client.request(update_data_subscription=rtc.UpdateDataSubscription(updates=[update]))


def packet(handle: int) -> bytes:
    return b"\x18\x00" + handle.to_bytes(2, "big") + bytes(8) + b"beat"


@pytest.mark.compatibility(
    "signal.request.publish_data_track_request",
    "signal.request.unpublish_data_track_request",
    "signal.request.update_data_subscription",
    "signal.response.publish_data_track_response",
    "signal.response.unpublish_data_track_response",
    "signal.response.data_track_subscriber_handles",
    "data.data_track",
)
async def test_a_data_track_from_publishing_to_the_end(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    encoding = models.DataTrackFrameEncoding(custom="cbor")
    info = await publish(anna, frame_encoding=encoding, encryption=models.Encryption.GCM)
    assert (info.name, info.pub_handle, info.frame_encoding) == ("heartbeat", 7, encoding)
    await world.pass_time(0.5)
    (seen,) = [t for u in boris.told("update") for p in u.participants for t in p.data_tracks][-1:]
    assert seen == info
    await subscribe(boris, info.sid)
    (handles,) = boris.told("data_track_subscriber_handles")
    entry = handles.sub_handles[1]
    assert (entry.track_sid, entry.publisher_identity, entry.publisher_sid) == (
        info.sid,
        "anna",
        anna.participant.sid,
    )
    anna.publisher.receive_data("_data_track", packet(7))
    assert boris.publisher.sent == [("_data_track", packet(1))]
    assert world.metric("polyana_rtc_data_packets_total", kind="data_track", outcome="forwarded") == 1
    await anna.request(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=7))
    assert anna.told("unpublish_data_track_response")[0].info.sid == info.sid
    assert not boris.told("data_track_subscriber_handles")[-1].sub_handles


@pytest.mark.compatibility("request_response.INVALID_HANDLE", "request_response.INVALID_NAME")
@pytest.mark.compatibility("signal.request.publish_data_track_request", case="refused")
@pytest.mark.compatibility("signal.request.publish_data_track_request", case="malformed")
@pytest.mark.parametrize(
    ("grants", "fields", "reason"),
    [
        ({"can_publish_data": False}, {}, R.NOT_ALLOWED),
        ({}, {"pub_handle": 0}, R.INVALID_HANDLE),
        ({}, {"name": ""}, R.INVALID_NAME),
        ({}, {"frame_encoding": {"custom": ""}}, R.INVALID_REQUEST),
        ({}, {"frame_encoding": {"custom": "x" * 33}}, R.INVALID_REQUEST),
        ({}, {"schema": {"name": "s", "encoding": {"custom": "x" * 33}}}, R.INVALID_REQUEST),
    ],
)
async def test_refused_data_tracks(
    world: World, grants: dict[str, Any], fields: dict[str, Any], reason: int
) -> None:
    anna = await world.join("anna", grants=grants)
    request = rtc.PublishDataTrackRequest(**{"pub_handle": 7, "name": "heartbeat", **fields})
    await anna.request(publish_data_track_request=request)
    (response,) = anna.told("request_response")
    assert response.reason == reason and response.publish_data_track == request
    assert anna.told("publish_data_track_response") == []


@pytest.mark.compatibility(
    "signal.request.unpublish_data_track_request", "signal.request.update_data_subscription", case="malformed"
)
async def test_unpublishing_and_subscribing_to_what_is_not_there(world: World) -> None:
    anna = await world.join("anna")
    await anna.request(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=9))
    (response,) = anna.told("request_response")
    assert response.reason == R.NOT_FOUND
    await subscribe(anna, "DTR_no")
    assert anna.told("data_track_subscriber_handles") == []


async def test_packets_of_data_tracks_are_limited_and_denied() -> None:
    world = World(data_track_packets_per_s=10, data_track_packet_burst=5)
    anna, boris = await world.join("anna"), await world.join("boris")
    await subscribe(boris, (await publish(anna)).sid)
    for _ in range(10):
        anna.publisher.receive_data("_data_track", packet(7))
    assert len(boris.publisher.sent) == 5
    silent = await world.join("silent", grants={"can_publish_data": False})
    silent.publisher.receive_data("_data_track", packet(7))
    assert world.metric("polyana_rtc_data_packets_total", kind="data_track", outcome="denied") == 1
    assert world.metric("polyana_rtc_data_packets_total", kind="data_track", outcome="limited") == 5


async def test_a_resume_brings_handles_back_and_an_unknown_data_track_ends_it(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    for client in (anna, boris):
        client.media_connects()
    info = await publish(anna)
    back = await world.resume(boris)
    update = rtc.UpdateDataSubscription.Update(track_sid=info.sid, subscribe=True)
    state = rtc.SyncState(data_subscription=rtc.UpdateDataSubscription(updates=[update]))
    await back.request(sync_state=state)
    assert back.told("data_track_subscriber_handles")[-1].sub_handles[1].track_sid == info.sid
    anna_back = await world.resume(anna)
    unknown = rtc.PublishDataTrackResponse(info=models.DataTrackInfo(sid="DTR_no"))
    await anna_back.request(sync_state=rtc.SyncState(publish_data_tracks=[unknown]))
    assert not anna_back.present


@pytest.mark.compatibility("data.resend_after_resume")
async def test_reliable_data_that_was_missed_is_sent_again(world: World) -> None:
    anna, boris, clara = [await world.join(name) for name in ("anna", "boris", "clara")]
    for client in (anna, boris, clara):
        client.media_connects()
    for sequence, to in enumerate([[], ["clara"], [], ["boris"]], 1):
        sent = models.DataPacket(
            user=models.UserPacket(payload=bytes([sequence])), sequence=sequence, destination_identities=to
        )
        anna.publisher.receive_data("_reliable", sent.SerializeToString())
    boris.publisher.sent.clear()
    back = await world.resume(boris)
    states = [
        rtc.DataChannelReceiveState(publisher_sid=anna.participant.sid, last_seq=1),
        rtc.DataChannelReceiveState(publisher_sid="PA_gone", last_seq=0),
    ]
    await back.request(sync_state=rtc.SyncState(datachannel_receive_states=states))
    again = [models.DataPacket.FromString(payload).sequence for _, payload in boris.publisher.sent]
    assert again == [3, 4]


async def test_what_is_kept_for_a_resume_is_bounded() -> None:
    world = World(max_reliable_history_bytes=400)
    anna, boris = await world.join("anna"), await world.join("boris")

    def send(sequence: int) -> None:
        sent = models.DataPacket(user=models.UserPacket(payload=bytes(80)), sequence=sequence)
        anna.publisher.receive_data("_reliable", sent.SerializeToString())

    def kept() -> list[int]:
        history = anna.session.data.history.after(0, boris.participant, anna.participant)
        return [models.DataPacket.FromString(payload).sequence for payload in history]

    for sequence in range(1, 9):
        send(sequence)
    assert kept() and kept()[-1] == 8 and len(kept()) < 4
    world.clock.advance(60)
    send(9)
    assert kept() == [9]


def blob(key: str = "schema", contents: bytes = b"{}") -> models.DataBlob:
    return models.DataBlob(key=models.DataBlobKey(generic=key), contents=contents)


@pytest.mark.compatibility(
    "signal.request.store_data_blob_request",
    "signal.request.get_data_blob_request",
    "signal.response.store_data_blob_response",
    "signal.response.get_data_blob_response",
)
async def test_a_data_blob_is_stored_and_fetched(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await anna.request(store_data_blob_request=rtc.StoreDataBlobRequest(request_id=1, blob=blob()))
    (stored,) = anna.told("store_data_blob_response")
    assert (stored.request_id, stored.key.generic) == (1, "schema")
    get = rtc.GetDataBlobRequest(request_id=2, participant_identity="anna", key=blob().key)
    await boris.request(get_data_blob_request=get)
    (found,) = boris.told("get_data_blob_response")
    assert (found.request_id, found.blob) == (2, blob())


@pytest.mark.compatibility("signal.request.store_data_blob_request", case="malformed")
@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (blob(contents=b""), R.INVALID_REQUEST),
        (blob(key=""), R.INVALID_REQUEST),
        (models.DataBlob(contents=b"x"), R.INVALID_REQUEST),
        (blob(key="x" * 300), R.INVALID_REQUEST),
        (blob(contents=bytes(64_001)), R.LIMIT_EXCEEDED),
    ],
)
async def test_refused_data_blobs(world: World, stored: models.DataBlob, reason: int) -> None:
    anna = await world.join("anna")
    await anna.request(store_data_blob_request=rtc.StoreDataBlobRequest(request_id=5, blob=stored))
    (response,) = anna.told("request_response")
    assert (response.request_id, response.reason) == (5, reason)


@pytest.mark.compatibility(
    "signal.request.store_data_blob_request", "signal.request.get_data_blob_request", case="refused"
)
async def test_blobs_need_a_permission_and_a_visible_owner(world: World) -> None:
    silent = await world.join("silent", grants={"can_publish_data": False})
    await silent.request(store_data_blob_request=rtc.StoreDataBlobRequest(blob=blob()))
    assert silent.told("request_response")[-1].reason == R.NOT_ALLOWED
    ghost = await world.join("ghost", grants={"hidden": True})
    await ghost.request(store_data_blob_request=rtc.StoreDataBlobRequest(blob=blob()))
    for owner, key in [("ghost", "schema"), ("nobody", "schema"), ("silent", "schema"), ("silent", "")]:
        get = rtc.GetDataBlobRequest(participant_identity=owner, key=models.DataBlobKey(generic=key))
        await silent.request(get_data_blob_request=get)
    reasons = [response.reason for response in silent.told("request_response")[1:]]
    assert reasons == [R.NOT_FOUND, R.NOT_FOUND, R.NOT_FOUND, R.INVALID_REQUEST]
