"""Data that clients leave with the server, and fetch from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from signalling.rtc.handlers.requests import respond

if TYPE_CHECKING:
    from signalling.rtc.session import Session

INVALID = rtc.RequestResponse.INVALID_REQUEST
NOT_FOUND = rtc.RequestResponse.NOT_FOUND


async def store_data_blob_request(session: Session, message: rtc.StoreDataBlobRequest) -> None:
    """A blob that others may fetch while this participant is in the room."""
    request_id, settings = message.request_id, session.context.settings
    if not session.participant.may_send_data:
        reason, text = rtc.RequestResponse.NOT_ALLOWED, "does not have permission to publish data"
        respond(session, reason, request_id=request_id, message=text)
    elif not _valid(message.blob.key, settings.max_data_blob_key_bytes) or not message.blob.contents:
        respond(session, INVALID, request_id=request_id, message="data blob is empty or has no valid key")
    elif not session.blobs.store(message.blob):
        reason = rtc.RequestResponse.LIMIT_EXCEEDED
        respond(session, reason, request_id=request_id, message="data blobs exceed their limit")
    else:
        stored = rtc.StoreDataBlobResponse(request_id=request_id, key=message.blob.key)
        session.send(rtc.SignalResponse(store_data_blob_response=stored))


async def get_data_blob_request(session: Session, message: rtc.GetDataBlobRequest) -> None:
    """A blob of anybody whom this participant may know of."""
    request_id = message.request_id
    if not _valid(message.key, session.context.settings.max_data_blob_key_bytes):
        respond(session, INVALID, request_id=request_id, message="data blob key is required")
        return
    owner = session.participant.room.participants.get(message.participant_identity)
    policy = session.participant.room.policy
    visible = owner is session.participant or (
        owner is not None
        and policy.sees(session.participant, owner)
        and policy.may_receive_data(session.participant, owner)
    )
    theirs = session.context.session_of(owner) if owner is not None and visible else None
    blob = theirs.blobs.find(message.key) if theirs is not None else None
    if blob is None:
        text = "participant not found" if theirs is None else "data blob not found"
        respond(session, NOT_FOUND, request_id=request_id, message=text)
        return
    found = rtc.GetDataBlobResponse(request_id=request_id, blob=blob)
    session.send(rtc.SignalResponse(get_data_blob_response=found))


def _valid(key: models.DataBlobKey, max_bytes: int) -> bool:
    return bool(key.generic or key.schema_id.name) and len(key.SerializeToString()) <= max_bytes
