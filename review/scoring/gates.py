"""The protocol's quality gates over settled forms: every failure told, with what failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from review.checklists import Checklist, asked_of, items
from review.errors import ChecklistError
from review.protocol import Gate
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
    return tuple(_gate(gate, forms.get(gate.checklist)) for gate in gates if kind in gate.kinds)


def _gate(gate: Gate, given: tuple[Checklist, Form] | None) -> GateOutcome:
    if given is None:
        why = (f"{gate.checklist} is not settled yet",)
        return GateOutcome(gate.id, gate.reason, "undecided", why)
    checklist, form = given
    checks = _required(gate, checklist, form) + _minimum(gate, checklist, form)
    failed = tuple(why for ok, why in checks if ok is False)
    if failed:
        return GateOutcome(gate.id, gate.reason, "failed", failed)
    waits = tuple(why for ok, why in checks if ok is None)
    return GateOutcome(gate.id, gate.reason, "undecided" if waits else "passed", waits)


def _required(gate: Gate, checklist: Checklist, form: Form) -> list[tuple[bool | None, str]]:
    dead = dead_keys(checklist, form)
    found: list[tuple[bool | None, str]] = []
    for number in gate.required:
        key = asked_of(checklist, number).key
        item = next((one for one in items(checklist) if one.id == key), None)
        if item is None:
            raise ChecklistError(f"gate '{gate.id}': {number} is no item of {checklist.id}.")
        now = "not-applicable" if key in dead else state(item, form.get(key))
        ok = {"met": True, "not-applicable": True, "open": None, "unsure": None}.get(now, False)
        found.append((ok, f"{checklist.short} {item.number} {item.name}: {now}"))
    if gate.any_of and found:
        oks = [ok for ok, _ in found]
        return [(True if True in oks else None if None in oks else False, _joined(found))]
    return found


def _joined(found: Sequence[tuple[bool | None, str]]) -> str:
    return "none of: " + "; ".join(why for _, why in found)


def _minimum(gate: Gate, checklist: Checklist, form: Form) -> list[tuple[bool | None, str]]:
    if gate.minimum is None:
        return []
    total = next((one for one in score(checklist, form).totals if one.primary), None)
    if total is None:
        raise ChecklistError(f"gate '{gate.id}': {checklist.id} has no score to hold a minimum to.")
    if total.low is None or total.high is None:
        return [(None, f"{checklist.short} {total.title}: nothing applies")]
    if total.low >= gate.minimum:
        return [(True, "")]
    shown = f"{total.high:g}" if total.value is not None else f"{total.low:g} to {total.high:g}"
    why = f"{checklist.short} {total.title}: {shown}, under {gate.minimum:g}"
    return [(False if total.high < gate.minimum else None, why)]
