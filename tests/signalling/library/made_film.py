"""Sealed films that need no encoder: two layers of pictures and stereo sound, all bytes made up."""

import json
from collections.abc import Sequence
from pathlib import Path

from signalling.library.renditions import vp8
from signalling.library.renditions.format import Flag, Header, Kind, Packet
from signalling.library.renditions.writer import RenditionWriter, listed
from signalling.library.sealing.manifest import Manifest, manifest_of
from signalling.library.subtitles.cues import Cue
from signalling.library.subtitles.written import write_cues

RATE = 25


def make_film(folder: Path, seconds: int, subtitles: Sequence[str] = ()) -> Manifest:
    """Sound goes on for 60 ms after the picture, in a second of its own. `subtitles`: languages; a cue each second."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for layer in range(2):
        header = Header(Kind.VP8, layer, 90_000, 90_000, width=320 << layer, height=180 << layer)
        with RenditionWriter(folder / f"video-{layer}.prtp", header) as writer:
            for second in range(seconds):
                packets: list[Packet] = []
                for number in range(second * RATE, (second + 1) * RATE):
                    picture = bytes([number % RATE > 0, number % 256, layer]) + bytes(1500 * (layer + 1))
                    packets += vp8.packets(picture, time=number * 3600, picture_id=number)
                writer.add(packets, 90_000)
        made.append(listed(writer))
    with RenditionWriter(folder / "sound.prtp", Header(Kind.OPUS, 0, 48_000, 48_000, channels=2)) as writer:
        for second in range(seconds + 1):
            count = 50 if second < seconds else 3
            start = second * 48_000
            writer.add(
                [Packet(start + n * 960, bytes([n] * 80), Flag.BEGINS) for n in range(count)], count * 960
            )
    made.append(listed(writer))
    for language in subtitles:
        cues = [Cue(n * 1000, n * 1000 + 900, f"{language} {n}") for n in range(seconds)]
        made.append(listed(write_cues(folder, language, cues, seconds)))
    (folder / "renditions.json").write_text(json.dumps({"renditions": made}))
    (folder / "source").write_bytes(b"film")
    return manifest_of("c1", {}, folder / "source", folder)
