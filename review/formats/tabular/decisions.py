"""Files of screening decisions to rows: our own layout, Rayyan, Covidence and ASReview exports.

Every line of the file comes out once: as decisions, as not yet decided, or as rejected by line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from review.errors import SourceError
from review.formats import content_of, read_data
from review.formats.tabular import columns, grid
from review.formats.tabular.rows import record_of
from review.models import Record, Rejected, Role, Verdict

WORDS: dict[str, Verdict] = {
    **dict.fromkeys(("include", "included", "in", "yes", "y", "1", "true", "relevant", "accept",
                     "accepted", "eligible", "keep"), "include"),
    **dict.fromkeys(("exclude", "excluded", "out", "no", "n", "0", "false", "irrelevant", "reject",
                     "rejected", "ineligible", "not relevant"), "exclude"),
    **dict.fromkeys(("unsure", "maybe", "?", "unclear", "uncertain", "awaiting classification"),
                    "unsure"),
}  # fmt: skip
"""Words for a verdict, in small letters."""

WITHDRAW = ("withdraw", "withdrawn", "undo")

_COLUMNS = {
    "key": ("record", "key", "recordkey", "recordid", "reviewkey", "id"),
    "stage": ("stage", "phase", "screeningstage"),
    "reviewer": ("reviewer", "reviewername", "screener", "user", "username", "who"),
    "role": ("role",),
    "verdict": ("verdict", "decision", "vote", "judgement", "judgment", "screeningdecision"),
    "reason": ("reason", "exclusionreason", "reasonforexclusion", "reasons"),
    "note": ("note", "notes", "comment", "comments"),
}
_FIELD = {name: field for field, names in _COLUMNS.items() for name in names}
_LABELS = ("asreviewlabel", "included", "label", "labelincluded", "finallabel", "relevant")
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

WANTED = (
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
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What the person says where the file is silent."""

    stage: str | None = None
    reviewer: str | None = None
    verdict: Verdict | None = None


_Line = tuple[int, list[tuple[str, str, str]], str]
"""Line, (column, compared name, cell) of the filled cells, all text of the line."""


def read_decisions(file: Path | bytes, given: Given | None = None) -> DecisionFile:
    """The decisions in a file.

    Args:
        file: CSV, TSV, XLSX, or RIS as Rayyan and ASReview write it.
        given: stage, reviewer and verdict for lines that do not tell: Covidence exports one file
            per outcome, ASReview names no reviewer.

    Raises:
        SourceError: the file cannot be read or holds no decisions.
    """
    given = given or Given()
    name = "the file" if isinstance(file, bytes) else file.name
    data, kind = content_of(file, name)
    rejected: list[Rejected] = []
    if kind in ("csv", "xlsx"):
        tables = grid.grids(data, _as_header, name=name, wanted=WANTED)
        header = {columns.key(cell) for table in tables for cell in table.header}
        lines = list(_table_lines(tables, rejected))
    else:
        parsed = read_data(data, kind, name)
        rejected.extend(parsed.rejected)
        header = set()
        lines = list(_entry_lines(parsed.records))
    tool = _tool(header, lines, given)
    if tool is None:
        raise SourceError(f"{name}: {WANTED}")
    label = next((name for name in _LABELS if name in header), None)
    rows: list[DecisionRow] = []
    undecided: list[int] = []
    for line in lines:
        found = _tool_rows(tool, line, given, label)
        if isinstance(found, str):
            rejected.append(Rejected(line[0], f"line {line[0]}: {found}", line[2]))
        elif found:
            rows.extend(found)
        else:
            undecided.append(line[0])
    return DecisionFile(tool, tuple(rows), tuple(undecided), tuple(rejected))


def _as_header(row: list[str]) -> int:
    """A header has a verdict or label, or is a list of references that may hold notes."""
    names = {columns.key(cell) for cell in row}
    own = sum(name in _FIELD for name in names)
    labels = names & set(_LABELS)
    notes = {"notes", "note"} & names and columns.has_title(row)
    if not ({"verdict"} & {_FIELD.get(n) for n in names} or labels or notes):
        return columns.as_header(row)
    return own + len(labels) + columns.known(row) + 1


def _table_lines(tables: list[grid.Grid], rejected: list[Rejected]) -> Iterator[_Line]:
    for table in tables:
        keys = [columns.key(name) for name in table.header]
        for row in table.rows:
            if isinstance(row, Rejected):
                rejected.append(row)
                continue
            cells = zip(table.header, keys, row[1], strict=False)
            pairs = [(name, k, cell.strip()) for name, k, cell in cells if cell.strip()]
            yield row[0], pairs, " | ".join(cell for _, _, cell in pairs)


def _entry_lines(records: Iterable[Record]) -> Iterator[_Line]:
    """Entries of a RIS file, as if they were lines: title, identifiers and all notes."""
    for number, record in enumerate(records, 1):
        text = " | ".join(v for values in record.extra.values() for v in values)
        told = {
            "Title": record.title,
            "DOI": record.doi,
            "PMID": record.pmid,
            "Year": str(record.year or ""),
            "Authors": "; ".join(record.authors),
        }
        pairs = [(name, columns.key(name), value) for name, value in told.items() if value]
        yield number, [*pairs, ("Notes", "notes", text)], " | ".join([*record.keywords, text])


def _tool(header: set[str], lines: list[_Line], given: Given) -> str | None:
    """Which program wrote the file, by its columns and notes."""
    if any(_FIELD.get(name) == "verdict" for name in header):
        return "funnel"
    if any("RAYYAN-INCLUSION" in text for _, _, text in lines):
        return "rayyan"
    if header & set(_LABELS) or any(_ASREVIEW_NOTE.search(text) for _, _, text in lines):
        return "asreview"
    if "covidence" in header or any(_COVIDENCE_REASON.search(text) for _, _, text in lines):
        return "covidence"
    return "covidence" if given.verdict else None


