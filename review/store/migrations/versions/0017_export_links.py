"""Links by which anybody may read one export of a review."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables; there are no links yet."""
    op.create_table(
        "export_links",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("export", sa.String(length=120), nullable=False),
        sa.Column("expires", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_links")),
    )
    op.create_table(
        "export_link_tokens",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_link_tokens")),
        sa.UniqueConstraint("link", name=op.f("uq_export_link_tokens_link")),
        sa.UniqueConstraint("token", name=op.f("uq_export_link_tokens_token")),
    )
    op.create_table(
        "export_link_ends",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_link_ends")),
        sa.UniqueConstraint("link", name=op.f("uq_export_link_ends_link")),
    )


def downgrade() -> None:
    """Takes the tables away; no link works any more."""
    for name in ("export_link_ends", "export_link_tokens", "export_links"):
        op.drop_table(name)
