"""Agreement of reviewers on each checklist, and how the suggested sentences do in use."""

import streamlit as st

from review.agreement import AgreementFigure
from review.pages.widgets import session
from review.workflow.appraisal.agreement import ChecklistAgreement, compute_agreement
from review.workflow.appraisal.instruments import get_checklist, list_checklist_ids
from review.workflow.fulltexts.reading import get_phrase_performance
from review.workflow.project.project import Project

MAX_VISIBLE_ROWS = 13
"""Rows that a table shows without a scroll bar of its own."""


def render_agreement(project: Project) -> None:
    """Draws the agreement on one checklist: on the whole, and item by item."""
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
        st.info("No report has all its forms on this checklist finished yet.")
        return
    st.caption(
        f"Reports: {result.reports}, by what each reviewer said before any could see another's "
        "answers; 'unsure' is left out. 1 is full agreement, 0 is what chance gives."
    )
    st.dataframe(_build_overall_rows(result), hide_index=True)
    rows = [
        {"Item": item.name, "Reports": item.figures[0].n}
        | {figure.name: _format_figure(figure) for figure in item.figures}
        for item in result.items
        if item.figures[0].n
    ]
    st.dataframe(rows, hide_index=True, height=520 if len(rows) > MAX_VISIBLE_ROWS else "content")
    st.caption(
        "Kappa is undefined where everybody gave one and the same answer, and low where one answer "
        "is rare, however well people agree; AC1 does not suffer from that."
    )


def _build_overall_rows(result: ChecklistAgreement) -> list[dict[str, str | int]]:
    figures = [("all items", figure) for figure in result.pooled]
    if result.total is not None:
        figures.append(("totals", result.total))
    return [
        {"Over": scope, "Figure": figure.name, "Value": _format_figure(figure), "n": figure.n}
        for scope, figure in figures
    ]


def _format_figure(figure: AgreementFigure) -> str:
    if figure.value is None:
        return "undefined"
    has_interval = figure.n > 1 and None not in (figure.low, figure.high)
    limits = f" ({figure.low:.2f} to {figure.high:.2f})" if has_interval else ""
    return f"{figure.value:.2f}{limits}"


def render_suggestion_use(project: Project) -> None:
    """Draws how often the sentences each phrase brought were used and dismissed."""
    phrases = get_phrase_performance(project, reader=session.get_user().name)
    if not phrases:
        st.info("Nobody has used or dismissed a suggested sentence yet.")
        return
    st.caption("Of the sentences each phrase brought up: how many reviewers used and dismissed.")
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
