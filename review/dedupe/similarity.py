"""Compares pairs of rows: one array per similarity."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from review.dedupe import citation, venues
from review.dedupe.citation import LOW_PAGE, compare_codes
from review.dedupe.columns import NAME_SEPARATOR, Bools, FeatureColumns, Floats, Ints, Pairs
from review.dedupe.features import HEAD_LETTERS
from review.dedupe.names import is_same_person, match_people, parse_person
from review.dedupe.normalize import extract_numerals, is_common
from review.dedupe.verdicts import UNIQUE_TITLE_WORDS

MIN_TITLE_RATIO = 80.0
"""Title ratio (0 to 100) from which differing words are looked at one by one."""
MIN_TEAM_OVERLAP = 0.5
"""Names in common (0 to 1) from which a preprint's title is read word by word."""
MIN_WORD_SIMILARITY = 0.75
"""Likeness of two long words that count as spellings of one ('anerobic', 'anaerobic')."""
MIN_TYPO_SIMILARITY = 0.85
"""The same where the second letter differs or the first two are swapped ('npeumonia')."""
LONG_WORD_LETTERS = 5
OPPOSITES = (
    ("hyper", "hypo"),
    ("inter", "intra"),
    ("macro", "micro"),
    ("endo", "exo"),
    ("abduc", "adduc"),
)
"""Parts of words that look alike and mean the opposite."""


@dataclass(frozen=True, slots=True)
class PairSimilarity:
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
    """Share of the shorter title's telling letters found in the longer one, 0 to 1; read
    only for preprints and like teams, else 1 for one title and 0 for two."""
    numerals: npt.NDArray[np.int8]
    """1 equal sets of numbers in the titles; -1 each has one the other lacks; 0 one has more."""
    kindred: Bools
    """The titles share a telling word or its cognate: 'pneumonia', 'pneumonie'; unlike titles are
    read only where both records print a page."""
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
    misspelt: Bools
    """The first author is one person but for a letter, or for family and given name swapped."""
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
    article_doi: Bools
    """A preprint names the other's DOI as that of its article."""
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
    """Either is in a supplement."""
    nowhere: Bools
    """Neither prints a volume, issue or page."""
    cut: Bools
    """Either title is shown as cut short."""
    version: npt.NDArray[np.int8]


def _compute_ratios(
    texts: list[str], a: Ints, b: Ints, *, words: bool = False, min_ratio: float | None = None
) -> Floats:
    """How alike the texts of each pair are, 0 to 100; 0 for less than `least`."""
    scorer = fuzz.token_set_ratio if words else fuzz.ratio
    left_texts, right_texts = [texts[row] for row in a.tolist()], [texts[row] for row in b.tolist()]
    if not left_texts:
        return np.empty(0, np.float32)
    return np.asarray(
        process.cpdist(
            left_texts,
            right_texts,
            scorer=scorer,
            score_cutoff=min_ratio,
            dtype=np.float32,
            workers=1,
        )
    )


@lru_cache(maxsize=100_000)
def _is_same_word(a: str, b: str) -> bool:
    """Whether two words are spellings of one: long, alike, and begun alike but for a slip."""
    if len(a) < LONG_WORD_LETTERS or len(b) < LONG_WORD_LETTERS or not _share_beginning(a, b):
        return a.rstrip("s") == b.rstrip("s") and len(a) > 2 and len(b) > 2
    if any(letter.isdigit() for letter in a + b):
        return False
    for prefix, opposite in OPPOSITES:
        if (prefix in a and opposite in b) or (opposite in a and prefix in b):
            return False
    min_similarity = MIN_WORD_SIMILARITY if a[:2] == b[:2] else MIN_TYPO_SIMILARITY
    return Indel.normalized_similarity(a, b) >= min_similarity


def _share_beginning(a: str, b: str) -> bool:
    return a[0] == b[0] or a[:2] == b[1::-1]


