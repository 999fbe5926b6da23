"""Writes data/evidence-ranker.json from the labelled papers to learn from.

    train_evidence_ranker.py [PAPERS] [--more MORE] [--check]

--check prints how the ranking does on each paper when it is trained without that paper, and writes
nothing; only the frequencies of words and the second step's features come from all papers. The
papers that only measure are never read here. The same papers give the same file.
"""

import argparse
import itertools
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from paper_labels import locate_sentences, read_labelled
from scipy import linalg, optimize, sparse

from review import resources
from review.bias.rules import ranker as ranking
from review.bias.rules import suggest_evidence
from review.bias.rules.word_vectors import FILE_NAME, WordVectors, load_word_vectors
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
VERSION = "4"
MIN_SENTENCES = 3
"""Sentences with a term before it is known."""
MAX_TERMS = 3500
MAX_WEIGHTS = 900
"""Features kept for each item, the heaviest."""
RELATED_PRIOR = 5
"""Added to the labelled sentences of an item when shares are counted."""
MIN_RELATED = 0.05
MIN_HEADING_PAPERS = 2
"""Papers with a word in a heading before it is known."""
CONCEPTS = Path(__file__).parent / "evidence_concepts.yaml"
STRENGTH = 1.0
"""Regularisation of the second step."""
KEPT = 0.98
"""Share of the labelled sentences that floors may not hide."""
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


def make_unfitted(papers: Sequence[Paper], items: dict[str, ranking.RankedItem]):
    """A ranker that knows words, cue phrases and concepts, and has no weights."""
    vectors = load_word_vectors(TARGET.with_name(FILE_NAME))
    return ranking.EvidenceRanker(
        version=VERSION,
        idf=count_idf(papers),
        item_weights={},
        mixing={},
        floor=0.0,
        cues=tuple(sorted({cue for item in items.values() for cue in item.cues})),
        concepts=tuple(yaml.safe_load(CONCEPTS.read_text(encoding="utf-8")).items()),
        item_texts={
            key: ranking.describe_item(item)
            for key, item in sorted(items.items())
            if any(key in paper.answers for paper in papers)
        },
        heading_words=count_heading_words(papers),
        vectors=vectors,
        mean_vector=average_vectors(papers, vectors),
    )


def count_heading_words(papers: Sequence[Paper]) -> frozenset[str]:
    """The words of headings of several papers."""
    counts: Counter[str] = Counter()
    for paper in papers:
        counts.update(
            set().union(
                *(
                    ranking.list_heading_words(sentence.heading)
                    for sentence in filter(ranking.is_candidate, paper.text.sentences)
                )
            )
        )
    return frozenset(word for word, count in counts.items() if count >= MIN_HEADING_PAPERS)


def average_vectors(papers: Sequence[Paper], vectors: WordVectors) -> tuple[float, ...]:
    encoded = [
        vectors.encode_text(sentence.text)
        for paper in papers
        for sentence in filter(ranking.is_candidate, paper.text.sentences)
    ]
    return tuple(round(float(value), 4) for value in np.mean(encoded, axis=0))


@dataclass(frozen=True, slots=True)
class Design:
    """Features and labels of the first step; the rows of a paper are next to each other."""

    names: list[str]
    matrix: sparse.csr_matrix
    targets: np.ndarray
    """1 where a sentence answers an item: candidates by items."""
    slices: list[slice]
    """Rows of each paper."""


def build_design(
    papers: Sequence[Paper], unfitted: ranking.EvidenceRanker, keys: Sequence[str]
) -> Design:
    names: dict[str, int] = {}
    rows, columns, values, labels, slices = [], [], [], [], []
    for paper in papers:
        start = len(labels)
        for n, sentence in enumerate(paper.text.sentences):
            if not ranking.is_candidate(sentence):
                continue
            features = ranking.build_features(paper.text.sentences, n, unfitted)
            for name in sorted(features):
                rows.append(len(labels))
                columns.append(names.setdefault(name, len(names)))
                values.append(features[name])
            labels.append([float(n in paper.answers.get(key, ())) for key in keys])
        slices.append(slice(start, len(labels)))
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(labels), len(names)))
    return Design(list(names), matrix, np.array(labels), slices)


