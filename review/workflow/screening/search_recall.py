"""Checks the search: were the key papers found, by which sources, and which terms miss them?"""

from collections.abc import Callable
from dataclasses import dataclass

from review import query
from review.query.missing import list_missed_parts
from review.store import Connection, import_undos, records
from review.store.records import format_record_key
from review.workflow.project.project import Project
from review.workflow.screening.key_papers import KeyPaper, find_key_papers

SEARCHED_VIAS = ("databases", "registers")
"""Where a search is expected to find a key paper."""
COLLECTIONS = ("zotero", "various")
"""Sources of imported files that nobody searches with the query."""


@dataclass(frozen=True, slots=True)
class KeyPaperCheck:
    """What the search did with one key paper."""

    text: str
    """As the protocol names it."""
    keys: tuple[str, ...]
    """Keys of its records; none if it is not in the review."""
    found_by: tuple[str, ...]
    """Sources whose searches or files brought it; none if it is not in the review."""
    missing_from: tuple[str, ...]
    """Databases that were searched, by the protocol or for an imported file, and did not bring
    it."""
    unsearched: tuple[str, ...]
    """Sources the protocol searches from which nothing has come yet."""
    missed_parts: tuple[str, ...] | None
    """Parts of the query its title and abstract do not match; None if they are unknown."""


def check_search_recall(project: Project) -> list[KeyPaperCheck]:
    """What the search did with each key paper of the protocol.

    Raises:
        QueryError: the protocol's query cannot be read.
    """
    node = query.parse(project.protocol.search.query)
    with project.store.read() as conn:
        papers = find_key_papers(project.protocol, conn)
        stored = records.get_records(conn, [n for paper in papers for n in paper.records])
        searched, databases = _list_searched(conn)
    checks = []
    for paper in papers:
        paper_records = [stored[n].record for n in paper.records if n in stored]
        sources = tuple(dict.fromkeys(record.source for record in paper_records))
        if paper_records:
            by_record = [
                list_missed_parts(node, item.title, item.abstract) for item in paper_records
            ]
            fewest = min(by_record, key=len)
            missed: tuple[str, ...] | None = tuple(fewest)
        else:
            missed = _check_title(node, paper)
        planned = dict.fromkeys([*project.protocol.search.sources, *databases])
        others = [source for source in planned if source not in sources]
        missing = tuple(s for s in others if s in searched)
        unsearched = tuple(s for s in others if s not in searched)
        keys = tuple(format_record_key(n) for n in paper.records if n in stored)
        checks.append(
            KeyPaperCheck(
                text=paper.text,
                keys=keys,
                found_by=sources,
                missing_from=missing,
                unsearched=unsearched,
                missed_parts=missed,
            )
        )
    return checks


def _list_searched(conn: Connection) -> tuple[set[str], list[str]]:
    """All sources that something came from or that were harvested, and those among them that are
    databases or registers somebody searched, in the order of their first import.

    Not among the latter: citation searching and other methods, a reference manager's library, and
    a file whose records name other sources.
    """
    undone = import_undos.list_undone_batches(conn)
    batches = [batch for batch in records.list_batches(conn) if batch["id"] not in undone]
    record_sources = {source for source, _ in records.count_values(conn, "source")}
    databases = [
        batch["source"]
        for batch in reversed(batches)
        if batch["via"] in SEARCHED_VIAS
        and batch["source"] not in COLLECTIONS
        and (batch["kind"] == "harvest" or batch["source"] in record_sources)
    ]
    return {batch["source"] for batch in batches} | record_sources, databases


def count_found_papers(project: Project) -> tuple[int, int]:
    """How many of the protocol's key papers are in the review, and how many it names."""
    with project.store.read() as conn:
        papers = find_key_papers(project.protocol, conn)
    return sum(bool(paper.records) for paper in papers), len(papers)


def _check_title(node: query.Node, paper: KeyPaper) -> tuple[str, ...] | None:
    """Parts of the query that a title alone misses; None if the paper is named by identifier."""
    return tuple(list_missed_parts(node, paper.text, None)) if paper.is_title else None


def describe_check(check: KeyPaperCheck, format_source: Callable[[str], str]) -> str:
    """What the search did with a key paper, in one line.

    Args:
        format_source: gives the name of a source as people write it.
    """
    found_by = ", ".join(map(format_source, check.found_by))
    outcome = f"found by {found_by}" if found_by else "NOT FOUND"
    if check.missing_from:
        outcome += f"; not found by {', '.join(map(format_source, check.missing_from))}"
    if check.unsearched:
        outcome += f"; {_describe_unsearched(check, format_source)}"
    return " ".join(filter(None, [f"{check.text}: {outcome}.", describe_missed_parts(check)]))


def describe_sources(check: KeyPaperCheck, format_source: Callable[[str], str]) -> str:
    """Which sources found a key paper, and which did not, in a sentence.

    Args:
        format_source: gives the name of a source as people write it.
    """
    parts = []
    if check.found_by:
        parts.append(f"found by {', '.join(map(format_source, check.found_by))}")
    if check.missing_from:
        parts.append(f"not found by {', '.join(map(format_source, check.missing_from))}")
    if check.unsearched:
        parts.append(_describe_unsearched(check, format_source))
    sentence = "; ".join(parts) or "not in the files imported"
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _describe_unsearched(check: KeyPaperCheck, format_source: Callable[[str], str]) -> str:
    return f"nothing has come from {', '.join(map(format_source, check.unsearched))} yet"


def describe_missed_parts(check: KeyPaperCheck) -> str:
    """Which parts of the query miss a key paper, or how to find out; '' if none does."""
    if check.missed_parts:
        where = "title and abstract do" if check.found_by else "title does"
        return f"Its {where} not match: {'; '.join(check.missed_parts)}."
    if check.missed_parts is None:
        return "Name it by title to see which terms miss it."
    if not check.found_by:
        return "The query matches its title, so check the dates and sources searched."
    return ""
