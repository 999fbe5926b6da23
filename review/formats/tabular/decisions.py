"""Reads files of screening decisions: our own layout, plain tables, Rayyan, Covidence, ASReview.

Every line of the file comes out once: as decisions, as not yet decided, or as rejected by line.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from review.errors import SourceError
from review.formats import parse_content, read_content
from review.formats.tabular import columns, grid
from review.formats.tabular.decision_objects import find_decision_objects
from review.formats.tabular.decision_words import (
    RetrievalState,
    fold_words,
    is_undecided,
    is_verdict_cell,
    is_withdrawal,
    parse_retrieval,
    parse_role,
    parse_verdict,
)
from review.formats.tabular.rows import build_record
from review.models import Record, Role, UnreadableEntry, Verdict

_COLUMNS = {
    "key": ("record", "key", "recordkey", "recordid", "reviewkey", "id"),
    "stage": ("stage", "phase", "screeningstage", "screeningphase", "level"),
    "reviewer": (
        "reviewer",
        "reviewername",
        "screener",
        "screenername",
        "screenedby",
        "reviewedby",
        "decidedby",
        "rater",
        "user",
        "username",
        "who",
        "asreviewusername",
    ),
    "role": ("role", "reviewerrole"),
    "verdict": ("verdict", "decision", "vote", "judgement", "judgment", "screeningdecision"),
    "reason": (
        "reason",
        "exclusionreason",
        "reasonforexclusion",
        "reasons",
        "exclusionreasons",
        "reasonsforexclusion",
        "reasonexcluded",
        "reasonofexclusion",
        "whyexcluded",
        "excludereason",
    ),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks"),
}
_FIELD_BY_COLUMN = {name: field for field, names in _COLUMNS.items() for name in names}
_LABEL_COLUMNS = ("asreviewlabel", "included", "label", "labelincluded", "finallabel", "relevant")
"""Columns of ASReview that hold 1, 0 or -1, the surest first."""

_ASREVIEW_ONLY = ("asreviewlabel", "labelincluded")
"""Columns that nobody but ASReview writes."""
_ASREVIEW_WORDS = frozenset(("", "1", "0", "-1", "1.0", "0.0", "-1.0", "nan", "none"))
_STATED_LINE = re.compile(r"line (\d+): ")
_TELLING_NAME = re.compile(
    r"includ|inclus|decision|verdict|\bvotes?\b|screen|eligib|relevan|label|judge?ment|status|"
    r"outcome|consensus|accept|\bkeep\b|retriev",
    re.I,
)
"""Names of columns that may hold verdicts, if their cells do."""
_OTHER_NAME = re.compile(r"reason|note|comment|date|time|\bby\b|number|count|\bid\b", re.I)
_STAGE_IN_NAME = (
    (re.compile(r"full[\W_]*text|\bft\b", re.I), "eligibility"),
    (re.compile(r"title|abstract|\bti[\W_]*ab\b|\bta\b|\btiab\b", re.I), "screening"),
)
_NUMBERED_REVIEWER = re.compile(
    r"\b((?:reviewer|screener|rater|reader|assessor)[\s_.-]*(?:[0-9]+|[a-d]))\b", re.I
)
_CONSENSUS_NAME = re.compile(r"consensus|adjudicat|resol|final|agreed", re.I)
MAX_NAME = 60
"""A longer cell is no name of a column (characters)."""
VERDICT_SHARE = 0.8
"""So many of a column's filled cells must be verdicts for it to be one of verdicts."""

