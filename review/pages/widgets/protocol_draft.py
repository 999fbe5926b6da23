"""A lead's unsaved changes of the protocol: kept for them until they are saved or discarded, bound
to the fields of the form, and shown in words before they are saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import streamlit as st

from review.checklists import Checklist
from review.errors import ProtocolError, ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.protocol.loading import fingerprint_text
from review.text.wording import format_count
from review.workflow.appraisal.instruments import available_checklists, get_checklist
from review.workflow.project.project import Project
from review.workflow.setup import (
    form_versions,
    protocol_amendments,
    protocol_draft,
    protocol_preview,
    unsaved_changes,
)
from review.workflow.setup.form_versions import FormDraft
from review.workflow.setup.loading import diff_protocols
from review.workflow.setup.protocol_amendments import ProtocolVersion
from review.workflow.setup.protocol_draft import REMOVED, KeyPath
from review.workflow.setup.protocol_preview import ChangePreview
from review.workflow.setup.unsaved_changes import UnsavedChanges

SAVED_PLACE = "protocol_saved"
"""Where the page says that a version was saved."""
EDITING_KEY = "protocol_editing"


@dataclass(slots=True)
class Draft:
    """Changes that nobody has saved yet."""

    base: str
    """Fingerprint of the version they were made from."""
    base_text: str
    text: str
    turn: int = 0
    """Goes up whenever the fields have to be filled anew."""
    is_reviewed: bool = False
    """Whether the changes are shown for confirmation."""
    refusals: dict[KeyPath, str] = field(default_factory=dict)
    """Changes that could not be written into the file: key -> why."""
    fault: tuple[Any, ProtocolError | None] | None = None
    """The text and forms that were checked last, and what was wrong with them."""
    forms: dict[str, FormDraft] = field(default_factory=dict)
    """Forms of data extraction that were built or changed: id -> form."""
    kept: tuple[str, dict[str, FormDraft]] | None = None
    """Text and forms as they were kept last."""
    kept_since: str | None = None
    """When they were kept, if they come from an earlier visit to the page."""

    @property
    def is_changed(self) -> bool:
        return self.text != self.base_text or bool(self.forms)


@dataclass(frozen=True, slots=True)
class ProtocolForm:
    """What the fields of the form are drawn from."""

    project: Project
    draft: Draft
    data: dict[str, Any]
    """Keys and values of the draft."""
    fault: ProtocolError | None
    examples: list[KeyPath]

    def get(self, path: KeyPath, default: Any = None) -> Any:
        """The value of a key in the draft."""
        return protocol_draft.get_value(self.data, path, default)


def get_draft(project: Project) -> Draft:
    """The draft of this tab, or the one this person kept earlier; without changes, it is the
    version in force."""
    key = _get_state_key(project)
    draft: Draft | None = st.session_state.get(key)
    if draft is None:
        draft = _load_draft(project)
        if draft is not None:
            st.session_state[key] = draft
    if draft is None or (not draft.is_changed and draft.base != project.fingerprint):
        text = protocol_amendments.read_protocol_text(project)
        turn = 0 if draft is None else draft.turn + 1
        draft = Draft(fingerprint_text(text), text, text, turn)
        st.session_state[key] = draft
    return draft


def _load_draft(project: Project) -> Draft | None:
    """What this person changed at an earlier visit and did not save."""
    changes = unsaved_changes.load_changes(project, session.get_user().name)
    if changes is None:
        return None
    draft = Draft(changes.base, changes.base_text, changes.text)
    draft.forms = dict(changes.forms)
    draft.kept = (draft.text, dict(draft.forms))
    draft.kept_since = changes.at
    return draft if draft.is_changed else None


def keep_draft(project: Project, draft: Draft) -> None:
    """Keeps the draft for this person as it is now, so that a reload of the page loses nothing."""
    name, state = session.get_user().name, (draft.text, dict(draft.forms))
    if draft.is_changed and draft.kept != state:
        changes = UnsavedChanges(
            base=draft.base, base_text=draft.base_text, text=draft.text, forms=draft.forms
        )
        unsaved_changes.keep_changes(project, name, changes)
        draft.kept_since = None
    elif not draft.is_changed and draft.kept is not None:
        unsaved_changes.discard_changes(project, name)
    draft.kept = state if draft.is_changed else None


def discard_draft(project: Project) -> None:
    """Goes back to the version in force."""
    unsaved_changes.discard_changes(project, session.get_user().name)
    turn = get_draft(project).turn
    text = protocol_amendments.read_protocol_text(project)
    st.session_state[_get_state_key(project)] = Draft(fingerprint_text(text), text, text, turn + 1)


def _get_state_key(project: Project) -> str:
    return f"protocol_draft_{project.folder}"


def find_draft_fault(project: Project, draft: Draft) -> ProtocolError | None:
    """What is wrong with the draft; looked for once for each text."""
    state = (draft.text, dict(draft.forms))
    if draft.fault is None or draft.fault[0] != state:
        draft.fault = (state, protocol_draft.find_fault(project, draft.text, draft.forms))
    return draft.fault[1]


def change_draft(draft: Draft, values: dict[KeyPath, Any], *, refill: bool = False) -> None:
    """Sets keys of the draft; `refill` draws the fields anew, as when an entry is gone."""
    path = next(iter(values))
    try:
        draft.text = protocol_draft.set_values(draft.text, values)
        draft.refusals.pop(path, None)
    except ProtocolError as error:
        draft.refusals[path] = error.problem
    draft.turn += refill


def load_checklists(form: ProtocolForm) -> dict[str, Checklist]:
    """Id -> checklist, of all that can be read."""
    checklists = {}
    for name in available_checklists(form.project):
        try:
            checklists[name] = get_checklist(form.project, name)
        except ReviewError:  # said where the plan is checked
            continue
    return checklists


def bind_field(
    form: ProtocolForm,
    path: KeyPath,
    seed: Any,
    convert: Callable[[Any], Any],
    labels: Sequence[str] = (),
) -> dict[str, Any]:
    """The arguments by which a widget shows a key and writes its changes into the draft at once.

    Args:
        seed: what the widget shows at first.
        convert: makes of the widget's value that of the file, or REMOVED.
        labels: those of a choice, where they may change while it is shown. A browser names what is
            chosen by its label, so new labels need a new widget: else the old label would be taken
            for a value.
    """
    key = f"protocol_{form.draft.turn}_{'.'.join(map(str, path))}"
    key += f"|{fingerprint_text(repr(labels))[:8]}" if labels else ""
    if key not in st.session_state:
        st.session_state[key] = seed

    def store() -> None:
        change_draft(form.draft, {path: convert(st.session_state[key])})

    return {"key": key, "on_change": store}


def render_field_notes(form: ProtocolForm, *paths: KeyPath) -> None:
    """What is wrong with a field, or that it still holds an example; drawn beneath it."""
    for path in paths:
        if path in form.draft.refusals:
            st.error(escape_markdown(form.draft.refusals[path]))
        if path in form.examples:
            st.caption(":material/lightbulb: Example from the template. Write your own.")
    fault = form.fault
    if fault is not None and any(
        fault.path[: len(path)] == path or path[: len(fault.path)] == fault.path
        for path in paths
        if fault.path
    ):
        st.error(escape_markdown(capitalize(fault.problem)))


def render_field_notes_of_list(form: ProtocolForm, path: KeyPath) -> None:
    """What is wrong with a list as such, not with one of its entries."""
    if form.fault is not None and form.fault.path == path:
        st.error(escape_markdown(form.fault.problem))
    if path in form.draft.refusals:
        st.error(escape_markdown(form.draft.refusals[path]))


def render_text(
    form: ProtocolForm,
    path: KeyPath,
    label: str,
    *,
    help_text: str | None = None,
    height: int | None = None,
    is_required: bool = False,
) -> None:
    """A text field for one key; emptied, the key leaves the file unless it is required."""
    seed = " ".join(str(form.get(path, "")).split()) if height is None else form.get(path, "")

    def convert(value: str) -> Any:
        return value.strip() or ("" if is_required else REMOVED)

    bound = bind_field(form, path, str(seed).strip(), convert)
    if height is None:
        st.text_input(label, help=help_text, **bound)
    else:
        st.text_area(label, help=help_text, height=height, **bound)
    render_field_notes(form, path)


def render_lines(
    form: ProtocolForm, path: KeyPath, label: str, *, help_text: str | None = None
) -> None:
    """A list as a field with one entry on a line."""
    entries = form.get(path, [])
    is_stated = bool(entries) or protocol_draft.get_value(form.data, path) is not None

    def convert(value: str) -> Any:
        return protocol_draft.split_lines(value) or ([] if is_stated else REMOVED)

    entries = entries if isinstance(entries, list) else []
    bound = bind_field(form, path, protocol_draft.join_lines(entries), convert)
    height = 40 + 26 * min(max(len(entries) + 1, 3), 12)
    st.text_area(f"{label} (one per line)", help=help_text, height=height, **bound)
    render_field_notes(form, path)


def capitalize(text: str) -> str:
    """The text with a capital first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def render_change_bar(project: Project, draft: Draft) -> None:
    """Whether there are unsaved changes, and the way to review or discard them."""
    fault = find_draft_fault(project, draft) if draft.is_changed else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if not draft.is_changed:
            st.caption("No unsaved changes. Nothing is saved before you have confirmed it.")
            return
        st.markdown(":orange-badge[Unsaved changes]")
        st.button(
            "Review changes",
            type="primary",
            disabled=fault is not None,
            on_click=partial(_start_review, draft),
        )
        st.button("Discard changes", on_click=discard_draft, args=(project,))
    if fault is not None:
        st.error(f"Cannot be saved yet: {escape_markdown(fault.problem)}")


