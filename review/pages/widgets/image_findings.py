"""Findings about data sets: written down from an audit, shown beside the studies that used them."""

from functools import partial

import streamlit as st

from review.checklists import FormQuestion
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import show_messages, try_action
from review.workflow.appraisal.forms import AppraisalForm
from review.workflow.imaging import findings
from review.workflow.imaging.findings import ImageFinding
from review.workflow.project.accounts import is_allowed
from review.workflow.project.project import Project


def render_question_findings(project: Project, form: AppraisalForm, question: FormQuestion) -> None:
    """What image audits found about the data sets of a study, beside the question it bears on."""
    question_findings = findings.list_question_findings(
        project, form.report, form.checklist, question
    )
    if not question_findings:
        return
    st.markdown(
        "**Findings from image audits** :gray[about the data sets this study used, and the sets "
        "those include]"
    )
    for finding in question_findings:
        with st.container(border=True):
            name = findings.get_dataset_name(finding.dataset)
            st.markdown(f"**{escape_markdown(name)}** · {_format_finding(finding)}")


def render_finding_form(
    project: Project,
    *,
    dataset: str | None,
    kind: str,
    suggestion: str,
    image_set: int | None,
    key: str,
) -> None:
    """A box with a suggested sentence; saving it puts the finding beside the studies."""
    if dataset is None:
        st.caption(
            "This image set is not tied to a data set of the registry, so a finding cannot be "
            "shown beside studies. Add the set again with its data set to change that."
        )
        return
    name = findings.get_dataset_name(dataset)
    with st.form(f"finding_{key}", border=True):
        st.markdown(f"**Record a finding about {escape_markdown(name)}**")
        text_key = f"finding_text_{key}_{hash(suggestion)}"
        st.text_area(
            "Finding", value=suggestion, height=110, label_visibility="collapsed", key=text_key
        )

        def save() -> str:
            findings.add_finding(
                project,
                session.get_user().name,
                dataset=dataset,
                kind=kind,
                text=str(st.session_state.get(text_key) or ""),
                image_set=image_set,
            )
            return f"Saved. It is now shown beside the studies that used {name}."

        st.form_submit_button("Save finding", on_click=partial(try_action, f"finding_{key}", save))
    show_messages(f"finding_{key}")


def render_finding_list(project: Project) -> None:
    """All findings of the review, each with a button that withdraws it."""
    held = findings.list_findings(project)
    if not held:
        st.caption("No findings yet. Record one on the page of an audit.")
        return
    may_withdraw = is_allowed(session.get_user(), "contribute")
    for finding in held:
        text_column, button_column = st.columns([6, 1], vertical_alignment="center")
        name = findings.get_dataset_name(finding.dataset)
        text_column.markdown(f"**{escape_markdown(name)}** · {_format_finding(finding)}")
        if not may_withdraw:
            continue
        button_column.button(
            "Withdraw",
            key=f"finding_withdraw_{finding.id}",
            on_click=partial(
                findings.withdraw_finding, project, finding.id, session.get_user().name
            ),
        )


def _format_finding(finding: ImageFinding) -> str:
    return (
        f"{finding.kind_name}: {escape_markdown(finding.text)}  \n"
        f":gray[{escape_markdown(finding.who)}, {finding.at[:10]}]"
    )
