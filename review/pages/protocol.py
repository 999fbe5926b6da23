"""Protocol: the plan in force with its fingerprint and versions; the lead amends it here."""

from typing import Any

import streamlit as st

from review import protocol as protocols
from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import plain
from review.protocol import Protocol, Stage
from review.sources import TITLES
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.setup import protocol_amendments

SHOWN = 6
"""Remarks shown on what a source is asked."""
KINDS = {
    "screening": "by title and abstract",
    "eligibility": "by full text",
    "quality": "by appraisal on the checklists",
}


def page(project: Project) -> None:
    """Draws the plan, the file beside it, and its versions."""
    st.title("Protocol")
    versions = protocol_amendments.versions(project)
    last = versions[-1]
    st.caption(
        f"Version {last.number}, in force since {last.at[:16].replace('T', ' ')} UTC · "
        f"fingerprint `{project.fingerprint[:12]}`"
    )
    said = st.session_state.pop("protocol_said", None)
    if said:
        st.success(said)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _question(project.protocol)
        _sources(project)
        _criteria(project.protocol)
        _team(project.protocol)
    with right:
        _file(project)
        _versions(versions)


def _question(plan: Protocol) -> None:
    with st.container(border=True):
        st.subheader("Question")
        st.markdown(plain(plan.question))
        st.caption(f"Registered as {plan.registration}" if plan.registration else "Not registered")


def _sources(project: Project) -> None:
    search = project.protocol.search
    with st.container(border=True):
        st.subheader("Sources and queries")
        until = search.to.isoformat() if search.to else "today (a living review)"
        st.markdown(f"From **{search.from_}** to **{until}**. One query for all sources:")
        st.code(" ".join(search.query.split()), language=None, wrap_lines=True)
        try:
            asked = protocol_amendments.asked(project)
        except ReviewError as error:
            st.error(str(error))
            return
        for name, one in asked["sources"].items():
            with st.expander(f"What {TITLES.get(name, name)} is asked"):
                _asked(one)
        if asked["warnings"]:
            st.warning("Look again at: " + "; ".join(asked["warnings"]))
        for file in search.imports:
            st.caption(f"Imported by hand: {file.file} ({file.source or 'source as in the file'})")


def _asked(one: dict[str, Any]) -> None:
    if one["error"]:
        st.error(f"Not asked: {one['error']}")
        return
    st.code(one["text"], language=None, wrap_lines=True)
    remarks = [*one["lost"], *one["notes"]]
    for remark in remarks[:SHOWN]:
        st.caption(remark)
    if len(remarks) > SHOWN:
        st.caption(f"And {len(remarks) - SHOWN:,} more: review query explain --json")


def _criteria(plan: Protocol) -> None:
    with st.container(border=True):
        st.subheader("Criteria and reasons")
        left, right = st.columns(2)
        left.markdown("**Include**\n\n" + _list(plan.criteria.include))
        right.markdown("**Exclude**\n\n" + _list(plan.criteria.exclude))
        for stage in plan.stages:
            if stage.reasons:
                st.markdown(f"**Reasons at {stage.name or stage.id}**, most important first")
                st.markdown("\n".join(f"{n}. {plain(r)}" for n, r in enumerate(stage.reasons, 1)))


def _team(plan: Protocol) -> None:
    with st.container(border=True):
        st.subheader("Instruments and team")
        tools = [*plan.appraisal.tools, *filter(None, [plan.appraisal.extraction])]
        st.markdown("**Checklists:** " + (", ".join(f"`{one}`" for one in tools) or "none"))
        for gate in plan.appraisal.gates:
            st.caption(f"Gate {gate.id}: kept out as “{gate.reason}” ({', '.join(gate.kinds)})")
        st.dataframe([_stage(plan, one) for one in plan.stages], hide_index=True)
        people = [{"Name": one.name, "Roles": ", ".join(one.roles)} for one in plan.team]
        st.dataframe(people, hide_index=True)


def _stage(plan: Protocol, stage: Stage) -> dict[str, str | int]:
    return {
        "Stage": stage.name or stage.id,
        "Judged": KINDS[stage.kind],
        "Reviewers each": stage.reviewers,
        "Of": ", ".join(protocols.stage_reviewers(plan, stage)),
    }


def _file(project: Project) -> None:
    text = protocol_amendments.text_of(project)
    st.subheader("The file")
    st.download_button("Download protocol.yaml", text, "protocol.yaml", "application/yaml")
    if not accounts.may(session.person(), "manage"):
        st.code(text, language="yaml", height=420)
        st.caption("Only the lead changes it.")
        return
    _change(project, text)


def _change(project: Project, text: str) -> None:
    """The file as a form; what is typed is checked before it counts."""
    begun = protocol_amendments.begun(project)
    with st.form(f"protocol_{project.fingerprint}"):
        changed = st.text_area("protocol.yaml", text, height=420)
        why = st.text_input(
            "Why it changes (goes into the report)" if begun else "Why it changes (may be left out)"
        )
        save = st.form_submit_button("Save as a new version", type="primary")
        check = st.form_submit_button("Only check it")
    if begun:
        st.caption("Decisions have been made: a change is recorded as an amendment, with its why.")
    try:
        if check:
            st.success(
                "  \n".join(
                    line.strip() for line in protocol_amendments.check_text(project, changed)
                )
            )
        if save:
            who = session.person().name
            new = protocol_amendments.amend(project, changed, who, why, seen=project.fingerprint)
            st.session_state["protocol_said"] = f"Saved. Fingerprint {new[:12]} is in force."
            st.rerun()
    except ReviewError as error:
        st.error(str(error))


def _versions(versions: list[protocol_amendments.Version]) -> None:
    st.subheader("Versions")
    for one in reversed(versions):
        kind = "amendment" if one.amendment else "version" if one.number > 1 else "first version"
        title = f"{one.number} · {one.at[:16].replace('T', ' ')} · {one.who} · {kind}"
        with st.expander(title):
            st.caption(f"Fingerprint {one.fingerprint}")
            if one.why:
                st.markdown(f"Why: {plain(one.why)}")
            elif one.amendment:
                st.markdown("No reason was given.")
            if one.change:
                st.code(one.change, language="diff", wrap_lines=True)


def _list(given: tuple[str, ...]) -> str:
    return "\n".join(f"- {plain(one)}" for one in given) or "None is named."
