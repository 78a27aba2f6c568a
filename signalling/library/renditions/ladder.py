"""Which layers a film gets. Pure."""

from dataclasses import dataclass

MOST_LAYERS = 3
MOST_HEIGHT = 720
LEAST_HEIGHT = 120
MOST_WIDTH = 1280
FRAME_RATES = (10, 12, 15, 20, 24, 25, 30)  # divide VP8's clock
BITS_PER_PIXEL = 0.07
LEAST_BITRATE = 80_000  # bit/s


@dataclass(frozen=True, slots=True)
class Layer:
    number: int  # 0 is the lowest
    width: int
    height: int
    bitrate: int  # bit/s


def frame_rate(source: float) -> int:
    """The nearest rate that is broadcast; rates above 30 are halved first. 0 (one picture): the lowest."""
    while source > 33:
        source /= 2
    return min(FRAME_RATES, key=lambda rate: abs(rate - source))


def ladder(
    width: int,
    height: int,
    rate: int,
    *,
    most: tuple[int, int] = (MOST_WIDTH, MOST_HEIGHT),
    bits_per_pixel: float = BITS_PER_PIXEL,
) -> tuple[Layer, ...]:
    """Halves of the source, at most `most` (width, height), lowest first; sides are even, the aspect ratio is kept."""
    scale = min(1.0, most[1] / height, most[0] / width)
    sizes = [(_even(width * scale), _even(height * scale))]
    while len(sizes) < MOST_LAYERS and sizes[-1][1] // 2 >= LEAST_HEIGHT:
        scale /= 2
        sizes.append((_even(width * scale), _even(height * scale)))
    return tuple(
        Layer(number, wide, high, max(LEAST_BITRATE, round(wide * high * rate * bits_per_pixel)))
        for number, (wide, high) in enumerate(reversed(sizes))
    )


def _even(side: float) -> int:
    return max(16, round(side / 2) * 2)
