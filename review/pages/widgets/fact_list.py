"""The facts of a paper with their sentences, each corrected once by whoever sees it is wrong."""

import hashlib
import html
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from review.bias.facts import FIELDS, SIZE_FIELDS, FactCell
from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.messages import keep_message, show_messages
from review.workflow.bias import facts, flags
from review.workflow.project.project import Project

CHOSEN_KEY = "fact_chosen"
"""Session key: (record, tag of the cell) whose correction is open; the tag ADDED adds a cell."""
ADDED = "new"
NOT_REPORTED = "Not reported"


def render_facts_beside(
    project: Project, record: int, take: Callable[[str, int | None], None]
) -> None:
    """Draws the facts in a box that opens on demand; Quote puts a sentence in the quote box."""
    cells = flags.get_fact_cells(project, record)
    if cells:
        with st.expander(f"Facts of the paper ({len(cells)})"):
            render_facts(project, record, cells, take)


def render_facts(
    project: Project,
    record: int,
    cells: Sequence[FactCell],
    take: Callable[[str, int | None], None] | None = None,
) -> None:
    """Draws the facts under the titles of their fields."""
    st.caption(
        "Read from the text by rules: check each against its sentence. A correction counts for the "
        "whole team: in the flags, sample sizes and exports."
    )
    if (st.session_state.get(CHOSEN_KEY) or (None,))[0] != record:
        show_messages("facts")  # an open form shows its own
    for field, title in FIELDS.items():
        numbered = [(n, cell) for n, cell in enumerate(cells) if cell.field == field]
        if numbered:
            st.markdown(f"**{title}**")
        for n, cell in numbered:
            _render_cell(project, record, n, cell, take)
    missing = [title for field, title in FIELDS.items() if all(c.field != field for c in cells)]
    if missing:
        st.caption(f"Not found in the text: {', '.join(missing)}.")
    if not session.may_contribute():
        return
    if st.session_state.get(CHOSEN_KEY) == (record, ADDED):
        _render_addition(project, record)
    else:
        st.button(
            "Add a fact",
            icon=":material/add:",
            key="fact_add",
            on_click=partial(_choose, record, ADDED),
        )


def format_cell(cell: FactCell) -> str:
    """Label and value of a cell, and whether it was corrected."""
    label = f"{cell.label}: " if cell.label else ""
    if not cell.corrected:
        is_size = cell.field in SIZE_FIELDS and (cell.value or "").isdigit()
        return f"{label}{int(cell.value or 0):,}" if is_size else f"{label}{cell.value}"
    original = f"; found in the text: {cell.found}" if cell.found else "; added by hand"
    return f"{label}{cell.value or 'not reported'} (corrected{original})"


def _render_cell(
    project: Project,
    record: int,
    n: int,
    cell: FactCell,
    take: Callable[[str, int | None], None] | None,
) -> None:
    place = ", ".join(filter(None, (f"p. {cell.page}" if cell.page else "", cell.cell)))
    source = (
        "" if cell.value == cell.sentence else f"<br><small>{html.escape(cell.sentence)}</small>"
    )
    st.html(
        f'<div style="line-height:1.4">{html.escape(format_cell(cell))} '
        f"<small>{html.escape(place)}</small>{source}</div>"
    )
    tag = _tag_cell(cell)
    if st.session_state.get(CHOSEN_KEY) == (record, tag):
        _render_correction(project, record, tag, cell)
        return
    may_correct = session.may_contribute()
    with st.container(horizontal=True):
        if take is not None and cell.sentence:
            st.button(
                "Quote",
                key=f"fact_take_{n}",
                type="tertiary",
                on_click=partial(take, cell.sentence, cell.page),
            )
        if not may_correct:
            return
        st.button(
            "Change",
            key=f"fact_correct_{n}",
            type="tertiary",
            on_click=partial(_choose, record, tag),
        )
        if cell.corrected:
            st.button(
                "Back to what was found" if cell.found else "Remove",
                key=f"fact_back_{n}",
                type="tertiary",
                on_click=partial(_withdraw, project, record, cell),
            )


