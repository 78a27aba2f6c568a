"""What is going on, as plain values: for the operator's page, health checks and tests."""

from dataclasses import dataclass

from mediaserver.participant import Participant
from mediaserver.room import Room
from mediaserver.track import Track


@dataclass(frozen=True, slots=True)
class TrackSnapshot:
    sid: str
    kind: str
    source: str
    mime_type: str
    muted: bool
    receiver: int | None
    """Id of the receiver in the data plane; None while the track is only announced."""
    subscribers: int


@dataclass(frozen=True, slots=True)
class SubscriptionSnapshot:
    track_sid: str
    sender: int


@dataclass(frozen=True, slots=True)
class ParticipantSnapshot:
    sid: str
    identity: str
    name: str
    state: str
    connected: bool
    """Whether its WebSocket is open."""
    joined_at: float
    single_connection: bool
    client: str
    correlation_id: str
    tracks: tuple[TrackSnapshot, ...]
    subscriptions: tuple[SubscriptionSnapshot, ...]


@dataclass(frozen=True, slots=True)
class RoomSnapshot:
    sid: str
    name: str
    created_at: float
    participants: tuple[ParticipantSnapshot, ...]


@dataclass(frozen=True, slots=True)
class RtcSnapshot:
    """Times are seconds since the epoch."""

    rooms: tuple[RoomSnapshot, ...]


def participant_snapshot(
    participant: Participant, *, connected: bool, client: str, correlation_id: str
) -> ParticipantSnapshot:
    published = participant.publisher
    return ParticipantSnapshot(
        sid=participant.sid,
        identity=participant.identity,
        name=participant.name,
        state=participant.state.value,
        connected=connected,
        joined_at=participant.joined_at,
        single_connection=participant.single_connection,
        client=client,
        correlation_id=correlation_id,
        tracks=tuple(_track(track) for track in [*published.tracks.values(), *published.pending.values()]),
        subscriptions=tuple(
            SubscriptionSnapshot(sid, subscription.sender.id)
            for sid, subscription in participant.subscriber.subscriptions.items()
        ),
    )


def room_snapshot(room: Room, participants: tuple[ParticipantSnapshot, ...]) -> RoomSnapshot:
    return RoomSnapshot(room.sid, room.name, room.created_at, participants)


def _track(track: Track) -> TrackSnapshot:
    return TrackSnapshot(
        sid=track.sid,
        kind=track.kind,
        source=track.settings.source.value,
        mime_type=track.mime_type,
        muted=track.muted,
        receiver=track.receiver.id if track.receiver is not None else None,
        subscribers=len(track.subscribers),
    )
