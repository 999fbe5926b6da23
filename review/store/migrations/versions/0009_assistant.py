"""Questions put to the assistant, and what came of each."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the two tables."""
    op.create_table(
        "assistant_calls",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("checklist", sa.String(length=60), nullable=False),
        sa.Column("item", sa.String(length=120), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("prompt", sa.String(length=20), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("sentences", sa.Text(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name="fk_assistant_calls_record"),
        sa.PrimaryKeyConstraint("id", name="pk_assistant_calls"),
    )
    op.create_index("ix_assistant_calls_record", "assistant_calls", ["record"])
    op.create_index("ix_assistant_calls_at", "assistant_calls", ["at"])
    op.create_table(
        "assistant_answers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("sentences", sa.Text(), nullable=True),
        sa.Column("quotations", sa.Text(), nullable=True),
        sa.Column("dropped_quotations", sa.Integer(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["assistant_calls.id"], name="fk_assistant_answers_call"),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name="fk_assistant_answers_record"),
        sa.PrimaryKeyConstraint("id", name="pk_assistant_answers"),
        sa.UniqueConstraint("call", name="uq_assistant_answers_call"),
    )
    op.create_index("ix_assistant_answers_record", "assistant_answers", ["record"])


def downgrade() -> None:
    """Takes them away, with the answers in them."""
    op.drop_table("assistant_answers")
    op.drop_table("assistant_calls")
