"""What each layer of a stream costs, as the data plane measures it. Rates are bit/s."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from mediaserver.allocation import Rung

TOLD_CHANGE = 0.05
"""A smaller change of a cost is not worth new allocations."""


class LayerBitrates:
    """Of each (spatial, temporal) layer without the layers below it. One that stands still is taken for what it was."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, int], int] = {}
        self.ladders: dict[Hashable, tuple[Rung, ...]] = {}
        """Made of these costs; whoever makes them keeps them here."""

    def observe(self, measured: Iterable[tuple[int, int, int]]) -> float:
        """A second's (spatial, temporal, bit/s). Returns at most how many times what they did its layers cost now; 0:
        nothing has changed."""
        growth = 0.0
        for spatial, temporal, rate in measured:
            layer = spatial, temporal
            told = self._told.get(layer)
            if told is None or abs(rate - told) > TOLD_CHANGE * told:
                self._told[layer] = rate
                growth = max(growth, 1.0, rate / told if told else inf)
        if growth:
            self.ladders.clear()
        return growth

    @property
    def spatial_layers(self) -> int:
        """How many were seen."""
        return max((spatial + 1 for spatial, _ in self._told), default=0)

    def temporal_layers(self, spatial: int) -> int:
        """How many were seen of a spatial layer; 0: it never came."""
        return max((t + 1 for s, t in self._told if s == spatial), default=0)

    def cost(self, spatial: int, temporal: int, *, svc: bool) -> int:
        """Of a layer up to a temporal layer; of SVC with the spatial layers below, which it needs."""
        lowest = 0 if svc else spatial
        return sum(rate for (s, t), rate in self._told.items() if t <= temporal and lowest <= s <= spatial)
