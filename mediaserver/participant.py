"""One participant: identity, permissions, connections, and what comes from and goes to it.

A participant has one peer connection that both publishes and subscribes, or one for each direction. It passes
what its connections report to its room and to the observer that speaks with the client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from mediaserver import sids
from mediaserver.data import DataOutbox, Label
from mediaserver.data_tracks import DataTrackPublisher, DataTrackSubscriber
from mediaserver.peer_connection import ConnectionState, Offerer, PeerConnection
from mediaserver.permissions import Permissions, merged_attributes
from mediaserver.publisher import Publisher
from mediaserver.rules import CLOSED, Rules
from mediaserver.subscriber import Subscriber, SubscriptionFailure

if TYPE_CHECKING:
    from mediaserver.connection_quality import ConnectionQuality, Rated
    from mediaserver.data_budget import DataBudget
    from mediaserver.data_tracks import DataTrack
    from mediaserver.layers import VideoQuality
    from mediaserver.peer_connection import PeerConnectionObserver, RtpReceiver, RtpSender
    from mediaserver.room import Room
    from mediaserver.track import Kind, Track


class ParticipantState(Enum):
    JOINING = "joining"
    JOINED = "joined"
    """Told so, media not connected yet."""
    ACTIVE = "active"
    DISCONNECTED = "disconnected"


class ParticipantKind(Enum):
    STANDARD = "standard"
    INGRESS = "ingress"
    EGRESS = "egress"
    SIP = "sip"
    AGENT = "agent"
    CONNECTOR = "connector"
    BRIDGE = "bridge"


class RemovalReason(Enum):
    """Why a participant is no longer in the room."""

    CLIENT_INITIATED = "client_initiated"
    DUPLICATE_IDENTITY = "duplicate_identity"
    SERVER_SHUTDOWN = "server_shutdown"
    PARTICIPANT_REMOVED = "participant_removed"
    ROOM_DELETED = "room_deleted"
    ROOM_CLOSED = "room_closed"
    STATE_MISMATCH = "state_mismatch"
    JOIN_FAILURE = "join_failure"
    SIGNAL_CLOSE = "signal_close"
    CONNECTION_TIMEOUT = "connection_timeout"
    MIGRATION = "migration"
    """To a room that can only be reached by joining it."""


class ParticipantObserver(Protocol):
    """Speaks with the client of one participant. Calls come from the event loop and must not block."""

    def connection_state_changed(self, connection: PeerConnection, state: ConnectionState) -> None: ...
    def closed_by_peer(self, connection: PeerConnection) -> None:
        """The client ended DTLS on this connection."""

    def negotiation_needed(self, connection: PeerConnection) -> None: ...
    def data_received(self, label: str, payload: bytes) -> None: ...
    def profile_changed(self) -> None:
        """Name, metadata, attributes or permissions are others than at the join."""

    def track_subscribed(self, track: Track) -> None:
        """One of the participant's own tracks has its first subscriber."""

    def subscribed_qualities_changed(self, track: Track, qualities: Mapping[str, VideoQuality]) -> None:
        """What of one of the participant's own tracks anybody needs: MIME type -> highest quality (dynacast)."""

    def connection_quality_changed(self, changes: Mapping[str, Rated]) -> None:
        """Of itself and of those whose tracks it receives, by sid."""

    def data_track_handles_changed(self, tracks: Mapping[int, DataTrack]) -> None:
        """Which data tracks the participant receives, by the handles in their packets."""

    def data_track_unpublished(self, track: DataTrack) -> None:
        """The server took one of the participant's own data tracks back."""

    def track_muted(self, track: Track) -> None:
        """The server muted or unmuted one of the participant's own tracks."""

    def track_unpublished(self, track: Track) -> None:
        """The server took one of the participant's own tracks back."""

    def stream_states_changed(self, paused: Mapping[Track, bool]) -> None:
        """Received tracks for which the line has no place (paused), or has one again."""

    def subscription_failed(self, track_sid: str, failure: SubscriptionFailure) -> None: ...
    def subscription_permission_changed(self, track: Track, allowed: bool) -> None: ...
    def removed(self, reason: RemovalReason) -> None:
        """The participant is out of the room; what remains is to tell the client and to close."""


ConnectionFactory = Callable[[Offerer, "PeerConnectionObserver"], PeerConnection]


@dataclass(frozen=True, slots=True)
class Profile:
    """What everybody may know about a participant."""

    identity: str
    name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    kind: ParticipantKind = ParticipantKind.STANDARD


