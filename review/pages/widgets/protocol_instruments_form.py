"""Instruments and quality gates of a protocol as a form; gates are read and built in words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from review.checklists import JUDGEMENT_PARTS, Checklist, list_items, list_questions
from review.checklists.models import OVERALL
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.protocol_draft import (
    ProtocolForm,
    bind_field,
    change_draft,
    load_checklists,
    render_field_notes,
    render_field_notes_of_list,
    render_text,
)
from review.protocol.loading import parse_gates
from review.protocol.models import QualityGate
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
)
from review.workflow.setup.gate_wording import KIND_WORDS, describe_gate, format_judgement
from review.workflow.setup.protocol_draft import REMOVED, KeyPath

WIDTH = 820
"""Width of the fields (pixels); on a narrower screen they fill the page."""
TOOLS: KeyPath = ("appraisal", "tools")
GATES: KeyPath = ("appraisal", "gates")
RULE_NAMES = {"worst": "The worst one", "best": "The best one", "main": "The main one"}
ASKED = {
    "minimum": "The score is below a number",
    "required": "Items are not met",
    "keep_out": "It is judged",
}
"""What a gate can ask, as a lead chooses it."""


def render_instruments(form: ProtocolForm) -> None:
    """Which instruments the team fills in, and the gates that rest on them."""
    checklists = load_checklists(form)
    with st.container(width=WIDTH):
        chosen = [str(name) for name in form.get(TOOLS, [])]
        offered = [
            name
            for name, checklist in checklists.items()
            if checklist.kind != "extraction" and name != KIND_CHECKLIST
        ]
        st.multiselect(
            "Instruments that the team fills in",
            list(dict.fromkeys([*offered, *chosen])),
            format_func=lambda name: checklists[name].title if name in checklists else name,
            **bind_field(form, TOOLS, chosen, list),
        )
        render_field_notes(form, TOOLS)
        rule = form.get(("appraisal", "model_rule"), "worst")
        st.radio(
            "If a report has several models, the report is judged by",
            list(RULE_NAMES),
            format_func=RULE_NAMES.__getitem__,
            horizontal=True,
            **bind_field(form, ("appraisal", "model_rule"), rule, str),
        )
        st.markdown("#### Quality gates")
        st.caption(
            "A gate excludes a study after appraisal, once the team agrees on the form. The reason "
            "is counted in the PRISMA diagram."
        )
        gates = form.get(GATES, [])
        for number, gate in enumerate(parse_gates(gates)):
            with st.container(border=True):
                _render_gate(form, number, gate, gates[number], checklists)
        if not gates:
            st.markdown("No gates: appraisal excludes no study.")
        render_field_notes_of_list(form, GATES)
        with st.expander("Add a gate", icon=":material/add:"):
            _render_new_gate(form, chosen, checklists, len(gates))


def _render_gate(
    form: ProtocolForm,
    number: int,
    gate: QualityGate,
    stated: Mapping[str, Any],
    checklists: Mapping[str, Checklist],
) -> None:
    path: KeyPath = (*GATES, number)
    st.markdown(f"**{escape_markdown(describe_gate(gate, checklists))}**")
    left, right = st.columns(2)
    with left:
        st.multiselect(
            "Kinds of study",
            list(KIND_WORDS),
            format_func=KIND_WORDS.__getitem__,
            **bind_field(
                form, (*path, "kinds"), list(gate.kinds), lambda kinds: list(kinds) or REMOVED
            ),
        )
    with right:
        render_text(form, (*path, "reason"), "Reason for exclusion", is_required=True)
        if gate.minimum is not None and "minimum" in stated:
            st.number_input(
                "Exclude if the score is below",
                **bind_field(form, (*path, "minimum"), float(gate.minimum), _to_number),
            )
        _render_choices_of_gate(form, path, gate, checklists.get(gate.checklist))
    if gate.also or gate.either:
        st.caption("This gate has further conditions; change them under YAML.")
    st.button(
        "Remove gate",
        key=f"protocol_{form.draft.turn}_remove_gate_{number}",
        on_click=change_draft,
        args=(form.draft, {path: REMOVED}),
        kwargs={"refill": True},
    )
    if form.fault is not None and form.fault.path == path:
        st.error(escape_markdown(form.fault.problem))


def _render_choices_of_gate(
    form: ProtocolForm, path: KeyPath, gate: QualityGate, checklist: Checklist | None
) -> None:
    """The items and judgements that a gate names."""
    if checklist is None:
        return
    if gate.required:
        names = {item.number: item.name for item in list_items(checklist)}
        st.multiselect(
            "Items that have to be met",
            list(dict.fromkeys([*names, *gate.required])),
            format_func=lambda number: f"{number} · {names.get(number, 'unknown')}",
            **bind_field(form, (*path, "required"), list(gate.required), list),
        )
    judgements = _list_judgements(checklist)
    for subject, levels in gate.keep_out.items():
        st.multiselect(
            f"Excluded if judged ({format_judgement(subject, checklist)})",
            list(dict.fromkeys([*judgements.get(subject, []), *levels])),
            **bind_field(form, (*path, "keep_out", subject), list(levels), list),
        )


def _to_number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _render_new_gate(
    form: ProtocolForm, tools: list[str], checklists: Mapping[str, Checklist], place: int
) -> None:
    """Builds a gate by choices; the sentence below says what it will do."""
    usable = [name for name in tools if name in checklists]
    if not usable:
        st.markdown("Choose an instrument first.")
        return
    turn = form.draft.turn
    name = st.selectbox(
        "Instrument",
        usable,
        format_func=lambda key: checklists[key].title,
        key=f"protocol_{turn}_gate_tool",
    )
    checklist = checklists[name]
    asked = st.radio(
        "Exclude a study if",
        _list_askable(checklist),
        format_func=ASKED.__getitem__,
        key=f"protocol_{turn}_gate_{name}_asked",
    )
    kinds = st.multiselect(
        "Kinds of study",
        list(KIND_WORDS),
        default=list(KIND_WORDS),
        format_func=KIND_WORDS.__getitem__,
        key=f"protocol_{turn}_gate_kinds",
    )
    condition = _ask_condition(checklist, asked, f"protocol_{turn}_gate_{name}")
    reason = st.text_input("Reason for exclusion", key=f"protocol_{turn}_gate_reason").strip()
    taken = [gate.id for gate in parse_gates(form.get(GATES, []))]
    gate = {
        "id": _make_id(reason or asked, taken),
        "checklist": name,
        "kinds": list(kinds),
        **condition,
        "reason": reason,
    }
    problem = _find_problem(condition, kinds, reason)
    if not problem or problem.startswith("Write"):
        (preview,) = parse_gates([gate])
        st.markdown(f"**{escape_markdown(describe_gate(preview, checklists))}**")
    if problem:
        st.caption(escape_markdown(problem))
    st.button(
        "Add gate",
        type="primary",
        disabled=bool(problem),
        on_click=_add_gate,
        args=(form, gate, place),
    )


def _add_gate(form: ProtocolForm, gate: dict[str, Any], place: int) -> None:
    path = (*GATES, place) if place else GATES
    change_draft(form.draft, {path: gate if place else [gate]}, refill=True)


def _list_askable(checklist: Checklist) -> list[str]:
    asked = ["minimum"] if checklist.scores else []
    asked += ["keep_out"] if _list_judgements(checklist) else []
    return [*asked, "required"]


def _list_judgements(checklist: Checklist) -> dict[str, list[str]]:
    """Judgement as a gate names it -> its levels."""
    prefixes = tuple(f"{part}:" for part in JUDGEMENT_PARTS)
    return {
        question.key.removeprefix("judgement:"): [option.id for option in question.options]
        for question in list_questions(checklist)
        if question.key.startswith(prefixes)
    }


def _ask_condition(checklist: Checklist, asked: str, key: str) -> dict[str, Any]:
    """What the gate asks of its checklist, as written in the file."""
    if asked == "minimum":
        scores = {score.id: score for score in checklist.scores}
        primary = next(
            (score.id for score in checklist.scores if score.primary), next(iter(scores))
        )
        score = primary
        if len(scores) > 1:
            score = st.selectbox(
                "Score",
                list(scores),
                index=list(scores).index(primary),
                format_func=lambda key: scores[key].title,
                key=f"{key}_score",
            )
        limit = st.number_input("Exclude below", value=1.0, step=1.0, key=f"{key}_minimum")
        first = next(iter(scores))
        return {"minimum": _to_number(limit)} | ({} if score == first else {"score": score})
    if asked == "keep_out":
        judgements = _list_judgements(checklist)
        subject = st.selectbox(
            "Judgement of",
            list(judgements),
            index=list(judgements).index(OVERALL) if OVERALL in judgements else 0,
            format_func=lambda key: format_judgement(key, checklist),
            key=f"{key}_subject",
        )
        levels = st.multiselect("Excluded if judged", judgements[subject], key=f"{key}_levels")
        return {"keep_out": {subject: list(levels)} if levels else {}}
    items = {item.number: item for item in list_items(checklist)}
    numbers = st.multiselect(
        "Items that have to be met",
        list(items),
        format_func=lambda number: f"{number} · {items[number].name}",
        key=f"{key}_items",
    )
    if len(numbers) < 2:
        return {"required": list(numbers)}
    least = st.number_input(
        "How many of them, at least",
        min_value=1,
        max_value=len(numbers),
        value=len(numbers),
        step=1,
        key=f"{key}_at_least_{len(numbers)}",
    )
    return {"required": list(numbers)} | ({} if least == len(numbers) else {"at_least": least})


def _find_problem(condition: Mapping[str, Any], kinds: Sequence[str], reason: str) -> str | None:
    """What is still to be chosen, in one sentence."""
    if "minimum" not in condition and not any(condition.values()):
        return "Choose what the gate asks."
    if not kinds:
        return "Choose at least one kind of study."
    return None if reason else "Write the reason for exclusion."


def _make_id(reason: str, taken: list[str]) -> str:
    """An id of letters and hyphens that no other gate has."""
    base = re.sub(r"[^a-z0-9]+", "-", reason.lower()).strip("-")[:40].strip("-") or "gate"
    number = 1
    while (base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return base if number == 1 else f"{base}-{number}"
