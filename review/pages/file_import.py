"""Import: drop search exports or decisions, see what they hold, then add them to the review."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from review.errors import ReviewError
from review.formats.detect_database import normalize_source_name
from review.formats.tabular.decisions import DecisionDefaults
from review.models import GENERIC_SOURCES
from review.pages.widgets import import_preview, session
from review.pages.widgets.count_table import format_counts
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.import_preview import ImportForm
from review.pages.widgets.messages import keep_message, show_messages
from review.protocol.models import format_stage_name
from review.store.revision import get_revision
from review.text.wording import format_count
from review.workflow.deduplication import run as dedupe
from review.workflow.project.accounts import is_allowed
from review.workflow.project.project import Project
from review.workflow.records import decision_undo, import_undo, listing, uploads
from review.workflow.records.app_wording import rephrase_for_app
from review.workflow.records.decision_uploads import (
    ImportedDecisions,
    import_decisions_upload,
    preview_decisions_upload,
)
from review.workflow.records.source_names import format_source
from review.workflow.records.uploads import ImportedUpload, ImportPreview

MAX_IMPORTS = 200
"""Imported files listed."""
DECISIONS_PLACE = "import_decisions"
"""Where the page says why decisions were not imported."""
DECISIONS_PREVIEW_KEY = "import_decisions_preview"
PREVIEWS_KEY, DONE_KEY, DECISIONS_KEY = "import_previews", "import_done", "import_decisions_done"
NO_DATE_MESSAGE = (
    "Nothing was imported yet: enter the date of the search, or tick Not known. The PRISMA-S table "
    "and the methods text print it."
)
FIRST_STAGE = "As the file says, else the first stage"
NO_REVIEWER = "As the file says"
VERDICTS = {"As the file says": None, "Include": "include", "Exclude": "exclude", "Maybe": "unsure"}


def render_page(project: Project) -> None:
    """Draws the boxes for files, the preview of each file, and the files imported so far."""
    st.title("Import")
    if is_allowed(session.get_user(), "import decisions"):
        exports_tab, decisions_tab = st.tabs(["Search exports", "Decisions"])
        with exports_tab:
            render_exports(project)
        with decisions_tab:
            _render_decisions(project)
    else:
        render_exports(project)
    st.subheader("Imported files")
    _render_imported_files(project)


def render_export_box(project: Project) -> None:
    """The box for search exports on another page of Identify, for those who may import."""
    if is_allowed(session.get_user(), "import"):
        st.subheader("Search exports")
        render_exports(project)


def render_exports(project: Project) -> None:
    """The box for search exports, and each dropped file until it is imported."""
    files = st.file_uploader(
        "Drop one or more search exports here",
        accept_multiple_files=True,
        key="import_files",
        help="RIS, NBIB, BibTeX, EndNote, PubMed XML, CSV, Excel, OpenDocument, JSON, or a ZIP "
        "with one of these. Nothing is imported before you press Import.",
    )
    for file in files:
        done: dict[str, ImportedUpload] = session.get_or_set(DONE_KEY, {})
        with st.container(border=True):
            st.subheader(escape_markdown(file.name))
            if file.file_id in done:
                _render_result(project, file.file_id, done[file.file_id])
            else:
                _render_file(project, file)


def _render_file(project: Project, file: Any) -> None:
    """One file that is not imported yet: its preview, what is asked of it, and the button."""
    form = import_preview.get_form(file.file_id)
    preview = _get_preview(project, file, form)
    if preview.problem:
        st.error(escape_markdown(preview.problem))
    import_preview.render_sheet_choice(preview, file.file_id)
    if preview.is_readable:
        import_preview.render_preview(preview)
    import_preview.render_mapping(preview, file.file_id)
    if not preview.is_readable:
        return
    import_preview.render_questions(preview, file.file_id)
    keeps_good = bool(preview.problem) and st.checkbox(
        f"Import the {format_count(preview.read, 'readable record')} and leave out the others",
        key=f"import_good_{file.file_id}",
    )
    if preview.earlier_import:
        label = "Save database and search date"
    else:
        label = f"Import {format_count(preview.read, 'record')}"
    st.button(
        label,
        type="primary",
        key=f"import_{file.file_id}",
        disabled=bool(preview.problem) and not keeps_good,
        on_click=partial(_import_file, project, file, keeps_good),
    )
    show_messages(f"import_{file.file_id}")


def _get_preview(project: Project, file: Any, form: ImportForm) -> ImportPreview:
    """The preview, computed anew only when the file, the form or the review has changed."""
    previews: dict[str, tuple[Any, ImportPreview]] = session.get_or_set(PREVIEWS_KEY, {})
    key = (form.source, form.sheet, form.mapping, dedupe.get_revision(project))
    known_key, preview = previews.get(file.file_id, (None, None))
    if preview is None or known_key != key:
        with st.spinner(f"Reading {escape_markdown(file.name)} …"):
            preview = uploads.preview_upload(
                project, file.name, file.getvalue(), _build_options(form)
            )
        previews[file.file_id] = (key, preview)
    return preview


def _build_options(form: ImportForm, *, keeps_good: bool = False) -> uploads.UploadOptions:
    return uploads.UploadOptions(
        source=normalize_source_name(form.source),
        via=form.via,
        sheet=form.sheet,
        mapping=dict(form.mapping) or None,
        searched=form.searched,
        keep_good=keeps_good,
    )


def _import_file(project: Project, file: Any, keeps_good: bool) -> None:
    form = import_preview.get_form(file.file_id)
    if form.searched is None and not form.is_date_unknown:
        keep_message(f"import_{file.file_id}", NO_DATE_MESSAGE, "error")
        return
    options = _build_options(form, keeps_good=keeps_good)
    try:
        done = uploads.import_upload(
            project, file.name, file.getvalue(), session.get_user().name, options
        )
    except ReviewError as error:
        keep_message(f"import_{file.file_id}", str(error), "error")
        return
    session.get_or_set(DONE_KEY, {})[file.file_id] = done


def _render_result(project: Project, file_id: str, done: ImportedUpload) -> None:
    result = done.result
    if result.batch is None:
        st.info(
            f"This file has already been imported ({format_count(result.parsed, 'record')}). "
            "Nothing was added."
        )
        for old_label, new_label in result.renamed:
            old_source, new_source = format_source(old_label), format_source(new_label)
            st.caption(
                f"Its records were counted under {escape_markdown(old_source)} and are now counted "
                f"under {escape_markdown(new_source)}."
            )
    else:
        st.success(
            f"{format_count(result.announced, 'record')} in the file: {result.new:,} new, "
            f"{result.known:,} already in the review, {len(result.rejected):,} unreadable."
        )
        if dedupe.count_uncompared(project):
            session.render_link("Compare the new records to find duplicates", "duplicates")
    if result.searched:
        st.caption(f"Search date: {result.searched}.")
    for note in result.notes:
        st.caption(escape_markdown(note))
    if done.rejected:
        st.download_button(
            "Download the unreadable records",
            done.rejected,
            f"{result.name}.rejected",
            key=f"import_rejected_{file_id}",
            on_click="ignore",
        )


def _render_decisions(project: Project) -> None:
    st.caption(
        "A table with one decision per row, or an export from Rayyan, Covidence or ASReview. Rows "
        "that cannot be imported are listed, and you can download them as a CSV file to correct."
    )
    file = st.file_uploader("Drop a file of decisions here", key="import_decisions_file")
    if file is not None:
        _render_decisions_file(project, file)
    _render_decision_imports(project)


def _render_decisions_file(project: Project, file: Any) -> None:
    stage_column, reviewer_column, verdict_column = st.columns(3)
    stages = {format_stage_name(stage): stage.id for stage in project.protocol.stages}
    stage = stage_column.selectbox("Stage", [FIRST_STAGE, *stages])
    names = [member.name for member in project.protocol.team]
    reviewer = reviewer_column.selectbox("Reviewer", [NO_REVIEWER, *names])
    verdict = verdict_column.selectbox("Decision", list(VERDICTS))
    defaults = DecisionDefaults(
        stages.get(stage),
        None if reviewer == NO_REVIEWER else reviewer,
        VERDICTS[verdict],  # type: ignore[arg-type]
    )
    sheet = import_preview.choose_sheet(file.name, file.getvalue(), "decisions")
    aliases = st.text_input(
        "Names in the file that differ from the team's",
        placeholder="Kofi A.=kofi; Reviewer 1=ada",
        help="Write the name in the file, an equals sign and the team member's name.",
    )
    done = st.session_state.get(DECISIONS_KEY)
    if not (done and done[0] == file.file_id):
        _render_decisions_preview(project, file, defaults, (aliases, sheet))
    act = partial(_import_decisions, project, file, defaults, (aliases, sheet))
    st.button("Import decisions", type="primary", on_click=act, args=(False,))
    show_messages(DECISIONS_PLACE)
    if done and done[0] == file.file_id:
        _render_decisions_result(done[1], act)


def _render_decisions_preview(
    project: Project, file: Any, defaults: DecisionDefaults, words: tuple[str, str | None]
) -> None:
    """What the file would add, by stage and reviewer; counted anew when the review has changed."""
    with project.store.read() as conn:
        key = (file.file_id, defaults, words, project.fingerprint, get_revision(conn))
    kept = st.session_state.get(DECISIONS_PREVIEW_KEY)
    try:
        if kept is None or kept[0] != key:
            with st.spinner(f"Reading {escape_markdown(file.name)} …"):
                preview = preview_decisions_upload(
                    project,
                    file.name,
                    file.getvalue(),
                    session.get_user().name,
                    defaults=defaults,
                    names=_read_aliases(words[0]),
                    sheet=words[1],
                )
            kept = (key, preview)
            st.session_state[DECISIONS_PREVIEW_KEY] = kept
    except ReviewError as error:
        st.error(escape_markdown(rephrase_for_app(str(error))))
        return
    import_preview.render_decision_counts(project, kept[1])


def _read_aliases(text: str) -> dict[str, str]:
    """Names in the file -> the team's, as written with an equals sign between them."""
    pairs = [pair.split("=", 1) for pair in text.split(";") if "=" in pair]
    return {theirs.strip(): ours.strip() for theirs, ours in pairs}


