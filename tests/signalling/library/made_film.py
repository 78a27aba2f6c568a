"""Sealed films that need no encoder: two layers of pictures and stereo sound, all bytes made up."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from signalling.library.renditions import h264, vp8
from signalling.library.renditions.format import Flag, Header, Kind, Packet
from signalling.library.renditions.writer import RenditionWriter, listed
from signalling.library.sealing.manifest import Manifest, manifest_of
from signalling.library.subtitles.cues import Cue
from signalling.library.subtitles.written import write_cues

RATE = 25


def make_film(folder: Path, seconds: int, subtitles: Sequence[str] = (), *, backup: bool = False) -> Manifest:
    """Sound goes on for 60 ms after the picture, in a second of its own. `subtitles`: languages; a cue each second.
    `backup`: the pictures in H.264, too."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [
        _pictures(folder / f"video-{layer}.prtp", Kind.VP8, layer, seconds, _vp8_picture)
        for layer in range(2)
    ]
    with RenditionWriter(folder / "sound.prtp", Header(Kind.OPUS, 0, 48_000, 48_000, channels=2)) as writer:
        for second in range(seconds + 1):
            count = 50 if second < seconds else 3
            start = second * 48_000
            writer.add(
                [Packet(start + n * 960, bytes([n] * 80), Flag.BEGINS) for n in range(count)], count * 960
            )
    made.append(listed(writer))
    if backup:
        made += [
            _pictures(folder / f"h264-{layer}.prtp", Kind.H264, layer, seconds, _h264_picture)
            for layer in range(2)
        ]
    for language in subtitles:
        cues = [Cue(n * 1000, n * 1000 + 900, f"{language} {n}") for n in range(seconds)]
        made.append(listed(write_cues(folder, language, cues, seconds)))
    (folder / "renditions.json").write_text(json.dumps({"renditions": made}))
    (folder / "source").write_bytes(b"film")
    return manifest_of("c1", {}, folder / "source", folder)


def _pictures(
    path: Path, kind: Kind, layer: int, seconds: int, picture: Callable[[int, int], list[Packet]]
) -> dict[str, Any]:
    header = Header(kind, layer, 90_000, 90_000, width=320 << layer, height=180 << layer)
    with RenditionWriter(path, header) as writer:
        for second in range(seconds):
            numbers = range(second * RATE, (second + 1) * RATE)
            writer.add([packet for number in numbers for packet in picture(number, layer)], 90_000)
    return listed(writer)


def _vp8_picture(number: int, layer: int) -> list[Packet]:
    picture = bytes([number % RATE > 0, number % 256, layer]) + bytes(1500 * (layer + 1))
    return vp8.packets(picture, time=number * 3600, picture_id=number)


def _h264_picture(number: int, layer: int) -> list[Packet]:
    sets = [] if number % RATE else [b"\x67\x42\xc0\x1f", b"\x68\xce"]
    slice_of = bytes([0x41 if number % RATE else 0x65, number % 256, layer]) + bytes(1500 * (layer + 1))
    return h264.packets([*sets, slice_of], time=number * 3600)
