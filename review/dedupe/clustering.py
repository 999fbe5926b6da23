"""Clusters links into reports and studies under constraints and manual decisions.

A group is grown from its surest edges. An edge that would put two journal DOIs, two PMIDs, two
postings of one server, two kinds of document or two printed places into one group is refused and
handed to a person, so that one bad edge never bridges two studies. What people said comes first and
is never overruled. The result depends on the records and edges alone, not on their order.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from review.dedupe import verdicts
from review.dedupe.citation import LOW_PAGE, MAX_ISSUES, MIN_ARTICLE_NUMBER
from review.dedupe.columns import FeatureColumns
from review.dedupe.edges import Edges, ManualDecisions
from review.dedupe.names import is_same_person
from review.dedupe.verdicts import BY_HAND, STATED_PREFIX


@dataclass(frozen=True, slots=True)
class EdgeVeto:
    """An edge left out, by row, and why: a person should look."""

    a: int
    b: int
    verdict: int
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class RowGroups:
    """Row -> the row that represents its report, and its study (lowest id of the group)."""

    report: list[int]
    study: list[int]
    vetoes: list[EdgeVeto]


NO_DECISIONS = ManualDecisions({}, frozenset())

_TWO_ID_RULES = (verdicts.TWO_IDS_LOCATION, verdicts.TWO_IDS_TEXT)
_LOCATION_FREE_RULES = frozenset(
    (*verdicts.IDENTIFIER_RULES, *_TWO_ID_RULES, verdicts.OTHER_PAGES, verdicts.NEXT_PAGE)
)
"""Rules whose edges may join records that print different pages."""
_AUTHOR_FREE_RULES = frozenset((*verdicts.IDENTIFIER_RULES, verdicts.FULL_LOCATION))
"""Rules whose edges may join records that share no author."""


_LOCATION_CONSTRAINTS = ("page", "span", "numbered", "issue", "volume")
"""A page is no contradiction to pages counted from 1, which a source may give beside an article's
number; two spans are, and two numbers."""
MIN_SCORE_DIFFERENCE = 0.005
"""Difference in score below which a record fits two documents equally well."""

Constraints = dict[str, frozenset[int | str]]
"""Constraint -> what a part holds under it."""


class _Clusters:
    """Union-find over rows that keeps what each part holds; it owns that changing state."""

    def __init__(self, columns: FeatureColumns, classes: Mapping[int, int]) -> None:
        self.columns, self.classes = columns, classes
        self.parent = list(range(len(columns)))
        self.rows: dict[int, list[int]] = {}
        self._constraints: dict[int, Constraints] = {}

    def get_constraints(self, root: int) -> "Constraints":
        """What the part a root leads holds, by constraint."""
        return self._constraints.get(root) or _collect_constraints(self.columns, root, self.classes)

    def find_root(self, row: int) -> int:
        """The row that leads the part."""
        root = row
        while self.parent[root] != root:
            root = self.parent[root]
        while self.parent[row] != root:
            self.parent[row], row = root, self.parent[row]
        return root

    def get_members(self, root: int) -> list[int]:
        """The rows of the part a root leads."""
        return self.rows.get(root) or [root]

    def join_clusters(self, a: int, b: int) -> None:
        """Puts the parts two roots lead together."""
        if a == b:
            return
        low, high = min(a, b), max(a, b)
        constraints = _merge_constraints(self.get_constraints(low), self.get_constraints(high))
        rows = self.get_members(low) + self.get_members(high)
        self.parent[high] = low
        self.rows[low] = rows
        self.rows.pop(high, None)
        self._constraints.pop(high, None)
        self._constraints[low] = constraints


_EMPTY: frozenset[int | str] = frozenset()


def _collect_constraints(
    columns: FeatureColumns, row: int, id_classes: Mapping[int, int]
) -> Constraints:
    """What one record brings into a group, by the constraint it falls under."""
    server = int(columns.server[row])
    doi = int(columns.doi[row])
    constraints: Constraints = {"kind": frozenset((int(columns.kind[row]),))}
    if server and doi:
        constraints["posting"], constraints["server"] = frozenset((doi,)), frozenset((server,))
    elif not server and doi:
        constraints["doi"] = frozenset((id_classes.get(doi, doi),))
    pmid = int(columns.pmid[row])
    if pmid:
        constraints["pmid"] = frozenset((id_classes.get(pmid, pmid),))
    page, last_page = int(columns.page[row]), int(columns.last_page[row])
    is_ahead_of_print = page == 1 and not columns.volume[row]
    if page and not server and not is_ahead_of_print:
        span = frozenset((page, last_page) if last_page else (page,))
        if columns.page_prefix[row]:
            constraints["numbered"] = span
        elif last_page > page:
            constraints["span"] = span
            if page > 1:
                constraints["page"] = span
        elif page >= MIN_ARTICLE_NUMBER:
            constraints["numbered"] = span
        else:
            constraints["page"] = span
    issue, volume = int(columns.issue[row]), int(columns.volume[row])
    few_distinctive = columns.informative[row] < verdicts.MIN_DISTINCTIVE
    if 0 < issue <= MAX_ISSUES and (
        few_distinctive or (page <= LOW_PAGE and last_page - page < verdicts.LONG_SPAN)
    ):
        constraints["issue"] = frozenset((issue,))
    if columns.families[row]:
        constraints["names"] = frozenset(columns.families[row])
        constraints["lead"] = frozenset((columns.lead[row],))
    if volume and few_distinctive:
        constraints["volume"] = frozenset((volume,))
    return constraints


def _have_two_locations(a: Constraints, b: Constraints) -> bool:
    """Whether both print pages, or both electronic or prefixed ones, and none in common; or two
    issues or volumes, where a column's title and page may come in each."""
    return any(name in a and name in b and not a[name] & b[name] for name in _LOCATION_CONSTRAINTS)


