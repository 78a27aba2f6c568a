"""Where uploads are that have not ended: a file for each, by its id."""

import re
import shutil
from collections.abc import Collection
from pathlib import Path

_ID = re.compile(r"[0-9a-f]{32}")


class IncomingFolder:
    """On this machine, on the disk of the library, so that a whole file is moved and not copied."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, upload: str) -> Path:
        if not _ID.fullmatch(upload):
            raise ValueError("no id")
        return self.root / upload

    def free(self) -> int:
        """Bytes."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def remove(self, upload: str) -> None:
        self.path(upload).unlink(missing_ok=True)

    def keep_only(self, uploads: Collection[str]) -> None:
        """Removes all others."""
        for path in self.root.iterdir() if self.root.exists() else ():
            if path.name not in uploads:
                path.unlink(missing_ok=True)
