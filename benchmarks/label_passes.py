"""Two independent passes over a paper: kept, compared and settled.

labels/passes has one file a paper: the labels of both passes, in numbers of sentences, and a
decision with its reason for each rule, data set and contradiction on which they differ.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from paper_labels import FOLDER, SHUT, PaperLabels, get_rule_label, parse_indexes, parse_labels

from review import resources
from review.bias import pitfalls

PASSES, SHUT_PASSES = FOLDER / "passes", SHUT / "passes"
PARTS = ("rules", "datasets", "contradictions", "evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How one difference between two passes was settled."""

    label: str
    """The label of the rule or data set; yes or no for a contradiction, no for a data set that does
    not count; empty for sentences."""
    at: tuple[int, ...]
    """Sentences, where they are not simply those of the passes that gave this label."""
    drop: tuple[int, ...]
    """Sentences that do not show the item on a second look."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPasses:
    """Both passes over one paper."""

    file: str
    key: str
    sentences: int
    first: PaperLabels
    second: PaperLabels
    decisions: Mapping[str, Decision]
    """By the name of the difference, as list_differences gives it."""


def load_all_passes() -> list[PaperPasses]:
    """The passes of all papers that were read twice, those of the shut half last."""
    return [*load_passes(), *load_passes(SHUT_PASSES)]


def load_passes(folder: Path = PASSES) -> list[PaperPasses]:
    """The passes of a folder, in order of their files."""
    return [
        parse_passes(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.yaml"))
    ]


def parse_passes(data: Mapping[str, Any]) -> PaperPasses:
    """The passes as loaded from YAML."""
    about = {
        "file": data["file"],
        "key": data["key"],
        "imaging_ai": data["imaging_ai"],
        "sha256": "",
        "kind": "",
        "openings": {},
    }
    decisions = {
        name: Decision(
            label=one.get("label", ""),
            at=parse_indexes(one.get("at")),
            drop=parse_indexes(one.get("drop")),
            why=one["why"],
        )
        for name, one in (data.get("settled") or {}).items()
    }
    return PaperPasses(
        file=data["file"],
        key=data["key"],
        sentences=data["sentences"],
        first=parse_labels({**about, **data["first"]}),
        second=parse_labels({**about, **data["second"]}),
        decisions=decisions,
    )


def load_modes() -> dict[str, str]:
    """Rule -> its mode, in the order of the catalogue."""
    catalog = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")
    return {rule.id: rule.mode for rule in catalog.rules}


def pair_rules(passes: PaperPasses, modes: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Rule -> its label in the first and in the second pass."""
    return {
        rule: (
            get_rule_label(passes.first, rule, mode),
            get_rule_label(passes.second, rule, mode),
        )
        for rule, mode in modes.items()
    }


def pair_datasets(passes: PaperPasses) -> dict[str, tuple[str, str]]:
    """Data set -> its label in both passes; no where a pass does not name it."""
    first = {one.name: one.label for one in passes.first.datasets}
    second = {one.name: one.label for one in passes.second.datasets}
    names = dict.fromkeys((*first, *second))
    return {name: (first.get(name, "no"), second.get(name, "no")) for name in names}


def pair_contradictions(passes: PaperPasses) -> dict[str, tuple[str, str]]:
    """Contradiction, by its sentences -> yes or no in both passes.

    Two are the same if they share a sentence.
    """
    pairs: dict[str, tuple[str, str]] = {}
    others = [{*one.at, *one.against} for one in passes.second.contradictions]
    met: set[int] = set()
    for one in passes.first.contradictions:
        own = {*one.at, *one.against}
        same = [n for n, other in enumerate(others) if own & other and n not in met]
        met |= set(same[:1])
        pairs[name_contradiction(one.at)] = ("yes", "yes" if same else "no")
    for n, contradiction in enumerate(passes.second.contradictions):
        if n not in met:
            pairs[name_contradiction(contradiction.at)] = ("no", "yes")
    return pairs


def name_contradiction(at: Sequence[int]) -> str:
    return " ".join(map(str, at))


