"""AUC and label errors: a model against mined and read labels, and what its errors truly are."""

from dataclasses import dataclass
from functools import partial

import streamlit as st

from review.pages.widgets import image_findings, image_runs, session
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.pending_work import ask_for_work
from review.workflow.imaging import registered_sets, result_runs
from review.workflow.imaging.label_tables import LabelTables
from review.workflow.imaging.predictions import NonsenseRequest
from review.workflow.imaging.registered_sets import RegisteredSet
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project

COMPARING_KEY = "nonsense_asked"
UPLOADS = {
    "mined": "Mined labels (CSV)",
    "read": "Labels read from the images (CSV)",
    "scores": "Scores of the model (CSV)",
}
TABLES = {
    "nonsense-auc.csv": "AUC against mined and read labels",
    "nonsense-cells.csv": "What the cells truly are, by the read labels",
    "nonsense-labels.csv": "The mined labels against the read ones",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the form asked for when it was pressed."""

    files: dict[str, tuple[str, bytes]]
    """Table -> name and content of the file."""
    words: dict[str, tuple[str, ...]]
    split: str | None
    threshold: float | None
    image_set: str | None
    who: str


def render_page(project: Project) -> None:
    """Draws the form for three tables and the runs so far."""
    st.title("AUC and label errors")
    st.markdown(
        "A model can have a good AUC against labels that are wrong half of the time. Upload the "
        "labels it was tested on, labels read from the same images, and its scores: the AUC "
        "against both, and what its true and false positives truly are."
    )
    sets = {held.name: held for held in registered_sets.list_sets(project)}
    _render_form(project, sets)
    run = image_runs.choose_run(result_runs.list_runs(project, "nonsense"), page="nonsense")
    if run is not None:
        _render_run(project, sets, run)


def _render_form(project: Project, sets: dict[str, RegisteredSet]) -> None:
    with st.form("nonsense", border=True):
        for key, title in UPLOADS.items():
            st.file_uploader(title, type=["csv", "gz", "tsv"], key=f"nonsense_{key}")
        first, second = st.columns(2)
        first.text_input(
            "Mined labels that count as positive, separated by commas",
            placeholder="Pneumonia, Consolidation",
            key="nonsense_mined_labels",
        )
        second.text_input(
            "Read labels that count as positive (if they differ)",
            placeholder="Opacity",
            key="nonsense_read_labels",
        )
        first.text_input(
            "Columns of the read labels, if there is one for each",
            placeholder="Opacity",
            key="nonsense_read_columns",
        )
        second.text_input("Only rows of the read labels with this split", key="nonsense_split")
        first.text_input(
            "Columns of scores, separated by commas", value="score", key="nonsense_score"
        )
        second.number_input(
            "Positive at or above",
            value=None,
            step=0.05,
            placeholder="automatic",
            key="nonsense_threshold",
        )
        st.selectbox(
            "Image set for sheets of films",
            list(sets),
            index=None,
            placeholder="no pictures",
            key="nonsense_set",
        )
        st.form_submit_button("Compare", type="primary", on_click=_ask_to_compare)
    show_messages("nonsense")
    image_runs.run_pending(COMPARING_KEY, partial(_compare, project), "Comparing")


def _ask_to_compare() -> None:
    """Notes the three tables and what the form asks of them."""
    state = st.session_state
    uploads = {key: state.get(f"nonsense_{key}") for key in UPLOADS}
    words = {
        key: _split_words(str(state.get(f"nonsense_{key}") or ""))
        for key in ("mined_labels", "read_labels", "read_columns", "score")
    }
    if not all(uploads.values()) or not words["mined_labels"] or not words["score"]:
        keep_message(
            "nonsense",
            "Upload all three tables, and name the mined labels and the columns of scores.",
            "warning",
        )
        return
    comparison = Comparison(
        files={
            key: (upload.name, upload.getvalue())
            for key, upload in uploads.items()
            if upload is not None
        },
        words=words,
        split=str(state.get("nonsense_split") or "").strip() or None,
        threshold=state.get("nonsense_threshold"),
        image_set=state.get("nonsense_set"),
        who=session.get_user().name,
    )
    ask_for_work(COMPARING_KEY, comparison)


def _compare(project: Project, wanted: Comparison) -> None:
    files = {
        key: image_runs.keep_upload(project, name, data)
        for key, (name, data) in wanted.files.items()
    }
    image_set = registered_sets.get_set(project, wanted.image_set) if wanted.image_set else None
    mined_labels = wanted.words["mined_labels"]
    request = NonsenseRequest(
        tables=LabelTables(
            mined=files["mined"],
            read=files["read"],
            mined_labels=mined_labels,
            read_labels=wanted.words["read_labels"] or mined_labels,
            read_columns=wanted.words["read_columns"],
            read_split=wanted.split,
        ),
        scores=files["scores"],
        score_columns=wanted.words["score"],
        threshold=wanted.threshold,
        images=registered_sets.require_root(image_set) if image_set else None,
    )
    result_runs.run_nonsense(project, request, wanted.who, image_set)


def _split_words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _render_run(project: Project, sets: dict[str, RegisteredSet], run: ResultRun) -> None:
    image_runs.render_summary(run)
    image_runs.render_tables(run, TABLES, page="nonsense")
    pictures = [name for name in sorted(run.files) if name.endswith(".png")]
    for name in pictures:
        if (run.folder / name).is_file():
            title = name.removeprefix("nonsense-").removesuffix(".png").replace("-", " ")
            st.image(run.folder / name, width="stretch", caption=title.capitalize(), alt=title)
    image_set = next((held for held in sets.values() if held.id == run.set_id), None)
    if image_set is not None:
        image_findings.render_finding_form(
            project,
            dataset=image_set.dataset,
            kind="labels",
            suggestion=result_runs.describe_run(run),
            image_set=image_set.id,
            key=f"run_{run.id}",
        )
