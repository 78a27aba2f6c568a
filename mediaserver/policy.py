"""A room that somebody controls: the rules of its participants, asked and changed. Without a controller all is open.

The rules are enforced on the media path: what is dropped never leaves the data plane, what is not allowed has no
sender there, or one that forwards nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from mediaserver.data import recipients
from mediaserver.rules import CLOSED, Circles, Gate, Medium, Rules, open_rules
from mediaserver.sights import Sights

if TYPE_CHECKING:
    from mediaserver.data_tracks import DataTrack
    from mediaserver.participant import Participant
    from mediaserver.room import Room
    from mediaserver.track import Track


class RoomController(Protocol):
    """Decides for one room. Calls come from the event loop and must not block."""

    def seating(self, participant: Participant) -> Rules:
        """Its rules, before anybody is told of it. Its permissions may be changed here, too."""

    def unseated(self, participant: Participant) -> None:
        """It is out of the room."""


class Policy:
    """Of one room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._sights = Sights()
        """Of those who have a seat, while somebody controls the room."""
        self.controller: RoomController | None = None

    @property
    def controlled(self) -> bool:
        """False: everybody may what permissions say."""
        return self.controller is not None

    def control(self, controller: RoomController) -> None:
        """From now on `controller` decides, also of those who are here."""
        everybody = list(self._room.participants.values())
        before = dict.fromkeys((*everybody, *self._room.forwarded.values()), open_rules())
        self.controller, self._sights = controller, Sights()
        for participant in everybody:
            participant.rules = controller.seating(participant)
            self._sights.put(participant)
        self._enforce(everybody, before)
        for participant in everybody:
            participant.publisher.apply_gates()

    def seating(self, participant: Participant) -> None:
        """Somebody is about to take a seat."""
        if self.controller is not None:
            participant.rules = self.controller.seating(participant)
            self._sights.put(participant)

    def leaving(self, participant: Participant) -> None:
        """Somebody has given up its seat, and is told nothing more."""
        self._sights.drop(participant)

    def unseated(self, participant: Participant) -> None:
        if self.controller is not None:
            self.controller.unseated(participant)

    # Questions

    def sees(self, viewer: Participant, other: Participant) -> bool:
        """Whether one may know that another is here."""
        if viewer is other:
            return True
        if other.permissions.hidden:
            return False
        return not self.controlled or self._rules(viewer).sees(self._rules(other))

    def known_to(self, viewer: Participant) -> list[Participant]:
        """All others that a participant may know of."""
        if self.controlled:
            everybody: Iterable[Participant] = self._sights.seen_in(self._rules(viewer).circles)
        else:
            everybody = chain(self._room.participants.values(), self._room.forwarded.values())
        return [p for p in everybody if p is not viewer and not p.permissions.hidden]

    def viewers_of(self, sights: Collection[Circles]) -> list[Participant]:
        """Who may know of somebody that these (`Rules.seen_by`) may know of."""
        if not sights:
            return []
        return self._sights.viewers_of(sights) if self.controlled else [*self._room.participants.values()]

    def groups(
        self, changed: Collection[Participant], without: Participant | None = None
    ) -> Iterator[tuple[list[Participant], list[Participant]]]:
        """Viewers who may know of the same of those who have changed: (what they may know, who they are). Everybody may
        know of itself. `without`: somebody who need not be told."""
        if not self.controlled:
            viewers = [p for p in self._room.participants.values() if p is not without]
            if viewers:
                yield list(changed), viewers
            return
        # Who is in the same circles knows of the same others: whom nothing concerns costs nothing, however many.
        alike: dict[tuple[Participant, ...], list[Participant]] = {}
        for circles, members in self._sights.viewers():
            known = tuple(p for p in changed if self._shown_to(circles, p))
            shown = set(known)
            apart = {p: None for p in changed if p in members and p not in shown}
            for viewer in apart:
                alike.setdefault((*known, viewer), []).append(viewer)
            if known:
                alike.setdefault(known, []).extend(p for p in members if p not in apart)
        for known, found in alike.items():
            if viewers := [p for p in found if p is not without]:
                yield list(known), viewers

    def counted(self, viewer: Participant) -> tuple[int, int]:
        """How many participants and publishers a participant may know of, itself included."""
        if not self.controlled:
            return self._room.num_participants, self._room.num_publishers
        known = [viewer, *self.known_to(viewer)]
        return len(known), sum(p.is_publisher for p in known)

    def receives(self, subscriber: Participant, track: Track | DataTrack) -> bool:
        """Whether the rules let a track reach somebody."""
        if not self.controlled:
            return True
        return self._rules(subscriber).receives(self._rules(track.publisher), track.media)

    def gate(self, track: Track) -> Gate:
        """What becomes of the packets of a track."""
        return self._rules(track.publisher).gate(track.media) if self.controlled else Gate.OPEN

    def may_send_data(self, sender: Participant) -> bool:
        """Data packets, data tracks and blobs."""
        opened = not self.controlled or self._rules(sender).data.gate is Gate.OPEN
        return opened and sender.permissions.can_publish_data

    def may_receive_data(self, receiver: Participant, sender: Participant | None) -> bool:
        """`sender` None: the server for its backend, to whom everybody who is in any circle listens."""
        if not self.controlled:
            return True
        rules = self._rules(receiver)
        if sender is None:
            return bool(rules.circles)
        return rules.receives(self._rules(sender), (Medium.DATA,))

    def data_recipients(
        self, sender: Participant | None, identities: Collection[str] = (), sids: Collection[str] = ()
    ) -> list[Participant]:
        """Who gets a data packet: all but the sender, or those who are named, as far as the rules allow."""
        chosen = recipients(self._room.participants.values(), sender=sender, identities=identities, sids=sids)
        return [participant for participant in chosen if self.may_receive_data(participant, sender)]

    # Changes

    def set_rules(self, changes: Mapping[Participant, Rules]) -> None:
        """Takes effect at once, for what is received already, too."""
        new = {p: rules for p, rules in changes.items() if rules != p.rules and p.room is self._room}
        if not new:
            return
        # When only gates open and close, as for a whole lesson at once, nobody's edges are looked at.
        moved = [p for p, rules in new.items() if rules.edges != p.rules.edges]
        everybody = (*self._room.participants.values(), *self._room.forwarded.values())
        before = {p: self._rules(p) for p in everybody} if moved else {}
        for participant, rules in new.items():
            seated = self._sights.drop(participant)
            participant.rules = rules
            if seated:
                self._sights.put(participant)
        for participant in new:  # what closes does so before anything opens
            participant.publisher.apply_gates(only_closing=True)
        self._enforce(moved, before)
        for participant in new:
            participant.publisher.apply_gates()

    def _enforce(self, changed: Collection[Participant], before: Mapping[Participant, Rules]) -> None:
        """Makes the edges of some so; `before`: the rules of everybody."""
        if changed:
            self._tell_sights(before)
            self._room.edges_changed(changed)

    def _tell_sights(self, before: Mapping[Participant, Rules]) -> None:
        # Not for each pair: participants whose old and new rules are alike gain and lose the same others.
        alike: dict[tuple[Circles, Circles], list[Participant]] = {}
        for participant, old in before.items():
            if not participant.permissions.hidden:
                alike.setdefault((old.seen_by, self._rules(participant).seen_by), []).append(participant)
        viewers: dict[tuple[Circles, Circles], list[Participant]] = {}
        for participant, old in before.items():
            if participant.room is self._room:
                viewers.setdefault((old.circles, self._rules(participant).circles), []).append(participant)
        for (old_circles, new_circles), those in viewers.items():
            appeared: list[Participant] = []
            gone: list[Participant] = []
            for (old_seen_by, new_seen_by), others in alike.items():
                saw, sees = not old_circles.isdisjoint(old_seen_by), not new_circles.isdisjoint(new_seen_by)
                if sees != saw:
                    (appeared if sees else gone).extend(others)
            if appeared or gone:
                self._room.tell_sights(those, appeared, gone)

    def _shown_to(self, circles: Circles, other: Participant) -> bool:
        """Whether others in these circles may know that somebody is here."""
        return not other.permissions.hidden and not circles.isdisjoint(self._rules(other).seen_by)

    def _rules(self, participant: Participant) -> Rules:
        # Who is only forwarded to this room has no rules of this one.
        return participant.rules if participant.room is self._room else CLOSED
