"""Everything of a report as one set of files: figures, tables, texts, references, log, manifest."""

import hashlib
import json
import platform
from collections.abc import Callable, Collection, Mapping
from functools import partial
from importlib import metadata
from typing import Any

from review import tables
from review.errors import FlowError
from review.figures import convert
from review.formats import deterministic_zip
from review.formats.export import WRITERS as RECORDS
from review.formats.revman import Referenced, revman
from review.models import StoredRecord
from review.prisma import conservation, count, hold, outcomes
from review.store import log
from review.store.records import key_of, number_of
from review.tables.documents import WRITERS as TABLES
from review.tables.documents import html_page, html_table
from review.tables.office import docx, xlsx
from review.tables.table import Table
from review.workflow.exports import appraisals, dataset_overlap, listings, methods_text, prisma
from review.workflow.exports import prisma_s as search
from review.workflow.exports.snapshot import Moment
from review.workflow.screening import blinding

PAPER_COLUMNS, PAPER_ROWS = 16, 3000
"""A table with more is no use on paper: it goes out as CSV, XLSX and HTML only."""
RECORD_FORMS = {"ris": "ris", "bibtex": "bib", "csv": "csv"}
LIBRARIES = ("openpyxl", "python-docx", "sqlalchemy", "streamlit", "vl-convert-python")
Progress = Callable[[str, float], object]
"""Told before each part: its name, and the share of the parts that are done (0 to 1)."""
Part = tuple[str, Callable[[], dict[str, bytes]]]


def everything(
    moment: Moment, progress: Progress | None = None, reader: str | None = None
) -> dict[str, bytes]:
    """Path -> content of every file of the report. The same store and day give the same bytes.

    Args:
        reader: who asks for it. For a reviewer the log leaves out what others decided and noted on
            reports that are not settled, and says how many entries those are; nor do such reports
            count in the table of agreement.

    Raises:
        FlowError: the boxes do not sum, or records were lost on the way to a file; names them.
    """
    hold(moment.flow)
    files: dict[str, bytes] = {}
    parts = _parts(moment, reader)
    for done, (name, part) in enumerate(parts):
        if progress:
            progress(name, done / len(parts))
        files |= part()
    files["manifest.json"] = _manifest(moment, files)
    return files


def _parts(moment: Moment, reader: str | None) -> list[Part]:
    """The parts in order; figures, which take longest, one instrument at a time."""
    parts: list[Part] = [("PRISMA flow diagram", lambda: _under("", prisma.files(moment)))]
    for one in appraisals.instruments(moment):
        drawn = partial(appraisals.figures, moment, one)
        parts.append((f"figures of {one.checklist.short}", partial(_in_figures, drawn)))
    return [
        *parts,
        ("figure of the public data sets", partial(_in_figures, partial(_shared, moment))),
        ("tables", lambda: _tables(moment, reader)),
        ("records", lambda: _records(moment)),
        ("texts", lambda: _texts(moment)),
        ("log", lambda: {"log.jsonl": _log(moment, reader)}),
    ]


def _in_figures(drawn: Callable[[], dict[str, bytes]]) -> dict[str, bytes]:
    return _under("figures/", drawn())


def _under(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}{name}": data for name, data in files.items()}


def figures(moment: Moment) -> dict[str, str]:
    """Name -> SVG of every figure, for previews: one page each of traffic lights."""
    from review.figures import judgements

    made = {"PRISMA 2020 flow": prisma.figure(moment)}
    for found in appraisals.instruments(moment):
        one = found.checklist
        if columns := appraisals.columns(one):
            rows = appraisals.rows(moment, found)
            made[f"{one.short}: summary"] = judgements.summary(rows, columns, tool=one.short)
            pages = judgements.traffic(rows, columns, tool=one.short)
            for number, page in enumerate(pages, 1):
                named = f" {number}" if len(pages) > 1 else ""
                made[f"{one.short}: by study{named}"] = page
            continue
        made[f"{one.short}: by item"] = appraisals.item_bars(moment, found)
        spread = appraisals.score_figure(moment, found)
        if spread:
            made[f"{one.short}: score"] = spread
    shared = dataset_overlap.matrix(moment)
    if shared:
        made["Public data sets"] = dataset_overlap.graph(shared)
    return made


