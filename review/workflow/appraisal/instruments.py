"""Which checklists a review uses, for which kind of study, and that they keep their meaning."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from review.checklists import PARTS, Checklist, answerable, available, items, load
from review.errors import ProtocolError, ReviewError
from review.protocol import (
    Condition,
    Gate,
    Protocol,
    StudyKind,
    conditions,
    gate_checklists,
)
from review.resources import folder as shipped
from review.scoring import judgement_key
from review.store import Connection, answers, audit_events
from review.store.timestamps import now
from review.workflow.project.project import Project

KIND = "study-kind"
"""The one-question form that decides which tools and gates a study meets."""
KIND_ITEM = "kind"
KINDS: tuple[str, ...] = get_args(StudyKind)
PARTS_ = tuple(f"{part}:" for part in PARTS)
OWN = "checklists"
"""Folder of a review that holds the team's own checklists."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One form that a study is to be filled in on."""

    checklist: str
    use: Literal["kind", "gate", "tool", "extraction"]
    """kind: what sort of study; gate: decides on letting it in; tool and extraction: the rest."""


def shelf(project: Project | None) -> dict[str, Path]:
    """Checklist id -> file: the shipped ones and the review's own. Raises ChecklistError."""
    folders = [shipped("checklists")]
    if project is not None:
        folders.append(project.folder / OWN)
    return available(folders)


def checklist(project: Project | None, name: str) -> Checklist:
    """The checklist of an id.

    Raises:
        ReviewError: there is none of that id.
        ChecklistError: its file has mistakes.
    """
    found = shelf(project)
    if name not in found:
        raise ReviewError(
            f"There is no checklist '{name}'; there are: {', '.join(sorted(found))}. "
            f"A team's own file belongs into the folder '{OWN}' of the review."
        )
    path = found[name]
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _loaded(path: Path, _stamp: int) -> Checklist:
    return load(path)


def check_plan(folder: Path, protocol: Protocol) -> None:
    """Holds a protocol's appraisal against the checklists it names.

    Raises:
        ProtocolError: a checklist that is not there, or a gate on an item or score it lacks.
        ChecklistError: a checklist named has mistakes.
    """
    known = available([shipped("checklists"), folder / OWN])
    for name in names_in_use(protocol):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ProtocolError(
                f"appraisal names the checklist '{name}', which is not there.{hint} "
                f"There are: {', '.join(sorted(known))}."
            )
    for gate in protocol.appraisal.gates:
        for asked in conditions(gate):
            _check_condition(gate.id, asked, load(known[asked.checklist]))


def _check_condition(gate: str, asked: Gate | Condition, one: Checklist) -> None:
    """Raises ProtocolError where a gate asks for what its checklist does not have."""
    numbers = [item.number for item in items(one)]
    for number in asked.required:
        if number not in numbers:
            raise ProtocolError(
                f"gate '{gate}' requires item '{number}', which {one.id} does not have; "
                f"its numbers are {', '.join(numbers)}."
            )
    if asked.minimum is not None and not one.scores:
        raise ProtocolError(f"gate '{gate}' has a minimum, but {one.id} gives no score.")
    scores = [score.id for score in one.scores]
    if asked.score is not None and asked.score not in scores:
        raise ProtocolError(
            f"gate '{gate}' names the score '{asked.score}'; {one.id} has: {', '.join(scores)}."
        )
    judged = {a.key: [o.id for o in a.options] for a in answerable(one) if a.key.startswith(PARTS_)}
    for name, levels in asked.keep_out.items():
        allowed = judged.get(judgement_key(name))
        if allowed is None:
            names = ", ".join(key.removeprefix("judgement:") for key in judged) or "none"
            raise ProtocolError(
                f"gate '{gate}' keeps out by '{name}', which {one.id} does not judge; "
                f"its judgements are: {names}."
            )
        for level in levels:
            if level not in allowed:
                raise ProtocolError(
                    f"gate '{gate}': '{name}' of {one.id} is never '{level}'; "
                    f"it is one of: {', '.join(allowed)}."
                )


def needs_kind(protocol: Protocol) -> bool:
    """Whether the kind of study matters: some gate names only some kinds."""
    return any(set(gate.kinds) != set(KINDS) for gate in protocol.appraisal.gates)


def tools_for(protocol: Protocol, kind: str | None) -> list[Tool]:
    """The forms a study of this kind is filled in on, in order; only the question of its kind while
    that matters and is open.

    A tool serves the kinds its gates name; one without a gate serves all. Gated tools come first.
    """
    found: list[Tool] = []
    if needs_kind(protocol):
        found.append(Tool(KIND, "kind"))
        if kind is None:
            return found
    gated, rest = [], []
    for name in protocol.appraisal.tools:
        gates = [gate for gate in protocol.appraisal.gates if name in gate_checklists(gate)]
        if not gates:
            rest.append(Tool(name, "tool"))
        elif kind is None or any(kind in gate.kinds for gate in gates):
            gated.append(Tool(name, "gate"))
    if protocol.appraisal.extraction:
        rest.append(Tool(protocol.appraisal.extraction, "extraction"))
    return [*found, *gated, *rest]


def owed(
    protocol: Protocol, kind: str | None, status: str | None, begun: Iterable[str]
) -> set[str]:
    """Forms somebody at work on a report finishes before they see another's: what they have begun,
    what the gates of its kind rest on, and the other tools where no gate comes before them.

    Args:
        status: how the report stands at the stage of appraisal.
        begun: checklists they have answered something of.
    """
    asked = tools_for(protocol, kind)
    first = {tool.checklist for tool in asked if tool.use == "gate"}
    rest = {tool.checklist for tool in asked if tool.use == "tool"}
    names = set(begun) | (set() if status == "excluded" else first)
    if status != "excluded" and (status == "included" or not first):
        names |= rest
    return names - {KIND}


def names_in_use(protocol: Protocol) -> list[str]:
    """Ids of every checklist of the review, the question of kind and the extraction form too."""
    every = [KIND] if needs_kind(protocol) else []
    every += protocol.appraisal.tools
    return every + ([protocol.appraisal.extraction] if protocol.appraisal.extraction else [])


def pin(conn: Connection, one: Checklist, who: str) -> None:
    """Notes the file of a checklist when answers are given under it for the first time, and again
    when its wording changed since; what its answers mean must stay.

    Raises:
        ReviewError: the file's ids, answers, points or rules changed since answers were given.
    """
    noted = [act for act in audit_events.every(conn, kind="checklist") if act["subject"] == one.id]
    pinned = [act["detail"] for act in noted]
    if pinned and pinned[-1]["shape"] != one.shape and answers.begun(conn, one.id):
        raise ReviewError(
            f"{one.source}: '{one.id}' is no longer the checklist that answers were given under "
            "(its items, answers, points or rules changed). Put the old file back, and give the "
            "changed one a new id."
        )
    if not pinned or pinned[-1]["digest"] != one.digest:
        detail = {"shape": one.shape, "digest": one.digest, "edition": one.edition}
        audit_events.add(conn, "checklist", who, now(), subject=one.id, detail=detail)
