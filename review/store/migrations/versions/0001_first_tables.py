"""The first tables, and the full-text index of titles, authors and abstracts."""

from alembic import op

from review.store.records import PG_WORDS
from review.store.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes all tables of the first release."""
    metadata.create_all(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "create virtual table if not exists record_words using fts5("
            "title, authors, abstract, content='', "
            "tokenize='unicode61 remove_diacritics 2')"
        )
    else:
        op.execute(f"create index ix_records_words on records using gin ({PG_WORDS})")


def downgrade() -> None:
    """Takes everything away; there is nothing before the first release."""
    metadata.drop_all(op.get_bind())
