"""The course of one cell as SVG: rate, wait in the queue, height of the picture, one line for each server. Pure."""

from collections.abc import Mapping, Sequence

from .cells import BEFORE_STEP_S, Cell
from .figures import BIN_S, Figures

WIDTH, PANEL, LEFT, GAP = 760, 110, 66, 26
COLOURS = ("#0b6e4f", "#c8553d", "#3d5a80", "#8d6a9f")
#: Points of a line are means of so many bins (the longest wait and the last height among them).
BINS = 5


def chart(cell: Cell, courses: Mapping[str, Figures]) -> str:
    """`courses`: by server."""
    top_kbps = 1.25 * max(cell.kbps, cell.then_kbps or 0)
    panels = [
        ("kbit/s", top_kbps, {name: means(one.kbps) for name, one in courses.items()}),
        ("queue, ms", 400.0, {name: most(one.queue_ms) for name, one in courses.items()}),
        ("height", 800.0, {name: last(one.heights) for name, one in courses.items()}),
    ]
    parts = []
    for number, (title, most_of_it, lines) in enumerate(panels):
        top = GAP + number * (PANEL + GAP)
        parts += frame(title, most_of_it, top, cell.seconds)
        if number == 0:
            parts.append(
                polyline(limit(cell), most_of_it, top, cell.seconds, "#999", ' stroke-dasharray="4 3"')
            )
        for values, colour in zip(lines.values(), COLOURS, strict=False):
            points = [((index + 0.5) * BINS * BIN_S, value) for index, value in enumerate(values)]
            parts.append(polyline(points, most_of_it, top, cell.seconds, colour))
    for number, (name, colour) in enumerate(zip(courses, COLOURS, strict=False)):
        parts.append(text(LEFT + 150 * number, 14, name, colour, "start"))
    height = GAP + len(panels) * (PANEL + GAP)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
    body = "\n".join([f'<rect width="{WIDTH}" height="{height}" fill="white"/>', *parts])
    return f'{head}font-size="11">\n{body}\n</svg>\n'


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


def frame(title: str, most_of_it: float, top: int, seconds: float) -> list[str]:
    """Axes with their ends named."""
    right, bottom = WIDTH - 10, top + PANEL
    return [
        f'<path d="M{LEFT} {top}V{bottom}H{right}" fill="none" stroke="#444"/>',
        text(LEFT - 5, top + 9, f"{most_of_it:.0f}", "#444", "end"),
        text(LEFT - 5, bottom, "0", "#444", "end"),
        text(LEFT - 5, top + PANEL // 2, title, "#444", "end"),
        text(right, bottom + 13, f"{seconds:.0f} s", "#444", "end"),
    ]


def polyline(
    points: Sequence[tuple[float, float]],
    most_of_it: float,
    top: int,
    seconds: float,
    colour: str,
    style: str = "",
) -> str:
    scale_x, scale_y = (WIDTH - 10 - LEFT) / seconds, PANEL / most_of_it
    drawn = " ".join(
        f"{LEFT + at * scale_x:.0f},{top + PANEL - min(value, most_of_it) * scale_y:.0f}"
        for at, value in points
    )
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"{style}/>'


def text(x: int, y: int, words: str, colour: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{words}</text>'
