"""A recording becomes a film: MP4 with H.264 and AAC, which every browser plays from its first bytes on."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Colorspace

from mediaserver.recording_files import BadRecording, Manifest, RecordedTrack, read_recording

from ..decoding import NotAFilm
from .canvas import Canvas
from .layout import HEIGHT, WIDTH, Box, Place, arrange, steady
from .ordering import EncodedFrame, frames, in_order
from .pictures import Picture, Pictures
from .seconds import FILM, FPS, recorded_seconds
from .timing import PublisherClock, StreamReports, TrackClock, readable, survey
from .voices import RATE, Samples, Voice, pressed

THREADS = 2
STILL_S = 5.0
"""A camera that has brought nothing for so long is off, whatever its publisher said."""
VIDEO_OPTIONS = {"preset": "superfast", "crf": "23"}
SOUND_BITRATE = 128_000
STAGE_SOURCES = frozenset({"screen_share"})


@dataclass
class _Seen:
    """A stretch of picture."""

    track: RecordedTrack
    open: Callable[[], Pictures]
    pictures: Pictures | None = None

    def at(self, time: float) -> Picture | None:
        """Opened when it begins and let go of when it is over: hours have thousands of stretches."""
        if not self.track.started_s <= time <= self.track.ended_s:
            if time > self.track.ended_s:
                self.pictures = None
            return None
        if self.pictures is None:
            self.pictures = self.open()
        picture = self.pictures.at(time)
        is_off = picture is not None and time - picture.time > STILL_S and not self.is_stage
        return None if is_off else picture

    @property
    def is_stage(self) -> bool:
        return self.track.source in STAGE_SOURCES


@dataclass
class _Heard:
    """A stretch of sound."""

    track: RecordedTrack
    open: Callable[[], Voice]
    voice: Voice | None = None

    def add_to(self, mix: Samples, begin: int) -> None:
        start, end = begin / RATE, (begin + mix.shape[1]) / RATE
        if end < self.track.started_s or start > self.track.ended_s + 1:
            if start > self.track.ended_s + 1:
                self.voice = None
            return
        if self.voice is None:
            self.voice = self.open()
        self.voice.add_to(mix, begin)


def compose(folder: Path, tell: Callable[[float], None]) -> None:
    """Writes `recording.mp4` into the folder of a recording. Raises `NotAFilm` when there is nothing to see or hear."""
    try:
        manifest = read_recording(folder)
    except BadRecording as error:
        raise NotAFilm("damaged", f"The recording cannot be read: {error}") from error
    seconds = list(recorded_seconds(manifest.tracks))
    if not seconds:
        raise NotAFilm("nothing_inside", "Nothing was recorded")
    seen, heard = _open(folder, manifest)
    made = folder / f".{FILM}.part"
    opened = av.open(str(made), "w", format="mp4", options={"movflags": "faststart"})
    with opened as container, ThreadPoolExecutor(1) as encoding:
        writer = _Writer(container, encoding)
        screen = _Screen(seen, heard)
        for number, (second, share) in enumerate(seconds):
            pictures = (screen.frame(second + tick / FPS) for tick in range(round(share * FPS)))
            writer.pictures(pictures)
            mix = np.zeros((2, round(share * RATE)), dtype=np.float32)
            for one in heard:
                one.add_to(mix, round(second * RATE))
            writer.sound(pressed(mix))
            tell((number + 1) / len(seconds))
        writer.finish()
    made.replace(folder / FILM)


def _open(folder: Path, manifest: Manifest) -> tuple[list[_Seen], list[_Heard]]:
    surveys: dict[str, list[StreamReports]] = {}
    for track in manifest.tracks:
        surveys[track.file] = survey(readable(folder / track.file), _rate(track))
    publishers: dict[str, PublisherClock] = {}
    for sid in {track.participant for track in manifest.tracks}:
        of_one = [surveys[track.file] for track in manifest.tracks if track.participant == sid]
        publishers[sid] = PublisherClock(
            report
            for streams in of_one
            for stream in streams
            if not stream.by_arrival
            for report in stream.reports
        )
    seen: list[_Seen] = []
    heard: list[_Heard] = []
    origin = manifest.started_us / 1e6
    for track in manifest.tracks:
        clock = TrackClock(surveys[track.file], publishers[track.participant], _rate(track))
        source = _Source(folder / track.file, track, clock, origin)
        if track.kind == "video":
            seen.append(_Seen(track, source.pictures))
        else:
            heard.append(_Heard(track, source.voice))
    return seen, heard


@dataclass(frozen=True)
class _Source:
    """A file with all that says what is in it. `origin`: s since the epoch."""

    path: Path
    track: RecordedTrack
    clock: TrackClock
    origin: float

    def pictures(self) -> Pictures:
        return Pictures(self._frames(), self._time)

    def voice(self) -> Voice:
        return Voice(self._frames(), self._time)

    def _frames(self) -> Iterator[EncodedFrame]:
        codecs = {number: codec.mime_type for number, codec in self.track.codecs.items()}
        return frames(in_order(readable(self.path)), codecs)

    def _time(self, stream: int, timestamp: int) -> float | None:
        at = self.clock.time(stream, timestamp)
        return None if at is None else at - self.origin


def _rate(track: RecordedTrack) -> int:
    rates = [codec.clock_rate for codec in track.codecs.values()]
    return rates[0] if rates else {"audio": RATE, "video": 90_000}[track.kind]


class _Screen:
    """Who is seen now."""

    def __init__(self, seen: list[_Seen], heard: list[_Heard]) -> None:
        self._seen = seen
        self._heard = heard
        self._canvas = Canvas()
        self._order: list[str] = []
        self._arranged: tuple[object, ...] = ()
        self._drawn: dict[str, tuple[object, Box | None]] = {}
        """By file: what was drawn last, and where."""
        self._frame: av.VideoFrame | None = None

    def frame(self, time: float) -> av.VideoFrame:
        """Drawn anew only where something has changed."""
        now = {one.track.file: (one, picture) for one in self._seen if (picture := one.at(time)) is not None}
        stages = [file for file, (one, _) in now.items() if one.is_stage]
        self._order = steady(self._order, [file for file in now if file not in stages])
        stage = stages[-1] if stages else None
        names = {file: one.track.name or one.track.identity for file, (one, _) in now.items()}
        if not now:
            names = self._speaking(time)
            self._order = steady(self._order, list(names))
        stage_box, places = arrange(len(self._order), stage is not None)
        self._rearrange((stage, stage_box, tuple(self._order)), names, places)
        if stage is not None and stage_box is not None:
            self._draw(stage, now[stage][1], stage_box)
        for place in places:
            file = self._order[place.number]
            if file in now:
                self._draw(file, now[file][1], place.picture)
        if self._frame is None:
            self._frame = self._canvas.frame()
        return self._frame

    def _speaking(self, time: float) -> dict[str, str]:
        """Names of those who are heard, where nobody is seen."""
        open_now = [one.track for one in self._heard if one.track.started_s <= time <= one.track.ended_s]
        by_person = {track.participant: track for track in open_now}
        return {person: track.name or track.identity for person, track in by_person.items()}

    def _rearrange(self, arranged: tuple[object, ...], names: dict[str, str], places: list[Place]) -> None:
        if arranged == self._arranged:
            return
        self._arranged = arranged
        self._drawn.clear()
        self._canvas.clear(Box(0, 0, WIDTH, HEIGHT))
        for place in places:
            self._canvas.write(names.get(self._order[place.number], ""), place.name)
        self._frame = None

    def _draw(self, file: str, picture: Picture, box: Box) -> None:
        last, at = self._drawn.get(file, (None, None))
        if last is not picture:
            self._drawn[file] = picture, self._canvas.draw(picture.frame, picture.quarters, box, at)
            self._frame = None


class _Writer:
    """Encodes and interleaves: a picture in a thread, while the next one is drawn."""

    def __init__(self, container: av.container.OutputContainer, encoding: Executor) -> None:
        self._container = container
        self._encoding = encoding
        self._encoded: Future[Sequence[av.Packet[Any]]] | None = None
        self._video = container.add_stream("libx264", rate=FPS, options=VIDEO_OPTIONS)
        self._video.width, self._video.height, self._video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._video.codec_context.thread_count = THREADS
        self._video.codec_context.gop_size = 2 * FPS
        # As cameras send it: nothing is converted.
        self._video.codec_context.colorspace = Colorspace.ITU601
        self._audio = container.add_stream("aac", rate=RATE, layout="stereo")
        self._audio.codec_context.bit_rate = SOUND_BITRATE
        self._fifo = av.AudioFifo()
        self._pictures = 0
        self._samples = 0

    def pictures(self, frames: Iterable[av.VideoFrame]) -> None:
        for frame in frames:
            self._collect()
            frame.pts, frame.time_base = self._pictures, Fraction(1, FPS)
            self._pictures += 1
            self._encoded = self._encoding.submit(self._video.encode, frame)

    def sound(self, samples: Samples) -> None:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._samples, Fraction(1, RATE)
        self._samples += samples.shape[1]
        self._fifo.write(frame)
        self._encode(self._fifo.read_many(1024))

    def finish(self) -> None:
        if (rest := self._fifo.read()) is not None:
            self._encode([rest])
        self._collect()
        for stream in (self._video, self._audio):
            self._container.mux(stream.encode(None))

    def _collect(self) -> None:
        if self._encoded is not None:
            self._container.mux(self._encoded.result())
            self._encoded = None

    def _encode(self, frames: Iterable[av.AudioFrame]) -> None:
        for frame in frames:
            self._container.mux(self._audio.encode(frame))
