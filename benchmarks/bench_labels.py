"""Flags, data sets, number checks and suggested evidence, on whole papers labelled by us.

    bench_labels.py [PAPERS] [--half shut] [--detail] [--all]

The papers are read from PAPERS, else from the folder "papers" in CORPORA. Without --half, the half
to learn from is scored. The shut half is for one look at the end: it prints totals only.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paper_labels import (
    HALVES,
    PaperLabels,
    get_rule_label,
    load_labels,
    locate_sentences,
    read_papers,
)

from review import resources
from review.bias import datasets, number_checks, pitfalls, rules
from review.bias.datasets import Registry
from review.bias.rules import RuleSet
from review.checklists import Checklist, list_items, load_checklist
from review.fulltext import FullText
from review.models import Sentence
from review.workflow.fulltexts.reading import suggest_from_text

ROOT = Path(__file__).parents[1]
CORPORA = Path(os.environ.get("CORPORA", ROOT.parent / "shared"))
KINDS = {
    "present": "flags found in the text",
    "number": "flags found in the text",
    "absent": "not found in the text",
    "registry": "flags from the registry",
}
RANKS = (1, 3, 5)


@dataclass(slots=True)
class Score:
    """Counts of one run over a half, with the cases behind them."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind, right, wrong or missed) -> number."""
    ranks: Counter[tuple[str, int]] = field(default_factory=Counter)
    """(checklist, rank) -> items of which a labelled sentence is among the first so many."""
    items: Counter[str] = field(default_factory=Counter)
    """Checklist -> items that the papers answer."""
    lost: int = 0
    """Labelled sentences that are no longer found in the text."""
    cases: list[str] = field(default_factory=list)

    def add(self, kind: str, verdict: str, case: str) -> None:
        self.counts[kind, verdict] += 1
        if verdict != "right":
            self.cases.append(f"{verdict:<7}{case}")


def score_flags(
    score: Score, paper: PaperLabels, text: FullText, rule_set: RuleSet, registry: Registry
) -> None:
    """Counts rules, once each: right if a flag was raised and labelled present."""
    raised: dict[str, list[str]] = {}
    for flag in rules.find_flags(text.sentences, rule_set, registry):
        raised.setdefault(flag.rule, []).append(f"{flag.sentence}: {flag.text[:70]}")
    for rule in rule_set.rules:
        label = get_rule_label(paper, rule.id, rule.mode)
        kind, case = KINDS[rule.mode], f"{paper.file}: {rule.id}"
        if label == "unclear":
            continue
        if rule.id in raised:
            verdict = "right" if label == "present" else "wrong"
            score.add(kind, verdict, f"{case} ({label}) {raised[rule.id][0]}")
        elif label == "present":
            at = paper.rules[rule.id].at
            score.add(kind, "missed", f"{case} at {' '.join(map(str, at))}")


def score_datasets(
    score: Score, paper: PaperLabels, sentences: Sequence[Sentence], registry: Registry
) -> None:
    """Counts data sets said to be used; one that is cited only counts neither way."""
    found = set(datasets.select_used(datasets.find_mentions(sentences, registry)))
    labels = {
        match_dataset(label.name, registry) or label.name: label.label for label in paper.datasets
    }
    for name in sorted(found):
        label = labels.get(name, "not in the paper")
        verdict = "right" if label == "used" else "wrong"
        if label != "asked":
            score.add("data sets used", verdict, f"{paper.file}: {name} ({label})")
    for name, label in labels.items():
        if label == "used" and name not in found:
            score.add("data sets used", "missed", f"{paper.file}: {name}")


def match_dataset(name: str, registry: Registry) -> str | None:
    """The registry's id of a data set, by id or any of its names."""
    wanted = datasets.squeeze_name(name)
    for entry in registry.values():
        names = (entry.id, entry.name, *entry.names)
        if name == entry.id or wanted in {datasets.squeeze_name(one) for one in names}:
            return entry.id
    return None


