"""Agreement of reviewers per item and per instrument, on what each said independently."""

from collections.abc import Sequence
from dataclasses import dataclass

from review import agreement
from review.agreement import Figure
from review.checklists import UNSURE
from review.consensus import ItemRatings
from review.workflow.appraisal.results import ratings, total_ratings
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """How far reviewers agree on one item."""

    key: str
    name: str
    figures: tuple[Figure, ...]
    """Percent agreement, kappa (weighted too where answers carry points), AC1; see item_figures."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agree on one instrument."""

    checklist: str
    reports: int
    """Reports of which all forms were finished."""
    pooled: tuple[Figure, ...]
    """Percent agreement and AC1 over all answers of all items."""
    total: Figure | None
    """ICC of the totals; None for an instrument without one."""
    items: tuple[ItemAgreement, ...]


def agreement_of(project: Project, name: str) -> Agreement:
    """Agreement on one checklist. 'Unsure' is no rating: such pairs are left out of the figures.

    Answers that stand unequally often, as most CLAIM items do, pull kappa down however well two
    people agree; AC1 beside it does not suffer from that.
    Source: Feinstein 1990, doi 10.1016/0895-4356(90)90158-L.
    """
    rated = ratings(project, name)
    totals = total_ratings(project, name)
    return Agreement(
        checklist=name,
        reports=max((len(one.rows) for one in rated), default=0),
        pooled=agreement_on(rated) or (agreement.percent([]), agreement.gwet([])),
        total=agreement.icc(totals) if totals else None,
        items=tuple(ItemAgreement(one.key, one.name, item_figures(one)) for one in rated),
    )


def agreement_on(rated: Sequence[ItemRatings]) -> tuple[Figure, ...] | None:
    """Percent agreement and AC1 over all answers of all items; None where there is nothing to
    compare."""
    pooled = [row for one in rated for row in _rated(one)]
    return (agreement.percent(pooled), agreement.gwet(pooled)) if pooled else None


def _rated(one: ItemRatings) -> list[list[str | None]]:
    """The answers to an item, report by report, where two or more say something."""
    rows = [[None if said == UNSURE else said for said in row] for row in one.rows]
    return [row for row in rows if sum(said is not None for said in row) > 1]


def item_figures(one: ItemRatings) -> tuple[Figure, ...]:
    """Percent agreement, kappa and AC1 of an item, for two reviewers a report; Fleiss' kappa and
    Krippendorff's alpha for more. Answers with points also have a weighted figure."""
    rows = _rated(one)
    single = {said for row in rows for said in row} - {None} <= set(one.categories)
    labels = one.categories if single else None
    width = max((len(row) for row in one.rows), default=2)
    found = agreement.summary(rows, labels=labels) if rows else []
    if not found:
        found = [agreement.percent([]), agreement.gwet([])]
    if one.ordered and rows and labels is not None:
        if width == 2:
            first, second = ([row[n] for row in rows] for n in (0, 1))
            weighted = agreement.kappa(first, second, labels=labels, weights="linear")
        else:
            weighted = agreement.gwet(rows, labels=labels, weights="linear")
        found.insert(2, weighted)
    return tuple(found)


def shown(figure: Figure) -> str:
    """A figure as people read it, with its interval."""
    if figure.value is None:
        why = (figure.note or "").removeprefix("undefined: ")
        return f"{figure.name} undefined ({why})"
    known = figure.n > 1 and figure.low is not None
    limits = f" ({figure.low:.2f} to {figure.high:.2f})" if known else ""
    return f"{figure.name} {figure.value:.2f}{limits}"


def lines(found: Agreement) -> list[str]:
    """The agreement on an instrument in a few lines for people."""
    whole = [f"{found.checklist}: {found.reports} reports, as reviewers said before consensus"]
    whole += [f"  all items: {'; '.join(shown(one) for one in found.pooled)}"]
    if found.total is not None:
        whole.append(f"  totals: {shown(found.total)}")
    return whole + [
        f"  {one.name}: {'; '.join(shown(figure) for figure in one.figures)}"
        for one in found.items
        if one.figures[0].n
    ]
