"""What layers cost, and the rungs that a subscriber may get instead of what it wishes. Rates are bit/s."""

from __future__ import annotations

from math import inf

import pytest

from mediaserver.allocation import Rung
from mediaserver.ladders import BITS_PER_PIXEL, ladder, ladder_of
from mediaserver.layer_bitrates import LayerBitrates
from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.subscription import EVERYTHING, UNLIMITED, Target
from tests.mediaserver.room_fakes import make_participant, make_room, publish

LAYERS = (
    VideoLayer(VideoQuality.LOW, 320, 180, 150_000),
    VideoLayer(VideoQuality.MEDIUM, 640, 360, 450_000),
    VideoLayer(VideoQuality.HIGH, 1280, 720),
)
SIMULCAST = [(s, t, bits * 1000) for s, bits in enumerate((40, 100, 400)) for t in range(3)]
"""Three encodings of three temporal layers of the same rate each."""


def measured(*layers: tuple[int, int, int]) -> LayerBitrates:
    bitrates = LayerBitrates()
    bitrates.observe({(spatial, temporal): rate for spatial, temporal, rate in layers})
    return bitrates


def rungs(
    bitrates: LayerBitrates, target: Target = EVERYTHING, *, encodings: int = 3, svc: bool = False
) -> list[tuple[int, int, int]]:
    """Costs in kbit/s."""
    found = ladder(target, bitrates, LAYERS, encodings, svc=svc)
    return [(rung.spatial, rung.temporal, rung.cost_bps // 1000) for rung in found]


def test_what_is_announced_counts_until_something_comes() -> None:
    guessed = int(BITS_PER_PIXEL * 1280 * 720 * 30) // 1000
    wished = (UNLIMITED, UNLIMITED, guessed)
    assert rungs(LayerBitrates()) == [(0, UNLIMITED, 150), (1, UNLIMITED, 450), wished]
    nothing_known = ladder(EVERYTHING, LayerBitrates(), (), 2, svc=False)
    assert [rung.spatial for rung in nothing_known] == [0, UNLIMITED]
    assert nothing_known[1].cost_bps == pytest.approx(4 * nothing_known[0].cost_bps)


def test_simulcast_costs_what_one_encoding_costs() -> None:
    assert rungs(measured(*SIMULCAST)) == [
        (0, 0, 40),
        (0, 1, 80),
        (0, UNLIMITED, 120),
        (1, 1, 200),
        (1, UNLIMITED, 300),
        (2, 1, 800),
        (UNLIMITED, UNLIMITED, 1200),
    ]


def test_svc_costs_what_all_layers_below_cost() -> None:
    assert rungs(measured(*SIMULCAST), encodings=1, svc=True) == [
        (0, 0, 40),
        (0, 1, 80),
        (0, UNLIMITED, 120),
        (1, 1, 280),
        (1, UNLIMITED, 420),
        (2, 1, 1080),
        (UNLIMITED, UNLIMITED, 1620),
    ]


def test_the_last_rung_is_what_was_wished() -> None:
    bitrates = measured(*SIMULCAST)
    assert rungs(bitrates, Target(True, 1, 1)) == [(0, 0, 40), (0, 1, 80), (1, 1, 200)]
    assert rungs(bitrates, Target(True, 1, 0)) == [(0, 0, 40), (1, 0, 100)], "as few frames as are wished"
    assert rungs(bitrates, Target(True, 0, UNLIMITED))[-1] == (0, UNLIMITED, 120)


def test_a_layer_that_costs_no_more_than_a_lower_one_is_taken_instead() -> None:
    bitrates = measured((0, 0, 150_000), (1, 0, 120_000), (2, 0, 900_000))
    assert rungs(bitrates) == [(1, UNLIMITED, 120), (UNLIMITED, UNLIMITED, 900)]


def test_layers_that_nobody_announced_are_found_when_they_come() -> None:
    found = ladder(EVERYTHING, measured((0, 0, 100), (1, 0, 300)), (), 1, svc=True)
    assert found == (Rung(0, UNLIMITED, 100), Rung(UNLIMITED, UNLIMITED, 400))


def test_how_much_more_its_layers_cost_at_most() -> None:
    bitrates = measured((0, 0, 100_000))
    assert bitrates.observe({(0, 0): 106_000}) == 1.06
    assert bitrates.cost(0, 0, svc=False) == 106_000
    assert bitrates.observe({(0, 0): 53_000}) == 1
    assert bitrates.observe({(0, 0): 106_000, (1, 0): 1}) == inf, "a new layer"


def test_what_stands_still_costs_what_it_did() -> None:
    bitrates = measured((0, 0, 100_000), (1, 0, 300_000))
    for _ in range(50):
        bitrates.observe({(0, 0): 100_000})
    assert bitrates.cost(1, 0, svc=False) == 300_000


async def test_a_ladder_is_made_once_for_all_and_anew_when_something_changes() -> None:
    track = await publish(make_participant(make_room(), "anna"), "video", layers=LAYERS)
    first = ladder_of(track.main, EVERYTHING)
    assert ladder_of(track.main, EVERYTHING) is first
    track.main.bitrates.observe({(0, 0): 77_000})
    second = ladder_of(track.main, EVERYTHING)
    assert second[0].cost_bps == 77_000
    track.update(layers=LAYERS[:1])
    assert len(ladder_of(track.main, EVERYTHING)) == 1


def test_a_second_with_a_keyframe_does_not_make_a_layer_dear() -> None:
    layers = [
        VideoLayer(VideoQuality.LOW, 320, 180, 160_000),
        VideoLayer(VideoQuality.HIGH, 1280, 720, 1_700_000),
    ]
    found = ladder(EVERYTHING, measured((0, 0, 450_000), (1, 0, 1_500_000)), layers, 2, svc=False)
    assert [rung.cost_bps for rung in found] == [200_000, 1_500_000]
