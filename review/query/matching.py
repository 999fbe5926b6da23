"""Matches a query against titles and abstracts: words, truncation, phrases, fields.

Each spelling is looked up once and cached, so a query of thousands of terms takes no longer per
record than a short one.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from review.errors import QueryError
from review.query.ast import And, Node, Not, Or, Term, iter_terms, split_term
from review.query.compiler import strip_mesh
from review.query.tokens import extract_words, normalize_token, split_tokens

MAX_CACHED_SPELLINGS = 200_000  # spellings cached before the cache is cleared; about 50 MB
MESH_SOURCES = ("pubmed", "medline")
TextMatcher = Callable[[str | None, str | None], bool]
TermFinder = Callable[[str | None, str | None, tuple[str, ...]], frozenset[int]]
AtomTest = Callable[[frozenset[int]], bool]


class SearchableRecord(Protocol):
    """Fields a record needs for matching; `review.models.Record` has them."""

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


class _SpellingCache(dict[str, tuple[int, ...]]):
    """Cache of spellings -> ids of the query terms (atoms) they match, mostly none.

    A new spelling is normalised and looked up once.
    """

    def __init__(self, word_atoms: dict[str, set[int]], prefix_atoms: dict[str, set[int]]) -> None:
        super().__init__()
        self.normalized: dict[str, str] = {}
        self._word_atoms, self._prefix_atoms = word_atoms, prefix_atoms
        self._prefix_lengths = tuple(sorted({len(prefix) for prefix in prefix_atoms}))

    def __missing__(self, token: str) -> tuple[int, ...]:
        if len(self) >= MAX_CACHED_SPELLINGS:
            self.clear()
            self.normalized.clear()
        self.normalized[token] = normalized = normalize_token(token)
        atoms: set[int] = set()
        for word in normalized.split():
            atoms |= self._word_atoms.get(word, set())
            for length in self._prefix_lengths:
                if length > len(word):
                    break
                atoms |= self._prefix_atoms.get(word[:length], set())
        self[token] = found_atoms = tuple(atoms)
        return found_atoms


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase to confirm: all its words must be present and consecutive."""

    atom: int
    word_atoms: frozenset[int]
    """Atoms of its words."""
    text: str
    """Preceded by a space, and followed by one unless the last word is truncated."""


def build_text_matcher(node: Node) -> TextMatcher:
    """Return a function of title and abstract: whether the query matches.

    MeSH terms cannot be matched in text and are removed (see `without_mesh`). Not thread-safe: it
    caches the words it has met.

    Raises:
        QueryError: nothing remains to match.
    """
    stripped_node = strip_mesh(node, "titles and abstracts").node
    find_terms = _build_finder(stripped_node)
    test_atoms = _build_test(stripped_node, _number_terms(stripped_node))

    def matches_text(title: str | None, abstract: str | None) -> bool:
        return test_atoms(find_terms(title, abstract, ()))

    return matches_text


def build_record_matcher(
    node: Node, *, keywords: bool = False
) -> Callable[[SearchableRecord], bool]:
    """Return a function of a record: whether the query matches, MeSH terms included.

    Records with MeSH headings, such as PubMed's, are matched on complete headings (PubMed also
    finds narrower headings, which are not known here). For records of sources without MeSH these
    terms are removed; a query with only MeSH terms matches none of them.

    Args:
        keywords: count the authors' keywords with title and abstract, as PubMed's [tiab] does.
    """
    mesh_terms = tuple(term for term in _number_terms(node) if term.field == "mesh")
    strict_tests = _build_test(node, _number_terms(node)), _build_finder(node)
    try:
        stripped_node = strip_mesh(node, "titles and abstracts").node
    except QueryError:
        stripped_node = None
    loose_tests = (
        (_build_test(stripped_node, _number_terms(stripped_node)), _build_finder(stripped_node))
        if stripped_node is not None
        else None
    )
    term_numbers = _number_terms(node)

    def matches_record(record: SearchableRecord) -> bool:
        author_keywords = record.keywords if keywords else ()
        if not mesh_terms or record.mesh or record.source in MESH_SOURCES:
            found_terms = strict_tests[1](record.title, record.abstract, author_keywords)
            headings = _normalize_headings(record.mesh) if mesh_terms else set()
            found_headings = {
                term_numbers[term] for term in mesh_terms if _matches_heading(term, headings)
            }
            return strict_tests[0](found_terms | found_headings)
        if loose_tests is None:
            return False
        return loose_tests[0](loose_tests[1](record.title, record.abstract, author_keywords))

    return matches_record


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """How many of some records match a query, and each of its terms."""

    total: int
    """Records looked at."""
    matching: int
    """Records that match the whole query."""
    by_term: dict[Term, int]
    """Records that each term matches, in the order of the query."""


def count_matches(node: Node, given: Iterable[SearchableRecord]) -> MatchCounts:
    """How many records match a query and each of its terms; a MeSH term counts the records that
    have the heading."""
    numbers = _number_terms(node)
    mesh_terms = [term for term in numbers if term.field == "mesh"]
    find_terms, matches_record = _build_finder(node), build_record_matcher(node)
    total = matching = 0
    counts: Counter[int] = Counter()
    for record in given:
        total += 1
        matching += matches_record(record)
        counts.update(find_terms(record.title, record.abstract, ()))
        if mesh_terms and record.mesh:
            headings = _normalize_headings(record.mesh)
            counts.update(numbers[t] for t in mesh_terms if _matches_heading(t, headings))
    return MatchCounts(total, matching, {term: counts[n] for term, n in numbers.items()})


