"""Replays a published review: its totals run through the ordinary pipeline, each box held.

A folder of data (see data/roberts2021) becomes a review with a store; papers whose identity was
never published stand as unnamed records. Every published number must come out again.
"""

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from review.errors import FlowError, ReviewError
from review.models import Answer, Record, Verdict
from review.prisma import Flow, total
from review.store import answers, audit_events, records
from review.store.timestamps import now
from review.workflow.appraisal import adjudication, forms, instruments
from review.workflow.appraisal.forms import Given
from review.workflow.deduplication.groups import regroup
from review.workflow.exports import folder, prisma, prisma_inputs
from review.workflow.exports import snapshot as moments
from review.workflow.exports.snapshot import Moment
from review.workflow.project.project import PROTOCOL, Project
from review.workflow.screening import decisions
from review.workflow.screening.decisions import Wanted
from review.workflow.setup.loading import make_folder, open_project

WHO = "published"
"""The name in the protocol's team that stands for the article."""
SOURCE = "all sources together (numbers by source not published here)"
BIAS = "probast-2019"
CHECKED = ("article", "citation", "note", "preprint", "press", "derived")
"""How a number may be known that is held; any other number is not used."""
EARLY = "Removed before screening or excluded at it, together"
LATE = "Not retrieved, excluded on full text or at the quality gate, together"


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of the replayed review."""

    record: Record
    verdicts: tuple[Verdict | None, ...]
    """One a stage, in order; None where it never came so far."""
    reason: str | None = None
    kind: str | None = None
    judgements: Mapping[str, str] | None = None
    """PROBAST key -> level."""
    why: str | None = None
    """Behind the judgement of the participants domain."""


@dataclass(frozen=True, slots=True)
class Held:
    """One published box beside what the pipeline gave."""

    box: str
    published: int | None
    """None: not published here."""
    found: int | None
    status: str
    source: str


def replay(data: Path, out: Path) -> tuple[Project, list[Held]]:
    """Makes a review of the data in a new folder and holds every box.

    Raises:
        ReviewError: the data do not hold together, or the folder is in use.
        FlowError: a box differs from its published number; names all that do.
    """
    if (out / PROTOCOL).exists():
        raise ReviewError(f"{out}: there is a review already; name a new folder with --out.")
    if not (data / PROTOCOL).exists():
        raise ReviewError(f"{data}: not the folder of a published review; name one that holds "
                          f"{PROTOCOL} and the tables, as data/roberts2021 does.")  # fmt: skip
    papers = read_papers(data)
    published = _rows(data / "published.csv")
    make_folder(out)
    shutil.copyfile(data / PROTOCOL, out / PROTOCOL)
    project = open_project(out, who=WHO)
    numbers = _bring(project, papers)
    _decide(project, papers, numbers)
    _appraise(project, papers, numbers)
    return project, hold(moments.at(project), published)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ReviewError(f"{path}: cannot be read ({error.strerror}).") from error
    for line, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise ReviewError(f"{path}: line {line} does not have the columns of the first line.")
    return rows


def _count(row: Mapping[str, str], path: Path) -> int:
    if not row["count"].isdigit():
        raise ReviewError(f"{path}: {row['count']!r} is not a count.")
    return int(row["count"])


def read_papers(data: Path) -> list[Paper]:
    """The papers of a replayed review, named and unnamed, in the order they are numbered.

    Raises:
        ReviewError: a file is missing, a count or a verdict is none, or the judgements are not as
            many as the unnamed included papers.
    """
    papers: list[Paper] = []
    for row in _rows(data / "unnamed.csv"):
        verdicts = tuple(
            _verdict(row[stage], data) for stage in ("title-abstract", "full-text", "quality")
        )
        for _ in range(_count(row, data / "unnamed.csv")):
            name = f"unnamed-{len(papers) + 1:04d}"
            extra = {"unnamed": ("identity not published",), "group": (row["group"],)}
            record = Record(SOURCE, source_id=name, extra=extra)
            papers.append(Paper(record, verdicts, row["reason"] or None, row["kind"] or None))
    judged = _judged(data)
    unnamed = [place for place, one in enumerate(papers) if one.verdicts[-1] == "include"]
    if len(judged) != len(unnamed):
        raise ReviewError(
            f"{data}: judgements.csv holds {len(judged)} papers, unnamed.csv {len(unnamed)} "
            "included ones."
        )
    for place, told in zip(unnamed, judged, strict=True):
        papers[place] = replace(papers[place], judgements=told)
    return [*(_named(row) for row in _rows(data / "included.csv")), *papers]


def _verdict(word: str, data: Path) -> Verdict | None:
    if word not in ("include", "exclude", ""):
        raise ReviewError(f"{data / 'unnamed.csv'}: {word!r} is no verdict.")
    return "include" if word == "include" else "exclude" if word else None


def _judged(data: Path) -> list[dict[str, str]]:
    path = data / "judgements.csv"
    found: list[dict[str, str]] = []
    for row in _rows(path):
        told = {f"judgement:{key}": row[key] for key in ("participants", "overall") if row[key]}
        found += [told] * _count(row, path)
    return found


def _named(row: Mapping[str, str]) -> Paper:
    people = tuple(name.strip() for name in row["authors"].split(";"))
    record = Record(
        SOURCE,
        source_id=row["id"],
        authors=people,
        year=int(row["year"]),
        doi=row["doi"] or None,
        arxiv_id=row["arxiv_id"] or None,
        extra={"identifier": (row["identifier_is"],)},
    )
    told = {"judgement:participants": row["participants"], "judgement:overall": "high"}
    return Paper(
        record, ("include", "include", "include"), None, row["kind"], told, row["why_participants"]
    )


def _bring(project: Project, papers: Sequence[Paper]) -> list[int]:
    """Adds the papers as one batch; gives their numbers in order."""
    at = now()
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, at, WHO, kind="replay", source=SOURCE, name="published totals",
            announced=len(papers), parsed=len(papers), rejected=0, new=len(papers), known=0,
        )  # fmt: skip
        given = [(number, one.record) for number, one in enumerate(papers, 1)]
        added = records.add(conn, batch, given, at)
        if len(added.new) != len(papers):
            raise ReviewError("Two papers of the replay are alike; their ids must differ.")
        for stage, text in (("screening", EARLY), ("eligibility", LATE)):
            audit_events.add(
                conn, prisma_inputs.TOGETHER, WHO, at, subject=stage, detail={"text": text}
            )
        regroup(project, conn)
    return list(added.new)


def _decide(project: Project, papers: Sequence[Paper], numbers: Sequence[int]) -> None:
    """Enters each stage's verdicts as any reviewer would."""
    for place, stage in enumerate(project.protocol.stages):
        wanted = [
            Wanted(number, stage.id, WHO, verdict, one.reason if verdict == "exclude" else None)
            for number, one in zip(numbers, papers, strict=True)
            if (verdict := one.verdicts[place]) is not None
        ]
        with project.store.write() as conn:
            decisions.add(project, conn, wanted, now())


