"""Inter-rater agreement and stopping evidence, for the lead. The page only advises."""

from functools import partial

import pandas as pd
import streamlit as st

from review.agreement import format_interval, format_value
from review.pages.widgets import agreement_tables, session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import show_messages, try_action
from review.pages.widgets.revision import get_revision_stamp
from review.protocol.models import Stage, format_stage_name, list_stage_reviewers
from review.stopping import (
    CheckResult,
    StoppingEvidence,
    compute_check_size,
    describe_agreement,
    describe_check,
    describe_check_result,
    describe_evidence,
    list_rules,
    write_methods_sentence,
)
from review.text.wording import format_count
from review.workflow.project.project import Project
from review.workflow.screening import agreement as agreeing
from review.workflow.screening import early_stop, random_checks, ranking
from review.workflow.screening.agreement import ReviewerAgreement

ADVICE = (
    "Screening never stops automatically. If the lead stops here, unscreened records are reported "
    "in PRISMA as 'marked as ineligible by automation tools'."
)


CURVE_CHART = {
    "height": 260,
    "description": "Recall curve: relevant records found against records screened",
    "mark": {"type": "line", "aria": False},
    "encoding": {
        "x": {"field": "Records screened", "type": "quantitative"},
        "y": {"field": "Relevant records found", "type": "quantitative"},
    },
}
"""The recall curve; a description instead of marks that a screen reader would meet nameless."""


def render_page(project: Project) -> None:
    """Draws both panels for a stage."""
    st.title("Agreement and stopping")
    stages = {protocol_stage.id: protocol_stage for protocol_stage in project.protocol.stages}
    chosen = st.segmented_control(
        "Stage",
        list(stages),
        default=next(iter(stages)),
        required=True,
        format_func=lambda name: format_stage_name(stages[name]),
    )
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
    st.caption(
        "Based on records both reviewers screened. 1 = perfect agreement; for kappa and AC1, "
        "0 = no better than chance."
    )
    if _is_reviewer(project, stage):
        st.caption(
            "Because you are also a reviewer, only resolved records are counted, to keep you "
            "blinded. Agreement looks higher than it is while conflicts are open."
        )
    stamp = get_revision_stamp(project)
    for pair in _compute_agreement(project, stage, stage.id, session.get_user().name, stamp):
        n = pair.figures[0].n
        st.markdown(
            f"**{escape_markdown(' and '.join(pair.names))}** · {format_count(n, 'record')}"
        )
        if not n:
            st.caption("Available once both reviewers have screened the same record.")
            continue
        rows = [
            {
                "Measure": figure.name,
                "Value": format_value(figure),
                "95% interval": format_interval(figure),
            }
            for figure in pair.figures
        ]
        st.dataframe(rows, hide_index=True)
        for figure in pair.figures:
            if figure.note:
                st.caption(f"{figure.name}: {figure.note}.")


@st.cache_data(max_entries=16, show_spinner="Comparing decisions …")
def _compute_agreement(
    _project: Project, _stage: Stage, stage: str, reader: str, stamp: str
) -> list[ReviewerAgreement]:
    del stage, stamp  # part of the cache's key
    return agreeing.compute_agreement(_project, _stage, reader=reader)


def _is_reviewer(project: Project, stage: Stage) -> bool:
    return session.get_user().name in list_stage_reviewers(project.protocol, stage)


def _render_stopping(project: Project, stage: Stage) -> None:
    st.subheader("When to stop")
    evidence, curve = _get_evidence(
        project, stage, stage.id, session.get_user().name, get_revision_stamp(project)
    )
    is_blind = _is_reviewer(project, stage)
    screened_column, relevant_column, run_column = st.columns(3)
    screened_column.metric("Screened", f"{evidence.screened:,}")
    relevant_column.metric("Found so far", f"{evidence.relevant:,}")
    run_column.metric("Consecutive irrelevant", f"{evidence.run:,}")
    if is_blind:
        st.caption(
            "Because you are also a reviewer, records that only others have screened count as "
            "unscreened here until they are resolved."
        )
    if evidence.screened:
        frame = pd.DataFrame(curve, columns=["Records screened", "Relevant records found"])
        st.vega_lite_chart(frame, CURVE_CHART)
        st.caption("Recall curve: a flat end means few new relevant records are being found.")
        _render_estimate(evidence)
        for name, sentence in describe_evidence(evidence)[1:4]:
            st.markdown(f"**{name}:** {sentence}")
        _render_rules(evidence)
        _render_check(project, stage, evidence)
        st.markdown("**For the methods section, should screening stop now**")
        st.code(write_methods_sentence(evidence), language=None, wrap_lines=True)
    else:
        st.info(
            "No records screened yet. The recall curve and stopping test appear once screening "
            "starts."
        )
    st.caption(ADVICE)
    _render_stop_form(
        project, stage, "records" if is_blind else format_count(evidence.unscreened, "record")
    )


