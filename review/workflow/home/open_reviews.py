"""The reviews of a home that are open in this process."""

import logging
from threading import Lock

from review.errors import ReviewError
from review.store import homes
from review.workflow.project.current_protocol import refresh_protocol
from review.workflow.project.home import Home
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

OPENED_BY = "edited before the app opened it"
"""To whom a change of protocol.yaml is ascribed that was made outside the app."""
_LOG = logging.getLogger(__name__)


class OpenReviews:
    """Opens each review of a home once, when it is first asked for."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._projects: dict[str, Project] = {}
        self._lock = Lock()

    def find(self, review: str) -> Project | None:
        """The review of this name, with its protocol as it is now; None where the home lists none,
        or it cannot be opened, which is logged. Names come from the home's list alone, so no name
        leads out of its folder."""
        with self.home.store.read() as conn:
            if review not in {listed.review for listed in homes.list_reviews(conn)}:
                return None
        with self._lock:
            project = self._projects.get(review)
            if project is None:
                try:
                    project = open_project(self.home.folder / review, who=OPENED_BY)
                except ReviewError as error:
                    _LOG.warning("The review %s cannot be opened: %s", review, error)
                    return None
                self._projects[review] = project
            return refresh_protocol(project)

    def find_open(self, review: str) -> Project | None:
        """The same, but None for a review that is archived."""
        with self.home.store.read() as conn:
            if not homes.is_open(conn, review):
                return None
        return self.find(review)

    def close(self) -> None:
        """Closes their stores."""
        with self._lock:
            for project in self._projects.values():
                project.store.close()
            self._projects.clear()
