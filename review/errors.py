"""The exceptions of Funnel. Every message says what is wrong, where, and what to do next."""


class ReviewError(Exception):
    """Something a person can mend; shown as one calm line by the command line and the app."""


class ProtocolError(ReviewError):
    """protocol.yaml says something we cannot follow (file, line, key, what was expected)."""


class ChecklistError(ReviewError):
    """A checklist, cue or dataset YAML does not hold together (file, key, what was expected)."""


class QueryError(ReviewError):
    """A boolean query cannot be read (position, what was expected)."""


class SourceError(ReviewError):
    """A source or an export file could not be read, or gave less than it announced."""


class FullTextError(ReviewError):
    """A PDF could not be read; the message names the file and its state."""


class StoreError(ReviewError):
    """The store refused: unknown record, wrong role, a store of another version."""


class FlowError(ReviewError):
    """The boxes of the flow do not sum; the message names the records that differ."""
