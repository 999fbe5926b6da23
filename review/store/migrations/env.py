"""Runs the migrations on the store's engine."""

from alembic import context
from sqlalchemy import text

from review.store.tables.review import metadata

UPGRADE_LOCK = 0x46554E55
"""Number of the advisory lock on PostgreSQL under which one process changes the tables."""

engine = context.config.attributes["engine"]

with engine.connect().execution_options(funnel_write=True) as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=engine.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if engine.dialect.name != "sqlite":  # SQLite begins immediate: one process at a time
            connection.execute(text("select pg_advisory_xact_lock(:n)"), {"n": UPGRADE_LOCK})
        context.run_migrations()
    if connection.in_transaction():
        connection.commit()
