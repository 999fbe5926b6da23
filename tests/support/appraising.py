"""A small review whose reports have reached appraisal, for tests of appraisal."""

from collections.abc import Mapping
from pathlib import Path

from review.checklists import list_questions
from review.models import Decision, Record
from review.store import decisions, records
from review.store.timestamps import utc_now
from review.workflow.appraisal import adjudication, forms
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.project.project import Project
from review.workflow.screening import status as standings
from review.workflow.setup.loading import open_project

PROTOCOL = """\
title: Imaging AI
question: How well is it reported?
search: {query: covid AND imaging, from: 2020-01-01}
stages:
  - {id: title-abstract, kind: screening, reviewers: 1}
  - {id: full-text, kind: eligibility, reviewers: 1, reasons: [not imaging]}
  - {id: quality, kind: quality, reviewers: 2}
team:
  - {name: ada, roles: [lead, reviewer]}
  - {name: ben, roles: [reviewer]}
  - {name: dan, roles: [reviewer, adjudicator]}
  - {name: cleo, roles: [adjudicator]}
appraisal:
  tools: [claim-2020, rqs-1.0, probast-2019]
  extraction: extraction-imaging-ai
  gates:
    - {id: preparation, checklist: claim-2020, kinds: [deep-learning, hybrid], required: ["9"],
       reason: preparation of images not documented}
    - {id: selection, checklist: claim-2020, kinds: [deep-learning, hybrid], required: ["26"],
       reason: choice of the model not documented}
    - {id: rqs, checklist: rqs-1.0, kinds: [traditional, hybrid], minimum: 6, reason: RQS below 6}
"""
RQS_GOOD = {
    "protocol": "documented",
    "discrimination": "statistic+resampling",
    "calibration": "none",
    "open": "code",
    "feature-reduction": "either",
    "validation": "same",
}


def review_in(folder: Path, reports: int = 3, quality: str = "reviewers: 2") -> Project:
    """Makes a review in which some reports are ready for appraisal and one was excluded earlier.

    Args:
        quality: keys of the quality stage.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = PROTOCOL.replace("kind: quality, reviewers: 2", f"kind: quality, {quality}")
    (folder / "protocol.yaml").write_text(plan)
    project = open_project(folder)
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="pubmed", name="p.ris"
        )
        given = [
            (n, Record("pubmed", title=f"Radiograph study {n}", doi=f"10.1/{n}"))
            for n in range(1, reports + 2)
        ]
        records.add_records(conn, batch, given, utc_now())
        for number in range(1, reports + 2):
            last = "exclude" if number > reports else "include"
            reason = "not imaging" if number > reports else None
            decisions.add_decisions(
                conn, [Decision(number, "title-abstract", "ada", "include", utc_now())]
            )
            decisions.add_decisions(
                conn, [Decision(number, "full-text", "ada", last, utc_now(), reason)]
            )
        standings.rebuild_statuses(project, conn)
    return project


def full(project: Project, name: str, answer: str = "yes", **other: str) -> dict[str, str]:
    """A form with one answer wherever it is allowed, and other answers by key."""
    form = {
        asked.key: answer
        for asked in list_questions(get_checklist(project, name))
        if answer in {option.id for option in asked.options} and not asked.optional
    }
    return form | other


def fill(
    project: Project,
    record: int,
    name: str,
    who: str,
    form: Mapping[str, str],
    *,
    finish: bool = True,
) -> None:
    """Enters a complete form and finishes it."""
    one = get_checklist(project, name)
    wanted = [AnswerInput(record, name, key, answer) for key, answer in form.items()]
    with project.store.write() as conn:
        forms.add_answers(project, conn, one, wanted, who)
    if finish:
        adjudication.finish_form(project, record, name, who)


def kind(project: Project, record: int, word: str, *who: str) -> None:
    """Enters the kind of study of a report for some reviewers."""
    for name in who:
        fill(project, record, "study-kind", name, {"kind": word})


def standing(project: Project, record: int) -> tuple[str | None, str | None]:
    """Status and reason of a report at the quality stage."""
    with project.store.read() as conn:
        now_ = standings.compute_statuses(project, conn)["quality"].get(record)
    return (now_.status, now_.reason) if now_ else (None, None)
