"""Time to make a new order in a large review, beside ASReview's default model on the same records.

Made-up records of realistic length: words with Zipf's frequencies, titles of 12 and abstracts of
220 words on average, one record in fifty about the topic. RECORDS is their number (100000).
Both count the words once and keep the counts while the records stay the same; a new ranking is
learning from the decisions and ordering the rest. Funnel reads its counts back from the file that
a review keeps them in. ASReview runs if ASREVIEW_PYTHON names an interpreter that has it:

    ASREVIEW_PYTHON=asreview/bin/python python benchmarks/bench_retraining.py

`bench_retraining.py rankings` measures the rankings alone: the words of the made-up records are
counted once from their numbers, as both programs would count them (single words and pairs, 1 + log
of the count, inverse document frequency, rows of length 1), and both rank these counts. That spares
the minutes and gigabytes that reading 100,000 texts takes twice.

Processor seconds; those of a ranking are the least of three.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

RECORDS = int(os.environ.get("RECORDS", "100000"))
VOCABULARY = 60_000
TITLE_WORDS, ABSTRACT_WORDS = 12, 220
TOPIC_SHARE = 0.02
TOPIC_WORD = 5_000
"""The first of the forty words of the topic."""
DECISIONS = (200, 2_000, 10_000)
REPEATS = 3


def draw_records() -> tuple[list[np.ndarray], np.ndarray]:
    """The words of each record as numbers, and the labels; the same on every machine."""
    rng = np.random.default_rng(1)
    ranks = np.arange(1, VOCABULARY + 1)
    shares = 1 / (ranks + 2.7)
    edges = np.cumsum(shares / shares.sum())
    labels = rng.random(RECORDS) < TOPIC_SHARE
    texts = []
    for relevant in labels.tolist():
        count = TITLE_WORDS + max(40, int(rng.normal(ABSTRACT_WORDS, 60)))
        drawn = np.searchsorted(edges, rng.random(count)).clip(max=VOCABULARY - 1)
        if relevant:  # a tenth of its words are of the topic
            of_topic = rng.random(count) < 0.1
            drawn[of_topic] = TOPIC_WORD + rng.integers(0, 40, of_topic.sum())
        texts.append(drawn)
    return texts, labels.astype(int)


def make_records() -> tuple[list[str], list[str], np.ndarray]:
    """Titles, abstracts and labels."""
    words = np.array([f"w{number:x}" for number in range(VOCABULARY)])
    texts, labels = draw_records()
    spelt = [words[drawn].tolist() for drawn in texts]
    titles = [" ".join(text[:TITLE_WORDS]) for text in spelt]
    return titles, [" ".join(text[TITLE_WORDS:]) for text in spelt], labels


def count_words() -> tuple[Any, np.ndarray, np.ndarray, np.ndarray]:
    """Records by words and pairs of words, as both programs weigh them.

    Returns:
        The sparse matrix, the columns of the topic's first three words, how many records have each
        word, and the labels.
    """
    from scipy.sparse import csr_matrix

    texts, labels = draw_records()
    lengths = [len(text) for text in texts]
    numbers = np.concatenate(texts).astype(np.int64)
    records = np.repeat(np.arange(RECORDS), lengths)
    within = records[1:] == records[:-1]
    pairs = (VOCABULARY * (1 + numbers[:-1]) + numbers[1:])[within]
    codes, columns = np.unique(np.concatenate((numbers, pairs)), return_inverse=True)
    rows = np.concatenate((records, records[:-1][within]))
    ones = np.ones(len(rows), dtype=np.float64)
    matrix = csr_matrix((ones, (rows, columns)), shape=(RECORDS, len(codes)))
    spread = np.bincount(matrix.indices, minlength=len(codes))
    rarity = np.log((1 + RECORDS) / (1 + spread)) + 1
    rarity[spread > 0.95 * RECORDS] = 0
    matrix.data = (1 + np.log(matrix.data)) * rarity[matrix.indices]
    matrix.eliminate_zeros()
    squares = np.add.reduceat(matrix.data**2, matrix.indptr[:-1])
    matrix.data /= np.sqrt(np.repeat(squares, np.diff(matrix.indptr)))
    return matrix, np.searchsorted(codes, TOPIC_WORD + np.arange(3)), spread, labels


def draw_decided(labels: np.ndarray, count: int) -> list[int]:
    """Positions decided on: a third of them relevant, as far as there are so many."""
    rng = np.random.default_rng(2)
    relevant, others = np.flatnonzero(labels), np.flatnonzero(labels == 0)
    chosen = rng.permutation(relevant)[: min(len(relevant) // 2, count // 3)]
    rest = rng.permutation(others)[: count - len(chosen)]
    return sorted([*chosen.tolist(), *rest.tolist()])


def measure(step: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Processor seconds of a step, the least of several runs."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        step()
        seconds.append(time.process_time() - start)
    return min(seconds)


def measure_funnel() -> dict[str, float]:
    """Processor seconds of each step in Funnel."""
    from review import ranking
    from review.workflow.screening.ranking_features import prepare_features

    titles, abstracts, labels = make_records()
    texts = [ranking.build_text(*pair) for pair in zip(titles, abstracts, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        prepare = partial(
            prepare_features,
            Path(folder),
            texts,
            "w1388 w1389 w138a",
            query_terms=(),
            model=ranking.DEFAULT_MODEL,
        )
        start = time.process_time()
        features = prepare()
        seconds = {"words": time.process_time() - start, "read": measure(prepare)}
    return seconds | measure_funnel_rankings(features, labels)


def measure_funnel_rankings(features: Any, labels: np.ndarray) -> dict[str, float]:
    """Processor seconds of learning and ordering in Funnel, by number of decisions."""
    from review import ranking

    seconds = {}
    for count in DECISIONS:
        decided = draw_decided(labels, count)
        taught = {n: ranking.TrainingLabel(bool(labels[n])) for n in decided}
        rest = [n for n in range(len(labels)) if n not in taught]
        policy = ranking.RankingPolicy()
        seconds[str(count)] = measure(
            lambda taught=taught, rest=rest, policy=policy: ranking.plan_order(
                features, taught, rest, policy
            )
        )
    return seconds


def measure_asreview() -> dict[str, float]:
    """Processor seconds of the same steps in ASReview, as its app takes them."""
    import pandas
    from asreview.learner import ActiveLearningCycle
    from asreview.models.models import get_ai_config

    titles, abstracts, labels = make_records()
    frame = pandas.DataFrame({"title": titles, "abstract": abstracts})
    cycle = ActiveLearningCycle.from_meta(get_ai_config()["value"])
    start = time.process_time()
    matrix = cycle.transform(frame)
    seconds = {"words": time.process_time() - start}
    return seconds | measure_asreview_rankings(cycle, matrix, labels)


def measure_asreview_rankings(cycle: Any, matrix: Any, labels: np.ndarray) -> dict[str, float]:
    """Processor seconds of learning and ordering in ASReview, by number of decisions."""
    seconds = {}
    for count in DECISIONS:
        decided = draw_decided(labels, count)

        def learn(decided: list[int] = decided) -> None:
            cycle.fit(matrix[np.array(decided)], labels[decided])
            cycle.rank(matrix)

        seconds[str(count)] = measure(learn)
    return seconds


def measure_rankings(program: str) -> dict[str, float]:
    """Processor seconds of the rankings alone, on words counted from their numbers."""
    matrix, topic_columns, spread, labels = count_words()
    if program == "asreview":
        from asreview.learner import ActiveLearningCycle
        from asreview.models.models import get_ai_config

        cycle = ActiveLearningCycle.from_meta(get_ai_config()["value"])
        return measure_asreview_rankings(cycle, matrix, labels)
    from scipy.sparse import csr_matrix

    from review.ranking import RankingFeatures

    question = np.zeros(matrix.shape[1], dtype=np.float32)
    question[topic_columns] = 3**-0.5
    by_spread = np.argsort(-spread, kind="stable")  # the order of prepare_features, which leaves
    shared = by_spread[: np.count_nonzero(spread > 1)]  # out what only one record has
    shared_matrix = matrix[:, shared].astype(np.float32)
    shared_matrix.sort_indices()
    features = RankingFeatures(shared_matrix, csr_matrix(question[shared]), (), None)
    return measure_funnel_rankings(features, labels)


def main() -> None:
    """Prints both, and their ratio."""
    only_rankings = "rankings" in sys.argv[1:]
    if sys.argv[1:2] == ["peer"]:
        print(json.dumps(measure_rankings("asreview") if only_rankings else measure_asreview()))
        return
    peer = os.environ.get("ASREVIEW_PYTHON")
    theirs: dict[str, float] = {}
    if peer:
        command = [peer, str(Path(__file__).resolve()), "peer", *sys.argv[1:]]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit("ASReview failed; its messages are above")
        theirs = json.loads(done.stdout.splitlines()[-1])
    else:
        print("ASReview is left out: set ASREVIEW_PYTHON to an interpreter that has it")
    ours = measure_rankings("funnel") if only_rankings else measure_funnel()
    print(f"Processor seconds at {RECORDS:,} records")
    print(f"  {'':36}{'Funnel':>10}{'ASReview':>10}{'ratio':>8}")
    names = {"words": "counting the words, once", "read": "reading the counts again"}
    for step, seconds in ours.items():
        name = names.get(step) or f"ranking after {int(step):,} decisions"
        other = theirs.get(step)
        beside = f"{other:10.2f}{seconds / other:8.2f}" if other else ""
        print(f"  {name:36}{seconds:10.2f}{beside}")


if __name__ == "__main__":
    main()
