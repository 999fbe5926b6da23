"""The flow told in other forms: parts told only together, plain data, one line that sums."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal

from review.flow.nouns import Box, Flow, Joint, Line, Stream, total

JOINABLE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "screening": (
        ("duplicates_tool", "duplicates_hand", "automation", "removed_other", "excluded_screening"),
        ("screened",),
    ),
    "eligibility": (
        ("not_retrieved", "excluded_eligibility", "excluded_quality"),
        ("assessed", "eligible"),
    ),
}
"""Stage -> boxes only told together, and boxes between them that then are not told either."""


def join(flow: Flow, stage: Literal["screening", "eligibility"], text: str) -> Flow:
    """The flow with the boxes of a stage told only together, as 'not published here' each.

    For replayed reviews: the parts were never published, their sum was.
    """
    boxes, between = JOINABLE[stage]
    place = {spec.name for spec in fields(Stream)}
    own = {name: getattr(flow.main if name in place else flow, name) for name in boxes}
    together = sum(total(one) or 0 for one in own.values())
    blank: dict[str, Any] = {
        name: Box(None) if isinstance(one, Box) else (Line("", None),) for name, one in own.items()
    }
    blank |= {name: Box(None) for name in between}
    outside = {name: one for name, one in blank.items() if name not in place}
    if outside:
        outside["quality_reasons"] = ()
    stream = replace(flow.main, **{k: v for k, v in blank.items() if k in place})
    joints = (*flow.joints, Joint(boxes, together, text))
    return replace(flow, main=stream, joints=joints, **outside)


def as_dict(flow: Flow, *, ids: bool = False) -> dict[str, Any]:
    """The flow as plain JSON-ready data, with the ids where asked for; None: not published."""

    def part(value: Any) -> Any:
        if isinstance(value, Box):
            return {"n": value.n, "ids": list(value.ids or ())} if ids else value.n
        if isinstance(value, Line):
            shown: dict[str, Any] = {"label": value.label, "n": value.n}
            shown |= {"via": value.group} if value.group else {}
            return shown | ({"ids": list(value.ids or ())} if ids else {})
        if isinstance(value, Stream | Joint):
            return {spec.name: part(getattr(value, spec.name)) for spec in fields(value)}
        return [part(one) for one in value] if isinstance(value, tuple) else value

    return {spec.name: part(getattr(flow, spec.name)) for spec in fields(flow)}


def conservation(flow: Flow) -> str:
    """One line that shows the records in equal the records out, box by box."""

    def n(value: int | None) -> str:
        return "?" if value is None else f"{value:,}"

    texts = []
    for one in (flow.main, flow.other):
        if one is None:
            continue
        identified = (total(one.identified) or 0) + (one.carried.n or 0)
        parts = [
            (one.duplicates_tool.n, "duplicates by rule"),
            (one.duplicates_hand.n, "by hand"),
            (total(one.automation), "automation"),
            (total(one.removed_other), "other"),
            (one.waiting_screening.n, "awaiting screening"),
            (total(one.excluded_screening), "excluded on title and abstract"),
            (total(one.not_retrieved), "not retrieved"),
            (one.waiting_eligibility.n, "awaiting full text"),
            (total(one.excluded_eligibility), "excluded on full text"),
            (one.eligible.n, "eligible"),
        ]
        shown = [f"{n(number)} {what}" for number, what in parts if number != 0]
        texts.append(f"{identified:,} records = " + " + ".join(shown or ["0"]))
    last = [
        (flow.waiting_quality.n, "awaiting quality"),
        (total(flow.excluded_quality), "excluded by the quality gate"),
        (flow.new_reports.n, "included"),
    ]
    told = " + ".join(f"{n(number)} {what}" for number, what in last if number != 0)
    texts.append(f"eligible = {told or '0'}")
    texts += [f"{one.n:,} {one.text}" for one in flow.joints]
    return "; ".join(texts)
