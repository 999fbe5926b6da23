"""Evaluates the protocol's quality gates on consensus forms, with every failed condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from review.checklists.answers import find_question
from review.checklists.models import Checklist, list_items
from review.errors import ChecklistError
from review.protocol.models import Condition, ModelRule, QualityGate, has_requirements
from review.scoring.form import FormAnswers, build_judgement_key, get_item_state, inactive_items
from review.scoring.result import score_form


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """Result of one study at one gate of the protocol."""

    gate: str
    reason: str
    state: Literal["passed", "failed", "undecided"]
    why: tuple[str, ...] = ()
    """What failed or is still undecided, one line each."""


def compute_gate_outcomes(
    gates: Sequence[QualityGate], kind: str, forms: Mapping[str, tuple[Checklist, FormAnswers]]
) -> tuple[GateOutcome, ...]:
    """Results of a study at every gate that applies to its type, in the order of the protocol.

    Every failed gate is reported, not only the first. A gate is undecided while it depends on open
    answers; it is decided as soon as they can no longer change the result.

    Args:
        kind: deep-learning, traditional or hybrid; a hybrid study must pass the gates of both.
        forms: checklist id -> the checklist and the final form.

    Raises:
        ChecklistError: a gate names an item or score its checklist does not have.
    """
    return tuple(_evaluate_gate(gate, forms) for gate in gates if kind in gate.kinds)


def combine_model_outcomes(
    outcomes_by_model: Sequence[tuple[str, bool, Sequence[GateOutcome]]], rule: ModelRule
) -> tuple[GateOutcome, ...]:
    """One outcome for each gate, from those of a report's models.

    With the rule worst, a report passes when all its models do; with best, when one does; with
    main, as its main model does, or the first one if none is marked.

    Args:
        outcomes_by_model: name, whether it is the main model, and its outcomes at the same gates.
    """
    if rule == "main":
        _, _, outcomes = next(
            (entry for entry in outcomes_by_model if entry[1]), outcomes_by_model[0]
        )
        return tuple(outcomes)
    deciding, other = ("failed", "passed") if rule == "worst" else ("passed", "failed")
    combined = []
    for at_gate in zip(*(outcomes for _, _, outcomes in outcomes_by_model), strict=True):
        states = [outcome.state for outcome in at_gate]
        state = next(
            (candidate for candidate in (deciding, "undecided") if candidate in states), other
        )
        why = [
            f"{name}: {line}"
            for (name, _, _), outcome in zip(outcomes_by_model, at_gate, strict=True)
            if outcome.state == state
            for line in outcome.why
        ]
        combined.append(replace(at_gate[0], state=state, why=tuple(why)))
    return tuple(combined)


FormsByChecklist = Mapping[str, tuple[Checklist, FormAnswers]]
GateChecks = list[tuple[bool | None, str]]
"""Whether each condition is met (None while undecided), with a description."""


def _evaluate_gate(gate: QualityGate, forms: FormsByChecklist) -> GateOutcome:
    """Passed if all conditions of one alternative are met; failed if every alternative fails."""
    ways = [_collect_checks(gate, gate.id, forms)] if has_requirements(gate) or gate.also else []
    ways += [_collect_checks(condition, gate.id, forms) for condition in gate.either]
    if any(all(ok for ok, _ in way) for way in ways):
        return GateOutcome(gate.id, gate.reason, "passed")
    failed_reasons = [tuple(reason for ok, reason in way if ok is False) for way in ways]
    if all(failed_reasons):
        return GateOutcome(gate.id, gate.reason, "failed", _format_failures(failed_reasons))
    open_reasons = [tuple(reason for ok, reason in way if ok is None) for way in ways]
    undecided = [
        reasons
        for reasons, way_failures in zip(open_reasons, failed_reasons, strict=True)
        if not way_failures
    ]
    return GateOutcome(gate.id, gate.reason, "undecided", _format_failures(undecided))


def _format_failures(ways: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What failed or is undecided, one line each; one line per alternative if there are several."""
    if len(ways) == 1:
        return ways[0]
    return tuple(
        f"{'or' if index else 'either'} {'; '.join(way)}" for index, way in enumerate(ways)
    )


