"""Records in hand and orders being learned: rows that run out by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the two tables."""
    op.create_table(
        "leases",
        sa.Column("stage", sa.String(60), nullable=False),
        sa.Column("reviewer", sa.String(100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "reviewer", name="pk_leases"),
    )
    op.create_table(
        "trainings",
        sa.Column("stage", sa.String(60), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("stage", name="pk_trainings"),
    )


def downgrade() -> None:
    """Takes them away."""
    op.drop_table("trainings")
    op.drop_table("leases")
