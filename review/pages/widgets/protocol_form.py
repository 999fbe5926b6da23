"""The protocol as a form: question, eligibility and stages, and the file for experts."""

from typing import Any

import streamlit as st

from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.protocol_draft import (
    ProtocolForm,
    bind_field,
    change_draft,
    render_field_notes,
    render_field_notes_of_list,
    render_lines,
    render_text,
)
from review.protocol.models import QUESTION_FRAMES, STAGE_NAMES, QuestionParts, StageKind
from review.workflow.setup.protocol_differences import KIND_OF_STAGE, PART_LABELS
from review.workflow.setup.protocol_draft import REMOVED, KeyPath

WIDTH = 760
"""Width of the fields (pixels); on a narrower screen they fill the page."""
NO_FRAME = "none"
FRAME_NAMES = {
    NO_FRAME: "Not taken apart",
    "PIRD": "PIRD: population, index test, reference standard, diagnosis",
    "PICO": "PICO: population, intervention, comparison, outcome",
}
ALLOCATION_NAMES = {
    "everyone": "Any reviewer may take any record",
    "pairs": "Random pairs of reviewers",
    "shares": "A share of the records for each reviewer",
}
PREVIOUS: KeyPath = ("previous",)
PREVIOUS_LABELS = {
    "studies": "Studies that the earlier version included",
    "reports": "Reports of these studies",
}
MAYBE_NAMES = {"include": "A vote to include", "conflict": "A conflict for the adjudicator"}
NEW_STAGES: dict[StageKind, dict[str, Any]] = {
    "screening": {
        "id": "title-abstract",
        "kind": "screening",
        "reviewers": 2,
        "maybe": "include",
        "reasons": [],
    },
    "eligibility": {"id": "full-text", "kind": "eligibility", "reviewers": 2, "reasons": []},
    "quality": {"id": "quality", "kind": "quality", "reviewers": 2},
}


def render_question(form: ProtocolForm) -> None:
    """Title, question, its parts, and the registration."""
    with st.container(width=WIDTH):
        render_text(form, ("title",), "Title of the review", is_required=True)
        render_text(form, ("question",), "Question", height=110, is_required=True)
        frame = form.get(("question_parts", "frame"))
        has_parts = bool(form.get(("question_parts",)))
        frame = frame or (QuestionParts().frame if has_parts else None)
        st.radio(
            "The question in parts (optional)",
            list(FRAME_NAMES),
            format_func=FRAME_NAMES.__getitem__,
            **_bind_frame(form, frame or NO_FRAME),
        )
        for part in QUESTION_FRAMES.get(frame, ()) if frame else ():
            render_text(form, ("question_parts", part), PART_LABELS[part])
        render_text(
            form,
            ("registration",),
            "Registration (optional)",
            help_text="For example the PROSPERO or OSF number.",
        )
        _render_previous(form)


def _render_previous(form: ProtocolForm) -> None:
    """What an earlier version of the review included; PRISMA 2020 draws it in a box of its own."""
    is_update = form.get(PREVIOUS) is not None
    st.checkbox(
        "This review updates an earlier one",
        help="The PRISMA diagram then shows what the earlier version included.",
        **bind_field(
            form,
            PREVIOUS,
            is_update,
            lambda updates: {"studies": 0, "reports": 0} if updates else REMOVED,
        ),
    )
    if is_update:
        for column, (name, label) in zip(st.columns(2), PREVIOUS_LABELS.items(), strict=True):
            with column:
                _render_number(
                    form, (*PREVIOUS, name), label=label, low=0, high=1_000_000, default=0
                )
    render_field_notes_of_list(form, PREVIOUS)


def _bind_frame(form: ProtocolForm, frame: str) -> dict[str, Any]:
    """The choice of a frame: no frame takes the parts out of the file."""
    key = f"protocol_{form.draft.turn}_frame"
    if key not in st.session_state:
        st.session_state[key] = frame

    def store() -> None:
        chosen = st.session_state[key]
        if chosen == NO_FRAME:
            change_draft(form.draft, {("question_parts",): REMOVED})
        else:
            change_draft(form.draft, {("question_parts", "frame"): chosen})

    return {"key": key, "on_change": store}


def render_eligibility(form: ProtocolForm) -> None:
    """Criteria and the words highlighted while screening."""
    st.caption("Criteria are shown beside each record while the team screens.")
    include, exclude = st.columns(2)
    with include:
        render_lines(form, ("criteria", "include"), "Include a study if")
        render_lines(
            form,
            ("highlight", "include"),
            "Words highlighted in green",
            help_text="A trailing * marks every word with that stem: radiograph*",
        )
    with exclude:
        render_lines(form, ("criteria", "exclude"), "Exclude a study if")
        render_lines(form, ("highlight", "exclude"), "Words highlighted in red")
    st.caption("Reasons for exclusion belong to a stage: see Stages.")


def render_stages(form: ProtocolForm) -> None:
    """Who decides at each stage, how many, and with which reasons."""
    stages = form.get(("stages",), [])
    stages = stages if isinstance(stages, list) else []
    for number, stage in enumerate(stages):
        if isinstance(stage, dict):
            with st.container(border=True):
                _render_stage(form, number, stage, is_only=len(stages) == 1)
    kinds = [stage.get("kind") for stage in stages if isinstance(stage, dict)]
    missing = [kind for kind in NEW_STAGES if kind not in kinds]
    with st.container(horizontal=True):
        for kind in missing:
            st.button(
                f"Add a stage {KIND_OF_STAGE[kind]}",
                on_click=_add_stage,
                args=(form, stages, kind),
            )
    render_field_notes_of_list(form, ("stages",))


