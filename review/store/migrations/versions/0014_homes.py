"""The home of a server with many reviews: its people, its reviews, and who may open which."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the three tables; they stay empty in the store of a review."""
    op.create_table(
        "home_people",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("administrator", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home_people")),
    )
    op.create_index(op.f("ix_home_people_name"), "home_people", ["name"], unique=False)
    op.create_table(
        "home_reviews",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("review", sa.String(length=80), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home_reviews")),
    )
    op.create_index(op.f("ix_home_reviews_review"), "home_reviews", ["review"], unique=False)
    op.create_table(
        "home_members",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("review", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home_members")),
    )
    op.create_index(op.f("ix_home_members_review"), "home_members", ["review"], unique=False)
    op.create_index(op.f("ix_home_members_name"), "home_members", ["name"], unique=False)


def downgrade() -> None:
    """Takes the tables away, with what they say of a home."""
    op.drop_table("home_members")
    op.drop_table("home_reviews")
    op.drop_table("home_people")
