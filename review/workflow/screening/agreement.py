"""Agreement at a stage on blinded decisions, for each pair of reviewers and for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from review import agreement
from review.agreement import AgreementFigure
from review.models import Decision, Verdict
from review.protocol.models import Stage, list_stage_reviewers
from review.screening import count_verdict, list_current_decisions
from review.store import decisions, links
from review.workflow.project.project import Project
from review.workflow.screening import blinding

ReviewerVerdicts = dict[int, dict[str, Verdict]]
"""Report -> reviewer -> verdict."""


@dataclass(frozen=True, slots=True)
class ReviewerAgreement:
    """Agreement of two reviewers (or all of them) at a stage."""

    names: tuple[str, ...]
    figures: tuple[AgreementFigure, ...]


def compute_agreement(
    project: Project, stage: Stage, *, reader: str | None = None
) -> list[ReviewerAgreement]:
    """Agreement at a stage, for each pair of reviewers and for all where there are more than two.

    Only reports both have judged count; include, exclude and unsure are the answers. Where Maybe
    counts as include, the two agree.

    Args:
        reader: who asks, see verdicts.
    """
    reviewers = list_stage_reviewers(project.protocol, stage)
    verdicts_by_report = collect_verdicts(project, stage, reader=reader)
    rows = [
        [report_verdicts.get(name) for name in reviewers]
        for report_verdicts in count_maybe(stage, verdicts_by_report).values()
    ]
    results = []
    for a, b in combinations(range(len(reviewers)), 2):
        rated_rows = [[row[a], row[b]] for row in rows if row[a] and row[b]]
        labels = ["include", *(["unsure"] if stage.maybe == "conflict" else []), "exclude"]
        results.append(
            ReviewerAgreement(
                (reviewers[a], reviewers[b]),
                tuple(agreement.summarize_agreement(rated_rows, labels=labels)),
            )
        )
    if len(reviewers) > 2:
        results.append(
            ReviewerAgreement(tuple(reviewers), tuple(agreement.summarize_agreement(rows)))
        )
    return results


def collect_verdicts(
    project: Project,
    stage: Stage,
    *,
    reader: str | None = None,
    until: datetime | None = None,
    groups: Mapping[int, tuple[int, int]] | None = None,
) -> ReviewerVerdicts:
    """What each reviewer decided on each report of a stage, now or at a point in time.

    Args:
        reader: who asks; to who reviews too, nothing is shown that is open to them, for the figures
            would give away how another judged the record they have just decided.
        groups: record -> (report, study) at that moment; the kept ones where None.
    """
    with project.store.read() as conn:
        groups = links.list_groups(conn) if groups is None else groups
        blinded_reader = blinding.get_blinded_reader(project, conn, reader)
        visible_decisions = [
            decision
            for decision in decisions.list_decisions(conn, stage=stage.id, until=until)
            if blinding.may_see_record(blinded_reader, stage.id, decision.record)
        ]
        verdicts_by_report = group_by_report(visible_decisions, groups)
        status = decisions.list_statuses(conn, stage.id) if blinded_reader else {}
    return {
        n: v
        for n, v in verdicts_by_report.items()
        if blinding.may_see(blinded_reader, stage.id, n, status.get(n))
    }


def count_maybe(stage: Stage, verdicts_by_report: ReviewerVerdicts) -> ReviewerVerdicts:
    """The verdicts as the stage counts them: Maybe as include where its protocol says so."""
    return {
        report: {
            name: count_verdict(verdict, stage.maybe) for name, verdict in report_verdicts.items()
        }
        for report, report_verdicts in verdicts_by_report.items()
    }


def group_by_report(
    stage_decisions: Sequence[Decision], groups: Mapping[int, tuple[int, int]]
) -> ReviewerVerdicts:
    """Each reviewer's verdict that counts now; of a report that was adjudicated, the one before
    that, for a change of mind after the others' were open to see is no agreement.

    Args:
        made: decisions in order of arrival.
    """
    decisions_by_report: dict[int, list[Decision]] = {}
    adjudicated_reports: set[int] = set()
    for decision in stage_decisions:
        report = groups.get(decision.record, (decision.record, decision.record))[0]
        if decision.role == "adjudicator":
            adjudicated_reports.add(report)
        elif decision.role == "reviewer" and report not in adjudicated_reports:
            decisions_by_report.setdefault(report, []).append(decision)
    return {
        report: {
            decision.reviewer: decision.verdict
            for decision in list_current_decisions(report_decisions)
            if decision.verdict
        }
        for report, report_decisions in decisions_by_report.items()
    }
