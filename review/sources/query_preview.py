"""Previews a query: what each source receives, what it cannot search, and what to check."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from review.errors import QueryError
from review.query.ast import Node, Not, Or, Term, format_query, iter_terms, split_term
from review.query.compiler import CompiledQuery, DateWindow, strip_mesh
from review.query.parser import parse, tokenize_query
from review.sources.registry import SOURCES, list_query_sources

MAX_URL_QUERY_LENGTH = 2_000  # characters of a query from which services may refuse an address
_MARKS = re.compile(r"[^\w\s\"'-]")


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """What one source is asked, or why it cannot be."""

    source: str
    compiled: CompiledQuery | None
    error: str | None = None


def compile_for_source(
    source_name: str, node: Node, window: DateWindow | None = None
) -> CompiledQuery:
    """The query for a source by its name.

    For a source that cannot search by words, all of the window is fetched and matched here, so
    the text is our own.

    Raises:
        QueryError: nothing of the query can be asked of that source, or there is no such source.
    """
    source = SOURCES.get(source_name)
    if source is None:
        raise QueryError(
            f"Query: unknown source '{source_name}'; expected one of {', '.join(SOURCES)}."
        )
    if source.compile_query is not None:
        return source.compile_query(node, window)
    stripped = strip_mesh(node, source.records_label)
    notes = (source.no_query_reason,) if source.no_query_reason else ()
    return CompiledQuery(format_query(stripped.node), stripped.unsupported, notes)


def describe_query(query: str, window: DateWindow | None = None) -> dict[str, Any]:
    """Each source's text, losses and notes, and warnings on the query itself, ready for JSON.

    Raises:
        QueryError: the query cannot be read.
    """
    node = parse(query)
    source_queries = [
        _compile_or_explain(source.name, node, window) for source in list_query_sources()
    ]
    return {
        "query": format_query(node),
        "fingerprint": fingerprint_query(node),
        "terms": len(set(iter_terms(node))),
        "window": {
            "from": window.since.isoformat() if window and window.since else None,
            "to": window.until.isoformat() if window and window.until else None,
        },
        "sources": {
            source_query.source: {
                "text": source_query.compiled.text if source_query.compiled else None,
                "lost": list(source_query.compiled.unsupported) if source_query.compiled else [],
                "notes": list(source_query.compiled.notes) if source_query.compiled else [],
                "error": source_query.error,
            }
            for source_query in source_queries
        },
        "warnings": list(list_warnings(query, node)),
    }


def fingerprint_query(node: Node) -> str:
    """SHA-256 (hex) of the query's meaning as written by `to_text`."""
    return hashlib.sha256(format_query(node).encode()).hexdigest()


def _compile_or_explain(source: str, node: Node, window: DateWindow | None) -> SourceQuery:
    try:
        return SourceQuery(source, compile_for_source(source, node, window))
    except QueryError as error:
        return SourceQuery(source, None, str(error).split("\n", 1)[0])


def list_warnings(query: str, node: Node) -> tuple[str, ...]:
    """What a second reader of the query should look at."""
    messages: list[str] = []
    lowercase_operators = sorted(
        {token.text for token in tokenize_query(query) if token.kind in ("and", "or", "not")}
    )
    lowercase_operators = [
        operator for operator in lowercase_operators if operator != operator.upper()
    ]
    if lowercase_operators:
        messages.append(
            f"{', '.join(lowercase_operators)} is read as an operator; put it in quotation marks "
            "to search for the word."
        )
    terms = list(iter_terms(node))
    repeat_count = sum(1 for token in tokenize_query(query) if token.kind == "term") - len(terms)
    if repeat_count:
        messages.append(f"{repeat_count} of the terms are repeated; each is searched once.")
    if isinstance(node, Not) or (
        isinstance(node, Or) and any(isinstance(part, Not) for part in node.parts)
    ):
        messages.append(
            "The query only excludes, so it matches nearly everything; is a term missing?"
        )
    messages += _list_term_warnings(terms)
    if len(query) > MAX_URL_QUERY_LENGTH:
        messages.append(f"The query is {len(query):,} characters long; it is sent by POST.")
    return tuple(messages)


def _list_term_warnings(terms: list[Term]) -> list[str]:
    messages = []
    unsegmented = [term.text for term in dict.fromkeys(terms) if _lacks_word_breaks(term)]
    if unsegmented:
        messages.append(
            f"{', '.join(unsegmented[:5])}: this script does not separate words with spaces, so "
            "whole-word search misses most records; add English terms."
        )
    marks_only = [
        f"{term.text} as {' '.join(split_term(term))}"
        for term in dict.fromkeys(terms)
        if _MARKS.search(term.text) and all(len(word) == 1 for word in split_term(term))
    ]
    if marks_only:
        messages.append(f"Punctuation is not searched: {', '.join(marks_only[:5])}.")
    short_stems = [
        format_query(term) for term in dict.fromkeys(terms) if term.stem and _is_short_stem(term)
    ]
    if short_stems:
        messages.append(
            f"{', '.join(short_stems[:5])}: such short truncated terms match many unrelated words."
        )
    covered_terms = [
        f"{format_query(term)} (in {format_query(wider_term)})"
        for term in dict.fromkeys(terms)
        if not term.stem
        for wider_term in _find_wider_terms(term, terms)
    ]
    if covered_terms:
        messages.append(f"Already covered by a broader term: {', '.join(covered_terms[:5])}.")
    return messages


def _is_short_stem(term: Term) -> bool:
    return len("".join(split_term(term))) < 4


def _lacks_word_breaks(term: Term) -> bool:
    return any(
        unicodedata.name(character, "").startswith(
            ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER")
        )
        for character in term.text
    )


def _find_wider_terms(term: Term, terms: list[Term]) -> list[Term]:
    words = split_term(term)
    if len(words) != 1 or len(terms) > 500:
        return []
    return [
        other
        for other in dict.fromkeys(terms)
        if other.stem
        and other.field == term.field
        and len(split_term(other)) == 1
        and words[0].startswith(split_term(other)[0])
    ]
