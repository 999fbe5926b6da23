"""Tables and figures of appraisal, agreement and extraction, as they stood at a moment."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from review import agreement, consensus, tables
from review.agreement import Figure
from review.checklists import OVERALL, Checklist, Section, items
from review.figures import bars, judgements
from review.figures.bars import ItemBar
from review.figures.judgements import Column, Row
from review.models import Answer
from review.protocol import Stage, gate_checklists, stage_of
from review.scoring.form import dead_keys, state
from review.store import answers
from review.store.records import key_of
from review.tables import Filled
from review.tables.table import Table
from review.workflow.appraisal.agreement import agreement_on, item_figures
from review.workflow.appraisal.assignment import needed, readers_of
from review.workflow.appraisal.instruments import checklist
from review.workflow.appraisal.results import blind_forms, totals_of
from review.workflow.exports.prisma import pictures
from review.workflow.exports.snapshot import Moment, settled_forms
from review.workflow.screening import agreement as agreeing

SIZES = ("size-development", "size-test")
"""Items of the extraction form that make a study's weight in the weighted bars."""
UNPUBLISHED = (
    "Replayed from published totals: 'not judged' here means that the judgement was not published,"
    " and which unnamed paper carries which judgement is not known."
)
NOT_COUNTED = {"unsure": "open", "given": "met"}
"""States of an item as compliance counts them: an unsure answer is not one yet."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One checklist of the review with the forms it came to."""

    checklist: Checklist
    forms: Sequence[Filled]


def instruments(moment: Moment) -> list[Instrument]:
    """The protocol's appraisal tools with their forms: risk of bias of what is included, the others
    of everything that came as far as appraisal. Tools nobody has filled in yet are left out."""
    found = []
    for name in moment.project.protocol.appraisal.tools:
        one = checklist(moment.project, name)
        reports = moment.included if one.kind == "risk-of-bias" else moment.appraised
        forms = _apt(moment, one, settled_forms(moment, one, reports))
        if any(form.entries for form in forms):
            found.append(Instrument(one, forms))
    return found


def _apt(moment: Moment, one: Checklist, forms: list[Filled]) -> list[Filled]:
    """The forms of studies the tool is meant for: a gate may name only some kinds."""
    gates = [g for g in moment.project.protocol.appraisal.gates if one.id in gate_checklists(g)]
    kinds = {kind for gate in gates for kind in gate.kinds}
    if not kinds or not moment.inputs.kinds:
        return forms
    return [form for form in forms if form.entries or moment.inputs.kinds.get(form.key) in kinds]


def extraction(moment: Moment) -> Instrument | None:
    """The extraction form of the included reports; None where the review has none."""
    name = moment.project.protocol.appraisal.extraction
    if name is None:
        return None
    one = checklist(moment.project, name)
    return Instrument(one, settled_forms(moment, one, moment.included))


def columns(one: Checklist) -> list[Column]:
    """The judgements of a risk-of-bias tool as columns: its domains and the overall, then
    applicability."""
    if one.overall is None:
        return []
    found: list[Column] = []
    for part, group in (("judgement", "Risk of bias"), ("applicability", "Applicability")):
        mine: list[Section] = [s for s in one.sections if getattr(s, part)]
        found += [Column(f"{part}:{s.id}", s.title, group) for s in mine]
        if mine:
            found.append(Column(f"{part}:{OVERALL}", "Overall", group, overall=True))
    return found


def levels(form: Filled) -> dict[str, str | None]:
    """Judgement key -> final level of one form."""
    return {one.key: one.final for one in form.result.judgements}


def rows(moment: Moment, found: Instrument) -> list[Row]:
    """The forms of a risk-of-bias tool as rows of its figures, weighted by sample size where the
    extraction form tells it."""
    sizes = _sizes(moment)
    return [
        Row(one.label, levels(one), sizes.get(one.key, 0.0), _changed(one)) for one in found.forms
    ]


def _changed(form: Filled) -> frozenset[str]:
    """Keys of the judgements that differ from the proposal."""
    return frozenset(one.key for one in form.result.judgements if one.overridden)


def _sizes(moment: Moment) -> dict[str, float]:
    form = extraction(moment)
    found: dict[str, float] = {}
    for one in form.forms if form else ():
        told = [one.entries[key].answer for key in SIZES if key in one.entries]
        numbers = [float(t) for t in told if t is not None and _is_number(t)]
        if numbers:
            found[one.key] = sum(numbers)
    return found


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