def _tag_cell(cell: FactCell) -> str:
    """The same for a cell wherever it is in the list, which others' corrections reorder."""
    name = "|".join((cell.field, cell.label, str(cell.found)))
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:12]


def _choose(record: int, tag: str | None) -> None:
    st.session_state[CHOSEN_KEY] = None if tag is None else (record, tag)


def _render_correction(project: Project, record: int, tag: str, cell: FactCell) -> None:
    prefix = f"fact_{record}_{tag}"
    with st.form(f"fact_form_{tag}"):
        st.text_input("Right value", cell.value or "", key=f"{prefix}_value")
        st.text_area("Sentence that gives it", cell.sentence, key=f"{prefix}_sentence")
        st.number_input("Page", min_value=1, value=cell.page, step=1, key=f"{prefix}_page")
        with st.container(horizontal=True):
            st.form_submit_button(
                "Save",
                type="primary",
                on_click=partial(_save_correction, project, record, cell, prefix),
            )
            st.form_submit_button(
                NOT_REPORTED,
                on_click=partial(
                    _save_correction, project, record, cell, prefix, is_reported=False
                ),
            )
            st.form_submit_button("Cancel", on_click=partial(_choose, record, None))
    show_messages("facts")


def _read_entry(prefix: str) -> tuple[str, str, int | None]:
    """Value, sentence and page as a form has them."""
    state = st.session_state
    page = state.get(f"{prefix}_page")
    value, sentence = (str(state.get(f"{prefix}_{part}") or "") for part in ("value", "sentence"))
    return value, sentence, None if page is None else int(page)


def _save_correction(
    project: Project, record: int, cell: FactCell, prefix: str, *, is_reported: bool = True
) -> None:
    value, sentence, page = _read_entry(prefix)
    changed = sentence if " ".join(sentence.split()) != cell.sentence else None
    _save(project, record, cell, (value if is_reported else None, changed, page))


def _render_addition(project: Project, record: int) -> None:
    prefix = f"fact_{record}_new"
    with st.form("fact_form_new"):
        st.selectbox("Field", list(FIELDS), format_func=FIELDS.__getitem__, key=f"{prefix}_field")
        st.text_input("Class, part or measure, if any", key=f"{prefix}_label")
        st.text_input("Value", key=f"{prefix}_value")
        st.text_area("Sentence that gives it", key=f"{prefix}_sentence")
        st.number_input("Page", min_value=1, value=None, step=1, key=f"{prefix}_page")
        with st.container(horizontal=True):
            st.form_submit_button(
                "Save", type="primary", on_click=partial(_save_addition, project, record, prefix)
            )
            st.form_submit_button("Cancel", on_click=partial(_choose, record, None))
    show_messages("facts")


def _save_addition(project: Project, record: int, prefix: str) -> None:
    cell = FactCell(
        field=str(st.session_state[f"{prefix}_field"]),
        label=" ".join(str(st.session_state.get(f"{prefix}_label") or "").split()),
        value=None,
        found=None,
        corrected=False,
        sentence="",
        page=None,
        sentences=(),
    )
    _save(project, record, cell, _read_entry(prefix))


def _save(
    project: Project, record: int, cell: FactCell, entry: tuple[str | None, str | None, int | None]
) -> None:
    value, sentence, page = entry
    try:
        facts.correct_fact(
            project,
            record,
            cell,
            who=session.get_user().name,
            value=value,
            sentence=sentence,
            page=page,
        )
    except ReviewError as error:
        keep_message("facts", str(error), "warning")
        return
    _choose(record, None)


def _withdraw(project: Project, record: int, cell: FactCell) -> None:
    try:
        facts.withdraw_correction(project, record, cell, session.get_user().name)
    except ReviewError as error:
        keep_message("facts", str(error), "warning")
