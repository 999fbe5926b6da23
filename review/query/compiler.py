"""Translates a query for a source: its text, the parts not supported, and the date range."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from review.errors import QueryError
from review.query.ast import (
    And,
    Node,
    Not,
    Or,
    Term,
    format_query,
    join_with_and,
    join_with_or,
    negate_node,
)


@dataclass(frozen=True, slots=True)
class DateWindow:
    """Range of publication or entry dates, both ends inclusive; None leaves an end open."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query in the syntax of a source."""

    text: str
    unsupported: tuple[str, ...] = ()
    """Parts the source does not support or that were changed, one sentence each."""
    notes: tuple[str, ...] = ()
    """Notes on how the source interprets the query; these do not lose records."""


@dataclass(frozen=True, slots=True)
class Stripped:
    """Remainder of a tree after parts were removed."""

    node: Node
    unsupported: tuple[str, ...]


def strip_mesh(node: Node, records_label: str) -> Stripped:
    """The tree without its MeSH terms: removed from OR, fewer records match; from AND, more.

    Raises:
        QueryError: nothing remains.
    """
    unsupported: list[str] = []
    remaining = _remove_terms(node, lambda term: term.field == "mesh", unsupported, records_label)
    if remaining is None:
        raise QueryError(
            f"Query: no part of it can be used with {records_label}, which have no MeSH headings; "
            "add title or abstract words, for example OR covid*."
        )
    return Stripped(remaining, tuple(dict.fromkeys(unsupported)))


def _remove_terms(
    node: Node,
    is_removed: Callable[[Term], bool],
    unsupported: list[str],
    records_label: str,
    parent_operator: str = "",
) -> Node | None:
    if isinstance(node, Term):
        if not is_removed(node):
            return node
        effect = {
            "AND": "more records are found",
            "OR": "fewer records are found",
            "NOT": "more records are found",
        }
        consequence = f"; {effect[parent_operator]}" if parent_operator else ""
        unsupported.append(
            f"{format_query(node)}: {records_label} have no MeSH headings, omitted{consequence}."
        )
        return None
    if isinstance(node, Not):
        part = _remove_terms(node.part, is_removed, unsupported, records_label, "NOT")
        return None if part is None else negate_node(part)
    operator = "AND" if isinstance(node, And) else "OR"
    parts = [
        _remove_terms(part, is_removed, unsupported, records_label, operator) for part in node.parts
    ]
    remaining = [part for part in parts if part is not None]
    if not remaining:
        return None
    return join_with_and(remaining) if operator == "AND" else join_with_or(remaining)


@dataclass(frozen=True, slots=True)
class Dialect:
    """Operators of a source, so that one function can render any tree."""

    and_operator: str
    or_operator: str
    not_operator: str
    """Operator between what is wanted and what is excluded."""
    match_all_clause: str
    """A clause that matches every document, for queries that only exclude."""


def render(node: Node, dialect: Dialect, render_term: Callable[[Term], str]) -> str:
    """Render a tree in a dialect, with parentheses around every operator.

    `a NOT b` is rendered as a difference; a part that only excludes is subtracted from everything.
    """
    if isinstance(node, Term):
        return render_term(node)
    if isinstance(node, Not):
        return (
            f"({dialect.match_all_clause} {dialect.not_operator} "
            f"{render(node.part, dialect, render_term)})"
        )
    if isinstance(node, Or):
        parts = [render(part, dialect, render_term) for part in node.parts]
        return f"({f' {dialect.or_operator} '.join(parts)})"
    clauses = [
        render(part, dialect, render_term) for part in node.parts if not isinstance(part, Not)
    ]
    negated_parts = [part.part for part in node.parts if isinstance(part, Not)]
    text = f" {dialect.and_operator} ".join(clauses or [dialect.match_all_clause])
    if not negated_parts:
        return f"({text})"
    if len(clauses) > 1:
        text = f"({text})"
    return (
        f"({text} {dialect.not_operator} "
        f"{render(join_with_or(negated_parts), dialect, render_term)})"
    )
