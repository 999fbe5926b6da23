"""Agreement between reviewers and the evidence for stopping, for the lead. It advises only."""

import pandas as pd
import streamlit as st

from review.agreement import Figure
from review.errors import ReviewError
from review.pages import measured, session
from review.protocol import Stage
from review.stopping import Evidence
from review.workflow import ordering
from review.workflow.project import Project

ADVICE = (
    "Nothing stops by itself. What is left unscreened enters the PRISMA diagram as 'marked as "
    "ineligible by automation tools' only when the lead says so here."
)


def page(project: Project) -> None:
    """Draws both panels for a stage."""
    st.title("Agreement and stopping")
    stages = {one.id: one for one in project.protocol.stages}
    chosen = st.segmented_control("Stage", list(stages), default=next(iter(stages)))
    stage = stages[chosen or next(iter(stages))]
    if stage.kind == "quality":
        measured.agreement(project)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        _agreement(project, stage)
    with right:
        _stopping(project, stage)


def _agreement(project: Project, stage: Stage) -> None:
    st.subheader("Agreement")
    st.caption("On the records both have judged. 1 is full agreement, 0 is what chance gives.")
    for pair in ordering.agreement_now(project, stage):
        st.markdown(f"**{' and '.join(pair.names)}** · {pair.figures[0].n} records")
        rows = [
            {"Figure": one.name, "Value": _value(one), "95 % interval": _interval(one)}
            for one in pair.figures
        ]
        st.dataframe(rows, hide_index=True)
        for one in pair.figures:
            if one.note:
                st.caption(f"{one.name}: {one.note}.")


def _value(one: Figure) -> str:
    return "undefined" if one.value is None else f"{one.value:.3f}"


def _interval(one: Figure) -> str:
    return "" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"


def _stopping(project: Project, stage: Stage) -> None:
    st.subheader("When to stop")
    found, curve = ordering.stopping_now(project, stage)
    a, b, c = st.columns(3)
    a.metric("Screened", f"{found.screened:,}")
    b.metric("Relevant so far", f"{found.relevant:,}")
    c.metric("Irrelevant in a row", f"{found.run:,}")
    frame = pd.DataFrame(curve, columns=["Records screened", "Relevant records found"])
    st.line_chart(frame, x="Records screened", y="Relevant records found", height=260)
    st.caption("The recall curve: where it lies flat, few relevant records come any more.")
    st.markdown(_left(found))
    st.markdown(_test(found))
    st.caption(ADVICE)
    _act(project, stage, found)


def _left(found: Evidence) -> str:
    if found.left is None:
        return (
            "**Relevant records left:** not known yet. That takes records drawn at random from all "
            "that are here now; those judged in a file, or before the newest records came, tell "
            "nothing about the rest."
        )
    return (
        f"**Relevant records left:** about {found.left:.0f} "
        f"(95 % interval {found.left_low:.0f} to {found.left_high:.0f}) of {found.unscreened:,} "
        f"unscreened, estimated from the {found.drawn:,} records that were drawn at random since "
        "the newest came."
    )


def _test(found: Evidence) -> str:
    if found.p_value is None:
        return "**Stopping test:** nothing screened yet."
    return (
        f"**Stopping test:** p = {found.p_value:.3f} that recall is still under "
        f"{found.target:.0%}. A small p says the target is most likely met "
        "([Callaghan and Müller-Hansen 2020](https://doi.org/10.1186/s13643-020-01521-4))."
    )


def _act(project: Project, stage: Stage, found: Evidence) -> None:
    name = session.person().name
    with st.expander("Stop screening here, or go on after all"):
        why = st.text_input("Why (goes into the report)")
        stop, go_on = st.columns(2)
        try:
            if stop.button(f"Stop: leave {found.unscreened:,} records unscreened"):
                n = ordering.stop(project, stage, name, why)
                st.success(f"{n:,} records are marked as not screened.")
            if go_on.button("Take the stop back"):
                n = ordering.resume(project, stage, name)
                st.success(f"{n:,} records are to be screened again.")
        except ReviewError as error:
            st.warning(str(error))
