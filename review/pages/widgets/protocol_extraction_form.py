"""Data extraction in the form of the protocol: which form is used, and a builder for the team's own
with a preview of what a reviewer is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from review.checklists import TYPED_KINDS, Checklist, FormQuestion, list_questions
from review.checklists.loading import parse_checklist
from review.pages.widgets.answer_layout import arrange_options, get_typed_label
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.protocol_draft import (
    ProtocolForm,
    bind_field,
    change_draft,
    load_checklists,
    render_field_notes,
)
from review.text.wording import format_count
from review.workflow.appraisal.instruments import KIND_CHECKLIST
from review.workflow.setup.extraction_forms import (
    FIELD_KINDS,
    MAX_DATA_SETS,
    MAX_NAME_LENGTH,
    ExtractionField,
    ExtractionForm,
    FieldKind,
    FieldProblem,
    assign_ids,
    check_field,
    describe_field,
    find_form_problem,
    format_form,
    order_fields,
    update_choices,
)
from review.workflow.setup.form_versions import (
    FormAnswers,
    FormDraft,
    find_field_problem,
    load_answers,
    open_form_draft,
    start_form,
)
from review.workflow.setup.protocol_draft import REMOVED, KeyPath, split_lines

WIDTH = 820
"""Width of the fields (pixels); on a narrower screen they fill the page."""
PREVIEW_HEIGHT = 560
EXTRACTION: KeyPath = ("appraisal", "extraction")
ACCURACY: KeyPath = ("appraisal", "accuracy")
ACCURACY_FORM = "accuracy-2x2"
"""The form for 2×2 tables that comes with Funnel."""
PER_REPORT, PER_MODEL = "Once for each report", "Once for each model of a report"
NEW = -1
"""Place of a field that is being added."""
PLACE_KEY, PROBLEM_KEY = "builder_place", "builder_problem"


def render_extraction(form: ProtocolForm) -> None:
    """Which forms of data extraction the team fills in, and the builder of its own form."""
    checklists = load_checklists(form)
    with st.container(width=WIDTH):
        current = form.get(EXTRACTION)
        drafts = form.draft.forms
        offered = [
            name
            for name, checklist in checklists.items()
            if checklist.kind == "extraction" and name not in (ACCURACY_FORM, KIND_CHECKLIST)
        ]
        titles = {name: checklists[name].title for name in offered}
        titles |= {name: draft.form.title for name, draft in drafts.items()}
        options = list(dict.fromkeys([None, *offered, *drafts, current]))
        labels = _label_forms(options, titles)
        st.selectbox(
            "Data extraction form",
            options,
            format_func=dict(zip(options, labels, strict=True)).__getitem__,
            **bind_field(form, EXTRACTION, current, lambda name: name or REMOVED, labels),
        )
        accuracy = form.get(ACCURACY)
        st.checkbox(
            "Also extract 2×2 tables and AUC, for each model and data set",
            help="From this form Funnel works out sensitivity and specificity and draws the forest "
            "plot. A 2×2 table in your own form is only recorded.",
            **bind_field(
                form,
                ACCURACY,
                accuracy is not None,
                lambda is_asked: (accuracy or ACCURACY_FORM) if is_asked else REMOVED,
            ),
        )
        render_field_notes(form, EXTRACTION, ACCURACY)
        draft = drafts.get(current) or (current and open_form_draft(form.project, current))
        if draft:
            _render_builder(form, draft)
        else:
            _render_start(form, checklists.get(current) if current else None)


def _label_forms(options: Sequence[str | None], titles: Mapping[str, str]) -> list[str]:
    """The title of each form, with its id where two have the same title."""
    labels = ["None" if name is None else titles.get(name, name) for name in options]
    return [
        f"{label} ({name})" if labels.count(label) > 1 else label
        for name, label in zip(options, labels, strict=True)
    ]


def _render_start(form: ProtocolForm, source: Checklist | None) -> None:
    """The ways to a form of one's own."""
    st.markdown("#### A form of your own")
    st.caption(
        "Build a form field by field. It is saved in the review's folder as a file, and used once "
        "you have reviewed and saved your changes."
    )
    with st.container(horizontal=True):
        st.button(
            "Build a new form", icon=":material/add:", on_click=_start_form, args=(form, None)
        )
        if source is not None:
            st.button(
                "Copy this form and change it",
                icon=":material/content_copy:",
                on_click=_start_form,
                args=(form, source),
            )


def _start_form(form: ProtocolForm, source: Checklist | None) -> None:
    draft = start_form(form.project, source, form.draft.forms)
    form.draft.forms[draft.form.id] = draft
    change_draft(form.draft, {EXTRACTION: draft.form.id}, refill=True)
    st.session_state[PLACE_KEY] = None if draft.form.fields else NEW


