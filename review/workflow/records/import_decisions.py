"""A file of decisions comes in: lines matched to records, checked, added whole or not at all.

Nothing of a file is passed over in silence: lines that contradict each other, repeat another, name
no record or cannot be read are all named, and written down to be corrected and given again.
"""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from review.errors import ReviewError, SourceError
from review.formats.tabular.corrections import format_corrections
from review.formats.tabular.decision_words import get_stage_kind
from review.formats.tabular.decisions import (
    DecisionDefaults,
    DecisionRow,
    RejectedLine,
    read_decisions,
)
from review.models import Decision
from review.protocol.models import Stage
from review.store import Connection, decisions, records, retrievals
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.fulltexts.retrieval_statements import RetrievalStatement, add_statement
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, find_stage, follow_plan
from review.workflow.records.record_matching import RecordFinder, load_finder
from review.workflow.screening.decisions import NewDecision, add_decisions

CORRECTIONS_SUFFIX = ".rejected.csv"


@dataclass(frozen=True, slots=True)
class RepeatedLine:
    """A line that says what an earlier line of the file says already."""

    number: int
    first: int
    """The earlier line."""
    record: str
    reviewer: str


@dataclass(frozen=True, slots=True)
class DecisionImportResult:
    """What a file of decisions did."""

    name: str
    kind: str
    """funnel, table, rayyan, covidence or asreview."""
    batch: int | None
    """Number of the batch; None where nothing was added."""
    added: int
    unchanged: int
    """Decisions that are already recorded as the file has them."""
    undecided: int
    """Lines that name a record without a verdict."""
    rejected: tuple[RejectedLine, ...]
    """Lines that were left out, each with what is wrong with it."""
    rejected_path: Path | None
    """The table of them that can be corrected and given again."""
    repeated: tuple[RepeatedLine, ...] = ()
    retrievals: int = 0
    """Statements that a full text could or could not be had, among those added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPreview:
    """What an import of a file of decisions would do. A decision that its stage refuses, as for a
    record that has not come so far, is found by the import alone."""

    counts: Mapping[tuple[str, str, str], int]
    """Stage id, reviewer and verdict ("" takes a decision back) -> decisions that are new."""
    unchanged: int
    undecided: int
    statements: int
    """Statements that a full text could or could not be had."""
    rejected: tuple[RejectedLine, ...]
    repeated: int


class DecisionFileError(SourceError):
    """Lines of a file cannot be entered, and nothing of it was; `result` names them all."""

    def __init__(self, message: str, result: DecisionImportResult) -> None:
        super().__init__(message)
        self.result = result


class _Match(NamedTuple):
    """A line whose record and stage are found."""

    row: DecisionRow
    decision: NewDecision
    report: int


def import_decisions(
    project: Project,
    path: Path,
    who: str,
    *,
    defaults: DecisionDefaults | None = None,
    names: Mapping[str, str] | None = None,
    keep_good: bool = False,
    sheet: str | None = None,
) -> DecisionImportResult:
    """Adds the decisions of a file in one transaction.

    Args:
        defaults: stage, reviewer and verdict where the file is silent; the first stage if none is.
        names: the file's names of people -> the team's, where they differ.
        keep_good: enter the good lines of a file that holds bad ones.

    Raises:
        DecisionFileError: lines are bad and keep_good is off: nothing is added, the message names
            the first of them and `result` all.
        SourceError: the file cannot be read.
    """
    require_role(project, who, "import decisions")
    people = [*(names or {}), *(person.name for person in project.protocol.team)]
    parsed = read_decisions(path, defaults, sheet=sheet, reviewers=people)
    rejected = list(parsed.rejected)
    # Finding the records of thousands of lines takes seconds: reviewers can save meanwhile.
    with project.store.read() as conn:
        matched = _match_lines(follow_plan(project, conn), conn, parsed.rows, names or {})
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        if not matched.is_current(project, conn):
            matched = _match_lines(project, conn, parsed.rows, names or {})
        matches, repeated = matched.matches, matched.repeated
        rejected += matched.rejected
        verdicts = [match for match in matches if match.row.retrieval is None]
        changes = _sort_by_stage(project, _filter_changed(conn, verdicts))
        statements = [match for match in matches if match.row.retrieval is not None]
        is_new = bool(changes or statements)
        at = retrievals.pick_statement_time(conn, utc_now())
        batch = _add_batch(conn, path, who, at, parsed.kind) if is_new else None
        added = _add_matches(project, conn, changes, (at, who, batch), rejected)
        stated, known = _add_statements(project, conn, statements, (at, who), rejected)
        rejected.sort(key=lambda rejection: rejection.number)
        result = DecisionImportResult(
            name=path.name,
            kind=parsed.kind,
            batch=batch,
            added=added + stated,
            unchanged=len(verdicts) - len(changes) + known,
            undecided=len(parsed.undecided),
            rejected=tuple(rejected),
            rejected_path=write_corrections(project, path, rejected),
            repeated=tuple(repeated),
            retrievals=stated,
        )
        if rejected and not keep_good:
            raise _build_error(path, result)
        if batch is not None:
            counts = {"announced": len(parsed.rows), "parsed": added, "rejected": len(rejected)}
            records.close_batch(conn, batch, **counts)
    return result


def preview_decisions(
    project: Project,
    path: Path,
    who: str,
    *,
    defaults: DecisionDefaults | None = None,
    names: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> DecisionPreview:
    """What import_decisions would add; nothing is written. Arguments and SourceError as there."""
    require_role(project, who, "import decisions")
    people = [*(names or {}), *(person.name for person in project.protocol.team)]
    parsed = read_decisions(path, defaults, sheet=sheet, reviewers=people)
    with project.store.read() as conn:
        matched = _match_lines(follow_plan(project, conn), conn, parsed.rows, names or {})
        verdicts = [match for match in matched.matches if match.row.retrieval is None]
        changes = [match.decision for match in _filter_changed(conn, verdicts)]
    rejected = sorted([*parsed.rejected, *matched.rejected], key=lambda line: line.number)
    return DecisionPreview(
        counts=Counter((new.stage, new.reviewer, new.verdict or "") for new in changes),
        unchanged=len(verdicts) - len(changes),
        undecided=len(parsed.undecided),
        statements=len(matched.matches) - len(verdicts),
        rejected=tuple(rejected),
        repeated=len(matched.repeated),
    )


def _build_error(path: Path, result: DecisionImportResult) -> DecisionFileError:
    rejected = result.rejected
    refused = dataclasses.replace(result, batch=None, added=0, unchanged=0, retrievals=0)
    reason = rejected[0].reason.rstrip(".")
    return DecisionFileError(
        f"{path}: {len(rejected)} of its decisions cannot be imported ({reason}). "
        f"Nothing was imported. Correct the file, or import the valid lines with --keep-good and "
        f"then the corrected others from {result.rejected_path or 'the list above'}.",
        refused,
    )


def write_corrections(
    project: Project, path: Path, rejected: Sequence[RejectedLine]
) -> Path | None:
    """Writes the lines that were left out beside the file, or into the review where that is barred.

    A table of corrections that somebody may have begun to fill in is never written over.
    """
    if not rejected:
        return None
    content = format_corrections(rejected)
    for folder in (path.parent, project.folder):
        for number in range(1, 1000):
            ending = CORRECTIONS_SUFFIX if number == 1 else f".rejected-{number}.csv"
            target = folder / f"{path.name}{ending}"
            try:
                if target.exists():
                    if target.read_bytes() == content:
                        return target
                    continue
                target.write_bytes(content)
            except OSError:
                break
            return target
    return None


def _reject_row(row: DecisionRow, why: str) -> RejectedLine:
    label = row.key or (row.entry.title or row.entry.doi if row.entry else None)
    stated = row.verdict or row.retrieval
    raw = f"{label} | {row.stage} | {row.reviewer} | {stated} | {row.reason or ''}"
    return RejectedLine(row.line, f"line {row.line}: {why}", raw, row=row)


def _add_batch(conn: Connection, path: Path, who: str, at: datetime, kind: str) -> int:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return records.add_batch(
        conn, at, who, kind="decisions", source=kind, name=path.name, sha256=digest
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _MatchedLines:
    """The lines of a file with their records, as one transaction saw the review."""

    matches: list[_Match]
    repeated: list[RepeatedLine]
    rejected: list[RejectedLine]
    finder: RecordFinder
    plan: str

    def is_current(self, project: Project, conn: Connection) -> bool:
        """Whether the plan, the records and their groups are still the same."""
        return self.plan == project.fingerprint and self.finder.is_current(conn)


def _match_lines(
    project: Project, conn: Connection, rows: Sequence[DecisionRow], names: Mapping[str, str]
) -> _MatchedLines:
    """The record of each line; lines that repeat or contradict another apart."""
    finder = load_finder(conn)
    rejected: list[RejectedLine] = []
    matches, repeated = _drop_repeats(_match_rows(project, finder, rows, names, rejected), rejected)
    return _MatchedLines(
        matches=matches,
        repeated=repeated,
        rejected=rejected,
        finder=finder,
        plan=project.fingerprint,
    )


def _match_rows(
    project: Project,
    finder: RecordFinder,
    rows: Sequence[DecisionRow],
    names: Mapping[str, str],
    rejected: list[RejectedLine],
) -> list[_Match]:
    """The lines whose record and stage are found; the others go to rejected.

    A line that names no stage is one of the first stage, unless others are of a later one.
    """
    matches = []
    first = project.protocol.stages[0]
    is_first_alone = {row.stage for row in rows} <= {None, "", first.id, first.name, first.kind}
    for row in rows:
        person = _find_person(project, row.reviewer, names)
        if row.lacks_stage and row.retrieval is None and not is_first_alone:
            rejected.append(_reject_row(row, "no stage given, though other lines give one"))
            continue
        try:
            stage = _find_row_stage(project, row)
        except ReviewError as error:
            rejected.append(_reject_row(row, str(error)))
            continue
        named = dataclasses.replace(row, stage=stage.id, reviewer=person)
        number = finder.find(row.key, row.entry)
        if isinstance(number, str):
            rejected.append(_reject_row(named, number))
            continue
        new_decision = _build_decision(named, number)
        matches.append(_Match(named, new_decision, finder.get_report(number)))
    return matches


def _find_person(project: Project, name: str | None, names: Mapping[str, str]) -> str | None:
    """The team's name for a name in the file, also where only its capitals differ ('Ada')."""
    if name is None or name in names:
        return names.get(name or "")
    folded = name.strip().casefold()
    team = [person.name for person in project.protocol.team]
    same = [person for person in team if person.casefold() == folded]
    return same[0] if len(same) == 1 and name not in team else name


