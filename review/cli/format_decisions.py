"""Formats the result of importing decisions as text or JSON, with every row left out."""

from typing import TYPE_CHECKING, Any

from review.cli.base import print_json, print_line

if TYPE_CHECKING:
    from review.workflow.records.import_decisions import DecisionImportResult


def print_result(result: "DecisionImportResult", *, as_json: bool) -> None:
    """Prints what was added, repeated and left out."""
    if as_json:
        print_json([to_json(result)], lines=True)
        return
    for line in format_result(result):
        print_line(line)


def format_result(result: "DecisionImportResult") -> list[str]:
    """The result in lines: the sums, then each line that was left out or repeated."""
    lines = [
        f"{result.name} ({result.kind}): {result.added} decisions added, {result.unchanged} "
        f"already in the review, {result.undecided} lines without a decision."
    ]
    if result.retrievals:
        verb = "states" if result.retrievals == 1 else "state"
        lines.append(
            f"  {result.retrievals} of them {verb} whether a full text could be retrieved."
        )
    lines += [f"  Not imported: {rejection.reason}" for rejection in result.rejected]
    lines += [
        f"  Repeated: line {repeat.number} gives the same decision on {repeat.record} as line "
        f"{repeat.first} ({repeat.reviewer}); imported once"
        for repeat in result.repeated
    ]
    if result.rejected_path:
        lines.append(
            f"  The lines that were not imported were saved to {result.rejected_path}. Correct "
            "them there and import that file with review import-decisions."
        )
    return lines


def to_json(result: "DecisionImportResult") -> dict[str, Any]:
    """The result as JSON; `rejected` and `repeated` name every line."""
    from review.formats.tabular.corrections import build_cells

    return {
        "name": result.name,
        "kind": result.kind,
        "batch": result.batch,
        "added": result.added,
        "unchanged": result.unchanged,
        "undecided": result.undecided,
        "retrievals": result.retrievals,
        "rejected": [
            {
                "number": rejection.number,
                "reason": rejection.reason,
                "raw": rejection.raw,
                "cells": {name: cell for name, cell in build_cells(rejection).items() if cell},
            }
            for rejection in result.rejected
        ],
        "rejected_path": str(result.rejected_path) if result.rejected_path else None,
        "repeated": [
            {
                "number": repeat.number,
                "first": repeat.first,
                "record": repeat.record,
                "reviewer": repeat.reviewer,
            }
            for repeat in result.repeated
        ],
    }
