"""The PDF viewer: pages as images with selectable text, navigation, search and highlights."""

import base64
import html
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import streamlit as st

from review import fulltext
from review.errors import FullTextError
from review.fulltext import FullText
from review.models import Page, Word
from review.pages.widgets.highlighting import escape_markdown
from review.store.records import format_record_key
from review.text.wording import format_count
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts import reading as workflow
from review.workflow.project.project import Project

HighlightBox = tuple[float, float, float, float]
PageHighlight = tuple[int, HighlightBox, str]
"""Page, box in points from the top left, and what it marks (a key of COLOURS)."""
HIGHLIGHT_COLOURS = {
    "quote": "rgba(255, 214, 64, .45)",
    "used": "rgba(255, 214, 64, .2)",
    "suggested": "rgba(120, 190, 255, .38)",
    "search": "rgba(255, 150, 80, .42)",
    "flag": "rgba(240, 128, 160, .38)",
}
PICTURE_SCALE = 2.0
"""Dots of a page picture per point: sharp on common screens at full width."""
ZOOM_PERCENTAGES = {"Fit": 100, "Larger": 135, "Largest": 175}
MAX_HITS = 12
WINDOW_HEIGHT = 880
"""Maximum height of the viewer (pixels)."""
STICKY_STYLE = """<style>[data-testid="stColumn"]:has(.paper-window) {
position: sticky; top: 1rem; align-self: flex-start;}
:is(.st-key-paper_back, .st-key-paper_on) kbd {display: none;}</style>"""
"""Keeps the paper visible while the questions beside it are scrolled; the buttons that turn pages
are too narrow for the names of their keys."""
_LINE_SLACK = 3.0
"""Vertical distance between words of one line, at most (points)."""


@st.cache_resource(show_spinner=False)
def _get_worker() -> tuple[fulltext.Worker, Lock]:
    """One reading process for the app; a lock, because it answers one page at a time."""
    return fulltext.Worker(), Lock()


@st.cache_data(max_entries=64, show_spinner="Reading the paper …")
def get_full_text(_project: Project, record: int, path: Path) -> FullText:
    """The full text of a record's file; files are kept by content, so the path names it."""
    return workflow.get_record_text(_project, record) or fulltext.read_full_text(path)


@st.cache_data(max_entries=256, show_spinner=False)
def _render_picture(path: Path, number: int) -> bytes:
    worker, lock = _get_worker()
    with lock:
        return fulltext.render_page(path, number, scale=PICTURE_SCALE, worker=worker)


def find_quote_location(
    project: Project, record: int, quote: str
) -> tuple[int, tuple[HighlightBox, ...]] | None:
    """Page and boxes of a quote in a record's paper; None if it is not found."""
    path = attachments.find_pdf(project, record) if quote else None
    if path is None:
        return None
    return _locate_quote(get_full_text(project, record, path), path, quote)


@st.cache_data(max_entries=512, show_spinner=False)
def _locate_quote(
    _text: FullText, path: Path, quote: str
) -> tuple[int, tuple[HighlightBox, ...]] | None:
    """The first place of a quote; the path names the text."""
    del path  # part of the cache's key
    matches = fulltext.find_quote(_text, quote)
    return matches[0] if matches else None


def go_to_page(page: int) -> None:
    """Turns the paper to a page at the next drawing."""
    st.session_state["paper_page"] = page


def render_paper(
    project: Project,
    record: int,
    highlights: Sequence[PageHighlight],
    on_quote: Callable[[str, int], None] | None,
) -> None:
    """Draws the paper of a record; nothing if it has no PDF.

    Args:
        marks: what is highlighted.
        use: called with text and page when a found sentence is taken as quote; None where nothing
            can be quoted.
    """
    path = attachments.find_pdf(project, record)
    if path is None:
        return
    text = get_full_text(project, record, path)
    if text.state != "ok":
        st.warning(f"This PDF cannot be searched: {fulltext.STATE_MESSAGES[text.state]}.")
    if not text.page_count:
        return
    number = _render_page_controls(text)
    search_highlights = _render_search(text, on_quote)
    st.html(_build_page_html(path, text, number, [*highlights, *search_highlights]))


def _render_page_controls(text: FullText) -> int:
    """The row that turns pages; gives the page to show."""
    number = min(max(1, int(st.session_state.get("paper_page", 1))), text.page_count)
    st.session_state["paper_page"] = number
    back_column, box_column, page_column, next_column, section_column = st.columns(
        [1.2, 1.5, 1.3, 1.2, 4.4], vertical_alignment="center"
    )
    back_column.button(
        "",
        icon=":material/chevron_left:",
        shortcut="PageUp",
        help="Previous page (PageUp)",
        key="paper_back",
        on_click=partial(go_to_page, number - 1),
        disabled=number == 1,
        width="stretch",
    )
    st.session_state["paper_page_box"] = str(number)
    box_column.text_input(
        "Page of the paper",
        key="paper_page_box",
        help="Type a page and press Enter",
        label_visibility="collapsed",
        on_change=_go_to_typed_page,
    )
    page_column.markdown(f"of {text.page_count}")
    next_column.button(
        "",
        icon=":material/chevron_right:",
        shortcut="PageDown",
        help="Next page (PageDown)",
        key="paper_on",
        on_click=partial(go_to_page, number + 1),
        disabled=number == text.page_count,
        width="stretch",
    )
    _render_section_jump(text, section_column)
    return number


def _go_to_typed_page() -> None:
    """Opens the page typed in the box, the last one at most; other text changes nothing."""
    typed = str(st.session_state["paper_page_box"]).strip()
    if typed.isdecimal():
        go_to_page(int(typed))


