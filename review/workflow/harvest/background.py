"""A harvest as a process of its own, so that it outlives the page that began it."""

import subprocess
import sys
from dataclasses import dataclass

from review.workflow.harvest.models import BUSY, COMPLETE, INCOMPLETE
from review.workflow.project.project import Project

OUT = "harvest.out"
"""File in the review's folder that takes what such harvests print."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A harvest that was begun."""

    child: "subprocess.Popen[bytes]"
    skip: int
    """Bytes that stood in the file before."""


def start(project: Project, who: str) -> Begun:
    """Begins a harvest; the lock keeps a second one out."""
    words = [sys.executable, "-m", "review.cli", "--review", str(project.folder.resolve())]
    words += ["--user", who, "harvest", "--quiet"]
    path = project.folder / OUT
    skip = path.stat().st_size if path.exists() else 0
    with path.open("ab") as out:
        child = subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True)
    return Begun(child, skip)


def under_way(begun: Begun) -> bool:
    """Whether the harvest that was begun still runs."""
    return begun.child.poll() is None


def failed(project: Project, begun: Begun) -> str | None:
    """Why a harvest that was begun came to nothing; None while it runs or where it ran."""
    status = begun.child.poll()
    if status in (None, COMPLETE, INCOMPLETE, BUSY):
        return None
    with (project.folder / OUT).open("rb") as out:
        out.seek(begun.skip)
        said = out.read().decode("utf-8", "replace").strip().splitlines()
    last = said[-1].removeprefix("review: ") if said else "it said nothing"
    return f"The harvest ended with status {status}: {last}"
