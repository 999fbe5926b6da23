"""Full texts: turns a PDF into pages, sections and sentences with positions, or a named state.

read(path)                      one file, in a process of its own under limits
read_many(paths, progress=...)  many, side by side
render_page(path, 3, boxes)     a page as PNG, boxes highlighted
find_quote(text, quote)         the place of a quotation
find_exact_quote(text, quote)   a quotation letter for letter, in the paper's own words
list_tables(text)               its tables, cell by cell
match(front, candidates)        the record a file belongs to
"""

from review.fulltext.markup import read_markup
from review.fulltext.models import (
    EXTRACTION_VERSION,
    STATE_MESSAGES,
    FullText,
    FullTextState,
    Limits,
    PaperSection,
    full_text_from_dict,
    full_text_to_dict,
)
from review.fulltext.pool import Worker, read_full_text, read_full_texts, render_page
from review.fulltext.quotes import ExactQuote, find_exact_quote, find_quote
from review.fulltext.record_match import RecordCandidate, RecordMatch, match_record
from review.fulltext.tables import list_tables, list_unread_tables

__all__ = [
    "EXTRACTION_VERSION",
    "STATE_MESSAGES",
    "ExactQuote",
    "FullText",
    "FullTextState",
    "Limits",
    "PaperSection",
    "RecordCandidate",
    "RecordMatch",
    "Worker",
    "find_exact_quote",
    "find_quote",
    "full_text_from_dict",
    "full_text_to_dict",
    "list_tables",
    "list_unread_tables",
    "match_record",
    "read_full_text",
    "read_full_texts",
    "read_markup",
    "render_page",
]
