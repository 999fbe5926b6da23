"""The tables of full texts, of what was read from them, and of what reviewers said of it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from review.store.tables.review import (
    make_entry_columns,
    make_id_column,
    make_person_column,
    make_record_column,
    make_time_column,
    metadata,
)

retrievals = Table(  # each attempt to get a report's full text
    "retrievals",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("state", String(20), nullable=False),  # sought, retrieved, not retrieved
    Column("source", String(60)),
    Column("reason", Text),
    Index(None, "record"),
)

files = Table(  # a PDF attached to a record; the file is in the review's files/ folder
    "files",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("sha256", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("origin", Text, nullable=False),  # upload, folder, or the address it was downloaded from
    Column("state", String(20)),  # None while attached; 'removed' detaches it
    Index(None, "record"),
    Index(None, "sha256"),
)

readings = Table(  # text extracted from a file
    "readings",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("sha256", String(64), nullable=False),
    Column("state", String(20), nullable=False),  # ok, no_text, encrypted, damaged, ...
    Column("reader", String(60)),
    Column("pages", Integer),
    Column("note", Text),
    Column("data", LargeBinary),  # compressed JSON of the full text
    Index(None, "sha256"),
)

flags = Table(
    "flags",
    metadata,
    make_id_column(),
    make_time_column(),
    make_record_column(),
    Column("sha256", String(64), nullable=False),
    Column("rule", String(80), nullable=False),
    Column("engine", String(60), nullable=False),
    Column("data", Text, nullable=False),  # JSON: sentence, page, boxes, strength, informs
    Index(None, "record"),
    Index(None, "rule"),
)

feedback = Table(  # a reviewer used, dismissed or confirmed a suggestion
    "feedback",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("kind", String(20), nullable=False),  # evidence, flag, dataset
    Column("rule", String(120), nullable=False),
    Column("item", String(160)),
    Column("sentence", Text),
    Column("page", Integer),
    Column("verdict", String(20)),  # use, confirm, dismiss; None withdraws
    Index(None, "record"),
    Index(None, "kind", "rule"),
)

fact_corrections = Table(  # a person corrected a fact read from a paper
    "fact_corrections",
    metadata,
    make_id_column(),
    make_time_column(),
    make_person_column(),
    make_record_column(),
    Column("field", String(40), nullable=False),
    Column("label", Text, nullable=False),
    Column("found", Text),
    Column("state", String(20), nullable=False),  # corrected, not reported, withdrawn
    Column("value", Text),
    Column("sentence", Text),
    Column("page", Integer),
    Index(None, "record"),
)
