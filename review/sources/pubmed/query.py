"""Translates a query for PubMed: quoted terms with field tags, truncation, dates.

Sources: PubMed User Guide (help pages of NLM) on field tags, truncation (four characters before
the asterisk) and dates.
"""

from typing import Literal

from review.query.ast import Node, Term, format_query, iter_terms
from review.query.compiler import CompiledQuery, DateWindow, Dialect, render
from review.query.truncation import expand_stem

DateField = Literal["pdat", "edat", "crdt", "mdat"]
MIN_TRUNCATION_LENGTH = 4  # characters before *; PubMed User Guide
_TAGS = {"tiab": "tiab", "title": "ti", "abstract": "ab", "mesh": "mh"}
_DATES = {"pdat": "dp", "edat": "edat", "crdt": "crdt", "mdat": "mdat"}
_DIALECT = Dialect("AND", "OR", "NOT", "all[sb]")


def compile_pubmed(
    node: Node, window: DateWindow | None = None, *, dates: DateField = "pdat"
) -> CompiledQuery:
    """The query for PubMed.

    Args:
        dates: the day the window is about: publication (pdat), entry into PubMed (edat), creation
            of the record (crdt) or last change (mdat).
    """
    unsupported: dict[str, None] = {}
    text = render(node, _DIALECT, lambda term: _render_term(term, unsupported))
    limits = _render_dates(window, _DATES[dates])
    notes = ["[tiab] also searches author keywords, which may not appear in titles and abstracts."]
    if any(term.field == "mesh" for term in iter_terms(node)):
        notes.append("[mh] also finds narrower headings.")
    if not any(term.field == "tiab" for term in iter_terms(node)):
        del notes[0]
    full_text = f"{text} AND {limits}" if limits else text
    return CompiledQuery(full_text, tuple(unsupported), tuple(notes))


def _render_term(term: Term, unsupported: dict[str, None]) -> str:
    tag = _TAGS[term.field]
    if not term.stem:
        return f'"{term.text}"[{tag}]'
    if len(term.text) >= MIN_TRUNCATION_LENGTH:
        return f"{term.text}*[{tag}]" if term.text.isalnum() else f'"{term.text}*"[{tag}]'
    words = expand_stem(term)
    unsupported[
        f"{format_query(term)}: PubMed does not truncate words of fewer than "
        f"{MIN_TRUNCATION_LENGTH} letters; searched as {' OR '.join(words)}."
    ] = None
    parts = [f'"{word}"[{tag}]' for word in words]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _render_dates(window: DateWindow | None, tag: str) -> str:
    if window is None or (window.since is None and window.until is None):
        return ""
    since = f"{window.since:%Y/%m/%d}" if window.since else "1800/01/01"
    until = f"{window.until:%Y/%m/%d}" if window.until else "3000/12/31"
    return f'("{since}"[{tag}] : "{until}"[{tag}])'
