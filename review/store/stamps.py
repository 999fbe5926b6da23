"""A stamp that changes with every added row, so that computed views can be kept until then."""

from sqlalchemy import Connection, func, select

from review.store.tables import (
    acts,
    answers,
    batches,
    decisions,
    forms,
    links,
    records,
    rejected,
    retrievals,
    sightings,
)

WATCHED = (
    batches, records, sightings, rejected, links, decisions, retrievals, acts, answers, forms,
)  # fmt: skip


def stamp(conn: Connection) -> tuple[int, ...]:
    """Newest row number of every table that the flow is counted from."""
    query = select(*(select(func.max(one.c.id)).scalar_subquery() for one in WATCHED))
    return tuple(int(number or 0) for number in conn.execute(query).one())
