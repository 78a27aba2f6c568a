"""The film of a recording: who is seen where, who is heard when, and lips that fit words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from signalling.library.decoding import NotAFilm
from signalling.library.pipeline.job import Bounds, FailureCode
from signalling.library.pipeline.supervisor import PreparationFailed
from signalling.library.recording import composing
from signalling.library.recording.film import compose
from signalling.library.recording.layout import Box, arrange
from signalling.library.recording.seconds import FILM
from tests.signalling.library.made_recordings import Colour, Made, tone

RED, GREEN, BLUE, WHITE, BLACK = (220, 30, 30), (30, 200, 30), (30, 30, 220), (235, 235, 235), (16, 16, 16)
RATE = 48_000
LIPS_S = 0.1


@dataclass
class Film:
    pictures: list[npt.NDArray[np.uint8]]
    times: list[float]
    sound: npt.NDArray[np.float32]

    def colour(self, at: float, x: int, y: int) -> npt.NDArray[np.float64]:
        """Around a point."""
        picture = self.pictures[min(range(len(self.times)), key=lambda n: abs(self.times[n] - at))]
        mean: npt.NDArray[np.float64] = picture[y - 4 : y + 4, x - 4 : x + 4].mean(axis=(0, 1))
        return mean

    def shows(self, colour: Colour, at: float, x: int, y: int) -> bool:
        return bool(np.abs(self.colour(at, x, y) - colour).max() < 40)

    def power(self, hertz: float, begin: float, end: float) -> float:
        """Amplitude of a tone in a stretch."""
        part = self.sound[round(begin * RATE) : round(end * RATE)]
        phases = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / RATE)
        return float(2 * abs(np.mean(part * phases)))


def made(folder: Path, told: Callable[[float], None] = lambda done: None) -> Film:
    compose(folder, told)
    pictures, times, sound = [], [], []
    with av.open(str(folder / FILM)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (1280, 720, 25)
        for packet in container.demux(video, audio):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    pictures.append(frame.to_ndarray(format="rgb24"))
                    times.append(float(frame.time or 0))
                elif isinstance(frame, av.AudioFrame):
                    sound.append(frame.to_ndarray()[0])
    data = (folder / FILM).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "it plays before all of it is there"
    return Film(pictures, times, np.concatenate(sound))


@pytest.fixture
def recording(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_cameras_are_side_by_side_as_long_as_they_are_on(recording: Made) -> None:
    recording.video("anna", [RED] * 75)
    recording.video("boris", [BLUE] * 25, begin=1, codec="libx264")
    told: list[float] = []
    film = made(recording.finish(3), told.append)
    assert len(film.pictures) == 75
    assert np.allclose(np.diff(film.times), 0.04)
    assert film.shows(RED, 0.6, 640, 340), "alone in the middle"
    assert film.shows(RED, 1.6, 320, 340)
    assert film.shows(BLUE, 1.6, 960, 340)
    assert film.shows(RED, 2.6, 640, 340)
    name = film.pictures[10][680:716, 540:740]
    assert name.max() > 180, "the name below"
    assert told == [pytest.approx(n / 3) for n in (1, 2, 3)]


def test_slides_are_large_with_the_cameras_beside_them(recording: Made) -> None:
    recording.video("anna", [RED] * 50)
    recording.video("anna", [GREEN] * 25, begin=1, source="screen_share")
    film = made(recording.finish(2))
    assert film.shows(RED, 0.6, 640, 340)
    assert film.shows(GREEN, 1.6, 512, 360)
    assert film.shows(GREEN, 1.6, 60, 120)
    assert film.shows(RED, 1.6, 1152, 80)


def test_voices_are_mixed_where_they_were_and_silence_is_between(recording: Made) -> None:
    recording.audio("anna", tone(440, 3), lost=range(50, 60))
    recording.audio("boris", tone(1000, 1), begin=1.5)
    film = made(recording.finish(3))
    assert len(film.sound) == pytest.approx(3 * RATE, abs=2048)
    assert film.power(440, 0.2, 0.9) == pytest.approx(0.4, abs=0.05)
    assert film.power(440, 1.08, 1.18) < 0.05, "what was lost is silent, and moves nothing"
    assert film.power(1000, 0.2, 1.4) < 0.02
    assert film.power(1000, 1.6, 2.4) == pytest.approx(0.4, abs=0.05)
    assert film.power(440, 1.6, 2.4) == pytest.approx(0.4, abs=0.05)
    assert film.power(1000, 2.6, 2.9) < 0.02
    assert film.pictures[10].max() > 150, "names of who is heard, where nobody is seen"


def test_lips_fit_words(recording: Made) -> None:
    recording.video("anna", [BLACK] * 40 + [WHITE] * 20)
    recording.audio("anna", tone(880, 2.4, from_s=1.6))
    film = made(recording.finish(2.4))
    bright = [film.colour(at, 640, 340).mean() > 128 for at in film.times]
    flash = film.times[bright.index(True)]
    beep = float(np.argmax(np.abs(film.sound) > 0.1)) / RATE
    assert abs(flash - beep) < LIPS_S
    assert flash == pytest.approx(1.64, abs=LIPS_S), "a way of 40 ms later"


def test_after_a_loss_the_last_good_picture_stays(recording: Made) -> None:
    recording.video("anna", [RED] * 10 + [GREEN] * 15, lost=[8])
    film = made(recording.finish(1))
    assert film.shows(RED, 0.9, 640, 340), "nothing is guessed from pictures that are not there"


def test_a_phone_held_upright_is_shown_upright(recording: Made) -> None:
    recording.video("anna", [RED] * 25, quarters=1)
    film = made(recording.finish(1))
    assert film.shows(RED, 0.6, 640, 340)
    assert not film.shows(RED, 0.6, 300, 340), "high, not wide"


def test_a_pause_in_which_nothing_was_recorded_is_not_in_the_film(recording: Made) -> None:
    recording.video("anna", [RED] * 25)
    recording.video("anna", [BLUE] * 25, begin=60)
    film = made(recording.finish(61))
    assert len(film.pictures) == 50
    assert film.shows(BLUE, 1.6, 640, 340)


def test_files_that_are_damaged_or_gone_spoil_nothing_else(recording: Made) -> None:
    recording.video("anna", [RED] * 25)
    recording.video("boris", [BLUE] * 25)
    recording.video("vera", [GREEN] * 25)
    recording.audio("anna", tone(440, 1))
    folder = recording.finish(1)
    (folder / "0002.rtp").unlink()
    broken = bytearray((folder / "0003.rtp").read_bytes())
    broken[20:24] = b"\xff" * 4
    (folder / "0003.rtp").write_bytes(broken)
    film = made(folder)
    assert film.shows(RED, 0.6, 640, 340)
    assert film.power(440, 0.2, 0.8) > 0.3


def test_a_recording_of_nothing_is_said_so(recording: Made) -> None:
    with pytest.raises(NotAFilm) as error:
        compose(recording.finish(5), lambda done: None)
    assert error.value.code == "nothing_inside"


async def test_a_worker_makes_the_film_tells_how_far_it_is_and_what_is_wrong(recording: Made) -> None:
    recording.video("anna", [RED] * 25)
    folder = recording.finish(1)
    told: list[float] = []
    assert (await composing.compose(folder, told.append)).duration_s == 1
    assert (folder / FILM).stat().st_size > 1000
    assert all(0 <= done <= 1 for done in told)
    (folder / "recording.json").write_text("{}")
    with pytest.raises(PreparationFailed) as failure:
        await composing.compose(folder, told.append)
    assert failure.value.code is FailureCode.DAMAGED
    with pytest.raises(PreparationFailed) as failure:
        await composing.compose(folder, told.append, bounds=Bounds(time=0.01))
    assert failure.value.code is FailureCode.TOO_MUCH_TIME


@pytest.mark.parametrize("stage", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 7, 16, 25, 60])
def test_places_are_on_the_screen_and_cover_nothing_else(count: int, stage: bool) -> None:
    stage_box, places = arrange(count, stage)
    assert len(places) == min(count, 4 if stage else 25)
    boxes = [box for place in places for box in (place.picture, place.name)]
    boxes += [stage_box] if stage_box is not None else []
    covered = np.zeros((720, 1280), dtype=int)
    for box in boxes:
        assert isinstance(box, Box)
        assert all(part % 2 == 0 for part in (box.left, box.top, box.width, box.height))
        assert box.width > 0 < box.height
        assert box.left >= 0 <= box.top
        assert box.left + box.width <= 1280
        assert box.top + box.height <= 720
        covered[box.top : box.top + box.height, box.left : box.left + box.width] += 1
    assert covered.max(initial=0) <= 1
