"""Flags, data sets, number checks and suggested evidence, on whole papers labelled by us.

    bench_labels.py [PAPERS] [--more MORE] [--half shut|both] [--detail] [--all] [--rules] [--write]

The papers are read from PAPERS, else from the folder "papers" in CORPORA. MORE is a folder with the
papers of labels/elsewhere, which the corpora do not have. Without --half, the half
to learn from is scored. The shut half is for one look at the end: it prints totals only. --rules
prints the figures of each rule; --write puts them into data/cues.yaml, where they decide its tier.
"""

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paper_labels import (
    HALVES,
    PaperLabels,
    get_rule_label,
    load_labels,
    locate_sentences,
    read_labelled,
    read_shut,
)

from review import resources
from review.bias import datasets, number_checks, pitfalls, rules
from review.bias.datasets import Registry
from review.bias.pitfalls import PaperFigures
from review.bias.places import PlaceRanker, add_places, load_place_ranker
from review.bias.rules import RuleSet
from review.checklists import Checklist, list_items, load_checklist
from review.fulltext import FullText, list_tables
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
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(rule, right, wrong, missed or quiet) -> papers."""
    places: int = 0
    """Places to look at, in all papers."""
    lost: int = 0
    """Labelled sentences that are no longer found in the text."""
    cases: list[str] = field(default_factory=list)

    def add(self, kind: str, verdict: str, case: str) -> None:
        self.counts[kind, verdict] += 1
        if verdict != "right" and case:
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


def score_tiers(
    score: Score,
    paper: PaperLabels,
    text: FullText,
    places: dict[int, int],
    engine: tuple[RuleSet, Registry, PlaceRanker],
) -> None:
    """Counts each rule, for its published figures and as part of a tier.

    A pitfall that is present is found by a flag of its rule, else by a place to look at: a match of
    its rule, or one of the labelled sentences.
    """
    rule_set, registry, ranker = engine
    matches = rules.find_flags(text.sentences, rule_set, registry)
    facts = rules.find_facts(text.sentences, registry)
    found = add_places(text.sentences, matches, rule_set, ranker, facts=facts)
    shown = [flag for flag in found if flag.tier == "look"]
    matched = {flag.rule for flag in matches}
    for rule in rule_set.rules:
        label = get_rule_label(paper, rule.id, rule.mode)
        if label == "unclear":
            continue
        is_present, kind = label == "present", KINDS[rule.mode]
        if rule.id in matched:
            score.rules[rule.id, "right" if is_present else "wrong"] += 1
        else:
            score.rules[rule.id, "missed" if is_present else "quiet"] += 1
        is_flag = rule.enabled and rule.id in matched
        if is_flag:
            score.add("tier Flag", "right" if is_present else "wrong", f"{paper.file}: {rule.id}")
            score.add(f"tier Flag: {kind}", "right" if is_present else "wrong", "")
        if not is_present:
            continue
        at = {places[n] for n in paper.rules[rule.id].at if n in places}
        is_shown = any(flag.rule == rule.id or flag.sentence in at for flag in shown)
        verdict = "right" if is_flag or is_shown else "missed"
        score.add(f"Flag or Look here: {kind}", verdict, f"{paper.file}: {rule.id} (tiers)")
        if not is_flag:
            score.add("tier Flag", "missed", "")
            score.add(f"tier Flag: {kind}", "missed", "")
    score.places += len(shown)


def score_datasets(
    score: Score, paper: PaperLabels, sentences: Sequence[Sentence], registry: Registry
) -> None:
    """Counts data sets said to be used; one that is cited only counts neither way."""
    mentions = datasets.find_mentions(sentences, registry)
    labels = {
        match_dataset(label.name, registry) or label.name: label.label for label in paper.datasets
    }
    unlisted = {
        next((name for name in labels if is_same_name(one.name, name)), one.name)
        for one in datasets.find_unlisted(sentences, mentions, registry)
    }
    found = set(datasets.select_used(mentions)) | unlisted
    for name in sorted(found):
        label = labels.get(name, "not in the paper")
        verdict = "right" if label == "used" else "wrong"
        if label != "asked":
            score.add("data sets used", verdict, f"{paper.file}: {name} ({label})")
    for name, label in labels.items():
        if label == "used" and name not in found:
            score.add("data sets used", "missed", f"{paper.file}: {name}")


_MIN_PART = 6


def is_same_name(found: str, label: str) -> bool:
    """Whether a name or address found in a paper is that of a labelled set."""
    name, wanted = datasets.squeeze_name(found), datasets.squeeze_name(label)
    parts = [datasets.squeeze_name(part) for part in found.split("/")[1:]]
    return (
        name in wanted
        or wanted in name
        or any(len(part) >= _MIN_PART and part in wanted for part in parts)
    )


def match_dataset(name: str, registry: Registry) -> str | None:
    """The registry's id of a data set, by id, any of its names, or a name as papers write it."""
    wanted = datasets.squeeze_name(name)
    for entry in registry.values():
        names = (entry.id, entry.name, *entry.names)
        if name == entry.id or wanted in {datasets.squeeze_name(one) for one in names}:
            return entry.id
    sentence = Sentence(f"We used the {name} dataset.", 0, "methods")
    found = {one.ids for one in datasets.find_mentions([sentence], registry)}
    return next(iter(found))[0] if len(found) == 1 else None


