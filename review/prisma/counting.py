"""Entries, groups and standings -> the boxes of the flow."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from review.errors import FlowError
from review.prisma.models import (
    MAIN,
    NO_REASON,
    UNREAD,
    Box,
    Entry,
    Flow,
    Inputs,
    Line,
    Standing,
    Status,
    Stream,
    Via,
)
from review.prisma.validation import named


def count(inputs: Inputs) -> Flow:
    """The flow of a review.

    Raises:
        FlowError: inputs that contradict each other (an entry twice, a standing without a record);
            names them.
    """
    _refuse(inputs)
    by_stage: dict[str, dict[str, Standing]] = {"screening": {}, "eligibility": {}, "quality": {}}
    for one in inputs.standings:
        by_stage[one.stage][one.report] = one
    ways: dict[str, set[Via]] = {}
    for entry in inputs.entries:
        ways.setdefault(entry.report, set()).add(entry.via)
    for report, via in inputs.carried.items():
        ways.setdefault(report, set()).add(via)
    main = {report for report, found in ways.items() if found & set(MAIN)}
    streams = [_stream(inputs, by_stage, main, True), _stream(inputs, by_stage, main, False)]
    other = (
        streams[1] if any(one.n for one in streams[1].identified) or streams[1].carried.n else None
    )
    eligible = [*(streams[0].eligible.ids or ()), *((other.eligible.ids or ()) if other else ())]
    return _ended(inputs, by_stage["quality"], streams[0], other, eligible)


def _refuse(inputs: Inputs) -> None:
    twice = [one for one, n in Counter(entry.id for entry in inputs.entries).items() if n > 1]
    if twice:
        raise FlowError(f"These entries came into the count twice: {named(twice)}.")
    known = {entry.report for entry in inputs.entries} | inputs.before | set(inputs.carried)
    strange = [one.report for one in inputs.standings if one.report not in known]
    if strange:
        raise FlowError(f"Decisions stand for reports without a record: {named(strange)}.")
    pairs = Counter((one.report, one.stage) for one in inputs.standings)
    double = [f"{report} ({stage})" for (report, stage), n in pairs.items() if n > 1]
    if double:
        raise FlowError(f"These reports have two standings at one stage: {named(double)}.")


def _stream(
    inputs: Inputs, by_stage: Mapping[str, Mapping[str, Standing]], main: set[str], is_main: bool
) -> Stream:
    """Sorts the entries of one column into its boxes; each entry falls into exactly one."""
    mine = [one for one in inputs.entries if (one.via in MAIN) is is_main]
    carried = [one for one in inputs.carried if (one in main) is is_main]
    unread = [one.id for one in mine if one.unread]
    tool, hand, reports = _deduplicated(inputs, mine, main, is_main)
    reports = [*carried, *reports]
    rules = {
        one.report: one.rule
        for one in by_stage["screening"].values()
        if one.rule and one.status == "excluded"
    }
    ruled = [(one, rules[one]) for one in reports if one in rules]
    out = {one for one, _ in ruled}
    left = [one for one in reports if one not in out]
    screening = by_stage["screening"] if "screening" in inputs.stages else None
    waiting, excluded, sought = _judged(screening, left)
    unsettled = set(waiting)
    missed = [(one, inputs.not_retrieved[one]) for one in sought if one in inputs.not_retrieved]
    eligibility = by_stage["eligibility"] if "eligibility" in inputs.stages else None
    # A report that was judged by its full text was retrieved, whatever an earlier attempt said.
    if eligibility is not None:
        missed = [m for m in missed if _status(eligibility, m[0]) == "waiting"]
    gone = {one for one, _ in missed}
    later, refused, eligible = _judged(eligibility, [one for one in sought if one not in gone])
    return Stream(
        identified=_by_source(mine),
        duplicates_tool=_box(tool),
        duplicates_hand=_box(hand),
        automation=_lines(ruled),
        removed_other=_lines([(one, UNREAD) for one in unread]),
        carried=_box(carried),
        waiting_screening=_box(waiting),
        screened=_box([one for one in left if one not in unsettled]),
        excluded_screening=_lines(excluded),
        sought=_box(sought),
        not_retrieved=_lines(missed),
        waiting_eligibility=_box(later),
        assessed=_box([*(one for one, _ in refused), *eligible]),
        excluded_eligibility=_lines(refused),
        eligible=_box(eligible),
    )


def _deduplicated(
    inputs: Inputs, mine: Sequence[Entry], main: set[str], is_main: bool
) -> tuple[list[str], list[str], list[str]]:
    """Entries that are duplicates by rule, by hand, and the reports of this column."""
    tool: list[str] = []
    hand: list[str] = []
    stands: dict[str, Entry] = {}
    old = inputs.before | set(inputs.carried)
    readable = [one for one in mine if not one.unread]
    for one in readable:
        elsewhere = one.report in old or (one.report in main) is not is_main
        if not elsewhere and (one.id == one.report or one.report not in stands):
            stands[one.report] = one
    for one in readable:
        if stands.get(one.report) is not one:
            (hand if one.by_hand else tool).append(one.id)
    return tool, hand, list(stands)


def _status(standings: Mapping[str, Standing], report: str) -> Status:
    found = standings.get(report)
    return found.status if found else "waiting"


def _judged(
    standings: Mapping[str, Standing] | None, reports: Sequence[str]
) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """Waiting; excluded with the reason that counts; included. A stage that is not there lets
    everything through."""
    if standings is None:
        return [], [], list(reports)
    waiting = [one for one in reports if _status(standings, one) == "waiting"]
    excluded = [
        (one, (standings[one].reasons or (NO_REASON,))[0])
        for one in reports
        if _status(standings, one) == "excluded"
    ]
    return waiting, excluded, [one for one in reports if _status(standings, one) == "included"]


def _ended(
    inputs: Inputs,
    standings: Mapping[str, Standing],
    main: Stream,
    other: Stream | None,
    eligible: list[str],
) -> Flow:
    """Adds the quality gate, the included box and the totals."""
    gated = standings if "quality" in inputs.stages else None
    waiting, refused, reports = _judged(gated, eligible)
    every = [
        (one, reason) for one, _ in refused for reason in standings[one].reasons or (NO_REASON,)
    ]
    every_study = dict.fromkeys(inputs.studies.get(one, one) for one in reports)
    studies = [one for one in every_study if one not in inputs.before_studies]
    kind_of: dict[str, str] = {}
    for one in reports:
        study = inputs.studies.get(one, one)
        if one in inputs.kinds and study not in inputs.before_studies:
            kind_of.setdefault(study, inputs.kinds[one])
    dropped_studies, dropped_reports = inputs.dropped
    earlier = inputs.previous
    old_studies, old_reports = earlier or (0, 0)
    return Flow(
        main=main,
        other=other,
        stages=tuple(inputs.stages),
        waiting_quality=_box(waiting),
        excluded_quality=_lines(refused),
        quality_reasons=_lines(every),
        new_reports=_box(reports),
        new_studies=_box(studies),
        kinds=_lines(list(kind_of.items())),
        previous_studies=Box(earlier[0]) if earlier else None,
        previous_reports=Box(earlier[1]) if earlier else None,
        dropped_studies=_box(sorted(dropped_studies)),
        dropped_reports=_box(sorted(dropped_reports)),
        total_studies=Box(old_studies - len(dropped_studies) + len(studies)),
        total_reports=Box(old_reports - len(dropped_reports) + len(reports)),
    )


def _box(ids: Iterable[str]) -> Box:
    found = tuple(ids)
    return Box(len(found), found)


def _lines(pairs: Sequence[tuple[str, str]]) -> tuple[Line, ...]:
    """(id, label) pairs as lines, most frequent label first, then by name."""
    by_label: dict[str, list[str]] = {}
    for one, label in pairs:
        by_label.setdefault(label, []).append(one)
    ordered = sorted(by_label.items(), key=lambda pair: (-len(pair[1]), pair[0].casefold()))
    return tuple(Line(label, len(ids), tuple(ids)) for label, ids in ordered)


def _by_source(entries: Sequence[Entry]) -> tuple[Line, ...]:
    order = ("databases", "registers", "websites", "organisations", "citations")
    by_source: dict[tuple[str, str], list[str]] = {}
    for one in entries:
        by_source.setdefault((one.via, one.source), []).append(one.id)
    ordered = sorted(
        by_source.items(),
        key=lambda pair: (order.index(pair[0][0]), -len(pair[1]), pair[0][1].casefold()),
    )
    return tuple(Line(source, len(ids), tuple(ids), via) for (via, source), ids in ordered)
