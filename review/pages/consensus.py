"""Consensus: differences between completed forms with their quotes; one click resolves each."""

import html
from functools import partial

import streamlit as st

from review.checklists import JUDGEMENT_PARTS, UNSURE, AnswerOption, format_answer
from review.consensus import AnswerComparison
from review.errors import ReviewError
from review.models import Answer
from review.pages.widgets import agreement_tables, paper, pdf_viewer, session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.preferences import get_shortcut
from review.scoring import GateOutcome
from review.store import records
from review.store.records import format_record_key, parse_record_key
from review.text.wording import format_count
from review.workflow.appraisal import accuracy_forms, adjudication, results
from review.workflow.appraisal.form_consensus import FormConsensus
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.appraisal.model_changes import get_model_name
from review.workflow.appraisal.results import AdjudicationTask
from review.workflow.project.project import Project

PLACE = "consensus"
"""Where the page says why an answer was not saved."""
ANSWERS_PER_ROW = 3
"""Answers shown side by side."""
MAX_SHORTCUTS = 8
"""Reviewers whose answers have a key; the next key enters a different answer."""


def render_page(project: Project) -> None:
    """Draws the list of forms to resolve, or the open one."""
    key, name = st.query_params.get("key"), st.query_params.get("checklist")
    if key and name:
        try:
            _render_comparison(project, parse_record_key(key), name)
            return
        except ReviewError as error:
            st.warning(escape_markdown(str(error)))
            st.button("All forms", on_click=_close_form)
            return
    _render_overview(project)


def _close_form() -> None:
    for name in ("key", "checklist"):
        st.query_params.pop(name, None)


def _open_form(report: int, name: str) -> None:
    st.query_params["key"] = format_record_key(report)
    st.query_params["checklist"] = name
    st.session_state["paper_page"] = 1


def _render_overview(project: Project) -> None:
    st.title("Consensus")
    views = {
        "To resolve": _render_open_forms,
        "Agreement": agreement_tables.render_agreement,
        "Suggestions": agreement_tables.render_suggestion_use,
    }
    chosen = st.segmented_control(
        "Show",
        list(views),
        default="To resolve",
        key="consensus_view",
        required=True,
        label_visibility="collapsed",
    )
    views[chosen or "To resolve"](project)


def _render_open_forms(project: Project) -> None:
    all_forms = results.list_adjudication_tasks(project, session.get_user().name)
    if not all_forms:
        st.info(
            "Nothing to resolve yet. Forms appear here once all their reviewers have completed "
            "them."
        )
        return
    open_forms = [form for form in all_forms if form.unresolved]
    st.markdown(
        f"**{len(open_forms)}** of {format_count(len(all_forms), 'completed form')} to resolve"
    )
    _render_continue_button(project, open_forms)
    table_event = st.dataframe(
        [
            {
                "Record": format_record_key(form.report),
                "Title": form.title,
                "Form": _name_form(project, form),
                "To resolve": form.unresolved or None,
            }
            for form in all_forms
        ],
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        hide_index=True,
        key="consensus_list",
        placeholder="",
    )
    chosen = session.find_chosen_row(table_event)
    if chosen is not None:
        _open_form(all_forms[chosen].report, all_forms[chosen].checklist)
        st.rerun()


def _name_form(project: Project, form: AdjudicationTask) -> str:
    """The checklist of a form, with the model it appraises."""
    short = get_checklist(project, form.checklist).short
    return f"{short}, {form.model}" if form.model else short


def _render_continue_button(project: Project, open_forms: list[AdjudicationTask]) -> None:
    """Draws the button that opens the first unresolved form."""
    for first_form in open_forms[:1]:
        st.button(
            f"Resolve {_name_form(project, first_form)} for {format_record_key(first_form.report)}",
            type="primary",
            shortcut="Enter",
            on_click=partial(_open_form, first_form.report, first_form.checklist),
        )


def _render_comparison(project: Project, record: int, name: str) -> None:
    settlement = adjudication.load_comparison(project, record, name, session.get_user().name)
    back_column, title_column = st.columns([1.8, 10], vertical_alignment="center")
    back_column.button("All forms", icon=":material/list:", on_click=_close_form, width="stretch")
    agreed_count = sum(pair.origin == "agreed" for pair in settlement.pairs)
    settled_count = sum(pair.origin == "settled" for pair in settlement.pairs)
    with project.store.read() as conn:
        title = records.get_record(conn, settlement.report).record.title or "(no title)"
    details = (
        settlement.checklist.title,
        get_model_name(project, settlement.report, name) or "",
        ", ".join(settlement.reviewers),
    )
    with title_column:
        st.markdown(pdf_viewer.format_title(settlement.report, title))
        st.caption(" · ".join(escape_markdown(detail) for detail in details if detail))
    _turn_to_quote(settlement)
    with st.container(key="beside"):
        paper_column, answer_column = st.columns([11, 9], gap="medium")
    with answer_column:
        st.markdown(
            f"**{len(settlement.unresolved)}** to resolve · {agreed_count} agreed · "
            f"{settled_count} resolved"
        )
        show_messages(PLACE)
        if settlement.unresolved:
            _render_question(project, settlement, settlement.unresolved[0], with_shortcuts=True)
            for pair in settlement.unresolved[1:]:
                _render_question(project, settlement, pair, with_shortcuts=False)
        else:
            _render_result(project, settlement)
        _render_resolved_questions(project, settlement)
    with paper_column:
        paper.render_paper(project, settlement.report, _find_highlights(project, settlement), None)


