"""Duplicate images and splits: copies within a set or between two, and patients across splits."""

from functools import partial

import streamlit as st

from review.imaging.doubles import MOST_CROPS
from review.pages.widgets import image_findings, image_runs, session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.pending_work import ask_for_work
from review.workflow.imaging import registered_sets, result_runs
from review.workflow.imaging.registered_sets import RegisteredSet
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project

MOST_ROWS = 500
DOUBLES_KEY, SPLITS_KEY = "doubles_asked", "splits_asked"
TABLES = {
    "doubles": {"doubles.csv": "Pairs"},
    "splits": {
        "splits-overlap.csv": "Overlap of splits",
        "splits-people.csv": "Age, sex, view and site by label",
    },
}


def render_page(project: Project) -> None:
    """Draws the buttons and the newest run of each kind for a set."""
    st.title("Duplicate images and splits")
    sets = {held.name: held for held in registered_sets.list_sets(project)}
    if not sets:
        st.info("No image sets yet. Add one on the page Image sets.")
        return
    set_column, second_column = st.columns(2)
    name = set_column.selectbox("Image set", list(sets), key="doubles_set")
    image_set = sets[name]
    others = [other for other in sets if other != name]
    second = second_column.selectbox(
        "Compare with", others, index=None, placeholder="itself", key="doubles_second"
    )
    _render_buttons(project, image_set, sets[second] if second else None)
    runs = result_runs.list_runs(project)
    for kind in ("doubles", "splits"):
        newest = next(
            (run for run in runs if run.kind == kind and run.set_id == image_set.id), None
        )
        if newest is not None:
            _render_run(project, image_set, newest)


def _render_buttons(
    project: Project, image_set: RegisteredSet, second: RegisteredSet | None
) -> None:
    who = session.get_user().name
    images = max(held.readable for held in (image_set, second) if held is not None)
    large = images > MOST_CROPS
    second_name = second.name if second is not None else None

    def ask_for_doubles() -> None:
        crops = bool(st.session_state.get("doubles_crops", not large))
        wanted = None if crops and not large else crops
        ask_for_work(DOUBLES_KEY, (image_set.name, second_name, wanted, who))

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Find duplicate images", type="primary", key="doubles_run", on_click=ask_for_doubles
        )
        st.button(
            "Look at splits and people",
            key="splits_run",
            on_click=partial(ask_for_work, SPLITS_KEY, (image_set.name, who)),
        )
        st.checkbox(
            "Also look for cropped copies (takes hours)"
            if large
            else "Also look for cropped copies (slower)",
            value=not large,
            key="doubles_crops",
        )
    image_runs.run_pending(DOUBLES_KEY, partial(_find_doubles, project), "Comparing images")
    image_runs.run_pending(SPLITS_KEY, partial(_look_at_splits, project), "Counting patients")


def _find_doubles(project: Project, wanted: tuple[str, str | None, bool | None, str]) -> None:
    name, second_name, crops, who = wanted
    image_set = registered_sets.get_set(project, name)
    second = registered_sets.get_set(project, second_name) if second_name else None
    result_runs.run_doubles(project, image_set, who, second, crops=crops)


def _look_at_splits(project: Project, wanted: tuple[str, str]) -> None:
    name, who = wanted
    result_runs.run_splits(project, registered_sets.get_set(project, name), who)


def _render_run(project: Project, image_set: RegisteredSet, run: ResultRun) -> None:
    st.subheader(f"{result_runs.RUN_NAMES[run.kind]}: {escape_markdown(run.title)}")
    st.caption(f"{escape_markdown(run.who)}, {run.at[:10]}")
    for line in result_runs.list_page_lines(run):
        st.markdown(f"- {escape_markdown(line)}")
    for name, title in TABLES[run.kind].items():
        rows = result_runs.read_run_table(run, name)
        if rows:
            st.markdown(f"**{title}**")
            st.dataframe(result_runs.name_columns(rows[:MOST_ROWS]), hide_index=True)
    for name in sorted(run.files):
        if name.endswith(".png") and (run.folder / name).is_file():
            st.image(run.folder / name, width="stretch", caption="Pairs side by side", alt="Pairs")
    image_findings.render_finding_form(
        project,
        dataset=image_set.dataset,
        kind=run.kind,
        suggestion=result_runs.describe_run(run),
        image_set=image_set.id,
        key=f"run_{run.id}",
    )