def _add_stage(form: ProtocolForm, stages: list[Any], kind: StageKind) -> None:
    order = list(NEW_STAGES)
    added = [*stages, NEW_STAGES[kind]]
    added.sort(key=lambda stage: order.index(stage["kind"]) if stage.get("kind") in order else 9)
    change_draft(form.draft, {("stages",): added}, refill=True)


def _render_stage(form: ProtocolForm, number: int, stage: dict[str, Any], *, is_only: bool) -> None:
    path: KeyPath = ("stages", number)
    kind = stage.get("kind", "screening")
    stage_id = str(stage.get("id", ""))
    default_name = STAGE_NAMES.get(stage_id, stage_id.replace("-", " ").capitalize())
    name = str(stage.get("name") or default_name)
    how = KIND_OF_STAGE.get(kind, kind)
    is_plain = how.removeprefix("by ") in name.lower()
    st.markdown(f"**{escape_markdown(name)}**" + ("" if is_plain else f", {how}"))
    left, right = st.columns(2)
    with left:
        _render_number(
            form, (*path, "reviewers"), label="Reviewers per record", low=1, high=5, default=2
        )
        _render_who(form, path)
        if kind != "quality":
            _render_allocation(form, path)
            _render_number(
                form,
                (*path, "pilot"),
                label="Pilot: first records that everybody screens",
                low=0,
                high=100_000,
                default=0,
            )
    with right:
        if kind != "quality":
            seed = form.get((*path, "maybe"), "conflict")
            st.radio(
                "Maybe counts as",
                list(MAYBE_NAMES),
                format_func=MAYBE_NAMES.__getitem__,
                **bind_field(form, (*path, "maybe"), seed, str),
            )
            render_field_notes(form, (*path, "maybe"))
        if kind == "screening":
            st.checkbox(
                "Ask for a reason at this stage",
                **bind_field(
                    form, (*path, "ask_reason"), bool(form.get((*path, "ask_reason"), False)), bool
                ),
            )
        if kind != "quality":
            render_lines(
                form,
                (*path, "reasons"),
                "Reasons for exclusion, most important first",
                help_text="While screening, keys 1 to 9 choose them.",
            )
        render_text(
            form,
            (*path, "name"),
            "Name of the stage (optional)",
            help_text=f"Without one it is called {default_name}.",
        )
    if not is_only:
        st.button(
            "Remove stage",
            key=f"protocol_{form.draft.turn}_remove_{number}",
            on_click=change_draft,
            args=(form.draft, {path: REMOVED}),
            kwargs={"refill": True},
        )
    render_field_notes_of_list(form, path)


def _render_number(
    form: ProtocolForm, path: KeyPath, *, label: str, low: int, high: int, default: int
) -> None:
    stated = form.get(path, default)
    seed = min(max(stated, low), high) if isinstance(stated, int) else default
    st.number_input(
        label, min_value=low, max_value=high, step=1, **bind_field(form, path, seed, int)
    )
    render_field_notes(form, path)


def _list_team(form: ProtocolForm) -> list[str]:
    return [
        str(person["name"])
        for person in form.get(("team",), [])
        if isinstance(person, dict) and person.get("name")
    ]


def _render_who(form: ProtocolForm, path: KeyPath) -> None:
    stated = [str(name) for name in form.get((*path, "who"), [])]
    options = list(dict.fromkeys([*_list_team(form), *stated]))
    st.multiselect(
        "Who (empty: everybody with the role reviewer)",
        options,
        **bind_field(form, (*path, "who"), stated, lambda names: list(names) or REMOVED),
    )
    render_field_notes(form, (*path, "who"))


def _render_allocation(form: ProtocolForm, path: KeyPath) -> None:
    chosen = form.get((*path, "allocation"), "everyone")
    st.selectbox(
        "Allocation of records",
        list(ALLOCATION_NAMES),
        format_func=ALLOCATION_NAMES.__getitem__,
        **bind_field(form, (*path, "allocation"), chosen, str),
    )
    render_field_notes(form, (*path, "allocation"))
    if form.get((*path, "allocation"), "everyone") != "shares":
        return
    shares = form.get((*path, "shares"), {})
    reviewers = form.get((*path, "who")) or [
        person["name"]
        for person in form.get(("team",), [])
        if isinstance(person, dict) and "reviewer" in person.get("roles", ["reviewer"])
    ]
    for name in reviewers:
        st.number_input(
            f"Share of {escape_markdown(str(name))} (1 is all records)",
            min_value=0.0,
            max_value=1.0,
            step=0.05,
            **bind_field(
                form, (*path, "shares", name), float(shares.get(name, 0.0)), lambda v: round(v, 4)
            ),
        )


def render_yaml(form_text: str, store_key: str, store: Any) -> None:
    """The file itself, for those who know YAML."""
    st.caption(
        "The protocol as a file. Changes in the form keep its comments and its order. Press "
        "Ctrl+Enter to check what you typed."
    )
    st.html(
        "<style>.st-key-protocol_yaml textarea {font-family: monospace; font-size: .85rem; "
        "white-space: pre; overflow-x: auto}</style>"
    )
    if store_key not in st.session_state:
        st.session_state[store_key] = form_text
    with st.container(key="protocol_yaml"):
        st.text_area("protocol.yaml", key=store_key, height=560, on_change=store)
