"""Lists of a report: what was excluded and why, what is included, duplicates, source overlap."""

from review import tables
from review.models import Link
from review.protocol import Stage
from review.screening import Standing
from review.store import links, retrievals
from review.store.records import key_of
from review.store.timestamps import to_text
from review.tables import Excluded, Linked
from review.tables.table import Table
from review.workflow.exports import duplicates_report
from review.workflow.exports.snapshot import KIND_NAMES, NAMES, Moment


def listings(moment: Moment) -> list[Table]:
    """Every list, in the order of the flow."""
    figures = duplicates_report.figures(moment.project, until=moment.until)
    found = [duplicates_report.table(figures, NAMES), duplicates(moment), sources(moment)]
    found += [excluded(moment, stage) for stage in moment.project.protocol.stages]
    if any(stage.kind == "eligibility" for stage in moment.project.protocol.stages):
        found.append(not_retrieved(moment))
    return [*found, included(moment), tables.boxes(moment.flow, NAMES)]


def excluded(moment: Moment, stage: Stage) -> Table:
    """Reports excluded at one stage, with every reason."""
    rows = []
    for report, one in sorted(moment.standings[stage.id].items()):
        if one.status != "excluded":
            continue
        stored = moment.records[report]
        label = moment.labels.get(report) or tables.label(stored.record)
        rows.append(
            Excluded(key_of(report), label, stored.record, stage.name or stage.id,
                     _reasons(one, stage), _note(one))
        )  # fmt: skip
    title = f"Reports excluded at the stage: {stage.name or stage.id}"
    return tables.excluded(rows, name=f"excluded-{stage.id}", title=title)


def _reasons(one: Standing, stage: Stage) -> tuple[str, ...]:
    if not one.reason:
        return ()
    if stage.kind == "quality":
        return tuple(part.strip() for part in one.reason.split(";"))
    others = [d.reason for d in one.decisions if d.reason and d.reason != one.reason]
    return (one.reason, *dict.fromkeys(others))


def _note(one: Standing) -> str | None:
    return " / ".join(dict.fromkeys(d.note for d in one.decisions if d.note)) or None


def not_retrieved(moment: Moment) -> Table:
    """Reports whose full text could not be had, and why."""
    with moment.project.store.read() as conn:
        attempts = retrievals.newest(conn, until=moment.until)
    counted = {
        one for line in moment.flow.main.not_retrieved for one in line.ids or ()
    } | {one for line in (moment.flow.other.not_retrieved if moment.flow.other else ())
         for one in line.ids or ()}  # fmt: skip
    rows = []
    for number, (_, reason) in sorted(attempts.items()):
        report = moment.groups.get(number, (number, number))[0]
        if key_of(report) in counted:
            counted.discard(key_of(report))
            stored = moment.records[report]
            label = moment.labels.get(report) or tables.label(stored.record)
            why = (reason,) if reason else ()
            rows.append(Excluded(key_of(report), label, stored.record, "retrieval", why))
    return tables.excluded(rows, name="not-retrieved", title="Reports not retrieved")


def included(moment: Moment) -> Table:
    """Reports included, with kind and the other reports of the same study."""
    rows = [(key_of(n), moment.labels[n], moment.records[n].record) for n in moment.included]
    kinds = {key: KIND_NAMES.get(kind, kind) for key, kind in moment.inputs.kinds.items()}
    first: dict[str, str] = {}
    studies = {}
    for key, _, _ in rows:
        study = moment.inputs.studies.get(key, key)
        studies[key] = first.setdefault(study, key)
    return tables.included(rows, studies, kinds)


def duplicates(moment: Moment) -> Table:
    """Records joined to another record, with the newest word that joins them."""
    with moment.project.store.read() as conn:
        said = links.every(conn, until=moment.until)
    by_record: dict[int, list[Link]] = {}
    for one in said:
        by_record.setdefault(one.a, []).append(one)
        by_record.setdefault(one.b, []).append(one)
    rows = []
    for number, (report, study) in sorted(moment.groups.items()):
        to = report if report != number else study
        if to == number:
            continue
        joined = [
            link
            for link in by_record.get(number, ())
            if link.verdict in ("duplicate", "version", "study")
            and _together(moment, link, report, study)
        ]
        last = joined[-1] if joined else None
        what = (last.verdict if last and report != number else None) or (
            "duplicate" if report != number else "study"
        )
        record = moment.records[number].record
        rows.append(
            Linked(
                key_of(number), key_of(to), what, last.rule if last else "through other records",
                last.who if last else "tool", to_text(last.at)[:10] if last else "",
                NAMES.get(record.source, record.source), record.title,
            )
        )  # fmt: skip
    return tables.duplicates(rows)


def _together(moment: Moment, link: Link, report: int, study: int) -> bool:
    """Whether a link's two records still stand in one report, or in one study."""
    ends = [moment.groups.get(n, (n, n)) for n in (link.a, link.b)]
    return all(one[0] == report for one in ends) or all(one[1] == study for one in ends)


def sources(moment: Moment) -> Table:
    """How many reports each pair of sources shares."""
    found: dict[str, set[str]] = {}
    for entry in moment.inputs.entries:
        if not entry.unread:
            name = NAMES.get(entry.source, entry.source)
            found.setdefault(name, set()).add(entry.report)
    return tables.sources(found)
