"""Shortcuts: what brightness, borders, file size and a blurred look know of a label or a site."""

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import image_findings, image_runs, session
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.imaging import registered_sets, result_runs
from review.workflow.imaging.probing import TARGETS
from review.workflow.imaging.registered_sets import RegisteredSet
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project

TABLES = {
    "shortcuts.csv": "All features of a family together",
    "shortcuts-features.csv": "Each feature alone",
}


def render_page(project: Project) -> None:
    """Draws the choice of set and target, and the runs of the set so far."""
    st.title("Shortcuts")
    st.markdown(
        "Trivial features of the pixels and of the file, and thumbnails of 64 pixels, against a "
        "label, site, view, sex or split. Patients are kept together. An AUC well above that of "
        "shuffled labels means that a model could use a shortcut."
    )
    sets = {held.name: held for held in registered_sets.list_sets(project)}
    if not sets:
        st.info("No image sets yet. Add one on the page Image sets.")
        return
    image_set = sets[st.selectbox("Image set", list(sets), key="shortcuts_set")]
    _render_form(project, image_set)
    runs = result_runs.list_runs(project, "shortcuts")
    run = image_runs.choose_run(
        (run for run in runs if run.set_id == image_set.id), page="shortcuts"
    )
    if run is not None:
        _render_run(project, image_set, run)


def _render_form(project: Project, image_set: RegisteredSet) -> None:
    labels = registered_sets.list_labels(project, image_set)
    target_column, label_column = st.columns(2)
    target = target_column.selectbox(
        "Probe", TARGETS, format_func=lambda word: word.capitalize(), key="shortcuts_target"
    )
    finding = None
    if target == "label":
        finding = label_column.selectbox("Label against all others", list(labels))
    if not st.button("Probe", type="primary", key="shortcuts_start"):
        return
    try:
        with st.spinner("Reading images"):
            result_runs.run_shortcuts(
                project, image_set, session.get_user().name, target=target, finding=finding
            )
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))
        return
    st.rerun()


def _render_run(project: Project, image_set: RegisteredSet, run: ResultRun) -> None:
    image_runs.render_summary(run)
    image_runs.render_tables(run, TABLES, page="shortcuts")
    for name in sorted(run.files):
        if name.endswith(".png") and (run.folder / name).is_file():
            st.image(
                run.folder / name,
                width="stretch",
                caption="Films with the lowest and highest values of the most telling feature",
                alt="Films with the lowest and highest values",
            )
    image_findings.render_finding_form(
        project,
        dataset=image_set.dataset,
        kind="shortcuts",
        suggestion=result_runs.describe_run(run),
        image_set=image_set.id,
        key=f"run_{run.id}",
    )
