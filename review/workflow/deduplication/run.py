"""Finds, settles, undoes and explains duplicates in a review, always by adding links.

A run compares what is new with what is there; what was read of the records is kept beside the
store and can be thrown away at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from review import dedupe
from review.dedupe import Explanation, FeatureColumns, ReportGroups
from review.errors import ReviewError
from review.models import Link, LinkVerdict, StoredRecord
from review.store import Connection, audit_events, links, records
from review.store.records import format_record_key, parse_record_key
from review.store.timestamps import utc_now
from review.workflow.deduplication.groups import (
    RUN_EVENT,
    find_misgrouped,
    flatten_groups,
    regroup_around,
    regroup_records,
)
from review.workflow.deduplication.kept_columns import load_columns, save_columns
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import keyword_rules, rescreening, status
from review.workflow.screening.rescreening import PreprintReopening

VERDICT_BY_ANSWER: Mapping[str, LinkVerdict] = {
    "same": "duplicate",
    "different": "distinct",
    "preprint": "study",
}
"""The person's word -> the link's verdict."""


@dataclass(frozen=True, slots=True)
class DedupeResult:
    """What a run did."""

    records: int
    compared: int
    """Records that were not compared before."""
    links: int
    """Links added."""
    reports: int
    studies: int
    doubtful: int
    """Pairs left to a person."""
    reopened: tuple[PreprintReopening, ...]
    """Preprints judged before that are open again, because their article has come."""


def _add_registry_statements(conn: Connection, record_columns: FeatureColumns) -> FeatureColumns:
    """The columns with what registries have stated since the records came."""
    later_statements = links.list_later_relations(conn)
    related_records = [int(record_columns.ids[row]) for row in record_columns.relations]
    return dedupe.with_registry_statements(
        record_columns,
        later_statements,
        links.get_arrival_dates(conn, (*related_records, *later_statements)),
    )


def run_deduplication(project: Project, who: str) -> DedupeResult:
    """Compares the records that are new with all others, adds what was found, and groups anew.

    Running it again adds nothing. With other rules than the last run's, all are compared again.
    """
    require_role(project, who, "dedupe")
    at = utc_now()
    with project.store.read() as conn:
        record_columns, log = load_columns(project, conn), links.list_links(conn)
        before, new_numbers = links.list_groups(conn), _find_new_records(conn, record_columns)
        informed_columns = _add_registry_statements(conn, record_columns)
    computed_links = dedupe.find_registry_links(informed_columns, at=at)
    if new_numbers:
        rule_links = dedupe.find_links(informed_columns, at=at, new=new_numbers)
        complete_links = rule_links if len(new_numbers) == len(record_columns) else None
        computed_links += [
            *dedupe.find_stale_links(record_columns, log, at=at, current_links=complete_links),
            *rule_links,
        ]
    new_links = _filter_new_links(log, computed_links)
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        links.add_links(conn, new_links, engine=dedupe.ENGINE)
        after, reopened = before, list[PreprintReopening]()
        if (
            new_numbers
            or new_links
            or find_misgrouped(before, flatten_groups(dedupe.compute_groups(record_columns, log)))
        ):
            after = flatten_groups(regroup_records(project, conn, record_columns))
            reopened = rescreening.note_reopenings(conn, project.protocol, (before, after), who, at)
        if reopened:
            status.rebuild_statuses(project, conn)
        if new_numbers or new_links:
            keyword_rules.withdraw_matches(project, conn, who)
        detail = {
            "engine": dedupe.ENGINE,
            "records": len(record_columns),
            "last": _get_last_number(record_columns),
        }
        audit_events.add_event(conn, RUN_EVENT, who, at, detail=detail)
    if new_numbers:
        save_columns(project, record_columns)
    possible_duplicates = dedupe.find_possible_duplicates(record_columns, log + new_links)
    reports, studies = (len({group[index] for group in after.values()}) for index in (0, 1))
    return DedupeResult(
        records=len(record_columns),
        compared=len(new_numbers),
        links=len(new_links),
        reports=reports,
        studies=studies,
        doubtful=len(possible_duplicates),
        reopened=tuple(reopened),
    )


def count_uncompared(project: Project) -> int:
    """How many records no run has compared yet."""
    with project.store.read() as conn:
        runs = audit_events.list_events(conn, kind=RUN_EVENT)
        last_run = (runs[-1]["detail"] or {}) if runs else {}
        numbers = records.list_numbers(conn)
    uncompared = sum(1 for n in numbers if n > last_run.get("last", 0))
    # Records of an import that was undone and came again have numbers that the run has passed.
    brought_back = len(numbers) - uncompared - int(last_run.get("records", len(numbers)))
    return uncompared + max(0, brought_back)


def get_revision(project: Project) -> tuple[int, int, int]:
    """Changes whenever records, links or comparisons were added: what was read before is old."""
    with project.store.read() as conn:
        return (
            records.count_records(conn),
            links.get_last_id(conn),
            len(audit_events.list_events(conn, kind=RUN_EVENT)),
        )


def _get_last_number(record_columns: FeatureColumns) -> int:
    return int(record_columns.ids[-1]) if len(record_columns) else 0


def _find_new_records(conn: Connection, record_columns: FeatureColumns) -> set[int]:
    """Records no run with these rules has compared."""
    runs = audit_events.list_events(conn, kind=RUN_EVENT)
    last_run = (runs[-1]["detail"] or {}) if runs else {}
    ids = record_columns.ids.tolist()
    old_numbers = [n for n in ids if n <= last_run.get("last", 0)]
    if last_run.get("engine") != dedupe.ENGINE or len(old_numbers) != last_run.get("records"):
        return set(ids)
    return set(ids) - set(old_numbers)


def _filter_new_links(log: list[Link], computed_links: list[Link]) -> list[Link]:
    """The links that say something the log does not say last."""
    latest_content: dict[tuple[int, int, str], tuple[object, ...]] = {}
    for link in log:
        if link.who == dedupe.TOOL:
            latest_content[_get_link_key(link)] = _get_link_content(link)
    new_links = []
    for link in computed_links:
        link_key = _get_link_key(link)
        if latest_content.get(link_key) != _get_link_content(link):
            new_links.append(link)
            latest_content[link_key] = _get_link_content(link)
    return new_links


def _get_link_key(link: Link) -> tuple[int, int, str]:
    """What a later link of the tool takes the place of: a statement, or the rules' word."""
    return link.a, link.b, link.rule if link.rule.startswith(dedupe.STATED_PREFIX) else ""


