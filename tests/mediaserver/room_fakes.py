"""Stand-ins for the media layer below rooms: peer connections that do what a test tells them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from mediaserver.answering import AnswerWishes
from mediaserver.participant import (
    ConnectionFactory,
    Participant,
    ParticipantLimits,
    ParticipantObserver,
    Profile,
)
from mediaserver.peer_connection import (
    ConnectionState,
    Offerer,
    PeerConnection,
    PeerConnectionObserver,
    RtpReceiver,
    RtpSender,
    UnsupportedCodec,
)
from mediaserver.permissions import Permissions
from mediaserver.room import Room, RoomObserver, RoomSettings
from mediaserver.sdp import RtpCodec, SdpError
from mediaserver.track import CodecStream, Kind, TrackSettings

_ids = itertools.count(1)

ALL = Permissions(can_subscribe=True, can_publish=True, can_publish_data=True)


@dataclass
class FakeClock:
    """Time stands still until a test moves it."""

    now: float = 1000.0
    epoch: float = 1_700_000_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.epoch + self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class FakeMedia:
    mid: str
    kind: str
    stream_id: str = "-"
    track_id: str = ""
    codecs: tuple[str, ...] = ()
    rids: tuple[str, ...] = ()


@dataclass(frozen=True)
class FakeOffer:
    media: list[FakeMedia]
    free: dict[str, list[str]]


@dataclass(eq=False)
class FakeReceiver:
    kind: str
    mid: str
    connection: FakeConnection
    mime_type: str = ""
    stream: CodecStream | None = None
    enabled: bool = True
    codecs: list[RtpCodec] = field(default_factory=list)
    keyframes: int = 0
    """Asked for."""
    id: int = field(default_factory=lambda: next(_ids))

    def request_keyframe(self) -> None:
        self.keyframes += 1

    def set_enabled(self, enabled: bool) -> None:
        self.enabled = enabled


@dataclass(eq=False)
class FakeSender:
    source: FakeReceiver
    stream_id: str
    track_id: str
    paused: bool
    sync_stream_id: str | None = None
    mid: str | None = None
    target: dict[str, Any] = field(default_factory=dict)
    id: int = field(default_factory=lambda: next(_ids))

    def set_target(self, **target: Any) -> None:
        self.target = target

    def replace_source(self, receiver: FakeReceiver) -> None:
        self.source = receiver


def offer_of(*sections: Mapping[str, Any], free_audio: int = 0, free_video: int = 0) -> str:
    """An "SDP" that `FakeConnection` reads: sending sections, and how many free ones the client offers."""
    return json.dumps({"media": sections, "free": {"audio": free_audio, "video": free_video}})


def section(mid: str, kind: str, track_id: str, **more: Any) -> dict[str, Any]:
    codecs = ["audio/opus"] if kind == "audio" else ["video/VP8", "video/H264", "video/AV1"]
    return {"mid": mid, "kind": kind, "track_id": track_id, "codecs": codecs, **more}


class FakeConnection:
    """Behaves as `PeerConnection` promises, without a network."""

    has_peer = True

    def __init__(self, offerer: Offerer, observer: PeerConnectionObserver) -> None:
        self.offerer = offerer
        self.observer = observer
        self.id = next(_ids)
        self.state = ConnectionState.NEW
        self._path: tuple[str, str] | None = None
        self.receivers: dict[str, FakeReceiver] = {}
        self.senders: list[FakeSender] = []
        self.unsupported: set[str] = set()
        self.preferred: list[str] = []
        """Codecs that the peer would rather have."""
        self.sent: list[tuple[str, bytes]] = []
        self.open_channels = {"_reliable", "_lossy", "_data_track"}
        self.buffered = 0
        self.closed = 0
        self.codecs: Mapping[str, str] = {}
        self.answers: list[str] = []
        self.offers = 0
        self.ice_restarts = 0
        self.wanted_bitrate = 0
        self.id = next(_ids)

    def read_offer(self, sdp: str) -> FakeOffer:
        try:
            offer = json.loads(sdp)
            media = [
                FakeMedia(
                    mid=m["mid"],
                    kind=m["kind"],
                    track_id=m["track_id"],
                    codecs=tuple(m["codecs"]),
                    rids=tuple(m.get("rids", ())),
                )
                for m in offer["media"]
            ]
            free = {
                kind: [f"{kind[0]}{n}" for n in range(offer["free"][kind])] for kind in ("audio", "video")
            }
        except (ValueError, LookupError, TypeError) as error:
            raise SdpError("not an offer") from error
        return FakeOffer(media, free)

    async def answer(self, offer: FakeOffer, wanted: AnswerWishes | None = None) -> str:
        self.codecs = wanted.codecs if wanted else {}
        for media in offer.media:
            known = self.receivers.get(media.mid)
            if known is None or known.kind != media.kind:
                wanted = self.codecs.get(media.mid, "")
                mime_type = wanted if wanted in media.codecs else media.codecs[0]
                self.receivers[media.mid] = FakeReceiver(media.kind, media.mid, self, mime_type)
        taken = {sender.mid for sender in self.senders}
        for kind, mids in offer.free.items():
            waiting = [s for s in self.senders if s.mid is None and s.source.kind == kind]
            for sender, mid in zip(waiting, [mid for mid in mids if mid not in taken], strict=False):
                sender.mid = mid
        return "answer"

    async def create_offer(self, *, ice_restart: bool = False) -> str:
        self.offers += 1
        self.ice_restarts += ice_restart
        for sender in self.senders:
            sender.mid = sender.mid or f"s{sender.id}"
        return f"offer {self.offers}"

    async def set_answer(self, sdp: str) -> None:
        if not sdp.startswith("answer"):
            raise SdpError("not an answer")
        self.answers.append(sdp)

    def add_sender(
        self,
        source: FakeReceiver,
        *,
        stream_id: str,
        track_id: str,
        paused: bool = False,
        sync_stream_id: str | None = None,
    ) -> FakeSender:
        if (source.mime_type or "") in self.unsupported:
            raise UnsupportedCodec("unsupported")
        sender = FakeSender(source, stream_id, track_id, paused, sync_stream_id)
        self.senders.append(sender)
        self.observer.negotiation_needed(cast(PeerConnection, self))
        return sender

    def can_decode(self, mime_type: str) -> bool:
        return mime_type not in self.unsupported

    def codec_rank(self, mime_type: str) -> int:
        return self.preferred.index(mime_type) if mime_type in self.preferred else len(self.preferred)

    def remove_sender(self, sender: FakeSender) -> None:
        self.senders.remove(sender)
        self.observer.negotiation_needed(cast(PeerConnection, self))

    def set_wanted_bitrate(self, bits_per_second: int) -> None:
        self.wanted_bitrate = bits_per_second

    def missing_sections(self) -> tuple[int, int]:
        kinds = [sender.source.kind for sender in self.senders if sender.mid is None]
        return kinds.count("audio"), kinds.count("video")

    def mid_to_track_id(self) -> dict[str, str]:
        return {sender.mid: sender.track_id for sender in self.senders if sender.mid is not None}

    def send_data(self, label: str, payload: bytes) -> bool:
        if label not in self.open_channels:
            return False
        self.sent.append((label, payload))
        return True

    def buffered_amount(self, label: str) -> int:
        return self.buffered

    async def close(self) -> None:
        self.closed += 1
        self.state = ConnectionState.CLOSED

    # What a test makes happen

    @property
    def path(self) -> tuple[str, str] | None:
        return self._path

    @path.setter
    def path(self, path: tuple[str, str] | None) -> None:
        self._path = path
        self.observer.path_selected(cast(PeerConnection, self))

    def become(self, state: ConnectionState) -> None:
        self.state = state
        self.observer.connection_state_changed(cast(PeerConnection, self), state)

    def receive_data(self, label: str, payload: bytes) -> None:
        self.observer.data_received(cast(PeerConnection, self), label, payload)

    def estimate(self, bits_per_second: int) -> None:
        self.observer.bandwidth_estimated(cast(PeerConnection, self), bits_per_second)

    def open_channel(self, label: str) -> None:
        self.observer.data_channel_ready(cast(PeerConnection, self), label)

    def refuse(self, sender: FakeSender) -> None:
        """The client's answer shows that it cannot decode this."""
        self.senders.remove(sender)
        self.unsupported.add(sender.source.mime_type)
        self.observer.sender_unsupported(cast(PeerConnection, self), cast(RtpSender, sender))

    def start_media(self, mid: str, mime_type: str) -> None:
        self.receivers[mid].mime_type = mime_type
        receiver = cast(RtpReceiver, self.receivers[mid])
        self.observer.media_started(cast(PeerConnection, self), receiver, 0)


