"""What there is to read of a report: titles and abstracts of its records, and what was added."""

from collections.abc import Iterable

from review.store import Connection, links, records

Texts = tuple[str, str]
"""A title and an abstract; '' where there is none."""


def texts_of(conn: Connection, numbers: Iterable[int]) -> dict[int, list[Texts]]:
    """Record -> title and abstract of each record of its report, the one it stands under first.

    A record without an abstract is read with the one added by hand, else with that of another
    record of the report: the record a report stands under may be the one its source gave bare.
    """
    groups = links.all_groups(conn)
    report_of = {n: groups.get(n, (n, n))[0] for n in numbers}
    members = {report: [report] for report in report_of.values()}
    for number, (report, _) in sorted(groups.items()):
        if report in members and number != report:
            members[report].append(number)
    stored = records.many(conn, [n for given in members.values() for n in given])
    added = records.edits_by_record(conn, "abstract")
    found = {}
    for report, given in members.items():
        there = [stored[n].record for n in given if n in stored]
        spare = [added[n] for n in given if n in added]
        spare += [one.abstract for one in there if one.abstract]
        other = spare[0] if spare else ""
        found[report] = [(one.title or "", one.abstract or other) for one in there]
    return {n: found[report] for n, report in report_of.items()}
