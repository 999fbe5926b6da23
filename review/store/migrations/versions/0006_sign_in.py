"""Where sessions were opened, failed sign-ins, one-time links, and the key that signs cookies.

Everybody signs in once more after it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds what sign-in keeps."""
    op.add_column("sessions", sa.Column("address", sa.String(length=64), nullable=True))
    op.add_column("sessions", sa.Column("browser", sa.String(length=200), nullable=True))
    # Older versions told by the account alone whether a session still held; now each end is a row.
    op.execute(
        sa.text(
            "insert into session_ends (token, at) select token, at from sessions"
            " where token not in (select token from session_ends)"
        )
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_name", "sign_in_failures", ["name"])
    op.create_index("ix_sign_in_failures_origin", "sign_in_failures", ["origin"])
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("expires", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_links"),
        sa.UniqueConstraint("token", name="uq_one_time_links_token"),
    )
    op.create_table(
        "one_time_link_ends",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_link_ends"),
        sa.UniqueConstraint("token", name="uq_one_time_link_ends_token"),
    )
    op.create_table(
        "web_keys",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_web_keys"),
        sa.UniqueConstraint("name", name="uq_web_keys_name"),
    )


def downgrade() -> None:
    """Takes it away again."""
    for table in ("web_keys", "one_time_link_ends", "one_time_links", "sign_in_failures"):
        op.drop_table(table)
    op.drop_column("sessions", "browser")
    op.drop_column("sessions", "address")
