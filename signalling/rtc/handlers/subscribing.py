"""What a client receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import room, rtc

from signalling.rtc import from_client

if TYPE_CHECKING:
    from signalling.rtc.session import Session

MAX_TRACKS_PER_REQUEST = 10_000


async def subscription(session: Session, message: rtc.UpdateSubscription) -> None:
    for track_sid in track_sids(message):
        session.participant.subscriber.request(track_sid, message.subscribe)


async def track_setting(session: Session, message: rtc.UpdateTrackSettings) -> None:
    wishes = from_client.wishes_of(message)
    for track_sid in message.track_sids[:MAX_TRACKS_PER_REQUEST]:
        session.participant.subscriber.set_wishes(track_sid, wishes)


def track_sids(message: rtc.UpdateSubscription | room.UpdateSubscriptionsRequest) -> list[str]:
    """Named directly or by participant, without repetition."""
    sids = dict.fromkeys(message.track_sids)
    for tracks in message.participant_tracks:
        sids.update(dict.fromkeys(tracks.track_sids))
    return list(sids)[:MAX_TRACKS_PER_REQUEST]
