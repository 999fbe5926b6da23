"""Commands for bias: flags and data sets of a PDF or a review, and the graph of data sets."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line, show_bar
from review.cli.fulltext import JSON, PAPER, PASSWORD

dataset_commands = typer.Typer(
    no_args_is_help=True, help="Public datasets: find, list and draw their overlaps."
)


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("flags")(show_flags)
    app.command("facts")(show_facts)
    app.command("numbers")(check_stated_numbers)
    app.add_typer(dataset_commands, name="datasets")


def show_flags(
    context: typer.Context,
    file: Path | None = typer.Argument(
        None, help="PDF, JATS XML or plain text file (default: every PDF of the review)."
    ),
    include_disabled: bool = typer.Option(
        False, "--all", help="Include the other matches of rules that are often wrong."
    ),
    as_json: bool = JSON,
    password: str | None = PASSWORD,
) -> None:
    """List possible signs of bias in a paper, with sentence, page and the items they inform."""
    from review.cli import format_bias
    from review.store.records import format_record_key
    from review.workflow.bias import flags as bias
    from review.workflow.fulltexts.reading import read_text

    if file is None:
        with show_bar("Looking for signs of bias") as progress:
            flag_counts = bias.flag_all(open_review(context), progress=progress)
        if as_json:
            print_json(
                [
                    {"record": format_record_key(number), "flags": count}
                    for number, count in flag_counts.items()
                ]
            )
            return
        print_line("\n".join(format_bias.format_flag_counts(flag_counts)))
        return
    raised_flags = bias.find_flags(
        read_text(file, password).sentences, include_disabled=include_disabled
    )
    print_findings(raised_flags, format_bias.format_flags(raised_flags), as_json)


def show_facts(
    context: typer.Context,
    file: Path = PAPER,
    csv_file: Path | None = typer.Option(None, "--csv", help="Also write the facts to this file."),
    as_json: bool = JSON,
    password: str | None = PASSWORD,
) -> None:
    """List the facts of a paper (sizes, sources, split, sites, ...) with their sentences.

    Facts that were corrected in the review are listed as corrected.
    """
    from review.cli import format_bias
    from review.workflow.bias import flags as bias
    from review.workflow.fulltexts.reading import read_text
    from review.workflow.project.project import PROTOCOL_FILE

    text = read_text(file, password)
    folder = Path(context.find_root().obj.folder)
    project = open_review(context) if (folder / PROTOCOL_FILE).exists() else None
    facts = bias.find_file_cells(project, text)
    rows = format_bias.facts_to_json(facts, text.sentences)
    if csv_file is not None:
        format_bias.write_facts(rows, csv_file)
    if as_json:
        print_json(rows)
        return
    print_line("\n".join(format_bias.format_facts(facts, text.sentences)))


def check_stated_numbers(
    context: typer.Context,
    file: Path = PAPER,
    as_json: bool = JSON,
    password: str | None = PASSWORD,
) -> None:
    """Recalculate figures reported in a paper; list inconsistencies and small sample sizes."""
    from review.cli import format_bias
    from review.workflow.bias import flags as bias
    from review.workflow.bias import sample_sizes
    from review.workflow.fulltexts.reading import read_text
    from review.workflow.project.project import PROTOCOL_FILE

    text = read_text(file, password)
    sentences = text.sentences
    folder = Path(context.find_root().obj.folder)
    size_thresholds = sample_sizes.load_thresholds(folder)
    findings = bias.check_numbers(text)
    if (folder / PROTOCOL_FILE).exists():
        project = open_review(context)
        size_concerns = sample_sizes.find_file_concerns(project, text, get_user_name(context))
    else:
        size_concerns = sample_sizes.find_concerns(sentences, size_thresholds)
    if as_json:
        print_json(
            {
                "figures": [asdict(finding) for finding in findings],
                "sizes": [asdict(finding) for finding in size_concerns],
            }
        )
        return
    print_line("\n".join(format_bias.format_number_checks(findings, sentences)))
    print_line("\n".join(sample_sizes.format_concerns(size_concerns, size_thresholds)))


@dataset_commands.command("find")
def find_datasets(
    file: Path = PAPER, as_json: bool = JSON, password: str | None = PASSWORD
) -> None:
    """Find the public datasets named in a paper, and which of them share images."""
    from review.cli import format_bias
    from review.workflow.bias import flags as bias
    from review.workflow.fulltexts.reading import read_text

    text = read_text(file, password)
    study_datasets = bias.find_datasets(text.sentences)
    if as_json:
        print_json(format_bias.datasets_to_json(study_datasets, text.sentences))
    else:
        print_line("\n".join(format_bias.format_datasets(study_datasets, text.sentences)))


@dataset_commands.command("list")
def list_datasets(as_json: bool = JSON) -> None:
    """List the dataset registry. Use --json for size, labels, components and known issues."""
    from review.workflow.bias.flags import load_knowledge

    all_datasets = list(load_knowledge().registry.values())
    print_findings(
        all_datasets,
        [
            f"{dataset.id:<24} {dataset.kind:<15} {dataset.year or '-':<4}  {dataset.name}"
            for dataset in all_datasets
        ],
        as_json,
    )


@dataset_commands.command("graph")
def draw_dataset_graph(
    context: typer.Context,
    out: Path = typer.Option(Path("datasets.svg"), help="File to write, .svg or .png."),
    whole_registry: bool = typer.Option(
        False, "--registry", help="Draw the complete registry instead of the review."
    ),
) -> None:
    """Draw which datasets include which: those used in the review, or the complete registry."""
    from review.workflow.bias import flags as bias
    from review.workflow.project.project import PROTOCOL_FILE

    use_review = (
        Path(context.find_root().obj.folder) / PROTOCOL_FILE
    ).exists() and not whole_registry
    table = bias.build_matrix(open_review(context)) if use_review else None
    bias.write_graph(table, out)
    print_line(f"Wrote {out}." + (f" {bias.describe_matrix(table)}" if table else ""))


@dataset_commands.command("matrix")
def show_matrix(context: typer.Context, as_json: bool = JSON) -> None:
    """Show which datasets each study uses, including shared source datasets."""
    from review.cli import format_bias
    from review.workflow.bias import flags as bias

    table = bias.build_matrix(open_review(context))
    if as_json:
        print_json(format_bias.matrix_to_json(table))
    else:
        print_line("\n".join(format_bias.format_matrix(table)))


def print_findings(findings: Sequence[Any], lines: Sequence[str], as_json: bool) -> None:
    """Print dataclasses as JSON, or the given lines."""
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_line("\n".join(lines))
