"""The paper on the left: pages as pictures with text that can be copied, jumps, search, marks."""

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
from review.pages.widgets import session
from review.pages.widgets.highlighting import plain
from review.store.records import key_of
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts import reading as workflow
from review.workflow.project.project import Project

Box = tuple[float, float, float, float]
Mark = tuple[int, Box, str]
"""Page, box in points from the top left, and what it marks (a key of COLOURS)."""
COLOURS = {
    "quote": "rgba(255, 214, 64, .45)",
    "suggested": "rgba(120, 190, 255, .38)",
    "search": "rgba(255, 150, 80, .42)",
    "flag": "rgba(240, 128, 160, .38)",
}
SCALE = 2.0
"""Dots of a page picture per point: sharp on common screens at full width."""
ZOOMS = {"Fit": 100, "Larger": 135, "Largest": 175}
MOST_HITS = 12
HEIGHT = 880
"""Most height of the paper's window (pixels)."""
STAYS = """<style>[data-testid="stColumn"]:has(.paper-window) {
position: sticky; top: 1rem; align-self: flex-start;}</style>"""
"""Keeps the paper in view while the questions beside it are scrolled."""
_LINE_SLACK = 3.0
"""Points by which words of one line may stand apart in height."""


@st.cache_resource(show_spinner=False)
def _worker() -> tuple[fulltext.Worker, Lock]:
    """One reading process for the app; a lock, because it answers one page at a time."""
    return fulltext.Worker(), Lock()


@st.cache_data(max_entries=64, show_spinner="Reading the paper ...")
def text_of(_project: Project, record: int, path: Path) -> FullText:
    """The full text of a record's file; files are kept by content, so the path names it."""
    return workflow.text_of(_project, record) or fulltext.read(path)


@st.cache_data(max_entries=256, show_spinner=False)
def _picture(path: Path, number: int) -> bytes:
    worker, lock = _worker()
    with lock:
        return fulltext.render_page(path, number, scale=SCALE, worker=worker)


def place_of(project: Project, record: int, quote: str) -> tuple[int, tuple[Box, ...]] | None:
    """Page and boxes where a quote stands in a record's paper; None where it does not."""
    path = attachments.pdf_of(project, record) if quote else None
    if path is None:
        return None
    found = fulltext.find_quote(text_of(project, record, path), quote)
    return found[0] if found else None


def go_to(page: int) -> None:
    """Turns the paper to a page at the next drawing."""
    st.session_state["paper_page"] = page


def draw(
    project: Project, record: int, marks: Sequence[Mark], use: Callable[[str, int], None] | None
) -> None:
    """Draws the paper of a record, or a place to put it.

    Args:
        marks: what is highlighted.
        use: called with text and page when a found sentence is taken as quote; None where nothing
            can be quoted.
    """
    path = attachments.pdf_of(project, record)
    if path is None:
        _ask_for_it(project, record)
        return
    text = text_of(project, record, path)
    if text.state != "ok":
        st.warning(f"The text of this file cannot be searched: {fulltext.STATE_WORDS[text.state]}.")
    if not text.page_count:
        return
    number = _turn(text)
    hits = _search(text, use)
    st.html(_page(path, text, number, [*marks, *hits]))


def _ask_for_it(project: Project, record: int) -> None:
    st.info("No full text yet.")
    given = st.file_uploader("Add the PDF", type="pdf", key=f"paper_upload_{record}")
    if given is not None:
        try:
            name = session.person().name
            attachments.attach(project, record, given.name, given.getvalue(), name)
        except FullTextError as error:
            st.warning(str(error))
            return
        st.rerun()


def _turn(text: FullText) -> int:
    """The row that turns pages; gives the page to show."""
    number = min(max(1, int(st.session_state.get("paper_page", 1))), text.page_count)
    st.session_state["paper_page"] = number
    back, where, on, jump = st.columns([2, 2, 2.3, 4], vertical_alignment="center")
    back.button(
        "", icon=":material/chevron_left:", shortcut="PageUp", help="Page before", key="paper_back",
        on_click=partial(go_to, number - 1), disabled=number == 1, width="stretch",
    )  # fmt: skip
    where.markdown(f"**{number}** of {text.page_count}", text_alignment="center")
    on.button(
        "", icon=":material/chevron_right:", shortcut="PageDown", help="Page after", key="paper_on",
        on_click=partial(go_to, number + 1), disabled=number == text.page_count, width="stretch",
    )  # fmt: skip
    _sections(text, jump)
    return number


def _sections(text: FullText, place: "st.delta_generator.DeltaGenerator") -> None:
    heads = [(one.title, one.page) for one in text.sections if one.title]
    if not heads:
        return

    def jump() -> None:
        chosen = st.session_state["paper_section"]
        if chosen is not None:
            go_to(heads[chosen][1])

    place.selectbox(
        "Section",
        range(len(heads)),
        index=None,
        placeholder="Go to a section",
        format_func=lambda n: f"{heads[n][0]} (p. {heads[n][1]})",
        key="paper_section",
        on_change=jump,
        label_visibility="collapsed",
    )


