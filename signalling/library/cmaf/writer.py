"""One track as a file: what comes before all fragments, then a fragment for each second."""

from collections.abc import Sequence
from pathlib import Path

from ..renditions import h264
from ..renditions.writer import ChunkedFile, Description
from .boxes import SoundTrack, VideoTrack, fragment, initialisation

#: Of every layer: constrained baseline, level 3.1 (RFC 6381, section 3.3), and AAC-LC.
VIDEO_CODEC, SOUND_CODEC = "avc1.42c01f", "mp4a.40.2"
AAC_FRAME = 1024  # samples


class VideoSegments(ChunkedFile):
    """H.264. The parameter sets of the first picture are those of all."""

    def __init__(self, path: Path, layer: int, width: int, height: int, rate: int) -> None:
        super().__init__(path, Description("cmaf-h264", layer, h264.CLOCK, width, height))
        self._duration = h264.CLOCK // rate

    def add(self, pictures: Sequence[Sequence[bytes]], start: int) -> None:
        """NAL units of the pictures of a second, the first a keyframe with its parameter sets."""
        if not self.entries:
            self._begin(pictures[0])
        samples = [b"".join(len(unit).to_bytes(4, "big") + unit for unit in _slices(one)) for one in pictures]
        data = fragment(len(self.entries) + 1, start, self._duration, samples, all_sync=False)
        self.append(data, start, len(samples) * self._duration)

    def _begin(self, picture: Sequence[bytes]) -> None:
        sps, pps = (
            next(unit for unit in picture if h264.unit_type(unit) == kind) for kind in (h264.SPS, h264.PPS)
        )
        what = self.description
        self.write(initialisation(VideoTrack(what.clock, what.width, what.height, sps, pps)))


def _slices(picture: Sequence[bytes]) -> list[bytes]:
    return [unit for unit in picture if h264.unit_type(unit) not in (h264.SPS, h264.PPS)]


class SoundSegments(ChunkedFile):
    """AAC."""

    def __init__(self, path: Path, track: SoundTrack) -> None:
        super().__init__(path, Description("cmaf-aac", 0, track.clock, channels=track.channels))
        self.write(initialisation(track))

    def add(self, frames: Sequence[bytes], start: int) -> None:
        data = fragment(len(self.entries) + 1, start, AAC_FRAME, frames, all_sync=True)
        self.append(data, start, len(frames) * AAC_FRAME)
