"""Who receives a track, and how much of it: a subscription, and the pure rules from wishes to layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.track import CodecStream, Track

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import RtpSender

UNLIMITED = 255
"""As in `_dataplane.pyi`: no limit of layers."""
NOMINAL_FRAME_RATE = 30
"""Frames/s at which publishers are assumed to encode three temporal layers (L1T3: 1/4, 1/2, all)."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a subscriber asks for. Width and height in pixels of its picture, 0: use `quality`."""

    disabled: bool = False
    quality: VideoQuality = VideoQuality.HIGH
    width: int = 0
    height: int = 0
    fps: int = 0
    """0: all frames."""
    priority: int = 0
    """On a line that cannot carry everything: more comes first (LiveKit: up to 255); 0: by the source of the track."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the sender may forward at most."""

    enabled: bool
    max_spatial: int = UNLIMITED
    max_temporal: int = UNLIMITED


EVERYTHING = Target(enabled=True)


def at_most(target: Target, limit: Target) -> Target:
    """What both allow."""
    return Target(
        target.enabled and limit.enabled,
        min(target.max_spatial, limit.max_spatial),
        min(target.max_temporal, limit.max_temporal),
    )


def target_for(wishes: Wishes, layers: tuple[VideoLayer, ...], encodings: int) -> Target:
    """The target of a sender. `layers` as announced, lowest first; `encodings` are those of the offer.

    Layers count only when there is one for each encoding, or one encoding with several spatial layers (SVC).
    """
    if wishes.disabled or wishes.quality is VideoQuality.OFF:
        return Target(enabled=False)
    count = len(layers) if encodings <= 1 else encodings
    known = layers if len(layers) == count else ()
    if count <= 1:
        return Target(True, UNLIMITED, max_temporal_for(wishes.fps))
    if wishes.width and wishes.height and all(layer.width and layer.height for layer in known) and known:
        spatial = _by_size(wishes, known)
    elif known:
        spatial = max((i for i, layer in enumerate(known) if layer.quality <= wishes.quality), default=0)
    else:
        spatial = {VideoQuality.LOW: 0, VideoQuality.MEDIUM: count // 2}.get(wishes.quality, count - 1)
    spatial = UNLIMITED if spatial >= count - 1 else spatial
    return Target(True, spatial, max_temporal_for(wishes.fps))


def needed_quality(target: Target, layers: tuple[VideoLayer, ...]) -> VideoQuality:
    """The highest quality that a publisher must encode for a target."""
    if not target.enabled:
        return VideoQuality.OFF
    if target.max_spatial == UNLIMITED:
        return VideoQuality.HIGH
    if target.max_spatial < len(layers):
        return layers[target.max_spatial].quality
    return VideoQuality(min(target.max_spatial, VideoQuality.HIGH))


def max_temporal_for(fps: int) -> int:
    """The highest temporal layer that is needed for a frame rate."""
    if fps == 0 or fps > NOMINAL_FRAME_RATE // 2:
        return UNLIMITED
    return 1 if fps > NOMINAL_FRAME_RATE // 4 else 0


def _by_size(wishes: Wishes, layers: tuple[VideoLayer, ...]) -> int:
    # The smallest layer that is not blurred when drawn: portrait and landscape are compared by the short
    # side.
    wanted = min(wishes.width, wishes.height)
    for index, layer in enumerate(layers):
        if min(layer.width, layer.height) >= wanted:
            return index
    return len(layers) - 1


@dataclass(eq=False)
class Subscription:
    """A track on its way to one subscriber."""

    stream: CodecStream
    """The codec in which the subscriber gets the track."""
    subscriber: Participant
    sender: RtpSender
    wishes: Wishes
    wished: Target = EVERYTHING
    """What the wishes come to."""
    granted: Target = EVERYTHING
    """What the line to the subscriber allows at most."""
    barred: bool = False
    """The rules of the room deny it for now: nothing is forwarded."""

    @property
    def track(self) -> Track:
        return self.stream.track

    @property
    def takes_bandwidth(self) -> bool:
        """Whether it is a picture that is wanted, and there is one."""
        return self.track.kind == "video" and self.wished.enabled and not self.track.is_silent

    def apply(self) -> None:
        """Tells the data plane, and the publisher's dynacast what is needed."""
        if self.track.kind == "audio":
            self.sender.set_target(enabled=not (self.wishes.disabled or self.barred))
            return
        layers = self.stream.layers
        wished = target_for(self.wishes, layers, len(self.stream.rids))
        self.wished = Target(enabled=False) if self.barred else wished
        self._set_target()
        self.track.dynacast.need(self.subscriber, self.stream.number, needed_quality(self.wished, layers))
        self.subscriber.subscriber.allocator.changed()

    def bar(self, barred: bool) -> None:
        """Whether the rules of the room deny it."""
        if barred != self.barred:
            self.barred = barred
            self.apply()

    def grant(self, limit: Target) -> None:
        """What the line allows at most from now on."""
        if limit != self.granted:
            self.granted = limit
            self._set_target()

    def _set_target(self) -> None:
        target = at_most(self.wished, self.granted)
        self.sender.set_target(
            enabled=target.enabled, max_spatial=target.max_spatial, max_temporal=target.max_temporal
        )

    def move(self, stream: CodecStream) -> None:
        """The subscriber gets the track in another codec."""
        assert stream.receiver is not None, "what comes in has a receiver"
        self.stream = stream
        self.sender.replace_source(stream.receiver)
        self.apply()