def _import_decisions(
    project: Project,
    file: Any,
    defaults: DecisionDefaults,
    words: tuple[str, str | None],
    keeps_good: bool,
) -> None:
    aliases, sheet = words
    st.session_state.pop(DECISIONS_KEY, None)
    try:
        done = import_decisions_upload(
            project,
            file.name,
            file.getvalue(),
            session.get_user().name,
            defaults=defaults,
            names=_read_aliases(aliases),
            keep_good=keeps_good,
            sheet=sheet,
        )
    except ReviewError as error:
        keep_message(DECISIONS_PLACE, rephrase_for_app(str(error)), "error")
        return
    st.session_state[DECISIONS_KEY] = (file.file_id, done)


def _render_decisions_result(done: ImportedDecisions, act: Callable[..., None]) -> None:
    result = done.result
    if done.problem:
        st.error(escape_markdown(done.problem))
    else:
        st.success(
            f"{format_count(result.added, 'decision')} added, {result.unchanged:,} already in the "
            f"review, {format_count(result.undecided, 'row')} without a decision."
        )
    if result.rejected:
        st.markdown(f"**Not imported ({len(result.rejected):,})**")
        st.dataframe(
            [
                {"Problem": rephrase_for_app(line.reason), "Row": line.raw}
                for line in result.rejected
            ],
            hide_index=True,
        )
        st.caption("Download these rows, correct them, and import that file.")
        left_column, right_column = st.columns(2)
        if done.corrections:
            left_column.download_button(
                "Download rows to correct",
                done.corrections,
                f"{result.name}.rejected.csv",
                "text/csv",
                on_click="ignore",
            )
        if done.problem:
            right_column.button("Import the valid rows only", on_click=act, args=(True,))
    if result.repeated:
        st.markdown(f"**Repeated rows, imported once ({len(result.repeated):,})**")
        st.dataframe(
            [
                {
                    "Line": line.number,
                    "Same as line": line.first,
                    "Record": line.record,
                    "Reviewer": line.reviewer,
                }
                for line in result.repeated
            ],
            hide_index=True,
        )