def _tool_rows(tool: str, line: _Line, given: Given, label: str | None) -> list[DecisionRow] | str:
    """The decisions of one line; [] where it is not decided yet, or what is wrong with it."""
    number, pairs, text = line
    cells = {k: cell for _, k, cell in reversed(pairs)}
    told = {field: cells[name] for name, field in reversed(_FIELD.items()) if name in cells}
    own_key = _OUR_KEY.search(text)
    if tool == "funnel":
        return _own_row(number, pairs, told, given)
    entry = record_of([pair for pair in pairs if pair[1] not in ("notes", "note")])
    base = DecisionRow(
        line=number,
        key=own_key.group(1) or own_key.group(2) if own_key else None,
        entry=entry,
        stage=told.get("stage", given.stage),
        reviewer=given.reviewer,
        verdict=None,
    )
    if tool == "rayyan":
        return _rayyan_rows(base, text)
    if tool == "asreview":
        return _asreview_rows(base, cells, label, text)
    return _covidence_rows(base, text, told, given)


def _own_row(
    number: int, pairs: list[tuple[str, str, str]], told: dict[str, str], given: Given
) -> list[DecisionRow] | str:
    said = told.get("verdict", "")
    verdict = WORDS.get(said.lower()) if said else given.verdict
    if not said and verdict is None:
        return []
    if verdict is None and said.lower() not in WITHDRAW:
        return f"{said!r} is no verdict; expected include, exclude, unsure or withdraw"
    role = _ROLES.get(told.get("role", "reviewer").lower())
    if role is None:
        return f"{told['role']!r} is no role; expected reviewer, adjudicator or automation"
    entry = record_of([pair for pair in pairs if pair[1] not in _FIELD])
    row = DecisionRow(
        line=number,
        key=told.get("key"),
        entry=entry if entry.title or entry.doi or entry.pmid else None,
        stage=told.get("stage") or given.stage,
        reviewer=told.get("reviewer") or given.reviewer,
        verdict=verdict,
        reason=told.get("reason"),
        note=told.get("note"),
        role=role,
    )
    if row.key is None and row.entry is None:
        return "no record named; expected a key (R000001), DOI, PMID or title"
    return [row] if row.reviewer else "no reviewer named; expected a reviewer column"


def _with(base: DecisionRow, reviewer: str, verdict: Verdict, **more: str | None) -> DecisionRow:
    return DecisionRow(
        base.line, base.key, base.entry, base.stage, reviewer, verdict,
        more.get("reason"), more.get("note"),
    )  # fmt: skip


def _rayyan_rows(base: DecisionRow, text: str) -> list[DecisionRow] | str:
    """One row a reviewer. Rayyan keeps reasons by record: they go to everybody who excluded it,
    the first as the reason, the others in the note."""
    found = _RAYYAN.search(text)
    if not found:
        return [] if "RAYYAN-INCLUSION" not in text else "the RAYYAN-INCLUSION note is damaged"
    reasons_text = _REASONS.search(text)
    reasons = [r.strip() for r in (reasons_text.group(1) if reasons_text else "").split(",")]
    reasons = [reason for reason in reasons if reason]
    notes = {who: said.replace('"', "").strip() for who, said in _USER_NOTES.findall(text)}
    rows = []
    for who, said in _PAIR.findall(found.group(1)):
        verdict = WORDS.get(said.strip().lower())
        if verdict is None:
            return f"{said!r} is no Rayyan verdict; expected Included, Excluded or Maybe"
        why = reasons if verdict == "exclude" else []
        note = "; ".join([*([f"also: {', '.join(why[1:])}"] if len(why) > 1 else []),
                          *([notes[who]] if who in notes else [])])  # fmt: skip
        rows.append(_with(base, who, verdict, reason=why[0] if why else None, note=note or None))
    return rows


def _asreview_rows(
    base: DecisionRow, cells: dict[str, str], label: str | None, text: str
) -> list[DecisionRow] | str:
    """ASReview says 1, 0, or -1 (or nothing) for what has not been seen; it names no reviewer.

    Only the surest label column is asked: `included` beside `asreview_label` is what the data set
    said before anybody screened it.
    """
    said = cells.get(label, "") if label else ""
    note = _ASREVIEW_NOTE.search(text)
    if not said and note:
        said = {"relevant": "1", "irrelevant": "0"}.get(note.group(1), "")
    said = said.removesuffix(".0").strip().lower()
    if said in ("", "-1", "nan", "none"):
        return []
    verdict = WORDS.get(said)
    if verdict is None or verdict == "unsure":
        return f"{said!r} is no ASReview label; expected 1, 0, -1 or nothing"
    if base.reviewer is None:
        return "ASReview names no reviewer; say who it was with --reviewer"
    comment = cells.get("asreviewnote") or cells.get("exportednotes1")
    return [_with(base, base.reviewer, verdict, note=comment)]


def _covidence_rows(
    base: DecisionRow, text: str, told: dict[str, str], given: Given
) -> list[DecisionRow] | str:
    """Covidence exports one list per outcome: the person says which; a reason means excluded."""
    found = _COVIDENCE_REASON.search(text)
    verdict = "exclude" if found else given.verdict
    if verdict is None:
        return "no exclusion reason in the notes; say which list this is with --verdict"
    if base.reviewer is None:
        return "Covidence names no reviewer; say whose decisions these are with --reviewer"
    reason = found.group(1).strip() if found else told.get("reason")
    return [_with(base, base.reviewer, verdict, reason=reason)]