def _render_section_jump(text: FullText, column: "st.delta_generator.DeltaGenerator") -> None:
    headings = [(section.title, section.page) for section in text.sections if section.title]
    if not headings:
        return

    def go_to_section() -> None:
        chosen = st.session_state["paper_section"]
        if chosen is not None:
            go_to_page(headings[chosen][1])

    column.selectbox(
        "Section",
        range(len(headings)),
        index=None,
        placeholder="Go to a section",
        format_func=lambda n: f"{headings[n][0]} (p. {headings[n][1]})",
        key="paper_section",
        on_change=go_to_section,
        label_visibility="collapsed",
    )


def _render_search(
    text: FullText, on_quote: Callable[[str, int], None] | None
) -> list[PageHighlight]:
    """The search box with the sentences it finds; gives their marks."""
    search_column, zoom_column = st.columns([5, 4], vertical_alignment="center")
    zoom_column.segmented_control(
        "Size",
        list(ZOOM_PERCENTAGES),
        default="Fit",
        key="paper_zoom",
        required=True,
        label_visibility="collapsed",
    )
    query = search_column.text_input(
        "Search",
        placeholder="Search the paper",
        key="paper_search",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    if len(query.strip()) < 2:
        return []
    sentences = [
        sentence
        for sentence in text.sentences
        if query.strip().casefold() in sentence.text.casefold()
    ]
    st.caption(
        format_count(len(sentences), "sentence")
        + (f", showing the first {MAX_HITS}" if len(sentences) > MAX_HITS else "")
    )
    with st.container(height=220 if sentences else 60, border=True):
        for n, sentence in enumerate(sentences[:MAX_HITS]):
            text_column, quote_column = st.columns([8, 1], vertical_alignment="center")
            text_column.button(
                f"p. {sentence.page} · {escape_markdown(sentence.text)}",
                type="tertiary",
                on_click=partial(go_to_page, sentence.page),
                key=f"paper_hit_{n}",
                wrap=True,
            )
            if on_quote is not None:
                quote_column.button(
                    "",
                    icon=":material/format_quote:",
                    help="Use as quote",
                    on_click=partial(on_quote, sentence.text, sentence.page),
                    key=f"paper_take_{n}",
                )
    return [(sentence.page, box, "search") for sentence in sentences for box in sentence.boxes]


def _build_page_html(
    path: Path, text: FullText, number: int, highlights: Sequence[PageHighlight]
) -> str:
    """The page as HTML: picture, coloured boxes, and its words, unseen but there to copy."""
    try:
        picture = _render_picture(path, number)
    except FullTextError as error:
        return f"<p>{html.escape(str(error))}</p>"
    page = next((candidate for candidate in text.pages if candidate.number == number), None)
    zoom = ZOOM_PERCENTAGES.get(st.session_state.get("paper_zoom") or "Fit", 100)
    source = base64.b64encode(picture).decode("ascii")
    boxes = words = ""
    if page is not None:
        page_highlights = [(box, kind) for n, box, kind in highlights if n == number]
        first_quote = next(
            (highlight for highlight in page_highlights if highlight[1] == "quote"), None
        )
        boxes = "".join(
            _build_box_html(page, *highlight, is_scroll_target=highlight is first_quote)
            for highlight in page_highlights
        )
        words = "".join(_build_line_html(page, line) for line in _group_lines(page.words))
    return (
        f'{STICKY_STYLE}<div class="paper-window" tabindex="0" '
        f'style="height:min({WINDOW_HEIGHT}px, calc(100vh - 11rem));'
        "overflow:auto;border:1px solid #ddd;border-radius:6px;"
        f'background:#f4f4f4"><div style="position:relative;width:{zoom}%;'
        'container-type:inline-size">'
        f'<img alt="Page {number}" style="width:100%;display:block" '
        f'src="data:image/png;base64,{source}">{boxes}{words}</div></div>'
    )


def _format_position(page: Page, box: HighlightBox) -> str:
    x0, top, x1, bottom = box
    return (
        f"position:absolute;left:{100 * x0 / page.width:.2f}%;top:{100 * top / page.height:.2f}%;"
        f"width:{100 * (x1 - x0) / page.width:.2f}%;"
        f"height:{100 * (bottom - top) / page.height:.2f}%"
    )


def _build_box_html(page: Page, box: HighlightBox, kind: str, *, is_scroll_target: bool) -> str:
    """A coloured box; `shown` has the window scrolled to it, where the browser can."""
    scroll_style = (
        "scroll-initial-target:nearest;scroll-margin:4rem 12rem;" if is_scroll_target else ""
    )
    return (
        f'<div style="{_format_position(page, box)};'
        f"background:{HIGHLIGHT_COLOURS[kind]};border-radius:2px;{scroll_style}"
        'mix-blend-mode:multiply;pointer-events:none"></div>'
    )


def _group_lines(words: Sequence[Word]) -> list[list[Word]]:
    """Words of a page, in reading order, line by line."""
    lines: list[list[Word]] = []
    for word in words:
        previous = lines[-1][-1] if lines else None
        if previous and abs(previous.top - word.top) < _LINE_SLACK and word.x0 >= previous.x0:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _build_line_html(page: Page, words: Sequence[Word]) -> str:
    box = (words[0].x0, min(w.top for w in words), words[-1].x1, max(w.bottom for w in words))
    size = 100 * (box[3] - box[1]) * 0.9 / page.width
    line_text = html.escape(" ".join(word.text for word in words))
    return (
        f'<div style="{_format_position(page, box)};color:transparent;font-size:{size:.2f}cqw;'
        "line-height:1;white-space:nowrap;overflow:hidden;text-align-last:justify;"
        f'user-select:text">{line_text} </div>'
    )


def format_title(record: int, title: str) -> str:
    """Key and title as a line of Markdown."""
    return f"**{format_record_key(record)}** · {escape_markdown(title)}"
