"""What a participant may do, and whom a publisher lets receive its tracks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediaserver.track import TrackSource

if TYPE_CHECKING:
    from mediaserver.data_tracks import DataTrack
    from mediaserver.participant import Participant
    from mediaserver.track import Track


@dataclass(frozen=True, slots=True)
class Permissions:
    """Given by the token, enforced here on the media path. The defaults forbid."""

    can_subscribe: bool = False
    can_publish: bool = False
    can_publish_data: bool = False
    can_publish_sources: frozenset[TrackSource] = frozenset()
    """If not empty, only these."""
    can_update_metadata: bool = False
    can_subscribe_metrics: bool = False
    can_manage_agent_session: bool = False
    hidden: bool = False
    """Nobody else learns that this participant is there."""
    recorder: bool = False
    agent: bool = False

    @property
    def receiving(self) -> tuple[bool, bool]:
        """What says whether it may receive tracks at all."""
        return self.can_subscribe, self.recorder

    def may_publish(self, source: TrackSource) -> bool:
        return self.can_publish and (not self.can_publish_sources or source in self.can_publish_sources)


@dataclass(frozen=True, slots=True)
class TrackPermission:
    """What one subscriber, named by identity or by sid, may receive."""

    identity: str = ""
    sid: str = ""
    all_tracks: bool = False
    track_sids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SubscriptionPermissions:
    """A publisher's own choice of who may receive its tracks. The default is everybody."""

    all_participants: bool = True
    permissions: tuple[TrackPermission, ...] = field(default=())

    def allows(self, subscriber: Participant, track: Track | DataTrack) -> bool:
        if self.all_participants:
            return True
        return any(
            (permission.all_tracks or track.sid in permission.track_sids)
            and (permission.identity or permission.sid)
            and permission.identity in ("", subscriber.identity)
            and permission.sid in ("", subscriber.sid)
            for permission in self.permissions
        )


def merged_attributes(attributes: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Attributes after an update: an empty value deletes its key (as LiveKit's clients expect)."""
    return {key: value for key, value in {**attributes, **changes}.items() if value}
