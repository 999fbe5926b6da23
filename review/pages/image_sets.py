"""Image sets: what was added, what could not be used, and what was found out about data sets."""

from functools import partial
from pathlib import Path

import streamlit as st

from review.pages.widgets import image_findings, image_runs, session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import show_messages, try_action
from review.pages.widgets.pending_work import ask_for_work
from review.text.wording import format_count
from review.workflow.bias.flags import load_knowledge
from review.workflow.imaging import registered_sets
from review.workflow.imaging.registered_sets import RegisteredSet, SetRequest
from review.workflow.project.accounts import is_allowed
from review.workflow.project.project import Project

ADDING_KEY = "image_set_asked"


def render_page(project: Project) -> None:
    """Draws the sets, the form for a new one, and the findings."""
    st.title("Image sets")
    sets = registered_sets.list_sets(project)
    if not sets:
        st.info(
            "No image sets yet. Add the images behind a paper to audit their labels, to sieve out "
            "bad images and to find duplicates. Images stay where they are; nothing is changed."
        )
    for image_set in sets:
        _render_set(project, image_set)
    if is_allowed(session.get_user(), "manage"):
        _render_add_form(project)
    st.subheader("Findings")
    image_findings.render_finding_list(project)


def _render_set(project: Project, image_set: RegisteredSet) -> None:
    with st.container(border=True):
        tied = ""
        if image_set.dataset:
            tied = f" · {load_knowledge().registry[image_set.dataset].name}"
        st.markdown(f"**{escape_markdown(image_set.name)}**{escape_markdown(tied)}")
        st.caption(
            f"{format_count(image_set.readable, 'image')} read, {image_set.unreadable:,} not "
            f"readable, {format_count(image_set.skipped, 'file')} skipped · added by "
            f"{escape_markdown(image_set.who)}, {image_set.at[:10]}"
        )
        if image_set.root is None or not image_set.root.is_dir():
            st.warning("The images are not where they were. Say where they are now:")
            _render_move_form(project, image_set)
        for line in image_set.detail.get("shortfalls", ()):
            st.markdown(f"- {escape_markdown(line)}")
        labels = registered_sets.list_labels(project, image_set)
        if labels:
            shown = ", ".join(
                f"{escape_markdown(label)} {count:,}" for label, count in list(labels.items())[:15]
            )
            st.markdown(f"Labels: {shown}")


def _render_move_form(project: Project, image_set: RegisteredSet) -> None:
    place = f"move_{image_set.id}"

    def move() -> None:
        folder = str(st.session_state.get(f"{place}_folder") or "")
        if folder:
            registered_sets.move_root(
                project, image_set.name, Path(folder), session.get_user().name
            )

    with st.form(place, border=False):
        st.text_input("Folder on this machine", key=f"{place}_folder")
        st.form_submit_button("Use this folder", on_click=partial(try_action, place, move))
    show_messages(place)


def _render_add_form(project: Project) -> None:
    registry = load_knowledge().registry
    with st.expander("Add an image set"), st.form("add_image_set", border=False):
        st.caption("Folders are those of the machine that runs Funnel.")
        st.text_input("Folder of the images", key="image_set_folder")
        st.text_input("Short name", placeholder="nih", key="image_set_name")
        st.text_input(
            "Table of labels (optional)", placeholder="/data/labels.csv", key="image_set_labels"
        )
        st.selectbox(
            "Data set",
            list(registry),
            index=None,
            format_func=lambda key: registry[key].name,
            placeholder="Own images",
            key="image_set_dataset",
        )
        st.form_submit_button("Add images", type="primary", on_click=_ask_to_add)
    image_runs.run_pending(ADDING_KEY, partial(_add_set, project), None)


def _ask_to_add() -> None:
    state = st.session_state
    folder, name, labels = (
        str(state.get(f"image_set_{field}") or "") for field in ("folder", "name", "labels")
    )
    request = SetRequest(
        name=name.strip(),
        folder=Path(folder),
        dataset=state.get("image_set_dataset"),
        labels=Path(labels) if labels.strip() else None,
    )
    ask_for_work(ADDING_KEY, (request, session.get_user().name))


def _add_set(project: Project, wanted: tuple[SetRequest, str]) -> None:
    request, who = wanted
    bar = st.progress(0.0, "Reading images")

    def show_progress(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), f"Reading images: {done:,} of {total:,}")

    registered_sets.add_set(project, request, who, progress=show_progress)