def _collect_checks(
    requirement: QualityGate | Condition, gate: str, forms: FormsByChecklist
) -> GateChecks:
    """All conditions of a gate, including those under 'also'."""
    checks: GateChecks = []
    if has_requirements(requirement):
        form_entry = forms.get(requirement.checklist)
        if form_entry is None:
            checks.append((None, f"{requirement.checklist} is not final yet"))
        else:
            checks += _check_required(requirement, gate, *form_entry) + _check_minimum(
                requirement, gate, *form_entry
            )
            checks += _check_judgements(requirement, gate, *form_entry)
    return checks + [
        check for condition in requirement.also for check in _collect_checks(condition, gate, forms)
    ]


def _check_required(
    requirement: QualityGate | Condition, gate: str, checklist: Checklist, form: FormAnswers
) -> GateChecks:
    inactive = inactive_items(checklist, form)
    checks: GateChecks = []
    for number in requirement.required:
        key = find_question(checklist, number).key
        item = next((item for item in list_items(checklist) if item.id == key), None)
        if item is None:
            raise ChecklistError(f"gate '{gate}': {number} is not an item of {checklist.id}.")
        item_state = "not-applicable" if key in inactive else get_item_state(item, form.get(key))
        ok = {"met": True, "not-applicable": True, "open": None, "unsure": None}.get(
            item_state, False
        )
        checks.append((ok, f"{checklist.short} {item.number} {item.name}: {item_state}"))
    min_count = (
        1 if isinstance(requirement, QualityGate) and requirement.any_of else requirement.at_least
    )
    return checks if min_count is None or not checks else [_check_at_least(checks, min_count)]


def _check_at_least(checks: GateChecks, min_count: int) -> tuple[bool | None, str]:
    """Whether at least the required number are met, or still can be."""
    met_count, open_count = sum(ok is True for ok, _ in checks), sum(ok is None for ok, _ in checks)
    unmet_reasons = "; ".join(reason for ok, reason in checks if ok is not True)
    description = (
        f"none of: {unmet_reasons}"
        if min_count == 1
        else f"{met_count} of at least {min_count} met: {unmet_reasons}"
    )
    return (
        True if met_count >= min_count else None if met_count + open_count >= min_count else False,
        description,
    )


def _check_judgements(
    requirement: QualityGate | Condition, gate: str, checklist: Checklist, form: FormAnswers
) -> GateChecks:
    if not requirement.keep_out:
        return []
    judgements_by_key = {
        judgement.key: judgement for judgement in score_form(checklist, form).judgements
    }
    checks: GateChecks = []
    for name, levels in requirement.keep_out.items():
        judgement = judgements_by_key.get(build_judgement_key(name))
        if judgement is None:
            raise ChecklistError(f"gate '{gate}': {checklist.id} has no judgement '{name}'.")
        description = f"{checklist.short} {name}: {judgement.final or 'not judged yet'}"
        checks.append(
            (None if judgement.final is None else judgement.final not in levels, description)
        )
    return checks


def _check_minimum(
    requirement: QualityGate | Condition, gate: str, checklist: Checklist, form: FormAnswers
) -> GateChecks:
    if requirement.minimum is None:
        return []
    totals = score_form(checklist, form).totals
    total = next(
        (t for t in totals if (t.id == requirement.score if requirement.score else t.primary)), None
    )
    if total is None:
        noun = f"score '{requirement.score}'" if requirement.score else "score"
        raise ChecklistError(
            f"gate '{gate}': {checklist.id} has no {noun} to which a minimum could apply."
        )
    if total.low is None or total.high is None:
        return [(None, f"{checklist.short} {total.title}: not applicable")]
    if total.low >= requirement.minimum:
        return [(True, "")]
    value_text = (
        f"{total.high:g}" if total.value is not None else f"{total.low:g} to {total.high:g}"
    )
    reason = f"{checklist.short} {total.title}: {value_text}, below {requirement.minimum:g}"
    return [(False if total.high < requirement.minimum else None, reason)]
