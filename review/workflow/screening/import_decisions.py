"""A file of decisions comes in: lines matched to records, checked, added whole or not at all."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from review.errors import ReviewError, SourceError
from review.formats.tabular.decisions import DecisionDefaults, DecisionRow, read_decisions
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import Decision, Record, UnreadableEntry, normalize_text
from review.store import Connection, decisions, links, records
from review.store.records import format_record_key, parse_record_key
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.records.imports import write_rejected
from review.workflow.screening.decisions import NewDecision, add_decisions, find_stage


@dataclass(frozen=True, slots=True)
class DecisionImportResult:
    """What a file of decisions did."""

    name: str
    kind: str
    """funnel, rayyan, covidence or asreview."""
    batch: int | None
    """Number of the batch; None where nothing was added."""
    added: int
    unchanged: int
    """Decisions that stood already as the file has them."""
    undecided: int
    """Lines that name a record without a verdict."""
    rejected: tuple[UnreadableEntry, ...]
    rejected_path: Path | None


@dataclass(frozen=True, slots=True)
class _RecordIndex:
    """Finds the record a line means."""

    groups: Mapping[int, tuple[int, int]]
    titles: Mapping[str, Sequence[tuple[int, int | None]]]
    """Folded title -> record number and year."""


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
        given: stage, reviewer and verdict where the file is silent; the first stage if none is.
        names: the file's names of people -> the team's, where they differ.
        keep_good: enter the good lines of a file that holds bad ones.

    Raises:
        SourceError: the file cannot be read; or lines are bad and keep_good is off: then nothing
            is added and the message names the first of them.
    """
    require_role(project, who, "import")
    parsed = read_decisions(path, defaults, sheet=sheet)
    rejected = list(parsed.rejected)
    at = utc_now()
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        matches = _match_rows(project, conn, parsed.rows, names or {}, rejected)
        changes = _sort_by_stage(project, _filter_changed(conn, matches))
        batch = _add_batch(conn, path, who, at, parsed.kind) if changes else None
        added = _add_matches(project, conn, changes, (at, who, batch), rejected)
        if rejected and not keep_good:
            raise _build_error(path, rejected)
        if batch is not None:
            counts = {"announced": len(parsed.rows), "parsed": added, "rejected": len(rejected)}
            records.close_batch(conn, batch, **counts)
    rejected.sort(key=lambda rejection: rejection.number)
    written_path = write_rejected(project, path, tuple(rejected))
    return DecisionImportResult(
        path.name,
        parsed.kind,
        batch,
        added,
        len(matches) - len(changes),
        len(parsed.undecided),
        tuple(rejected),
        written_path,
    )


def _build_error(path: Path, rejected: list[UnreadableEntry]) -> SourceError:
    first_rejection = min(rejected, key=lambda rejection: rejection.number)
    return SourceError(
        f"{path}: {len(rejected)} of its decisions cannot be entered ({first_rejection.reason}). "
        "Nothing was "
        "added. Mend the file, or enter the good ones with --keep-good."
    )


def _reject_row(row: DecisionRow, why: str) -> UnreadableEntry:
    label = row.key or (row.entry.title or row.entry.doi if row.entry else None)
    raw = f"{label} | {row.stage} | {row.reviewer} | {row.verdict} | {row.reason or ''}"
    return UnreadableEntry(row.line, f"line {row.line}: {why}", raw)


def _add_batch(conn: Connection, path: Path, who: str, at: datetime, kind: str) -> int:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return records.add_batch(
        conn, at, who, kind="decisions", source=kind, name=path.name, sha256=digest
    )


def _index_titles(
    conn: Connection, rows: Sequence[DecisionRow]
) -> dict[str, list[tuple[int, int | None]]]:
    """Titles of all records, read only when some line may need them."""
    titles: dict[str, list[tuple[int, int | None]]] = {}
    if any(row.key is None for row in rows):
        for stored in records.iter_records(conn):
            title = normalize_text(stored.record.title)
            if title:
                titles.setdefault(title, []).append((stored.id, stored.record.year))
    return titles


def _match_rows(
    project: Project,
    conn: Connection,
    rows: Sequence[DecisionRow],
    names: Mapping[str, str],
    rejected: list[UnreadableEntry],
) -> list[tuple[DecisionRow, NewDecision]]:
    """The lines whose record and stage are found; the others go to rejected."""
    index = _RecordIndex(links.list_groups(conn), _index_titles(conn, rows))
    first_stage = project.protocol.stages[0].id
    matches = []
    for row in rows:
        who = names.get(row.reviewer or "", row.reviewer)
        try:
            stage = find_stage(project.protocol, row.stage or first_stage).id
        except ReviewError as error:
            rejected.append(_reject_row(row, str(error)))
            continue
        new_decision = _match_decision(
            conn, index, dataclasses.replace(row, stage=stage, reviewer=who)
        )
        if isinstance(new_decision, str):
            rejected.append(_reject_row(row, new_decision))
        else:
            matches.append((row, new_decision))
    return matches


