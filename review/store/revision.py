"""Cache keys that change with every appended row."""

from sqlalchemy import Connection, func, select

from review.store.tables.appraisal import answers, forms
from review.store.tables.fulltexts import files, retrievals
from review.store.tables.review import (
    acts,
    annotations,
    batches,
    decisions,
    links,
    notes,
    orders,
    records,
    rejected,
    sightings,
)

REVISION_TABLES = (
    batches,
    records,
    sightings,
    rejected,
    links,
    decisions,
    retrievals,
    acts,
    answers,
    forms,
)


def get_revision(conn: Connection) -> tuple[int, ...]:
    """Newest row number of every table used to count the flow."""
    query = select(*(select(func.max(table.c.id)).scalar_subquery() for table in REVISION_TABLES))
    return tuple(int(number or 0) for number in conn.execute(query).one())


def get_list_revision(conn: Connection) -> tuple[int, ...]:
    """Newest row number of every table that the list of records shows something of."""
    tables = (files, notes, annotations)
    query = select(*(select(func.max(table.c.id)).scalar_subquery() for table in tables))
    own = tuple(int(number or 0) for number in conn.execute(query).one())
    return (*get_revision(conn), *own)


def get_assignment_revision(conn: Connection, stage: str) -> tuple[int, ...]:
    """Cache key that changes whenever assignments at a stage may change, except by decisions: new
    records, links, events, and positions given to new reports in the stage's order."""
    newest_order = select(func.max(orders.c.id)).where(
        orders.c.stage == stage, orders.c.model == "random"
    )
    parts = [select(func.max(table.c.id)).scalar_subquery() for table in (batches, links, acts)]
    row = conn.execute(select(*parts, newest_order.scalar_subquery())).one()
    return tuple(int(number or 0) for number in row)
