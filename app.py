"""The app: opens the review, draws the navigation and reports errors."""

import importlib
import json
from collections.abc import Callable

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import preferences, session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.icon import ICON
from review.pages.widgets.key_help import render_key_help
from review.pages.widgets.keyboard import AWAY_WORDS, PAGE_SCRIPT
from review.workflow.exports import own_work
from review.workflow.project.accounts import CurrentUser, is_allowed, require_permission
from review.workflow.project.project import Project

# Section -> (module under review/pages, address of the page, title, action it takes).
PAGES = {
    "Review": [
        ("my_work", "my-work", "My work", "contribute"),
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
        ("image_doubles", "doubles-splits", "Duplicate images and splits", "contribute"),
        ("subgroups", "subgroups", "Subgroups", "contribute"),
        ("shortcuts", "shortcuts", "Shortcuts", "contribute"),
        ("nonsense", "label-errors", "AUC and label errors", "contribute"),
    ],
    "Report": [
        ("results", "summary", "Results", "view"),
        ("reports", "results", "Reports", "export"),
    ],
}

# What Streamlit calls the page at /, which nobody is sent to by this name.
FIRST_ADDRESS = "start"

# Pages below which search exports can be dropped; Import itself is all about them.
PAGES_WITH_EXPORT_BOX = ("searches", "duplicates")

# How long the counts beside the pages are kept (seconds).
COUNT_SECONDS = 20.0

PAGE_STYLE = """<style>
:root {--funnel-muted: light-dark(#57606e, #b3bcc8); --funnel-line: light-dark(#d8dce2, #444c59);
--funnel-track: light-dark(#e9ebee, #3a4049); --funnel-page: light-dark(#fff, #16191d);
--funnel-bar: light-dark(#23507c, #6ea3d8); --funnel-first-bar: light-dark(#b9cbe0, #3d5673);
--funnel-good: light-dark(#2e7d32, #7fcf86); --funnel-bad: light-dark(#b3261e, #ff9d94);
--funnel-doubt: light-dark(#8a5a00, #e8b04b);}
.stMain, .stMain:focus, .stMain:focus-visible {outline: none !important; box-shadow: none;}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] :is(p, li),
.stMain small {color: var(--funnel-muted); opacity: 1;}
.stMain input::placeholder, .stMain textarea::placeholder {color: var(--funnel-muted); opacity: 1;}
.stCode .token {color: inherit !important;}
.stApp button kbd {color: var(--funnel-muted) !important; opacity: 1 !important;}
.stApp button[kind="primary"]:enabled kbd {color: #fff !important; opacity: 1 !important;}
.stApp button:is([data-selected="true"], [aria-checked="true"], [kind$="Active"]) p {
color: light-dark(#23507c, #a9cdf5);}
[data-testid="stSliderThumbValue"] p {color: light-dark(#23507c, #a9cdf5) !important;}
[data-testid="stImage"] img {background: #fff;}
.st-key-two_lines p {display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
overflow: hidden; line-height: 1.3;}
.st-key-show_keys {position: fixed; right: .7rem; bottom: .7rem; width: auto; z-index: 98;}
.st-key-show_keys button {min-height: 0; width: 2rem; height: 2rem; padding: 0; border-radius: 50%;
background: var(--funnel-page);}
.stMainBlockContainer {padding: 2.6rem 3rem 3rem; max-width: 100rem;}
.stMainBlockContainer h1 {font-size: 1.9rem; padding: 0 0 .4rem;}
.stMainBlockContainer h2 {font-size: 1.4rem;}
.stMainBlockContainer h3 {font-size: 1.12rem;}
.stMainBlockContainer h4 {font-size: 1.04rem;}
.stColumn:has(> div .st-key-pinned) {position: sticky; top: 3.5rem; align-self: flex-start;}
.st-key-pinned :is(p, li) {font-size: .94rem; line-height: 1.4;}
@media (max-width: 1000px) {
.stMainBlockContainer {padding: 4rem 1rem 3rem;}
.st-key-beside .stHorizontalBlock:has(> .stColumn):not(.st-key-beside .stColumn *) {
flex-wrap: wrap;}
.st-key-beside .stColumn:not(.st-key-beside .stColumn .stColumn) {flex: 1 1 100%; min-width: 100%;
position: static !important;}
.stColumn:has(> div .st-key-pinned) {order: 2; position: static;}
div:has(> .st-key-keys) {top: 3.5rem !important;}}
@media (min-width: 1001px) {.stAppHeader {background: transparent; pointer-events: none;}
.stAppHeader :is(button, a) {pointer-events: auto;}}
div:has(> .st-key-keys) {position: sticky; top: 0; z-index: 97; padding: .4rem 0;
background: var(--funnel-page);}
</style>"""


