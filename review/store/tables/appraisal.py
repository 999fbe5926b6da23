"""The tables of the answers to checklists, and of what the assistant suggested."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from review.store.tables.review import (
    make_entry_columns,
    make_id_column,
    make_record_column,
    make_time_column,
    metadata,
)

answers = Table(
    "answers",
    metadata,
    make_id_column(),
    make_time_column(),
    make_record_column(),
    Column("checklist", String(60), nullable=False),
    Column("item", String(120), nullable=False),
    Column("reviewer", String(100), nullable=False),
    Column("role", String(20), nullable=False),  # reviewer, consensus
    Column("answer", Text),
    Column("quote", Text),
    Column("page", Integer),
    Column("boxes", Text),  # JSON
    Column("comment", Text),
    Column("protocol", String(64)),
    Index(None, "record", "checklist", "item"),
    Index(None, "reviewer"),
)

forms = Table(  # a reviewer finished or reopened a checklist for a record
    "forms",
    metadata,
    make_id_column(),
    make_time_column(),
    make_record_column(),
    Column("checklist", String(60), nullable=False),
    Column("reviewer", String(100), nullable=False),
    Column("state", String(20), nullable=False),  # finished, reopened, settled
    Column("after_answer", Integer),  # number of the newest answer then; None in older rows
    Index(None, "record", "checklist"),
)

report_models = Table(  # a model of a report, as it is from this row on; the newest row counts
    "report_models",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("model", ForeignKey("report_models.id")),  # the model's first row; None in that row
    Column("state", String(12), nullable=False),  # present, removed
    Column("name", Text, nullable=False),
    Column("kind", Text),
    Column("task", Text),
    Column("data_sets", Text),
    Column("validation", String(20)),
    Column("main", Integer, nullable=False),  # 1: the report's main model
    Column("takes_over", Integer, nullable=False),  # 1: has the form filled in before any model
    Index(None, "record"),
)

assistant_calls = Table(  # a question put to the assistant; added before it is sent
    "assistant_calls",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("checklist", String(60), nullable=False),
    Column("item", String(120), nullable=False),
    Column("model", Text, nullable=False),  # as the protocol names it
    Column("address", Text, nullable=False),
    Column("prompt", String(20), nullable=False),  # version of the instructions
    Column("request", String(64), nullable=False),  # SHA-256 of what is sent
    Column("characters", Integer, nullable=False),
    Column("sentences", Text, nullable=False),  # JSON: id -> page of each sentence sent
    Column("answered", Integer, nullable=False),  # 1: who asks had answered the item before
    Index(None, "record"),
    Index(None, "at"),
)

assistant_answers = Table(  # what came of a question; none where the process died meanwhile
    "assistant_answers",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("call", ForeignKey("assistant_calls.id"), nullable=False, unique=True),
    Column("state", String(12), nullable=False),  # suggested, dropped, failed
    Column("reason", Text),  # why it was dropped, or what failed
    Column("answer", Text),
    Column("sentences", Text),  # JSON: ids of sentences the model named
    Column("quotations", Text),  # JSON: text and page of each, in the paper's own words
    Column("dropped_quotations", Integer),
    Column("reply", Text),  # what the model said, cut
    Column("model", Text),  # as the service reports it
    Column("version", Text),  # as the service reports it
    Column("tokens", Integer),
    Column("ms", Integer, nullable=False),
    Index(None, "record"),
)