_RAYYAN = re.compile(r"RAYYAN-INCLUSION:\s*\{(.*?)\}", re.S)
_PAIR = re.compile(r'"([^"]*)"\s*=>\s*"([^"]*)"')
_REASONS = re.compile(r"RAYYAN-EXCLUSION-REASONS:\s*([^|]*)")
_USER_NOTES = re.compile(r'"([^"]*)"\s*=>\s*\[([^\]]*)\]')
_ASREVIEW_NOTE = re.compile(r"ASReview_(relevant|irrelevant|not_seen)")
_COVIDENCE_REASON = re.compile(r"Exclusion reason:\s*([^;|\n]+)", re.I)
_OUR_KEY = re.compile(r"REVIEW: key (R\d+)|\breview: key\b.*?(R\d+)")

NO_VERDICT_MESSAGE = (
    "no column contains decisions. Accepted: the columns record, stage, reviewer, verdict, reason"
    " and note, a table with a column such as Decision or Included, or an export from Rayyan,"
    " Covidence or ASReview."
)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One person's verdict on one record, as a line of the file states it."""

    line: int
    """Line of a table, or number of the entry in a RIS file."""
    key: str | None
    """What the file calls the record: a key, DOI, PMID; None where only the entry names it."""
    entry: Record | None
    """What the line says of the record, where it holds title or identifiers."""
    stage: str | None
    reviewer: str | None
    verdict: Verdict | None
    """None withdraws the decision made before."""
    reason: str | None = None
    note: str | None = None
    role: Role = "reviewer"
    retrieval: RetrievalState | None = None
    """Not a verdict but whether the full text could be had; `verdict` is then None."""
    withdraws: bool = False
    """The line says that the decision made before is taken back."""
    lacks_stage: bool = False
    """The line leaves the column of stages empty, which others fill."""


@dataclass(frozen=True, slots=True)
class RejectedLine(UnreadableEntry):
    """A line that cannot be entered, or one person's verdict on it."""

    row: DecisionRow | None = None
    """What of it was understood, for the file of corrections."""
    cells: Mapping[str, str] = field(default_factory=dict)
    """What was not, by our columns: the word that is no verdict."""


@dataclass(frozen=True, slots=True)
class _VerdictColumn:
    """A column of verdicts: if its name says so, whose and at which stage."""

    name: str
    key: str
    stage: str | None = None
    reviewer: str | None = None
    is_consensus: bool = False


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """What a file of decisions holds. Lines = rows' lines + undecided + rejected."""

    kind: str
    """funnel (our own columns), table, rayyan, covidence or asreview."""
    rows: tuple[DecisionRow, ...]
    undecided: tuple[int, ...]
    """Lines that name a record without a verdict."""
    rejected: tuple[RejectedLine, ...]


@dataclass(frozen=True, slots=True)
class DecisionDefaults:
    """What the person says where the file is silent."""

    stage: str | None = None
    reviewer: str | None = None
    verdict: Verdict | None = None


_FileLine = tuple[int, list[tuple[str, str, str]], str]
"""Line, (column, compared name, cell) of the filled cells, all text of the line."""


