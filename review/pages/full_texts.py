"""Full texts: drop PDFs, assign doubtful ones, replace or remove one, find open copies."""

from functools import partial
from typing import Any

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.pending_work import ask_for_work, run_pending_work
from review.pages.widgets.revision import get_revision_stamp
from review.protocol.models import list_stage_reviewers
from review.text.wording import format_count
from review.workflow.fulltexts import attachments, background, uploads
from review.workflow.fulltexts.retrieval_statements import RetrievalStatement, mark_retrieval
from review.workflow.fulltexts.uploads import SoughtReport, UploadedPdfs
from review.workflow.project.project import Project

REFRESH_SECONDS = 2.0
"""Seconds between two updates while open copies are searched for."""
ATTACHING_KEY = "full_text_attaching"
RESULT_KEY, PLACE = "full_text_results", "full_texts"
STATES = {"attached": "attached", "not retrieved": "not retrieved", "missing": "no PDF yet"}
RESULT_STATES = {
    "attached": "attached",
    "already there": "attached before",
    "ask": "please choose the record",
    "unknown": "please choose the record",
}


def render_page(project: Project) -> None:
    """Draws the box for PDFs, what came of them, the search for open copies, and all reports."""
    st.title("Full texts")
    reports = _list_reports(project, get_revision_stamp(project))
    show_messages(PLACE)
    if not reports:
        st.info(
            "No full texts are sought yet. Reports appear here once they are included at title "
            "and abstract."
        )
        return
    counts = {name: sum(report_row.state == name for report_row in reports) for name in STATES}
    st.markdown(
        f"**{format_count(len(reports), 'report')}** sought: {counts['attached']:,} with a PDF, "
        f"{counts['not retrieved']:,} not retrieved, {counts['missing']:,} without a PDF yet."
    )
    _render_upload(project)
    _render_results(project, reports)
    _render_open_copies(project, counts["missing"] + counts["not retrieved"])
    st.subheader("Reports")
    _render_table(reports)
    _render_report(project, reports)


@st.cache_data(max_entries=8, show_spinner="Listing the reports sought …")
def _list_reports(_project: Project, stamp: str) -> list[SoughtReport]:
    del stamp  # part of the cache's key
    return uploads.list_sought_reports(_project)


def _render_upload(project: Project) -> None:
    files = st.file_uploader(
        "Drop PDFs, or a ZIP archive of them, here",
        type=["pdf", "zip"],
        accept_multiple_files=True,
        key="full_text_files",
        help="Each PDF is matched to a record by record number in its file name, DOI, arXiv ID or "
        "title. You can choose all files of a folder at once.",
    )
    if files:
        st.button(
            f"Attach {format_count(len(files), 'file')}",
            type="primary",
            key="full_text_attach",
            on_click=_ask_to_attach,
        )
    run_pending_work(
        ATTACHING_KEY,
        partial(_attach_files, project),
        lambda outcome: st.session_state.update({RESULT_KEY: outcome}),
        keep_problem=lambda problem: keep_message(PLACE, problem, "warning"),
    )


def _ask_to_attach() -> None:
    """Notes the files themselves: the box may be empty when an interrupted drawing goes on."""
    files = st.session_state.get("full_text_files") or ()
    contents = [(file.name, file.getvalue()) for file in files]
    ask_for_work(ATTACHING_KEY, (contents, session.get_user().name))


def _attach_files(project: Project, wanted: tuple[list[tuple[str, bytes]], str]) -> UploadedPdfs:
    """Attaches the files; those that an interrupted drawing has attached are found attached."""
    contents, who = wanted
    bar = st.progress(0.0, "Reading PDFs …")

    def show_progress(done: int, total: int, message: str) -> None:
        bar.progress(done / max(total, 1), f"{done} of {total}: {message}")

    return uploads.attach_uploads(project, contents, who, progress=show_progress)


def _render_results(project: Project, reports: list[SoughtReport]) -> None:
    """What became of the PDFs given last, and a choice of the record for the doubtful ones."""
    done: UploadedPdfs | None = st.session_state.get(RESULT_KEY)
    if done is None:
        return
    attached = sum(result.state in ("attached", "already there") for result in done.results)
    st.markdown(f"**{attached:,} of {format_count(len(done.results), 'PDF')} attached**")
    st.dataframe(
        [
            {
                "File": result.name,
                "Outcome": RESULT_STATES.get(result.state, "not attached"),
                "Record": ", ".join(result.keys),
                "Matched by": result.how,
                "Warning": result.warning or "",
            }
            for result in done.results
        ],
        hide_index=True,
    )
    for result in done.results:
        if result.warning:
            st.warning(f"{escape_markdown(result.name)}: {escape_markdown(result.warning)}.")
    titles = {report_row.key: report_row.title for report_row in reports}
    for result in done.results:
        if result.name not in done.unassigned:
            continue
        suggested = [key for key in result.keys if key in titles]
        missing = [report_row.key for report_row in reports if report_row.state != "attached"]
        keys = list(dict.fromkeys([*suggested, *missing, *titles]))
        name_column, button_column = st.columns([5, 1], vertical_alignment="bottom")
        key = name_column.selectbox(
            f"Record of {escape_markdown(result.name)}",
            keys,
            index=None,
            placeholder="Choose the record",
            format_func=lambda key: f"{key} {titles[key]}",
            key=f"full_text_choice_{result.name}",
        )
        button_column.button(
            "Attach",
            disabled=key is None,
            key=f"full_text_assign_{result.name}",
            on_click=partial(_assign_pdf, project, result.name, key, reports),
        )


