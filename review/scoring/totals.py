"""Totals, shares and section scores of a form, with the possible range of an unfinished one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from review.checklists.answers import get_points, split_answer
from review.checklists.models import (
    UNSURE,
    Checklist,
    ChecklistSection,
    Dependency,
    Item,
    ScoreDefinition,
    list_items,
)
from review.scoring.form import (
    FormAnswers,
    FormScore,
    ItemState,
    SectionTotal,
    get_item_state,
    is_applicable,
)

_KINDS_BY_STATE = ("count", "percent-applicable", "weighted-percent")
"""Kinds of score for which the state of an item counts, and not its points."""


@dataclass(frozen=True, slots=True)
class _ItemRange:
    """What one item can contribute to a share."""

    low: Decimal
    high: Decimal
    size: Decimal
    """The most it can contribute: 1, its weight or its points."""
    is_decided: bool
    """Whether it is known that the item applies."""


def compute_totals(
    checklist: Checklist, active_answers: FormAnswers, inactive: set[str]
) -> tuple[FormScore, ...]:
    scores_by_id: dict[str, FormScore] = {}
    counted_items = [
        item for item in list_items(checklist) if _is_counted(item, active_answers, inactive)
    ]
    for spec in sorted(checklist.scores, key=lambda score: score.kind == "percent-of-max"):
        items = [item for item in counted_items if not spec.items or item.id in spec.items]
        if spec.kind == "percent-of-max":
            base = next(score for score in checklist.scores if score.id == spec.of)
            ends = _compute_share_of_max(scores_by_id[base.id], Decimal(str(base.max)))
        elif spec.kind == "sum":
            ends = _sum_points(items, active_answers)
        else:
            ends = _compute_share(spec, items, active_answers)
        is_final = ends is not None and not any(
            _is_open(item, active_answers)
            or (spec.kind in _KINDS_BY_STATE and _lacks_state(item, active_answers))
            for item in items
        )
        scores_by_id[spec.id] = _build_score(spec, ends, is_final=is_final)
    return tuple(scores_by_id[spec.id] for spec in checklist.scores)


def _is_counted(item: Item, active_answers: FormAnswers, inactive: set[str]) -> bool:
    """Whether an item counts in scores: it applies, or may, and is not optional and unanswered."""
    return item.id not in inactive and not (item.optional and active_answers.get(item.id) is None)


def _is_open(item: Item, active_answers: FormAnswers) -> bool:
    """Whether an item is unanswered, or it is unknown if it applies."""
    is_answered = active_answers.get(item.id) not in (None, UNSURE)
    return not is_answered or is_applicable(item, active_answers) is None


def _lacks_state(item: Item, active_answers: FormAnswers) -> bool:
    """Whether only the points of an item are known, and they do not tell if it is met."""
    return get_item_state(item, active_answers.get(item.id)) == "open"


def _sum_points(
    counted_items: Sequence[Item], active_answers: FormAnswers
) -> tuple[Decimal, Decimal]:
    low = high = 0
    for item in counted_items:
        least, most = _get_points_range(item, active_answers.get(item.id))
        if is_applicable(item, active_answers) is None:
            least, most = min(least, 0), max(most, 0)
        low, high = low + least, high + most
    return Decimal(low), Decimal(high)


def _get_points_range(item: Item, answer: str | None) -> tuple[int, int]:
    """Lowest and highest points of an item; equal once it is answered."""
    if answer is None or answer == UNSURE:
        option_points = [option.points or 0 for option in item.options]
        if item.choose == "many":
            return sum(p for p in option_points if p < 0), sum(p for p in option_points if p > 0)
        return min(option_points, default=0), max(option_points, default=0)
    known_points = get_points(item, answer)
    if known_points is not None:
        return known_points, known_points
    points = sum(option.points or 0 for option in item.options if option.id in split_answer(answer))
    return points, points


def _compute_share(
    spec: ScoreDefinition, counted_items: Sequence[Item], active_answers: FormAnswers
) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest value of a count, or of a share of the items that apply: of their number,
    their weight or the points they can give."""
    ranges = [
        _measure_item(spec, item, active_answers)
        for item in counted_items
        if get_item_state(item, active_answers.get(item.id)) != "not-applicable"
    ]
    if spec.kind == "count":
        low = sum((r.low for r in ranges if r.is_decided), Decimal(0))
        return low, sum((r.high for r in ranges), Decimal(0))
    ranges = [r for r in ranges if r.size]
    if not ranges:
        return None
    return _find_extreme_share(ranges, lowest=True), _find_extreme_share(ranges, lowest=False)


