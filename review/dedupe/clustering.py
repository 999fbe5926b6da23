"""Grouping under constraints. Takes columns, edges and what people said; gives reports and studies.

A group is grown from its surest edges. An edge that would put two journal DOIs, two PMIDs, two
postings of one server, two kinds of document or two printed places into one group is refused and
handed to a person, so that one bad edge never bridges two studies. What people said comes first and
is never overruled. The result depends on the records and edges alone, not on their order.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from review.dedupe import rules
from review.dedupe.citation import LOW_PAGE, MOST_ISSUES
from review.dedupe.features import Columns
from review.dedupe.matching import Edges


@dataclass(frozen=True, slots=True)
class Refused:
    """An edge left out, by row, and why: a person should look."""

    a: int
    b: int
    verdict: int
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """Row -> the row that stands for its report, and for its study (lowest id of the group)."""

    report: list[int]
    study: list[int]
    refused: list[Refused]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What people last said of pairs of rows."""

    together: Mapping[tuple[int, int], int]
    """(a, b) -> rules.DUPLICATE, VERSION or STUDY, the newest word first."""
    apart: frozenset[tuple[int, int]]


SILENCE = Spoken({}, frozenset())

BY_HAND = "by hand"
STATED = "stated: "
"""How the rules of registry statements begin."""
_TWO_IDS = (rules.TWO_IDS_PLACE, rules.TWO_IDS_TEXT)
_PLACE_FREE = frozenset((*rules.SURE, *_TWO_IDS, rules.OTHER_PAGES, rules.NEXT_PAGE))
"""Rules whose edges may join records that print different pages."""
_NAME_FREE = frozenset((*rules.SURE, rules.WHOLE_PLACE))
"""Rules whose edges may join records that share no author."""


_PLACES = ("page", "numbered", "issue", "volume")
EQUALLY = 0.005
"""Difference in score below which a record fits two documents equally well."""

Held = dict[str, frozenset[int]]
"""Constraint -> what a part holds under it."""


class _Parts:
    """Union-find over rows that keeps what each part holds; it owns that changing state."""

    def __init__(self, columns: Columns, classes: Mapping[int, int]) -> None:
        self.columns, self.classes = columns, classes
        self.parent = list(range(len(columns)))
        self.rows: dict[int, list[int]] = {}
        self._held: dict[int, Held] = {}

    def held(self, root: int) -> "Held":
        """What the part a root leads holds, by constraint."""
        return self._held.get(root) or _held(self.columns, root, self.classes)

    def find(self, row: int) -> int:
        """The row that leads the part."""
        root = row
        while self.parent[root] != root:
            root = self.parent[root]
        while self.parent[row] != root:
            self.parent[row], row = root, self.parent[row]
        return root

    def members(self, root: int) -> list[int]:
        """The rows of the part a root leads."""
        return self.rows.get(root) or [root]

    def join(self, a: int, b: int) -> None:
        """Puts the parts two roots lead together."""
        if a == b:
            return
        low, high = min(a, b), max(a, b)
        held = _union(self.held(low), self.held(high))
        rows = self.members(low) + self.members(high)
        self.parent[high] = low
        self.rows[low] = rows
        self.rows.pop(high, None)
        self._held.pop(high, None)
        self._held[low] = held


_EMPTY: frozenset[int] = frozenset()


def _held(columns: Columns, row: int, doi_class: Mapping[int, int]) -> Held:
    """What one record brings into a group, by the constraint it falls under."""
    server = int(columns.server[row])
    doi = int(columns.doi[row])
    held = {"kind": frozenset((int(columns.kind[row]),))}
    if server and doi:
        held["posting"], held["server"] = frozenset((doi,)), frozenset((server,))
    elif not server and doi:
        held["doi"] = frozenset((doi_class.get(doi, doi),))
    pmid = int(columns.pmid[row])
    if pmid:
        held["pmid"] = frozenset((doi_class.get(pmid, pmid),))
    page, last = int(columns.page[row]), int(columns.last_page[row])
    ahead = page == 1 and not columns.volume[row]
    if page and not server and not ahead:
        name = "numbered" if columns.page_prefix[row] else "page"
        held[name] = frozenset((page, last) if last else (page,))
    issue, volume = int(columns.issue[row]), int(columns.volume[row])
    bland = columns.informative[row] < rules.TELLING
    if 0 < issue <= MOST_ISSUES and (bland or (page <= LOW_PAGE and last - page < rules.LONG)):
        held["issue"] = frozenset((issue,))
    if columns.families[row]:
        held["names"] = frozenset(columns.families[row])
    if volume and bland:
        held["volume"] = frozenset((volume,))
    return held


