"""WHIP: a client that publishes, such as OBS, is a participant with a microphone and a camera, or with a film."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.participant import ParticipantKind, RemovalReason
from mediaserver.publisher import PublishRefused
from mediaserver.rtp import media_kind
from mediaserver.track import TrackCodec, TrackSettings, TrackSource
from signalling.whip.errors import Refused, of_publishing
from signalling.whip.offers import CheckedOffer, first_codec, publishing
from signalling.whip.session import WhipSession

if TYPE_CHECKING:
    from mediaserver.sdp import MediaSection, RtpCodec
    from mediaserver.track import Track
    from signalling.rtc.admission import Admission
    from signalling.rtc.gateway import Gateway
    from signalling.whip.session import SessionListener

SOURCES: Mapping[str, Mapping[str, TrackSource]] = {
    "camera": {"audio": TrackSource.MICROPHONE, "video": TrackSource.CAMERA},
    "screen_share": {"audio": TrackSource.SCREEN_SHARE_AUDIO, "video": TrackSource.SCREEN_SHARE},
}
"""What `?source=` may say, with the source of each kind of track."""
KIND = ParticipantKind.INGRESS


class Ingest(WhipSession):
    """Publishes what the offer sends."""

    protocol_name = "whip"

    def __init__(
        self,
        admission: Admission,
        offer: CheckedOffer,
        gateway: Gateway,
        listener: SessionListener,
        tracks: tuple[TrackSettings, ...],
    ) -> None:
        super().__init__(admission, offer, gateway, listener)
        self._tracks = tracks

    async def negotiate(self) -> str:
        """As any publisher: first in the room, then its tracks."""
        self.enter()
        publisher = self.participant.publisher
        try:
            for settings in self._tracks:
                publisher.add_track(settings, muted=False)
        except PublishRefused as refused:
            raise of_publishing(refused) from refused
        return (await publisher.answer_offer(self.offer.sdp)).sdp

    def track_unpublished(self, track: Track) -> None:
        """Without tracks there is nothing to do: the client learns it by the end."""
        if not self.participant.publisher.tracks:
            self.remove(RemovalReason.PARTICIPANT_REMOVED)


def read(
    text: str, query: Mapping[str, str], gateway: Gateway
) -> tuple[CheckedOffer, tuple[TrackSettings, ...]]:
    """The offer and its tracks. Raises `Refused`."""
    name = query.get("source", "camera")
    if name not in SOURCES:
        raise Refused(HTTPStatus.BAD_REQUEST, f"source is one of {', '.join(SOURCES)}")
    offer = publishing(text, gateway.enabled_codecs)
    return offer, tuple(
        track_settings(section, SOURCES[name], gateway.enabled_codecs) for section in offer.sections
    )


def track_settings(
    section: MediaSection, sources: Mapping[str, TrackSource], enabled_codecs: Collection[str]
) -> TrackSettings:
    """What a LiveKit client would announce for this section."""
    codec = first_codec(section, enabled_codecs)
    source = sources[section.kind]
    kind = media_kind(section.kind)
    track_id = section.msid[1] or section.mid
    layers = _layers(section) if kind == "video" else ()
    return TrackSettings(
        cid=track_id,
        kind=kind,
        name=source.value,
        source=source,
        stream="screen" if source in SOURCES["screen_share"].values() else "camera",
        stereo=kind == "audio" and _is_stereo(codec),
        layers=layers,
        codecs=(TrackCodec(codec.mime_type, track_id, layers),),
    )


def _is_stereo(codec: RtpCodec) -> bool:
    return "1" in (codec.parameter("stereo"), codec.parameter("sprop-stereo"))


def _layers(section: MediaSection) -> tuple[VideoLayer, ...]:
    """Qualities of the simulcast streams, lowest first; of one stream the best."""
    rids = section.send_rids
    ssrcs = next(iter(section.ssrc_groups("SIM")), [])
    if len(rids) > 1:
        return tuple(VideoLayer(_quality(number), rid=rid) for number, rid in enumerate(rids))
    if len(ssrcs) > 1:
        return tuple(VideoLayer(_quality(number), ssrc=ssrc) for number, ssrc in enumerate(ssrcs))
    return (VideoLayer(VideoQuality.HIGH),)


def _quality(number: int) -> VideoQuality:
    return VideoQuality(min(number, VideoQuality.HIGH))
