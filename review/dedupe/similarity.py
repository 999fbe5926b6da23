"""Comparing pairs on columns. Takes columns and pairs of rows; gives one array per likeness."""

from collections import Counter
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from review.dedupe import citation
from review.dedupe.blocking import Pairs
from review.dedupe.citation import LOW_PAGE, Bools, agreement
from review.dedupe.features import HEAD, Columns, Ints
from review.dedupe.normalize import is_common, numerals

Floats = npt.NDArray[np.float32]

WORTH_A_LOOK = 80.0
"""Title ratio (0 to 100) from which differing words are looked at one by one."""
LIKE_TEAM = 0.5
"""Names in common (0 to 1) from which a preprint's title is read word by word."""
OF_A_WORK = 4
"""Telling words of a title that hardly comes twice by one team."""
SAME_WORD = 0.75
"""Likeness of two long words that count as spellings of one ('anerobic', 'anaerobic')."""
MISTYPED_WORD = 0.85
"""The same where the second letter differs or the first two are swapped ('npeumonia')."""
LONG_WORD = 5
OPPOSITES = (("hyper", "hypo"), ("inter", "intra"), ("macro", "micro"), ("endo", "exo"),
             ("abduc", "adduc"))  # fmt: skip
"""Parts of words that look alike and mean the opposite."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """m pairs as m-long arrays. Agreement is 1 equal, -1 different, 0 unknown."""

    ratio: Floats
    """Titles letter by letter, 0 to 100."""
    words: Floats
    """Titles word by word in any order, the shorter inside the longer, 0 to 100."""
    exact: Bools
    """Titles equal letter by letter, spaces and punctuation aside."""
    same_title: Bools
    """Titles equal but for spelling and spaces."""
    begins: Bools
    """One title is the beginning of the other."""
    reworded: Bools
    """Each title has a telling word the other lacks, as two works of one team have."""
    contained: Floats
    """Share of the shorter title's telling letters that stand in the longer one, 0 to 1; read
    only for preprints and like teams, else 1 for one title and 0 for two."""
    numerals: npt.NDArray[np.int8]
    """1 equal sets of numbers in the titles; -1 each has one the other lacks; 0 one has more."""
    sequel: Bools
    """One title is the other with 'part II' or a number more."""
    same_kind: Bools
    ordinary: Bools
    """Neither title says it is a correction, reply or the like."""
    informative: npt.NDArray[np.int16]
    """Telling words in the poorer title."""
    first: npt.NDArray[np.int8]
    """First authors."""
    initial: npt.NDArray[np.int8]
    """First letters of the first authors' given names."""
    shared: npt.NDArray[np.int16]
    """Family names in common."""
    team: Floats
    """Names in common over the shorter list, 0 to 1; -1 where a list is unknown."""
    nobody: Bools
    """Neither names an author."""
    in_order: Bools
    """The same names in the same order."""
    least: npt.NDArray[np.int16]
    """Names in the shorter list."""
    most: npt.NDArray[np.int16]
    doi: npt.NDArray[np.int8]
    pmid: npt.NDArray[np.int8]
    pmcid: npt.NDArray[np.int8]
    arxiv: npt.NDArray[np.int8]
    volume: npt.NDArray[np.int8]
    issue: npt.NDArray[np.int8]
    page: npt.NDArray[np.int8]
    last_page: npt.NDArray[np.int8]
    low_page: Bools
    """A first page that every issue of a journal may have again: LOW_PAGE or less."""
    beside: Bools
    """First pages next to each other, or equal."""
    span: npt.NDArray[np.int16]
    """Pages after the first, in the shorter of two known spans; 0 unknown."""
    years: npt.NDArray[np.int16]
    """Years apart; -1 unknown."""
    journal: npt.NDArray[np.int8]
    abstract: Floats
    """Openings of the abstracts, 0 to 100; -1 where one is missing."""
    preprints: npt.NDArray[np.int8]
    """How many of the two are preprints: 0, 1 or 2."""
    same_server: Bools
    supplement: Bools
    """Either stands in a supplement."""
    nowhere: Bools
    """Neither prints a volume, issue or page."""
    cut: Bools
    """Either title is shown as cut short."""
    version: npt.NDArray[np.int8]


def _ratios(
    texts: list[str], a: Ints, b: Ints, *, words: bool = False, least: float | None = None
) -> Floats:
    """How alike the texts of each pair are, 0 to 100; 0 for less than `least`."""
    scorer = fuzz.token_set_ratio if words else fuzz.ratio
    left, right = [texts[row] for row in a.tolist()], [texts[row] for row in b.tolist()]
    if not left:
        return np.empty(0, np.float32)
    return np.asarray(
        process.cpdist(left, right, scorer=scorer, score_cutoff=least, dtype=np.float32, workers=1)
    )


