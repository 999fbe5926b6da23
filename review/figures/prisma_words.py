"""The words of each box of a PRISMA 2020 diagram, as the templates print them.

Source of the wording: Page 2021, BMJ 372:n71 (PRISMA 2020 templates, CC BY 4.0).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.figures.text import KEPT
from review.prisma import Box, Flow, Line, Stream, total

UNKNOWN = "not published here"
NO_WHY = "Not retrieved"
"""What the flow says where nobody recorded why."""
VIA_NAMES = {
    "databases": "Databases",
    "registers": "Registers",
    "websites": "Websites",
    "organisations": "Organisations",
    "citations": "Citation searching",
}


@dataclass(frozen=True, slots=True)
class Para:
    """One paragraph in a box."""

    text: str
    indent: int = 0
    """Steps to the right."""
    bold: bool = False
    italic: bool = False


def n(value: int | None) -> str:
    """(n = 2,212) in one unbreakable piece, or (not published here)."""
    if value is None:
        return f"({UNKNOWN.replace(' ', KEPT)})"
    return f"(n{KEPT}={KEPT}{value:,})"


def counted(label: str, value: int | None, indent: int = 0, *, italic: bool = False) -> Para:
    """A label with its number."""
    return Para(f"{label} {n(value)}", indent, italic=italic)


def _listed(lines: Sequence[Line], indent: int, names: Mapping[str, str]) -> list[Para]:
    return [counted(names.get(one.label, one.label), one.n, indent) for one in lines if one.label]


def _waiting(what: str, box: Box) -> list[Para]:
    return [counted(what, box.n, italic=True)] if box.n else []


def identified(one: Stream, names: Mapping[str, str]) -> list[Para]:
    """Records identified, by way of searching and by source."""
    paras = [Para("Records identified from:")]
    ways = [way for way in VIA_NAMES if any(line.group == way for line in one.identified)]
    for way in ways or ["databases"]:
        lines = [line for line in one.identified if line.group == way]
        paras.append(counted(VIA_NAMES[way], total(lines), 1))
        if len(lines) > 1 or (lines and lines[0].label and lines[0].label != way):
            paras += _listed(lines, 2, names)
    if one.carried.n:
        paras.append(counted("Carried over, still to be judged", one.carried.n, 1))
    return paras


def removed(one: Stream, names: Mapping[str, str]) -> list[Para]:
    """Records removed before screening."""
    tool, hand = one.duplicates_tool.n, one.duplicates_hand.n
    both = None if tool is None or hand is None else tool + hand
    paras = [
        Para("Records removed before screening:"),
        counted("Duplicate records removed", both, 1),
    ]
    if hand:
        paras += [counted("by tool", tool, 2), counted("by hand", hand, 2)]
    marked = "Records marked as ineligible by automation tools"
    paras.append(counted(marked, total(one.automation), 1))
    if len(one.automation) > 1:
        paras += _listed(one.automation, 2, names)
    paras.append(counted("Records removed for other reasons", total(one.removed_other), 1))
    paras += _listed(one.removed_other, 2, names)
    return paras


def removed_from_other(one: Stream) -> list[Para]:
    """What left the column of other methods before its full texts were sought; mostly nothing."""
    parts = [
        ("Already identified, or duplicates", _sum(one.duplicates_tool.n, one.duplicates_hand.n)),
        ("Marked as ineligible by automation tools", total(one.automation)),
        ("Removed for other reasons", total(one.removed_other)),
        ("Excluded on title and abstract", total(one.excluded_screening)),
        ("Awaiting screening", one.waiting_screening.n),
    ]
    shown = [
        counted(label, value, 1, italic=label.startswith("Awaiting"))
        for label, value in parts
        if value
    ]
    return [Para("Records not pursued:"), *shown] if shown else []


def _sum(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(one for one in numbers if one is not None)


def excluded(lines: Sequence[Line], names: Mapping[str, str]) -> list[Para]:
    """Reports excluded, by reason."""
    value = total(lines)
    if value is None or not lines:
        return [counted("Reports excluded", value)]
    return [Para(f"Reports excluded {n(value)}:"), *_listed(lines, 1, names)]


def not_retrieved(one: Stream, names: Mapping[str, str]) -> list[Para]:
    """Reports not retrieved, and why where that was told."""
    value = total(one.not_retrieved)
    why = [line for line in one.not_retrieved if line.label not in ("", NO_WHY)]
    if value is None or not why:
        return [counted("Reports not retrieved", value)]
    rest = [line for line in one.not_retrieved if line.label == NO_WHY]
    paras = [Para(f"Reports not retrieved {n(value)}:"), *_listed(why, 1, names)]
    return [*paras, *(counted("Reason not recorded", line.n, 1) for line in rest)]


def gate(flow: Flow) -> list[Para]:
    """What the quality gate is held against."""
    numbers = [total(flow.excluded_quality), flow.new_reports.n]
    return [counted("Reports assessed at the quality gate", _sum(*numbers))]


def gated(flow: Flow, names: Mapping[str, str]) -> list[Para]:
    """What the quality gate kept out, each report at one reason."""
    value = total(flow.excluded_quality)
    if value is None or not flow.excluded_quality:
        return [counted("Reports excluded by the quality gate", value)]
    head = Para(f"Reports excluded by the quality gate {n(value)}:")
    return [head, *_listed(flow.excluded_quality, 1, names)]


def included(flow: Flow, names: Mapping[str, str]) -> list[Para]:
    """Studies and reports included; 'new' where there was a version before."""
    new = flow.previous_studies is not None
    studies = "New studies included in review" if new else "Studies included in review"
    reports = "Reports of new included studies" if new else "Reports of included studies"
    paras = [counted(studies, flow.new_studies.n)]
    if flow.kinds:
        paras += _listed(flow.kinds, 1, names)
        rest = _sum(flow.new_studies.n, -(total(flow.kinds) or 0))
        paras += [counted("kind not recorded", rest, 1)] if rest else []
    return [*paras, counted(reports, flow.new_reports.n)]


def previous(flow: Flow) -> list[Para]:
    """Studies of the version before, and those no longer included."""
    assert flow.previous_studies is not None and flow.previous_reports is not None
    paras = [
        counted("Studies included in previous version of review", flow.previous_studies.n),
        counted("Reports of studies included in previous version of review",
                flow.previous_reports.n),
    ]  # fmt: skip
    if flow.dropped_studies.n or flow.dropped_reports.n:
        paras.append(counted("Studies no longer included", flow.dropped_studies.n))
        paras.append(counted("Reports no longer included", flow.dropped_reports.n))
    return paras


def totals(flow: Flow) -> list[Para]:
    """Studies and reports in all."""
    return [
        counted("Total studies included in review", flow.total_studies.n),
        counted("Reports of total included studies", flow.total_reports.n),
    ]


def joint(flow: Flow, box: str) -> list[Para]:
    """The joint total that tells a box and others only together."""
    return [
        Para(f"{one.text} {n(one.n)}", bold=True) for one in flow.joints if one.boxes[-1] == box
    ]


def waiting_screening(one: Stream) -> list[Para]:
    """Records not yet screened."""
    return _waiting("Records awaiting screening", one.waiting_screening)


def waiting_eligibility(one: Stream) -> list[Para]:
    """Reports not yet retrieved or assessed."""
    return _waiting("Reports awaiting full text or assessment", one.waiting_eligibility)


def waiting_quality(flow: Flow) -> list[Para]:
    """Reports not yet appraised."""
    return _waiting("Reports awaiting appraisal", flow.waiting_quality)


def in_progress(flow: Flow) -> bool:
    """Whether anything still waits to be judged."""
    streams = [flow.main, *([flow.other] if flow.other else [])]
    boxes = [flow.waiting_quality]
    for one in streams:
        boxes += [one.waiting_screening, one.waiting_eligibility]
    return any(box.n for box in boxes)


def foot(flow: Flow, notes: Sequence[str], as_of: str | None) -> list[str]:
    """Notes under the figure."""
    told = list(notes)
    if in_progress(flow):
        told.append("Work in progress: boxes in italics still wait to be judged.")
    single = total(flow.excluded_quality) or 0
    every = sum(one.n or 0 for one in flow.quality_reasons)
    if every > single:
        reasons = "; ".join(f"{one.label} {n(one.n)}" for one in flow.quality_reasons)
        told.append(
            "Quality gate: a report may fail for several reasons and is counted above at the first"
            f" of them. All reasons: {reasons}."
        )
    if flow.joints:
        told.append(
            f"Boxes that say '{UNKNOWN}' are parts of a published total; only their sum is known."
        )
    if as_of:
        told.append(f"State of {as_of}.")
    told.append("Drawn after the PRISMA 2020 statement (Page et al., BMJ 2021;372:n71).")
    return told
