"""The typed boundary between the control plane (Python) and the packet path (Rust).

Commands go down, events come up, all plain values. Only `mediaserver.engine` imports this module.
Times are microseconds, rates bit/s, sizes bytes. Ids are chosen by the caller and unique in the process.
"""

from collections.abc import Sequence
from typing import Final, Literal, final

__all__ = [
    "FORWARD_LATENCY_BOUNDS_US",
    "NICE",
    "RECEIVER_FIELDS",
    "SENDER_FIELDS",
    "SRTP_PROFILES",
    "TRANSPORT_FIELDS",
    "AudioLevels",
    "BandwidthEstimated",
    "Chunk",
    "ChunkPlayed",
    "CodecParameters",
    "CommandFailed",
    "DataPlane",
    "DtlsReceived",
    "Encoding",
    "EncodingStarted",
    "EncodingStopped",
    "IceDisconnected",
    "IceSelected",
    "LayerBitrates",
    "PayloadTypeMapping",
    "SenderEncodingChanged",
    "Tapped",
    "WorkerFailed",
    "WorkerStatistics",
    "__version__",
]

__version__: Final[str]

@final
class CodecParameters:
    """One negotiated payload type (RFC 8866 `a=rtpmap`, RFC 4588 RTX)."""
    def __new__(
        cls, payload_type: int, mime_type: str, clock_rate: int, rtx_payload_type: int | None = None
    ) -> CodecParameters: ...

@final
class Encoding:
    """One stream of a receiver; the list is ordered from lowest to highest quality."""
    def __new__(
        cls, rid: str | None = None, ssrc: int | None = None, rtx_ssrc: int | None = None
    ) -> Encoding: ...

@final
class PayloadTypeMapping:
    """What becomes of one payload type of a sender's source.

    `unwrap_red`: `incoming` is RED (RFC 2198) and the peer takes only what it wraps: the primary block goes out
    alone, and lost packets are made again from the redundant ones.
    """
    def __new__(
        cls, incoming: int, outgoing: int, outgoing_rtx: int | None = None, *, unwrap_red: bool = False
    ) -> PayloadTypeMapping: ...

@final
class Chunk:
    """Prepared packets of a film, of about a second, checked once and shared by all who play them.

    Records, all numbers big endian: microseconds from the begin of the chunk (u32, never falling; packets of a frame
    have the same), stream (u8, 0 to 15), flags (u8: 1 is the marker bit), length (u16, 1 to 1200), payload. Each chunk
    begins with a keyframe of every layer. Raises `ValueError` naming the record at fault.
    """
    def __new__(cls, records: bytes) -> Chunk: ...

@final
class IceSelected:
    """A path was chosen for the first time or has changed. Addresses are "host:port"."""

    __match_args__ = (
        "transport",
        "protocol",
        "local",
        "remote",
    )
    @property
    def transport(self) -> int: ...
    @property
    def protocol(self) -> Literal["udp", "tcp"]: ...
    @property
    def local(self) -> str: ...
    @property
    def remote(self) -> str: ...

@final
class IceDisconnected:
    """Consent was lost (RFC 7675); the transport stays and can come back."""

    __match_args__ = ("transport",)
    @property
    def transport(self) -> int: ...

@final
class ChunkPlayed:
    """All packets of the chunk that began at this time of the film have left."""

    __match_args__ = (
        "transport",
        "media_us",
    )
    @property
    def transport(self) -> int: ...
    @property
    def media_us(self) -> int: ...

@final
class DtlsReceived:
    """A DTLS datagram for the handshake or the data channels."""

    __match_args__ = (
        "transport",
        "datagram",
    )
    @property
    def transport(self) -> int: ...
    @property
    def datagram(self) -> bytes: ...

@final
class EncodingStarted:
    """The first packet of an encoding, or it is live again."""

    __match_args__ = (
        "receiver",
        "encoding",
        "ssrc",
    )
    @property
    def receiver(self) -> int: ...
    @property
    def encoding(self) -> int: ...
    @property
    def ssrc(self) -> int: ...

@final
class EncodingStopped:
    """No packet of a video encoding for a second."""

    __match_args__ = (
        "receiver",
        "encoding",
    )
    @property
    def receiver(self) -> int: ...
    @property
    def encoding(self) -> int: ...

@final
class AudioLevels:
    """Of the tracks that come in at one worker, those above the speech threshold, loudest first: (receiver, linear
    level 0..1). Empty: all of them fell silent."""

    __match_args__ = ("worker", "levels")
    @property
    def worker(self) -> int: ...
    @property
    def levels(self) -> list[tuple[int, float]]: ...

@final
class SenderEncodingChanged:
    """The encoding that a sender forwards now; None: nothing live."""

    __match_args__ = (
        "sender",
        "encoding",
    )
    @property
    def sender(self) -> int: ...
    @property
    def encoding(self) -> int | None: ...

