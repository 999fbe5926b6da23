"""Files of screening decisions to rows: our own layout, Rayyan, Covidence and ASReview exports.

Every line of the file comes out once: as decisions, as not yet decided, or as rejected by line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from review.errors import SourceError
from review.formats import parse_content, read_content
from review.formats.tabular import columns, grid
from review.formats.tabular.rows import build_record
from review.models import Record, Role, UnreadableEntry, Verdict

VERDICT_WORDS: dict[str, Verdict] = {
    **dict.fromkeys(
        (
            "include",
            "included",
            "in",
            "yes",
            "y",
            "1",
            "true",
            "relevant",
            "accept",
            "accepted",
            "eligible",
            "keep",
        ),
        "include",
    ),
    **dict.fromkeys(
        (
            "exclude",
            "excluded",
            "out",
            "no",
            "n",
            "0",
            "false",
            "irrelevant",
            "reject",
            "rejected",
            "ineligible",
            "not relevant",
        ),
        "exclude",
    ),
    **dict.fromkeys(
        ("unsure", "maybe", "?", "unclear", "uncertain", "awaiting classification"), "unsure"
    ),
}
"""Words for a verdict, in small letters."""

WITHDRAWAL_WORDS = ("withdraw", "withdrawn", "undo")

_COLUMNS = {
    "key": ("record", "key", "recordkey", "recordid", "reviewkey", "id"),
    "stage": ("stage", "phase", "screeningstage"),
    "reviewer": ("reviewer", "reviewername", "screener", "user", "username", "who"),
    "role": ("role",),
    "verdict": ("verdict", "decision", "vote", "judgement", "judgment", "screeningdecision"),
    "reason": ("reason", "exclusionreason", "reasonforexclusion", "reasons"),
    "note": ("note", "notes", "comment", "comments"),
}
_FIELD_BY_COLUMN = {name: field for field, names in _COLUMNS.items() for name in names}
_LABEL_COLUMNS = ("asreviewlabel", "included", "label", "labelincluded", "finallabel", "relevant")
"""Columns of ASReview that hold 1, 0 or -1, the surest first."""

_ROLES: dict[str, Role] = {
    "reviewer": "reviewer",
    "adjudicator": "adjudicator",
    "automation": "automation",
}
_RAYYAN = re.compile(r"RAYYAN-INCLUSION:\s*\{(.*?)\}", re.S)
_PAIR = re.compile(r'"([^"]*)"\s*=>\s*"([^"]*)"')
_REASONS = re.compile(r"RAYYAN-EXCLUSION-REASONS:\s*([^|]*)")
_USER_NOTES = re.compile(r'"([^"]*)"\s*=>\s*\[([^\]]*)\]')
_ASREVIEW_NOTE = re.compile(r"ASReview_(relevant|irrelevant|not_seen)")
_COVIDENCE_REASON = re.compile(r"Exclusion reason:\s*([^;|\n]+)", re.I)
_OUR_KEY = re.compile(r"REVIEW: key (R\d+)|\breview: key\b.*?(R\d+)")

NO_VERDICT_MESSAGE = (
    "no column holds verdicts. Accepted: our own columns (record, stage, reviewer, verdict, reason,"
    " note), or an export of Rayyan, Covidence or ASReview."
)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One person's verdict on one record, as a line of the file states it."""

    line: int
    """Line of a table, or number of the entry in a RIS file."""
    key: str | None
    """What the file calls the record: a key, DOI, PMID; None where only the entry tells."""
    entry: Record | None
    """What the line says of the record, where it holds title or identifiers."""
    stage: str | None
    reviewer: str | None
    verdict: Verdict | None
    """None withdraws the decision made before."""
    reason: str | None = None
    note: str | None = None
    role: Role = "reviewer"


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """What a file of decisions holds. Lines = rows' lines + undecided + rejected."""

    kind: str
    """funnel, rayyan, covidence or asreview."""
    rows: tuple[DecisionRow, ...]
    undecided: tuple[int, ...]
    """Lines that name a record without a verdict."""
    rejected: tuple[UnreadableEntry, ...]


