"""Where the data plane spends its time, by samples of perf: what of it is the player's."""

import asyncio
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

HZ = 1999
#: In this benchmark only the player feeds receivers, so these are its own: by the paths of their symbols.
OWN = re.compile(r"player::|Receiver::accept$|receiver::store::")
#: Code of the player that the compiler has put into others is told by its file.
OWN_FILE = "/player.rs:"
SAMPLE = re.compile(r"^\s*(?P<symbol>.+?)\+0x(?P<offset>[0-9a-f]+) \((?P<object>[^()]*)\)\s*$")
Place = tuple[str, int]
"""A symbol of the data plane, and the offset in it."""


async def record(pid: int, seconds: float, path: Path) -> None:
    """Samples of all threads of a process. Raises RuntimeError where perf may not."""
    process = await asyncio.create_subprocess_exec(
        "perf", "record", "--quiet", "-e", "cpu-clock", "-F", str(HZ), "-p", str(pid), "-o", str(path),
        "--", "sleep", str(seconds), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"perf: {errors.decode()[-300:]}")


def samples(path: Path) -> tuple[int, Counter[Place]]:
    """How many there are, and those in the data plane by place."""
    command = ["perf", "script", "-i", str(path), "-F", "ip,sym,symoff,dso"]
    return read(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())


def read(lines: Iterable[str]) -> tuple[int, Counter[Place]]:
    """Of `perf script`: an address, symbol+0xoffset (object) in each line."""
    count, places = 0, Counter[Place]()
    for line in lines:
        address, _, rest = line.strip().partition(" ")
        if not address:
            continue
        count += 1
        found = SAMPLE.match(rest)
        if found and "_dataplane" in found["object"]:
            places[found["symbol"], int(found["offset"], 16)] += 1
    return count, places


def own_share(total: int, places: Mapping[Place, int], inlined: Mapping[Place, str]) -> float:
    """Of all samples. `inlined`: files of the code at a place, where that is known."""
    own = sum(
        count for place, count in places.items() if OWN.search(place[0]) or OWN_FILE in inlined.get(place, "")
    )
    return own / total if total else 0.0


def files_of(library: Path, places: Iterable[Place]) -> dict[Place, str]:
    """What addr2line says of places in `Core::poll`, into which the compiler puts much."""
    table = subprocess.run(["nm", "-C", library], check=True, capture_output=True, text=True).stdout
    begins = {
        line.split(" ", 2)[2]: int(line.split(" ", 1)[0], 16)
        for line in table.splitlines()
        if line.endswith("Core::poll")
    }
    wanted = [place for place in places if place[0] in begins]
    found = {}
    for symbol, offset in wanted:
        address = f"{begins[symbol] + offset:x}"
        command = ["addr2line", "-i", "-e", str(library), address]
        found[symbol, offset] = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return found
