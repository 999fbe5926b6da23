"""When the search behind an imported file was run."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; files imported before it have no search date."""
    op.create_table(
        "search_dates",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("searched_from", sa.String(length=10), nullable=False),
        sa.Column("searched_to", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_search_dates_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_dates")),
    )
    op.create_index(op.f("ix_search_dates_batch"), "search_dates", ["batch"], unique=False)


def downgrade() -> None:
    """Drops the table, with the search dates."""
    op.drop_table("search_dates")
