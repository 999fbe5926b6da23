"""Everything one form gives, put together."""

from collections.abc import Mapping

from review.checklists import UNSURE, Checklist, answerable, asked_of
from review.errors import ChecklistError
from review.scoring.form import Form, Result, dead_keys, waiting_keys
from review.scoring.judgements import judgements
from review.scoring.totals import section_total, totals, warning


def score(checklist: Checklist, form: Form, reasons: Mapping[str, str] | None = None) -> Result:
    """Everything a form gives.

    Args:
        form: key -> answer as read_answer gives it; keys left out are unanswered.
        reasons: key of a judgement -> the sentence given with it.

    Raises:
        ChecklistError: the form holds a key this checklist does not have.
    """
    known = {one.key: one for one in answerable(checklist)}
    for key in form:
        if key not in known:
            asked_of(checklist, key)  # names the nearest key
            raise ChecklistError(f"{checklist.id}: use the item's id, not its number ({key}).")
    dead = dead_keys(checklist, form)
    live = {key: answer for key, answer in form.items() if answer is not None and key not in dead}
    judged = judgements(checklist, live, reasons or {})
    waiting = waiting_keys(checklist, live)
    unanswered = tuple(
        key
        for key, one in known.items()
        if not (one.optional or key in live or key in dead or key in waiting)
    )
    unsure = tuple(key for key in known if live.get(key) == UNSURE)
    return Result(
        checklist=checklist.id,
        totals=totals(checklist, live, dead),
        sections=tuple(section_total(section, live, dead) for section in checklist.sections),
        judgements=judged,
        unanswered=unanswered,
        unsure=unsure,
        ignored=tuple(key for key in known if key in dead and form.get(key) is not None),
        warnings=tuple(w for need in checklist.needs if (w := warning(checklist, need, live))),
        complete=not unanswered and not unsure,
    )
