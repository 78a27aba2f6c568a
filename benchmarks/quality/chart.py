"""The course of one cell as a chart: rate, wait in the queue, height of the picture, one line for each server. Pure."""

from collections.abc import Mapping, Sequence

from ..chart import COLOURS, GREY, document, frame, polyline
from .cells import BEFORE_STEP_S, LEVELS_KBPS, Cell
from .figures import BIN_S, Figures

#: Points of a line are means of so many bins (the longest wait and the last height among them).
BINS = 5


def chart(cell: Cell, courses: Mapping[str, Figures]) -> str:
    """`courses`: by server."""
    top_kbps = 1.25 * (max(cell.kbps, cell.then_kbps or 0) or LEVELS_KBPS[-1])
    panels = [
        ("kbit/s", top_kbps, {name: means(one.kbps) for name, one in courses.items()}),
        ("queue, ms", 400.0, {name: most(one.queue_ms) for name, one in courses.items()}),
        ("height", 800.0, {name: last(one.heights) for name, one in courses.items()}),
    ]
    parts = []
    for panel, (title, most_of_it, lines) in enumerate(panels):
        span = (cell.seconds, most_of_it)
        parts += frame(panel, title, most_of_it, f"{cell.seconds:.0f} s")
        if panel == 0 and cell.kbps:
            parts.append(polyline(panel, limit(cell), span, GREY, ' stroke-dasharray="4 3"'))
        for values, colour in zip(lines.values(), COLOURS, strict=False):
            points = [((index + 0.5) * BINS * BIN_S, value) for index, value in enumerate(values)]
            parts.append(polyline(panel, points, span, colour))
    return document(len(panels), list(zip(courses, COLOURS, strict=False)), parts)


def limit(cell: Cell) -> list[tuple[float, float]]:
    """The line's own rate."""
    if cell.then_kbps is None:
        return [(0, cell.kbps), (cell.seconds, cell.kbps)]
    step = BEFORE_STEP_S
    return [(0, cell.kbps), (step, cell.kbps), (step, cell.then_kbps), (cell.seconds, cell.then_kbps)]


def means(values: Sequence[float]) -> list[float]:
    return [sum(values[i : i + BINS]) / BINS for i in range(0, len(values) - BINS + 1, BINS)]


def most(values: Sequence[float]) -> list[float]:
    return [max(values[i : i + BINS]) for i in range(0, len(values) - BINS + 1, BINS)]


def last(values: Sequence[int]) -> list[float]:
    return [values[i + BINS - 1] for i in range(0, len(values) - BINS + 1, BINS)]
