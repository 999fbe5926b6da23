"""A harvest as a process of its own, so that it outlives the page that began it."""

import subprocess
import sys

from review.workflow.project import Project


def start(project: Project, who: str) -> int:
    """Begins a harvest and gives its process number; the lock keeps a second one out."""
    words = [sys.executable, "-m", "review.cli", "--review", str(project.folder.resolve())]
    words += ["--user", who, "harvest", "--quiet"]
    with (project.folder / "harvest.out").open("ab") as out:
        child = subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True)
    return child.pid
