"""Protocol: the current plan and its versions; the lead amends it here."""

from typing import Any

import streamlit as st

from review import protocol as protocols
from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.protocol import Protocol, Stage, format_stage_name
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.records.source_names import format_source
from review.workflow.setup import protocol_amendments

MAX_REMARKS = 6
"""Remarks shown on the query of a source."""
STAGE_KIND_LABELS = {
    "screening": "by title and abstract",
    "eligibility": "by full text",
    "quality": "by appraisal with checklists",
}


def render_page(project: Project) -> None:
    """Draws the plan, the file beside it, and its versions."""
    st.title("Protocol")
    versions = protocol_amendments.list_versions(project)
    latest_version = versions[-1]
    st.caption(
        f"Version {latest_version.number}, saved {latest_version.at[:16].replace('T', ' ')} UTC"
    )
    message = st.session_state.pop("protocol_said", None)
    if message:
        st.success(message)
    plan_column, file_column = st.columns([3, 2], gap="large")
    with plan_column:
        _render_question(project.protocol)
        _render_sources(project)
        _render_criteria(project.protocol)
        _render_team(project.protocol)
    with file_column:
        _render_file(project)
        _render_versions(versions)


def _render_question(plan: Protocol) -> None:
    with st.container(border=True):
        st.subheader("Question")
        st.markdown(escape_markdown(plan.question))
        st.caption(
            f"Registered as {escape_markdown(plan.registration)}"
            if plan.registration
            else "Not registered"
        )


def _render_sources(project: Project) -> None:
    search = project.protocol.search
    with st.container(border=True):
        st.subheader("Sources and queries")
        until = search.to.isoformat() if search.to else "today (a living review)"
        st.markdown(f"From **{search.from_}** to **{until}**. One query for all sources:")
        st.code(" ".join(search.query.split()), language=None, wrap_lines=True)
        try:
            explanation = protocol_amendments.explain_queries(project)
        except ReviewError as error:
            st.error(escape_markdown(str(error)))
            return
        for name, entry in explanation["sources"].items():
            with st.expander(f"Query sent to {format_source(name)}"):
                _render_source_query(entry)
        if explanation["warnings"]:
            st.warning("Please check: " + escape_markdown("; ".join(explanation["warnings"])))
        for file in search.imports:
            st.caption(
                f"Imported file: {escape_markdown(file.file)} "
                f"({format_source(file.source or 'source named in the file')})"
            )


def _render_source_query(entry: dict[str, Any]) -> None:
    if entry["error"]:
        st.error(f"Query cannot be sent: {escape_markdown(entry['error'])}")
        return
    st.code(entry["text"], language=None, wrap_lines=True)
    remarks = [*entry["lost"], *entry["notes"]]
    for remark in remarks[:MAX_REMARKS]:
        st.caption(escape_markdown(remark))
    if len(remarks) > MAX_REMARKS:
        st.caption(f"{len(remarks) - MAX_REMARKS:,} more; see: review query explain --json")


def _render_criteria(plan: Protocol) -> None:
    with st.container(border=True):
        st.subheader("Eligibility criteria")
        include_column, exclude_column = st.columns(2)
        include_column.markdown("**Include**\n\n" + _format_list(plan.criteria.include))
        exclude_column.markdown("**Exclude**\n\n" + _format_list(plan.criteria.exclude))
        for stage in plan.stages:
            if stage.reasons:
                st.markdown(
                    f"**Exclusion reasons at {format_stage_name(stage)}**, "
                    + describe_reasons(stage)
                )
                st.markdown(
                    "\n".join(
                        f"{n}. {escape_markdown(reason)}"
                        for n, reason in enumerate(stage.reasons, 1)
                    )
                )


def describe_reasons(stage: Stage) -> str:
    """How the reasons of a stage are used."""
    if stage.kind == "screening" and not stage.ask_reason:
        return "accepted in imported decisions, not asked while screening"
    needed = "optional, " if stage.kind == "screening" else ""
    return f"{needed}most important first"