def score_contradictions(
    score: Score, paper: PaperLabels, sentences: Sequence[Sentence], places: dict[int, int]
) -> None:
    """Counts contradictions: right if a sentence that is part of it was reported."""
    reported = {
        check.sentence for check in number_checks.check_sentences(sentences) if check.problems
    }
    explained: set[int] = set()
    for one in paper.contradictions:
        own = {places[n] for n in (*one.at, *one.against) if n in places}
        explained |= own
        verdict = "right" if own & reported else "missed"
        score.add("contradictions", verdict, f"{paper.file}: {one.what}")
    for n in sorted(reported - explained):
        score.add("contradictions", "wrong", f"{paper.file}: {n}: {sentences[n].text[:90]}")


def score_evidence(
    score: Score, paper: PaperLabels, text: FullText, checklist: Checklist, places: dict[int, int]
) -> None:
    """Counts items that a paper answers, by the rank of the first labelled sentence."""
    answers = paper.evidence.get(checklist.id, {})
    suggestions_by_item = suggest_from_text(text, checklist, most=max(RANKS))
    for item in list_items(checklist):
        wanted = {places[n] for n in answers.get(str(item.number), ()) if n in places}
        if not wanted:
            continue
        score.items[checklist.id] += 1
        offered = [suggestion.sentence for suggestion in suggestions_by_item[item.id]]
        for rank in RANKS:
            score.ranks[checklist.id, rank] += bool(wanted & set(offered[:rank]))
        if not wanted & set(offered[:1]):
            score.cases.append(
                f"evidence {paper.file}: {checklist.id} {item.number} wanted {sorted(wanted)} "
                f"offered {offered[:3]}"
            )


def format_share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "   -"


def print_score(score: Score) -> None:
    print(f"{'kind':<28}{'right':>6}{'wrong':>6}{'missed':>7}  precision  recall")
    for kind in (*dict.fromkeys(KINDS.values()), "data sets used", "contradictions"):
        right, wrong, missed = (
            score.counts[kind, verdict] for verdict in ("right", "wrong", "missed")
        )
        print(
            f"{kind:<28}{right:>6}{wrong:>6}{missed:>7}  "
            f"{format_share(right, right + wrong):>9}  {format_share(right, right + missed):>6}"
        )
    for checklist, count in score.items.items():
        shares = [f"top-{r} {format_share(score.ranks[checklist, r], count)}" for r in RANKS]
        print(f"evidence for {checklist:<15} {count:>4} items  {'  '.join(shares)}")
    if score.lost:
        print(f"{score.lost} labelled sentences are no longer found in the text")


def score_half(half: str, folder: Path, include_disabled: bool = False) -> tuple[Score, int]:
    """The scores of one half, and the number of its papers."""
    data = resources.get_shipped_path("data")
    registry = datasets.load_registry(data / "datasets.yaml")
    catalog = pitfalls.load_pitfalls(data / "cues.yaml")
    rule_set = rules.compile_rules(catalog, include_disabled=include_disabled)
    papers = load_labels(half)
    names = {name for paper in papers for name in paper.evidence}
    checklists = [
        load_checklist(resources.get_shipped_path("checklists") / f"{name}.yaml")
        for name in sorted(names)
    ]
    score = Score()
    for paper, text in zip(papers, read_papers(papers, folder), strict=True):
        places = locate_sentences(paper, text.sentences)
        score.lost += len(paper.openings) - len(places)
        score_flags(score, paper, text, rule_set, registry)
        score_datasets(score, paper, text.sentences, registry)
        score_contradictions(score, paper, text.sentences, places)
        for checklist in checklists:
            score_evidence(score, paper, text, checklist, places)
    return score, len(papers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="?", type=Path, default=CORPORA / "papers")
    parser.add_argument("--half", choices=HALVES, default="learn")
    parser.add_argument("--detail", action="store_true", help="list what is wrong or missed")
    parser.add_argument("--all", action="store_true", help="include rules that are off")
    options = parser.parse_args()
    if options.detail and options.half == "shut":
        parser.error("--detail would open the shut half; its cases are not to be looked at.")
    if not options.papers.is_dir():
        parser.error(f"{options.papers}: no such folder. Give the folder of the labelled papers.")
    score, count = score_half(options.half, options.papers, options.all)
    print(f"{count} papers, half: {options.half}")
    print_score(score)
    if options.detail:
        print("\n".join(score.cases))
    return 0


if __name__ == "__main__":
    sys.exit(main())
