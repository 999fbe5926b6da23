"""Formats flags, number checks and data sets as lines for a terminal and as JSON."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from review.bias import datasets, number_checks
from review.bias.datasets import DatasetMatrix, Mention
from review.bias.facts import FIELDS, FactCell
from review.bias.rules import Flag
from review.cli.base import format_place
from review.errors import ReviewError
from review.formats.tabular.writer import guard_formula
from review.models import Sentence
from review.store.records import format_record_key
from review.text.wording import format_count
from review.workflow.bias import flags


def datasets_to_json(
    study_datasets: flags.StudyDatasets, sentences: Sequence[Sentence]
) -> dict[str, Any]:
    """Datasets found in a text as JSON-ready data, with sentences and pages."""
    registry = flags.load_knowledge().registry

    def format_mention(mention: Mention) -> dict[str, Any]:
        sentence = sentences[mention.sentence]
        return {
            **asdict(mention),
            "page": sentence.page,
            "text": sentence.text,
            "boxes": sentence.boxes,
        }

    return {
        "used": [
            {
                "id": dataset_id,
                "name": registry[dataset_id].name,
                "mentions": [*map(format_mention, study_datasets.mentions[dataset_id])],
            }
            for dataset_id in study_datasets.used
        ],
        "not_in_registry": [
            {
                "name": one.name,
                "sentences": [
                    {"index": n, "page": sentences[n].page, "text": sentences[n].text}
                    for n in one.sentences
                ],
            }
            for one in study_datasets.unlisted
        ],
        "to_settle": [format_mention(mention) for mention in study_datasets.unresolved],
        "overlaps": [
            {**asdict(overlap), "drawn": datasets.format_overlap_path(registry, overlap)}
            for overlap in study_datasets.overlaps
        ],
    }


def matrix_to_json(table: DatasetMatrix) -> dict[str, Any]:
    """The study-by-dataset matrix as JSON-ready data, one row per study."""
    return {
        "sentence": flags.describe_matrix(table),
        "studies": {
            study: {
                dataset_id: table.cells[study, dataset_id]
                for dataset_id in table.datasets
                if (study, dataset_id) in table.cells
            }
            for study in table.studies
        },
        "groups": table.groups,
        "sources": table.sources,
    }


def format_flag_counts(counts_by_record: Mapping[int, int | None]) -> list[str]:
    """Summary lines of a run over the review's PDFs; failed records are named."""
    flag_counts = [count for count in counts_by_record.values() if count is not None]
    failed_keys = [
        format_record_key(record) for record, count in counts_by_record.items() if count is None
    ]
    lines = [
        f"Checked {format_count(len(flag_counts), 'PDF')}: "
        f"{format_count(sum(flag_counts), 'flag')}."
    ]
    if failed_keys:
        lines.append(
            f"Could not be checked (run the command again to retry): {', '.join(failed_keys)}"
        )
    return lines


TIER_HEADINGS = {
    "flag": "Flags",
    "look": "Look here: sentences to check, the most likely first. They do not count as flags.",
    "other": "Other matches, of rules that are often wrong",
}


def format_flags(paper_flags: Sequence[Flag]) -> list[str]:
    """Flags and places to look at as lines for the terminal, under the heading of their tier."""
    measured = {rule.id: rule.measured for rule in flags.load_knowledge().rules.rules}
    lines = []
    for tier, heading in TIER_HEADINGS.items():
        tier_flags = [flag for flag in paper_flags if flag.tier == tier]
        if tier_flags:
            lines.append(heading)
        for flag in tier_flags:
            location = "full text" if flag.page is None else format_place(flag.page, flag.section)
            informs = "; ".join(
                f"{edition} {', '.join(ns)}" for edition, ns in flag.informs.items() if ns
            )
            figures = flags.format_figures(measured.get(flag.rule))
            lines += [
                f"{flag.name} ({flag.strength}, {location}, rule {flag.rule}, {figures})",
                f"   {flag.text}",
                f"   Relevant to {informs}",
            ]
    places = sum(flag.tier == "look" for flag in paper_flags)
    return [
        *lines,
        f"{format_count(flags.count_flags(paper_flags), 'flag')} and "
        f"{format_count(places, 'place')} to look at. "
        "They are prompts for reviewers, not judgements.",
    ]


def facts_to_json(cells: Sequence[FactCell], sentences: Sequence[Sentence]) -> list[dict[str, Any]]:
    """Facts as JSON-ready data: field, label, value, and each sentence with its page; value None
    and corrected for what a person found is not reported."""
    return [
        {
            "field": FIELDS.get(cell.field, cell.field),
            "label": cell.label or None,
            "value": cell.value,
            "cell": cell.cell or None,
            "corrected": cell.corrected,
            "found": cell.found,
            "sentences": _list_sentences(cell, sentences),
        }
        for cell in cells
    ]


