"""The texts of each box of a PRISMA 2020 diagram, as in the published templates.

Source of the wording: Page 2021, BMJ 372:n71 (PRISMA 2020 templates, CC BY 4.0).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.figures.text import NO_BREAK_SPACE
from review.prisma import BoxLine, Flow, FlowBox, Stream, get_total

UNKNOWN_COUNT = "not published here"
NO_REASON_LABEL = "Not retrieved"
"""Text used if no reason was recorded."""
VIA_NAMES = {
    "databases": "Databases",
    "registers": "Registers",
    "websites": "Websites",
    "organisations": "Organisations",
    "citations": "Citation searching",
}


@dataclass(frozen=True, slots=True)
class BoxParagraph:
    """One paragraph of a box."""

    text: str
    indent: int = 0
    """Indent level."""
    bold: bool = False
    italic: bool = False


def format_count(value: int | None) -> str:
    """(n = 2,212) without line breaks, or (not published here)."""
    if value is None:
        return f"({UNKNOWN_COUNT.replace(' ', NO_BREAK_SPACE)})"
    return f"(n{NO_BREAK_SPACE}={NO_BREAK_SPACE}{value:,})"


def build_count(
    label: str, value: int | None, indent: int = 0, *, italic: bool = False
) -> BoxParagraph:
    """A label with its number."""
    return BoxParagraph(f"{label} {format_count(value)}", indent, italic=italic)


def _build_list(
    lines: Sequence[BoxLine], indent: int, names: Mapping[str, str]
) -> list[BoxParagraph]:
    return [
        build_count(names.get(line.label, line.label), line.n, indent)
        for line in lines
        if line.label
    ]


def _build_waiting(label: str, box: FlowBox) -> list[BoxParagraph]:
    return [build_count(label, box.n, italic=True)] if box.n else []


def build_identified(stream: Stream, names: Mapping[str, str]) -> list[BoxParagraph]:
    """Records identified, by route and source."""
    paras = [BoxParagraph("Records identified from:")]
    ways = [way for way in VIA_NAMES if any(line.group == way for line in stream.identified)]
    for way in ways or ["databases"]:
        lines = [line for line in stream.identified if line.group == way]
        paras.append(build_count(VIA_NAMES[way], get_total(lines), 1))
        if len(lines) > 1 or (lines and lines[0].label and lines[0].label != way):
            paras += _build_list(lines, 2, names)
    if stream.carried.n:
        paras.append(build_count("Carried over, awaiting screening", stream.carried.n, 1))
    return paras


def build_removed(stream: Stream, names: Mapping[str, str]) -> list[BoxParagraph]:
    """Records removed before screening."""
    tool, hand = stream.duplicates_tool.n, stream.duplicates_hand.n
    duplicate_count = None if tool is None or hand is None else tool + hand
    paras = [
        BoxParagraph("Records removed before screening:"),
        build_count("Duplicate records removed", duplicate_count, 1),
    ]
    if hand:
        paras += [build_count("automatically", tool, 2), build_count("manually", hand, 2)]
    automation_label = "Records marked as ineligible by automation tools"
    paras.append(build_count(automation_label, get_total(stream.automation), 1))
    if len(stream.automation) > 1:
        paras += _build_list(stream.automation, 2, names)
    paras.append(
        build_count("Records removed for other reasons", get_total(stream.removed_other), 1)
    )
    paras += _build_list(stream.removed_other, 2, names)
    return paras


def build_removed_from_other(stream: Stream) -> list[BoxParagraph]:
    """Records of the other methods column removed before full texts were sought; often none."""
    parts = [
        (
            "Already identified, or duplicates",
            _add_numbers(stream.duplicates_tool.n, stream.duplicates_hand.n),
        ),
        ("Marked as ineligible by automation tools", get_total(stream.automation)),
        ("Removed for other reasons", get_total(stream.removed_other)),
        ("Excluded at title and abstract", get_total(stream.excluded_screening)),
        ("Awaiting screening", stream.waiting_screening.n),
    ]
    paras = [
        build_count(label, value, 1, italic=label.startswith("Awaiting"))
        for label, value in parts
        if value
    ]
    return [BoxParagraph("Records not pursued:"), *paras] if paras else []


def _add_numbers(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(number for number in numbers if number is not None)


def build_excluded(lines: Sequence[BoxLine], names: Mapping[str, str]) -> list[BoxParagraph]:
    """Reports excluded, by reason."""
    value = get_total(lines)
    if value is None or not lines:
        return [build_count("Reports excluded", value)]
    return [BoxParagraph(f"Reports excluded {format_count(value)}:"), *_build_list(lines, 1, names)]


def build_not_retrieved(stream: Stream, names: Mapping[str, str]) -> list[BoxParagraph]:
    """Reports not retrieved, with reasons if known."""
    value = get_total(stream.not_retrieved)
    explained_lines = [
        line for line in stream.not_retrieved if line.label not in ("", NO_REASON_LABEL)
    ]
    if value is None or not explained_lines:
        return [build_count("Reports not retrieved", value)]
    unexplained_lines = [line for line in stream.not_retrieved if line.label == NO_REASON_LABEL]
    paras = [
        BoxParagraph(f"Reports not retrieved {format_count(value)}:"),
        *_build_list(explained_lines, 1, names),
    ]
    return [*paras, *(build_count("Reason not recorded", line.n, 1) for line in unexplained_lines)]


def build_gate(flow: Flow) -> list[BoxParagraph]:
    """Reports assessed at the quality gate."""
    numbers = [get_total(flow.excluded_quality), flow.new_reports.n]
    return [build_count("Reports assessed at the quality gate", _add_numbers(*numbers))]


def build_gate_exclusions(flow: Flow, names: Mapping[str, str]) -> list[BoxParagraph]:
    """Reports excluded by the quality gate, each under one reason."""
    value = get_total(flow.excluded_quality)
    if value is None or not flow.excluded_quality:
        return [build_count("Reports excluded by the quality gate", value)]
    head = BoxParagraph(f"Reports excluded by the quality gate {format_count(value)}:")
    return [head, *_build_list(flow.excluded_quality, 1, names)]


def build_included(flow: Flow, names: Mapping[str, str]) -> list[BoxParagraph]:
    """Studies and reports included; 'new' if there is a previous version."""
    is_update = flow.previous_studies is not None
    studies = "New studies included in review" if is_update else "Studies included in review"
    reports = "Reports of new included studies" if is_update else "Reports of included studies"
    paras = [build_count(studies, flow.new_studies.n)]
    if flow.kinds:
        paras += _build_list(flow.kinds, 1, names)
        unrecorded_count = _add_numbers(flow.new_studies.n, -(get_total(flow.kinds) or 0))
        paras += [build_count("kind not recorded", unrecorded_count, 1)] if unrecorded_count else []
    return [*paras, build_count(reports, flow.new_reports.n)]


def build_previous(flow: Flow) -> list[BoxParagraph]:
    """Studies of the previous version, and those no longer included."""
    assert flow.previous_studies is not None and flow.previous_reports is not None
    paras = [
        build_count("Studies included in previous version of review", flow.previous_studies.n),
        build_count(
            "Reports of studies included in previous version of review", flow.previous_reports.n
        ),
    ]
    if flow.dropped_studies.n or flow.dropped_reports.n:
        paras.append(build_count("Studies no longer included", flow.dropped_studies.n))
        paras.append(build_count("Reports no longer included", flow.dropped_reports.n))
    return paras


def build_totals(flow: Flow) -> list[BoxParagraph]:
    """Total studies and reports."""
    return [
        build_count("Total studies included in review", flow.total_studies.n),
        build_count("Reports of total included studies", flow.total_reports.n),
    ]


def build_combined(flow: Flow, box: str) -> list[BoxParagraph]:
    """The combined total of a box and others."""
    return [
        BoxParagraph(f"{combined_box.text} {format_count(combined_box.n)}", bold=True)
        for combined_box in flow.joints
        if combined_box.boxes[-1] == box
    ]


def build_waiting_screening(stream: Stream) -> list[BoxParagraph]:
    """Records not yet screened."""
    return _build_waiting("Records awaiting screening", stream.waiting_screening)


def build_waiting_eligibility(stream: Stream) -> list[BoxParagraph]:
    """Reports not yet retrieved or assessed."""
    return _build_waiting("Reports awaiting full text or assessment", stream.waiting_eligibility)


def build_waiting_quality(flow: Flow) -> list[BoxParagraph]:
    """Reports not yet appraised."""
    return _build_waiting("Reports awaiting appraisal", flow.waiting_quality)


def is_in_progress(flow: Flow) -> bool:
    """Whether any record is still awaiting a decision."""
    streams = [flow.main, *([flow.other] if flow.other else [])]
    boxes = [flow.waiting_quality]
    for stream in streams:
        boxes += [stream.waiting_screening, stream.waiting_eligibility]
    return any(box.n for box in boxes)


def build_footnotes(flow: Flow, notes: Sequence[str], as_of: str | None) -> list[str]:
    """Notes under the figure."""
    footnotes = list(notes)
    if is_in_progress(flow):
        footnotes.append("Review in progress: boxes in italics are not yet complete.")
    report_count = get_total(flow.excluded_quality) or 0
    reason_count = sum(line.n or 0 for line in flow.quality_reasons)
    if reason_count > report_count:
        reasons = "; ".join(f"{line.label} {format_count(line.n)}" for line in flow.quality_reasons)
        footnotes.append(
            "Quality gate: a report may be excluded for several reasons and is counted above under "
            f"the first. All reasons: {reasons}."
        )
    if flow.joints:
        footnotes.append(f"Boxes marked '{UNKNOWN_COUNT}' were published only as a combined total.")
    if as_of:
        footnotes.append(f"As of {as_of}.")
    footnotes.append("Adapted from the PRISMA 2020 statement (Page et al., BMJ 2021;372:n71).")
    return footnotes
