"""Signs of bias and facts of the included studies as tables, with what reviewers made of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from review.bias.facts import FIELDS, Correction, FactCell, correct_facts
from review.fulltext import FullText, list_tables
from review.store import fact_corrections, feedback, files
from review.store import flags as flag_runs
from review.store.feedback import FeedbackEntry
from review.store.records import parse_record_key
from review.tables.table import Cell, Table
from review.workflow.bias import flags
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.fulltexts import reading as texts
from review.workflow.fulltexts.attachments import get_file_path

TIER_LABELS = {"flag": "Flag", "look": "Look here"}
VERDICT_LABELS = {"confirm": "confirmed", "dismiss": "dismissed"}
CORRECTED_NOTE = "Corrected: a reviewer corrected what was found in the text."


def build_tables(snapshot: ReviewSnapshot, entries: Iterable[FeedbackEntry]) -> list[Table]:
    """Both tables, of the included reports in which signs of bias were looked for; none before.

    Args:
        entries: verdicts on flags that may be shown: the newest ones, of settled reports.
    """
    studies = list(_iter_texts(snapshot))
    if not studies:
        return []
    return [_build_flags_table(snapshot, studies, entries), _build_facts_table(snapshot, studies)]


def _iter_texts(snapshot: ReviewSnapshot) -> Iterator[tuple[int, FullText]]:
    """(report, full text) of the included reports whose PDF was searched."""
    with snapshot.project.store.read() as conn:
        attached = files.list_current_files(conn, until=snapshot.until)
        engine = flags.load_knowledge().engine
        runs = flag_runs.list_runs(conn, engine, attached, until=snapshot.until)
    searched: dict[int, str] = {}
    for record, sha256 in sorted(runs):
        if attached[record]["sha256"] == sha256:
            searched.setdefault(snapshot.groups.get(record, (record, record))[0], sha256)
    for report in snapshot.included:
        if report in searched:
            path = get_file_path(snapshot.project, searched[report])
            if path.exists():
                yield report, texts.get_pdf_text(snapshot.project, path)


def _build_flags_table(
    snapshot: ReviewSnapshot,
    studies: Sequence[tuple[int, FullText]],
    entries: Iterable[FeedbackEntry],
) -> Table:
    verdicts = {
        (_find_report(snapshot, entry.record), entry.rule, entry.sentence): entry.verdict
        for entry in entries
    }
    with snapshot.project.store.read() as conn:
        dataset_entries = feedback.list_newest_entries(conn, "dataset", until=snapshot.until)
    rows: list[tuple[Cell, ...]] = []
    for report, text in studies:
        sentences = text.sentences
        settled = {
            entry.rule: str(entry.verdict)
            for entry in dataset_entries
            if _find_report(snapshot, entry.record) == report
        }
        used = flags.find_datasets(sentences, settled).used if settled else None
        corrections = tuple(_list_corrections(snapshot, report))
        for flag in flags.find_settled_flags(text, used, corrections):
            if flag.tier not in TIER_LABELS:
                continue
            verdict = verdicts.get((report, *flags.get_flag_key(flag)))
            rows.append(
                (
                    snapshot.labels[report],
                    TIER_LABELS[flag.tier],
                    flag.name,
                    flag.text,
                    flag.page or None,
                    flag.rule,
                    flags.format_figures(flags.get_measured(flag.rule)),
                    VERDICT_LABELS.get(str(verdict)),
                )
            )
    return Table(
        "bias-flags",
        "Possible signs of bias in the included studies",
        ("Study", "Tier", "Pitfall", "Sentence", "Page", "Rule", "Right", "Reviewers"),
        tuple(rows),
        (
            "Flags and places to look at are prompts for reviewers, not judgements. Look here: "
            "ranked sentences, which do not count as flags.",
            "Reviewers: the newest verdict on reports whose appraisal is complete.",
        ),
    )


def _build_facts_table(snapshot: ReviewSnapshot, studies: Sequence[tuple[int, FullText]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for report, text in studies:
        for cell in _correct_cells(snapshot, report, text):
            rows.append(
                (
                    snapshot.labels[report],
                    FIELDS[cell.field],
                    cell.label or None,
                    cell.value or "not reported",
                    "yes" if cell.corrected else None,
                    cell.found if cell.corrected else None,
                    cell.page or None,
                    cell.sentence or None,
                    cell.cell or None,
                )
            )
    return Table(
        "facts",
        "Facts read from the included studies",
        (
            "Study",
            "Field",
            "Of",
            "Value",
            "Corrected",
            "Found in the text",
            "Page",
            "Sentence",
            "Table cell",
        ),
        tuple(rows),
        (CORRECTED_NOTE,),
    )


def mark_corrected(snapshot: ReviewSnapshot, table: Table) -> Table:
    """A table of studies, whose first column is the record, with the facts that were corrected;
    unchanged if none were."""
    corrected = [
        "; ".join(_list_corrected(snapshot, parse_record_key(str(row[0])))) for row in table.rows
    ]
    if not any(corrected):
        return table
    rows = zip(table.rows, corrected, strict=True)
    return replace(
        table,
        columns=(*table.columns, "Facts corrected from the text"),
        rows=tuple((*row, cell or None) for row, cell in rows),
        notes=(*table.notes, CORRECTED_NOTE),
    )


def _list_corrected(snapshot: ReviewSnapshot, report: int) -> list[str]:
    """The corrected facts of a report as short phrases: 'Patients: 1205 (corrected, p. 3)'."""
    phrases = []
    for cell in _correct_cells(snapshot, report, None):
        label = f", {cell.label}" if cell.label else ""
        page = f", p. {cell.page}" if cell.page else ""
        value = cell.value or "not reported"
        phrases.append(f"{FIELDS[cell.field]}{label}: {value} (corrected{page})")
    return phrases


def _correct_cells(snapshot: ReviewSnapshot, report: int, text: FullText | None) -> list[FactCell]:
    sentences = text.sentences if text else ()
    facts = flags.find_facts(sentences, list_tables(text)) if text else []
    return correct_facts(facts, sentences, _list_corrections(snapshot, report))


def _list_corrections(snapshot: ReviewSnapshot, report: int) -> list[Correction]:
    members = [n for n, (first, _) in snapshot.groups.items() if first == report] or [report]
    with snapshot.project.store.read() as conn:
        newest = fact_corrections.list_newest_corrections(conn, members, until=snapshot.until)
    return [flags.to_correction(row) for row in newest]


def _find_report(snapshot: ReviewSnapshot, record: int) -> int:
    return snapshot.groups.get(record, (record, record))[0]
