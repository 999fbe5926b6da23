"""Agreement of reviewers on each checklist, and how the suggested sentences do in use."""

import streamlit as st

from review.agreement import Figure
from review.workflow.appraisal.agreement import Agreement, agreement_of
from review.workflow.appraisal.instruments import checklist, names_in_use
from review.workflow.fulltexts.reading import phrases_in_use
from review.workflow.project.project import Project

LISTED = 13
"""Rows that a table shows without a scroll bar of its own."""


def agreement(project: Project) -> None:
    """Draws the agreement on one checklist: on the whole, and item by item."""
    names = names_in_use(project.protocol)
    chosen = st.segmented_control(
        "Checklist", names, default=names[0] if names else None, key="agreement_of", required=True,
        label_visibility="collapsed", format_func=lambda name: checklist(project, name).short,
    )  # fmt: skip
    if chosen is None:
        return
    found = agreement_of(project, chosen)
    if not found.reports:
        st.info("No report has all its forms on this checklist finished yet.")
        return
    st.caption(
        f"Reports: {found.reports}, by what each reviewer said before any could see another's "
        "answers; 'unsure' is left out. 1 is full agreement, 0 is what chance gives."
    )
    st.dataframe(_whole(found), hide_index=True)
    rows = [
        {"Item": one.name, "Reports": one.figures[0].n}
        | {figure.name: _shown(figure) for figure in one.figures}
        for one in found.items
        if one.figures[0].n
    ]
    st.dataframe(rows, hide_index=True, height=520 if len(rows) > LISTED else "content")
    st.caption(
        "Kappa is undefined where everybody gave one and the same answer, and low where one answer "
        "is rare, however well people agree; AC1 does not suffer from that."
    )


def _whole(found: Agreement) -> list[dict[str, str | int]]:
    figures = [("all items", one) for one in found.pooled]
    if found.total is not None:
        figures.append(("totals", found.total))
    return [
        {"Over": over, "Figure": one.name, "Value": _shown(one), "n": one.n}
        for over, one in figures
    ]


def _shown(one: Figure) -> str:
    if one.value is None:
        return "undefined"
    known = one.n > 1 and None not in (one.low, one.high)
    limits = f" ({one.low:.2f} to {one.high:.2f})" if known else ""
    return f"{one.value:.2f}{limits}"


def suggestions(project: Project) -> None:
    """Draws how often the sentences each phrase brought were used and dismissed."""
    found = phrases_in_use(project)
    if not found:
        st.info("Nobody has used or dismissed a suggested sentence yet.")
        return
    st.caption("Of the sentences each phrase brought up: how many reviewers used and dismissed.")
    st.dataframe(
        [
            {
                "Item": item,
                "Phrase": one.rule,
                "Used": one.right,
                "Dismissed": one.wrong,
                "Precision": one.precision,
            }
            for item, one in found
        ],
        hide_index=True,
        placeholder="",
    )
