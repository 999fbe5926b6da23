"""Ranking keeps its published figures on labelled screening sets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LEAST_FIGURES = {
    "cohen_triptans": (0.58, 0.52),
    "nagtegaal_2019": (0.65, 0.67),
}
"""Set -> least recall after a tenth of the records and least WSS@95, just below those measured."""


@pytest.fixture(scope="module")
def figures(corpora: Path, tmp_path_factory) -> dict[str, dict[str, float]]:
    """The figures of the light model with each review's question, the mean of two seeds."""
    sets, out = corpora / "bench" / "screening", tmp_path_factory.mktemp("ranking") / "figures.json"
    command = [sys.executable, sets / "score_screening.py", "simulate", "--seeds", "2"]
    command += ["--ranker", "review.ranking:bench_ranker", "--queries", sets / "queries.json"]
    command += ["--only", *LEAST_FIGURES, "--json", out]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return {row["set"]: row for row in json.loads(out.read_text(encoding="utf-8"))["sets"]}


@pytest.mark.parametrize("name", LEAST_FIGURES)
def test_the_learned_order_finds_relevant_records_early(name, figures):
    least_recall, least_saved = LEAST_FIGURES[name]
    assert figures[name]["recall@10%"] >= least_recall
    assert figures[name]["wss95"] >= least_saved
