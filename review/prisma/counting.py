"""Counts the boxes of the flow from entries, groups and statuses."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from review.errors import FlowError
from review.prisma.models import (
    MAIN_COLUMN,
    NO_REASON,
    UNREADABLE_REASON,
    BoxLine,
    Flow,
    FlowBox,
    FlowEntry,
    FlowInputs,
    OutcomeStatus,
    StageOutcome,
    Stream,
    Via,
)
from review.prisma.validation import format_ids


def count_flow(inputs: FlowInputs) -> Flow:
    """Count the flow of a review.

    Raises:
        FlowError: the inputs contradict each other (a repeated entry, an outcome without a record);
            the message names them.
    """
    _reject_contradictions(inputs)
    by_stage: dict[str, dict[str, StageOutcome]] = {
        "screening": {},
        "eligibility": {},
        "quality": {},
    }
    for outcome in inputs.outcomes:
        by_stage[outcome.stage][outcome.report] = outcome
    vias_by_report: dict[str, set[Via]] = {}
    for entry in inputs.entries:
        vias_by_report.setdefault(entry.report, set()).add(entry.via)
    for report, via in inputs.carried.items():
        vias_by_report.setdefault(report, set()).add(via)
    main_reports = {
        report
        for report, vias in vias_by_report.items()
        if vias & set(MAIN_COLUMN) and report not in inputs.direct
    }
    streams = [
        _count_stream(inputs, by_stage, main_reports, True),
        _count_stream(inputs, by_stage, main_reports, False),
    ]
    other = (
        streams[1]
        if any(line.n for line in streams[1].identified) or streams[1].carried.n
        else None
    )
    eligible = [*(streams[0].eligible.ids or ()), *((other.eligible.ids or ()) if other else ())]
    return _complete_flow(inputs, by_stage["quality"], streams[0], other, eligible)


def _reject_contradictions(inputs: FlowInputs) -> None:
    repeated_ids = [
        entry_id for entry_id, n in Counter(entry.id for entry in inputs.entries).items() if n > 1
    ]
    if repeated_ids:
        raise FlowError(f"These records were counted twice: {format_ids(repeated_ids)}.")
    known_reports = (
        {entry.report for entry in inputs.entries} | inputs.previous_reports | set(inputs.carried)
    )
    unknown_reports = [
        outcome.report for outcome in inputs.outcomes if outcome.report not in known_reports
    ]
    if unknown_reports:
        raise FlowError(
            f"There are decisions on reports without a record: {format_ids(unknown_reports)}."
        )
    pairs = Counter((outcome.report, outcome.stage) for outcome in inputs.outcomes)
    repeated_outcomes = [f"{report} ({stage})" for (report, stage), n in pairs.items() if n > 1]
    if repeated_outcomes:
        raise FlowError(
            f"These reports have two statuses at one stage: {format_ids(repeated_outcomes)}."
        )


def _count_stream(
    inputs: FlowInputs,
    by_stage: Mapping[str, Mapping[str, StageOutcome]],
    main_reports: set[str],
    is_main: bool,
) -> Stream:
    """Sort the entries of one column into its boxes; each entry falls into exactly one."""
    entries = [entry for entry in inputs.entries if (entry.via in MAIN_COLUMN) is is_main]
    carried_reports = [report for report in inputs.carried if (report in main_reports) is is_main]
    unread_ids = [entry.id for entry in entries if entry.unread]
    tool_ids, hand_ids, reports = _split_duplicates(inputs, entries, main_reports, is_main)
    reports = [*carried_reports, *reports]
    rule_by_report = {
        outcome.report: outcome.rule
        for outcome in by_stage["screening"].values()
        if outcome.rule and outcome.status == "excluded"
    }
    rule_exclusions = [
        (report, rule_by_report[report]) for report in reports if report in rule_by_report
    ]
    ruled_out = {report for report, _ in rule_exclusions}
    to_screen = [report for report in reports if report not in ruled_out]
    screening = by_stage["screening"] if "screening" in inputs.stages else None
    waiting, excluded, sought = _split_by_status(screening, to_screen, inputs.direct)
    waiting_ids = set(waiting)
    not_retrieved = [
        (report, inputs.not_retrieved[report])
        for report in sought
        if report in inputs.not_retrieved
    ]
    eligibility = by_stage["eligibility"] if "eligibility" in inputs.stages else None
    # A report assessed at full text was retrieved, whatever earlier attempts recorded.
    if eligibility is not None:
        not_retrieved = [m for m in not_retrieved if _get_status(eligibility, m[0]) == "waiting"]
    missing_reports = {report for report, _ in not_retrieved}
    waiting_eligibility, excluded_eligibility, eligible = _split_by_status(
        eligibility, [report for report in sought if report not in missing_reports]
    )
    return Stream(
        identified=_group_by_source(entries),
        duplicates_tool=_build_box(tool_ids),
        duplicates_hand=_build_box(hand_ids),
        automation=_build_lines(rule_exclusions),
        removed_other=_build_lines([(entry_id, UNREADABLE_REASON) for entry_id in unread_ids]),
        carried=_build_box(carried_reports),
        waiting_screening=_build_box(waiting),
        screened=_build_box([report for report in to_screen if report not in waiting_ids]),
        excluded_screening=_build_lines(excluded),
        sought=_build_box(sought),
        not_retrieved=_build_lines(not_retrieved),
        waiting_eligibility=_build_box(waiting_eligibility),
        assessed=_build_box([*(report for report, _ in excluded_eligibility), *eligible]),
        excluded_eligibility=_build_lines(excluded_eligibility),
        eligible=_build_box(eligible),
    )


def _split_duplicates(
    inputs: FlowInputs, entries: Sequence[FlowEntry], main_reports: set[str], is_main: bool
) -> tuple[list[str], list[str], list[str]]:
    """Entries removed as duplicates automatically, and manually, and the reports of this column."""
    tool_ids: list[str] = []
    hand_ids: list[str] = []
    representatives: dict[str, FlowEntry] = {}
    previous_reports = inputs.previous_reports | set(inputs.carried)
    readable = [entry for entry in entries if not entry.unread]
    for entry in readable:
        is_elsewhere = (
            entry.report in previous_reports or (entry.report in main_reports) is not is_main
        )
        if not is_elsewhere and (entry.id == entry.report or entry.report not in representatives):
            representatives[entry.report] = entry
    for entry in readable:
        if representatives.get(entry.report) is not entry:
            (hand_ids if entry.by_hand else tool_ids).append(entry.id)
    return tool_ids, hand_ids, list(representatives)


def _get_status(outcomes: Mapping[str, StageOutcome], report: str) -> OutcomeStatus:
    outcome = outcomes.get(report)
    return outcome.status if outcome else "waiting"


def _split_by_status(
    outcomes: Mapping[str, StageOutcome] | None,
    reports: Sequence[str],
    direct: Collection[str] = (),
) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """Waiting; excluded with the reason that counts; included. A stage that is not there lets
    everything through, and so does any for the reports that skip it."""
    if outcomes is None:
        return [], [], list(reports)
    waiting = [
        report
        for report in reports
        if _get_status(outcomes, report) == "waiting" and report not in direct
    ]
    excluded = [
        (report, (outcomes[report].reasons or (NO_REASON,))[0])
        for report in reports
        if _get_status(outcomes, report) == "excluded"
    ]
    return (
        waiting,
        excluded,
        [
            report
            for report in reports
            if _get_status(outcomes, report) == "included"
            or (report in direct and _get_status(outcomes, report) == "waiting")
        ],
    )


def _complete_flow(
    inputs: FlowInputs,
    outcomes: Mapping[str, StageOutcome],
    main: Stream,
    other: Stream | None,
    eligible: list[str],
) -> Flow:
    """Add the quality gate, the included box and the totals."""
    quality_outcomes = outcomes if "quality" in inputs.stages else None
    waiting, excluded, reports = _split_by_status(quality_outcomes, eligible)
    all_reasons = [
        (report, reason)
        for report, _ in excluded
        for reason in outcomes[report].reasons or (NO_REASON,)
    ]
    all_studies = dict.fromkeys(inputs.studies.get(report, report) for report in reports)
    studies = [study_id for study_id in all_studies if study_id not in inputs.previous_studies]
    kind_by_study: dict[str, str] = {}
    for report in reports:
        study = inputs.studies.get(report, report)
        if report in inputs.kinds and study not in inputs.previous_studies:
            kind_by_study.setdefault(study, inputs.kinds[report])
    dropped_studies, dropped_reports = inputs.dropped
    previous_counts = inputs.previous_counts
    old_studies, old_reports = previous_counts or (0, 0)
    return Flow(
        main=main,
        other=other,
        stages=tuple(inputs.stages),
        waiting_quality=_build_box(waiting),
        excluded_quality=_build_lines(excluded),
        quality_reasons=_build_lines(all_reasons),
        new_reports=_build_box(reports),
        new_studies=_build_box(studies),
        kinds=_build_lines(list(kind_by_study.items())),
        previous_studies=FlowBox(previous_counts[0]) if previous_counts else None,
        previous_reports=FlowBox(previous_counts[1]) if previous_counts else None,
        dropped_studies=_build_box(sorted(dropped_studies)),
        dropped_reports=_build_box(sorted(dropped_reports)),
        total_studies=FlowBox(old_studies - len(dropped_studies) + len(studies)),
        total_reports=FlowBox(old_reports - len(dropped_reports) + len(reports)),
    )


def _build_box(ids: Iterable[str]) -> FlowBox:
    box_ids = tuple(ids)
    return FlowBox(len(box_ids), box_ids)


def _build_lines(pairs: Sequence[tuple[str, str]]) -> tuple[BoxLine, ...]:
    """(id, label) pairs as lines, most frequent label first, then by name."""
    by_label: dict[str, list[str]] = {}
    for entry_id, label in pairs:
        by_label.setdefault(label, []).append(entry_id)
    ordered = sorted(by_label.items(), key=lambda pair: (-len(pair[1]), pair[0].casefold()))
    return tuple(BoxLine(label, len(ids), tuple(ids)) for label, ids in ordered)


def _group_by_source(entries: Sequence[FlowEntry]) -> tuple[BoxLine, ...]:
    via_order = ("databases", "registers", "websites", "organisations", "citations")
    by_source: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        by_source.setdefault((entry.via, entry.source), []).append(entry.id)
    ordered = sorted(
        by_source.items(),
        key=lambda pair: (via_order.index(pair[0][0]), -len(pair[1]), pair[0][1].casefold()),
    )
    return tuple(BoxLine(source, len(ids), tuple(ids), via) for (via, source), ids in ordered)
