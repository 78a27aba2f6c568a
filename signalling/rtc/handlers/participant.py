"""What a client says about its participant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import rtc

from mediaserver.permissions import merged_attributes
from signalling.rtc.admission import SERVER_ATTRIBUTES, check_profile
from signalling.rtc.data_saving import OWN_CHOICES
from signalling.rtc.errors import InvalidRequest
from signalling.rtc.handlers.requests import respond

if TYPE_CHECKING:
    from signalling.rtc.session import Session


async def update_metadata(session: Session, message: rtc.UpdateParticipantMetadata) -> None:
    """Name, metadata and attributes, as far as they are given; an attribute with an empty value is
    deleted."""
    participant = session.participant
    own_choice = not (message.name or message.metadata or message.attributes.keys() - OWN_CHOICES)
    forbidden = message.attributes.keys() & SERVER_ATTRIBUTES
    if forbidden or not (participant.permissions.can_update_metadata or own_choice):
        reason, text = rtc.RequestResponse.NOT_ALLOWED, "does not have permission to update own metadata"
        respond(session, reason, request_id=message.request_id, message=text, update_metadata=message)
        return
    attributes = dict(message.attributes)
    try:
        merged = merged_attributes(participant.attributes, attributes)
        check_profile(message.name, message.metadata, merged, session.context.settings)
    except InvalidRequest as error:
        reason = rtc.RequestResponse.LIMIT_EXCEEDED
        respond(session, reason, request_id=message.request_id, message=str(error), update_metadata=message)
        return
    participant.update(name=message.name or None, metadata=message.metadata or None, attributes=attributes)
    respond(session, rtc.RequestResponse.OK, request_id=message.request_id, update_metadata=message)
