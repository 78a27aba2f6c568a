"""Sizes of the packets of a real encoder: VP8 (libvpx, real time), 640 x 360, 25 fps, 1.2 Mbit/s."""

from fractions import Fraction
from functools import cache

import av
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT, FPS = 640, 360, 25
BITRATE_BPS = 1_200_000
SECONDS = 8
#: RTP header with the extensions of a browser, and the VP8 descriptor (RFC 7741) with a picture id.
OVERHEAD_BYTES = 12 + 12 + 4
#: The generator writes its time stamp into every payload.
MIN_PACKET_BYTES = 80
SEED = 7


def scene(number: int, noise: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A head before a room: a still ground, something that moves, the noise of a cheap sensor."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    ground = 110 + 40 * np.sin(x / 53.0) + 30 * np.cos(y / 37.0)
    centre_x = WIDTH / 2 + 40 * np.sin(number / 9)
    centre_y = HEIGHT / 2 + 12 * np.sin(number / 5)
    head = ((x - centre_x) / 90) ** 2 + ((y - centre_y) / 120) ** 2 < 1
    face = 170 + 30 * np.sin((x - centre_x) / 11) * np.cos((y - centre_y) / 13)
    luma = np.where(head, face, ground) + np.roll(noise, number * 977) % 9
    return np.repeat(luma.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def split(size: int, max_bytes: int) -> list[int]:
    """Packets of one frame as libwebrtc makes them: as few as fit, of nearly the same size (RTP bytes)."""
    room = max_bytes - OVERHEAD_BYTES
    count = max(1, -(-size // room))
    base, larger = divmod(size, count)
    sizes = [base + 1] * larger + [base] * (count - larger)
    return [max(MIN_PACKET_BYTES, payload + OVERHEAD_BYTES) for payload in sizes]


@cache
def frame_sizes(max_bytes: int) -> list[list[int]]:
    """For each frame the sizes of its packets; deterministic for one version of the encoder."""
    context = av.CodecContext.create("libvpx", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.bit_rate = Fraction(1, FPS), BITRATE_BPS
    # As a browser encodes: one pass, no look-ahead, keyframes only when they are asked for.
    context.options = {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0", "g": "9999"}
    noise = np.random.default_rng(SEED).integers(0, 255, (HEIGHT, WIDTH), np.uint8)
    sizes = []
    for number in range(SECONDS * FPS):
        frame = av.VideoFrame.from_ndarray(scene(number, noise), format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        sizes += [len(bytes(packet)) for packet in context.encode(frame)]
    sizes += [len(bytes(packet)) for packet in context.encode(None)]
    return [split(size, max_bytes) for size in sizes]
