"""Texts of a report: the methods paragraph, and the PRISMA 2020 checklist as far as it counts.

Source of the items: Page 2021, BMJ 372:n71 (PRISMA 2020); topics in our own words.
"""

from collections.abc import Sequence
from importlib import metadata

from review.checklists import Checklist
from review.prisma import Flow, Stream, total
from review.protocol import Stage
from review.tables.table import Table
from review.workflow.appraisal.instruments import checklist
from review.workflow.exports import prisma
from review.workflow.exports.prisma_s import AUTHORS, searches
from review.workflow.exports.search_narrative import dated, listed, sentences, times
from review.workflow.exports.snapshot import NAMES, Moment
from review.workflow.screening.ranking import STOPPED, stops

NUMBER_WORDS = {1: "one reviewer", 2: "two reviewers independently",
                3: "three reviewers independently"}  # fmt: skip


REPLAYED = (
    "This is a replay of a published review from its published totals; papers whose identity was "
    "not published stand as unnamed records."
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
    protocol = moment.project.protocol
    told = (
        [f"The review was registered ({protocol.registration})."] if protocol.registration else []
    )
    if _replayed(moment):
        told.append(REPLAYED)
    told += [sentences(searches(moment), protocol.search), *prisma.notes(moment)]
    changed = [str(one["at"])[:10] for one in moment.versions if one["amendment"] is not None]
    if changed:
        told.append(
            "After screening had begun the protocol was amended "
            f"{times(len(changed))} ({listed(changed)})."
        )
    return " ".join(told)


def _selection(moment: Moment) -> str:
    flow = moment.flow
    told = f"{_identified(flow)} {_duplicates(flow)}"
    told += _automatic(moment)
    if not _replayed(moment):  # who judged what there was published, not entered
        for stage in moment.project.protocol.stages:
            told += _stage(moment, stage)
    return told.strip()


def _automatic(moment: Moment) -> str:
    """What rules marked, and what the lead left unscreened, each with its number."""
    lines = [line for one in _streams(moment.flow) for line in one.automation]
    ruled = sum(line.n or 0 for line in lines if line.label != STOPPED)
    told = f"{_were(ruled, 'record')} marked as ineligible by automation rules. " if ruled else ""
    unread = sum(line.n or 0 for line in lines if line.label == STOPPED)
    if not unread:
        return told
    acts = [
        f"on {one.at:%Y-%m-%d} ({one.why})"
        for stage in moment.project.protocol.stages
        for one in stops(moment.project, stage, until=moment.until)
    ]
    when = f" when screening in the learned order was stopped {listed(acts)}" if acts else ""
    return f"{told}{_were(unread, 'record')} left unscreened{when}. "


def _replayed(moment: Moment) -> bool:
    return any(one.kind == "replay" for one in searches(moment))


def _streams(flow: Flow) -> list[Stream]:
    return [one for one in (flow.main, flow.other) if one is not None]


def _identified(flow: Flow) -> str:
    main = total(flow.main.identified)
    if main is None:
        return f"{_n(None)} records were identified."
    other = total(flow.other.identified) or 0 if flow.other else 0
    told = f"{_were(main + other, 'record')} identified"
    return f"{told} ({other:,} by other methods)." if other else f"{told}."


def _duplicates(flow: Flow) -> str:
    boxes = [(one.duplicates_tool.n, one.duplicates_hand.n) for one in _streams(flow)]
    if any(tool is None or hand is None for tool, hand in boxes):
        return ""
    tool, hand = sum(one[0] or 0 for one in boxes), sum(one[1] or 0 for one in boxes)
    if not tool + hand:
        return "No duplicates were removed. "
    return (
        f"{_were(tool + hand, 'duplicate')} removed ({tool:,} by rule on identifiers, titles, "
        f"authors and years, {hand:,} by hand). "
    )


def _stage(moment: Moment, stage: Stage) -> str:
    """Who judged what; nothing where nobody did yet."""
    here = list(moment.standings[stage.id].values())
    if stage.kind == "screening":
        here = [one for one in here if one.settled_by != "automation"]
    if all(one.status == "pending" for one in here):
        return ""
    told = _capital(_judges(stage))
    settled = sum(one.settled_by == "adjudicator" for one in here)
    if stage.reviewers > 1 and settled:
        noun = "record" if stage.kind == "screening" else "report"
        told += f"; differences were settled by an adjudicator ({_many(settled, noun)})"
    return f"{told}. "


def _judges(stage: Stage) -> str:
    judged = {"screening": "titles and abstracts", "eligibility": "full texts",
              "quality": "the quality of what was eligible"}[stage.kind]  # fmt: skip
    who = NUMBER_WORDS.get(stage.reviewers, f"{stage.reviewers} reviewers independently")
    return f"{who} judged {judged}"


def _open(moment: Moment) -> str:
    """What still waits, so that nobody takes a half-done review for a whole one."""
    flow = moment.flow
    streams = _streams(flow)
    waits = [
        (sum(one.waiting_screening.n or 0 for one in streams), "record", "screening"),
        (sum(one.waiting_eligibility.n or 0 for one in streams), "report", "full text"),
        (flow.waiting_quality.n or 0, "report", "appraisal"),
    ]
    told = [f"{_many(n, noun)} for {what}" for n, noun, what in waits if n]
    if not told:
        return ""
    return f"The review was in progress on {moment.day}; still waiting: {listed(told)}."


def _appraisal(moment: Moment) -> str:
    protocol = moment.project.protocol
    tools = [checklist(moment.project, name) for name in protocol.appraisal.tools]
    if not tools or not moment.appraised:
        return ""
    verb = "are" if moment.flow.waiting_quality.n else "were"
    told = f"Eligible reports {verb} appraised with {listed([_cited(one) for one in tools])}. "
    gates = [
        f"{one.reason} ({_kinds(one.kinds)} studies)" if one.kinds else str(one.reason)
        for one in protocol.appraisal.gates
    ]
    if gates:
        told += (
            f"Reports {verb} left out at the quality gate for any of these: {'; '.join(gates)}. "
        )
    return told.strip()


def _kinds(kinds: Sequence[str]) -> str:
    return listed([NAMES.get(one, one).lower() for one in kinds])


def _cited(one: Checklist) -> str:
    cited = one.citation
    if cited is None:
        return one.short
    return f"{one.short} ({cited.authors.split(',')[0].rsplit(' ', 1)[0]} {cited.year})"


def _result(moment: Moment) -> str:
    flow = moment.flow
    studies, reports = flow.new_studies.n, flow.new_reports.n
    if not studies:
        return f"No study is included{' yet' if _open(moment) else ''}. {_open(moment)}".strip()
    verb = "is" if studies == 1 else "are"
    told = f"{_many(studies, 'study', 'studies')} in {_many(reports, 'report')} {verb} included"
    kinds = [f"{_n(one.n)} {NAMES.get(one.label, one.label).lower()}" for one in flow.kinds]
    known = total(flow.kinds)
    if kinds and studies is not None and known is not None and studies > known:
        kinds.append(f"{studies - known:,} of a kind not recorded")
    told += f" ({', '.join(kinds)})." if kinds else "."
    return f"{told} {_open(moment)}".strip()


def _many(value: int | None, one: str, more: str | None = None) -> str:
    """A number with its noun: 1 report, 2 reports."""
    return f"{_n(value)} {one if value == 1 else more or f'{one}s'}"


def _were(value: int, one: str) -> str:
    return f"{_many(value, one)} {'was' if value == 1 else 'were'}"


def _n(value: int | None) -> str:
    return "an unpublished number of" if value is None else f"{value:,}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def prisma_checklist(moment: Moment) -> Table:
    """The PRISMA 2020 items a machine can fill, with the numbers and the file that holds more."""
    protocol, flow = moment.project.protocol, moment.flow
    rows = [
        ("1", "Title says it is a systematic review", protocol.title, "protocol.yaml"),
        ("4", "Objectives", protocol.question, "protocol.yaml"),
        ("5", "Eligibility criteria", _criteria(moment), "protocol.yaml"),
        ("6", "Sources and dates", _sources(moment), "tables/search-log"),
        ("7", "Search strategy", "One query for all sources, with what each was asked",
         "tables/prisma-s"),
        ("8", "Selection process", _process(moment), "methods.md"),
        ("9", "Data collection", _form(moment), "tables/characteristics"),
        ("11", "Risk of bias assessment", ", ".join(_bias_tools(moment)) or AUTHORS,
         "methods.md"),
        ("16a", "Results of the search", _counts(flow), "prisma.svg"),
        ("16b", "Excluded reports, with reasons", _excluded(flow),
         "tables/excluded-*"),
        ("17", "Characteristics of the studies", _many(len(moment.included), "report"),
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
    told = [f"include: {one}" for one in given.include]
    told += [f"exclude: {one}" for one in given.exclude]
    return "; ".join(told) or AUTHORS


def _sources(moment: Moment) -> str:
    return "; ".join(dated(searches(moment))) or AUTHORS


def _form(moment: Moment) -> str:
    name = moment.project.protocol.appraisal.extraction
    return f"Form: {checklist(moment.project, name).title}" if name else AUTHORS


def _process(moment: Moment) -> str:
    if _replayed(moment):
        return AUTHORS
    return _capital("; ".join(_judges(one) for one in moment.project.protocol.stages))


def _bias_tools(moment: Moment) -> list[str]:
    tools = [checklist(moment.project, name) for name in moment.project.protocol.appraisal.tools]
    return [one.short for one in tools if one.kind == "risk-of-bias"]


def _counts(flow: Flow) -> str:
    streams = _streams(flow)
    found = [total(one.identified) for one in streams]
    sought = [one.sought.n for one in streams]
    told = f"{_n(_sum(found))} records identified"
    told += f" ({found[1]:,} by other methods)" if len(found) > 1 else ""
    reports = _many(flow.new_reports.n, "report")
    studies = _many(flow.new_studies.n, "study", "studies")
    return f"{told}, {_many(_sum(sought), 'report')} sought, {reports} of {studies} included"


def _excluded(flow: Flow) -> str:
    told = f"{_many(_sum([total(one.excluded_eligibility) for one in _streams(flow)]), 'report')}"
    gate = f", {_n(total(flow.excluded_quality))} at the quality gate"
    return f"{told} on full text{gate if 'quality' in flow.stages else ''}"


def _sum(numbers: Sequence[int | None]) -> int | None:
    """None as soon as one number is not published."""
    known = [one for one in numbers if one is not None]
    return sum(known) if len(known) == len(numbers) else None


def _amendments(moment: Moment) -> str:
    changed = [one for one in moment.versions if one["amendment"] is not None]
    days = "; ".join(f"{str(one['at'])[:10]}: {one['why'] or 'no reason given'}" for one in changed)
    return days or "none"
