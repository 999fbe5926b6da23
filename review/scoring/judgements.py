"""Suggested, given and overall judgements of the domains of a risk-of-bias tool."""

from collections.abc import Mapping, Sequence

from review.checklists.models import (
    AT_RISK,
    NOT_JUDGED,
    OVERALL,
    UNSURE,
    Checklist,
    ChecklistSection,
)
from review.scoring.form import (
    FormAnswers,
    ItemState,
    Judgement,
    get_item_state,
    inactive_items,
    is_applicable,
)

MIN_REASON_LENGTH = 10
"""Minimum length (characters) of the reason for an overruled judgement; prevents 'x' or 'ok'."""


def derive_judgements(
    checklist: Checklist, active_answers: FormAnswers, reasons: Mapping[str, str]
) -> tuple[Judgement, ...]:
    if checklist.overall is None:
        return ()
    results: list[Judgement] = []
    for section in checklist.sections:
        if section.judgement:
            proposed = propose_judgement(section, active_answers)
            results.append(
                _build_judgement("judgement", section.id, proposed, active_answers, reasons)
            )
        if section.applicability:
            results.append(
                _build_judgement("applicability", section.id, None, active_answers, reasons)
            )
    for part in ("judgement", "applicability"):
        finals = [judgement.final for judgement in results if judgement.part == part]
        if finals:
            proposed = _propose_overall(checklist, part, finals, active_answers)
            results.append(_build_judgement(part, OVERALL, proposed, active_answers, reasons))
    return tuple(results)


def _build_judgement(
    part: str,
    section: str,
    proposed: str | None,
    active_answers: FormAnswers,
    reasons: Mapping[str, str],
) -> Judgement:
    key = f"{part}:{section}"
    own_judgement = active_answers.get(key)
    own_judgement = None if own_judgement == UNSURE else own_judgement
    return Judgement(
        key=key,
        section=section,
        part="judgement" if part == "judgement" else "applicability",
        proposed=proposed,
        given=own_judgement,
        reason=reasons.get(key),
        final=own_judgement or proposed,
        overridden=own_judgement is not None and proposed is not None and own_judgement != proposed,
    )


def propose_judgement(section: ChecklistSection, form: FormAnswers) -> str | None:
    """Risk of bias suggested by the answers of a domain; None while it depends on open answers.

    High if any signalling question is not met, else unclear if information is missing, else low. A
    domain without applicable questions is not judged. The reviewer decides: a 'no' flags potential
    for bias and need not mean high risk.

    Source: Moons 2019, Annals of Internal Medicine 170(1), W1-W33 (PROBAST explanation), and
    Whiting 2011, Annals of Internal Medicine 155(8), 529-536 (QUADAS-2).
    """
    states: list[ItemState] = []
    for item in section.items:
        applicable = is_applicable(item, form)
        answer = form.get(item.id)
        if applicable is False or (item.optional and answer is None):
            continue
        states.append(
            "open" if applicable is None and answer is None else get_item_state(item, answer)
        )
    if "unmet" in states:
        return "high"
    if "open" in states or "unsure" in states:
        return None
    if "unclear" in states:
        return "unclear"
    return "low" if "met" in states else NOT_JUDGED


def _propose_overall(
    checklist: Checklist, part: str, finals: Sequence[str | None], active_answers: FormAnswers
) -> str | None:
    """Overall judgement suggested by the domains. A domain without judgement counts as unclear."""
    overall = checklist.overall
    has_unclear = "unclear" in finals or NOT_JUDGED in finals
    if overall is not None and overall.rule == "at-risk-if-any":
        if "high" in finals or has_unclear:
            return AT_RISK
        return None if None in finals else "low"
    if "high" in finals:
        return "high"
    if None in finals:
        return None
    if has_unclear:
        return "unclear"
    downgrade = overall.downgrade if overall and part == "judgement" else None
    return _apply_development_only(active_answers) if downgrade == "development-only" else "low"


def _apply_development_only(active_answers: FormAnswers) -> str | None:
    """Low becomes high for a model without external validation, unless its dataset was very large
    and it was validated internally; None while that is unknown.

    Source: Moons 2019 (PROBAST explanation), step 4, overall judgement.
    """
    kind = active_answers.get("about:evaluation")
    if kind in (None, UNSURE):
        return None
    if kind != "development":
        return "low"
    return {"yes": "low", "no": "high"}.get(active_answers.get("about:large") or "")


def lacks_reason(checklist: Checklist, form: FormAnswers, key: str, reason: str | None) -> bool:
    """Whether a judgement differs from the suggestion and lacks a reason.

    A domain left without judgement needs a reason too, unless the answers suggest that.
    """
    inactive = inactive_items(checklist, form)
    active_answers = {k: v for k, v in form.items() if v is not None and k not in inactive}
    has_reason = len((reason or "").strip()) >= MIN_REASON_LENGTH
    for judgement in derive_judgements(checklist, active_answers, {}):
        if judgement.key == key:
            is_unjudged = judgement.given == NOT_JUDGED and judgement.proposed != NOT_JUDGED
            return (judgement.overridden or is_unjudged) and not has_reason
    return False
