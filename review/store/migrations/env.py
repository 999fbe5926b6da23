"""Runs the migrations on the store's engine."""

from alembic import context

from review.store.tables import metadata

engine = context.config.attributes["engine"]

with engine.connect().execution_options(funnel_write=True) as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=engine.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.in_transaction():
        connection.commit()