def read_decisions(
    file: Path | bytes,
    defaults: DecisionDefaults | None = None,
    *,
    sheet: str | None = None,
    reviewers: Sequence[str] = (),
) -> DecisionFile:
    """The decisions in a file.

    Args:
        file: CSV, TSV, XLSX, JSON objects with the same names, or RIS as Rayyan and ASReview
            write it.
        defaults: stage, reviewer and verdict for lines that do not say: Covidence exports one
            file per outcome, ASReview names no reviewer.
        reviewers: names of people, so that a column that bears one is known as theirs.

    Raises:
        SourceError: the file cannot be read, holds no decisions, or several of its columns may
            hold them.
    """
    defaults = defaults or DecisionDefaults()
    name = "the file" if isinstance(file, bytes) else file.name
    data, kind = read_content(file, name)
    unreadable: list[UnreadableEntry] = []
    header: list[str] = []
    if kind in ("csv", "xlsx"):
        table, _ = grid.read_table(
            data,
            partial(_score_header, reviewers),
            name=name,
            requirement=NO_VERDICT_MESSAGE,
            sheet=sheet,
            fills_merged=True,
        )
        header = table.header
        lines = list(_iter_table_lines(table, unreadable))
    elif objects := find_decision_objects(data, kind, name):
        header = list(objects.header)
        lines = [_to_line(number, row) for number, row in objects.rows]
        unreadable.extend(objects.rejected)
    else:
        parsed = parse_content(data, kind, name)
        unreadable.extend(parsed.rejected)
        lines = list(_iter_entry_lines(parsed.records))
    rejected = [_reject_unreadable(entry) for entry in unreadable]
    names = {columns.normalize_name(cell) for cell in header}
    tool = _detect_tool(names, lines)
    verdict_columns: tuple[_VerdictColumn, ...] = ()
    label = None
    if tool is None or tool == "asreview":
        label = _find_asreview_label(names, lines)
        tool = "asreview" if label or tool else None
    if tool is None:
        verdict_columns = _find_verdict_columns(name, header, lines, reviewers)
        tool = _name_table(names) if verdict_columns else None
    if tool is None:
        is_covidence = "covidence" in names or defaults.verdict
        tool = "covidence" if is_covidence else None
    if tool is None:
        raise SourceError(f"{name}: {NO_VERDICT_MESSAGE}")
    rows: list[DecisionRow] = []
    undecided: list[int] = []
    for line in lines:
        outcomes = _parse_line(tool, line, defaults, (label, verdict_columns))
        rows.extend(outcome for outcome in outcomes if not isinstance(outcome, RejectedLine))
        rejected.extend(outcome for outcome in outcomes if isinstance(outcome, RejectedLine))
        if not outcomes:
            undecided.append(line[0])
    if any(_FIELD_BY_COLUMN.get(key) == "stage" for _, pairs, _ in lines for _, key, _ in pairs):
        rows = [replace(row, lacks_stage=not row.stage) for row in rows]
    return DecisionFile(tool, tuple(rows), tuple(undecided), tuple(rejected))


def _reject_unreadable(entry: UnreadableEntry) -> RejectedLine:
    """A line that the reader of the format could not take apart; it may name the line itself."""
    stated = _STATED_LINE.match(entry.reason)
    number = int(stated.group(1)) if stated else entry.number
    reason = entry.reason if stated else f"line {number}: {entry.reason}"
    return RejectedLine(number, reason, entry.raw)


def _name_table(names: set[str]) -> str:
    return "funnel" if names & {"record", "key", "recordkey", "reviewkey"} else "table"


def _score_header(reviewers: Sequence[str], row: list[str]) -> int:
    """A header has a verdict or label, or is a list of references that may hold notes."""
    names = {columns.normalize_name(cell) for cell in row}
    own_columns = sum(name in _FIELD_BY_COLUMN for name in names)
    labels = names & set(_LABEL_COLUMNS)
    telling = sum(
        len(cell) < MAX_NAME and bool(_TELLING_NAME.search(cell) or _find_reviewer(cell, reviewers))
        for cell in row
    )
    if not ("verdict" in {_FIELD_BY_COLUMN.get(n) for n in names} or labels or telling):
        return columns.score_header(row)
    known = columns.count_known(row)
    return own_columns + len(labels) + telling + known + 1 if own_columns + known else 0


def _iter_table_lines(
    table: grid.InputTable, rejected: list[UnreadableEntry]
) -> Iterator[_FileLine]:
    keys = [columns.normalize_name(name) for name in table.header]
    for row in table.rows:
        if isinstance(row, UnreadableEntry):
            rejected.append(row)
            continue
        cells = zip(table.header, keys, row[1], strict=False)
        pairs = [(name, k, _strip_guard(cell.strip())) for name, k, cell in cells if cell.strip()]
        yield row[0], pairs, " | ".join(cell for _, _, cell in pairs)


