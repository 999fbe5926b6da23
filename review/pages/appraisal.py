"""Appraisal: the paper on the left, one question at a time on the right; each reviewer alone."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import appraisal_form, bias_flags, evidence, pdf_viewer, session
from review.pages.widgets.highlighting import plain
from review.protocol import stage_reviewers
from review.store import records
from review.store.records import key_of, number_of
from review.workflow.appraisal import adjudication, assignment, forms, tasks
from review.workflow.appraisal.forms import Form, Given
from review.workflow.appraisal.instruments import KIND, KIND_ITEM, Tool, checklist
from review.workflow.appraisal.tasks import Task
from review.workflow.project.project import Project

TITLE = 330
"""Width of the titles (pixels), so that the forms and gates beside them fit a screen of 1,280."""


def page(project: Project) -> None:
    """Draws the list of reports, or the one that is open."""
    draw(project, tasks.APPRAISED)


def draw(project: Project, uses: tuple[str, ...]) -> None:
    """Draws the page for tools of some uses; the extraction page shows its own."""
    person = session.person()
    if person.name not in stage_reviewers(project.protocol, assignment.last_stage(project)):
        st.info("You are not among the reviewers who appraise here; the lead sets that.")
        return
    key = st.query_params.get("key")
    if key:
        try:
            _report(project, number_of(key), uses)
            return
        except ReviewError as error:
            st.warning(str(error))
            st.button("All reports", on_click=_leave)
            return
    _list(project, uses)


def _leave() -> None:
    st.query_params.pop("key", None)
    st.session_state.pop("paper_page", None)


def _open(report: int) -> None:
    st.query_params["key"] = key_of(report)
    st.session_state["paper_page"] = 1


def _list(project: Project, uses: tuple[str, ...]) -> None:
    st.title("Data extraction" if "extraction" in uses else "Appraisal")
    mine = tasks.tasks(project, session.person().name)
    if not mine:
        st.info("No report has come as far as this. It fills as full texts are included.")
        return
    left = [task for task in mine if not _is_done(task, uses)]
    st.markdown(f"**{len(mine) - len(left)} of {len(mine)}** reports finished by you")
    st.progress((len(mine) - len(left)) / len(mine))
    if left:
        st.button(
            f"Go on with {key_of(left[0].report)}", type="primary", shortcut="Enter",
            on_click=partial(_open, left[0].report),
        )  # fmt: skip
    else:
        st.success("All your forms are finished. Thank you.")
    shown = st.dataframe(
        _lines(project, mine, uses),
        on_select="rerun", selection_mode="single-row", hide_index=True, key="appraisal_list",
        column_config={"Title": st.column_config.TextColumn(width=TITLE)},
    )  # fmt: skip
    picked = shown.get("selection", {}).get("rows", [])
    if picked:
        _open(mine[picked[0]].report)
        st.rerun()


def _is_done(task: Task, uses: tuple[str, ...]) -> bool:
    """Finished, or kept out by a gate before the rest of the forms was due."""
    states = [(tool, word == "finished") for tool, word, _, _ in task.tools]
    return tasks.is_finished(states, task.status, uses)


def _lines(project: Project, mine: list[Task], uses: tuple[str, ...]) -> list[dict[str, str]]:
    """A row a report; a tool that serves other kinds of study stays blank."""
    rows = [_line(project, task, uses) for task in mine]
    columns = dict.fromkeys([name for row in rows for name in row if name != "Gates"])
    return [{name: row.get(name, "") for name in [*columns, "Gates"]} for row in rows]


def _line(project: Project, task: Task, uses: tuple[str, ...]) -> dict[str, str]:
    line = {"Record": key_of(task.report), "Title": task.title, "Kind": task.kind or ""}
    for tool, word, given, total in task.tools:
        if tool.use in uses and tool.use != "kind":
            short = checklist(project, tool.checklist).short
            line[short] = "finished" if word == "finished" else f"{given} of {total}"
    if task.pilot:
        line["Kind"] = f"{line['Kind']} (pilot)".strip()
    return line | {"Gates": {"included": "passed", "excluded": "kept out"}.get(task.status, "")}


def _report(project: Project, record: int, uses: tuple[str, ...]) -> None:
    name = session.person().name
    with project.store.read() as conn:
        report = forms.due_report(project, conn, record)
        kind = forms.own_kind(conn, report, name)
        title = records.get(conn, report).record.title or "(no title)"
        asked_of_me = tasks.tools_of(project, conn, report, name)
    tools = [tool for tool in asked_of_me if tool.use in uses]
    if not asked_of_me:
        st.info("Enough others appraise this report; take the next one.")
        st.button("All reports", on_click=_leave)
        return
    if not tools:
        st.info(
            f"[Say on the page Appraisal](appraisal?key={key_of(report)}) what kind of study this "
            "is; then extraction opens."
        )
        st.button("All reports", on_click=_leave)
        return
    own = {t.checklist: forms.open_form(project, report, t.checklist, name) for t in tools}
    if kind and KIND in own and not own[KIND].finished:
        own[KIND] = adjudication.finish(project, report, KIND, name)
        st.session_state.pop(_place(report, tools), None)
    form = _head(report, title, tools, own)
    asked = appraisal_form.current(form)
    take = partial(appraisal_form.take_quote, project, form, asked)
    left, right = st.columns([11, 9], gap="medium")
    with right:
        appraisal_form.draw(project, form)
        _finish(project, form, tools)
        raised = bias_flags.offered(project, form, asked)
        bias_flags.draw(project, form, raised, take)
        found = evidence.offered(project, form, asked)
        evidence.draw(project, form, asked, found, take)
        _again(own, form, take)
    with left:
        marked = [*bias_flags.marks(raised), *evidence.marks(found), *_quoted(project, report)]
        pdf_viewer.draw(project, report, marked, take)


def _head(report: int, title: str, tools: list[Tool], own: dict[str, Form]) -> Form:
    """Title, the way back, and the tools with how far each is; gives the chosen tool's form."""
    back, said, pick = st.columns([1.8, 4.8, 6], vertical_alignment="center")
    back.button("All reports", icon=":material/list:", on_click=_leave, width="stretch",
                key="appraisal_back")  # fmt: skip
    said.markdown(pdf_viewer.title_of(report, title))
    names = [tool.checklist for tool in tools]
    place = _place(report, tools)
    if st.session_state.get(place) not in names:
        st.session_state[place] = next((n for n in names if not own[n].finished), names[0])
    pick.segmented_control(
        "Tool",
        names,
        key=place,
        required=True,
        label_visibility="collapsed",
        format_func=lambda n: _tab(own[n]),
    )
    return own[st.session_state.get(place) or names[0]]


