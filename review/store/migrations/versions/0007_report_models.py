"""The models that a report describes, so that each can be appraised by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; reports without a model keep one form for the whole report."""
    op.create_table(
        "report_models",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("data_sets", sa.Text(), nullable=True),
        sa.Column("validation", sa.String(length=20), nullable=True),
        sa.Column("main", sa.Integer(), nullable=False),
        sa.Column("takes_over", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["report_models.id"], name=op.f("fk_report_models_model")
        ),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_report_models_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_models")),
    )
    op.create_index(op.f("ix_report_models_record"), "report_models", ["record"], unique=False)


def downgrade() -> None:
    """Takes the table away, with the models in it."""
    op.drop_table("report_models")