def _match_decision(conn: Connection, index: _RecordIndex, row: DecisionRow) -> NewDecision | str:
    """The decision with its record found, or why there is none."""
    numbers = _find_by_key(conn, row.key) if row.key else _find_by_entry(conn, index, row.entry)
    if isinstance(numbers, str):
        return numbers
    if row.key and not numbers:
        return f"no record {row.key!r} in this review"
    if not numbers:
        return "no record of this review has its DOI, PMID or title"
    reports = {index.groups.get(n, (n, n))[0] for n in numbers}
    if len(reports) > 1:
        keys = ", ".join(format_record_key(n) for n in sorted(numbers)[:5])
        return f"several records match ({keys}): name one by its key"
    return NewDecision(
        numbers[0], row.stage or "", row.reviewer or "", row.verdict, row.reason, row.note, row.role
    )


def _find_by_key(conn: Connection, key: str) -> list[int] | str:
    """Records by our key or by an identifier; bare digits could be either, so they are refused."""
    text = key.strip()
    if text[:1] in "Rr" and text[1:].isdecimal():
        number = parse_record_key(text)
        return [number] if number in records.get_records(conn, [number]) else []
    if text.isdecimal():
        return f"{text!r} may be a key or a PMID: write R{int(text):06d} or pmid:{text}"
    doi = normalize_doi(text)
    pmid = normalize_pmid(text) if text.lower().startswith("pmid") else None
    return records.find_by_identifier(
        conn,
        doi=doi,
        pmid=pmid,
        pmcid=normalize_pmcid(text) if doi is None else None,
        arxiv_id=normalize_arxiv(text),
    )


def _find_by_entry(conn: Connection, index: _RecordIndex, entry: Record | None) -> list[int]:
    """Records by DOI, PMID, PMCID or arXiv id, else by title and, where both tell it, year."""
    if entry is None:
        return []
    numbers = records.find_by_identifier(
        conn, doi=entry.doi, pmid=entry.pmid, pmcid=entry.pmcid, arxiv_id=entry.arxiv_id
    )
    if numbers:
        return numbers
    title_matches = index.titles.get(normalize_text(entry.title), ()) if entry.title else ()
    return [n for n, year in title_matches if None in (year, entry.year) or year == entry.year]


def _filter_changed(
    conn: Connection, matches: list[tuple[DecisionRow, NewDecision]]
) -> list[tuple[DecisionRow, NewDecision]]:
    """The decisions that differ from what the reviewer's newest one says already."""
    newest: dict[tuple[int, str, str, str], Decision | NewDecision] = {}
    for decision in decisions.list_decisions(
        conn, records={new_decision.record for _, new_decision in matches}
    ):
        newest[(decision.record, decision.stage, decision.reviewer, decision.role)] = decision
    changes = []
    for row, new_decision in matches:
        key = (new_decision.record, new_decision.stage, new_decision.reviewer, new_decision.role)
        previous = newest.get(key)
        if _get_content(previous) != _get_content(new_decision):
            changes.append((row, new_decision))
            newest[key] = new_decision
    return changes


def _get_content(
    decision: Decision | NewDecision | None,
) -> tuple[str | None, str | None, str | None]:
    """What a decision says; no decision says the same as a withdrawn one."""
    if decision is None or decision.verdict is None:
        return None, None, None
    return decision.verdict, decision.reason or None, decision.note or None


def _sort_by_stage(
    project: Project, matches: list[tuple[DecisionRow, NewDecision]]
) -> list[tuple[DecisionRow, NewDecision]]:
    """Earlier stages first, reviewers before adjudicators: so that each finds its record there."""
    stage_positions = {
        name: i for i, s in enumerate(project.protocol.stages) for name in (s.id, s.kind)
    }

    def sort_key(pair: tuple[DecisionRow, NewDecision]) -> tuple[int, bool]:
        return stage_positions.get(pair[1].stage, 0), pair[1].role == "adjudicator"

    return sorted(matches, key=sort_key)


def _add_matches(
    project: Project,
    conn: Connection,
    matches: list[tuple[DecisionRow, NewDecision]],
    key: tuple[datetime, str, int | None],
    rejected: list[UnreadableEntry],
) -> int:
    """Adds what can be added and gives its number; a part that is refused is halved until the bad
    lines stand alone."""
    if not matches:
        return 0
    at, who, batch = key
    try:
        add_decisions(
            project, conn, [new_decision for _, new_decision in matches], at, who=who, batch=batch
        )
    except ReviewError as error:
        if len(matches) == 1:
            rejected.append(_reject_row(matches[0][0], str(error)))
            return 0
        half = len(matches) // 2
        return _add_matches(project, conn, matches[:half], key, rejected) + _add_matches(
            project, conn, matches[half:], key, rejected
        )
    return len(matches)
