"""Appraisal: the paper on the left, one question at a time on the right; each reviewer alone."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import streamlit as st

from review.bias.facts import FactCell
from review.bias.rules import Flag, Suggestion
from review.errors import ReviewError
from review.pages.widgets import (
    appraisal_form,
    assistant,
    bias_flags,
    evidence,
    fact_answers,
    fact_list,
    image_findings,
    model_list,
    paper,
    pdf_viewer,
    session,
)
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.keyboard import QUOTE_KEY_SCRIPT
from review.pages.widgets.messages import keep_message
from review.pages.widgets.preferences import change_preferences, get_preferences
from review.protocol.models import list_stage_reviewers
from review.store import records
from review.store.records import format_record_key, parse_record_key
from review.text.wording import format_count
from review.workflow.appraisal import accuracy_forms, adjudication, assignment, forms, tasks
from review.workflow.appraisal.forms import AnswerInput, AppraisalForm
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    RequiredForm,
    get_checklist,
)
from review.workflow.appraisal.tasks import AppraisalTask
from review.workflow.exports.display_names import KIND_NAMES
from review.workflow.project.project import Project

EVIDENCE_HEIGHT = 152
"""Height of the box with evidence (pixels)."""
MAX_ROWS_SHOWN = 60
"""Reports listed at full length; a longer list is scrolled in a box."""
TITLE_WIDTH = 330
"""Width of the titles (pixels), so that the forms and gates beside them fit a screen of 1,280."""


def render_page(project: Project) -> None:
    """Draws the list of reports, or the one that is open."""
    render_appraisal(project, tasks.APPRAISAL_USES)


def render_appraisal(project: Project, uses: tuple[str, ...]) -> None:
    """Draws the page for tools of some uses; the extraction page shows its own."""
    person = session.get_user()
    if person.name not in list_stage_reviewers(
        project.protocol, assignment.get_appraisal_stage(project)
    ):
        st.info("You are not assigned to appraisal. Ask the lead to add you.")
        return
    key = st.query_params.get("key")
    if key:
        try:
            _render_report(project, parse_record_key(key), uses)
            return
        except ReviewError as error:
            st.warning(escape_markdown(str(error)))
            st.button("All reports", on_click=_close_report)
            return
    _render_report_list(project, uses)


def _close_report() -> None:
    st.query_params.pop("key", None)
    st.session_state.pop("paper_page", None)


def _open_report(report: int) -> None:
    st.query_params["key"] = format_record_key(report)
    st.session_state["paper_page"] = 1


def _render_report_list(project: Project, uses: tuple[str, ...]) -> None:
    st.title("Data extraction" if "extraction" in uses else "Appraisal")
    own_tasks = tasks.list_tasks(project, session.get_user().name)
    if not own_tasks:
        st.info("Nothing to appraise yet. Reports appear here once included at full text.")
        return
    open_tasks = [task for task in own_tasks if not _is_done(task, uses)]
    st.markdown(
        f"**{len(own_tasks) - len(open_tasks)} of {len(own_tasks)}** reports completed by you"
    )
    st.progress((len(own_tasks) - len(open_tasks)) / len(own_tasks))
    if open_tasks:
        st.button(
            f"Continue with {format_record_key(open_tasks[0].report)}",
            type="primary",
            shortcut="Enter",
            on_click=partial(_open_report, open_tasks[0].report),
        )
    else:
        st.success("You have completed all your forms. Thank you.")
    table_event = st.dataframe(
        _build_rows(project, own_tasks, uses),
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        hide_index=True,
        height="content" if len(own_tasks) <= MAX_ROWS_SHOWN else "auto",
        key="appraisal_list",
        column_config={"Title": st.column_config.TextColumn(width=TITLE_WIDTH)},
    )
    chosen = session.find_chosen_row(table_event)
    if chosen is not None:
        _open_report(own_tasks[chosen].report)
        st.rerun()


def _is_done(task: AppraisalTask, uses: tuple[str, ...]) -> bool:
    """Completed, or excluded by a quality gate before the other forms were needed."""
    states = [(tool, state == "finished") for tool, state, _, _ in task.forms]
    return tasks.is_appraisal_finished(states, task.status, uses)


def _build_rows(
    project: Project, own_tasks: list[AppraisalTask], uses: tuple[str, ...]
) -> list[dict[str, str]]:
    """A row a report; a tool that serves other kinds of study stays blank."""
    rows = [_build_row(project, task, uses) for task in own_tasks]
    columns = dict.fromkeys([name for row in rows for name in row if name != "Quality gate"])
    return [{name: row.get(name, "") for name in [*columns, "Quality gate"]} for row in rows]


def _build_row(project: Project, task: AppraisalTask, uses: tuple[str, ...]) -> dict[str, str]:
    row = {
        "Record": format_record_key(task.report),
        "Title": task.title,
        "Kind": KIND_NAMES.get(task.kind or "", task.kind or ""),
    }
    cells: dict[str, list[str]] = {}
    for tool, state, answered_count, total in task.forms:
        if tool.use in uses and tool.use != "kind":
            short_title = get_checklist(project, tool.checklist).short
            cells.setdefault(short_title, []).append(
                "completed" if state == "finished" else f"{answered_count} of {total}"
            )
    for short_title, states in cells.items():
        done = states.count("completed")
        if len(states) == 1 or done == len(states):
            row[short_title] = states[0]
        else:
            row[short_title] = f"{done} of {len(states)} models"
    if task.pilot:
        row["Kind"] = f"{row['Kind']} (pilot)".strip()
    return row | {
        "Quality gate": {"included": "passed", "excluded": "excluded"}.get(task.status, "")
    }


def _render_report(project: Project, record: int, uses: tuple[str, ...]) -> None:
    name = session.get_user().name
    with project.store.read() as conn:
        report = forms.get_due_report(project, conn, record)
        kind = forms.get_own_kind(conn, report, name)
        title = records.get_record(conn, report).record.title or "(no title)"
        required_tools = tasks.list_reviewer_forms(project, conn, report, name)
    tools = [tool for tool in required_tools if tool.use in uses]
    if not tools:
        _explain_missing_forms(report, is_complete=not required_tools)
        return
    all_tools, tools = tools, model_list.select_tools(report, tools)
    own_forms = {t.checklist: forms.open_form(project, report, t.checklist, name) for t in tools}
    if kind and KIND_CHECKLIST in own_forms and not own_forms[KIND_CHECKLIST].finished:
        own_forms[KIND_CHECKLIST] = adjudication.finish_form(project, report, KIND_CHECKLIST, name)
        st.session_state.pop(_get_session_key(report, tools), None)
    form = _render_header(report, title, tools, own_forms)
    question = appraisal_form.get_current_question(form)
    take = partial(appraisal_form.take_quote, project, form, question)
    take_value = partial(appraisal_form.take_value, project, form, question)
    raised_flags = bias_flags.get_related_flags(project, form, question)
    suggestions = evidence.get_suggestions(project, form, question)
    cells = fact_answers.get_answer_cells(project, form, question)

    def render_evidence() -> None:
        height = _get_evidence_height(raised_flags, suggestions, cells)
        with st.container(height=height, border=False, gap="xxsmall"):
            image_findings.render_question_findings(project, form, question)
            fact_answers.render_answer_cells(question, cells, take_value, take)
            evidence.render_suggestions(project, form, question, suggestions, take)
            bias_flags.render_flags(project, form, raised_flags, take)
            _render_quote_reuse(own_forms, form, take)
        assistant.render_assistant(project, form, question)

    with st.container(key="beside"):
        paper_column, form_column = st.columns([11, 9], gap="medium")
    with form_column, st.container(key="appraisal_form", gap="xsmall"):
        appraisal_form.render_form(project, form, render_evidence)
        _render_finish(project, form, all_tools)
        fact_list.render_facts_beside(project, report, take)
        st.html(QUOTE_KEY_SCRIPT, unsafe_allow_javascript=True)
    with paper_column:
        model_list.render_models(project, report, all_tools, _get_session_key(report, tools))
        highlights = [
            *bias_flags.get_highlights(raised_flags),
            *evidence.get_highlights(suggestions),
            *_find_quote_highlights(project, report, own_forms),
        ]
        paper.render_paper(project, report, highlights, take)


def _explain_missing_forms(report: int, *, is_complete: bool) -> None:
    """Says why there is no form to fill in: the report has its reviewers, or its kind is open."""
    if is_complete:
        st.info("This report already has enough reviewers. Continue with the next one.")
    else:
        st.info(
            f"First choose the kind of study [on the Appraisal page]"
            f"(appraisal?key={format_record_key(report)}); extraction opens after that."
        )
    st.button("All reports", on_click=_close_report)


def _get_evidence_height(
    raised_flags: Sequence[Flag], suggestions: Sequence[Suggestion], cells: Sequence[FactCell]
) -> int | Literal["content"]:
    """Room for one sentence in full view and the next ones by scrolling, so that the answers stay
    in the same place; none is kept where there is nothing to show."""
    return EVIDENCE_HEIGHT if raised_flags or suggestions or cells else "content"


def _render_header(
    report: int, title: str, tools: list[RequiredForm], own_forms: dict[str, AppraisalForm]
) -> AppraisalForm:
    """Draws title, back button and tools with their progress; returns the chosen form."""
    back_column, title_column, tool_column = st.columns([1.8, 4.8, 6], vertical_alignment="center")
    back_column.button(
        "All reports",
        icon=":material/list:",
        on_click=_close_report,
        width="stretch",
        key="appraisal_back",
    )
    title_column.container(key="two_lines").markdown(pdf_viewer.format_title(report, title))
    names = [tool.checklist for tool in tools]
    session_key = _get_session_key(report, tools)
    if st.session_state.get(session_key) not in names:
        st.session_state[session_key] = next(
            (n for n in names if not own_forms[n].finished), names[0]
        )
    tool_column.segmented_control(
        "Tool",
        names,
        key=session_key,
        required=True,
        label_visibility="collapsed",
        format_func=lambda n: _format_tab(own_forms[n]),
    )
    return own_forms[st.session_state.get(session_key) or names[0]]


def _get_session_key(report: int, tools: list[RequiredForm]) -> str:
    """Session key of the chosen tool."""
    return f"tool_{report}_{tools[0].use}"


def _format_tab(form: AppraisalForm) -> str:
    if form.checklist.id == KIND_CHECKLIST:
        return "Kind ✓" if form.entries else "Kind"
    answered_count, total = forms.count_answered(form.checklist, form.entries)
    return f"{form.checklist.short} " + ("✓" if form.finished else f"{answered_count}/{total}")


def _find_quote_highlights(
    project: Project, report: int, own_forms: dict[str, AppraisalForm]
) -> list[pdf_viewer.PageHighlight]:
    """Where the quote in the box is found in the paper, and paler the others of one's own forms."""
    used = [quote for quote, _, _ in appraisal_form.list_quotes(own_forms)]
    kinds = dict.fromkeys(used, "used") | {_get_quote(): "quote"}
    highlights = []
    for quote, kind in kinds.items():
        location = pdf_viewer.find_quote_location(project, report, quote)
        highlights += [(location[0], box, kind) for box in location[1]] if location else []
    return highlights


