"""Agreement at a stage: decisions made blind -> figures for each pair of reviewers and for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from review import agreement
from review.agreement import Figure
from review.models import Decision
from review.protocol import Stage, stage_reviewers
from review.screening import current
from review.store import decisions, links
from review.workflow.project.project import Project
from review.workflow.screening import blinding

Given = dict[int, dict[str, str]]
"""Report -> reviewer -> verdict."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Agreement of two reviewers (or all of them) at a stage."""

    names: tuple[str, ...]
    figures: tuple[Figure, ...]


def agreement_now(project: Project, stage: Stage, *, reader: str | None = None) -> list[Pair]:
    """Agreement at a stage, for each pair of reviewers and for all where there are more than two.

    Only reports both have judged count; include, exclude and unsure are the answers.

    Args:
        reader: who asks, see verdicts.
    """
    people = stage_reviewers(project.protocol, stage)
    made = verdicts(project, stage, reader=reader)
    rows = [[given.get(name) for name in people] for given in made.values()]
    found = []
    for a, b in combinations(range(len(people)), 2):
        both = [[row[a], row[b]] for row in rows if row[a] and row[b]]
        labels = ["include", "unsure", "exclude"]
        found.append(Pair((people[a], people[b]), tuple(agreement.summary(both, labels=labels))))
    if len(people) > 2:
        found.append(Pair(tuple(people), tuple(agreement.summary(rows))))
    return found


def verdicts(
    project: Project,
    stage: Stage,
    *,
    reader: str | None = None,
    until: datetime | None = None,
    groups: Mapping[int, tuple[int, int]] | None = None,
) -> Given:
    """What each reviewer decided on each report of a stage, now or at a moment.

    Args:
        reader: who asks; to who reviews too, nothing is told that is open to them, for the figures
            would give away how another judged the record they have just decided.
        groups: record -> (report, study) at that moment; the kept ones where None.
    """
    with project.store.read() as conn:
        groups = links.all_groups(conn) if groups is None else groups
        made = by_report(decisions.every(conn, stage=stage.id, until=until), groups)
        one = blinding.reader(project, conn, reader)
        status = decisions.statuses(conn, stage.id) if one else {}
    return {n: v for n, v in made.items() if blinding.may_see(one, stage.id, n, status.get(n))}


def by_report(made: Sequence[Decision], groups: Mapping[int, tuple[int, int]]) -> Given:
    """Each reviewer's verdict that counts now; of a report that was adjudicated, the one before
    that, for a change of mind after the others' were open to see is no agreement.

    Args:
        made: decisions in order of arrival.
    """
    mine: dict[int, list[Decision]] = {}
    settled: set[int] = set()
    for one in made:
        report = groups.get(one.record, (one.record, one.record))[0]
        if one.role == "adjudicator":
            settled.add(report)
        elif one.role == "reviewer" and report not in settled:
            mine.setdefault(report, []).append(one)
    return {
        report: {one.reviewer: one.verdict for one in current(given) if one.verdict}
        for report, given in mine.items()
    }