def fit_first_step(design: Design) -> tuple[np.ndarray, list[np.ndarray]]:
    """Ridge regression for each item over the sentences of all papers.

    Returns:
        Weights, features by items; and for each paper the scores of its candidates under the
        weights that are fitted without it, in closed form: with H the paper's block of the hat
        matrix and e its residuals, the residuals without it are (I - H)^-1 e.
    """
    matrix, targets = design.matrix, design.targets
    centred = targets - targets.mean(axis=0)
    gram = (matrix.T @ matrix).toarray()
    gram[np.diag_indices_from(gram)] += ranking.RIDGE_PENALTY
    factor = linalg.cho_factor(gram, lower=True, overwrite_a=True)
    weights = linalg.cho_solve(factor, matrix.T @ centred)
    unseen = []
    for rows in design.slices:
        own = matrix[rows].toarray()
        root = linalg.solve_triangular(factor[0], own.T, lower=True)
        residuals = centred[rows] - own @ weights
        hat = root.T @ root
        unseen.append(centred[rows] - np.linalg.solve(np.eye(len(hat)) - hat, residuals))
    return weights, unseen


def keep_heaviest(
    design: Design, weights: np.ndarray, keys: Sequence[str]
) -> dict[str, dict[str, float]]:
    """The heaviest weights of each item that any paper answers, and those of word vectors."""
    result = {}
    for column, key in enumerate(keys):
        if design.targets[:, column].any():
            pairs = zip(design.names, weights[:, column], strict=True)
            heaviest = sorted(
                pairs, key=lambda pair: (not ranking.is_meaning(pair[0]), -abs(pair[1]), pair[0])
            )[:MAX_WEIGHTS]
            result[key] = {name: float(weight) for name, weight in heaviest}
    return result


def count_related(papers: Sequence[Paper]) -> dict[str, dict[str, float]]:
    """Item -> other item -> share of the latter's labelled sentences that answer the former too."""
    both: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for paper in papers:
        by_sentence: dict[int, list[str]] = {}
        for key, sentences in paper.answers.items():
            totals[key] += len(sentences)
            for n in sentences:
                by_sentence.setdefault(n, []).append(key)
        for keys in by_sentence.values():
            both.update(itertools.permutations(keys, 2))
    related: dict[str, dict[str, float]] = {}
    for (key, other), count in sorted(both.items()):
        share = round(count / (totals[other] + RELATED_PRIOR), 4)
        if share >= MIN_RELATED:
            related.setdefault(key, {})[other] = share
    return related


def describe(
    paper: Paper,
    items: dict[str, ranking.RankedItem],
    unfitted: ranking.EvidenceRanker,
    unseen: np.ndarray,
    related: dict[str, dict[str, float]],
) -> dict[str, dict[int, dict[str, float]]]:
    """Features of the second step for each item of a paper."""
    index = ranking.PaperIndex(paper.text.sentences, unfitted)
    keys = sorted(items)
    scores = {
        key: dict(zip(index.candidates, map(float, unseen[:, column]), strict=True))
        for column, key in enumerate(keys)
    }
    return {
        key: ranking.describe_candidates(
            index, items[key], scores, paper.suggestions[key], related=related.get(key)
        )
        for key in keys
    }


