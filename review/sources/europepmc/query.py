"""A query in Europe PMC's language: fields before the term, truncation of single words, dates.

Source: Europe PMC help, search syntax. The query is to be sent with synonym=false.
"""

from review.query.ast import Node, Term, term_words, terms_of, to_text
from review.query.compiler import Compiled, Dialect, Window, written
from review.query.truncation import known_words

_FIELDS = {"tiab": "TITLE_ABS", "title": "TITLE", "abstract": "ABSTRACT", "mesh": "MESH"}
_DIALECT = Dialect("AND", "OR", "NOT", "FIRST_PDATE:[1800-01-01 TO 3000-12-31]")


def compile_europepmc(node: Node, window: Window | None = None) -> Compiled:
    """The query for Europe PMC; the window is on the day of first publication."""
    lost: dict[str, None] = {}
    text = written(node, _DIALECT, lambda term: _term(term, lost))
    if any(term.field == "mesh" for term in terms_of(node)):
        lost["MeSH headings: Europe PMC finds the heading named, and none for preprints."] = None
    limits = _dates(window)
    return Compiled(f"{text} AND {limits}" if limits else text, tuple(lost))


def _term(term: Term, lost: dict[str, None]) -> str:
    name, words = _FIELDS[term.field], term_words(term)
    if term.field == "mesh":
        heading, _, qualifier = term.text.partition("/")
        if qualifier:
            lost[
                f"{to_text(term)}: Europe PMC searches headings without qualifiers; asked as "
                f"{heading}; more is found."
            ] = None
        return f'{name}:"{heading}{"*" if term.stem and not qualifier else ""}"'
    if not term.stem:
        return f'{name}:"{" ".join(words)}"'
    if len(words) == 1:
        return f"{name}:{words[0]}*"
    wanted = dict.fromkeys(" ".join(term_words(Term(one))) for one in known_words(term))
    lost[
        f"{to_text(term)}: Europe PMC cuts off no phrases; asked as {', '.join(wanted)}; "
        "other endings are not found."
    ] = None
    return f"({' OR '.join(f'{name}:{chr(34)}{one}{chr(34)}' for one in wanted)})"


def _dates(window: Window | None) -> str:
    if window is None or (window.since is None and window.until is None):
        return ""
    since = window.since.isoformat() if window.since else "1800-01-01"
    until = window.until.isoformat() if window.until else "3000-12-31"
    return f"(FIRST_PDATE:[{since} TO {until}])"
