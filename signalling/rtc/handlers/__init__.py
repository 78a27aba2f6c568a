"""One function for each request of a client, by the name of its field in `SignalRequest`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from livekit.protocol import rtc

from signalling.rtc.handlers import (
    connection,
    data_blobs,
    data_tracks,
    participant,
    publishing,
    resuming,
    simulation,
    subscribing,
)

PONGS: Mapping[str, Callable[..., rtc.SignalResponse]] = {
    "ping": connection.pong,
    "ping_req": connection.pong_resp,
}
"""Answered at once, before what waits: an audience hardly sends anything else."""
HANDLERS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "offer": connection.offer,
    "answer": connection.answer,
    "trickle": connection.trickle,
    "leave": connection.leave,
    "add_track": publishing.add_track,
    "mute": publishing.mute,
    "update_layers": publishing.update_layers,
    "update_audio_track": publishing.update_audio_track,
    "update_video_track": publishing.update_video_track,
    "subscription_permission": publishing.subscription_permission,
    "subscription": subscribing.subscription,
    "track_setting": subscribing.track_setting,
    "update_metadata": participant.update_metadata,
    "sync_state": resuming.sync_state,
    "publish_data_track_request": data_tracks.publish_data_track_request,
    "unpublish_data_track_request": data_tracks.unpublish_data_track_request,
    "update_data_subscription": data_tracks.update_data_subscription,
    "store_data_blob_request": data_blobs.store_data_blob_request,
    "get_data_blob_request": data_blobs.get_data_blob_request,
    "simulate": simulation.simulate,
}
"""A request of a newer protocol that is missing here is counted as unhandled."""
