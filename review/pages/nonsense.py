"""AUC and label errors: a model against mined and read labels, and what its errors truly are."""

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import image_findings, image_runs, session
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.imaging import registered_sets, result_runs
from review.workflow.imaging.label_tables import LabelTables
from review.workflow.imaging.predictions import NonsenseRequest
from review.workflow.imaging.registered_sets import RegisteredSet
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project

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
        uploads = {
            key: st.file_uploader(title, type=["csv", "gz", "tsv"], key=f"nonsense_{key}")
            for key, title in UPLOADS.items()
        }
        first, second = st.columns(2)
        mined = first.text_input(
            "Mined labels that count as positive, separated by commas",
            placeholder="Pneumonia, Consolidation",
        )
        read = second.text_input(
            "Read labels that count as positive (if they differ)", placeholder="Opacity"
        )
        read_columns = first.text_input(
            "Columns of the read labels, if there is one for each", placeholder="Opacity"
        )
        split = second.text_input("Only rows of the read labels with this split")
        score = first.text_input("Columns of scores, separated by commas", value="score")
        threshold = second.number_input(
            "Positive at or above", value=None, step=0.05, placeholder="automatic"
        )
        name = st.selectbox(
            "Image set for sheets of films",
            list(sets),
            index=None,
            placeholder="no pictures",
        )
        if not st.form_submit_button("Compare", type="primary"):
            return
    mined_labels = _split_words(mined)
    if not all(uploads.values()) or not mined_labels or not _split_words(score):
        st.warning("Upload all three tables, and name the mined labels and the columns of scores.")
        return
    image_set = sets[name] if name else None
    try:
        files = {
            key: image_runs.keep_upload(project, upload.name, upload.getvalue())
            for key, upload in uploads.items()
            if upload is not None
        }
        request = NonsenseRequest(
            tables=LabelTables(
                mined=files["mined"],
                read=files["read"],
                mined_labels=mined_labels,
                read_labels=_split_words(read) or mined_labels,
                read_columns=_split_words(read_columns),
                read_split=split.strip() or None,
            ),
            scores=files["scores"],
            score_columns=_split_words(score),
            threshold=threshold,
            images=registered_sets.require_root(image_set) if image_set else None,
        )
        with st.spinner("Comparing"):
            result_runs.run_nonsense(project, request, session.get_user().name, image_set)
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))
        return
    st.rerun()


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
