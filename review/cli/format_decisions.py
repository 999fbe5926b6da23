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
        f"{result.name} ({result.kind}): {result.added} decisions added, {result.unchanged} here "
        f"already, {result.undecided} lines without a verdict."
    ]
    if result.retrievals:
        lines.append(f"  {result.retrievals} of them say whether a full text could be had.")
    lines += [f"  not entered: {rejection.reason}" for rejection in result.rejected]
    lines += [
        f"  repeated: line {repeat.number} says of {repeat.record} what line {repeat.first} says "
        f"({repeat.reviewer}); entered once"
        for repeat in result.repeated
    ]
    if result.rejected_path:
        lines.append(
            f"  The lines not entered are in {result.rejected_path}: correct them there and give "
            "that file to review import-decisions."
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
