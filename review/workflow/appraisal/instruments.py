"""The checklists of a review by kind of study, and checks that they have not changed."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from review.checklists import (
    JUDGEMENT_PARTS,
    Checklist,
    list_available,
    list_items,
    list_questions,
    load_checklist,
)
from review.checklists.models import FORM_SEPARATOR
from review.errors import ProtocolError, ReviewError
from review.protocol.models import (
    Condition,
    Protocol,
    QualityGate,
    StudyKind,
    list_conditions,
    list_gate_checklists,
)
from review.resources import get_shipped_path as shipped
from review.scoring.form import build_judgement_key
from review.store import Connection, answers, audit_events
from review.store.timestamps import utc_now
from review.workflow.appraisal.wording import apply_installed_wording
from review.workflow.project.project import Project

KIND_CHECKLIST = "study-kind"
"""The one-question form that decides which tools and gates a study meets."""
KIND_ITEM = "kind"
STUDY_KINDS: tuple[str, ...] = get_args(StudyKind)
JUDGEMENT_PREFIXES = tuple(f"{part}:" for part in JUDGEMENT_PARTS)
ACCURACY_ITEMS = {
    "data-set": "data set",
    "threshold": "threshold",
    "tp": "tp",
    "fp": "fp",
    "fn": "fn",
    "tn": "tn",
    "cases": "cases",
    "positives": "positives",
    "negatives": "negatives",
    "prevalence": "prevalence",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "ppv",
    "npv": "npv",
    "accuracy": "accuracy",
    "auc": "auc",
    "auc-low": "auc low",
    "auc-high": "auc high",
}
"""Item of the accuracy form -> the column of a table of accuracy that says the same."""
OWN_CHECKLISTS_FOLDER = "checklists"
"""Folder of a review that holds the team's own checklists."""


@dataclass(frozen=True, slots=True)
class RequiredForm:
    """One form that a study is to be filled in on."""

    checklist: str
    """Id of the form: that of the checklist, followed by the model it appraises, if any."""
    use: Literal["kind", "gate", "tool", "extraction"]
    """kind: what sort of study; gate: decides on letting it in; tool and extraction: the rest."""
    model: str | None = None
    """Name of the model that the form appraises; None for a form of the whole report."""


def available_checklists(project: Project | None) -> dict[str, Path]:
    """Checklist id -> file: the shipped ones and the review's own. Raises ChecklistError."""
    folders = [shipped("checklists")]
    if project is not None:
        folders.append(project.folder / OWN_CHECKLISTS_FOLDER)
    return list_available(folders)


def get_checklist(project: Project | None, name: str) -> Checklist:
    """The checklist of an id. The id of a model's form, such as probast-2019@7, gives the checklist
    under that id, so that its answers are kept apart.

    Raises:
        ReviewError: there is none of that id, or it does not appraise single models.
        ChecklistError: its file has mistakes.
    """
    edition_id, separator, model = name.partition(FORM_SEPARATOR)
    if separator:
        checklist = get_checklist(project, edition_id)
        if checklist.unit != "model" or not model.isdecimal():
            raise ReviewError(
                f"'{name}' is not a form: {checklist.short} "
                + (
                    "needs the number of a model after the '@'."
                    if checklist.unit == "model"
                    else "is filled in once for each report, not for each model."
                )
            )
        return replace(checklist, id=name)
    paths = available_checklists(project)
    if name not in paths:
        raise ReviewError(
            f"Unknown checklist '{name}'; available: {', '.join(sorted(paths))}. "
            f"Put your own checklists in the folder '{OWN_CHECKLISTS_FOLDER}' of the review."
        )
    path = paths[name]
    checklist = _load_cached(path, path.stat().st_mtime_ns)
    return checklist if project is None else apply_installed_wording(project.folder, checklist)


@lru_cache(maxsize=64)
def _load_cached(path: Path, _modified_at: int) -> Checklist:
    return load_checklist(path)


def check_appraisal_plan(
    folder: Path, protocol: Protocol, drafts: Mapping[str, Checklist] | None = None
) -> None:
    """Holds a protocol's appraisal against the checklists it names.

    Args:
        drafts: id -> checklist of those that are saved together with the protocol.

    Raises:
        ProtocolError: a checklist that is not there, or a gate on an item or score it lacks.
        ChecklistError: a checklist named has mistakes.
    """
    paths = list_available([shipped("checklists"), folder / OWN_CHECKLISTS_FOLDER])
    drafts = drafts or {}

    def load(name: str) -> Checklist:
        return drafts[name] if name in drafts else load_checklist(paths[name])

    for name in list_checklist_ids(protocol):
        if name not in paths and name not in drafts:
            matches = difflib.get_close_matches(name, paths, n=1)
            hint = f" Did you mean '{matches[0]}'?" if matches else ""
            raise ProtocolError(
                f"appraisal names the checklist '{name}', which does not exist.{hint} Available: "
                f"{', '.join(sorted(paths))}.",
                path=("appraisal", _find_naming_key(protocol, name)),
            )
    accuracy = protocol.appraisal.accuracy
    if accuracy:
        item_ids = {item.id for item in list_items(load(accuracy))}
        missing = [name for name in ACCURACY_ITEMS if name not in item_ids]
        if missing:
            raise ProtocolError(
                f"appraisal.accuracy names '{accuracy}', which has no item '{missing[0]}'. Use "
                "accuracy-2x2, or a form of your own with the same item ids.",
                path=("appraisal", "accuracy"),
            )
    for number, gate in enumerate(protocol.appraisal.gates):
        for condition in list_conditions(gate):
            checklist = load(condition.checklist)
            _check_condition(gate.id, condition, checklist, ("appraisal", "gates", number))