def _keep_form(form: ProtocolForm, draft: FormDraft, changed: ExtractionForm) -> None:
    """Puts a changed form into the draft; as it is in the folder, it is no change."""
    changed = replace(changed, fields=order_fields(changed.fields))
    saved = open_form_draft(form.project, changed.id)
    if saved is not None and saved.form == changed:
        form.draft.forms.pop(changed.id, None)
    else:
        form.draft.forms[changed.id] = replace(draft, form=changed)


def _render_builder(form: ProtocolForm, draft: FormDraft) -> None:
    built = draft.form
    st.markdown("#### Fields of this form")
    _render_settings(form, draft)
    with form.project.store.read() as conn:
        given = load_answers(conn, built.id)
    if given.counts:
        st.caption(
            f"{format_count(sum(given.counts.values()), 'answer')} have been given on this form. "
            "They are kept whatever you change: under the new name if you rename a field, in the "
            "history only if you remove it."
        )
    place = st.session_state.get(PLACE_KEY)
    for number, field in enumerate(built.fields):
        with st.container(border=True):
            if place == number:
                _render_editor(form, draft, number, given)
            else:
                _render_field(form, draft, number, field)
    if place == NEW:
        with st.container(border=True):
            _render_editor(form, draft, NEW, given)
    else:
        st.button("Add a field", icon=":material/add:", on_click=_open_editor, args=(NEW,))
    problem = find_form_problem(built)
    if problem is None:
        with st.expander("Preview: what a reviewer is asked", icon=":material/visibility:"):
            _render_preview(built)


def _render_settings(form: ProtocolForm, draft: FormDraft) -> None:
    """Title of the form, and what it is filled in for."""
    built, turn = draft.form, form.draft.turn

    def change(name: str, key: str) -> None:
        current = form.draft.forms.get(built.id, draft)
        value: Any = st.session_state[key]
        value = value == PER_MODEL if name == "per_model" else value
        value = " ".join(value.split()) if name == "title" else value
        _keep_form(form, current, replace(current.form, **{name: value}))

    def bind(name: str, seed: Any) -> dict[str, Any]:
        key = f"builder_{turn}_{built.id}_{name}"
        if key not in st.session_state:
            st.session_state[key] = seed
        return {"key": key, "on_change": change, "args": (name, key)}

    st.text_input("Title of the form", max_chars=120, **bind("title", built.title))
    if not built.title:
        st.error("Give the form a title.")
    st.radio(
        "It is filled in",
        (PER_REPORT, PER_MODEL),
        horizontal=True,
        **bind("per_model", PER_MODEL if built.per_model else PER_REPORT),
    )
    if any(field.per_data_set for field in built.fields):
        st.number_input(
            "Data sets asked for, at most",
            min_value=1,
            max_value=MAX_DATA_SETS,
            step=1,
            help="The fields for each data set are asked this many times; reviewers leave the rest "
            "blank.",
            **bind("data_sets", built.data_sets),
        )


def _render_field(
    form: ProtocolForm, draft: FormDraft, number: int, field: ExtractionField
) -> None:
    """One field as it is, and what can be done with it."""
    st.markdown(
        f"**{escape_markdown(field.name)}**: "
        f"{escape_markdown(describe_field(field)[:1].lower() + describe_field(field)[1:])}"
    )
    if field.question or field.guidance:
        st.caption(escape_markdown(" ".join(filter(None, [field.question, field.guidance]))))
    fields = draft.form.fields
    key = f"builder_{form.draft.turn}_{number}"
    with st.container(horizontal=True):
        st.button(
            "Edit",
            key=f"{key}_edit",
            help=f"Edit “{escape_markdown(field.name)}”",
            on_click=_open_editor,
            args=(number,),
        )
        for label, other in (("Up", number - 1), ("Down", number + 1)):
            is_movable = (
                0 <= other < len(fields) and fields[other].per_data_set == field.per_data_set
            )
            st.button(
                label,
                key=f"{key}_{label.lower()}",
                help=f"Move “{escape_markdown(field.name)}” {label.lower()}",
                disabled=not is_movable,
                on_click=_move_field,
                args=(form, draft, number, other),
            )
        st.button(
            "Remove",
            key=f"{key}_remove",
            help=f"Remove “{escape_markdown(field.name)}”",
            on_click=_remove_field,
            args=(form, draft, number),
        )


def _open_editor(place: int | None) -> None:
    st.session_state[PLACE_KEY] = place
    st.session_state[PROBLEM_KEY] = None


def _move_field(form: ProtocolForm, draft: FormDraft, number: int, other: int) -> None:
    fields = list(draft.form.fields)
    fields[number], fields[other] = fields[other], fields[number]
    _keep_form(form, draft, replace(draft.form, fields=tuple(fields)))
    _close_editor(form)


def _remove_field(form: ProtocolForm, draft: FormDraft, number: int) -> None:
    rest = [field for place, field in enumerate(draft.form.fields) if place != number]
    _keep_form(form, draft, replace(draft.form, fields=tuple(rest)))
    _close_editor(form)


