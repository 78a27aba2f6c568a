"""Instructions that the core of the data plane needs for one forwarded packet, counted by callgrind.

The benchmark program makes all packets beforehand, so the difference of two runs of different lengths is the packet
path alone: no timing, the same figure on a busy machine. `valgrind` hides VAES from the crypto library, so AES-GCM
counts more here than it costs; `own` leaves the crypto library and libc out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

DATAPLANE = Path(__file__).parents[1] / "mediaserver" / "dataplane"
SHAPES = ("vp8", "vp8-feedback", "vp8-temporal", "opus")
SHORT, LONG = 200, 600


def build() -> Path:
    """The benchmark program."""
    command = ["cargo", "bench", "--bench", "packet_path", "--no-run", "--message-format=json", "--quiet"]
    output = subprocess.run(command, cwd=DATAPLANE, check=True, capture_output=True, text=True).stdout
    messages = (json.loads(line) for line in output.splitlines())
    return Path(next(m["executable"] for m in messages if m.get("executable")))


def count(program: Path, shape: str, frames: int) -> tuple[int, int, int]:
    """(packets that left, instructions, those of our own code) of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={out}",
            str(program),
            shape,
            str(frames),
        ]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        table = subprocess.run(
            ["callgrind_annotate", "--auto=no", "--threshold=100", out],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    total = re.search(r"Collected : (\d+)", run.stderr)
    assert total is not None
    own = sum(
        int(instructions.replace(",", ""))
        for instructions in re.findall(r"^\s*([\d,]+) \(.*polyana_(?:core|wire)", table, re.MULTILINE)
    )
    return int(run.stdout), int(total[1]), own


@dataclass(frozen=True)
class PerPacket:
    """Instructions for each packet that leaves; `own`: without the crypto library and libc."""

    instructions: float
    own: float


def per_packet(program: Path, shape: str, *, short: int = SHORT, long: int = LONG) -> PerPacket:
    """The difference of two runs, `short` and `long` frames."""
    runs = count(program, shape, short), count(program, shape, long)
    packets, instructions, own = (b - a for a, b in zip(*runs, strict=True))
    return PerPacket(instructions / packets, own / packets)


def main() -> None:
    """Prints one row for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    shapes = parser.parse_args().shapes
    program = build()
    print("| shape | instructions/packet | own |")
    print("| --- | --- | --- |")
    for shape in shapes:
        found = per_packet(program, shape)
        print(f"| {shape} | {found.instructions:.0f} | {found.own:.0f} |")


if __name__ == "__main__":
    main()
