"""What is so without a consent, and what calls must not forget"""

import sqlalchemy as sa
from alembic import op

from signalling.store.types import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Documents that are there stay without consequences, as they were; the rest is new."""
    with op.batch_alter_table("consent_documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("required", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("without", sa.String(length=64), nullable=False, server_default="nothing")
        )
    op.create_table(
        "call_states",
        sa.Column("room", sa.String(length=200), nullable=False),
        sa.Column("lesson_id", sa.String(length=32), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_call_states_lesson_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room", name=op.f("pk_call_states")),
    )
    with op.batch_alter_table("call_states", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_states_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_states_saved_at"), ["saved_at"], unique=False)
    op.create_table(
        "screen_uses",
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_screen_uses_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "day", "kind", name=op.f("pk_screen_uses")),
    )
