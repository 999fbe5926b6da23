"""Commands for queries, with or without a review: query explain, query recall."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from review.cli.base import open_review, print_json, print_line
from review.sources.registry import SOURCES, list_query_sources

if TYPE_CHECKING:
    from review.query import DateWindow

SOURCE_CHOICES = ", ".join(source.name for source in list_query_sources())
MAX_REMARKS = 12
"""Number of remarks shown per source."""


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(
        no_args_is_help=True, help="Check a query and see it translated for each source."
    )
    group.command("explain", epilog="Exit status: 0 the query is valid; 1 it is not.")(
        explain_query
    )
    group.command("recall")(check_recall)
    app.add_typer(group, name="query")


def explain_query(
    context: typer.Context,
    query: str = typer.Argument("", help="Query, in quotes (default: the protocol's)."),
    from_: datetime | None = typer.Option(None, "--from", formats=["%Y-%m-%d"], help="First date."),
    to: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="Last date."),
    source: str = typer.Option("", help=f"Print only the query for this source: {SOURCE_CHOICES}."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show the query sent to each source, and what the source does not support."""
    if source and source not in SOURCE_CHOICES.split(", "):
        raise typer.BadParameter(f"'{source}' is not one of {SOURCE_CHOICES}.")
    text, window, native = _resolve_query(context, query, from_, to)
    explanation = _build_explanation(text, window, native)
    if source:
        _print_source_query(explanation["sources"][source], as_json=as_json)
    elif as_json:
        print_json(explanation)
    else:
        print_line("\n".join(_format_explanation(explanation)))


def check_recall(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Show which key papers (search.key_papers) the search found, and which terms miss the rest."""
    from dataclasses import asdict

    from review.workflow.records.source_names import format_source
    from review.workflow.screening.search_recall import check_search_recall, describe_check

    checks = check_search_recall(open_review(context))
    if as_json:
        print_json([asdict(check) for check in checks])
        return
    if not checks:
        print_line(
            "The protocol names no key papers. List papers you know should be found under "
            "search.key_papers in protocol.yaml, each by DOI or title."
        )
        return
    found_count = sum(bool(check.found_by) for check in checks)
    print_line(f"{found_count} of {len(checks)} key papers are in the review.")
    for check in checks:
        print_line(f"  {describe_check(check, format_source)}")


def _resolve_query(
    context: typer.Context, query: str, from_: datetime | None, to: datetime | None
) -> tuple[str, "DateWindow", dict[str, str]]:
    """Query, date range and source-specific queries: as given, else the protocol's."""
    from review.protocol.loading import load_protocol
    from review.query import DateWindow

    since, until = from_.date() if from_ else None, to.date() if to else None
    if since and until and until < since:
        raise typer.BadParameter(f"--to ({until}) is earlier than --from ({since}).")
    if query.strip():
        return query, DateWindow(since, until), {}
    search = load_protocol(Path(context.find_root().obj.folder) / "protocol.yaml").search
    return search.query, DateWindow(since or search.from_, until or search.to), search.native


def _build_explanation(query: str, window: "DateWindow", native: dict[str, str]) -> dict[str, Any]:
    from review.sources.query_preview import describe_query

    explanation = describe_query(query, window)
    for name, text in native.items():
        if name in explanation["sources"]:
            explanation["sources"][name]["native"] = text
    return explanation


def _print_source_query(source_entry: dict[str, Any], *, as_json: bool) -> None:
    from review.errors import QueryError

    if as_json:
        print_json(source_entry)
    elif source_entry["error"]:
        raise QueryError(source_entry["error"])
    else:
        print_line(source_entry.get("native") or source_entry["text"])


def _format_title(name: str) -> str:
    source = SOURCES[name]
    return source.title if source.takes_query else f"{source.title} (query applied locally)"


def _format_explanation(explanation: dict[str, Any]) -> list[str]:
    """The explanation as lines for the terminal."""
    since, until = (
        explanation["window"]["from"] or "the beginning",
        explanation["window"]["to"] or "today",
    )
    lines = [
        f"Interpreted as ({explanation['terms']} terms, {since} to {until}):",
        f"  {explanation['query']}",
    ]
    for name, entry in explanation["sources"].items():
        lines += ["", _format_title(name)]
        if entry["error"]:
            lines.append(f"  Not searched: {entry['error']}")
            continue
        if "native" in entry:
            lines += [
                "  Query for this source from the protocol, used instead of the translated one:"
            ]
        lines.append(f"  {entry.get('native') or entry['text']}")
        remarks = (*entry["lost"], *entry["notes"])
        lines += [f"  - {text}" for text in remarks[:MAX_REMARKS]]
        if len(remarks) > MAX_REMARKS:
            lines.append(f"  - and {len(remarks) - MAX_REMARKS:,} more (use --json to list all)")
    if explanation["warnings"]:
        lines += ["", "Please check:", *(f"  - {text}" for text in explanation["warnings"])]
    return lines
