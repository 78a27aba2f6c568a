"""Data tracks: small packets that a publisher sends to those who subscribe, lossy and in any order.

Each connection names tracks by handles of its own: a packet comes in with the publisher's and goes out with each
subscriber's. The rest of a packet is opaque here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from mediaserver import sids
from mediaserver.data import DATA_TRACK
from mediaserver.rules import Medium
from mediaserver.track import Encryption

if TYPE_CHECKING:
    from mediaserver.participant import Participant

MAX_HANDLE = 65_535
MAX_NAME_LENGTH = 256
HEADER_LENGTH = 12
"""Of a packet (LiveKit's data track packet, version 0): flags, handle, sequence and frame number, timestamp."""
HANDLE = slice(2, 4)
"""Where the handle stands, in network order."""


class DataTrackRefusal(Enum):
    NOT_ALLOWED = "not_allowed"
    INVALID_HANDLE = "invalid_handle"
    INVALID_NAME = "invalid_name"
    DUPLICATE_HANDLE = "duplicate_handle"
    DUPLICATE_NAME = "duplicate_name"
    LIMIT_EXCEEDED = "limit_exceeded"
    NOT_FOUND = "not_found"


class DataTrackRefused(Exception):
    """The request changes nothing."""

    def __init__(self, refusal: DataTrackRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class DataTrackSettings:
    """What a publisher says. `frame_encoding` and `schema` are passed on as they are; empty: not said."""

    handle: int
    name: str
    encryption: Encryption = Encryption.NONE
    frame_encoding: bytes = b""
    schema: bytes = b""


@dataclass(eq=False)
class DataTrack:
    """One published data track."""

    publisher: Participant
    settings: DataTrackSettings
    sid: str = field(default_factory=sids.data_track_sid)
    handles: dict[Participant, int] = field(default_factory=dict)
    """By which handle each subscriber knows it."""

    @property
    def media(self) -> tuple[Medium, ...]:
        return (Medium.DATA,)

    def forward(self, packet: bytes) -> int:
        """Sends a packet to all subscribers. Returns how many did not get it."""
        dropped = 0
        for subscriber, handle in self.handles.items():
            renamed = packet[: HANDLE.start] + handle.to_bytes(2, "big") + packet[HANDLE.stop :]
            dropped += not subscriber.send_data(DATA_TRACK, renamed)
        return dropped


class DataTrackPublisher:
    """The data tracks of one participant, by its handles."""

    def __init__(self, participant: Participant, max_tracks: int) -> None:
        self._participant = participant
        self._max_tracks = max_tracks
        self.tracks: dict[int, DataTrack] = {}

    def publish(self, settings: DataTrackSettings) -> DataTrack:
        """Raises `DataTrackRefused`."""
        self._check(settings)
        track = DataTrack(self._participant, settings)
        self.tracks[settings.handle] = track
        self._participant.room.data_track_published(track)
        return track

    def unpublish(self, handle: int) -> DataTrack:
        """Raises `DataTrackRefused`."""
        track = self.tracks.pop(handle, None)
        if track is None:
            raise DataTrackRefused(DataTrackRefusal.NOT_FOUND)
        self._participant.room.data_track_ended(track)
        return track

    def received(self, packet: bytes) -> int | None:
        """Forwards a packet. Returns how many subscribers did not get it; None: it is of no track."""
        if len(packet) < HEADER_LENGTH:
            return None
        track = self.tracks.get(int.from_bytes(packet[HANDLE], "big"))
        return track.forward(packet) if track is not None else None

    def close(self) -> None:
        """Ends all tracks."""
        for handle in list(self.tracks):
            self.unpublish(handle)

    def _check(self, settings: DataTrackSettings) -> None:
        refusal = None
        if not self._participant.may_send_data:
            refusal = DataTrackRefusal.NOT_ALLOWED
        elif not 0 < settings.handle <= MAX_HANDLE:
            refusal = DataTrackRefusal.INVALID_HANDLE
        elif not 0 < len(settings.name) <= MAX_NAME_LENGTH:
            refusal = DataTrackRefusal.INVALID_NAME
        elif settings.handle in self.tracks:
            refusal = DataTrackRefusal.DUPLICATE_HANDLE
        elif any(track.settings.name == settings.name for track in self.tracks.values()):
            refusal = DataTrackRefusal.DUPLICATE_NAME
        elif len(self.tracks) >= self._max_tracks:
            refusal = DataTrackRefusal.LIMIT_EXCEEDED
        if refusal is not None:
            raise DataTrackRefused(refusal)


class DataTrackSubscriber:
    """Which data tracks one participant wants, and by which handles it gets them."""

    def __init__(self, participant: Participant, *, auto_subscribe: bool) -> None:
        self._participant = participant
        self._auto_subscribe = auto_subscribe
        self._wanted: dict[str, bool] = {}
        self._last_handle = 0
        self.tracks: dict[int, DataTrack] = {}
        """By handle: what the client must know to tell packets apart."""

    def request(self, track_sid: str, wanted: bool) -> bool:
        """The client subscribes or unsubscribes. False: there is no such track."""
        track = self._participant.room.data_tracks.get(track_sid)
        if track is None:
            return False
        self._wanted[track_sid] = wanted
        self.reconcile(track)
        return True

    def reconcile(self, track: DataTrack) -> None:
        """Starts or ends a subscription, as wanted and allowed."""
        if track.publisher is self._participant:
            return
        wanted = self._wanted.get(track.sid, self._auto_subscribe)
        allowed = self._participant.room.may_receive(self._participant, track)
        active = self._participant in track.handles
        if wanted and allowed and not active:
            handle = self._next_handle()
            track.handles[self._participant] = handle
            self.tracks[handle] = track
            self._tell()
        elif active and not (wanted and allowed):
            self._end(track)

    def reconcile_all(self) -> None:
        """After joining, or when permissions have changed."""
        for track in list(self._participant.room.data_tracks.values()):
            self.reconcile(track)

    def ended(self, track: DataTrack) -> None:
        """The track is gone for good."""
        self._wanted.pop(track.sid, None)
        if self._participant in track.handles:
            self._end(track)

    def leave(self) -> None:
        """The participant goes to another room: nothing of this one's tracks is remembered."""
        had_any = bool(self.tracks)
        self.close()
        self._wanted.clear()
        if had_any:
            self._tell()

    def close(self) -> None:
        """The participant has left."""
        for track in self.tracks.values():
            del track.handles[self._participant]
        self.tracks.clear()

    def _end(self, track: DataTrack) -> None:
        del self.tracks[track.handles.pop(self._participant)]
        self._tell()

    def _next_handle(self) -> int:
        # Not the lowest free one: late packets of an ended track must not seem to be of the next one.
        while True:
            self._last_handle = self._last_handle % MAX_HANDLE + 1
            if self._last_handle not in self.tracks:
                return self._last_handle

    def _tell(self) -> None:
        self._participant.observer.data_track_handles_changed(self.tracks)
