"""Panels with axes, lines and bars as SVG. Pure."""

from collections.abc import Sequence

WIDTH, PANEL, LEFT, RIGHT, GAP = 760, 110, 66, 10, 26
COLOURS = ("#0b6e4f", "#c8553d", "#3d5a80", "#8d6a9f", "#b8860b", "#5f6f52")
GREY = "#999"
INK = "#444"


def document(panels: int, names: Sequence[tuple[str, str]], parts: Sequence[str]) -> str:
    """`names`: (words, colour) of the legend above the panels."""
    height = GAP + panels * (PANEL + GAP)
    legend = [text(LEFT + 140 * number, 14, name, colour) for number, (name, colour) in enumerate(names)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
    body = "\n".join([f'<rect width="{WIDTH}" height="{height}" fill="white"/>', *parts, *legend])
    return f'{head}font-size="11">\n{body}\n</svg>\n'


def top_of(panel: int) -> int:
    return GAP + panel * (PANEL + GAP)


def frame(panel: int, title: str, most: float, end: str = "") -> list[str]:
    """Axes from 0 to `most` with their ends named."""
    top, right = top_of(panel), WIDTH - RIGHT
    bottom = top + PANEL
    return [
        f'<path d="M{LEFT} {top}V{bottom}H{right}" fill="none" stroke="{INK}"/>',
        text(LEFT - 5, top + 9, f"{most:g}", INK, "end"),
        text(LEFT - 5, bottom, "0", INK, "end"),
        text(LEFT - 5, top + PANEL // 2, title, INK, "end"),
        text(right, bottom + 13, end, INK, "end"),
    ]


def polyline(
    panel: int, points: Sequence[tuple[float, float]], span: tuple[float, float], colour: str, style: str = ""
) -> str:
    """`span`: of the panel's axes."""
    scale_x = (WIDTH - RIGHT - LEFT) / span[0]
    drawn = " ".join(f"{LEFT + x * scale_x:.0f},{height_of(panel, y, span[1])}" for x, y in points)
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"{style}/>'


def bar(panel: int, x: float, width: float, values: Sequence[float], most: float, colour: str) -> list[str]:
    """`values`: the middle one, which the bar shows, and the least and the most, between which there is a line."""
    middle, low, high = (height_of(panel, value, most) for value in values)
    bottom = height_of(panel, 0, most)
    return [
        f'<rect x="{x:.0f}" y="{middle}" width="{width:.0f}" height="{bottom - middle}" fill="{colour}"/>',
        f'<path d="M{x + width / 2:.0f} {low}V{high}" stroke="#000"/>',
    ]


def height_of(panel: int, value: float, most: float) -> int:
    return round(top_of(panel) + PANEL - min(value, most) * PANEL / most)


def text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}">{words}</text>'
