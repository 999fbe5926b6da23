"""Blocking: from columns to the pairs of rows worth comparing, far fewer than all.

Every key of a record depends on that record alone, never on the others, so that stored keys stay
true when records are added. Records that share a key are compared; a key shared by very many
(10,000 equal titles) is thinned to neighbours in title order, which keeps time and memory in
proportion.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from review.dedupe.columns import FeatureColumns, Ints, Pairs, hash_text
from review.dedupe.normalize import is_common

EDGE_LETTERS = 18
"""Letters of a title's beginning and end that make a key."""
LONGEST_WORDS = 3
"""Longest words of a title that make keys with the first author: long words are rare words."""
BANDS, BAND_ROWS = 4, 2
"""MinHash over title words: two sets with Jaccard index 0.6 meet in one of 4 bands of 2 with
probability 0.83. Source: Broder 1997, On the resemblance and containment of documents."""
STRONG_CAP, FAIR_CAP, WEAK_CAP = 64, 24, 10
"""Records a key may join pair by pair before it is thinned: identifiers, titles and pages; a part
of the title with the first author; the rest."""
NEIGHBOURS = 4
"""Records to each side that a thinned key still compares."""

ORDER_LETTERS = 80
"""Letters of the title by which rows of one key are sorted."""
MAX_BUFFERED_CODES = 4_000_000
"""Pair codes gathered before repeated ones are dropped; bounds memory."""


