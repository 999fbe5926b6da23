"""The finished forms of a report become one: conflicts, settling, and the gates held to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from review import consensus
from review.checklists import Checklist, asked_of, read_answer
from review.consensus import Pair
from review.errors import ReviewError
from review.models import Answer, Decision, Verdict
from review.protocol import gate_checklists, stage_of
from review.scoring import GateOutcome, Result, gate_outcomes, score
from review.scoring.form import dead_keys
from review.store import Connection, answers, decisions
from review.store.answers import FormEvent
from review.store.records import key_of
from review.store.timestamps import now
from review.workflow.appraisal.assignment import needed, readers_of
from review.workflow.appraisal.forms import (
    Form,
    Given,
    check_sentence,
    due_report,
    family,
    is_finished,
    mark_finished,
    mark_reopened,
    own_kind,
    reports_due,
    result_of,
)
from review.workflow.appraisal.instruments import (
    KIND,
    KIND_ITEM,
    KINDS,
    checklist,
    needs_kind,
    owed,
)
from review.workflow.appraisal.tasks import tools_of
from review.workflow.project.project import Project
from review.workflow.screening import status as standings

GATES = "gates"
"""Whose decision it is where the protocol's gates decide."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """One checklist of one report, its reviewers' forms together."""

    report: int
    checklist: Checklist
    reviewers: tuple[str, ...]
    """Those who finished first, in the order of their names; their forms are compared."""
    waiting_for: int
    """Forms still to be finished."""
    pairs: tuple[Pair, ...]
    """Empty while forms are still to be finished."""
    open: tuple[Pair, ...]
    """What waits for a person: where they differ, and what a settled fact has newly made apply."""
    entries: Mapping[str, Answer]
    """The settled entries so far, with quote, page and sentence."""
    result: Result
    settled: bool
    """All finished, nothing open and nothing unanswered."""


def finish(project: Project, record: int, name: str, reviewer: str) -> Form:
    """Finishes a reviewer's form; with the last one the gates are held against the report.

    Raises:
        ReviewError: something that must be answered is not; names it.
    """
    one = checklist(project, name)
    with project.store.write() as conn:
        report = due_report(project, conn, record)
        form = mark_finished(conn, report, one, reviewer)
        refresh_gates(project, conn, report)
        return form


def reopen(project: Project, record: int, name: str, reviewer: str) -> Form:
    """Opens a finished form again; a gate that hung on it waits again."""
    one = checklist(project, name)
    with project.store.write() as conn:
        report = due_report(project, conn, record)
        form = mark_reopened(conn, report, one, reviewer)
        refresh_gates(project, conn, report)
        return form


def settlement(project: Project, conn: Connection, report: int, one: Checklist) -> Settlement:
    """How a checklist stands between its reviewers. Callers guard who may see it."""
    numbers = family(conn, report)
    events = answers.form_events(conn, numbers, one.id)
    said = answers.of_everybody(conn, numbers, one.id)
    wanted = needed(readers_of(project, conn, [report]), report)
    return settle_up(report, one, events, said, wanted)


def settle_up(
    report: int, one: Checklist, events: list[FormEvent], said: list[Answer], wanted: int
) -> Settlement:
    """The settlement of one report and checklist from their rows, in order of arrival.

    Args:
        wanted: how many finished forms are compared.
    """
    ended = {e.reviewer: e.at for e in events if is_finished(events, e.reviewer)}
    done = sorted(sorted(ended, key=lambda who: ended[who])[:wanted])
    waiting = wanted - len(done)
    if waiting:
        return Settlement(report, one, tuple(done), waiting, (), (), {}, score(one, {}), False)
    settled = answers.newest(a for a in said if a.role == "consensus")
    forms = [
        answers.newest(a for a in said if a.role == "reviewer" and a.reviewer == who)
        for who in done
    ]
    every = consensus.pairs(one, forms, settled)
    dead = frozenset(dead_keys(one, consensus.consensus_form(every)))
    waits = tuple(p for p in every if p.origin == "open" and p.asked.key not in dead)
    entries = _entries(every)
    result = result_of(one, entries)
    shown = {pair.asked.key for pair in waits}
    missing = [asked_of(one, key) for key in result.unanswered if key not in shown]
    waits += tuple(Pair(asked, (None,) * len(done), "open", None) for asked in missing)
    whole = not waits
    return Settlement(report, one, tuple(done), 0, every, waits, entries, result, whole)


def _entries(every: tuple[Pair, ...]) -> dict[str, Answer]:
    """The settled entries so far; where all agree, the one that brings a quote."""
    found: dict[str, Answer] = {}
    for pair in every:
        if pair.settled is not None:
            found[pair.asked.key] = pair.settled
        elif pair.origin == "agreed":
            said = [entry for entry in pair.said if entry is not None]
            found[pair.asked.key] = min(said, key=lambda one: (not one.quote, one.reviewer))
    return found


def may_see(project: Project, conn: Connection, report: int, one: Checklist, who: str) -> bool:
    """Whether a person may see the forms: all are finished, and the person, where at work on this
    report, has no form of it still to finish (the question of its kind apart)."""
    if settlement(project, conn, report, one).waiting_for:
        return False
    if one.id == KIND:
        return True
    numbers = family(conn, report)
    newest = {(a.checklist, a.item): a.answer for a in answers.of_reviewer(conn, numbers, who)}
    begun = {name for (name, _), answer in newest.items() if answer is not None}
    if not begun:
        return True
    status = reports_due(project, conn).get(report)
    asked = {tool.checklist for tool in tools_of(project, conn, report, who)} | begun
    names = owed(project.protocol, own_kind(conn, report, who), status, begun) & asked
    return all(is_finished(answers.form_events(conn, numbers, name), who) for name in names)


def compared(project: Project, record: int, name: str, adjudicator: str) -> Settlement:
    """The forms side by side, for the person who settles them.

    Raises:
        ReviewError: the forms are not all finished, or the person is still filling in their own.
    """
    one = checklist(project, name)
    with project.store.read() as conn:
        report = due_report(project, conn, record)
        _guard(project, conn, report, one, adjudicator)
        return settlement(project, conn, report, one)


def _guard(project: Project, conn: Connection, report: int, one: Checklist, who: str) -> None:
    if not may_see(project, conn, report, one, who):
        raise ReviewError(
            f"{one.short} of {key_of(report)} stays closed until all its reviewers have "
            "finished it and you have finished all forms you owe this report."
        )


def settle(project: Project, given: Given, adjudicator: str) -> Settlement:
    """Settles one key; None as answer withdraws. With the last one the gates are held.

    Raises:
        ReviewError: the person does not adjudicate, or may not see the forms yet; another person
            settled the key; 'unsure' settles nothing.
    """
    one = checklist(project, given.checklist)
    may = [p.name for p in project.protocol.team if "adjudicator" in p.roles]
    if adjudicator not in may:
        raise ReviewError(
            f"{adjudicator} does not adjudicate; these do: {', '.join(may) or 'nobody'}."
        )
    with project.store.write() as conn:
        report = due_report(project, conn, given.record)
        _guard(project, conn, report, one, adjudicator)
        row = _row(one, report, given, adjudicator)
        before = answers.newest(
            a
            for a in answers.of_everybody(conn, family(conn, report), one.id)
            if a.role == "consensus"
        ).get(row.item)
        if before and before.answer is not None and before.reviewer != adjudicator:
            raise ReviewError(f"{before.reviewer} settled this already; they can withdraw it.")
        answers.add(conn, [row], protocol=project.fingerprint)
        after = settlement(project, conn, report, one)
        check_sentence(one, after.entries, row)
        refresh_gates(project, conn, report)
        return after


def _row(one: Checklist, report: int, given: Given, adjudicator: str) -> Answer:
    said = read_answer(asked_of(one, given.key), given.answer)
    if said == "unsure":
        raise ReviewError("'Unsure' settles nothing: choose an answer, or leave the item open.")
    return Answer(
        report, one.id, asked_of(one, given.key).key, adjudicator, said, now(),
        given.quote or None, given.page, given.comment or None, "consensus",
    )  # fmt: skip


def settled_kind(project: Project, conn: Connection, report: int) -> str | None:
    """The kind of study its reviewers gave or an adjudicator settled; None while open."""
    found = settlement(project, conn, report, checklist(project, KIND))
    entry = found.entries.get(KIND_ITEM) if found.settled else None
    return entry.answer if entry else None


def outcomes(project: Project, conn: Connection, report: int) -> tuple[GateOutcome, ...] | None:
    """How a report fares at the gates; None while its kind of study is open."""
    return gate_by_gate(
        project, lambda name: settlement(project, conn, report, checklist(project, name))
    )


def gate_by_gate(
    project: Project, found: Callable[[str], Settlement | None]
) -> tuple[GateOutcome, ...] | None:
    """As outcomes, from the settlement of each checklist by its id."""
    kind = KINDS[0]  # where every gate names every kind, any of them will do
    if needs_kind(project.protocol):
        settled = found(KIND)
        entry = settled.entries.get(KIND_ITEM) if settled and settled.settled else None
        if entry is None or entry.answer is None:
            return None
        kind = entry.answer
    forms = {}
    gates = project.protocol.appraisal.gates
    for name in {name: None for gate in gates for name in gate_checklists(gate)}:
        one = found(name)
        if one is not None and one.settled:
            form = {key: entry.answer for key, entry in one.entries.items()}
            forms[name] = (one.checklist, form)
    return gate_outcomes(gates, kind, forms)


def gates_of(project: Project, record: int) -> tuple[GateOutcome, ...]:
    """How the report of a record fares at the gates; none while its kind of study is open."""
    with project.store.read() as conn:
        return outcomes(project, conn, due_report(project, conn, record)) or ()


def refresh_gates(project: Project, conn: Connection, report: int) -> None:
    """Enters, changes or withdraws the gates' decision on a report, as its settled forms stand.

    A report is kept out when a gate fails and none is undecided, so that all reasons are counted;
    they stand in the order of the protocol, parted by semicolons.
    """
    stage = stage_of(project.protocol, "quality")
    if stage is None or not project.protocol.appraisal.gates:
        return
    found = outcomes(project, conn, report)
    wanted, reason, note = _verdict(found)
    given = [
        one
        for one in decisions.every(conn, stage=stage.id, records=family(conn, report))
        if one.role == "automation" and one.reviewer == GATES
    ]
    last = given[-1] if given else None
    if (last.verdict if last else None, last.reason if last else None) == (wanted, reason):
        return
    row = Decision(report, stage.id, GATES, wanted, now(), reason, note, "automation")
    decisions.add(conn, [row], protocol=project.fingerprint)
    standings.keep(project, conn, standings.family(conn, [report]))


def _verdict(
    found: tuple[GateOutcome, ...] | None,
) -> tuple[Verdict | None, str | None, str | None]:
    if found is None or any(one.state == "undecided" for one in found):
        return None, None, None
    failed = [one for one in found if one.state == "failed"]
    if not failed:
        return "include", None, None
    reasons = "; ".join(dict.fromkeys(one.reason.replace(";", ",") for one in failed))
    return "exclude", reasons, " | ".join(why for one in failed for why in one.why)


def hold_gates(project: Project) -> int:
    """Holds the gates against every report anew, after they changed in the protocol; gives how many
    reports are due."""
    with project.store.write() as conn:
        due = reports_due(project, conn)
        for report in due:
            refresh_gates(project, conn, report)
    return len(due)
