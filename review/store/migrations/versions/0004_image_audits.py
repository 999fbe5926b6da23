"""Image sets, their audits, sieves, runs and findings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables of image audits."""
    op.create_table(
        "image_sets",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("dataset", sa.String(length=80), nullable=True),
        sa.Column("manifest", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("readable", sa.Integer(), nullable=False),
        sa.Column("unreadable", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("labels", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_sets")),
    )
    op.create_index(op.f("ix_image_sets_name"), "image_sets", ["name"], unique=False)
    op.create_table(
        "image_audits",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("image_set", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("patients", sa.Integer(), nullable=True),
        sa.Column("claim", sa.Float(), nullable=True),
        sa.Column("claim_source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["image_set"], ["image_sets.id"], name=op.f("fk_image_audits_image_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_audits")),
    )
    op.create_table(
        "image_findings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("dataset", sa.String(length=80), nullable=False),
        sa.Column("image_set", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("withdraws", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["image_set"], ["image_sets.id"], name=op.f("fk_image_findings_image_set")
        ),
        sa.ForeignKeyConstraint(
            ["withdraws"], ["image_findings.id"], name=op.f("fk_image_findings_withdraws")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_findings")),
    )
    op.create_index(op.f("ix_image_findings_dataset"), "image_findings", ["dataset"], unique=False)
    op.create_table(
        "image_runs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("image_set", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("input", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_set"], ["image_sets.id"], name=op.f("fk_image_runs_image_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_runs")),
    )
    op.create_index(op.f("ix_image_runs_kind"), "image_runs", ["kind"], unique=False)
    op.create_table(
        "image_sieves",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("image_set", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=60), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["image_set"], ["image_sets.id"], name=op.f("fk_image_sieves_image_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_sieves")),
    )
    op.create_index(
        op.f("ix_image_sieves_image_set_problem"),
        "image_sieves",
        ["image_set", "problem"],
        unique=False,
    )
    op.create_table(
        "images",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("image_set", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("fault", sa.String(length=40), nullable=True),
        sa.Column("patient", sa.Text(), nullable=True),
        sa.Column("age", sa.Float(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("view", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("split", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["image_set"], ["image_sets.id"], name=op.f("fk_images_image_set")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
    )
    op.create_index(op.f("ix_images_image_set_path"), "images", ["image_set", "path"], unique=True)
    op.create_table(
        "image_audit_images",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("audit", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("image", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit"], ["image_audits.id"], name=op.f("fk_image_audit_images_audit")
        ),
        sa.ForeignKeyConstraint(["image"], ["images.id"], name=op.f("fk_image_audit_images_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_audit_images")),
    )
    op.create_index(
        op.f("ix_image_audit_images_audit"), "image_audit_images", ["audit"], unique=False
    )
    op.create_table(
        "image_audit_readers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("audit", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit"], ["image_audits.id"], name=op.f("fk_image_audit_readers_audit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_audit_readers")),
    )
    op.create_index(
        op.f("ix_image_audit_readers_audit"), "image_audit_readers", ["audit"], unique=False
    )
    op.create_table(
        "image_labels",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("image", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["image"], ["images.id"], name=op.f("fk_image_labels_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_labels")),
    )
    op.create_index(op.f("ix_image_labels_image"), "image_labels", ["image"], unique=False)
    op.create_table(
        "image_readings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("audit", sa.Integer(), nullable=False),
        sa.Column("image", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("strata", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["audit"], ["image_audits.id"], name=op.f("fk_image_readings_audit")
        ),
        sa.ForeignKeyConstraint(["image"], ["images.id"], name=op.f("fk_image_readings_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_readings")),
    )
    op.create_index(
        op.f("ix_image_readings_audit_who"), "image_readings", ["audit", "who"], unique=False
    )
    op.create_table(
        "image_sieve_marks",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("image", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=60), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["image"], ["images.id"], name=op.f("fk_image_sieve_marks_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_sieve_marks")),
    )
    op.create_index(
        op.f("ix_image_sieve_marks_image"), "image_sieve_marks", ["image"], unique=False
    )
    op.create_table(
        "image_sieve_scores",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sieve", sa.Integer(), nullable=False),
        sa.Column("image", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("suspected", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["image"], ["images.id"], name=op.f("fk_image_sieve_scores_image")),
        sa.ForeignKeyConstraint(
            ["sieve"], ["image_sieves.id"], name=op.f("fk_image_sieve_scores_sieve")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_sieve_scores")),
    )
    op.create_index(
        op.f("ix_image_sieve_scores_sieve_rank"),
        "image_sieve_scores",
        ["sieve", "rank"],
        unique=False,
    )


def downgrade() -> None:
    """Takes the tables of image audits away."""
    for name in TABLES:
        op.drop_table(name)


TABLES = (
    "image_findings",
    "image_runs",
    "image_sieve_marks",
    "image_sieve_scores",
    "image_sieves",
    "image_readings",
    "image_audit_images",
    "image_audit_readers",
    "image_audits",
    "image_labels",
    "images",
    "image_sets",
)