def score_contradictions(
    score: Score, paper: PaperLabels, text: FullText, places: dict[int, int]
) -> None:
    """Counts contradictions: right if a sentence that is part of it was reported."""
    sentences = text.sentences
    checks = number_checks.check_sentences(sentences, list_tables(text))
    reported = {check.sentence for check in checks if check.problems}
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
    print(f"{'kind':<44}{'right':>6}{'wrong':>6}{'missed':>7}  precision  recall")
    others = sorted({kind for kind, _ in score.counts if "Flag" in kind})
    for kind in (*dict.fromkeys(KINDS.values()), *others, "data sets used", "contradictions"):
        right, wrong, missed = (
            score.counts[kind, verdict] for verdict in ("right", "wrong", "missed")
        )
        print(
            f"{kind:<44}{right:>6}{wrong:>6}{missed:>7}  "
            f"{format_share(right, right + wrong):>9}  {format_share(right, right + missed):>6}"
        )
    for checklist, count in score.items.items():
        shares = [f"top-{r} {format_share(score.ranks[checklist, r], count)}" for r in RANKS]
        print(f"evidence for {checklist:<15} {count:>4} items  {'  '.join(shares)}")
    if score.lost:
        print(f"{score.lost} labelled sentences are no longer found in the text")


def read_half(
    half: str, folder: Path, more: Path | None = None
) -> Iterator[tuple[PaperLabels, FullText]]:
    """The papers of a half, or of both, with their texts."""
    if half != "shut":
        yield from read_labelled(folder, more)
    if half != "learn" and more is not None:
        yield from read_shut(more)


def score_half(
    half: str, folder: Path, include_disabled: bool = False, more: Path | None = None
) -> tuple[Score, int]:
    """The scores of one half, or of both, and the number of papers."""
    data = resources.get_shipped_path("data")
    registry = datasets.load_registry(data / "datasets.yaml")
    catalog = pitfalls.load_pitfalls(data / "cues.yaml")
    rule_set = rules.compile_rules(catalog, include_disabled=include_disabled)
    all_rules = rules.compile_rules(catalog, include_disabled=True)
    engine = (all_rules, registry, load_place_ranker(data / "place-ranker.json"))
    names = {name for paper in load_labels() for name in paper.evidence}
    checklists = [
        load_checklist(resources.get_shipped_path("checklists") / f"{name}.yaml")
        for name in sorted(names)
    ]
    score, count = Score(), 0
    for paper, text in read_half(half, folder, more):
        count += 1
        places = locate_sentences(paper, text.sentences)
        score.lost += len(paper.openings) - len(places)
        score_flags(score, paper, text, rule_set, registry)
        score_tiers(score, paper, text, places, engine)
        score_datasets(score, paper, text.sentences, registry)
        score_contradictions(score, paper, text, places)
        for checklist in checklists:
            score_evidence(score, paper, text, checklist, places)
    return score, count


def count_figures(score: Score, rule: str) -> PaperFigures:
    """The figures of a rule, as they are published."""
    right, wrong, missed, quiet = (
        score.rules[rule, name] for name in ("right", "wrong", "missed", "quiet")
    )
    interval = number_checks.wilson(right, right + wrong)
    limits = None if interval is None else [round(interval.low, 4), round(interval.high, 4)]
    return PaperFigures(right=right, wrong=wrong, missed=missed, quiet=quiet, interval=limits)


def format_figures(figures: PaperFigures, read: str = "") -> str:
    """The figures as they are written; those of other texts are counted by hand and kept."""
    interval = "" if figures.interval is None else f", interval: {figures.interval}"
    return (
        f"{{right: {figures.right}, wrong: {figures.wrong}, missed: {figures.missed}, "
        f"quiet: {figures.quiet}{interval}{read}}}"
    )


def write_figures(score: Score, path: Path) -> None:
    """Puts the figures of each rule into the file of rules."""
    head, *blocks = re.split(r"^(?=  - id: )", path.read_text(encoding="utf-8"), flags=re.M)
    written = []
    for block in blocks:
        rule = block.split("\n", 1)[0].removeprefix("  - id: ")
        if "\n    mode: " in block:
            kept = re.search(r"^    measured: .*(, read: \[\d+, \d+\])", block, flags=re.M)
            figures = format_figures(count_figures(score, rule), kept[1] if kept else "")
            line = f"    measured: {figures}\n"
            block = re.sub(r"^    measured: .*\n", "", block, flags=re.M)
            block = re.sub(r"^(    mode: .*\n)", rf"\g<1>{line}", block, count=1, flags=re.M)
        written.append(block)
    path.write_text(head + "".join(written), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="?", type=Path, default=CORPORA / "papers")
    parser.add_argument("--more", type=Path, help="folder of the papers outside the corpora")
    parser.add_argument("--half", choices=(*HALVES, "both"), default="learn")
    parser.add_argument("--detail", action="store_true", help="list what is wrong or missed")
    parser.add_argument("--all", action="store_true", help="include rules that are off")
    parser.add_argument("--rules", action="store_true", help="print the figures of each rule")
    parser.add_argument("--write", action="store_true", help="put them into data/cues.yaml")
    options = parser.parse_args()
    if options.detail and options.half != "learn":
        parser.error("--detail would open the shut half; its cases are not to be looked at.")
    if not options.papers.is_dir():
        parser.error(f"{options.papers}: no such folder. Give the folder of the labelled papers.")
    if options.half != "learn" and options.more is None:
        parser.error("The papers of the shut half are not in the corpora: name them by --more.")
    score, count = score_half(options.half, options.papers, options.all, options.more)
    print(f"{count} papers, half: {options.half}")
    print_score(score)
    print(f"places to look at: {score.places / count:.1f} a paper")
    if options.detail:
        print("\n".join(score.cases))
    if options.rules:
        for rule in dict.fromkeys(rule for rule, _ in score.rules):
            print(f"{rule:<26} {format_figures(count_figures(score, rule))}")
    if options.write:
        write_figures(score, ROOT / "data" / "cues.yaml")
    return 0


if __name__ == "__main__":
    sys.exit(main())