def _shared(moment: Moment) -> dict[str, bytes]:
    shared = dataset_overlap.matrix(moment)
    return prisma.pictures("dataset-overlap", dataset_overlap.graph(shared)) if shared else {}


def all_tables(moment: Moment, reader: str | None = None) -> list[Table]:
    """Every table of the report, in the order of the review's stages."""
    made = [methods_text.prisma_checklist(moment), search.prisma_s(moment)]
    made.append(search.search_log(search.searches(moment)))
    if (said := search.readings(moment)) is not None:
        made.append(said)
    made += listings.listings(moment)
    made += appraisals.characteristics(moment)
    for found in appraisals.instruments(moment):
        made += appraisals.tables_of(moment, found)
    shared = dataset_overlap.matrix(moment)
    if shared:
        made.append(dataset_overlap.table(moment, shared))
    return [*made, appraisals.agreement_table(moment, reader)]


def _tables(moment: Moment, reader: str | None) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    every = all_tables(moment, reader)
    for table in every:
        for form, write in TABLES.items():
            if _on_paper(table) or form not in ("docx", "tex"):
                made[f"{form}/{table.name}.{form}"] = write(table)
    title = moment.project.protocol.title
    paper = [one for one in every if _on_paper(one)]
    made["all-tables.xlsx"] = xlsx(every)
    made["all-tables.docx"] = docx(paper, title=title)
    made["all-tables.html"] = html_page(title, [html_table(one) for one in every])
    return _under("tables/", made)


def _on_paper(table: Table) -> bool:
    return len(table.columns) <= PAPER_COLUMNS and len(table.rows) <= PAPER_ROWS


def _records(moment: Moment) -> dict[str, bytes]:
    """Included and excluded reports for reference managers, and for RevMan; each counted again."""
    included = [moment.records[n] for n in moment.included]
    out: dict[int, str] = {}
    for stage in moment.project.protocol.stages:
        for report, one in moment.standings[stage.id].items():
            if one.status == "excluded":
                out[report] = one.reason or "reason not recorded"
    excluded = [moment.records[n] for n in sorted(out)]
    made: dict[str, bytes] = {}
    for name, chosen in (("included", included), ("excluded", excluded)):
        said = [_said(one, name, out.get(one.id)) for one in chosen]
        for form, ending in RECORD_FORMS.items():
            made[f"{name}.{ending}"] = RECORDS[form]([one.record for one in chosen], said)
        made[f"revman-{name}.ris"] = _revman(moment, chosen, out)
        _conserved(f"{name}.ris", made[f"{name}.ris"], chosen)
        _conserved(f"revman-{name}.ris", made[f"revman-{name}.ris"], chosen)
    return _under("records/", made)


def _said(one: StoredRecord, status: str, reason: str | None) -> dict[str, str]:
    return {"key": one.key, "status": status} | ({"reason": reason} if reason else {})


def _revman(moment: Moment, chosen: list[StoredRecord], out: Mapping[int, str]) -> bytes:
    names = _study_names(moment, {*moment.included, *out})
    return revman(
        [Referenced(names[_study(moment, one.id)], one.record, out.get(one.id)) for one in chosen]
    )


def _study(moment: Moment, report: int) -> int:
    return moment.groups.get(report, (report, report))[1]


def _study_names(moment: Moment, reports: Collection[int]) -> dict[int, str]:
    """Study -> the one name RevMan groups its reports under; no two studies share one.

    Studies that left at title and abstract have no letter of their own: where their name is taken,
    their key stands behind it.
    """
    names: dict[int, str] = {}
    for report in sorted(reports):
        study = _study(moment, report)
        label = moment.labels.get(study) or moment.labels.get(report)
        if label:
            names.setdefault(study, label)
    taken = {*moment.labels.values()}
    for report in sorted(reports):
        study = _study(moment, report)
        if study not in names:
            plain = tables.label(moment.records[study].record)
            names[study] = f"{plain} ({key_of(study)})" if plain in taken else plain
            taken.add(plain)
    return names


def _conserved(name: str, data: bytes, chosen: list[StoredRecord]) -> None:
    """Raises FlowError unless the RIS file holds exactly as many records as went in."""
    found = sum(line.startswith(b"ER  -") for line in data.splitlines())
    if found != len(chosen):
        raise FlowError(
            f"{name} holds {found} records, {len(chosen)} went in: nothing was written."
        )


