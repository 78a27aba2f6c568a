"""Bytes of sealed files: every second is compared with its digest before it leaves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from signalling.library.sealing.manifest import SealBroken, SealedRendition, read_piece, read_sealed
from signalling.recent import Recent


@dataclass(frozen=True, slots=True)
class SealedFile:
    """`path` holds `sealed`, whose first bytes, before all chunks, were checked when the film was opened."""

    path: Path
    sealed: SealedRendition


class Reader:
    """Keeps what was read last: all viewers of a broadcast ask for the same."""

    def __init__(self, memory_bytes: int) -> None:
        self._kept: Recent[tuple[Path, str, int], bytes] = Recent(memory_bytes)

    async def pieces(self, file: SealedFile, begin: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `begin` to `end` (exclusive). Raises `SealBroken`: what came before it is sound."""
        first = file.sealed.chunks[0].offset if file.sealed.chunks else file.sealed.size
        if begin < first:
            head = await asyncio.to_thread(_head, file.path, first)
            yield head[begin:end]
        for number, chunk in enumerate(file.sealed.chunks):
            if chunk.offset < end and chunk.offset + chunk.length > begin:
                data = await self._chunk(file, number)
                yield data[max(0, begin - chunk.offset) : end - chunk.offset]

    async def _chunk(self, file: SealedFile, number: int) -> bytes:
        chunk = file.sealed.chunks[number]
        key = file.path, chunk.sha256, number
        if (kept := self._kept.get(key)) is not None:
            return kept
        data = await asyncio.to_thread(read_sealed, file.path, number, chunk)
        self._kept.put(key, data, len(data))
        return data


def _head(path: Path, length: int) -> bytes:
    data = read_piece(path, 0, length)
    if len(data) != length:
        raise SealBroken(f"{path.name} is too short", path.name)
    return data
