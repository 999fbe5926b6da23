"""Agreement between reviewers and the evidence for stopping, for the lead. It advises only."""

import pandas as pd
import streamlit as st

from review.agreement import Figure
from review.errors import ReviewError
from review.pages.widgets import agreement_tables, session
from review.protocol import Stage, stage_reviewers
from review.stopping import sentences
from review.workflow.project.project import Project
from review.workflow.screening import agreement as agreeing
from review.workflow.screening import ranking

ADVICE = (
    "Nothing stops by itself. What is left unscreened enters the PRISMA diagram as 'marked as "
    "ineligible by automation tools' only when the lead says so here."
)


def page(project: Project) -> None:
    """Draws both panels for a stage."""
    st.title("Agreement and stopping")
    stages = {one.id: one for one in project.protocol.stages}
    chosen = st.segmented_control("Stage", list(stages), default=next(iter(stages)), required=True)
    stage = stages[chosen or next(iter(stages))]
    if stage.kind == "quality":
        agreement_tables.agreement(project)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        _agreement(project, stage)
    with right:
        if stage.kind == "screening":
            _stopping(project, stage)


def _agreement(project: Project, stage: Stage) -> None:
    st.subheader("Agreement")
    st.caption("On the records both have judged. 1 is full agreement, 0 is what chance gives.")
    if _reviews(project, stage):
        st.caption(
            "You review too, so a record counts here once it is settled: before, the figures would "
            "tell you how another judged it. They run high while conflicts wait."
        )
    for pair in agreeing.agreement_now(project, stage, reader=session.person().name):
        n = pair.figures[0].n
        st.markdown(f"**{' and '.join(pair.names)}** · {n:,} {'record' if n == 1 else 'records'}")
        if not n:
            st.caption("The figures come once both have judged the same record.")
            continue
        rows = [
            {"Figure": one.name, "Value": _value(one), "95 % interval": _interval(one)}
            for one in pair.figures
        ]
        st.dataframe(rows, hide_index=True)
        for one in pair.figures:
            if one.note:
                st.caption(f"{one.name}: {one.note}.")


def _reviews(project: Project, stage: Stage) -> bool:
    return session.person().name in stage_reviewers(project.protocol, stage)


def _value(one: Figure) -> str:
    return "undefined" if one.value is None else f"{one.value:.3f}"


def _interval(one: Figure) -> str:
    return "" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"


def _stopping(project: Project, stage: Stage) -> None:
    st.subheader("When to stop")
    found, curve = ranking.stopping_now(project, stage, reader=session.person().name)
    blind = _reviews(project, stage)
    a, b, c = st.columns(3)
    a.metric("Screened", f"{found.screened:,}")
    b.metric("Relevant so far", f"{found.relevant:,}")
    c.metric("Irrelevant in a row", f"{found.run:,}")
    if blind:
        st.caption(
            "You review too, so what only others have judged counts as not screened here until it "
            "is settled."
        )
    if found.screened:
        frame = pd.DataFrame(curve, columns=["Records screened", "Relevant records found"])
        st.line_chart(frame, x="Records screened", y="Relevant records found", height=260)
        st.caption("The recall curve: where it lies flat, few relevant records come any more.")
        for name, told in sentences(found)[1:]:
            st.markdown(f"**{name}:** {told}")
    else:
        st.info("Nothing is screened yet; the recall curve and the stopping test come with it.")
    st.caption(ADVICE)
    _act(project, stage, "what nobody has judged" if blind else f"{found.unscreened:,} records")


def _act(project: Project, stage: Stage, what: str) -> None:
    """The lead's recorded act and its undoing."""
    said = st.session_state.pop("progress_said", None)
    if said:
        st.success(said)
    held = ranking.stops(project, stage)
    for one in held:
        st.info(
            f"Stopped by {one.who} on {one.at:%d %b %Y}; left unscreened: {one.reports:,}. "
            f"Why: {one.why}"
        )
    name = session.person().name
    with st.expander("Stop screening here, or go on after all" if held else "Stop screening here"):
        why = st.text_input("Why (goes into the report)")
        stop = st.button(f"Stop: leave {what} unscreened")
        back = bool(held) and st.button("Take the stop back")
        try:
            if stop:
                n = ranking.stop(project, stage, name, why)
                said = f"{n:,} records are marked as not screened."
            elif back:
                n = ranking.resume(project, stage, name)
                said = f"{n:,} records are to be screened again."
        except ReviewError as error:
            st.warning(str(error))
            return
    if stop or back:
        st.session_state["progress_said"] = said
        st.rerun()