def _list_sentences(cell: FactCell, sentences: Sequence[Sentence]) -> list[dict[str, Any]]:
    """The sentences of a cell; the one that a person gave instead comes first."""
    rows = [
        {
            "index": index,
            "page": sentences[index].page or None,
            "section": sentences[index].section or None,
            "text": sentences[index].text,
        }
        for index in cell.sentences
    ]
    if cell.corrected and cell.sentence and cell.sentence not in {row["text"] for row in rows}:
        given = {"index": None, "page": cell.page, "section": None, "text": cell.sentence}
        return [given, *rows]
    return rows


def write_facts(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes facts as CSV, one per line with its first sentence.

    Raises:
        ReviewError: the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(
                [
                    *("field", "label", "value", "page", "section", "sentence", "other", "cell"),
                    "corrected",
                ]
            )
            for row in rows:
                first, *others = row["sentences"] or [{}]
                place = [first.get(key) for key in ("page", "section", "text")]
                more = " | ".join(other["text"] for other in others)
                value = "not reported" if row["value"] is None else row["value"]
                mark = "yes" if row["corrected"] else None
                cells = [row["field"], row["label"], value, *place, more, row["cell"], mark]
                writer.writerow(
                    [guard_formula("" if cell is None else str(cell)) for cell in cells]
                )
    except OSError as error:
        raise ReviewError(f"{path} cannot be written: {error.strerror}.") from error


def format_facts(cells: Sequence[FactCell], sentences: Sequence[Sentence]) -> list[str]:
    """Facts as lines for the terminal, under the title of their field."""
    lines: list[str] = []
    last_field = ""
    for cell in cells:
        if cell.field != last_field:
            lines.append(FIELDS.get(cell.field, cell.field))
            last_field = cell.field
        label = f"{cell.label}: " if cell.label else ""
        value = "not reported" if cell.value is None else cell.value
        lines.append(f"   {label}{value}  ({_format_source(cell, sentences)})")
    not_found = [title for field, title in FIELDS.items() if all(c.field != field for c in cells)]
    if not_found:
        lines.append(f"Not found in the text: {', '.join(not_found)}.")
    return [*lines, f"{format_count(len(cells), 'fact')}. Check each against its sentence."]


def _format_source(cell: FactCell, sentences: Sequence[Sentence]) -> str:
    """Where a fact is from: page or section, cell of a table, further sentences, correction."""
    section = sentences[cell.sentences[0]].section if cell.sentences else ""
    place = format_place(cell.page or 0, section) if cell.page or cell.sentences else ""
    more = len(cell.sentences) - 1
    text = ", ".join(filter(None, (place, cell.cell)))
    text += f" and {format_count(more, 'sentence')} more" if more > 0 else ""
    return "; ".join(filter(None, (text, "corrected" if cell.corrected else "")))


def format_number_checks(
    findings: Sequence[number_checks.SentenceFigures], sentences: Sequence[Sentence]
) -> list[str]:
    """Number checks as lines for the terminal."""
    lines = []
    for finding in findings:
        message = (
            " ".join(problem.text for problem in finding.problems) or "The figures are consistent."
        )
        sentence = sentences[finding.sentence]
        place = format_place(sentence.page, sentence.section)
        lines += [f"{place}: {message}", f"   {sentence.text}"]
    return [*lines, f"{len(findings)} sentences with figures checked."]


def format_datasets(
    study_datasets: flags.StudyDatasets, sentences: Sequence[Sentence]
) -> list[str]:
    """Datasets of a text as lines for the terminal."""
    registry = flags.load_knowledge().registry
    lines = []
    for dataset_id in study_datasets.used:
        mentions = study_datasets.mentions[dataset_id]
        first = sentences[mentions[0].sentence]
        place = format_place(first.page, first.section)
        lines.append(f"{registry[dataset_id].name} ({place}, mentions: {len(mentions)})")
    for one in study_datasets.unlisted:
        first = sentences[one.sentences[0]]
        place = format_place(first.page, first.section)
        lines.append(f"Not in the registry: {one.name} ({place})")
    for mention in study_datasets.unresolved:
        names = " or ".join(registry[dataset_id].name for dataset_id in mention.ids)
        lines.append(f"Unclear: '{mention.words}' could be {names}")
    for overlap in study_datasets.overlaps:
        certainty = "Same images" if overlap.certain else "Possibly the same images"
        lines.append(f"{certainty}: {datasets.format_overlap_path(registry, overlap)}")
    used_count, unresolved_count = len(study_datasets.used), len(study_datasets.unresolved)
    return [*lines, f"{used_count} known datasets used, {unresolved_count} unclear mentions."]


def format_matrix(table: DatasetMatrix) -> list[str]:
    """The matrix as lines for the terminal, one per study."""
    lines = []
    for study in table.studies:
        cells = [
            f"{dataset_id} ({table.cells[study, dataset_id]})"
            for dataset_id in table.datasets
            if (study, dataset_id) in table.cells
        ]
        lines.append(f"{study}  {', '.join(cells) or 'no known dataset named'}")
    return [*lines, flags.describe_matrix(table)]
