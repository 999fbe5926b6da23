"""Replays a published review: runs its totals through the pipeline and checks each box.

A folder of data (see data/roberts2021) becomes a review with a store; papers whose identity was
never published become unnamed records. Every published number must come out again.
"""

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from review.errors import FlowError, ReviewError
from review.models import Answer, Record, Verdict
from review.prisma import Flow, get_total
from review.store import answers, audit_events, records
from review.store.timestamps import utc_now
from review.workflow.appraisal import adjudication, forms, instruments
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.deduplication.groups import regroup_records
from review.workflow.exports import folder, prisma, prisma_inputs
from review.workflow.exports import snapshot as moments
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.screening import decisions
from review.workflow.screening.decisions import NewDecision
from review.workflow.setup.loading import make_folder, open_project

PUBLISHED_REVIEWER = "published"
"""The name in the protocol's team that represents the article."""
COMBINED_SOURCE = "all sources together (numbers by source not published here)"
BIAS_CHECKLIST = "probast-2019"
CHECKED_STATUSES = ("article", "citation", "note", "preprint", "press", "derived")
"""How a number may be known that is held; any other number is not used."""
EARLY_BOX_TEXT = "Removed before screening or excluded at it, together"
LATE_BOX_TEXT = "Not retrieved, excluded on full text or at the quality gate, together"


@dataclass(frozen=True, slots=True)
class ReplayPaper:
    """One paper of the replayed review."""

    record: Record
    verdicts: tuple[Verdict | None, ...]
    """One per stage, in order; None where it never came so far."""
    reason: str | None = None
    kind: str | None = None
    judgements: Mapping[str, str] | None = None
    """PROBAST key -> level."""
    why: str | None = None
    """Behind the judgement of the participants domain."""


@dataclass(frozen=True, slots=True)
class BoxComparison:
    """One published box beside what the pipeline gave."""

    box: str
    published: int | None
    """None: not published here."""
    computed: int | None
    status: str
    source: str


def replay_review(data: Path, out: Path) -> tuple[Project, list[BoxComparison]]:
    """Makes a review of the data in a new folder and holds every box.

    Raises:
        ReviewError: the data do not hold together, or the folder is in use.
        FlowError: a box differs from its published number; names all that do.
    """
    if (out / PROTOCOL_FILE).exists():
        raise ReviewError(
            f"{out}: this folder already contains a review; choose a new folder with --out."
        )
    if not (data / PROTOCOL_FILE).exists():
        raise ReviewError(
            f"{data}: not the folder of a published review; it must contain {PROTOCOL_FILE} and "
            "the tables, like data/roberts2021."
        )
    papers = read_papers(data)
    published = _read_rows(data / "published.csv")
    make_folder(out)
    shutil.copyfile(data / PROTOCOL_FILE, out / PROTOCOL_FILE)
    project = open_project(out, who=PUBLISHED_REVIEWER)
    numbers = _add_papers(project, papers)
    _enter_verdicts(project, papers, numbers)
    _enter_judgements(project, papers, numbers)
    return project, compare_boxes(moments.snapshot_at(project), published)


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ReviewError(f"{path}: cannot be read ({error.strerror}).") from error
    for line, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise ReviewError(
                f"{path}: line {line} does not have the same columns as the first line."
            )
    return rows


def _parse_count(row: Mapping[str, str], path: Path) -> int:
    if not row["count"].isdigit():
        raise ReviewError(f"{path}: {row['count']!r} is not a count.")
    return int(row["count"])


def read_papers(data: Path) -> list[ReplayPaper]:
    """The papers of a replayed review, named and unnamed, in the order they are numbered.

    Raises:
        ReviewError: a file is missing, a count or a verdict is none, or the judgements are not as
            many as the unnamed included papers.
    """
    papers: list[ReplayPaper] = []
    for row in _read_rows(data / "unnamed.csv"):
        verdicts = tuple(
            _parse_verdict(row[stage], data) for stage in ("title-abstract", "full-text", "quality")
        )
        for _ in range(_parse_count(row, data / "unnamed.csv")):
            name = f"unnamed-{len(papers) + 1:04d}"
            extra = {"unnamed": ("identity not published",), "group": (row["group"],)}
            record = Record(COMBINED_SOURCE, source_id=name, extra=extra)
            papers.append(ReplayPaper(record, verdicts, row["reason"] or None, row["kind"] or None))
    judgements = _read_judgements(data)
    included_indices = [
        paper_index for paper_index, paper in enumerate(papers) if paper.verdicts[-1] == "include"
    ]
    if len(judgements) != len(included_indices):
        raise ReviewError(
            f"{data}: judgements.csv has {len(judgements)} papers, unnamed.csv "
            f"{len(included_indices)} "
            "included ones."
        )
    for paper_index, judgement in zip(included_indices, judgements, strict=True):
        papers[paper_index] = replace(papers[paper_index], judgements=judgement)
    return [*(_build_named_paper(row) for row in _read_rows(data / "included.csv")), *papers]