@lru_cache(maxsize=100_000)
def _one_word(a: str, b: str) -> bool:
    """Whether two words are spellings of one: long, alike, and begun alike but for a slip."""
    if len(a) < LONG_WORD or len(b) < LONG_WORD or not _begun_alike(a, b):
        return a.rstrip("s") == b.rstrip("s") and len(a) > 2 and len(b) > 2
    if any(letter.isdigit() for letter in a + b):
        return False
    for one, other in OPPOSITES:
        if (one in a and other in b) or (other in a and one in b):
            return False
    least = SAME_WORD if a[:2] == b[:2] else MISTYPED_WORD
    return Indel.normalized_similarity(a, b) >= least


def _begun_alike(a: str, b: str) -> bool:
    return a[0] == b[0] or a[:2] == b[1::-1]


def differing(a: str, b: str) -> tuple[list[str], list[str]]:
    """The telling words of two folded titles that the other lacks, spellings of one left out."""
    left, right = Counter(a.split()), Counter(b.split())
    here = [word for word in (left - right).elements() if not is_common(word)]
    there = [word for word in (right - left).elements() if not is_common(word)]
    for word in list(here):
        twin = next((other for other in there if _one_word(word, other)), None)
        if twin is not None:
            here.remove(word)
            there.remove(twin)
    if here and there and "".join(here) == "".join(there):
        return [], []
    return here, there


def contained(a: str, b: str) -> float:
    """Share of the shorter title's telling letters found in the longer one, 0 to 1."""
    left, right = _telling_words(a), _telling_words(b)
    if sum(map(len, left)) > sum(map(len, right)):
        left, right = right, left
    found = sum(map(len, left & right))
    rest = right - left
    for word in left - right:
        begin = word[:2]
        if any(other[:2] == begin and _one_word(word, other) for other in rest):
            found += len(word)
    return found / max(1, sum(map(len, left)))


@lru_cache(maxsize=50_000)
def _telling_words(folded: str) -> frozenset[str]:
    return frozenset(word for word in folded.split() if not is_common(word))


@lru_cache(maxsize=200_000)
def same_journal(a: str, b: str) -> int:
    """1 one journal (abbreviated or cut names too), -1 two, 0 unknown; names folded."""
    if not a or not b:
        return 0
    if a == b:
        return 1
    years, others = _years(a), _years(b)
    if years and others and not years & others:
        return -1
    left, right = _name_words(a), _name_words(b)
    if not left or not right:
        return 0
    if left == right or _abbreviates(left, right) or _abbreviates(right, left):
        return 1
    short, long = sorted((left, right), key=lambda words: len("".join(words)))
    if _is_acronym("".join(short), long):
        return 1
    return 1 if fuzz.token_sort_ratio(a, b) >= 85 else -1


def _name_words(journal: str) -> list[str]:
    """The telling words of a name without its acronym: 'AJR Am J Roentgenol' is that journal, and
    so is 'JAMA - Journal of the American Medical Association'."""
    words = [word for word in journal.split() if not is_common(word)]
    if len(words) < 3 or not 3 <= len(words[0]) <= 6:
        return words
    first, rest = words[0], words[1:]
    initials = "".join(word[0] for word in rest)
    named = first[0] == initials[0] and _letters_of(initials, first)
    return rest if named and _letters_of(first, "".join(rest)) else words


def _is_acronym(short: str, long: list[str]) -> bool:
    """Whether a name is the initials of another, or its first four and more: 'PNAS'."""
    initials = "".join(word[0] for word in long)
    return len(short) > 2 and (short == initials or (len(short) > 3 and initials.startswith(short)))


@lru_cache(maxsize=100_000)
def _years(journal: str) -> frozenset[str]:
    """The years in a name, as proceedings have one."""
    return frozenset(word for word in journal.split() if len(word) == 4 and word.isdigit())


def _abbreviates(short: list[str], long: list[str]) -> bool:
    """Whether each word of the short name begins, in order, a word of the long one, and the first
    the first: 'J Cardiol' is not the 'American Journal of Cardiology'."""
    if short[0][0] != long[0][0] or not _letters_of(short[0], long[0]):
        return False
    place = 0
    for word in short:
        while place < len(long) and not long[place].startswith(word):
            if not (len(word) > 2 and word[0] == long[place][0] and _letters_of(word, long[place])):
                place += 1
                continue
            break
        if place == len(long):
            return False
        place += 1
    return len(short) > 1 or len(long) == 1