def _map_equal_ids(columns: FeatureColumns, edges: Edges) -> dict[int, int]:
    """DOI or PMID code -> the least code of those that direct evidence shows to be one document."""
    leaders: dict[int, int] = {}

    def find_leader(identifier: int) -> int:
        while leaders.get(identifier, identifier) != identifier:
            identifier = leaders[identifier]
        return identifier

    rule_indices = [edges.names.index(name) for name in _TWO_ID_RULES if name in edges.names]
    for edge_index in np.flatnonzero(np.isin(edges.rule, rule_indices)).tolist():
        a, b = int(edges.a[edge_index]), int(edges.b[edge_index])
        for column in (columns.doi, columns.pmid):
            first_id, second_id = int(column[a]), int(column[b])
            if first_id and second_id:
                low, high = sorted((find_leader(first_id), find_leader(second_id)))
                leaders[high] = low
    return {identifier: find_leader(identifier) for identifier in leaders}


def _merge_constraints(a: Constraints, b: Constraints) -> Constraints:
    return {name: a.get(name, _EMPTY) | b.get(name, _EMPTY) for name in {*a, *b}}


def _find_report_veto(a: Constraints, b: Constraints, rule: str) -> str:
    """Why two parts cannot be one report; '' where they can."""
    for name, reason in (
        ("doi", "two DOIs"),
        ("pmid", "two PMIDs"),
        ("posting", "two postings"),
        ("kind", "two kinds of document"),
    ):
        if name in a and name in b and a[name] != b[name]:
            if name == "kind" and rule in verdicts.SAME_POSTING:
                continue
            if name == "posting" and rule.startswith(STATED_PREFIX):
                continue
            return reason
    if ("posting" in a and "doi" in b) or ("doi" in a and "posting" in b):
        return "a preprint and an article"
    if rule not in _LOCATION_FREE_RULES and _have_two_locations(a, b):
        return "two printed places"
    if (
        rule not in _AUTHOR_FREE_RULES
        and "names" in a
        and "names" in b
        and not a["names"] & b["names"]
        and not _share_lead(a, b)
    ):
        return "two teams"
    return ""


def _share_lead(a: Constraints, b: Constraints) -> bool:
    """Whether a first author of one part is one of the other, misspelt or with swapped names."""
    pairs = product(a["lead"], b["lead"])
    return any(is_same_person(*sorted(map(str, pair))) for pair in pairs)


def _find_study_veto(a: Constraints, b: Constraints, rule: str) -> str:
    """Why two parts cannot be one study by a rule; '' where they can, or a registry says so."""
    if rule.startswith(STATED_PREFIX):
        return ""
    for name, reason in (("doi", "two journal DOIs"), ("pmid", "two PMIDs")):
        if len(a.get(name, _EMPTY) | b.get(name, _EMPTY)) > 1:
            return reason
    left_servers, right_servers = a.get("server", _EMPTY), b.get("server", _EMPTY)
    if left_servers & right_servers and a.get("posting") != b.get("posting"):
        return "two postings of one server"
    if not a["kind"] & b["kind"]:
        return "two kinds of document"
    return "two printed places" if _have_two_locations(a, b) else ""


