"""A record's title, citation and abstract as they are read while screening."""

from typing import TYPE_CHECKING

import streamlit as st

from review.pages.widgets.highlighting import (
    FREE_TEXT_STYLE,
    extract_search_words,
    highlight_words,
)
from review.pages.widgets.preferences import get_preferences
from review.workflow.project.project import Project
from review.workflow.records.source_names import format_source

if TYPE_CHECKING:
    from review.models import Record

MOST_AUTHORS = 8


def list_highlights(project: Project) -> dict[str, tuple[str, ...]]:
    """Kind -> words to mark for the person at this browser, without the lists they switched off."""
    words = {
        "include": tuple(project.protocol.highlight.include),
        "exclude": tuple(project.protocol.highlight.exclude),
        "search": extract_search_words(project.protocol.search.query),
    }
    settings = get_preferences()
    return {kind: listed for kind, listed in words.items() if settings.is_highlighted(kind)}


def format_title(record: "Record", highlights: dict[str, tuple[str, ...]]) -> str:
    """The title as HTML with words marked."""
    return highlight_words(record.title or "(no title)", highlights)


def format_citation(record: "Record", key: str) -> str:
    """Authors, year, journal, source and key on one line."""
    authors = "; ".join(record.authors[:MOST_AUTHORS])
    authors += " et al." if len(record.authors) > MOST_AUTHORS else ""
    parts = (authors, str(record.year or ""), record.journal, format_source(record.source), key)
    return " · ".join(part for part in parts if part)


def render_abstract(abstract: str, highlights: dict[str, tuple[str, ...]]) -> None:
    """Draws an abstract in lines that are easy to read."""
    st.html(
        f'<div {FREE_TEXT_STYLE}font-size:1.06rem;line-height:1.62;max-width:46rem">'
        f"{highlight_words(abstract, highlights)}</div>"
    )
