"""Where the data of the school lives."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

FILE = "polyana.db"
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def _known(url: str) -> str:
    if not url:
        return url
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        raise ValueError("no URL of a database") from None  # not repeated: it may hold a password
    if backend not in DRIVERS:
        raise ValueError(f"{backend} is not supported: sqlite or postgresql")
    return url


class StoreSettings(BaseModel):
    """The database. The password may come from the environment: POLYANA_STORE__URL."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_known), Field(repr=False)] = ""
    """`postgresql://user:password@host/database` or `sqlite:///path`; empty: SQLite in the data folder."""
    connections: Annotated[int, Field(ge=2, le=100)] = 8
    busy_s: Annotated[float, Field(gt=0)] = 10.0
    """How long a transaction waits for a lock or a connection."""

    def address(self, data: Path) -> URL:
        """The URL with its asynchronous driver; `data` is the data folder."""
        if not self.url:
            return URL.create(DRIVERS["sqlite"], database=str(data / FILE))
        url = make_url(self.url)
        return url.set(drivername=DRIVERS[url.get_backend_name()])
