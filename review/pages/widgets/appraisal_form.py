"""The appraisal form, one question at a time: guidance, answers, quote, page and comment."""

import html
from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from review.checklists import (
    JUDGEMENT_PARTS,
    NONE_OF_THESE,
    OPTION_SEPARATOR,
    OVERALL,
    TYPED_KINDS,
    UNSURE,
    Checklist,
    FormQuestion,
    format_answer,
    split_answer,
)
from review.errors import ReviewError
from review.models import Answer
from review.pages.widgets import pdf_viewer, session
from review.pages.widgets.answer_layout import arrange_options, get_typed_label
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.item_map import SIGNS, get_item_state, render_item_map
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.preferences import get_preferences, get_shortcut
from review.scoring import Judgement
from review.workflow.appraisal import forms
from review.workflow.appraisal.forms import AnswerInput, AppraisalForm, active_questions
from review.workflow.project.project import Project

PLACE = "appraisal_form"
"""Where the form says why an answer was not saved."""
JUDGEMENT_STYLES = {
    "low": ("var(--funnel-good)", "Low"),
    "unclear": ("var(--funnel-doubt)", "Unclear"),
    "high": ("var(--funnel-bad)", "High"),
    "at-risk": ("var(--funnel-bad)", "At risk"),
    "not-judged": ("var(--funnel-muted)", "Not judged"),
    None: ("var(--funnel-muted)", "open"),
}
"""Judgement -> colour with a contrast of 4.5 to 1 on white, and word; never colour alone."""
AnswerNotes = tuple[str | None, int | None, str | None]
"""Quote, page, comment."""
COMPACT_STYLE = """<style>
:is([class*="st-key-answer_"], [class*="st-key-filling_"], [class*="st-key-paper_"],
[class*="st-key-evidence_"], .st-key-appraisal_back) button {
padding-left: .35rem; padding-right: .35rem; gap: .25rem;}
[class*="st-key-answer_"] button {min-height: 2.1rem; padding-top: .1rem; padding-bottom: .1rem;}
[class*="st-key-answer_"] button[kind="primary"]:disabled {
background: #23507c; color: #fff; border-color: #23507c; opacity: 1;}
[class*="st-key-answer_"] button[kind="primary"]:disabled kbd {color: #fff !important;}
[class*="st-key-filling_jump"] {min-width: 7rem;}
:is([class*="st-key-evidence_card"], [class*="st-key-sign_card"]) {padding: .4rem .7rem;}
:is([class*="st-key-evidence_"], [class*="st-key-sign_"]) button {
min-height: 1.9rem; padding: .05rem .35rem;}
.st-key-appraisal_form [data-testid="stMarkdownContainer"] {margin-bottom: 0;}
.st-key-appraisal_form [data-testid="stMarkdownContainer"] > p:last-child {margin-bottom: 0;}
.st-key-appraisal_form h4 {padding: 0; margin: 0; font-size: 1.05rem;}
.st-key-appraisal_form p {line-height: 1.35;}
</style>"""
"""Room for question, evidence, answers and quote on a small screen; a completed form keeps showing
which answer was given."""


def list_question_keys(form: AppraisalForm) -> list[str]:
    """Question keys of the form, in the order they are asked."""
    return [question.key for question in active_questions(form.checklist, form.entries)]


def get_position_key(form: AppraisalForm) -> str:
    """Session key that holds which question of this form is open."""
    return f"at_{form.report}_{form.checklist.id}"


def get_current_question(form: AppraisalForm) -> FormQuestion:
    """The current question: the chosen one, else the first unanswered."""
    questions = {
        question.key: question for question in active_questions(form.checklist, form.entries)
    }
    chosen_key = st.session_state.get(get_position_key(form))
    if chosen_key not in questions:
        chosen_key = find_next_open(form, None) or next(iter(questions))
        st.session_state[get_position_key(form)] = chosen_key
    return questions[chosen_key]


