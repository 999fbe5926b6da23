"""Protocol: the current plan and its versions; the lead changes it here by a form."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from review.errors import ProtocolError, ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import show_messages
from review.pages.widgets.protocol_draft import (
    EDITING_KEY,
    SAVED_PLACE,
    Draft,
    ProtocolForm,
    discard_draft,
    find_draft_fault,
    get_draft,
    keep_draft,
    list_outdated_forms,
    render_change_bar,
    render_conflict,
    render_form_conflict,
    render_review,
)
from review.pages.widgets.protocol_extraction_form import render_extraction
from review.pages.widgets.protocol_form import (
    render_eligibility,
    render_question,
    render_stages,
    render_yaml,
)
from review.pages.widgets.protocol_imports_form import render_imports
from review.pages.widgets.protocol_instruments_form import render_instruments
from review.pages.widgets.protocol_order_form import render_order
from review.pages.widgets.protocol_search_form import render_search
from review.pages.widgets.protocol_settings_form import render_settings
from review.pages.widgets.rule_panel import render_rules
from review.protocol.loading import read_keys
from review.protocol.models import (
    Protocol,
    Stage,
    format_stage_name,
    list_question_parts,
    list_stage_reviewers,
)
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.records.source_names import format_source
from review.workflow.setup import form_versions, protocol_amendments, protocol_draft
from review.workflow.setup.gate_wording import describe_gate, join_words
from review.workflow.setup.protocol_amendments import ProtocolVersion
from review.workflow.setup.protocol_differences import PART_LABELS
from review.workflow.setup.protocol_draft import KeyPath
from review.workflow.setup.protocol_preview import list_plan_checklists


def _render_search(form: ProtocolForm) -> None:
    render_search(form)
    render_imports(form)


YAML_SECTION = "YAML (for experts)"
SECTIONS: dict[str, Callable[[ProtocolForm], None]] = {
    "Question": render_question,
    "Eligibility": render_eligibility,
    "Search": _render_search,
    "Stages": render_stages,
    "Order and rules": render_order,
    "Instruments and gates": render_instruments,
    "Data extraction": render_extraction,
    "Settings": render_settings,
    YAML_SECTION: render_question,
}
"""Sections of the form, in the order of its buttons; YAML is drawn apart."""
SECTION_KEY, BUTTONS_KEY = "protocol_section", "protocol_section_buttons"
EXAMPLE_LABELS: dict[KeyPath, str] = {
    ("title",): "the title",
    ("question",): "the question",
    ("search", "query"): "the query",
    ("criteria", "include"): "the inclusion criteria",
    ("criteria", "exclude"): "the exclusion criteria",
}
MAX_REMARKS, REMARKS_HEIGHT = 6, 240
"""Remarks on the query of a source shown at once, and the height of more, scrolled (pixels)."""
YAML_HEIGHT = 320
"""Height of the file with its line numbers (pixels); it scrolls."""
STAGE_KIND_LABELS = {
    "screening": "by title and abstract",
    "eligibility": "by full text",
    "quality": "by appraisal with checklists",
}


def render_page(project: Project) -> None:
    """Draws the plan, its file and its versions; for the lead, the form that changes it."""
    st.title("Protocol")
    versions = protocol_amendments.list_versions(project)
    latest_version = versions[-1]
    st.caption(
        f"Version {latest_version.number}, saved {latest_version.at[:16].replace('T', ' ')} UTC"
    )
    show_messages(SAVED_PLACE)
    is_lead = accounts.is_allowed(session.get_user(), "manage")
    if is_lead:
        keep_draft(project, get_draft(project))
    if is_lead and st.session_state.get(EDITING_KEY):
        _render_editor(project, latest_version)
        return
    if is_lead:
        _render_entrance(project)
    _render_example_notice(project)
    plan_column, file_column = st.columns([3, 2], gap="large")
    with plan_column:
        _render_question(project.protocol)
        _render_sources(project)
        _render_criteria(project.protocol)
        render_rules(project, may_apply=is_lead)
        _render_team(project)
    with file_column:
        _render_file(project, is_lead)
        _render_versions(versions)
        _render_form_versions(project)


def _render_entrance(project: Project) -> None:
    """The way into the form; changes that were not saved are offered first."""
    draft = get_draft(project)
    if not draft.is_changed:
        st.button("Edit protocol", type="primary", icon=":material/edit:", on_click=_open_editor)
        return
    since = (
        f", last changed {draft.kept_since[:16].replace('T', ' ')} UTC" if draft.kept_since else ""
    )
    st.info(
        f"You have changes of the protocol that are not saved{since}. Only you can see them.",
        icon=":material/edit_note:",
    )
    with st.container(horizontal=True):
        st.button(
            "Continue editing (unsaved changes)",
            type="primary",
            icon=":material/edit:",
            on_click=_open_editor,
        )
        st.button("Discard changes", on_click=discard_draft, args=(project,))


def _open_editor() -> None:
    st.session_state[EDITING_KEY] = True


def _close_editor() -> None:
    st.session_state[EDITING_KEY] = False


def _render_editor(project: Project, newest: ProtocolVersion) -> None:
    """The form by sections; what is typed is kept in the draft until it is confirmed."""
    draft = get_draft(project)
    if draft.is_changed and draft.base != project.fingerprint:
        render_conflict(project, draft, newest)
        return
    for form_id in list_outdated_forms(project, draft):
        render_form_conflict(project, draft, form_id)
        return
    if draft.is_changed and draft.is_reviewed:
        render_review(project, draft)
        return
    draft.is_reviewed = False
    st.button("Close editor", icon=":material/arrow_back:", on_click=_close_editor)
    render_change_bar(project, draft)
    if (
        BUTTONS_KEY not in st.session_state
    ):  # gone while the changes were shown, as its buttons were
        st.session_state[BUTTONS_KEY] = st.session_state.get(SECTION_KEY, "Question")
    section = (
        st.segmented_control(
            "Section", list(SECTIONS), key=BUTTONS_KEY, label_visibility="collapsed"
        )
        or "Question"
    )
    st.session_state[SECTION_KEY] = section
    if section == YAML_SECTION:
        _render_yaml(project, draft)
        return
    try:
        data = read_keys(draft.text)
        fault = protocol_draft.find_shape_fault(draft.text)
    except ProtocolError as error:
        data, fault = {}, error
    if fault is not None:
        st.error(f"{escape_markdown(str(fault))} Correct it under YAML; the form opens again then.")
        return
    fault = find_draft_fault(project, draft)
    examples = protocol_draft.list_examples(data)
    SECTIONS[section](ProtocolForm(project, draft, data, fault, examples))


def _render_yaml(project: Project, draft: Draft) -> None:
    key = f"protocol_{draft.turn}_yaml"

    def store() -> None:
        draft.text = st.session_state[key]
        draft.refusals.clear()

    render_yaml(draft.text, key, store)
    fault = find_draft_fault(project, draft)
    if fault is not None:
        st.error(escape_markdown(str(fault)))
    elif draft.is_changed:
        st.success("The protocol is valid.")
    with st.expander("The file with line numbers", expanded=fault is not None):
        st.code(draft.text, language="yaml", height=YAML_HEIGHT, line_numbers=True)


def _render_example_notice(project: Project) -> None:
    """Says which parts of the plan are still those of the protocol the review began with."""
    data = read_keys(protocol_amendments.read_protocol_text(project))
    labels = [
        EXAMPLE_LABELS[path]
        for path in protocol_draft.list_examples(data)
        if path in EXAMPLE_LABELS
    ]
    if labels:
        st.info(
            f"Still examples from the template, not your review's own: {join_words(labels)}.",
            icon=":material/lightbulb:",
        )


def _render_question(plan: Protocol) -> None:
    with st.container(border=True):
        st.subheader("Question")
        st.markdown(escape_markdown(plan.question))
        if plan.question_parts is not None:
            parts = list_question_parts(plan.question_parts)
            st.markdown(
                "\n".join(f"- **{PART_LABELS[n]}:** {escape_markdown(text)}" for n, text in parts)
            )
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
                f"({escape_markdown(format_source(file.source or 'source named in the file'))})"
            )


def _render_source_query(entry: dict[str, Any]) -> None:
    if entry["error"]:
        st.error(f"Query cannot be sent: {escape_markdown(entry['error'])}")
        return
    st.code(entry["text"], language=None, wrap_lines=True)
    remarks = [*entry["lost"], *entry["notes"]]
    is_long = len(remarks) > MAX_REMARKS
    with st.container(height=REMARKS_HEIGHT if is_long else "content", border=False):
        for remark in remarks:
            st.caption(escape_markdown(remark))


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


def _render_team(project: Project) -> None:
    plan = project.protocol
    with st.container(border=True):
        st.subheader("Instruments and team")
        checklists = list_plan_checklists(project)
        extraction = [plan.appraisal.extraction, plan.appraisal.accuracy]
        tools = [*plan.appraisal.tools, *filter(None, extraction)]
        titles = [checklists[tool].title if tool in checklists else tool for tool in tools]
        st.markdown("**Checklists:** " + (escape_markdown("; ".join(titles)) or "none"))
        for gate in plan.appraisal.gates:
            sentence = describe_gate(gate, checklists)
            st.caption(
                f"Quality gate: {escape_markdown(sentence)} "
                f"Reason: “{escape_markdown(gate.reason)}”"
            )
        st.table([_build_stage_row(plan, stage) for stage in plan.stages], hide_index=True)
        team_rows = [
            {"Name": teammate.name, "Roles": ", ".join(teammate.roles)} for teammate in plan.team
        ]
        st.table(team_rows, hide_index=True)


def _build_stage_row(plan: Protocol, stage: Stage) -> dict[str, str | int]:
    return {
        "Stage": format_stage_name(stage),
        "Screened": STAGE_KIND_LABELS[stage.kind],
        "Reviewers per record": stage.reviewers,
        "Reviewers": ", ".join(list_stage_reviewers(plan, stage)),
        "Maybe counts as": "" if stage.kind == "quality" else stage.maybe,
    }


def _render_file(project: Project, is_lead: bool) -> None:
    text = protocol_amendments.read_protocol_text(project)
    st.subheader("Protocol file")
    st.download_button("Download protocol.yaml", text, "protocol.yaml", "application/yaml")
    st.code(text, language="yaml", height=420, line_numbers=True)
    if not is_lead:
        st.caption("Only the lead can change the protocol.")


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


def _render_form_versions(project: Project) -> None:
    """The versions of the data extraction forms that were built in the app."""
    with project.store.read() as conn:
        versions = form_versions.list_form_versions(conn)
    if not versions:
        return
    st.subheader("Versions of data extraction forms")
    for version in reversed(versions):
        at = version.at[:16].replace("T", " ")
        with st.expander(
            f"{escape_markdown(version.title)} · {version.edition} · {at} · "
            f"{escape_markdown(version.who)}"
        ):
            if version.why:
                st.markdown(f"Reason: {escape_markdown(version.why)}")
            st.markdown("\n".join(f"- {escape_markdown(change)}" for change in version.changes))
            st.download_button(
                "Download this version",
                version.text,
                f"{version.form_id}-{version.edition}.yaml",
                "application/yaml",
                key=f"form_version_{version.form_id}_{version.edition}",
            )


def _format_list(criteria: tuple[str, ...]) -> str:
    return "\n".join(f"- {escape_markdown(criterion)}" for criterion in criteria) or "None."