def mix_codes(*parts: npt.NDArray[Any], salt: str) -> Ints:
    """One 63-bit code from codes; 0 where any part is 0 (unknown)."""
    unknown = np.zeros(len(parts[0]), bool)
    total = np.full(len(parts[0]), hash_text(salt), np.uint64)
    for part in parts:
        unknown |= part == 0
        total = (total ^ part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        total ^= total >> np.uint64(29)
    keys = (total >> np.uint64(1)).astype(np.int64)
    keys[unknown] = 0
    return keys


@lru_cache(maxsize=500_000)
def _hash_word(word: str) -> int:
    return 0 if is_common(word) else hash_text(word)


def _make_title_keys(columns: FeatureColumns) -> tuple[Ints, Ints, Ints, Ints, list[Ints]]:
    """Head, tail, and the longest words' codes (n x LONGEST), plus words as a flat run."""
    n = len(columns)
    head, tail = np.zeros(n, np.int64), np.zeros(n, np.int64)
    longest = np.zeros((n, LONGEST_WORDS), np.int64)
    flat: list[int] = []
    starts = np.zeros(n, np.int64)
    for row, title in enumerate(columns.title):
        starts[row] = len(flat)
        compact_title = title.replace(" ", "")
        head[row], tail[row] = (
            hash_text(compact_title[:EDGE_LETTERS]),
            hash_text(compact_title[-EDGE_LETTERS:]),
        )
        words = sorted(set(title.split()), key=lambda word: (-len(word), word))
        codes = [word_code for word_code in map(_hash_word, words) if word_code]
        longest[row, : min(LONGEST_WORDS, len(codes))] = codes[:LONGEST_WORDS]
        flat.extend(codes or [0])
    return head, tail, longest, np.array(flat, np.int64), _make_bands(np.array(flat), starts)


def _make_bands(flat: npt.NDArray[Any], starts: Ints) -> list[Ints]:
    """MinHash bands of sets laid out in a flat run; 0 where the set is empty."""
    if not len(starts):
        return []
    bands = []
    values = flat.astype(np.uint64)
    for band in range(BANDS):
        lowest = []
        for row in range(BAND_ROWS):
            odd = np.uint64(hash_text(f"permutation {band} {row}") | 1)
            shuffled = (values ^ odd) * odd
            shuffled ^= shuffled >> np.uint64(31)
            minimum = np.minimum.reduceat(shuffled, starts)
            lowest.append((minimum >> np.uint64(1)).astype(np.int64) | 1)
        keys = mix_codes(*lowest, salt=f"band {band}")
        keys[flat[starts] == 0] = 0
        bands.append(keys)
    return bands


def _hash_authors(columns: FeatureColumns) -> tuple[Ints, Ints, Ints, Ints]:
    """Codes of the first, second and last family name, and of the whole team (3 and up)."""
    first, second, last, team = (np.zeros(len(columns), np.int64) for _ in range(4))
    for row, names in enumerate(columns.families):
        if names:
            first[row], last[row] = names[0], names[-1]
        if len(names) > 1:
            second[row] = names[1]
        if len(names) > 2:
            team[row] = (hash(tuple(sorted(set(names)))) >> 1) & (2**62 - 1) | 1
    return first, second, last, team


def make_keys(columns: FeatureColumns) -> dict[str, tuple[Ints, int]]:
    """Key name -> the key of each row (0 where it has none) and the cap on records per key."""
    head, tail, longest, _, bands = _make_title_keys(columns)
    first, second, last, team = _hash_authors(columns)
    year = columns.year.astype(np.int64)
    keys_by_name = {
        "doi": (np.where(columns.published != 0, columns.published, columns.doi), STRONG_CAP),
        "pmid": (columns.pmid, STRONG_CAP),
        "pmcid": (columns.pmcid, STRONG_CAP),
        "arxiv": (columns.arxiv, STRONG_CAP),
        "title": (columns.exact, STRONG_CAP),
        "volume+page": (mix_codes(columns.volume, columns.page, salt="vp"), STRONG_CAP),
        "page+first": (mix_codes(columns.page, first, salt="pf"), STRONG_CAP),
        "head+first": (mix_codes(head, first, salt="hf"), FAIR_CAP),
        "tail+first": (mix_codes(tail, first, salt="tf"), FAIR_CAP),
        "team": (mix_codes(team, salt="team"), STRONG_CAP),
        "first+second+year": (mix_codes(first, second, year, salt="fsy"), WEAK_CAP),
        "first+last": (mix_codes(first, last, salt="fl"), WEAK_CAP),
        "head+page": (mix_codes(head, columns.page, salt="hp"), STRONG_CAP),
        "head+year": (mix_codes(head, year, salt="hy"), WEAK_CAP),
        "tail+year": (mix_codes(tail, year, salt="ty"), WEAK_CAP),
    }
    for word_index in range(LONGEST_WORDS):
        keys_by_name[f"first+word {word_index}"] = (
            mix_codes(first, longest[:, word_index], salt="fw"),
            WEAK_CAP,
        )
        keys_by_name[f"last+word {word_index}"] = (
            mix_codes(last, longest[:, word_index], salt="lw"),
            WEAK_CAP,
        )
    for number, band in enumerate(bands):
        keys_by_name[f"band {number}"] = (band, WEAK_CAP)
    return keys_by_name


def rank_by_title(columns: FeatureColumns) -> Ints:
    """The rank of each row by title and place; ties only between rows alike in all of it."""
    order = np.lexsort(
        (columns.mark, columns.doi, columns.year, columns.page, columns.volume, columns.exact)
    )
    titles = np.array([title[:ORDER_LETTERS] for title in columns.title], dtype=object)
    order = order[np.argsort(titles[order], kind="stable")]
    rank = np.empty(len(columns), np.int64)
    rank[order] = np.arange(len(columns))
    return rank


def _find_key_pairs(key: Ints, cap: int, rank: Ints, new: npt.NDArray[np.bool_] | None) -> Ints:
    """Codes first * n + second of the pairs one key gives."""
    n = len(key)
    rows = np.flatnonzero(key)
    rows = rows[np.lexsort((rank[rows], key[rows]))]
    values = key[rows]
    if not len(rows):
        return np.empty(0, np.int64)
    start = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    size = np.diff(np.r_[start, len(rows)])
    reach = np.where(size <= cap, size, NEIGHBOURS + 1)
    end_of = np.repeat(start + size, size)
    reach_of = np.repeat(reach, size)
    pair_codes = []
    positions = np.arange(len(rows))
    for step in range(1, int(reach.max())):
        positions = positions[(positions + step < end_of[positions]) & (reach_of[positions] > step)]
        if not len(positions):
            break
        a, b = rows[positions], rows[positions + step]
        if new is not None:
            has_new = new[a] | new[b]
            a, b = a[has_new], b[has_new]
        pair_codes.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.concatenate(pair_codes) if pair_codes else np.empty(0, np.int64)


def _sort_unique(values: Ints) -> Ints:
    """The values sorted, each once, in place of the given ones."""
    values.sort()
    is_first = np.ones(len(values), bool)
    is_first[1:] = values[1:] != values[:-1]
    return values[is_first]


def find_pairs(columns: FeatureColumns, new: npt.NDArray[np.bool_] | None = None) -> Pairs:
    """The pairs of rows that share a key; only those with a new row where `new` is given."""
    return find_pairs_by_keys(make_keys(columns), rank_by_title(columns), new)


def find_pairs_by_keys(
    keys_by_name: dict[str, tuple[Ints, int]], rank: Ints, new: npt.NDArray[np.bool_] | None = None
) -> Pairs:
    """The pairs that keys made elsewhere give, of rows whose title order is `rank`."""
    n = len(rank)
    runs: list[Ints] = [np.empty(0, np.int64)]
    for key, cap in keys_by_name.values():
        runs.append(_find_key_pairs(key, cap, rank, new))
        if sum(map(len, runs[1:])) > len(runs[0]) + MAX_BUFFERED_CODES:
            runs = [_sort_unique(np.concatenate(runs))]
    total = _sort_unique(np.concatenate(runs))
    return np.column_stack((total // n, total % n)) if n else np.empty((0, 2), np.int64)


def iter_chunks(row_pairs: Pairs, size: int) -> Iterator[Pairs]:
    """The pairs in runs of at most `size`, so that comparing needs little memory."""
    for start in range(0, len(row_pairs), size):
        yield row_pairs[start : start + size]
