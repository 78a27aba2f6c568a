"""Requests of clients and claims of tokens as values of `mediaserver`."""

from collections.abc import Collection, Iterable

from livekit.protocol import models, rtc

from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.participant import ParticipantKind
from mediaserver.permissions import Permissions, SubscriptionPermissions, TrackPermission
from mediaserver.subscription import Wishes
from mediaserver.track import (
    UNNAMED_STREAM,
    BackupCodecPolicy,
    Encryption,
    Kind,
    TrackCodec,
    TrackSettings,
    TrackSource,
)
from signalling.rtc import enums
from signalling.rtc.tokens import VideoGrants

MAX_LAYERS = 8
MAX_CODECS = 4
MAX_FEATURES = 16
MAX_PRIORITY = 255
"""More than any client needs; what goes beyond is ignored."""

_STREAMS = {
    TrackSource.CAMERA: "camera",
    TrackSource.MICROPHONE: "camera",
    TrackSource.SCREEN_SHARE: "screen",
    TrackSource.SCREEN_SHARE_AUDIO: "screen",
}
"""Sources that belong together, when the publisher names no stream."""
_SOURCES = {source.value: source for source in TrackSource}


class UnsupportedTrackType(Exception):
    """Neither audio nor video."""


def permissions_of(grants: VideoGrants) -> Permissions:
    """An absent grant to publish or subscribe is a yes, as in LiveKit; to publish data it follows
    publishing."""
    can_publish = grants.can_publish is not False
    named = (name.lower() for name in grants.can_publish_sources or ())
    sources = frozenset(_SOURCES[name] for name in named if name in _SOURCES)
    if grants.can_publish_sources and not sources:
        can_publish = False  # Only sources that do not exist: nothing may be published.
    return Permissions(
        can_subscribe=grants.can_subscribe is not False,
        can_publish=can_publish,
        can_publish_data=can_publish if grants.can_publish_data is None else grants.can_publish_data,
        can_publish_sources=sources,
        can_update_metadata=bool(grants.can_update_own_metadata),
        can_subscribe_metrics=bool(grants.can_subscribe_metrics),
        can_manage_agent_session=bool(grants.can_manage_agent_session),
        hidden=grants.hidden,
        recorder=grants.recorder,
        agent=grants.agent,
    )


def permissions_of_info(info: models.ParticipantPermission) -> Permissions:
    """What the server API gives; nothing is granted that is not said."""
    known = (enums.SOURCES_BY_NUMBER.get(number) for number in info.can_publish_sources)
    sources = frozenset(source for source in known if source is not None)
    return Permissions(
        can_subscribe=info.can_subscribe,
        # Only sources that do not exist: nothing may be published.
        can_publish=info.can_publish and bool(sources or not info.can_publish_sources),
        can_publish_data=info.can_publish_data,
        can_publish_sources=sources,
        can_update_metadata=info.can_update_metadata,
        can_subscribe_metrics=info.can_subscribe_metrics,
        can_manage_agent_session=info.can_manage_agent_session,
        hidden=info.hidden,
        recorder=info.recorder,
        agent=info.agent,
    )


def participant_kind(name: str) -> ParticipantKind:
    try:
        return ParticipantKind(name.lower())
    except ValueError:
        return ParticipantKind.STANDARD


def track_settings(request: rtc.AddTrackRequest, enabled_codecs: Collection[str]) -> TrackSettings:
    """Raises `UnsupportedTrackType`."""
    kind = track_kind(request.type)
    source = enums.SOURCES_BY_NUMBER.get(request.source, TrackSource.UNKNOWN)
    layers = video_layers(request.layers)
    return TrackSettings(
        cid=request.cid,
        kind=kind,
        name=request.name,
        source=source,
        width=request.width,
        height=request.height,
        disable_dtx=request.disable_dtx,
        disable_red=request.disable_red,
        stereo=request.stereo,
        encryption=enums.ENCRYPTIONS_BY_NUMBER.get(request.encryption, Encryption.CUSTOM),
        stream=request.stream or _STREAMS.get(source, UNNAMED_STREAM),
        layers=layers,
        codecs=_codecs(request, kind, layers, enabled_codecs),
        backup_codec_policy=_backup_codec_policy(request.backup_codec_policy),
        audio_features=_audio_features(request),
        packet_trailer_features=tuple(dict.fromkeys(request.packet_trailer_features))[:MAX_FEATURES],
    )


