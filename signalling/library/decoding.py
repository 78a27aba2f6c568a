"""Films as pictures and samples (PyAV)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import av.error
import numpy as np

from .checks.film import FilmChecks, Limits, Report, Rgb
from .checks.loudness import RATE, Samples

CHECK_WIDTH = 320
_MOST_CHANNELS = 8


class NotAFilm(Exception):
    """`code` is for programs: what is wrong with the file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Probe:
    """What the container says; nothing of it is proved before everything was decoded."""

    duration: float | None  # s
    width: int
    height: int
    channels: int


@dataclass(frozen=True, slots=True)
class Picture:
    time: float  # s
    rgb: Rgb


@dataclass(frozen=True, slots=True)
class Sound:
    samples: Samples


def open_film(path: Path) -> av.container.InputContainer:
    """Local files only: playlists that name other files or hosts are refused."""
    try:
        return av.open(
            str(path.resolve()),
            metadata_errors="ignore",
            options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise NotAFilm("not_a_film", "The file is no film or sound that can be read") from error


#: Demultiplexers that hold their media inside; none that opens other files.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,flv,ogg,wav,mp3,flac,aac,asf"


def probe(container: av.container.InputContainer) -> Probe:
    video = next((one for one in container.streams.video if not _is_cover(one)), None)
    audio = next(iter(container.streams.audio), None)
    if video is None and audio is None:
        raise NotAFilm("nothing_inside", "The file has neither picture nor sound")
    return Probe(
        duration=container.duration / av.time_base if container.duration else None,
        width=video.width if video else 0,
        height=video.height if video else 0,
        channels=min(audio.channels, _MOST_CHANNELS) if audio else 0,
    )


def _is_cover(stream: av.VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def frames(
    container: av.container.InputContainer,
) -> Iterator[tuple[float | None, av.VideoFrame | av.AudioFrame]]:
    """All pictures and all sound with their times in s, in the order of the file; times begin near 0.

    Times of pictures are never None and grow. NotAFilm where the file cannot be decoded to its end.
    """
    video = next((one for one in container.streams.video if not _is_cover(one)), None)
    audio = next(iter(container.streams.audio), None)
    if video is not None:
        video.thread_type = "AUTO"
    start = (container.start_time or 0) / av.time_base
    last = -1.0
    try:
        for packet in container.demux([one for one in (video, audio) if one is not None]):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    last = _time(frame, start, last)
                    yield last, frame
                elif isinstance(frame, av.AudioFrame):
                    yield frame.time - start if frame.time is not None else None, frame
    except MemoryError:
        raise
    except av.error.FFmpegError as error:
        raise NotAFilm("damaged", f"The file is damaged after {max(last, 0):.0f} s") from error


def decode(container: av.container.InputContainer, *, width: int = CHECK_WIDTH) -> Iterator[Picture | Sound]:
    """As `frames`: pictures at most `width` wide, sound of 48 kHz."""
    resampler = av.AudioResampler(format="fltp", rate=RATE)
    for time, frame in frames(container):
        if isinstance(frame, av.AudioFrame):
            yield from _resampled(resampler, frame)
        elif time is not None:
            yield Picture(time, _rgb(frame, width))
    if container.streams.audio:
        yield from _resampled(resampler, None)


def _time(frame: av.VideoFrame, start: float, last: float) -> float:
    if frame.time is None:
        raise NotAFilm("damaged", "The film does not say when its pictures are shown")
    return max(frame.time - start, last + 1e-3)


def _rgb(frame: av.VideoFrame, width: int) -> Rgb:
    if frame.width > width:
        height = max(2, round(frame.height * width / frame.width))
        frame = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    return cast(Rgb, frame.to_ndarray(format="rgb24"))


def _resampled(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[Sound]:
    for resampled in resampler.resample(frame):
        yield Sound(np.asarray(resampled.to_ndarray(), dtype=np.float32))


def check_film(path: Path, limits: Limits | None = None) -> Report:
    """Decodes everything; NotAFilm says why that was impossible."""
    with open_film(path) as container:
        film = probe(container)
        checks = FilmChecks(
            width=film.width,
            height=film.height,
            channels=film.channels,
            promised=film.duration,
            limits=limits,
        )
        for decoded in decode(container):
            if isinstance(decoded, Picture):
                checks.picture(decoded.time, decoded.rgb)
            else:
                checks.sound(decoded.samples)
        return checks.finish()
