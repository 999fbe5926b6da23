"""What all commands share: the review's folder, the user, and printing."""

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import typer

if TYPE_CHECKING:
    from review.workflow.project.project import Project


export_commands = typer.Typer(
    no_args_is_help=True, help="Export records, diagrams, tables and the full report."
)
"""The group `review export ...`; each module adds its own commands."""


AS_OF = typer.Option(
    "", "--as-of", help="Show the review as of the end of this day, e.g. 2020-10-03."
)


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """Options given before the command."""

    folder: str
    user: str | None


def get_user_name(context: typer.Context) -> str:
    """The acting user: --user, else the login name."""
    from review.workflow.project.project import get_default_person

    return str(context.find_root().obj.user or get_default_person())


GUEST_COMMANDS = frozenset({"status", "prisma", "amendments", "app"})
"""Commands by which a guest may look at the review: what the pages show them."""


def open_review(context: typer.Context) -> "Project":
    """Open the review in the given folder. Raises ProtocolError, StoreError, or ReviewError where a
    guest asks for what only the team sees."""
    from review.workflow.project.accounts import require_role
    from review.workflow.setup.loading import open_project

    project = open_project(Path(context.find_root().obj.folder), who=get_user_name(context))
    if context.info_name not in GUEST_COMMANDS:
        require_role(project, get_user_name(context), "read")
    for notice in project.notices:
        print_warning(notice)
    if project.store.read_only:
        print_warning(f"This review is open for reading only: {project.store.read_only}.")
    return project


def print_line(text: str = "") -> None:
    """Print a line to standard output."""
    typer.echo(text)


def print_warning(text: str) -> None:
    """Print a line to standard error, so that piped output stays clean."""
    typer.echo(text, err=True)


def print_json(data: Any, *, lines: bool = False) -> None:
    """Print data as JSON: indented, or one object per line."""
    if lines:
        for entry in data:  # some programs treat these characters as line breaks
            text = json.dumps(entry, ensure_ascii=False, default=str)
            for line_break in ("\x85", "\u2028", "\u2029"):
                text = text.replace(line_break, f"\\u{ord(line_break):04x}")
            typer.echo(text)
    else:
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


class ProgressReporter(Protocol):
    """What a long action calls after each piece: how many are done, of how many, and which."""

    def __call__(self, done: int, total: int, label: str = "") -> None: ...


@contextlib.contextmanager
def show_bar(title: str) -> Iterator[ProgressReporter | None]:
    """A progress bar on standard error if a person watches, else None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[label]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as bar:
        task = bar.add_task(title, total=None, label="")

        def report(done: int, total: int, label: str = "") -> None:
            bar.update(task, completed=done, total=total, label=label[:60])

        yield report


def format_place(page: int, section: str) -> str:
    """Where a sentence is: 'p. 3', or its section in a text without pages."""
    if page:
        return f"p. {page}"
    return f"section {section.capitalize()}" if section else "before the first heading"