@dataclass(frozen=True, slots=True)
class ParticipantLimits:
    """Bounds of the memory that one participant can take."""

    max_tracks: int = 32
    max_data_tracks: int = 32
    max_reliable_buffer_bytes: int = 4_194_304
    max_joining_data_bytes: int = 1_048_576
    max_subscriptions: Mapping[Kind, int] = field(default_factory=dict)
    """At the same time, by kind; 0 or missing: no limit."""


class Participant:
    """Somebody in a room. `joined_at` is seconds since the epoch."""

    def __init__(
        self,
        profile: Profile,
        permissions: Permissions,
        *,
        room: Room,
        observer: ParticipantObserver,
        connect: ConnectionFactory,
        single_connection: bool,
        auto_subscribe: bool,
        adaptive_stream: bool,
        auto_subscribe_data_tracks: bool,
        sync_streams: bool,
        allow_pause: bool,
        joined_at: float,
        limits: ParticipantLimits,
        takes_data: bool = True,
    ) -> None:
        """`takes_data`: whether the client understands what others send over data channels. `allow_pause`: whether
        pictures may stop for which its line has no place."""
        self.sid = sids.participant_sid()
        self.identity = profile.identity
        self.name = profile.name
        self.metadata = profile.metadata
        self.attributes = dict(profile.attributes)
        self.kind = profile.kind
        self.priority = 0
        """Of its pictures on lines that cannot carry everything: more comes first."""
        self.data_budget: DataBudget | None = None
        """What it may be sent in a lesson; None: there is no limit."""
        self.permissions = permissions
        self.room = room
        self.rules: Rules = CLOSED
        """Of a room that somebody controls."""
        self.forwarded_to: list[Room] = []
        """Other rooms in which its tracks are, too."""
        self.observer = observer
        self.joined_at = joined_at
        self.takes_data = takes_data
        self.version = 0
        self.line_changes = 0
        """How often `line_changed` was called."""
        self.state = ParticipantState.JOINING
        self.has_connected = False
        self.has_been_active = False
        self.single_connection = single_connection
        self.publisher_connection = connect(Offerer.CLIENT, self)
        self.subscriber_connection = (
            self.publisher_connection if single_connection else connect(Offerer.SERVER, self)
        )
        self.publisher = Publisher(self, limits.max_tracks)
        self.subscriber = Subscriber(
            self,
            auto_subscribe=auto_subscribe,
            adaptive_stream=adaptive_stream,
            sync_streams=sync_streams,
            allow_pause=allow_pause,
            max_subscriptions=limits.max_subscriptions,
        )
        self.data_publisher = DataTrackPublisher(self, limits.max_data_tracks)
        self.data_subscriber = DataTrackSubscriber(self, auto_subscribe=auto_subscribe_data_tracks)
        self._quality_told: dict[str, ConnectionQuality] = {}
        self._quality_of = -1
        """`Subscriber.changes` at that time."""
        self.data = DataOutbox(limits.max_joining_data_bytes, limits.max_reliable_buffer_bytes)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """In which its tracks are: its own one first."""
        return (self.room, *self.forwarded_to)

    @property
    def subscriber_primary(self) -> bool:
        """Whether the subscriber connection is the one that must connect before the participant is active."""
        return not self.single_connection and self.permissions.can_subscribe

    @property
    def primary_connection(self) -> PeerConnection:
        """The connection that downstream data takes."""
        return self.subscriber_connection if self.subscriber_primary else self.publisher_connection

    @property
    def connections(self) -> tuple[PeerConnection, ...]:
        if self.single_connection:
            return (self.publisher_connection,)
        return (self.publisher_connection, self.subscriber_connection)

    @property
    def media_connected(self) -> bool:
        return self.primary_connection.state is ConnectionState.CONNECTED

    @property
    def brings_films(self) -> bool:
        """It is there to show something from outside (WHIP)."""
        return self.kind is ParticipantKind.INGRESS

    @property
    def may_send_data(self) -> bool:
        """Whether its permissions and its room let it."""
        return self.room.policy.may_send_data(self)

    @property
    def is_publisher(self) -> bool:
        return bool(self.publisher.tracks or self.data_publisher.tracks)

    def become(self, state: ParticipantState) -> None:
        """Called by its room, too."""
        self.state = state
        self.line_changed()

    def line_changed(self) -> None:
        """Something that the data plane does not count may be otherwise on its lines: where they lead, what goes over
        them, and whether they have room for it. Who looks at thousands of lines again and again need not look for
        that."""
        self.line_changes += 1

    def update(
        self,
        *,
        name: str | None = None,
        metadata: str | None = None,
        attributes: dict[str, str] | None = None,
    ) -> None:
        """Changes what everybody may know. None: as it is; an attribute with an empty value is deleted."""
        if name is not None:
            self.name = name
        if metadata is not None:
            self.metadata = metadata
        if attributes:
            self.attributes = merged_attributes(self.attributes, attributes)
        self.room.participant_changed(self)
        self.observer.profile_changed()

    def set_permissions(self, permissions: Permissions) -> None:
        """Takes effect at once: what is no longer allowed ends, what is allowed now begins."""
        before, self.permissions = self.permissions, permissions
        self.line_changed()
        for track in self.publisher.forbidden():
            self.publisher.unpublish(track, by_server=True)
        if permissions.receiving != before.receiving:
            self.subscriber.reconcile_all()
            self.data_subscriber.reconcile_all()
        if not permissions.can_publish_data:
            for data_track in list(self.data_publisher.tracks.values()):
                self.data_publisher.unpublish(data_track.settings.handle)
                self.observer.data_track_unpublished(data_track)
        if (permissions.recorder, permissions.agent) != (before.recorder, before.agent):
            self.room.recount(self)
        self.room.participant_changed(self, immediately=True)
        self.observer.profile_changed()

    @property
    def hears_of_others(self) -> bool:
        """It receives tracks of others than when it was told how good connections are."""
        return self._quality_of != self.subscriber.changes

    def tell_quality(self, rated: Mapping[str, Rated]) -> None:
        """Tells what has changed of the participant's own connection, and of those whose tracks it receives."""
        self._quality_of = self.subscriber.changes
        received = (
            subscription.track.publisher.sid for subscription in self.subscriber.subscriptions.values()
        )
        known = {sid: rated[sid] for sid in (self.sid, *received) if sid in rated}
        changes = {sid: new for sid, new in known.items() if new.quality is not self._quality_told.get(sid)}
        self._quality_told = {sid: new.quality for sid, new in known.items()}
        if changes:
            self.observer.connection_quality_changed(changes)

    def send_data(self, label: Label, payload: bytes, *, state: str = "") -> bool:
        """Returns False if the message was dropped. `state`: what it is the newest word of (`DataOutbox`)."""
        return self.data.send(self.primary_connection, label, payload, state=state)

    async def close(self) -> None:
        """Closes the connections. The participant must have been removed from its room before."""
        for connection in self.connections:
            await connection.close()

    # PeerConnectionObserver

    def connection_state_changed(self, connection: PeerConnection, state: ConnectionState) -> None:
        if self.state is ParticipantState.DISCONNECTED:
            return
        self.line_changed()
        if state is ConnectionState.CONNECTED:
            self.has_connected = True
            if connection is self.primary_connection and self.state is not ParticipantState.ACTIVE:
                self.become(ParticipantState.ACTIVE)
                self.has_been_active = True
                self.room.participant_active(self)
        self.observer.connection_state_changed(connection, state)

    def bandwidth_estimated(self, connection: PeerConnection, bits_per_second: int) -> None:
        if connection is self.subscriber_connection and self.state is not ParticipantState.DISCONNECTED:
            self.subscriber.allocator.estimated(bits_per_second)

    def path_selected(self, connection: PeerConnection) -> None:
        self.line_changed()

    def closed_by_peer(self, connection: PeerConnection) -> None:
        if self.state is not ParticipantState.DISCONNECTED:
            self.observer.closed_by_peer(connection)

    def data_received(self, connection: PeerConnection, label: str, payload: bytes) -> None:
        if self.state is not ParticipantState.DISCONNECTED:
            self.observer.data_received(label, payload)

    def data_channel_ready(self, connection: PeerConnection, label: str) -> None:
        if connection is self.primary_connection and label == "_reliable":
            self.data.opened(connection)

    def negotiation_needed(self, connection: PeerConnection) -> None:
        if self.state is not ParticipantState.DISCONNECTED:
            self.observer.negotiation_needed(connection)

    def media_started(self, connection: PeerConnection, receiver: RtpReceiver, encoding: int) -> None:
        self.publisher.media_started(receiver)

    def sender_unsupported(self, connection: PeerConnection, sender: RtpSender) -> None:
        self.subscriber.sender_unsupported(sender)
