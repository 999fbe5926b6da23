"""The order of records and the keyword rules of a protocol as a form."""

from typing import Any

import streamlit as st

from review.pages.widgets.protocol_draft import (
    ProtocolForm,
    bind_field,
    change_draft,
    render_field_notes,
    render_field_notes_of_list,
    render_text,
)
from review.protocol.models import Ranking
from review.workflow.screening.keyword_rules import count_marks
from review.workflow.setup.protocol_draft import REMOVED, KeyPath

WIDTH = 820
"""Width of the fields (pixels); on a narrower screen they fill the page."""
RULES: KeyPath = ("rules",)
MODEL_NAMES = {"light": "Learned from the team's decisions", "random": "Random order"}
SHARES = {
    "random_share": (
        "Share of records drawn at random",
        "Shown among the ranked records, so that the number of relevant records that remain can "
        "be estimated without bias.",
    ),
    "target_recall": (
        "Target recall of the stopping evidence",
        "With 0.95, the evidence asks whether 95% of the relevant records have been found.",
    ),
}
COUNTS = {
    "min_included": "Included records before the order is learned",
    "min_excluded": "Excluded records before the order is learned",
    "seed": "Random seed",
}


def render_order(form: ProtocolForm) -> None:
    """The order in which records are screened, and the keyword rules."""
    with st.container(width=WIDTH):
        st.markdown("#### Order of records")
        _render_model(form)
        path: KeyPath = ("ranking", "show_words")
        st.checkbox(
            "Show reviewers the words that rank a record higher",
            help="Never on pilot records. Each reviewer can hide them.",
            **bind_field(form, path, bool(form.get(path, Ranking().show_words)), bool),
        )
        for column, (key, (label, help_text)) in zip(st.columns(2), SHARES.items(), strict=True):
            with column:
                _render_share(form, ("ranking", key), label, help_text)
        for column, (key, label) in zip(st.columns(3), COUNTS.items(), strict=True):
            with column:
                _render_count(form, ("ranking", key), label)
        st.markdown("#### Keyword rules")
        st.caption(
            "A rule excludes records whose title and abstract do not match it, as ineligible by "
            "automation. Saving a rule decides nothing: on the page Protocol you preview what the "
            "rules would exclude, then apply them."
        )
        rules = form.get(RULES, [])
        rules = rules if isinstance(rules, list) else []
        for number, rule in enumerate(rules):
            if isinstance(rule, dict):
                with st.container(border=True):
                    _render_rule(form, number, is_only=len(rules) == 1)
        st.button("Add a rule", icon=":material/add:", on_click=_add_rule, args=(form, rules))
        render_field_notes_of_list(form, RULES)


def _render_model(form: ProtocolForm) -> None:
    path: KeyPath = ("ranking", "model")
    stated = str(form.get(path, Ranking().model))
    st.selectbox(
        "Order",
        list(dict.fromkeys([*MODEL_NAMES, stated])),
        format_func=lambda name: MODEL_NAMES.get(name, name),
        help="Other installed models are named under YAML.",
        **bind_field(form, path, stated, str),
    )
    render_field_notes(form, path)


def _render_share(form: ProtocolForm, path: KeyPath, label: str, help_text: str) -> None:
    stated = form.get(path, getattr(Ranking(), str(path[-1])))
    seed = min(max(float(stated), 0.0), 1.0) if isinstance(stated, int | float) else 0.0
    st.number_input(
        label,
        min_value=0.0,
        max_value=1.0,
        step=0.01,
        help=help_text,
        **bind_field(form, path, seed, lambda value: round(value, 4)),
    )
    render_field_notes(form, path)


def _render_count(form: ProtocolForm, path: KeyPath, label: str) -> None:
    default = getattr(Ranking(), str(path[-1]))
    stated = form.get(path, default)
    seed = max(stated, 0) if isinstance(stated, int) else default
    st.number_input(label, min_value=0, step=1, **bind_field(form, path, seed, int))
    render_field_notes(form, path)


def _render_rule(form: ProtocolForm, number: int, *, is_only: bool) -> None:
    path: KeyPath = (*RULES, number)
    st.markdown(f"**Rule {number + 1}**")
    render_text(
        form,
        (*path, "must_match"),
        "A record is ineligible unless it matches",
        height=80,
        help_text='Written as the search query is: AND, OR, NOT, brackets, "phrases", stems*.',
        is_required=True,
    )
    render_text(form, (*path, "reason"), "Reason in the PRISMA diagram (optional)")
    st.button(
        "Remove rule",
        key=f"protocol_{form.draft.turn}_remove_rule_{number}",
        on_click=change_draft,
        args=(form.draft, {RULES if is_only else path: REMOVED}),
        kwargs={"refill": True},
    )


def _add_rule(form: ProtocolForm, rules: list[Any]) -> None:
    """Adds a rule that matches what the search does, under an id that no rule in
    force and no rule with marks has."""
    taken = {str(rule.get("id")) for rule in rules if isinstance(rule, dict)}
    taken |= set(count_marks(form.project))
    number = 1
    while f"rule-{number}" in taken:
        number += 1
    query = " ".join(str(form.get(("search", "query"), "")).split())
    change_draft(
        form.draft,
        {RULES: [*rules, {"id": f"rule-{number}", "must_match": query}]},
        refill=True,
    )
