"""Versions of a team's data extraction forms: what a change does to answers, how it is saved."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from review.checklists import Checklist
from review.checklists.loading import parse_checklist
from review.errors import ProtocolError, ReviewError
from review.store import Connection, answers, audit_events
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.appraisal.instruments import (
    OWN_CHECKLISTS_FOLDER,
    available_checklists,
    get_checklist,
)
from review.workflow.project.project import Project
from review.workflow.setup import staged_files
from review.workflow.setup.extraction_forms import (
    ExtractionField,
    ExtractionForm,
    FieldChoice,
    FieldProblem,
    assign_ids,
    describe_field,
    find_form_problem,
    format_form,
    is_built,
    list_item_ids,
    make_slug,
    order_fields,
    read_form,
    split_item,
)
from review.workflow.setup.gate_wording import join_words

EVENT = "checklist"
"""Kind of the events that note the file under which answers are given."""


@dataclass(frozen=True, slots=True)
class FormDraft:
    """A form that is being built or changed."""

    form: ExtractionForm
    base: str | None = None
    """SHA-256 of the file it was made from; None for a form that is new."""


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """What has been answered on a form so far, by all and on all reports."""

    counts: Mapping[str, int] = field(default_factory=dict)
    """Item -> answers."""
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Item -> ids that its answers consist of."""
    finished: int = 0
    """Forms that somebody has finished."""

    def count(self, asked: ExtractionField) -> int:
        """Answers of one field."""
        return sum(n for item, n in self.counts.items() if split_item(item) == asked.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormVersion:
    """One version of a form, as it was saved in the app."""

    form_id: str
    title: str
    edition: str
    at: str
    who: str
    changes: tuple[str, ...]
    """What changed, in sentences."""
    why: str | None
    text: str
    """The file as it was saved."""


def load_answers(conn: Connection, form_id: str) -> FormAnswers:
    """What has been answered on a form; withdrawn answers do not count."""
    newest = {
        (row.record, row.checklist, row.item, row.reviewer, row.role): row
        for row in answers.list_all_answers(conn, None, form_id, with_models=True)
    }
    given = [row for row in newest.values() if row.answer is not None]
    choices: dict[str, set[str]] = {}
    for row in given:
        choices.setdefault(row.item, set()).update((row.answer or "").split("+"))
    states = {
        (event.record, event.checklist, event.reviewer): event.state
        for event in answers.list_form_events(conn, None, form_id, with_models=True)
    }
    return FormAnswers(
        Counter(row.item for row in given),
        {item: frozenset(ids) for item, ids in choices.items()},
        sum(state == "finished" for state in states.values()),
    )


def start_form(project: Project, source: Checklist | None, taken: Iterable[str]) -> FormDraft:
    """A new form, empty or with the fields of another one.

    Args:
        taken: ids of other drafts.
    """
    if source is None:
        form = ExtractionForm(id="", title="Data extraction")
    else:
        form = replace(read_form(source), title=f"{source.title} (ours)", edition=1)
    return FormDraft(replace(form, id=_find_free_id(project, form.title, taken)))


def _find_free_id(project: Project, title: str, taken: Iterable[str]) -> str:
    known = {*available_checklists(project), *taken}
    base = make_slug(f"ours {title}") or "ours"
    number, form_id = 1, base
    while form_id in known or _get_path(project, form_id).exists():
        number += 1
        form_id = f"{base}-{number}"
    return form_id


def _get_path(project: Project, form_id: str) -> Path:
    return project.folder / OWN_CHECKLISTS_FOLDER / f"{form_id}.yaml"


def open_form_draft(project: Project, form_id: str) -> FormDraft | None:
    """A form of the review's own that the builder can change; None where it is another's work."""
    paths = available_checklists(project)
    path = paths.get(form_id)
    if path is None or path.parent != project.folder / OWN_CHECKLISTS_FOLDER:
        return None
    checklist = get_checklist(project, form_id)
    return FormDraft(read_form(checklist), checklist.digest) if is_built(checklist) else None


def build_draft_checklists(drafts: Mapping[str, FormDraft]) -> dict[str, Checklist]:
    """Id -> checklist of the drafts that are ready to be used.

    Raises:
        ProtocolError: one lacks something, such as a title.
    """
    built = {}
    for form_id, draft in drafts.items():
        problem = find_form_problem(draft.form)
        if problem is not None:
            raise ProtocolError(problem, path=("appraisal", "extraction"), problem=problem)
        built[form_id] = parse_checklist(format_form(assign_ids(draft.form)), f"{form_id}.yaml")
    return built


def find_field_problem(
    old: ExtractionField | None, new: ExtractionField, given: FormAnswers
) -> FieldProblem | None:
    """Why a field that has answers cannot be changed so; None where it can."""
    if old is None or not given.count(old):
        return None
    count = format_count(given.count(old), "answer")
    if new.kind != old.kind:
        return FieldProblem(
            "kind",
            f"“{old.name}” has {count}, so its kind cannot change. Add a new field and remove this "
            "one; its answers are kept.",
        )
    if new.per_data_set != old.per_data_set:
        return FieldProblem(
            "kind",
            f"“{old.name}” has {count}, so it cannot change between report and data set. Add a new "
            "field and remove this one; its answers are kept.",
        )
    used = {
        choice
        for item, ids in given.choices.items()
        if split_item(item) == old.id
        for choice in ids
    }
    kept = {choice.id for choice in new.choices}
    lost = [c.label for c in old.choices if c.id in used and c.id not in kept]
    if lost:
        return FieldProblem(
            "choices",
            f"The choice {join_words([f'“{label}”' for label in lost])} of “{old.name}” has been "
            "used in answers. Keep it; you may reword it in its place.",
        )
    return None


def describe_form_change(old: ExtractionForm | None, new: ExtractionForm) -> list[str]:
    """What differs between two versions of a form, one sentence each."""
    label = f"Data extraction form “{new.title}”"
    if old is None:
        asked = join_words([f"“{f.name}” ({describe_field(f)})" for f in new.fields])
        return [f"{label}: new, with {format_count(len(new.fields), 'field')}: {asked}."]
    sentences = []
    if old.title != new.title:
        sentences.append(f"{label}: renamed from “{old.title}”.")
    if old.per_model != new.per_model:
        unit = "each model of a report" if new.per_model else "each report"
        sentences.append(f"{label}: filled in once for {unit}.")
    if old.data_sets != new.data_sets and any(f.per_data_set for f in new.fields):
        sentences.append(f"{label}: asks for up to {new.data_sets} data sets.")
    before = {f.id: f for f in old.fields}
    after = {f.id: f for f in new.fields if f.id}
    for f in new.fields:
        if f.id not in before:
            sentences.append(f"{label}: added “{f.name}” ({describe_field(f)}).")
        else:
            sentences += [f"{label}: {part}." for part in _compare_fields(before[f.id], f)]
    sentences += [f"{label}: removed “{f.name}”." for f in old.fields if f.id not in after]
    if not sentences and old != new:
        sentences.append(f"{label}: the fields are in another order.")
    return sentences


def _compare_fields(old: ExtractionField, new: ExtractionField) -> list[str]:
    parts = []
    if old.name != new.name:
        parts.append(f"“{old.name}” is now called “{new.name}”")
    if describe_field(old) != describe_field(new):
        parts.append(f"“{new.name}” changed from {describe_field(old)} to {describe_field(new)}")
    if old.question != new.question:
        parts.append(f"“{new.name}” asks “{new.question or new.name}”")
    if old.guidance != new.guidance:
        hint = f"has the hint “{new.guidance}”" if new.guidance else "has no hint any more"
        parts.append(f"“{new.name}” {hint}")
    return parts


def list_form_effects(
    old: ExtractionForm, new: ExtractionForm, given: FormAnswers
) -> Iterator[str]:
    """What a change of a form means for answers that are there."""
    before = {f.id: f for f in old.fields}
    after = {f.id: f for f in new.fields if f.id}
    for f in old.fields:
        count = format_count(given.count(f), "answer")
        if f.id not in after and given.count(f):
            yield (
                f"{count} to “{f.name}” stay in the store and in the history of each record, but "
                "are no longer asked, compared or exported."
            )
        elif f.id in after and after[f.id].name != f.name and given.count(f):
            yield f"{count} to “{f.name}” are kept and appear under “{after[f.id].name}”."
    lost = set(_list_items(old)) - set(_list_items(new))
    hidden = sum(
        n for item, n in given.counts.items() if item in lost and split_item(item) in after
    )
    if hidden:
        yield (
            f"{format_count(hidden, 'answer')} on data sets beyond the {new.data_sets}th stay in "
            "the store, but are no longer shown."
        )
    asked = [
        f.name
        for f in new.fields
        if f.is_required and (f.id not in before or not before[f.id].is_required)
    ]
    if asked and given.finished:
        names = join_words([f"“{name}”" for name in asked])
        yield (
            f"{format_count(given.finished, 'form')} finished already have no answer to {names} "
            "where none was given: reviewers reopen them, or the consensus fills it in."
        )


def _list_items(form: ExtractionForm) -> list[str]:
    return [item for f in form.fields for item in list_item_ids(f, form.data_sets)]


def check_drafts(
    project: Project, conn: Connection, drafts: Mapping[str, FormDraft]
) -> list[ProtocolError]:
    """Why drafts cannot be saved: a field has answers that would no longer fit it."""
    problems = []
    for form_id, draft in drafts.items():
        if draft.base is None:
            continue
        current = open_form_draft(project, form_id)
        if current is None:
            continue
        given = load_answers(conn, form_id)
        before = {f.id: f for f in current.form.fields}
        found = [
            problem.message
            for f in draft.form.fields
            if f.id and (problem := find_field_problem(before.get(f.id), f, given)) is not None
        ]
        if draft.form.per_model != current.form.per_model and given.counts:
            found.append(
                "The form has answers, so it stays as it is filled in: once for each report or "
                "once for each model."
            )
        path = ("appraisal", "extraction")
        problems += [ProtocolError(p, path=path, problem=p) for p in found]
    return problems


def select_drafts(drafts: Mapping[str, FormDraft], extraction: str | None) -> dict[str, FormDraft]:
    """The drafts that are saved: all of forms that exist, and a new one if the plan uses it."""
    return {
        form_id: draft
        for form_id, draft in drafts.items()
        if draft.base is not None or form_id == extraction
    }


def is_outdated(project: Project, form_id: str, draft: FormDraft) -> bool:
    """Whether somebody else has saved the form, or one of its id, since the draft was begun."""
    path = available_checklists(project).get(form_id)
    if path is None:
        return draft.base is not None
    return draft.base != get_checklist(project, form_id).digest


def save_drafts(
    project: Project,
    conn: Connection,
    drafts: Mapping[str, FormDraft],
    who: str,
    why: str,
    *,
    is_amendment: bool,
) -> None:
    """Notes each form as a version, within a transaction; the files in the review's folder follow
    once it is committed. Callers guard who may.

    Raises:
        ProtocolError: a form was changed meanwhile, lacks something, or has answers that would no
            longer fit.
    """
    for problem in check_drafts(project, conn, drafts):
        raise problem
    build_draft_checklists(drafts)
    for form_id, draft in drafts.items():
        if is_outdated(project, form_id, draft):
            raise ProtocolError(
                f"The data extraction form “{draft.form.title}” was changed in the meantime."
            )
    for form_id, draft in drafts.items():
        current = open_form_draft(project, form_id)
        old = None if current is None else current.form
        used = load_answers(conn, form_id).counts
        edition = 1 if old is None else old.edition + 1
        form = replace(draft.form, fields=order_fields(draft.form.fields), edition=edition)
        form = assign_ids(form, used)
        text = format_form(form)
        checklist = parse_checklist(text, f"{form_id}.yaml")
        changes = describe_form_change(old, form)
        detail: dict[str, Any] = {
            "shape": checklist.shape,
            "digest": checklist.digest,
            "edition": checklist.edition,
            "title": form.title,
            "text": text,
            "changes": changes,
            "why": why.strip() or None,
            "amendment": is_amendment,
        }
        audit_events.add_event(conn, EVENT, who, utc_now(), subject=form_id, detail=detail)
        staged_files.stage_text(conn, _get_path(project, form_id), text)


def list_form_versions(conn: Connection) -> list[FormVersion]:
    """Every version of every form saved in the app, oldest first."""
    return [
        FormVersion(
            form_id=str(event["subject"]),
            title=event["detail"]["title"],
            edition=event["detail"]["edition"],
            at=event["at"],
            who=event["who"],
            changes=tuple(event["detail"]["changes"]),
            why=event["detail"]["why"],
            text=event["detail"]["text"],
        )
        for event in audit_events.list_events(conn, kind=EVENT)
        if event["detail"] and "text" in event["detail"]
    ]


def pack_drafts(drafts: Mapping[str, FormDraft]) -> dict[str, Any]:
    """Drafts in the types of JSON."""
    return {form_id: asdict(draft) for form_id, draft in drafts.items()}


def unpack_drafts(packed: Mapping[str, Any]) -> dict[str, FormDraft]:
    """Drafts as pack_drafts gave them.

    Raises:
        ReviewError: they are of another version of Funnel.
    """
    try:
        return {form_id: _unpack_draft(entry) for form_id, entry in packed.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ReviewError("The unsaved form cannot be read.") from error


def _unpack_draft(entry: Mapping[str, Any]) -> FormDraft:
    form = dict(entry["form"])
    unpacked = [
        ExtractionField(**{**field, "choices": tuple(FieldChoice(**c) for c in field["choices"])})
        for field in form.pop("fields")
    ]
    return FormDraft(ExtractionForm(**form, fields=tuple(unpacked)), entry["base"])
