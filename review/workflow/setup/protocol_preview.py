"""What saving a changed protocol would do, in words, before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from review.checklists import Checklist
from review.errors import ProtocolError
from review.protocol.loading import parse_protocol
from review.protocol.models import Protocol, format_stage_name
from review.store import Connection, decisions
from review.workflow.appraisal.instruments import (
    available_checklists,
    get_checklist,
    list_checklist_ids,
)
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.setup.form_versions import (
    FormDraft,
    build_draft_checklists,
    describe_form_change,
    list_form_effects,
    load_answers,
    open_form_draft,
    select_drafts,
)
from review.workflow.setup.loading import describe_plan, diff_protocols
from review.workflow.setup.protocol_differences import describe_changes
from review.workflow.setup.protocol_draft import locate_fault


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What saving a changed protocol would do."""

    sentences: tuple[str, ...]
    """What changes in the plan, one sentence each; none where only comments or layout differ."""
    lines: str
    """The lines that differ, '-' before and '+' after."""
    effects: tuple[str, ...]
    """What follows for work already done."""
    is_amendment: bool
    """Whether somebody has already decided on a record, so that a reason is needed."""


def preview_change(
    project: Project, before: str, after: str, drafts: Mapping[str, FormDraft] | None = None
) -> ChangePreview:
    """What differs between two texts of the protocol, in words and in lines.

    Args:
        drafts: id -> form of data extraction that is saved along with the later text.

    Raises:
        ProtocolError: the text before or after does not hold together; the message gives the line.
    """
    try:
        old = parse_protocol(before, PROTOCOL_FILE, was_in_force=True)
        new = parse_protocol(after, PROTOCOL_FILE)
        drafts = select_drafts(drafts or {}, new.appraisal.extraction)
        draft_checklists = build_draft_checklists(drafts)
        describe_plan(project.folder, new, draft_checklists)
    except ProtocolError as error:
        raise locate_fault(error, after) from error
    with project.store.read() as conn:
        is_amendment = decisions.has_decisions(conn)
        form_sentences, form_effects = _describe_drafts(project, conn, drafts)
    checklists = list_plan_checklists(project, old, new) | draft_checklists
    effects = _list_effects(old, new, checklists) if is_amendment else []
    return ChangePreview(
        (*describe_changes(old, new, checklists), *form_sentences),
        diff_protocols(before, after),
        (*effects, *form_effects),
        is_amendment,
    )


def _describe_drafts(
    project: Project, conn: Connection, drafts: Mapping[str, FormDraft]
) -> tuple[list[str], list[str]]:
    """What changes in forms of data extraction, and what that means for their answers."""
    sentences: list[str] = []
    effects: list[str] = []
    for form_id, draft in drafts.items():
        current = open_form_draft(project, form_id)
        old = None if current is None else current.form
        sentences += describe_form_change(old, draft.form)
        if old is not None:
            effects += list_form_effects(old, draft.form, load_answers(conn, form_id))
    return sentences, effects


def list_plan_checklists(project: Project, *plans: Protocol) -> dict[str, Checklist]:
    """Id -> checklist of those that plans name (by default the review's own), as far as there are
    any of that id."""
    plans = plans or (project.protocol,)
    names = dict.fromkeys(name for plan in plans for name in list_checklist_ids(plan))
    available = available_checklists(project)
    return {name: get_checklist(project, name) for name in names if name in available}


def _list_effects(old: Protocol, new: Protocol, checklists: Mapping[str, Checklist]) -> list[str]:
    """What a change means for decisions and forms that are there."""
    effects = []
    stages = {stage.id: stage for stage in new.stages}
    for stage in old.stages:
        name = format_stage_name(stage)
        if stage.id not in stages:
            effects.append(f"Decisions made at “{name}” are kept but no longer count.")
        elif (stage.reviewers, stage.who, stage.maybe) != (
            stages[stage.id].reviewers,
            stages[stage.id].who,
            stages[stage.id].maybe,
        ):
            effects.append(f"The status of every record at “{name}” is computed again.")
    if old.search != new.search:
        effects.append(
            "Searches already run are kept as they were; the next search uses the new plan."
        )
    dropped = [name for name in list_checklist_ids(old) if name not in list_checklist_ids(new)]
    effects += [
        f"Forms already filled in on {checklists[name].title if name in checklists else name} are "
        "kept but no longer used."
        for name in dropped
    ]
    return effects
