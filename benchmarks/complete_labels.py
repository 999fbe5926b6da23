"""Turns a draft of labels into label files: adds hash, title, openings of the labelled sentences.

    complete_labels.py DRAFT.yaml PAPERS

A draft is a list of papers as in benchmarks/labels/README.md, with sentence numbers as printed by
`review fulltext FILE --json`. It stops at the first number that is not a sentence of the paper.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml
from paper_labels import FOLDER, get_half, parse_indexes, read_paper, take_opening

from review import resources
from review.bias import pitfalls
from review.checklists import list_items, load_checklist
from review.fulltext import FullText

LABELS = ("present", "absent", "unclear", "na")
DATASET_LABELS = ("used", "mentioned", "own", "asked")
CHECKLISTS = {"claim": "claim-2020", "probast": "probast-2019"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("draft", type=Path)
    parser.add_argument("papers", type=Path)
    options = parser.parse_args()
    for draft in yaml.safe_load(options.draft.read_text(encoding="utf-8")):
        text = read_paper(options.papers / draft["file"])
        path = FOLDER / f"{Path(draft['file']).stem}.yaml"
        path.write_text(format_labels(complete(draft, text)), encoding="utf-8")
        print(f"{path.name}: {get_half(draft['key'])}")
    return 0


def complete(draft: dict[str, Any], text: FullText) -> dict[str, Any]:
    """A draft with what the file itself tells; SystemExit names the first error."""
    check_rules(draft)
    evidence = {
        checklist: {str(number): at for number, at in draft.get(short, {}).items()}
        for short, checklist in CHECKLISTS.items()
    }
    check_items(draft["file"], evidence)
    indexes = {
        *(n for label in draft["rules"].values() for n in parse_indexes(label.partition(" ")[2])),
        *(n for one in draft.get("datasets", ()) for n in parse_indexes(one["at"])),
        *(n for items in evidence.values() for at in items.values() for n in parse_indexes(at)),
    }
    for one in draft.get("contradictions", ()):
        indexes |= {*parse_indexes(one["at"]), *parse_indexes(one.get("with"))}
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
        "openings": {n: take_opening(text.sentences[n].text) for n in sorted(indexes)},
    }


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
