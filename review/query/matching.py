"""A query run over titles and abstracts here: whole words, word beginnings, phrases, fields.

Words are looked up once per spelling and remembered, so that a query of thousands of terms costs
a record no more than a small one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from review.errors import QueryError
from review.query.ast import And, Node, Not, Or, Term, term_words, terms_of
from review.query.compiler import without_mesh
from review.query.tokens import fold_token, tokens, words_of

REMEMBERED = 200_000  # spellings kept in memory before they are forgotten; about 50 MB
MESH_SOURCES = ("pubmed", "medline")
Matcher = Callable[[str | None, str | None], bool]
Finder = Callable[[str | None, str | None, tuple[str, ...]], frozenset[int]]
Holds = Callable[[frozenset[int]], bool]


class Searched(Protocol):
    """What a record must have to be judged; `review.models.Record` has it."""

    @property
    def source(self) -> str: ...
    @property
    def title(self) -> str | None: ...
    @property
    def abstract(self) -> str | None: ...
    @property
    def keywords(self) -> tuple[str, ...]: ...
    @property
    def mesh(self) -> tuple[str, ...]: ...


class _Spellings(dict[str, tuple[int, ...]]):
    """Owns the memory of the spellings met so far: the atoms each one holds, mostly none.

    A spelling met for the first time is folded and looked up once.
    """

    def __init__(self, whole: dict[str, set[int]], begins: dict[str, set[int]]) -> None:
        super().__init__()
        self.folded: dict[str, str] = {}
        self._whole, self._begins = whole, begins
        self._lengths = tuple(sorted({len(one) for one in begins}))

    def __missing__(self, token: str) -> tuple[int, ...]:
        if len(self) >= REMEMBERED:
            self.clear()
            self.folded.clear()
        self.folded[token] = folded = fold_token(token)
        atoms: set[int] = set()
        for word in folded.split():
            atoms |= self._whole.get(word, set())
            for length in self._lengths:
                if length > len(word):
                    break
                atoms |= self._begins.get(word[:length], set())
        self[token] = held = tuple(atoms)
        return held


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase to confirm: its words must all be there, and then stand in a row."""

    atom: int
    needed: frozenset[int]
    """Atoms of its words."""
    text: str
    """With a blank before, and after it unless the last word is a beginning."""


def matcher(node: Node) -> Matcher:
    """A function of title and abstract that says whether the query holds.

    Terms of MeSH cannot be judged from a text and are left out (see `without_mesh`).
    Not for several threads at once: it remembers the words it has met.

    Raises:
        QueryError: nothing is left to judge.
    """
    kept = without_mesh(node, "titles and abstracts").node
    found = _finder(kept)
    holds = _holds(kept, _atoms(kept))

    def matches(title: str | None, abstract: str | None) -> bool:
        return holds(found(title, abstract, ()))

    return matches


def record_matcher(node: Node, *, keywords: bool = False) -> Callable[[Searched], bool]:
    """A function of a record that says whether the query holds, MeSH included.

    Records of PubMed, and others that carry headings, are judged by them, compared whole (PubMed
    also finds the narrower ones below a heading, which cannot be known here). For records of
    sources without MeSH those terms are left out; a query of nothing else holds for none of them.

    Args:
        keywords: count the authors' keywords with title and abstract, as PubMed's [tiab] does.
    """
    mesh = tuple(term for term in _atoms(node) if term.field == "mesh")
    strict = _holds(node, _atoms(node)), _finder(node)
    try:
        kept = without_mesh(node, "titles and abstracts").node
    except QueryError:
        kept = None
    loose = (_holds(kept, _atoms(kept)), _finder(kept)) if kept is not None else None
    numbers = _atoms(node)

    def holds(record: Searched) -> bool:
        words = record.keywords if keywords else ()
        if not mesh or record.mesh or record.source in MESH_SOURCES:
            found = strict[1](record.title, record.abstract, words)
            headings = _headings(record.mesh) if mesh else set()
            named = {numbers[term] for term in mesh if _heading(term, headings)}
            return strict[0](found | named)
        if loose is None:
            return False
        return loose[0](loose[1](record.title, record.abstract, words))

    return holds


def matches(node: Node, record: Searched) -> bool:
    """Whether a query holds for one record; for many, make a `record_matcher` once."""
    return record_matcher(node)(record)


def _atoms(node: Node) -> dict[Term, int]:
    """The different terms of a tree, numbered from left to right."""
    return {term: number for number, term in enumerate(dict.fromkeys(terms_of(node)))}