def find_differing_words(a: str, b: str) -> tuple[list[str], list[str]]:
    """The telling words of two folded titles that the other lacks, spellings of one left out."""
    left_counts, right_counts = Counter(a.split()), Counter(b.split())
    only_left = [word for word in (left_counts - right_counts).elements() if not is_common(word)]
    only_right = [word for word in (right_counts - left_counts).elements() if not is_common(word)]
    for word in list(only_left):
        twin = next((candidate for candidate in only_right if _is_same_word(word, candidate)), None)
        if twin is not None:
            only_left.remove(word)
            only_right.remove(twin)
    if only_left and only_right and "".join(only_left) == "".join(only_right):
        return [], []
    return only_left, only_right


def compute_containment(a: str, b: str) -> float:
    """Share of the shorter title's telling letters found in the longer one, 0 to 1."""
    left_words, right_words = _extract_distinctive_words(a), _extract_distinctive_words(b)
    if sum(map(len, left_words)) > sum(map(len, right_words)):
        left_words, right_words = right_words, left_words
    shared_letters = sum(map(len, left_words & right_words))
    unmatched = right_words - left_words
    for word in left_words - right_words:
        beginning = word[:2]
        if any(other[:2] == beginning and _is_same_word(word, other) for other in unmatched):
            shared_letters += len(word)
    return shared_letters / max(1, sum(map(len, left_words)))


@lru_cache(maxsize=50_000)
def _extract_distinctive_words(title: str) -> frozenset[str]:
    return frozenset(word for word in title.split() if not is_common(word))


@lru_cache(maxsize=200_000)
def compare_journals(a: str, b: str) -> int:
    """1 one journal (abbreviated or cut names too), -1 two, 0 unknown; names folded."""
    if not a or not b:
        return 0
    if a == b:
        return 1
    left_years, right_years = _extract_years(a), _extract_years(b)
    if left_years and right_years and not left_years & right_years:
        return -1
    left_words, right_words = _extract_name_words(a), _extract_name_words(b)
    if not left_words or not right_words:
        return 0
    if (
        left_words == right_words
        or _is_abbreviation(left_words, right_words)
        or _is_abbreviation(right_words, left_words)
    ):
        return 1
    short, long = sorted((left_words, right_words), key=lambda words: len("".join(words)))
    if (
        _is_acronym("".join(short), long)
        or venues.is_acronym_of(a, b)
        or venues.is_acronym_of(b, a)
    ):
        return 1
    return 1 if fuzz.token_sort_ratio(a, b) >= 85 else -1


def _extract_name_words(journal: str) -> list[str]:
    """The telling words of a name without its acronym: 'AJR Am J Roentgenol' is that journal, and
    so is 'JAMA - Journal of the American Medical Association'."""
    words = [word for word in journal.split() if not is_common(word)]
    if len(words) < 3 or not 3 <= len(words[0]) <= 6:
        return words
    first, rest = words[0], words[1:]
    initials = "".join(word[0] for word in rest)
    has_acronym = first[0] == initials[0] and _has_letters_in_order(initials, first)
    return rest if has_acronym and _has_letters_in_order(first, "".join(rest)) else words


def _is_acronym(short: str, long: list[str]) -> bool:
    """Whether a name is the initials of another, or its first four and more: 'PNAS'."""
    initials = "".join(word[0] for word in long)
    return len(short) > 2 and (short == initials or (len(short) > 3 and initials.startswith(short)))


@lru_cache(maxsize=100_000)
def _extract_years(journal: str) -> frozenset[str]:
    """The years in a name, as proceedings have one."""
    return frozenset(word for word in journal.split() if len(word) == 4 and word.isdigit())


def _is_abbreviation(short: list[str], long: list[str]) -> bool:
    """Whether each word of the short name begins, in order, a word of the long one, and the first
    the first: 'J Cardiol' is not the 'American Journal of Cardiology'."""
    if short[0][0] != long[0][0] or not _has_letters_in_order(short[0], long[0]):
        return False
    word_index = 0
    for word in short:
        while word_index < len(long) and not long[word_index].startswith(word):
            if not (
                len(word) > 2
                and word[0] == long[word_index][0]
                and _has_letters_in_order(word, long[word_index])
            ):
                word_index += 1
                continue
            break
        if word_index == len(long):
            return False
        word_index += 1
    return len(short) > 1 or len(long) == 1


