"""The flow told in other forms: parts told only together, plain data, one line that sums."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal

from review.prisma.models import Box, Flow, Joint, Line, Stream, total

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


PARTS = (
    ("duplicates_tool", "duplicates by rule"),
    ("duplicates_hand", "duplicates by hand"),
    ("automation", "ineligible by automation"),
    ("removed_other", "removed for other reasons"),
    ("waiting_screening", "awaiting screening"),
    ("excluded_screening", "excluded on title and abstract"),
    ("not_retrieved", "not retrieved"),
    ("waiting_eligibility", "awaiting full text"),
    ("excluded_eligibility", "excluded on full text"),
)
"""Where a record may end before the quality gate, in order."""


INCLUDED = "included"
LATE_PARTS = (
    ("waiting_quality", "awaiting appraisal"),
    ("excluded_quality", "excluded at the quality gate"),
    ("new_reports", INCLUDED),
)


def outcomes(flow: Flow, joints: Sequence[Joint] = ()) -> dict[str, tuple[str, str | None]]:
    """Entry or report -> the box where it ends, and the reason or rule of its line there.

    Args:
        flow: with the ids behind each box.
        joints: boxes of which only the sum is told; their names give way to it.
    """
    together = {name: joint.text for joint in joints for name in joint.boxes}
    places = [(one, *part) for one in (flow.main, flow.other) if one is not None for part in PARTS]
    found: dict[str, tuple[str, str | None]] = {}
    for place, name, what in [*places, *((flow, *part) for part in LATE_PARTS)]:
        told = together.get(name, what)
        box = getattr(place, name)
        for line in (box,) if isinstance(box, Box) else box:
            why = None if isinstance(line, Box) or name in together else line.label
            found |= dict.fromkeys(line.ids or (), (told, why))
    return found


def conservation(flow: Flow) -> str:
    """One line that shows records in equal records out: '9 records = 2 duplicates by rule + ...'.

    Parts that are only told together stand as their joint total.
    """
    streams = [one for one in (flow.main, flow.other) if one is not None]
    start = sum((total(one.identified) or 0) + (one.carried.n or 0) for one in streams)
    parts: list[tuple[int, str]] = []
    for name, what in PARTS:
        numbers = [total(getattr(one, name)) for one in streams]
        parts.append((sum(n or 0 for n in numbers), what))
    for name, what in LATE_PARTS[:-1]:
        parts.append((total(getattr(flow, name)) or 0, what))
    parts += [(joint.n, f"({joint.text[:1].lower()}{joint.text[1:]})") for joint in flow.joints]
    shown = [f"{n:,} {what}" for n, what in parts if n]
    return f"{start:,} records = " + " + ".join([*shown, f"{flow.new_reports.n or 0:,} included"])
