"""Every box of the flow as a table, with the source or reason of each row."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from review.prisma import BoxLine, Flow, FlowBox, Stream, get_total
from review.tables.table import Cell, Table

UNKNOWN_COUNT = "not published here"
MAIN_ROUTE = "Databases and registers"


def build_flow_table(flow: Flow, names: Mapping[str, str] | None = None) -> Table:
    """One row per box and one per line of its list, in the order of the diagram."""
    display_names = names or {}
    rows: list[tuple[Cell, ...]] = []

    def add_rows(
        part: str, box: str, value: FlowBox | Sequence[BoxLine], *, needed: bool = True
    ) -> None:
        n = get_total(value if isinstance(value, FlowBox) else tuple(value))
        if not needed and not n:
            return
        rows.append((part, box, None, UNKNOWN_COUNT if n is None else n))
        if not isinstance(value, FlowBox):
            rows.extend(
                (
                    part,
                    box,
                    display_names.get(line.label, line.label),
                    UNKNOWN_COUNT if line.n is None else line.n,
                )
                for line in value
                if line.label
            )

    if flow.previous_studies is not None and flow.previous_reports is not None:
        add_rows("Previous", "Studies in the previous version", flow.previous_studies)
        add_rows("Previous", "Reports in the previous version", flow.previous_reports)
        add_rows("Previous", "Studies no longer included", flow.dropped_studies, needed=False)
        add_rows("Previous", "Reports no longer included", flow.dropped_reports, needed=False)
    for stream, route in ((flow.main, MAIN_ROUTE), (flow.other, "Other methods")):
        if stream is not None:
            _add_stream(add_rows, stream, route)
    if "quality" in flow.stages:
        add_rows("Included", "Reports assessed at the quality gate", _count_gate_reports(flow))
        add_rows("Included", "Reports excluded by the quality gate", flow.excluded_quality)
        add_rows("Included", "Reports awaiting appraisal", flow.waiting_quality, needed=False)
    add_rows("Included", "Studies included", flow.new_studies)
    for line in flow.kinds:
        rows.append(
            ("Included", "Studies included", display_names.get(line.label, line.label), line.n)
        )
    add_rows("Included", "Reports included", flow.new_reports)
    if flow.previous_studies is not None:
        add_rows("Included", "Total studies", flow.total_studies)
        add_rows("Included", "Total reports", flow.total_reports)
    rows += [
        ("Combined boxes", combined_box.text, None, combined_box.n) for combined_box in flow.joints
    ]
    notes = [
        "Rows without a source, rule or reason are totals; the rows below each total are its parts."
    ]
    if len(flow.quality_reasons) > len(flow.excluded_quality):
        notes.append("A report may fail several gates; it is counted at the first.")
    columns = ("Part", "Box", "Source, rule or reason", "n")
    return Table("flow", "Every box of the PRISMA 2020 flow", columns, tuple(rows), tuple(notes))


def _count_gate_reports(flow: Flow) -> FlowBox:
    """Reports assessed at the quality gate: those excluded and those that passed."""
    excluded_count = get_total(flow.excluded_quality)
    included_count = flow.new_reports.n
    return FlowBox(
        None
        if excluded_count is None or included_count is None
        else excluded_count + included_count
    )


class _RowAdder(Protocol):
    def __call__(
        self, part: str, box: str, value: FlowBox | Sequence[BoxLine], *, needed: bool = True
    ) -> None: ...


def _add_stream(add_rows: _RowAdder, stream: Stream, route: str) -> None:
    add_rows(route, "Records identified", stream.identified)
    add_rows(route, "Carried over from the previous version", stream.carried, needed=False)
    add_rows(route, "Duplicates removed automatically", stream.duplicates_tool)
    add_rows(route, "Duplicates removed manually", stream.duplicates_hand)
    add_rows(route, "Marked as ineligible by automation tools", stream.automation)
    add_rows(route, "Removed for other reasons", stream.removed_other)
    add_rows(route, "Records awaiting screening", stream.waiting_screening, needed=False)
    is_main = route == MAIN_ROUTE
    if is_main or stream.excluded_screening or stream.waiting_screening.n:
        add_rows(route, "Records screened", stream.screened)
        add_rows(route, "Records excluded", stream.excluded_screening)
    add_rows(route, "Reports sought for retrieval", stream.sought)
    add_rows(route, "Reports not retrieved", stream.not_retrieved)
    add_rows(
        route, "Reports awaiting full text or assessment", stream.waiting_eligibility, needed=False
    )
    add_rows(route, "Reports assessed for eligibility", stream.assessed)
    add_rows(route, "Reports excluded", stream.excluded_eligibility)