@final
class BandwidthEstimated:
    """What the line to a peer that gives feedback can carry of video, bit/s. Told first when the first video sender of
    the transport is set, then when it changes by a twentieth, unless it was and is well above what is wanted."""

    __match_args__ = (
        "transport",
        "bits_per_second",
    )
    @property
    def transport(self) -> int: ...
    @property
    def bits_per_second(self) -> int: ...

@final
class LayerBitrates:
    """Once a second: what comes in of layers of tracks that have senders, as (receiver, spatial layer or index of the
    encoding, temporal layer, bit/s), each without the layers below it: of those that differ by a twentieth from what
    was told, or whose receiver has been enabled since. What stands still is not listed."""

    __match_args__ = ("layers",)
    @property
    def layers(self) -> list[tuple[int, int, int, int]]: ...

@final
class Tapped:
    """Packets of a track that came in, copied since the last time, each once and in order of arrival.

    Records, all numbers little endian: arrival (u64, us of `DataPlane.now_us`), extended sequence number (u64), RTP
    time (u32), length of the payload (u16), flags, encoding, payload type (u8 each), payload. Flags: 1 is the marker
    bit; 2: a stream begins (another encoding or SSRC), with a keyframe if it is video; 4: no packet but a sender report
    of the publisher, with its RTP time and, as payload, its NTP time (u64); 8: the picture is to be turned clockwise by
    as many quarters as the two bits above say. A payload of padding alone is empty.
    """

    __match_args__ = ("tap", "records", "packets", "lost", "dropped", "ended")
    @property
    def tap(self) -> int: ...
    @property
    def records(self) -> bytes:
        """At most 64 KiB, half a second after the first at the latest."""
    @property
    def packets(self) -> int:
        """In these records."""
    @property
    def lost(self) -> int:
        """Since the begin: numbers that never came, between others that did."""
    @property
    def dropped(self) -> int:
        """Packets before these for which there was no place, as nobody took the events."""
    @property
    def ended(self) -> bool:
        """Nothing comes after this: the tap was removed, or its receiver."""

@final
class CommandFailed:
    """A command named something that does not exist any more, or had invalid parameters."""

    __match_args__ = ("reason",)
    @property
    def reason(self) -> str: ...

@final
class WorkerFailed:
    """A worker thread ended with a panic; its transports are gone."""

    __match_args__ = (
        "worker",
        "reason",
    )
    @property
    def worker(self) -> int: ...
    @property
    def reason(self) -> str: ...

TRANSPORT_FIELDS: Final[list[tuple[str, str]]]
"""Of the rows of `WorkerStatistics.transports`: names and types as NumPy reads them, eight bytes each.

`wire_bytes_out`: with what IP and UDP or TCP add to each datagram. `rtt_us`: -1 while it is not known.
`feedback_arrived`: packets that the peer's transport-wide feedback said to have come, of this line alone; lost ones are
`feedback_lost`; both stay 0 where the peer gives none. `jitter_us`: how unevenly packets came that left evenly, by the
same feedback. `keyframe_requests`: PLI and FIR of the peer.
"""
RECEIVER_FIELDS: Final[list[tuple[str, str]]]
"""Of the rows of `WorkerStatistics.receivers`. `frames`: ends of frames that came, of all encodings;
`live_encodings`: a bit for each."""
SENDER_FIELDS: Final[list[tuple[str, str]]]
"""Of the rows of `WorkerStatistics.senders`. `fraction_lost`: 0 to 1, of the last report; `encoding`: -1 while none is
sent."""

@final
class WorkerStatistics:
    """A snapshot of one worker, at most a second old."""
    @property
    def worker(self) -> int: ...
    @property
    def counters(self) -> dict[str, int]:
        """Since the start; the keys are the fields of `Counters` in core/src/api.rs and the shell's own
        (`send_errors`, `send_calls`, `receive_calls`, `handed_over`, `tcp_connections`, ...)."""
    @property
    def cpu_us(self) -> int:
        """CPU time of the thread."""
    @property
    def forward_latency(self) -> list[int]:
        """Cumulative counts for `FORWARD_LATENCY_BOUNDS_US`, then the total: seconds from socket to socket."""
    @property
    def forward_latency_sum_us(self) -> int: ...
    @property
    def transports(self) -> bytes:
        """Rows of `TRANSPORT_FIELDS`, in order of the ids."""
    @property
    def receivers(self) -> bytes: ...
    @property
    def senders(self) -> bytes: ...

FORWARD_LATENCY_BOUNDS_US: Final[list[int]]
NICE: Final[int]
"""Priority that workers give themselves where the system lets them, see `setpriority`."""
SRTP_PROFILES: Final[list[str]]
"""Names in DTLS order of preference: SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80."""

