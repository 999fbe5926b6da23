"""Agreement per item and instrument, on the independent answers of reviewers."""

from collections.abc import Sequence
from dataclasses import dataclass

from review import agreement
from review.agreement import AgreementFigure
from review.checklists import UNSURE
from review.consensus import ItemRatings
from review.workflow.appraisal.results import collect_item_ratings, collect_total_ratings
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """How far reviewers agree on one item."""

    key: str
    name: str
    figures: tuple[AgreementFigure, ...]
    """Percent agreement, kappa (weighted too where answers carry points), AC1; see item_figures."""


@dataclass(frozen=True, slots=True)
class ChecklistAgreement:
    """How far reviewers agree on one instrument."""

    checklist: str
    reports: int
    """Reports of which all forms were finished."""
    pooled: tuple[AgreementFigure, ...]
    """Percent agreement and AC1 over all answers of all items."""
    total: AgreementFigure | None
    """ICC of the totals; None for an instrument without one."""
    items: tuple[ItemAgreement, ...]


def compute_agreement(project: Project, name: str) -> ChecklistAgreement:
    """Agreement on one checklist. 'Unsure' is no rating: such pairs are left out of the figures.

    Answers of very unequal frequency, as most CLAIM items do, pull kappa down however well two
    people agree; AC1 beside it does not suffer from that.
    Source: Feinstein 1990, doi 10.1016/0895-4356(90)90158-L.
    """
    rated_items = collect_item_ratings(project, name)
    totals = collect_total_ratings(project, name)
    return ChecklistAgreement(
        checklist=name,
        reports=max((len(item_ratings.rows) for item_ratings in rated_items), default=0),
        pooled=compute_pooled_agreement(rated_items)
        or (agreement.percent_agreement([]), agreement.gwet_ac([])),
        total=agreement.icc(totals) if totals else None,
        items=tuple(
            ItemAgreement(item_ratings.key, item_ratings.name, compute_item_figures(item_ratings))
            for item_ratings in rated_items
        ),
    )


def compute_pooled_agreement(
    rated_items: Sequence[ItemRatings],
) -> tuple[AgreementFigure, ...] | None:
    """Percent agreement and AC1 over all answers of all items; None where there is nothing to
    compare."""
    pooled = [row for item_ratings in rated_items for row in _list_rated_rows(item_ratings)]
    return (agreement.percent_agreement(pooled), agreement.gwet_ac(pooled)) if pooled else None


def _list_rated_rows(item_ratings: ItemRatings) -> list[list[str | None]]:
    """The answers to an item, report by report, where two or more say something."""
    rows = [[None if answer == UNSURE else answer for answer in row] for row in item_ratings.rows]
    return [row for row in rows if sum(answer is not None for answer in row) > 1]


def compute_item_figures(item_ratings: ItemRatings) -> tuple[AgreementFigure, ...]:
    """Percent agreement, kappa and AC1 of an item, for two reviewers a report; Fleiss' kappa and
    Krippendorff's alpha for more. Answers with points also have a weighted figure."""
    rows = _list_rated_rows(item_ratings)
    single = {answer for row in rows for answer in row} - {None} <= set(item_ratings.categories)
    labels = item_ratings.categories if single else None
    width = max((len(row) for row in item_ratings.rows), default=2)
    figures = agreement.summarize_agreement(rows, labels=labels) if rows else []
    if not figures:
        figures = [agreement.percent_agreement([]), agreement.gwet_ac([])]
    if item_ratings.ordered and rows and labels is not None:
        if width == 2:
            first, second = ([row[n] for row in rows] for n in (0, 1))
            weighted = agreement.kappa(first, second, labels=labels, weights="linear")
        else:
            weighted = agreement.gwet_ac(rows, labels=labels, weights="linear")
        figures.insert(2, weighted)
    return tuple(figures)


def format_figure(figure: AgreementFigure) -> str:
    """A figure as people read it, with its interval."""
    if figure.value is None:
        why = (figure.note or "").removeprefix("undefined: ")
        return f"{figure.name} undefined ({why})"
    return f"{figure.name} {agreement.format_figure(figure)}"


def format_lines(checklist_agreement: ChecklistAgreement) -> list[str]:
    """The agreement on an instrument in a few lines for people."""
    text_lines = [
        f"{checklist_agreement.checklist}: {checklist_agreement.reports} reports, agreement "
        "before consensus"
    ]
    text_lines += [
        "  all items: "
        f"{'; '.join(format_figure(pooled_figure) for pooled_figure in checklist_agreement.pooled)}"
    ]
    if checklist_agreement.total is not None:
        text_lines.append(f"  totals: {format_figure(checklist_agreement.total)}")
    return text_lines + [
        f"  {item.name}: {'; '.join(format_figure(figure) for figure in item.figures)}"
        for item in checklist_agreement.items
        if item.figures[0].n
    ]
