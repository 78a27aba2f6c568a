"""Keys that seal: Ed25519, in a folder of the data folder, one signs, all verify.

A key file is named by its id, the first 16 hexadecimal digits of the SHA-256 of the public key. A key that signs no
more stays, so that what it sealed can still be checked; a key that was revoked verifies nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from signalling.private_file import read_private, write_private

FOLDER = "content-keys"
LISTING = "keys.json"
_ID = re.compile(r"[0-9a-f]{16}")


class KeyFault(Exception):
    """Keys on disk that cannot be used; the text says which and why."""


class KeyEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    public: str
    """32 bytes as hexadecimal digits."""
    made: AwareDatetime
    revoked: AwareDatetime | None = None


class _Listing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[KeyEntry, ...] = ()


def key_id(public: bytes) -> str:
    return sha256(public).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Reads and writes `folder` (private files). The youngest key that is not revoked signs."""

    folder: Path

    def entries(self) -> tuple[KeyEntry, ...]:
        """Oldest first. Raises `KeyFault`."""
        path = self.folder / LISTING
        if not path.exists():
            return ()
        try:
            keys = _Listing.model_validate_json(read_private(path)).keys
        except (ValidationError, ValueError) as error:
            raise KeyFault(f"{path}: no list of keys") from error
        for entry in keys:
            if _ID.fullmatch(entry.id) is None or key_id(_raw(entry)) != entry.id:
                raise KeyFault(f"{path}: key {entry.id!r} is not what its name says")
        return keys

    def make(self, now: datetime) -> KeyEntry:
        """A new key, which signs from now on."""
        entries = self.entries()
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        entry = KeyEntry(id=key_id(public), public=public.hex(), made=now)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self._file(entry), pem)
        self._write((*entries, entry))
        return entry

    def revoke(self, identifier: str, now: datetime) -> KeyEntry:
        """What it sealed is sealed no more. `KeyError`: no such key."""
        entries = self.entries()
        found = next((one for one in entries if one.id == identifier), None)
        if found is None:
            raise KeyError(identifier)
        revoked = found if found.revoked else found.model_copy(update={"revoked": now})
        self._write(tuple(revoked if one.id == identifier else one for one in entries))
        self._file(revoked).unlink(missing_ok=True)
        return revoked

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """Key id and signature of 64 bytes. Raises `KeyFault` when no key can sign."""
        entry = next((one for one in reversed(self.entries()) if one.revoked is None), None)
        if entry is None:
            raise KeyFault("there is no key that may sign: `polyana keys make`")
        path = self._file(entry)
        try:
            private = load_pem_private_key(read_private(path).encode(), password=None)
        except ValueError as error:
            raise KeyFault(f"{path}: no private key") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyFault(f"{path}: no Ed25519 key")
        if private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) != _raw(entry):
            raise KeyFault(f"{path}: another key than the list says")
        return entry.id, private.sign(data)

    def verifies(self, identifier: str, signature: bytes, data: bytes) -> bool:
        """By a key that is known and not revoked."""
        entry = next((one for one in self.entries() if one.id == identifier), None)
        return entry is not None and entry.revoked is None and verifies(_raw(entry), signature, data)

    def _file(self, entry: KeyEntry) -> Path:
        return self.folder / f"{entry.id}.pem"

    def _write(self, entries: tuple[KeyEntry, ...]) -> None:
        text = _Listing(keys=entries).model_dump_json(indent=1)
        write_private(self.folder / LISTING, text.encode())


def _raw(entry: KeyEntry) -> bytes:
    try:
        raw = bytes.fromhex(entry.public)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise KeyFault(f"key {entry.id!r} has no public key")
    return raw


def verifies(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
