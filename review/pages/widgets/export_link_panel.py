"""The part of the page Reports with the links that show one export to anybody."""

import os
from datetime import datetime
from functools import partial

import streamlit as st

from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import show_messages, try_action
from review.pages.widgets.pending_work import ask_for_work, run_pending_work
from review.store.export_links import ExportLink
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.publishing import export_links
from review.workflow.publishing.export_links import NewExportLink

DURATIONS = {7: "7 days", 30: "30 days", 90: "90 days", 365: "1 year"}
FORM_WIDTH = 620
"""Width of the form (pixels); on a narrower screen it fills the page."""
MAKING_KEY = "export_link_asked"
NEW_LINK = "new_export_link"
"""Where the link that was just made is kept, to be shown once."""


def render_links_tab(project: Project) -> None:
    """The form that makes a link, and the links that were made."""
    from review.workflow.publishing.shared_exports import list_export_titles

    st.write(
        "A link shows one export to whoever has it, without an account, and nothing else of the "
        "review. It always shows the current state, and only what the reviewers have agreed on."
    )
    if os.environ.get(accounts.SOLO_VARIABLE):
        st.info("Links work if the review is served with sign-in, not with --solo.")
        return
    titles = list_export_titles(project)
    _render_form(project, titles)
    new_link: NewExportLink | None = st.session_state.get(NEW_LINK)
    if new_link is not None:
        _render_new_link(new_link, titles)
    links = export_links.list_links(project)
    if not links:
        return
    now = utc_now()
    working = sum(export_links.is_working(link, now) for link in links)
    st.markdown(f"**Links** · {format_count(working, 'link')} working")
    show_messages("links")
    for link in links:
        _render_link(project, link, titles, now)


def _render_form(project: Project, titles: dict[str, str]) -> None:
    from review.workflow.publishing.shared_exports import is_blinded_export

    with st.container(width=FORM_WIDTH):
        st.selectbox(
            "Export",
            list(titles),
            format_func=lambda name: (
                f"{titles[name]} (once the review is finished)"
                if is_blinded_export(name)
                else titles[name]
            ),
            key="link_export",
        )
        st.selectbox(
            "Works for",
            list(DURATIONS),
            index=1,
            format_func=DURATIONS.__getitem__,
            key="link_days",
        )
        st.button("Create link", type="primary", on_click=_ask_for_link)
        run_pending_work(
            MAKING_KEY,
            partial(_make_link, project),
            lambda link: st.session_state.update({NEW_LINK: link}),
            label="Creating the link …",
        )


def _ask_for_link() -> None:
    state = st.session_state
    ask_for_work(MAKING_KEY, (state["link_export"], state["link_days"], session.get_user().name))


def _make_link(project: Project, wanted: tuple[str, int, str]) -> NewExportLink:
    export, days, who = wanted
    return export_links.make_link(
        project, export, days=days, who=who, base_url=session.find_base_url()
    )


def _render_new_link(new_link: NewExportLink, titles: dict[str, str]) -> None:
    """The address, which is shown once and kept nowhere."""
    with st.container(border=True):
        st.markdown(
            f"Copy this link to **{escape_markdown(titles[new_link.export])}** now: it cannot be "
            f"shown again. It works until {new_link.expires:%d %b %Y, %H:%M} UTC."
        )
        st.code(new_link.address, language=None, wrap_lines=True)
        st.button(
            "Done", key="link_done", on_click=partial(st.session_state.update, {NEW_LINK: None})
        )


def _render_link(project: Project, link: ExportLink, titles: dict[str, str], now: datetime) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape_markdown(titles.get(link.export, link.export))}**  \n"
            f"made by {escape_markdown(link.who)} on {link.at:%d %b %Y}, "
            f"{escape_markdown(export_links.describe_state(link, now))}",
            width="stretch",
        )
        if export_links.is_working(link, now):
            st.button(
                "Withdraw",
                key=f"withdraw_link_{link.id}",
                on_click=partial(_withdraw, project, link),
            )


def _withdraw(project: Project, link: ExportLink) -> None:
    def withdraw() -> None:
        export_links.withdraw_link(project, link.id, session.get_user().name)
        st.session_state[NEW_LINK] = None

    try_action("links", withdraw)
