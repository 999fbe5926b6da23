"""Turns a draft of labels into label files: adds hash, title, openings of the labelled sentences.

    complete_labels.py DRAFT.yaml PAPERS             # a first pass: writes the label file
    complete_labels.py DRAFT.yaml PAPERS --elsewhere # the same for papers outside the corpora
    complete_labels.py DRAFT.yaml PAPERS --shut      # the same for papers that only measure
    complete_labels.py DRAFT.yaml PAPERS --second    # a second pass: kept beside the first one
    complete_labels.py --settle PAPERS               # label files again, from passes and decisions
                                                     # (of the papers that are in PAPERS)

A draft is a list of papers as in benchmarks/labels/README.md, with sentence numbers as printed by
`review fulltext FILE --json`. It stops at the first number that is not a sentence of the paper.
After a second pass, the differences are printed; write a decision and its reason for each of them
under "settled" in the file of the passes.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml
from label_passes import (
    PARTS,
    PASSES,
    SHUT_PASSES,
    list_differences,
    load_all_passes,
    load_modes,
    parse_passes,
    settle,
)
from paper_labels import ELSEWHERE, FOLDER, SHUT, parse_indexes, read_paper, take_opening

from review import resources
from review.bias import pitfalls
from review.checklists import list_items, load_checklist
from review.fulltext import FullText

LABELS = ("present", "absent", "unclear", "na")
DATASET_LABELS = ("used", "mentioned", "own", "asked")
CHECKLISTS = {"claim": "claim-2020", "probast": "probast-2019"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("draft", type=Path, nargs="?")
    parser.add_argument("papers", type=Path)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--second", action="store_true", help="the draft is a second pass")
    kind.add_argument("--elsewhere", action="store_true", help="the papers are not in the corpora")
    kind.add_argument("--shut", action="store_true", help="the papers only measure")
    kind.add_argument("--settle", action="store_true", help="write what the passes were settled to")
    options = parser.parse_args()
    if options.settle:
        for passes in load_all_passes():
            if (options.papers / passes.file).is_file():
                write_settled(passes.file, options.papers)
        return 0
    if options.draft is None:
        parser.error("Give a draft, or --settle.")
    for draft in yaml.safe_load(options.draft.read_text(encoding="utf-8")):
        text = read_paper(options.papers / draft["file"])
        if options.second:
            write_second(draft, text)
            continue
        folder = ELSEWHERE if options.elsewhere else SHUT if options.shut else FOLDER
        path = get_label_path(draft["file"], folder)
        path.write_text(format_labels(complete(draft, text)), encoding="utf-8")
        print(path.relative_to(FOLDER))
    return 0


def get_label_path(file: str, folder: Path = FOLDER) -> Path:
    return folder / f"{Path(file).stem}.yaml"


def find_label_path(file: str) -> Path:
    """The label file of a paper, in whichever folder it is."""
    for folder in (FOLDER, ELSEWHERE, SHUT):
        if (path := get_label_path(file, folder)).is_file():
            return path
    raise SystemExit(f"{file}: has no labels yet; write the first pass before.")


def get_passes_path(path: Path) -> Path:
    """The file of both passes; those of the shut half are kept apart."""
    return (SHUT_PASSES if path.parent == SHUT else PASSES) / path.name


def load_data(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def write_second(draft: dict[str, Any], text: FullText) -> None:
    """Keeps a second pass beside the first one, and prints on what they differ."""
    path = find_label_path(draft["file"])
    known = load_data(path)
    if known["passes"] != 1:
        raise SystemExit(f"{draft['file']}: was read twice already")
    second = complete({**draft, "key": known["key"], "kind": known["kind"]}, text)
    data = {
        "schema": 1,
        **{name: known[name] for name in ("file", "key", "imaging_ai")},
        "sentences": len(text.sentences),
        "first": {part: known[part] for part in PARTS},
        "second": {part: second[part] for part in PARTS},
        "settled": {},
    }
    get_passes_path(path).write_text(format_labels(data), encoding="utf-8")
    for name in list_differences(parse_passes(data), load_modes()):
        print(f"{draft['file']}: {name}")


def write_settled(file: str, papers: Path) -> None:
    """The label file of a paper again, from both passes and the decisions on their differences."""
    path = find_label_path(file)
    text = read_paper(papers / file)
    known = load_data(path)
    parts = settle(parse_passes(load_data(get_passes_path(path))), load_modes())
    indexes = list_indexes(parts)
    data = {
        **known,
        "passes": 2,
        **parts,
        "evidence": {name: parts["evidence"].get(name, {}) for name in known["evidence"]},
        "openings": take_openings(indexes, text),
    }
    path.write_text(format_labels(data), encoding="utf-8")


def list_indexes(parts: dict[str, Any]) -> set[int]:
    """All sentences that the labels of a paper name."""
    indexes = {
        *(n for label in parts["rules"].values() for n in parse_indexes(label.partition(" ")[2])),
        *(n for one in parts["datasets"] for n in parse_indexes(one["at"])),
        *(
            n
            for items in parts["evidence"].values()
            for at in items.values()
            for n in parse_indexes(at)
        ),
    }
    for one in parts["contradictions"]:
        indexes |= {*parse_indexes(one["at"]), *parse_indexes(one.get("against"))}
    return indexes


def take_openings(indexes: set[int], text: FullText) -> dict[int, str]:
    return {n: take_opening(text.sentences[n].text) for n in sorted(indexes)}


def complete(draft: dict[str, Any], text: FullText) -> dict[str, Any]:
    """A draft with what the file itself tells; SystemExit names the first error."""
    check_rules(draft)
    evidence = {
        checklist: {str(number): at for number, at in draft.get(short, {}).items()}
        for short, checklist in CHECKLISTS.items()
    }
    check_items(draft["file"], evidence)
    check_contradictions(draft)
    parts = {
        "rules": draft["rules"],
        "datasets": [
            {"name": one.get("id") or one["name"], "label": one["label"], "at": one["at"]}
            for one in draft.get("datasets", ())
        ],
        "contradictions": [
            {
                "at": one["at"],
                **({"against": one["with"]} if "with" in one else {}),
                "what": one["what"],
            }
            for one in draft.get("contradictions", ())
        ],
        "evidence": evidence,
    }
    indexes = list_indexes(parts)
    if indexes and max(indexes) >= len(text.sentences):
        raise SystemExit(f"{draft['file']}: sentence {max(indexes)} of {len(text.sentences)}")
    return {
        "schema": 1,
        "file": draft["file"],
        "key": draft["key"],
        "sha256": text.sha256,
        "extraction": f"{text.reader}; {len(text.sentences)} sentences",
        "kind": draft["kind"],
        "imaging_ai": draft["imaging_ai"],
        "passes": draft.get("passes", 1),
        **({"note": draft["seen"]} if "seen" in draft else {}),
        **parts,
        "openings": take_openings(indexes, text),
    }


def check_contradictions(draft: dict[str, Any]) -> None:
    """Stops at two contradictions named by the same sentences: one would replace the other."""
    places = [str(one["at"]) for one in draft.get("contradictions", ())]
    twice = next((at for at in places if places.count(at) > 1), None)
    if twice is not None:
        raise SystemExit(
            f"{draft['file']}: two contradictions at {twice}. Write them as one, or name one by "
            "its other place."
        )


def check_rules(draft: dict[str, Any]) -> None:
    """Stops at an unknown rule or label, and at a rule for missing items without a label."""
    catalog = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")
    modes = {rule.id: rule.mode for rule in catalog.rules}
    for rule, label in draft["rules"].items():
        if rule not in modes or label.split()[0] not in LABELS:
            raise SystemExit(f"{draft['file']}: {rule}: {label}: no such rule or label")
    unlabelled = {rule for rule, mode in modes.items() if mode == "absent"} - set(draft["rules"])
    if draft["imaging_ai"] and unlabelled:
        raise SystemExit(f"{draft['file']}: no label for {', '.join(sorted(unlabelled))}")
    for one in draft.get("datasets", ()):
        if one["label"] not in DATASET_LABELS:
            raise SystemExit(f"{draft['file']}: {one['label']}: no such label of a data set")


def check_items(file: str, evidence: dict[str, dict[str, Any]]) -> None:
    """Stops at the number of an item that a checklist does not have."""
    for name, items in evidence.items():
        numbers = {
            str(item.number)
            for item in list_items(
                load_checklist(resources.get_shipped_path("checklists") / f"{name}.yaml")
            )
        }
        if set(items) - numbers:
            raise SystemExit(f"{file}: {name} has no item {', '.join(set(items) - numbers)}")


def format_labels(data: dict[str, Any]) -> str:
    """YAML, one label a line."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    sys.exit(main())