def _sort_edges(columns: FeatureColumns, edges: Edges, edge_indices: Sequence[int]) -> list[int]:
    """Edges from the surest down; ties by content, never by arrival."""
    identifier_rules = {
        edges.names.index(name): position
        for position, name in enumerate(verdicts.IDENTIFIER_RULES)
        if name in edges.names
    }
    marks = columns.mark

    def rank_edge(edge_index: int) -> tuple[float, float, int, int]:
        rule, score = int(edges.rule[edge_index]), float(edges.score[edge_index])
        a, b = int(marks[edges.a[edge_index]]), int(marks[edges.b[edge_index]])
        rule_name = edges.names[rule]
        tier = (
            -1.0
            if rule_name.startswith(STATED_PREFIX)
            else 0.0
            if rule in identifier_rules
            else 1.0
        )
        return (tier, -score if score == score else -2.0, min(a, b), max(a, b))

    return sorted(edge_indices, key=rank_edge)


def _is_blocked(clusters: _Clusters, a: int, b: int, separations: Mapping[int, set[int]]) -> bool:
    """Whether someone said that a record of one part is not one of the other."""
    left_rows, right_rows = clusters.get_members(a), clusters.get_members(b)
    if len(left_rows) > len(right_rows):
        left_rows, right_rows = right_rows, left_rows
    others = set(right_rows)
    return any(separations.get(row, set()) & others for row in left_rows if row in separations)