def render_review(project: Project, draft: Draft) -> None:
    """The changes in words and in lines; they are saved by a button here and nowhere else."""
    try:
        preview = protocol_preview.preview_change(project, draft.base_text, draft.text, draft.forms)
    except ReviewError as error:
        st.error(escape_markdown(str(error)))
        st.button("Back to editing", on_click=_stop_review, args=(draft,))
        return
    st.subheader("What will change")
    _render_preview(preview)
    number = len(protocol_amendments.list_versions(project)) + 1
    why_key = f"protocol_why_{draft.base}"
    st.text_input(
        "Reason for amendment (appears in the report)"
        if preview.is_amendment
        else "Reason for the change (optional)",
        key=why_key,
    )
    if preview.is_amendment:
        st.caption("Screening has begun, so this change is recorded as an amendment.")
    with st.container(horizontal=True):
        noun = "amendment" if preview.is_amendment else "change"
        target = "of the form" if draft.text == draft.base_text else f"as version {number}"
        st.button(
            f"Save {noun} {target}",
            type="primary",
            on_click=partial(_save, project, draft, why_key),
        )
        st.button("Back to editing", on_click=_stop_review, args=(draft,))
    show_messages("protocol_review")


def list_outdated_forms(project: Project, draft: Draft) -> list[str]:
    """Ids of changed forms of data extraction that somebody else has saved meanwhile."""
    return [
        form_id
        for form_id, form_draft in draft.forms.items()
        if form_versions.is_outdated(project, form_id, form_draft)
    ]


