"""Blocking: which pairs are worth comparing. Takes columns; gives pairs of rows, far from all.

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

from review.dedupe.features import Columns, Ints, code
from review.dedupe.normalize import is_common

EDGE = 18
"""Letters of a title's beginning and end that make a key."""
LONGEST = 3
"""Longest words of a title that make keys with the first author: long words are rare words."""
BANDS, ROWS = 4, 2
"""MinHash over title words: two sets with Jaccard index 0.6 meet in one of 4 bands of 2 with
probability 0.83. Source: Broder 1997, On the resemblance and containment of documents."""
STRONG, FAIR, WEAK = 64, 24, 10
"""Records a key may join pair by pair before it is thinned: identifiers, titles and pages; a part
of the title with the first author; the rest."""
NEIGHBOURS = 4
"""Records to each side that a thinned key still compares."""

ORDERED = 80
"""Letters of the title by which rows of one key stand beside each other."""
COMPACT = 4_000_000
"""Pair codes gathered before repeated ones are dropped; bounds memory."""

Pairs = npt.NDArray[np.int64]
"""m x 2 rows, first < second, sorted, each pair once."""


def mix(*parts: npt.NDArray[Any], salt: str) -> Ints:
    """One 63-bit code from codes; 0 where any part is 0 (unknown)."""
    unknown = np.zeros(len(parts[0]), bool)
    total = np.full(len(parts[0]), code(salt), np.uint64)
    for part in parts:
        unknown |= part == 0
        total = (total ^ part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        total ^= total >> np.uint64(29)
    keys = (total >> np.uint64(1)).astype(np.int64)
    keys[unknown] = 0
    return keys


@lru_cache(maxsize=500_000)
def _word_code(word: str) -> int:
    return 0 if is_common(word) else code(word)


def _title_keys(columns: Columns) -> tuple[Ints, Ints, Ints, Ints, list[Ints]]:
    """Head, tail, and the longest words' codes (n x LONGEST), plus words as a flat run."""
    n = len(columns)
    head, tail = np.zeros(n, np.int64), np.zeros(n, np.int64)
    longest = np.zeros((n, LONGEST), np.int64)
    flat: list[int] = []
    starts = np.zeros(n, np.int64)
    for row, title in enumerate(columns.title):
        starts[row] = len(flat)
        together = title.replace(" ", "")
        head[row], tail[row] = code(together[:EDGE]), code(together[-EDGE:])
        words = sorted(set(title.split()), key=lambda word: (-len(word), word))
        codes = [one for one in map(_word_code, words) if one]
        longest[row, : min(LONGEST, len(codes))] = codes[:LONGEST]
        flat.extend(codes or [0])
    return head, tail, longest, np.array(flat, np.int64), _bands(np.array(flat), starts)


def _bands(flat: npt.NDArray[Any], starts: Ints) -> list[Ints]:
    """MinHash bands of sets laid out in a flat run; 0 where the set is empty."""
    if not len(starts):
        return []
    found = []
    values = flat.astype(np.uint64)
    for band in range(BANDS):
        lowest = []
        for row in range(ROWS):
            odd = np.uint64(code(f"permutation {band} {row}") | 1)
            shuffled = (values ^ odd) * odd
            shuffled ^= shuffled >> np.uint64(31)
            least = np.minimum.reduceat(shuffled, starts)
            lowest.append((least >> np.uint64(1)).astype(np.int64) | 1)
        keys = mix(*lowest, salt=f"band {band}")
        keys[flat[starts] == 0] = 0
        found.append(keys)
    return found


def _people(columns: Columns) -> tuple[Ints, Ints, Ints, Ints]:
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


def keys(columns: Columns) -> dict[str, tuple[Ints, int]]:
    """Key name -> the key of each row (0 where it has none) and the cap on records per key."""
    head, tail, longest, _, bands = _title_keys(columns)
    first, second, last, team = _people(columns)
    year = columns.year.astype(np.int64)
    found = {
        "doi": (columns.doi, STRONG),
        "pmid": (columns.pmid, STRONG),
        "pmcid": (columns.pmcid, STRONG),
        "arxiv": (columns.arxiv, STRONG),
        "title": (columns.exact, STRONG),
        "volume+page": (mix(columns.volume, columns.page, salt="vp"), STRONG),
        "page+first": (mix(columns.page, first, salt="pf"), STRONG),
        "head+first": (mix(head, first, salt="hf"), FAIR),
        "tail+first": (mix(tail, first, salt="tf"), FAIR),
        "team": (mix(team, salt="team"), STRONG),
        "first+second+year": (mix(first, second, year, salt="fsy"), WEAK),
        "first+last": (mix(first, last, salt="fl"), WEAK),
        "head+page": (mix(head, columns.page, salt="hp"), STRONG),
        "head+year": (mix(head, year, salt="hy"), WEAK),
        "tail+year": (mix(tail, year, salt="ty"), WEAK),
    }
    for place in range(LONGEST):
        found[f"first+word {place}"] = (mix(first, longest[:, place], salt="fw"), WEAK)
        found[f"last+word {place}"] = (mix(last, longest[:, place], salt="lw"), WEAK)
    for number, band in enumerate(bands):
        found[f"band {number}"] = (band, WEAK)
    return found


def title_order(columns: Columns) -> Ints:
    """The rank of each row by title and place; ties only between rows alike in all of it."""
    order = np.lexsort(
        (columns.mark, columns.doi, columns.year, columns.page, columns.volume, columns.exact)
    )
    titles = np.array([title[:ORDERED] for title in columns.title], dtype=object)
    order = order[np.argsort(titles[order], kind="stable")]
    rank = np.empty(len(columns), np.int64)
    rank[order] = np.arange(len(columns))
    return rank


def _pairs_of_key(key: Ints, cap: int, rank: Ints, new: npt.NDArray[np.bool_] | None) -> Ints:
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
    found = []
    place = np.arange(len(rows))
    for step in range(1, int(reach.max())):
        place = place[(place + step < end_of[place]) & (reach_of[place] > step)]
        if not len(place):
            break
        a, b = rows[place], rows[place + step]
        if new is not None:
            kept = new[a] | new[b]
            a, b = a[kept], b[kept]
        found.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _once(values: Ints) -> Ints:
    """The values sorted, each once, in place of the given ones."""
    values.sort()
    fresh = np.ones(len(values), bool)
    fresh[1:] = values[1:] != values[:-1]
    return values[fresh]


def pairs(columns: Columns, new: npt.NDArray[np.bool_] | None = None) -> Pairs:
    """The pairs of rows that share a key; only those with a new row where `new` is given."""
    return pairs_of(keys(columns), title_order(columns), new)


def pairs_of(
    found: dict[str, tuple[Ints, int]], rank: Ints, new: npt.NDArray[np.bool_] | None = None
) -> Pairs:
    """The pairs that keys made elsewhere give, of rows whose title order is `rank`."""
    n = len(rank)
    runs: list[Ints] = [np.empty(0, np.int64)]
    for key, cap in found.values():
        runs.append(_pairs_of_key(key, cap, rank, new))
        if sum(map(len, runs[1:])) > len(runs[0]) + COMPACT:
            runs = [_once(np.concatenate(runs))]
    total = _once(np.concatenate(runs))
    return np.column_stack((total // n, total % n)) if n else np.empty((0, 2), np.int64)


def in_chunks(found: Pairs, size: int) -> Iterator[Pairs]:
    """The pairs in runs of at most `size`, so that comparing needs little memory."""
    for start in range(0, len(found), size):
        yield found[start : start + size]
