"""`polyana keys` and `polyana content`: keys that seal, and films looked at from the console."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mediaserver.clock import Clock, SystemClock
from signalling.config import Settings
from signalling.library.pipeline.job import REPORT, Job, Progress
from signalling.library.pipeline.supervisor import PreparationFailed, prepare
from signalling.library.sealing.keys import FOLDER, KeyFault, KeyRing
from signalling.library.sealing.manifest import (
    SEAL,
    SealBroken,
    check_renditions,
    check_signature,
    check_source,
    read_seal,
)


def add_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add_settings: Callable[[argparse.ArgumentParser], None],
) -> None:
    """`keys` and `content` with their own commands."""
    keys = commands.add_parser("keys", help="keys that seal verified content")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = actions.add_parser("make", help="make a key; it signs from now on, older ones still verify")
    listing = actions.add_parser("list", help="print ids, public keys, and whether they are valid")
    revoke = actions.add_parser("revoke", help="take a key back: what it sealed is sealed no more")
    revoke.add_argument("id")
    content = commands.add_parser("content", help="films")
    actions = content.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="decode a film to its end and say what is wrong with it")
    check.add_argument("file", type=Path)
    check.add_argument("--json", action="store_true", help="print the whole report")
    verify = actions.add_parser("verify", help="look whether a byte of sealed content was changed")
    verify.add_argument("folder", type=Path, help=f"with {SEAL} and the renditions")
    verify.add_argument("--source", type=Path, metavar="FILE", help="the film that was uploaded")
    for action in (make, listing, revoke, check, verify):
        add_settings(action)


def main(settings: Settings, arguments: argparse.Namespace, clock: Clock | None = None) -> int:
    """Runs one command; the exit status."""
    console = Console(KeyRing(settings.data / FOLDER), clock or SystemClock())
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "make": console.make,
        "list": console.list_keys,
        "revoke": console.revoke,
        "check": console.check,
        "verify": console.verify,
    }
    try:
        return actions[arguments.action](arguments)
    except (KeyFault, PreparationFailed, SealBroken, OSError) as error:
        print(f"polyana: {error}", file=sys.stderr)
        return 1


class Console:
    """Each method is a command. Raises `KeyFault`, `PreparationFailed`, `SealBroken`, `OSError`."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._keys, self._clock = keys, clock

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)

    def make(self, arguments: argparse.Namespace) -> int:
        entry = self._keys.make(self._now())
        print(f"{entry.id} signs from now on; public key {entry.public}")
        return 0

    def list_keys(self, arguments: argparse.Namespace) -> int:
        for entry in self._keys.entries():
            state = f"revoked {entry.revoked:%Y-%m-%d}" if entry.revoked else "valid"
            print(f"{entry.id}\t{entry.public}\t{entry.made:%Y-%m-%d}\t{state}")
        return 0

    def revoke(self, arguments: argparse.Namespace) -> int:
        try:
            entry = self._keys.revoke(arguments.id, self._now())
        except KeyError:
            raise KeyFault(f"there is no key {arguments.id}") from None
        print(f"{entry.id} is revoked: what it sealed must be verified again")
        return 0

    def check(self, arguments: argparse.Namespace) -> int:
        """1 when the film must not be broadcast."""
        with tempfile.TemporaryDirectory(prefix="polyana-check-") as folder:
            job = Job(source=arguments.file.resolve(), folder=Path(folder), renditions=False)
            asyncio.run(prepare(job, _tell))
            report = json.loads((Path(folder) / REPORT).read_bytes())
        if arguments.json:
            print(json.dumps(report, indent=1))
        else:
            print("\n".join(_lines(report)))
        return 0 if report["acceptable"] else 1

    def verify(self, arguments: argparse.Namespace) -> int:
        seal = read_seal((arguments.folder / SEAL).read_bytes())
        check_signature(seal, self._keys)
        check_renditions(seal.manifest, arguments.folder)
        if arguments.source is not None:
            check_source(seal.manifest, arguments.source)
        chunks = sum(len(rendition.chunks) for rendition in seal.manifest.renditions)
        print(f"{seal.manifest.content}: sealed by {seal.key}, {chunks} pieces, none was changed")
        return 0


def _tell(progress: Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress.step} {progress.done:4.0%}", end="", file=sys.stderr)


def _lines(report: dict[str, Any]) -> list[str]:
    size = (
        f"{report['width']} x {report['height']}, {report['frame_rate']:.3g} a second, "
        if report["width"]
        else ""
    )
    lines = [f"{report['duration']:.1f} s, {size}{report['channels']} channels of sound"]
    if report["loudness"] is not None and report["loudness"]["integrated"] is not None:
        lines.append(f"loudness {report['loudness']['integrated']:.1f} LUFS")
    for one in report["findings"]:
        value = "none" if one["value"] is None else f"{one['value']:.4g}"
        where = f"{one['start']:.1f}-{one['end']:.1f} s"
        lines.append(f"{one['severity']}: {one['code']} at {where}: {value} (limit {one['limit']:.4g})")
    lines.append("nothing speaks against it" if report["acceptable"] else "must not be broadcast as it is")
    return lines
