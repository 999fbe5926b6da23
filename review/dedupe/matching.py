"""Links among records. Takes columns; gives edges: pairs with a verdict, its rule and a score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from review.dedupe import blocking, rules
from review.dedupe.blocking import Pairs
from review.dedupe.features import Columns, Ints, code
from review.dedupe.similarity import likeness, promising
from review.models import Relation, normal_arxiv, normal_doi, normal_pmcid, normal_pmid

CHUNK = 200_000
"""Pairs compared at once; bounds the memory of a run."""

SAME_STUDY = {"published_as", "preprint_of", "has_preprint"}
UPDATES = {"update_of", "update_in"}
VERSIONS = {"version_of", "has_version"}
OTHER_DOCUMENT = {
    "retraction_of", "retracted_by", "erratum_for", "erratum_in", "comment_on", "comment_in",
    "expression_of_concern_for", "expression_of_concern_in",
}  # fmt: skip
"""Kinds of registry statements. PubMed's 'Update in/of' joins a preprint and its article, but also
the editions of a living review; only the former is one study."""


Statement = tuple[int, int, int, str, str]
"""First row, second row, verdict, rule and note."""


@dataclass(frozen=True, slots=True)
class Edges:
    """m links between rows: indexes into rules.VERDICTS and into `names`, scores 0 to 1 (nan where
    a registry speaks), and what stands behind the stated ones."""

    a: Ints
    b: Ints
    verdict: npt.NDArray[np.int8]
    rule: npt.NDArray[np.int16]
    score: npt.NDArray[np.float32]
    names: tuple[str, ...]
    notes: dict[int, str]
    """Edge -> who said it and when, for statements of registries."""


Joined = tuple[Pairs, npt.NDArray[np.int8], npt.NDArray[np.int16], npt.NDArray[np.float32]]
"""Pairs that a rule joins or asks about, with verdict, rule and score."""


def find(columns: Columns, new: npt.NDArray[np.bool_] | None = None) -> Edges:
    """The edges among rows, doubtful ones included; those with a new row where `new` is given.

    Registry statements come first and stand beside what the rules find.
    """
    chunks = blocking.in_chunks(blocking.pairs(columns, new), CHUNK)
    return assembled([joined(columns, part) for part in chunks], statements(columns, new))


def joined(columns: Columns, pairs: Pairs) -> Joined:
    """What the rules say of some pairs, those they keep apart left out."""
    pairs = pairs[promising(columns, pairs)]
    judged = rules.judge(likeness(columns, pairs))
    chosen = judged.verdict > rules.DISTINCT
    return pairs[chosen], judged.verdict[chosen], judged.rule[chosen], judged.score[chosen]


def assembled(found: Sequence[Joined], said: Sequence[Statement]) -> Edges:
    """The edges of what registries say and what rules found, in that order."""
    names = rules.RULES + tuple(dict.fromkeys(name for _, _, _, name, _ in said))
    stated = np.array([[a, b] for a, b, *_ in said], np.int64).reshape(-1, 2)
    verdicts = np.array([verdict for _, _, verdict, _, _ in said], np.int8)
    both = np.concatenate([stated, *(pairs for pairs, *_ in found)])
    numbers = np.array([names.index(name) for *_, name, _ in said], np.int16)
    unscored = np.full(len(said), np.nan, np.float32)
    return Edges(
        a=both[:, 0],
        b=both[:, 1],
        verdict=np.concatenate([verdicts, *(one for _, one, _, _ in found)]),
        rule=np.concatenate([numbers, *(one for _, _, one, _ in found)]),
        score=np.concatenate([unscored, *(one for _, _, _, one in found)]),
        names=names,
        notes={place: note for place, (*_, note) in enumerate(said)},
    )


def target_code(target: str) -> tuple[str, int]:
    """The column and code of a statement's target; ('', 0) where it names no identifier."""
    kind, _, value = target.partition(":")
    if kind == "doi":
        return "doi", code(normal_doi(value) or "")
    if kind == "pmid":
        return "pmid", code(normal_pmid(value) or "")
    if kind == "pmcid":
        return "pmcid", code(normal_pmcid(value) or "")
    if kind == "arxiv":
        return "arxiv", code(normal_arxiv(value) or "")
    return "", 0


def _rows_of(columns: Columns, name: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    column = getattr(columns, name)
    for row in np.flatnonzero(column).tolist():
        found.setdefault(int(column[row]), []).append(row)
    return found


def statements(columns: Columns, new: npt.NDArray[np.bool_] | None = None) -> list[Statement]:
    """What registries say of pairs of rows: first, second, verdict, rule and note, sorted."""
    if not columns.relations:
        return []
    holders = {name: _rows_of(columns, name) for name in ("doi", "pmid", "pmcid", "arxiv")}
    found: dict[tuple[int, int, int, str], set[str]] = {}
    for row, relations in columns.relations.items():
        for relation in relations:
            name, target = target_code(relation.target)
            for other in holders.get(name, {}).get(target, ()):
                if other == row or (new is not None and not (new[row] or new[other])):
                    continue
                verdict = _stated_verdict(
                    relation, bool(columns.server[row] or columns.server[other])
                )
                if verdict:
                    pair = (min(row, other), max(row, other), verdict, f"stated: {relation.kind}")
                    found.setdefault(pair, set()).add(_said_by(relation))
    return [(*pair, f"stated by {'; '.join(sorted(by))}") for pair, by in sorted(found.items())]


def _said_by(relation: Relation) -> str:
    """Who said it and when: 'medrxiv, 2021-03-01'."""
    return relation.said_by + (f", {relation.said_at[:10]}" if relation.said_at else "")


def _stated_verdict(relation: Relation, preprint: bool) -> int:
    kind = relation.kind.replace("-", "_").removeprefix("is_")  # Crossref: 'is-preprint-of'
    if kind in SAME_STUDY or (kind in UPDATES and preprint):
        return rules.STUDY
    if kind in VERSIONS:
        return rules.VERSION
    return rules.DISTINCT if kind in OTHER_DOCUMENT | UPDATES else rules.NOTHING