def _has_letters_in_order(word: str, longer: str) -> bool:
    """Whether the letters of a contraction ('natl', 'intl') occur in order in a longer word."""
    letters = iter(longer)
    return all(letter in letters for letter in word)


def _compare_authors(columns: FeatureColumns, a: Ints, b: Ints) -> dict[str, Any]:
    families = columns.families
    n = len(a)
    first, in_order, misspelt = np.zeros(n, np.int8), np.zeros(n, bool), np.zeros(n, bool)
    team = np.full(n, -1.0, np.float32)
    shared, least, most = (np.zeros(n, np.int16) for _ in range(3))
    for pair_index, (left_names, right_names) in enumerate(
        zip([families[r] for r in a.tolist()], [families[r] for r in b.tolist()], strict=True)
    ):
        if left_names and right_names:
            if left_names[0] != right_names[0] and is_same_person(
                *sorted((columns.lead[a[pair_index]], columns.lead[b[pair_index]]))
            ):
                misspelt[pair_index] = True
                right_names = (left_names[0], *right_names[1:])
            first[pair_index] = 1 if left_names[0] == right_names[0] else -1
            in_order[pair_index] = left_names == right_names
            left_set, right_set = set(left_names), set(right_names)
            shared[pair_index] = len(left_set & right_set)
            team[pair_index] = shared[pair_index] / min(len(left_set), len(right_set))
            least[pair_index], most[pair_index] = sorted((len(left_names), len(right_names)))
    return {
        "first": first,
        "misspelt": misspelt,
        "shared": shared,
        "team": team,
        "in_order": in_order,
        "least": least,
        "most": most,
    }


def _parse_team(names: str) -> list[str]:
    return [person for name in names.split(NAME_SEPARATOR) if (person := parse_person(name))]


def _match_misspelt_people(
    columns: FeatureColumns, a: Ints, b: Ints, titles: dict[str, Any], people: dict[str, Any]
) -> None:
    """Counts authors of one title who are one person but for a letter or swapped names.

    Changes `people`. Only teams that have a first or a whole name in common are looked at.
    """
    one_title = titles["same_title"] | titles["begins"] | (titles["ratio"] >= MIN_TITLE_RATIO)
    unmatched = (people["team"] >= 0) & (people["shared"] < people["least"])
    unmatched &= (people["shared"] > 0) & one_title
    for pair_index in np.flatnonzero(unmatched).tolist():
        left, right = columns.team[a[pair_index]], columns.team[b[pair_index]]
        order = match_people(_parse_team(left), _parse_team(right))
        matched = [index for index in order if index is not None]
        people["shared"][pair_index] = len(matched)
        people["team"][pair_index] = len(matched) / people["least"][pair_index]
        people["in_order"][pair_index] = order == list(range(int(people["most"][pair_index])))


def _compare_titles(columns: FeatureColumns, a: Ints, b: Ints) -> dict[str, Any]:
    titles = columns.title
    ratio = _compute_ratios(titles, a, b)
    same_title = (columns.exact[a] == columns.exact[b]) & (columns.exact[a] != 0)
    exact = same_title.copy()
    words = np.where(same_title, 100.0, 0.0).astype(np.float32)
    different = np.flatnonzero(~same_title)
    words[different] = _compute_ratios(titles, a[different], b[different], words=True)
    begins, reworded = np.zeros(len(a), bool), ~same_title
    numbers = compare_codes(columns.numerals[a], columns.numerals[b])
    one_sided = (columns.numerals[a] == 0) != (columns.numerals[b] == 0)
    numbers[~one_sided & (numbers == 0)] = 1
    for pair_index in np.flatnonzero(~same_title & ((ratio >= MIN_TITLE_RATIO) | (words >= 95))):
        left_value, right_value = titles[a[pair_index]], titles[b[pair_index]]
        short, long = sorted((left_value.replace(" ", ""), right_value.replace(" ", "")), key=len)
        if len(short) >= HEAD_LETTERS:
            begins[pair_index] = long.startswith(short)
        only_left, only_right = find_differing_words(left_value, right_value)
        reworded[pair_index] = bool(only_left and only_right)
        if ratio[pair_index] >= MIN_TITLE_RATIO:
            same_title[pair_index] = not (only_left or only_right)
    kindred = (ratio >= MIN_TITLE_RATIO) | same_title
    paged = (columns.page[a] != 0) & (columns.page[b] != 0)
    for pair_index in np.flatnonzero(~kindred & paged):
        kindred[pair_index] = compute_containment(titles[a[pair_index]], titles[b[pair_index]]) > 0
    sequel = np.zeros(len(a), bool)
    for pair_index in np.flatnonzero(
        (numbers <= 0) & ((ratio >= MIN_TEAM_OVERLAP * 100) | (words >= 95))
    ):
        left_value, right_value = (
            _get_numerals(titles[a[pair_index]]),
            _get_numerals(titles[b[pair_index]]),
        )
        numbers[pair_index] = -1 if left_value - right_value and right_value - left_value else 0
        sequel[pair_index] = numbers[pair_index] == 0 and _is_sequel(
            titles[a[pair_index]], titles[b[pair_index]]
        )
    return {
        "ratio": ratio,
        "words": words,
        "same_title": same_title,
        "begins": begins,
        "exact": exact,
        "reworded": reworded,
        "numerals": numbers,
        "kindred": kindred,
        "sequel": sequel,
    }