def render_form_conflict(project: Project, draft: Draft, form_id: str) -> None:
    """What another lead made of the form meanwhile, beside the changes of this tab."""
    mine = draft.forms[form_id]
    theirs = form_versions.open_form_draft(project, form_id)
    title = escape_markdown(mine.form.title)
    st.warning(
        f"The data extraction form “{title}” was saved by somebody else while you were editing it. "
        "Your changes are not saved yet and nothing is lost: compare, then decide."
    )
    if theirs is not None:
        st.markdown("Saving your form would change theirs in this way:")
        sentences = form_versions.describe_form_change(theirs.form, mine.form)
        st.markdown(
            "\n".join(f"- {escape_markdown(sentence)}" for sentence in sentences) or "Nothing."
        )
    with st.container(horizontal=True):
        if theirs is not None:
            st.button(
                "Keep my form",
                type="primary",
                on_click=partial(draft.forms.update, {form_id: replace(mine, base=theirs.base)}),
            )
        st.button("Take their form", on_click=partial(_take_their_form, draft, form_id))


def _take_their_form(draft: Draft, form_id: str) -> None:
    draft.forms.pop(form_id, None)
    draft.turn += 1


def _start_review(draft: Draft) -> None:
    draft.is_reviewed = True


def _stop_review(draft: Draft) -> None:
    draft.is_reviewed = False