@st.cache_data(max_entries=16, show_spinner="Estimating what is left to find …")
def _get_evidence(
    _project: Project, _stage: Stage, stage: str, reader: str, stamp: str
) -> tuple[StoppingEvidence, list[tuple[int, int]]]:
    del stage, stamp  # part of the cache's key
    return ranking.get_stopping_evidence(_project, _stage, reader=reader)


def _render_estimate(evidence: StoppingEvidence) -> None:
    """What is estimated to be left."""
    left_column, interval_column = st.columns(2)
    if evidence.left is None or evidence.left_low is None or evidence.left_high is None:
        left_column.metric("Relevant records left", "Unknown")
        return
    left_column.metric("Relevant records left (median)", f"{evidence.left:,.0f}")
    interval_column.metric("95% interval", f"{evidence.left_low:,.0f} to {evidence.left_high:,.0f}")


def _render_rules(evidence: StoppingEvidence) -> None:
    """Each rule with what it says now and what it has cost and missed in simulated reviews."""
    st.markdown(f"**Rules:** {describe_agreement(evidence)}")
    for rule in list_rules(evidence):
        st.markdown(
            f"- **{'Stop' if rule.is_met else 'Continue'}** · {rule.name}  \n"
            f"  {rule.reason} {rule.experience}"
        )


def _render_check(project: Project, stage: Stage, evidence: StoppingEvidence) -> None:
    """The random check: its result so far, and its size for a chosen confidence."""
    st.markdown("**Random check of the unscreened records**")
    show_messages("random_check")
    result = _get_check_result(
        project, stage, stage.id, session.get_user().name, get_revision_stamp(project)
    )
    if result is not None:
        st.info(escape_markdown(describe_check_result(result)))
    confidence = st.select_slider(
        "Confidence of a random check", [0.8, 0.9, 0.95, 0.99], 0.95, format_func="{:.0%}".format
    )
    size = compute_check_size(evidence.relevant, evidence.unscreened, evidence.target, confidence)
    st.markdown(describe_check(evidence, size, confidence))
    name = session.get_user().name

    def draw() -> str:
        count = random_checks.draw_random_check(
            project, stage, name, size or 0, confidence=confidence
        )
        return f"{format_count(count, 'record')} drawn. Reviewers are given them next."

    def withdraw() -> str:
        random_checks.withdraw_random_check(project, stage, name)
        return "The random check was withdrawn. What was screened stays screened."

    if size:
        st.button(
            f"Draw {format_count(size, 'record')} at random",
            help="They come before all other records, for every reviewer, until they are screened.",
            on_click=partial(try_action, "random_check", draw),
        )
    if result is not None:
        st.button(
            "Withdraw the random check", on_click=partial(try_action, "random_check", withdraw)
        )


@st.cache_data(max_entries=16, show_spinner=False)
def _get_check_result(
    _project: Project, _stage: Stage, stage: str, reader: str, stamp: str
) -> CheckResult | None:
    del stage, stamp  # part of the cache's key
    return ranking.get_check_result(_project, _stage, reader=reader)


def _render_stop_form(project: Project, stage: Stage, unscreened_text: str) -> None:
    """Lets the lead stop or resume screening; both are logged."""
    show_messages("stopping")
    earlier_stops = early_stop.list_stops(project, stage)
    for earlier_stop in earlier_stops:
        st.info(
            f"Stopped by {escape_markdown(earlier_stop.who)} on {earlier_stop.at:%d %b %Y} with "
            f"{format_count(earlier_stop.reports, 'record')} unscreened. "
            f"Reason: {escape_markdown(earlier_stop.why)}"
        )
    name = session.get_user().name
    with st.expander("Stop or resume screening" if earlier_stops else "Stop screening"):
        why_key = f"stopping_why_{stage.id}"
        st.text_input("Reason (appears in the report)", key=why_key)

        def stop() -> str:
            why = str(st.session_state.get(why_key) or "")
            n = early_stop.stop_screening(project, stage, name, why)
            return f"Screening stopped. Not screened: {format_count(n, 'record')}."

        def resume() -> str:
            n = early_stop.resume_screening(project, stage, name)
            return f"Screening resumed. Back in the queue: {format_count(n, 'record')}."

        st.button(
            f"Stop screening ({unscreened_text} stay unscreened)",
            on_click=partial(try_action, "stopping", stop),
        )
        if earlier_stops:
            st.button("Resume screening", on_click=partial(try_action, "stopping", resume))
