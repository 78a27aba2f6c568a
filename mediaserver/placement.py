"""Which worker of the data plane a new connection goes to."""

from collections import Counter


class Placement:
    """Connections of a room are together on one worker: what is published there crosses to another one once for each
    worker with receivers, so few workers are better than many. A room with more connections than `together` goes on on
    the next worker: by then each has so much to send that what crosses hardly counts."""

    def __init__(self, workers: int, together: int) -> None:
        self._together = together
        self._load: dict[int, int] = dict.fromkeys(range(workers), 0)
        """Connections of each worker that has not failed."""
        self._rooms: dict[str, Counter[int]] = {}
        self._places: dict[int, tuple[str, int]] = {}

    def place(self, connection: int, room: str) -> int:
        """The worker of a new connection, until it is removed."""
        of_room = self._rooms.setdefault(room, Counter())
        alive = self._load or {0: 0}  # of none nobody is served, wherever
        started = [worker for worker in alive if 0 < of_room[worker] < self._together]
        worker = min(started or alive, key=alive.__getitem__)
        of_room[worker] += 1
        if worker in self._load:
            self._load[worker] += 1
        self._places[connection] = room, worker
        return worker

    def remove(self, connection: int) -> None:
        """It has ended. Idempotent."""
        if (place := self._places.pop(connection, None)) is None:
            return
        room, worker = place
        if worker in self._load:
            self._load[worker] -= 1
        of_room = self._rooms[room]
        of_room[worker] -= 1
        if not +of_room:
            del self._rooms[room]

    def fail(self, worker: int) -> None:
        """Nobody goes there any more."""
        self._load.pop(worker, None)