def _close_editor(form: ProtocolForm) -> None:
    """Closes the editor and fills every field anew, as places have changed."""
    _open_editor(None)
    form.draft.turn += 1


def _render_editor(form: ProtocolForm, draft: FormDraft, place: int, given: FormAnswers) -> None:
    """The inputs of one field; it is changed by a button, and a mistake is named at its input."""
    old = ExtractionField(name="") if place == NEW else draft.form.fields[place]
    key = f"builder_{form.draft.turn}_{place}_editor"
    problem: FieldProblem | None = st.session_state.get(PROBLEM_KEY)
    name = st.text_input(
        "Name of the field", old.name, max_chars=MAX_NAME_LENGTH, key=f"{key}_name"
    )
    _render_problem(problem, "name")
    kinds = list(FIELD_KINDS)
    kind: FieldKind = st.selectbox(
        "Kind of answer",
        kinds,
        index=kinds.index(old.kind),
        format_func=FIELD_KINDS.__getitem__,
        key=f"{key}_kind",
    )
    _render_problem(problem, "kind")
    field = replace(old, name=" ".join(name.split()), kind=kind, choices=(), unit="")
    if kind in ("one", "many"):
        before = "\n".join(choice.label for choice in old.choices)
        typed = st.text_area(
            "Choices (one per line)",
            before,
            key=f"{key}_choices",
            help="“Not reported” and “Unsure” are always offered as well.",
        )
        _render_problem(problem, "choices")
        field = replace(field, choices=update_choices(split_lines(typed), old.choices))
    if kind in ("number", "table"):
        unit = st.text_input("Unit (optional)", old.unit, max_chars=30, key=f"{key}_unit")
        field = replace(field, unit=" ".join(unit.split()))
    if kind != "table":
        question = st.text_input(
            "Question to the reviewer (the name if empty)",
            old.question,
            max_chars=300,
            key=f"{key}_question",
        )
        field = replace(field, question=" ".join(question.split()))
    hint = st.text_input(
        "Hint beneath the question (optional)", old.guidance, max_chars=500, key=f"{key}_hint"
    )
    required = st.checkbox(
        "An answer is required",
        old.is_required,
        key=f"{key}_required",
        help="“Not reported” is an answer too.",
    )
    repeated = st.checkbox("Ask for each data set", old.per_data_set, key=f"{key}_repeated")
    field = replace(
        field, guidance=" ".join(hint.split()), is_required=required, per_data_set=repeated
    )
    with st.container(horizontal=True):
        st.button(
            "Add this field" if place == NEW else "Change this field",
            type="primary",
            on_click=_put_field,
            args=(form, draft, place, field, given),
        )
        st.button("Cancel", key=f"{key}_cancel", on_click=_open_editor, args=(None,))


def _render_problem(problem: FieldProblem | None, part: str) -> None:
    if problem is not None and problem.part == part:
        st.error(escape_markdown(problem.message))


def _put_field(
    form: ProtocolForm, draft: FormDraft, place: int, field: ExtractionField, given: FormAnswers
) -> None:
    """Adds or changes a field, or notes what is wrong with it."""
    fields = list(draft.form.fields)
    others = [other for number, other in enumerate(fields) if number != place]
    problem = check_field(field, others)
    if problem is None and field.id:
        saved = open_form_draft(form.project, draft.form.id)
        known = saved.form.fields if saved is not None else ()
        before = next((old for old in known if old.id == field.id), None)
        problem = find_field_problem(before, field, given)
    st.session_state[PROBLEM_KEY] = problem
    if problem is not None:
        return
    if place == NEW:
        fields.append(field)
    else:
        fields[place] = field
    _keep_form(form, draft, replace(draft.form, fields=tuple(fields)))
    _close_editor(form)


def _render_preview(built: ExtractionForm) -> None:
    """Every question as the page Appraisal asks it, one beneath the other."""
    checklist = parse_checklist(format_form(assign_ids(built)), "preview")
    titles = {section.id: section.title for section in checklist.sections}
    st.caption("Reviewers are asked one question at a time, beside the paper.")
    with st.container(height=PREVIEW_HEIGHT):
        for number, question in enumerate(list_questions(checklist)):
            if number:
                st.divider()
            _render_question(question, titles.get(question.section, ""))


def _render_question(question: FormQuestion, section: str) -> None:
    optional = ", may stay blank" if question.optional else ""
    st.caption(f"{section}{optional}")
    st.markdown(f"##### {question.number}&ensp;{escape_markdown(question.name)}")
    st.markdown(escape_markdown(question.question))
    if question.guidance:
        st.caption(escape_markdown(question.guidance))
    key = f"preview_{question.key}"
    if question.choose in TYPED_KINDS:
        st.text_input(get_typed_label(question), disabled=True, key=key)
    rows = arrange_options(question)
    for row in rows:
        for column, option in zip(st.columns(len(rows[0])), row, strict=False):
            column.button(option.label, key=f"{key}_{option.id}", disabled=True, width="stretch")