@dataclass(frozen=True, slots=True)
class DecisionDefaults:
    """What the person says where the file is silent."""

    stage: str | None = None
    reviewer: str | None = None
    verdict: Verdict | None = None


_FileLine = tuple[int, list[tuple[str, str, str]], str]
"""Line, (column, compared name, cell) of the filled cells, all text of the line."""


def read_decisions(
    file: Path | bytes, defaults: DecisionDefaults | None = None, *, sheet: str | None = None
) -> DecisionFile:
    """The decisions in a file.

    Args:
        file: CSV, TSV, XLSX, or RIS as Rayyan and ASReview write it.
        given: stage, reviewer and verdict for lines that do not tell: Covidence exports one file
            per outcome, ASReview names no reviewer.

    Raises:
        SourceError: the file cannot be read or holds no decisions.
    """
    defaults = defaults or DecisionDefaults()
    name = "the file" if isinstance(file, bytes) else file.name
    data, kind = read_content(file, name)
    rejected: list[UnreadableEntry] = []
    if kind in ("csv", "xlsx"):
        table, _ = grid.read_table(
            data, _score_header, name=name, requirement=NO_VERDICT_MESSAGE, sheet=sheet
        )
        header = {columns.normalize_name(cell) for cell in table.header}
        lines = list(_iter_table_lines(table, rejected))
    else:
        parsed = parse_content(data, kind, name)
        rejected.extend(parsed.rejected)
        header = set()
        lines = list(_iter_entry_lines(parsed.records))
    tool = _detect_tool(header, lines, defaults)
    if tool is None:
        raise SourceError(f"{name}: {NO_VERDICT_MESSAGE}")
    label = next((name for name in _LABEL_COLUMNS if name in header), None)
    rows: list[DecisionRow] = []
    undecided: list[int] = []
    for line in lines:
        outcome = _parse_line(tool, line, defaults, label)
        if isinstance(outcome, str):
            rejected.append(UnreadableEntry(line[0], f"line {line[0]}: {outcome}", line[2]))
        elif outcome:
            rows.extend(outcome)
        else:
            undecided.append(line[0])
    return DecisionFile(tool, tuple(rows), tuple(undecided), tuple(rejected))


def _score_header(row: list[str]) -> int:
    """A header has a verdict or label, or is a list of references that may hold notes."""
    names = {columns.normalize_name(cell) for cell in row}
    own_columns = sum(name in _FIELD_BY_COLUMN for name in names)
    labels = names & set(_LABEL_COLUMNS)
    notes = {"notes", "note"} & names and columns.has_title(row)
    if not ({"verdict"} & {_FIELD_BY_COLUMN.get(n) for n in names} or labels or notes):
        return columns.score_header(row)
    return own_columns + len(labels) + columns.count_known(row) + 1


def _iter_table_lines(
    table: grid.InputTable, rejected: list[UnreadableEntry]
) -> Iterator[_FileLine]:
    keys = [columns.normalize_name(name) for name in table.header]
    for row in table.rows:
        if isinstance(row, UnreadableEntry):
            rejected.append(row)
            continue
        cells = zip(table.header, keys, row[1], strict=False)
        pairs = [(name, k, cell.strip()) for name, k, cell in cells if cell.strip()]
        yield row[0], pairs, " | ".join(cell for _, _, cell in pairs)


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


def _detect_tool(
    header: set[str], lines: list[_FileLine], defaults: DecisionDefaults
) -> str | None:
    """Which program wrote the file, by its columns and notes."""
    if any(_FIELD_BY_COLUMN.get(name) == "verdict" for name in header):
        return "funnel"
    if any("RAYYAN-INCLUSION" in text for _, _, text in lines):
        return "rayyan"
    if header & set(_LABEL_COLUMNS) or any(_ASREVIEW_NOTE.search(text) for _, _, text in lines):
        return "asreview"
    if "covidence" in header or any(_COVIDENCE_REASON.search(text) for _, _, text in lines):
        return "covidence"
    return "covidence" if defaults.verdict else None


