"""Proposed, given and overall judgements of the domains of a risk-of-bias tool."""

from collections.abc import Mapping, Sequence

from review.checklists import AT_RISK, NOT_JUDGED, OVERALL, UNSURE, Checklist, Section
from review.scoring.form import Form, Judgement, State, applies, dead_keys, state

MIN_REASON = 10
"""Least length (characters) of the sentence a changed judgement needs; stops 'x' and 'ok'."""


def judgements(
    checklist: Checklist, live: Form, reasons: Mapping[str, str]
) -> tuple[Judgement, ...]:
    if checklist.overall is None:
        return ()
    found: list[Judgement] = []
    for section in checklist.sections:
        if section.judgement:
            proposed = propose(section, live)
            found.append(_judgement("judgement", section.id, proposed, live, reasons))
        if section.applicability:
            found.append(_judgement("applicability", section.id, None, live, reasons))
    for part in ("judgement", "applicability"):
        finals = [one.final for one in found if one.part == part]
        if finals:
            proposed = _overall(checklist, part, finals, live)
            found.append(_judgement(part, OVERALL, proposed, live, reasons))
    return tuple(found)


def _judgement(
    part: str, section: str, proposed: str | None, live: Form, reasons: Mapping[str, str]
) -> Judgement:
    key = f"{part}:{section}"
    given = live.get(key)
    given = None if given == UNSURE else given
    return Judgement(
        key=key,
        section=section,
        part="judgement" if part == "judgement" else "applicability",
        proposed=proposed,
        given=given,
        reason=reasons.get(key),
        final=given or proposed,
        overridden=given is not None and proposed is not None and given != proposed,
    )


def propose(section: Section, form: Form) -> str | None:
    """The risk of bias that the answers of a domain propose; None while that hangs on open ones.

    Any unmet question proposes high, else any without information proposes unclear, else low. A
    domain of which nothing applies is not judged. The reviewer decides: a 'no' opens the question
    of bias and need not settle it.

    Source: Moons 2019, Annals of Internal Medicine 170(1), W1-W33 (PROBAST explanation), and
    Whiting 2011, Annals of Internal Medicine 155(8), 529-536 (QUADAS-2).
    """
    states: list[State] = []
    for item in section.items:
        now = applies(item, form)
        answer = form.get(item.id)
        if now is False or (item.optional and answer is None):
            continue
        states.append("open" if now is None and answer is None else state(item, answer))
    if "unmet" in states:
        return "high"
    if "open" in states or "unsure" in states:
        return None
    if "unclear" in states:
        return "unclear"
    return "low" if "met" in states else NOT_JUDGED


def _overall(
    checklist: Checklist, part: str, finals: Sequence[str | None], live: Form
) -> str | None:
    """The overall judgement the domains propose. A domain left unjudged counts as unclear."""
    overall = checklist.overall
    doubtful = "unclear" in finals or NOT_JUDGED in finals
    if overall is not None and overall.rule == "at-risk-if-any":
        if "high" in finals or doubtful:
            return AT_RISK
        return None if None in finals else "low"
    if "high" in finals:
        return "high"
    if None in finals:
        return None
    if doubtful:
        return "unclear"
    downgrade = overall.downgrade if overall and part == "judgement" else None
    return _development_only(live) if downgrade == "development-only" else "low"


def _development_only(live: Form) -> str | None:
    """Low becomes high for a model never tested on outside data, unless its data were very large
    and validated inside; None while that is not known.

    Source: Moons 2019 (PROBAST explanation), step 4, overall judgement.
    """
    kind = live.get("about:evaluation")
    if kind in (None, UNSURE):
        return None
    if kind != "development":
        return "low"
    return {"yes": "low", "no": "high"}.get(live.get("about:large") or "")


def lacks_reason(checklist: Checklist, form: Form, key: str, reason: str | None) -> bool:
    """Whether the judgement under a key differs from the proposal and says no sentence why.

    A domain left unjudged needs one too, unless the answers propose just that.
    """
    dead = dead_keys(checklist, form)
    live = {k: v for k, v in form.items() if v is not None and k not in dead}
    said = len((reason or "").strip()) >= MIN_REASON
    for one in judgements(checklist, live, {}):
        if one.key == key:
            unjudged = one.given == NOT_JUDGED and one.proposed != NOT_JUDGED
            return (one.overridden or unjudged) and not said
    return False
