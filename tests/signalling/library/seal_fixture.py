"""A seal as the server makes it, for the tests of the pages: `python -m tests.signalling.library.seal_fixture` writes
it. Always the same: Ed25519 is deterministic, the key is made of a number."""

import base64
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from signalling.library.sealing.keys import LISTING, KeyEntry, KeyRing, key_id
from signalling.library.sealing.manifest import manifest_of, seal
from signalling.private_file import write_private

from .made_film import make_film

FILE = Path(__file__).parents[3] / "web/tests/seal-fixture.json"
SECONDS = 2
#: What a canonical form has to get right: other letters, escapes, numbers, an order of keys by UTF-16.
METADATA: dict[str, str | int | bool | None] = {
    "title": 'Ёж "в тумане"\n\u2028 \U0001f994 </script>',
    "organisation": "Детский сад № 5",
    "age_mark": 6,
    "verified": True,
    "verified_at": "2026-11-29T10:00:00+00:00",
    "verified_by": "methodologist",
    "valid_until": None,
    "\ufb33": 1,
    "\U0001f600": 2,
}


def made(folder: Path) -> str:
    """JSON: the seal, the keys, and the files of the film in base64."""
    made_at = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    entry = KeyEntry(id=key_id(public), public=public.hex(), made=made_at)
    keys = KeyRing(folder / "keys")
    write_private(
        keys.folder / f"{entry.id}.pem",
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    listed = {"keys": [entry.model_dump(mode="json")]}
    write_private(keys.folder / LISTING, json.dumps(listed).encode())
    make_film(folder / "film", SECONDS)
    manifest = manifest_of("c" * 32, METADATA, folder / "film" / "source", folder / "film")
    files = {
        one.file: base64.b64encode((folder / "film" / one.file).read_bytes()).decode()
        for one in manifest.renditions
        if one.file != "video-1.prtp"  # the larger one is a file that is gone
    }
    told = {"seal": seal(manifest, keys).model_dump(mode="json"), **listed, "files": files}
    return json.dumps(told, indent=1) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(made(Path(folder)), encoding="utf-8")
