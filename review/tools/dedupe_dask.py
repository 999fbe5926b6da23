"""Grouping a table with many processes or machines: the same keys, rules and guards on Dask.

Each worker reads its own part of the table from a folder all can see, so a part that is lost with
a worker is read again by another. Long texts stay with the workers; the driver holds numbers and
the first letters of titles, makes the pairs, hands them out by the parts they lie in, and groups.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from review import dedupe
from review.dedupe import Columns, blocking
from review.dedupe.cache import joined_up
from review.dedupe.features import Ints, take, told_apart
from review.dedupe.matching import CHUNK, Joined, assembled, joined, statements
from review.tools.dedupe_csv import (
    COLUMNS,
    Deduplicated,
    as_cells,
    check_apart,
    note_no_doi,
    records_of,
    rows_of,
    write,
    written,
)

PART = 50_000
"""Records of a part: about 60 MB of a worker's memory."""
Light = tuple[Columns, dict[str, tuple[Ints, int]], list[str]]
"""What the driver holds of a part: columns without texts, keys, record ids."""


def dedupe_on_cluster(
    path: Path,
    out: Path,
    pairs: Path | None = None,
    *,
    client: Any,
    folder: Path | None = None,
    part: int = PART,
) -> Deduplicated:
    """Groups a table as dedupe_file does, spread over a Dask cluster; the groups are the same.

    Args:
        client: a `distributed.Client`.
        folder: a folder all workers see, for the parts of the table; a temporary one where None,
            which fits workers on this machine.
        part: records of a part.

    Raises:
        SourceError: as dedupe_file.
    """
    check_apart(path, out, pairs)
    with tempfile.TemporaryDirectory(dir=folder) as shared:
        odd: list[tuple[str, str]] = []
        parts = list(_split(path, Path(shared), part, odd))
        starts = np.cumsum([0, *(size for _, size in parts)]).tolist()
        held = [
            client.submit(_read, str(one), start, pure=False)
            for (one, _), start in zip(parts, starts, strict=False)
        ]
        light: list[Light] = client.gather([client.submit(_light, one, pure=False) for one in held])
        columns = joined_up([dedupe.read([]), *(one for one, _, _ in light)])
        ids = [name for _, _, names in light for name in names]
        found = {
            name: (np.concatenate([made[name][0] for _, made, _ in light]), cap)
            for name, (_, cap) in (light[0][1] if light else {}).items()
        }
        compared = blocking.pairs_of(found, blocking.title_order(columns))
        edges = [
            client.submit(_judge, held[a], held[b], chosen, (starts[a], starts[b]), pure=False)
            for (a, b), chosen in _by_parts(compared, starts)
        ]
        answered: list[Joined] = client.gather(edges)
    done = written(columns, assembled(answered, statements(columns)), ids, out, pairs)
    return replace(done, no_dois=tuple(odd))


def _split(
    path: Path, folder: Path, size: int, odd: list[tuple[str, str]]
) -> Iterator[tuple[Path, int]]:
    """Writes the table in parts; gives each part's file and number of records."""
    rows: list[list[str]] = []
    number = 0
    for values in rows_of(path):
        note_no_doi(values, odd)
        rows.append(as_cells(values))
        if len(rows) == size:
            yield _part(folder, number, rows)
            rows, number = [], number + 1
    if rows:
        yield _part(folder, number, rows)


def _part(folder: Path, number: int, rows: list[list[str]]) -> tuple[Path, int]:
    path = folder / f"part-{number:05d}.csv"
    write(path, COLUMNS, rows)
    return path, len(rows)


def _read(path: str, start: int) -> tuple[Columns, list[str]]:
    """On a worker: the columns of a part, numbered from its first row on, and its ids."""
    ids: list[str] = []
    columns = dedupe.read(enumerate(records_of(Path(path), ids), start))
    return told_apart(columns, ids), ids


def _light(held: tuple[Columns, list[str]]) -> Light:
    """On a worker: what the driver needs of a part."""
    columns, ids = held
    n = len(columns)
    bare = replace(
        columns,
        title=[title[: blocking.ORDERED] for title in columns.title],
        journal=[""] * n,
        snippet=[""] * n,
        families=[()] * n,
    )
    return bare, blocking.keys(columns), ids


def _by_parts(
    pairs: blocking.Pairs, starts: list[int]
) -> Iterator[tuple[tuple[int, int], blocking.Pairs]]:
    """The pairs by the two parts they lie in."""
    if not len(pairs):
        return
    place = np.searchsorted(np.array(starts), pairs, side="right") - 1
    order = np.lexsort((place[:, 1], place[:, 0]))
    pairs, place = pairs[order], place[order]
    edges = np.flatnonzero(np.any(place[1:] != place[:-1], axis=1)) + 1
    for chosen, at in zip(np.split(pairs, edges), np.split(place, edges), strict=True):
        yield (int(at[0, 0]), int(at[0, 1])), chosen


def _judge(
    first: tuple[Columns, list[str]],
    second: tuple[Columns, list[str]],
    pairs: blocking.Pairs,
    starts: tuple[int, int],
) -> Joined:
    """On a worker: what the rules say of pairs between two parts (or within one)."""
    left, place_a = np.unique(pairs[:, 0] - starts[0], return_inverse=True)
    right, place_b = np.unique(pairs[:, 1] - starts[1], return_inverse=True)
    one, other = take(first[0], left), take(second[0], right)
    other = replace(other, ids=-1 - other.ids)  # a row of one part may stand on both sides
    both = dedupe.extended(one, other)
    local = np.column_stack((place_a, place_b + len(left)))
    kept, verdict, rule, score = _in_chunks(both, local)
    a, b = left[kept[:, 0]] + starts[0], right[kept[:, 1] - len(left)] + starts[1]
    return np.column_stack((a, b)), verdict, rule, score


def _in_chunks(columns: Columns, pairs: blocking.Pairs) -> Joined:
    found = [joined(columns, one) for one in blocking.in_chunks(pairs, CHUNK)]
    pairs_, verdict, rule, score = (np.concatenate(list(one)) for one in zip(*found, strict=True))
    return pairs_, verdict, rule, score
