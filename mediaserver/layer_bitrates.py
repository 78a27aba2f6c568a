"""What each layer of a stream costs, as the data plane measures it. Rates are bit/s."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from mediaserver.allocation import Rung


class LayerBitrates:
    """Of each (spatial, temporal) layer without the layers below it. One that stands still is taken for what it was."""

    def __init__(self) -> None:
        self._measured: dict[tuple[int, int], int] = {}
        self.ladders: dict[Hashable, tuple[Rung, ...]] = {}
        """Made of these costs; whoever makes them keeps them here."""

    def observe(self, measured: Mapping[tuple[int, int], int]) -> float:
        """What has changed, by (spatial, temporal). Returns at most how many times what they did its layers cost now,
        and 1 where they cost less."""
        growth = 1.0
        for layer, rate in measured.items():
            before = self._measured.get(layer)
            growth = max(growth, rate / before if before else inf)
        self._measured |= measured
        self.ladders.clear()
        return growth

    @property
    def spatial_layers(self) -> int:
        """How many were seen."""
        return max((spatial + 1 for spatial, _ in self._measured), default=0)

    def temporal_layers(self, spatial: int) -> int:
        """How many were seen of a spatial layer; 0: it never came."""
        return max((t + 1 for s, t in self._measured if s == spatial), default=0)

    def cost(self, spatial: int, temporal: int, *, svc: bool) -> int:
        """Of a layer up to a temporal layer; of SVC with the spatial layers below, which it needs."""
        lowest = 0 if svc else spatial
        return sum(
            rate for (s, t), rate in self._measured.items() if t <= temporal and lowest <= s <= spatial
        )
