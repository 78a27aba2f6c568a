"""Snapshots of a call on their way to its people: who is told of a change, and how many are told at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediaserver.data import RELIABLE
from signalling.call.snapshot import Scene, snapshot
from signalling.rtc.notice import notice

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from signalling.call.call import Call

TOPIC = "polyana.call"
INTERVAL_S, AT_ONCE = 0.1, 50
"""So many snapshots are made in this time: those of a small call together, an audience of 3,000 in turn, within six
seconds."""
LONGEST_S = 0.5
"""Who leads need not wait for the audience, and is told of what a crowd does as one change."""


@dataclass(frozen=True)
class _Told:
    version: int
    content: Mapping[str, object]


class Telling:
    """Of one call. To whom nothing is new nothing is sent."""

    def __init__(self, call: Call) -> None:
        self.version = 0
        self._call = call
        self._told: dict[str, _Told] = {}
        """By sid: the last snapshot."""
        self._changed = False
        """Since the last round began."""
        self._concerned: set[str] | None = None
        """Persons to be told soon, and all who lead; None: nobody."""
        self._scene = Scene(call.state, call.clock)
        """Of the round that goes on."""
        self._round: deque[tuple[str, Participant]] = deque()
        """Who is still to be told in it."""
        self._next_concerned = self._next_round = 0.0

    def changed(self, *concerned: str) -> None:
        """Something is new that anybody may be told of; these persons soon."""
        self._changed = True
        self.changed_for(*concerned)

    def changed_for(self, *concerned: str) -> None:
        """Something is new for these persons and for who leads, and for nobody else."""
        self._concerned = {*(self._concerned or ()), *concerned}
        self._call.stir()

    def forget(self, sid: str) -> None:
        """A device is gone."""
        self._told.pop(sid, None)

    @property
    def is_stirred(self) -> bool:
        """Somebody is still to be told."""
        return self._concerned is not None or self._changed or bool(self._round)

    def tick(self, now: float) -> None:
        """To be called about every 100 ms while `is_stirred`; seconds, monotonic."""
        scene: Scene | None = None
        if self._concerned is not None and now >= self._next_concerned:
            present = self._call.present()
            crowd_s = INTERVAL_S * len(present) / AT_ONCE
            self._next_concerned = now + max(INTERVAL_S, min(LONGEST_S, crowd_s))
            concerned, self._concerned = self._concerned, None
            scene = self._made()
            for key, participant in present:
                if key in concerned or self._call.state.leads(key):
                    self._tell(scene, key, participant)
        if now < self._next_round:
            return
        if self._changed and not self._round:
            self._changed = False
            self._scene, self._round = scene or self._made(), deque(self._call.present())
        self._next_round = now + INTERVAL_S
        for _ in range(min(AT_ONCE, len(self._round))):
            self._tell(self._scene, *self._round.popleft())

    def _made(self) -> Scene:
        self.version += 1
        return Scene(self._call.state, self._call.clock, self.version)

    def _tell(self, scene: Scene, key: str, participant: Participant) -> None:
        told = self._told.get(participant.sid)
        gone = self._call.person_of_device(participant) != key
        if gone or not participant.takes_data or (told is not None and told.version >= scene.version):
            return
        content = snapshot(scene, key)
        if told is None or content != told.content:
            self._told[participant.sid] = _Told(scene.version, content)
            packet = {"version": scene.version, "now": self._call.clock.time(), **content}
            participant.send_data(RELIABLE, notice(TOPIC, packet), state=TOPIC)
