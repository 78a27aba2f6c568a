"""What a session is in its room, and how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mediaserver.participant import ParticipantState, RemovalReason
from mediaserver.peer_connection import ConnectionState
from mediaserver.subscription import Wishes
from mediaserver.track import Track, TrackSource
from signalling.rtc.broadcast import visible_infos
from signalling.rtc.events import RoomEvent
from signalling.rtc.snapshot import ParticipantSnapshot
from tests.signalling.served import Served
from tests.signalling.whip.whip_clients import (
    AUDIO,
    PLAYING,
    PUBLISHING,
    RESTART,
    VIDEO,
    Client,
    media,
    obs_offer,
    offer,
)


def tracks(client: Client) -> dict[str, Track]:
    """By kind."""
    return {track.kind: track for track in client.session.participant.publisher.tracks.values()}


def played(client: Client) -> set[str]:
    return set(client.session.participant.subscriber.subscriptions)


def snapshot(client: Client) -> ParticipantSnapshot:
    (room,) = client.served.server.rtc.snapshot().rooms
    return next(p for p in room.participants if p.identity == client.identity)


async def test_a_publisher_has_a_microphone_and_a_camera(obs: Client) -> None:
    await obs.post(User_Agent="Mozilla/5.0 (OBS-Studio/31.0)")
    sound, picture = tracks(obs)["audio"], tracks(obs)["video"]
    assert (sound.settings.source, sound.mime_type) == (TrackSource.MICROPHONE, "audio/opus")
    assert (picture.settings.source, picture.mime_type) == (TrackSource.CAMERA, "video/H264")
    assert obs.session.info.is_publisher and len(obs.session.info.tracks) == 2
    assert "OBS-Studio" in snapshot(obs).client


async def test_obs(obs: Client) -> None:
    answer = await obs.post(obs_offer())
    assert answer.status == 201, answer.text
    assert "a=simulcast:recv 2;1;0" in answer.text
    sound, picture = tracks(obs)["audio"], tracks(obs)["video"]
    assert sound.settings.stereo
    assert picture.main.simulcast and picture.main.rids == ("2", "1", "0")
    assert [(layer.quality, layer.rid) for layer in picture.main.layers] == [(0, "2"), (1, "1"), (2, "0")]


async def test_a_publisher_may_be_a_shared_screen(obs: Client) -> None:
    await obs.post(query="?source=screen_share")
    assert {t.settings.source for t in tracks(obs).values()} == {
        TrackSource.SCREEN_SHARE,
        TrackSource.SCREEN_SHARE_AUDIO,
    }


async def test_data_channels_are_refused_and_data_packets_pass_by(obs: Client) -> None:
    data = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2", "a=sctp-port:5000"]
    answer = await obs.post(offer(AUDIO, data))
    assert "m=application 0 " in answer.text
    assert not obs.session.participant.takes_data


async def test_the_server_mutes_and_removes_as_anybody(obs: Client) -> None:
    await obs.post()
    participant = obs.session.participant
    participant.publisher.mute(tracks(obs)["audio"], True, by_server=True)
    assert obs.session.info.tracks[0].muted
    obs.room.remove(participant, RemovalReason.PARTICIPANT_REMOVED)
    assert (await obs.delete()).status == 404


async def test_permissions_that_are_taken_away(obs: Client) -> None:
    await obs.post()
    participant = obs.session.participant
    only_sound = replace(participant.permissions, can_publish_sources=frozenset({TrackSource.MICROPHONE}))
    participant.set_permissions(only_sound)
    assert list(tracks(obs)) == ["audio"] and obs.present
    participant.set_permissions(replace(only_sound, can_publish=False))
    assert not obs.present
    assert (await obs.patch(RESTART, "*")).status == 404


async def test_a_player_gets_what_is_published(obs: Client, player: Client) -> None:
    assert (await player.post(PLAYING)).status == 201
    assert played(player) == set()
    await obs.post()
    assert played(player) == {track.sid for track in tracks(obs).values()}
    obs.session.participant.publisher.mute(tracks(obs)["video"], True, by_server=True)
    obs.room.flush()
    assert played(player) == {tracks(obs)["audio"].sid}
    await obs.delete()
    assert played(player) == set()


async def test_tracks_take_turns_on_the_same_sections(served: Served, player: Client) -> None:
    one, two = Client(served, identity="one"), Client(served, identity="two")
    await player.post(PLAYING)
    await one.post()
    senders = set(player.session.participant.subscriber_connection.senders)
    await two.post(PUBLISHING.replace("H264/90000", "VP8/90000"))
    await one.delete()
    assert played(player) == {track.sid for track in tracks(two).values()}
    assert set(player.session.participant.subscriber_connection.senders) == senders
    assert len(senders) == 2


async def test_a_player_of_one_participant_at_one_quality(served: Served, player: Client) -> None:
    one, two = Client(served, identity="one"), Client(served, identity="two")
    rids = ("a=rid:a send", "a=rid:b send", "a=rid:c send", "a=simulcast:send a;b;c")
    await one.post()
    await two.post(offer(AUDIO, media("1", "VP8", extra=rids)))
    await player.post(PLAYING, "?participant=two&quality=low")
    assert played(player) == {track.sid for track in tracks(two).values()}
    subscription = player.session.participant.subscriber.subscriptions[tracks(two)["video"].sid]
    assert subscription.wishes == Wishes(quality=subscription.wishes.quality.LOW)
    assert subscription.sender.max_spatial == 0


async def test_a_player_of_one_track(obs: Client, player: Client) -> None:
    await obs.post()
    await player.post(PLAYING, f"?track={tracks(obs)['video'].sid}")
    assert played(player) == {tracks(obs)["video"].sid}


async def test_a_player_that_decodes_nothing_that_is_on(obs: Client, player: Client) -> None:
    await obs.post(offer(VIDEO))
    vp8 = offer(media("1", "VP8", direction="recvonly"))
    assert (await player.post(vp8)).status == 422
    assert not player.present
    await obs.delete()
    assert (await player.post(vp8)).status == 201  # nothing is on: something that fits may come
    await obs.post(offer(VIDEO))
    assert played(player) == set()


async def test_hidden_players_are_not_seen(served: Served, obs: Client) -> None:
    await obs.post()
    player = Client(served, "whep", "player", {"hidden": True})
    await player.post(PLAYING)
    assert len(played(player)) == 2
    attendance = served.server.rtc.attendance
    assert visible_infos(obs.room, attendance.of, without=obs.session.participant) == []


async def test_publishers_choose_who_receives(obs: Client, player: Client) -> None:
    await player.post(PLAYING)
    await obs.post()
    publisher = obs.session.participant.publisher
    publisher.allow_subscribers(replace(publisher.subscription_permissions, all_participants=False))
    assert played(player) == set()
    publisher.allow_subscribers(replace(publisher.subscription_permissions, all_participants=True))
    player.served.server.rtc.attendance.tick(player.served.clock.now + 5)  # nobody was told
    assert len(played(player)) == 2


@pytest.mark.parametrize("moves", ["obs", "player"])
async def test_sessions_that_move_to_another_room(
    served: Served, obs: Client, player: Client, moves: str
) -> None:
    await obs.post()
    await player.post(PLAYING)
    sound = tracks(obs)["audio"].sid
    client = {"obs": obs, "player": player}[moves]
    session, viewer = client.session, player.session.participant
    attendance = served.server.rtc.attendance
    other = attendance.rooms.get_or_create("physics", obs.room.settings)
    attendance.move(session, other)
    attendance.tick(served.clock.now + 5)
    assert session.participant.room is other and viewer.subscriber.subscriptions == {}
    attendance.move(session, obs.room)
    attendance.tick(served.clock.now + 10)
    assert sound in viewer.subscriber.subscriptions
    attendance.move(session, other)
    assert (await client.patch(RESTART)).status == 200  # its token still names the first room
    assert (await client.delete()).status == 200
    assert session.participant.state is ParticipantState.DISCONNECTED


def change(client: Client, state: ConnectionState) -> None:
    """As the transport reports it."""
    participant = client.session.participant
    participant.publisher_connection.state_changed(state)


def tick(client: Client, seconds: float) -> None:
    client.served.clock.advance(seconds)
    client.served.server.rtc.attendance.tick(client.served.clock.monotonic())


@pytest.mark.parametrize("sdp", [PUBLISHING, PLAYING])
async def test_media_that_stays_away_ends_it(served: Served, sdp: str) -> None:
    client = Client(served, "whip" if sdp is PUBLISHING else "whep")
    await client.post(sdp)
    change(client, ConnectionState.CONNECTED)
    assert client.session.participant.state is ParticipantState.ACTIVE
    change(client, ConnectionState.DISCONNECTED)
    tick(client, 10)
    change(client, ConnectionState.CONNECTED)  # back in time, by an ICE restart perhaps
    tick(client, 60)
    assert client.present
    change(client, ConnectionState.DISCONNECTED)
    tick(client, 16)
    assert not client.present
    ended = "polyana_whip_sessions_ended_total"
    labels = {"protocol": client.protocol, "reason": "connection_timeout"}
    assert served.server.registry.get_sample_value(ended, labels) == 1


async def test_events_are_those_of_any_participant(served: Served, obs: Client) -> None:
    happened: list[RoomEvent] = []
    served.server.rtc.attendance.events.subscribe(happened.append)
    await obs.post()
    change(obs, ConnectionState.CONNECTED)
    await obs.delete()
    await obs.post()
    change(obs, ConnectionState.FAILED)
    assert [type(event).__name__ for event in happened] == [
        *("RoomStarted", "TrackPublished", "TrackPublished", "ParticipantJoined"),
        *("TrackUnpublished", "TrackUnpublished", "ParticipantLeft"),
        *("TrackPublished", "TrackPublished", "TrackUnpublished", "TrackUnpublished"),
        "ParticipantConnectionAborted",
    ]


async def test_media_that_never_comes_ends_it(obs: Client) -> None:
    await obs.post()
    change(obs, ConnectionState.FAILED)
    assert not obs.present


async def test_dtls_that_the_client_closes_ends_it(obs: Client) -> None:
    await obs.post()
    change(obs, ConnectionState.CONNECTED)
    obs.session.participant.publisher_connection.closed_by_peer()
    assert not obs.present


async def test_the_time_to_connect_is_measured(obs: Client) -> None:
    await obs.post()
    obs.served.clock.advance(2)
    change(obs, ConnectionState.CONNECTED)
    change(obs, ConnectionState.DISCONNECTED)
    change(obs, ConnectionState.CONNECTED)
    registry = obs.served.server.registry
    assert registry.get_sample_value("polyana_whip_connect_seconds_sum", {"protocol": "whip"}) == 2
    assert registry.get_sample_value("polyana_whip_connect_seconds_count", {"protocol": "whip"}) == 1