def _search(text: FullText, use: Callable[[str, int], None] | None) -> list[Mark]:
    """The search box with the sentences it finds; gives their marks."""
    box, zoom = st.columns([5, 4], vertical_alignment="center")
    zoom.segmented_control(
        "Size",
        list(ZOOMS),
        default="Fit",
        key="paper_zoom",
        required=True,
        label_visibility="collapsed",
    )
    wanted = box.text_input(
        "Search", placeholder="Search in the paper", key="paper_search",
        label_visibility="collapsed", icon=":material/search:",
    )  # fmt: skip
    if len(wanted.strip()) < 2:
        return []
    found = [one for one in text.sentences if wanted.strip().casefold() in one.text.casefold()]
    st.caption(
        f"{len(found)} sentences" + (f", first {MOST_HITS}" if len(found) > MOST_HITS else "")
    )
    with st.container(height=220 if found else 60, border=True):
        for n, one in enumerate(found[:MOST_HITS]):
            said, act = st.columns([8, 1], vertical_alignment="center")
            said.button(
                f"p. {one.page} · {one.text}", type="tertiary", on_click=partial(go_to, one.page),
                key=f"paper_hit_{n}", wrap=True,
            )  # fmt: skip
            if use is not None:
                act.button(
                    "", icon=":material/format_quote:", help="Take it as quote",
                    on_click=partial(use, one.text, one.page), key=f"paper_take_{n}",
                )  # fmt: skip
    return [(one.page, box, "search") for one in found for box in one.boxes]


def _page(path: Path, text: FullText, number: int, marks: Sequence[Mark]) -> str:
    """The page as HTML: picture, coloured boxes, and its words, unseen but there to copy."""
    try:
        picture = _picture(path, number)
    except FullTextError as error:
        return f"<p>{html.escape(str(error))}</p>"
    page = next((one for one in text.pages if one.number == number), None)
    zoom = ZOOMS.get(st.session_state.get("paper_zoom") or "Fit", 100)
    source = base64.b64encode(picture).decode("ascii")
    boxes = words = ""
    if page is not None:
        here = [(box, kind) for n, box, kind in marks if n == number]
        first = next((mark for mark in here if mark[1] == "quote"), None)
        boxes = "".join(_box(page, *mark, shown=mark is first) for mark in here)
        words = "".join(_line(page, line) for line in _lines(page.words))
    return (
        f'{STAYS}<div class="paper-window" style="height:min({HEIGHT}px, calc(100vh - 11rem));'
        "overflow:auto;border:1px solid #ddd;border-radius:6px;"
        f'background:#f4f4f4"><div style="position:relative;width:{zoom}%;'
        'container-type:inline-size">'
        f'<img alt="Page {number}" style="width:100%;display:block" '
        f'src="data:image/png;base64,{source}">{boxes}{words}</div></div>'
    )


def _percent(page: Page, box: Box) -> str:
    x0, top, x1, bottom = box
    return (
        f"position:absolute;left:{100 * x0 / page.width:.2f}%;top:{100 * top / page.height:.2f}%;"
        f"width:{100 * (x1 - x0) / page.width:.2f}%;"
        f"height:{100 * (bottom - top) / page.height:.2f}%"
    )


def _box(page: Page, box: Box, kind: str, *, shown: bool) -> str:
    """A coloured box; `shown` has the window scrolled to it, where the browser can."""
    scrolled = "scroll-initial-target:nearest;scroll-margin:4rem 12rem;" if shown else ""
    return (
        f'<div style="{_percent(page, box)};background:{COLOURS[kind]};border-radius:2px;{scrolled}'
        'mix-blend-mode:multiply;pointer-events:none"></div>'
    )


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    """Words of a page, in reading order, line by line."""
    lines: list[list[Word]] = []
    for word in words:
        last = lines[-1][-1] if lines else None
        if last and abs(last.top - word.top) < _LINE_SLACK and word.x0 >= last.x0:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _line(page: Page, words: Sequence[Word]) -> str:
    box = (words[0].x0, min(w.top for w in words), words[-1].x1, max(w.bottom for w in words))
    size = 100 * (box[3] - box[1]) * 0.9 / page.width
    said = html.escape(" ".join(word.text for word in words))
    return (
        f'<div style="{_percent(page, box)};color:transparent;font-size:{size:.2f}cqw;'
        "line-height:1;white-space:nowrap;overflow:hidden;text-align-last:justify;"
        f'user-select:text">{said} </div>'
    )


def title_of(record: int, title: str) -> str:
    """Key and title as a line of Markdown."""
    return f"**{key_of(record)}** · {plain(title)}"