def pair_items(passes: PaperPasses) -> Iterator[tuple[str, str, set[int], set[int]]]:
    """Checklist, item and the sentences that answer it in each pass, for items of either."""
    for checklist in dict.fromkeys((*passes.first.evidence, *passes.second.evidence)):
        first = passes.first.evidence.get(checklist, {})
        second = passes.second.evidence.get(checklist, {})
        for number in dict.fromkeys((*first, *second)):
            yield checklist, number, set(first.get(number, ())), set(second.get(number, ()))


def list_differences(passes: PaperPasses, modes: Mapping[str, str]) -> list[str]:
    """Names of the rules, data sets and contradictions on which the passes differ."""
    parts = {
        "rules": pair_rules(passes, modes),
        "datasets": pair_datasets(passes),
        "contradictions": pair_contradictions(passes),
    }
    return [
        f"{part} {name}"
        for part, pairs in parts.items()
        for name, (first, second) in pairs.items()
        if first != second
    ]


def settle(passes: PaperPasses, modes: Mapping[str, str]) -> dict[str, Any]:
    """The settled labels, as in a label file.

    What both passes say stands. Sentences that either pass names are kept, unless a decision drops
    them: each alone shows the item.

    Raises:
        ValueError: a difference has no decision.
    """
    open_differences = [
        name for name in list_differences(passes, modes) if name not in passes.decisions
    ]
    if open_differences:
        raise ValueError(f"{passes.file}: not settled: {', '.join(open_differences)}")
    return {
        "rules": _settle_rules(passes, modes),
        "datasets": _settle_datasets(passes),
        "contradictions": _settle_contradictions(passes),
        "evidence": _settle_evidence(passes),
    }


def _settle_rules(passes: PaperPasses, modes: Mapping[str, str]) -> dict[str, str]:
    settled = {}
    for rule, labels in pair_rules(passes, modes).items():
        if rule not in passes.first.rules and rule not in passes.second.rules:
            continue
        decision = passes.decisions.get(f"rules {rule}")
        label = decision.label if decision and decision.label else labels[0]
        at = set(decision.at) if decision else set()
        if not at:
            for one, given in zip((passes.first, passes.second), labels, strict=True):
                if given == label and rule in one.rules:
                    at |= set(one.rules[rule].at)
        at -= set(decision.drop) if decision else set()
        settled[rule] = " ".join((label, *map(str, sorted(at))))
    return settled


def _settle_datasets(passes: PaperPasses) -> list[dict[str, Any]]:
    settled = []
    for name, labels in pair_datasets(passes).items():
        decision = passes.decisions.get(f"datasets {name}")
        label = decision.label if decision else labels[0]
        if label == "no":
            continue
        at = {
            n
            for one in (*passes.first.datasets, *passes.second.datasets)
            if one.name == name
            for n in one.at
        }
        settled.append({"name": name, "label": label, "at": _format_indexes(at)})
    return settled


def _settle_contradictions(passes: PaperPasses) -> list[dict[str, Any]]:
    first = {name_contradiction(one.at): one for one in passes.first.contradictions}
    second = {name_contradiction(one.at): one for one in passes.second.contradictions}
    settled = []
    for name in pair_contradictions(passes):
        decision = passes.decisions.get(f"contradictions {name}")
        if decision and decision.label == "no":
            continue
        one = first.get(name) or second[name]
        against = {"against": _format_indexes(one.against)} if one.against else {}
        settled.append({"at": _format_indexes(one.at), **against, "what": one.what})
    return settled


def _settle_evidence(passes: PaperPasses) -> dict[str, dict[str, Any]]:
    settled: dict[str, dict[str, Any]] = {}
    for checklist, number, first, second in pair_items(passes):
        decision = passes.decisions.get(f"evidence {checklist} {number}")
        at = (first | second) - set(decision.drop if decision else ())
        if at:
            settled.setdefault(checklist, {})[number] = _format_indexes(at)
    return settled


def _format_indexes(at: Collection[int]) -> int | str:
    """As written in a label file: 7, or '7 13 20'."""
    return next(iter(at)) if len(at) == 1 else " ".join(map(str, sorted(at)))
