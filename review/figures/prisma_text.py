"""The flow as text: a Mermaid chart, and the table that the PRISMA2020 R package reads.

Source of the table's keys: PRISMA2020 1.1.4 (Haddaway 2022, doi 10.1002/cl2.1230). Its reader
splits a list at ';' and cuts each label at its first comma, so labels lose both here.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence

from review.figures import prisma_words as words
from review.figures.prisma_words import Para
from review.prisma import Flow, Line, Stream, hold, total

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
GATE = "Quality gate: "
"""Before the reasons of the quality gate, for which the table has no box of its own."""


def table(flow: Flow, *, names: Mapping[str, str] | None = None) -> str:
    """The flow as the CSV table of the PRISMA2020 R package and its web app.

    A number that was not published stays empty, which leaves its line out of the package's figure.

    Raises:
        FlowError: the boxes do not sum.
    """
    hold(flow)
    values = _values(flow, names or {})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for key, node, box, label in ROWS:
        place = f"{key or box}.html" if node else "NA"
        number = values.get(key, "") if key else "0"
        told = [key or "NA", node or "NA", box, label, label, label if node else "NA", place]
        writer.writerow([*told, number])
    return out.getvalue()


def _values(flow: Flow, names: Mapping[str, str]) -> dict[str, str]:
    main, other = flow.main, flow.other
    values: dict[str, int | str | None] = {
        **_found(main, names),
        "duplicates": _sum(main.duplicates_tool.n, main.duplicates_hand.n),
        "excluded_automatic": total(main.automation),
        "excluded_other": total(main.removed_other),
        "records_screened": main.screened.n,
        "records_excluded": total(main.excluded_screening),
        "dbr_sought_reports": main.sought.n,
        "dbr_notretrieved_reports": total(main.not_retrieved),
        "dbr_assessed": main.assessed.n,
        "dbr_excluded": _reasons(main, _gate_of(flow, main), names),
        "new_studies": flow.new_studies.n,
        "new_reports": flow.new_reports.n,
        "total_studies": flow.total_studies.n,
        "total_reports": flow.total_reports.n,
        "identification": 0, "screening": 0, "included": 0,
    }  # fmt: skip
    if other:
        values |= _found(other, names)
        values["other_sought_reports"] = other.sought.n
        values["other_notretrieved_reports"] = total(other.not_retrieved)
        values["other_assessed"] = other.assessed.n
        values["other_excluded"] = _reasons(other, _gate_of(flow, other), names)
    if flow.previous_studies and flow.previous_reports:
        values["previous_studies"] = flow.previous_studies.n
        values["previous_reports"] = flow.previous_reports.n
    return {key: "" if value is None else str(value) for key, value in values.items()}


def _found(one: Stream, names: Mapping[str, str]) -> dict[str, int | str | None]:
    keys = {"databases": "database_results", "registers": "register_results",
            "websites": "website_results", "organisations": "organisation_results",
            "citations": "citations_results"}  # fmt: skip
    found: dict[str, int | str | None] = {}
    main = {line.group for line in one.identified} <= {"databases", "registers", ""}
    entered = list(one.identified)
    if one.carried.n and main:  # the table has no box for them, and would not sum without
        entered.append(Line("Carried over", one.carried.n, one.carried.ids, "databases"))
    for group, key in keys.items():
        lines = [line for line in entered if line.group == group]
        if lines or main is (group in ("databases", "registers")):
            found[key] = total(lines)
        if group in ("databases", "registers") and main:
            found[key.replace("_results", "_specific_results")] = _list(lines, names)
    return found


def _gate_of(flow: Flow, one: Stream) -> list[Line]:
    """The quality gate's lines, as far as their reports came through this column."""
    if flow.other is None or any(line.ids is None for line in flow.excluded_quality):
        return list(flow.excluded_quality) if one is flow.main else []
    own = set(one.eligible.ids or ())
    lines = []
    for line in flow.excluded_quality:
        ids = tuple(one for one in line.ids or () if one in own)
        if ids:
            lines.append(Line(line.label, len(ids), ids))
    return lines


def _reasons(one: Stream, gate: Sequence[Line], names: Mapping[str, str]) -> str:
    kept = [Line(GATE + names.get(line.label, line.label), line.n) for line in gate if line.label]
    return _list([*(line for line in one.excluded_eligibility if line.label), *kept], names)


def _list(lines: Sequence[Line], names: Mapping[str, str]) -> str:
    parts = []
    for line in lines:
        label = re.sub(r"\s*[,;]\s*", " / ", names.get(line.label, line.label)).strip()
        if line.n is not None and label:
            parts.append(f"{label}, {line.n}")
    told = "; ".join(parts)
    return "'" + told if told[:1] in ("=", "+", "-", "@") else told


def _sum(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(one for one in numbers if one is not None)


Node = Callable[[str, Sequence[Para], str | None], str]


def mermaid(flow: Flow, *, names: Mapping[str, str] | None = None) -> str:
    """The flow as a Mermaid chart, as wikis and code hosts draw it.

    Raises:
        FlowError: the boxes do not sum.
    """
    hold(flow)
    named = names or {}
    lines = ["flowchart TD"]

    def node(key: str, paras: Sequence[Para], after: str | None) -> str:
        lines.append(f'    {key}["{_label(paras)}"]')
        if after:
            lines.append(f"    {after} --> {key}")
        return key

    last = _chain(node, flow, flow.main, named, "")
    ends = [last]
    if flow.other:
        ends.append(_chain(node, flow, flow.other, named, "other_"))
    if "quality" in flow.stages:
        node("gate", words.gate(flow), None)
        lines += [f"    {end} --> gate" for end in ends]
        out = [*words.gated(flow, named), *words.waiting_quality(flow)]
        node("gate_out", [*out, *words.joint(flow, "excluded_quality")], "gate")
        ends = ["gate"]
    node("included", words.included(flow, named), None)
    lines += [f"    {end} --> included" for end in ends]
    if flow.previous_studies is not None:
        node("previous", words.previous(flow), None)
        node("total", words.totals(flow), "included")
        lines.append("    previous --> total")
    return "\n".join([*lines, ""])


def _chain(node: Node, flow: Flow, one: Stream, names: Mapping[str, str], at: str) -> str:
    """One column's boxes; gives the key of its last one."""
    last = node(f"{at}identified", words.identified(one, names), None)
    gone = words.removed_from_other(one) if at else words.removed(one, names)
    if gone:
        node(f"{at}removed", gone, last)
    if not at and "screening" in flow.stages:
        last = node("screened", [words.counted("Records screened", one.screened.n)], last)
        out = [words.counted("Records excluded", total(one.excluded_screening))]
        out += [*words.waiting_screening(one), *words.joint(flow, "excluded_screening")]
        node("screened_out", out, last)
    if "eligibility" in flow.stages:
        sought = words.counted("Reports sought for retrieval", one.sought.n)
        last = node(f"{at}sought", [sought], last)
        away = [*words.not_retrieved(one, names), *words.waiting_eligibility(one)]
        node(f"{at}missed", away, last)
        assessed = words.counted("Reports assessed for eligibility", one.assessed.n)
        last = node(f"{at}assessed", [assessed], last)
        node(f"{at}assessed_out", words.excluded(one.excluded_eligibility, names), last)
    return last


BULLETS = ("", "• ", "◦ ")


def _label(paras: Sequence[Para]) -> str:
    told = "\n".join(BULLETS[min(one.indent, 2)] + one.text for one in paras)
    safe = told.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace("#", "#35;").replace('"', "#quot;").replace("\n", "<br/>")
