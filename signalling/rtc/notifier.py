"""What happens to a participant, told to its client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livekit.protocol import rtc

from mediaserver.participant import RemovalReason
from mediaserver.peer_connection import ConnectionState, PeerConnection
from mediaserver.subscriber import SubscriptionFailure
from signalling.rtc import convert, responses

if TYPE_CHECKING:
    from mediaserver.connection_quality import Rated
    from mediaserver.data_tracks import DataTrack
    from mediaserver.layers import VideoQuality
    from mediaserver.track import Track
    from signalling.rtc.session import Session


class Notifier:
    """Implements `ParticipantObserver`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def connection_state_changed(self, connection: PeerConnection, state: ConnectionState) -> None:
        session = self._session
        if state is ConnectionState.CONNECTED:
            if connection is session.participant.primary_connection:
                session.media_connected()
        elif state is ConnectionState.DISCONNECTED:
            session.media_lost()
        elif state is ConnectionState.FAILED:
            # No path, no handshake, or the worker is gone: this connection never comes back.
            session.remove(RemovalReason.STATE_MISMATCH)

    def closed_by_peer(self, connection: PeerConnection) -> None:
        """The client says by its signalling what it wants next."""

    def negotiation_needed(self, connection: PeerConnection) -> None:
        self._session.negotiation.needed()

    def data_received(self, label: str, payload: bytes) -> None:
        self._session.data.received(label, payload)

    def profile_changed(self) -> None:
        # The token brings the profile along when the client must join anew.
        self._session.refresh_token()

    def track_subscribed(self, track: Track) -> None:
        self._session.send(rtc.SignalResponse(track_subscribed=rtc.TrackSubscribed(track_sid=track.sid)))

    def subscribed_qualities_changed(self, track: Track, qualities: Mapping[str, VideoQuality]) -> None:
        self._session.send(responses.subscribed_qualities(track, qualities))

    def connection_quality_changed(self, changes: Mapping[str, Rated]) -> None:
        self._session.send(responses.connection_quality(changes, self._session.protocol))

    def data_track_handles_changed(self, tracks: Mapping[int, DataTrack]) -> None:
        self._session.send(responses.data_track_handles(tracks))

    def data_track_unpublished(self, track: DataTrack) -> None:
        ended = rtc.UnpublishDataTrackResponse(info=convert.data_track_info(track))
        self._session.send(rtc.SignalResponse(unpublish_data_track_response=ended))

    def track_muted(self, track: Track) -> None:
        mute = rtc.MuteTrackRequest(sid=track.sid, muted=track.muted)
        self._session.send(rtc.SignalResponse(mute=mute))

    def track_unpublished(self, track: Track) -> None:
        unpublished = rtc.TrackUnpublishedResponse(track_sid=track.sid)
        self._session.send(rtc.SignalResponse(track_unpublished=unpublished))

    def stream_states_changed(self, paused: Mapping[Track, bool]) -> None:
        self._session.send(responses.stream_states(paused))

    def subscription_failed(self, track_sid: str, failure: SubscriptionFailure) -> None:
        self._session.context.metrics.subscription_failures.labels(failure.value).inc()
        self._session.log.info("subscription failed", track=track_sid, failure=failure.value)
        self._session.send(responses.subscription_failed(track_sid, failure))

    def subscription_permission_changed(self, track: Track, allowed: bool) -> None:
        self._session.send(responses.subscription_permission(track, allowed))

    def removed(self, reason: RemovalReason) -> None:
        self._session.left(reason)