def _build_decision(row: DecisionRow, number: int) -> NewDecision:
    """The decision of a line. Only an exclusion has a reason: that of a doubt goes to the note,
    and a table's one column of reasons says nothing of what was included."""
    has_reason = row.verdict == "exclude" or row.retrieval is not None
    note = row.note
    if row.verdict == "unsure" and row.reason and row.reason != note:
        note = "; ".join(filter(None, [note, row.reason]))
    return NewDecision(
        record=number,
        stage=row.stage or "",
        reviewer=row.reviewer or "",
        verdict=row.verdict,
        reason=row.reason if has_reason else None,
        note=note,
        role=row.role,
    )


def _find_row_stage(project: Project, row: DecisionRow) -> Stage:
    """The stage a line names, also in the field's words; the first one where it names none.

    Raises:
        ReviewError: the protocol has no such stage.
    """
    stages = project.protocol.stages
    if row.retrieval is not None:
        for stage in stages:
            if stage.kind == "eligibility":
                return stage
    if not row.stage:
        return stages[0]
    of_kind = [stage for stage in stages if stage.kind == get_stage_kind(row.stage)]
    by_name = [stage for stage in stages if row.stage in (stage.id, stage.kind, stage.name)]
    if not by_name and len(of_kind) == 1:
        return of_kind[0]
    return find_stage(project.protocol, row.stage)