def connect(offerer: Offerer, observer: PeerConnectionObserver) -> PeerConnection:
    return cast(PeerConnection, FakeConnection(offerer, observer))


def fake(connection: PeerConnection) -> FakeConnection:
    """The fake behind a participant's connection."""
    return cast(FakeConnection, connection)


class RecordingRoomObserver:
    """Remembers what a room tells everybody."""

    def __init__(self) -> None:
        self.changes: list[tuple[list[str], list[str]]] = []
        self.replaced: list[str] = []
        self.sights: list[tuple[str, list[str], list[str]]] = []
        self.speakers: list[Any] = []
        self.room_viewers: list[list[str]] = []
        self.facts: list[tuple[str, str]] = []

    def participants_changed(self, room: Any, changed: Any, recipients: Any) -> None:
        self.changes.append(([p.identity for p in changed], sorted(p.identity for p in recipients)))

    def participant_replaced(self, room: Any, replaced: Any, recipients: Any) -> None:
        self.replaced.append(replaced.sid)

    def sights_changed(self, room: Any, viewers: Any, appeared: Any, gone: Any) -> None:
        for viewer in viewers:
            names = [[p.identity for p in those if p is not viewer] for those in (appeared, gone)]
            if any(names):
                self.sights.append((viewer.identity, *names))

    def speakers_changed(self, room: Any, changes: Any) -> None:
        self.speakers.append(list(changes))

    def room_changed(self, room: Any, viewers: Any) -> None:
        self.room_viewers.append(sorted(p.identity for p in viewers))

    def participant_active(self, participant: Any) -> None:
        self.facts.append(("active", participant.identity))

    def participant_left(self, participant: Any, reason: Any) -> None:
        self.facts.append(("left", participant.identity))

    def track_published(self, track: Any) -> None:
        self.facts.append(("published", track.sid))

    def track_ended(self, track: Any) -> None:
        self.facts.append(("ended", track.sid))


