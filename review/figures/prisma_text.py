"""The flow as text: a Mermaid chart, and the table of the PRISMA2020 R package.

Source of the table's keys: PRISMA2020 1.1.4 (Haddaway 2022, doi 10.1002/cl2.1230). Its reader
splits a list at ';' and cuts each label at its first comma, so labels lose both here.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence

from review.figures import prisma_words as words
from review.figures.prisma_words import BoxParagraph
from review.prisma import BoxLine, Flow, Stream, get_total, validate

HEADER = ("data", "node", "box", "description", "boxtext", "tooltips", "url", "n")
# key, node, box, label: the rows in the order of the package's own table.
ROWS = (
    ("", "node4", "prevstud", "Previous studies"),
    ("previous_studies", "node5", "box1", "Studies included in previous version of review"),
    ("previous_reports", "", "box1", "Reports of studies included in previous version of review"),
    ("", "node6", "newstud", "Identification of new studies via databases and registers"),
    ("database_results", "node7", "box2", "Databases"),
    ("database_specific_results", "", "box2", "Specific Databases"),
    ("register_results", "", "box2", "Registers"),
    ("register_specific_results", "", "box2", "Specific Registers"),
    ("", "node16", "othstud", "Identification of new studies via other methods"),
    ("website_results", "node17", "box11", "Websites"),
    ("organisation_results", "", "box11", "Organisations"),
    ("citations_results", "", "box11", "Citation searching"),
    ("duplicates", "node8", "box3", "Duplicate records"),
    ("excluded_automatic", "", "box3", "Records marked as ineligible by automation tools"),
    ("excluded_other", "", "box3", "Records removed for other reasons"),
    ("records_screened", "node9", "box4", "Records screened"),
    ("records_excluded", "node10", "box5", "Records excluded"),
    ("dbr_sought_reports", "node11", "box6", "Reports sought for retrieval"),
    ("dbr_notretrieved_reports", "node12", "box7", "Reports not retrieved"),
    ("other_sought_reports", "node18", "box12", "Reports sought for retrieval"),
    ("other_notretrieved_reports", "node19", "box13", "Reports not retrieved"),
    ("dbr_assessed", "node13", "box8", "Reports assessed for eligibility"),
    ("dbr_excluded", "node14", "box9", "Reports excluded"),
    ("other_assessed", "node20", "box14", "Reports assessed for eligibility"),
    ("other_excluded", "node21", "box15", "Reports excluded"),
    ("new_studies", "node15", "box10", "New studies included in review"),
    ("new_reports", "", "box10", "Reports of new included studies"),
    ("total_studies", "node22", "box16", "Total studies included in review"),
    ("total_reports", "", "box16", "Reports of total included studies"),
    ("identification", "node1", "identification", "Identification"),
    ("screening", "node2", "screening", "Screening"),
    ("included", "node3", "included", "Included"),
    ("total_studies_ma", "node23", "box17", "Total studies included in meta-analysis"),
    ("total_reports_ma", "", "box17", "Reports of total included studies in meta-analysis"),
)
GATE_PREFIX = "Quality gate: "
"""Prefix of quality gate reasons, for which the table has no separate box."""


def format_prisma_table(flow: Flow, *, names: Mapping[str, str] | None = None) -> str:
    """The flow as the CSV table of the PRISMA2020 R package and its web app.

    Unpublished numbers are empty, so the package omits their line from the figure.

    Raises:
        FlowError: the boxes do not add up.
    """
    validate(flow)
    values = _collect_values(flow, names or {})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    for key, node, box, label in ROWS:
        page_name = f"{key or box}.html" if node else "NA"
        number = values.get(key, "") if key else "0"
        cells = [key or "NA", node or "NA", box, label, label, label if node else "NA", page_name]
        writer.writerow([*cells, number])
    return buffer.getvalue()


def _collect_values(flow: Flow, names: Mapping[str, str]) -> dict[str, str]:
    main, other = flow.main, flow.other
    values: dict[str, int | str | None] = {
        **_collect_identified(main, names),
        "duplicates": _add_numbers(main.duplicates_tool.n, main.duplicates_hand.n),
        "excluded_automatic": get_total(main.automation),
        "excluded_other": get_total(main.removed_other),
        "records_screened": main.screened.n,
        "records_excluded": get_total(main.excluded_screening),
        "dbr_sought_reports": main.sought.n,
        "dbr_notretrieved_reports": get_total(main.not_retrieved),
        "dbr_assessed": main.assessed.n,
        "dbr_excluded": _format_reasons(main, _select_gate_lines(flow, main), names),
        "new_studies": flow.new_studies.n,
        "new_reports": flow.new_reports.n,
        "total_studies": flow.total_studies.n,
        "total_reports": flow.total_reports.n,
        "identification": 0,
        "screening": 0,
        "included": 0,
    }
    if other:
        values |= _collect_identified(other, names)
        values["other_sought_reports"] = other.sought.n
        values["other_notretrieved_reports"] = get_total(other.not_retrieved)
        values["other_assessed"] = other.assessed.n
        values["other_excluded"] = _format_reasons(other, _select_gate_lines(flow, other), names)
    if flow.previous_studies and flow.previous_reports:
        values["previous_studies"] = flow.previous_studies.n
        values["previous_reports"] = flow.previous_reports.n
    return {key: "" if value is None else str(value) for key, value in values.items()}


def _collect_identified(stream: Stream, names: Mapping[str, str]) -> dict[str, int | str | None]:
    keys = {
        "databases": "database_results",
        "registers": "register_results",
        "websites": "website_results",
        "organisations": "organisation_results",
        "citations": "citations_results",
    }
    values: dict[str, int | str | None] = {}
    is_main = {line.group for line in stream.identified} <= {"databases", "registers", ""}
    identified_lines = list(stream.identified)
    if (
        stream.carried.n and is_main
    ):  # the table has no box for them, and would not add up without them
        identified_lines.append(
            BoxLine("Carried over", stream.carried.n, stream.carried.ids, "databases")
        )
    for group, key in keys.items():
        lines = [line for line in identified_lines if line.group == group]
        if lines or is_main is (group in ("databases", "registers")):
            values[key] = get_total(lines)
        if group in ("databases", "registers") and is_main:
            values[key.replace("_results", "_specific_results")] = _format_list(lines, names)
    return values


def _select_gate_lines(flow: Flow, stream: Stream) -> list[BoxLine]:
    """Quality gate lines, limited to reports that came through this column."""
    if flow.other is None or any(line.ids is None for line in flow.excluded_quality):
        return list(flow.excluded_quality) if stream is flow.main else []
    stream_ids = set(stream.eligible.ids or ())
    lines = []
    for line in flow.excluded_quality:
        ids = tuple(record_id for record_id in line.ids or () if record_id in stream_ids)
        if ids:
            lines.append(BoxLine(line.label, len(ids), ids))
    return lines


def _format_reasons(stream: Stream, gate: Sequence[BoxLine], names: Mapping[str, str]) -> str:
    gate_lines = [
        BoxLine(GATE_PREFIX + names.get(line.label, line.label), line.n)
        for line in gate
        if line.label
    ]
    return _format_list(
        [*(line for line in stream.excluded_eligibility if line.label), *gate_lines], names
    )


def _format_list(lines: Sequence[BoxLine], names: Mapping[str, str]) -> str:
    parts = []
    for line in lines:
        label = re.sub(r"\s*[,;]\s*", " / ", names.get(line.label, line.label)).strip()
        if line.n is not None and label:
            parts.append(f"{label}, {line.n}")
    text = "; ".join(parts)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def _add_numbers(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(number for number in numbers if number is not None)


NodeWriter = Callable[[str, Sequence[BoxParagraph], str | None], str]


def format_mermaid(
    flow: Flow, *, names: Mapping[str, str] | None = None, notes: Sequence[str] = ()
) -> str:
    """The flow as a Mermaid chart, as wikis and code hosts draw it; notes in a box of their own.

    Raises:
        FlowError: the boxes do not add up.
    """
    validate(flow)
    display_names = names or {}
    lines = ["flowchart TD"]

    def add_node(key: str, paras: Sequence[BoxParagraph], after: str | None) -> str:
        lines.append(f'    {key}["{_format_label(paras)}"]')
        if after:
            lines.append(f"    {after} --> {key}")
        return key

    last = _add_column(add_node, flow, flow.main, display_names, "")
    ends = [last]
    if flow.other:
        ends.append(_add_column(add_node, flow, flow.other, display_names, "other_"))
    if "quality" in flow.stages:
        add_node("gate", words.build_gate(flow), None)
        lines += [f"    {end} --> gate" for end in ends]
        gate_exclusions = [
            *words.build_gate_exclusions(flow, display_names),
            *words.build_waiting_quality(flow),
        ]
        add_node(
            "gate_out", [*gate_exclusions, *words.build_combined(flow, "excluded_quality")], "gate"
        )
        ends = ["gate"]
    add_node("included", words.build_included(flow, display_names), None)
    lines += [f"    {end} --> included" for end in ends]
    if flow.previous_studies is not None:
        add_node("previous", words.build_previous(flow), None)
        add_node("total", words.build_totals(flow), "included")
        lines.append("    previous --> total")
    if notes:
        add_node("notes", [BoxParagraph(note) for note in notes], None)
    return "\n".join([*lines, ""])


def _add_column(
    add_node: NodeWriter, flow: Flow, stream: Stream, names: Mapping[str, str], key_prefix: str
) -> str:
    """The boxes of one column; returns the key of the last one."""
    last = add_node(f"{key_prefix}identified", words.build_identified(stream, names), None)
    removed_paras = (
        words.build_removed_from_other(stream) if key_prefix else words.build_removed(stream, names)
    )
    if removed_paras:
        add_node(f"{key_prefix}removed", removed_paras, last)
    if not key_prefix and "screening" in flow.stages:
        last = add_node(
            "screened", [words.build_count("Records screened", stream.screened.n)], last
        )
        excluded_paras = [
            words.build_count("Records excluded", get_total(stream.excluded_screening))
        ]
        excluded_paras += [
            *words.build_waiting_screening(stream),
            *words.build_combined(flow, "excluded_screening"),
        ]
        add_node("screened_out", excluded_paras, last)
    if "eligibility" in flow.stages:
        sought_para = words.build_count("Reports sought for retrieval", stream.sought.n)
        last = add_node(f"{key_prefix}sought", [sought_para], last)
        not_retrieved_paras = [
            *words.build_not_retrieved(stream, names),
            *words.build_waiting_eligibility(stream),
        ]
        add_node(f"{key_prefix}missed", not_retrieved_paras, last)
        assessed_para = words.build_count("Reports assessed for eligibility", stream.assessed.n)
        last = add_node(f"{key_prefix}assessed", [assessed_para], last)
        add_node(
            f"{key_prefix}assessed_out",
            words.build_excluded(stream.excluded_eligibility, names),
            last,
        )
    return last


BULLETS = ("", "• ", "◦ ")


def _format_label(paras: Sequence[BoxParagraph]) -> str:
    text = "\n".join(BULLETS[min(para.indent, 2)] + para.text for para in paras)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("#", "#35;").replace('"', "#quot;").replace("\n", "<br/>")
