"""The texts of a report: titles and abstracts of its records, and abstracts added by hand."""

from collections.abc import Iterable

from review.store import Connection, links, records

RecordText = tuple[str, str]
"""A title and an abstract; '' where there is none."""


def load_texts(conn: Connection, numbers: Iterable[int]) -> dict[int, list[RecordText]]:
    """Record -> title and abstract of each record of its report, the representing one first.

    A record without an abstract is read with the one added by hand, else with that of another
    record of the report: the record that represents a report may be the one its source gave bare.
    """
    groups = links.list_groups(conn)
    report_of = {n: groups.get(n, (n, n))[0] for n in numbers}
    members = {report: [report] for report in report_of.values()}
    for number, (report, _) in sorted(groups.items()):
        if report in members and number != report:
            members[report].append(number)
    stored = records.get_titles_and_abstracts(
        conn, [n for member_numbers in members.values() for n in member_numbers]
    )
    added_abstracts = records.get_edited_values(conn, "abstract")
    texts = {}
    for report, member_numbers in members.items():
        member_texts = [stored[n] for n in member_numbers if n in stored]
        abstracts = [added_abstracts[n] for n in member_numbers if n in added_abstracts]
        abstracts += [abstract for _, abstract in member_texts if abstract]
        fallback = abstracts[0] if abstracts else ""
        texts[report] = [(title, abstract or fallback) for title, abstract in member_texts]
    return {n: texts[report] for n, report in report_of.items()}