def bias_figures(moment: Moment, found: Instrument) -> dict[str, bytes]:
    """Traffic lights and summary bars in both palettes, and the robvis table."""
    one, drawn = found.checklist, columns(found.checklist)
    made: dict[str, bytes] = {}
    mine = rows(moment, found)
    weighted = bool(mine) and all(row.weight > 0 for row in mine)
    notes = [UNPUBLISHED] if moment.flow.joints else []
    for palette, mark in (("cochrane", ""), ("colour-blind", "-colour-blind")):
        kind: judgements.Palette = "cochrane" if palette == "cochrane" else "colour-blind"
        pages = judgements.traffic(mine, drawn, tool=one.short, palette=kind, notes=notes)
        for number, page in enumerate(pages, 1):
            stem = f"{one.id}-traffic-light{mark}" + (f"-{number}" if len(pages) > 1 else "")
            made |= pictures(stem, page)
        bars_ = judgements.summary(mine, drawn, tool=one.short, palette=kind, notes=notes)
        made |= pictures(f"{one.id}-summary{mark}", bars_)
        if weighted:
            bars_ = judgements.summary(
                mine, drawn, tool=one.short, palette=kind, weighted=True,
                notes=[*notes, "Weighted by sample size (development and test) as extracted."],
            )  # fmt: skip
            made |= pictures(f"{one.id}-summary-weighted{mark}", bars_)
    made[f"{one.id}-robvis.csv"] = judgements.robvis(mine, drawn, weights=weighted).encode()
    return made


def item_counts(found: Instrument) -> dict[str, dict[str, int]]:
    """Item id -> state -> studies."""
    counts: dict[str, Counter[str]] = {item.id: Counter() for item in items(found.checklist)}
    for form in found.forms:
        told = {key: entry.answer for key, entry in form.entries.items()}
        dead = dead_keys(found.checklist, told)
        for item in items(found.checklist):
            now = "not-applicable" if item.id in dead else str(state(item, told.get(item.id)))
            counts[item.id][NOT_COUNTED.get(now, now)] += 1
    return {key: dict(value) for key, value in counts.items()}


def item_bars(moment: Moment, found: Instrument) -> str:
    """Compliance item by item as SVG."""
    one, counts = found.checklist, item_counts(found)
    gated = {
        number
        for gate in moment.project.protocol.appraisal.gates
        if gate.checklist == one.id
        for number in gate.required
    }
    drawn = [
        ItemBar(item.number, item.name, section.title, counts[item.id],
                item.number in gated or item.id in gated)
        for section in one.sections
        for item in section.items
    ]  # fmt: skip
    told = counted(moment, found.forms)
    return bars.compliance(drawn, checklist=one.short, studies=len(found.forms), notes=told)


def counted(moment: Moment, forms: Sequence[Filled]) -> list[str]:
    """Where the reports of some forms stand; nothing where all of them are included."""
    inside = {key_of(report) for report in moment.included}
    stage = stage_of(moment.project.protocol, "quality")
    out = {
        key_of(report)
        for report, one in (moment.standings[stage.id] if stage else {}).items()
        if one.status == "excluded"
    }
    known, left = (sum(form.key in some for form in forms) for some in (inside, out))
    if known == len(forms):
        return []
    parts = ((known, "included"), (left, "excluded at the quality gate"),
             (len(forms) - known - left, "waiting"))  # fmt: skip
    told = ", ".join(f"{n:,} {what}" for n, what in parts if n)
    noun = "report" if len(forms) == 1 else "reports"
    return [f"Counted: {len(forms):,} appraised {noun} ({told})."]


def minimum(moment: Moment, one: Checklist) -> float | None:
    """The least total a gate asks of a checklist; None where no gate does."""
    first = next((score.id for score in one.scores if score.primary), None)
    asked = [
        gate.minimum
        for gate in moment.project.protocol.appraisal.gates
        if gate.checklist == one.id and gate.minimum is not None and gate.score in (None, first)
    ]
    return max(asked) if asked else None