def _render_team(plan: Protocol) -> None:
    with st.container(border=True):
        st.subheader("Instruments and team")
        extraction = [plan.appraisal.extraction, plan.appraisal.accuracy]
        tools = [*plan.appraisal.tools, *filter(None, extraction)]
        st.markdown("**Checklists:** " + (", ".join(f"`{tool}`" for tool in tools) or "none"))
        for gate in plan.appraisal.gates:
            st.caption(
                f"Quality gate {gate.id}: excluded as “{escape_markdown(gate.reason)}” "
                f"({', '.join(gate.kinds)})"
            )
        st.dataframe([_build_stage_row(plan, stage) for stage in plan.stages], hide_index=True)
        team_rows = [
            {"Name": teammate.name, "Roles": ", ".join(teammate.roles)} for teammate in plan.team
        ]
        st.dataframe(team_rows, hide_index=True)


def _build_stage_row(plan: Protocol, stage: Stage) -> dict[str, str | int]:
    return {
        "Stage": format_stage_name(stage),
        "Screened": STAGE_KIND_LABELS[stage.kind],
        "Reviewers per record": stage.reviewers,
        "Reviewers": ", ".join(protocols.list_stage_reviewers(plan, stage)),
        "Maybe counts as": "" if stage.kind == "quality" else stage.maybe,
    }


def _render_file(project: Project) -> None:
    text = protocol_amendments.read_protocol_text(project)
    st.subheader("Protocol file")
    st.download_button("Download protocol.yaml", text, "protocol.yaml", "application/yaml")
    if not accounts.is_allowed(session.get_user(), "manage"):
        st.code(text, language="yaml", height=420)
        st.caption("Only the lead can change the protocol.")
        return
    _render_change_form(project, text)


def _render_change_form(project: Project, text: str) -> None:
    """The protocol as a form; it is checked before it is saved."""
    has_decisions = protocol_amendments.has_decisions(project)
    with st.form(f"protocol_{project.fingerprint}"):
        new_text = st.text_area("protocol.yaml", text, height=420)
        why = st.text_input(
            "Reason for amendment (appears in the report)"
            if has_decisions
            else "Reason for the change (optional)"
        )
        save = st.form_submit_button("Save as new version", type="primary")
        check = st.form_submit_button("Check without saving")
    if has_decisions:
        st.caption(
            "Screening has begun, so every change is recorded as an amendment with its reason."
        )
    try:
        if check:
            st.success(
                "  \n".join(
                    line.strip() for line in protocol_amendments.check_text(project, new_text)
                )
            )
        if save:
            who = session.get_user().name
            protocol_amendments.amend_protocol(
                project, new_text, who, why, seen=project.fingerprint
            )
            st.session_state["protocol_said"] = (
                f"Saved as version {len(protocol_amendments.list_versions(project))}."
            )
            st.rerun()
    except ReviewError as error:
        st.error(escape_markdown(str(error)))


def _render_versions(versions: list[protocol_amendments.ProtocolVersion]) -> None:
    st.subheader("Versions")
    for version in reversed(versions):
        kind = (
            "amendment"
            if version.amendment
            else "version"
            if version.number > 1
            else "first version"
        )
        who = escape_markdown(version.who)
        title = f"{version.number} · {version.at[:16].replace('T', ' ')} · {who} · {kind}"
        with st.expander(title):
            st.caption(f"Fingerprint {version.fingerprint}")
            if version.why:
                st.markdown(f"Reason: {escape_markdown(version.why)}")
            elif version.amendment:
                st.markdown("No reason given.")
            if version.change:
                st.code(version.change, language="diff", wrap_lines=True)


def _format_list(criteria: tuple[str, ...]) -> str:
    return "\n".join(f"- {escape_markdown(criterion)}" for criterion in criteria) or "None."