def find_next_open(form: AppraisalForm, after: str | None) -> str | None:
    """The next unanswered question after one, going round; then the next unsure; None if none."""
    questions = active_questions(form.checklist, form.entries)
    keys = [question.key for question in questions]
    start = keys.index(after) + 1 if after in keys else 0
    rotated_questions = questions[start:] + questions[:start]
    for question in rotated_questions:
        if question.key not in form.entries and not question.optional:
            return question.key
    unsure = [
        a.key for a in rotated_questions if _get_answer(form, a.key) == UNSURE and a.key != after
    ]
    return unsure[0] if unsure else None


def _get_answer(form: AppraisalForm, key: str) -> str | None:
    entry = form.entries.get(key)
    return entry.answer if entry else None


def render_form(
    project: Project, form: AppraisalForm, render_evidence: Callable[[], None] | None = None
) -> None:
    """Draws the current question of a form; `render_evidence` draws what bears on it, between the
    question and its answers."""
    st.html(COMPACT_STYLE)
    question = get_current_question(form)
    _load_entry(form, question)
    questions = active_questions(form.checklist, form.entries)
    render_item_map(form, questions, question, _go_to_question)
    _render_question(form, question)
    show_messages(PLACE)
    if form.finished:
        _render_given_answer(form, question)
    if render_evidence is not None:
        render_evidence()
    _render_answers(project, form, question)
    _render_notes(project, form, question)
    _render_navigation(form, question)
    if any(section.judgement for section in form.checklist.sections):
        _render_judgements(form)


def _load_entry(form: AppraisalForm, question: FormQuestion) -> None:
    """Fills the boxes with what is stored, when another question is opened."""
    question_id = _get_question_id(form, question)
    entry = _get_stored_entry(form, question.key)
    if st.session_state.get("filling_open") == question_id and not _has_newer_entry(entry):
        return
    st.session_state["filling_open"] = question_id
    st.session_state["filling_quote"] = (entry.quote if entry else None) or ""
    st.session_state["filling_page"] = entry.page if entry else None
    st.session_state["filling_comment"] = (entry.comment if entry else None) or ""
    st.session_state["filling_typed"] = _get_typed_text(question, entry)
    _remember_entry(entry)
    st.session_state.pop("filling_waits", None)
    if entry and entry.page:
        pdf_viewer.go_to_page(entry.page)


def _get_question_id(form: AppraisalForm, question: FormQuestion) -> tuple[int, str, str]:
    """Names a question of a form: report, checklist, key."""
    return form.report, form.checklist.id, question.key


def _get_stored_entry(form: AppraisalForm, key: str) -> Answer | None:
    """What is stored for a question: its answer, or the words kept without one."""
    return form.entries.get(key) or form.drafts.get(key)


def _read_boxes() -> AnswerNotes:
    """Quote, page and comment as typed in the boxes."""
    state = st.session_state
    return (
        state.get("filling_quote") or None,
        state.get("filling_page"),
        state.get("filling_comment") or None,
    )


def _remember_entry(entry: Answer | None) -> None:
    """Notes which stored row the boxes show, so that words of another tab are not undone."""
    st.session_state["filling_row"] = (entry.id if entry else None, _read_boxes())


def _has_newer_entry(entry: Answer | None) -> bool:
    """Whether another tab has stored something newer while nothing was typed into these boxes."""
    row, notes = st.session_state.get("filling_row", (None, None))
    return bool((entry.id if entry else None) != row and notes == _read_boxes())


def _get_typed_text(question: FormQuestion, entry: Answer | None) -> str:
    if entry is None or entry.answer is None or question.choose not in TYPED_KINDS:
        return ""
    return (
        ""
        if entry.answer in (UNSURE, *(option.id for option in question.options))
        else entry.answer
    )


