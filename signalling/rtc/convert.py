"""Rooms, participants and tracks as protobuf."""

from collections.abc import Collection, Iterable

from livekit.protocol import models, rtc

from mediaserver.data_tracks import DataTrack
from mediaserver.layers import VideoLayer
from mediaserver.participant import Participant
from mediaserver.permissions import Permissions
from mediaserver.room import Room
from mediaserver.speakers import Speaker
from mediaserver.track import Track
from signalling.rtc import enums


def room_info(room: Room, enabled_codecs: Iterable[str], viewer: Participant | None = None) -> models.Room:
    """As `viewer` may know it; None: everything."""
    counts = (room.num_participants, room.num_publishers) if viewer is None else room.policy.counted(viewer)
    return models.Room(
        sid=room.sid,
        name=room.name,
        empty_timeout=int(room.settings.empty_timeout_s),
        departure_timeout=int(room.settings.departure_timeout_s),
        max_participants=room.settings.max_participants,
        creation_time=int(room.created_at),
        creation_time_ms=int(room.created_at * 1000),
        enabled_codecs=[models.Codec(mime=mime) for mime in enabled_codecs],
        metadata=room.metadata,
        num_participants=counts[0],
        num_publishers=counts[1],
        active_recording=room.active_recording,
    )


def participant_info(participant: Participant, client: models.ClientInfo) -> models.ParticipantInfo:
    """`client`: what others must know to talk to it over data channels."""
    return models.ParticipantInfo(
        sid=participant.sid,
        identity=participant.identity,
        state=enums.STATES[participant.state],
        tracks=[track_info(track) for track in participant.publisher.tracks.values()],
        data_tracks=[data_track_info(track) for track in participant.data_publisher.tracks.values()],
        metadata=participant.metadata,
        joined_at=int(participant.joined_at),
        joined_at_ms=int(participant.joined_at * 1000),
        name=participant.name,
        version=participant.version,
        permission=permission_info(participant.permissions),
        is_publisher=participant.is_publisher,
        kind=enums.KINDS[participant.kind],
        attributes=participant.attributes,
        client_protocol=client.client_protocol,
        capabilities=client.capabilities,
    )


def permission_info(permissions: Permissions) -> models.ParticipantPermission:
    return models.ParticipantPermission(
        can_subscribe=permissions.can_subscribe,
        can_publish=permissions.can_publish,
        can_publish_data=permissions.can_publish_data,
        can_publish_sources=sorted(enums.SOURCES[source] for source in permissions.can_publish_sources),
        hidden=permissions.hidden,
        recorder=permissions.recorder,
        can_update_metadata=permissions.can_update_metadata,
        agent=permissions.agent,
        can_subscribe_metrics=permissions.can_subscribe_metrics,
        can_manage_agent_session=permissions.can_manage_agent_session,
    )


def track_info(track: Track) -> models.TrackInfo:
    settings = track.settings
    return models.TrackInfo(
        sid=track.sid,
        type=models.TrackType.AUDIO if track.kind == "audio" else models.TrackType.VIDEO,
        name=settings.name,
        muted=track.muted,
        width=settings.width,
        height=settings.height,
        simulcast=track.main.simulcast,
        disable_dtx=settings.disable_dtx,
        source=enums.SOURCES[settings.source],
        layers=[_layer_info(layer) for layer in track.main.layers],
        mime_type=track.mime_type,
        mid=track.main.mid,
        codecs=[_codec_info(track, number) for number in range(len(settings.codecs))],
        stereo=settings.stereo,
        disable_red=settings.disable_red,
        encryption=enums.ENCRYPTIONS[settings.encryption],
        stream=settings.stream,
        audio_features=settings.audio_features,  # type: ignore[arg-type]
        backup_codec_policy=settings.backup_codec_policy,  # type: ignore[arg-type]
        packet_trailer_features=settings.packet_trailer_features,  # type: ignore[arg-type]
    )


def data_track_info(track: DataTrack) -> models.DataTrackInfo:
    settings = track.settings
    info = models.DataTrackInfo(
        sid=track.sid,
        pub_handle=settings.handle,
        name=settings.name,
        encryption=enums.ENCRYPTIONS[settings.encryption],
    )
    if settings.frame_encoding:
        info.frame_encoding.ParseFromString(settings.frame_encoding)
    if settings.schema:
        info.schema.ParseFromString(settings.schema)
    return info


def speaker_infos(speakers: Collection[Speaker]) -> rtc.SpeakersChanged:
    return rtc.SpeakersChanged(
        speakers=[models.SpeakerInfo(sid=s.sid, level=s.level, active=s.active) for s in speakers]
    )


def _codec_info(track: Track, number: int) -> models.SimulcastCodecInfo:
    codec = track.settings.codecs[number]
    stream = next((stream for stream in track.streams if stream.number == number), None)
    if stream is not None and stream.is_svc:
        mode = models.VideoLayer.MULTIPLE_SPATIAL_LAYERS_PER_STREAM
    else:
        mode = models.VideoLayer.ONE_SPATIAL_LAYER_PER_STREAM
    return models.SimulcastCodecInfo(
        mime_type=track.codec_name(number),
        mid=stream.mid if stream is not None else "",
        cid=codec.cid,
        layers=[_layer_info(layer) for layer in codec.layers],
        video_layer_mode=mode,
        sdp_cid=stream.sdp_track_id if stream is not None and stream.sdp_track_id != codec.cid else "",
    )


def _layer_info(layer: VideoLayer) -> models.VideoLayer:
    return models.VideoLayer(
        quality=layer.quality,  # type: ignore[arg-type]
        width=layer.width,
        height=layer.height,
        bitrate=layer.bitrate_bps,
        ssrc=layer.ssrc,
        spatial_layer=layer.spatial_layer,
        rid=layer.rid,
    )
