"""A real film through our server to libwebrtc receivers: pictures, sound, and both at the same time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from .film import FPS, HEIGHT, Projector, Sound, film
from .sdk import RATE, Image, Received, joined, ssim
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(180)]
MIN_SSIM = 0.85
#: Of the clip, numbers of pictures that differ enough from their neighbours to be told from them.
MOVING = range(8, 62)
#: Sound and picture are apart by at most this much; ITU-R BT.1359-1 says that people notice 45 ms of lead, 125 of lag.
MAX_APART_S = 0.080
STILL_S = 4.0
SHOWS, CHANCES = 3, 3


@dataclass
class Showing:
    """What the viewer got of one show of the film, `pictures` and `sound` with the times when they came."""

    pictures: list[Image]
    pictures_at: list[float]
    sound: list[Sound]
    sound_at: list[float]

    def judged(self) -> Verdict:
        clip = film()
        numbers = np.array([clip.find(image) for image in self.pictures])
        whole = [pair for pair in zip(numbers, self.pictures, strict=True) if pair[1].shape[0] == HEIGHT]
        likenesses = [ssim(clip.pictures[number], image) for number, image in whole[::5]]
        begins_at, likeness = clip.position_of(np.concatenate(self.sound))
        samples_before = np.cumsum([0, *map(len, self.sound[:-1])]) / RATE
        heard_at = begins_at + float(np.median(np.array(self.sound_at) - samples_before))
        moving = np.isin(numbers, list(MOVING))
        seen_at = float(np.median(np.array(self.pictures_at)[moving] - numbers[moving] / FPS))
        missing = len(set(MOVING) - set(numbers.tolist())) / len(MOVING)
        return Verdict(len(whole), float(np.mean(likenesses)), missing, likeness, heard_at - seen_at)


@dataclass
class Verdict:
    """`whole`: pictures of full size, `likeness`: their mean structural similarity, `missing`: share of the moving
    part's pictures, `sound`: correlation, `apart_s`: how much later than its picture the sound came."""

    whole: int
    likeness: float
    missing: float
    sound: float
    apart_s: float


async def shown(projector: Projector, received: Received) -> Showing:
    """Shows the film once, and a second of its last picture in silence so that all of it arrives."""
    clip = film()
    pictures, sound = len(received.pictures), len(received.sound)
    await projector.show(clip.pictures, clip.sound)
    await projector.show_still(clip.pictures[-1], 1.0)
    return Showing(
        received.pictures[pictures:],
        received.pictures_at[pictures:],
        received.sound[sound:],
        received.sound_at[sound:],
    )


@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_a_film_arrives_in_step(server: RunningServer, codec: str, single: bool) -> None:
    clip = film()
    room_name = f"film-{codec}-{single}"
    async with (
        joined(server, "viewer", room_name, single=single) as (_, received),
        joined(server, "teacher", room_name, single=single) as (room, _),
    ):
        projector = Projector(room)
        await projector.publish(codec)
        await projector.show_still(clip.pictures[0], STILL_S)
        # Where the machine stutters, libwebrtc's buffers grow, and it brings both in step again within seconds.
        for _ in range(CHANCES):
            shows = [await shown(projector, received) for _ in range(SHOWS)]
            verdicts = [show.judged() for show in shows]
            apart = float(np.median([verdict.apart_s for verdict in verdicts]))
            if abs(apart) <= MAX_APART_S:
                break
    for verdict in verdicts:
        assert verdict.whole >= len(clip.pictures), "the film is shown at its full size"
        assert verdict.likeness >= MIN_SSIM
        assert verdict.missing <= 0.1
    likenesses = [verdict.sound for verdict in verdicts]
    assert np.median(likenesses) > 0.5, "wind and leaves: Opus keeps their spectrum, not their samples"
    assert abs(apart) <= MAX_APART_S, verdicts