def _render_given_answer(form: AppraisalForm, question: FormQuestion) -> None:
    """Says in words what was answered in a completed form."""
    answer = _get_answer(form, question.key)
    words = "not answered" if answer is None else format_answer(question, answer)
    st.info(f"You completed this form. Your answer: **{escape_markdown(words)}**")


def _render_question(form: AppraisalForm, question: FormQuestion) -> None:
    titles = {s.id: s.title for s in form.checklist.sections}
    answered_count, total = forms.count_answered(form.checklist, form.entries)
    part = titles.get(question.section, "About the study" if not question.section else "Overall")
    section_questions = [
        a for a in active_questions(form.checklist, form.entries) if a.section == question.section
    ]
    section_answered = sum(a.key in form.entries for a in section_questions)
    st.caption(
        f"{part}: {section_answered} of {len(section_questions)} · {answered_count} of {total} "
        f"answered{_format_source(form.checklist, question)}",
        help=_describe_source(form.checklist),
    )
    number = f"{question.number}&ensp;" if question.number else ""
    st.markdown(f"#### {number}{escape_markdown(question.name)}")
    st.markdown(escape_markdown(question.question))
    if question.guidance:
        st.caption(escape_markdown(question.guidance))


def _describe_source(checklist: Checklist) -> str | None:
    """Where the instrument was published, and its licence."""
    citation = checklist.citation
    if citation is None:
        return None
    return f"{citation.journal} {citation.year};{citation.where}. {checklist.licence}"


def _format_source(checklist: Checklist, question: FormQuestion) -> str:
    """A link to the publication a question comes from."""
    citation = checklist.citation
    if citation is None:
        return ""
    item = f", item {question.number}" if question.number[:1].isdigit() else ""
    name = f"{checklist.short}{item}"
    return f" · [{name}](https://doi.org/{citation.doi})" if citation.doi else f" · {name}"


def _render_judgements(form: AppraisalForm) -> None:
    """The domains side by side, those of bias before those of applicability; both overall below."""
    titles = {s.id: s.title for s in form.checklist.sections}
    cells, overall = [], []
    names = {**JUDGEMENT_PARTS, "judgement": form.checklist.judged}
    for part, name in names.items():
        for judgement in form.result.judgements:
            if judgement.part == part and judgement.section == OVERALL:
                overall.append(f"{name} overall: {_format_judgement(form.checklist, judgement)}")
            elif judgement.part == part:
                cells.append(
                    _format_judgement_cell(
                        form.checklist,
                        name,
                        titles.get(judgement.section, judgement.section),
                        judgement,
                    )
                )
    st.html(
        '<div style="display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:.3rem;'
        f'font-size:.74rem">{"".join(cells)}</div>'
        f'<div style="font-size:.8rem;margin-top:.35rem">{" · ".join(overall)}</div>'
    )


def _name_level(checklist: Checklist, level: str | None) -> str:
    """The word of a judgement, in the instrument's own term."""
    if level == "unclear":
        return checklist.unclear_name
    return JUDGEMENT_STYLES.get(level, JUDGEMENT_STYLES[None])[1]


def _style_judgement(checklist: Checklist, judgement: Judgement) -> tuple[str, str]:
    colour, _ = JUDGEMENT_STYLES.get(judgement.final, JUDGEMENT_STYLES[None])
    return colour, _name_level(checklist, judgement.final)


def _format_judgement(checklist: Checklist, judgement: Judgement) -> str:
    """A judgement as a coloured word, marked if suggested or changed."""
    colour, word = _style_judgement(checklist, judgement)
    note = "suggested" if judgement.given is None and judgement.final is not None else ""
    note = "changed" if judgement.overridden else note
    return f'<b style="color:{colour}">{word}</b> <i style="color:var(--funnel-muted)">{note}</i>'


