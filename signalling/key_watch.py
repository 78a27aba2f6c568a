"""New keys without a restart: on SIGHUP, and by itself when a file with keys has changed."""

from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from signalling.api_keys import ApiKeys
from signalling.beat import beat
from signalling.config import ConfigError, Settings
from signalling.file_signature import FileSignature, signature

POLL_INTERVAL_S = 2.0
Signature = tuple[FileSignature | None, ...]


class KeyWatch:
    """Puts what `read` finds into `keys`. What cannot be used changes nothing, and is logged and counted."""

    def __init__(
        self,
        keys: ApiKeys,
        settings: Settings,
        read: Callable[[], Settings],
        files: Iterable[Path],
        registry: CollectorRegistry,
    ) -> None:
        """`settings`: in force now; `read` reads them anew from `files` and their key file; raises
        `ConfigError`."""
        self._keys, self._read, self._files = keys, read, tuple(files)
        self._key_file = settings.key_file
        self._applied = self._seen = self._signature()
        self._reloads = Counter(
            "polyana_api_key_reloads",
            "Keys read anew, by result (done, failed)",
            ["result"],
            registry=registry,
        )
        self._number = Gauge("polyana_api_keys", "API keys that are valid now", registry=registry)
        self._number.set(len(keys))
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Looks for changes until it is cancelled."""
        while True:
            await beat(POLL_INTERVAL_S)
            try:
                self.poll()
            except Exception:
                self._reloads.labels("failed").inc()
                self._log.exception("the keys' files could not be looked at")

    def poll(self) -> None:
        """Looks whether a file has changed. To be called every `POLL_INTERVAL_S`.

        A file counts once it is the same at two looks: half of one that is being written would be a shorter
        secret.
        """
        seen, self._seen = self._seen, self._signature()
        if self._seen == seen != self._applied:
            self.reload()

    def reload(self) -> None:
        """Reads the keys now."""
        self._applied = self._seen = self._signature()
        try:
            settings = self._read()
        except ConfigError as error:
            self._reloads.labels("failed").inc()
            self._log.error("keys cannot be read, the old ones stay", reason=str(error))
            return
        added, removed = settings.keys.keys() - self._keys.keys(), self._keys.keys() - settings.keys.keys()
        self._keys.replace(settings.keys)
        self._key_file = settings.key_file
        self._reloads.labels("done").inc()
        self._number.set(len(self._keys))
        self._log.info("keys read anew", added=sorted(added), removed=sorted(removed))

    def _signature(self) -> Signature:
        return tuple(map(signature, [*self._files, *([self._key_file] if self._key_file else [])]))
