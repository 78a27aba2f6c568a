"""What is sealed: metadata, the source and every chunk of every rendition, by their SHA-256."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..renditions.format import LISTING
from .canonical import canonical
from .keys import KeyRing

SEAL = "seal.json"  # beside the renditions
MOST_MANIFEST = 64 << 20  # bytes: four hours of four renditions are 8 MB
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**53)]
#: Nothing but a name: a manifest never leads out of its folder.
FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SealedChunk(_Strict):
    offset: Count
    length: Annotated[int, Field(gt=0, lt=2**31)]
    start: Count
    duration: Annotated[int, Field(gt=0, lt=2**31)]
    sha256: Digest


class SealedRendition(_Strict):
    file: FileName
    kind: Literal["vp8", "opus", "h264", "cmaf-h264", "cmaf-aac", "webvtt"]
    """The first three are RTP payloads (docs/renditions.md), the others are for HLS (docs/hls.md)."""
    layer: Count
    clock: Annotated[int, Field(gt=0, lt=2**31)]
    width: Count
    height: Count
    channels: Count
    sha256: Digest
    size: Count
    chunks: list[SealedChunk]


class SealedSource(_Strict):
    sha256: Digest
    size: Count


class Manifest(_Strict):
    version: Literal[1] = 1
    content: str
    metadata: dict[str, str | int | bool | None]
    source: SealedSource
    renditions: list[SealedRendition]


class Seal(_Strict):
    """As it is kept and published: the manifest, who signed, and the signature (base64) of its canonical JSON."""

    manifest: Manifest
    key: str
    signature: str


class SealBroken(Exception):
    """What differs from what was sealed; `file` names it, if it is one."""

    def __init__(self, message: str, file: str | None = None) -> None:
        super().__init__(message)
        self.file = file


@dataclass(frozen=True, slots=True)
class Digested:
    sha256: str
    size: int


def digest(path: Path) -> Digested:
    with path.open("rb") as file:
        found, size = sha256(), 0
        while piece := file.read(1 << 20):
            found.update(piece)
            size += len(piece)
    return Digested(found.hexdigest(), size)


def manifest_of(
    content: str, metadata: Mapping[str, str | int | bool | None], source: Path, folder: Path
) -> Manifest:
    """Of what is on disk now, after it was compared with the listing. Raises `SealBroken`, `OSError`."""
    listing = _listing(folder / LISTING)
    found = digest(source)
    manifest = Manifest(
        content=content,
        metadata=dict(metadata),
        source=SealedSource(sha256=found.sha256, size=found.size),
        renditions=listing,
    )
    check_renditions(manifest, folder)
    return manifest


def _listing(path: Path) -> list[SealedRendition]:
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        return [SealedRendition.model_validate(one) for one in told["renditions"]]
    except (ValueError, KeyError, TypeError) as error:
        raise SealBroken("the listing of renditions is damaged", path.name) from error


def seal(manifest: Manifest, keys: KeyRing) -> Seal:
    """Raises `KeyFault`."""
    key, signature = keys.sign(canonical(manifest.model_dump(mode="json")))
    return Seal(manifest=manifest, key=key, signature=base64.b64encode(signature).decode())


def read_seal(data: bytes) -> Seal:
    """Raises `SealBroken`."""
    if len(data) > MOST_MANIFEST:
        raise SealBroken("the seal is too large")
    try:
        return Seal.model_validate_json(data)
    except ValidationError as error:
        raise SealBroken("this is no seal") from error


def check_signature(seal: Seal, keys: KeyRing) -> None:
    """Raises `SealBroken`, `KeyFault`."""
    try:
        signature = base64.b64decode(seal.signature, validate=True)
        data = canonical(seal.manifest.model_dump(mode="json"))
    except ValueError as error:
        raise SealBroken("the signature or the manifest is damaged") from error
    if not keys.verifies(seal.key, signature, data):
        raise SealBroken("the signature is not of a key that is valid here")


def check_renditions(manifest: Manifest, folder: Path) -> None:
    """Reads everything. Raises `SealBroken`."""
    for rendition in manifest.renditions:
        path = folder / rendition.file
        try:
            found = digest(path)
        except OSError as error:
            raise SealBroken(f"{rendition.file} cannot be read", rendition.file) from error
        if found.sha256 != rendition.sha256 or found.size != rendition.size:
            changed = next(_changed(rendition, path), None)
            where = "" if changed is None else f" at {changed.start / rendition.clock:.0f} s"
            raise SealBroken(f"{rendition.file} was changed{where}", rendition.file)
        if next(_changed(rendition, path), None) is not None:
            raise SealBroken(f"{rendition.file} has other chunks than were sealed", rendition.file)


def read_sealed(path: Path, number: int, sealed: SealedChunk) -> bytes:
    """A piece of a rendition, its `number`-th. Blocks on the disk. Raises `SealBroken`."""
    data = read_piece(path, sealed.offset, sealed.length)
    if sha256(data).hexdigest() != sealed.sha256:
        raise SealBroken(f"{path.name} was changed at {number} s", path.name)
    return data


def read_piece(path: Path, offset: int, length: int) -> bytes:
    """Perhaps less, at the end of the file. Raises `SealBroken` where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)
    except OSError as error:
        raise SealBroken(f"{path.name} cannot be read", path.name) from error


def _changed(rendition: SealedRendition, path: Path) -> Iterator[SealedChunk]:
    with path.open("rb") as file:
        for chunk in rendition.chunks:
            file.seek(chunk.offset)
            if sha256(file.read(chunk.length)).hexdigest() != chunk.sha256:
                yield chunk


def check_source(manifest: Manifest, source: Path) -> None:
    """Raises `SealBroken`."""
    try:
        found = digest(source)
    except OSError as error:
        raise SealBroken("the source cannot be read", source.name) from error
    if (found.sha256, found.size) != (manifest.source.sha256, manifest.source.size):
        raise SealBroken("the source was changed", source.name)