@dataclass(frozen=True, slots=True)
class Choices:
    """The answered items of papers, each a choice among the candidates."""

    names: list[str]
    """Features of the second step."""
    matrix: np.ndarray
    """Candidates of all choices, one choice after another, by features."""
    targets: np.ndarray
    """1 for a labelled sentence."""
    sizes: np.ndarray
    """Candidates of each choice."""
    papers: np.ndarray
    """Number of the paper of each choice."""

    def leave_out(self, paper: int) -> "Choices":
        kept = self.papers != paper
        rows = np.repeat(kept, self.sizes)
        return replace(
            self,
            matrix=self.matrix[rows],
            targets=self.targets[rows],
            sizes=self.sizes[kept],
            papers=self.papers[kept],
        )


def collect_choices(papers: Sequence[Paper], described: Sequence[dict]) -> Choices:
    names = sorted(
        {name for one in described for rows in one.values() if rows for name in rows[min(rows)]}
    )
    names = sorted({*names, *(f"in {section}" for section in ranking.SECTIONS)})
    matrices, targets, sizes, numbers = [], [], [], []
    for number, (paper, rows_by_key) in enumerate(zip(papers, described, strict=True)):
        for key, answer in paper.answers.items():
            rows = rows_by_key[key]
            if answer & rows.keys():
                matrices.append([[row.get(name, 0.0) for name in names] for row in rows.values()])
                targets += [float(n in answer) for n in rows]
                sizes.append(len(rows))
                numbers.append(number)
    return Choices(
        names, np.concatenate(matrices), np.array(targets), np.array(sizes), np.array(numbers)
    )


def fit_mixing(choices: Choices, start: dict[str, float] | None = None) -> dict[str, float]:
    """The second step: weights that put a labelled sentence first among the candidates of its item.

    Each answered item of a paper is one choice among its candidates; the share of the labelled ones
    under softmax is made as large as possible (ListNet, doi:10.1145/1273496.1273513).

    Args:
        start: weights to begin with; they save time and do not change the result.
    """
    first = np.array([(start or {}).get(name, 0.0) for name in choices.names])
    weights = fit_choices(choices.matrix, choices.targets, choices.sizes, first)
    return {name: round(float(w), 5) for name, w in zip(choices.names, weights, strict=True)}