def _appraise(project: Project, papers: Sequence[Paper], numbers: Sequence[int]) -> None:
    """Enters kinds on the ordinary form, and the published judgements as settled ones."""
    bias = instruments.checklist(project, BIAS)
    settled: list[Answer] = []
    at = now()
    for number, one in zip(numbers, papers, strict=True):
        if one.verdicts[-1] != "include":
            continue
        if one.kind:
            forms.answer(
                project, Given(number, instruments.KIND, instruments.KIND_ITEM, one.kind), WHO
            )
            adjudication.finish(project, number, instruments.KIND, WHO)
        for key, level in (one.judgements or {}).items():
            why = one.why if key == "judgement:participants" else None
            settled.append(Answer(number, BIAS, key, WHO, level, at, comment=why, role="consensus"))
    with project.store.write() as conn:
        instruments.pin(conn, bias, WHO)
        answers.add(conn, settled, protocol=project.fingerprint)


def hold(moment: Moment, published: Sequence[Mapping[str, str]]) -> list[Held]:
    """Each published box beside what the pipeline gives.

    Raises:
        FlowError: a box differs from its published number; names all that do.
        ReviewError: a box the flow does not have.
    """
    found = {**_boxes(moment.flow), **_bias(moment)}
    held = []
    for row in published:
        if row["box"] not in found:
            raise ReviewError(f"published.csv names a box {row['box']!r} that the flow has not.")
        known = row["n"] if row["status"] in CHECKED else ""
        number = int(known) if known else None
        held.append(Held(row["box"], number, found[row["box"]], row["status"], row["source"]))
    wrong = [one for one in held if one.published != one.found]
    if wrong:
        told = "; ".join(f"{one.box}: {one.found} against {one.published}" for one in wrong)
        raise FlowError(f"The replay differs from what was published. {told}.")
    return held


def _boxes(one: Flow) -> dict[str, int | None]:
    kinds = {line.label: line.n for line in one.kinds}
    by_source = [line.n for line in one.main.identified if line.label != SOURCE]
    tool, hand = one.main.duplicates_tool.n, one.main.duplicates_hand.n
    return {
        "identified": total(one.main.identified),
        "identified by source": sum(n or 0 for n in by_source) if by_source else None,
        "duplicates": None if tool is None or hand is None else tool + hand,
        "screened": one.main.screened.n,
        "excluded on title and abstract": total(one.main.excluded_screening),
        "after initial screening": one.main.sought.n,
        "excluded on full text": total(one.main.excluded_eligibility),
        "excluded at the quality gate": total(one.excluded_quality),
        "included": one.new_studies.n,
        "included deep learning": kinds.get("deep-learning", 0),
        "included traditional": kinds.get("traditional", 0),
        "included hybrid": kinds.get("hybrid", 0),
    }


def _bias(moment: Moment) -> dict[str, int | None]:
    one = instruments.checklist(moment.project, BIAS)
    filled = moments.settled_forms(moment, one, moment.included)
    levels = [{found.key: found.final for found in form.result.judgements} for form in filled]
    told = {
        f"participants {level}": sum(row.get("judgement:participants") == level for row in levels)
        for level in ("high", "unclear", "low")
    }
    told["high in some domain"] = sum(row.get("judgement:overall") == "high" for row in levels)
    return dict(told)


def shown(project: Project, held: Sequence[Held]) -> list[str]:
    """The replay in a few lines, after its reports were written into the review's folder."""
    moment = moments.at(project)
    places = folder.write(prisma.files(moment), project.folder / "reports")
    wide = max(len(one.box) for one in held) + 2
    lines = [project.protocol.title, ""]
    for one in held:
        number = "not published here" if one.published is None else f"{one.published:,}"
        known = "" if one.published is None else f"  ({one.status}) holds"
        lines.append(f"  {one.box:<{wide}}{number:>8}{known}")
    lines += ["", prisma.sums(moment)]
    unnamed = sum("unnamed" in one.record.extra for one in moment.records.values())
    lines.append(f"{unnamed:,} of {len(moment.records):,} papers are unnamed: their identity was "
                 "not published.")  # fmt: skip
    return [*lines, f"Reports: {places[0].parent}"]