def _render_quote_reuse(
    own_forms: dict[str, AppraisalForm],
    form: AppraisalForm,
    take: Callable[[str, int | None], None],
) -> None:
    """Draws quotes used earlier in any tool, for reuse."""
    reusable_quotes = [
        entry for entry in appraisal_form.list_quotes(own_forms) if entry[0] != _get_quote()
    ]
    if reusable_quotes and not form.finished:
        with st.expander(f"Reuse a quote ({len(reusable_quotes)})"):
            for n, (quote, number, where) in enumerate(reusable_quotes):
                st.button(
                    f"{escape_markdown(quote[:180])} (p. {number or '?'}; {where})",
                    type="tertiary",
                    key=f"again_{n}",
                    on_click=partial(take, quote, number),
                )


def _get_quote() -> str:
    return str(st.session_state.get("filling_quote") or "")


def _render_finish(project: Project, form: AppraisalForm, tools: list[RequiredForm]) -> None:
    """Draws the Finish or Reopen button and the number of items left."""
    name = session.get_user().name
    row = st.container(horizontal=True, vertical_alignment="center")  # wraps on a small screen
    auto_advance = get_preferences().auto_advance
    row.button(  # a button, for keys do not reach the page while a switch is in focus
        "Move to next item automatically",
        icon=f":material/toggle_{'on' if auto_advance else 'off'}:",
        type="tertiary",
        key="filling_switch",
        width="content",
        on_click=lambda: change_preferences(auto_advance=not auto_advance),
    )
    for warning in [*form.result.warnings, *accuracy_forms.find_problems(project, form)]:
        st.caption(f":material/info: {escape_markdown(warning)}")
    if form.finished:
        row.button(
            "Reopen to edit",
            on_click=partial(_reopen_form, project, form, name),
            width="stretch",
        )
        return
    unanswered_count, unsure_count = len(form.result.unanswered), len(form.result.unsure)
    label = (
        f"Finish ({unanswered_count} left)"
        if unanswered_count
        else f"Finish {form.checklist.short}"
    )
    row.button(
        label,
        type="primary",
        disabled=bool(unanswered_count),
        shortcut="Ctrl+Shift+Enter",
        width="stretch",
        on_click=partial(_finish_form, project, form, tools, name),
        key="filling_finish",
    )
    if unsure_count and not unanswered_count:
        st.caption(f"{format_count(unsure_count, 'item')} answered Unsure will go to consensus.")


def _finish_form(
    project: Project, form: AppraisalForm, tools: list[RequiredForm], name: str
) -> None:
    try:
        adjudication.finish_form(project, form.report, form.checklist.id, name)
    except ReviewError as error:
        keep_message(appraisal_form.PLACE, str(error), "warning")
        return
    names = [tool.checklist for tool in tools]
    index = names.index(form.checklist.id)
    next_tool = next((tool for tool in tools[index + 1 :]), None)
    if next_tool:
        st.session_state[_get_session_key(form.report, tools)] = next_tool.checklist
        model_list.choose_model(form.report, next_tool.model)
    st.toast(f"{form.checklist.short} completed for {format_record_key(form.report)}.")


def _reopen_form(project: Project, form: AppraisalForm, name: str) -> None:
    adjudication.reopen_form(project, form.report, form.checklist.id, name)
    if form.checklist.id == KIND_CHECKLIST:  # it is finished as soon as it is answered
        forms.add_answer(project, AnswerInput(form.report, KIND_CHECKLIST, KIND_ITEM, None), name)