def _turn_to_quote(settlement: FormConsensus) -> None:
    """Turns the paper to the quote of the first unresolved question, once."""
    pair = settlement.unresolved[0] if settlement.unresolved else None
    position = (settlement.report, settlement.checklist.id, pair.question.key if pair else None)
    if pair is None or st.session_state.get("consensus_at") == position:
        return
    st.session_state["consensus_at"] = position
    pages = [entry.page for entry in pair.entries if entry and entry.page]
    if pages:
        pdf_viewer.go_to_page(pages[0])


def _find_highlights(project: Project, settlement: FormConsensus) -> list[pdf_viewer.PageHighlight]:
    """The quotes of the first open question."""
    highlights: list[pdf_viewer.PageHighlight] = []
    for entry in settlement.unresolved[0].entries if settlement.unresolved else ():
        location = (
            pdf_viewer.find_quote_location(project, settlement.report, entry.quote or "")
            if entry
            else None
        )
        if location:
            highlights += [(location[0], box, "quote") for box in location[1]]
    return highlights


def _render_question(
    project: Project, settlement: FormConsensus, pair: AnswerComparison, *, with_shortcuts: bool
) -> None:
    """Draws a question with all answers; the first open one responds to the keys 1, 2, …"""
    with st.container(border=True):
        st.markdown(f"**{pair.question.number} {pair.question.name}**".replace("** ", "**"))
        if with_shortcuts:
            st.markdown(pair.question.question)
        accepts_keys = (
            with_shortcuts and st.session_state.get("consensus_other") != pair.question.key
        )
        column_count = min(ANSWERS_PER_ROW, len(pair.entries))
        for start in range(0, len(pair.entries), ANSWERS_PER_ROW):
            for index, column in enumerate(
                st.columns(column_count)[: len(pair.entries) - start], start
            ):
                with column:
                    _render_answer(project, settlement, pair, index, with_shortcuts=accepts_keys)
        if with_shortcuts:
            _render_other_answer(project, settlement, pair)


def _render_answer(
    project: Project,
    settlement: FormConsensus,
    pair: AnswerComparison,
    index: int,
    *,
    with_shortcuts: bool,
) -> None:
    """Draws one reviewer's answer with the button that accepts it."""
    entry = pair.entries[index]
    shortcut = str(index + 1) if with_shortcuts and index < MAX_SHORTCUTS else None
    reviewer = settlement.reviewers[index]
    answer_text = escape_markdown(format_answer(pair.question, entry.answer if entry else None))
    st.markdown(f"**{answer_text}**  \n:gray[{escape_markdown(reviewer)}]")
    if entry and entry.quote:
        st.html(f"<blockquote>{html.escape(entry.quote)}</blockquote>")
    if entry and entry.page:
        st.button(
            f"Page {entry.page}",
            icon=":material/description:",
            type="tertiary",
            on_click=partial(pdf_viewer.go_to_page, entry.page),
            key=f"page_{pair.question.key}_{reviewer}",
        )
    if entry and entry.comment:
        st.caption(escape_markdown(entry.comment))
    can_take = entry is not None and entry.answer not in (None, UNSURE)
    label = f"Accept “{answer_text}”" if can_take and entry else "Accept"
    st.button(
        label,
        shortcut=get_shortcut(shortcut),
        disabled=not can_take,
        width="stretch",
        key=f"take_{pair.question.key}_{reviewer}",
        on_click=partial(_take_answer, project, settlement, pair, entry),
    )


def _take_answer(
    project: Project, settlement: FormConsensus, pair: AnswerComparison, entry: Answer | None
) -> None:
    if entry is not None:
        answer_input = AnswerInput(
            record=settlement.report,
            checklist=settlement.checklist.id,
            key=pair.question.key,
            answer=entry.answer,
            quote=entry.quote,
            page=entry.page,
            comment=entry.comment or _get_joint_comment(),
        )
        _save_consensus(project, answer_input)


def _get_joint_comment() -> str | None:
    return st.session_state.get("consensus_comment") or None


def _save_consensus(project: Project, answer_input: AnswerInput) -> None:
    try:
        adjudication.adjudicate_item(project, answer_input, session.get_user().name)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
        return
    st.session_state["consensus_comment"] = ""
    st.session_state.pop("consensus_other", None)


