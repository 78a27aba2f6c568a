"""A real film through our server to libwebrtc receivers: pictures, sound, and both at the same time."""

from __future__ import annotations

import numpy as np
import pytest

from .film import FPS, HEIGHT, RATE, Projector, film
from .sdk import joined, ssim
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]
MIN_SSIM = 0.85
#: Of the clip, numbers of pictures that differ enough from their neighbours to be told from them.
MOVING = range(8, 62)
#: ITU-R BT.1359-1: what people accept. The sender's own queue of sound (up to 40 ms) is in the measurement.
MAX_SOUND_LEAD_S, MAX_SOUND_LAG_S = 0.090, 0.185
STILL_S = 4.0


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
        shown_from = len(received.pictures)
        await projector.show(clip.pictures, clip.sound)
        await projector.show_still(clip.pictures[-1], 1.0)

        pictures = received.pictures[shown_from:]
        numbers = np.array([clip.find(image) for image in pictures])
        sharp = [
            ssim(clip.pictures[number], image)
            for number, image in zip(numbers, pictures, strict=True)
            if image.shape[0] == HEIGHT
        ]
        assert len(sharp) >= len(clip.pictures), "the film is shown at its full size"
        assert np.mean(sharp) >= MIN_SSIM
        assert len(set(MOVING) - set(numbers.tolist())) <= len(MOVING) * 0.1, "few pictures are missing"

        begins_at, likeness = clip.position_of(received.speech())
        assert likeness > 0.5, likeness  # wind and leaves: Opus keeps their spectrum, not their samples
        samples_before = np.cumsum([0, *map(len, received.sound[:-1])]) / RATE
        heard_at = begins_at + float(np.median(np.array(received.sound_at) - samples_before))
        arrivals = np.array(received.pictures_at[shown_from:])
        moving = np.isin(numbers, list(MOVING))
        seen_at = float(np.median(arrivals[moving] - numbers[moving] / FPS))
        assert -MAX_SOUND_LEAD_S <= heard_at - seen_at <= MAX_SOUND_LAG_S