def _format_judgement_cell(
    checklist: Checklist, part: str, title: str, judgement: Judgement
) -> str:
    colour, word = _style_judgement(checklist, judgement)
    tooltip = html.escape(f"{part}, {title}: {word}. {judgement.reason or ''}", quote=True)
    kind = part.split()[-1].capitalize()
    return (
        f'<div title="{tooltip}" style="border-top:4px solid {colour};padding-top:.2rem;'
        'line-height:1.25;overflow:hidden;text-overflow:ellipsis">'
        '<div style="color:var(--funnel-muted);overflow:hidden;text-overflow:ellipsis">'
        f"{kind}</div>"
        f'<div style="overflow:hidden;text-overflow:ellipsis">{html.escape(title)}</div>'
        f"{_format_judgement(checklist, judgement)}</div>"
    )


def _render_answers(project: Project, form: AppraisalForm, question: FormQuestion) -> None:
    """The answer buttons with their keys; a typed answer above them."""
    answer = _get_answer(form, question.key)
    proposed = next(
        (
            judgement.proposed
            for judgement in form.result.judgements
            if judgement.key == question.key
        ),
        None,
    )
    if proposed is not None and answer is None:
        word = _name_level(form.checklist, proposed)
        st.caption(f"Suggested by your answers: **{word.lower()}**")
    if question.choose in TYPED_KINDS:
        save = partial(_save_typed, project, form, question)
        label = get_typed_label(question)
        st.text_input(label, key="filling_typed", on_change=save, disabled=form.finished)
    chosen = () if answer in (None, UNSURE) else split_answer(answer)
    rows = arrange_options(question)
    for row in rows:
        for column, option in zip(st.columns(len(rows[0])), row, strict=False):
            is_chosen = option.id in chosen or option.id == answer
            points_prefix = (
                "" if option.points is None else f"{option.points:+d} · ".replace("+0", "0")
            )
            column.button(
                f"{points_prefix}{option.label}",
                # Its own key: a late click never meets the next question.
                key=f"answer_{question.key}_{option.id}",
                shortcut=get_shortcut(option.key.lower() if option.key else None),
                type="primary" if is_chosen else "secondary",
                icon=":material/check:" if is_chosen else None,
                on_click=partial(_pick_answer, project, form, question, option.id),
                disabled=form.finished,
                width="stretch",
            )


def _pick_answer(
    project: Project, form: AppraisalForm, question: FormQuestion, option: str
) -> None:
    """Takes an answer to the question that is open; a button of the one before, pressed while the
    page changes, does nothing. Picking the answer that is given already, and shown so, withdraws
    it."""
    if st.session_state.get("filling_open") not in (None, _get_question_id(form, question)):
        return
    displayed_answer, stored_form = _get_answer(form, question.key), _reload_form(project, form)
    stored_answer = _get_answer(stored_form, question.key)
    if question.choose == "many" and option not in (UNSURE, NONE_OF_THESE):
        displayed_options, stored_options = (
            set(split_answer(a)) if a not in (None, UNSURE) else set()
            for a in (displayed_answer, stored_answer)
        )
        new_options = (
            stored_options - {option} if option in displayed_options else stored_options | {option}
        )
        ordered_ids = [o.id for o in question.options if o.id in new_options]
        joined = OPTION_SEPARATOR.join(ordered_ids) or None
        _save_answer(project, stored_form, question, joined, advance=False)
        return
    _save_answer(
        project,
        stored_form,
        question,
        None if option == displayed_answer == stored_answer else option,
        advance=get_preferences().auto_advance,
    )
    if question.choose in TYPED_KINDS:
        st.session_state["filling_typed"] = ""


def _reload_form(project: Project, form: AppraisalForm) -> AppraisalForm:
    """A form as it is stored now: a second tab, or a key pressed before the page was drawn anew,
    may have changed it since it was shown."""
    return forms.open_form(project, form.report, form.checklist.id, form.reviewer)


def _save_typed(project: Project, form: AppraisalForm, question: FormQuestion) -> None:
    _save_answer(
        project,
        _reload_form(project, form),
        question,
        st.session_state["filling_typed"],
        advance=get_preferences().auto_advance,
    )


