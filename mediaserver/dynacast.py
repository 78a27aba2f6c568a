"""Dynacast: which codecs and layers of a track anybody watches, so that its publisher encodes no others.

Pure: times are seconds of a monotonic clock, given by the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping

from mediaserver.layers import VideoQuality

PAUSE_DELAY_S = 5.0
"""Somebody who opens a picture again at once should not wait for an encoder (LiveKit's default)."""
FIRST_DELAY_S = 10.0
"""From publishing to the first pause: subscribers need a while to come (as LiveKit)."""


Needs = Mapping[int, VideoQuality]
"""Number of a codec in its announcement -> highest quality that anybody needs; OFF: nobody needs the codec."""


class Dynacast:
    """What the subscribers of one track need, and what its publisher was told.

    The first codec is encoded from the start, the others on demand.
    """

    def __init__(self, codecs: int, stir: Callable[[], None]) -> None:
        """`codecs`: how many were announced. `stir`: `update` should be called soon."""
        self._stir = stir
        self._needs: dict[Hashable, tuple[int, VideoQuality]] = {}
        self._counts: Counter[tuple[int, VideoQuality]] = Counter()
        """How many need the same: an audience is asked about while it comes, many times a second."""
        self._told = dict.fromkeys(range(codecs), VideoQuality.OFF) | {0: VideoQuality.HIGH}
        self._changed = True
        self._began = False
        self._lower_at: float | None = None

    def need(self, subscriber: Hashable, codec: int, quality: VideoQuality) -> None:
        """A subscriber needs a codec up to a quality, instead of what it needed before."""
        if quality is VideoQuality.OFF:
            self.forget(subscriber)
        elif self._needs.get(subscriber) != (codec, quality):
            self.forget(subscriber)
            self._needs[subscriber] = codec, quality
            self._counts[codec, quality] += 1
            self._change()

    def forget(self, subscriber: Hashable) -> None:
        """A subscriber needs nothing (any more)."""
        need = self._needs.pop(subscriber, None)
        if need is not None:
            self._counts[need] -= 1
            self._change()

    @property
    def is_stirred(self) -> bool:
        """`update` may have something to say soon."""
        return self._changed

    def update(self, now: float) -> Needs | None:
        """What the publisher must be told now, or None. More is told at once, less only after a delay.

        The first call says that the publisher begins to encode.
        """
        if not self._began:
            self._began, self._lower_at = True, now + FIRST_DELAY_S
        if not self._changed:
            return None
        wanted = {codec: self._quality(codec) for codec in self._told}
        if wanted == self._told:
            self._changed, self._lower_at = False, None
            return None
        rises = any(_rank(wanted[codec]) > _rank(told) for codec, told in self._told.items())
        if not rises:
            if self._lower_at is None:
                self._lower_at = now + PAUSE_DELAY_S
            if now < self._lower_at:
                return None
        self._changed, self._lower_at = False, None
        self._told = wanted
        return wanted

    def _change(self) -> None:
        if not self._changed:
            self._changed = True
            self._stir()

    def _quality(self, codec: int) -> VideoQuality:
        needs = [quality for (needed, quality), count in self._counts.items() if needed == codec and count]
        return max(needs, default=VideoQuality.OFF)


def _rank(quality: VideoQuality) -> int:
    return -1 if quality is VideoQuality.OFF else int(quality)
