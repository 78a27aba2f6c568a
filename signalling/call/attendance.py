"""Who was there and received how much: from presences and from seconds in which media were delivered. Pure.

Devices and reconnects of one person are merged: a second counts once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

BRIDGED_S = 1.3
"""One sample without anything new between two with: the data plane counts once a second, and so is it read."""


@dataclass(frozen=True, slots=True)
class PresenceRecord:
    """One presence of one person, for storage. Times are seconds since the epoch; overlapping devices are in each
    other's records only once. One that has not ended is up to now, and the next record of the same `id` replaces it."""

    id: str
    room: str
    person: str
    name: str
    came_at: float
    left_at: float
    received_s: float


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One person up to now."""

    person: str
    name: str
    here: bool
    came_at: float
    """For the first time; seconds since the epoch."""
    left_at: float
    """For the last time, or now."""
    present_s: float
    received_s: float
    joins: int
    """How often somebody came back; devices that overlap count once."""


@dataclass
class _Device:
    connected_at: float
    sampled_at: float
    receiving: bool = False
    empty_since: float | None = None
    """Begin of the first sample without anything new, while one may still be bridged."""


@dataclass
class _Person:
    name: str
    first_at: float
    came_at: float
    last_at: float = 0.0
    devices: dict[str, _Device] = field(default_factory=dict)
    present_s: float = 0.0
    present_until: float = 0.0
    received_s: float = 0.0
    received_until: float = 0.0
    received_before: float = 0.0
    """At the begin of this presence."""
    joins: int = 0
    presence: str = ""
    """Id of this one."""

    def receive(self, begin: float, end: float) -> None:
        """Media came from `begin` to `end`; what was counted already is not counted again."""
        self.received_s += max(0.0, end - max(begin, self.received_until))
        self.received_until = max(self.received_until, end)

    def be_present(self, end: float) -> None:
        self.present_s += max(0.0, end - max(self.came_at, self.present_until))
        self.present_until = max(self.present_until, end)


class AttendanceBook:
    """Of one call. All times are seconds since the epoch, from one clock."""

    def __init__(self, room: str, ended: Callable[[PresenceRecord], None]) -> None:
        """`ended` hears of every presence that is over."""
        self._room = room
        self._ended = ended
        self._persons: dict[str, _Person] = {}
        self._by_device: dict[str, str] = {}

    def came(self, device: str, person: str, name: str, now: float) -> None:
        """The media of a device have connected."""
        if device in self._by_device:
            return
        found = self._persons.setdefault(person, _Person(name, now, now))
        found.name = name
        if not found.devices:
            found.came_at, found.received_before = now, found.received_s
            found.joins += 1
            found.presence = uuid.uuid4().hex
        found.devices[device] = _Device(now, now)
        self._by_device[device] = person

    def restore(self, records: Iterable[PresenceRecord]) -> None:
        """Presences of another process, before anybody comes."""
        for record in sorted(records, key=lambda one: one.came_at):
            found = self._persons.setdefault(
                record.person, _Person(record.name, record.came_at, record.came_at)
            )
            found.name = record.name
            found.present_s += record.left_at - record.came_at
            found.received_s += record.received_s
            found.last_at = max(found.last_at, record.left_at)
            found.joins += 1

    def present(self, now: float) -> list[PresenceRecord]:
        """Presences up to now, of those who are here."""
        return [self._record(key, one, now) for key, one in self._persons.items() if one.devices]

    def sample(self, delivered: Mapping[str, Collection[str]], now: float) -> None:
        """Since the last sample: the tracks whose media came to each device."""
        for device, person in self._by_device.items():
            found = self._persons[person]
            found.be_present(now)
            _sampled(found, found.devices[device], bool(delivered.get(device)), now)

    def left(self, device: str, now: float) -> None:
        """A device is gone."""
        person = self._by_device.pop(device, None)
        if person is None:
            return
        found = self._persons[person]
        gone = found.devices.pop(device)
        found.be_present(now)
        if gone.receiving and now - gone.sampled_at <= BRIDGED_S:
            found.receive(gone.sampled_at, now)
        found.last_at = now
        if not found.devices:
            self._ended(self._record(person, found, now))

    def _record(self, person: str, of: _Person, now: float) -> PresenceRecord:
        received = of.received_s - of.received_before
        return PresenceRecord(of.presence, self._room, person, of.name, of.came_at, now, received)

    @property
    def devices(self) -> set[str]:
        return set(self._by_device)

    def close(self, now: float) -> None:
        """Everybody is gone."""
        for device in list(self._by_device):
            self.left(device, now)

    def rows(self, now: float) -> list[AttendanceRow]:
        """In the order of coming."""
        return [
            AttendanceRow(
                person,
                found.name,
                bool(found.devices),
                found.first_at,
                now if found.devices else found.last_at,
                round(found.present_s, 3),
                round(found.received_s, 3),
                found.joins,
            )
            for person, found in self._persons.items()
        ]


def _sampled(person: _Person, device: _Device, delivered: bool, now: float) -> None:
    begin = device.sampled_at
    device.sampled_at = now
    if delivered:
        bridged = device.empty_since
        may_bridge = bridged is not None and begin - bridged <= BRIDGED_S
        person.receive(bridged if may_bridge and bridged is not None else begin, now)
        device.empty_since = None
    elif device.receiving:
        device.empty_since = begin
    else:
        device.empty_since = None
    device.receiving = delivered
