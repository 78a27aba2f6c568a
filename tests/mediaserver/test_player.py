"""What a viewer of one picture and one sound sees and hears."""

from __future__ import annotations

from typing import Any

import pytest

from mediaserver.layers import VideoQuality
from mediaserver.participant import Participant, ParticipantKind, RemovalReason
from mediaserver.permissions import Permissions, SubscriptionPermissions
from mediaserver.player import Player, Programme
from mediaserver.room import Room
from mediaserver.track import Encryption, Track, TrackSource
from tests.mediaserver.room_fakes import fake, make_participant, make_room, publish

VIEWER = Permissions(can_subscribe=True)
SCREEN = {"source": TrackSource.SCREEN_SHARE}
SCREEN_SOUND = {"source": TrackSource.SCREEN_SHARE_AUDIO}


class Viewer:
    """A player in a room, refreshed like one whose room tells it of changes."""

    def __init__(self, room: Room, programme: Programme | None = None, *kinds: Any) -> None:
        self.participant = make_participant(room, "viewer", VIEWER, auto_subscribe=False)
        self.player = Player(self.participant, programme or Programme(), kinds or ("audio", "video"))
        self.player.refresh()

    def plays(self) -> set[str]:
        self.player.refresh()
        return set(self.participant.subscriber.subscriptions)


@pytest.fixture
def room() -> Room:
    return make_room()


async def camera(room: Room, identity: str, **profile: Any) -> tuple[Participant, Track, Track]:
    participant = make_participant(room, identity, **profile)
    return participant, await publish(participant, "audio"), await publish(participant, "video")


async def test_what_is_there_and_what_comes_later(room: Room) -> None:
    viewer = Viewer(room)
    assert viewer.plays() == set()
    anna, sound, picture = await camera(room, "anna")
    assert viewer.plays() == {sound.sid, picture.sid}
    await camera(room, "boris")
    assert viewer.plays() == {sound.sid, picture.sid}  # the first stays
    assert Viewer(room).plays() == {sound.sid, picture.sid}
    room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert len(viewer.plays()) == 2 and sound.sid not in viewer.plays()


async def test_a_screen_before_a_film_before_a_camera(room: Room) -> None:
    viewer = Viewer(room)
    anna, *camera_tracks = await camera(room, "anna")
    _, *film = await camera(room, "film", kind=ParticipantKind.INGRESS)
    assert viewer.plays() == {t.sid for t in film}
    screen = await publish(anna, "video", **SCREEN)
    assert viewer.plays() == {screen.sid, camera_tracks[0].sid}  # with the voice of who shares it
    with_sound = await publish(anna, "audio", **SCREEN_SOUND)
    assert viewer.plays() == {screen.sid, with_sound.sid}
    anna.publisher.unpublish(screen)
    assert viewer.plays() == {t.sid for t in film}


async def test_the_sound_is_of_who_is_seen(room: Room) -> None:
    viewer = Viewer(room)
    boris = make_participant(room, "boris")
    voice = await publish(boris, "audio")
    assert viewer.plays() == {voice.sid}  # nobody is seen
    _, sound, picture = await camera(room, "anna")
    assert viewer.plays() == {sound.sid, picture.sid}


async def test_muted_tracks_make_room(room: Room) -> None:
    viewer = Viewer(room)
    anna, sound, picture = await camera(room, "anna")
    _, other_sound, other_picture = await camera(room, "boris")
    anna.publisher.mute(sound, True)
    assert viewer.plays() == {picture.sid}
    anna.publisher.mute(picture, True, by_server=True)
    assert viewer.plays() == {other_sound.sid, other_picture.sid}
    anna.publisher.mute(picture, False)
    anna.publisher.mute(sound, False)
    assert viewer.plays() == {sound.sid, picture.sid}


async def test_of_one_participant(room: Room) -> None:
    viewer = Viewer(room, Programme(identity="boris"))
    await camera(room, "anna")
    assert viewer.plays() == set()
    boris, sound, picture = await camera(room, "boris")
    assert viewer.plays() == {sound.sid, picture.sid}
    room.remove(boris, RemovalReason.CLIENT_INITIATED)
    assert viewer.plays() == set()


async def test_named_tracks_may_be_of_different_people(room: Room) -> None:
    _, sound, _ = await camera(room, "anna")
    _, _, picture = await camera(room, "boris")
    assert Viewer(room, Programme(track_sids=frozenset({sound.sid, picture.sid}))).plays() == {
        sound.sid,
        picture.sid,
    }
    assert Viewer(room, Programme(track_sids=frozenset({"TR_unknown"}))).plays() == set()


async def test_only_what_the_client_takes(room: Room) -> None:
    _, sound, picture = await camera(room, "anna")
    assert Viewer(room, None, "audio").plays() == {sound.sid}
    assert Viewer(room, None, "video").plays() == {picture.sid}


async def test_layers_by_quality(room: Room) -> None:
    anna = make_participant(room, "anna")
    track = await publish(anna, "video")
    stream = track.main
    stream.rids = ("q", "h", "f")
    for quality, most in ((VideoQuality.LOW, 0), (VideoQuality.MEDIUM, 1), (VideoQuality.HIGH, 255)):
        viewer = Viewer(room, Programme(quality=quality))
        subscription = viewer.participant.subscriber.subscriptions[track.sid]
        assert fake_target(subscription.sender) == most


def fake_target(sender: Any) -> int:
    return int(sender.target["max_spatial"])


async def test_nothing_that_may_not_be_received(room: Room) -> None:
    viewer = Viewer(room)
    anna, sound, picture = await camera(room, "anna")
    anna.publisher.allow_subscribers(SubscriptionPermissions(all_participants=False))
    assert viewer.plays() == set()
    anna.publisher.allow_subscribers(SubscriptionPermissions())
    assert viewer.plays() == {sound.sid, picture.sid}
    viewer.participant.set_permissions(Permissions())
    assert viewer.plays() == set()


async def test_nothing_hidden_and_nothing_encrypted(room: Room) -> None:
    hidden = Permissions(can_publish=True, hidden=True)
    ghost = make_participant(room, "ghost", hidden)
    await publish(ghost, "audio")
    anna = make_participant(room, "anna")
    await publish(anna, "video", encryption=Encryption.GCM)
    assert Viewer(room).plays() == set()


async def test_what_cannot_be_decoded_makes_room(room: Room) -> None:
    viewer = Viewer(room)
    fake(viewer.participant.subscriber_connection).unsupported = {"video/AV1"}
    observer: Any = viewer.participant.observer
    observer.subscription_failed = lambda sid, failure: viewer.player.failed(sid)
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    first, second = await publish(anna, "video"), await publish(boris, "video")
    anna.publisher_connection.receivers[first.main.mid].mime_type = "video/AV1"
    assert viewer.plays() == {second.sid}
    anna.publisher.unpublish(first)
    assert viewer.plays() == {second.sid}


async def test_whether_anything_fits(room: Room) -> None:
    viewer = Viewer(room)
    connection = fake(viewer.participant.subscriber_connection)
    assert viewer.player.fits  # nothing is on yet
    anna = make_participant(room, "anna")
    await publish(anna, "video")
    assert viewer.player.fits
    connection.unsupported = {"video/VP8"}
    assert not viewer.player.fits
    await publish(anna, "audio")
    assert viewer.player.fits
