"""A published track: what its publisher said about it, and the streams that its packets come in on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Literal

from mediaserver.dynacast import Dynacast
from mediaserver.layer_bitrates import LayerBitrates
from mediaserver.layers import VideoLayer
from mediaserver.rules import Medium

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


SCREEN_SOURCES = frozenset({TrackSource.SCREEN_SHARE, TrackSource.SCREEN_SHARE_AUDIO})
KIND_OF_SOURCE: dict[TrackSource, Kind] = {
    TrackSource.CAMERA: "video",
    TrackSource.MICROPHONE: "audio",
    TrackSource.SCREEN_SHARE: "video",
    TrackSource.SCREEN_SHARE_AUDIO: "audio",
}


class Encryption(Enum):
    """End-to-end encryption of the frames. The server cannot look inside, it only tells subscribers."""

    NONE = "none"
    GCM = "gcm"
    CUSTOM = "custom"


class BackupCodecPolicy(IntEnum):
    """What happens when a subscriber cannot decode the first codec (LiveKit's `BackupCodecPolicy`)."""

    PREFER_REGRESSION = 0
    SIMULCAST = 1
    """The publisher sends both codecs, each subscriber gets the best that it can decode."""
    REGRESSION = 2
    """All subscribers go to the backup codec, so that the publisher encodes once."""


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
    backup_codec_policy: BackupCodecPolicy = BackupCodecPolicy.PREFER_REGRESSION
    audio_features: tuple[int, ...] = ()
    packet_trailer_features: tuple[int, ...] = ()


_MSID_TOKEN = re.compile(r"[A-Za-z0-9_.~-]{1,32}")
UNNAMED_STREAM = "unknown"
SVC_CODECS = frozenset({"video/vp9", "video/av1"})


@dataclass(eq=False)
class CodecStream:
    """A track in one codec: the section of the publisher's offers that it comes in on.

    Before an offer has brought its section it is pending: `receiver` is None.
    """

    track: Track
    number: int = 0
    """Of its codec in the announcement; 0: the first, without which there is no track."""
    receiver: RtpReceiver | None = None
    sdp_track_id: str = ""
    """The track id of the section's `a=msid`. Firefox makes up its own, so it can differ from the cid."""
    rids: tuple[str, ...] = ()
    mime_type: str = ""
    needed: bool = True
    """False: the server plays it, and nobody takes it now."""
    bitrates: LayerBitrates = field(default_factory=LayerBitrates)

    @property
    def kind(self) -> Kind:
        return self.track.kind

    @property
    def mid(self) -> str:
        return self.receiver.mid if self.receiver is not None else ""

    @property
    def codec(self) -> TrackCodec:
        """As announced."""
        settings = self.track.settings
        if self.number < len(settings.codecs):
            return settings.codecs[self.number]
        return TrackCodec("", settings.cid, settings.layers)

    @property
    def preferred_mime_type(self) -> str:
        """What the publisher should send, where the server has a say. Speech goes redundantly (RED) unless its
        publisher wants that not, or encrypts it: RED is made before the encryption and could not be unwrapped."""
        settings = self.track.settings
        if self.kind == "video":
            return self.codec.mime_type
        redundant = not settings.disable_red and settings.encryption is Encryption.NONE
        return "audio/red" if redundant else "audio/opus"

    @property
    def cids(self) -> frozenset[str]:
        """The ids that an offer may use for this stream."""
        settings = self.track.settings
        return frozenset({self.codec.cid, *([] if self.number else [settings.cid])} - {""})

    @property
    def layers(self) -> tuple[VideoLayer, ...]:
        """The layers of the codec in use, lowest first."""
        settings = self.track.settings
        codecs = (self.codec, *settings.codecs)
        codec = next((c for c in codecs if c.layers and c.mime_type.lower() == self.mime_type.lower()), None)
        layers = codec.layers if codec else settings.layers
        return tuple(sorted(layers, key=lambda layer: layer.quality))

    @property
    def is_cumulative(self) -> bool:
        """Whether spatial layers, if there are several, build upon each other."""
        return self.mime_type.lower() in SVC_CODECS and len(self.rids) <= 1

    @property
    def is_svc(self) -> bool:
        """Whether one stream carries all spatial layers."""
        return self.is_cumulative and len(self.layers) > 1

    @property
    def simulcast(self) -> bool:
        return self.kind == "video" and not self.is_svc and (len(self.rids) > 1 or len(self.layers) > 1)

    def enable(self, enabled: bool) -> None:
        """Whether the data plane lets packets in."""
        if self.receiver is not None:
            self.receiver.set_enabled(enabled and self.needed)

    def bind(
        self, receiver: RtpReceiver, *, sdp_track_id: str, rids: tuple[str, ...], mime_type: str
    ) -> None:
        """The offer brought the section of this stream."""
        self.receiver, receiver.stream = receiver, self
        self.sdp_track_id = sdp_track_id
        self.rids = rids
        self.mime_type = mime_type
        self.track.enforce()


@dataclass(eq=False)
class Track:
    """One published track. It comes in as one stream, and as one more for each backup codec that subscribers
    need (a subscriber that cannot decode the first codec gets another)."""

    sid: str
    publisher: Participant
    settings: TrackSettings
    muted: bool = False
    """As everybody sees it; set by the publisher or by the server for it."""
    blocked: bool = False
    """The server drops the packets whatever the publisher says, and nobody is told so here."""
    has_been_subscribed: bool = False
    subscribers: set[Participant] = field(default_factory=set)
    main: CodecStream = field(init=False)
    backups: list[CodecStream] = field(default_factory=list)
    """In the order of the announcement; those without a receiver are pending."""
    dynacast: Dynacast = field(init=False)

    def __post_init__(self) -> None:
        self.main = CodecStream(self)
        self.dynacast = Dynacast(max(1, len(self.settings.codecs)), self._stir)

    def _stir(self) -> None:
        self.publisher.room.stir()

    @property
    def kind(self) -> Kind:
        return self.settings.kind

    @property
    def media(self) -> tuple[Medium, ...]:
        """By kind, whatever the publisher says of the source: nobody gets around a rule with another name."""
        medium = Medium.AUDIO if self.kind == "audio" else Medium.VIDEO
        return (medium, Medium.SCREEN) if self.settings.source in SCREEN_SOURCES else (medium,)

    @property
    def sync_stream(self) -> str | None:
        """The stream of tracks to keep in step (lip sync), where its name can stand in a description (RFC 8830)
        and cannot be taken for a track's."""
        name = self.settings.stream
        usable = _MSID_TOKEN.fullmatch(name) and not name.startswith("TR") and name != UNNAMED_STREAM
        return name if usable else None

    @property
    def receiver(self) -> RtpReceiver | None:
        """Of the first codec."""
        return self.main.receiver

    @property
    def mime_type(self) -> str:
        """Of the first codec, as it comes in."""
        return self.main.mime_type

    @property
    def streams(self) -> list[CodecStream]:
        """What comes in, in the order in which subscribers should get it."""
        live = [stream for stream in (self.main, *self.backups) if stream.receiver is not None]
        return live[::-1] if self.regresses else live

    @property
    def regresses(self) -> bool:
        """Whether all subscribers go to a backup codec once it is there."""
        return self.settings.backup_codec_policy is not BackupCodecPolicy.SIMULCAST

    @property
    def is_played(self) -> bool:
        """By the server itself."""
        return self.receiver is not None and not self.receiver.connection.has_peer

    @property
    def missing_codecs(self) -> list[int]:
        """Numbers of announced codecs in which nothing comes in yet."""
        present = {stream.number for stream in self.streams}
        return [number for number in range(len(self.settings.codecs)) if number not in present]

    def codec_name(self, number: int) -> str:
        """MIME type of an announced codec; of the first one as it comes in."""
        if number == 0 and self.main.mime_type:
            return self.main.mime_type
        return self.settings.codecs[number].mime_type if number < len(self.settings.codecs) else ""

    def set_muted(self, muted: bool) -> bool:
        """Returns whether that changed anything."""
        changed = self.muted != muted
        self.muted = muted
        self.enforce()
        return changed

    @property
    def is_silent(self) -> bool:
        """Nothing of it is forwarded to anybody."""
        return self.muted or self.blocked

    def update(self, **changes: object) -> None:
        """Replaces settings that may change while the track lives."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        for stream in (self.main, *self.backups):
            stream.bitrates.ladders.clear()  # of other layers
        self.publisher.line_changed()

    def enforce(self) -> None:
        """The data plane drops the packets of a muted or blocked track, whatever the client sends."""
        for stream in self.streams:
            stream.enable(not self.is_silent)
        self.publisher.line_changed()

    def add_backup(self, number: int, *, cid: str, layers: tuple[VideoLayer, ...]) -> CodecStream:
        """A section with a codec of the announcement will come, with this id and these layers."""
        codecs = list(self.settings.codecs)
        codecs[number] = replace(codecs[number], cid=cid, layers=layers or codecs[number].layers)
        self.settings = replace(self.settings, codecs=tuple(codecs))
        added = CodecStream(self, number)
        self.backups = sorted([*self.backups, added], key=lambda stream: stream.number)
        return added
