"""A small review with a few records, the starting point of many tests."""

from collections.abc import Iterable
from pathlib import Path

from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.project.project import Project
from review.workflow.screening import status
from review.workflow.setup.loading import init_project, open_project


def studies(folder: Path, given: Iterable[Record]) -> Project:
    """Makes a review led by ada with these records, imported as one file."""
    init_project(folder)
    opened = open_project(folder, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        records.add_records(conn, batch, list(enumerate(given, 1)), utc_now())
        status.rebuild_statuses(opened, conn)
    return opened
