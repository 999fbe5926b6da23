"""Writes data/evidence-ranker.json from the labelled papers of the half to learn from.

    train_evidence_ranker.py [PAPERS] [--check]

--check prints how the ranking does on each paper when it is trained without that paper, and writes
nothing. The shut half is never read here. The same papers give the same file.
"""

import argparse
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from paper_labels import locate_sentences, read_labelled

from review import resources
from review.bias.rules import ranker as ranking
from review.bias.rules import suggest_evidence
from review.checklists import list_items, load_checklist
from review.fulltext import FullText
from review.workflow.fulltexts.reading import (
    get_cues,
    get_preferred_sections,
    list_ranked_items,
)

ROOT = Path(__file__).parents[1]
CORPORA = Path(os.environ.get("CORPORA", ROOT.parent / "shared"))
TARGET = ROOT / "data" / "evidence-ranker.json"
CHECKLISTS = ("claim-2020", "probast-2019")
VERSION = "2"
MIN_SENTENCES = 2
"""Sentences with a term before it is known."""
MAX_TERMS = 6000
MAX_WEIGHTS = 250
"""Features kept for each item, the heaviest."""
STRENGTH = 1.0
"""Regularisation of the second step."""
EVERYTHING = 100_000


@dataclass(frozen=True, slots=True)
class Paper:
    """A labelled paper, with all cue suggestions."""

    file: str
    text: FullText
    answers: dict[str, set[int]]
    """Key of an item -> sentences that answer it."""
    suggestions: dict[str, list]


def load_papers(
    folder: Path, more: Path | None, items: dict[str, ranking.RankedItem]
) -> list[Paper]:
    papers = []
    checklists = [get_checklist(name) for name in CHECKLISTS]
    for labels, text in read_labelled(folder, more):
        if not any(labels.evidence.values()):
            continue
        places = locate_sentences(labels, text.sentences)
        answers: dict[str, set[int]] = {}
        suggestions: dict[str, list] = {}
        for checklist in checklists:
            found = suggest_evidence(
                text.sentences,
                get_cues(checklist),
                preferred_sections=get_preferred_sections(checklist),
                limit=EVERYTHING,
            )
            for item in list_items(checklist):
                key = f"{checklist.id} {item.id}"
                suggestions[key] = found[item.id]
                at = labels.evidence.get(checklist.id, {}).get(str(item.number), ())
                wanted = {places[n] for n in at if n in places}
                if wanted:
                    answers[key] = wanted
        papers.append(Paper(labels.file, text, answers, suggestions))
    return papers


def get_checklist(name: str):
    return load_checklist(resources.get_shipped_path("checklists") / f"{name}.yaml")


def count_idf(papers: Sequence[Paper]) -> dict[str, float]:
    """Inverse document frequency of the most frequent terms, each sentence a document."""
    counts: Counter[str] = Counter()
    total = 0
    for paper in papers:
        for sentence in filter(ranking.is_candidate, paper.text.sentences):
            counts.update(ranking.count_terms(sentence.text).keys())
            total += 1
    frequent = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:MAX_TERMS]
    return {
        term: round(math.log((1 + total) / (1 + count)) + 1, 4)
        for term, count in frequent
        if count >= MIN_SENTENCES
    }


def fit_items(
    papers: Sequence[Paper], idf: dict[str, float], keys: Sequence[str]
) -> dict[str, dict[str, float]]:
    """The first step: ridge regression for each item over the sentences of all papers."""
    from scipy import sparse

    names: dict[str, int] = {}
    rows, columns, values, labels = [], [], [], []
    for paper in papers:
        sentences = paper.text.sentences
        for n, sentence in enumerate(sentences):
            if not ranking.is_candidate(sentence):
                continue
            for name, value in ranking.build_features(sentence, n, len(sentences), idf).items():
                rows.append(len(labels))
                columns.append(names.setdefault(name, len(names)))
                values.append(value)
            labels.append([float(n in paper.answers.get(key, ())) for key in keys])
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(labels), len(names)))
    targets = np.array(labels)
    gram = (matrix @ matrix.T).toarray()
    gram[np.diag_indices_from(gram)] += ranking.RIDGE_PENALTY
    weights = matrix.T @ np.linalg.solve(gram, targets - targets.mean(axis=0))
    ordered = sorted(names, key=names.__getitem__)
    result = {}
    for column, key in enumerate(keys):
        if targets[:, column].any():
            pairs = zip(ordered, weights[:, column], strict=True)
            heaviest = sorted(pairs, key=lambda pair: (-abs(pair[1]), pair[0]))[:MAX_WEIGHTS]
            result[key] = {name: float(weight) for name, weight in heaviest}
    return result


def describe(paper: Paper, items, idf, item_weights) -> dict[str, dict[int, dict[str, float]]]:
    """Features of the second step for each answered item of a paper."""
    index = ranking.PaperIndex(paper.text.sentences, idf)
    return {
        key: ranking.describe_candidates(
            index, items[key], item_weights.get(key, {}), paper.suggestions[key]
        )
        for key in paper.answers
    }


