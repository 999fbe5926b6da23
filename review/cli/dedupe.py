"""Commands for duplicates: dedupe (run, file, explain, settle, undo, report)."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line

if TYPE_CHECKING:
    from review.dedupe import Explanation

group = typer.Typer(help="Find duplicates. Without a subcommand, runs on the current review.")


VERDICT_MEANINGS = {
    "duplicate": "Compared alone, the two records are the same report",
    "version": "Compared alone, the two records are versions of one report",
    "study": "Compared alone, the two records are reports of one study, such as a preprint and its "
    "journal article",
    "maybe": "Compared alone, the two records are a possible duplicate (see review dedupe doubts)",
    "distinct": "Compared alone, the two records are not linked",
}
"""Verdict -> what it means."""


class PairAnswer(StrEnum):
    """Decisions a person can make on a pair."""

    same = "same"
    different = "different"
    preprint = "preprint"


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(group, name="dedupe")


@group.callback(invoke_without_command=True)
def run_or_explain(
    context: typer.Context,
    pair_keys: tuple[str, str] = typer.Option(
        ("", ""),
        "--explain",
        metavar="A B",
        help="Explain why two records are, or are not, duplicates.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Deduplicate the review's records; --explain A B explains the result for a pair."""
    if context.invoked_subcommand is None:
        if pair_keys[0]:
            explain(context, *pair_keys, as_json=as_json)
        else:
            run(context, as_json=as_json)