def _index_pairs(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    partners: dict[int, set[int]] = {}
    for a, b in pairs:
        partners.setdefault(a, set()).add(b)
        partners.setdefault(b, set()).add(a)
    return partners


def cluster_rows(
    columns: FeatureColumns, edges: Edges, decisions: ManualDecisions = NO_DECISIONS
) -> RowGroups:
    """Reports and studies of all rows, and the edges that were refused.

    Args:
        columns: the rows; every row belongs to exactly one report and one study.
        edges: what rules and registries found.
        spoken: what people said; their pairs are joined or kept apart whatever the rules say.
    """
    distinct_pairs = [
        (int(edges.a[index]), int(edges.b[index]))
        for index in np.flatnonzero(edges.verdict == verdicts.DISTINCT)
    ]
    distinct_pairs = [pair for pair in distinct_pairs if pair not in decisions.joins]
    study_pairs = [pair for pair, verdict in decisions.joins.items() if verdict == verdicts.STUDY]
    classes = _map_equal_ids(columns, edges)
    report_edges = _sort_edges(
        columns, edges, np.flatnonzero(edges.verdict >= verdicts.VERSION).tolist()
    )
    separations = _index_pairs([*decisions.separations, *distinct_pairs, *study_pairs])

    def build_reports(edge_indices: Iterable[int]) -> tuple[_Clusters, list[EdgeVeto]]:
        new_clusters, new_vetoes = _Clusters(columns, classes), list[EdgeVeto]()
        _join_manual_decisions(
            new_clusters, decisions, (verdicts.VERSION, verdicts.DUPLICATE), new_vetoes
        )
        for edge_index in edge_indices:
            _try_edge(
                new_clusters,
                edges,
                edge_index=edge_index,
                separations=separations,
                vetoes=new_vetoes,
                find_veto=_find_report_veto,
            )
        return new_clusters, new_vetoes

    clusters, vetoes = build_reports(report_edges)
    ambiguous = _find_ambiguous_edges(
        clusters, edges, report_edges, {(veto.a, veto.b) for veto in vetoes}
    )
    if ambiguous:
        clusters, vetoes = build_reports(
            [edge_index for edge_index in report_edges if edge_index not in ambiguous]
        )
        vetoes += [
            _make_veto(edges, edge_index, "two documents it fits equally")
            for edge_index in ambiguous
        ]
    report_leaders = _find_leaders(clusters)

    _join_manual_decisions(clusters, decisions, (verdicts.STUDY,), vetoes)
    study_edges = np.flatnonzero(edges.verdict == verdicts.STUDY).tolist()
    separations = _index_pairs([*decisions.separations, *distinct_pairs])
    for edge_index in _sort_edges(columns, edges, study_edges):
        _try_edge(
            clusters,
            edges,
            edge_index=edge_index,
            separations=separations,
            vetoes=vetoes,
            find_veto=_find_study_veto,
        )
    return RowGroups(report_leaders, _find_leaders(clusters), vetoes)


def _find_ambiguous_edges(
    clusters: _Clusters,
    edges: Edges,
    edge_indices: Sequence[int],
    vetoed_pairs: Collection[tuple[int, int]],
) -> list[int]:
    """The edges of records that fit two documents equally well: both are for a person.

    Such a record says too little, a column's title without its issue or identifiers: it went with
    the one document, and a constraint kept it from the other, though the evidence is equal for
    either.
    """
    uncertain = [
        edge_index
        for edge_index in edge_indices
        if edges.names[edges.rule[edge_index]] not in verdicts.IDENTIFIER_RULES
    ]
    vetoed_rows = {end for pair in vetoed_pairs for end in pair}
    edges_by_row: dict[int, list[int]] = {}
    for edge_index in uncertain:
        for row in (int(edges.a[edge_index]), int(edges.b[edge_index])):
            if row in vetoed_rows:
                edges_by_row.setdefault(row, []).append(edge_index)
    ambiguous = set()
    for row, row_edges in edges_by_row.items():
        if _fits_two_clusters(clusters, edges, row, row_edges, vetoed_pairs):
            ambiguous.update(row_edges)
    return sorted(ambiguous)


def _fits_two_clusters(
    clusters: _Clusters,
    edges: Edges,
    row: int,
    row_edges: Sequence[int],
    vetoed_pairs: Collection[tuple[int, int]],
) -> bool:
    row_pairs = [(int(edges.a[edge_index]), int(edges.b[edge_index])) for edge_index in row_edges]
    others = [b if a == row else a for a, b in row_pairs]
    scores = [float(edges.score[edge_index]) for edge_index in row_edges]
    constraints_by_row = {
        other: _collect_constraints(clusters.columns, other, clusters.classes) for other in others
    }
    own_positions = [
        i for i, other in enumerate(others) if clusters.find_root(other) == clusters.find_root(row)
    ]
    return any(
        scores[i] - scores[j] < MIN_SCORE_DIFFERENCE
        and _find_report_veto(constraints_by_row[others[i]], constraints_by_row[others[j]], "")
        for j, pair in enumerate(row_pairs)
        if pair in vetoed_pairs
        for i in own_positions
    )


def _join_manual_decisions(
    clusters: _Clusters,
    decisions: ManualDecisions,
    verdicts: tuple[int, ...],
    vetoes: list[EdgeVeto],
) -> None:
    """Joins what people put together. Where words on several pairs cannot all hold ('A is B',
    'B is C', 'A is not C'), the ones that keep apart win, and the other is asked again."""
    separations = _index_pairs(decisions.separations)
    for (a, b), verdict in decisions.joins.items():
        if verdict not in verdicts:
            continue
        left_root, right_root = clusters.find_root(a), clusters.find_root(b)
        if left_root != right_root and _is_blocked(clusters, left_root, right_root, separations):
            vetoes.append(EdgeVeto(a, b, verdict, BY_HAND, "records marked as not duplicates"))
        else:
            clusters.join_clusters(left_root, right_root)


def _try_edge(
    clusters: _Clusters,
    edges: Edges,
    *,
    edge_index: int,
    separations: Mapping[int, set[int]],
    vetoes: list[EdgeVeto],
    find_veto: Callable[[Constraints, Constraints, str], str],
) -> None:
    """Joins the parts of an edge unless someone kept them apart or a constraint forbids it."""
    a, b = (
        clusters.find_root(int(edges.a[edge_index])),
        clusters.find_root(int(edges.b[edge_index])),
    )
    if a == b or _is_blocked(clusters, a, b, separations):
        return
    reason = find_veto(
        clusters.get_constraints(a),
        clusters.get_constraints(b),
        edges.names[edges.rule[edge_index]],
    )
    if reason:
        vetoes.append(_make_veto(edges, edge_index, reason))
    else:
        clusters.join_clusters(a, b)


def _make_veto(edges: Edges, edge_index: int, reason: str) -> EdgeVeto:
    return EdgeVeto(
        int(edges.a[edge_index]),
        int(edges.b[edge_index]),
        int(edges.verdict[edge_index]),
        edges.names[edges.rule[edge_index]],
        reason,
    )


def _find_leaders(clusters: _Clusters) -> list[int]:
    """Row -> the row of lowest id in its part."""
    leaders: dict[int, int] = {}
    ids = clusters.columns.ids.tolist()
    roots = [clusters.find_root(row) for row in range(len(ids))]
    for row, root in enumerate(roots):
        if root not in leaders or ids[row] < ids[leaders[root]]:
            leaders[root] = row
    return [leaders[root] for root in roots]