def fit_mixing(papers: Sequence[Paper], described: Sequence[dict]) -> dict[str, float]:
    """The second step: weights that put a labelled sentence first among the candidates of its item.

    Each answered item of a paper is one choice among its candidates; the share of the labelled ones
    under softmax is made as large as possible (ListNet, doi:10.1145/1273496.1273513).
    """
    names = sorted(
        {
            name
            for rows in described
            for one in rows.values()
            for row in one.values()
            for name in row
        }
    )
    position = {name: n for n, name in enumerate(names)}
    rows_of_all, targets, sizes = [], [], []
    for paper, rows_by_key in zip(papers, described, strict=True):
        for key, rows in rows_by_key.items():
            wanted = paper.answers[key] & rows.keys()
            if not wanted:
                continue
            sizes.append(len(rows))
            for n, row in rows.items():
                vector = np.zeros(len(names))
                for name, value in row.items():
                    vector[position[name]] = value
                rows_of_all.append(vector)
                targets.append(float(n in wanted))
    weights = fit_choices(np.array(rows_of_all), np.array(targets), np.array(sizes))
    return {name: round(float(w), 5) for name, w in zip(names, weights, strict=True)}


def fit_choices(matrix: np.ndarray, targets: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The weights under which the wanted rows of each group have the largest share.

    Args:
        matrix: rows of all groups, one after another, by features.
        targets: 1 for a wanted row, else 0; each group has one at least.
        sizes: rows of each group.
    """
    from scipy.optimize import minimize

    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))

    def measure_loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = matrix @ weights
        powers = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        all_sums = np.add.reduceat(powers, starts)
        wanted_sums = np.add.reduceat(powers * targets, starts) + 1e-12
        loss = np.log(all_sums).sum() - np.log(wanted_sums).sum()
        shares = powers / np.repeat(all_sums, sizes)
        shares -= powers * targets / np.repeat(wanted_sums, sizes)
        slope = shares @ matrix + STRENGTH * weights
        return float(loss + STRENGTH * (weights @ weights) / 2), slope

    start = np.zeros(matrix.shape[1])
    return minimize(measure_loss, start, jac=True, method="L-BFGS-B").x


def train(papers: Sequence[Paper], items) -> tuple[dict, dict, dict, list[dict]]:
    """idf, weights of the items, mixing weights; and the second step's features of each paper, from
    weights of the items that were made without it."""
    keys = sorted(items)
    described = []
    for paper in papers:
        others = [other for other in papers if other is not paper]
        idf = count_idf(others)
        described.append(describe(paper, items, idf, fit_items(others, idf, keys)))
    mixing = fit_mixing(papers, described)
    idf = count_idf(papers)
    return idf, fit_items(papers, idf, keys), mixing, described


def score_rows(
    rows: dict[int, dict[str, float]], mixing: dict[str, float]
) -> list[tuple[float, int]]:
    scores = {
        n: sum(value * mixing.get(name, 0.0) for name, value in row.items())
        for n, row in rows.items()
    }
    return sorted(((-score, n) for n, score in scores.items()))


def check(papers: Sequence[Paper], described: Sequence[dict]) -> None:
    """Prints the ranks of the labelled sentences of each paper, mixing weights made without it."""
    total = Counter()
    for paper, rows_by_key in zip(papers, described, strict=True):
        others = [n for n, other in enumerate(papers) if other is not paper]
        mixing = fit_mixing([papers[n] for n in others], [described[n] for n in others])
        for key, rows in rows_by_key.items():
            best = [n for _, n in score_rows(rows, mixing)[:5]]
            today = [one.sentence for one in paper.suggestions[key][:5]]
            total["items"] += 1
            for rank in (1, 3, 5):
                total[f"learned top-{rank}"] += bool(paper.answers[key] & set(best[:rank]))
                total[f"phrases top-{rank}"] += bool(paper.answers[key] & set(today[:rank]))
    for name, count in total.items():
        print(f"{name}: {count}" + (f" ({count / total['items']:.3f})" if name != "items" else ""))


def choose_floor(papers: Sequence[Paper], described: Sequence[dict], mixing) -> float:
    """The score that 98 of 100 labelled sentences among the first five reach."""
    hits = [
        -score
        for paper, rows_by_key in zip(papers, described, strict=True)
        for key, rows in rows_by_key.items()
        for score, n in score_rows(rows, mixing)[:5]
        if n in paper.answers[key]
    ]
    return round(float(np.quantile(hits, 0.02)), 3)


def format_ranker(idf, item_weights, mixing, floor: float) -> str:
    terms = sorted(idf)
    extra = sorted({name for one in item_weights.values() for name in one} - set(terms))
    position = {name: n for n, name in enumerate([*terms, *extra])}
    data = {
        "schema": ranking.SCHEMA,
        "version": VERSION,
        "made_by": "benchmarks/train_evidence_ranker.py",
        "floor": floor,
        "mixing": mixing,
        "terms": terms,
        "idf": [idf[term] for term in terms],
        "extra": extra,
        "items": {
            key: [[position[name], round(weight, 4)] for name, weight in sorted(one.items())]
            for key, one in sorted(item_weights.items())
        },
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="?", type=Path, default=CORPORA / "papers")
    parser.add_argument("--more", type=Path, help="folder of the papers outside the corpora")
    parser.add_argument("--check", action="store_true", help="leave each paper out; write nothing")
    options = parser.parse_args()
    items = {
        item.key: item for name in CHECKLISTS for item in list_ranked_items(get_checklist(name))
    }
    papers = load_papers(options.papers, options.more, items)
    idf, item_weights, mixing, described = train(papers, items)
    if options.check:
        check(papers, described)
        return 0
    floor = choose_floor(papers, described, mixing)
    TARGET.write_text(format_ranker(idf, item_weights, mixing, floor), encoding="utf-8")
    print(f"{TARGET.name}: {len(papers)} papers, {len(item_weights)} items, {len(idf)} terms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
