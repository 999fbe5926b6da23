"""The part of the page Reports that publishes the review as a web page."""

import streamlit as st

from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.pending_work import ask_for_work, run_pending_work
from review.site import SiteContent
from review.workflow.project.project import Project

PUBLISHING_KEY = "publishing_asked"
ADDRESS_WIDTH = 620
"""Width of the field (pixels); on a narrower screen it fills the page."""


def render_publish_tab(project: Project, key: tuple[str, str | None, str]) -> None:
    """Says what becomes public and what is new, then makes the page as a ZIP file.

    Args:
        key: changes with the review; the content is read anew if it does.
    """
    from review.site.html import format_day
    from review.workflow.publishing import editions, page_address, publish

    st.write(
        "A web page of the review for everybody: one folder of static files for a web server or "
        "GitHub Pages. An edition shows the review as it is when you create it, whatever date is "
        "chosen above."
    )
    content = _read_content(project, *key)
    following = editions.preview_edition(project, content)
    st.markdown("**This becomes public once you put the page on the web**")
    st.markdown(_format_list(publish.describe_public_content(content)))
    st.markdown(publish.NOT_PUBLISHED)
    listed = editions.list_site_editions(project)
    if following.changes:
        st.markdown(f"**New in edition {following.number}**")
        st.markdown(_format_list(following.changes))
        label = f"Create edition {following.number}"
    else:
        newest = listed[-1]
        st.info(f"Nothing has changed since edition {newest.number} of {format_day(newest.at)}.")
        label = f"Create edition {newest.number} again"
    st.text_input(
        "Address of the page (optional)",
        page_address.get_page_address(project) or "",
        placeholder="https://example.org/review/",
        help="Where you will put the page on the web. The Atom feed, by which readers learn of new "
        "editions, then has full links, which some feed readers need.",
        key="page_address",
        max_chars=500,
        width=ADDRESS_WIDTH,
    )
    st.button(label, type="primary", on_click=_ask_for_edition)

    def create(request: tuple[str, str]) -> tuple[str, int, bytes]:
        wanted, who = request
        kept = page_address.set_page_address(project, wanted, who)
        publication = publish.publish_zip(project, who=who, address=kept)
        return str(project.folder), publication.edition.number, publish.pack_zip(publication)

    run_pending_work(
        PUBLISHING_KEY,
        create,
        lambda outcome: st.session_state.update(published_page=outcome),
        label="Creating the page …",
    )
    made = st.session_state.get("published_page")
    if made and made[0] == str(project.folder):
        st.success(f"Edition {made[1]} is ready. Unpack the ZIP file and open index.html.")
        st.download_button(
            f"Download edition {made[1]}",
            made[2],
            f"review-page-edition-{made[1]}.zip",
            mime="application/zip",
            on_click="ignore",
        )
    if listed:
        st.markdown("**Editions**")
        for edition in reversed(listed):
            with st.expander(f"Edition {edition.number}, {format_day(edition.at)}"):
                st.markdown(_format_list(edition.changes))


def _ask_for_edition() -> None:
    address = str(st.session_state.get("page_address") or "")
    ask_for_work(PUBLISHING_KEY, (address, session.get_user().name))


@st.cache_resource(max_entries=4, show_spinner="Reading what is settled …")
def _read_content(_project: Project, folder: str, day: str | None, stamp: str) -> SiteContent:
    from review.workflow.publishing import publish

    del folder, day, stamp  # part of the cache's key
    return publish.read_public_content(_project, who=session.get_user().name)


def _format_list(lines: list[str] | tuple[str, ...]) -> str:
    return "\n".join(f"- {escape_markdown(line)}" for line in lines)
