"""Recordings made of colours and tones, as the data plane's taps would have written them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from recording_fakes import EPOCH_US, packet, report

from signalling.library.renditions import h264, vp8

RATE = 48_000
NTP_S = 3_900_000_000.0
DELAY_US = 40_000
"""From the publisher to us."""

Colour = tuple[int, int, int]


def picture(colour: Colour, width: int = 320, height: int = 180) -> av.VideoFrame:
    rgb = np.full((height, width, 3), colour, dtype=np.uint8)
    return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")


def encoded(codec: str, colours: Sequence[Colour], fps: int = 25) -> Iterator[bytes]:
    """One frame for each colour, the first a keyframe."""
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
    context.framerate, context.time_base = Fraction(fps), Fraction(1, fps)
    context.thread_count = 1
    context.options = {
        "libvpx": {"lag-in-frames": "0", "deadline": "realtime", "cpu-used": "8"},
        "libx264": {"preset": "ultrafast", "tune": "zerolatency"},
    }[codec]
    for number, colour in enumerate(colours):
        frame = picture(colour)
        frame.pts = number
        for one in context.encode(frame):
            yield bytes(one)


def tone(hertz: float, seconds: float, *, from_s: float = 0.0) -> npt.NDArray[np.float32]:
    times = np.arange(round(seconds * RATE)) / RATE
    wave = 0.4 * np.sin(2 * np.pi * hertz * times) * (times >= from_s)
    return np.stack([wave, wave]).astype(np.float32)


def spoken(samples: npt.NDArray[np.float32]) -> Iterator[bytes]:
    """Packets of 20 ms."""
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = RATE, "stereo", "flt"
    context.options = {"frame_duration": "20", "application": "audio"}
    for at in range(0, samples.shape[1] - 959, 960):
        interleaved = np.ascontiguousarray(samples[:, at : at + 960].T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout="stereo")
        frame.sample_rate, frame.pts = RATE, at
        for one in context.encode(frame):
            yield bytes(one)


@dataclass
class Made:
    """A recording; times in s from its begin."""

    folder: Path
    tracks: list[dict[str, Any]] = field(default_factory=list)

    def video(
        self,
        identity: str,
        colours: Sequence[Colour],
        *,
        begin: float = 0.0,
        codec: str = "libvpx",
        source: str = "camera",
        quarters: int | None = None,
        lost: Sequence[int] = (),
    ) -> None:
        """25 pictures a second, without the packets `lost`."""
        records = [report(self._stamp(0, 90_000), NTP_S + begin, **self._came(begin, 96))]
        for number, data in enumerate(encoded(codec, colours)):
            if codec == "libvpx":
                packets = vp8.packets(data, time=0, picture_id=number)
            else:
                packets = h264.packets(h264.units(data), time=0)
            for place, one in enumerate(packets):
                records.append(
                    packet(
                        1000 + len(records),
                        self._stamp(number / 25, 90_000),
                        one.payload,
                        marker=place + 1 == len(packets),
                        begins=len(records) == 1,
                        quarters=quarters,
                        **self._came(begin + number / 25, 96),
                    )
                )
        kept = [record for number, record in enumerate(records) if number not in lost]
        mime = "video/VP8" if codec == "libvpx" else "video/H264"
        self._write(identity, "video", source, mime, 96, 90_000, kept, begin, len(colours) / 25)

    def audio(
        self, identity: str, samples: npt.NDArray[np.float32], *, begin: float = 0.0, lost: Sequence[int] = ()
    ) -> None:
        records = [report(self._stamp(0, RATE), NTP_S + begin, **self._came(begin, 111))]
        for number, payload in enumerate(spoken(samples)):
            if number in lost:
                continue
            at = number / 50
            records.append(
                packet(
                    50 + number,
                    self._stamp(at, RATE),
                    payload,
                    begins=number == 0,
                    **self._came(begin + at, 111),
                )
            )
        seconds = samples.shape[1] / RATE
        self._write(identity, "audio", "microphone", "audio/opus", 111, RATE, records, begin, seconds)

    def finish(self, duration: float) -> Path:
        manifest = {
            "version": 1,
            "room": "lesson",
            "started_at": EPOCH_US / 1e6,
            "started_us": EPOCH_US,
            "duration_s": duration,
            "tracks": self.tracks,
        }
        (self.folder / "recording.json").write_text(json.dumps(manifest))
        return self.folder

    @staticmethod
    def _stamp(seconds: float, rate: int) -> int:
        """Wraps around soon."""
        return (2**32 - rate // 2 + round(seconds * rate)) % 2**32

    @staticmethod
    def _came(at: float, payload_type: int) -> dict[str, int]:
        return {"arrival_us": EPOCH_US + round(at * 1e6) + DELAY_US, "payload_type": payload_type}

    def _write(
        self,
        identity: str,
        kind: str,
        source: str,
        mime_type: str,
        payload_type: int,
        rate: int,
        records: Sequence[bytes],
        begin: float,
        seconds: float,
    ) -> None:
        name = f"{len(self.tracks) + 1:04}.rtp"
        (self.folder / name).write_bytes(b"".join(records))
        self.tracks.append(
            {
                "file": name,
                "identity": identity,
                "participant": f"PA_{identity}",
                "name": identity.title(),
                "source": source,
                "kind": kind,
                "mime_type": mime_type,
                "codecs": {payload_type: {"mime_type": mime_type, "clock_rate": rate}},
                "started_s": begin,
                "ended_s": begin + seconds,
                "packets": len(records) - 1,
                "lost": 0,
            }
        )
