"""Commands for duplicates: dedupe (run, file, explain, settle, undo, report)."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line

if TYPE_CHECKING:
    from review.dedupe import Explanation

group = typer.Typer(help="Find duplicates; without a further word: in the open review.")


VERDICT_MEANINGS = {
    "duplicate": "This pair by itself is one report",
    "version": "This pair by itself is two versions of one report",
    "study": "This pair by itself is two reports of one study, as a preprint and its article are",
    "maybe": "This pair by itself may be one; a person is asked (review dedupe doubts)",
    "distinct": "Nothing joins this pair by itself",
}
"""Verdict -> what it means."""


class PairAnswer(StrEnum):
    """Words a person settles a pair with."""

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
        ("", ""), "--explain", metavar="A B", help="Say why two records are (not) one."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Groups the review's records; --explain A B says why a pair is or is not joined."""
    if context.invoked_subcommand is None:
        if pair_keys[0]:
            explain(context, *pair_keys, as_json=as_json)
        else:
            run(context, as_json=as_json)


@group.command()
def run(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Compares what is new with what is there, and groups the records."""
    from dataclasses import asdict

    from review.workflow.deduplication import run as dedupe

    result = dedupe.run_deduplication(open_review(context), get_user_name(context))
    if as_json:
        print_json(asdict(result))
    else:
        print_line("\n".join(dedupe.format_result(result)))


@group.command("file")
def dedupe_table(
    table: Path = typer.Argument(help="CSV with a record_id column (plain or .gz)."),
    out: Path = typer.Option(..., "--out", help="Where to write record_id,cluster_id."),
    pairs: Path = typer.Option(None, "--pairs", help="Where to write the doubtful pairs."),
    workers: int = typer.Option(0, "--workers", min=0, help="Spread over Dask worker processes."),
    address: str = typer.Option(
        None, "--cluster", help="A running Dask scheduler: tcp://host:8786"
    ),
    shared: Path = typer.Option(
        None, "--shared", help="A folder all machines of the cluster see, for parts of the table."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the figures as JSON."),
) -> None:
    """Groups a plain table of references; needs no review."""
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
            f"{result.records} records, {result.studies} groups, {result.doubtful} doubtful "
            f"pairs: {out}"
        )
        for title, count in result.crowds[:3]:
            print_line(
                f"{count} different records are headed {title[:60]!r}; a title alone joins none."
            )
        if result.no_dois:
            record_id, cell = result.no_dois[0]
            print_line(
                f"{len(result.no_dois)} cells of the column doi hold no DOI and join nothing; "
                f"record {record_id}: {cell[:60]!r}."
            )


@group.command()
def explain(
    context: typer.Context,
    first: str = typer.Argument(help="Key of a record, for example R000012."),
    second: str = typer.Argument(help="Key of the other record."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Says why two records are, are not, or may be one."""
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
        f"{VERDICT_MEANINGS[explanation.verdict]}; the groups hold them as {explanation.together}."
    )
    for fact in explanation.facts:
        print_line(f"  {fact}")
    if explanation.shared_keys:
        print_line(f"  compared because both share: {', '.join(explanation.shared_keys)}")
    else:
        print_line("  never compared: nothing brings the two together")
    for statement in explanation.said:
        print_line(f"  said: {statement}")


@group.command()
def merged(
    context: typer.Context,
    key: str = typer.Argument(help="Key of a record of the report."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Shows one view of a report's records: each field, and the record it comes from."""
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
    first: str = typer.Argument(help="Key of a record."),
    second: str = typer.Argument(help="Key of the other record."),
    verdict: PairAnswer = typer.Argument(help="same, different, or preprint (of one study)."),
    note: str = typer.Option(None, "--note", help="Why, for the record."),
) -> None:
    """Settles a pair by hand; it outranks every rule and holds in later runs."""
    from review.workflow.deduplication import run as dedupe

    print_line(
        dedupe.settle_pair(
            open_review(context), (first, second), verdict.value, get_user_name(context), note
        )
    )


@group.command()
def undo(
    context: typer.Context,
    first: str = typer.Argument(None, help="Key of a record; your last word if left out."),
    second: str = typer.Argument(None, help="Key of the other record."),
) -> None:
    """Takes back what you said of a pair; the records get their own decisions back."""
    from review.workflow.deduplication import run as dedupe

    pair = (first, second) if first and second else None
    print_line(dedupe.undo_answer(open_review(context), get_user_name(context), pair))


@group.command()
def doubts(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Lists the pairs that wait for a person, surest first."""
    from review.workflow.deduplication import run as dedupe

    rows = dedupe.list_waiting_pairs(open_review(context))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print_line(
            "  ".join(str(row[name]) for name in ("a", "b", "score", "rule", "why") if row[name])
        )
    print_line(f"{len(rows)} pairs to settle.")


@group.command()
def reopened(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Lists judged preprints that are open again because their journal article came later."""
    from dataclasses import asdict

    from review.workflow.screening import rescreening

    preprints = rescreening.list_waiting(open_review(context))
    if as_json:
        print_json([asdict(preprint) for preprint in preprints])
    else:
        print_line(
            "\n".join(map(rescreening.format_reopening, preprints)) or "No judged preprint waits."
        )


@group.command()
def keep(
    context: typer.Context, key: str = typer.Argument(help="Key of the re-opened preprint.")
) -> None:
    """Lets the earlier decisions on a re-opened preprint stand."""
    from review.workflow.deduplication import run as dedupe

    print_line(dedupe.keep_earlier_decisions(open_review(context), key, get_user_name(context)))


@group.command()
def reopen(
    context: typer.Context, key: str = typer.Argument(help="Key of the preprint kept as judged.")
) -> None:
    """Opens a preprint again whose decisions were kept."""
    from review.workflow.deduplication import run as dedupe

    print_line(dedupe.reopen_preprint(open_review(context), key, get_user_name(context)))


@group.command()
def report(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Prints the figures for PRISMA: found, repeated, removed by tool and by hand, overlap."""
    from review.workflow.exports import duplicates_report

    counts = duplicates_report.compute_counts(open_review(context))
    if as_json:
        print_json(duplicates_report.to_dict(counts))
    else:
        print_line("\n".join(duplicates_report.format_counts(counts)))
