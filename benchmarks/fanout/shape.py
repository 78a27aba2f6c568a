"""What is sent, to how many."""

from dataclasses import dataclass, field

from ..peers.plan import Traffic
from .encoded import frame_sizes

NAMES = ("video", "single", "encoded", "audio")
#: What media takes at most of a packet: room for SRTP, extensions and the path's headers in 1,280 bytes.
MAX_PACKET_BYTES = 1200


@dataclass(frozen=True)
class Shape:
    """Bursts of packets, `frames_per_second` times a second. `frames`: sizes when they differ, in bytes."""

    name: str
    kind: str
    receivers: int
    publishers: int
    frames_per_second: float
    burst: int
    packet_bytes: int
    clock_rate: int
    frames: list[list[int]] = field(default_factory=list)

    @classmethod
    def named(cls, name: str, receivers: int) -> "Shape":
        """Raises ValueError for a name that is not in `NAMES`."""
        if name == "video":  # 25 fps, 8 packets a frame: 1.9 Mbit/s
            return cls(name, "video", receivers, 1, 25.0, 8, MAX_PACKET_BYTES, 90_000)
        if name == "single":  # the same rate, packets one at a time
            return cls(name, "video", receivers, 1, 200.0, 1, MAX_PACKET_BYTES, 90_000)
        if name == "encoded":  # sizes of a real VP8 stream
            frames = frame_sizes(MAX_PACKET_BYTES)
            packets = sum(map(len, frames))
            mean_burst, mean_bytes = packets / len(frames), sum(map(sum, frames)) / packets
            burst, size = round(mean_burst), round(mean_bytes)
            return cls(name, "video", receivers, 1, 25.0, burst, size, 90_000, frames)
        if name == "audio":  # Opus, 20 ms, everyone speaks to everyone
            return cls(name, "audio", receivers, receivers, 50.0, 1, 120, 48_000)
        raise ValueError(f"no shape {name}")

    def traffic(self) -> Traffic:
        """For the load generator."""
        return {
            "frames_per_second": self.frames_per_second,
            "burst": self.burst,
            "packet_bytes": self.packet_bytes,
            "clock_rate": self.clock_rate,
            "frames": self.frames,
        }
