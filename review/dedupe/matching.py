"""Matching: from columns to links, each a pair with a verdict, its rule and a score."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from review.dedupe import blocking, rules
from review.dedupe.columns import FeatureColumns, Pairs, hash_text
from review.dedupe.edges import Edges
from review.dedupe.similarity import compare_pairs, flag_promising_pairs
from review.dedupe.verdicts import DISTINCT, NOTHING, STUDY, VERSION
from review.identifiers import (
    fold_doi,
    normalize_arxiv,
    normalize_doi,
    normalize_pmcid,
    normalize_pmid,
)
from review.models import Relation

CHUNK = 200_000
"""Pairs compared at once; bounds the memory of a run."""

SAME_STUDY = {"published_as", "preprint_of", "has_preprint"}
UPDATES = {"update_of", "update_in"}
VERSIONS = {"version_of", "has_version"}
OTHER_DOCUMENT = {
    "retraction_of",
    "retracted_by",
    "erratum_for",
    "erratum_in",
    "comment_on",
    "comment_in",
    "expression_of_concern_for",
    "expression_of_concern_in",
}
"""Kinds of registry statements. PubMed's 'Update in/of' joins a preprint and its article, but also
the editions of a living review; only the former is one study."""


Statement = tuple[int, int, int, str, str]
"""First row, second row, verdict, rule and note."""


PairMatches = tuple[Pairs, npt.NDArray[np.int8], npt.NDArray[np.int16], npt.NDArray[np.float32]]
"""Pairs that a rule joins or asks about, with verdict, rule and score."""


def find_edges(columns: FeatureColumns, new: npt.NDArray[np.bool_] | None = None) -> Edges:
    """The edges among rows, doubtful ones included; those with a new row where `new` is given.

    Registry statements come first and are kept beside what the rules find.
    """
    chunks = blocking.iter_chunks(blocking.find_pairs(columns, new), CHUNK)
    return assemble_edges(
        [match_pairs(columns, part) for part in chunks], list_statements(columns, new)
    )


def match_pairs(columns: FeatureColumns, pairs: Pairs) -> PairMatches:
    """What the rules say of some pairs, those they keep apart left out."""
    pairs = pairs[flag_promising_pairs(columns, pairs)]
    verdicts = rules.judge_pairs(compare_pairs(columns, pairs))
    is_match = verdicts.verdict > DISTINCT
    return (
        pairs[is_match],
        verdicts.verdict[is_match],
        verdicts.rule[is_match],
        verdicts.score[is_match],
    )


def assemble_edges(
    matches: Sequence[PairMatches], registry_statements: Sequence[Statement]
) -> Edges:
    """The edges of what registries say and what rules found, in that order."""
    names = rules.RULES + tuple(dict.fromkeys(name for _, _, _, name, _ in registry_statements))
    stated_pairs = np.array([[a, b] for a, b, *_ in registry_statements], np.int64).reshape(-1, 2)
    verdicts = np.array([verdict for _, _, verdict, _, _ in registry_statements], np.int8)
    all_pairs = np.concatenate([stated_pairs, *(pairs for pairs, *_ in matches)])
    numbers = np.array([names.index(name) for *_, name, _ in registry_statements], np.int16)
    unscored = np.full(len(registry_statements), np.nan, np.float32)
    return Edges(
        a=all_pairs[:, 0],
        b=all_pairs[:, 1],
        verdict=np.concatenate(
            [verdicts, *(match_verdicts for _, match_verdicts, _, _ in matches)]
        ),
        rule=np.concatenate([numbers, *(match_rules for _, _, match_rules, _ in matches)]),
        score=np.concatenate([unscored, *(match_scores for _, _, _, match_scores in matches)]),
        names=names,
        notes={edge_index: note for edge_index, (*_, note) in enumerate(registry_statements)},
    )


def parse_target(target: str) -> tuple[str, int]:
    """The column and code of a statement's target; ('', 0) where it names no identifier."""
    kind, _, value = target.partition(":")
    if kind == "doi":
        return "doi", hash_text(fold_doi(normalize_doi(value) or ""))
    if kind == "pmid":
        return "pmid", hash_text(normalize_pmid(value) or "")
    if kind == "pmcid":
        return "pmcid", hash_text(normalize_pmcid(value) or "")
    if kind == "arxiv":
        return "arxiv", hash_text(normalize_arxiv(value) or "")
    return "", 0


def _index_rows(columns: FeatureColumns, name: str) -> dict[int, list[int]]:
    rows_by_code: dict[int, list[int]] = {}
    column = getattr(columns, name)
    for row in np.flatnonzero(column).tolist():
        rows_by_code.setdefault(int(column[row]), []).append(row)
    return rows_by_code


def list_statements(
    columns: FeatureColumns, new: npt.NDArray[np.bool_] | None = None
) -> list[Statement]:
    """What registries say of pairs of rows: first, second, verdict, rule and note, sorted."""
    if not columns.relations:
        return []
    holders = {name: _index_rows(columns, name) for name in ("doi", "pmid", "pmcid", "arxiv")}
    origins_by_pair: dict[tuple[int, int, int, str], set[str]] = {}
    for row, relations in columns.relations.items():
        for relation in relations:
            name, target = parse_target(relation.target)
            for other_row in holders.get(name, {}).get(target, ()):
                if other_row == row or (new is not None and not (new[row] or new[other_row])):
                    continue
                verdict = _classify_relation(
                    relation, bool(columns.server[row] or columns.server[other_row])
                )
                if verdict:
                    pair = (
                        min(row, other_row),
                        max(row, other_row),
                        verdict,
                        f"stated: {relation.kind}",
                    )
                    origins_by_pair.setdefault(pair, set()).add(_format_origin(relation))
    return [
        (*pair, f"stated by {'; '.join(sorted(origins))}")
        for pair, origins in sorted(origins_by_pair.items())
    ]


def _format_origin(relation: Relation) -> str:
    """Who said it and when: 'medrxiv, 2021-03-01'."""
    return relation.said_by + (f", {relation.said_at[:10]}" if relation.said_at else "")


def _classify_relation(relation: Relation, preprint: bool) -> int:
    kind = relation.kind.replace("-", "_").removeprefix("is_")  # Crossref: 'is-preprint-of'
    if kind in SAME_STUDY or (kind in UPDATES and preprint):
        return STUDY
    if kind in VERSIONS:
        return VERSION
    return DISTINCT if kind in OTHER_DOCUMENT | UPDATES else NOTHING
