"""The tables of the store. Rows are only appended, never rewritten.

Three tables are projections that can be recomputed from the rest at any time: `groups`,
`standings` and the rows of `orders`. Timestamps are UTC, stored as ISO text so that they sort.
"""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _make_id_column() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _make_time_column() -> Column[str]:
    return Column("at", String(32), nullable=False)


def _make_person_column() -> Column[str]:
    return Column("who", String(100), nullable=False)


def _make_entry_columns() -> tuple[Column[int], Column[str], Column[str]]:
    return _make_id_column(), _make_time_column(), _make_person_column()


def _make_record_column() -> Column[int]:
    return Column("record", ForeignKey("records.id"), nullable=False)


protocols = Table(
    "protocols",
    metadata,
    *_make_entry_columns(),
    Column("hash", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("amendment", Text),  # what changed, if screening had started; else None
    Column("why", Text),
)

batches = Table(  # one import of one file, or one harvest of one source
    "batches",
    metadata,
    *_make_entry_columns(),
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
    *_make_entry_columns(),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("searched_from", String(10), nullable=False),  # ISO dates; equal for one day
    Column("searched_to", String(10), nullable=False),
    Index(None, "batch"),
)

records = Table(
    "records",
    metadata,
    _make_id_column(),
    _make_time_column(),
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
    _make_id_column(),
    _make_record_column(),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("number", Integer),
    Index(None, "batch"),
    Index(None, "record"),
)

rejected = Table(
    "rejected",
    metadata,
    _make_id_column(),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Index(None, "batch"),
)

links = Table(
    "links",
    metadata,
    _make_id_column(),
    _make_time_column(),
    _make_person_column(),  # 'tool' or a reviewer
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
    _make_id_column(),
    _make_time_column(),
    _make_record_column(),
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
    _make_id_column(),
    _make_time_column(),
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

answers = Table(
    "answers",
    metadata,
    _make_id_column(),
    _make_time_column(),
    _make_record_column(),
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
    _make_id_column(),
    _make_time_column(),
    _make_record_column(),
    Column("checklist", String(60), nullable=False),
    Column("reviewer", String(100), nullable=False),
    Column("state", String(20), nullable=False),  # finished, reopened, settled
    Column("after_answer", Integer),  # number of the newest answer then; None in older rows
    Index(None, "record", "checklist"),
)

report_models = Table(  # a model of a report, as it is from this row on; the newest row counts
    "report_models",
    metadata,
    *_make_entry_columns(),
    _make_record_column(),
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

files = Table(  # a PDF attached to a record; the file is in the review's files/ folder
    "files",
    metadata,
    *_make_entry_columns(),
    _make_record_column(),
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
    _make_id_column(),
    _make_time_column(),
    Column("sha256", String(64), nullable=False),
    Column("state", String(20), nullable=False),  # ok, no_text, encrypted, damaged, ...
    Column("reader", String(60)),
    Column("pages", Integer),
    Column("note", Text),
    Column("data", LargeBinary),  # compressed JSON of the full text
    Index(None, "sha256"),
)

retrievals = Table(  # each attempt to get a report's full text
    "retrievals",
    metadata,
    *_make_entry_columns(),
    _make_record_column(),
    Column("state", String(20), nullable=False),  # sought, retrieved, not retrieved
    Column("source", String(60)),
    Column("reason", Text),
    Index(None, "record"),
)

flags = Table(
    "flags",
    metadata,
    _make_id_column(),
    _make_time_column(),
    _make_record_column(),
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
    *_make_entry_columns(),
    _make_record_column(),
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
    _make_id_column(),
    _make_time_column(),
    _make_person_column(),
    _make_record_column(),
    Column("field", String(40), nullable=False),
    Column("label", Text, nullable=False),
    Column("found", Text),
    Column("state", String(20), nullable=False),  # corrected, not reported, withdrawn
    Column("value", Text),
    Column("sentence", Text),
    Column("page", Integer),
    Index(None, "record"),
)

edits = Table(  # a missing value of a record, added manually; the record itself is unchanged
    "edits",
    metadata,
    *_make_entry_columns(),
    _make_record_column(),
    Column("field", String(40), nullable=False),
    Column("value", Text),
    Index(None, "record"),
)

notes = Table(
    "notes",
    metadata,
    _make_id_column(),
    _make_time_column(),
    _make_record_column(),
    Column("stage", String(60), nullable=False),
    Column("reviewer", String(100), nullable=False),
    Column("text", Text),
    Index(None, "record"),
)

annotations = Table(  # tags on records and notes for the team; the newest row of each counts
    "annotations",
    metadata,
    *_make_entry_columns(),
    _make_record_column(),
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
    *_make_entry_columns(),
    Column("name", String(100), nullable=False),
    Column("shared", Integer, nullable=False),  # 0: for its maker alone
    Column("filters", Text, nullable=False),  # JSON
    Column("state", String(12), nullable=False),  # present or removed
)

acts = Table(  # events that concern the review as a whole: retirements, stopping, rules, alerts
    "acts",
    metadata,
    *_make_entry_columns(),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200)),
    Column("detail", Text),  # JSON
    Index(None, "kind", "subject"),
)

accounts = Table(
    "accounts",
    metadata,
    *_make_entry_columns(),
    Column("name", String(100), nullable=False),
    Column("event", String(20), nullable=False),  # password, closed, reopened
    Column("password", Text),  # argon2 hash
    Index(None, "name"),
)

sessions = Table(
    "sessions",
    metadata,
    _make_id_column(),
    _make_time_column(),
    Column("token", String(64), nullable=False, unique=True),  # SHA-256 of the cookie
    Column("name", String(100), nullable=False),
    Column("expires", String(32), nullable=False),
    Column("event", String(20), nullable=False),  # open
    Column("address", String(64)),  # where the person signed in from
    Column("browser", String(200)),  # what their browser calls itself
)

session_ends = Table(
    "session_ends",
    metadata,
    _make_id_column(),
    _make_time_column(),
    Column("token", String(64), nullable=False, index=True),
)

harvests = Table(  # one run of one source, opened; pages and ends are added rows
    "harvests",
    metadata,
    *_make_entry_columns(),
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
    _make_id_column(),
    _make_time_column(),
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
    _make_id_column(),
    _make_time_column(),
    Column("harvest", ForeignKey("harvests.id"), nullable=False),
    Column("verdict", String(20), nullable=False),  # complete, incomplete, closed
    Column("note", Text),
    Column("detail", Text),
    Index(None, "harvest"),
)

relations = Table(  # relation stated by a registry after the record was added
    "relations",
    metadata,
    _make_id_column(),
    _make_time_column(),
    _make_record_column(),
    Column("kind", String(40), nullable=False),
    Column("target", Text, nullable=False),
    Column("said_by", String(40), nullable=False),
    Column("said_at", String(10)),
    Column("raw", String(64)),  # SHA-256 of the saved raw response
    Index(None, "record"),
)

image_sets = Table(  # a folder of images as it was read; the newest row of a name counts
    "image_sets",
    metadata,
    *_make_entry_columns(),
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
    _make_id_column(),
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
    _make_id_column(),
    Column("image", ForeignKey("images.id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("state", String(12), nullable=False),  # present, uncertain, not stated
    Index(None, "image"),
)

image_audits = Table(  # images of one label drawn for reading
    "image_audits",
    metadata,
    *_make_entry_columns(),
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
    _make_id_column(),
    Column("audit", ForeignKey("image_audits.id"), nullable=False),
    Column("reader", String(100), nullable=False),
    Index(None, "audit"),
)

image_audit_images = Table(
    "image_audit_images",
    metadata,
    _make_id_column(),
    Column("audit", ForeignKey("image_audits.id"), nullable=False),
    Column("place", Integer, nullable=False),  # from 0, in the order of the sheets
    Column("image", ForeignKey("images.id"), nullable=False),
    Index(None, "audit"),
)

image_readings = Table(  # what a reader or the adjudicator said of an image; the newest row counts
    "image_readings",
    metadata,
    *_make_entry_columns(),
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
    *_make_entry_columns(),
    Column("image_set", ForeignKey("image_sets.id"), nullable=False),
    Column("problem", String(60), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("detail", Text),  # JSON: quality, warnings, ranking only, examples
    Index(None, "image_set", "problem"),
)

image_sieve_scores = Table(
    "image_sieve_scores",
    metadata,
    _make_id_column(),
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
    *_make_entry_columns(),
    Column("image", ForeignKey("images.id"), nullable=False),
    Column("problem", String(60), nullable=False),
    Column("verdict", String(12)),  # reject, keep; None takes it back
    Column("score", Float),
    Index(None, "image"),
)

image_runs = Table(  # doubles, splits, subgroups, shortcuts: the result with what it came from
    "image_runs",
    metadata,
    *_make_entry_columns(),
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
        _make_id_column(),
        _make_time_column(),
        _make_person_column(),
        Column("dataset", String(80), nullable=False),
        Column("image_set", ForeignKey("image_sets.id")),
        Column("kind", String(20), nullable=False),  # labels, bad images, doubles, splits, ...
        Column("text", Text, nullable=False),
        Column("withdraws", ForeignKey("image_findings.id")),
        Index(None, "dataset"),
    )
)

sign_in_failures = Table(  # kept for an hour, to slow down who guesses passwords
    "sign_in_failures",
    metadata,
    _make_id_column(),
    _make_time_column(),
    Column("name", String(64), nullable=False, index=True),  # SHA-256 of the name as typed
    Column("origin", String(80), nullable=False, index=True),  # network address, or known browser
)

one_time_links = Table(
    "one_time_links",
    metadata,
    *_make_entry_columns(),
    Column("token", String(64), nullable=False, unique=True),  # SHA-256 of the link's secret
    Column("name", String(100), nullable=False),
    Column("kind", String(20), nullable=False),  # password
    Column("expires", String(32), nullable=False),
)

one_time_link_ends = Table(  # used, or replaced by a newer one
    "one_time_link_ends",
    metadata,
    _make_id_column(),
    _make_time_column(),
    Column("token", String(64), nullable=False, unique=True),
)

web_keys = Table(  # what cookies are signed with; the same for all processes of a review
    "web_keys",
    metadata,
    _make_id_column(),
    _make_time_column(),
    Column("name", String(40), nullable=False, unique=True),
    Column("value", Text, nullable=False),
)

assistant_calls = Table(  # a question put to the assistant; added before it is sent
    "assistant_calls",
    metadata,
    *_make_entry_columns(),
    _make_record_column(),
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
    *_make_entry_columns(),
    _make_record_column(),
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

editions = Table(  # what the review's public page showed; the newest row is the current edition
    "editions",
    metadata,
    *_make_entry_columns(),
    Column("uid", String(36), nullable=False, unique=True),  # UUID, the entry's id in the feed
    Column("day", String(10), nullable=False),  # the day whose state it shows
    Column("digest", String(64), nullable=False),  # SHA-256 of the content
    Column("changes", Text, nullable=False),  # JSON: sentences, against the edition before
    Column("content", Text, nullable=False),  # JSON: all that was published, without the figures
)

home_people = Table(  # who has an account on a server with many reviews; the newest row counts
    "home_people",
    metadata,
    *_make_entry_columns(),
    Column("name", String(100), nullable=False, index=True),
    Column("full_name", Text, nullable=False),
    Column("email", Text),
    Column("administrator", Integer, nullable=False),  # 1: the first account of the server
)

home_reviews = Table(  # what became of a review of the server; the newest row counts
    "home_reviews",
    metadata,
    *_make_entry_columns(),
    Column("review", String(80), nullable=False, index=True),  # its folder's name
    Column("event", String(20), nullable=False),  # created, archived, restored
)

home_members = Table(  # who may open a review of the server; the newest row counts
    "home_members",
    metadata,
    *_make_entry_columns(),
    Column("review", String(80), nullable=False, index=True),
    Column("name", String(100), nullable=False, index=True),
    Column("event", String(20), nullable=False),  # added, removed
)
