"""A small review with every kind of entry, made at fixed times, for tests of reports."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from support import appraising

from review.checklists import list_questions
from review.models import Answer, Decision, Link, Record, UnreadableEntry
from review.store import answers, decisions, links, records, retrievals
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.deduplication.groups import regroup_records
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

STAGES = ("title-abstract", "full-text", "quality")


def day(text: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(text).replace(hour=hour, tzinfo=UTC)


def started(folder: Path) -> Project:
    """A review whose protocol was entered at the beginning of 2020."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "protocol.yaml").write_text(appraising.PROTOCOL)
    project = open_project(folder, who="ada")
    with project.store.write() as conn:
        conn.exec_driver_sql("update protocols set at = '2020-01-01T00:00:00.000000Z'")
    return project


def bring(
    project: Project,
    source: str,
    numbers: range,
    on: str,
    *,
    via: str = "databases",
    make: Callable[[int], Record] | None = None,
    rejected: int = 0,
) -> list[int]:
    """Imports records of a source on a day; returns their numbers."""
    with project.store.write() as conn:
        batch = records.add_batch(
            conn,
            day(on),
            "ada",
            kind="file",
            source=source,
            via=via,
            name=f"{source}.ris",
            announced=len(numbers) + rejected,
            parsed=len(numbers),
            rejected=rejected,
            new=len(numbers),
            known=0,
        )
        given = [(n, make(n) if make else plain(source, n)) for n in numbers]
        added = records.add_records(conn, batch, given, day(on))
        lost = [UnreadableEntry(1000 + n, "no title", "TY  - ?") for n in range(rejected)]
        records.add_rejected(conn, batch, lost)
        regroup_records(project, conn)
    return list(added.new)


def plain(source: str, n: int) -> Record:
    return Record(
        source,
        title=f"Radiograph model {n} of {source}, & 50% more",
        year=2020,
        authors=("Müller, Ann", "Li, Bo") if n % 2 else ("Okafor, C.", "Wu, D.", "Roe, E."),
        journal="J. Imaging_AI",
        doi=f"10.5555/{source}.{n}",
        abstract="Words.",
    )


def link(project: Project, a: int, b: int, verdict: str, on: str, who: str = "tool") -> None:
    with project.store.write() as conn:
        rule = "doi" if who == "tool" else "by hand"
        links.add_links(conn, [Link(min(a, b), max(a, b), verdict, rule, who, day(on))])
        regroup_records(project, conn)


def decide(
    project: Project,
    record: int,
    stage: str,
    verdict: str | None,
    on: str,
    reason: str | None = None,
    *,
    who: tuple[str, ...] = ("ada",),
    role: str = "reviewer",
) -> None:
    with project.store.write() as conn:
        rows = [Decision(record, stage, name, verdict, day(on), reason, role=role) for name in who]
        decisions.add_decisions(conn, rows)
        regroup_records(project, conn)


def missed(project: Project, record: int, on: str, why: str) -> None:
    with project.store.write() as conn:
        retrievals.add_attempt(conn, record, "not retrieved", "ada", day(on), reason=why)


def appraise(project: Project, record: int, name: str, on: str, **other: str) -> None:
    """Enters a form and its consensus: one answer wherever it is allowed, others by key."""
    one = get_checklist(project, name)
    form = {
        asked.key: "yes"
        for asked in list_questions(one)
        if "yes" in {option.id for option in asked.options} and not asked.optional
    } | {key.replace("__", ":").replace("_", "-"): value for key, value in other.items()}
    rows = [
        Answer(
            record,
            name,
            key,
            "cleo",
            value,
            day(on),
            role="consensus",
            quote="We trained on 12 images." if key.startswith("judgement") else None,
            page=3 if key.startswith("judgement") else None,
        )
        for key, value in form.items()
    ]
    with project.store.write() as conn:
        answers.add_answers(conn, rows)


def whole(folder: Path) -> Project:
    """A review with ten entries in every box by 2020-06-01, and more by 2020-09-01."""
    project = started(folder)
    bring(project, "pubmed", range(1, 8), "2020-02-01", rejected=1)
    bring(
        project,
        "embase",
        range(8, 11),
        "2020-02-02",
        make=lambda n: replace(plain("pubmed", n - 7 if n < 10 else n), source="embase"),
    )
    link(project, 1, 8, "duplicate", "2020-02-03")
    link(project, 2, 9, "duplicate", "2020-02-03", who="ada")
    for n in (1, 2, 4, 5, 6, 10):
        decide(project, n, STAGES[0], "include", "2020-03-01")
    decide(project, 3, STAGES[0], "exclude", "2020-03-01", "not imaging")
    missed(project, 10, "2020-03-02", "paywall, and no answer from the authors")
    for n in (1, 2, 4, 5):
        decide(project, n, STAGES[1], "include", "2020-04-01")
    decide(project, 6, STAGES[1], "exclude", "2020-04-01", "not imaging")
    for n in (1, 2, 4):
        decide(project, n, STAGES[2], "include", "2020-05-01", who=("ada", "ben"))
    reasons = "preparation of images not documented; choice of the model not documented"
    decide(
        project, 5, STAGES[2], "exclude", "2020-05-01", reasons, who=("gates",), role="automation"
    )
    for n, kind, level in (
        (1, "deep-learning", "high"),
        (2, "hybrid", "low"),
        (4, "traditional", "unclear"),
    ):
        appraise(project, n, "study-kind", "2020-05-02", kind=kind)
        appraise(project, n, "claim-2020", "2020-05-02", abstract="no")
        judged = {f"judgement__{d}": level for d in ("participants", "analysis")}
        appraise(project, n, "probast-2019", "2020-05-02", **judged)
        if kind != "deep-learning":
            appraise(project, n, "rqs-1.0", "2020-05-02", **appraising.RQS_GOOD)
        appraise(
            project,
            n,
            "extraction-imaging-ai",
            "2020-05-02",
            size_development="120",
            size_test="30",
            modality="cxr",
        )
    return project


def updated(project: Project) -> None:
    """The records that August 2020 added, 11 to 13: a new study, a second report of a known study,
    a duplicate, one that was waiting, and one that is excluded again."""
    bring(
        project,
        "scopus",
        range(21, 24),
        "2020-08-01",
        make=lambda n: (
            replace(plain("pubmed", 1), source="scopus") if n == 21 else plain("scopus", n)
        ),
    )
    link(project, 11, 1, "duplicate", "2020-08-02")
    link(project, 12, 2, "study", "2020-08-02", who="ada")
    for n in (12, 13, 7):
        decide(project, n, STAGES[0], "include", "2020-08-03")
        decide(project, n, STAGES[1], "include", "2020-08-03")
        decide(project, n, STAGES[2], "include", "2020-08-04", who=("ada", "ben"))
    decide(
        project,
        4,
        STAGES[2],
        "exclude",
        "2020-08-05",
        "retracted",
        who=("cleo",),
        role="adjudicator",
    )
