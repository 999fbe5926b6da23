"""Runs a harvest in a separate process, so that it outlives the page that started it."""

import subprocess
import sys
import threading
from dataclasses import dataclass

from review.workflow.harvest.models import BUSY, COMPLETE, INCOMPLETE
from review.workflow.project.project import Project

OUTPUT_FILE = "harvest.out"
"""File in the review's folder that takes what such harvests print."""


@dataclass(frozen=True, slots=True)
class BackgroundHarvest:
    """A harvest that was begun."""

    process: "subprocess.Popen[bytes]"
    output_offset: int
    """Bytes that were in the file before."""


def start_harvest(project: Project, who: str) -> BackgroundHarvest:
    """Begins a harvest; the lock keeps a second one out."""
    command = [sys.executable, "-m", "review.cli", "--review", str(project.folder.resolve())]
    command += ["--user", who, "harvest", "--quiet"]
    path = project.folder / OUTPUT_FILE
    output_offset = path.stat().st_size if path.exists() else 0
    with path.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    # Somebody must take the exit status when it ends, also when no page asks for it any more;
    # else the dead process stays in the table until the app ends.
    threading.Thread(target=process.wait, daemon=True, name="harvest-reaper").start()
    return BackgroundHarvest(process, output_offset)


def is_running(harvest: BackgroundHarvest) -> bool:
    """Whether the harvest that was begun still runs."""
    return harvest.process.poll() is None


def describe_failure(project: Project, harvest: BackgroundHarvest) -> str | None:
    """Why a harvest that was begun came to nothing; None while it runs or where it ran."""
    status = harvest.process.poll()
    if status in (None, COMPLETE, INCOMPLETE, BUSY):
        return None
    with (project.folder / OUTPUT_FILE).open("rb") as output:
        output.seek(harvest.output_offset)
        output_lines = output.read().decode("utf-8", "replace").strip().splitlines()
    last_line = output_lines[-1].removeprefix("review: ") if output_lines else "no message"
    return f"The search ended with status {status}: {last_line}"
