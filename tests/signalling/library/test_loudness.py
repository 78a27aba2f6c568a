"""EBU R 128 beside ffmpeg's ebur128, and the signals of EBU Tech 3341."""

import math
from pathlib import Path

import av
import numpy as np
import pytest

from signalling.library.checks.loudness import Loudness, LoudnessMeter

from .clips import Samples, real_film, sound_of, speech, tone

RATE = 48_000


def measure(samples: Samples, piece: int = 10_007) -> Loudness:
    meter = LoudnessMeter(len(samples))
    for start in range(0, samples.shape[1], piece):
        meter.update(samples[:, start : start + piece])
    return meter.result()


def ffmpeg(samples: Samples) -> Loudness:
    layout = "mono" if len(samples) == 1 else "stereo"
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="fltp", sample_rate=RATE, layout=layout)
    meter = graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    values: dict[str, str] = {}
    for start in range(0, samples.shape[1], 4800):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[:, start : start + 4800]), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts = RATE, start
        source.push(frame)
        while True:
            try:
                values = sink.pull().metadata
            except av.error.BlockingIOError:
                break
    return Loudness(
        integrated=float(values["lavfi.r128.I"]),
        range=float(values["lavfi.r128.LRA"]),
        true_peak=20 * math.log10(float(values["lavfi.r128.true_peak"])),
    )


def assert_agree(samples: Samples) -> None:
    ours, theirs = measure(samples), ffmpeg(samples)
    assert ours.integrated == pytest.approx(theirs.integrated, abs=0.1)
    assert ours.range == pytest.approx(theirs.range, abs=0.5)
    assert ours.true_peak == pytest.approx(theirs.true_peak, abs=0.3)


@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_a_sine_of_1_khz_in_both_channels_is_as_loud_as_its_level(level: float) -> None:
    """Tech 3341, cases 1 and 2."""
    loudness = measure(tone(20, 10 ** (level / 20), 1000))
    assert loudness.integrated == pytest.approx(level, abs=0.1)
    assert loudness.true_peak == pytest.approx(level, abs=0.3)
    assert loudness.range == pytest.approx(0, abs=0.1)


def test_quiet_parts_do_not_count() -> None:
    """Tech 3341, case 3."""
    parts = [
        tone(10, 10 ** (-36 / 20), 1000),
        tone(60, 10 ** (-23 / 20), 1000),
        tone(10, 10 ** (-36 / 20), 1000),
    ]
    assert measure(np.concatenate(parts, axis=1)).integrated == pytest.approx(-23, abs=0.1)


def test_range_of_two_levels() -> None:
    """Tech 3342, case 1."""
    parts = [tone(20, 10 ** (-20 / 20), 1000), tone(20, 10 ** (-30 / 20), 1000)]
    assert measure(np.concatenate(parts, axis=1)).range == pytest.approx(10, abs=1)


def test_peaks_between_samples_are_seen() -> None:
    """Tech 3341, case 16: a quarter of the sampling rate, phase 45 degrees."""
    times = np.arange(RATE)
    wave = 0.5 * np.sqrt(2) * np.sin(np.pi / 2 * times + np.pi / 4)
    samples = np.tile(wave, (2, 1)).astype(np.float32)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=1e-3)
    assert measure(samples).true_peak == pytest.approx(-3, abs=0.4)


def test_silence_has_no_loudness() -> None:
    assert measure(np.zeros((2, RATE), dtype=np.float32)) == Loudness(-math.inf, 0.0, -math.inf)
    assert measure(np.zeros((1, 10), dtype=np.float32)).integrated == -math.inf


def test_the_size_of_the_pieces_makes_no_difference() -> None:
    samples = tone(2, 0.3, 400)
    first, second = measure(samples, 961), measure(samples, 96_000)
    assert first.integrated == pytest.approx(second.integrated, abs=1e-6)
    assert first.true_peak == second.true_peak


def test_surround_channels_count_more_and_the_low_frequency_channel_does_not() -> None:
    silent = np.zeros((6, 3 * RATE), dtype=np.float32)
    wave = tone(3, 0.1, 1000, channels=1)[0]

    def alone(channel: int) -> float:
        samples = silent.copy()
        samples[channel] = wave
        return measure(samples).integrated

    assert alone(3) == -math.inf
    assert alone(4) - alone(0) == pytest.approx(1.5, abs=0.02)


def test_speech_agrees_with_ffmpeg(tmp_path: Path) -> None:
    assert_agree(
        speech(tmp_path, "Здравствуйте, дети! Сегодня мы рисуем осенний лес и слушаем, как шумит дождь.")
    )


def test_a_film_agrees_with_ffmpeg() -> None:
    # Of five seconds there is hardly a range.
    assert_agree(np.tile(sound_of(real_film("bigbuckbunny")), 5))


def test_noise_that_swells_agrees_with_ffmpeg() -> None:
    times = np.arange(8 * RATE) / RATE
    noise = np.random.default_rng(7).standard_normal((2, len(times)))
    assert_agree((0.1 * noise * (0.1 + np.sin(times) ** 2)).astype(np.float32))
