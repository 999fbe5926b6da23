"""A record's title, citation and abstract as they are read while screening."""

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from review.formats.author_lists import is_cut_short, list_people
from review.pages.widgets import session
from review.pages.widgets.highlighting import (
    FREE_TEXT_STYLE,
    escape_markdown,
    extract_search_words,
    highlight_words,
)
from review.pages.widgets.preferences import get_preferences
from review.workflow.project.project import Project
from review.workflow.records.source_names import format_source
from review.workflow.screening import own_words

if TYPE_CHECKING:
    from review.models import Record

MOST_AUTHORS = 8
OWN_WORDS_KEY = "own_words"


def list_highlights(project: Project) -> dict[str, tuple[str, ...]]:
    """Kind -> words to mark for the person at this browser, without the lists they switched off."""
    words = {
        "own": load_own_words(project),
        "include": tuple(project.protocol.highlight.include),
        "exclude": tuple(project.protocol.highlight.exclude),
        "search": extract_search_words(project.protocol.search.query),
    }
    settings = get_preferences()
    return {kind: listed for kind, listed in words.items() if settings.is_highlighted(kind)}


def load_own_words(project: Project) -> tuple[str, ...]:
    """The words that the person at this browser has marked for themselves; read once in a tab."""
    who = session.get_user().name
    kept: dict[tuple[str, str], tuple[str, ...]] = session.get_or_set(OWN_WORDS_KEY, {})
    key = (str(project.folder), who)
    if key not in kept:
        kept[key] = own_words.load_words(project, who)
    return kept[key]


def save_own_words(project: Project, text: str) -> None:
    """Keeps words written one on a line, for this person in this review.

    Raises:
        ReviewError: there are too many, or one is too long.
    """
    who = session.get_user().name
    saved = own_words.save_words(project, who, text.splitlines())
    session.get_or_set(OWN_WORDS_KEY, {})[(str(project.folder), who)] = saved


def format_title(record: "Record", highlights: dict[str, tuple[str, ...]]) -> str:
    """The title as HTML with words marked."""
    return highlight_words(record.title or "(no title)", highlights)


def format_citation(record: "Record", key: str) -> str:
    """Authors, year, journal, source and key on one line."""
    people = list_people(record)
    authors = "; ".join(people[:MOST_AUTHORS])
    authors += " et al." if len(people) > MOST_AUTHORS or is_cut_short(record) else ""
    parts = (authors, str(record.year or ""), record.journal, format_source(record.source), key)
    return " · ".join(part for part in parts if part)


def list_identifiers(record: "Record") -> list[tuple[str, str]]:
    """Label and address of each of the record's identifiers."""
    links = []
    if record.doi:
        links.append((f"DOI {record.doi}", f"https://doi.org/{quote(record.doi)}"))
    if record.pmid:
        address = f"https://pubmed.ncbi.nlm.nih.gov/{quote(record.pmid)}/"
        links.append((f"PMID {record.pmid}", address))
    if record.pmcid:
        address = f"https://pmc.ncbi.nlm.nih.gov/articles/{quote(record.pmcid)}/"
        links.append((record.pmcid, address))
    if record.arxiv_id:
        address = f"https://arxiv.org/abs/{quote(record.arxiv_id)}"
        links.append((f"arXiv {record.arxiv_id}", address))
    return links


def format_identifiers(record: "Record") -> list[str]:
    """The record's identifiers as links in Markdown."""
    return [f"[{escape_markdown(label)}]({address})" for label, address in list_identifiers(record)]


def render_abstract(abstract: str, highlights: dict[str, tuple[str, ...]]) -> None:
    """Draws an abstract in lines that are easy to read."""
    st.html(
        f'<div {FREE_TEXT_STYLE}font-size:1.06rem;line-height:1.62;max-width:46rem">'
        f"{highlight_words(abstract, highlights)}</div>"
    )