@final
class DataPlane:
    """Worker threads with their sockets. Every method is thread-safe and returns at once.

    Raises `OSError` when an address cannot be bound, `ValueError` for arguments out of range.
    """
    def __new__(
        cls,
        *,
        udp_binds: Sequence[str],
        tcp_binds: Sequence[str] = ...,
        workers: int = 1,
        coalesce_us: int = 500,
        cache_packets: int = 512,
        consent_timeout_us: int = 15_000_000,
        keyframe_interval_us: int = 500_000,
        audio_interval_us: int = 300_000,
        audio_active_level: int = 35,
        audio_min_percentile: int = 40,
        loudest_speakers: int = 0,
        loudest_from: int = 0,
        max_video_bps: int = 0,
        seed: int | None = None,
    ) -> DataPlane: ...
    @property
    def workers(self) -> int: ...
    @property
    def udp_addresses(self) -> list[str]:
        """Bound addresses (the port is real when 0 was asked for)."""
    @property
    def tcp_addresses(self) -> list[str]: ...
    def fileno(self) -> int:
        """An eventfd that is readable while events wait, unless all can wait for others: `LayerBitrates`,
        `EncodingStopped` and `SenderEncodingChanged`, as long as they are not many."""
    def poll_events(self, limit: int = 256) -> list[object]:
        """Takes waiting events, oldest first; clears the eventfd when none is left."""
    def statistics(self) -> list[WorkerStatistics]:
        """Of all workers that answer within a fifth of a second, which it waits for them."""
    def ask_statistics(self) -> list[int]:
        """The same as events: each of these workers tells its `WorkerStatistics`."""
    def close(self) -> None:
        """Sends BYE, ends the threads, closes the sockets. Idempotent."""

    def add_transport(self, transport: int, worker: int, ufrag: str, password: str) -> None: ...
    def restart_ice(self, transport: int, ufrag: str, password: str) -> None: ...
    def remove_transport(self, transport: int) -> None: ...
    def set_srtp_keys(
        self,
        transport: int,
        profile: str,
        receive_key: bytes,
        receive_salt: bytes,
        send_key: bytes,
        send_salt: bytes,
    ) -> None: ...
    def send_dtls(self, transport: int, datagram: bytes) -> None: ...
    def set_receiver(
        self,
        transport: int,
        receiver: int,
        *,
        kind: Literal["audio", "video"],
        mid: str,
        codecs: Sequence[CodecParameters],
        encodings: Sequence[Encoding],
        extensions: Sequence[tuple[str, int]],
        nack: bool,
    ) -> None: ...
    def enable_receiver(self, receiver: int, enabled: bool) -> None: ...
    def remove_receiver(self, receiver: int) -> None: ...
    def set_sender(
        self,
        transport: int,
        sender: int,
        *,
        receiver: int,
        mid: str,
        ssrc: int,
        rtx_ssrc: int | None,
        cname: str,
        payload_types: Sequence[PayloadTypeMapping],
        extensions: Sequence[tuple[str, int]],
    ) -> None: ...
    def set_sender_target(
        self, sender: int, *, enabled: bool, max_spatial: int = 255, max_temporal: int = 255
    ) -> None: ...
    def remove_sender(self, sender: int) -> None: ...
    def set_wanted_bitrate(self, transport: int, bits_per_second: int) -> None:
        """What the senders of a transport would take if its line allowed, bit/s of video; the line is probed up to this
        and no further, 0 (as at first): not at all."""
    def request_keyframe(self, receiver: int) -> None: ...
    @property
    def now_us(self) -> int:
        """Microseconds since the epoch on the clock that packets arrive by."""
    def add_tap(self, tap: int, receiver: int) -> None:
        """What comes in of the receiver is copied from now on, told in `Tapped`. Of simulcast that is the best encoding
        that flows. What is disabled is not copied."""
    def remove_tap(self, tap: int) -> None:
        """`Tapped` with `ended` follows, if it did not come before. Every tap is to be removed."""
    def set_player(self, transport: int, streams: list[tuple[int, int, int, int]]) -> None:
        """The transport has no peer: what its receivers get comes from chunks. `streams`: (receiver, encoding, payload
        type, clock rate in Hz) for each stream number of their packets; the encodings need their SSRCs."""
    def play_chunk(self, transport: int, chunk: Chunk, *, media_us: int, restart: bool = False) -> None:
        """Queues a chunk that begins at this time of the film, microseconds; up to 64 wait. `restart`: it is played at
        once, instead of all before it."""
    def replace_chunk(self, transport: int, chunk: Chunk, *, media_us: int) -> None:
        """Takes the place of the chunk that begins then, with other streams. Nothing happens where that has begun."""
    def set_playing(self, transport: int, *, playing: bool) -> None:
        """A film that is stopped stands at the begin of the chunk that was playing, and goes on from there."""