def _letters_of(word: str, longer: str) -> bool:
    """Whether the letters of a contraction ('natl', 'intl') stand in order in a longer word."""
    letters = iter(longer)
    return all(letter in letters for letter in word)


def _people(columns: Columns, a: Ints, b: Ints) -> dict[str, Any]:
    families = columns.families
    n = len(a)
    first, in_order = np.zeros(n, np.int8), np.zeros(n, bool)
    team = np.full(n, -1.0, np.float32)
    shared, least, most = (np.zeros(n, np.int16) for _ in range(3))
    for place, (left, right) in enumerate(
        zip([families[r] for r in a.tolist()], [families[r] for r in b.tolist()], strict=True)
    ):
        if left and right:
            first[place] = 1 if left[0] == right[0] else -1
            in_order[place] = left == right
            lefts, rights = set(left), set(right)
            shared[place] = len(lefts & rights)
            team[place] = shared[place] / min(len(lefts), len(rights))
            least[place], most[place] = sorted((len(left), len(right)))
    return {"first": first, "shared": shared, "team": team, "in_order": in_order, "least": least,
            "most": most}  # fmt: skip


def _titles(columns: Columns, a: Ints, b: Ints) -> dict[str, Any]:
    titles = columns.title
    ratio = _ratios(titles, a, b)
    same = (columns.exact[a] == columns.exact[b]) & (columns.exact[a] != 0)
    exact = same.copy()
    words = np.where(same, 100.0, 0.0).astype(np.float32)
    unlike = np.flatnonzero(~same)
    words[unlike] = _ratios(titles, a[unlike], b[unlike], words=True)
    begins, reworded = np.zeros(len(a), bool), ~same
    numbers = agreement(columns.numerals[a], columns.numerals[b])
    one_sided = (columns.numerals[a] == 0) != (columns.numerals[b] == 0)
    numbers[~one_sided & (numbers == 0)] = 1
    for place in np.flatnonzero(~same & ((ratio >= WORTH_A_LOOK) | (words >= 95))):
        left, right = titles[a[place]], titles[b[place]]
        short, long = sorted((left.replace(" ", ""), right.replace(" ", "")), key=len)
        if len(short) >= HEAD:
            begins[place] = long.startswith(short)
        here, there = differing(left, right)
        reworded[place] = bool(here and there)
        if ratio[place] >= WORTH_A_LOOK:
            same[place] = not (here or there)
    sequel = np.zeros(len(a), bool)
    for place in np.flatnonzero((numbers <= 0) & ((ratio >= LIKE_TEAM * 100) | (words >= 95))):
        left, right = _numbers(titles[a[place]]), _numbers(titles[b[place]])
        numbers[place] = -1 if left - right and right - left else 0
        sequel[place] = numbers[place] == 0 and _sequel(titles[a[place]], titles[b[place]])
    return {"ratio": ratio, "words": words, "same_title": same, "begins": begins, "exact": exact,
            "reworded": reworded, "numerals": numbers, "sequel": sequel}  # fmt: skip


def _sequel(a: str, b: str) -> bool:
    """Whether the words one title has more are a part's or a sequel's number; of two titles of
    one length, whether those of either are."""
    short, long = sorted((a.split(), b.split()), key=len)
    extras = [Counter(long) - Counter(short)]
    if len(short) == len(long):
        extras.append(Counter(short) - Counter(long))
    return any(
        "part" in extra or (len(extra) == 1 and bool(_numbers(next(iter(extra)))))
        for extra in extras
    )


@lru_cache(maxsize=50_000)
def _numbers(title: str) -> frozenset[str]:
    return numerals(title)


def _journals(columns: Columns, a: Ints, b: Ints) -> npt.NDArray[np.int8]:
    names = columns.journal
    return np.array(
        [
            same_journal(*sorted((names[left], names[right])))
            for left, right in zip(a.tolist(), b.tolist(), strict=True)
        ],
        np.int8,
    )


def _abstracts(columns: Columns, a: Ints, b: Ints) -> Floats:
    known = np.array(
        [
            bool(columns.snippet[left]) and bool(columns.snippet[right])
            for left, right in zip(a.tolist(), b.tolist(), strict=True)
        ],
        bool,
    )
    found = np.full(len(a), -1.0, np.float32)
    chosen = np.flatnonzero(known)
    found[chosen] = _ratios(columns.snippet, a[chosen], b[chosen])
    return found


