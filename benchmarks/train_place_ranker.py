"""Writes data/place-ranker.json from labelled sentences and the papers of the half to learn from.

    train_place_ranker.py [PAPERS] [--check]

--check prints how many labelled pitfalls of each paper are found when the weights are made without
it, and writes nothing. The shut half is never read here. The same input gives the same file.
"""

import argparse
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from bench_labels import Score, score_tiers
from paper_labels import PaperLabels, locate_sentences, read_labelled

from review import resources
from review.bias import datasets, pitfalls, places, rules
from review.bias.places import PlaceRanker
from review.bias.rules.flags import name_passages
from review.bias.rules.ranker import count_terms
from review.fulltext import FullText
from review.models import Sentence

ROOT = Path(__file__).parents[1]
CORPORA = Path(os.environ.get("CORPORA", ROOT.parent / "shared"))
TARGET = ROOT / "data" / "place-ranker.json"
VERSION = "1"
MIN_SENTENCES = 2
"""Sentences with a term before it is known."""
PENALTY = 2.0
MAX_WEIGHTS = 400
"""Features kept for each pitfall, the heaviest."""

Example = tuple[Sentence, Set[str]]
"""A sentence and the pitfalls it shows."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A labelled paper with its text."""

    labels: PaperLabels
    text: FullText
    places: dict[int, int]


def list_sentence_examples(catalog: pitfalls.PitfallCatalog) -> list[Example]:
    """Labelled sentences by other authors, and the examples of the rules."""
    examples: list[Example] = []
    for path in sorted((ROOT / "data" / "labels").glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for document in data.get("documents", ()):
            for line in document["sentences"]:
                examples.append((Sentence(line["text"], 1, line["section"]), {*line["pitfalls"]}))
    for rule in catalog.rules:
        if rule.mode in ("present", "number"):
            examples += [(Sentence(text, 1, "methods"), {rule.pitfall}) for text in rule.fires]
            examples += [(Sentence(text, 1, "methods"), set()) for text in rule.silent]
    return examples


def list_paper_examples(paper: Paper, pitfall_of: Mapping[str, str]) -> Iterator[Example]:
    """The sentences of a paper that may be a place, with what they were labelled for."""
    shown: dict[int, set[str]] = {}
    for rule, label in paper.labels.rules.items():
        if label.label == "present" and rule in pitfall_of:
            for index in label.at:
                if index in paper.places:
                    shown.setdefault(paper.places[index], set()).add(pitfall_of[rule])
    for index, sentence in enumerate(name_passages(paper.text.sentences)):
        if places.is_candidate(sentence):
            yield sentence, shown.get(index, set())


def fit(examples: Sequence[Example], keys: Sequence[str]) -> PlaceRanker:
    """Ridge regression for each pitfall over all examples."""
    from scipy import sparse

    counts: Counter[str] = Counter()
    for sentence, _ in examples:
        counts.update(count_terms(sentence.text).keys())
    idf = {
        term: round(math.log((1 + len(examples)) / (1 + count)) + 1, 4)
        for term, count in sorted(counts.items())
        if count >= MIN_SENTENCES
    }
    names: dict[str, int] = {}
    rows, columns, values = [], [], []
    for row, (sentence, _) in enumerate(examples):
        for name, value in places.build_place_features(sentence, idf).items():
            rows.append(row)
            columns.append(names.setdefault(name, len(names)))
            values.append(value)
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(examples), len(names)))
    targets = np.array([[float(key in shown) for key in keys] for _, shown in examples])
    gram = (matrix @ matrix.T).toarray()
    gram[np.diag_indices_from(gram)] += PENALTY
    solved = matrix.T @ np.linalg.solve(gram, targets - targets.mean(axis=0))
    weights: dict[str, list[tuple[str, float]]] = {}
    ordered = sorted(names, key=names.__getitem__)
    for column, key in enumerate(keys):
        pairs = zip(ordered, solved[:, column], strict=True)
        for name, weight in sorted(pairs, key=lambda pair: (-abs(pair[1]), pair[0]))[:MAX_WEIGHTS]:
            weights.setdefault(name, []).append((key, round(float(weight), 4)))
    known = {term: idf[term] for term in idf}
    return PlaceRanker(version=VERSION, idf=known, weights=dict(sorted(weights.items())))


def format_ranker(ranker: PlaceRanker, keys: Sequence[str]) -> str:
    position = {key: n for n, key in enumerate(keys)}
    data = {
        "schema": places.SCHEMA,
        "version": ranker.version,
        "made_by": "benchmarks/train_place_ranker.py",
        "pitfalls": list(keys),
        "idf": dict(ranker.idf),
        "weights": {
            feature: [[position[key], weight] for key, weight in pairs]
            for feature, pairs in ranker.weights.items()
        },
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="?", type=Path, default=CORPORA / "papers")
    parser.add_argument("--more", type=Path, help="folder of the papers outside the corpora")
    parser.add_argument("--check", action="store_true", help="leave each paper out; write nothing")
    options = parser.parse_args()
    data = resources.get_shipped_path("data")
    catalog = pitfalls.load_pitfalls(data / "cues.yaml")
    pitfall_of = {r.id: r.pitfall for r in catalog.rules if r.mode in ("present", "number")}
    keys = sorted(set(pitfall_of.values()))
    papers = [
        Paper(labels, text, locate_sentences(labels, text.sentences))
        for labels, text in read_labelled(options.papers, options.more)
    ]
    common = list_sentence_examples(catalog)
    own = [list(list_paper_examples(paper, pitfall_of)) for paper in papers]
    if options.check:
        registry = datasets.load_registry(data / "datasets.yaml")
        rule_set = rules.compile_rules(catalog, include_disabled=True)
        score = Score()
        for n, paper in enumerate(papers):
            others = [example for m, part in enumerate(own) if m != n for example in part]
            ranker = fit([*common, *others], keys)
            score_tiers(score, paper.labels, paper.text, paper.places, (rule_set, registry, ranker))
        for (kind, verdict), count in sorted(score.counts.items()):
            print(f"{kind}, {verdict}: {count}")
        print("\n".join(score.cases))
        return 0
    ranker = fit([*common, *(example for part in own for example in part)], keys)
    TARGET.write_text(format_ranker(ranker, keys), encoding="utf-8")
    print(f"{TARGET.name}: {len(papers)} papers, {len(keys)} pitfalls, {len(ranker.idf)} terms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
