"""How often the assistant's suggestions were the answers that were settled later.

Only what is settled counts, and to a reviewer only what they may see, so that no figure tells how
a colleague answered an open report.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from review.bias.number_checks import wilson
from review.checklists import UNSURE
from review.checklists.models import FORM_SEPARATOR
from review.store import assistant_calls, decisions, links
from review.store.assistant_calls import AnsweredCall
from review.store.timestamps import utc_now
from review.text.folding import fold_text
from review.workflow.appraisal import results
from review.workflow.appraisal.instruments import get_checklist, list_checklist_ids
from review.workflow.assistant.settings import describe_disclosure, get_settings
from review.workflow.project.project import Project
from review.workflow.screening import blinding

FormItem = tuple[int, str, str]
"""Report, id of the form, item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAgreement:
    """How a model did on one instrument."""

    checklist: str
    """Id of its edition."""
    short: str
    model: str
    compared: int
    """Suggestions on items whose answer is settled."""
    same: int
    """Of these, suggestions that are the settled answer."""
    low: float
    """Lower end of the 95% interval of the share (Wilson)."""
    high: float

    @property
    def share(self) -> float:
        """Share of suggestions that are the settled answer."""
        return self.same / self.compared


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantStatus:
    """The assistant in this review."""

    is_on: bool
    model: str | None
    address: str | None
    consent: str | None
    """Who consents, and since when."""
    disclosure: str | None
    """What leaves the machine."""
    calls: int
    calls_left: int | None
    """Questions left in the review; None where the assistant is off."""
    calls_left_today: int | None
    suggested: int
    dropped: int
    failed: int
    unanswered: int
    """Questions that are under way, or whose process died."""
    agreement: tuple[AssistantAgreement, ...]


def compare_with_settled(
    calls: Iterable[AnsweredCall],
    report_by_record: Mapping[int, int],
    settled: Mapping[FormItem, str],
) -> dict[tuple[str, str], tuple[int, int]]:
    """(checklist edition, model) -> suggestions that are the settled answer, and all compared. Of
    several suggestions of a model on one item, the newest counts."""
    newest: dict[tuple[FormItem, str], str] = {}
    for asked in calls:
        report = report_by_record.get(asked.call.record)
        if report is None or asked.answer is None or asked.answer.answer is None:
            continue
        form_item = (report, asked.call.checklist, asked.call.item)
        newest[form_item, asked.call.model] = asked.answer.answer
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for (form_item, model), answer in newest.items():
        if form_item not in settled:
            continue
        key = (form_item[1].partition(FORM_SEPARATOR)[0], model)
        same, compared = counts.get(key, (0, 0))
        is_same = fold_text(answer) == fold_text(settled[form_item])
        counts[key] = (same + is_same, compared + 1)
    return counts


def build_agreement(
    project: Project, counts: Mapping[tuple[str, str], tuple[int, int]]
) -> list[AssistantAgreement]:
    """The counts with their intervals, in the order of instruments and models."""
    agreement = []
    for (checklist, model), (same, compared) in sorted(counts.items()):
        interval = wilson(same, compared)
        assert interval is not None  # at least one is compared
        agreement.append(
            AssistantAgreement(
                checklist=checklist,
                short=get_checklist(project, checklist).short,
                model=model,
                compared=compared,
                same=same,
                low=interval.low,
                high=interval.high,
            )
        )
    return agreement


def measure_agreement(project: Project, *, reader: str | None = None) -> list[AssistantAgreement]:
    """How each model did on each instrument, on settled answers.

    Args:
        reader: who asks; a reviewer sees reports only once they may see how others appraised
            them.
    """
    with project.store.read() as conn:
        calls = assistant_calls.list_calls(conn)
        if not calls:
            return []
        groups = links.list_groups(conn)
    report_by_record = {
        entry.call.record: groups.get(entry.call.record, (entry.call.record, 0))[0]
        for entry in calls
    }
    editions = {entry.call.checklist.partition(FORM_SEPARATOR)[0] for entry in calls}
    visible = _find_visible_reports(project, set(report_by_record.values()), reader)
    settled: dict[FormItem, str] = {}
    for name in sorted(editions & set(list_checklist_ids(project.protocol))):
        for appraisal in results.list_appraisals(project, name):
            if appraisal.settled and appraisal.report in visible:
                for item, entry in appraisal.entries.items():
                    if entry.answer not in (None, UNSURE):
                        settled[appraisal.report, appraisal.checklist.id, item] = str(entry.answer)
    return build_agreement(project, compare_with_settled(calls, report_by_record, settled))


def _find_visible_reports(project: Project, reports: set[int], reader: str | None) -> set[int]:
    """Reports whose appraisal a person may know of."""
    with project.store.read() as conn:
        blinded_reader = blinding.get_blinded_reader(project, conn, reader)
        if blinded_reader is None:
            return reports
        stages = blinding.find_deciding_stages(project, {"event": "answers"})
        statuses = {stage: decisions.list_statuses(conn, stage) for stage in stages}
    return {
        report
        for report in reports
        if any(
            blinding.may_see(blinded_reader, stage, report, statuses[stage].get(report))
            for stage in stages
        )
    }


def format_agreement(agreement: AssistantAgreement) -> str:
    """The figures of one model on one instrument, in words."""
    return (
        f"the settled answer in {agreement.same:,} of {agreement.compared:,} "
        f"({agreement.share:.0%}, 95% CI {agreement.low:.0%} to {agreement.high:.0%})"
    )


def describe_status(project: Project, *, reader: str | None = None) -> AssistantStatus:
    """Whether the assistant is on, what is left of its budget, and how it did."""
    settings = get_settings(project)
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    with project.store.read() as conn:
        calls = assistant_calls.list_calls(conn)
        today = assistant_calls.count_calls(conn, since=midnight)
    budget = settings.budget if settings else None
    left = max(budget.calls - len(calls), 0) if budget else None
    left_today = max(budget.calls_per_day - today, 0) if budget else None
    states = [entry.answer.state if entry.answer else "unanswered" for entry in calls]
    consent = settings.consent if settings else None
    return AssistantStatus(
        is_on=settings is not None,
        model=settings.model if settings else None,
        address=settings.address if settings else None,
        consent=f"{consent.by}, {consent.on.isoformat()}" if consent else None,
        disclosure=describe_disclosure(settings) if settings else None,
        calls=len(calls),
        calls_left=left,
        calls_left_today=None if left is None or left_today is None else min(left, left_today),
        suggested=states.count("suggested"),
        dropped=states.count("dropped"),
        failed=states.count("failed"),
        unanswered=states.count("unanswered"),
        agreement=tuple(measure_agreement(project, reader=reader)),
    )