def _measure_item(spec: ScoreDefinition, item: Item, active_answers: FormAnswers) -> _ItemRange:
    answer = active_answers.get(item.id)
    is_decided = is_applicable(item, active_answers) is not None
    if spec.kind == "percent-of-points":
        low, high = (Decimal(max(end, 0)) for end in _get_points_range(item, answer))
        return _ItemRange(low, high, Decimal(_get_points_range(item, None)[1]), is_decided)
    size = Decimal(str(item.weight or 0)) if spec.kind == "weighted-percent" else Decimal(1)
    state = get_item_state(item, answer)
    low = size if state == "met" else Decimal(0)
    high = size if state in ("met", "open", "unsure") else Decimal(0)
    return _ItemRange(low, high, size, is_decided)


def _find_extreme_share(ranges: Sequence[_ItemRange], *, lowest: bool) -> Decimal:
    """The lowest or highest percentage, whichever of the undecided items turn out to apply."""

    def get_end(item_range: _ItemRange) -> Decimal:
        return item_range.low if lowest else item_range.high

    decided = [r for r in ranges if r.is_decided]
    points = sum((get_end(r) for r in decided), Decimal(0))
    size = sum((r.size for r in decided), Decimal(0))
    undecided = [r for r in ranges if not r.is_decided]
    for entry in sorted(undecided, key=lambda r: get_end(r) / r.size, reverse=not lowest):
        share = get_end(entry) / entry.size
        if not size or (share < points / size if lowest else share > points / size):
            points, size = points + get_end(entry), size + entry.size
    return 100 * points / size


def _compute_share_of_max(base: FormScore, maximum: Decimal) -> tuple[Decimal, Decimal] | None:
    if base.low is None or base.high is None:
        return None
    low, high = (max(Decimal(0), Decimal(str(end))) for end in (base.low, base.high))
    return 100 * low / maximum, 100 * high / maximum


def _build_score(
    spec: ScoreDefinition, ends: tuple[Decimal, Decimal] | None, *, is_final: bool
) -> FormScore:
    if ends is None:
        return FormScore(
            id=spec.id,
            title=spec.title,
            value=None,
            low=None,
            high=None,
            band=None,
            primary=spec.primary,
            max=spec.max,
        )
    low, high = (_round_half_up(end, spec.round) for end in ends)
    value = low if is_final else None
    band = None
    if value is not None:
        reached_bands = [name for start, name in spec.bands if value >= start]
        band = reached_bands[-1] if reached_bands else None
    return FormScore(
        id=spec.id,
        title=spec.title,
        value=value,
        low=low,
        high=high,
        band=band,
        primary=spec.primary,
        max=spec.max,
    )


def _round_half_up(value: Decimal, decimals: int | None) -> float:
    """Halves are rounded up, as in the instruments' calculators; Python rounds half to even."""
    if decimals is None:
        return float(value)
    return float(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def compute_section_total(
    section: ChecklistSection, active_answers: FormAnswers, inactive: set[str]
) -> SectionTotal:
    states: dict[ItemState, int] = {}
    low = high = points = 0
    for item in section.items:
        if item.id in inactive:
            states["not-applicable"] = states.get("not-applicable", 0) + 1
            continue
        item_state = get_item_state(item, active_answers.get(item.id))
        states[item_state] = states.get(item_state, 0) + 1
        least, most = _get_points_range(item, active_answers.get(item.id))
        low, high = low + least, high + most
        points += 0 if _is_open(item, active_answers) else least
    return SectionTotal(
        id=section.id, title=section.title, states=states, points=points, low=low, high=high
    )


def find_warning(
    checklist: Checklist, dependency: Dependency, active_answers: FormAnswers
) -> str | None:
    items_by_id = {item.id: item for item in list_items(checklist)}
    for name in (dependency.item, dependency.needs):
        if get_points(items_by_id[name], active_answers.get(name)) is not None:
            return None  # only the points are known, and they do not tell which answer was given

    def is_met(item_id: str, option: str | None) -> bool:
        answer = active_answers.get(item_id)
        if option is not None:
            return answer is not None and option in split_answer(answer)
        return get_item_state(items_by_id[item_id], answer) in ("met", "partly")

    if not is_met(dependency.item, dependency.option) or is_met(
        dependency.needs, dependency.needs_option
    ):
        return None
    if _is_open(items_by_id[dependency.needs], active_answers):
        return None
    first, second = items_by_id[dependency.item], items_by_id[dependency.needs]
    return f"{first.number} {first.name}: {dependency.note or f'depends on {second.name}'}"
