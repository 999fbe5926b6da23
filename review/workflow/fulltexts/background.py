"""The search for open copies in the background of the app, with its progress."""

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

from review.errors import ReviewError
from review.workflow.fulltexts.retrieval import NOT_REACHED, RetrievalResult, fetch_pdfs
from review.workflow.project.project import Project

UNFORESEEN = (
    "The search for open copies stopped after an unforeseen error, which the server's log has. "
    "What was found until then is kept; search again to go on."
)
_LOG = logging.getLogger(__name__)


@dataclass
class OpenCopySearch:
    """A search for open copies that was begun; a later one goes on with what it left."""

    done: int = 0
    total: int = 0
    newest: str = ""
    """What came of the newest report."""
    results: list[RetrievalResult] = field(default_factory=list)
    problem: str | None = None
    """Why it stopped."""
    is_running: bool = True

    def describe(self) -> str:
        """What came of it, in a sentence."""
        retrieved = sum(result.state == "retrieved" for result in self.results)
        unreached = sum(result.state == NOT_REACHED for result in self.results)
        missed = len(self.results) - retrieved - unreached
        words = f"{retrieved:,} found, {missed:,} without an open copy"
        if unreached:
            words += f", {unreached:,} not answered (they are searched for again next time)"
        return f"Search for open copies finished: {words}."


_SEARCHES: dict[Path, OpenCopySearch] = {}
_GUARD = threading.Lock()


def start_search(project: Project, who: str, *, include_recent: bool = False) -> OpenCopySearch:
    """Begins the search, or gives the one that runs."""
    with _GUARD:
        running = _SEARCHES.get(project.folder)
        if running is not None and running.is_running:
            return running
        search = _SEARCHES[project.folder] = OpenCopySearch()
    threading.Thread(
        target=_run, args=(project, who, search, include_recent), daemon=True, name="open-copies"
    ).start()
    return search


def get_search(project: Project) -> OpenCopySearch | None:
    """The newest search of this review in this process; None if there was none."""
    return _SEARCHES.get(project.folder)


def _run(project: Project, who: str, search: OpenCopySearch, include_recent: bool) -> None:
    def report(done: int, total: int, newest: str) -> None:
        search.done, search.total, search.newest = done, total, newest

    try:
        search.results = fetch_pdfs(project, who, include_recent=include_recent, progress=report)
    except ReviewError as error:
        search.problem = str(error)
    except Exception:  # noqa: BLE001  (said on the page; a thread has no caller)
        _LOG.exception("The search for open copies stopped.")
        search.problem = UNFORESEEN
    finally:
        search.is_running = False