def _drop_repeats(
    matches: Sequence[_Match], rejected: list[RejectedLine]
) -> tuple[list[_Match], list[RepeatedLine]]:
    """The lines without repeats; lines of one reviewer that contradict each other on a report are
    all rejected. A line that takes a decision back parts what is before it from what comes after.
    """
    by_key: dict[tuple[int, str, str, str], list[list[_Match]]] = {}
    for match in matches:
        new = match.decision
        runs = by_key.setdefault((match.report, new.stage, new.reviewer, new.role), [[]])
        if match.row.withdraws:
            runs.extend([[match], []])
        else:
            runs[-1].append(match)
    kept: list[_Match] = []
    repeated: list[RepeatedLine] = []
    for runs in by_key.values():
        for run in filter(None, runs):
            if _contradicts(run):
                rejected.extend(_reject_contradiction(match, run) for match in run)
                continue
            best = max(run, key=lambda match: bool(match.decision.reason))
            kept.append(best)
            for match in run:
                if match is not best:
                    key = format_record_key(match.decision.record)
                    person = match.decision.reviewer
                    repeated.append(RepeatedLine(match.row.line, best.row.line, key, person))
    order = {id(match): position for position, match in enumerate(matches)}
    kept.sort(key=lambda match: order[id(match)])
    return kept, sorted(repeated, key=lambda line: line.number)


