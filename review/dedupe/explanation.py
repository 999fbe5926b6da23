"""Why a pair is joined, asked or kept apart. Takes two records; gives sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from review.dedupe import blocking, normalize, rules
from review.dedupe.api import spoken_of
from review.dedupe.features import Columns, read
from review.dedupe.matching import statements
from review.dedupe.similarity import Likeness, differing, likeness
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
    said: tuple[str, ...]
    """Words of registries, rules and people on this pair, oldest first."""
    together: str = ""
    """Where the groups put them: one report, two reports of one study, two studies."""


_LABELS = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID", "arxiv": "arXiv id",
           "journal": "journal", "volume": "volume", "issue": "issue",
           "page": "first page"}  # fmt: skip
_KEYS = {
    "doi": "DOI", "pmid": "PMID", "pmcid": "PMCID", "arxiv": "arXiv id",
    "volume+page": "volume and page", "page+first": "page and first author",
    "head+first": "beginning of the title", "tail+first": "end of the title",
    "team": "all authors", "first+second+year": "first two authors", "first+last": "first and last "
    "author", "head+page": "beginning of the title", "head+year": "beginning of the title",
    "tail+year": "end of the title", "first+word": "author and a long word of the title",
    "last+word": "author and a long word of the title", "band": "words of the title",
}  # fmt: skip
"""Blocking key -> what it is, for people."""
_WORDS = {1: "equal", -1: "different", 0: "not given by one or both"}


def explain(
    first: Record, second: Record, links: Sequence[Link] = (), *, together: str = ""
) -> Explanation:
    """Why the pair is joined, asked or kept apart.

    Args:
        first, second: the records, in either order.
        links: what was said of this very pair before, oldest first; people's words decide.
        together: where the groups put the pair, which other records can bring about.
    """
    columns = read([(1, first), (2, second)])
    pair = np.array([[0, 1]])
    alike = likeness(columns, pair)
    judged = rules.judge(alike)
    number = int(judged.rule[0])
    verdict = str(rules.VERDICTS[int(judged.verdict[0])])
    rule = rules.RULES[number] if number >= 0 else "no rule joins them"
    stated = statements(columns)
    if stated:
        verdict, rule = str(rules.VERDICTS[stated[0][2]]), stated[0][3]
    for word in spoken_of(links).values():
        verdict, rule = str(word.verdict), f"by hand ({word.who})"
    said = [f"{name}, {note}" for *_, name, note in stated]
    said += [f"{one.who}: {one.verdict} ({one.rule}), {one.at:%Y-%m-%d}" for one in links]
    shared = dict.fromkeys(
        _KEYS.get(name.split(" ")[0], name)
        for name, (key, _) in blocking.keys(columns).items()
        if key[0] != 0 and key[0] == key[1]
    )
    score = round(float(judged.score[0]), 4)
    facts = tuple(_facts(columns, alike))
    return Explanation(verdict, rule, score, facts, tuple(shared), tuple(said), together)


def _facts(columns: Columns, x: Likeness) -> list[str]:
    here, there = differing(columns.title[0], columns.title[1])
    kinds = [normalize.KINDS[kind] or "ordinary" for kind in columns.kind.tolist()]
    facts = [
        f"titles {x.ratio[0]:.0f} of 100 alike"
        + (
            ""
            if not (here or there)
            else f"; differ in: {' '.join(here) or '-'} / {' '.join(there) or '-'}"
        ),
        "numbers in the titles "
        + {1: "agree", 0: "one has more", -1: "differ"}[int(x.numerals[0])],
        f"kinds of document: {kinds[0]} / {kinds[1]}",
        f"authors: {x.shared[0]} of {x.least[0]} in common, first author {_WORDS[int(x.first[0])]}"
        if x.team[0] >= 0
        else "authors: missing on one side",
    ]
    for agreement, words in _WORDS.items():
        named = [label for name, label in _LABELS.items() if int(getattr(x, name)[0]) == agreement]
        if named:
            facts.append(f"{words}: {', '.join(named)}")
    facts.append(
        f"years {int(x.years[0])} apart" if x.years[0] >= 0 else "year missing on one side"
    )
    facts.append(
        f"abstracts {x.abstract[0]:.0f} of 100 alike"
        if x.abstract[0] >= 0
        else "abstract missing on one side"
    )
    facts.append(f"preprints among the two: {int(x.preprints[0])}")
    return facts