def score_figure(moment: Moment, found: Instrument) -> str | None:
    """The spread of the checklist's score with the line of its gate; None where it has no score."""
    score = next((one for one in found.checklist.scores if one.primary), None)
    if score is None or score.min is None or score.max is None:
        return None
    totals = {
        form.key: total.value
        for form in found.forms
        for total in form.result.totals
        if total.primary and total.value is not None
    }
    return bars.distribution(
        list(totals.values()),
        score=f"{found.checklist.short}: {score.title.lower()}",
        low=score.min,
        high=score.max,
        gate=minimum(moment, found.checklist),
        notes=counted(moment, [form for form in found.forms if form.key in totals]),
    )


def figures(moment: Moment, found: Instrument) -> dict[str, bytes]:
    """Every figure of one instrument by file name."""
    one = found.checklist
    if columns(one):
        return bias_figures(moment, found)
    made = pictures(f"{one.id}-items", item_bars(moment, found))
    spread = score_figure(moment, found)
    return made | (pictures(f"{one.id}-scores", spread) if spread else {})


def tables_of(moment: Moment, found: Instrument) -> list[Table]:
    """Every table of one instrument."""
    one, forms = found.checklist, found.forms
    made = [tables.answers(one, forms)]
    if columns(one):
        heads = [
            (c.id, c.title if c.group == "Risk of bias" else f"Applicability: {c.title.lower()}")
            for c in columns(one)
        ]
        made.append(tables.judgements(one, forms, [levels(form) for form in forms], heads))
    else:
        made.append(tables.items_summary(one, item_counts(found)))
    if one.scores:
        made.append(tables.scores(one, forms, minimum(moment, one)))
    made.append(tables.evidence(one, forms))
    told = counted(moment, forms)
    return [replace(table, notes=(*table.notes, *told)) for table in made]


def characteristics(moment: Moment) -> list[Table]:
    """The characteristics of the included studies, where the review extracts them."""
    found = extraction(moment)
    if found is None:
        return []
    return [tables.characteristics(found.checklist, found.forms)]


def agreement_table(moment: Moment, reader: str | None = None) -> Table:
    """Agreement at each stage and on each checklist.

    Args:
        reader: who asks; see workflow.agreeing.verdicts.
    """
    told: list[tuple[str, str, Figure]] = []
    for stage in moment.project.protocol.stages:
        ratings = _stage_ratings(moment, stage, reader)
        if ratings:
            name = stage.name or stage.id
            told += [(name, "verdict", one) for one in agreement.summary(ratings)]
    for name in moment.project.protocol.appraisal.tools:
        told += _checklist_agreement(moment, checklist(moment.project, name))
    return tables.agreement(told)


def _stage_ratings(moment: Moment, stage: Stage, reader: str | None) -> list[list[str | None]]:
    """One row a report that two judged, one column a reviewer, by name."""
    made = agreeing.verdicts(
        moment.project, stage, reader=reader, until=moment.until, groups=moment.groups
    )
    both = [one for _, one in sorted(made.items()) if len(one) > 1]
    people = sorted({name for one in both for name in one})
    return [[one.get(name) for name in people] for one in both]


def _checklist_agreement(moment: Moment, one: Checklist) -> list[tuple[str, str, Figure]]:
    """Every figure of one instrument: over all items, of its totals, and item by item."""
    forms = _independent(moment, one)
    rated = [item for item in consensus.ratings(one, forms) if item.rows]
    every = agreement_on(rated)
    if every is None:
        return []
    told = [(one.short, "all items", figure) for figure in every]
    totals = totals_of(one, forms)
    if totals:
        told.append((one.short, "totals", agreement.icc(totals)))
    return told + [
        (one.short, item.name, figure) for item in rated for figure in item_figures(item)
    ]


def _independent(moment: Moment, one: Checklist) -> list[tuple[Mapping[str, Answer], ...]]:
    """The forms of each report as they were when the last of them was first finished."""
    appraised = set(moment.appraised)
    of = {n: r for n, (r, _) in moment.groups.items() if r in appraised}
    of |= {report: report for report in appraised}
    until = moment.until
    with moment.project.store.read() as conn:
        said = answers.of_everybody(conn, of, one.id)
        events = answers.form_events(conn, of, one.id)
        who = readers_of(moment.project, conn, appraised, until=moment.until)
    ends = [e for e in events if until is None or e.at <= until]
    found: list[tuple[Mapping[str, Answer], ...]] = []
    for report in sorted(appraised):
        here = [event for event in ends if of[event.record] == report]
        mine = [answer for answer in said if of[answer.record] == report]
        forms = blind_forms(here, mine, needed(who, report))
        if forms:
            found.append(tuple(forms.values()))
    return found
