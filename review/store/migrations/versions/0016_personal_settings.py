"""What one person keeps for themselves: an unsaved change of the protocol, own words to mark."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; nobody has kept anything yet."""
    op.create_table(
        "personal_settings",
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("who", "name", name=op.f("pk_personal_settings")),
    )


def downgrade() -> None:
    """Takes the table away, with what was kept in it."""
    op.drop_table("personal_settings")
