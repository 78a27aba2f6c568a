"""Where files of content are kept, by the id of the content."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Protocol

SOURCE = "source"
GONE = ".gone"
_ID = re.compile(r"[0-9a-f]{32}")


class StorageError(OSError):
    """What is kept elsewhere cannot be reached."""


class Storage(Protocol):
    """Content is made in a folder here; what is `kept` outlives this machine's disk, if it is kept elsewhere."""

    def folder(self, content: str) -> Path:
        """Of this content on this machine; it need not be there."""

    def known(self) -> list[str]:
        """What has a folder on this machine. Blocks on the disk."""

    async def keep(self, content: str) -> None:
        """Its files are whole. Raises `OSError`."""

    async def fetch(self, content: str) -> Path:
        """The folder, with all files that are kept. Raises `OSError`."""

    async def remove(self, content: str) -> None:
        """With all its files. Idempotent. Raises `OSError`."""


class FolderStorage:
    """A folder on this machine, with one for each piece of content."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, content: str) -> Path:
        if not _ID.fullmatch(content):
            raise ValueError("no id")  # never a path of somebody else's making
        return self.root / content

    def known(self) -> list[str]:
        if not self.root.exists():
            return []
        names = [path.name.removeprefix(".").removesuffix(GONE) for path in self.root.iterdir()]
        return [name for name in names if _ID.fullmatch(name)]

    async def keep(self, content: str) -> None:
        """It is where it was made."""

    async def fetch(self, content: str) -> Path:
        return self.folder(content)

    async def remove(self, content: str) -> None:
        await asyncio.to_thread(_remove, self.folder(content))


def _remove(folder: Path) -> None:
    """What is half removed after a crash is not taken for whole: it has another name by then."""
    going = folder.with_name(f".{folder.name}{GONE}")
    if folder.exists():
        shutil.rmtree(going, ignore_errors=True)
        folder.rename(going)
    shutil.rmtree(going, ignore_errors=True)
