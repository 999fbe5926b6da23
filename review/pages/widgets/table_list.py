"""The tables of a paper as tables, each beside its page."""

import pandas as pd
import streamlit as st

from review import fulltext
from review.errors import FullTextError
from review.models import PrintedTable
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.page_picture import render_cached_picture
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts import reading as texts
from review.workflow.project.project import Project

_MAX_NAME = 90
"""Longest caption in the list of tables (characters)."""


def render_tables(project: Project, record: int) -> None:
    """Draws one table of a paper, chosen from all, with the page it is on."""
    text, path = texts.get_record_text(project, record), attachments.find_pdf(project, record)
    tables = fulltext.list_tables(text) if text else ()
    unread = fulltext.list_unread_tables(text) if text else ()
    if unread:
        names = ", ".join(f"{label} (p. {page})" for label, page in unread)
        st.warning(
            f"Not read: {names}. Such a table may be printed as a picture. Its numbers are not "
            "checked: compare them yourself."
        )
    if not tables:
        if not unread:
            st.info("No table was found in the text of this study.")
        return
    number = st.selectbox(
        "Table",
        range(len(tables)),
        format_func=lambda n: name_table(tables[n]),
        key=f"bias_table_{record}",
    )
    table = tables[number]
    table_column, page_column = st.columns(2)
    with table_column:
        st.markdown(escape_markdown(table.caption))
        st.dataframe(build_frame(table), hide_index=True, width="stretch")
        for note in table.notes:
            st.markdown(escape_markdown(note))
        st.caption(
            "Read from the page by position: compare it with the page before you rely on a number. "
            "The number checks on the Data sets tab use these cells."
        )
    with page_column:
        if path is not None and table.page:
            try:
                picture = render_cached_picture(path, table.page, ())
            except FullTextError as error:
                st.info(escape_markdown(str(error)))
            else:
                st.image(picture, width="stretch", alt=f"Page {table.page} with {table.label}")


def name_table(table: PrintedTable) -> str:
    """Label, page and the first words of the caption."""
    has_label = table.caption.casefold().startswith(table.label.casefold())
    words = table.caption[len(table.label) if has_label else 0 :].lstrip(" .:|–-")
    name = words if len(words) <= _MAX_NAME else f"{words[: _MAX_NAME - 3].rstrip()}..."
    place = f" (p. {table.page})" if table.page else ""
    return f"{table.label or 'Table'}{place}" + (f": {name}" if name else "")


def build_frame(table: PrintedTable) -> pd.DataFrame:
    """The table with heads that differ from each other: a repeated one gets its number."""
    heads: list[str] = []
    for n, head in enumerate(table.columns, start=1):
        name = head or f"Column {n}"
        while name in heads:
            name = f"{name} ({n})"
        heads.append(name)
    return pd.DataFrame(list(table.rows), columns=heads)
