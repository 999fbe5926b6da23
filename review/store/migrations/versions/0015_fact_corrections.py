"""Facts of a paper that a person corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; until somebody corrects a fact, all stay as found in the text."""
    op.create_table(
        "fact_corrections",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record"], ["records.id"], name=op.f("fk_fact_corrections_record")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_corrections")),
    )
    op.create_index(
        op.f("ix_fact_corrections_record"), "fact_corrections", ["record"], unique=False
    )


def downgrade() -> None:
    """Takes the table away, with the corrections in it."""
    op.drop_table("fact_corrections")