def _save_answer(
    project: Project,
    form: AppraisalForm,
    question: FormQuestion,
    answer: str | None,
    *,
    advance: bool,
) -> None:
    """Saves an answer with its words over the form as it is stored; then opens the next question
    where `advance` says so."""
    state = st.session_state
    stored = _get_stored_entry(form, question.key)
    notes = _merge_notes(stored)
    if answer is None and stored is None and not any(notes):
        return
    try:
        answer_input = AnswerInput(form.report, form.checklist.id, question.key, answer, *notes)
        saved_form = forms.add_answer(project, answer_input, session.get_user().name)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
        if question.key.split(":")[0] in JUDGEMENT_PARTS:
            state["filling_waits"] = answer
        return
    state.pop("filling_waits", None)
    if notes == _read_boxes():
        _remember_entry(_get_stored_entry(saved_form, question.key))
    else:
        state.pop("filling_open", None)
    if answer is not None and advance and question.choose != "many":
        go_to_next_open(saved_form, question.key)


def _merge_notes(stored: Answer | None) -> AnswerNotes:
    """The words to save: a box nobody touched keeps what another tab stored meanwhile."""
    row, loaded_notes = st.session_state.get("filling_row", (None, None))
    if stored is None or loaded_notes is None or stored.id == row:
        return _read_boxes()
    quote, page, comment = _read_boxes()
    return (
        stored.quote if quote == loaded_notes[0] else quote,
        stored.page if page == loaded_notes[1] else page,
        stored.comment if comment == loaded_notes[2] else comment,
    )


def _render_notes(project: Project, form: AppraisalForm, question: FormQuestion) -> None:
    """Quote, page and comment; saved as soon as they change, before an answer or after it."""
    pending_judgement = st.session_state.get("filling_waits")
    save = partial(_save_notes, project, form, question)
    st.text_area(
        "Quote",
        key="filling_quote",
        height=68,
        disabled=form.finished,
        label_visibility="collapsed",
        placeholder="Quote: select text in the paper and press Q, or use a sentence above",
        on_change=partial(_locate_quote, project, form, question),
    )
    page_column, comment_column = st.columns([1, 4])
    page_column.number_input(
        "Page",
        key="filling_page",
        min_value=1,
        step=1,
        on_change=save,
        disabled=form.finished,
        label_visibility="collapsed",
        placeholder="Page",
    )
    label = (
        f"Why {_name_level(form.checklist, pending_judgement).lower()}? (one sentence)"
        if pending_judgement in JUDGEMENT_STYLES and pending_judgement
        else "Comment"
    )
    comment_column.text_input(
        label,
        key="filling_comment",
        on_change=save,
        disabled=form.finished,
        label_visibility="collapsed" if label == "Comment" else "visible",
        placeholder=label,
    )


def _locate_quote(project: Project, form: AppraisalForm, question: FormQuestion) -> None:
    location = pdf_viewer.find_quote_location(
        project, form.report, st.session_state["filling_quote"]
    )
    if location:
        st.session_state["filling_page"] = location[0]
        pdf_viewer.go_to_page(location[0])
    _save_notes(project, form, question)


def _save_notes(project: Project, form: AppraisalForm, question: FormQuestion) -> None:
    """Saves the words, with the answer where there is one; without, they wait for it."""
    form = _reload_form(project, form)
    answer = st.session_state.get("filling_waits") or _get_answer(form, question.key)
    _save_answer(project, form, question, answer, advance=False)


def take_quote(
    project: Project, form: AppraisalForm, question: FormQuestion, text: str, page: int | None
) -> None:
    """Puts a sentence into the quote box, and saves it where the question is answered."""
    if form.finished:
        return
    st.session_state["filling_quote"] = text
    st.session_state["filling_page"] = page
    if page:
        pdf_viewer.go_to_page(page)
    _save_notes(project, form, question)