def backup_codec(request: rtc.AddTrackRequest) -> TrackCodec:
    """What a client says of a section with another codec of a track that it has published before."""
    codec = next(iter(request.simulcast_codecs), rtc.SimulcastCodec())
    layers = video_layers(codec.layers) or video_layers(request.layers)
    return TrackCodec(f"video/{codec.codec.lower()}", codec.cid or request.cid, layers)


def _backup_codec_policy(number: int) -> BackupCodecPolicy:
    try:
        return BackupCodecPolicy(number)
    except ValueError:
        return BackupCodecPolicy.PREFER_REGRESSION


def track_kind(number: int) -> Kind:
    """Raises `UnsupportedTrackType`."""
    if number == models.TrackType.AUDIO:
        return "audio"
    if number == models.TrackType.VIDEO:
        return "video"
    raise UnsupportedTrackType


def wishes_of(settings: rtc.UpdateTrackSettings) -> Wishes:
    quality = _quality(settings.quality)
    return Wishes(
        disabled=settings.disabled,
        quality=VideoQuality.HIGH if quality is None else quality,
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        priority=min(settings.priority, MAX_PRIORITY),
    )


def subscription_permissions(message: rtc.SubscriptionPermission) -> SubscriptionPermissions:
    return SubscriptionPermissions(
        all_participants=message.all_participants,
        permissions=tuple(
            TrackPermission(
                identity=permission.participant_identity,
                sid=permission.participant_sid,
                all_tracks=permission.all_tracks,
                track_sids=frozenset(permission.track_sids),
            )
            for permission in message.track_permissions
        ),
    )


def video_layers(layers: Iterable[models.VideoLayer]) -> tuple[VideoLayer, ...]:
    """Lowest first; layers of a quality that does not exist are left out."""
    converted = [
        VideoLayer(
            quality=quality,
            width=layer.width,
            height=layer.height,
            bitrate_bps=layer.bitrate,
            ssrc=layer.ssrc,
            spatial_layer=layer.spatial_layer,
            rid=layer.rid,
        )
        for layer in layers
        if (quality := _quality(layer.quality)) is not None
    ]
    return tuple(sorted(converted, key=lambda layer: layer.quality)[:MAX_LAYERS])


def _quality(number: int) -> VideoQuality | None:
    return VideoQuality(number) if 0 <= number <= VideoQuality.OFF else None


def _codecs(
    request: rtc.AddTrackRequest, kind: Kind, layers: tuple[VideoLayer, ...], enabled: Collection[str]
) -> tuple[TrackCodec, ...]:
    names = {mime.lower(): mime for mime in enabled}
    codecs = dict[str, TrackCodec]()
    for codec in request.simulcast_codecs[:MAX_CODECS]:
        wanted = codec.codec.lower() if "/" in codec.codec else f"{kind}/{codec.codec.lower()}"
        # A codec that is switched off is replaced by one that everybody has.
        mime = names.get(wanted) or names.get("video/vp8" if kind == "video" else "audio/opus", "")
        if mime:
            codecs.setdefault(mime, TrackCodec(mime, codec.cid, video_layers(codec.layers) or layers))
    return tuple(codecs.values()) or (TrackCodec("", request.cid, layers),)


def _audio_features(request: rtc.AddTrackRequest) -> tuple[int, ...]:
    features = [int(feature) for feature in request.audio_features]
    if request.stereo:
        features.append(models.AudioTrackFeature.TF_STEREO)
    if request.disable_dtx:
        features.append(models.AudioTrackFeature.TF_NO_DTX)
    return tuple(dict.fromkeys(features))[:MAX_FEATURES]
