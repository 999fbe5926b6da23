"""Commands on PDFs: read one, suggest evidence from one, take a folder of them into a review."""

from pathlib import Path

import typer

from review.cli.base import opened, person, say, say_json
from review.errors import FullTextError

PDF = typer.Argument(help="The PDF.")
JSON = typer.Option(False, "--json", help="Print everything as JSON.")
PASSWORD = typer.Option(None, "--password", help="Opens a locked PDF.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("fulltext")(fulltext)
    app.command("evidence")(evidence)
    app.command("attach")(attach)
    app.command("read")(read)


def fulltext(file: Path = PDF, json: bool = JSON, password: str | None = PASSWORD) -> None:
    """Read a PDF: pages, sections, and sentences with page and box, or why it cannot be read."""
    from review.fulltext import STATE_WORDS, as_dict, read

    if not file.is_file():
        raise FullTextError(f"{file}: there is no such file.")
    text = read(file, password=password)
    if json:
        say_json(as_dict(text))
        return
    by = f" ({text.reader})" if text.reader else ""
    say(f"{file.name}: {STATE_WORDS[text.state]}, {text.page_count} pages{by}")
    if text.problem:
        say(f"  {text.problem}")
    for section in text.sections:
        say(f"  p. {section.page:>3}  {section.name or '-':<13} {section.title}")
    say(f"  {len(text.sentences)} sentences; --json shows them with their places")


def evidence(
    file: Path = PDF,
    checklist: str = typer.Option(..., "--checklist", "-c", help="For example claim-2020."),
    most: int = typer.Option(5, help="Sentences for each item."),
    model: str | None = typer.Option(None, help="An installed spaCy model, for word forms."),
    json: bool = JSON,
    password: str | None = PASSWORD,
) -> None:
    """Suggest, for each item of a checklist, the sentences of a PDF most likely to answer it."""
    from dataclasses import asdict

    from review.workflow.appraisal.scoring import checklist_at
    from review.workflow.fulltexts.reading import read_text, suggest_from

    one = checklist_at(None, checklist)
    found = suggest_from(read_text(file, password), one, most=most, model=model)
    if json:
        say_json({item: [asdict(s) for s in suggestions] for item, suggestions in found.items()})
        return
    for section in one.sections:
        for item in section.items:
            say(f"{item.number} {item.name}")
            for s in found[item.id]:
                say(f"   p. {s.page}  {s.text}  [{s.words}]")


def attach(
    context: typer.Context,
    folder: Path = typer.Argument(help="A folder of PDFs."),
) -> None:
    """Attach a folder of PDFs to their records, by file name, DOI, arXiv id or title."""
    from review.workflow.fulltexts.reading import attach_folder

    placed = attach_folder(opened(context), folder, person(context), progress=bar)
    for one in placed:
        say(f"{one.state:<14} {one.name}  {', '.join(one.keys)}  ({one.how})")
    attached = sum(one.state in ("attached", "already there") for one in placed)
    say(f"{attached} of {len(placed)} PDFs attached.")


def read(
    context: typer.Context,
    workers: int = typer.Option(None, "--workers", min=1, help="Reading processes here."),
    address: str = typer.Option(
        None, "--cluster", help="A running Dask scheduler: tcp://host:8786"
    ),
) -> None:
    """Read every attached PDF that was not read yet."""
    from collections import Counter

    from review.fulltext import STATE_WORDS
    from review.parallel import dask_client
    from review.workflow.fulltexts.reading import read_all

    with dask_client.opened(address=address) as client:
        found = read_all(opened(context), workers=workers, progress=bar, client=client)
    states = Counter(found.values())
    for state, words in STATE_WORDS.items():
        if states[state]:
            say(f"{states[state]:>6}  {words}")
    if not found:
        say("No attached PDF waits to be read. Bring some with: review attach FOLDER")


def bar(done: int, total: int, words: str) -> None:
    """A progress line on standard error, so that standard output stays clean."""
    filled = 30 * done // max(1, total)
    line = f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{total} {words[:60]:<60}"
    typer.echo(line, err=True, nl=done == total)
