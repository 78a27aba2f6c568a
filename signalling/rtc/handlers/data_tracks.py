"""Data tracks of a client: what it publishes and what it receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from mediaserver.data_tracks import DataTrackRefused, DataTrackSettings
from mediaserver.track import Encryption
from signalling.rtc import convert, enums
from signalling.rtc.handlers.requests import respond
from signalling.rtc.handlers.subscribing import MAX_TRACKS_PER_REQUEST

if TYPE_CHECKING:
    from signalling.rtc.session import Session

MAX_CUSTOM_ENCODING_BYTES = 32
"""As LiveKit's `limit.max_data_track_custom_encoding_length`."""


async def publish_data_track_request(session: Session, message: rtc.PublishDataTrackRequest) -> None:
    if not (_named(message.frame_encoding) and _named(message.schema.encoding)):
        text = "encoding identifier is empty or exceeds the maximum length"
        respond(session, rtc.RequestResponse.INVALID_REQUEST, message=text, publish_data_track=message)
        return
    settings = DataTrackSettings(
        handle=message.pub_handle,
        name=message.name,
        encryption=enums.ENCRYPTIONS_BY_NUMBER.get(message.encryption, Encryption.CUSTOM),
        frame_encoding=message.frame_encoding.SerializeToString(),
        schema=message.schema.SerializeToString(),
    )
    try:
        track = session.participant.data_publisher.publish(settings)
    except DataTrackRefused as refused:
        respond(session, enums.DATA_TRACK_REFUSALS[refused.refusal], publish_data_track=message)
        return
    published = rtc.PublishDataTrackResponse(info=convert.data_track_info(track))
    session.send(rtc.SignalResponse(publish_data_track_response=published))


async def unpublish_data_track_request(session: Session, message: rtc.UnpublishDataTrackRequest) -> None:
    try:
        track = session.participant.data_publisher.unpublish(message.pub_handle)
    except DataTrackRefused as refused:
        respond(session, enums.DATA_TRACK_REFUSALS[refused.refusal], unpublish_data_track=message)
        return
    ended = rtc.UnpublishDataTrackResponse(info=convert.data_track_info(track))
    session.send(rtc.SignalResponse(unpublish_data_track_response=ended))


async def update_data_subscription(session: Session, message: rtc.UpdateDataSubscription) -> None:
    for update in message.updates[:MAX_TRACKS_PER_REQUEST]:
        if not session.participant.data_subscriber.request(update.track_sid, update.subscribe):
            session.log.info("no such data track", track=update.track_sid)


def _named(encoding: models.DataTrackFrameEncoding | models.DataTrackSchemaEncoding) -> bool:
    # A custom encoding has a name of its own.
    if encoding.WhichOneof("value") != "custom":
        return True
    return 0 < len(encoding.custom.encode()) <= MAX_CUSTOM_ENCODING_BYTES
