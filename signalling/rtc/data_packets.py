"""LiveKit's `DataPacket`: what clients send each other over data channels.

The server checks the grant, stamps the sender and forwards. It does not read payloads (chat, streams, RPC,
encrypted packets); fields that this version does not know pass through untouched.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from livekit.protocol import models

from mediaserver.data import DATA_TRACK, LOSSY, RELIABLE, Label
from mediaserver.participant import Participant, ParticipantKind
from signalling.rtc.client_reports import MAX_REPORT_PACKET_BYTES, OWN_TOPICS, ClientReports
from signalling.rtc.limits import TokenBucket
from signalling.rtc.reliable_history import ReliableHistory, Sent
from signalling.rtc.rpc import RpcCalls

if TYPE_CHECKING:
    from signalling.rtc.session import Session

_KINDS: dict[str, models.DataPacket.Kind] = {
    RELIABLE: models.DataPacket.RELIABLE,
    LOSSY: models.DataPacket.LOSSY,
}
_SERVER_ONLY = frozenset({"speaker"})
"""What only a server sends; from a client it would be a forgery."""


class DataPackets:
    """What one participant sends."""

    def __init__(self, session: Session) -> None:
        settings = session.context.settings
        now = session.context.clock.monotonic()
        self._session = session
        self._participant = session.participant
        self._bucket = TokenBucket(settings.data_packets_per_s, settings.data_packet_burst, now)
        self._track_bucket = TokenBucket(
            settings.data_track_packets_per_s, settings.data_track_packet_burst, now
        )
        self.history = ReliableHistory(settings.max_reliable_history_bytes)
        self.calls = RpcCalls(partial(self._participant.send_data, RELIABLE))
        self.reports = ClientReports(session.context.clock)
        self.last_reliable_sequence = 0
        """Of the client's reliable packets; after a resume it repeats what comes after this."""

    def forget_sent(self) -> None:
        """What went to one room must not be repeated in another."""
        self.history = ReliableHistory(self._session.context.settings.max_reliable_history_bytes)

    def received(self, label: str, payload: bytes) -> None:
        """A message of the client's data channel `label`."""
        process = self._process_track if label == DATA_TRACK else partial(self._process, label)
        outcome, kind = process(payload)
        self._session.context.metrics.data_packets.labels(kind, outcome).inc()

    def _process(self, label: str, payload: bytes) -> tuple[str, str]:
        context = self._session.context
        if label not in _KINDS:
            return "ignored", "other_channel"
        allowed = self._participant.may_send_data
        if not allowed and len(payload) > MAX_REPORT_PACKET_BYTES:
            return "denied", "any"
        if len(payload) > context.settings.max_data_packet_bytes or not self._bucket.take(
            context.clock.monotonic()
        ):
            return "limited", "any"
        try:
            packet = models.DataPacket.FromString(payload)
        except DecodeError:
            return "invalid", "any"
        kind = packet.WhichOneof("value") or "unknown"
        if kind == "user" and packet.user.topic.startswith(OWN_TOPICS):
            outcome = self.reports.received(packet.user.topic, packet.user.payload)
            if self.reports.wants_verdicts:
                self._session.context.reporting[self._participant.sid] = self._session
            return outcome, "report"
        if not allowed:
            return "denied", "any"
        if kind in _SERVER_ONLY or not self._may_send(packet, kind):
            return "denied", kind
        if label == RELIABLE and self._repeated(packet):
            return "ignored", kind
        if self.calls.answered(packet):
            return "forwarded", kind
        packet.kind = _KINDS[label]
        self._stamp(packet)
        self._forward(RELIABLE if label == RELIABLE else LOSSY, packet, kind)
        return "forwarded", kind

    def repeat(self, publisher_sid: str, last_sequence: int) -> None:
        """Sends again what the client has missed of somebody's reliable packets; it knows repeats by their
        sequence numbers."""
        publisher = self._participant.room.participant(sid=publisher_sid)
        session = self._session.context.session_of(publisher) if publisher is not None else None
        if publisher is not None and session is not None and publisher.room is self._participant.room:
            for payload in session.data.history.after(last_sequence, self._participant, publisher):
                self._deliver(self._participant, RELIABLE, payload)

    def _process_track(self, packet: bytes) -> tuple[str, str]:
        context = self._session.context
        if not self._participant.may_send_data:
            return "denied", "data_track"
        if len(packet) > context.settings.max_data_packet_bytes or not self._track_bucket.take(
            context.clock.monotonic()
        ):
            return "limited", "data_track"
        dropped = self._participant.data_publisher.received(packet)
        if dropped is None:
            return "invalid", "data_track"
        context.metrics.data_dropped.labels(DATA_TRACK).inc(dropped)
        return "forwarded", "data_track"

    def _may_send(self, packet: models.DataPacket, kind: str) -> bool:
        # Nobody but an agent may put words into the mouth of another.
        if kind == "transcription":
            own = packet.transcription.transcribed_participant_identity in ("", self._participant.identity)
            return own or self._is_agent
        return True

    def _repeated(self, packet: models.DataPacket) -> bool:
        if packet.sequence == 0:
            return False
        if packet.sequence <= self.last_reliable_sequence:
            return True
        self.last_reliable_sequence = packet.sequence
        return False

    def _stamp(self, packet: models.DataPacket) -> None:
        sender = self._participant
        hidden = sender.permissions.hidden
        identity = "" if hidden else sender.identity
        packet.participant_sid = "" if hidden else sender.sid
        if not (self._is_agent and self._speaks_for_another(packet)):
            packet.participant_identity = identity
        if packet.HasField("user"):
            packet.user.participant_sid = packet.participant_sid
            packet.user.participant_identity = identity
            self._merge_destinations(packet)

    def _speaks_for_another(self, packet: models.DataPacket) -> bool:
        # As LiveKit: an agent may write a chat or text stream for a participant, which is marked as
        # generated.
        if packet.participant_identity in ("", self._participant.identity):
            return False
        if packet.HasField("chat_message"):
            packet.chat_message.generated = True
            return True
        if packet.HasField("stream_header") and packet.stream_header.HasField("text_header"):
            packet.stream_header.text_header.generated = True
            return True
        return False

    def _merge_destinations(self, packet: models.DataPacket) -> None:
        # Old clients name receivers inside the user packet, new ones outside; receivers read either.
        if packet.destination_identities:
            packet.user.destination_identities[:] = packet.destination_identities
        else:
            packet.destination_identities.extend(packet.user.destination_identities)

    def _forward(self, label: Label, packet: models.DataPacket, kind: str) -> None:
        identities = frozenset(packet.destination_identities)
        sids = frozenset(packet.user.destination_sids) if kind == "user" else frozenset[str]()
        room = self._participant.room
        chosen = room.policy.data_recipients(self._participant, identities, sids)
        if kind == "metrics":
            chosen = [p for p in chosen if p.permissions.can_subscribe_metrics]
        if room.policy.controlled:  # who was not meant then must not fetch it later
            identities, sids = frozenset(p.identity for p in chosen), frozenset()
            if not identities:
                return
        payload = packet.SerializeToString()
        for participant in chosen:
            self._deliver(participant, label, payload)
        if label == RELIABLE and packet.sequence and kind != "metrics":
            now = self._session.context.clock.monotonic()
            self.history.add(Sent(now, packet.sequence, identities, sids, payload))

    def _deliver(self, participant: Participant, label: Label, payload: bytes) -> None:
        if not participant.send_data(label, payload):
            self._session.context.metrics.data_dropped.labels(label).inc()

    @property
    def _is_agent(self) -> bool:
        return self._participant.permissions.agent or self._participant.kind is ParticipantKind.AGENT
