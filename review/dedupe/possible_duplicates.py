"""Selects the pairs for manual review, most certain first."""

from collections.abc import Collection
from dataclasses import dataclass

from review.dedupe.clustering import RowGroups
from review.dedupe.columns import FeatureColumns
from review.dedupe.edges import Edges
from review.dedupe.verdicts import BY_HAND, MAYBE

MAX_REPORTS_PER_DOI = 3
"""Documents one DOI may seem to name before it is taken for a supplement's."""
MAX_REPORTS_PER_TITLE = 20
"""Documents one title may head before it is taken for a column's."""


@dataclass(frozen=True, slots=True)
class DuplicateCandidate:
    """A doubtful pair of rows."""

    a: int
    b: int
    verdict: int
    """What the rule would say: MAYBE, or what a constraint refused."""
    rule: str
    score: float | None
    why: str
    """Why it is not simply joined; '' where the rule itself asks."""


def select_possible_duplicates(
    columns: FeatureColumns,
    edges: Edges,
    grouping: RowGroups,
    settled: Collection[tuple[int, int]] = (),
) -> list[DuplicateCandidate]:
    """One pair per pair of reports, surest first.

    Pairs of one study are left out, and pairs of reports in `settled` (leading rows, low first)
    unless it is people's own words that cannot all hold.
    Where more than CONTAINER documents share a DOI, or more than CROWD a title, one pair represents
    them all and says so: nobody can settle ten thousand letters to the editor pair by pair.
    """
    crowds = {
        "doi": _count_crowds(columns.doi.tolist(), grouping, MAX_REPORTS_PER_DOI),
        "title": _count_crowds(columns.exact.tolist(), grouping, MAX_REPORTS_PER_TITLE),
    }
    settled_pairs = set(settled)
    best_by_pair: dict[tuple[object, object], DuplicateCandidate] = {}
    for candidate in _list_open_candidates(edges, grouping):
        low, high = sorted((grouping.report[candidate.a], grouping.report[candidate.b]))
        already_settled = (low, high) in settled_pairs and candidate.rule != BY_HAND
        if grouping.study[candidate.a] == grouping.study[candidate.b] or already_settled:
            continue
        pair_key, representative = _find_crowd(columns, crowds, candidate) or (
            (low, high),
            candidate,
        )
        best = best_by_pair.get(pair_key)
        if best is None or _rank_candidate(columns, representative) < _rank_candidate(
            columns, best
        ):
            best_by_pair[pair_key] = representative
    return sorted(best_by_pair.values(), key=lambda candidate: _rank_candidate(columns, candidate))


def _list_open_candidates(edges: Edges, grouping: RowGroups) -> list[DuplicateCandidate]:
    maybes, scores = [], {}
    for a, b, verdict, rule, score in edges.iter_rows():
        scores[a, b, edges.names[rule]] = None if score != score else score
        if verdict == MAYBE:
            maybes.append(
                DuplicateCandidate(
                    a=a,
                    b=b,
                    verdict=verdict,
                    rule=edges.names[rule],
                    score=None if score != score else score,
                    why="",
                )
            )
    vetoed = [
        DuplicateCandidate(
            a=veto.a,
            b=veto.b,
            verdict=veto.verdict,
            rule=veto.rule,
            score=scores.get((veto.a, veto.b, veto.rule)),
            why=f"would link {veto.why}",
        )
        for veto in grouping.vetoes
    ]
    return maybes + vetoed


def _rank_candidate(
    columns: FeatureColumns, candidate: DuplicateCandidate
) -> tuple[float, int, int]:
    return (-(candidate.score or 0.0), int(columns.ids[candidate.a]), int(columns.ids[candidate.b]))


def _count_crowds(codes: list[int], grouping: RowGroups, limit: int) -> dict[int, int]:
    """Code -> number of documents that carry it, where more than `most` do."""
    reports_by_code: dict[int, set[int]] = {}
    for row, code in enumerate(codes):
        if code:
            reports_by_code.setdefault(code, set()).add(grouping.report[row])
    return {code: len(reports) for code, reports in reports_by_code.items() if len(reports) > limit}


def _find_crowd(
    columns: FeatureColumns, crowds: dict[str, dict[int, int]], candidate: DuplicateCandidate
) -> tuple[tuple[object, object], DuplicateCandidate] | None:
    for name, column, template in (
        ("doi", columns.doi, "one DOI on {} different records: a supplement or a wrong DOI"),
        ("title", columns.exact, "one title on {} different records: probably a section heading"),
    ):
        code = int(column[candidate.a])
        if code and code == int(column[candidate.b]) and code in crowds[name]:
            why = template.format(crowds[name][code])
            return (name, code), DuplicateCandidate(
                a=candidate.a,
                b=candidate.b,
                verdict=candidate.verdict,
                rule=candidate.rule,
                score=candidate.score,
                why=why,
            )
    return None
