"""What a client publishes, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from mediaserver.publisher import PublishRefused
from signalling.rtc import convert, enums, from_client
from signalling.rtc.handlers.requests import respond

if TYPE_CHECKING:
    from signalling.rtc.session import Session

MAX_ID_LENGTH = 256
MAX_NAME_LENGTH = 256
MAX_TRACK_PERMISSIONS = 2000


async def add_track(session: Session, message: rtc.AddTrackRequest) -> None:
    """Announces a track, or with a sid another codec of one. The client waits for `track_published` before it
    offers the section."""
    publisher = session.participant.publisher
    if not message.cid or max(len(message.cid), len(message.stream)) > MAX_ID_LENGTH:
        respond(session, rtc.RequestResponse.INVALID_REQUEST, add_track=message)
        return
    if len(message.name) > MAX_NAME_LENGTH:
        respond(session, rtc.RequestResponse.LIMIT_EXCEEDED, add_track=message)
        return
    try:
        if message.sid:
            track = publisher.add_codec(message.sid, from_client.backup_codec(message))
        else:
            settings = from_client.track_settings(message, session.context.settings.enabled_codecs)
            track = publisher.add_track(settings, muted=message.muted)
    except from_client.UnsupportedTrackType:
        respond(session, rtc.RequestResponse.UNSUPPORTED_TYPE, add_track=message)
        return
    except PublishRefused as refused:
        respond(session, enums.PUBLISH_REFUSALS[refused.refusal], add_track=message)
        return
    published = rtc.TrackPublishedResponse(cid=message.cid, track=convert.track_info(track))
    session.send(rtc.SignalResponse(track_published=published))
    publisher.bind_late()


async def mute(session: Session, message: rtc.MuteTrackRequest) -> None:
    publisher = session.participant.publisher
    track = publisher.find(message.sid)
    if track is None:
        respond(session, rtc.RequestResponse.NOT_FOUND, mute=message)
    else:
        publisher.mute(track, message.muted)


async def update_layers(session: Session, message: rtc.UpdateVideoLayers) -> None:
    """Old clients tell new sizes of their layers this way."""
    publisher = session.participant.publisher
    track = publisher.find(message.track_sid)
    layers = from_client.video_layers(message.layers)
    if track is not None and track.kind == "video" and layers:
        publisher.update(track, layers=layers)


async def update_audio_track(session: Session, message: rtc.UpdateLocalAudioTrack) -> None:
    publisher = session.participant.publisher
    track = publisher.find(message.track_sid)
    if track is None or track.kind != "audio":
        respond(session, rtc.RequestResponse.NOT_FOUND, update_audio_track=message)
        return
    features = tuple(dict.fromkeys(int(feature) for feature in message.features))[: from_client.MAX_FEATURES]
    publisher.update(
        track,
        audio_features=features,
        stereo=models.AudioTrackFeature.TF_STEREO in features,
        disable_dtx=models.AudioTrackFeature.TF_NO_DTX in features,
    )


async def update_video_track(session: Session, message: rtc.UpdateLocalVideoTrack) -> None:
    publisher = session.participant.publisher
    track = publisher.find(message.track_sid)
    if track is None or track.kind != "video":
        respond(session, rtc.RequestResponse.NOT_FOUND, update_video_track=message)
        return
    publisher.update(track, width=message.width, height=message.height)


async def subscription_permission(session: Session, message: rtc.SubscriptionPermission) -> None:
    """The publisher chooses who may receive its tracks."""
    count = sum(1 + len(permission.track_sids) for permission in message.track_permissions)
    if count > MAX_TRACK_PERMISSIONS:
        session.context.metrics.errors.labels("limit").inc()
        return
    session.participant.publisher.allow_subscribers(from_client.subscription_permissions(message))