def _render_other_answer(
    project: Project, settlement: FormConsensus, pair: AnswerComparison
) -> None:
    """A third answer, with a comment; a judgement that differs from the proposal needs one."""
    needs_comment = pair.question.key.split(":")[0] in JUDGEMENT_PARTS
    st.text_input(
        "Comment" + (" (required if you overrule both reviewers)" if needs_comment else ""),
        key="consensus_comment",
    )
    if st.session_state.get("consensus_other") != pair.question.key:
        shortcut = str(min(len(pair.entries), MAX_SHORTCUTS) + 1)
        st.button(
            "Different answer",
            shortcut=get_shortcut(shortcut),
            on_click=partial(_open_other_answer, pair.question.key),
        )
        return
    if pair.question.choose == "one":
        options: list[AnswerOption] = list(pair.question.options)
        for column, option in zip(st.columns(len(options)), options, strict=True):
            answer_input = AnswerInput(
                settlement.report, settlement.checklist.id, pair.question.key, option.id
            )
            column.button(
                option.label,
                shortcut=get_shortcut(option.key.lower() if option.key else None),
                on_click=partial(_save_other_answer, project, answer_input),
                key=f"other_{option.id}",
                width="stretch",
            )
        return
    typed_answer = st.text_input(
        "Answer",
        key="consensus_typed",
        placeholder="; ".join(o.label for o in pair.question.options),
    )
    answer_input = AnswerInput(
        settlement.report, settlement.checklist.id, pair.question.key, typed_answer
    )
    st.button(
        "Save answer",
        on_click=partial(_save_other_answer, project, answer_input),
        disabled=not typed_answer,
    )


def _open_other_answer(key: str) -> None:
    st.session_state["consensus_other"] = key


def _save_other_answer(project: Project, answer_input: AnswerInput) -> None:
    name, key = answer_input.checklist, answer_input.key
    _save_consensus(
        project,
        AnswerInput(
            answer_input.record, name, key, answer_input.answer, comment=_get_joint_comment()
        ),
    )


def _render_result(project: Project, settlement: FormConsensus) -> None:
    """Draws the results of the resolved form and of the quality gates."""
    st.success(
        f"{settlement.checklist.short} of {format_record_key(settlement.report)} is resolved."
    )
    for total in settlement.result.totals:
        if total.value is not None:
            maximum = f" of {total.max:g}" if total.max is not None else ""
            title, band = escape_markdown(total.title), escape_markdown(total.band or "")
            st.markdown(f"{title}: **{total.value:g}**{maximum} {band}")
    for problem in accuracy_forms.find_entry_problems(settlement.checklist, settlement.entries):
        st.warning(escape_markdown(problem))
    for gate in adjudication.load_gate_outcomes(project, settlement.report):
        st.markdown(_format_gate(gate))
    open_forms = [
        form
        for form in results.list_adjudication_tasks(project, session.get_user().name)
        if form.unresolved
    ]
    _render_continue_button(project, open_forms)
    if not open_forms:
        st.caption("Nothing else to resolve.")


def _format_gate(gate: GateOutcome) -> str:
    """What a quality gate came to, as what it means for the study."""
    why = f" ({escape_markdown('; '.join(gate.why))})" if gate.why else ""
    reason = escape_markdown(gate.reason)
    if gate.state == "passed":
        return f"Quality gate: :green[not excluded] as “{reason}”{why}"
    if gate.state == "failed":
        return f"Quality gate: :red[excluded] as “{reason}”{why}"
    return f"Quality gate “{reason}”: not decided yet{why}"


def _render_resolved_questions(project: Project, settlement: FormConsensus) -> None:
    """Draws resolved questions, each with a button to reopen it."""
    settled_pairs = [
        pair for pair in settlement.pairs if pair.origin == "settled" and pair.consensus
    ]
    if not settled_pairs:
        return
    with st.expander(f"Resolved ({len(settled_pairs)})"):
        for pair in settled_pairs:
            assert pair.consensus is not None
            text_column, undo_column = st.columns([5, 2], vertical_alignment="center")
            label = escape_markdown(format_answer(pair.question, pair.consensus.answer))
            comment = (
                f", {escape_markdown(pair.consensus.comment)}" if pair.consensus.comment else ""
            )
            text_column.markdown(
                f"{pair.question.number} {pair.question.name}: **{label}** "
                f":gray[by {escape_markdown(pair.consensus.reviewer)}{comment}]"
            )
            answer_input = AnswerInput(
                settlement.report, settlement.checklist.id, pair.question.key, None
            )
            undo_column.button(
                "Reopen",
                key=f"undo_{pair.question.key}",
                width="stretch",
                on_click=partial(_save_consensus, project, answer_input),
            )
