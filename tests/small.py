"""A small review with a few records, as many tests begin with."""

from collections.abc import Iterable
from pathlib import Path

from review.models import Record
from review.store import records
from review.store.timestamps import now
from review.workflow.project.project import Project
from review.workflow.screening import status
from review.workflow.setup.loading import init, open_project


def studies(folder: Path, given: Iterable[Record]) -> Project:
    """A new review of ada's in a folder, holding these records as from one file."""
    init(folder)
    opened = open_project(folder, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, now(), "ada", kind="file", source="embase")
        records.add(conn, batch, list(enumerate(given, 1)), now())
        status.rebuild(opened, conn)
    return opened