def _two_places(a: Held, b: Held) -> bool:
    """Whether both print pages, or both electronic or prefixed ones, and none in common; or two
    issues or volumes, where a column's title and page may come in each."""
    return any(name in a and name in b and not a[name] & b[name] for name in _PLACES)


def _two_id_classes(columns: Columns, edges: Edges) -> dict[int, int]:
    """DOI or PMID code -> the least code of those that direct evidence shows to be one document."""
    lead: dict[int, int] = {}

    def root(one: int) -> int:
        while lead.get(one, one) != one:
            one = lead[one]
        return one

    wanted = [edges.names.index(name) for name in _TWO_IDS if name in edges.names]
    for place in np.flatnonzero(np.isin(edges.rule, wanted)).tolist():
        a, b = int(edges.a[place]), int(edges.b[place])
        for column in (columns.doi, columns.pmid):
            one, other = int(column[a]), int(column[b])
            if one and other:
                low, high = sorted((root(one), root(other)))
                lead[high] = low
    return {one: root(one) for one in lead}


def _union(a: Held, b: Held) -> Held:
    return {name: a.get(name, _EMPTY) | b.get(name, _EMPTY) for name in {*a, *b}}


def _report_veto(a: Held, b: Held, rule: str) -> str:
    """Why two parts cannot be one report; '' where they can."""
    for name, words in (("doi", "two DOIs"), ("pmid", "two PMIDs"), ("posting", "two postings"),
                        ("kind", "two kinds of document")):  # fmt: skip
        if name in a and name in b and a[name] != b[name]:
            if name == "kind" and rule in rules.SAME_POSTING:
                continue
            if name == "posting" and rule.startswith(STATED):
                continue
            return words
    if ("posting" in a and "doi" in b) or ("doi" in a and "posting" in b):
        return "a preprint and an article"
    if rule not in _PLACE_FREE and _two_places(a, b):
        return "two printed places"
    if rule not in _NAME_FREE and "names" in a and "names" in b and not a["names"] & b["names"]:
        return "two teams"
    return ""


def _study_veto(a: Held, b: Held, rule: str) -> str:
    """Why two parts cannot be one study by a rule; '' where they can, or a registry says so."""
    if rule.startswith(STATED):
        return ""
    for name, words in (("doi", "two journal DOIs"), ("pmid", "two PMIDs")):
        if len(a.get(name, _EMPTY) | b.get(name, _EMPTY)) > 1:
            return words
    left, right = a.get("server", _EMPTY), b.get("server", _EMPTY)
    if left & right and a.get("posting") != b.get("posting"):
        return "two postings of one server"
    if not a["kind"] & b["kind"]:
        return "two kinds of document"
    return "two printed places" if _two_places(a, b) else ""


def _order(columns: Columns, edges: Edges, chosen: Sequence[int]) -> list[int]:
    """Edges from the surest down; ties by content, never by arrival."""
    sure = {
        edges.names.index(name): place
        for place, name in enumerate(rules.SURE)
        if name in edges.names
    }
    marks = columns.mark

    def rank(place: int) -> tuple[float, float, int, int]:
        rule, score = int(edges.rule[place]), float(edges.score[place])
        a, b = int(marks[edges.a[place]]), int(marks[edges.b[place]])
        known = edges.names[rule]
        first = -1.0 if known.startswith(STATED) else 0.0 if rule in sure else 1.0
        return (first, -score if score == score else -2.0, min(a, b), max(a, b))

    return sorted(chosen, key=rank)


def _blocked(parts: _Parts, a: int, b: int, apart: Mapping[int, set[int]]) -> bool:
    """Whether someone said that a record of one part is not one of the other."""
    left, right = parts.members(a), parts.members(b)
    if len(left) > len(right):
        left, right = right, left
    others = set(right)
    return any(apart.get(row, set()) & others for row in left if row in apart)


