"""A published track: what its publisher said about it, and the receiver that its packets come in on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import RtpReceiver

Kind = Literal["audio", "video"]


class TrackSource(Enum):
    """Where the media comes from; permissions are given by source."""

    UNKNOWN = "unknown"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN_SHARE = "screen_share"
    SCREEN_SHARE_AUDIO = "screen_share_audio"


class VideoQuality(IntEnum):
    """What a subscriber asks for and a publisher calls its encodings. The order means something."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    OFF = 3


class Encryption(Enum):
    """End-to-end encryption of the frames. The server cannot look inside, it only tells subscribers."""

    NONE = "none"
    GCM = "gcm"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class VideoLayer:
    """An encoding, or a spatial layer of an SVC stream, as its publisher announced it. Bit rate in bit/s."""

    quality: VideoQuality
    width: int = 0
    height: int = 0
    bitrate_bps: int = 0
    ssrc: int = 0
    spatial_layer: int = 0
    rid: str = ""


@dataclass(frozen=True, slots=True)
class TrackCodec:
    """A codec that the publisher wants to use. `cid` is the id of its MediaStreamTrack."""

    mime_type: str
    cid: str = ""
    layers: tuple[VideoLayer, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """What a publisher says about a track. The server reads source, layers and codecs and passes on the
    rest."""

    cid: str
    kind: Kind
    name: str = ""
    source: TrackSource = TrackSource.UNKNOWN
    width: int = 0
    height: int = 0
    disable_dtx: bool = False
    disable_red: bool = False
    stereo: bool = False
    encryption: Encryption = Encryption.NONE
    stream: str = ""
    layers: tuple[VideoLayer, ...] = ()
    codecs: tuple[TrackCodec, ...] = ()
    backup_codec_policy: int = 0
    audio_features: tuple[int, ...] = ()
    packet_trailer_features: tuple[int, ...] = ()

    @property
    def cids(self) -> frozenset[str]:
        """The ids that an offer may use for this track."""
        return frozenset({self.cid, *(codec.cid for codec in self.codecs)} - {""})


_MSID_TOKEN = re.compile(r"[A-Za-z0-9_.~-]{1,32}")
UNNAMED_STREAM = "unknown"
SVC_CODECS = frozenset({"video/vp9", "video/av1"})


@dataclass(eq=False)
class Track:
    """One published track. Before an offer has brought its section it is pending: `receiver` is None."""

    sid: str
    publisher: Participant
    settings: TrackSettings
    muted: bool = False
    """As everybody sees it; set by the publisher or by the server for it."""
    blocked: bool = False
    """The server drops the packets whatever the publisher says, and nobody is told so here."""
    receiver: RtpReceiver | None = None
    sdp_track_id: str = ""
    """The track id of the section's `a=msid`. Firefox makes up its own, so it can differ from the cid."""
    rids: tuple[str, ...] = ()
    mime_type: str = ""
    has_been_subscribed: bool = False
    subscribers: set[Participant] = field(default_factory=set)

    @property
    def kind(self) -> Kind:
        return self.settings.kind

    @property
    def sync_stream(self) -> str | None:
        """The stream of tracks to keep in step (lip sync), where its name can stand in a description (RFC 8830)
        and cannot be taken for a track's."""
        name = self.settings.stream
        usable = _MSID_TOKEN.fullmatch(name) and not name.startswith("TR") and name != UNNAMED_STREAM
        return name if usable else None

    @property
    def mid(self) -> str:
        return self.receiver.mid if self.receiver is not None else ""

    @property
    def layers(self) -> tuple[VideoLayer, ...]:
        """The layers of the codec in use, lowest first."""
        codec = next((c for c in self.settings.codecs if c.layers and self._uses(c)), None)
        layers = codec.layers if codec else self.settings.layers
        return tuple(sorted(layers, key=lambda layer: layer.quality))

    @property
    def is_svc(self) -> bool:
        """Whether one stream carries all spatial layers."""
        return self.mime_type.lower() in SVC_CODECS and len(self.rids) <= 1 and len(self.layers) > 1

    @property
    def simulcast(self) -> bool:
        return self.kind == "video" and not self.is_svc and (len(self.rids) > 1 or len(self.layers) > 1)

    def bind(
        self, receiver: RtpReceiver, *, sdp_track_id: str, rids: tuple[str, ...], mime_type: str
    ) -> None:
        """The offer brought the section of this track."""
        self.receiver = receiver
        self.sdp_track_id = sdp_track_id
        self.rids = rids
        self.mime_type = mime_type
        self.enforce()

    def set_muted(self, muted: bool) -> bool:
        """Returns whether that changed anything."""
        changed = self.muted != muted
        self.muted = muted
        self.enforce()
        return changed

    def update(self, **changes: object) -> None:
        """Replaces settings that may change while the track lives."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]

    def enforce(self) -> None:
        """The data plane drops the packets of a muted or blocked track, whatever the client sends."""
        if self.receiver is not None:
            self.receiver.set_enabled(not (self.muted or self.blocked))

    def _uses(self, codec: TrackCodec) -> bool:
        return codec.mime_type.lower() == self.mime_type.lower()
