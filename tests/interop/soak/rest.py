"""What a server holds while nobody is there, and whether it grows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

MIB = 2**20
#: Memory of the first rounds is not compared: caches, arenas of threads and interned names fill.
SETTLING_ROUNDS = 2
#: From the first third of the rounds to the last, by their medians: the allocator's own ups and downs are as much. A
#: participant that is kept is about 60 KiB, and thousands come in a round.
MAX_GROWTH_BYTES = 10 * MIB
#: A socket, thread or task more or less: a scrape, a timer, connections of the database's pool, which has an end.
SLACK = 6


@dataclass(frozen=True)
class Rest:
    """One rest. `objects`: of the data plane and of rooms, all of which must be gone."""

    resident_bytes: int
    descriptors: int
    threads: int
    tasks: int
    objects: int

    def __str__(self) -> str:
        fields = asdict(self) | {"resident_bytes": f"{self.resident_bytes / MIB:.1f} MiB"}
        return ", ".join(f"{name.replace('_bytes', '')} {value}" for name, value in fields.items())


def objects_of(metrics: Mapping[str, float]) -> int:
    """Everything that belongs to somebody, from the samples of /metrics."""
    gauges = (
        "polyana_data_plane_objects",
        "polyana_peer_connections",
        "polyana_participants",
        "polyana_rooms",
    )
    names = (name for name in metrics if name.partition("{")[0] in (*gauges, "polyana_rtc_sessions"))
    return int(sum(metrics[name] for name in names))


def problems(before: Rest, rests: Sequence[Rest]) -> list[str]:
    """What has not come back. `before`: when nobody had ever been there."""
    found = []
    for number, rest in enumerate(rests, 1):
        if rest.objects:
            found.append(f"round {number}: {rest.objects} objects are left")
        for name in ("descriptors", "threads", "tasks"):
            first, now = getattr(before, name), getattr(rest, name)
            if now > first + SLACK:
                found.append(f"round {number}: {now} {name}, {first} before")
    growth = growth_bytes(rests)
    if growth > MAX_GROWTH_BYTES:
        found.append(f"memory has grown by {growth / MIB:.1f} MiB")
    return found


def growth_bytes(rests: Sequence[Rest]) -> float:
    """Median of the last third less that of the first, in bytes; 0 if there are too few rounds to tell."""
    values = [rest.resident_bytes for rest in rests[SETTLING_ROUNDS:]]
    third = len(values) // 3
    return median(values[-third:]) - median(values[:third]) if third else 0.0


def report(before: Rest, rests: Sequence[Rest], said: Sequence[str], found: Sequence[str]) -> str:
    """Markdown. `said`: who came in each round, and who could not."""
    head = "| | resident MiB | descriptors | threads | tasks | objects | who came |\n" + "| --- " * 7 + "|"

    def row(name: str, rest: Rest, who: str) -> str:
        fields = (
            f"{rest.resident_bytes / MIB:.1f}",
            rest.descriptors,
            rest.threads,
            rest.tasks,
            rest.objects,
        )
        return f"| {name} | {' | '.join(map(str, fields))} | {who} |"

    rows = [row("before", before, "")]
    rows += [
        row(f"rest {number}", rest, who)
        for number, (rest, who) in enumerate(zip(rests, said, strict=True), 1)
    ]
    verdict = "\n".join(f"* {problem}" for problem in found or ["nothing is left behind"])
    growth = f"Growth of memory from the first third of the rests to the last: {growth_bytes(rests) / MIB:.1f} MiB."
    return "\n".join(["# Soak", "", head, *rows, "", growth, "", verdict, ""])