@group.command()
def run(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Compare new records with existing ones and update the duplicate groups."""
    from dataclasses import asdict

    from review.workflow.deduplication import run as dedupe

    result = dedupe.run_deduplication(open_review(context), get_user_name(context))
    if as_json:
        print_json(asdict(result))
    else:
        print_line("\n".join(dedupe.format_result(result)))


@group.command("file")
def dedupe_table(
    table: Path = typer.Argument(help="CSV file with a record_id column (plain or .gz)."),
    out: Path = typer.Option(
        ..., "--out", help="File to write, with columns record_id,cluster_id."
    ),
    pairs: Path = typer.Option(None, "--pairs", help="File to write possible duplicates to."),
    workers: int = typer.Option(0, "--workers", min=0, help="Number of Dask worker processes."),
    address: str = typer.Option(
        None, "--cluster", help="Address of a running Dask scheduler, e.g. tcp://host:8786."
    ),
    shared: Path = typer.Option(
        None,
        "--shared",
        help="Folder that all machines of the cluster can read and write, for temporary files.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> None:
    """Deduplicate a table of references. Works without a review."""
    from dataclasses import asdict

    from review.parallel import dask_client
    from review.tools import dedupe_csv, dedupe_dask

    with dask_client.open_client(workers, address) as client:
        result = (
            dedupe_csv.dedupe_file(table, out, pairs)
            if client is None
            else dedupe_dask.dedupe_on_cluster(table, out, pairs, client=client, folder=shared)
        )
    if as_json:
        print_json(asdict(result))
    else:
        print_line(
            f"{result.records} records, {result.studies} groups, {result.doubtful} possible "
            f"duplicates: {out}"
        )
        for title, count in result.crowds[:3]:
            print_line(
                f"{count} records share the title {title[:60]!r} but were not merged: "
                "a title alone is not enough."
            )
        if result.no_dois:
            record_id, cell = result.no_dois[0]
            print_line(
                f"{len(result.no_dois)} invalid values in the doi column were ignored, for example "
                f"{cell[:60]!r} (record {record_id})."
            )


@group.command()
def explain(
    context: typer.Context,
    first: str = typer.Argument(help="Record number, e.g. R000012."),
    second: str = typer.Argument(help="Number of the other record."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Explain why two records are, are not, or may be duplicates."""
    from dataclasses import asdict

    from review.workflow.deduplication import run as dedupe

    explanation = dedupe.explain_pair(open_review(context), first, second)
    if as_json:
        print_json(asdict(explanation))
    else:
        _print_explanation(first, second, explanation)


def _print_explanation(first: str, second: str, explanation: "Explanation") -> None:
    print_line(
        f"{first} and {second}: {explanation.verdict} ({explanation.rule}, score "
        f"{explanation.score:.2f})"
    )
    print_line(
        f"{VERDICT_MEANINGS[explanation.verdict]}. Current grouping: {explanation.together}."
    )
    for fact in explanation.facts:
        print_line(f"  {fact}")
    if explanation.shared_keys:
        print_line(f"  Compared because they share: {', '.join(explanation.shared_keys)}")
    else:
        print_line("  Not compared: the two records share no comparison key.")
    for statement in explanation.statements:
        print_line(f"  Recorded: {statement}")


@group.command()
def merged(
    context: typer.Context,
    key: str = typer.Argument(help="Number of any record of the report."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show the merged record of a report, with the source record of each field."""
    from dataclasses import asdict

    from review.workflow.deduplication import run as dedupe

    merged_fields = dedupe.build_merged_view(open_review(context), key)
    if as_json:
        print_json([asdict(field) for field in merged_fields])
    else:
        print_line(
            "\n".join(
                f"{field.name:12} {field.value}  [{field.key}, {field.source}]"
                for field in merged_fields
            )
        )


@group.command()
def settle(
    context: typer.Context,
    first: str = typer.Argument(help="Record number."),
    second: str = typer.Argument(help="Number of the other record."),
    verdict: PairAnswer = typer.Argument(help="same, different, or preprint (same study)."),
    note: str = typer.Option(None, "--note", help="Reason, kept in the audit trail."),
) -> None:
    """Decide a possible duplicate manually. Your decision overrides every rule in later runs."""
    from review.workflow.deduplication import run as dedupe

    print_line(
        dedupe.settle_pair(
            open_review(context), (first, second), verdict.value, get_user_name(context), note
        )
    )


@group.command()
def undo(
    context: typer.Context,
    first: str = typer.Argument(None, help="Record number (default: your most recent decision)."),
    second: str = typer.Argument(None, help="Number of the other record."),
) -> None:
    """Undo your decision on a pair; the records get their own screening decisions back."""
    from review.workflow.deduplication import run as dedupe

    pair = (first, second) if first and second else None
    print_line(dedupe.undo_answer(open_review(context), get_user_name(context), pair))


@group.command()
def doubts(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """List possible duplicates to review, most likely first."""
    from review.workflow.deduplication import run as dedupe

    rows = dedupe.list_waiting_pairs(open_review(context))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print_line(
            "  ".join(str(row[name]) for name in ("a", "b", "score", "rule", "why") if row[name])
        )
    print_line(f"{len(rows)} possible duplicates to review.")


@group.command()
def reopened(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """List screened preprints that were reopened because their journal article was found later."""
    from dataclasses import asdict

    from review.workflow.screening import rescreening

    preprints = rescreening.list_waiting(open_review(context))
    if as_json:
        print_json([asdict(preprint) for preprint in preprints])
    else:
        print_line(
            "\n".join(map(rescreening.format_reopening, preprints)) or "No reopened preprints."
        )


@group.command()
def keep(
    context: typer.Context,
    key: str = typer.Argument(help="Record number of the reopened preprint."),
) -> None:
    """Keep the earlier decisions on a reopened preprint."""
    from review.workflow.deduplication import run as dedupe

    message = dedupe.keep_earlier_decisions(open_review(context), key, get_user_name(context))
    print_line(f"{message} To undo: review dedupe reopen {key}")


@group.command()
def reopen(
    context: typer.Context, key: str = typer.Argument(help="Record number of the preprint.")
) -> None:
    """Reopen a preprint whose earlier decisions had been kept."""
    from review.workflow.deduplication import run as dedupe

    print_line(dedupe.reopen_preprint(open_review(context), key, get_user_name(context)))


@group.command()
def report(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Print duplicate counts for PRISMA, removed automatically or manually, and overlap."""
    from review.workflow.exports import duplicates_report

    counts = duplicates_report.compute_counts(open_review(context))
    if as_json:
        print_json(duplicates_report.to_dict(counts))
    else:
        print_line("\n".join(duplicates_report.format_counts(counts)))