def _save(project: Project, draft: Draft, why_key: str) -> None:
    who, why = session.get_user().name, str(st.session_state.get(why_key) or "")
    try:
        protocol_amendments.amend_protocol(
            project, draft.text, who, why, seen=draft.base, drafts=draft.forms
        )
    except ReviewError as error:
        current = protocol_amendments.read_protocol_text(project)
        if fingerprint_text(current) == draft.base and not list_outdated_forms(project, draft):
            keep_message("protocol_review", str(error), "error")
        return  # else the page now shows both changes
    number = len(protocol_amendments.list_versions(project))
    keep_message(
        SAVED_PLACE,
        "Saved the data extraction form."
        if draft.text == draft.base_text
        else f"Saved as version {number}.",
    )
    st.session_state[EDITING_KEY] = False
    discard_draft(project)


def _render_preview(preview: ChangePreview) -> None:
    _render_sentences(preview)
    for effect in preview.effects:
        st.warning(escape_markdown(effect))
    with st.expander("Changed lines of the file"):
        st.code(preview.lines or "None.", language="diff", wrap_lines=True)


def _render_sentences(preview: ChangePreview) -> None:
    if preview.sentences:
        st.markdown("\n".join(f"- {escape_markdown(sentence)}" for sentence in preview.sentences))
    else:
        st.markdown("Only comments or layout change; the plan stays the same.")


def render_conflict(project: Project, draft: Draft, newest: ProtocolVersion) -> None:
    """What another lead saved meanwhile, beside the changes of this tab."""
    current = protocol_amendments.read_protocol_text(project)
    who = escape_markdown(newest.who)
    st.warning(
        f"{who} saved version {newest.number} while you were editing. Your changes are not saved "
        "yet and nothing is lost: compare both, then decide."
    )
    theirs, mine = st.columns(2)
    with theirs:
        st.subheader(f"Saved by {who}")
        _render_side(project, draft.base_text, current)
    with mine:
        st.subheader("Your unsaved changes")
        _render_side(project, draft.base_text, draft.text, draft.forms)
    try:
        merged = protocol_draft.merge_drafts(draft.base_text, draft.text, current, mine_wins=True)
    except ReviewError as error:
        merged = None
        st.error(
            "Your changes cannot be put on the new version by Funnel; copy them from the lines "
            f"above. {escape_markdown(str(error))}"
        )
    if merged is not None and merged.clashes:
        keys = ", ".join(escape_markdown(key) for key in merged.clashes)
        st.markdown(
            f"You both changed {format_count(len(merged.clashes), 'key')} of the file: {keys}. If "
            "you put your changes on the new version, yours replace theirs there."
        )
    with st.container(horizontal=True):
        if merged is not None and merged.text is not None:
            rebased = Draft(fingerprint_text(current), current, merged.text, draft.turn + 1, True)
            rebased.forms = draft.forms
            st.button(
                f"Put my changes on version {newest.number}",
                type="primary",
                on_click=partial(st.session_state.update, {_get_state_key(project): rebased}),
            )
        st.button("Discard my changes", on_click=discard_draft, args=(project,))


def _render_side(
    project: Project, before: str, after: str, forms: dict[str, FormDraft] | None = None
) -> None:
    try:
        preview = protocol_preview.preview_change(project, before, after, forms)
    except ReviewError as error:
        st.error(escape_markdown(str(error)))
        st.code(diff_protocols(before, after), language="diff")
        return
    _render_sentences(preview)
    with st.expander("Changed lines of the file"):
        st.code(preview.lines, language="diff", wrap_lines=True)
