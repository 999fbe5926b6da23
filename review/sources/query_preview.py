"""A query -> what each source is asked, what it could not be asked, and what to look at."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from review.errors import QueryError
from review.query.ast import Node, Not, Or, Term, term_words, terms_of, to_text
from review.query.compiler import Compiled, Window, without_mesh
from review.query.parser import parse, tokens
from review.sources.arxiv.query import compile_arxiv
from review.sources.europepmc.query import compile_europepmc
from review.sources.pubmed.query import compile_pubmed

LONG_ADDRESS = 2_000  # characters of a query from which services may refuse an address
_MARKS = re.compile(r"[^\w\s\"'-]")
_COMPILERS: dict[str, Callable[[Node, Window | None], Compiled]] = {
    "pubmed": compile_pubmed,
    "arxiv": compile_arxiv,
    "europepmc": compile_europepmc,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one source is asked, or why it cannot be."""

    source: str
    compiled: Compiled | None
    error: str | None = None


def compile_for(source: str, node: Node, window: Window | None = None) -> Compiled:
    """The query for a source by its name: pubmed, arxiv, europepmc, medrxiv, biorxiv, arxiv-oai.

    medRxiv, bioRxiv and arXiv's OAI-PMH search no words: all of the window is fetched and matched
    here, so their text is our own.

    Raises:
        QueryError: nothing of the query can be asked of that source, or there is no such source.
    """
    if source in _COMPILERS:
        return _COMPILERS[source](node, window)
    if source not in ("medrxiv", "biorxiv", "arxiv-oai"):
        known = ", ".join((*_COMPILERS, "medrxiv", "biorxiv", "arxiv-oai"))
        raise QueryError(f"Query: there is no source '{source}'; expected one of {known}.")
    whose = "arXiv's records" if source == "arxiv-oai" else "medRxiv's and bioRxiv's records"
    kept = without_mesh(node, whose)
    note = "The service searches no words: all days of the window are fetched and matched here."
    return Compiled(to_text(kept.node), kept.lost, (note,))


def explain(query: str, window: Window | None = None) -> dict[str, Any]:
    """Each source's text, losses and notes, and warnings on the query itself, ready for JSON.

    Raises:
        QueryError: the query cannot be read.
    """
    node = parse(query)
    asked = [_asked(source, node, window) for source in (*_COMPILERS, "medrxiv", "biorxiv")]
    return {
        "query": to_text(node),
        "fingerprint": fingerprint(node),
        "terms": len(set(terms_of(node))),
        "window": {
            "from": window.since.isoformat() if window and window.since else None,
            "to": window.until.isoformat() if window and window.until else None,
        },
        "sources": {
            one.source: {
                "text": one.compiled.text if one.compiled else None,
                "lost": list(one.compiled.lost) if one.compiled else [],
                "notes": list(one.compiled.notes) if one.compiled else [],
                "error": one.error,
            }
            for one in asked
        },
        "warnings": list(warnings(query, node)),
    }


def fingerprint(node: Node) -> str:
    """SHA-256 (hex) of the query's meaning as written by `to_text`."""
    return hashlib.sha256(to_text(node).encode()).hexdigest()


def _asked(source: str, node: Node, window: Window | None) -> Asked:
    try:
        return Asked(source, compile_for(source, node, window))
    except QueryError as error:
        return Asked(source, None, str(error).split("\n", 1)[0])


def warnings(query: str, node: Node) -> tuple[str, ...]:
    """What a second reader of the query should look at."""
    found: list[str] = []
    small = sorted({one.text for one in tokens(query) if one.kind in ("and", "or", "not")})
    small = [one for one in small if one != one.upper()]
    if small:
        found.append(f"{', '.join(small)} is read as an operator; quote it to search the word.")
    terms = list(terms_of(node))
    repeated = sum(1 for one in tokens(query) if one.kind == "term") - len(terms)
    if repeated:
        found.append(f"{repeated} of the terms are repeated; each is asked once.")
    if isinstance(node, Not) or (
        isinstance(node, Or) and any(isinstance(part, Not) for part in node.parts)
    ):
        found.append("The query takes nearly everything and only excludes; is a term missing?")
    found += _of_terms(terms)
    if len(query) > LONG_ADDRESS:
        found.append(f"The query is {len(query):,} characters long; it is sent by POST.")
    return tuple(found)


def _of_terms(terms: list[Term]) -> list[str]:
    found = []
    other = [one.text for one in dict.fromkeys(terms) if _unparted(one)]
    if other:
        found.append(
            f"{', '.join(other[:5])}: this script parts no words by blanks, so that whole-word "
            "search misses most; add words in English."
        )
    bare = [
        f"{one.text} as {' '.join(term_words(one))}"
        for one in dict.fromkeys(terms)
        if _MARKS.search(one.text) and all(len(word) == 1 for word in term_words(one))
    ]
    if bare:
        found.append(f"Marks are not searched: {', '.join(bare[:5])}, wherever these stand.")
    short = [to_text(one) for one in dict.fromkeys(terms) if one.stem and _short(one)]
    if short:
        found.append(f"{', '.join(short[:5])}: so short a beginning finds many unrelated words.")
    within = [
        f"{to_text(one)} (in {to_text(wide)})"
        for one in dict.fromkeys(terms)
        if not one.stem
        for wide in _wider(one, terms)
    ]
    if within:
        found.append(f"Also found by a wider term beside them: {', '.join(within[:5])}.")
    return found


def _short(term: Term) -> bool:
    return len("".join(term_words(term))) < 4


def _unparted(term: Term) -> bool:
    return any(
        unicodedata.name(sign, "").startswith(
            ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER")
        )
        for sign in term.text
    )


def _wider(term: Term, terms: list[Term]) -> list[Term]:
    words = term_words(term)
    if len(words) != 1 or len(terms) > 500:
        return []
    return [
        one
        for one in dict.fromkeys(terms)
        if one.stem and one.field == term.field and len(term_words(one)) == 1
        and words[0].startswith(term_words(one)[0])
    ]  # fmt: skip
