"""Answers to requests that want one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

if TYPE_CHECKING:
    from signalling.rtc.session import Session

RUST_REQUEST_RESPONSE_PROTOCOL = 10
"""Older Rust SDKs cannot decode responses that they do not know."""
OK_RESPONSE_PROTOCOL = 15
"""Older clients expect responses to failures only."""


def respond(
    session: Session,
    reason: rtc.RequestResponse.Reason,
    *,
    request_id: int = 0,
    message: str = "",
    add_track: rtc.AddTrackRequest | None = None,
    mute: rtc.MuteTrackRequest | None = None,
    update_metadata: rtc.UpdateParticipantMetadata | None = None,
    update_audio_track: rtc.UpdateLocalAudioTrack | None = None,
    update_video_track: rtc.UpdateLocalVideoTrack | None = None,
    publish_data_track: rtc.PublishDataTrackRequest | None = None,
    unpublish_data_track: rtc.UnpublishDataTrackRequest | None = None,
) -> None:
    """Tells the client what became of its request, which is echoed."""
    if session.client.sdk == models.ClientInfo.RUST and session.protocol < RUST_REQUEST_RESPONSE_PROTOCOL:
        return
    if reason == rtc.RequestResponse.OK and session.protocol < OK_RESPONSE_PROTOCOL:
        return
    response = rtc.RequestResponse(
        request_id=request_id,
        reason=reason,
        message=message,
        add_track=add_track,
        mute=mute,
        update_metadata=update_metadata,
        update_audio_track=update_audio_track,
        update_video_track=update_video_track,
        publish_data_track=publish_data_track,
        unpublish_data_track=unpublish_data_track,
    )
    session.send(rtc.SignalResponse(request_response=response))
