"""The tables of a review: its protocols and events, its searches, records and decisions.

The columns that the tables of all modules share are here too.

Rows are only appended, never rewritten. Three tables are projections that can be recomputed from
the rest at any time: `groups`, `standings` and the rows of `orders`. Timestamps are UTC, stored as
ISO text so that they sort.
"""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def make_id_column() -> Column[int]:
    """The number of a row."""
    return Column("id", Integer, primary_key=True, autoincrement=True)


def make_time_column() -> Column[str]:
    """When the row was added."""
    return Column("at", String(32), nullable=False)


def make_person_column() -> Column[str]:
    """Who added the row."""
    return Column("who", String(100), nullable=False)


def make_entry_columns() -> tuple[Column[int], Column[str], Column[str]]:
    """The columns of an entry: number, time and person."""
    return make_id_column(), make_time_column(), make_person_column()


def make_record_column() -> Column[int]:
    """The record a row is about."""
    return Column("record", ForeignKey("records.id"), nullable=False)


protocols = Table(
    "protocols",
    metadata,
    *make_entry_columns(),
    Column("hash", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("amendment", Text),  # what changed, if screening had started; else None
    Column("why", Text),
)

acts = Table(  # events that concern the review as a whole: retirements, stopping, rules, alerts
    "acts",
    metadata,
    *make_entry_columns(),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200)),
    Column("detail", Text),  # JSON
    Index(None, "kind", "subject"),
)

editions = Table(  # what the review's public page showed; the newest row is the current edition
    "editions",
    metadata,
    *make_entry_columns(),
    Column("uid", String(36), nullable=False, unique=True),  # UUID, the entry's id in the feed
    Column("day", String(10), nullable=False),  # the day whose state it shows
    Column("digest", String(64), nullable=False),  # SHA-256 of the content
    Column("changes", Text, nullable=False),  # JSON: sentences, against the edition before
    Column("content", Text, nullable=False),  # JSON: all that was published, without the figures
)

batches = Table(  # one import of one file, or one harvest of one source
    "batches",
    metadata,
    *make_entry_columns(),
    Column("kind", String(20), nullable=False),  # file, harvest, by hand, replay
    Column("source", String(60), nullable=False),
    Column("via", String(20), nullable=False),  # databases, registers, websites, ...
    Column("name", Text),  # file name or date range of the query
    Column("sha256", String(64)),
    Column("announced", Integer),
    Column("parsed", Integer),
    Column("rejected", Integer),
    Column("new", Integer),
    Column("known", Integer),
    Column("detail", Text),  # JSON: query, dialect, window, translation, warnings
)

search_dates = Table(  # when the search behind an imported file was run; the newest row counts
    "search_dates",
    metadata,
    *make_entry_columns(),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("searched_from", String(10), nullable=False),  # ISO dates; equal for one day
    Column("searched_to", String(10), nullable=False),
    Index(None, "batch"),
)

harvests = Table(  # one run of one source, opened; pages and ends are added rows
    "harvests",
    metadata,
    *make_entry_columns(),
    Column("run", String(40), nullable=False),  # one id for all sources of a run
    Column("source", String(60), nullable=False),
    Column("batch", ForeignKey("batches.id")),
    Column("query", Text, nullable=False),
    Column("compiled", Text),
    Column("window_from", String(10)),
    Column("window_to", String(10)),
    Column("detail", Text),
    Index(None, "source", "window_to"),
)

