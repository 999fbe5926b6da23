"""Translates a query for Europe PMC: fields before the term, truncation of single words, dates.

Source: Europe PMC help, search syntax. The query is to be sent with synonym=false.
"""

from review.query.ast import Node, Term, format_query, iter_terms, split_term
from review.query.compiler import CompiledQuery, DateWindow, Dialect, render
from review.query.truncation import expand_stem

_FIELDS = {"tiab": "TITLE_ABS", "title": "TITLE", "abstract": "ABSTRACT", "mesh": "MESH"}
_DIALECT = Dialect("AND", "OR", "NOT", "FIRST_PDATE:[1800-01-01 TO 3000-12-31]")


def compile_europepmc(node: Node, window: DateWindow | None = None) -> CompiledQuery:
    """The query for Europe PMC; the window is on the day of first publication."""
    unsupported: dict[str, None] = {}
    text = render(node, _DIALECT, lambda term: _render_term(term, unsupported))
    if any(term.field == "mesh" for term in iter_terms(node)):
        unsupported[
            "MeSH headings: Europe PMC finds only the given heading, and preprints have none."
        ] = None
    limits = _render_dates(window)
    return CompiledQuery(f"{text} AND {limits}" if limits else text, tuple(unsupported))


def _render_term(term: Term, unsupported: dict[str, None]) -> str:
    name, words = _FIELDS[term.field], split_term(term)
    if term.field == "mesh":
        heading, _, qualifier = term.text.partition("/")
        if qualifier:
            unsupported[
                f"{format_query(term)}: Europe PMC searches headings without qualifiers; searched "
                f"as {heading}, which finds more records."
            ] = None
        return f'{name}:"{heading}{"*" if term.stem and not qualifier else ""}"'
    if not term.stem:
        return f'{name}:"{" ".join(words)}"'
    if len(words) == 1:
        return f"{name}:{words[0]}*"
    phrases = dict.fromkeys(
        " ".join(split_term(Term(known_word))) for known_word in expand_stem(term)
    )
    unsupported[
        f"{format_query(term)}: Europe PMC does not support truncation of phrases; searched as "
        f"{', '.join(phrases)}; other endings are not found."
    ] = None
    return f"({' OR '.join(f'{name}:{chr(34)}{phrase}{chr(34)}' for phrase in phrases)})"


def _render_dates(window: DateWindow | None) -> str:
    if window is None or (window.since is None and window.until is None):
        return ""
    since = window.since.isoformat() if window.since else "1800-01-01"
    until = window.until.isoformat() if window.until else "3000-12-31"
    return f"(FIRST_PDATE:[{since} TO {until}])"
