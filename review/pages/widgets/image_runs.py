"""Runs of an image audit on its page: the choice of one, its summary and tables, kept uploads."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.pending_work import run_pending_work
from review.workflow.imaging import result_runs
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project


def choose_run(runs: Iterable[ResultRun], *, page: str) -> ResultRun | None:
    """The run chosen on a page; None where there is none yet."""
    by_id = {run.id: run for run in runs}
    if not by_id:
        return None
    number = st.selectbox(
        "Run",
        list(by_id),
        format_func=lambda key: f"{by_id[key].title} ({by_id[key].who}, {by_id[key].at[:10]})",
        key=f"{page}_run",
    )
    return by_id[number]


def run_pending(key: str, work: Callable[[Any], object], label: str | None) -> None:
    """Carries out the run that was asked for and draws the page anew with it.

    Args:
        key: where the press noted it (`ask_for_work`).
        work: gets what was noted; its ReviewError is shown as a warning.
        label: shown beside the turning wheel; None if the work shows its own progress.
    """
    run_pending_work(key, work, lambda _: None, label=label)  # the run itself is in the store


def render_summary(run: ResultRun) -> None:
    """The summary of a run, a line each."""
    for line in result_runs.list_page_lines(run):
        st.markdown(f"- {escape_markdown(line)}")


def render_tables(run: ResultRun, titles: Mapping[str, str], *, page: str) -> None:
    """The tables of a run that have rows, each to download.

    Args:
        titles: name of the file -> title of its table.
    """
    for name, title in titles.items():
        rows = result_runs.read_run_table(run, name)
        if rows:
            st.markdown(f"**{title}**")
            st.dataframe(result_runs.name_columns(rows), hide_index=True)
            st.download_button(
                f"{title} as CSV",
                (run.folder / name).read_bytes(),
                name,
                "text/csv",
                key=f"{page}_{run.id}_{name}",
            )


def keep_upload(project: Project, name: str, data: bytes) -> Path:
    """Keeps an uploaded table in the review's folder, under a name of its content.

    Raises:
        ReviewError: it cannot be written.
    """
    folder = project.folder / "images" / "tables"
    path = folder / f"{hashlib.sha256(data).hexdigest()[:12]}-{Path(name).name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise ReviewError(f"{path} cannot be written ({error.strerror}).") from error
    return path