def fit_choices(
    matrix: np.ndarray, targets: np.ndarray, sizes: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """The weights under which the wanted rows of each group have the largest share.

    Args:
        matrix: rows of all groups, one after another, by features.
        targets: 1 for a wanted row, else 0; each group has one at least.
        sizes: rows of each group.
        start: weights to begin with.
    """
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

    return optimize.minimize(measure_loss, start, jac=True, method="L-BFGS-B").x


@dataclass(frozen=True, slots=True)
class Training:
    """A fitted ranker, and what it was fitted from."""

    ranker: ranking.EvidenceRanker
    described: list[dict[str, dict[int, dict[str, float]]]]
    """Features of the second step of each paper, from weights of the items made without it."""
    choices: Choices


def train(papers: Sequence[Paper], items: dict[str, ranking.RankedItem]) -> Training:
    """Both steps. The second is fitted to scores of papers that the first had not seen."""
    keys = sorted(items)
    unfitted = make_unfitted(papers, items)
    design = build_design(papers, unfitted, keys)
    weights, unseen = fit_first_step(design)
    described = [
        describe(
            paper,
            items,
            unfitted,
            scores,
            count_related([other for other in papers if other is not paper]),
        )
        for paper, scores in zip(papers, unseen, strict=True)
    ]
    choices = collect_choices(papers, described)
    fitted = replace(
        unfitted,
        item_weights=keep_heaviest(design, weights, keys),
        mixing=fit_mixing(choices),
        related=count_related(papers),
    )
    return Training(fitted, described, choices)


def score_rows(rows: dict[int, dict[str, float]], mixing: dict[str, float]) -> dict[int, float]:
    return {n: ranking.mix_features(row, mixing) for n, row in rows.items()}


def list_best(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda n: (-scores[n], n))[:5]


@dataclass(frozen=True, slots=True)
class PresenceCase:
    """Whether a paper answers an item, and what speaks for it."""

    paper: int
    key: str
    features: dict[str, float]
    is_answered: bool
    is_found: bool
    """Whether a labelled sentence is among the first five."""


def list_presence_cases(
    papers: Sequence[Paper], described: Sequence[dict], mixings: Sequence[dict]
) -> list[PresenceCase]:
    """Each item of each paper, scored with the mixing weights given for the paper."""
    cases = []
    for n, (paper, rows_by_key) in enumerate(zip(papers, described, strict=True)):
        for key, rows in rows_by_key.items():
            if not rows:
                continue
            scores = score_rows(rows, mixings[n])
            answer = paper.answers.get(key, set())
            cases.append(
                PresenceCase(
                    paper=n,
                    key=key,
                    features=ranking.describe_presence(rows, scores),
                    is_answered=bool(answer),
                    is_found=bool(answer & set(list_best(scores))),
                )
            )
    return cases


def fit_presence(cases: Sequence[PresenceCase]) -> tuple[dict[str, float], dict[str, float]]:
    """Weights of the logistic regression, and the log odds of each item that papers answer."""
    answered = Counter(case.key for case in cases if case.is_answered)
    totals = Counter(case.key for case in cases)
    odds = {
        key: round(math.log((count + 1) / (totals[key] - count + 1)), 4)
        for key, count in sorted(answered.items())
    }
    known = [case for case in cases if case.key in odds]
    names = [*known[0].features, "odds"]
    matrix = np.array([[*case.features.values(), odds[case.key]] for case in known])
    targets = np.array([float(case.is_answered) for case in known])

    def measure_loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = matrix @ weights
        loss = np.logaddexp(0, scores) - targets * scores
        slope = matrix.T @ (1 / (1 + np.exp(-scores)) - targets) + weights
        return float(loss.sum() + weights @ weights / 2), slope

    weights = optimize.minimize(measure_loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x
    return {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}, odds


def estimate(case: PresenceCase, presence: dict[str, float], odds: dict[str, float]) -> float:
    if case.key not in odds:
        return 0.0
    score = odds[case.key] * presence["odds"] + ranking.mix_features(case.features, presence)
    return 1 / (1 + math.exp(-score))


def leave_out_presence(cases: Sequence[PresenceCase]) -> list[float]:
    """The probability of each case by the other papers."""
    fits = {
        n: fit_presence([case for case in cases if case.paper != n])
        for n in sorted({case.paper for case in cases})
    }
    return [estimate(case, *fits[case.paper]) for case in cases]


def choose_least_presence(cases: Sequence[PresenceCase], probabilities: Sequence[float]) -> float:
    """The probability that 98 of 100 items reach whose answer is among the first five."""
    found = [p for case, p in zip(cases, probabilities, strict=True) if case.is_found]
    return round(float(np.quantile(found, 1 - KEPT)), 3)


def leave_out_mixing(training: Training, count: int) -> list[dict[str, float]]:
    """The mixing weights for each of `count` papers, made from the others."""
    start = training.ranker.mixing
    return [fit_mixing(training.choices.leave_out(n), start) for n in range(count)]


def check(papers: Sequence[Paper], training: Training) -> None:
    """Prints the ranks of the labelled sentences of each paper, all weights made without it, and
    how well the absence of an answer is told."""
    described, mixings = training.described, leave_out_mixing(training, len(papers))
    totals: dict[str, Counter[str]] = {name: Counter() for name in ("all", *CHECKLISTS)}
    for paper, rows_by_key, mixing in zip(papers, described, mixings, strict=True):
        for key in paper.answers:
            best = list_best(score_rows(rows_by_key[key], mixing))
            today = [one.sentence for one in paper.suggestions[key][:5]]
            for total in (totals["all"], totals[key.split()[0]]):
                total["items"] += 1
                for rank in (1, 3, 5):
                    total[f"learned top-{rank}"] += bool(paper.answers[key] & set(best[:rank]))
                    total[f"phrases top-{rank}"] += bool(paper.answers[key] & set(today[:rank]))
    for checklist, total in totals.items():
        print(f"{checklist}: {total['items']} items")
        for name in sorted(set(total) - {"items"}):
            print(f"  {name}: {total[name]} ({total[name] / total['items']:.3f})")
    print_presence(list_presence_cases(papers, described, mixings))


def print_presence(cases: Sequence[PresenceCase]) -> None:
    probabilities = leave_out_presence(cases)
    least = choose_least_presence(cases, probabilities)
    pairs = list(zip(cases, probabilities, strict=True))
    answered = [p for case, p in pairs if case.is_answered]
    missing = [p for case, p in pairs if not case.is_answered]
    found = [p for case, p in pairs if case.is_found]
    above = np.mean([np.mean(np.array(answered) > p) for p in missing])
    print(f"answered or not: area under the curve {above:.3f}; least probability {least}")
    print(f"  nothing suggested: {sum(p < least for p in missing)} of {len(missing)} not answered")
    print(f"  nothing suggested: {sum(p < least for p in answered)} of {len(answered)} answered,")
    print(
        f"    {sum(p < least for p in found)} of {len(found)} with the sentence in the first five"
    )
    for low in (0.0, 0.1, 0.25, 0.5, 0.75, 0.9):
        high = {0.0: 0.1, 0.1: 0.25, 0.25: 0.5, 0.5: 0.75, 0.75: 0.9, 0.9: 1.01}[low]
        group = [case.is_answered for case, p in pairs if low <= p < high]
        print(f"  estimated {low:.2f} to {min(high, 1):.2f}: {sum(group)} of {len(group)} answered")


def choose_floor(papers: Sequence[Paper], described: Sequence[dict], mixing) -> float:
    """The score that 98 of 100 labelled sentences among the first five reach."""
    hits = []
    for paper, rows_by_key in zip(papers, described, strict=True):
        for key, answer in paper.answers.items():
            scores = score_rows(rows_by_key[key], mixing)
            hits += [scores[n] for n in list_best(scores) if n in answer]
    return round(float(np.quantile(hits, 1 - KEPT)), 3)


def format_ranker(ranker: ranking.EvidenceRanker) -> str:
    terms = sorted(ranker.idf)
    used = {name for one in ranker.item_weights.values() for name in one}
    extra = sorted(used - set(terms))
    position = {name: n for n, name in enumerate([*terms, *extra])}
    data = {
        "schema": ranking.SCHEMA,
        "version": VERSION,
        "made_by": "benchmarks/train_evidence_ranker.py",
        "floor": ranker.floor,
        "mixing": ranker.mixing,
        "presence": ranker.presence,
        "presence_odds": ranker.presence_odds,
        "least_presence": ranker.least_presence,
        "terms": terms,
        "idf": [ranker.idf[term] for term in terms],
        "extra": extra,
        "concepts": dict(ranker.concepts),
        "item_texts": ranker.item_texts,
        "heading_words": sorted(ranker.heading_words),
        "mean_vector": ranker.mean_vector,
        "related": ranker.related,
        "items": {
            key: [[position[name], round(weight, 4)] for name, weight in sorted(one.items())]
            for key, one in sorted(ranker.item_weights.items())
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
    training = train(papers, items)
    described, ranker = training.described, training.ranker
    if options.check:
        check(papers, training)
        return 0
    cases = list_presence_cases(papers, described, leave_out_mixing(training, len(papers)))
    presence, odds = fit_presence(cases)
    ranker = replace(
        ranker,
        floor=choose_floor(papers, described, ranker.mixing),
        presence=presence,
        presence_odds=odds,
        least_presence=choose_least_presence(cases, leave_out_presence(cases)),
    )
    TARGET.write_text(format_ranker(ranker), encoding="utf-8")
    print(
        f"{TARGET.name}: {len(papers)} papers, {len(ranker.item_weights)} items, "
        f"{len(ranker.idf)} terms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
