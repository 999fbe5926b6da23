"""What a query holds: how many terms in which blocks, and what each source is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review import query
from review.query import DateWindow
from review.sources.query_preview import describe_query
from review.store import records
from review.workflow.project.project import Project

MAX_LINE = 100
"""Letters of a block shown in a table."""


@dataclass(frozen=True, slots=True)
class QueryBlock:
    """One of the parts that AND joins."""

    text: str
    term_count: int
    """Different terms in it."""
    is_excluded: bool
    """Whether it is a NOT: records that match it are left out."""


@dataclass(frozen=True, slots=True)
class QuerySummary:
    """A query as a team checks it."""

    term_count: int
    """Different terms in all."""
    blocks: tuple[QueryBlock, ...]
    warnings: tuple[str, ...]
    sources: Mapping[str, Mapping[str, Any]]
    """Source -> text, lost, notes and error."""


def summarize_query(text: str, window: DateWindow | None = None) -> QuerySummary:
    """Counts of terms and blocks, and each source's translation.

    Raises:
        QueryError: the query cannot be read.
    """
    node = query.parse(text)
    parts = node.parts if isinstance(node, query.And) else (node,)
    blocks = tuple(
        QueryBlock(
            query.format_query(part),
            len(set(query.iter_terms(part))),
            isinstance(part, query.Not),
        )
        for part in parts
    )
    explanation = describe_query(text, window)
    return QuerySummary(
        explanation["terms"], blocks, tuple(explanation["warnings"]), explanation["sources"]
    )


def count_record_matches(project: Project, text: str) -> query.MatchCounts:
    """How many records of the review match a query and each of its terms: how the terms work on
    what has been found so far, not how many a source would give.

    Raises:
        QueryError: the query cannot be read.
    """
    node = query.parse(text)
    with project.store.read() as conn:
        return query.count_matches(node, (record.record for record in records.iter_records(conn)))


def break_query(text: str) -> str:
    """The query with each part that AND joins on a line of its own, for reading; spaces and line
    breaks mean the same to a query."""
    lines, depth, is_quoted, line = [], 0, False, ""
    for word in " ".join(text.split()).split(" "):
        if word == "AND" and depth == 0 and not is_quoted and line:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
        for letter in word:
            if letter == '"':
                is_quoted = not is_quoted
            elif not is_quoted:
                depth += (letter == "(") - (letter == ")")
    return "\n".join([*lines, line])
