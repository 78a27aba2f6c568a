"""The rungs between nothing and what a subscriber wishes of a stream, with what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mediaserver.allocation import Rung
from mediaserver.subscription import NOMINAL_FRAME_RATE, Target

if TYPE_CHECKING:
    from mediaserver.layer_bitrates import LayerBitrates
    from mediaserver.layers import VideoLayer
    from mediaserver.track import CodecStream

BITS_PER_PIXEL = 0.07
"""Of an encoder for calls, at `NOMINAL_FRAME_RATE`: 720p takes 1.9 Mbit/s."""
PEAK = 1.25
"""Of what a publisher announces: more for a second is a keyframe, which the pace of sending takes care of."""
UNKNOWN_LAYER = (320, 180)
"""Pixels of the lowest layer of a publisher that tells none; each further one has twice the width."""


def ladder_of(stream: CodecStream, target: Target) -> tuple[Rung, ...]:
    """The ladder of an enabled target, made only once for all who wish the same."""
    ladders = stream.bitrates.ladders
    key = target, stream.rids, stream.mime_type
    if key not in ladders:
        ladders[key] = ladder(
            target, stream.bitrates, stream.layers, len(stream.rids), svc=stream.is_cumulative
        )
    return ladders[key]


def ladder(
    target: Target, bitrates: LayerBitrates, layers: Sequence[VideoLayer], encodings: int, *, svc: bool
) -> tuple[Rung, ...]:
    """Strictly rising in cost; the last rung is the target itself.

    `layers` as announced, lowest first; `encodings` are those of the offer. Only the lowest spatial layer is shown at
    less than half of its frames: a small picture that moves is better than a large one that stutters.
    """
    announced = len(layers) if encodings <= 1 else encodings
    count = max(1, announced, bitrates.spatial_layers)
    top = min(target.max_spatial, count - 1)
    rungs = list[Rung]()
    for spatial in range(top + 1):
        seen = bitrates.temporal_layers(spatial)
        last = min(target.max_temporal, max(seen, 1) - 1)
        first = max(0, min(last, seen - 2)) if spatial else 0
        for temporal in range(first, last + 1):
            bits = float(bitrates.cost(spatial, temporal, svc=svc)) if seen else _announced(layers, spatial)
            if not svc and spatial < len(layers) and (most := layers[spatial].bitrate_bps):
                bits = min(bits, PEAK * most)
            rung_temporal = target.max_temporal if temporal == last else temporal
            _add(rungs, Rung(spatial, rung_temporal, max(1, round(bits))))
    rungs[-1] = Rung(target.max_spatial, target.max_temporal, rungs[-1].cost_bps)
    return tuple(rungs)


def _add(rungs: list[Rung], rung: Rung) -> None:
    while rungs and rungs[-1].cost_bps >= rung.cost_bps:
        rungs.pop()  # more for less
    rungs.append(rung)


def _announced(layers: Sequence[VideoLayer], spatial: int) -> float:
    layer = layers[spatial] if spatial < len(layers) else None
    if layer is not None and layer.bitrate_bps:
        return layer.bitrate_bps
    width, height = (side << spatial for side in UNKNOWN_LAYER)
    if layer is not None and layer.width and layer.height:
        width, height = layer.width, layer.height
    return BITS_PER_PIXEL * width * height * NOMINAL_FRAME_RATE
