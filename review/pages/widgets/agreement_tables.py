"""Inter-rater agreement on each checklist, and how suggested sentences are used."""

import streamlit as st

from review.agreement import format_figure
from review.pages.widgets import session
from review.text.wording import format_count
from review.workflow.appraisal.agreement import ChecklistAgreement, compute_agreement
from review.workflow.appraisal.instruments import get_checklist, list_checklist_ids
from review.workflow.fulltexts.reading import get_phrase_performance
from review.workflow.project.project import Project

MAX_VISIBLE_ROWS = 13
"""Rows that a table shows without a scroll bar of its own."""


def render_agreement(project: Project) -> None:
    """Draws the agreement on one checklist: overall and item by item."""
    names = list_checklist_ids(project.protocol)
    chosen = st.segmented_control(
        "Checklist",
        names,
        default=names[0] if names else None,
        key="agreement_of",
        required=True,
        label_visibility="collapsed",
        format_func=lambda name: get_checklist(project, name).short,
    )
    if chosen is None:
        return
    result = compute_agreement(project, chosen)
    if not result.reports:
        st.info("No report has all its forms for this checklist completed yet.")
        return
    st.caption(
        f"Based on {format_count(result.reports, 'report')}, using the answers reviewers gave "
        "before they could see each other's; Unsure is left out. 1 = perfect agreement; for "
        "kappa and AC1, 0 = no better than chance."
    )
    st.dataframe(_build_overall_rows(result), hide_index=True)
    rows = [
        {"Item": item.name, "Reports": item.figures[0].n}
        | {figure.name: format_figure(figure) for figure in item.figures}
        for item in result.items
        if item.figures[0].n
    ]
    st.dataframe(rows, hide_index=True, height=520 if len(rows) > MAX_VISIBLE_ROWS else "content")
    st.caption(
        "Kappa is undefined if all answers are the same, and low if one answer is rare, however "
        "well reviewers agree; AC1 is not affected by this."
    )


def _build_overall_rows(result: ChecklistAgreement) -> list[dict[str, str | int]]:
    figures = [("all items", figure) for figure in result.pooled]
    if result.total is not None:
        figures.append(("totals", result.total))
    return [
        {"Scope": scope, "Measure": figure.name, "Value": format_figure(figure), "n": figure.n}
        for scope, figure in figures
    ]


def render_suggestion_use(project: Project) -> None:
    """Draws how often the sentences suggested by each phrase were used and dismissed."""
    phrases = get_phrase_performance(project, reader=session.get_user().name)
    if not phrases:
        st.info("No suggested sentence has been used or dismissed yet.")
        return
    st.caption(
        "How many of the sentences suggested by each phrase were used and dismissed by reviewers."
    )
    st.dataframe(
        [
            {
                "Item": item,
                "Phrase": phrase.rule,
                "Used": phrase.right,
                "Dismissed": phrase.wrong,
                "Precision": phrase.precision,
            }
            for item, phrase in phrases
        ],
        hide_index=True,
        placeholder="",
    )
