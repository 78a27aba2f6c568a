"""All renditions of a film, in one pass over it."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..checks.loudness import RATE
from ..decoding import frames, open_film, probe
from ..files import write_whole
from ..hls.playlist import programme, static
from ..sealing.manifest import SealedRendition
from ..subtitles.files import write_subtitles
from .ladder import Layer, frame_rate, ladder
from .sound import AacCodec, Codec, OpusCodec, SoundEncoder
from .video import Grid, H264Encoder, LayerEncoder, Vp8Encoder
from .writer import ChunkedFile, listed, write_listing

SOUND, HLS_SOUND = "sound.prtp", "hls-sound.mp4"


def video_name(layer: int) -> str:
    return f"video-{layer}.prtp"


def h264_name(layer: int) -> str:
    return f"h264-{layer}.prtp"


def hls_name(layer: int) -> str:
    return f"hls-video-{layer}.mp4"


class Renditions:
    """Encodes what is put in. A context: the files are whole when it was left without an error."""

    def __init__(
        self,
        folder: Path,
        *,
        width: int,
        height: int,
        rate: float,
        channels: int,
        gain: float,
        h264: bool = False,
        hls: bool = False,
    ) -> None:
        self._folder, self._h264, self._hls = folder, h264, hls
        self._files = ExitStack()
        self._rate = frame_rate(rate)
        self._grid = Grid(self._rate)
        layers = ladder(width, height, self._rate) if width else ()
        vp8 = [Vp8Encoder(folder / video_name(layer.number), layer, self._rate) for layer in layers]
        others = [self._h264_encoder(layer) for layer in layers] if h264 or hls else []
        self._layers = [
            LayerEncoder(layer, self._rate, [vp8[layer.number], *others[layer.number : layer.number + 1]])
            for layer in layers
        ]
        self._sound = self._sound_encoder(min(channels, 2), gain) if channels else None
        sound = self._sound.writers if self._sound is not None else ()
        self._writers: list[ChunkedFile] = [writer for one in vp8 for writer in one.writers]
        self._writers += [*sound, *(writer for one in others for writer in one.writers)]

    def _h264_encoder(self, layer: Layer) -> H264Encoder:
        return H264Encoder(
            layer,
            self._rate,
            rtp=self._folder / h264_name(layer.number) if self._h264 else None,
            segments=self._folder / hls_name(layer.number) if self._hls else None,
        )

    def _sound_encoder(self, channels: int, gain: float) -> SoundEncoder:
        codecs: list[Codec[Any]] = [OpusCodec(self._folder / SOUND, channels)]
        if self._hls:
            codecs.append(AacCodec(self._folder / HLS_SOUND, channels))
        return SoundEncoder(channels, gain, codecs)

    def __enter__(self) -> "Renditions":
        for writer in self._writers:
            self._files.enter_context(writer)
        return self

    def __exit__(self, *error: Any) -> None:
        self._files.__exit__(*error)

    @property
    def layout(self) -> str:
        return "mono" if self._sound is not None and self._sound.channels == 1 else "stereo"

    def picture(self, time: float, frame: av.VideoFrame) -> None:
        self._last = time
        for shown in self._grid.add(time, frame):
            self._encode(shown)

    def sound(self, time: float | None, frame: av.AudioFrame) -> None:
        if self._sound is not None:
            self._sound.add(time, np.asarray(frame.to_ndarray(), dtype=np.float32))

    def _encode(self, frame: av.VideoFrame) -> None:
        for layer in self._layers:
            layer.add(frame)

    def finish(self) -> float:
        """How long the film is, s."""
        end = self._last + 1 / self._rate if self._layers else 0.0
        if self._sound is not None and self._layers:
            self._sound.lengthen(end)
            end = end if self._sound.end - end < 1 else self._sound.end  # the last picture stays
        for shown in self._grid.finish(end):
            self._encode(shown)
        for encoder in self._layers:
            encoder.finish()
        if self._sound is not None:
            self._sound.finish()
        return max([end, *([self._sound.end] if self._sound is not None else [])])

    def listing(self) -> list[dict[str, Any]]:
        """Every rendition with its chunks and digests."""
        return [listed(writer) for writer in self._writers]


def encode_film(
    source: Path,
    folder: Path,
    *,
    rate: float,
    gain: float,
    tell: Callable[[float], None],
    h264: bool = False,
    hls: bool = False,
    subtitles: Sequence[tuple[str, Path]] = (),
) -> None:
    """Writes the renditions and, last, their listing. `rate`: pictures a second as counted; `gain`: a factor; `h264`:
    the ladder a second time, `hls`: segments and playlists; `subtitles`: those that came with the film, by language.

    Raises `NotAFilm`, `SubtitlesError`.
    """
    with open_film(source) as container:
        film = probe(container)
        made = Renditions(
            folder,
            width=film.width,
            height=film.height,
            rate=rate,
            channels=film.channels,
            gain=gain,
            h264=h264,
            hls=hls,
        )
        resampler = av.AudioResampler(format="fltp", layout=made.layout, rate=RATE)
        with made:
            for time, frame in frames(container):
                if isinstance(frame, av.VideoFrame):
                    assert time is not None  # `frames` says so
                    made.picture(time, frame)
                else:
                    for number, resampled in enumerate(resampler.resample(frame)):
                        made.sound(None if number else time, resampled)
                if time is not None and film.duration:
                    tell(min(1.0, time / film.duration))
            for resampled in resampler.resample(None) if film.channels else ():
                made.sound(None, resampled)
            duration = made.finish()
        listing = made.listing()
    listing += [listed(file) for file in write_subtitles(source, folder, subtitles, duration)]
    if hls:
        renditions = [SealedRendition.model_validate(one) for one in listing]
        for name, text in static(programme(renditions)).items():
            write_whole(folder / name, text.encode())
    write_listing(folder, listing)
