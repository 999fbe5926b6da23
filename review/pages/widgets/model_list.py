"""The models of a report: which one is being appraised, and adding, changing or removing them."""

from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.store.report_models import ModelDetails, ReportModel
from review.text.wording import format_count
from review.workflow.appraisal import model_changes
from review.workflow.appraisal.instruments import RequiredForm, get_checklist
from review.workflow.appraisal.report_models import VALIDATIONS
from review.workflow.project.project import Project

PLACE = "models"
"""Where the list says why a model was not changed."""
FIELDS = {
    "name": "Name",
    "kind": "Architecture or method",
    "task": "Task and outcome",
    "data_sets": "Data sets",
}
"""What is entered about a model, with its label."""


def _get_key(report: int) -> str:
    """Session key of the chosen model's name."""
    return f"model_of_{report}"


def select_tools(report: int, tools: list[RequiredForm]) -> list[RequiredForm]:
    """The forms of the chosen model and those of the whole report."""
    names = _list_names(tools)
    if st.session_state.get(_get_key(report)) not in names:
        st.session_state[_get_key(report)] = names[0] if names else None
    chosen = st.session_state[_get_key(report)]
    return [tool for tool in tools if tool.model in (None, chosen)]


def choose_model(report: int, name: str | None) -> None:
    """Opens a model's forms from now on; None changes nothing."""
    if name is not None:
        st.session_state[_get_key(report)] = name


def _list_names(tools: list[RequiredForm]) -> list[str]:
    return list(dict.fromkeys(tool.model for tool in tools if tool.model is not None))


def render_models(project: Project, report: int, tools: list[RequiredForm], tool_key: str) -> None:
    """Draws the choice of model and the list behind it, where a checklist appraises models.

    Args:
        tool_key: session key of the chosen form, which follows the chosen model.
    """
    if not any(get_checklist(project, tool.checklist).unit == "model" for tool in tools):
        return
    models = model_changes.get_models(project, report)
    names = _list_names(tools)
    row = st.container(horizontal=True, vertical_alignment="center")
    if names:
        row.segmented_control(
            "Model",
            names,
            key=_get_key(report),
            required=True,
            label_visibility="collapsed",
            on_change=partial(_follow_model, report, tools, tool_key),
        )
    with row.popover(f"Models ({len(models)})" if models else "Models", icon=":material/list_alt:"):
        _render_list(project, report, models)
    show_messages(PLACE)


def _follow_model(report: int, tools: list[RequiredForm], tool_key: str) -> None:
    """Stays on the checklist that was open when another model is chosen."""
    open_form = st.session_state.get(tool_key) or ""
    chosen = st.session_state.get(_get_key(report))
    edition = _get_edition(open_form)
    for tool in tools:
        if tool.model == chosen and _get_edition(tool.checklist) == edition:
            st.session_state[tool_key] = tool.checklist


def _get_edition(form_id: str) -> str:
    return form_id.partition("@")[0]


def _render_list(project: Project, report: int, models: list[ReportModel]) -> None:
    """The models with their details, and the fields that add or change one."""
    if not models:
        st.caption(
            "This report is appraised as one model. Add its models to appraise each by itself; "
            "a form you have begun is kept for the first model you add."
        )
    for model in models:
        details = model.details
        validation = VALIDATIONS.get(details.validation or "")
        facts = [
            details.kind,
            details.task,
            details.data_sets,
            f"validation: {validation.lower()}" if validation else None,
        ]
        main = " (main)" if model.main else ""
        st.markdown(f"**{escape_markdown(model.name)}**{main}")
        st.caption(" · ".join(escape_markdown(fact) for fact in facts if fact) or "No details yet")
    actions = ["Add a model", *(f"Change {model.name}" for model in models)]
    chosen = st.selectbox("What to do", actions, key=f"model_action_{report}_{len(models)}")
    position = actions.index(chosen) - 1
    chosen_model = models[position] if position >= 0 else None
    _render_fields(project, report, chosen_model)
    st.caption(f"{format_count(len(models), 'model')} in this report, the same for all reviewers.")


def _render_fields(project: Project, report: int, model: ReportModel | None) -> None:
    """The fields of a model, or of one to add."""
    prefix = f"model_{report}_{model.id if model else 'new'}"
    with st.form(f"{prefix}_form", border=False):
        for name, label in FIELDS.items():
            value = getattr(model.details, name) if model else None
            st.text_input(label, value or "", key=f"{prefix}_{name}")
        options: list[str | None] = [None, *VALIDATIONS]
        st.selectbox(
            "Validation",
            options,
            options.index(model.details.validation) if model else 0,
            format_func=lambda word: VALIDATIONS.get(word or "", "Unknown"),
            key=f"{prefix}_validation",
        )
        st.form_submit_button(
            "Save changes" if model else "Add model",
            type="primary",
            on_click=partial(_save_model, project, report, model, prefix),
        )
    if model is not None:
        row = st.container(horizontal=True)
        if not model.main:
            row.button(
                "Make main model",
                key=f"{prefix}_main",
                on_click=partial(_change, partial(_mark_main, project, report, model)),
            )
        row.button(
            "Remove",
            key=f"{prefix}_remove",
            on_click=partial(_change, partial(_remove, project, report, model)),
        )
        st.caption("A removed model keeps its answers. Add its name again to bring it back.")


def _save_model(project: Project, report: int, model: ReportModel | None, prefix: str) -> None:
    state = st.session_state
    details = ModelDetails(
        name=state.get(f"{prefix}_name") or "",
        kind=state.get(f"{prefix}_kind"),
        task=state.get(f"{prefix}_task"),
        data_sets=state.get(f"{prefix}_data_sets"),
        validation=state.get(f"{prefix}_validation"),
    )
    who = session.get_user().name
    try:
        if model is None:
            saved = model_changes.add_model(project, report, details, who)
            for name in (*FIELDS, "validation"):
                state.pop(f"{prefix}_{name}", None)
        else:
            saved = model_changes.change_model(project, report, model.name, details, who)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
        return
    choose_model(report, saved.name)


def _change(action: partial[None]) -> None:
    try:
        action()
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")


def _mark_main(project: Project, report: int, model: ReportModel) -> None:
    model_changes.mark_main_model(project, report, model.name, session.get_user().name)


def _remove(project: Project, report: int, model: ReportModel) -> None:
    model_changes.remove_model(project, report, model.name, session.get_user().name)
