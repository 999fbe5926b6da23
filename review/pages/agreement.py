"""Agreement between reviewers and the evidence for stopping, for the lead. It advises only."""

import pandas as pd
import streamlit as st

from review.agreement import AgreementFigure
from review.errors import ReviewError
from review.pages.widgets import agreement_tables, session
from review.protocol import Stage, list_stage_reviewers
from review.stopping import describe_evidence
from review.workflow.project.project import Project
from review.workflow.screening import agreement as agreeing
from review.workflow.screening import ranking

ADVICE = (
    "Nothing stops by itself. What is left unscreened enters the PRISMA diagram as 'marked as "
    "ineligible by automation tools' only when the lead says so here."
)


def render_page(project: Project) -> None:
    """Draws both panels for a stage."""
    st.title("Agreement and stopping")
    stages = {protocol_stage.id: protocol_stage for protocol_stage in project.protocol.stages}
    chosen = st.segmented_control("Stage", list(stages), default=next(iter(stages)), required=True)
    stage = stages[chosen or next(iter(stages))]
    if stage.kind == "quality":
        agreement_tables.render_agreement(project)
        return
    agreement_column, stopping_column = st.columns([2, 3], gap="large")
    with agreement_column:
        _render_agreement(project, stage)
    with stopping_column:
        if stage.kind == "screening":
            _render_stopping(project, stage)


def _render_agreement(project: Project, stage: Stage) -> None:
    st.subheader("Agreement")
    st.caption("On the records both have judged. 1 is full agreement, 0 is what chance gives.")
    if _is_reviewer(project, stage):
        st.caption(
            "You review too, so a record counts here once it is settled: before, the figures would "
            "tell you how another judged it. They run high while conflicts wait."
        )
    for pair in agreeing.compute_agreement(project, stage, reader=session.get_user().name):
        n = pair.figures[0].n
        st.markdown(f"**{' and '.join(pair.names)}** · {n:,} {'record' if n == 1 else 'records'}")
        if not n:
            st.caption("The figures come once both have judged the same record.")
            continue
        rows = [
            {
                "Figure": figure.name,
                "Value": _format_value(figure),
                "95 % interval": _format_interval(figure),
            }
            for figure in pair.figures
        ]
        st.dataframe(rows, hide_index=True)
        for figure in pair.figures:
            if figure.note:
                st.caption(f"{figure.name}: {figure.note}.")


def _is_reviewer(project: Project, stage: Stage) -> bool:
    return session.get_user().name in list_stage_reviewers(project.protocol, stage)


def _format_value(figure: AgreementFigure) -> str:
    return "undefined" if figure.value is None else f"{figure.value:.3f}"


def _format_interval(figure: AgreementFigure) -> str:
    return (
        ""
        if figure.low is None or figure.high is None
        else f"{figure.low:.3f} to {figure.high:.3f}"
    )


def _render_stopping(project: Project, stage: Stage) -> None:
    st.subheader("When to stop")
    evidence, curve = ranking.get_stopping_evidence(project, stage, reader=session.get_user().name)
    is_blind = _is_reviewer(project, stage)
    screened_column, relevant_column, run_column = st.columns(3)
    screened_column.metric("Screened", f"{evidence.screened:,}")
    relevant_column.metric("Relevant so far", f"{evidence.relevant:,}")
    run_column.metric("Irrelevant in a row", f"{evidence.run:,}")
    if is_blind:
        st.caption(
            "You review too, so what only others have judged counts as not screened here until it "
            "is settled."
        )
    if evidence.screened:
        frame = pd.DataFrame(curve, columns=["Records screened", "Relevant records found"])
        st.line_chart(frame, x="Records screened", y="Relevant records found", height=260)
        st.caption("The recall curve: where it lies flat, few relevant records come any more.")
        for name, sentence in describe_evidence(evidence)[1:]:
            st.markdown(f"**{name}:** {sentence}")
    else:
        st.info("Nothing is screened yet; the recall curve and the stopping test come with it.")
    st.caption(ADVICE)
    _render_stop_form(
        project, stage, "what nobody has judged" if is_blind else f"{evidence.unscreened:,} records"
    )


def _render_stop_form(project: Project, stage: Stage, unscreened_text: str) -> None:
    """The lead's recorded act and its undoing."""
    message = st.session_state.pop("progress_said", None)
    if message:
        st.success(message)
    earlier_stops = ranking.list_stops(project, stage)
    for earlier_stop in earlier_stops:
        st.info(
            f"Stopped by {earlier_stop.who} on {earlier_stop.at:%d %b %Y}; left unscreened: "
            f"{earlier_stop.reports:,}. "
            f"Why: {earlier_stop.why}"
        )
    name = session.get_user().name
    with st.expander(
        "Stop screening here, or go on after all" if earlier_stops else "Stop screening here"
    ):
        why = st.text_input("Why (goes into the report)")
        stop = st.button(f"Stop: leave {unscreened_text} unscreened")
        resume = bool(earlier_stops) and st.button("Take the stop back")
        try:
            if stop:
                n = ranking.stop_screening(project, stage, name, why)
                message = f"{n:,} records are marked as not screened."
            elif resume:
                n = ranking.resume_screening(project, stage, name)
                message = f"{n:,} records are to be screened again."
        except ReviewError as error:
            st.warning(str(error))
            return
    if stop or resume:
        st.session_state["progress_said"] = message
        st.rerun()
