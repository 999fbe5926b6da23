"""Groups a table on many processes or machines with Dask, by the same rules.

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
from review.dedupe import FeatureColumns, blocking
from review.dedupe.cache import concatenate_columns
from review.dedupe.columns import Ints, Pairs
from review.dedupe.features import mix_in_names, select_rows
from review.dedupe.matching import CHUNK, PairMatches, assemble_edges, list_statements, match_pairs
from review.tools.dedupe_csv import (
    COLUMNS,
    TableDedupeResult,
    check_paths_differ,
    iter_records,
    iter_rows,
    note_invalid_doi,
    to_cells,
    write_csv,
    write_groups,
)

PART_SIZE = 50_000
"""Records of a part: about 60 MB of a worker's memory."""
PartSummary = tuple[FeatureColumns, dict[str, tuple[Ints, int]], list[str]]
"""What the driver holds of a part: columns without texts, keys, record ids."""


def dedupe_on_cluster(
    path: Path,
    out: Path,
    pairs: Path | None = None,
    *,
    client: Any,
    folder: Path | None = None,
    part: int = PART_SIZE,
) -> TableDedupeResult:
    """Groups a table as dedupe_file does, spread over a Dask cluster; the groups are the same.

    Args:
        client: a `distributed.Client`.
        folder: a folder all workers see, for the parts of the table; a temporary one where None,
            which fits workers on this machine.
        part: records of a part.

    Raises:
        SourceError: as dedupe_file.
    """
    check_paths_differ(path, out, pairs)
    with tempfile.TemporaryDirectory(dir=folder) as shared:
        invalid_dois: list[tuple[str, str]] = []
        parts = list(_split_table(path, Path(shared), part, invalid_dois))
        starts = np.cumsum([0, *(size for _, size in parts)]).tolist()
        remote_parts = [
            client.submit(_read_part, str(part_path), start, pure=False)
            for (part_path, _), start in zip(parts, starts, strict=False)
        ]
        summaries: list[PartSummary] = client.gather(
            [
                client.submit(_summarize_part, remote_part, pure=False)
                for remote_part in remote_parts
            ]
        )
        columns = concatenate_columns(
            [dedupe.build_columns([]), *(part_columns for part_columns, _, _ in summaries)]
        )
        ids = [name for _, _, names in summaries for name in names]
        blocks = {
            name: (np.concatenate([part_keys[name][0] for _, part_keys, _ in summaries]), cap)
            for name, (_, cap) in (summaries[0][1] if summaries else {}).items()
        }
        candidate_pairs = blocking.find_pairs_by_keys(blocks, blocking.rank_by_title(columns))
        edges = [
            client.submit(
                _compare_parts,
                remote_parts[a],
                remote_parts[b],
                chosen,
                (starts[a], starts[b]),
                pure=False,
            )
            for (a, b), chosen in _group_by_parts(candidate_pairs, starts)
        ]
        part_results: list[PairMatches] = client.gather(edges)
    result = write_groups(
        columns, assemble_edges(part_results, list_statements(columns)), ids, out, pairs
    )
    return replace(result, no_dois=tuple(invalid_dois))


def _split_table(
    path: Path, folder: Path, size: int, invalid_dois: list[tuple[str, str]]
) -> Iterator[tuple[Path, int]]:
    """Writes the table in parts; gives each part's file and number of records."""
    rows: list[list[str]] = []
    number = 0
    for values in iter_rows(path):
        note_invalid_doi(values, invalid_dois)
        rows.append(to_cells(values))
        if len(rows) == size:
            yield _write_part(folder, number, rows)
            rows, number = [], number + 1
    if rows:
        yield _write_part(folder, number, rows)


def _write_part(folder: Path, number: int, rows: list[list[str]]) -> tuple[Path, int]:
    path = folder / f"part-{number:05d}.csv"
    write_csv(path, COLUMNS, rows)
    return path, len(rows)


def _read_part(path: str, start: int) -> tuple[FeatureColumns, list[str]]:
    """On a worker: the columns of a part, numbered from its first row on, and its ids."""
    ids: list[str] = []
    columns = dedupe.build_columns(enumerate(iter_records(Path(path), ids), start))
    return mix_in_names(columns, ids), ids


def _summarize_part(part_data: tuple[FeatureColumns, list[str]]) -> PartSummary:
    """On a worker: what the driver needs of a part."""
    columns, ids = part_data
    n = len(columns)
    light_columns = replace(
        columns,
        title=[title[: blocking.ORDER_LETTERS] for title in columns.title],
        journal=[""] * n,
        snippet=[""] * n,
        families=[()] * n,
    )
    return light_columns, blocking.make_keys(columns), ids


def _group_by_parts(pairs: Pairs, starts: list[int]) -> Iterator[tuple[tuple[int, int], Pairs]]:
    """The pairs by the two parts they lie in."""
    if not len(pairs):
        return
    part_numbers = np.searchsorted(np.array(starts), pairs, side="right") - 1
    order = np.lexsort((part_numbers[:, 1], part_numbers[:, 0]))
    pairs, part_numbers = pairs[order], part_numbers[order]
    edges = np.flatnonzero(np.any(part_numbers[1:] != part_numbers[:-1], axis=1)) + 1
    for chosen, part_pair in zip(
        np.split(pairs, edges), np.split(part_numbers, edges), strict=True
    ):
        yield (int(part_pair[0, 0]), int(part_pair[0, 1])), chosen


def _compare_parts(
    first: tuple[FeatureColumns, list[str]],
    second: tuple[FeatureColumns, list[str]],
    pairs: Pairs,
    starts: tuple[int, int],
) -> PairMatches:
    """On a worker: what the rules say of pairs between two parts (or within one)."""
    rows_a, index_a = np.unique(pairs[:, 0] - starts[0], return_inverse=True)
    rows_b, index_b = np.unique(pairs[:, 1] - starts[1], return_inverse=True)
    columns_a, columns_b = select_rows(first[0], rows_a), select_rows(second[0], rows_b)
    columns_b = replace(
        columns_b, ids=-1 - columns_b.ids
    )  # a row of one part may stand on both sides
    all_columns = dedupe.append_columns(columns_a, columns_b)
    local = np.column_stack((index_a, index_b + len(rows_a)))
    matched_pairs, verdict, rule, score = _compare_chunks(all_columns, local)
    a, b = (
        rows_a[matched_pairs[:, 0]] + starts[0],
        rows_b[matched_pairs[:, 1] - len(rows_a)] + starts[1],
    )
    return np.column_stack((a, b)), verdict, rule, score


def _compare_chunks(columns: FeatureColumns, pairs: Pairs) -> PairMatches:
    results = [match_pairs(columns, chunk) for chunk in blocking.iter_chunks(pairs, CHUNK)]
    matched_pairs, verdict, rule, score = (
        np.concatenate(list(arrays)) for arrays in zip(*results, strict=True)
    )
    return matched_pairs, verdict, rule, score
