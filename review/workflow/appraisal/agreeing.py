"""Agreement of two reviewers per item and per instrument, on what both said independently."""

from dataclasses import dataclass

from review import agreement
from review.agreement import Figure
from review.checklists import UNSURE
from review.consensus import ItemRatings
from review.workflow.appraisal.results import ratings, total_ratings
from review.workflow.project import Project


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """How far two reviewers agree on one item."""

    key: str
    name: str
    figures: tuple[Figure, ...]
    """Percent agreement, kappa (weighted too where answers carry points) and AC1."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree on one instrument."""

    checklist: str
    reports: int
    """Reports of which both forms were finished."""
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
    pooled = [
        [a, b]
        for one in rated
        for a, b in zip(_rated(one.first), _rated(one.second), strict=True)
        if a is not None and b is not None
    ]
    return Agreement(
        checklist=name,
        reports=max((len(one.first) for one in rated), default=0),
        pooled=(agreement.percent(pooled), agreement.gwet(pooled)),
        total=agreement.icc([list(pair) for pair in totals]) if totals else None,
        items=tuple(ItemAgreement(one.key, one.name, _figures(one)) for one in rated),
    )


def _rated(answers: tuple[str, ...]) -> list[str | None]:
    return [None if one == UNSURE else one for one in answers]


def _figures(one: ItemRatings) -> tuple[Figure, ...]:
    first, second = _rated(one.first), _rated(one.second)
    rows = [[a, b] for a, b in zip(first, second, strict=True)]
    single = set(first + second) - {None} <= set(one.categories)
    labels = one.categories if single else None
    found = [agreement.percent(rows), agreement.kappa(first, second, labels=labels)]
    if one.ordered:
        weighted = agreement.kappa(first, second, labels=one.categories, weights="linear")
        found.append(weighted)
    return (*found, agreement.gwet(rows, labels=labels))


def shown(figure: Figure) -> str:
    """A figure as people read it, with its interval."""
    if figure.value is None:
        return f"{figure.name} undefined ({figure.note})"
    limits = f" ({figure.low:.2f} to {figure.high:.2f})" if figure.low is not None else ""
    return f"{figure.name} {figure.value:.2f}{limits}"


def lines(found: Agreement) -> list[str]:
    """The agreement on an instrument in a few lines for people."""
    whole = [f"{found.checklist}: {found.reports} reports, as both said before consensus"]
    whole += [f"  all items: {'; '.join(shown(one) for one in found.pooled)}"]
    if found.total is not None:
        whole.append(f"  totals: {shown(found.total)}")
    return whole + [
        f"  {one.name}: {'; '.join(shown(figure) for figure in one.figures)}"
        for one in found.items
        if one.figures[0].n
    ]