def _is_sequel(a: str, b: str) -> bool:
    """Whether the words one title has more are a part's or a sequel's number; of two titles of
    one length, whether those of either are."""
    short, long = sorted((a.split(), b.split()), key=len)
    extras = [Counter(long) - Counter(short)]
    if len(short) == len(long):
        extras.append(Counter(short) - Counter(long))
    return any(
        "part" in extra or (len(extra) == 1 and bool(_get_numerals(next(iter(extra)))))
        for extra in extras
    )


@lru_cache(maxsize=50_000)
def _get_numerals(title: str) -> frozenset[str]:
    return extract_numerals(title)


def _compare_journal_columns(columns: FeatureColumns, a: Ints, b: Ints) -> npt.NDArray[np.int8]:
    names = columns.journal
    return np.array(
        [
            compare_journals(*sorted((names[row_a], names[row_b])))
            for row_a, row_b in zip(a.tolist(), b.tolist(), strict=True)
        ],
        np.int8,
    )


def _compare_abstracts(columns: FeatureColumns, a: Ints, b: Ints) -> Floats:
    known = np.array(
        [
            bool(columns.snippet[row_a]) and bool(columns.snippet[row_b])
            for row_a, row_b in zip(a.tolist(), b.tolist(), strict=True)
        ],
        bool,
    )
    ratios = np.full(len(a), -1.0, np.float32)
    known_pairs = np.flatnonzero(known)
    ratios[known_pairs] = _compute_ratios(columns.snippet, a[known_pairs], b[known_pairs])
    return ratios


def flag_promising_pairs(columns: FeatureColumns, pairs: Pairs) -> Bools:
    """The pairs any rule could speak of, by what is cheap to compare: an identifier, a page, a
    title's beginning, its letters and not other people's, or a preprint's team. All others are told
    apart at once."""
    a, b = pairs[:, 0], pairs[:, 1]
    mask = np.zeros(len(a), bool)
    for name in ("doi", "pmid", "pmcid", "arxiv", "page", "exact"):
        column = getattr(columns, name)
        mask |= (column[a] == column[b]) & (column[a] != 0)
    mask |= _name_article_doi(columns, a, b)
    same_head = ~mask & (columns.head[a] == columns.head[b]) & (columns.head[a] != 0)
    for pair_index in np.flatnonzero(same_head).tolist():
        title_a, title_b = columns.title[a[pair_index]], columns.title[b[pair_index]]
        mask[pair_index] = title_a.startswith(title_b) or title_b.startswith(title_a)
    names_a, names_b = columns.names[a], columns.names[b]
    disjoint_teams = (names_a != 0) & (names_b != 0) & (names_a & names_b == 0)
    has_preprint = (columns.server[a] > 0) | (columns.server[b] > 0)
    preprint_pairs = np.flatnonzero(~mask & has_preprint & ~disjoint_teams)
    people = _compare_authors(columns, a[preprint_pairs], b[preprint_pairs])
    team_overlaps = (people["team"] >= MIN_TEAM_OVERLAP) & (people["shared"] >= 2)
    mask[preprint_pairs] = team_overlaps | people["in_order"]
    rest = np.flatnonzero(~mask)
    rest = rest[~disjoint_teams[rest]]
    rest = rest[
        _compute_ratios(columns.title, a[rest], b[rest], min_ratio=MIN_TITLE_RATIO)
        >= MIN_TITLE_RATIO
    ]
    people = _compare_authors(columns, a[rest], b[rest])
    mask[rest] = (
        (people["team"] < 0) | (people["team"] >= MIN_TEAM_OVERLAP) | (people["first"] == 1)
    )
    return mask


