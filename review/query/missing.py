"""Which parts of a query a paper does not match."""

from review.errors import QueryError
from review.query.ast import And, Node, Not, format_query
from review.query.matching import build_text_matcher


def list_missed_parts(node: Node, title: str | None, abstract: str | None) -> list[str]:
    """The parts of a query, each joined to the others by AND, that a title and abstract miss.

    Nothing if the query matches. A part that excludes the paper is given with its NOT. MeSH terms
    cannot be matched in text; a part of MeSH terms alone is passed over.
    """
    if isinstance(node, And):
        return [
            missed for part in node.parts for missed in list_missed_parts(part, title, abstract)
        ]
    if isinstance(node, Not):
        return [format_query(node)] if _matches(node.part, title, abstract) else []
    return [] if _matches(node, title, abstract) is not False else [format_query(node)]


def _matches(node: Node, title: str | None, abstract: str | None) -> bool | None:
    """Whether a part matches; None if it has MeSH terms alone."""
    try:
        return build_text_matcher(node)(title, abstract)
    except QueryError:
        return None
