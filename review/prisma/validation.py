"""The check that the boxes of a flow sum, and that names what makes the difference."""

from collections import Counter
from collections.abc import Iterable, Sequence

from review.errors import FlowError
from review.prisma.models import MOST_NAMED, Box, Flow, Joint, Line, Problem, Stream, total

Part = Box | tuple[Line, ...]


def check(flow: Flow) -> list[Problem]:
    """Where the boxes do not sum; empty where they do. Sums over boxes that were not published are
    held through their joint total where there is one, else cannot be held and are passed over."""
    sums: list[tuple[str, list[Part], list[Part]]] = []
    for name, one in (("", flow.main), ("other methods: ", flow.other)):
        if one is not None:
            sums += [(name + place, left, right) for place, left, right in _stream_sums(one)]
    eligible: list[Part] = [flow.main.eligible]
    if flow.other:
        eligible.append(flow.other.eligible)
    sums.append(
        (
            "eligible = awaiting quality + excluded by the quality gate + included",
            eligible,
            [flow.waiting_quality, flow.excluded_quality, flow.new_reports],
        )
    )
    problems = [found for one in sums if (found := _compared(*one))]
    problems += [found for joint in flow.joints if (found := _joint_holds(flow, joint))]
    for what in ("studies", "reports"):
        old = getattr(flow, f"previous_{what}")
        parts = [old.n if old else 0, getattr(flow, f"new_{what}").n]
        parts.append(-(getattr(flow, f"dropped_{what}").n or 0))
        told = getattr(flow, f"total_{what}").n
        if None not in parts and told is not None and sum(parts) != told:
            problems.append(Problem(f"total {what}", f"{sum(parts)} by the boxes, {told} stated"))
    studies, reports = flow.new_studies.n, flow.new_reports.n
    if studies is not None and reports is not None and studies > reports:
        problems.append(Problem("included", f"{studies} studies in only {reports} reports"))
    return problems


def _stream_sums(one: Stream) -> list[tuple[str, list[Part], list[Part]]]:
    removed: list[Part] = [
        one.duplicates_tool, one.duplicates_hand, one.automation, one.removed_other,
    ]  # fmt: skip
    return [
        (
            "identified + carried over = removed before screening + awaiting + screened",
            [one.identified, one.carried],
            [*removed, one.waiting_screening, one.screened],
        ),
        ("screened = excluded + sought", [one.screened], [one.excluded_screening, one.sought]),
        (
            "sought = not retrieved + awaiting + assessed",
            [one.sought],
            [one.not_retrieved, one.waiting_eligibility, one.assessed],
        ),
        (
            "assessed = excluded by reason + eligible",
            [one.assessed],
            [one.excluded_eligibility, one.eligible],
        ),
    ]


def _compared(place: str, left: Sequence[Part], right: Sequence[Part]) -> Problem | None:
    a, b = [total(one) for one in left], [total(one) for one in right]
    if None in a or None in b:
        return None
    one, two = sum(n or 0 for n in a), sum(n or 0 for n in b)
    mine, theirs = _ids(left), _ids(right)
    if mine is None or theirs is None:
        return None if one == two else Problem(place, f"{one} against {two}")
    # Entries turn into reports at the first sum; there the numbers must match, not the names.
    by_name = not place.endswith("+ awaiting + screened")
    twice = sorted(name for name, n in Counter(theirs).items() if n > 1)
    apart = sorted(set(mine) ^ set(theirs)) if by_name or one != two else []
    if one == two and not twice and not (by_name and apart):
        return None
    return Problem(place, f"{one} against {two}", tuple(dict.fromkeys([*apart, *twice])))


def _ids(parts: Sequence[Part]) -> list[str] | None:
    found: list[str] = []
    for part in parts:
        for one in (part,) if isinstance(part, Box) else part:
            if one.ids is None:
                return None if one.n else found
            found += one.ids
    return found


def _joint_holds(flow: Flow, joint: Joint) -> Problem | None:
    """A joint total is what enters minus what leaves: held against the published boxes around."""
    main = flow.main
    early = "duplicates_tool" in joint.boxes
    enters = total(main.identified) if early else main.sought.n
    leaves = [main.sought, main.waiting_screening] if early else [
        flow.new_reports, main.waiting_eligibility, flow.waiting_quality,
    ]  # fmt: skip
    numbers = [one.n for one in leaves]
    if enters is None or None in numbers or flow.other or main.carried.n:
        return None
    left = enters - sum(n or 0 for n in numbers)
    return None if left == joint.n else Problem(joint.text, f"{left} by the boxes, {joint.n} told")


def hold(flow: Flow) -> Flow:
    """The flow itself, once its boxes sum.

    Raises:
        FlowError: they do not; names the boxes and the records that make the difference.
    """
    problems = check(flow)
    if problems:
        lines = [
            f"{one.place}: {one.says}" + (f" ({named(one.ids)})" if one.ids else "")
            for one in problems
        ]
        raise FlowError("The boxes of the flow do not sum. " + "; ".join(lines) + ".")
    return flow


def named(ids: Iterable[str]) -> str:
    found = list(dict.fromkeys(ids))
    more = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