def _name_article_doi(columns: FeatureColumns, a: Ints, b: Ints) -> Bools:
    """Whether one of two records gives the other's DOI as that of its journal article."""
    published, doi = columns.published, columns.doi
    mask: Bools = (published[a] != 0) & (published[a] == doi[b])
    mask |= (published[b] != 0) & (published[b] == doi[a])
    return mask


def compare_pairs(columns: FeatureColumns, pairs: Pairs) -> PairSimilarity:
    """How alike the records of each pair are, field by field.

    Each pair is read in the order of its records' content, so that it reads alike whichever of the
    two came first.
    """
    swapped = columns.mark[pairs[:, 0]] > columns.mark[pairs[:, 1]]
    a = np.where(swapped, pairs[:, 1], pairs[:, 0])
    b = np.where(swapped, pairs[:, 0], pairs[:, 1])
    year_a, year_b = columns.year[a], columns.year[b]
    server_a, server_b = columns.server[a], columns.server[b]
    agreements: dict[str, Any] = {
        name: compare_codes(getattr(columns, name)[a], getattr(columns, name)[b])
        for name in ("doi", "pmid", "pmcid", "arxiv", "volume", "issue", "last_page", "initial")
    }
    agreements["issue"] = citation.compare_issues(
        columns.issue[a], columns.issue[b], agreements["issue"]
    )
    titles, people = _compare_titles(columns, a, b), _compare_authors(columns, a, b)
    _match_misspelt_people(columns, a, b, titles, people)
    agreements["initial"][people["misspelt"]] = 1
    informative = np.minimum(columns.informative[a], columns.informative[b])
    one_work = (informative >= UNIQUE_TITLE_WORDS) & (people["first"] == 1)
    agreements["page"] = citation.compare_pages(columns, a, b, agreements, one_work)
    containment = titles["same_title"].astype(np.float32)
    preprints = (server_a > 0).astype(np.int8) + (server_b > 0)
    same_team = people["in_order"] | (
        (people["team"] >= MIN_TEAM_OVERLAP) & (people["shared"] >= 3)
    )
    same_team &= preprints > 0
    for pair_index in np.flatnonzero(same_team & ~titles["same_title"]):
        containment[pair_index] = compute_containment(
            columns.title[a[pair_index]], columns.title[b[pair_index]]
        )
    return PairSimilarity(
        **titles,
        **people,
        contained=containment,
        **agreements,
        article_doi=_name_article_doi(columns, a, b),
        nobody=(columns.people[a] == 0) & (columns.people[b] == 0),
        ordinary=(columns.kind[a] == 0) & (columns.kind[b] == 0),
        same_kind=columns.kind[a] == columns.kind[b],
        informative=informative,
        span=citation.compute_span(columns, a, b),
        low_page=np.minimum(columns.page[a], columns.page[b]) <= LOW_PAGE,
        beside=(np.abs(columns.page[a] - columns.page[b]) <= 1) & (columns.page[a] > 0),
        years=np.where((year_a > 0) & (year_b > 0), np.abs(year_a - year_b), -1).astype(np.int16),
        journal=_compare_journal_columns(columns, a, b),
        abstract=_compare_abstracts(columns, a, b),
        preprints=preprints,
        same_server=(server_a == server_b) & (server_a > 0),
        supplement=columns.supplement[a] | columns.supplement[b],
        nowhere=citation.lacks_location(columns, a) & citation.lacks_location(columns, b),
        cut=columns.cut[a] | columns.cut[b],
        version=compare_codes(columns.version[a], columns.version[b]),
    )