def _to_line(number: int, row: Mapping[str, str]) -> _FileLine:
    """An object of a JSON file as if it were the line of a table; its number counts from 1."""
    pairs = [(name, columns.normalize_name(name), cell) for name, cell in row.items() if cell]
    return number, pairs, " | ".join(cell for _, _, cell in pairs)


def _strip_guard(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _iter_entry_lines(records: Iterable[Record]) -> Iterator[_FileLine]:
    """Entries of a RIS file, as if they were lines: title, identifiers and all notes."""
    for number, record in enumerate(records, 1):
        text = " | ".join(v for values in record.extra.values() for v in values)
        cells = {
            "Title": record.title,
            "DOI": record.doi,
            "PMID": record.pmid,
            "Year": str(record.year or ""),
            "Authors": "; ".join(record.authors),
        }
        pairs = [
            (name, columns.normalize_name(name), value) for name, value in cells.items() if value
        ]
        yield number, [*pairs, ("Notes", "notes", text)], " | ".join([*record.keywords, text])


def _detect_tool(names: set[str], lines: list[_FileLine]) -> str | None:
    """Which program wrote the file, by its notes and own columns; None for a plain table."""
    if any(_FIELD_BY_COLUMN.get(name) == "verdict" for name in names):
        return None
    if any("RAYYAN-INCLUSION" in text for _, _, text in lines):
        return "rayyan"
    if names & set(_ASREVIEW_ONLY) or any(_ASREVIEW_NOTE.search(text) for _, _, text in lines):
        return "asreview"
    if any(_COVIDENCE_REASON.search(text) for _, _, text in lines):
        return "covidence"
    return None


def _find_asreview_label(names: set[str], lines: list[_FileLine]) -> str | None:
    """The column of ASReview's labels: one of its own, or `included` and the like, if it holds
    nothing but 1, 0 and -1 and no column names reviewers or verdicts."""
    label = next((name for name in _LABEL_COLUMNS if name in names), None)
    if label is None or label in _ASREVIEW_ONLY:
        return label
    if {_FIELD_BY_COLUMN.get(name) for name in names} & {"verdict", "reviewer"}:
        return None
    cells = {cell.lower() for _, pairs, _ in lines for _, key, cell in pairs if key == label}
    return label if cells <= _ASREVIEW_WORDS else None


def _find_verdict_columns(
    name: str, header: Sequence[str], lines: list[_FileLine], reviewers: Sequence[str]
) -> tuple[_VerdictColumn, ...]:
    """The columns of a plain table that hold verdicts: the one named so, else those whose name and
    cells both tell of it; several only where stage or reviewer part them.

    Raises:
        SourceError: several columns may be the one; names them.
    """
    named = [
        cell for cell in header if _FIELD_BY_COLUMN.get(columns.normalize_name(cell)) == "verdict"
    ]
    if len(named) == 1:
        chosen = _VerdictColumn(named[0], columns.normalize_name(named[0]))
        _refuse_contradicting_columns(name, header, lines, chosen)
        return (chosen,)
    candidates = named or [cell for cell in header if _may_hold_verdicts(cell, lines, reviewers)]
    verdict_columns = [_describe_verdict_column(cell, reviewers) for cell in candidates]
    if any(column.reviewer for column in verdict_columns):
        verdict_columns = [
            replace(
                column,
                is_consensus=column.reviewer is None and bool(_CONSENSUS_NAME.search(column.name)),
            )
            for column in verdict_columns
        ]
    counts = Counter(
        (column.stage, column.reviewer, column.is_consensus) for column in verdict_columns
    )
    if len(verdict_columns) > 1 and max(counts.values()) > 1:
        listing = ", ".join(repr(column.name) for column in verdict_columns)
        raise SourceError(
            f"{name}: several columns may hold the verdicts ({listing}). Name the right one "
            "'verdict', or put the reviewer's name or the stage into the name of each."
        )
    return tuple(verdict_columns)


def _refuse_contradicting_columns(
    name: str, header: Sequence[str], lines: list[_FileLine], chosen: _VerdictColumn
) -> None:
    """Refuses a table in which another column states another verdict on the same record.

    A column may differ if it is somebody else's, another stage's or the consensus, or if the table
    has a line for each reviewer. A column named 'verdict' is the one that counts.

    Raises:
        SourceError: names the columns and the first line.
    """
    keys = {columns.normalize_name(cell) for cell in header}
    if chosen.key == "verdict" or any(_FIELD_BY_COLUMN.get(key) == "reviewer" for key in keys):
        return
    for cell in header:
        other = _describe_verdict_column(cell, ())
        if other.stage or other.reviewer or _CONSENSUS_NAME.search(cell):
            continue
        if not _may_hold_verdicts(cell, lines, ()):
            continue
        for number, pairs, _ in lines:
            cells = {key: text for _, key, text in pairs}
            texts = [cells.get(chosen.key, ""), cells.get(other.key, "")]
            if any(map(is_undecided, texts)) or not all(map(is_verdict_cell, texts)):
                continue
            if len({parse_verdict(text) for text in texts}) > 1:
                raise SourceError(
                    f"{name}: the columns {chosen.name!r} and {cell!r} contradict each other (line "
                    f"{number}: {texts[0]!r} and {texts[1]!r}). Name the right one 'verdict', or "
                    "put the reviewer's name or the stage into the name of each."
                )


def _may_hold_verdicts(name: str, lines: list[_FileLine], reviewers: Sequence[str]) -> bool:
    key = columns.normalize_name(name)
    is_telling = _TELLING_NAME.search(name) or _find_reviewer(name, reviewers)
    if not is_telling or _OTHER_NAME.search(name) or key in _FIELD_BY_COLUMN:
        return False
    cells = [cell for _, pairs, _ in lines for _, column, cell in pairs if column == key]
    decided = [cell for cell in cells if not is_undecided(cell)]
    verdict_count = sum(is_verdict_cell(cell) for cell in decided)
    return bool(decided) and verdict_count >= VERDICT_SHARE * len(decided)


def _describe_verdict_column(name: str, reviewers: Sequence[str]) -> _VerdictColumn:
    stage = next((kind for pattern, kind in _STAGE_IN_NAME if pattern.search(name)), None)
    return _VerdictColumn(
        name, columns.normalize_name(name), stage, _find_reviewer(name, reviewers)
    )


def _find_reviewer(column_name: str, reviewers: Sequence[str]) -> str | None:
    """The person a column's name bears: one of the names given, or 'Reviewer 1'."""
    folded = f" {fold_words(column_name)} "
    for reviewer in sorted(reviewers, key=len, reverse=True):
        if f" {fold_words(reviewer)} " in folded:
            return reviewer
    match = _NUMBERED_REVIEWER.search(column_name.replace("_", " "))
    return match.group(1) if match else None


_LineOutcomes = Sequence[DecisionRow | RejectedLine]


def _parse_line(
    tool: str,
    line: _FileLine,
    defaults: DecisionDefaults,
    layout: tuple[str | None, tuple[_VerdictColumn, ...]],
) -> _LineOutcomes:
    """The decisions of one line, and what of it cannot be entered; empty where it is not decided
    yet."""
    label, verdict_columns = layout
    number, pairs, text = line
    cells = {k: cell for _, k, cell in reversed(pairs)}
    values = {
        our_name: cells[name]
        for name, our_name in reversed(_FIELD_BY_COLUMN.items())
        if name in cells
    }
    if verdict_columns:
        return _parse_plain_line(line, cells, values, defaults, verdict_columns)
    key_match = _OUR_KEY.search(text)
    entry = build_record([pair for pair in pairs if pair[1] not in ("notes", "note")])
    base = DecisionRow(
        line=number,
        key=key_match.group(1) or key_match.group(2) if key_match else None,
        entry=entry,
        stage=values.get("stage") or defaults.stage,
        reviewer=defaults.reviewer
        if tool == "rayyan"
        else values.get("reviewer") or defaults.reviewer,
        verdict=None,
    )
    if tool == "rayyan":
        outcome = _parse_rayyan_line(base, text)
    elif tool == "asreview":
        outcome = _parse_asreview_line(base, cells, label, text)
    else:
        outcome = _parse_covidence_line(base, text, values, defaults)
    if isinstance(outcome, str):
        return [RejectedLine(number, f"line {number}: {outcome}", text, row=base)]
    return outcome


def _parse_plain_line(
    line: _FileLine,
    cells: dict[str, str],
    values: dict[str, str],
    defaults: DecisionDefaults,
    verdict_columns: tuple[_VerdictColumn, ...],
) -> _LineOutcomes:
    """One outcome a filled column of verdicts; a consensus counts only where reviewers differ."""
    number, pairs, text = line
    column_keys = {column.key for column in verdict_columns}
    entry = build_record(
        [pair for pair in pairs if pair[1] not in _FIELD_BY_COLUMN and pair[1] not in column_keys]
    )
    has_entry = bool(entry.title or entry.doi or entry.pmid or entry.pmcid or entry.arxiv_id)
    base = DecisionRow(
        line=number,
        key=values.get("key"),
        entry=entry if has_entry else None,
        stage=values.get("stage") or defaults.stage,
        reviewer=values.get("reviewer") or defaults.reviewer,
        verdict=None,
        reason=values.get("reason"),
        note=values.get("note"),
    )
    outcomes: list[DecisionRow | RejectedLine] = []
    for column in verdict_columns:
        if column.is_consensus and len({_get_verdict(outcome) for outcome in outcomes}) < 2:
            continue
        outcome = _parse_plain_cell(
            replace(
                base,
                stage=column.stage or base.stage,
                reviewer=column.reviewer or base.reviewer,
                role="adjudicator" if column.is_consensus else base.role,
            ),
            cells.get(column.key, ""),
            values.get("role", ""),
            defaults,
        )
        if isinstance(outcome, str):
            stated = replace(
                base,
                stage=column.stage or base.stage,
                reviewer=column.reviewer or base.reviewer,
            )
            words = {"verdict": cells.get(column.key, ""), "role": values.get("role", "")}
            reason = f"line {number}: {outcome}"
            outcomes.append(RejectedLine(number, reason, text, row=stated, cells=words))
        elif outcome is not None:
            outcomes.append(outcome)
    return outcomes


def _get_verdict(outcome: DecisionRow | RejectedLine) -> Verdict | None:
    return outcome.verdict if isinstance(outcome, DecisionRow) else None


def _parse_plain_cell(
    base: DecisionRow, verdict_text: str, role_text: str, defaults: DecisionDefaults
) -> DecisionRow | str | None:
    """The decision a cell states; None where it is not decided yet, or what is wrong with it."""
    if is_undecided(verdict_text) and (verdict_text or defaults.verdict is None):
        return None
    verdict = parse_verdict(verdict_text) if verdict_text else defaults.verdict
    retrieval = parse_retrieval(verdict_text) if verdict is None else None
    if verdict is None and retrieval is None and not is_withdrawal(verdict_text):
        return (
            f"{verdict_text!r} is not a valid decision; expected include, exclude, unsure, not "
            "retrieved or withdraw"
        )
    role = parse_role(role_text) if role_text else base.role
    if role is None:
        return f"{role_text!r} is not a role; expected reviewer, adjudicator or automation"
    if base.key is None and base.entry is None:
        return "no record given; expected a record number (R000001), DOI, PMID or title"
    if not base.reviewer:
        return "no reviewer given; expected a reviewer column, or say whose it is with --reviewer"
    return replace(
        base,
        verdict=verdict,
        retrieval=retrieval,
        role=role,
        withdraws=verdict is None and retrieval is None,
    )


def _add_verdict(
    base: DecisionRow, reviewer: str, verdict: Verdict, **details: str | None
) -> DecisionRow:
    return DecisionRow(
        line=base.line,
        key=base.key,
        entry=base.entry,
        stage=base.stage,
        reviewer=reviewer,
        verdict=verdict,
        reason=details.get("reason"),
        note=details.get("note"),
    )


def _parse_rayyan_line(base: DecisionRow, text: str) -> list[DecisionRow] | str:
    """One row per reviewer. Rayyan keeps reasons by record: they go to everybody who excluded it,
    the first as the reason, the others in the note."""
    inclusion_match = _RAYYAN.search(text)
    if not inclusion_match:
        return [] if "RAYYAN-INCLUSION" not in text else "the RAYYAN-INCLUSION note is damaged"
    reasons_text = _REASONS.search(text)
    reasons = [r.strip() for r in (reasons_text.group(1) if reasons_text else "").split(",")]
    reasons = [reason for reason in reasons if reason]
    notes = {
        reviewer: note_text.replace('"', "").strip()
        for reviewer, note_text in _USER_NOTES.findall(text)
    }
    rows = []
    for reviewer, verdict_text in _PAIR.findall(inclusion_match.group(1)):
        verdict = parse_verdict(verdict_text)
        if verdict is None:
            return (
                f"{verdict_text!r} is not a Rayyan decision; expected Included, Excluded or Maybe"
            )
        exclusion_reasons = reasons if verdict == "exclude" else []
        note = "; ".join(
            [
                *(
                    [f"also: {', '.join(exclusion_reasons[1:])}"]
                    if len(exclusion_reasons) > 1
                    else []
                ),
                *([notes[reviewer]] if reviewer in notes else []),
            ]
        )
        rows.append(
            _add_verdict(
                base,
                reviewer,
                verdict,
                reason=exclusion_reasons[0] if exclusion_reasons else None,
                note=note or None,
            )
        )
    return rows


def _parse_asreview_line(
    base: DecisionRow, cells: dict[str, str], label: str | None, text: str
) -> list[DecisionRow] | str:
    """ASReview says 1, 0, or -1 (or nothing) for what has not been seen; it names no reviewer.

    Only the surest label column is asked: `included` beside `asreview_label` is what the data set
    said before anybody screened it.
    """
    label_text = cells.get(label, "") if label else ""
    note_match = _ASREVIEW_NOTE.search(text)
    if not label_text and note_match:
        label_text = {"relevant": "1", "irrelevant": "0"}.get(note_match.group(1), "")
    label_text = label_text.removesuffix(".0").strip().lower()
    if label_text in ("", "-1", "nan", "none"):
        return []
    verdict = parse_verdict(label_text)
    if verdict is None or verdict == "unsure":
        return f"{label_text!r} is not an ASReview label; expected 1, 0, -1 or blank"
    if base.reviewer is None:
        return "ASReview does not record the reviewer; give the reviewer with --reviewer"
    comment = cells.get("asreviewnote") or cells.get("exportednotes1")
    return [_add_verdict(base, base.reviewer, verdict, note=comment)]


def _parse_covidence_line(
    base: DecisionRow, text: str, values: dict[str, str], defaults: DecisionDefaults
) -> list[DecisionRow] | str:
    """Covidence exports one list per outcome: the person says which; a reason means excluded."""
    reason_match = _COVIDENCE_REASON.search(text)
    verdict = "exclude" if reason_match else defaults.verdict
    if verdict is None:
        return "no exclusion reason in the notes; give the decision for this list with --verdict"
    if base.reviewer is None:
        return "Covidence does not record the reviewer; give the reviewer with --reviewer"
    reason = reason_match.group(1).strip() if reason_match else values.get("reason")
    return [_add_verdict(base, base.reviewer, verdict, reason=reason)]