class RecordingObserver:
    """Remembers what a participant's client would be told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]


def make_room(observer: RoomObserver | None = None, **settings: Any) -> Room:
    return Room(
        "lesson",
        RoomSettings(**settings),
        observer=observer or RecordingRoomObserver(),
        now=1000.0,
        created_at=1_700_000_000.0,
    )


def make_participant(
    room: Room,
    identity: str,
    permissions: Permissions = ALL,
    *,
    single: bool = True,
    auto_subscribe: bool = True,
    adaptive_stream: bool = False,
    auto_subscribe_data_tracks: bool = False,
    sync_streams: bool = False,
    allow_pause: bool = True,
    max_tracks: int = 32,
    max_subscriptions: Mapping[Kind, int] | None = None,
    connect: ConnectionFactory = connect,
    **profile: Any,
) -> Participant:
    """Somebody who has joined and whose connection takes senders."""
    participant = Participant(
        Profile(identity, **profile),
        permissions,
        room=room,
        observer=cast(ParticipantObserver, RecordingObserver()),
        connect=connect,
        single_connection=single,
        auto_subscribe=auto_subscribe,
        adaptive_stream=adaptive_stream,
        auto_subscribe_data_tracks=auto_subscribe_data_tracks,
        sync_streams=sync_streams,
        allow_pause=allow_pause,
        joined_at=1_700_000_000.0,
        limits=ParticipantLimits(max_tracks=max_tracks, max_subscriptions=max_subscriptions or {}),
    )
    room.join(participant)
    participant.subscriber.start()
    return participant


def told(participant: Participant, name: str) -> list[tuple[Any, ...]]:
    """The arguments of the calls of one method of the participant's observer."""
    return cast(RecordingObserver, participant.observer).named(name)


async def publish(participant: Participant, kind: str = "audio", cid: str = "", **settings: Any) -> Any:
    """Announces a track and offers its section."""
    count = len(participant.publisher.tracks)
    cid = cid or f"{participant.identity}-{kind}-{count}"
    track = participant.publisher.add_track(TrackSettings(cid=cid, kind=kind, **settings), muted=False)  # type: ignore[arg-type]
    sections = [
        section(s.mid, s.kind, s.sdp_track_id, rids=s.rids)
        for t in participant.publisher.tracks.values()
        for s in t.streams
    ]
    sections.append(section(f"{kind[0]}-{participant.identity}-{count}", kind, cid))
    await participant.publisher.answer_offer(offer_of(*sections))
    return track
