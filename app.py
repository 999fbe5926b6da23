"""The app: opens the review, draws the navigation and reports errors."""

import importlib
from collections.abc import Callable

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.icon import ICON
from review.workflow.project.accounts import CurrentUser, is_allowed, require_permission
from review.workflow.project.project import Project

# Section -> (module under review/pages, address of the page, title, action it takes).
PAGES = {
    "Review": [
        ("overview", "home", "Overview", "view"),
        ("protocol", "protocol", "Protocol", "view"),
        ("records", "records", "Records", "read"),
        ("record", "record", "Record details", "read"),
        ("people", "people", "People", "manage"),
        ("account", "account", "Account", "view"),
    ],
    "Identify": [
        ("searches", "harvests", "Searches", "harvest"),
        ("file_import", "import", "Import", "import"),
        ("duplicates", "duplicates", "Duplicates", "dedupe"),
    ],
    "Screen": [
        ("screening", "screening", "Screening", "screen"),
        ("full_texts", "full-texts", "Full texts", "attach"),
        ("conflicts", "conflicts", "Conflicts", "adjudicate"),
        ("agreement", "progress", "Agreement and stopping", "manage"),
    ],
    "Appraise": [
        ("appraisal", "appraisal", "Appraisal", "appraise"),
        ("extraction", "extraction", "Data extraction", "appraise"),
        ("consensus", "consensus", "Consensus", "adjudicate"),
        ("bias", "bias", "Bias", "read"),
    ],
    "Images": [
        ("image_sets", "image-sets", "Image sets", "read"),
        ("label_audit", "label-audit", "Label audit", "contribute"),
        ("image_sieve", "image-sieve", "Image sieve", "contribute"),
        ("image_doubles", "doubles-splits", "Doubles and splits", "contribute"),
        ("subgroups", "subgroups", "Subgroups", "contribute"),
        ("shortcuts", "shortcuts", "Shortcuts", "contribute"),
        ("nonsense", "label-errors", "AUC and label errors", "contribute"),
    ],
    "Report": [
        ("results", "summary", "Results", "view"),
        ("reports", "results", "Reports", "export"),
    ],
}

PAGE_STYLE = """<style>
.stMainBlockContainer {padding: 2.6rem 3rem 3rem; max-width: 100rem;}
.stMainBlockContainer h1 {font-size: 1.9rem; padding: 0 0 .4rem;}
.stMainBlockContainer h2 {font-size: 1.4rem;}
.stMainBlockContainer h3 {font-size: 1.12rem;}
.stColumn:has(> div .st-key-pinned) {position: sticky; top: 3.5rem; align-self: flex-start;}
.st-key-pinned :is(p, li) {font-size: .94rem; line-height: 1.4;}
@media (min-width: 641px) and (max-width: 1000px) {
.stColumn:has(> div .st-key-pinned) {flex: 0 0 8.5rem; min-width: 8.5rem;}
.stColumn:has(> div .st-key-pinned) + .stColumn {flex: 1 1 0; min-width: 0;}
.st-key-pinned :is(p, li) {font-size: .84rem; margin-left: 0;}
.st-key-pinned ul {padding-left: .9rem;}}
div:has(> .st-key-keys) {position: sticky; top: 0; z-index: 99; padding: .4rem 0; background: #fff;}
</style>"""


def make_page_renderer(name: str, action: str, project: Project) -> Callable[[], None]:
    """The function that draws a page for those who may take its action; its module is loaded when
    it is first opened."""

    def render_page() -> None:
        require_permission(session.get_user(), action)
        importlib.import_module(f"review.pages.{name}").render_page(project)

    return render_page


def main() -> None:
    """Draws the requested page."""
    st.set_page_config(page_title="Funnel", page_icon=ICON, layout="wide")
    st.html(PAGE_STYLE)
    try:
        project = session.load_project()
        person = session.identify_user(project)
        if person is None:
            ask_to_sign_in()
            return
        st.navigation(build_navigation(project, person), expanded=True).run()
        render_account_footer(person)
    except ReviewError as error:
        st.error(escape_markdown(str(error)))


def build_navigation(project: Project, person: CurrentUser) -> dict[str, list[st.Page]]:
    """The pages this user may open, by section."""
    return {
        section: [
            st.Page(
                make_page_renderer(name, action, project),
                title=title,
                url_path=address,
                default=name == "overview",
            )
            for name, address, title, action in pages
            if is_allowed(person, action)
        ]
        for section, pages in PAGES.items()
        if any(is_allowed(person, action) for _, _, _, action in pages)
    }


def render_account_footer(person: CurrentUser) -> None:
    """Draws the user's name, roles and sign-out link at the foot of the sidebar."""
    with st.sidebar:
        st.caption(f"{escape_markdown(person.name)} · {', '.join(person.roles)}")
        if session.get_token():
            session.render_link("Sign out", "/signout")


def ask_to_sign_in() -> None:
    """Draws the page for somebody whose session has ended."""
    st.info("You are not signed in.")
    session.render_link("Sign in", "/signin")


main()
