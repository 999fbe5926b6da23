"""The pairs a person should settle. Takes columns, edges, groups; gives few pairs, surest first."""

from collections.abc import Collection
from dataclasses import dataclass

from review.dedupe import rules
from review.dedupe.clustering import BY_HAND, Grouping
from review.dedupe.features import Columns
from review.dedupe.matching import Edges

CONTAINER = 3
"""Documents one DOI may seem to name before it is taken for a supplement's."""
CROWD = 20
"""Documents one title may head before it is taken for a column's."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubtful pair of rows."""

    a: int
    b: int
    verdict: int
    """What the rule would say: rules.MAYBE, or what a constraint refused."""
    rule: str
    score: float | None
    why: str
    """Why it is not simply joined; '' where the rule itself asks."""


def doubtful(
    columns: Columns,
    edges: Edges,
    found: Grouping,
    settled: Collection[tuple[int, int]] = (),
) -> list[Doubt]:
    """One pair per pair of reports, surest first.

    Pairs of one study are left out, and pairs of reports in `settled` (leading rows, low first)
    unless it is people's own words that cannot all hold.
    Where more than CONTAINER documents share a DOI, or more than CROWD a title, one pair stands for
    them all and says so: nobody can settle ten thousand letters to the editor pair by pair.
    """
    crowds = {"doi": _crowds(columns.doi.tolist(), found, CONTAINER),
              "title": _crowds(columns.exact.tolist(), found, CROWD)}  # fmt: skip
    done = set(settled)
    asked: dict[tuple[object, object], Doubt] = {}
    for one in _open(edges, found):
        low, high = sorted((found.report[one.a], found.report[one.b]))
        spoken = (low, high) in done and one.rule != BY_HAND
        if found.study[one.a] == found.study[one.b] or spoken:
            continue
        place, doubt = _crowded(columns, crowds, one) or ((low, high), one)
        best = asked.get(place)
        if best is None or _rank(columns, doubt) < _rank(columns, best):
            asked[place] = doubt
    return sorted(asked.values(), key=lambda one: _rank(columns, one))


def _open(edges: Edges, found: Grouping) -> list[Doubt]:
    ends = zip(edges.a.tolist(), edges.b.tolist(), edges.verdict.tolist(), edges.rule.tolist(),
               edges.score.tolist(), strict=True)  # fmt: skip
    maybes, scores = [], {}
    for a, b, verdict, rule, score in ends:
        scores[a, b, edges.names[rule]] = None if score != score else score
        if verdict == rules.MAYBE:
            maybes.append(
                Doubt(a, b, verdict, edges.names[rule], None if score != score else score, "")
            )
    refused = [
        Doubt(one.a, one.b, one.verdict, one.rule, scores.get((one.a, one.b, one.rule)),
              f"would join {one.why}")
        for one in found.refused
    ]  # fmt: skip
    return maybes + refused


def _rank(columns: Columns, one: Doubt) -> tuple[float, int, int]:
    return (-(one.score or 0.0), int(columns.ids[one.a]), int(columns.ids[one.b]))


def _crowds(codes: list[int], found: Grouping, most: int) -> dict[int, int]:
    """Code -> number of documents that carry it, where more than `most` do."""
    holders: dict[int, set[int]] = {}
    for row, one in enumerate(codes):
        if one:
            holders.setdefault(one, set()).add(found.report[row])
    return {one: len(held) for one, held in holders.items() if len(held) > most}


def _crowded(
    columns: Columns, crowds: dict[str, dict[int, int]], one: Doubt
) -> tuple[tuple[object, object], Doubt] | None:
    for name, column, words in (
        ("doi", columns.doi, "one DOI on {} different records: a supplement, or a wrong DOI"),
        ("title", columns.exact, "one title on {} different records: a column's, not a work's"),
    ):
        held = int(column[one.a])
        if held and held == int(column[one.b]) and held in crowds[name]:
            why = words.format(crowds[name][held])
            return (name, held), Doubt(one.a, one.b, one.verdict, one.rule, one.score, why)
    return None
