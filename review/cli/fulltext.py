"""Commands for PDFs: read one, suggest evidence from one, attach a folder of them to a review."""

from pathlib import Path

import typer

from review.cli.base import (
    format_place,
    get_user_name,
    open_review,
    print_json,
    print_line,
    show_bar,
)
from review.errors import FullTextError

PDF = typer.Argument(help="PDF file.")
PAPER = typer.Argument(help="PDF, JATS XML or plain text file.")
JSON = typer.Option(False, "--json", help="Print everything as JSON.")
PASSWORD = typer.Option(None, "--password", help="Password of a protected PDF.")


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("fulltext")(show_fulltext)
    app.command("evidence")(suggest_evidence)
    app.command("attach")(attach_pdfs)
    app.command("read")(read_fulltexts)


def show_fulltext(
    file: Path = PAPER, as_json: bool = JSON, password: str | None = PASSWORD
) -> None:
    """Show the pages, sections and sentences of a paper, or why it cannot be read."""
    from review.fulltext import STATE_MESSAGES, full_text_to_dict, read_full_text, read_markup

    _require_file(file)
    text = read_markup(file) or read_full_text(file, password=password)
    if as_json:
        print_json(full_text_to_dict(text))
        return
    reader_note = f" ({text.reader})" if text.reader else ""
    pages_note = f", {text.page_count} pages" if text.page_count else ""
    print_line(f"{file.name}: {STATE_MESSAGES[text.state]}{pages_note}{reader_note}")
    if text.problem:
        print_line(f"  {text.problem}")
    for section in text.sections:
        place = f"p. {section.page:>3}  " if section.page else ""
        print_line(f"  {place}{section.name or '-':<13} {section.title}")
    print_line(
        f"  {len(text.sentences)} sentences (use --json to list them with page and position)"
    )


def _require_file(file: Path) -> None:
    if not file.is_file():
        raise FullTextError(f"{file}: file not found.")


def suggest_evidence(
    file: Path = PAPER,
    checklist: str = typer.Option(..., "--checklist", "-c", help="Checklist id, e.g. claim-2020."),
    most: int = typer.Option(5, help="Number of sentences per item."),
    model: str | None = typer.Option(
        None, help="Name of an installed spaCy model, used to match inflected forms."
    ),
    as_json: bool = JSON,
    password: str | None = PASSWORD,
) -> None:
    """For each checklist item, suggest the sentences of a paper most likely to answer it."""
    from dataclasses import asdict

    from review.workflow.appraisal.scoring import find_checklist
    from review.workflow.fulltexts.reading import read_text, suggest_from_text

    _require_file(file)
    loaded_checklist = find_checklist(None, checklist)
    suggestions_by_item = suggest_from_text(
        read_text(file, password), loaded_checklist, most=most, model=model
    )
    if as_json:
        print_json(
            {
                item: [asdict(suggestion) for suggestion in suggestions]
                for item, suggestions in suggestions_by_item.items()
            }
        )
        return
    for section in loaded_checklist.sections:
        for item in section.items:
            print_line(f"{item.number} {item.name}")
            for suggestion in suggestions_by_item[item.id]:
                place = format_place(suggestion.page, suggestion.section)
                words = f"  [{suggestion.words}]" if suggestion.words else ""
                print_line(f"   {place}  {suggestion.text}{words}")


def attach_pdfs(
    context: typer.Context,
    folder: Path = typer.Argument(help="Folder of PDFs."),
) -> None:
    """Attach a folder of PDFs to records, matched by file name, DOI, arXiv ID or title."""
    from review.workflow.fulltexts.reading import attach_folder

    with show_bar("Attaching PDFs") as progress:
        results = attach_folder(
            open_review(context), folder, get_user_name(context), progress=progress
        )
    for result in results:
        print_line(f"{result.state:<14} {result.name}  {', '.join(result.keys)}  ({result.how})")
        if result.warning:
            print_line(f"{'':<14} Warning: {result.warning}.")
    attached_count = sum(result.state in ("attached", "already there") for result in results)
    print_line(f"{attached_count} of {len(results)} PDFs attached.")


def read_fulltexts(
    context: typer.Context,
    workers: int = typer.Option(None, "--workers", min=1, help="Number of processes."),
    address: str = typer.Option(
        None, "--cluster", help="Address of a running Dask scheduler, e.g. tcp://host:8786."
    ),
) -> None:
    """Extract the text of every attached PDF that has not been read yet."""
    from collections import Counter

    from review.fulltext import STATE_MESSAGES
    from review.parallel import dask_client
    from review.workflow.fulltexts.reading import read_all

    with dask_client.open_client(address=address) as client, show_bar("Reading PDFs") as progress:
        states_by_record = read_all(
            open_review(context), workers=workers, progress=progress, client=client
        )
    states = Counter(states_by_record.values())
    for state, description in STATE_MESSAGES.items():
        if states[state]:
            print_line(f"{states[state]:>6}  {description}")
    if not states_by_record:
        print_line("No attached PDF needs reading. To attach PDFs: review attach FOLDER")
