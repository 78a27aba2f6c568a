"""Responses that are made in more than one place, or take more than a line."""

from collections.abc import Collection, Iterable, Mapping

from livekit.protocol import models, rtc

from mediaserver.connection_quality import ConnectionQuality, Rated
from mediaserver.data_tracks import DataTrack
from mediaserver.layers import VideoQuality
from mediaserver.participant import Participant, RemovalReason
from mediaserver.subscriber import SubscriptionFailure
from mediaserver.track import Track
from signalling.rtc import convert, enums
from signalling.rtc.ice_servers import IceServer
from signalling.rtc.outgoing import Outgoing, joined
from signalling.rtc.settings import Pings, RtcSettings

OFF = VideoQuality.OFF
PROTOCOL = 17
"""LiveKit's protocol version that this server speaks (CurrentProtocol of livekit-server 1.13)."""
PROTOCOL_QUALITY_LOST = 11
"""From this version on clients know the level LOST; older ones are told POOR."""
PROTOCOL_LEAVE_ACTION = 13
"""From this version on clients understand `LeaveRequest.action`; older ones read `can_reconnect`."""


def server_info(settings: RtcSettings, node_id: str) -> models.ServerInfo:
    return models.ServerInfo(
        edition=models.ServerInfo.Standard,
        version=settings.server_version,
        protocol=PROTOCOL,
        region=settings.region,
        node_id=node_id,
    )


def join(
    participant: Participant,
    own: models.ParticipantInfo,
    others: Iterable[bytes],
    settings: RtcSettings,
    pings: Pings,
    info: models.ServerInfo,
    servers: Iterable[IceServer],
) -> Outgoing:
    """`others`: each `delimited`."""
    response = rtc.JoinResponse(
        room=convert.room_info(participant.room, settings.enabled_codecs, participant),
        participant=own,
        server_version=info.version,
        server_region=info.region,
        server_info=info,
        ice_servers=map(_ice_server, servers),
        subscriber_primary=participant.subscriber_primary,
        client_configuration=client_configuration(),
        ping_interval=pings.interval_s,
        ping_timeout=pings.timeout_s,
        enabled_publish_codecs=[models.Codec(mime=mime) for mime in settings.enabled_codecs],
        fast_publish=participant.permissions.can_publish,
    )
    return joined(response, others)


def reconnect(
    last_message_seq: int, info: models.ServerInfo, servers: Iterable[IceServer]
) -> rtc.SignalResponse:
    return rtc.SignalResponse(
        reconnect=rtc.ReconnectResponse(
            ice_servers=map(_ice_server, servers),
            client_configuration=client_configuration(),
            server_info=info,
            last_message_seq=last_message_seq,
        )
    )


def _ice_server(server: IceServer) -> rtc.ICEServer:
    return rtc.ICEServer(urls=server.urls, username=server.username, credential=server.credential)


def client_configuration() -> models.ClientConfiguration:
    return models.ClientConfiguration(resume_connection=models.ClientConfigSetting.ENABLED)


def leave(
    reason: models.DisconnectReason, action: rtc.LeaveRequest.Action, protocol: int
) -> rtc.SignalResponse:
    """For a client of this protocol version."""
    if protocol >= PROTOCOL_LEAVE_ACTION:
        return rtc.SignalResponse(leave=rtc.LeaveRequest(reason=reason, action=action))
    can_reconnect = action == rtc.LeaveRequest.RECONNECT
    return rtc.SignalResponse(leave=rtc.LeaveRequest(reason=reason, can_reconnect=can_reconnect))


def leave_action(reason: RemovalReason, reconnect_on_shutdown: bool) -> rtc.LeaveRequest.Action:
    """What the client should do after it was removed."""
    if reason is RemovalReason.STATE_MISMATCH:
        return rtc.LeaveRequest.RECONNECT
    if reason is RemovalReason.SERVER_SHUTDOWN and reconnect_on_shutdown:
        return rtc.LeaveRequest.RECONNECT
    return rtc.LeaveRequest.DISCONNECT


