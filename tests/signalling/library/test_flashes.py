"""Flash safety by ITU-R BT.1702, on made pictures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalling.library.checks.findings import Finding, FindingCode, Severity
from signalling.library.checks.flashes import FlashDetector
from signalling.library.checks.luminance import screen_picture

from .clips import Painter, flashing, moving, plain

RED, BLUE = (230, 0, 0), (20, 20, 160)


def detect(painter: Painter, seconds: float = 3, fps: float = 25) -> list[Finding]:
    detector = FlashDetector()
    for number in range(int(seconds * fps)):
        detector.update(number / fps, screen_picture(painter(number / fps)))
    return detector.findings


def codes(findings: list[Finding]) -> set[FindingCode]:
    return {finding.code for finding in findings}


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60, 24000 / 1001, 30000 / 1001])
@pytest.mark.parametrize("per_second", [2, 3])
def test_up_to_three_flashes_a_second_are_permitted(per_second: int, fps: float) -> None:
    assert detect(flashing(per_second), fps=fps) == []


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60, 24000 / 1001, 30000 / 1001])
@pytest.mark.parametrize("per_second", [4, 5, 10])
def test_more_are_not(per_second: int, fps: float) -> None:
    (finding,) = detect(flashing(per_second), fps=fps)
    assert finding.code is FindingCode.FLASHES
    assert finding.severity is Severity.ERROR
    assert finding.value == 1.0
    assert finding.start < 0.5 and finding.end > 2.5


def test_isolated_flashes_are_permitted() -> None:
    assert detect(lambda time: flashing(8)(time) if time < 0.375 else moving(time)) == []


def test_the_stretch_is_where_the_flashes_are() -> None:
    (finding,) = detect(lambda time: flashing(5)(time) if 4 <= time < 6 else plain((20, 20, 20)), seconds=10)
    assert 3.5 <= finding.start <= 4.1 and 5.7 <= finding.end <= 6.5


@pytest.mark.parametrize(("area", "harmful"), [(0.15, False), (0.23, False), (0.27, True), (0.5, True)])
def test_a_quarter_of_the_screen_is_what_counts(area: float, harmful: bool) -> None:
    findings = detect(flashing(5, area=area))
    assert bool(findings) is harmful
    if findings:
        assert findings[0].value == pytest.approx(area, abs=0.03)


def test_small_areas_at_the_same_time_are_one_area() -> None:
    def stripes(time: float):
        picture = flashing(5)(0)
        if int(time * 10 + 1e-6) % 2:
            for left in range(0, 320, 80):
                picture[:, left : left + 30] = (220, 220, 220)
        return picture

    assert codes(detect(stripes)) == {FindingCode.FLASHES}


def test_a_change_below_20_cd_is_no_flash() -> None:
    # 200 * (V/255) ** 2.4 cd/m2: 100 -> 21.1, 130 -> 39.7; 140 -> 47.4
    assert detect(flashing(8, dark=(100, 100, 100), bright=(130, 130, 130))) == []
    assert codes(detect(flashing(8, dark=(100, 100, 100), bright=(140, 140, 140)))) == {FindingCode.FLASHES}


def test_bright_pictures_may_flicker_where_the_darker_is_at_160_cd() -> None:
    # 234 -> 162.7 cd/m2; 230 -> 156 cd/m2
    assert detect(flashing(8, dark=(234, 234, 234), bright=(255, 255, 255))) == []
    assert codes(detect(flashing(8, dark=(230, 230, 230), bright=(255, 255, 255)))) == {FindingCode.FLASHES}


def test_red_flashes_of_equal_luminance_are_found() -> None:
    # Saturated red of 230 has 33 cd/m2, the grey of 121 as many.
    findings = detect(flashing(5, dark=(121, 121, 121), bright=RED))
    assert codes(findings) == {FindingCode.RED_FLASHES}
    assert detect(flashing(3, dark=(121, 121, 121), bright=RED)) == []
    assert detect(flashing(5, dark=(121, 121, 121), bright=RED, area=0.2)) == []


def test_colours_without_red_of_equal_luminance_are_no_flash() -> None:
    # Both near 8 cd/m2.
    assert detect(flashing(8, dark=(66, 66, 66), bright=BLUE)) == []


def test_a_gradual_change_counts_as_one() -> None:
    def breathing(time: float):
        level = int(128 + 100 * (1 - abs((time * 2) % 2 - 1) * 2))
        return plain((level, level, level))

    assert detect(breathing, seconds=5) == []


def test_flashes_that_rise_over_some_pictures_count() -> None:
    def ramp(time: float):
        level = int(220 * (1 - abs((time * 10) % 2 - 1)))
        return plain((level, level, level))

    assert codes(detect(ramp, fps=50)) == {FindingCode.FLASHES}


@settings(max_examples=30, deadline=None)
@given(
    per_second=st.floats(0.5, 12),
    area=st.floats(0.05, 1),
    fps=st.sampled_from([25, 30, 50]),
)
def test_more_area_or_a_higher_rate_is_never_safer(per_second: float, area: float, fps: int) -> None:
    found = bool(detect(flashing(per_second, area=area), seconds=2, fps=fps))
    if per_second <= 2.9 or area < 0.22:
        assert not found
    if 3.8 <= per_second <= 10 and area > 0.28:
        assert found
