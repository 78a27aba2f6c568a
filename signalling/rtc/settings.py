"""Settings of the LiveKit protocol service. Times are seconds, sizes bytes."""

from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mediaserver.permissions import Permissions
from signalling.private_file import read_private

Seconds = Annotated[float, Field(gt=0)]
SecondsOrZero = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Limit = Annotated[int, Field(ge=0)]
"""0: none."""
IceUrl = Annotated[str, Field(pattern=r"^(stuns?|turns?):[^\s?]+(\?transport=(udp|tcp))?$")]
"""RFC 7064 and RFC 7065."""


class IceServerSettings(BaseModel):
    """A STUN or TURN server that clients may use (RTCIceServer)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: Annotated[tuple[IceUrl, ...], Field(min_length=1)]
    username: str = ""
    credential: str = ""
    secret: str = ""
    """Shared with the TURN server (coturn: `static-auth-secret`): every participant gets a user name and a
    credential of its own that end after `ttl_s`. Instead of `username` and `credential`."""
    secret_file: Path | None = None
    """Where the secret is, if it is not here; others may not read that file."""
    ttl_s: Annotated[int, Field(ge=60)] = 14_400
    """A relay asks for the credential when a client comes; those who are there may stay."""

    @model_validator(mode="after")
    def _one_kind_of_credential(self) -> Self:
        if (self.secret or self.secret_file) and (self.username or self.credential):
            raise ValueError("secret goes without username and credential")
        return self

    def with_secret(self) -> Self:
        """With the secret of its file. Raises `ValueError`."""
        if self.secret or self.secret_file is None:
            return self
        secret = read_private(self.secret_file).strip()
        if not secret:
            raise ValueError(f"{self.secret_file}: empty")
        return self.model_copy(update={"secret": secret})


class AudioSettings(BaseModel):
    """Who counts as a speaker. Names and defaults are LiveKit's; `speaker_interval_s` is its `update_interval`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    active_level: Annotated[int, Field(ge=0, le=127)] = 35
    """-dBov (RFC 6464): what is quieter is silence."""
    min_percentile: Annotated[int, Field(ge=0, le=100)] = 40
    """How much of an interval must be louder to be speech."""
    smooth_intervals: Annotated[int, Field(ge=0, le=100)] = 2
    """Intervals that a level is averaged over."""


class CongestionControlSettings(BaseModel):
    """What becomes of lines that cannot carry everything. Names are LiveKit's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    """Whether lines are measured at all; if not, everybody gets what it wishes."""
    allow_pause: bool = True
    """Whether pictures stop for which there is no place even in their smallest layer, unless the client decides for
    itself. LiveKit's default is no: there sound suffers with them."""


class DataBudgetSettings(BaseModel):
    """What each participant may be sent in a lesson, unless its attributes say otherwise (`data_saving`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    megabytes: Annotated[int, Field(ge=0, le=100_000)] = 0
    """On the wire, 10^6 bytes; 0: no limit. Pictures become smaller and stop in time, sound never stops."""
    minutes: Annotated[int, Field(ge=1, le=1440)] = 45
    """How long it should last. Nobody tells the server when a lesson ends, so what is left never goes at once."""


class PublishBitrateSettings(BaseModel):
    """What a client may send of one track, all layers together, bit/s. 0: anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    video: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """Clients are told. Of one that sends more, pictures stop for a moment whenever it has."""
    audio: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """Clients are told; sound is never dropped."""

    @model_validator(mode="after")
    def _enough_to_be_understood(self) -> Self:
        if 0 < self.video < 30_000 or 0 < self.audio < 6_000:
            raise ValueError("video needs at least 30000, audio 6000 (RFC 6716, section 2.1.1)")
        return self