def take_value(
    project: Project,
    form: AppraisalForm,
    question: FormQuestion,
    value: str,
    place: tuple[str, int | None],
) -> None:
    """Makes a value the typed answer; a text is added to what was typed before. The question stays
    open, so that the reviewer can change it.

    Args:
        place: sentence and page, the quote where none was given before.
    """
    if form.finished:
        return
    state = st.session_state
    typed = str(state.get("filling_typed") or "").strip()
    if question.choose == "text" and typed and value.casefold() not in typed.casefold():
        value = f"{typed}; {value}"
    elif question.choose == "text" and typed:
        value = typed
    state["filling_typed"] = value
    sentence, page = place
    if sentence and not state.get("filling_quote"):
        state["filling_quote"], state["filling_page"] = sentence, page
    if page:
        pdf_viewer.go_to_page(page)
    _save_answer(project, _reload_form(project, form), question, value, advance=False)


def go_to_next_open(form: AppraisalForm, key: str) -> None:
    """Opens the next unanswered question."""
    next_key = find_next_open(form, key)
    if next_key:
        st.session_state[get_position_key(form)] = next_key


def _go_to_question(form: AppraisalForm, key: str) -> None:
    st.session_state[get_position_key(form)] = key


def _render_navigation(form: AppraisalForm, question: FormQuestion) -> None:
    """Buttons for the previous, next and next unanswered question, and a list of all."""
    keys = list_question_keys(form)
    index = keys.index(question.key)
    names = {
        a.key: f"{a.number} {a.name}".strip()
        for a in active_questions(form.checklist, form.entries)
    }
    signs = {
        a.key: SIGNS[get_item_state(a, _get_answer(form, a.key))]
        for a in active_questions(form.checklist, form.entries)
    }
    back_column, jump_column, forward_column, next_column = st.columns(
        [1.2, 3.6, 1.2, 4], vertical_alignment="bottom"
    )
    back_column.button(
        "",
        shortcut="Left",
        key="filling_back",
        width="stretch",
        on_click=partial(_go_to_question, form, keys[index - 1]),
        disabled=index == 0,
        help="Previous question",
    )
    forward_column.button(
        "",
        shortcut="Right",
        key="filling_forth",
        on_click=partial(_go_to_question, form, keys[min(index + 1, len(keys) - 1)]),
        width="stretch",
        disabled=index == len(keys) - 1,
        help="Next question",
    )
    jump = f"filling_jump_{form.report}_{form.checklist.id}_{question.key}"
    jump_column.selectbox(
        "Go to",
        keys,
        index=index,
        key=jump,
        label_visibility="collapsed",
        format_func=lambda key: f"{signs[key]} {names[key]}",
        on_change=lambda: _go_to_question(form, st.session_state[jump]),
    )
    next_key = find_next_open(form, question.key)
    next_column.button(
        "Next",
        help="Next unanswered question",
        shortcut="Ctrl+Enter",
        key="filling_next",
        on_click=partial(go_to_next_open, form, question.key),
        disabled=next_key is None,
        width="stretch",
    )


def list_quotes(own_forms: Mapping[str, AppraisalForm]) -> list[tuple[str, int | None, str]]:
    """Quotes of one's own forms for a report, newest first: text, page, where it was used."""
    usages: dict[str, tuple[int, int | None, list[str]]] = {}
    for form in own_forms.values():
        names = {a.key: a.number or a.name for a in active_questions(form.checklist, form.entries)}
        for key, entry in form.entries.items():
            if entry.quote:
                use_label = f"{form.checklist.short} {names.get(key, key)}"
                newest, page, use_labels = usages.get(entry.quote, (0, entry.page, []))
                usages[entry.quote] = (max(newest, entry.id), page, [*use_labels, use_label])
    ranked = sorted(usages.items(), key=lambda usage: -usage[1][0])
    return [(quote, page, ", ".join(use_labels)) for quote, (_, page, use_labels) in ranked]
