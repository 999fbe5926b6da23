"""Full texts: a PDF becomes pages, sections and sentences with their places, or a named state.

read(path)                      one file, in a process of its own under limits
read_many(paths, progress=...)  many, side by side
render_page(path, 3, boxes)     a page as PNG, boxes highlighted
read_tables(path, 3)            the ruled tables of a page
find_quote(text, quote)         where a quotation stands
match(front, candidates)        the record a file belongs to
"""

from review.fulltext.models import (
    STATE_WORDS,
    VERSION,
    FullText,
    Limits,
    Section,
    State,
    as_dict,
    from_dict,
)
from review.fulltext.pool import Worker, read, read_many, read_tables, render_page
from review.fulltext.quotes import find_quote
from review.fulltext.record_match import Candidate, Match, match

__all__ = [
    "STATE_WORDS",
    "VERSION",
    "Candidate",
    "FullText",
    "Limits",
    "Match",
    "Section",
    "State",
    "Worker",
    "as_dict",
    "find_quote",
    "from_dict",
    "match",
    "read",
    "read_many",
    "read_tables",
    "render_page",
]
