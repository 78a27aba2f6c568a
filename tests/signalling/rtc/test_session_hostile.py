"""Whatever a client sends, the session goes on: it ignores and counts."""

import asyncio
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit.protocol import models, rtc

from mediaserver.participant import ParticipantState
from tests.mediaserver.room_fakes import offer_of, section
from tests.signalling.rtc.rtc_fakes import World

TEXTS = st.text(max_size=20) | st.sampled_from(
    ["TR_x", "anna", "boris", offer_of(section("0", "audio", "c"))]
)
SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_STRING: TEXTS,
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_ENUM: st.integers(-3, 30),
}


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request with any of its fields set to anything that fits the wire format."""
    request = rtc.SignalRequest()
    _fill(draw, request, depth=3)
    return request.SerializeToString()


def _fill(draw: st.DrawFn, message: Any, depth: int) -> None:
    fields = list(message.DESCRIPTOR.fields)
    for field in draw(st.lists(st.sampled_from(fields), max_size=4)) if fields else []:
        if field.message_type is not None:
            if depth and not field.message_type.GetOptions().map_entry:
                target = getattr(message, field.name)
                if not field.is_repeated:
                    target.SetInParent()
                _fill(draw, target.add() if field.is_repeated else target, depth - 1)
            continue
        is_bytes = field.type == field.TYPE_BYTES
        value = draw(st.binary(max_size=20) if is_bytes else SCALARS[field.cpp_type])
        if field.is_repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)


@settings(max_examples=150, deadline=None)
@given(st.lists(requests(), max_size=5))
def test_any_request(sent: list[bytes]) -> None:
    asyncio.run(_send(sent))


VALID = [
    rtc.SignalRequest(
        offer=rtc.SessionDescription(type="offer", sdp=offer_of(section("0", "audio", "c")), id=1)
    ),
    rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="c", type=models.TrackType.AUDIO, name="n")),
    rtc.SignalRequest(subscription=rtc.UpdateSubscription(track_sids=["TR_a"], subscribe=True)),
    rtc.SignalRequest(track_setting=rtc.UpdateTrackSettings(track_sids=["TR_a"], width=9, height=9)),
    rtc.SignalRequest(update_metadata=rtc.UpdateParticipantMetadata(name="n", attributes={"a": "b"})),
    rtc.SignalRequest(sync_state=rtc.SyncState(publish_tracks=[rtc.TrackPublishedResponse(cid="c")])),
    rtc.SignalRequest(subscription_permission=rtc.SubscriptionPermission(all_participants=False)),
    rtc.SignalRequest(leave=rtc.LeaveRequest()),
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    st.integers(0, 200),
)
def test_damaged_requests(valid: rtc.SignalRequest, damage: list[tuple[int, int]], length: int) -> None:
    data = bytearray(valid.SerializeToString())
    for position, value in damage:
        data[position % len(data)] = value
    asyncio.run(_send([bytes(data), bytes(data[:length])]))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["_reliable", "_lossy", "_data_track", "x"]), st.lists(st.binary(max_size=60), max_size=4)
)
def test_any_data(label: str, payloads: list[bytes]) -> None:
    async def check() -> None:
        world = World()
        anna, boris = await world.join("anna"), await world.join("boris")
        for payload in payloads:
            anna.publisher.receive_data(label, payload)
        assert boris.participant.state is not ParticipantState.DISCONNECTED
        await world.attendance.close()

    asyncio.run(check())


async def _send(requests: list[bytes]) -> None:
    world = World(allow_simulate=True)
    other = await world.join("boris")
    await other.publish("audio")
    anna = await world.join("anna", v1=False, grants={"can_update_own_metadata": True})
    for data in requests:
        try:
            request = rtc.SignalRequest.FromString(data)
        except DecodeError:
            continue
        await anna.session.receive(request)
        await world.work()
    assert world.metric("polyana_rtc_signal_errors_total", kind="internal") == 0
    assert other.participant.state is not ParticipantState.DISCONNECTED
    await world.attendance.close()
