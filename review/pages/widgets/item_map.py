"""The map of a form's questions: one small button each, with the answer's own sign and colour."""

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from review.checklists import UNSURE, Checklist, FormQuestion, split_answer
from review.workflow.appraisal.forms import AppraisalForm

ItemState = Literal["yes", "no", "partly", "unsure", "not-applicable", "given", "open", "optional"]

SIGNS: dict[ItemState, str] = {
    "yes": "✓",
    "no": "✕",
    "partly": "◐",
    "unsure": "?",
    "not-applicable": "–",
    "given": "●",
    "open": "○",
    "optional": "◌",
}
"""State -> sign; no two look alike in black and white."""
STATE_WORDS: dict[ItemState, str] = {
    "yes": "yes",
    "no": "no",
    "partly": "partly or no information",
    "unsure": "unsure",
    "not-applicable": "not applicable",
    "given": "answered",
    "open": "open",
    "optional": "optional",
}
COLOURS: dict[ItemState, tuple[str, str]] = {
    "yes": ("#d9efdc", "#1c5a26"),
    "no": ("#f8d9d5", "#8c1d14"),
    "partly": ("#fdebc8", "#6b4700"),
    "unsure": ("#e6dcf5", "#4c2a85"),
    "not-applicable": ("#e3e6ea", "#414a57"),
    "given": ("#d9e6f5", "#1f4468"),
    "open": ("transparent", "inherit"),
    "optional": ("transparent", "inherit"),
}
"""State -> background and text, at least 5.9 to 1."""
JUDGEMENT_STATES: dict[str, ItemState] = {
    "low": "yes",
    "high": "no",
    "at-risk": "no",
    "unclear": "partly",
    "not-judged": "not-applicable",
}
MEANING_STATES: dict[str, ItemState] = {
    "met": "yes",
    "unmet": "no",
    "partly": "partly",
    "unclear": "partly",
    "not-applicable": "not-applicable",
}
MAP_STYLE = """<style>
.st-key-item_map [role="radiogroup"], .st-key-item_map [data-testid="stButtonGroup"] > div
{gap: .15rem; row-gap: .15rem;}
.st-key-item_map button {min-height: 0; height: 1.35rem; min-width: 1.7rem; padding: 0 .1rem;
border-radius: .25rem;}
.st-key-item_map button p {font-size: .66rem; line-height: 1; white-space: nowrap;}
.st-key-item_map button:is([kind="pillsActive"], [aria-checked="true"])
{outline: 2px solid #3b7dd8; outline-offset: 1px;}
%s</style>"""


def get_item_state(question: FormQuestion, answer: str | None) -> ItemState:
    """How a question is answered, as far as its options say what they mean."""
    if answer is None:
        return "optional" if question.optional else "open"
    if answer == UNSURE:
        return "unsure"
    if answer in JUDGEMENT_STATES and any(option.id == answer for option in question.options):
        return JUDGEMENT_STATES[answer]
    chosen = set(split_answer(answer))
    meanings = {option.means for option in question.options if option.id in chosen}
    states = {MEANING_STATES.get(meaning) for meaning in meanings if meaning is not None}
    if len(states) == 1 and len(meanings) == 1:
        return states.pop() or "given"
    if question.choose == "many" and not chosen & {option.id for option in question.options}:
        return "no"
    return "given"


def render_item_map(
    form: AppraisalForm,
    questions: Sequence[FormQuestion],
    current: FormQuestion,
    go_to: Callable[[AppraisalForm, str], None],
) -> None:
    """Draws the map; a click or Enter on a square opens its question by `go_to`."""
    by_key = {question.key: question for question in questions}
    answers = {key: entry.answer for key, entry in form.entries.items()}
    states = {key: get_item_state(by_key[key], answers.get(key)) for key in by_key}
    widget = f"item_map_{form.report}_{form.checklist.id}_{current.key}"

    def open_chosen() -> None:
        chosen = st.session_state.get(widget)
        if chosen is not None:
            go_to(form, chosen)

    labels = _build_labels(form.checklist, questions)
    st.html(MAP_STYLE % _build_rules(list(states.values()), questions))
    with st.container(key="item_map"):
        st.pills(
            "Questions",
            list(by_key),
            default=current.key,
            required=True,
            format_func=labels.__getitem__,
            key=widget,
            on_change=open_chosen,
            label_visibility="collapsed",
        )


def _build_labels(checklist: Checklist, questions: Sequence[FormQuestion]) -> dict[str, str]:
    """Question -> its number; a judgement has its initial and the number of its domain. No two are
    the same, because Streamlit tells the squares apart by their labels; and none depends on the
    answer, so that a square stays itself when its answer comes."""
    domains = {
        section.id: section.number or str(n) for n, section in enumerate(checklist.sections, 1)
    }
    labels: dict[str, str] = {}
    for question in questions:
        label = question.number or f"{question.name[:1]}{domains.get(question.section, '')}"
        while label in labels.values():
            label += "′"
        labels[question.key] = label
    return labels


def _build_rules(states: Sequence[ItemState], questions: Sequence[FormQuestion]) -> str:
    """One style a square, with its sign, and a gap where a section begins."""
    rules = []
    for place, (state, question) in enumerate(zip(states, questions, strict=True), 1):
        background, text = COLOURS[state]
        gap = (
            "margin-left:.3rem;"
            if place > 1 and question.section != questions[place - 2].section
            else ""
        )
        rules.append(
            f".st-key-item_map button:nth-of-type({place})"
            f"{{background:{background};color:{text};{gap}}}"
            f".st-key-item_map button:nth-of-type({place}) p::before"
            f"{{content:'{SIGNS[state]} ' / '{STATE_WORDS[state]} ';}}"
        )
    return "".join(rules)