def make_page_renderer(name: str, action: str, project: Project) -> Callable[[], None]:
    """The function that draws a page for those who may take its action; its module is loaded when
    it is first opened."""

    def render_page() -> None:
        require_permission(session.get_user(), action)
        importlib.import_module(f"review.pages.{name}").render_page(project)
        if name in PAGES_WITH_EXPORT_BOX:
            importlib.import_module("review.pages.file_import").render_export_box(project)

    return render_page


def main() -> None:
    """Draws the requested page."""
    st.set_page_config(
        page_title="Funnel",
        page_icon=ICON,
        layout="wide",
        initial_sidebar_state=preferences.get_sidebar_state(),
    )
    st.html(PAGE_STYLE)
    try:
        project = session.load_project()
        person = session.identify_user(project)
        if person is None:
            ask_to_sign_in()
            return
        page = st.navigation(build_navigation(project, person), expanded=True)
        preferences.render_display_settings()
        page.run()
        render_account_footer(person, in_home=project.home_store is not None)
        render_key_help()
        keys = {
            "keys_off": json.dumps(preferences.get_preferences().keys_off),
            "quote_key": json.dumps(preferences.get_shortcut("q") or ""),
            "away": AWAY_WORDS,
        }
        st.html(PAGE_SCRIPT % keys, unsafe_allow_javascript=True)
    except ReviewError as error:
        st.error(escape_markdown(str(error)))


@st.cache_data(ttl=COUNT_SECONDS, max_entries=64, show_spinner=False)
def count_waiting(
    _project: Project, folder: str, name: str, roles: tuple[str, ...]
) -> dict[str, int]:
    """Page -> how much waits there for a person; counted now and then, so that no key press waits
    for it."""
    del folder  # part of the cache's key
    counts = own_work.count_own_work(_project, CurrentUser(name, roles))
    return {"screening": counts.screening, "conflicts": counts.conflicts}


def build_navigation(project: Project, person: CurrentUser) -> dict[str, list[st.Page]]:
    """The pages this user may open, by section; the first page is their own work, where they have
    any."""
    waiting = count_waiting(project, str(project.folder), person.name, person.roles)
    first = "my_work" if is_allowed(person, "contribute") else "overview"
    navigation = {
        section: [
            st.Page(
                make_page_renderer(name, action, project),
                title=f"{title} ({waiting[name]:,})" if waiting.get(name) else title,
                url_path=FIRST_ADDRESS if name == first else address,
                default=name == first,
            )
            for name, address, title, action in pages
            if is_allowed(person, action)
        ]
        for section, pages in PAGES.items()
        if any(is_allowed(person, action) for _, _, _, action in pages)
    }
    for name, address, title, action in PAGES["Review"]:
        if name == first:  # Streamlit serves the first page at / alone, not at its own address
            renderer = make_page_renderer(name, action, project)
            navigation["Review"].append(
                st.Page(renderer, title=title, url_path=address, visibility="hidden")
            )
    return navigation


def render_account_footer(person: CurrentUser, *, in_home: bool) -> None:
    """Draws the user's name, roles and sign-out link at the foot of the sidebar, and the way to
    the other reviews of a home."""
    with st.sidebar:
        st.caption(f"{escape_markdown(person.name)} · {', '.join(person.roles)}")
        if in_home:
            session.render_link("All reviews", "/reviews")
        if session.get_token():
            session.render_link("Sign out", "/signout")


def ask_to_sign_in() -> None:
    """Draws the page for somebody whose session has ended."""
    if sentence := st.session_state.get(session.SIGNED_OUT_KEY):
        st.success(sentence)
    else:
        st.info("You are not signed in.")
    session.render_link("Sign in", "/signin")


main()