def _texts(moment: Moment) -> dict[str, bytes]:
    return {
        "methods.md": methods_text.methods(moment).encode(),
        "protocol.yaml": str(moment.versions[-1]["text"]).encode(),
    }


def _log(moment: Moment, name: str | None) -> bytes:
    withheld = 0
    lines = []
    with moment.project.store.read() as conn:
        reader = blinding.reader(moment.project, conn, name)
        for one in log.events(conn, until=moment.until):
            if reader is not None and _blind(moment, reader, one):
                withheld += 1
            else:
                lines.append(json.dumps(one, ensure_ascii=False))
    if withheld:
        why = "what other reviewers decided, noted and answered on reports that are not settled yet"
        lines.append(json.dumps({"event": "withheld", "entries": withheld, "why": why}))
    lines += [json.dumps(one, ensure_ascii=False) for one in _outcomes(moment)]
    return "".join(f"{line}\n" for line in lines).encode()


def _outcomes(moment: Moment) -> list[dict[str, Any]]:
    """Where each entry ends on the day, one line an entry, so that whoever has only the log can
    count every box again."""
    ended = outcomes(count(moment.inputs), moment.flow.joints)
    told = []
    for one in moment.inputs.entries:
        box, why = ended.get(one.id) or ended[one.report]
        line = {"event": "outcome", "day": moment.day, "entry": one.id, "source": one.source,
                "via": one.via, "report": one.report,
                "study": moment.inputs.studies.get(one.report, one.report), "box": box}  # fmt: skip
        told.append(line | ({"reason": why} if why else {}))
    return told


def _blind(moment: Moment, reader: blinding.Reader, event: Mapping[str, Any]) -> bool:
    """Whether a reviewer must not see an entry yet: another's word on an unsettled report."""
    if event["event"] not in blinding.OF_OTHERS or event.get("role") in ("automation", "consensus"):
        return False
    if event.get("reviewer", event.get("who")) == reader.name:
        return False
    number = number_of(event["record"])
    report = moment.groups.get(number, (number, number))[0]
    stages = [event["stage"]] if "stage" in event else blinding.stages_of(moment.project, event)
    here = {one: moment.standings.get(one, {}).get(report) for one in stages}
    return not any(
        blinding.may_see(reader, stage, report, one.status if one else None)
        for stage, one in here.items()
    )


def _manifest(moment: Moment, files: Mapping[str, bytes]) -> bytes:
    told: dict[str, Any] = {
        "review": moment.project.protocol.title,
        "state_of": moment.day,
        "asked_for": moment.until.date().isoformat() if moment.until else None,
        "protocol_sha256": moment.project.fingerprint,
        "funnel": methods_text.version(),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "conservation": conservation(moment.flow),
        "included": [key_of(n) for n in moment.included],
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in sorted(files.items())
        },
    }
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def sums(moment: Moment, files: Mapping[str, bytes]) -> list[str]:
    """What went in and what came out, a line each."""
    standing: dict[str, int] = {}
    for stage in moment.project.protocol.stages:
        for one in moment.standings[stage.id].values():
            if one.status == "excluded":
                standing[stage.name or stage.id] = standing.get(stage.name or stage.id, 0) + 1
    excluded = " + ".join(f"{n:,} at {name}" for name, n in standing.items()) or "0"
    lines = [
        conservation(moment.flow),
        f"included: {len(moment.included):,} reports in = "
        f"{_entries(files['records/included.ris']):,} in included.ris",
        f"excluded: {excluded} = {_entries(files['records/excluded.ris']):,} in excluded.ris",
    ]
    drawn = [data.decode() for name, data in files.items() if name.endswith(".svg")]
    if lacking := convert.missing(drawn):
        lines.append(
            f"no font of this machine holds {' '.join(lacking)}: empty boxes stand for them in PNG "
            "and PDF; install one, such as Noto Sans, and export again (SVG and tables are right)"
        )
    return lines


def _entries(data: bytes) -> int:
    return sum(line.startswith(b"ER  -") for line in data.splitlines())


def as_zip(files: Mapping[str, bytes]) -> bytes:
    """The files as one ZIP, the same bytes for the same files."""
    return deterministic_zip.pack(files)
