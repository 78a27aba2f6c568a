"""What the load generator is told and what it reports: the fields of benchmarks/loadgen/src/plan.rs."""

from typing import TypedDict


class PeerPlan(TypedDict):
    """A connected socket with its SRTP master keys (hexadecimal) and ICE credentials for consent checks."""

    fd: int
    profile: str
    send_key: str
    send_salt: str
    receive_key: str
    receive_salt: str
    ice_username: str
    ice_password: str
    transport_sequence_id: int | None
    """Of the header extension, where it was agreed on: publishers write it, subscribers give feedback on it."""


class Traffic(TypedDict):
    """What a publisher sends: `burst` packets of `packet_bytes` for each frame, or the sizes in `frames` in turn."""

    frames_per_second: float
    burst: int
    packet_bytes: int
    clock_rate: int
    frames: list[list[int]]


class PublisherPlan(PeerPlan, Traffic):
    """A peer that sends."""

    ssrc: int
    payload_type: int
    mid: tuple[int, str] | None
    audio_level_id: int | None
    video: bool


class Plan(TypedDict):
    """One run of the generator."""

    server_pids: list[int]
    warmup_s: float
    duration_s: float
    rtx_payload_types: list[int]
    publishers: list[PublisherPlan]
    subscribers: list[PeerPlan]


class Report(TypedDict):
    """What the generator saw in the window; CPU times are those of the server's processes and its own."""

    sent: int
    received: int
    lost: int
    retransmitted: int
    decrypted: int
    corrupt: int
    streams: int
    feedbacks: int
    latency_us: list[tuple[float, int]]
    server_cpu_s: float
    own_cpu_s: float
    window_s: float
