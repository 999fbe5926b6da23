"""The tables of accounts, sessions and links to sign in, and of a home's people and reviews."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from review.store.tables.review import (
    make_entry_columns,
    make_id_column,
    make_time_column,
    metadata,
)

accounts = Table(
    "accounts",
    metadata,
    *make_entry_columns(),
    Column("name", String(100), nullable=False),
    Column("event", String(20), nullable=False),  # password, closed, reopened
    Column("password", Text),  # argon2 hash
    Index(None, "name"),
)

sessions = Table(
    "sessions",
    metadata,
    make_id_column(),
    make_time_column(),
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
    make_id_column(),
    make_time_column(),
    Column("token", String(64), nullable=False, index=True),
)

sign_in_failures = Table(  # kept for an hour, to slow down who guesses passwords
    "sign_in_failures",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("name", String(64), nullable=False, index=True),  # SHA-256 of the name as typed
    Column("origin", String(80), nullable=False, index=True),  # network address, or known browser
)

one_time_links = Table(
    "one_time_links",
    metadata,
    *make_entry_columns(),
    Column("token", String(64), nullable=False, unique=True),  # SHA-256 of the link's secret
    Column("name", String(100), nullable=False),
    Column("kind", String(20), nullable=False),  # password
    Column("expires", String(32), nullable=False),
)

one_time_link_ends = Table(  # used, or replaced by a newer one
    "one_time_link_ends",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("token", String(64), nullable=False, unique=True),
)

export_links = Table(  # links by which anybody may read one export
    "export_links",
    metadata,
    *make_entry_columns(),
    Column("export", String(120), nullable=False),
    Column("expires", String(32), nullable=False),
)

export_link_tokens = Table(  # what opens them: not in the log, nor in copies of the store
    "export_link_tokens",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("link", Integer, nullable=False, unique=True),
    Column("token", String(64), nullable=False, unique=True),  # SHA-256 of the link's secret
)

export_link_ends = Table(  # withdrawn
    "export_link_ends",
    metadata,
    *make_entry_columns(),
    Column("link", Integer, nullable=False, unique=True),
)

web_keys = Table(  # what cookies are signed with; the same for all processes of a review
    "web_keys",
    metadata,
    make_id_column(),
    make_time_column(),
    Column("name", String(40), nullable=False, unique=True),
    Column("value", Text, nullable=False),
)

personal_settings = Table(  # what one person keeps for themselves; replaced
    "personal_settings",
    metadata,
    Column("who", String(100), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("value", Text, nullable=False),  # JSON
)

home_people = Table(  # who has an account on a server with many reviews; the newest row counts
    "home_people",
    metadata,
    *make_entry_columns(),
    Column("name", String(100), nullable=False, index=True),
    Column("full_name", Text, nullable=False),
    Column("email", Text),
    Column("administrator", Integer, nullable=False),  # 1: the first account of the server
)

home_reviews = Table(  # what became of a review of the server; the newest row counts
    "home_reviews",
    metadata,
    *make_entry_columns(),
    Column("review", String(80), nullable=False, index=True),  # its folder's name
    Column("event", String(20), nullable=False),  # created, archived, restored
)

home_members = Table(  # who may open a review of the server; the newest row counts
    "home_members",
    metadata,
    *make_entry_columns(),
    Column("review", String(80), nullable=False, index=True),
    Column("name", String(100), nullable=False, index=True),
    Column("event", String(20), nullable=False),  # added, removed
)
