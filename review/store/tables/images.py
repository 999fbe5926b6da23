"""The tables of image sets, their audits, and what was found out about data sets."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from review.store.tables.review import (
    make_entry_columns,
    make_id_column,
    make_person_column,
    make_time_column,
    metadata,
)

image_sets = Table(  # a folder of images as it was read; the newest row of a name counts
    "image_sets",
    metadata,
    *make_entry_columns(),
    Column("name", String(80), nullable=False),
    Column("dataset", String(80)),  # id in the registry of data sets
    Column("manifest", String(64), nullable=False),  # SHA-256 over paths and hashes of the images
    Column("files", Integer, nullable=False),
    Column("readable", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("labels", String(64)),  # SHA-256 of the table of labels
    Column("detail", Text),  # JSON: name of the table, columns, what could not be used
    Index(None, "name"),
)

images = Table(  # content of a set; can be read again from its files
    "images",
    metadata,
    make_id_column(),
    Column("image_set", ForeignKey("image_sets.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", String(64)),
    Column("fault", String(40)),
    Column("patient", Text),
    Column("age", Float),  # years
    Column("sex", Text),
    Column("view", Text),
    Column("site", Text),
    Column("split", Text),
    Index(None, "image_set", "path", unique=True),
)

image_labels = Table(
    "image_labels",
    metadata,
    make_id_column(),
    Column("image", ForeignKey("images.id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("state", String(12), nullable=False),  # present, uncertain, not stated
    Index(None, "image"),
)

image_audits = Table(  # images of one label drawn for reading
    "image_audits",
    metadata,
    *make_entry_columns(),
    Column("image_set", ForeignKey("image_sets.id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("definition", Text),
    Column("asked", Integer, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("images", Integer, nullable=False),  # of the set, with the label
    Column("patients", Integer),
    Column("claim", Float),  # 0 to 1
    Column("claim_source", Text),
)

image_audit_readers = Table(
    "image_audit_readers",
    metadata,
    make_id_column(),
    Column("audit", ForeignKey("image_audits.id"), nullable=False),
    Column("reader", String(100), nullable=False),
    Index(None, "audit"),
)

image_audit_images = Table(
    "image_audit_images",
    metadata,
    make_id_column(),
    Column("audit", ForeignKey("image_audits.id"), nullable=False),
    Column("place", Integer, nullable=False),  # from 0, in the order of the sheets
    Column("image", ForeignKey("images.id"), nullable=False),
    Index(None, "audit"),
)

image_readings = Table(  # what a reader or the adjudicator said of an image; the newest row counts
    "image_readings",
    metadata,
    *make_entry_columns(),
    Column("audit", ForeignKey("image_audits.id"), nullable=False),
    Column("image", ForeignKey("images.id"), nullable=False),
    Column("role", String(20), nullable=False),  # reader, adjudicator
    Column("verdict", String(20)),  # wrong, doubtful, fine, cannot tell; None takes it back
    Column("strata", Text),  # JSON
    Column("note", Text),
    Index(None, "audit", "who"),
)

image_sieves = Table(  # one run of one detector over a set
    "image_sieves",
    metadata,
    *make_entry_columns(),
    Column("image_set", ForeignKey("image_sets.id"), nullable=False),
    Column("problem", String(60), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("detail", Text),  # JSON: quality, warnings, ranking only, examples
    Index(None, "image_set", "problem"),
)

image_sieve_scores = Table(
    "image_sieve_scores",
    metadata,
    make_id_column(),
    Column("sieve", ForeignKey("image_sieves.id"), nullable=False),
    Column("image", ForeignKey("images.id"), nullable=False),
    Column("rank", Integer, nullable=False),  # from 1, the most suspect first
    Column("score", Float, nullable=False),
    Column("suspected", Integer),  # None for a detector that only ranks
    Index(None, "sieve", "rank"),
)

image_sieve_marks = Table(  # a person kept or rejected an image; the newest row counts
    "image_sieve_marks",
    metadata,
    *make_entry_columns(),
    Column("image", ForeignKey("images.id"), nullable=False),
    Column("problem", String(60), nullable=False),
    Column("verdict", String(12)),  # reject, keep; None takes it back
    Column("score", Float),
    Index(None, "image"),
)

image_runs = Table(  # doubles, splits, subgroups, shortcuts: the result with what it came from
    "image_runs",
    metadata,
    *make_entry_columns(),
    Column("image_set", ForeignKey("image_sets.id")),
    Column("kind", String(20), nullable=False),
    Column("input", String(64), nullable=False),  # SHA-256
    Column("seed", Integer),
    Column("result", Text, nullable=False),  # JSON
    Index(None, "kind"),
)

image_findings = (
    Table(  # something found out about a data set, shown beside the studies that use it
        "image_findings",
        metadata,
        make_id_column(),
        make_time_column(),
        make_person_column(),
        Column("dataset", String(80), nullable=False),
        Column("image_set", ForeignKey("image_sets.id")),
        Column("kind", String(20), nullable=False),  # labels, bad images, doubles, splits, ...
        Column("text", Text, nullable=False),
        Column("withdraws", ForeignKey("image_findings.id")),
        Index(None, "dataset"),
    )
)