def _parse_verdict(word: str, data: Path) -> Verdict | None:
    if word not in ("include", "exclude", ""):
        raise ReviewError(f"{data / 'unnamed.csv'}: {word!r} is not a valid decision.")
    return "include" if word == "include" else "exclude" if word else None


def _read_judgements(data: Path) -> list[dict[str, str]]:
    path = data / "judgements.csv"
    judgements: list[dict[str, str]] = []
    for row in _read_rows(path):
        judgement = {
            f"judgement:{key}": row[key] for key in ("participants", "overall") if row[key]
        }
        judgements += [judgement] * _parse_count(row, path)
    return judgements


def _build_named_paper(row: Mapping[str, str]) -> ReplayPaper:
    authors = tuple(name.strip() for name in row["authors"].split(";"))
    record = Record(
        COMBINED_SOURCE,
        source_id=row["id"],
        authors=authors,
        year=int(row["year"]),
        doi=row["doi"] or None,
        arxiv_id=row["arxiv_id"] or None,
        extra={"identifier": (row["identifier_is"],)},
    )
    judgements = {"judgement:participants": row["participants"], "judgement:overall": "high"}
    return ReplayPaper(
        record=record,
        verdicts=("include", "include", "include"),
        reason=None,
        kind=row["kind"],
        judgements=judgements,
        why=row["why_participants"],
    )


def _add_papers(project: Project, papers: Sequence[ReplayPaper]) -> list[int]:
    """Adds the papers as one batch; gives their numbers in order."""
    at = utc_now()
    with project.store.write() as conn:
        batch = records.add_batch(
            conn,
            at,
            PUBLISHED_REVIEWER,
            kind="replay",
            source=COMBINED_SOURCE,
            name="published totals",
            announced=len(papers),
            parsed=len(papers),
            rejected=0,
            new=len(papers),
            known=0,
        )
        numbered_records = [(number, paper.record) for number, paper in enumerate(papers, 1)]
        added = records.add_records(conn, batch, numbered_records, at)
        if len(added.new) != len(papers):
            raise ReviewError("Two papers have the same id; ids must be unique.")
        for stage, text in (("screening", EARLY_BOX_TEXT), ("eligibility", LATE_BOX_TEXT)):
            audit_events.add_event(
                conn,
                prisma_inputs.COMBINED_EVENT,
                PUBLISHED_REVIEWER,
                at,
                subject=stage,
                detail={"text": text},
            )
        regroup_records(project, conn)
    return list(added.new)


def _enter_verdicts(
    project: Project, papers: Sequence[ReplayPaper], numbers: Sequence[int]
) -> None:
    """Enters each stage's verdicts as any reviewer would."""
    for stage_index, stage in enumerate(project.protocol.stages):
        new_decisions = [
            NewDecision(
                number,
                stage.id,
                PUBLISHED_REVIEWER,
                verdict,
                paper.reason if verdict == "exclude" else None,
            )
            for number, paper in zip(numbers, papers, strict=True)
            if (verdict := paper.verdicts[stage_index]) is not None
        ]
        with project.store.write() as conn:
            decisions.add_decisions(project, conn, new_decisions, utc_now())


def _enter_judgements(
    project: Project, papers: Sequence[ReplayPaper], numbers: Sequence[int]
) -> None:
    """Enters kinds on the ordinary form, and the published judgements as settled ones."""
    bias = instruments.get_checklist(project, BIAS_CHECKLIST)
    consensus_answers: list[Answer] = []
    at = utc_now()
    for number, paper in zip(numbers, papers, strict=True):
        if paper.verdicts[-1] != "include":
            continue
        if paper.kind:
            forms.add_answer(
                project,
                AnswerInput(number, instruments.KIND_CHECKLIST, instruments.KIND_ITEM, paper.kind),
                PUBLISHED_REVIEWER,
            )
            adjudication.finish_form(
                project, number, instruments.KIND_CHECKLIST, PUBLISHED_REVIEWER
            )
        for key, level in (paper.judgements or {}).items():
            why = paper.why if key == "judgement:participants" else None
            consensus_answers.append(
                Answer(
                    record=number,
                    checklist=BIAS_CHECKLIST,
                    item=key,
                    reviewer=PUBLISHED_REVIEWER,
                    answer=level,
                    at=at,
                    comment=why,
                    role="consensus",
                )
            )
    with project.store.write() as conn:
        instruments.freeze_edition(conn, bias, PUBLISHED_REVIEWER)
        answers.add_answers(conn, consensus_answers, protocol=project.fingerprint)