def _render_decision_imports(project: Project) -> None:
    """The files of decisions imported so far, and how to undo one."""
    batches = [
        batch
        for batch in listing.list_imports(project, MAX_IMPORTS)
        if batch["kind"] == "decisions"
    ]
    if not batches:
        return
    st.subheader("Imported decisions")
    rows: list[dict[str, Any]] = [
        {
            "Imported (UTC)": batch["at"][:16].replace("T", " "),
            "File": batch["name"] or "",
            "Decisions": batch["parsed"],
            "Left out": batch["rejected"],
            "By": batch["who"],
            "Status": "undone" if batch["undone"] else "",
        }
        for batch in batches
    ]
    st.dataframe(format_counts(rows), hide_index=True, placeholder="")
    _render_undo(project, batches, UNDO_OF_DECISIONS)


def _render_imported_files(project: Project) -> None:
    batches = [
        batch for batch in listing.list_imports(project, MAX_IMPORTS) if batch["kind"] == "file"
    ]
    if not batches:
        st.caption("No files yet.")
        return
    rows: list[dict[str, Any]] = [
        {
            "Imported (UTC)": batch["at"][:16].replace("T", " "),
            "File": batch["name"] or "",
            "Database": "not stated"
            if batch["source"] in GENERIC_SOURCES
            else format_source(batch["source"]),
            "Records": batch["announced"],
            "New": batch["new"],
            "Already here": batch["known"],
            "Unreadable": batch["rejected"],
            "By": batch["who"],
            "Status": "undone" if batch["undone"] else "",
        }
        for batch in batches
    ]
    st.dataframe(format_counts(rows), hide_index=True, placeholder="")
    _render_undo(project, batches, UNDO_OF_RECORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoForm:
    """How the import of one kind of file is undone on this page."""

    place: str
    """Where its messages are shown."""
    heading: str
    file_label: str
    button: str
    effect: str
    undo: Callable[[Project, int, str], str]
    """Undoes an import, by its number, for a person; gives the sentence to show."""
    result_key: str
    """The session's result of the last import, which does not hold any more."""


def _undo_records(project: Project, batch: int, who: str) -> str:
    return import_undo.format_undo(import_undo.undo_import(project, batch, who))


def _undo_decisions(project: Project, batch: int, who: str) -> str:
    return decision_undo.format_undo(decision_undo.undo_decision_import(project, batch, who))


UNDO_OF_RECORDS = UndoForm(
    place="import_undo",
    heading="Undo an import",
    file_label="File",
    button="Undo this import",
    effect="The records of this file no longer count, and every count and diagram follows. You can "
    "do this as long as nobody has worked on them. You can import the file again.",
    undo=_undo_records,
    result_key=DONE_KEY,
)
UNDO_OF_DECISIONS = UndoForm(
    place="decisions_undo",
    heading="Undo an import of decisions",
    file_label="File of decisions",
    button="Undo this import of decisions",
    effect="The decisions of this file are taken back, and what each reviewer had decided before "
    "counts again. What a reviewer has decided anew since is not changed. If conflicts were "
    "resolved or later stages rest on these decisions, nothing is undone.",
    undo=_undo_decisions,
    result_key=DECISIONS_KEY,
)


def _render_undo(project: Project, batches: list[dict[str, Any]], form: UndoForm) -> None:
    """Lets a person undo an import, after one more question."""
    show_messages(form.place)
    labels = {_label_import(batch): batch["id"] for batch in batches if not batch["undone"]}
    if not labels:
        return
    with st.popover(form.heading):
        label = st.selectbox(form.file_label, list(labels))
        st.caption(form.effect)
        st.button(
            form.button, on_click=partial(_undo, project, labels[label], form), type="primary"
        )


def _label_import(batch: dict[str, Any]) -> str:
    return f"{batch['name']}, {batch['at'][:16].replace('T', ' ')} (import {batch['id']})"


def _undo(project: Project, batch: int, form: UndoForm) -> None:
    try:
        sentence = form.undo(project, batch, session.get_user().name)
    except ReviewError as error:
        keep_message(form.place, str(error), "error")
        return
    st.session_state.pop(form.result_key, None)
    keep_message(form.place, sentence)
