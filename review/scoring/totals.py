"""Totals, shares and section scores of a form, with the reach of an unfinished one."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from review.checklists import UNSURE, Checklist, Item, Need, Score, Section, items, parts
from review.scoring.form import Form, SectionTotal, State, Total, state


def totals(checklist: Checklist, live: Form, dead: set[str]) -> tuple[Total, ...]:
    found: dict[str, Total] = {}
    asked = [item for item in items(checklist) if _asked(item, live, dead)]
    for spec in sorted(checklist.scores, key=lambda one: one.kind == "percent-of-max"):
        if spec.kind == "percent-of-max":
            of = next(one for one in checklist.scores if one.id == spec.of)
            ends = _share_of_max(found[of.id], Decimal(str(of.max)))
        elif spec.kind == "sum":
            ends = _sum(asked, live)
        else:
            ends = _counted(spec, asked, live)
        done = ends is not None and not any(_open(item, live) for item in asked)
        found[spec.id] = _total(spec, ends, done=done)
    return tuple(found[spec.id] for spec in checklist.scores)


def _asked(item: Item, live: Form, dead: set[str]) -> bool:
    """Whether an item counts in scores: it applies, or may, and is not an optional one left out."""
    return item.id not in dead and not (item.optional and live.get(item.id) is None)


def _open(item: Item, live: Form) -> bool:
    return live.get(item.id) in (None, UNSURE)


def _sum(asked: Sequence[Item], live: Form) -> tuple[Decimal, Decimal]:
    reach = [_points(item, live.get(item.id)) for item in asked]
    return Decimal(sum(low for low, _ in reach)), Decimal(sum(high for _, high in reach))


def _points(item: Item, answer: str | None) -> tuple[int, int]:
    """Least and most points an item gives; both are its points once it is answered."""
    if answer is None or answer == UNSURE:
        each = [option.points or 0 for option in item.options]
        if item.choose == "many":
            return sum(p for p in each if p < 0), sum(p for p in each if p > 0)
        return min(each, default=0), max(each, default=0)
    got = sum(option.points or 0 for option in item.options if option.id in parts(answer))
    return got, got


def _counted(spec: Score, asked: Sequence[Item], live: Form) -> tuple[Decimal, Decimal] | None:
    """Ends of a count, a share of applicable items or a share of their weights."""
    met = open_ = applicable = Decimal(0)
    for item in asked:
        weighted = spec.kind == "weighted-percent"
        size = Decimal(str(item.weight or 0)) if weighted else Decimal(1)
        now = state(item, live.get(item.id))
        if now == "not-applicable":
            continue
        applicable += size
        met += size if now == "met" else 0
        open_ += size if now in ("open", "unsure") else 0
    if spec.kind == "count":
        return met, met + open_
    if not applicable:
        return None
    return 100 * met / applicable, 100 * (met + open_) / applicable


def _share_of_max(of: Total, most: Decimal) -> tuple[Decimal, Decimal] | None:
    if of.low is None or of.high is None:
        return None
    low, high = (max(Decimal(0), Decimal(str(end))) for end in (of.low, of.high))
    return 100 * low / most, 100 * high / most


def _total(spec: Score, ends: tuple[Decimal, Decimal] | None, *, done: bool) -> Total:
    if ends is None:
        return Total(spec.id, spec.title, None, None, None, None, spec.primary, spec.max)
    low, high = (_rounded(end, spec.round) for end in ends)
    value = low if done else None
    band = None
    if value is not None:
        reached = [name for start, name in spec.bands if value >= start]
        band = reached[-1] if reached else None
    return Total(spec.id, spec.title, value, low, high, band, spec.primary, spec.max)


def _rounded(value: Decimal, decimals: int | None) -> float:
    """Half is rounded up, as calculators of the instruments do; Python's own goes to even."""
    if decimals is None:
        return float(value)
    return float(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def section_total(section: Section, live: Form, dead: set[str]) -> SectionTotal:
    states: dict[State, int] = {}
    low = high = points = 0
    for item in section.items:
        if item.id in dead:
            states["not-applicable"] = states.get("not-applicable", 0) + 1
            continue
        now = state(item, live.get(item.id))
        states[now] = states.get(now, 0) + 1
        least, most = _points(item, live.get(item.id))
        low, high = low + least, high + most
        points += 0 if _open(item, live) else least
    return SectionTotal(section.id, section.title, states, points, low, high)


def warning(checklist: Checklist, need: Need, live: Form) -> str | None:
    known = {item.id: item for item in items(checklist)}

    def holds(name: str, option: str | None) -> bool:
        answer = live.get(name)
        if option is not None:
            return answer is not None and option in parts(answer)
        return state(known[name], answer) in ("met", "partly")

    if not holds(need.item, need.option) or holds(need.needs, need.needs_option):
        return None
    if _open(known[need.needs], live):
        return None
    first, second = known[need.item], known[need.needs]
    return f"{first.number} {first.name}: {need.note or f'rests on {second.name}'}"
