"""The first tables, and the full-text index of titles, authors and abstracts.

Frozen: later changes are later migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORDS = (
    "to_tsvector('simple', coalesce(records.title, '') || ' ' || coalesce(records.authors, '')"
    " || ' ' || coalesce(records.data::json ->> 'abstract', ''))"
)


def upgrade() -> None:
    """Makes all tables of the first release."""
    _accounts()
    _acts()
    _batches()
    _orders()
    _protocols()
    _readings()
    _session_ends()
    _sessions()
    _harvests()
    _records()
    _rejected()
    _answers()
    _decisions()
    _edits()
    _feedback()
    _files()
    _flags()
    _forms()
    _groups()
    _harvest_ends()
    _harvest_pages()
    _links()
    _notes()
    _order_rows()
    _relations()
    _retrievals()
    _sightings()
    _standings()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "create virtual table if not exists record_words using fts5("
            "title, authors, abstract, content='', "
            "tokenize='unicode61 remove_diacritics 2')"
        )
    else:
        op.execute(f"create index ix_records_words on records using gin ({WORDS})")


def downgrade() -> None:
    """Takes everything away; there is nothing before the first release."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("drop table record_words")
    for name in TABLES:
        op.drop_table(name)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_name"), "accounts", ["name"], unique=False)


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_index(op.f("ix_acts_kind_subject"), "acts", ["kind", "subject"], unique=False)


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("announced", sa.Integer(), nullable=True),
        sa.Column("parsed", sa.Integer(), nullable=True),
        sa.Column("rejected", sa.Integer(), nullable=True),
        sa.Column("new", sa.Integer(), nullable=True),
        sa.Column("known", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("trained_on", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )


def _protocols() -> None:
    op.create_table(
        "protocols",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("amendment", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocols")),
    )


def _readings() -> None:
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reader", sa.String(length=60), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
    )
    op.create_index(op.f("ix_readings_sha256"), "readings", ["sha256"], unique=False)


def _session_ends() -> None:
    op.create_table(
        "session_ends",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_ends")),
    )
    op.create_index(op.f("ix_session_ends_token"), "session_ends", ["token"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("expires", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token", name=op.f("uq_sessions_token")),
    )


def _harvests() -> None:
    op.create_table(
        "harvests",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("compiled", sa.Text(), nullable=True),
        sa.Column("window_from", sa.String(length=10), nullable=True),
        sa.Column("window_to", sa.String(length=10), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_harvests_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvests")),
    )
    op.create_index(
        op.f("ix_harvests_source_window_to"), "harvests", ["source", "window_to"], unique=False
    )


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("source_id", sa.String(length=300), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("authors", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("journal", sa.Text(), nullable=True),
        sa.Column("doi", sa.String(length=500), nullable=True),
        sa.Column("pmid", sa.String(length=12), nullable=True),
        sa.Column("pmcid", sa.String(length=16), nullable=True),
        sa.Column("arxiv_id", sa.String(length=30), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_records_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_records_fingerprint")),
    )
    op.create_index(op.f("ix_records_arxiv_id"), "records", ["arxiv_id"], unique=False)
    op.create_index(op.f("ix_records_batch"), "records", ["batch"], unique=False)
    op.create_index(op.f("ix_records_doi"), "records", ["doi"], unique=False)
    op.create_index(op.f("ix_records_pmcid"), "records", ["pmcid"], unique=False)
    op.create_index(op.f("ix_records_pmid"), "records", ["pmid"], unique=False)
    op.create_index(
        op.f("ix_records_source_source_id"), "records", ["source", "source_id"], unique=False
    )
    op.create_index(op.f("ix_records_year"), "records", ["year"], unique=False)


def _rejected() -> None:
    op.create_table(
        "rejected",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_rejected_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected")),
    )
    op.create_index(op.f("ix_rejected_batch"), "rejected", ["batch"], unique=False)


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("checklist", sa.String(length=60), nullable=False),
        sa.Column("item", sa.String(length=120), nullable=False),
        sa.Column("reviewer", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("boxes", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("protocol", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_answers_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
    )
    op.create_index(
        op.f("ix_answers_record_checklist_item"),
        "answers",
        ["record", "checklist", "item"],
        unique=False,
    )
    op.create_index(op.f("ix_answers_reviewer"), "answers", ["reviewer"], unique=False)


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("reviewer", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("who", sa.String(length=100), nullable=True),
        sa.Column("batch", sa.Integer(), nullable=True),
        sa.Column("protocol", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_decisions_batch")),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_decisions_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_at"), "decisions", ["at"], unique=False)
    op.create_index(
        op.f("ix_decisions_record_stage"), "decisions", ["record", "stage"], unique=False
    )
    op.create_index(
        op.f("ix_decisions_stage_reviewer"), "decisions", ["stage", "reviewer"], unique=False
    )


def _edits() -> None:
    op.create_table(
        "edits",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_edits_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edits")),
    )
    op.create_index(op.f("ix_edits_record"), "edits", ["record"], unique=False)


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("item", sa.String(length=160), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_feedback_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_kind_rule"), "feedback", ["kind", "rule"], unique=False)
    op.create_index(op.f("ix_feedback_record"), "feedback", ["record"], unique=False)


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_files_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index(op.f("ix_files_record"), "files", ["record"], unique=False)
    op.create_index(op.f("ix_files_sha256"), "files", ["sha256"], unique=False)


def _flags() -> None:
    op.create_table(
        "flags",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_flags_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
    )
    op.create_index(op.f("ix_flags_record"), "flags", ["record"], unique=False)
    op.create_index(op.f("ix_flags_rule"), "flags", ["rule"], unique=False)


def _forms() -> None:
    op.create_table(
        "forms",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("checklist", sa.String(length=60), nullable=False),
        sa.Column("reviewer", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_forms_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forms")),
    )
    op.create_index(
        op.f("ix_forms_record_checklist"), "forms", ["record", "checklist"], unique=False
    )


def _groups() -> None:
    op.create_table(
        "groups",
        sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("report", sa.Integer(), nullable=False),
        sa.Column("study", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_groups_record")),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_groups")),
    )
    op.create_index(op.f("ix_groups_report"), "groups", ["report"], unique=False)
    op.create_index(op.f("ix_groups_study"), "groups", ["study"], unique=False)


def _harvest_ends() -> None:
    op.create_table(
        "harvest_ends",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("harvest", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["harvest"], ["harvests.id"], name=op.f("fk_harvest_ends_harvest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_ends")),
    )
    op.create_index(op.f("ix_harvest_ends_harvest"), "harvest_ends", ["harvest"], unique=False)


def _harvest_pages() -> None:
    op.create_table(
        "harvest_pages",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("harvest", sa.Integer(), nullable=False),
        sa.Column("slice", sa.String(length=60), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("raw", sa.String(length=64), nullable=True),
        sa.Column("announced", sa.Integer(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("parsed", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["harvest"], ["harvests.id"], name=op.f("fk_harvest_pages_harvest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_pages")),
    )
    op.create_index(op.f("ix_harvest_pages_harvest"), "harvest_pages", ["harvest"], unique=False)


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=True),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("engine", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["a"], ["records.id"], name=op.f("fk_links_a")),
        sa.ForeignKeyConstraint(["b"], ["records.id"], name=op.f("fk_links_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_a_b"), "links", ["a", "b"], unique=False)
    op.create_index(op.f("ix_links_b"), "links", ["b"], unique=False)


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("reviewer", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_notes_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_record"), "notes", ["record"], unique=False)


def _order_rows() -> None:
    op.create_table(
        "order_rows",
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("pilot", sa.Integer(), server_default="0", nullable=False),
        sa.Column("assigned", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_rows_order_id")),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_order_rows_record")),
        sa.PrimaryKeyConstraint("stage", "record", name=op.f("pk_order_rows")),
    )
    op.create_index(
        op.f("ix_order_rows_stage_position"), "order_rows", ["stage", "position"], unique=False
    )


def _relations() -> None:
    op.create_table(
        "relations",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("said_by", sa.String(length=40), nullable=False),
        sa.Column("said_at", sa.String(length=10), nullable=True),
        sa.Column("raw", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_relations_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relations")),
    )
    op.create_index(op.f("ix_relations_record"), "relations", ["record"], unique=False)


def _retrievals() -> None:
    op.create_table(
        "retrievals",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_retrievals_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrievals")),
    )
    op.create_index(op.f("ix_retrievals_record"), "retrievals", ["record"], unique=False)


def _sightings() -> None:
    op.create_table(
        "sightings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_sightings_batch")),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_sightings_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sightings")),
    )
    op.create_index(op.f("ix_sightings_batch"), "sightings", ["batch"], unique=False)
    op.create_index(op.f("ix_sightings_record"), "sightings", ["record"], unique=False)


def _standings() -> None:
    op.create_table(
        "standings",
        sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("pile", sa.String(length=10), nullable=True),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("voters", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["records.id"], name=op.f("fk_standings_record")),
        sa.PrimaryKeyConstraint("record", "stage", name=op.f("pk_standings")),
    )
    op.create_index(
        op.f("ix_standings_stage_status"), "standings", ["stage", "status"], unique=False
    )


TABLES = (
    "standings",
    "sightings",
    "retrievals",
    "relations",
    "order_rows",
    "notes",
    "links",
    "harvest_pages",
    "harvest_ends",
    "groups",
    "forms",
    "flags",
    "files",
    "feedback",
    "edits",
    "decisions",
    "answers",
    "rejected",
    "records",
    "harvests",
    "sessions",
    "session_ends",
    "readings",
    "protocols",
    "orders",
    "batches",
    "acts",
    "accounts",
)
