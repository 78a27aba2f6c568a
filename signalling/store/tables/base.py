"""What tables share: names of constraints, ids, moments."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import ForeignKey, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from signalling.store.types import Id, UtcDateTime, new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
MAX_NAME = 200

Key = Annotated[str, mapped_column(Id, primary_key=True, default=new_id)]
Short = Annotated[str, mapped_column(String(MAX_NAME))]
Word = Annotated[str, mapped_column(String(64))]
Hash = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    """Of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, str: Text}  # noqa: RUF012 - SQLAlchemy wants a plain one


def belongs_to(column: str) -> ForeignKey:
    """Goes with the row that `column` names."""
    return ForeignKey(column, ondelete="CASCADE")


def mentions(column: str) -> ForeignKey:
    """Stays, without the row that `column` named."""
    return ForeignKey(column, ondelete="SET NULL")
