"""A viewer that takes one picture and one sound of a room, whatever is on (WHEP)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediaserver.layers import VideoQuality
from mediaserver.subscription import Wishes
from mediaserver.track import Encryption, Kind, TrackSource

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.track import Track

Choice = dict[Kind, "Track"]


@dataclass(frozen=True, slots=True)
class Programme:
    """What the viewer asked for. Empty: whatever is on."""

    identity: str = ""
    """Only tracks of this participant."""
    track_sids: frozenset[str] = frozenset()
    """Only these tracks."""
    quality: VideoQuality = VideoQuality.HIGH

    def names(self, track: Track) -> bool:
        """Whether a track is part of it."""
        of_publisher = self.identity in ("", track.publisher.identity)
        return of_publisher and (not self.track_sids or track.sid in self.track_sids)


def choose(tracks: Sequence[Track], programme: Programme) -> Choice:
    """The picture and the sound to play, of tracks in the order of their publishing.

    A shared screen comes before a film that was brought in (WHIP), and this before a camera. The sound is of the
    same publisher, so that lips stay in step, unless tracks were asked for by name.
    """
    named = [track for track in tracks if programme.names(track)]
    choice = Choice()
    if pictures := [track for track in named if track.kind == "video"]:
        choice["video"] = min(pictures, key=_picture_rank)
    picture = choice.get("video")
    sounds = [track for track in named if track.kind == "audio"]
    if picture is not None and not programme.track_sids:
        sounds = [track for track in sounds if track.publisher is picture.publisher]
    if sounds:
        choice["audio"] = min(sounds, key=lambda sound: _sound_rank(sound, picture))
    return choice


def _picture_rank(track: Track) -> int:
    if track.settings.source is TrackSource.SCREEN_SHARE:
        return 0
    return 1 if track.publisher.brings_films else 2


def _sound_rank(sound: Track, picture: Track | None) -> int:
    of_screen = sound.settings.source is TrackSource.SCREEN_SHARE_AUDIO
    screen_shown = picture is not None and picture.settings.source is TrackSource.SCREEN_SHARE
    return int(of_screen is not screen_shown)


class Player:
    """Subscribes its participant, whose connection has standing senders, to what `choose` says."""

    def __init__(self, participant: Participant, programme: Programme, kinds: Collection[Kind]) -> None:
        """`kinds`: those that the client takes."""
        self._participant = participant
        self._kinds = frozenset(kinds)
        self._programme = programme
        self._playing = Choice()
        self._undecodable: set[str] = set()

    @property
    def fits(self) -> bool:
        """False: something could be played, and the client decodes none of it."""
        possible = [track for track in self._possible() if self._programme.names(track)]
        return not possible or any(self._decodes(track) for track in possible)

    def refresh(self) -> None:
        """To be called whenever something in the room has changed."""
        while self._refresh():
            pass  # what was chosen cannot be decoded after all: the next

    def failed(self, track_sid: str) -> None:
        """The client cannot decode this track."""
        self._undecodable.add(track_sid)

    def _refresh(self) -> bool:
        known = len(self._undecodable)
        choice = choose(self._possible(), self._programme)
        for kind in self._kinds:
            if choice.get(kind) is not self._playing.get(kind):
                self._switch(kind, choice.get(kind))
        self._undecodable &= self._participant.room.tracks.keys()
        return len(self._undecodable) > known

    def _switch(self, kind: Kind, track: Track | None) -> None:
        subscriber = self._participant.subscriber
        before = self._playing.pop(kind, None)
        if before is not None:
            subscriber.request(before.sid, False)
        if track is not None:
            self._playing[kind] = track
            subscriber.set_wishes(track.sid, Wishes(quality=self._programme.quality))
            subscriber.request(track.sid, True)

    def _possible(self) -> list[Track]:
        room, viewer = self._participant.room, self._participant
        return [
            track
            for track in room.tracks.values()
            if track.kind in self._kinds
            and track.publisher is not viewer
            and not (track.muted or track.blocked or track.publisher.permissions.hidden)
            and track.settings.encryption is Encryption.NONE
            and track.sid not in self._undecodable
            and room.may_receive(viewer, track)
        ]

    def _decodes(self, track: Track) -> bool:
        connection = self._participant.subscriber_connection
        names = [track.mime_type, *(codec.mime_type for codec in track.settings.codecs)]
        return any(connection.can_decode(name) for name in names if name)
