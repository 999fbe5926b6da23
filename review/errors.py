"""The exceptions of Funnel. Every message says what is wrong, where, and what to do next."""


class ReviewError(Exception):
    """An error the user can correct; shown as one line by the command line and the app."""


class ProtocolError(ReviewError):
    """protocol.yaml is invalid (file, line, key, what was expected)."""


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
