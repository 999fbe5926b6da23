"""Checks the search: were the key papers found, by which sources, and which terms miss them?"""

from dataclasses import dataclass

from review import query
from review.query.missing import list_missed_parts
from review.store import records
from review.workflow.project.project import Project
from review.workflow.screening.key_papers import KeyPaper, find_key_papers


@dataclass(frozen=True, slots=True)
class KeyPaperCheck:
    """What the search did with one key paper."""

    text: str
    """As the protocol names it."""
    found_by: tuple[str, ...]
    """Sources whose searches or files brought it; none if it is not in the review."""
    missing_from: tuple[str, ...]
    """Sources the protocol searches that did not bring it."""
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
    checks = []
    for paper in papers:
        found = [stored[n].record for n in paper.records if n in stored]
        sources = tuple(dict.fromkeys(record.source for record in found))
        if found:
            by_record = [list_missed_parts(node, one.title, one.abstract) for one in found]
            fewest = min(by_record, key=len)
            missed: tuple[str, ...] | None = tuple(fewest)
        else:
            missed = _check_title(node, paper)
        missing = tuple(s for s in project.protocol.search.sources if s not in sources)
        checks.append(KeyPaperCheck(paper.text, sources, missing, missed))
    return checks


def _check_title(node: query.Node, paper: KeyPaper) -> tuple[str, ...] | None:
    """Parts of the query that a title alone misses; None if the paper is named by identifier."""
    return tuple(list_missed_parts(node, paper.text, None)) if paper.is_title else None


def describe_check(check: KeyPaperCheck, format_source: dict[str, str]) -> str:
    """What the search did with a key paper, in one line.

    Args:
        format_source: source -> its name as people write it.
    """
    names = [format_source.get(source, source) for source in check.found_by]
    line = f"found by {', '.join(names)}" if names else "NOT FOUND"
    if check.missing_from:
        missing = ", ".join(format_source.get(source, source) for source in check.missing_from)
        line += f"; not found by {missing}"
    if check.missed_parts:
        where = "title and abstract do" if check.found_by else "title does"
        line += f". Its {where} not match: {'; '.join(check.missed_parts)}"
    elif check.missed_parts is None:
        line += ". Name it by title to see which terms miss it"
    elif not check.found_by:
        line += ". The query matches its title, so check the dates and sources searched"
    return f"{check.text}: {line}."