def _contradicts(run: Sequence[_Match]) -> bool:
    """Whether lines of one reviewer on one report differ in the verdict, or in its reason."""
    verdicts = {(match.row.verdict, match.row.retrieval) for match in run}
    reasons = {
        match.row.reason.casefold().strip()
        for match in run
        if match.row.reason and match.row.verdict != "include"
    }
    return len(verdicts) > 1 or len(reasons) > 1


def _reject_contradiction(match: _Match, run: Sequence[_Match]) -> RejectedLine:
    others = "; ".join(
        f"line {other.row.line} says {_format_statement(other.row)}"
        for other in run
        if other is not match
    )
    key = format_record_key(match.decision.record)
    return _reject_row(
        match.row,
        f"{match.decision.reviewer} says {_format_statement(match.row)} for {key} here, but "
        f"{others}; keep the correct line",
    )


def _format_statement(row: DecisionRow) -> str:
    return " ".join(filter(None, [row.verdict or row.retrieval, row.reason and f"({row.reason})"]))


def _filter_changed(conn: Connection, matches: Sequence[_Match]) -> list[_Match]:
    """The decisions that differ from what the reviewer's newest one says already."""
    newest: dict[tuple[int, str, str, str], Decision | NewDecision] = {}
    for decision in decisions.list_decisions(
        conn, records={match.decision.record for match in matches}
    ):
        newest[(decision.record, decision.stage, decision.reviewer, decision.role)] = decision
    changes = []
    for match in matches:
        new = match.decision
        key = (new.record, new.stage, new.reviewer, new.role)
        if _get_content(newest.get(key)) != _get_content(new):
            changes.append(match)
            newest[key] = new
    return changes


def _get_content(
    decision: Decision | NewDecision | None,
) -> tuple[str | None, str | None, str | None]:
    """What a decision says; no decision says the same as a withdrawn one."""
    if decision is None or decision.verdict is None:
        return None, None, None
    return decision.verdict, decision.reason or None, decision.note or None


def _sort_by_stage(project: Project, matches: Sequence[_Match]) -> list[_Match]:
    """Earlier stages first, reviewers before adjudicators: so that each finds its record there."""
    stage_positions = {stage.id: i for i, stage in enumerate(project.protocol.stages)}

    def sort_key(match: _Match) -> tuple[int, bool]:
        return stage_positions[match.decision.stage], match.decision.role == "adjudicator"

    return sorted(matches, key=sort_key)


def _add_matches(
    project: Project,
    conn: Connection,
    matches: Sequence[_Match],
    key: tuple[datetime, str, int | None],
    rejected: list[RejectedLine],
) -> int:
    """Adds what can be added and gives its number; a part that is refused is halved until the bad
    lines are alone."""
    if not matches:
        return 0
    at, who, batch = key
    try:
        add_decisions(
            project, conn, [match.decision for match in matches], at, who=who, batch=batch
        )
    except ReviewError as error:
        if len(matches) == 1:
            rejected.append(_reject_row(matches[0].row, str(error)))
            return 0
        half = len(matches) // 2
        return _add_matches(project, conn, matches[:half], key, rejected) + _add_matches(
            project, conn, matches[half:], key, rejected
        )
    return len(matches)


def _add_statements(
    project: Project,
    conn: Connection,
    matches: Sequence[_Match],
    key: tuple[datetime, str],
    rejected: list[RejectedLine],
) -> tuple[int, int]:
    """Adds who could or could not get a full text; gives how many were added, and known before."""
    at, who = key
    added = known = 0
    for match in matches:
        new, state = match.decision, match.row.retrieval
        assert state is not None
        statement = RetrievalStatement(new.record, state, new.reviewer, new.reason or new.note)
        try:
            if add_statement(project, conn, statement, at, entered_by=who):
                added += 1
            else:
                known += 1
        except ReviewError as error:
            rejected.append(_reject_row(match.row, str(error)))
    return added, known
