"""Every box of the flow as a table, with the source or reason of each line."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from review.prisma import Box, Flow, Line, Stream, total
from review.tables.table import Cell, Table

UNKNOWN = "not published here"


def boxes(flow: Flow, names: Mapping[str, str] | None = None) -> Table:
    """One row a box and one a line of its list, in the order of the diagram."""
    named = names or {}
    rows: list[tuple[Cell, ...]] = []

    def add(part: str, box: str, value: Box | Sequence[Line], *, needed: bool = True) -> None:
        n = total(value if isinstance(value, Box) else tuple(value))
        if not needed and not n:
            return
        rows.append((part, box, None, UNKNOWN if n is None else n))
        if not isinstance(value, Box):
            rows.extend(
                (part, box, named.get(one.label, one.label), UNKNOWN if one.n is None else one.n)
                for one in value
                if one.label
            )

    if flow.previous_studies is not None and flow.previous_reports is not None:
        add("Previous", "Studies in the previous version", flow.previous_studies)
        add("Previous", "Reports in the previous version", flow.previous_reports)
        add("Previous", "Studies no longer included", flow.dropped_studies, needed=False)
        add("Previous", "Reports no longer included", flow.dropped_reports, needed=False)
    for one, way in ((flow.main, "Databases and registers"), (flow.other, "Other methods")):
        if one is not None:
            _stream(add, one, way)
    if "quality" in flow.stages:
        add("Included", "Reports assessed at the quality gate", _gated(flow))
        add("Included", "Reports excluded by the quality gate", flow.excluded_quality)
        add("Included", "Reports awaiting appraisal", flow.waiting_quality, needed=False)
    add("Included", "Studies included", flow.new_studies)
    for line in flow.kinds:
        rows.append(("Included", "Studies included", named.get(line.label, line.label), line.n))
    add("Included", "Reports included", flow.new_reports)
    if flow.previous_studies is not None:
        add("Included", "Studies in all", flow.total_studies)
        add("Included", "Reports in all", flow.total_reports)
    rows += [("Told together", joint.text, None, joint.n) for joint in flow.joints]
    notes = ["A row without a line is the box; rows with one are parts of the box above."]
    if len(flow.quality_reasons) > len(flow.excluded_quality):
        notes.append("A report may fail several gates and is counted at the first of them.")
    columns = ("Part", "Box", "Source, rule or reason", "n")
    return Table("flow", "Every box of the PRISMA 2020 flow", columns, tuple(rows), tuple(notes))


def _gated(flow: Flow) -> Box:
    """What the quality gate was held against: what it kept out, and what came through."""
    out = total(flow.excluded_quality)
    came = flow.new_reports.n
    return Box(None if out is None or came is None else out + came)


class _Adder(Protocol):
    def __call__(
        self, part: str, box: str, value: Box | Sequence[Line], *, needed: bool = True
    ) -> None: ...


def _stream(add: _Adder, one: Stream, way: str) -> None:
    add(way, "Records identified", one.identified)
    add(way, "Carried over from the version before", one.carried, needed=False)
    add(way, "Duplicates removed by tool", one.duplicates_tool)
    add(way, "Duplicates removed by hand", one.duplicates_hand)
    add(way, "Marked as ineligible by automation", one.automation)
    add(way, "Removed for other reasons", one.removed_other)
    add(way, "Records awaiting screening", one.waiting_screening, needed=False)
    add(way, "Records screened", one.screened)
    add(way, "Records excluded", one.excluded_screening)
    add(way, "Reports sought for retrieval", one.sought)
    add(way, "Reports not retrieved", one.not_retrieved)
    add(way, "Reports awaiting full text or assessment", one.waiting_eligibility, needed=False)
    add(way, "Reports assessed for eligibility", one.assessed)
    add(way, "Reports excluded", one.excluded_eligibility)