def _finder(node: Node) -> Finder:
    """A function of title, abstract and keywords that gives the terms found in their fields."""
    atoms = {term: number for term, number in _atoms(node).items() if term.field != "mesh"}
    lexicon, phrases = _lexicon(atoms, len(_atoms(node)))
    anywhere, only_title, only_abstract = (
        frozenset(number for term, number in atoms.items() if term.field == name)
        for name in ("tiab", "title", "abstract")
    )

    def found(title: str | None, abstract: str | None, keywords: tuple[str, ...]) -> frozenset[int]:
        in_title = _found(title, lexicon, phrases)
        in_abstract = _found(abstract, lexicon, phrases)
        held = (in_title | in_abstract) & anywhere
        for keyword in keywords:
            held |= _found(keyword, lexicon, phrases) & anywhere
        if only_title:
            held |= in_title & only_title
        if only_abstract:
            held |= in_abstract & only_abstract
        return held

    return found


def _headings(mesh: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The words of each heading, alone and with each of its qualifiers."""
    found = set()
    for one in mesh:
        heading, *qualifiers = one.split("/")
        found |= {words_of(heading), *(words_of(f"{heading} {name}") for name in qualifiers)}
    return found


def _heading(term: Term, headings: set[tuple[str, ...]]) -> bool:
    words = term_words(term)
    if not term.stem:
        return words in headings
    return any(
        one[: len(words) - 1] == words[:-1] and " ".join(one).startswith(" ".join(words))
        for one in headings
    )


def _lexicon(atoms: dict[Term, int], first: int) -> tuple[_Spellings, dict[int, list[_Phrase]]]:
    """What to look for, and the phrases to confirm by the atom of their first word.

    Words of phrases get atoms of their own, numbered from `first`.
    """
    whole: dict[str, set[int]] = {}
    begins: dict[str, set[int]] = {}
    phrases: dict[int, list[_Phrase]] = {}
    parts: dict[tuple[str, bool], int] = {}
    for term, number in atoms.items():
        words = term_words(term)
        if len(words) == 1:
            (begins if term.stem else whole).setdefault(words[0], set()).add(number)
            continue
        needed = []
        for place, word in enumerate(words):
            stem = term.stem and place == len(words) - 1
            key = (word, stem)
            if key not in parts:
                parts[key] = first + len(parts)
                table = begins if stem else whole
                table.setdefault(word, set()).add(parts[key])
            needed.append(parts[key])
        text = f" {' '.join(words)}{'' if term.stem else ' '}"
        phrases.setdefault(needed[0], []).append(_Phrase(number, frozenset(needed), text))
    return _Spellings(whole, begins), phrases


def _found(
    text: str | None, lexicon: _Spellings, phrases: dict[int, list[_Phrase]]
) -> frozenset[int]:
    """The atoms a text holds."""
    if not text:
        return frozenset()
    spelled = tokens(text)
    held: set[int] = set()
    for atoms in filter(None, map(lexicon.__getitem__, spelled)):
        held.update(atoms)
    candidates = (one for atom in held if atom in phrases for one in phrases[atom])
    waiting = [one for one in candidates if one.needed <= held]
    if waiting:
        row = f" {' '.join(filter(None, [_folded(token, lexicon) for token in spelled]))} "
        held.update(one.atom for one in waiting if one.text in row)
    return frozenset(held)


def _folded(token: str, lexicon: _Spellings) -> str:
    found = lexicon.folded.get(token)
    return fold_token(token) if found is None else found  # forgotten in the middle of a text


def _holds(node: Node, atoms: dict[Term, int]) -> Holds:
    """A function of the atoms found that says whether the tree holds."""
    if isinstance(node, Term):
        number = atoms[node]
        return lambda found: number in found
    if isinstance(node, Not):
        inner = _holds(node.part, atoms)
        return lambda found: not inner(found)
    plain = frozenset(atoms[part] for part in node.parts if isinstance(part, Term))
    others = tuple(_holds(part, atoms) for part in node.parts if not isinstance(part, Term))
    if isinstance(node, And):
        return lambda found: plain <= found and all(one(found) for one in others)
    assert isinstance(node, Or)
    return lambda found: not plain.isdisjoint(found) or any(one(found) for one in others)


def words_beginning(stem: str, texts: Iterable[str | None]) -> Iterator[str]:
    """The different words of some texts that begin with a stem, folded, in order of meeting."""
    beginning = "".join(words_of(stem))
    seen: set[str] = set()
    for text in texts:
        for word in words_of(text or ""):
            if word.startswith(beginning) and word not in seen:
                seen.add(word)
                yield word
