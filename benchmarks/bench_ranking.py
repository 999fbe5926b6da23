"""Screening order: Funnel's models compared with ASReview's default on the same sets and seeds.

Needs the labelled sets of the folder that CORPORA names (else ../shared). ASReview is run if it is
installed here, or by another interpreter:  ASREVIEW_PYTHON=/path/to/python make bench
Sentence embeddings are used if a model is given by name or folder. Their vectors are computed once
and kept in a folder, because that takes hours without a graphics card:

    EMBEDDINGS=/path/to/model EMBEDDINGS_KEPT=/path/to/folder python benchmarks/bench_ranking.py

EMBEDDINGS_PYTHON is an interpreter with the extra 'embeddings', if this one lacks it.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from review import ranking  # noqa: E402

BENCH = Path(os.environ.get("CORPORA", ROOT.parent / "shared")) / "bench" / "screening"
SEEDS = os.environ.get("SEEDS", "5")


def main() -> None:
    """Prints one table for each ranker."""
    if not BENCH.is_dir():
        sys.exit(f"no genuine files at {BENCH}: name their folder in CORPORA")
    queries = str(BENCH / "queries.json")
    run(
        "Funnel, light model, with the review's question",
        sys.executable,
        "review.ranking:bench_ranker",
        "--queries",
        queries,
    )
    run("Funnel, light model, without a question", sys.executable, "review.ranking:bench_ranker")
    if os.environ.get("EMBEDDINGS"):
        python = os.environ.get("EMBEDDINGS_PYTHON", sys.executable)
        run(
            "Funnel, words and sentence embeddings, with the review's question",
            python,
            f"{Path(__file__).resolve()}:embeddings",
            "--queries",
            queries,
        )
    peer = os.environ.get("ASREVIEW_PYTHON", sys.executable)
    if subprocess.run([peer, "-c", "import asreview"], capture_output=True).returncode == 0:
        run("ASReview, its default model", peer, "asreview")
    else:
        print("\nASReview is not installed here: set ASREVIEW_PYTHON to an interpreter that has it")


def embeddings(records: Sequence[dict[str, str]], query: str, seed: int) -> ranking.BenchRanker:
    """A ranker for the simulation with the model of EMBEDDINGS; each set is prepared once."""
    key = (len(records), records[0]["title"], query)
    if key not in _prepared:
        _prepared.clear()
        ranking.encode_texts = _kept
        texts = [ranking.build_text(one["title"], one["abstract"]) for one in records]
        model = f"embeddings:{os.environ['EMBEDDINGS']}"
        _prepared[key] = ranking.prepare_features(texts, query, model=model)
    return ranking.BenchRanker(_prepared[key], seed)


_prepared: dict[Any, ranking.RankingFeatures] = {}
_embed = ranking.encode_texts


def _kept(texts: Sequence[str], name: str) -> Any:
    """Vectors from the folder of EMBEDDINGS_KEPT; computed first if missing."""
    import numpy as np

    folder = Path(os.environ.get("EMBEDDINGS_KEPT", "embeddings-kept"))
    whole = hashlib.sha256("\0".join([name, *texts]).encode()).hexdigest()[:16]
    file = folder / f"{whole}.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        np.save(file, _embed(texts, name))
    return np.load(file)


def run(title: str, python: str, ranker: str, *words: str) -> None:
    """Simulates all sets with one ranker and prints the simulation's table."""
    print(f"\n{title} ({SEEDS} seeds)", flush=True)
    command = [python, str(BENCH / "score_screening.py"), "simulate", "--ranker", ranker]
    command += ["--seeds", SEEDS, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    print(done.stdout)


if __name__ == "__main__":
    main()
