"""Who is where on the screen. Pure: boxes in pixels, all even, as the colours of four pixels are one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1280, 720
MOST = 25
COLUMN = 256
"""Width of the cameras beside slides or a film."""
MOST_BESIDE = 4


@dataclass(frozen=True, slots=True)
class Box:
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """Of one of those who are shown: the picture, and below it the name."""

    number: int
    picture: Box
    name: Box


def arrange(count: int, stage: bool) -> tuple[Box | None, list[Place]]:
    """The box of what everybody looks at, if there is that, and places of the first `count` cameras; the ones for which
    there is no room have none."""
    if not stage:
        return None, grid(min(count, MOST))
    beside = min(count, MOST_BESIDE)
    if not beside:
        return Box(0, 0, WIDTH, HEIGHT), []
    width = WIDTH - COLUMN
    return Box(0, 0, width, HEIGHT), [
        _place(number, Box(width, number * HEIGHT // MOST_BESIDE, COLUMN, HEIGHT // MOST_BESIDE))
        for number in range(beside)
    ]


def grid(count: int) -> list[Place]:
    """As square as it goes; the last row is centred."""
    if not count:
        return []
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    width, height = WIDTH // columns // 2 * 2, HEIGHT // rows // 2 * 2
    places = []
    for number in range(count):
        row, column = divmod(number, columns)
        in_row = min(columns, count - row * columns)
        left = (WIDTH - in_row * width) // 4 * 2 + column * width
        places.append(_place(number, Box(left, row * height, width, height)))
    return places


def _place(number: int, cell: Box) -> Place:
    name = max(20, min(36, cell.height // 10)) // 2 * 2
    picture = Box(cell.left + 2, cell.top + 2, cell.width - 4, cell.height - name - 4)
    return Place(number, picture, Box(cell.left + 2, cell.top + cell.height - name - 2, cell.width - 4, name))


def fitted(width: int, height: int, box: Box) -> Box:
    """The largest box of this shape in the middle of another."""
    scale = min(box.width / max(1, width), box.height / max(1, height))
    inner_width = max(2, min(box.width, round(width * scale)) // 2 * 2)
    inner_height = max(2, min(box.height, round(height * scale)) // 2 * 2)
    left = box.left + (box.width - inner_width) // 4 * 2
    top = box.top + (box.height - inner_height) // 4 * 2
    return Box(left, top, inner_width, inner_height)


def steady(shown: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those who stay keep their order, who is new comes behind."""
    known = [one for one in shown if one in wanted]
    return known + [one for one in wanted if one not in known]
