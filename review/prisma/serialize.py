"""The flow in other forms: combined boxes, plain data, and one line that adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal

from review.prisma.models import BoxLine, CombinedBox, Flow, FlowBox, Stream, get_total

COMBINABLE_BOXES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "screening": (
        ("duplicates_tool", "duplicates_hand", "automation", "removed_other", "excluded_screening"),
        ("screened",),
    ),
    "eligibility": (
        ("not_retrieved", "excluded_eligibility", "excluded_quality"),
        ("assessed", "eligible"),
    ),
}
"""Stage -> boxes that are combined, and boxes between them that are then unknown as well."""


def combine_stage_boxes(flow: Flow, stage: Literal["screening", "eligibility"], text: str) -> Flow:
    """The flow with the boxes of a stage combined into one total; each box is then unknown.

    Used to reconstruct published reviews that give only the total.
    """
    boxes, between_boxes = COMBINABLE_BOXES[stage]
    stream_fields = {spec.name for spec in fields(Stream)}
    own_boxes = {
        name: getattr(flow.main if name in stream_fields else flow, name) for name in boxes
    }
    combined_number = sum(get_total(box) or 0 for box in own_boxes.values())
    blank_boxes: dict[str, Any] = {
        name: FlowBox(None) if isinstance(box, FlowBox) else (BoxLine("", None),)
        for name, box in own_boxes.items()
    }
    blank_boxes |= {name: FlowBox(None) for name in between_boxes}
    flow_changes = {name: box for name, box in blank_boxes.items() if name not in stream_fields}
    if flow_changes:
        flow_changes["quality_reasons"] = ()
    stream = replace(flow.main, **{k: v for k, v in blank_boxes.items() if k in stream_fields})
    joints = (*flow.joints, CombinedBox(boxes, combined_number, text))
    return replace(flow, main=stream, joints=joints, **flow_changes)


def flow_to_dict(flow: Flow, *, ids: bool = False) -> dict[str, Any]:
    """The flow as JSON-ready data, with ids on request; None means not published."""

    def convert_value(value: Any) -> Any:
        if isinstance(value, FlowBox):
            return {"n": value.n, "ids": list(value.ids or ())} if ids else value.n
        if isinstance(value, BoxLine):
            line_data: dict[str, Any] = {"label": value.label, "n": value.n}
            line_data |= {"via": value.group} if value.group else {}
            return line_data | ({"ids": list(value.ids or ())} if ids else {})
        if isinstance(value, Stream | CombinedBox):
            return {spec.name: convert_value(getattr(value, spec.name)) for spec in fields(value)}
        return [convert_value(element) for element in value] if isinstance(value, tuple) else value

    return {spec.name: convert_value(getattr(flow, spec.name)) for spec in fields(flow)}


OUTCOME_BOXES = (
    ("duplicates_tool", "duplicates removed automatically"),
    ("duplicates_hand", "duplicates removed manually"),
    ("automation", "marked as ineligible by automation tools"),
    ("removed_other", "removed for other reasons"),
    ("waiting_screening", "awaiting screening"),
    ("excluded_screening", "excluded at title and abstract"),
    ("not_retrieved", "not retrieved"),
    ("waiting_eligibility", "awaiting full text"),
    ("excluded_eligibility", "excluded at full text"),
)
"""Boxes in which a record may end before the quality gate, in order."""


INCLUDED_LABEL = "included"
LATE_OUTCOME_BOXES = (
    ("waiting_quality", "awaiting appraisal"),
    ("excluded_quality", "excluded at the quality gate"),
    ("new_reports", INCLUDED_LABEL),
)


def map_outcomes(
    flow: Flow, joints: Sequence[CombinedBox] = ()
) -> dict[str, tuple[str, str | None]]:
    """Entry or report -> the box in which it ends, and the reason or rule of its line.

    Args:
        flow: with the ids behind each box.
        joints: combined boxes, whose text replaces the names of their parts.
    """
    combined_text = {
        name: combined_box.text for combined_box in joints for name in combined_box.boxes
    }
    stream_boxes = [
        (stream, *part)
        for stream in (flow.main, flow.other)
        if stream is not None
        for part in OUTCOME_BOXES
    ]
    outcome_by_id: dict[str, tuple[str, str | None]] = {}
    for owner, name, box_label in [*stream_boxes, *((flow, *part) for part in LATE_OUTCOME_BOXES)]:
        label = combined_text.get(name, box_label)
        box = getattr(owner, name)
        for line in (box,) if isinstance(box, FlowBox) else box:
            reason = None if isinstance(line, FlowBox) or name in combined_text else line.label
            outcome_by_id |= dict.fromkeys(line.ids or (), (label, reason))
    return outcome_by_id


def format_conservation(flow: Flow) -> str:
    """One line showing that all records are accounted for: '9 records = 2 duplicates ... + ...'.

    Combined boxes are shown as their total.
    """
    streams = [stream for stream in (flow.main, flow.other) if stream is not None]
    start_count = sum(
        (get_total(stream.identified) or 0) + (stream.carried.n or 0) for stream in streams
    )
    parts: list[tuple[int, str]] = []
    for name, label in OUTCOME_BOXES:
        numbers = [get_total(getattr(stream, name)) for stream in streams]
        parts.append((sum(n or 0 for n in numbers), label))
    for name, label in LATE_OUTCOME_BOXES[:-1]:
        parts.append((get_total(getattr(flow, name)) or 0, label))
    parts += [
        (combined_box.n, f"({combined_box.text[:1].lower()}{combined_box.text[1:]})")
        for combined_box in flow.joints
    ]
    terms = [f"{n:,} {label}" for n, label in parts if n]
    return f"{start_count:,} records = " + " + ".join(
        [*terms, f"{flow.new_reports.n or 0:,} included"]
    )