class RoomConfigurationSettings(BaseModel):
    """A named preset for new rooms (LiveKit's `room_configurations`). Seconds; 0 and "": as in the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    empty_timeout: Annotated[int, Field(ge=0)] = 0
    departure_timeout: Annotated[int, Field(ge=0)] = 0
    max_participants: Annotated[int, Field(ge=0)] = 0
    metadata: str = ""
    data_budget: DataBudgetSettings | None = None
    """Ours. Instead of `rtc.data_budget`; the minutes are those of the lesson."""


class Pings(NamedTuple):
    """How often a client shows by the protocol that it is there, and after how long without it is taken for gone."""

    interval_s: int
    timeout_s: int


class RtcSettings(BaseModel):
    """Defaults follow LiveKit's server where it has the same setting, except where a comment says why not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    auto_create: bool = True
    """Whether joining creates a room that does not exist (a token with `roomCreate` always may)."""
    empty_timeout_s: SecondsOrZero = 300
    """How long a room lives that nobody has joined yet."""
    departure_timeout_s: SecondsOrZero = 20
    """How long a room lives after the last participant left."""
    max_rooms: Count = 1000
    room_configurations: dict[str, RoomConfigurationSettings] = Field(default_factory=dict)
    """Presets that `room_preset` of a request or `roomPreset` of a token names."""
    enable_remote_unmute: bool = False
    """Whether the server API may unmute a track: switch on a microphone in a family's home."""
    max_participants: Limit = 0
    """In a room, unless its token configures it."""
    max_tracks: Limit = 0
    """Published and subscribed, of the whole server: nobody else joins above."""
    max_bytes_per_s: Limit = 0
    """RTP in and out, of the whole server: nobody else joins above."""
    subscription_limit_audio: Limit = 0
    """Tracks that one participant may receive at the same time; more wait until one ends."""
    subscription_limit_video: Limit = 0
    max_connections: Count = 10_000
    max_connections_per_address: Count = 500
    """A whole school can share one address."""
    joins_per_s: Annotated[float, Field(gt=0)] = 50
    """Of one client address, refused ones too."""
    join_burst: Count = 1000
    """All of a school come back at once after a restart, each by a few requests."""
    max_connections_per_identity: Count = 5
    """Open WebSockets of one identity in one room: the live one and those that are being replaced."""

    reconnect_timeout_s: Seconds = 15
    """How long a participant without signalling and without media may take to come back."""
    signal_lost_timeout_s: Seconds = 60
    """The same while its media still flows: a proxy that restarts must not empty a lesson."""
    connect_timeout_s: Seconds = 60
    """From joining to the first connected media transport."""
    answer_timeout_s: Seconds = 15
    """For the answer to an offer of the server; after that the client is told to reconnect fully."""
    reconnect_on_shutdown: bool = True
    """Whether clients are told to come back when the server stops. LiveKit ends the call; families in a
    lesson should outlive an update of the server."""

    ping_interval_s: Annotated[int, Field(ge=1)] = 5
    ping_timeout_s: Annotated[int, Field(ge=2)] = 15
    audience_ping_interval_s: Annotated[int, Field(ge=1)] = 15
    audience_ping_timeout_s: Annotated[int, Field(ge=2)] = 30
    """Of those whose token lets them publish nothing: they can be a thousand, and nobody waits for what they say."""
    websocket_heartbeat_s: Seconds = 20
    """After so long without a message the server asks by a ping of the WebSocket (RFC 6455, section 5.5.2); half of it
    is the time to answer. Longer than the intervals of the protocol's pings, which make it unnecessary."""
    token_leeway_s: Annotated[float, Field(ge=0)] = 60
    token_refresh_s: Seconds = 300
    """How often a client gets a fresh token, so that it can resume after its own has expired."""
    refreshed_token_ttl_s: Seconds = 600

    max_message_bytes: Count = 262_144
    """One signalling message. The largest in practice is an offer of about 100 kB with 100 sections."""
    max_join_request_bytes: Count = 262_144
    """The join request after decompression."""
    requests_per_s: Annotated[float, Field(gt=0)] = 100
    request_burst: Count = 1000
    """A client above the rate is read more slowly, which costs it only its own time."""
    max_outgoing_messages: Count = 4096
    """Queued for a client that does not read; beyond it the connection is closed."""

    max_identity_length: Count = 256
    max_room_name_length: Count = 256
    max_name_length: Count = 256
    max_metadata_bytes: Count = 65_536
    """LiveKit allows 512 KiB; every update of a participant is sent to everybody in the room."""
    max_attributes_bytes: Count = 65_536
    max_tracks_per_participant: Count = 32
    max_data_tracks_per_participant: Count = 32
    max_data_blob_key_bytes: Count = 256
    max_data_blobs_bytes: Count = 64_000
    """Of one participant, keys included."""

    max_data_packet_bytes: Count = 65_536
    max_api_body_bytes: Count = 1_048_576
    """One request of the server API: metadata and attributes, escaped as JSON may be six times as long."""
    api_requests_per_s: Annotated[float, Field(gt=0)] = 100
    """Of one client address, refused ones too."""
    api_burst: Count = 1000
    data_packets_per_s: Annotated[float, Field(gt=0)] = 200
    data_packet_burst: Count = 1000
    data_track_packets_per_s: Annotated[float, Field(gt=0)] = 1000
    data_track_packet_burst: Count = 2000
    max_reliable_history_bytes: Count = 1_048_576
    """Reliable data of one sender, kept for those who come back after a reconnect."""
    max_reliable_buffer_bytes: Count = 4_194_304
    """Unsent reliable data for one participant; more is dropped and counted."""
    max_joining_data_bytes: Count = 1_048_576
    """Reliable data kept for a participant whose data channel is not open yet."""

    audio: AudioSettings = AudioSettings()
    congestion_control: CongestionControlSettings = CongestionControlSettings()
    data_budget: DataBudgetSettings = DataBudgetSettings()
    max_publish_bitrate: PublishBitrateSettings = PublishBitrateSettings()
    loudest_speakers: Limit = 0
    """Voices that a participant is sent at the same time, the loudest; who begins to speak gets the place of who has
    stopped. 0: all. Three to six make a talk; each costs a listener about 40 kbit/s."""
    loudest_speakers_from: Count = 12
    """Only participants that receive at least so many microphones are sent fewer."""
    speaker_interval_s: Seconds = 0.4
    quality_interval_s: Seconds = 3
    """How often connections are rated."""
    update_interval_s: Annotated[float, Field(ge=0)] = 0.1
    """Changes of participants within this time go out as one update, in large rooms within a longer time; a
    publisher's go out at once."""
    allow_simulate: bool = False
    """Whether clients may ask for simulated failures (SDK tests)."""

    enabled_codecs: tuple[str, ...] = (
        "audio/opus",
        "audio/red",
        "video/VP8",
        "video/H264",
        "video/VP9",
        "video/AV1",
    )
    ice_servers: tuple[IceServerSettings, ...] = ()
    region: str = ""
    server_version: str = "1.13.5"
    """The LiveKit version whose protocol this server speaks. SDKs compare it, the Rust core needs strict
    SemVer."""
    json_signalling: bool = True
    """Whether text frames with JSON are understood, as LiveKit does."""
    websocket_compression: Literal[0, 9, 10, 11, 12, 13, 14, 15] = 0
    """Window bits of permessage-deflate, 0: off. It costs memory for each connection."""

    def pings(self, granted: Permissions) -> Pings:
        """What a client is told when it joins. `granted` by its token: who waits in a lobby is no audience."""
        if granted.can_publish:
            return Pings(self.ping_interval_s, self.ping_timeout_s)
        return Pings(self.audience_ping_interval_s, self.audience_ping_timeout_s)
