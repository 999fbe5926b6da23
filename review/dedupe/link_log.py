"""Reads the log of links: the latest statement of the tool and of people on each pair."""

from collections.abc import Iterable

import numpy as np

from review.dedupe.columns import FeatureColumns
from review.dedupe.edges import Edges, ManualDecisions
from review.dedupe.verdicts import STATED_PREFIX, TOOL, VERDICTS, WITHDRAWN
from review.models import Link


def latest_manual_decisions(links: Iterable[Link]) -> dict[tuple[int, int], Link]:
    """Pair -> the newest word of a person on it, in the order in which these words came. Expects
    links in order of arrival.

    If a person withdraws a decision, an earlier one of somebody else is in force; 'maybe'
    is not a decision.
    """
    decisions_by_pair: dict[tuple[int, int], dict[str, tuple[int, Link]]] = {}
    for arrival, link in enumerate(links):
        if link.who != TOOL:
            people = decisions_by_pair.setdefault((min(link.a, link.b), max(link.a, link.b)), {})
            people.pop(link.who, None)
            if link.rule != WITHDRAWN and link.verdict not in (None, "maybe"):
                people[link.who] = (arrival, link)
    newest = {
        pair: list(people.values())[-1] for pair, people in decisions_by_pair.items() if people
    }
    return {pair: link for pair, (_, link) in sorted(newest.items(), key=lambda item: item[1][0])}


def latest_decisions_by(links: Iterable[Link], who: str) -> dict[tuple[int, int], Link]:
    """Pair -> what this person last said of it and has not taken back."""
    return latest_manual_decisions(link for link in links if link.who == who)


def select_newest_tool_links(links: Iterable[Link]) -> list[Link]:
    """Per pair what the tool said last: registry statements, and the newest rule's link.

    Expects links in order of arrival. A withdrawal takes a rule's link back, never a statement.
    """
    newest: dict[tuple[int, int, str], Link] = {}
    for link in links:
        if link.who != TOOL:
            continue
        statement_rule = link.rule if link.rule.startswith(STATED_PREFIX) else ""
        if link.rule == WITHDRAWN:
            newest.pop((link.a, link.b, ""), None)
        else:
            newest[link.a, link.b, statement_rule] = link
    return list(newest.values())


def _get_verdict_index(link: Link) -> int:
    """The verdict's place in VERDICTS."""
    return max(verdict_index for verdict_index, name in enumerate(VERDICTS) if name == link.verdict)


def to_edges(columns: FeatureColumns, links: Iterable[Link]) -> Edges:
    """The tool's links as edges among rows."""
    row_by_number = {number: row_index for row_index, number in enumerate(columns.ids.tolist())}
    tool_links = [
        link
        for link in select_newest_tool_links(links)
        if link.a in row_by_number and link.b in row_by_number
    ]
    names = tuple(dict.fromkeys(link.rule for link in tool_links))
    position_by_rule = {name: rule_position for rule_position, name in enumerate(names)}
    return Edges(
        a=np.array([row_by_number[link.a] for link in tool_links], np.int64),
        b=np.array([row_by_number[link.b] for link in tool_links], np.int64),
        verdict=np.array([_get_verdict_index(link) for link in tool_links], np.int8),
        rule=np.array([position_by_rule[link.rule] for link in tool_links], np.int16),
        score=np.array(
            [np.nan if link.score is None else link.score for link in tool_links], np.float32
        ),
        names=names,
        notes={},
    )


def map_manual_decisions(columns: FeatureColumns, links: Iterable[Link]) -> ManualDecisions:
    """What people last said, by rows."""
    row_by_number = {number: row_index for row_index, number in enumerate(columns.ids.tolist())}
    joins, separations = {}, set()
    for link in reversed(latest_manual_decisions(links).values()):  # the newest first
        if link.a not in row_by_number or link.b not in row_by_number:
            continue
        pair = (
            min(row_by_number[link.a], row_by_number[link.b]),
            max(row_by_number[link.a], row_by_number[link.b]),
        )
        if link.verdict == "distinct":
            separations.add(pair)
        else:
            joins[pair] = _get_verdict_index(link)
    return ManualDecisions(joins, frozenset(separations))
