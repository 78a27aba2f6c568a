"""What is sent, and who gets it. A new shape is a line of `SHAPES`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..peers.plan import Traffic
from .encoded import frame_sizes

#: What media takes at most of a packet: room for SRTP, extensions and the path's headers in 1,280 bytes.
MAX_PACKET_BYTES = 1200
VIDEO_CLOCK, OPUS_CLOCK = 90_000, 48_000
RECEIVERS_OF_A_ROOM = 3


@dataclass(frozen=True)
class Media:
    """What each publisher sends: bursts of packets, `frames_per_second` times a second."""

    kind: str
    frames_per_second: float
    burst: int
    packet_bytes: int
    clock_rate: int
    frames: tuple[tuple[int, ...], ...] = ()
    """Sizes of the packets of each frame when they differ, in bytes; then `burst` and `packet_bytes` are means."""


@dataclass(frozen=True)
class Layout:
    """Who is there. Publishers and receivers are those of each room."""

    rooms: int
    publishers: int
    receivers: int
    two_way: bool = False
    """The publishers are the receivers, and nobody gets their own; else they are different participants."""
    words: str = ""


@dataclass(frozen=True)
class Pattern:
    """A shape of any size."""

    media: Callable[[], Media]
    layout: Callable[[int], Layout]
    sizes: tuple[int, ...]
    """Of `make bench`."""
    quick: tuple[int, ...] = ()
    """Of `--quick`; none: it is left out there unless it is named."""


def fan_out(size: int) -> Layout:
    return Layout(rooms=1, publishers=1, receivers=size, words=f"1 -> {size}")


def meeting(size: int) -> Layout:
    words = f"{size} who publish and receive the {size - 1} others"
    return Layout(rooms=1, publishers=size, receivers=size, two_way=True, words=words)


def rooms(size: int) -> Layout:
    words = f"{size} rooms, 1 -> {RECEIVERS_OF_A_ROOM} in each"
    return Layout(rooms=size, publishers=1, receivers=RECEIVERS_OF_A_ROOM, words=words)


def video(frames_per_second: float = 25, burst: int = 8) -> Media:
    """Frames of equal packets; 1.9 Mbit/s."""
    return Media("video", frames_per_second, burst, MAX_PACKET_BYTES, VIDEO_CLOCK)


def encoded() -> Media:
    """Sizes of a real VP8 stream."""
    frames = tuple(map(tuple, frame_sizes(MAX_PACKET_BYTES)))
    packets = sum(map(len, frames))
    burst, size = round(packets / len(frames)), round(sum(map(sum, frames)) / packets)
    return Media("video", 25, burst, size, VIDEO_CLOCK, frames)


def opus() -> Media:
    """A packet each 20 ms."""
    return Media("audio", 50, 1, 120, OPUS_CLOCK)


SHAPES: Mapping[str, Pattern] = {
    "video": Pattern(video, fan_out, sizes=(10, 50, 200), quick=(50, 200)),
    # The same rate, packets one at a time.
    "single": Pattern(lambda: video(200, 1), fan_out, sizes=(50,)),
    "encoded": Pattern(encoded, fan_out, sizes=(50,)),
    "meeting": Pattern(video, meeting, sizes=(8,), quick=(8,)),
    "audio": Pattern(opus, meeting, sizes=(50,), quick=(20,)),
    # Slow enough that a server of 10 us a packet carries a thousand.
    "growth": Pattern(lambda: video(10), fan_out, sizes=(50, 200, 500, 1000), quick=(50, 500)),
    # The small picture of somebody who is not looked at: 0.5 Mbit/s.
    "rooms": Pattern(lambda: video(25, 2), rooms, sizes=(10, 100, 500), quick=(10, 100)),
    # In each room somebody speaks all the time.
    "speech": Pattern(opus, rooms, sizes=(100, 500)),
}


@dataclass(frozen=True)
class Shape:
    """A pattern in one size: receivers of a fan-out, participants of a meeting, or rooms."""

    name: str
    size: int
    media: Media
    layout: Layout

    @classmethod
    def named(cls, name: str, size: int) -> "Shape":
        """Raises ValueError for a name that is not in `SHAPES`."""
        if name not in SHAPES:
            raise ValueError(f"no shape {name}")
        return cls(name, size, SHAPES[name].media(), SHAPES[name].layout(size))

    @property
    def kind(self) -> str:
        """audio or video."""
        return self.media.kind

    @property
    def publishers(self) -> int:
        """Of all rooms."""
        return self.layout.rooms * self.layout.publishers

    @property
    def receivers(self) -> int:
        """Of all rooms."""
        return self.layout.rooms * self.layout.receivers

    @property
    def copies(self) -> int:
        """How many get each packet that is sent."""
        return self.layout.receivers - self.layout.two_way

    @property
    def tracks(self) -> int:
        """How many each receiver gets."""
        return self.layout.publishers - self.layout.two_way

    @property
    def subscriptions(self) -> int:
        """Streams that leave the server."""
        return self.receivers * self.tracks

    @property
    def bursts_per_second(self) -> float:
        """Of all publishers."""
        return self.publishers * self.media.frames_per_second

    def traffic(self) -> Traffic:
        """For the load generator."""
        return {
            "frames_per_second": self.media.frames_per_second,
            "burst": self.media.burst,
            "packet_bytes": self.media.packet_bytes,
            "clock_rate": self.media.clock_rate,
            "frames": [list(frame) for frame in self.media.frames],
        }
