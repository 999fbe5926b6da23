"""A reviewer may have several reports open at once, as a list of abstracts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table anew: what was open is released, as it is after ten minutes anyway."""
    _make_table("stage", "reviewer", "record")


def downgrade() -> None:
    """One report for each reviewer again."""
    _make_table("stage", "reviewer")


def _make_table(*key: str) -> None:
    op.drop_table("leases")
    op.create_table(
        "leases",
        sa.Column("stage", sa.String(60), nullable=False),
        sa.Column("reviewer", sa.String(100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name="pk_leases"),
    )
