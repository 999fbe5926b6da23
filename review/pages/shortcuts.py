"""Shortcuts: what brightness, borders, file size and a blurred look know of a label or a site."""

from functools import partial

import streamlit as st

from review.pages.widgets import image_findings, image_runs, session
from review.pages.widgets.pending_work import ask_for_work
from review.workflow.imaging import registered_sets, result_runs
from review.workflow.imaging.probing import TARGETS
from review.workflow.imaging.registered_sets import RegisteredSet
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project

PROBING_KEY = "shortcuts_asked"
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
    st.button(
        "Probe",
        type="primary",
        key="shortcuts_start",
        on_click=partial(
            ask_for_work,
            PROBING_KEY,
            (image_set.name, target, finding, session.get_user().name),
        ),
    )
    image_runs.run_pending(PROBING_KEY, partial(_probe, project), "Reading images")


def _probe(project: Project, wanted: tuple[str, str, str | None, str]) -> None:
    name, target, finding, who = wanted
    image_set = registered_sets.get_set(project, name)
    result_runs.run_shortcuts(project, image_set, who, target=target, finding=finding)


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
