"""Load tests by LiveKit's own tools: `lk perf load-test`, or go/load, which is the same by the Go SDK."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .golang import GO, compiled
from .server import RunningServer

LK = shutil.which(os.environ.get("LK", "lk"))
#: Options of both: a meeting, a lecture with one encoding, voices with a change of speakers.
SHAPES = {
    "meeting": (
        "--video-publishers",
        "3",
        "--audio-publishers",
        "3",
        "--subscribers",
        "3",
        "--layout",
        "3x3",
    ),
    "lecture": (
        "--video-publishers",
        "1",
        "--audio-publishers",
        "1",
        "--subscribers",
        "10",
        "--no-simulcast",
    ),
    "voices": ("--audio-publishers", "5", "--subscribers", "5", "--simulate-speakers"),
}


def load_tester(server: RunningServer, folder: Path) -> Sequence[str]:
    """The command to which a shape, `--room` and `--duration` are added; nothing without `lk` and Go.

    Ours is built in the folder.
    """
    if LK is not None:
        return (LK, *access(server), "perf", "load-test")
    return () if GO is None else go_load_tester(server, folder)


def go_load_tester(server: RunningServer, folder: Path) -> Sequence[str]:
    return (str(compiled(folder, "load")), *access(server))


def access(server: RunningServer) -> Sequence[str]:
    return ("--url", server.http, "--api-key", "devkey", "--api-secret", "secret")
