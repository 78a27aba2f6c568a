"""What of a room is recorded, from when to when, and what is on the disk then."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recording_fakes import FakeEngine, as_engine, packet
from room_fakes import FakeClock, fake, make_participant, make_room, publish

from mediaserver import recording_writer
from mediaserver.layers import VideoQuality
from mediaserver.participant import Participant, RemovalReason
from mediaserver.recording import RoomRecorder
from mediaserver.recording_files import MANIFEST, Manifest, Packet, read_recording, read_track, recover
from mediaserver.room import Room
from mediaserver.sdp import RtpCodec
from mediaserver.track import Encryption, Track


class Setting:
    """A room that is recorded; everybody wants it until a test says otherwise."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.room: Room = make_room()
        self.engine = FakeEngine()
        self.clock = FakeClock()
        self.refused: set[str] = set()
        self.failures: list[str] = []
        self.recorder = RoomRecorder(
            as_engine(self.engine),
            self.room,
            folder,
            wanted=self._wanted,
            clock=self.clock,
            on_failed=self.failures.append,
            **more,
        )

    def _wanted(self, participant: Participant, track: Track) -> bool:
        assert track.publisher is participant
        return participant.identity not in self.refused

    @property
    def recorded(self) -> set[str]:
        """Identities and kinds that are recorded now."""
        tracks = self.room.tracks.values()
        return {
            f"{track.publisher.identity} {track.kind}"
            for track in tracks
            if track.receiver is not None and track.receiver.id in self.engine.tapped
        }

    async def publish(self, participant: Participant, kind: str = "audio", **settings: Any) -> Any:
        track = await publish(participant, kind, **settings)
        codecs = {"audio": RtpCodec(111, "audio/opus", 48_000, 2), "video": RtpCodec(96, "video/VP8", 90_000)}
        fake(participant.publisher_connection).receivers[track.main.mid].codecs = [codecs[kind]]
        self.recorder.refresh()
        return track


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "recording", free_bytes=0)


async def stop(setting: Setting) -> Manifest:
    folder = await setting.recorder.stop()
    return Manifest.model_validate_json((folder / MANIFEST).read_bytes())


async def test_tracks_are_recorded_from_their_begin_to_their_end(setting: Setting) -> None:
    anna, boris = (make_participant(setting.room, name, name=name.title()) for name in ("anna", "boris"))
    voice = await publish(anna)
    fake(anna.publisher_connection).receivers[voice.main.mid].codecs = [
        RtpCodec(111, "audio/opus", 48_000, 2)
    ]
    setting.recorder.start()
    assert setting.recorded == {"anna audio"}
    setting.engine.pass_s(2)
    await publish(boris, "video")
    assert setting.recorded == {"anna audio", "boris video"}, "the room tells"
    setting.engine.pass_s(3)
    setting.engine.feed(voice.receiver.id, packet(1, 10, b"a") + packet(2, 20, b"b"), packets=2)
    setting.engine.feed(voice.receiver.id, packet(4, 40, b"d"), lost=1)
    setting.room.remove(boris, RemovalReason.CLIENT_INITIATED)
    assert setting.recorded == {"anna audio"}
    setting.engine.pass_s(1)
    manifest = await stop(setting)
    assert (manifest.version, manifest.room, manifest.duration_s) == (1, "lesson", 6)
    assert manifest.started_at == setting.clock.time()
    first, second = manifest.tracks
    assert (first.identity, first.name, first.kind, first.source) == ("anna", "Anna", "audio", "unknown")
    assert (first.started_s, first.ended_s, first.packets, first.lost) == (0, 6, 3, 1)
    assert (second.identity, second.started_s, second.ended_s, second.packets) == ("boris", 2, 5, 0)
    assert first.codecs[111].clock_rate == 48_000
    records = list(read_track(setting.recorder.folder / first.file))
    assert [record.payload for record in records if isinstance(record, Packet)] == [b"a", b"b", b"d"]
    assert not setting.room.track_listeners


async def test_who_is_not_wanted_is_not_recorded_and_a_change_of_mind_holds_at_once(setting: Setting) -> None:
    anna, child = (make_participant(setting.room, name) for name in ("anna", "child"))
    setting.refused = {"child"}
    setting.recorder.start()
    await setting.publish(anna)
    await setting.publish(child)
    assert setting.recorded == {"anna audio"}
    setting.refused = {"anna"}
    setting.recorder.refresh()
    assert setting.recorded == {"child audio"}
    setting.refused = set()
    setting.recorder.refresh()
    manifest = await stop(setting)
    assert [track.identity for track in manifest.tracks] == ["anna", "child", "anna"]
    assert len({track.file for track in manifest.tracks}) == 3, "one stretch, one file"


async def test_what_is_muted_or_encrypted_end_to_end_is_not_recorded(setting: Setting) -> None:
    anna = make_participant(setting.room, "anna")
    setting.recorder.start()
    voice = await setting.publish(anna)
    await setting.publish(anna, "video", encryption=Encryption.GCM)
    assert setting.recorded == {"anna audio"}
    anna.publisher.mute(voice, True)
    assert not setting.recorded
    anna.publisher.mute(voice, False)
    assert setting.recorded == {"anna audio"}
    anna.publisher.update(voice, encryption=Encryption.CUSTOM)
    assert not setting.recorded
    await stop(setting)


