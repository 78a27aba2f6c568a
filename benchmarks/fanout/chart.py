"""Costs, latency and memory of one shape as a chart: a group of bars for each size, a bar for each server. Pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from ..chart import COLOURS, GREY, INK, LEFT, PANEL, RIGHT, WIDTH, bar, document, frame, text, top_of
from .report import LIMIT, OURS, latency_ms
from .results import Run

Servers = Mapping[str, Sequence[Run]]


def chart(sizes: Mapping[int, Servers]) -> str:
    """`sizes`: the runs of each size by server. Bars are medians; lines go from the least to the most."""
    colours = colours_of(dict.fromkeys(name for servers in sizes.values() for name in servers))
    panels: list[tuple[str, Callable[[Run], float | None]]] = [
        ("us/packet", lambda run: run.cost_us),
        ("p99, ms", lambda run: latency_ms(run, 0.99)),
        ("KiB/sub.", kib_after),
    ]
    parts = []
    for panel, (title, pick) in enumerate(panels):
        parts += bars(panel, title, values_of(sizes, pick), colours)
    return document(len(panels), list(colours.items()), parts)


def colours_of(names: Mapping[str, None]) -> dict[str, str]:
    """Ours has the first, the bare loop is grey."""
    peers = [name for name in names if name not in (OURS, LIMIT)]
    known = {LIMIT: GREY, OURS: COLOURS[0], **dict(zip(peers, COLOURS[1:], strict=False))}
    return {name: known.get(name, INK) for name in names}


def kib_after(run: Run) -> float | None:
    found = run.outcome.subscription_bytes if run.outcome else None
    return found[1] / 1024 if found else None


def values_of(
    sizes: Mapping[int, Servers], pick: Callable[[Run], float | None]
) -> dict[int, dict[str, list[float]]]:
    """By size and server, of the runs that count."""
    return {
        size: {
            name: [value for run in runs if run.cost_us is not None and (value := pick(run)) is not None]
            for name, runs in servers.items()
        }
        for size, servers in sizes.items()
    }


def bars(
    panel: int, title: str, values: Mapping[int, Mapping[str, Sequence[float]]], colours: Mapping[str, str]
) -> list[str]:
    """One panel; whoever has no value leaves a gap."""
    most = max((max(found) for group in values.values() for found in group.values() if found), default=1.0)
    # Two digits name the end of an axis well enough.
    most = float(f"{1.05 * most:.2g}") or 1.0
    parts = frame(panel, title, most)
    group_width = (WIDTH - RIGHT - LEFT) / len(values)
    width = 0.8 * group_width / len(colours)
    for group, (size, servers) in enumerate(values.items()):
        left = LEFT + (group + 0.1) * group_width
        parts.append(text(left + 0.4 * group_width, top_of(panel) + PANEL + 13, str(size), INK, "middle"))
        for number, (name, colour) in enumerate(colours.items()):
            if found := servers.get(name):
                spread = (statistics.median(found), min(found), max(found))
                parts += bar(panel, left + number * width, width * 0.9, spread, most, colour)
    return parts
