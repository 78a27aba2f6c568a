"""Coming back after the WebSocket was lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from mediaserver.participant import RemovalReason
from mediaserver.subscription import Wishes
from signalling.rtc import convert, responses
from signalling.rtc.broadcast import noticeable
from signalling.rtc.handlers.data_tracks import update_data_subscription
from signalling.rtc.handlers.subscribing import MAX_TRACKS_PER_REQUEST, track_sids

if TYPE_CHECKING:
    from signalling.rtc.session import Session


def resume(session: Session, others: Iterable[models.ParticipantInfo]) -> None:
    """Brings a client that was away up to date: everybody's state, who left meanwhile, who speaks."""
    context, room = session.context, session.participant.room
    if session.simulation.silent_disconnects_on_resume:
        session.simulation.silent_disconnects_on_resume -= 1
        session.drop_connection("simulated")
        return
    session.send(
        responses.reconnect(
            session.data.last_reliable_sequence, context.server_info, context.ice_servers(session.participant)
        )
    )
    session.send(responses.participants([*session.take_missed(), session.info, *others]))
    room_update = rtc.RoomUpdate(
        room=convert.room_info(room, context.settings.enabled_codecs, session.participant)
    )
    session.send(rtc.SignalResponse(room_update=room_update))
    send_speakers(session)
    if states := session.participant.subscriber.allocator.states():
        session.send(responses.stream_states(states))
    session.negotiation.resume()
    if session.simulation.disconnect_on_resume:
        session.simulation.disconnect_on_resume = False
        session.drop_connection("simulated")


def send_speakers(session: Session) -> None:
    """All who speak now: updates are only changes."""
    speakers = noticeable(session.participant, session.participant.room.speakers.snapshot())
    if speakers:
        session.send(rtc.SignalResponse(speakers_changed=convert.speaker_infos(speakers)))


async def sync_state(session: Session, message: rtc.SyncState) -> None:
    """The client's own view. If it publishes what this server does not know, it must join anew."""
    participant = session.participant
    unknown = [t.track.sid for t in message.publish_tracks if participant.publisher.find(t.track.sid) is None]
    data_tracks = {track.sid for track in participant.data_publisher.tracks.values()}
    unknown += [t.info.sid for t in message.publish_data_tracks if t.info.sid not in data_tracks]
    if unknown:
        session.log.info("unknown track after a resume", track=unknown[0])
        session.remove(RemovalReason.STATE_MISMATCH)
        return
    for track_sid in message.track_sids_disabled[:MAX_TRACKS_PER_REQUEST]:
        participant.subscriber.set_wishes(track_sid, Wishes(disabled=True))
    participant.subscriber.restore(track_sids(message.subscription), message.subscription.subscribe)
    await update_data_subscription(session, message.data_subscription)
    session.send(responses.data_track_handles(participant.data_subscriber.tracks))
    for state in message.datachannel_receive_states[:MAX_TRACKS_PER_REQUEST]:
        session.data.repeat(state.publisher_sid, state.last_seq)
