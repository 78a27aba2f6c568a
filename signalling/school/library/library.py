"""The library, put together."""

from pathlib import Path

from signalling.library.incoming_folder import IncomingFolder
from signalling.library.pipeline.supervisor import prepare
from signalling.library.s3 import S3Storage
from signalling.library.sealing.keys import FOLDER as KEYS
from signalling.library.sealing.keys import KeyRing
from signalling.library.settings import LibrarySettings
from signalling.library.storage import FolderStorage, Storage
from signalling.school.context import Context
from signalling.school.library.contents import Contents
from signalling.school.library.material import Material
from signalling.school.library.preparation import Preparations, Prepare
from signalling.school.library.review import Review
from signalling.school.library.seals import Seals
from signalling.school.library.showing import Showing
from signalling.school.library.subtitling import Subtitling
from signalling.school.library.uploads import Uploads


class Library:
    """`data`: the data folder, with the keys; `prepare`: runs a worker."""

    def __init__(
        self, context: Context, settings: LibrarySettings, data: Path, prepare: Prepare = prepare
    ) -> None:
        root = settings.path(data)
        self.settings = settings
        self.keys = KeyRing(data / KEYS)
        folder = root / "content"
        self.storage: Storage = S3Storage(folder, settings.s3) if settings.s3 else FolderStorage(folder)
        incoming = IncomingFolder(root / "incoming")
        self.seals = Seals(context, self.storage, self.keys)
        self.preparations = Preparations(context, settings, self.storage, incoming, self.seals, prepare)
        self.contents = Contents(context, settings, self.storage, self.preparations)
        self.uploads = Uploads(context, settings, self.storage, incoming, self.contents, self.preparations)
        self.review = Review(context, self.contents, self.uploads, self.preparations, self.seals)
        self.material = Material(context, self.storage, self.seals)
        self.subtitling = Subtitling(context, self.contents, self.preparations, self.storage)
        self.showing = Showing(context, self.seals)