def _parse_line(
    tool: str, line: _FileLine, defaults: DecisionDefaults, label: str | None
) -> list[DecisionRow] | str:
    """The decisions of one line; [] where it is not decided yet, or what is wrong with it."""
    number, pairs, text = line
    cells = {k: cell for _, k, cell in reversed(pairs)}
    values = {
        field: cells[name] for name, field in reversed(_FIELD_BY_COLUMN.items()) if name in cells
    }
    key_match = _OUR_KEY.search(text)
    if tool == "funnel":
        return _parse_own_line(number, pairs, values, defaults)
    entry = build_record([pair for pair in pairs if pair[1] not in ("notes", "note")])
    base = DecisionRow(
        line=number,
        key=key_match.group(1) or key_match.group(2) if key_match else None,
        entry=entry,
        stage=values.get("stage", defaults.stage),
        reviewer=defaults.reviewer,
        verdict=None,
    )
    if tool == "rayyan":
        return _parse_rayyan_line(base, text)
    if tool == "asreview":
        return _parse_asreview_line(base, cells, label, text)
    return _parse_covidence_line(base, text, values, defaults)


def _parse_own_line(
    number: int,
    pairs: list[tuple[str, str, str]],
    values: dict[str, str],
    defaults: DecisionDefaults,
) -> list[DecisionRow] | str:
    verdict_text = values.get("verdict", "")
    verdict = VERDICT_WORDS.get(verdict_text.lower()) if verdict_text else defaults.verdict
    if not verdict_text and verdict is None:
        return []
    if verdict is None and verdict_text.lower() not in WITHDRAWAL_WORDS:
        return f"{verdict_text!r} is no verdict; expected include, exclude, unsure or withdraw"
    role = _ROLES.get(values.get("role", "reviewer").lower())
    if role is None:
        return f"{values['role']!r} is no role; expected reviewer, adjudicator or automation"
    entry = build_record([pair for pair in pairs if pair[1] not in _FIELD_BY_COLUMN])
    row = DecisionRow(
        line=number,
        key=values.get("key"),
        entry=entry if entry.title or entry.doi or entry.pmid else None,
        stage=values.get("stage") or defaults.stage,
        reviewer=values.get("reviewer") or defaults.reviewer,
        verdict=verdict,
        reason=values.get("reason"),
        note=values.get("note"),
        role=role,
    )
    if row.key is None and row.entry is None:
        return "no record named; expected a key (R000001), DOI, PMID or title"
    return [row] if row.reviewer else "no reviewer named; expected a reviewer column"


def _add_verdict(
    base: DecisionRow, reviewer: str, verdict: Verdict, **details: str | None
) -> DecisionRow:
    return DecisionRow(
        base.line,
        base.key,
        base.entry,
        base.stage,
        reviewer,
        verdict,
        details.get("reason"),
        details.get("note"),
    )


def _parse_rayyan_line(base: DecisionRow, text: str) -> list[DecisionRow] | str:
    """One row a reviewer. Rayyan keeps reasons by record: they go to everybody who excluded it,
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
        verdict = VERDICT_WORDS.get(verdict_text.strip().lower())
        if verdict is None:
            return f"{verdict_text!r} is no Rayyan verdict; expected Included, Excluded or Maybe"
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
    verdict = VERDICT_WORDS.get(label_text)
    if verdict is None or verdict == "unsure":
        return f"{label_text!r} is no ASReview label; expected 1, 0, -1 or nothing"
    if base.reviewer is None:
        return "ASReview names no reviewer; say who it was with --reviewer"
    comment = cells.get("asreviewnote") or cells.get("exportednotes1")
    return [_add_verdict(base, base.reviewer, verdict, note=comment)]


def _parse_covidence_line(
    base: DecisionRow, text: str, values: dict[str, str], defaults: DecisionDefaults
) -> list[DecisionRow] | str:
    """Covidence exports one list per outcome: the person says which; a reason means excluded."""
    reason_match = _COVIDENCE_REASON.search(text)
    verdict = "exclude" if reason_match else defaults.verdict
    if verdict is None:
        return "no exclusion reason in the notes; say which list this is with --verdict"
    if base.reviewer is None:
        return "Covidence names no reviewer; say whose decisions these are with --reviewer"
    reason = reason_match.group(1).strip() if reason_match else values.get("reason")
    return [_add_verdict(base, base.reviewer, verdict, reason=reason)]