def _number_terms(node: Node) -> dict[Term, int]:
    """The distinct terms of a tree, numbered from left to right."""
    return {term: number for number, term in enumerate(dict.fromkeys(iter_terms(node)))}


def _build_finder(node: Node) -> TermFinder:
    """Return a function of title, abstract and keywords that gives the terms found in each."""
    text_terms = {
        term: number for term, number in _number_terms(node).items() if term.field != "mesh"
    }
    lexicon, phrases = _build_lexicon(text_terms, len(_number_terms(node)))
    anywhere, only_title, only_abstract = (
        frozenset(number for term, number in text_terms.items() if term.field == name)
        for name in ("tiab", "title", "abstract")
    )

    def find_terms(
        title: str | None, abstract: str | None, keywords: tuple[str, ...]
    ) -> frozenset[int]:
        in_title = _find_atoms(title, lexicon, phrases)
        in_abstract = _find_atoms(abstract, lexicon, phrases)
        found_terms = (in_title | in_abstract) & anywhere
        for keyword in keywords:
            found_terms |= _find_atoms(keyword, lexicon, phrases) & anywhere
        if only_title:
            found_terms |= in_title & only_title
        if only_abstract:
            found_terms |= in_abstract & only_abstract
        return found_terms

    return find_terms


def _normalize_headings(mesh: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The words of each heading, alone and with each of its qualifiers."""
    heading_words = set()
    for mesh_heading in mesh:
        heading, *qualifiers = mesh_heading.split("/")
        heading_words |= {
            extract_words(heading),
            *(extract_words(f"{heading} {name}") for name in qualifiers),
        }
    return heading_words


def _matches_heading(term: Term, headings: set[tuple[str, ...]]) -> bool:
    words = split_term(term)
    if not term.stem:
        return words in headings
    return any(
        heading_words[: len(words) - 1] == words[:-1]
        and " ".join(heading_words).startswith(" ".join(words))
        for heading_words in headings
    )


def _build_lexicon(
    atoms: dict[Term, int], first_atom: int
) -> tuple[_SpellingCache, dict[int, list[_Phrase]]]:
    """The words to look up, and the phrases to confirm, keyed by the atom of their first word.

    Words of phrases have their own atoms, numbered from `first`.
    """
    word_atoms: dict[str, set[int]] = {}
    prefix_atoms: dict[str, set[int]] = {}
    phrases: dict[int, list[_Phrase]] = {}
    part_atoms: dict[tuple[str, bool], int] = {}
    for term, number in atoms.items():
        words = split_term(term)
        if len(words) == 1:
            (prefix_atoms if term.stem else word_atoms).setdefault(words[0], set()).add(number)
            continue
        needed_atoms = []
        for word_index, word in enumerate(words):
            stem = term.stem and word_index == len(words) - 1
            key = (word, stem)
            if key not in part_atoms:
                part_atoms[key] = first_atom + len(part_atoms)
                table = prefix_atoms if stem else word_atoms
                table.setdefault(word, set()).add(part_atoms[key])
            needed_atoms.append(part_atoms[key])
        text = f" {' '.join(words)}{'' if term.stem else ' '}"
        phrases.setdefault(needed_atoms[0], []).append(
            _Phrase(number, frozenset(needed_atoms), text)
        )
    return _SpellingCache(word_atoms, prefix_atoms), phrases


def _find_atoms(
    text: str | None, lexicon: _SpellingCache, phrases: dict[int, list[_Phrase]]
) -> frozenset[int]:
    """The atoms found in a text."""
    if not text:
        return frozenset()
    text_tokens = split_tokens(text)
    found_atoms: set[int] = set()
    for atoms in filter(None, map(lexicon.__getitem__, text_tokens)):
        found_atoms.update(atoms)
    candidates = (phrase for atom in found_atoms if atom in phrases for phrase in phrases[atom])
    possible_phrases = [phrase for phrase in candidates if phrase.word_atoms <= found_atoms]
    if possible_phrases:
        normalized = [_normalize_with_cache(token, lexicon) for token in text_tokens]
        normalized_text = f" {' '.join(filter(None, normalized))} "
        found_atoms.update(
            phrase.atom for phrase in possible_phrases if phrase.text in normalized_text
        )
    return frozenset(found_atoms)


def _normalize_with_cache(token: str, lexicon: _SpellingCache) -> str:
    cached = lexicon.normalized.get(token)
    return (
        normalize_token(token) if cached is None else cached
    )  # the cache was cleared in the middle of a text


def _build_test(node: Node, atoms: dict[Term, int]) -> AtomTest:
    """Return a function of the atoms found: whether the tree matches."""
    if isinstance(node, Term):
        number = atoms[node]
        return lambda found_atoms: number in found_atoms
    if isinstance(node, Not):
        inner_test = _build_test(node.part, atoms)
        return lambda found_atoms: not inner_test(found_atoms)
    term_atoms = frozenset(atoms[part] for part in node.parts if isinstance(part, Term))
    subtests = tuple(_build_test(part, atoms) for part in node.parts if not isinstance(part, Term))
    if isinstance(node, And):
        return lambda found_atoms: (
            term_atoms <= found_atoms and all(subtest(found_atoms) for subtest in subtests)
        )
    assert isinstance(node, Or)
    return lambda found_atoms: (
        not term_atoms.isdisjoint(found_atoms) or any(subtest(found_atoms) for subtest in subtests)
    )
