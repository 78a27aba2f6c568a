"""Bytes of sealed files: every second is compared with its digest before it leaves."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from signalling.library.sealing.manifest import SealBroken, SealedRendition


@dataclass(frozen=True, slots=True)
class SealedFile:
    """`path` holds `sealed`, whose first bytes, before all chunks, were checked when the film was opened."""

    path: Path
    sealed: SealedRendition


class Reader:
    """Keeps what was read last: all viewers of a broadcast ask for the same."""

    def __init__(self, memory_bytes: int) -> None:
        self._most = memory_bytes
        self._kept: OrderedDict[tuple[Path, str, int], bytes] = OrderedDict()
        self._size = 0

    async def pieces(self, file: SealedFile, begin: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `begin` to `end` (exclusive). Raises `SealBroken`: what came before it is sound."""
        first = file.sealed.chunks[0].offset if file.sealed.chunks else file.sealed.size
        if begin < first:
            head = await asyncio.to_thread(_read, file.path, 0, first)
            yield head[begin:end]
        for number, chunk in enumerate(file.sealed.chunks):
            if chunk.offset < end and chunk.offset + chunk.length > begin:
                data = await self._chunk(file, number)
                yield data[max(0, begin - chunk.offset) : end - chunk.offset]

    async def _chunk(self, file: SealedFile, number: int) -> bytes:
        chunk = file.sealed.chunks[number]
        key = file.path, chunk.sha256, number
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        data = await asyncio.to_thread(_read, file.path, chunk.offset, chunk.length)
        if sha256(data).hexdigest() != chunk.sha256:
            raise SealBroken(f"{file.path.name} was changed at {number} s", file.path.name)
        if key not in self._kept:
            self._kept[key] = data
            self._size += len(data)
        while self._size > self._most and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)
        return data


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
    except OSError as error:
        raise SealBroken(f"{path.name} cannot be read", path.name) from error
    if len(data) != length:
        raise SealBroken(f"{path.name} is too short", path.name)
    return data
