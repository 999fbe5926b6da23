"""The protocol's quality gates over settled forms: every failure told, with what failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from review.checklists import Checklist, asked_of, items
from review.errors import ChecklistError
from review.protocol import Condition, Gate, asks
from review.scoring.form import Form, dead_keys, state
from review.scoring.result import score


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """How a study fares at one gate of the protocol."""

    gate: str
    reason: str
    state: Literal["passed", "failed", "undecided"]
    why: tuple[str, ...] = ()
    """What failed or is still open, one line each."""


def gate_outcomes(
    gates: Sequence[Gate], kind: str, forms: Mapping[str, tuple[Checklist, Form]]
) -> tuple[GateOutcome, ...]:
    """How a study of this kind fares at every gate that names its kind, in the protocol's order.

    Every failed gate is told, not only the first. A gate is undecided while it hangs on open
    answers; one that can no longer fail, or pass, is decided early.

    Args:
        kind: deep-learning, traditional or hybrid; a hybrid meets the gates of both tools.
        forms: checklist id -> the checklist and the settled form.

    Raises:
        ChecklistError: a gate names an item or score its checklist does not have.
    """
    return tuple(_gate(gate, forms) for gate in gates if kind in gate.kinds)


Forms = Mapping[str, tuple[Checklist, Form]]
Checks = list[tuple[bool | None, str]]
"""Whether each thing asked holds (None while that is open), in words."""


def _gate(gate: Gate, forms: Forms) -> GateOutcome:
    """Passed by any one way of which all holds; failed when every way has something that fails."""
    ways = [_checks(gate, gate.id, forms)] if asks(gate) or gate.also else []
    ways += [_checks(one, gate.id, forms) for one in gate.either]
    if any(all(ok for ok, _ in way) for way in ways):
        return GateOutcome(gate.id, gate.reason, "passed")
    failed = [tuple(why for ok, why in way if ok is False) for way in ways]
    if all(failed):
        return GateOutcome(gate.id, gate.reason, "failed", _told(failed))
    waits = [tuple(why for ok, why in way if ok is None) for way in ways]
    left = [one for one, lost in zip(waits, failed, strict=True) if not lost]
    return GateOutcome(gate.id, gate.reason, "undecided", _told(left))


def _told(ways: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What failed or is open, one line each; with several ways one line a way."""
    if len(ways) == 1:
        return ways[0]
    return tuple(
        f"{'or' if number else 'either'} {'; '.join(way)}" for number, way in enumerate(ways)
    )


def _checks(one: Gate | Condition, gate: str, forms: Forms) -> Checks:
    """Everything a gate or condition asks, what stands under 'also' too."""
    found: Checks = []
    if asks(one):
        given = forms.get(one.checklist)
        if given is None:
            found.append((None, f"{one.checklist} is not settled yet"))
        else:
            found += _required(one, gate, *given) + _minimum(one, gate, *given)
            found += _judged(one, gate, *given)
    return found + [check for more in one.also for check in _checks(more, gate, forms)]


def _required(one: Gate | Condition, gate: str, checklist: Checklist, form: Form) -> Checks:
    dead = dead_keys(checklist, form)
    found: Checks = []
    for number in one.required:
        key = asked_of(checklist, number).key
        item = next((item for item in items(checklist) if item.id == key), None)
        if item is None:
            raise ChecklistError(f"gate '{gate}': {number} is no item of {checklist.id}.")
        now = "not-applicable" if key in dead else state(item, form.get(key))
        ok = {"met": True, "not-applicable": True, "open": None, "unsure": None}.get(now, False)
        found.append((ok, f"{checklist.short} {item.number} {item.name}: {now}"))
    few = 1 if isinstance(one, Gate) and one.any_of else one.at_least
    return found if few is None or not found else [_enough(found, few)]


def _enough(found: Checks, few: int) -> tuple[bool | None, str]:
    """Whether at least so many hold, or still can."""
    met, open_ = sum(ok is True for ok, _ in found), sum(ok is None for ok, _ in found)
    missed = "; ".join(why for ok, why in found if ok is not True)
    words = f"none of: {missed}" if few == 1 else f"{met} of at least {few} met: {missed}"
    return True if met >= few else None if met + open_ >= few else False, words


def _judged(one: Gate | Condition, gate: str, checklist: Checklist, form: Form) -> Checks:
    if not one.keep_out:
        return []
    known = {judged.key: judged for judged in score(checklist, form).judgements}
    found: Checks = []
    for name, levels in one.keep_out.items():
        judged = known.get(judgement_key(name))
        if judged is None:
            raise ChecklistError(f"gate '{gate}': {checklist.id} has no judgement '{name}'.")
        words = f"{checklist.short} {name}: {judged.final or 'not judged yet'}"
        found.append((None if judged.final is None else judged.final not in levels, words))
    return found


def judgement_key(name: str) -> str:
    """The key of a judgement as a protocol names it: a domain means its risk of bias."""
    return name if ":" in name else f"judgement:{name}"


def _minimum(one: Gate | Condition, gate: str, checklist: Checklist, form: Form) -> Checks:
    if one.minimum is None:
        return []
    totals = score(checklist, form).totals
    total = next((t for t in totals if (t.id == one.score if one.score else t.primary)), None)
    if total is None:
        what = f"score '{one.score}'" if one.score else "score"
        raise ChecklistError(f"gate '{gate}': {checklist.id} has no {what} to hold a minimum to.")
    if total.low is None or total.high is None:
        return [(None, f"{checklist.short} {total.title}: nothing applies")]
    if total.low >= one.minimum:
        return [(True, "")]
    shown = f"{total.high:g}" if total.value is not None else f"{total.low:g} to {total.high:g}"
    why = f"{checklist.short} {total.title}: {shown}, under {one.minimum:g}"
    return [(False if total.high < one.minimum else None, why)]