def compare_boxes(
    review_snapshot: ReviewSnapshot, published: Sequence[Mapping[str, str]]
) -> list[BoxComparison]:
    """Each published box beside what the pipeline gives.

    Raises:
        FlowError: a box differs from its published number; names all that do.
        ReviewError: a box the flow does not have.
    """
    computed = {**_count_boxes(review_snapshot.flow), **_count_bias_levels(review_snapshot)}
    comparisons = []
    for row in published:
        if row["box"] not in computed:
            raise ReviewError(
                f"published.csv lists the box {row['box']!r}, which the flow diagram does not have."
            )
        stated_number = row["n"] if row["status"] in CHECKED_STATUSES else ""
        number = int(stated_number) if stated_number else None
        comparisons.append(
            BoxComparison(row["box"], number, computed[row["box"]], row["status"], row["source"])
        )
    wrong = [
        comparison for comparison in comparisons if comparison.published != comparison.computed
    ]
    if wrong:
        details = "; ".join(
            f"{comparison.box}: {comparison.computed} calculated, {comparison.published} published"
            for comparison in wrong
        )
        raise FlowError(f"The reconstruction differs from the published numbers. {details}.")
    return comparisons


def _count_boxes(review_flow: Flow) -> dict[str, int | None]:
    kinds = {line.label: line.n for line in review_flow.kinds}
    by_source = [line.n for line in review_flow.main.identified if line.label != COMBINED_SOURCE]
    by_tool, by_hand = review_flow.main.duplicates_tool.n, review_flow.main.duplicates_hand.n
    return {
        "identified": get_total(review_flow.main.identified),
        "identified by source": sum(n or 0 for n in by_source) if by_source else None,
        "duplicates": None if by_tool is None or by_hand is None else by_tool + by_hand,
        "screened": review_flow.main.screened.n,
        "excluded on title and abstract": get_total(review_flow.main.excluded_screening),
        "after initial screening": review_flow.main.sought.n,
        "excluded on full text": get_total(review_flow.main.excluded_eligibility),
        "excluded at the quality gate": get_total(review_flow.excluded_quality),
        "included": review_flow.new_studies.n,
        "included deep learning": kinds.get("deep-learning", 0),
        "included traditional": kinds.get("traditional", 0),
        "included hybrid": kinds.get("hybrid", 0),
    }


def _count_bias_levels(review_snapshot: ReviewSnapshot) -> dict[str, int | None]:
    bias_checklist = instruments.get_checklist(review_snapshot.project, BIAS_CHECKLIST)
    filled_forms = moments.collect_consensus_forms(
        review_snapshot, bias_checklist, review_snapshot.included
    )
    levels = [
        {judgement.key: judgement.final for judgement in form.result.judgements}
        for form in filled_forms
    ]
    counts = {
        f"participants {level}": sum(row.get("judgement:participants") == level for row in levels)
        for level in ("high", "unclear", "low")
    }
    counts["high in some domain"] = sum(row.get("judgement:overall") == "high" for row in levels)
    return dict(counts)


def format_replay(project: Project, comparisons: Sequence[BoxComparison]) -> list[str]:
    """The replay in a few lines, after its reports were written into the review's folder."""
    review_snapshot = moments.snapshot_at(project)
    paths = folder.write_files(prisma.build_files(review_snapshot), project.folder / "reports")
    width = max(len(comparison.box) for comparison in comparisons) + 2
    lines = [project.protocol.title, ""]
    for comparison in comparisons:
        number = (
            "not published here" if comparison.published is None else f"{comparison.published:,}"
        )
        suffix = "" if comparison.published is None else f"  ({comparison.status}) holds"
        lines.append(f"  {comparison.box:<{width}}{number:>8}{suffix}")
    lines += ["", prisma.describe_conservation(review_snapshot)]
    unnamed = sum("unnamed" in stored.record.extra for stored in review_snapshot.records.values())
    lines.append(
        f"{unnamed:,} of {len(review_snapshot.records):,} papers are unnamed because their "
        "identity was not published."
    )
    return [*lines, f"Reports: {paths[0].parent}"]