def _get_link_content(link: Link) -> tuple[object, ...]:
    return link.verdict, link.rule, None if link.score is None else round(link.score, 3), link.note


def keep_earlier_decisions(project: Project, key: str, who: str) -> str:
    """Keeps earlier decisions on a re-opened preprint; returns a line that says what follows.

    Raises:
        ReviewError: the preprint was not opened again.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        key = records.get_record(conn, parse_record_key(key)).key
        rescreening.keep_decisions(conn, key, who, utc_now())
        status.save_statuses(
            project, conn, status.load_report_decisions(conn, [parse_record_key(key)])
        )
    return f"The earlier decisions on {key} are kept."


def reopen_preprint(project: Project, key: str, who: str) -> str:
    """Takes the word of keep_judged back. Raises ReviewError where nothing was kept."""
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        key = records.get_record(conn, parse_record_key(key)).key
        rescreening.reopen(conn, key, who, utc_now())
        status.save_statuses(
            project, conn, status.load_report_decisions(conn, [parse_record_key(key)])
        )
    return f"{key} has been reopened."


def settle_pair(
    project: Project, pair: tuple[str, str], answer: str, who: str, note: str | None = None
) -> str:
    """Adds a person's word on a pair and groups anew; gives a line that says what follows.

    Args:
        pair: keys of two records, in either order.
        word: a key of SETTLED.

    Raises:
        ReviewError: unknown record or word, or the same record twice.
    """
    require_role(project, who, "dedupe")
    if answer not in VERDICT_BY_ANSWER:
        raise ReviewError(
            f"{answer!r} is not a valid decision; choose from: {', '.join(VERDICT_BY_ANSWER)}."
        )
    a, b = _parse_pair(pair)
    with project.store.write() as conn:
        link = Link(
            a=a,
            b=b,
            verdict=VERDICT_BY_ANSWER[answer],
            rule=dedupe.BY_HAND,
            who=who,
            at=utc_now(),
            score=None,
            note=note,
        )
        groups = _add_link(project, conn, link)
    return (
        f"{format_record_key(a)} and {format_record_key(b)}: {answer}, by {who}; now "
        f"{_describe_grouping(flatten_groups(groups), a, b)}."
    )


def undo_answer(project: Project, who: str, pair: tuple[str, str] | None = None) -> str:
    """Takes back this person's word on a pair, or their last one; the rest of the log is kept.

    Raises:
        ReviewError: this person has said nothing of the pair, or nothing at all.
    """
    require_role(project, who, "dedupe")
    with project.store.write() as conn:  # two quick undos take back two answers, not one twice
        own_links = dedupe.latest_decisions_by(links.list_links(conn), who)
        if pair is None:
            last_link = next(reversed(own_links.values()), None)
        else:
            last_link = own_links.get(_parse_pair(pair))
        if last_link is None:
            what = "on this pair" if pair else "on possible duplicates"
            raise ReviewError(f"{who} has no decision {what} to undo.")
        a, b = last_link.a, last_link.b
        _add_link(
            project,
            conn,
            Link(a=a, b=b, verdict=None, rule=dedupe.WITHDRAWN, who=who, at=utc_now()),
        )
    return f"{format_record_key(a)} and {format_record_key(b)}: the decision by {who} was undone."


def _parse_pair(pair: tuple[str, str]) -> tuple[int, int]:
    a, b = sorted(parse_record_key(key) for key in pair)
    if a == b:
        raise ReviewError(f"{format_record_key(a)} is a single record; give two different ones.")
    return a, b


def _add_link(project: Project, conn: Connection, link: Link) -> ReportGroups:
    project = follow_plan(project, conn)
    for number in (link.a, link.b):
        records.get_record(conn, number)
    links.add_links(conn, [link], engine=dedupe.ENGINE)
    before = links.get_report_groups(conn, links.find_connected_records(conn, (link.a, link.b)))
    groups = regroup_around(project, conn, (link.a, link.b))
    keyword_rules.withdraw_matches(project, conn, link.who, groups.report)
    change = (before, flatten_groups(groups))
    if rescreening.note_reopenings(conn, project.protocol, change, link.who, link.at):
        status.save_statuses(project, conn, status.load_report_decisions(conn, groups.report))
    return groups


def explain_pair(project: Project, first: str, second: str) -> Explanation:
    """Why two records are, are not, or may be one.

    Raises:
        StoreError: a record is unknown.
        ReviewError: the same record twice.
    """
    a, b = _parse_pair((first, second))
    with project.store.read() as conn:
        stored_a, stored_b = records.get_record(conn, a), records.get_record(conn, b)
        pair_links = [x for x in links.list_links_of_records(conn, [a]) if (x.a, x.b) == (a, b)]
        groups = links.list_groups(conn)
        later_statements = links.list_later_relations(conn)
    record_a, record_b = (
        replace(x.record, relations=(*x.record.relations, *later_statements.get(x.id, ())))
        for x in (stored_a, stored_b)
    )
    return dedupe.explain_pair(
        record_a, record_b, pair_links, together=_describe_grouping(groups, a, b)
    )


def _describe_grouping(groups: Mapping[int, tuple[int, int]], a: int, b: int) -> str:
    group_a, group_b = groups.get(a, (a, a)), groups.get(b, (b, b))
    if group_a[0] == group_b[0]:
        return "one report"
    return "two reports of one study" if group_a[1] == group_b[1] else "two studies"


@dataclass(frozen=True, slots=True)
class MergedField:
    """One field of a report's merged view, and the record it comes from."""

    name: str
    value: str
    key: str
    source: str


