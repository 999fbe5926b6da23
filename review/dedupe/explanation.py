"""Explains in sentences why two records are merged, sent for manual review or kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from review.dedupe import blocking, normalize, rules
from review.dedupe.columns import FeatureColumns
from review.dedupe.features import build_columns
from review.dedupe.link_log import latest_manual_decisions
from review.dedupe.matching import list_statements
from review.dedupe.similarity import PairSimilarity, compare_pairs, find_differing_words
from review.dedupe.verdicts import VERDICTS
from review.models import Link, Record


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the rules, registries and people say of a pair, and why."""

    verdict: str
    """duplicate, version, study, maybe or distinct."""
    rule: str
    score: float
    facts: tuple[str, ...]
    """Field by field, in words."""
    shared_keys: tuple[str, ...]
    """The keys that brought the pair together; none means it was never compared."""
    statements: tuple[str, ...]
    """Statements of registries, rules and people on this pair, oldest first."""
    together: str = ""
    """Where the groups put them: one report, two reports of one study, two studies."""


_FIELD_LABELS = {
    "doi": "DOI",
    "pmid": "PMID",
    "pmcid": "PMCID",
    "arxiv": "arXiv id",
    "journal": "journal",
    "volume": "volume",
    "issue": "issue",
    "page": "first page",
}
_KEY_LABELS = {
    "doi": "DOI",
    "pmid": "PMID",
    "pmcid": "PMCID",
    "arxiv": "arXiv id",
    "volume+page": "volume and page",
    "page+first": "page and first author",
    "head+first": "beginning of the title",
    "tail+first": "end of the title",
    "team": "all authors",
    "first+second+year": "first two authors",
    "first+last": "first and last author",
    "head+page": "beginning of the title",
    "head+year": "beginning of the title",
    "tail+year": "end of the title",
    "first+word": "author and a long word of the title",
    "last+word": "author and a long word of the title",
    "band": "words of the title",
}
"""Blocking key -> what it is, for people."""
_AGREEMENT_WORDS = {1: "equal", -1: "different", 0: "missing in one or both"}


def explain_pair(
    first: Record, second: Record, links: Sequence[Link] = (), *, together: str = ""
) -> Explanation:
    """Why the pair is merged, a possible duplicate or kept apart.

    Args:
        first, second: the records, in either order.
        links: earlier decisions and statements on this pair, oldest first; people's decisions win.
        together: where the groups put the pair, which other records can bring about.
    """
    columns = build_columns([(1, first), (2, second)])
    pair = np.array([[0, 1]])
    similarity = compare_pairs(columns, pair)
    verdicts = rules.judge_pairs(similarity)
    rule_index = int(verdicts.rule[0])
    verdict = str(VERDICTS[int(verdicts.verdict[0])])
    rule = rules.RULES[rule_index] if rule_index >= 0 else "no rule links them"
    registry_statements = list_statements(columns)
    if registry_statements:
        verdict, rule = str(VERDICTS[registry_statements[0][2]]), registry_statements[0][3]
    for decision in latest_manual_decisions(links).values():
        verdict, rule = str(decision.verdict), f"by hand ({decision.who})"
    statement_lines = [f"{name}, {note}" for *_, name, note in registry_statements]
    statement_lines += [
        f"{link.who}: {link.verdict} ({link.rule}), {link.at:%Y-%m-%d}" for link in links
    ]
    shared_keys = dict.fromkeys(
        _KEY_LABELS.get(name.split(" ")[0], name)
        for name, (key, _) in blocking.make_keys(columns).items()
        if key[0] != 0 and key[0] == key[1]
    )
    score = round(float(verdicts.score[0]), 4)
    facts = tuple(_list_facts(columns, similarity))
    return Explanation(
        verdict=verdict,
        rule=rule,
        score=score,
        facts=facts,
        shared_keys=tuple(shared_keys),
        statements=tuple(statement_lines),
        together=together,
    )


def _list_facts(columns: FeatureColumns, x: PairSimilarity) -> list[str]:
    only_first, only_second = find_differing_words(columns.title[0], columns.title[1])
    kinds = [normalize.KINDS[kind] or "ordinary" for kind in columns.kind.tolist()]
    facts = [
        f"titles {x.ratio[0]:.0f}% similar"
        + (
            ""
            if not (only_first or only_second)
            else f"; differ in: {' '.join(only_first) or '-'} / {' '.join(only_second) or '-'}"
        ),
        "numbers in the titles "
        + {1: "agree", 0: "one has additional numbers", -1: "differ"}[int(x.numerals[0])],
        f"document types: {kinds[0]} / {kinds[1]}",
        f"authors: {x.shared[0]} of {x.least[0]} in common, first author "
        f"{_AGREEMENT_WORDS[int(x.first[0])]}"
        if x.team[0] >= 0
        else "authors: missing in one record",
    ]
    for agreement, words in _AGREEMENT_WORDS.items():
        labels = [
            label for name, label in _FIELD_LABELS.items() if int(getattr(x, name)[0]) == agreement
        ]
        if labels:
            facts.append(f"{words}: {', '.join(labels)}")
    facts.append(
        f"years {int(x.years[0])} apart" if x.years[0] >= 0 else "year missing in one record"
    )
    facts.append(
        f"abstracts {x.abstract[0]:.0f}% similar"
        if x.abstract[0] >= 0
        else "abstract missing in one record"
    )
    facts.append(f"preprints among the two: {int(x.preprints[0])}")
    return facts
