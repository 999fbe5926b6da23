"""Changes since a day, and the flow of the updated review."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from review import prisma
from review.errors import FlowError, ReviewError
from review.prisma import Flow, get_total
from review.store import decisions
from review.store.records import format_record_key, parse_record_key
from review.tables import build_flow_table
from review.workflow.exports import appraisals, snapshot
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.project.project import Project
from review.workflow.screening import blinding


@dataclass(frozen=True, slots=True)
class ReviewChanges:
    """Two states of a review beside each other."""

    since: str
    day: str
    new_by_source: Mapping[str, int]
    """Source -> entries that came."""
    decisions_by_stage: Mapping[str, Mapping[str, int]]
    """Stage -> reviewer -> decisions made."""
    boxes: tuple[tuple[str, int | None, int | None], ...]
    """Box -> number then and now, of the boxes that changed."""
    figures: tuple[tuple[str, int, int], ...]
    """Forms of each tool and judgements of each level -> number then and now, of those that
    changed."""
    newly_included: tuple[str, ...]
    """Reports included now and not then: their names."""
    no_longer_included: tuple[str, ...]
    """Reports included then and not now."""
    update: Flow
    """The flow of the update, with what was included then as the version before."""


def compare_since(
    project: Project, day: str, until: str | None = None, *, reader: str | None = None
) -> ReviewChanges:
    """What changed since the end of a day.

    Args:
        reader: who asks; of others' decisions, a reviewer sees those on settled records alone.

    Raises:
        FlowError: the boxes of the update do not sum.
        ReviewError: not a day, or nothing was there on it yet.
    """
    if until is not None and until < day:
        raise ReviewError(f"--since {day} is later than --as-of {until}.")
    before = snapshot.snapshot_at(project, day, read_all=False, reader=reader)
    after = snapshot.snapshot_at(project, until, read_all=False, reader=reader)
    included_then, included_now = set(before.included), set(after.included)
    current_reports = {n: after.groups.get(n, (n, n))[0] for n in included_then}
    newly_included = sorted(included_now - set(current_reports.values()))
    no_longer_included = sorted(
        n for n, report in current_reports.items() if report not in included_now
    )
    return ReviewChanges(
        since=day,
        day=after.day,
        new_by_source=_count_new_entries(before, after),
        decisions_by_stage=_count_decisions(project, before, after, reader),
        boxes=_compare_boxes(before, after),
        figures=_compare_figures(before, after),
        newly_included=tuple(f"{format_record_key(n)} {after.labels[n]}" for n in newly_included),
        no_longer_included=tuple(
            f"{format_record_key(n)} {before.labels[n]}" for n in no_longer_included
        ),
        update=build_update_flow(before, after),
    )


def _count_new_entries(before: ReviewSnapshot, after: ReviewSnapshot) -> dict[str, int]:
    known_ids = {entry.id for entry in before.inputs.entries}
    counts = Counter(
        DISPLAY_NAMES.get(entry.source, entry.source)
        for entry in after.inputs.entries
        if entry.id not in known_ids
    )
    return dict(counts.most_common())


def _count_decisions(
    project: Project, before: ReviewSnapshot, after: ReviewSnapshot, reader: str | None
) -> dict[str, dict[str, int]]:
    statuses = {
        stage: {report: report_status.status for report, report_status in by_report.items()}
        for stage, by_report in after.statuses.items()
    }
    with project.store.read() as conn:
        all_decisions = blinding.mask_decisions(
            blinding.get_blinded_reader(after.project, conn, reader),
            decisions.list_decisions(conn, until=after.until),
            after.groups,
            statuses,
        )
    counts_by_stage: dict[str, Counter[str]] = {}
    for decision in all_decisions:
        if before.until is None or decision.at > before.until:
            counts_by_stage.setdefault(decision.stage, Counter())[decision.reviewer] += 1
    return {stage: dict(counts.most_common()) for stage, counts in counts_by_stage.items()}


def _compare_boxes(
    before: ReviewSnapshot, after: ReviewSnapshot
) -> tuple[tuple[str, int | None, int | None], ...]:
    numbers = [_list_box_numbers(before.flow), _list_box_numbers(after.flow)]
    names = list(dict.fromkeys([*numbers[1], *numbers[0]]))
    box_rows = [(name, numbers[0].get(name, 0), numbers[1].get(name, 0)) for name in names]
    return tuple(box_row for box_row in box_rows if box_row[1] != box_row[2])


def _compare_figures(
    before: ReviewSnapshot, after: ReviewSnapshot
) -> tuple[tuple[str, int, int], ...]:
    counts_then, counts_now = _count_appraisals(before), _count_appraisals(after)
    figure_rows = [
        (name, counts_then.get(name, 0), counts_now.get(name, 0))
        for name in {**counts_now, **counts_then}
    ]
    return tuple(figure_row for figure_row in figure_rows if figure_row[1] != figure_row[2])


def _count_appraisals(review_snapshot: ReviewSnapshot) -> dict[str, int]:
    """What the figures of appraisal count: settled forms, and judgements by level."""
    counts: Counter[str] = Counter()
    for instrument in appraisals.list_instruments(review_snapshot):
        short = instrument.checklist.short
        counts[f"{short}: forms"] = sum(bool(form.entries) for form in instrument.forms)
        for column in appraisals.list_judgement_columns(instrument.checklist):
            for form in instrument.studies:
                if level := appraisals.get_levels(form).get(column.id):
                    column_title = f"{column.group.lower()}, {column.title.lower()}"
                    counts[f"{short}: {column_title}: {level}"] += 1
    return dict(counts)


def _list_box_numbers(review_flow: Flow) -> dict[str, int | None]:
    numbers: dict[str, int | None] = {}
    for part, box, line, n in build_flow_table(review_flow).rows:
        if line is None:
            numbers[f"{part}: {box}"] = n if isinstance(n, int) else None
    return numbers


def build_update_flow(before: ReviewSnapshot, after: ReviewSnapshot) -> Flow:
    """The flow of an update: what was included then is the version before; what came since, what
    was open then, and what was judged otherwise since runs through the boxes.

    Raises:
        FlowError: the boxes do not sum.
    """
    earlier_by_report = _map_earlier_reports(before, after)
    outcomes_then, outcomes_now = _get_outcomes(before), _get_outcomes(after)
    earlier_outcomes = {
        report: _pick_best_outcome(
            outcomes_then.get(earlier_report, "open") for earlier_report in earlier_reports
        )
        for report, earlier_reports in earlier_by_report.items()
    }
    included_now = set(after.included)
    carried = {
        report
        for report, outcome in earlier_outcomes.items()
        if outcome == "open" or (outcome == "out" and outcomes_now.get(report) != "out")
    }
    known_ids = {entry.id for entry in before.inputs.entries}
    via_by_report = {entry.report: entry.via for entry in reversed(after.inputs.entries)}
    kept_reports, dropped_reports = _partition_retained(
        [
            (earlier_report, after.groups.get(earlier_report, (earlier_report, earlier_report))[0])
            for earlier_report in before.included
        ],
        included_now,
    )
    kept_studies, dropped_studies = _partition_retained(
        sorted(
            {
                _get_study(before, earlier_report): _get_study(after, earlier_report)
                for earlier_report in before.included
            }.items()
        ),
        {_get_study(after, report) for report in included_now},
    )
    inputs = replace(
        after.inputs,
        entries=[entry for entry in after.inputs.entries if entry.id not in known_ids],
        previous_counts=(before.flow.total_studies.n or 0, before.flow.total_reports.n or 0),
        previous_reports=frozenset(format_record_key(report) for report in earlier_by_report),
        carried={
            format_record_key(report): via_by_report.get(format_record_key(report), "databases")
            for report in sorted(carried)
        },
        previous_studies=frozenset(format_record_key(study) for study in kept_studies),
        dropped=(_format_keys(dropped_studies), _format_keys(dropped_reports)),
    )
    update_flow = prisma.validate(prisma.count_flow(inputs))
    _check_totals(update_flow, after, len(kept_reports))
    return update_flow


def _format_keys(numbers: Iterable[int]) -> frozenset[str]:
    return frozenset(format_record_key(number) for number in numbers)


def _get_study(review_snapshot: ReviewSnapshot, record: int) -> int:
    return review_snapshot.groups.get(record, (record, record))[1]


def _map_earlier_reports(before: ReviewSnapshot, after: ReviewSnapshot) -> dict[int, set[int]]:
    """Report of now -> the reports of then that its records made up."""
    earlier_by_report: dict[int, set[int]] = {}
    for number in before.numbers:
        report = after.groups.get(number, (number, number))[0]
        earlier_by_report.setdefault(report, set()).add(
            before.groups.get(number, (number, number))[0]
        )
    return earlier_by_report


def _get_outcomes(review_snapshot: ReviewSnapshot) -> dict[int, str]:
    """Report -> in or out, of those that are settled."""
    streams = [
        review_snapshot.flow.main,
        *([review_snapshot.flow.other] if review_snapshot.flow.other else []),
    ]
    not_retrieved = [line for stream in streams for line in stream.not_retrieved]
    report_outcomes = {
        parse_record_key(key): "out" for line in not_retrieved for key in line.ids or ()
    }
    for stage in review_snapshot.project.protocol.stages:
        report_statuses = review_snapshot.statuses[stage.id].items()
        report_outcomes |= {
            report: "out"
            for report, report_status in report_statuses
            if report_status.status == "excluded"
        }
    return report_outcomes | dict.fromkeys(review_snapshot.included, "in")


def _pick_best_outcome(outcomes: Iterable[str]) -> str:
    """What several reports that are one now came to then."""
    distinct = set(outcomes)
    return "in" if "in" in distinct else "open" if "open" in distinct else "out"


def _partition_retained(
    pairs: Iterable[tuple[int, int]], now: set[int]
) -> tuple[set[int], list[int]]:
    """What of then is still there, under its number of now; and what is not, or was merged."""
    retained: set[int] = set()
    dropped: list[int] = []
    for old, new in pairs:
        if new in now and new not in retained:
            retained.add(new)
        else:
            dropped.append(old)
    return retained, dropped


def _check_totals(update_flow: Flow, after: ReviewSnapshot, retained_count: int) -> None:
    """Raises FlowError unless the update ends at the figures of the whole review."""
    update_totals = (update_flow.total_studies.n, update_flow.total_reports.n)
    review_totals = (after.flow.total_studies.n, after.flow.total_reports.n)
    if update_totals != review_totals:
        raise FlowError(
            f"The update has {update_totals[0]} studies in {update_totals[1]} reports, but the "
            f"review has {review_totals[0]} in {review_totals[1]} ({retained_count} reports were "
            "kept)."
        )


def format_lines(review_changes: ReviewChanges) -> list[str]:
    """The changes in a few lines for a terminal."""
    text_lines = [f"Changes from {review_changes.since} to {review_changes.day}", "", "Came:"]
    text_lines += [
        f"  {n:,} from {source}" for source, n in review_changes.new_by_source.items()
    ] or ["  nothing"]
    text_lines += ["Decided:"]
    for stage, counts in review_changes.decisions_by_stage.items():
        people_text = ", ".join(f"{name} {n:,}" for name, n in counts.items())
        text_lines.append(f"  {stage}: {sum(counts.values()):,} decisions ({people_text})")
    text_lines += [] if review_changes.decisions_by_stage else ["  nothing"]
    text_lines.append("Boxes that changed:")
    text_lines += [
        f"  {box}: {_format_number(then)} -> {_format_number(now)}"
        for box, then, now in review_changes.boxes
    ] or ["  none"]
    if review_changes.figures:
        text_lines.append("Results that changed:")
        text_lines += [
            f"  {name}: {_format_number(then)} -> {_format_number(now)}"
            for name, then, now in review_changes.figures
        ]
    for heading, names in (
        ("Newly included:", review_changes.newly_included),
        ("No longer included:", review_changes.no_longer_included),
    ):
        if names:
            text_lines += [heading, *(f"  {name}" for name in names)]
    return [*text_lines, "", prisma.format_conservation(review_changes.update)]


def _format_number(value: int | None) -> str:
    return "not published here" if value is None else f"{value:,}"


def to_json(review_changes: ReviewChanges) -> dict[str, Any]:
    """The changes as JSON-ready data."""
    return {
        "since": review_changes.since,
        "day": review_changes.day,
        "arrived": dict(review_changes.new_by_source),
        "decided": {
            stage: dict(counts) for stage, counts in review_changes.decisions_by_stage.items()
        },
        "boxes": [
            {"box": box, "then": then, "now": now} for box, then, now in review_changes.boxes
        ],
        "figures": [
            {"figure": figure, "then": then, "now": now}
            for figure, then, now in review_changes.figures
        ],
        "newly_included": list(review_changes.newly_included),
        "no_longer_included": list(review_changes.no_longer_included),
        "update": prisma.flow_to_dict(review_changes.update),
        "identified": get_total(review_changes.update.main.identified),
    }
