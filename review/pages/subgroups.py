"""Subgroups: how a model does by sex, age, race, site or view, from a table of its predictions."""

import csv
import io
import re
from collections.abc import Sequence
from functools import partial

import streamlit as st

from review.pages.widgets import image_findings, image_runs, session
from review.pages.widgets.pending_work import ask_for_work
from review.workflow.bias.flags import load_knowledge
from review.workflow.imaging import result_runs
from review.workflow.imaging.predictions import SubgroupRequest
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project

COMPARING_KEY = "subgroups_asked"
TABLES = {
    "subgroups.csv": "Groups",
    "subgroups-gaps.csv": "Gaps",
    "subgroups-proxies.csv": "Proxies",
    "subgroups-attributes.csv": "How well the score predicts an attribute",
    "subgroups-shuffled.csv": "Control with shuffled labels",
}

COLUMN_HINTS = {
    "Image": ("image", "file", "filename", "path", "id"),
    "Class": ("label", "class", "target", "truth", "finding", "outcome"),
    "Score": ("score", "probability", "prob", "prediction", "pred"),
}
"""Column the form asks for -> words by which it is recognised in a header."""
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def render_page(project: Project) -> None:
    """Draws the form for a table of predictions and the runs so far."""
    st.title("Subgroups")
    st.markdown(
        "Upload a table of predictions: an image, a class and a score a row, and what is recorded "
        "of the patient. Attributes are as recorded, never inferred."
    )
    _render_form()
    image_runs.run_pending(
        COMPARING_KEY, partial(_compare, project), "Drawing patients again and again"
    )
    run = image_runs.choose_run(result_runs.list_runs(project, "subgroups"), page="subgroups")
    if run is not None:
        _render_run(project, run)


def _render_form() -> None:
    upload = st.file_uploader("Table of predictions (CSV)", type=["csv", "gz", "tsv"])
    if upload is None:
        return
    data = upload.getvalue()
    header: list[str] = []
    if not upload.name.endswith(".gz"):
        text = data.decode("utf-8-sig", "replace")
        header = next(csv.reader(io.StringIO(text)), [])
    with st.form("subgroups", border=True):
        prefix = f"subgroups_{upload.file_id}_"
        for title, words in COLUMN_HINTS.items():
            _render_column(title, header, words, key=prefix + title)
        st.text_input(
            "Patient column", value=_guess_column(header, ["patient"]), key=f"{prefix}patient"
        )
        st.text_input(
            "Age column", value=_guess_column(header, ["age", "years"]), key=f"{prefix}age"
        )
        st.text_input(
            "Columns to group by, separated by commas",
            placeholder="sex, race, view",
            key=f"{prefix}attributes",
        )
        st.text_input(
            "Class that counts as positive (if it is not yes or no)", key=f"{prefix}positive"
        )
        st.number_input("Positive at or above", value=0.5, step=0.05, key=f"{prefix}threshold")
        st.form_submit_button(
            "Compare groups",
            type="primary",
            on_click=partial(_ask_to_compare, prefix, (upload.name, data)),
        )


def _ask_to_compare(prefix: str, upload: tuple[str, bytes]) -> None:
    """Notes the table and what the form asks of it."""

    def get(field: str) -> str:
        return str(st.session_state.get(prefix + field) or "").strip()

    request = SubgroupRequest(
        scores=(get("Score"),),
        id=get("Image") or None,
        label=get("Class") or None,
        positive=get("positive") or None,
        patient=get("patient") or None,
        age=get("age") or None,
        attributes=tuple(part.strip() for part in get("attributes").split(",") if part.strip()),
        threshold=float(st.session_state[f"{prefix}threshold"]),
    )
    ask_for_work(COMPARING_KEY, (upload, request, session.get_user().name))


def _compare(project: Project, wanted: tuple[tuple[str, bytes], SubgroupRequest, str]) -> None:
    (name, data), request, who = wanted
    table = image_runs.keep_upload(project, name, data)
    result_runs.run_subgroups(project, table, request, who)


def _render_column(title: str, header: list[str], words: Sequence[str], *, key: str) -> None:
    """A column by its name; typed if the header could not be read."""
    if header:
        guess = _guess_column(header, words)
        index = header.index(guess) if guess else 0
        st.selectbox(f"{title} column", header, index=index, key=key)
    else:
        st.text_input(f"{title} column", key=key)


def _guess_column(header: list[str], words: Sequence[str]) -> str:
    """The first column whose name has one of the words, the earlier words first; '' if none has:
    'age' is in 'patient_age' and 'PatientAge', but not in 'image'."""
    for word in words:
        for name in header:
            if word in [part.lower() for part in _NAME_PART.findall(name)]:
                return name
    return ""


def _render_run(project: Project, run: ResultRun) -> None:
    image_runs.render_summary(run)
    for name in sorted(run.files, key=lambda name: "-forest-" not in name):
        if name.endswith(".svg") and (run.folder / name).is_file():
            svg = (run.folder / name).read_text(encoding="utf-8")
            st.image(svg, width=720, alt=name.removesuffix(".svg").replace("-", " "))
    image_runs.render_tables(run, TABLES, page="subgroups")
    registry = load_knowledge().registry
    dataset = st.selectbox(
        "Data set of these images",
        list(registry),
        index=None,
        format_func=lambda key: registry[key].name,
        key=f"subgroups_dataset_{run.id}",
    )
    if dataset:
        image_findings.render_finding_form(
            project,
            dataset=dataset,
            kind="subgroups",
            suggestion=result_runs.describe_run(run),
            image_set=None,
            key=f"run_{run.id}",
        )
