"""A query in the language of arXiv's API: prefixes, quotes, ANDNOT, dates of submission.

Hyphens become blanks inside quotes, since the service reads a bare hyphen as NOT (arxiv-search
issue 322). Truncation works in practice for single words, but the manual does not promise it, so
each stem is also asked by the words known to begin with it. Source: arXiv API User's Manual.
"""

from review.query.ast import Node, Term, term_words, to_text
from review.query.compiler import Compiled, Dialect, Window, without_mesh, written
from review.query.truncation import known_words

_FIELDS = {"title": ("ti",), "abstract": ("abs",), "tiab": ("ti", "abs")}
_FIRST, _LAST = "199101010000", "300001010000"
_DIALECT = Dialect("AND", "OR", "ANDNOT", f"submittedDate:[{_FIRST} TO {_LAST}]")


def compile_arxiv(node: Node, window: Window | None = None, *, wildcards: bool = True) -> Compiled:
    """The query for arXiv; the window is on the day of first submission (GMT).

    Args:
        wildcards: also ask single stems with *.
    """
    kept = without_mesh(node, "arXiv's records")
    lost = dict.fromkeys(kept.lost)
    text = written(kept.node, _DIALECT, lambda term: _term(term, lost, wildcards=wildcards))
    limits = _dates(window)
    return Compiled(f"{text} AND {limits}" if limits else text, tuple(lost))


def _term(term: Term, lost: dict[str, None], *, wildcards: bool) -> str:
    words = term_words(term)
    wanted = [" ".join(words)]
    if term.stem:
        wanted = [" ".join(term_words(Term(one))) for one in known_words(term)]
        starred = wildcards and len(words) == 1
        lost[_said(term, wanted, starred=starred)] = None
        if starred:
            wanted.insert(0, f"{words[0]}*")
    asked = [
        f"{name}:{one}" if one.endswith("*") else f'{name}:"{one}"'
        for one in dict.fromkeys(wanted)
        for name in _FIELDS[term.field]
    ]
    return asked[0] if len(asked) == 1 else f"({' OR '.join(asked)})"


def _said(term: Term, wanted: list[str], *, starred: bool) -> str:
    listed = ", ".join(wanted)
    if starred:
        return (
            f"{to_text(term)}: arXiv's manual promises no truncation; asked with * and as {listed}."
        )
    return f"{to_text(term)}: arXiv cuts off no {'phrases' if ' ' in wanted[0] else 'words'}; " + (
        f"asked as {listed}; other endings are not found."
    )


def _dates(window: Window | None) -> str:
    if window is None or (window.since is None and window.until is None):
        return ""
    since = f"{window.since:%Y%m%d}0000" if window.since else _FIRST
    until = f"{window.until:%Y%m%d}2359" if window.until else _LAST
    return f"submittedDate:[{since} TO {until}]"