def _assign_pdf(project: Project, name: str, key: str | None, reports: list[SoughtReport]) -> None:
    done: UploadedPdfs = st.session_state[RESULT_KEY]
    number = next(report_row.number for report_row in reports if report_row.key == key)
    if _attach(project, number, str(key), (name, done.unassigned[name])):
        st.session_state[RESULT_KEY] = UploadedPdfs(
            tuple(result for result in done.results if result.name != name),
            {other: data for other, data in done.unassigned.items() if other != name},
        )


def _attach(project: Project, number: int, key: str, file: tuple[str, bytes]) -> bool:
    """Attaches a PDF and keeps what to say of it; False where it was refused."""
    name, data = file
    try:
        warning = uploads.attach_checked_pdf(project, number, name, data, session.get_user().name)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
        return False
    keep_message(PLACE, f"{name} attached to {key}.")
    if warning:
        keep_message(PLACE, warning, "warning")
    return True


def _render_open_copies(project: Project, missing: int) -> None:
    search = background.get_search(project)
    is_running = search is not None and search.is_running
    st.fragment(_render_search, run_every=REFRESH_SECONDS if is_running else None)(
        project, missing, is_running
    )


def _render_search(project: Project, missing: int, was_running: bool) -> None:
    """Starts the search for open copies and shows how far it is."""
    search = background.get_search(project)
    if search is not None and search.is_running and not was_running:
        st.rerun(scope="app")  # started by a press in this fragment: draw it anew every few seconds
    if search is not None and search.is_running:
        share = search.done / search.total if search.total else 0.0
        st.progress(share, f"Searching for open copies: {search.done:,} of {search.total:,}")
        st.caption("You can leave this page; the search goes on.")
        return
    if was_running:
        st.rerun(scope="app")
    if search is not None and search.problem:
        st.error(escape_markdown(search.problem))
    elif search is not None:
        st.caption(search.describe())
    if missing:
        st.button(
            "Find open copies",
            help="Looks for open-access PDFs of the reports without one: arXiv, medRxiv, bioRxiv, "
            "PubMed Central and Unpaywall.",
            on_click=partial(_start_search, project),
        )
        if not project.protocol.search.contact:
            st.caption(
                "Unpaywall is searched only with a contact address: the lead can enter one under "
                "Search on *Protocol*."
            )


def _start_search(project: Project) -> None:
    try:
        background.start_search(project, session.get_user().name, include_recent=True)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")


def _render_table(reports: list[SoughtReport]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "Record": report_row.key,
            "Title": report_row.title,
            "Full text": STATES[report_row.state],
            "File or reason": report_row.file_name or report_row.reason or "",
            "Attached by": report_row.attached_by or "",
            "On": report_row.attached_on or "",
        }
        for report_row in reports
    ]
    st.dataframe(rows, hide_index=True)


def _render_report(project: Project, reports: list[SoughtReport]) -> None:
    """One report: its PDF to download, replace or remove, or why there is none."""
    by_key = {report_row.key: report_row for report_row in reports}
    key = st.selectbox(
        "Report",
        list(by_key),
        index=None,
        placeholder="Choose a report to replace, remove or mark its full text",
        format_func=lambda key: f"{key} {by_key[key].title}",
    )
    if key is None:
        return
    report = by_key[key]
    path = attachments.find_pdf(project, report.number)
    if path is not None:
        with st.container(horizontal=True):
            st.download_button(
                "Download PDF",
                path.read_bytes(),
                f"{key}.pdf",
                "application/pdf",
                on_click="ignore",
            )
            st.button("Remove PDF", on_click=partial(_remove_pdf, project, report))
    upload = st.file_uploader(
        "Replace the PDF" if path else "Add the PDF",
        type="pdf",
        key=f"full_text_pdf_{key}_{report.file_name}",
    )
    if upload is not None and _attach(
        project, report.number, key, (upload.name, upload.getvalue())
    ):
        st.rerun()
    if path is None:
        _render_not_available(project, report)


def _remove_pdf(project: Project, report: SoughtReport) -> None:
    try:
        uploads.remove_pdf(project, report.number, session.get_user().name)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
        return
    keep_message(PLACE, f"PDF of {report.key} removed. Its history shows it.")


def _render_not_available(project: Project, report: SoughtReport) -> None:
    """Marks a report as not retrieved, for those who assess full texts."""
    stage = next((stage for stage in project.protocol.stages if stage.kind == "eligibility"), None)
    name = session.get_user().name
    if stage is None or name not in list_stage_reviewers(project.protocol, stage):
        return
    if report.state == "not retrieved":
        st.button(
            "Search again", on_click=partial(_mark_retrieval, project, report, ("sought", None))
        )
        return
    with st.form(f"full_text_missed_{report.key}", border=False):
        reason_key = f"full_text_reason_{report.key}"
        st.text_input("Full text not available: reason", placeholder="No reply", key=reason_key)
        st.caption("The flow diagram counts the report under Reports not retrieved.")
        st.form_submit_button(
            "Mark as not retrieved", on_click=partial(_mark_missed, project, report, reason_key)
        )


def _mark_missed(project: Project, report: SoughtReport, reason_key: str) -> None:
    _mark_retrieval(project, report, ("not retrieved", st.session_state.get(reason_key)))


def _mark_retrieval(
    project: Project, report: SoughtReport, statement: tuple[Any, str | None]
) -> None:
    state, reason = statement
    try:
        mark_retrieval(
            project,
            RetrievalStatement(report.number, state, session.get_user().name, reason),
        )
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
        return
    outcome = "marked as not retrieved" if state == "not retrieved" else "sought again"
    keep_message(PLACE, f"{report.key} is {outcome}.")