def _sides(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for a, b in pairs:
        found.setdefault(a, set()).add(b)
        found.setdefault(b, set()).add(a)
    return found


def group(columns: Columns, edges: Edges, spoken: Spoken = SILENCE) -> Grouping:
    """Reports and studies of all rows, and the edges that were refused.

    Args:
        columns: the rows; every row belongs to exactly one report and one study.
        edges: what rules and registries found.
        spoken: what people said; their pairs are joined or kept apart whatever the rules say.
    """
    stated = [
        (int(edges.a[p]), int(edges.b[p])) for p in np.flatnonzero(edges.verdict == rules.DISTINCT)
    ]
    stated = [pair for pair in stated if pair not in spoken.together]
    studies = [pair for pair, verdict in spoken.together.items() if verdict == rules.STUDY]
    classes = _two_id_classes(columns, edges)
    as_report = _order(columns, edges, np.flatnonzero(edges.verdict >= rules.VERSION).tolist())
    apart = _sides([*spoken.apart, *stated, *studies])

    def reports(places: Iterable[int]) -> tuple[_Parts, list[Refused]]:
        made, left_out = _Parts(columns, classes), list[Refused]()
        _join_spoken(made, spoken, (rules.VERSION, rules.DUPLICATE), left_out)
        for place in places:
            _try_edge(made, edges, place, apart, left_out, _report_veto)
        return made, left_out

    parts, refused = reports(as_report)
    torn = _torn(parts, edges, as_report, {(one.a, one.b) for one in refused})
    if torn:
        parts, refused = reports([place for place in as_report if place not in torn])
        refused += [_refusal(edges, place, "two documents it fits equally") for place in torn]
    report = _leaders(parts)

    _join_spoken(parts, spoken, (rules.STUDY,), refused)
    as_study = np.flatnonzero(edges.verdict == rules.STUDY).tolist()
    apart = _sides([*spoken.apart, *stated])
    for place in _order(columns, edges, as_study):
        _try_edge(parts, edges, place, apart, refused, _study_veto)
    return Grouping(report, _leaders(parts), refused)


def _torn(
    parts: _Parts, edges: Edges, places: Sequence[int], refused: Collection[tuple[int, int]]
) -> list[int]:
    """The edges of records that fit two documents equally well: both are for a person.

    Such a record says too little, a column's title without its issue or identifiers: it went with
    the one document, and a constraint kept it from the other, though as much speaks for either.
    """
    loose = [place for place in places if edges.names[edges.rule[place]] not in rules.SURE]
    meant = {end for pair in refused for end in pair}
    of: dict[int, list[int]] = {}
    for place in loose:
        for row in (int(edges.a[place]), int(edges.b[place])):
            if row in meant:
                of.setdefault(row, []).append(place)
    found = set()
    for row, around in of.items():
        if _fits_two(parts, edges, row, around, refused):
            found.update(around)
    return sorted(found)


def _fits_two(
    parts: _Parts,
    edges: Edges,
    row: int,
    around: Sequence[int],
    refused: Collection[tuple[int, int]],
) -> bool:
    ends = [(int(edges.a[place]), int(edges.b[place])) for place in around]
    others = [b if a == row else a for a, b in ends]
    scores = [float(edges.score[place]) for place in around]
    alone = {one: _held(parts.columns, one, parts.classes) for one in others}
    kept = [i for i, one in enumerate(others) if parts.find(one) == parts.find(row)]
    return any(
        scores[i] - scores[j] < EQUALLY and _report_veto(alone[others[i]], alone[others[j]], "")
        for j, pair in enumerate(ends)
        if pair in refused
        for i in kept
    )


def _join_spoken(
    parts: _Parts, spoken: Spoken, verdicts: tuple[int, ...], refused: list[Refused]
) -> None:
    """Joins what people put together. Where words on several pairs cannot all hold ('A is B',
    'B is C', 'A is not C'), the ones that keep apart win, and the other is asked again."""
    apart = _sides(spoken.apart)
    for (a, b), verdict in spoken.together.items():
        if verdict not in verdicts:
            continue
        left, right = parts.find(a), parts.find(b)
        if left != right and _blocked(parts, left, right, apart):
            refused.append(Refused(a, b, verdict, BY_HAND, "records that people kept apart"))
        else:
            parts.join(left, right)


def _try_edge(
    parts: _Parts,
    edges: Edges,
    place: int,
    apart: Mapping[int, set[int]],
    refused: list[Refused],
    veto: Callable[[Held, Held, str], str],
) -> None:
    """Joins the parts of an edge unless someone kept them apart or a constraint forbids it."""
    a, b = parts.find(int(edges.a[place])), parts.find(int(edges.b[place]))
    if a == b or _blocked(parts, a, b, apart):
        return
    why = veto(parts.held(a), parts.held(b), edges.names[edges.rule[place]])
    if why:
        refused.append(_refusal(edges, place, why))
    else:
        parts.join(a, b)


def _refusal(edges: Edges, place: int, why: str) -> Refused:
    return Refused(int(edges.a[place]), int(edges.b[place]), int(edges.verdict[place]),
                   edges.names[edges.rule[place]], why)  # fmt: skip


def _leaders(parts: _Parts) -> list[int]:
    """Row -> the row of lowest id in its part."""
    lead: dict[int, int] = {}
    ids = parts.columns.ids.tolist()
    roots = [parts.find(row) for row in range(len(ids))]
    for row, root in enumerate(roots):
        if root not in lead or ids[row] < ids[lead[root]]:
            lead[root] = row
    return [lead[root] for root in roots]
