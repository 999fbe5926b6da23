"""Texts of a report: the methods paragraph, and the PRISMA 2020 checklist as far as it counts.

Source of the items: Page 2021, BMJ 372:n71 (PRISMA 2020); topics in our own words.
"""

from collections.abc import Sequence
from importlib import metadata

from review.checklists import Checklist
from review.flow import Flow, total
from review.protocol import Stage
from review.table import Table
from review.workflow.appraisal.tools import checklist
from review.workflow.reports import prisma
from review.workflow.reports.moment import NAMES, Moment
from review.workflow.reports.search import AUTHORS, searches

NUMBER_WORDS = {1: "one reviewer", 2: "two reviewers independently",
                3: "three reviewers independently"}  # fmt: skip


REPLAYED = (
    "This is a replay of a published review from its published totals; papers whose identity was "
    "not published stand as unnamed records. "
)


def version() -> str:
    """The version of this software, as installed."""
    try:
        return metadata.version("funnel-review")
    except metadata.PackageNotFoundError:
        return "unreleased"


def methods(moment: Moment) -> str:
    """The methods in a few paragraphs, every number from the entries."""
    parts = [_search(moment), _selection(moment), _appraisal(moment), _result(moment)]
    parts.append(
        f"Records, decisions and answers were kept with Funnel {version()}, which adds every entry "
        "with who and when and overwrites none; the protocol in force has the fingerprint "
        f"{moment.project.fingerprint[:12]}."
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _search(moment: Moment) -> str:
    protocol, found = moment.project.protocol, searches(moment)
    harvested = sorted({one.source for one in found if one.kind == "harvest"})
    files = sorted({one.source for one in found if one.kind not in ("harvest", "replay")})
    days = sorted(one.day for one in found)
    told = f"The review was registered ({protocol.registration}). " if protocol.registration else ""
    if any(one.kind == "replay" for one in found):
        told += REPLAYED
    ways = []
    if harvested:
        ways.append(f"{_and(harvested)} were searched through their interfaces")
    if files:
        ways.append(f"records of {_and(files)} were taken in from files")
    if ways:
        when = f" between {days[0]} and {days[-1]}" if days[0] != days[-1] else f" on {days[0]}"
        told += f"{_capital(' and '.join(ways))}{when}. "
    window = f"from {protocol.search.from_}"
    window += f" to {protocol.search.to}" if protocol.search.to else ""
    told += f"The search covered the time {window}, with one boolean query for all sources: "
    told += f"{' '.join(protocol.search.query.split())}. "
    if missing := prisma.notes(moment):
        told += f"{' '.join(missing)} "
    changed = [one for one in moment.versions if one["amendment"] is not None]
    if changed:
        days_ = ", ".join(str(one["at"])[:10] for one in changed)
        told += (
            f"After screening had begun the protocol was amended {len(changed)} times ({days_})."
        )
    return told.strip()


def _selection(moment: Moment) -> str:
    flow = moment.flow
    told = f"{_n(total(flow.main.identified))} records were identified. "
    tool, hand = flow.main.duplicates_tool.n, flow.main.duplicates_hand.n
    if tool is not None and hand is not None:
        told += (
            f"{tool + hand:,} duplicates were removed ({tool:,} by rule on identifiers, titles, "
            f"authors and years, {hand:,} by hand). "
        )
    automatic = total(flow.main.automation)
    if automatic:
        told += f"{automatic:,} records were marked as ineligible by automation rules. "
    for stage in moment.project.protocol.stages:
        told += _stage(moment, stage)
    return told.strip()


def _stage(moment: Moment, stage: Stage) -> str:
    judged = {"screening": "titles and abstracts", "eligibility": "full texts",
              "quality": "the quality of what was eligible"}[stage.kind]  # fmt: skip
    who = NUMBER_WORDS.get(stage.reviewers, f"{stage.reviewers} reviewers independently")
    told = f"{_capital(who)} judged {judged}"
    if stage.reviewers > 1:
        settled = sum(
            one.settled_by == "adjudicator" for one in moment.standings[stage.id].values()
        )
        told += f"; differences were settled by an adjudicator ({settled:,} reports)"
    return told + ". "


def _appraisal(moment: Moment) -> str:
    protocol = moment.project.protocol
    tools = [checklist(moment.project, name) for name in protocol.appraisal.tools]
    if not tools:
        return ""
    told = f"Included reports were appraised with {_and([_cited(one) for one in tools])}. "
    gates = [f"{one.reason} ({', '.join(one.kinds)})" for one in protocol.appraisal.gates]
    if gates:
        told += f"Reports were left out at the quality gate for any of these: {'; '.join(gates)}. "
    return told.strip()


def _cited(one: Checklist) -> str:
    cited = one.citation
    if cited is None:
        return one.short
    return f"{one.short} ({cited.authors.split(',')[0].rsplit(' ', 1)[0]} {cited.year})"


def _result(moment: Moment) -> str:
    flow = moment.flow
    told = f"{_n(flow.new_studies.n)} studies in {_n(flow.new_reports.n)} reports are included"
    kinds = [f"{_n(one.n)} {NAMES.get(one.label, one.label).lower()}" for one in flow.kinds]
    return told + (f" ({', '.join(kinds)})." if kinds else ".")


def _n(value: int | None) -> str:
    return "an unpublished number of" if value is None else f"{value:,}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def prisma_checklist(moment: Moment) -> Table:
    """The PRISMA 2020 items a machine can fill, with the numbers and the file that holds more."""
    protocol, flow = moment.project.protocol, moment.flow
    reasons = total(flow.main.excluded_eligibility)
    rows = [
        ("1", "Title says it is a systematic review", protocol.title, "protocol.yaml"),
        ("4", "Objectives", protocol.question, "protocol.yaml"),
        ("5", "Eligibility criteria", _criteria(moment), "protocol.yaml"),
        ("6", "Sources and dates", _sources(moment), "tables/search-log"),
        ("7", "Search strategy", "One query for all sources, with what each was asked",
         "tables/prisma-s"),
        ("8", "Selection process", _process(moment), "methods.md"),
        ("9", "Data collection", protocol.appraisal.extraction or AUTHORS, "methods.md"),
        ("11", "Risk of bias assessment", ", ".join(_bias_tools(moment)) or AUTHORS,
         "methods.md"),
        ("16a", "Results of the search", _counts(flow), "prisma.svg"),
        ("16b", "Excluded reports, with reasons", f"{_n(reasons)} reports on full text",
         "tables/excluded-*"),
        ("17", "Characteristics of the studies", f"{len(moment.included)} reports",
         "tables/characteristics" if protocol.appraisal.extraction else AUTHORS),
        ("18", "Risk of bias in the studies", ", ".join(_bias_tools(moment)) or AUTHORS,
         "tables/*-judgements, figures/*-traffic-light"),
        ("24a", "Registration", protocol.registration or AUTHORS, "protocol.yaml"),
        ("24b", "Protocol", f"Fingerprint {moment.project.fingerprint[:12]}", "protocol.yaml"),
        ("24c", "Amendments", _amendments(moment), "log.jsonl"),
        ("27", "Data, code and materials", "All entries, tables and figures of this folder",
         "manifest.json"),
    ]  # fmt: skip
    return Table(
        "prisma-2020-checklist",
        "PRISMA 2020 checklist, the items that can be counted",
        ("Item", "Topic", "Reported", "Where"),
        tuple(rows),
        ("The other items are for the authors. Items: PRISMA 2020 (Page 2021, BMJ 372:n71).",),
    )


def _criteria(moment: Moment) -> str:
    given = moment.project.protocol.criteria
    told = [f"in: {one}" for one in given.include] + [f"out: {one}" for one in given.exclude]
    return "; ".join(told) or AUTHORS


def _sources(moment: Moment) -> str:
    last = {one.source: one.day for one in searches(moment)}
    return "; ".join(f"{k} (last {v})" for k, v in sorted(last.items())) or AUTHORS


def _process(moment: Moment) -> str:
    return "; ".join(
        f"{one.name or one.id}: {one.reviewers} of {len(one.who) or 'all'} reviewers"
        for one in moment.project.protocol.stages
    )


def _bias_tools(moment: Moment) -> list[str]:
    tools = [checklist(moment.project, name) for name in moment.project.protocol.appraisal.tools]
    return [one.short for one in tools if one.kind == "risk-of-bias"]


def _counts(flow: Flow) -> str:
    told = f"{_n(total(flow.main.identified))} identified, {_n(flow.main.sought.n)} sought as full "
    return told + f"text, {_n(flow.new_reports.n)} reports of {_n(flow.new_studies.n)} studies"


def _amendments(moment: Moment) -> str:
    changed = [one for one in moment.versions if one["amendment"] is not None]
    days = "; ".join(f"{str(one['at'])[:10]}: {one['why'] or 'no reason given'}" for one in changed)
    return days or "none"