def participants(infos: Iterable[models.ParticipantInfo]) -> rtc.SignalResponse:
    return rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=infos))


def description(
    kind: str, sdp: str, description_id: int, mid_to_track_id: Mapping[str, str]
) -> rtc.SessionDescription:
    return rtc.SessionDescription(type=kind, sdp=sdp, id=description_id, mid_to_track_id=mid_to_track_id)


def sections_required(missing: tuple[int, int]) -> rtc.SignalResponse:
    audios, videos = missing
    requirement = rtc.MediaSectionsRequirement(num_audios=audios, num_videos=videos)
    return rtc.SignalResponse(media_sections_requirement=requirement)


def subscription_failed(track_sid: str, failure: SubscriptionFailure) -> rtc.SignalResponse:
    error = enums.SUBSCRIPTION_ERRORS[failure]
    return rtc.SignalResponse(subscription_response=rtc.SubscriptionResponse(track_sid=track_sid, err=error))


def subscribed_qualities(track: Track, qualities: Mapping[str, VideoQuality]) -> rtc.SignalResponse:
    """Codecs by the names that livekit-client gives them ("vp8"), the first also for clients of one codec."""
    codecs = [
        rtc.SubscribedCodec(
            codec=mime_type.partition("/")[2].lower(),
            qualities=[
                rtc.SubscribedQuality(quality=quality, enabled=highest is not OFF and quality <= highest)  # type: ignore[arg-type]
                for quality in (VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH)
            ],
        )
        for mime_type, highest in qualities.items()
    ]
    update = rtc.SubscribedQualityUpdate(
        track_sid=track.sid, subscribed_codecs=codecs, subscribed_qualities=codecs[0].qualities
    )
    return rtc.SignalResponse(subscribed_quality_update=update)


def connection_quality(changes: Mapping[str, Rated], protocol: int) -> rtc.SignalResponse:
    """For a client of this protocol version; by sid."""
    levels = dict(enums.QUALITIES)
    if protocol < PROTOCOL_QUALITY_LOST:
        levels[ConnectionQuality.LOST] = models.ConnectionQuality.POOR
    updates = [
        rtc.ConnectionQualityInfo(
            participant_sid=sid, quality=levels[rated.quality], score=rated.mean_opinion_score
        )
        for sid, rated in changes.items()
    ]
    return rtc.SignalResponse(connection_quality=rtc.ConnectionQualityUpdate(updates=updates))


def stream_states(paused: Mapping[Track, bool]) -> rtc.SignalResponse:
    states = [
        rtc.StreamStateInfo(
            participant_sid=track.publisher.sid,
            track_sid=track.sid,
            state=rtc.StreamState.PAUSED if is_paused else rtc.StreamState.ACTIVE,
        )
        for track, is_paused in paused.items()
    ]
    return rtc.SignalResponse(stream_state_update=rtc.StreamStateUpdate(stream_states=states))


def data_track_handles(tracks: Mapping[int, DataTrack]) -> rtc.SignalResponse:
    handles = rtc.DataTrackSubscriberHandles()
    for handle, track in tracks.items():
        entry = handles.sub_handles[handle]
        entry.publisher_identity = track.publisher.identity
        entry.publisher_sid = track.publisher.sid
        entry.track_sid = track.sid
    return rtc.SignalResponse(data_track_subscriber_handles=handles)


def subscription_permission(track: Track, allowed: bool) -> rtc.SignalResponse:
    return rtc.SignalResponse(
        subscription_permission_update=rtc.SubscriptionPermissionUpdate(
            participant_sid=track.publisher.sid, track_sid=track.sid, allowed=allowed
        )
    )


def disconnected_infos(gone: Collection[Participant]) -> list[models.ParticipantInfo]:
    """What remains to be said about participants that left."""
    return [
        models.ParticipantInfo(
            sid=p.sid, identity=p.identity, version=p.version, state=models.ParticipantInfo.DISCONNECTED
        )
        for p in gone
    ]