def _place(report: int, tools: list[Tool]) -> str:
    """Session key of the chosen tool."""
    return f"tool_{report}_{tools[0].use}"


def _tab(form: Form) -> str:
    if form.checklist.id == KIND:
        return "Kind ✓" if form.entries else "Kind"
    given, total = forms.counted(form.checklist, form.entries)
    return f"{form.checklist.short} " + ("✓" if form.finished else f"{given}/{total}")


def _quoted(project: Project, report: int) -> list[pdf_viewer.Mark]:
    """Where the quote in the box stands, for the paper."""
    found = pdf_viewer.place_of(project, report, _quote())
    return [(found[0], box, "quote") for box in found[1]] if found else []


def _again(own: dict[str, Form], form: Form, take: Callable[[str, int | None], None]) -> None:
    """Quotes taken before in any tool, to be used again."""
    taken = [one for one in appraisal_form.quotes_taken(own) if one[0] != _quote()]
    if taken and not form.finished:
        with st.expander(f"Use a quote again ({len(taken)})"):
            for n, (quote, number, where) in enumerate(taken):
                st.button(
                    f"{plain(quote[:180])} (p. {number or '?'}; {where})", type="tertiary",
                    key=f"again_{n}", on_click=partial(take, quote, number),
                )  # fmt: skip


def _quote() -> str:
    return str(st.session_state.get("filling_quote") or "")


def _finish(project: Project, form: Form, tools: list[Tool]) -> None:
    """Finish or open again; what is left is said."""
    name = session.person().name
    row = st.container(horizontal=True, vertical_alignment="center")  # wraps on a small screen
    on = bool(st.session_state.get("filling_on"))
    row.button(  # a button, for keys do not reach the page while a switch is in focus
        "Go on after each answer", icon=f":material/toggle_{'on' if on else 'off'}:",
        type="tertiary", key="filling_switch", width="content",
        on_click=lambda: st.session_state.update(filling_on=not on),
    )  # fmt: skip
    for warning in form.result.warnings:
        st.caption(f":material/info: {warning}")
    if form.finished:
        row.button(
            "Open this form again", on_click=partial(_reopen, project, form, name), width="stretch"
        )
        return
    left, unsure = len(form.result.unanswered), len(form.result.unsure)
    label = f"Finish ({left} to go)" if left else f"Finish {form.checklist.short}"
    row.button(
        label, type="primary", disabled=bool(left), shortcut="Ctrl+Shift+Enter", width="stretch",
        on_click=partial(_finished, project, form, tools, name), key="filling_finish",
    )  # fmt: skip
    if unsure and not left:
        st.caption(f"{unsure} answered 'unsure': these go to consensus.")


def _finished(project: Project, form: Form, tools: list[Tool], name: str) -> None:
    try:
        adjudication.finish(project, form.report, form.checklist.id, name)
    except ReviewError as error:
        st.session_state["filling_problem"] = str(error)
        return
    names = [tool.checklist for tool in tools]
    at = names.index(form.checklist.id)
    following = next((n for n in names[at + 1 :]), None)
    if following:
        st.session_state[_place(form.report, tools)] = following
    st.toast(f"{form.checklist.short} finished for {key_of(form.report)}.")


def _reopen(project: Project, form: Form, name: str) -> None:
    adjudication.reopen(project, form.report, form.checklist.id, name)
    if form.checklist.id == KIND:  # it is finished as soon as it is answered
        forms.answer(project, Given(form.report, KIND, KIND_ITEM, None), name)
