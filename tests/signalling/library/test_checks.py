"""Checks of whole films: files in, findings out."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from signalling.library.checks.film import FilmChecks, Limits, Report
from signalling.library.checks.findings import FindingCode, Severity
from signalling.library.decoding import NotAFilm, check_film
from signalling.library.media_types import Sort

from .clips import flashing, moving, plain, real_film, speech, tone, write_film


def codes(report: Report) -> set[FindingCode]:
    return {finding.code for finding in report.findings}


SMALL = Limits(least_height=180)


def test_a_good_film_has_no_findings(tmp_path: Path) -> None:
    report = check_film(write_film(tmp_path / "good.mp4", 3, sound=tone(3)), SMALL)
    assert report.findings == () and report.evidence == () and report.acceptable
    assert report.medium is Sort.FILM
    assert (report.width, report.height, report.channels) == (320, 180, 2)
    assert report.frame_rate == pytest.approx(25)
    assert report.duration == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("per_second", [2, 3, 4])
def test_flashes_in_a_compressed_film(tmp_path: Path, per_second: int) -> None:
    path = write_film(tmp_path / "flashes.mp4", 3, flashing(per_second), tone(3))
    report = check_film(path, SMALL)
    assert codes(report) == ({FindingCode.FLASHES} if per_second > 3 else set())
    assert report.acceptable is (per_second <= 3)
    assert bool(report.evidence) is (per_second > 3)


def test_what_is_found_is_shown(tmp_path: Path) -> None:
    report = check_film(write_film(tmp_path / "flashes.mp4", 3, flashing(8), tone(3)), SMALL)
    time, picture = report.evidence[0]
    assert 0 <= time <= 3
    assert cv2.imdecode(np.frombuffer(picture, dtype=np.uint8), cv2.IMREAD_COLOR).shape == (180, 320, 3)


def test_red_flashes_in_a_compressed_film(tmp_path: Path) -> None:
    painter = flashing(5, dark=(121, 121, 121), bright=(235, 0, 0))
    path = write_film(tmp_path / "red.webm", 3, painter, codec="libvpx")
    assert FindingCode.RED_FLASHES in codes(check_film(path, SMALL))


def test_black_and_frozen_pictures_are_told_apart(tmp_path: Path) -> None:
    def painter(time: float):
        if 2 <= time < 5:
            return plain((0, 0, 0))
        return moving(min(time, 6))

    report = check_film(write_film(tmp_path / "faults.mp4", 13, painter, tone(13)), SMALL)
    found = {finding.code: finding for finding in report.findings}
    assert set(found) == {FindingCode.BLACK, FindingCode.FROZEN}
    assert found[FindingCode.BLACK].start == pytest.approx(2, abs=0.1)
    assert found[FindingCode.BLACK].end == pytest.approx(5, abs=0.1)
    assert found[FindingCode.FROZEN].start == pytest.approx(6, abs=0.1)
    assert found[FindingCode.FROZEN].value == pytest.approx(7, abs=0.2)
    assert report.acceptable


def test_silence_and_clipping_have_their_places(tmp_path: Path) -> None:
    sound = tone(14)
    sound[:, 48_000 * 2 : 48_000 * 8] = 0
    sound[:, 48_000 * 10 : 48_000 * 11] = np.clip(tone(1, 3.0, 200), -1, 1)
    checks = FilmChecks(width=0, height=0, channels=2)
    for start in range(0, sound.shape[1], 1024):
        checks.sound(sound[:, start : start + 1024])
    report = checks.finish()
    found = {finding.code: finding for finding in report.findings}
    assert {FindingCode.SILENCE, FindingCode.CLIPPING} <= set(found)
    assert (found[FindingCode.SILENCE].start, found[FindingCode.SILENCE].end) == pytest.approx(
        (2, 8), abs=0.11
    )
    assert found[FindingCode.CLIPPING].start == pytest.approx(10, abs=0.11)
    assert found[FindingCode.CLIPPING].end == pytest.approx(11, abs=0.11)
    assert report.medium is Sort.SOUND


def test_a_full_scale_tone_that_is_whole_does_not_clip() -> None:
    checks = FilmChecks(width=0, height=0, channels=2)
    checks.sound(tone(2, 0.99))
    assert FindingCode.CLIPPING not in codes(checks.finish())


def test_properties_of_the_whole(tmp_path: Path) -> None:
    path = write_film(tmp_path / "slow.mp4", 4, sound=tone(1, 0.9), fps=8)
    report = check_film(path, Limits(longest=3))
    assert codes(report) >= {
        FindingCode.RESOLUTION_LOW,
        FindingCode.FRAME_RATE_LOW,
        FindingCode.DURATION,
        FindingCode.SOUND_LENGTH,
        FindingCode.TOO_LOUD,
    }


def test_a_mute_film_says_so(tmp_path: Path) -> None:
    report = check_film(write_film(tmp_path / "mute.mp4", 2), SMALL)
    assert codes(report) == {FindingCode.NO_SOUND} and report.loudness is None


def test_sound_alone_has_no_findings_about_pictures(tmp_path: Path) -> None:
    speech(tmp_path, "Раз, два, три, четыре, пять, вышел зайчик погулять.")
    report = check_film(tmp_path / "speech.wav")
    assert report.medium is Sort.SOUND and report.width == 0 and report.duration > 2
    assert codes(report) <= {FindingCode.TRUE_PEAK, FindingCode.TOO_LOUD}


@pytest.mark.parametrize("name", ["bigbuckbunny", "bikes", "carphone_pristine"])
def test_real_films_are_safe(name: str) -> None:
    report = check_film(real_film(name))
    assert report.acceptable
    assert not codes(report) & {FindingCode.BLACK, FindingCode.FROZEN, FindingCode.CLIPPING}


def test_all_findings_have_a_severity_and_a_place(tmp_path: Path) -> None:
    report = check_film(write_film(tmp_path / "bad.mp4", 4, flashing(6), tone(1)))
    for finding in report.findings:
        assert isinstance(finding.severity, Severity)
        assert 0 <= finding.start <= finding.end <= report.duration + 0.1


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 4096, b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile x\n"],
)
def test_other_files_are_no_films(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    with pytest.raises(NotAFilm) as refused:
        check_film(path)
    assert refused.value.code == "not_a_film"
