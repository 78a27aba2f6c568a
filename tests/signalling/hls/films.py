"""A sealed film of HLS without pictures: files whose bytes say where they are."""

import json
from hashlib import sha256
from pathlib import Path

from signalling.library.renditions.film import listed
from signalling.library.renditions.writer import ChunkedFile, Description
from signalling.library.sealing.manifest import Manifest, manifest_of
from signalling.library.subtitles.cues import Cue, webvtt

HEAD = b"head" * 50


def make_film(folder: Path, seconds: int, *, hls: bool = True) -> Manifest:
    folder.mkdir()
    files = {
        "hls-video-0.mp4": Description("cmaf-h264", 0, 90_000, 320, 180),
        "hls-video-1.mp4": Description("cmaf-h264", 1, 90_000, 640, 360),
        "hls-sound.mp4": Description("cmaf-aac", 0, 48_000, channels=2),
    }
    made = []
    for name, description in files.items() if hls else ():
        with ChunkedFile(folder / name, description) as file:
            file.write(HEAD)
            for second in range(seconds):
                data = sha256(f"{name} {second}".encode()).digest() * (10 + second % 7)
                file.append(data, second * description.clock, description.clock)
        made.append(listed(file))
    with ChunkedFile(folder / "subtitles-ru.vtt", Description("webvtt", 0, 1000)) as file:
        cues = [Cue(second * 1000, second * 1000 + 900, f"№ {second}") for second in range(seconds)]
        file.append(webvtt(cues), 0, seconds * 1000)
    made.append(listed(file))
    (folder / "renditions.json").write_text(json.dumps({"renditions": made}))
    (folder / "source").write_bytes(b"film")
    return manifest_of("c1", {}, folder / "source", folder)
