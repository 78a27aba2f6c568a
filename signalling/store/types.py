"""Column types and what every row has."""

import uuid
from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator

ID_LENGTH = 32


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. SQLite keeps no zone: there it is written, and read, as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "a moment needs its zone"
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> str:
    """A random UUID as 32 hexadecimal digits."""
    return uuid.uuid4().hex


Id = String(ID_LENGTH)


def moment(seconds: float) -> datetime:
    """Unix time (`Clock.time()`) as an aware moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
