"""Deduplication keeps its published figures on the labelled development sets."""

import csv
import gzip
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from review.dedupe import build_columns
from review.dedupe.clustering import cluster_rows
from review.dedupe.matching import find_edges
from review.dedupe.names import split_authors
from review.models import Record

LEAST_F1 = {
    "diabetes": 0.998,
    "respiratory": 0.988,
    "cytology_screening": 0.993,
    "medrxiv_links": 0.995,
    "synthetic_2k": 0.995,
}
"""The figures asked for; we stand above each of them."""


def load_scorer(sets: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_dedupe", sets / "score_dedupe.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record_of(row: dict[str, str]) -> Record:
    text = {name: row[name] or None for name in row}
    return Record(
        source=row["source"] or "file",
        title=text["title"],
        authors=split_authors(row["authors"])[0],
        year=int(row["year"]) if row["year"].isdigit() else None,
        **{
            name: text[name]
            for name in ("journal", "volume", "issue", "pages", "doi", "pmid", "abstract")
        },
    )


@pytest.mark.parametrize("name", LEAST_F1)
def test_a_development_set_keeps_its_figure_without_a_false_merge(name, corpora):
    sets = corpora / "bench" / "dedupe"
    with gzip.open(sets / f"{name}.csv.gz", "rt", newline="") as handle:
        rows = list(csv.DictReader(handle))
    columns = build_columns((number, record_of(row)) for number, row in enumerate(rows))
    found = cluster_rows(columns, find_edges(columns))
    truth = {row["record_id"]: row["cluster_id"] for row in rows}
    said = {row["record_id"]: str(lead) for row, lead in zip(rows, found.study, strict=True)}
    result = load_scorer(sets).score(truth, said)
    assert result["false_merge_groups"] == 0
    assert result["lost_works"] == 0
    assert result["f1"] >= LEAST_F1[name]