def _find_naming_key(protocol: Protocol, name: str) -> str:
    """The key under 'appraisal' that names a checklist."""
    if name == protocol.appraisal.extraction:
        return "extraction"
    return "accuracy" if name == protocol.appraisal.accuracy else "tools"


def _check_condition(
    gate: str,
    condition: QualityGate | Condition,
    checklist: Checklist,
    path: tuple[str | int, ...],
) -> None:
    """Raises ProtocolError where a gate asks for what its checklist does not have."""
    numbers = [item.number for item in list_items(checklist)]
    for number in condition.required:
        if number not in numbers:
            raise ProtocolError(
                f"gate '{gate}' requires item '{number}', which {checklist.id} does not have. Its "
                f"items are {', '.join(numbers)}.",
                path=path,
            )
    if condition.minimum is not None and not checklist.scores:
        raise ProtocolError(
            f"gate '{gate}' sets a minimum score, but {checklist.id} has no score.", path=path
        )
    scores = [score.id for score in checklist.scores]
    if condition.score is not None and condition.score not in scores:
        raise ProtocolError(
            f"gate '{gate}' names the score '{condition.score}'; {checklist.id} has: "
            f"{', '.join(scores)}.",
            path=path,
        )
    levels_by_judgement = {
        question.key: [option.id for option in question.options]
        for question in list_questions(checklist)
        if question.key.startswith(JUDGEMENT_PREFIXES)
    }
    for name, levels in condition.keep_out.items():
        allowed = levels_by_judgement.get(build_judgement_key(name))
        if allowed is None:
            names = (
                ", ".join(key.removeprefix("judgement:") for key in levels_by_judgement) or "none"
            )
            raise ProtocolError(
                f"gate '{gate}' excludes by '{name}', which {checklist.id} does not judge. Its "
                f"judgements: {names}.",
                path=path,
            )
        for level in levels:
            if level not in allowed:
                raise ProtocolError(
                    f"gate '{gate}': '{name}' of {checklist.id} is never '{level}'; "
                    f"it is one of: {', '.join(allowed)}.",
                    path=path,
                )


def needs_kind(protocol: Protocol) -> bool:
    """Whether the kind of study matters: some gate names only some kinds."""
    return any(set(gate.kinds) != set(STUDY_KINDS) for gate in protocol.appraisal.gates)


def list_required_forms(protocol: Protocol, kind: str | None) -> list[RequiredForm]:
    """The forms a study of this kind is filled in on, in order; only the question of its kind while
    that matters and is open.

    A tool serves the kinds its gates name; one without a gate serves all. Gated tools come first.
    """
    forms: list[RequiredForm] = []
    if needs_kind(protocol):
        forms.append(RequiredForm(KIND_CHECKLIST, "kind"))
        if kind is None:
            return forms
    gated_forms, other_forms = [], []
    for name in protocol.appraisal.tools:
        gates = [gate for gate in protocol.appraisal.gates if name in list_gate_checklists(gate)]
        if not gates:
            other_forms.append(RequiredForm(name, "tool"))
        elif kind is None or any(kind in gate.kinds for gate in gates):
            gated_forms.append(RequiredForm(name, "gate"))
    if protocol.appraisal.extraction:
        other_forms.append(RequiredForm(protocol.appraisal.extraction, "extraction"))
    if protocol.appraisal.accuracy:
        other_forms.append(RequiredForm(protocol.appraisal.accuracy, "extraction"))
    return [*forms, *gated_forms, *other_forms]


def get_required_before_unblinding(
    required_forms: Sequence[RequiredForm], status: str | None, started_names: Iterable[str]
) -> set[str]:
    """Forms somebody at work on a report finishes before they see another's: what they have begun,
    what the gates of its kind rest on, and the other tools where no gate comes before them.

    Args:
        required_forms: what the report is filled in on, one form for each model where it has some.
        status: the report's status at the stage of appraisal.
        started_names: forms they have answered something of.
    """
    gate_names = {form.checklist for form in required_forms if form.use == "gate"}
    tool_names = {form.checklist for form in required_forms if form.use == "tool"}
    names = set(started_names) | (set() if status == "excluded" else gate_names)
    if status != "excluded" and (status == "included" or not gate_names):
        names |= tool_names
    return names - {KIND_CHECKLIST}


def list_checklist_ids(protocol: Protocol) -> list[str]:
    """Ids of every checklist of the review, with the question of kind and those of extraction."""
    checklist_ids = [KIND_CHECKLIST] if needs_kind(protocol) else []
    checklist_ids += protocol.appraisal.tools
    extraction_ids = (protocol.appraisal.extraction, protocol.appraisal.accuracy)
    return [*checklist_ids, *filter(None, extraction_ids)]


def freeze_edition(conn: Connection, checklist: Checklist, who: str) -> None:
    """Notes the file of a checklist when answers are given under it for the first time, and again
    when its wording changed since; what its answers mean must stay.

    Raises:
        ReviewError: the file's ids, answers, points or rules changed since answers were given.
    """
    noted_acts = [
        act
        for act in audit_events.list_events(conn, kind="checklist")
        if act["subject"] == checklist.edition_id
    ]
    editions = [act["detail"] for act in noted_acts]
    if (
        editions
        and editions[-1]["shape"] != checklist.shape
        and answers.has_answers(conn, checklist.edition_id)
    ):
        raise ReviewError(
            f"{checklist.source}: '{checklist.edition_id}' has changed since it was used (items, "
            "answers, points or rules). Restore the old file, and give the changed one a new id."
        )
    if not editions or editions[-1]["digest"] != checklist.digest:
        detail = {
            "shape": checklist.shape,
            "digest": checklist.digest,
            "edition": checklist.edition,
        }
        audit_events.add_event(
            conn, "checklist", who, utc_now(), subject=checklist.edition_id, detail=detail
        )
