"""Migrations, run at every start: nobody has to remember them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

FOLDER = Path(__file__).with_name("migrations")
#: Several servers may start at once on one database; any number that only this program uses.
LOCK = 0x706F6C79


class TooNew(OSError):
    """The database was made by a newer version of Polyana."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def current_revision(connection: Connection) -> str | None:
    """The last migration that the database has seen; None: no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection) -> None:
    """Brings the tables up to date within the transaction of `connection`. Raises `TooNew`."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    config = configuration(connection)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current_revision(connection) in known:
            raise
        raise TooNew("made by a newer version of Polyana, or not by Polyana") from error