def build_merged_view(project: Project, key: str) -> list[MergedField]:
    """The merged view of the report a record belongs to: each field from the first source that
    gives it, in the order of dedupe's SOURCE_ORDER, with where it comes from.

    Raises:
        StoreError: there is no such record.
    """
    with project.store.read() as conn:
        number = records.get_record(conn, parse_record_key(key)).id
        report = links.list_groups(conn).get(number, (number, number))[0]
        stored_records = records.get_records(conn, links.list_members(conn, [report])[report])
    view = dedupe.merge_records(list(stored_records.values()))
    return [
        MergedField(
            name,
            _format_value(getattr(view.record, name)),
            stored_records[origin].key,
            stored_records[origin].record.source,
        )
        for name, origin in view.origin.items()
        if name != "relations"
    ]


def _format_value(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)


PossibleDuplicates = list[tuple[Link, StoredRecord, StoredRecord]]
"""Doubtful pairs with their records."""


def filter_open_pairs(project: Project, candidates: PossibleDuplicates) -> PossibleDuplicates:
    """Of pairs asked before, those that words spoken since have left open; quick for long lists.

    None that doubts would give is lost; one it would not give any more may stay until it is asked.
    """
    numbers = {n for link, *_ in candidates for n in (link.a, link.b)}
    with project.store.read() as conn:
        groups = links.get_report_groups(conn, numbers)
        manual_decisions = dedupe.latest_manual_decisions(links.list_links_of_records(conn, groups))
    distinct_reports = {
        frozenset(groups.get(n, (n, n))[0] for n in pair)
        for pair, decision in manual_decisions.items()
        if decision.verdict == "distinct"
    }
    return [
        candidate
        for candidate in candidates
        if groups[candidate[0].a][1] != groups[candidate[0].b][1]
        and frozenset((groups[candidate[0].a][0], groups[candidate[0].b][0]))
        not in distinct_reports
    ]


def find_possible_duplicates(project: Project) -> PossibleDuplicates:
    """The pairs that wait for a person, surest first, with their records."""
    with project.store.read() as conn:
        candidate_links = dedupe.find_possible_duplicates(
            load_columns(project, conn), links.list_links(conn)
        )
        stored_records = records.get_records(
            conn, {n for link in candidate_links for n in (link.a, link.b)}
        )
    return [(link, stored_records[link.a], stored_records[link.b]) for link in candidate_links]


def list_waiting_pairs(project: Project) -> list[dict[str, Any]]:
    """The pairs that wait for a person as plain rows."""
    return [
        {
            "a": format_record_key(link.a),
            "b": format_record_key(link.b),
            "rule": link.rule,
            "score": link.score,
            "why": link.note,
            "title_a": stored_a.record.title,
            "title_b": stored_b.record.title,
        }
        for link, stored_a, stored_b in find_possible_duplicates(project)
    ]


def format_result(result: DedupeResult) -> list[str]:
    """What a run did, for people."""
    lines = [
        f"{result.compared} of {result.records} records were new; {result.links} links added.",
        f"{result.reports} reports of {result.studies} studies; {result.doubtful} possible "
        "duplicates to review.",
    ]
    lines += [rescreening.format_reopening(preprint) for preprint in result.reopened]
    return lines