async def test_a_publisher_encodes_what_is_recorded_though_nobody_watches(setting: Setting) -> None:
    anna = make_participant(setting.room, "anna")
    camera = await setting.publish(anna, "video")
    setting.recorder.start()
    assert camera.dynacast.update(1000.0) is None, "everything, as from the begin"
    assert camera.dynacast.update(2000.0) is None
    await stop(setting)
    camera.dynacast.update(2000.0)
    assert camera.dynacast.update(3000.0) == {0: VideoQuality.OFF}


async def test_a_receiver_that_ends_ends_its_stretch(setting: Setting) -> None:
    anna = make_participant(setting.room, "anna")
    setting.recorder.start()
    voice = await setting.publish(anna)
    setting.engine.feed(voice.receiver.id, packet(1, 1, b"x"), ended=True)
    setting.engine.pass_s(1)
    manifest = await stop(setting)
    assert [(track.packets, track.ended_s) for track in manifest.tracks] == [(1, 0)]


async def test_where_packets_found_no_place_a_keyframe_is_asked_for(setting: Setting) -> None:
    anna = make_participant(setting.room, "anna")
    setting.recorder.start()
    camera = await setting.publish(anna, "video")
    setting.engine.feed(camera.receiver.id, packet(1, 1, b"x"), dropped=5)
    assert camera.receiver.keyframes == 1
    await stop(setting)


async def test_a_worker_that_hangs_holds_up_the_end_for_a_moment_only(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaserver.recording.LAST_CHUNK_S", 0.01)
    anna = make_participant(setting.room, "anna")
    setting.recorder.start()
    voice = await setting.publish(anna)
    setting.engine.feed(voice.receiver.id, packet(1, 1, b"x"))
    setting.engine.hangs = True
    manifest = await stop(setting)
    assert [track.packets for track in manifest.tracks] == [1]
    setting.engine.feed(voice.receiver.id, packet(2, 2, b"late"), ended=True)


async def test_a_folder_that_exists_is_no_place_for_a_recording(setting: Setting) -> None:
    setting.recorder.folder.mkdir()
    with pytest.raises(FileExistsError):
        setting.recorder.start()
    assert not setting.recorder.recording


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - of a thread
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("code", "reason"), [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EIO, "disk_error")]
)
async def test_a_disk_that_refuses_ends_the_recording_and_loses_nothing_that_is_on_it(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    anna = make_participant(setting.room, "anna")
    setting.recorder.start()
    voice = await setting.publish(anna)
    setting.engine.feed(voice.receiver.id, packet(1, 1, b"kept"))
    path = setting.recorder.folder / "0001.rtp"
    await until(lambda: path.exists() and path.stat().st_size > 0)

    def refuse(file: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        broken.setattr(recording_writer, "_sync", refuse)
        anna.publisher.mute(voice, True)
        await until(lambda: bool(setting.failures))
    assert setting.failures == [reason]
    assert not setting.recorder.recording
    assert not setting.engine.tapped
    assert await setting.recorder.stop() == setting.recorder.folder
    manifest = read_recording(setting.recorder.folder)
    assert manifest.tracks[0].packets == 1
    assert setting.failures == [reason], "told once"


async def test_the_disk_keeps_some_room_for_everybody_else(tmp_path: Path) -> None:
    setting = Setting(tmp_path / "recording", free_bytes=1 << 62)
    setting.recorder.start()
    await until(lambda: bool(setting.failures))
    assert setting.failures == ["disk_full"]
    await setting.recorder.stop()


async def test_a_disk_that_is_too_slow_ends_the_recording(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_writer, "MOST_WAITING", 2000)
    anna = make_participant(setting.room, "anna")
    setting.recorder.start()
    voice = await setting.publish(anna)
    for number in range(30):
        setting.engine.feed(voice.receiver.id, packet(number, 1, bytes(100)))
    assert setting.failures == ["disk_slow"]
    (track,) = (await stop(setting)).tracks
    assert 10 < track.packets < 18, "what waited is written"


async def test_the_folder_of_a_server_that_died_is_a_recording(setting: Setting) -> None:
    anna = make_participant(setting.room, "anna")
    setting.recorder.start()
    voice = await setting.publish(anna)
    start = setting.engine.now_us
    records = [packet(n, n, b"x", arrival_us=start + n * 1_000_000, begins=n == 1) for n in (1, 2, 4, 3, 6)]
    setting.engine.feed(voice.receiver.id, b"".join(records), packets=5)
    await setting.recorder.stop()
    folder = setting.recorder.folder
    whole = read_recording(folder)
    (folder / MANIFEST).unlink()
    assert read_recording(folder) == whole, "the journal says the same"
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert [json.loads(line)["type"] for line in lines] == ["began", "opened", "closed", "ended"]
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:2]) + b'{"type": "clo')
    with (folder / "0001.rtp").open("ab") as file:
        file.write(packet(7, 7, b"cut", arrival_us=start + 9_000_000)[:-1])
    assert recover(folder) == folder
    (track,) = Manifest.model_validate_json((folder / MANIFEST).read_bytes()).tracks
    assert (track.packets, track.lost, track.ended_s) == (5, 1, 6)
    assert recover(folder) == folder, "again does nothing"
