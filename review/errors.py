"""The exceptions of Funnel. Every message says what is wrong, where, and what to do next."""


class ReviewError(Exception):
    """An error the user can correct; shown as one line by the command line and the app."""


class ProtocolError(ReviewError):
    """protocol.yaml is invalid (file, line, key, what was expected).

    Attributes:
        path: keys that lead to the faulty value, for example ("stages", 0, "reviewers"); empty
            where the fault has no one place.
        problem: the message without the file and the line.
        is_contradiction: whether each key is sound by itself, but some contradict each other.
    """

    def __init__(
        self,
        message: str,
        *,
        path: tuple[str | int, ...] = (),
        problem: str | None = None,
        is_contradiction: bool = False,
    ) -> None:
        super().__init__(message)
        self.is_contradiction = is_contradiction
        self.path = path
        self.problem = problem or message


class InvalidPlanError(ValueError):
    """Keys that contradict each other; `path` leads to the one to change."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


class ChecklistError(ReviewError):
    """A checklist, cue or dataset file is invalid (file, key, what was expected)."""


class QueryError(ReviewError):
    """A Boolean query is invalid (position, what was expected)."""


class SourceError(ReviewError):
    """A source or export file cannot be read, or returned fewer records than announced."""


class FullTextError(ReviewError):
    """A PDF cannot be read; the message gives the file and its state."""


class StoreError(ReviewError):
    """The store rejected an operation: unknown record, wrong role, other store version."""


class FlowError(ReviewError):
    """The PRISMA boxes do not add up; the message names the records responsible."""


class UnfinishedError(ReviewError):
    """Something has to wait for the end of the review."""
