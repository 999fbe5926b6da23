"""Translates a query for arXiv's API: prefixes, quotes, ANDNOT, dates of submission.

Hyphens become blanks inside quotes, since the service reads a bare hyphen as NOT (arxiv-search
issue 322). Truncation works in practice for single words, but the manual does not promise it, so
each stem is also asked by the words known to begin with it. Source: arXiv API User's Manual.
"""

from review.query.ast import Node, Term, format_query, split_term
from review.query.compiler import CompiledQuery, DateWindow, Dialect, render, strip_mesh
from review.query.truncation import expand_stem

_FIELDS = {"title": ("ti",), "abstract": ("abs",), "tiab": ("ti", "abs")}
_EARLIEST_DATE, _LATEST_DATE = "199101010000", "300001010000"
_DIALECT = Dialect("AND", "OR", "ANDNOT", f"submittedDate:[{_EARLIEST_DATE} TO {_LATEST_DATE}]")


def compile_arxiv(
    node: Node, window: DateWindow | None = None, *, wildcards: bool = True
) -> CompiledQuery:
    """The query for arXiv; the window is on the day of first submission (GMT).

    Args:
        wildcards: also ask single stems with *.
    """
    stripped = strip_mesh(node, "arXiv's records")
    unsupported = dict.fromkeys(stripped.unsupported)
    text = render(
        stripped.node, _DIALECT, lambda term: _render_term(term, unsupported, wildcards=wildcards)
    )
    limits = _render_dates(window)
    return CompiledQuery(f"{text} AND {limits}" if limits else text, tuple(unsupported))


def _render_term(term: Term, unsupported: dict[str, None], *, wildcards: bool) -> str:
    words = split_term(term)
    phrases = [" ".join(words)]
    if term.stem:
        phrases = [" ".join(split_term(Term(known_word))) for known_word in expand_stem(term)]
        with_star = wildcards and len(words) == 1
        unsupported[_describe_truncation(term, phrases, with_star=with_star)] = None
        if with_star:
            phrases.insert(0, f"{words[0]}*")
    clauses = [
        f"{name}:{phrase}" if phrase.endswith("*") else f'{name}:"{phrase}"'
        for phrase in dict.fromkeys(phrases)
        for name in _FIELDS[term.field]
    ]
    return clauses[0] if len(clauses) == 1 else f"({' OR '.join(clauses)})"


def _describe_truncation(term: Term, phrases: list[str], *, with_star: bool) -> str:
    phrase_list = ", ".join(phrases)
    if with_star:
        return (
            f"{format_query(term)}: arXiv does not document truncation; searched with * and as "
            f"{phrase_list}."
        )
    return (
        f"{format_query(term)}: arXiv does not support truncation of "
        f"{'phrases' if ' ' in phrases[0] else 'words'}; "
        + (f"searched as {phrase_list}; other endings are not found.")
    )


def _render_dates(window: DateWindow | None) -> str:
    if window is None or (window.since is None and window.until is None):
        return ""
    since = f"{window.since:%Y%m%d}0000" if window.since else _EARLIEST_DATE
    until = f"{window.until:%Y%m%d}2359" if window.until else _LATEST_DATE
    return f"submittedDate:[{since} TO {until}]"
