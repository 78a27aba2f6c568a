"""${message}"""

import sqlalchemy as sa
from alembic import op

from signalling.store.types import UtcDateTime

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Adds."""
    ${upgrades if upgrades else "pass"}
