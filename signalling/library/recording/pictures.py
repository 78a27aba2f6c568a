"""What is seen of one stretch of a track, at any time that goes forward."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
import av.error
from av.codec.context import Flags

from .ordering import EncodedFrame

DECODERS = {"video/vp8": "vp8", "video/vp9": "libvpx-vp9", "video/h264": "h264", "video/av1": "libdav1d"}
"""The VP9 of FFmpeg itself takes no pictures of several spatial layers."""
MOST_PIXELS = 4096 * 2304


@dataclass(frozen=True, slots=True)
class Picture:
    """`time` in s; `quarters`: to be turned clockwise by so many."""

    time: float
    frame: av.VideoFrame
    quarters: int


class Pictures:
    """Decodes no further than it is asked for."""

    def __init__(self, frames: Iterator[EncodedFrame], time: Callable[[int, int], float | None]) -> None:
        """`time`: s, of a stream and an RTP time."""
        self._time = time
        self._decoded = self._decode(frames)
        self._current: Picture | None = None
        self._next = next(self._decoded, None)

    def at(self, time: float) -> Picture | None:
        """The newest picture that is not later."""
        while self._next is not None and self._next.time <= time:
            self._current = self._next
            self._next = next(self._decoded, None)
        return self._current

    def _decode(self, frames: Iterator[EncodedFrame]) -> Iterator[Picture]:
        decoder: av.VideoCodecContext | None = None
        codec, stream, quarters, number = "", -1, 0, 0
        times: dict[int, tuple[float, int]] = {}
        for frame in frames:
            time = self._time(frame.stream, frame.timestamp)
            if time is None or frame.mime_type not in DECODERS:
                continue
            if (frame.mime_type, frame.stream) != (codec, stream) or frame.after_loss:
                decoder = None  # what comes refers to pictures that are not there
            if decoder is None:
                if not frame.keyframe:
                    continue
                decoder, codec, stream = _decoder(frame.mime_type), frame.mime_type, frame.stream
                times.clear()
            quarters = frame.quarters if frame.quarters is not None else quarters
            packet = av.Packet(frame.data)
            packet.pts = number
            times[number] = time, quarters
            number += 1
            try:
                decoded = decoder.decode(packet)
            except MemoryError:
                raise
            except av.error.FFmpegError:
                decoder = None
                continue
            for picture in decoded:
                if picture.pts in times:
                    at, turned = _taken(times, picture.pts)
                    yield Picture(at, picture, turned)


def _taken(times: dict[int, tuple[float, int]], number: int) -> tuple[float, int]:
    found = times[number]
    for earlier in [one for one in times if one <= number]:
        del times[earlier]
    return found


def _decoder(mime_type: str) -> av.VideoCodecContext:
    decoder = av.CodecContext.create(DECODERS[mime_type], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    decoder.flags |= Flags.low_delay
    decoder.options = {"max_pixels": str(MOST_PIXELS)}
    if mime_type == "video/av1":
        decoder.options |= {"max_frame_delay": "1"}
    return decoder