harvest_pages = Table(
    "harvest_pages",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("harvest", ForeignKey("harvests.id"), nullable=False),
    Column("slice", String(60)),
    Column("cursor", Text),  # where the next page starts
    Column("raw", String(64)),
    Column("announced", Integer),
    Column("received", Integer, nullable=False),
    Column("parsed", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("detail", Text),
    Index(None, "harvest"),
)

harvest_ends = Table(
    "harvest_ends",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("harvest", ForeignKey("harvests.id"), nullable=False),
    Column("verdict", String(20), nullable=False),  # complete, incomplete, closed
    Column("note", Text),
    Column("detail", Text),
    Index(None, "harvest"),
)

records = Table(
    "records",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("number", Integer),  # position in the file or response
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("raw", String(64)),  # SHA-256 of the saved raw response
    Column("source", String(60), nullable=False),
    Column("source_id", String(300)),
    Column("title", Text),
    Column("authors", Text),  # '; ' between names
    Column("year", Integer),
    Column("journal", Text),
    Column("doi", String(500)),
    Column("pmid", String(12)),
    Column("pmcid", String(16)),
    Column("arxiv_id", String(30)),
    Column("data", Text, nullable=False),  # the complete Record as JSON
    Index(None, "batch"),
    Index(None, "doi"),
    Index(None, "pmid"),
    Index(None, "pmcid"),
    Index(None, "arxiv_id"),
    Index(None, "source", "source_id"),
    Index(None, "year"),
)

sightings = Table(  # a batch contained a record that was already in the review
    "sightings",
    metadata,
    make_id_column(),
    make_record_column(),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("number", Integer),
    Index(None, "batch"),
    Index(None, "record"),
)

rejected = Table(
    "rejected",
    metadata,
    make_id_column(),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Index(None, "batch"),
)

edits = Table(  # a missing value of a record, added manually; the record itself is unchanged
    "edits",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("field", String(40), nullable=False),
    Column("value", Text),
    Index(None, "record"),
)

relations = Table(  # relation stated by a registry after the record was added
    "relations",
    metadata,
    make_id_column(),
    make_time_column(),
    make_record_column(),
    Column("kind", String(40), nullable=False),
    Column("target", Text, nullable=False),
    Column("said_by", String(40), nullable=False),
    Column("said_at", String(10)),
    Column("raw", String(64)),  # SHA-256 of the saved raw response
    Index(None, "record"),
)

links = Table(
    "links",
    metadata,
    make_id_column(),
    make_time_column(),
    make_person_column(),  # 'tool' or a reviewer
    Column("a", ForeignKey("records.id"), nullable=False),
    Column("b", ForeignKey("records.id"), nullable=False),
    Column("verdict", String(12)),  # duplicate version study distinct maybe; None withdraws
    Column("rule", String(200), nullable=False),
    Column("score", Float),
    Column("engine", String(40)),  # version of the rules
    Column("note", Text),
    Index(None, "a", "b"),
    Index(None, "b"),
)

groups = Table(  # projection of links
    "groups",
    metadata,
    Column("record", ForeignKey("records.id"), primary_key=True, autoincrement=False),
    Column("report", Integer, nullable=False),  # record that represents the report
    Column("study", Integer, nullable=False),  # report that represents the study
    Index(None, "report"),
    Index(None, "study"),
)

decisions = Table(
    "decisions",
    metadata,
    make_id_column(),
    make_time_column(),
    make_record_column(),
    Column("stage", String(60), nullable=False),
    Column("reviewer", String(100), nullable=False),
    Column("role", String(20), nullable=False),  # reviewer, adjudicator, automation
    Column("verdict", String(10)),  # include exclude unsure; None withdraws
    Column("reason", Text),
    Column("note", Text),
    Column("who", String(100)),  # who entered it, if not the reviewer
    Column("batch", ForeignKey("batches.id")),
    Column("protocol", String(64)),
    Index(None, "record", "stage"),
    Index(None, "stage", "reviewer"),
    Index(None, "at"),
)

standings = Table(  # projection of decisions: status of each report at each stage
    "standings",
    metadata,
    Column("record", ForeignKey("records.id"), primary_key=True, autoincrement=False),
    Column("stage", String(60), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("reason", Text),
    Column("pile", String(10)),  # of a conflict: verdict, reason, maybe
    Column("votes", Integer, nullable=False),
    Column("at", String(32)),
    Index(None, "stage", "status"),
)

orders = Table(  # one computed order of a stage's records
    "orders",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("stage", String(60), nullable=False),
    Column("model", String(60), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("trained_on", Integer, nullable=False),  # decisions it was trained on
    Column("detail", Text),
)

order_rows = Table(
    "order_rows",
    metadata,
    Column("stage", String(60), primary_key=True),
    Column("record", ForeignKey("records.id"), primary_key=True, autoincrement=False),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("score", Float),
    Column("drawn", Integer, nullable=False),  # 1 if the position was drawn at random
    Column("pilot", Integer, nullable=False, server_default="0"),  # 1: screened by all reviewers
    Index(None, "stage", "position"),
)

assignments = Table(  # who is to judge a report; a report that has no row is anybody's
    "assignments",
    metadata,
    Column("stage", String(60), primary_key=True),
    Column("record", ForeignKey("records.id"), primary_key=True, autoincrement=False),
    Column("reviewer", String(100), primary_key=True),
)

voters = Table(  # projection of decisions: who has judged a report
    "voters",
    metadata,
    Column("stage", String(60), primary_key=True),
    Column("record", ForeignKey("records.id"), primary_key=True, autoincrement=False),
    Column("reviewer", String(100), primary_key=True),
)

leases = Table(  # reports a reviewer has open now; replaced, and expire
    "leases",
    metadata,
    Column("stage", String(60), primary_key=True),
    Column("reviewer", String(100), primary_key=True),
    Column("record", Integer, primary_key=True, autoincrement=False),
    Column("since", Float, nullable=False),  # seconds since 1970 by the database's clock
)

trainings = Table(  # who is training a stage's order now; replaced, and expires
    "trainings",
    metadata,
    Column("stage", String(60), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("since", Float, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    make_id_column(),
    make_time_column(),
    make_record_column(),
    Column("stage", String(60), nullable=False),
    Column("reviewer", String(100), nullable=False),
    Column("text", Text),
    Index(None, "record"),
)

annotations = Table(  # tags on records and notes for the team; the newest row of each counts
    "annotations",
    metadata,
    *make_entry_columns(),
    make_record_column(),
    Column("stage", String(60), nullable=False),  # where the record was, as its writer saw it
    Column("kind", String(12), nullable=False),  # tag or note
    Column("shared", Integer, nullable=False),  # 0: for its writer alone
    Column("text", Text, nullable=False),
    Column("state", String(12), nullable=False),  # present or removed
    Index(None, "record"),
)

saved_lists = Table(  # filters of the list of records under a name; the newest row of each counts
    "saved_lists",
    metadata,
    *make_entry_columns(),
    Column("name", String(100), nullable=False),
    Column("shared", Integer, nullable=False),  # 0: for its maker alone
    Column("filters", Text, nullable=False),  # JSON
    Column("state", String(12), nullable=False),  # present or removed
)
