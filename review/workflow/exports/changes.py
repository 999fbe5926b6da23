"""What came, what was decided and what changed since a day; and the flow of the update."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from review import prisma
from review.errors import FlowError, ReviewError
from review.prisma import Flow, total
from review.store import decisions
from review.store.records import key_of, number_of
from review.tables import boxes
from review.workflow.exports import appraisals, snapshot
from review.workflow.exports.snapshot import NAMES, Moment
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class Changes:
    """Two states of a review beside each other."""

    since: str
    day: str
    arrived: Mapping[str, int]
    """Source -> entries that came."""
    decided: Mapping[str, Mapping[str, int]]
    """Stage -> reviewer -> decisions made."""
    boxes: tuple[tuple[str, int | None, int | None], ...]
    """Box -> number then and now, of the boxes that changed."""
    figures: tuple[tuple[str, int, int], ...]
    """Forms of each tool and judgements of each level -> number then and now, of those that
    changed."""
    joined: tuple[str, ...]
    """Reports included now and not then: their names."""
    left: tuple[str, ...]
    """Reports included then and not now."""
    update: Flow
    """The flow of the update, with what was included then as the version before."""


def since(project: Project, day: str, until: str | None = None) -> Changes:
    """What changed since the end of a day.

    Raises:
        FlowError: the boxes of the update do not sum.
        ReviewError: not a day, or nothing was there on it yet.
    """
    if until is not None and until < day:
        raise ReviewError(f"--since {day} lies after --as-of {until}.")
    before = snapshot.at(project, day, whole=False)
    after = snapshot.at(project, until, whole=False)
    then, now = set(before.included), set(after.included)
    followed = {n: after.groups.get(n, (n, n))[0] for n in then}
    joined = sorted(now - set(followed.values()))
    left = sorted(n for n, report in followed.items() if report not in now)
    return Changes(
        since=day,
        day=after.day,
        arrived=_arrived(before, after),
        decided=_decided(project, before, after),
        boxes=_boxes(before, after),
        figures=_figures(before, after),
        joined=tuple(f"{key_of(n)} {after.labels[n]}" for n in joined),
        left=tuple(f"{key_of(n)} {before.labels[n]}" for n in left),
        update=update(before, after),
    )


def _arrived(before: Moment, after: Moment) -> dict[str, int]:
    known = {one.id for one in before.inputs.entries}
    new = Counter(
        NAMES.get(one.source, one.source) for one in after.inputs.entries if one.id not in known
    )
    return dict(new.most_common())


def _decided(project: Project, before: Moment, after: Moment) -> dict[str, dict[str, int]]:
    with project.store.read() as conn:
        made = decisions.every(conn, until=after.until)
    found: dict[str, Counter[str]] = {}
    for one in made:
        if before.until is None or one.at > before.until:
            found.setdefault(one.stage, Counter())[one.reviewer] += 1
    return {stage: dict(counts.most_common()) for stage, counts in found.items()}


def _boxes(before: Moment, after: Moment) -> tuple[tuple[str, int | None, int | None], ...]:
    told = [_numbers(before.flow), _numbers(after.flow)]
    names = list(dict.fromkeys([*told[1], *told[0]]))
    both = [(name, told[0].get(name, 0), told[1].get(name, 0)) for name in names]
    return tuple(one for one in both if one[1] != one[2])


def _figures(before: Moment, after: Moment) -> tuple[tuple[str, int, int], ...]:
    then, now = _appraised(before), _appraised(after)
    both = [(name, then.get(name, 0), now.get(name, 0)) for name in {**now, **then}]
    return tuple(one for one in both if one[1] != one[2])


def _appraised(one: Moment) -> dict[str, int]:
    """What the figures of appraisal count: settled forms, and judgements by level."""
    counts: Counter[str] = Counter()
    for found in appraisals.instruments(one):
        short = found.checklist.short
        counts[f"{short}: forms"] = sum(bool(form.entries) for form in found.forms)
        for column in appraisals.columns(found.checklist):
            for form in found.forms:
                if level := appraisals.levels(form).get(column.id):
                    place = f"{column.group.lower()}, {column.title.lower()}"
                    counts[f"{short}: {place}: {level}"] += 1
    return dict(counts)


def _numbers(one: Flow) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for part, box, line, n in boxes(one).rows:
        if line is None:
            found[f"{part}: {box}"] = n if isinstance(n, int) else None
    return found


def update(before: Moment, after: Moment) -> Flow:
    """The flow of an update: what was included then is the version before; what came since, what
    was open then, and what was judged otherwise since runs through the boxes.

    Raises:
        FlowError: the boxes do not sum.
    """
    earlier = _earlier(before, after)
    then, today = _outcomes(before), _outcomes(after)
    was = {r: _best(then.get(old, "open") for old in olds) for r, olds in earlier.items()}
    now = set(after.included)
    carried = {
        report
        for report, outcome in was.items()
        if outcome == "open" or (outcome == "out" and today.get(report) != "out")
    }
    known = {one.id for one in before.inputs.entries}
    ways = {one.report: one.via for one in reversed(after.inputs.entries)}
    kept_reports, dropped_reports = _kept(
        [(old, after.groups.get(old, (old, old))[0]) for old in before.included], now
    )
    kept_studies, dropped_studies = _kept(
        sorted({_study(before, old): _study(after, old) for old in before.included}.items()),
        {_study(after, report) for report in now},
    )
    inputs = replace(
        after.inputs,
        entries=[one for one in after.inputs.entries if one.id not in known],
        previous=(before.flow.total_studies.n or 0, before.flow.total_reports.n or 0),
        before=frozenset(key_of(report) for report in earlier),
        carried={key_of(one): ways.get(key_of(one), "databases") for one in sorted(carried)},
        before_studies=frozenset(key_of(study) for study in kept_studies),
        dropped=(_keys(dropped_studies), _keys(dropped_reports)),
    )
    made = prisma.hold(prisma.count(inputs))
    _agrees(made, after, len(kept_reports))
    return made


def _keys(numbers: Iterable[int]) -> frozenset[str]:
    return frozenset(key_of(number) for number in numbers)


def _study(one: Moment, record: int) -> int:
    return one.groups.get(record, (record, record))[1]


def _earlier(before: Moment, after: Moment) -> dict[int, set[int]]:
    """Report of now -> the reports of then that its records made up."""
    found: dict[int, set[int]] = {}
    for number in before.numbers:
        report = after.groups.get(number, (number, number))[0]
        found.setdefault(report, set()).add(before.groups.get(number, (number, number))[0])
    return found


def _outcomes(one: Moment) -> dict[int, str]:
    """Report -> in or out, of those that are settled."""
    streams = [one.flow.main, *([one.flow.other] if one.flow.other else [])]
    missed = [line for stream in streams for line in stream.not_retrieved]
    found = {number_of(key): "out" for line in missed for key in line.ids or ()}
    for stage in one.project.protocol.stages:
        here = one.standings[stage.id].items()
        found |= {report: "out" for report, where in here if where.status == "excluded"}
    return found | dict.fromkeys(one.included, "in")


def _best(outcomes: Iterable[str]) -> str:
    """What several reports that are one now came to then."""
    found = set(outcomes)
    return "in" if "in" in found else "open" if "open" in found else "out"


def _kept(pairs: Iterable[tuple[int, int]], now: set[int]) -> tuple[set[int], list[int]]:
    """What of then is still there, under its number of now; and what is not, or was merged."""
    kept: set[int] = set()
    dropped: list[int] = []
    for old, new in pairs:
        if new in now and new not in kept:
            kept.add(new)
        else:
            dropped.append(old)
    return kept, dropped


def _agrees(made: Flow, after: Moment, kept: int) -> None:
    """Raises FlowError unless the update ends where the whole review stands."""
    told = (made.total_studies.n, made.total_reports.n)
    whole = (after.flow.total_studies.n, after.flow.total_reports.n)
    if told != whole:
        raise FlowError(
            f"The update ends with {told[0]} studies in {told[1]} reports, the review stands at "
            f"{whole[0]} in {whole[1]} ({kept} reports were kept)."
        )


def lines(found: Changes) -> list[str]:
    """The changes in a few lines for a terminal."""
    told = [f"Since {found.since}, up to {found.day}", "", "Came:"]
    told += [f"  {n:,} from {source}" for source, n in found.arrived.items()] or ["  nothing"]
    told += ["Decided:"]
    for stage, people in found.decided.items():
        who = ", ".join(f"{name} {n:,}" for name, n in people.items())
        told.append(f"  {stage}: {sum(people.values()):,} decisions ({who})")
    told += [] if found.decided else ["  nothing"]
    told.append("Boxes that changed:")
    told += [f"  {box}: {_n(then)} -> {_n(now)}" for box, then, now in found.boxes] or ["  none"]
    if found.figures:
        told.append("Figures that changed:")
        told += [f"  {name}: {_n(then)} -> {_n(now)}" for name, then, now in found.figures]
    for what, names in (("Newly included:", found.joined), ("No longer included:", found.left)):
        if names:
            told += [what, *(f"  {name}" for name in names)]
    return [*told, "", prisma.conservation(found.update)]


def _n(value: int | None) -> str:
    return "not published here" if value is None else f"{value:,}"


def as_json(found: Changes) -> dict[str, Any]:
    """The changes as JSON-ready data."""
    return {
        "since": found.since,
        "day": found.day,
        "arrived": dict(found.arrived),
        "decided": {stage: dict(people) for stage, people in found.decided.items()},
        "boxes": [{"box": box, "then": then, "now": now} for box, then, now in found.boxes],
        "figures": [{"figure": f, "then": then, "now": now} for f, then, now in found.figures],
        "newly_included": list(found.joined),
        "no_longer_included": list(found.left),
        "update": prisma.as_dict(found.update),
        "identified": total(found.update.main.identified),
    }
