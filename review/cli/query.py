"""Commands on queries, usable without a review: query explain."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from review.cli.base import say, say_json

if TYPE_CHECKING:
    from review.query import Window

NAMES = {
    "pubmed": "PubMed",
    "arxiv": "arXiv",
    "europepmc": "Europe PMC",
    "medrxiv": "medRxiv (matched here)",
    "biorxiv": "bioRxiv (matched here)",
}

SHOWN = 12
"""Remarks shown for each source."""


class Source(StrEnum):
    """Sources a query is put to."""

    pubmed = "pubmed"
    arxiv = "arxiv"
    europepmc = "europepmc"
    medrxiv = "medrxiv"
    biorxiv = "biorxiv"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="Read a query and see what sources are asked.")
    group.command("explain", epilog="Exit status: 0 the query can be read; 1 it cannot.")(explain_)
    app.add_typer(group, name="query")


def explain_(
    context: typer.Context,
    query: str = typer.Argument("", help="The query in quotes; the protocol's if left out."),
    from_: datetime | None = typer.Option(None, "--from", formats=["%Y-%m-%d"], help="First day."),
    to: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="Last day."),
    source: Source | None = typer.Option(None, help="Print only this source's text."),
    json_: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show what each source is asked, and what it could not be asked."""
    text, window, native = _asked(context, query, from_, to)
    found = _explained(text, window, native)
    if source is not None:
        _one(found["sources"][source.value], as_json=json_)
    elif json_:
        say_json(found)
    else:
        say("\n".join(_lines(found)))


def _asked(
    context: typer.Context, query: str, from_: datetime | None, to: datetime | None
) -> tuple[str, "Window", dict[str, str]]:
    """The query, its window and the sources' own queries: as given, else the protocol's."""
    from review.protocol import load
    from review.query import Window

    since, until = from_.date() if from_ else None, to.date() if to else None
    if since and until and until < since:
        raise typer.BadParameter(f"--to ({until}) lies before --from ({since}).")
    if query.strip():
        return query, Window(since, until), {}
    search = load(Path(context.find_root().obj.folder) / "protocol.yaml").search
    return search.query, Window(since or search.from_, until or search.to), search.native


def _explained(query: str, window: "Window", native: dict[str, str]) -> dict[str, Any]:
    from review.sources.query_preview import explain

    found = explain(query, window)
    for name, text in native.items():
        if name in found["sources"]:
            found["sources"][name]["native"] = text
    return found


def _one(found: dict[str, Any], *, as_json: bool) -> None:
    from review.errors import QueryError

    if as_json:
        say_json(found)
    elif found["error"]:
        raise QueryError(found["error"])
    else:
        say(found.get("native") or found["text"])


def _lines(found: dict[str, Any]) -> list[str]:
    """The explanation for reading."""
    first, last = found["window"]["from"] or "the beginning", found["window"]["to"] or "today"
    lines = [f"Read as ({found['terms']} terms, {first} to {last}):", f"  {found['query']}"]
    for name, one in found["sources"].items():
        lines += ["", NAMES[name]]
        if one["error"]:
            lines.append(f"  Not asked: {one['error']}")
            continue
        if "native" in one:
            lines += ["  The protocol's own query for this source, in place of the compiled one:"]
        lines.append(f"  {one.get('native') or one['text']}")
        said = (*one["lost"], *one["notes"])
        lines += [f"  - {text}" for text in said[:SHOWN]]
        if len(said) > SHOWN:
            lines.append(f"  - and {len(said) - SHOWN:,} more; --json shows all")
    if found["warnings"]:
        lines += ["", "Look again at", *(f"  - {text}" for text in found["warnings"])]
    return lines