def promising(columns: Columns, pairs: Pairs) -> Bools:
    """The pairs any rule could speak of, by what is cheap to compare: an identifier, a page, a
    title's beginning, its letters and not other people's, or a preprint's team. All others are told
    apart at once."""
    a, b = pairs[:, 0], pairs[:, 1]
    hopeful = np.zeros(len(a), bool)
    for name in ("doi", "pmid", "pmcid", "arxiv", "page", "exact"):
        column = getattr(columns, name)
        hopeful |= (column[a] == column[b]) & (column[a] != 0)
    heads = ~hopeful & (columns.head[a] == columns.head[b]) & (columns.head[a] != 0)
    for place in np.flatnonzero(heads).tolist():
        left, right = columns.title[a[place]], columns.title[b[place]]
        hopeful[place] = left.startswith(right) or right.startswith(left)
    one, other = columns.names[a], columns.names[b]
    strangers = (one != 0) & (other != 0) & (one & other == 0)
    posted = (columns.server[a] > 0) | (columns.server[b] > 0)
    preprint = np.flatnonzero(~hopeful & posted & ~strangers)
    people = _people(columns, a[preprint], b[preprint])
    several = (people["team"] >= LIKE_TEAM) & (people["shared"] >= 2)
    hopeful[preprint] = several | people["in_order"]
    rest = np.flatnonzero(~hopeful)
    rest = rest[~strangers[rest]]
    rest = rest[_ratios(columns.title, a[rest], b[rest], least=WORTH_A_LOOK) >= WORTH_A_LOOK]
    people = _people(columns, a[rest], b[rest])
    hopeful[rest] = (people["team"] < 0) | (people["team"] >= LIKE_TEAM) | (people["first"] == 1)
    return hopeful


def likeness(columns: Columns, pairs: Pairs) -> Likeness:
    """How alike the records of each pair are, field by field.

    Each pair is read in the order of its records' content, so that it reads alike whichever of the
    two came first.
    """
    turned = columns.mark[pairs[:, 0]] > columns.mark[pairs[:, 1]]
    a = np.where(turned, pairs[:, 1], pairs[:, 0])
    b = np.where(turned, pairs[:, 0], pairs[:, 1])
    year_a, year_b = columns.year[a], columns.year[b]
    server_a, server_b = columns.server[a], columns.server[b]
    plain: dict[str, Any] = {
        name: agreement(getattr(columns, name)[a], getattr(columns, name)[b])
        for name in ("doi", "pmid", "pmcid", "arxiv", "volume", "issue", "last_page", "initial")
    }
    plain["issue"] = citation.issues(columns.issue[a], columns.issue[b], plain["issue"])
    titles, people = _titles(columns, a, b), _people(columns, a, b)
    informative = np.minimum(columns.informative[a], columns.informative[b])
    one_work = (informative >= OF_A_WORK) & (people["first"] == 1)
    plain["page"] = citation.pages(columns, a, b, plain, one_work)
    share = titles["same_title"].astype(np.float32)
    preprints = (server_a > 0).astype(np.int8) + (server_b > 0)
    alike = people["in_order"] | ((people["team"] >= LIKE_TEAM) & (people["shared"] >= 3))
    alike &= preprints > 0
    for place in np.flatnonzero(alike & ~titles["same_title"]):
        share[place] = contained(columns.title[a[place]], columns.title[b[place]])
    return Likeness(
        **titles,
        **people,
        contained=share,
        **plain,
        nobody=(columns.people[a] == 0) & (columns.people[b] == 0),
        ordinary=(columns.kind[a] == 0) & (columns.kind[b] == 0),
        same_kind=columns.kind[a] == columns.kind[b],
        informative=informative,
        span=citation.span(columns, a, b),
        low_page=np.minimum(columns.page[a], columns.page[b]) <= LOW_PAGE,
        beside=(np.abs(columns.page[a] - columns.page[b]) <= 1) & (columns.page[a] > 0),
        years=np.where((year_a > 0) & (year_b > 0), np.abs(year_a - year_b), -1).astype(np.int16),
        journal=_journals(columns, a, b),
        abstract=_abstracts(columns, a, b),
        preprints=preprints,
        same_server=(server_a == server_b) & (server_a > 0),
        supplement=columns.supplement[a] | columns.supplement[b],
        nowhere=citation.nowhere(columns, a) & citation.nowhere(columns, b),
        cut=columns.cut[a] | columns.cut[b],
        version=agreement(columns.version[a], columns.version[b]),
    )


def some(given: Likeness, chosen: npt.NDArray[Any]) -> Likeness:
    """The likeness of some of the pairs."""
    return Likeness(**{spec.name: getattr(given, spec.name)[chosen] for spec in fields(given)})
