"""Says which record a PDF belongs to, by the DOI, arXiv id or title on its first pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from review.models import normal_arxiv, normal_doi, plain

_NEAR_TITLE = 0.9
"""Share of a title's words found in order on the first pages that counts as the title."""
_MARGIN = 0.04
"""By how much the best title must lead the next; two versions of a preprint often share most."""
_TITLE_REACH = 400
"""Words from the top in which a paper's own title stands; further down others are cited."""
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV = re.compile(r"arxiv:\s?(\S+)", re.I)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be the one in the file."""

    key: str
    title: str | None
    doi: str | None = None
    arxiv_id: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a file seems to hold."""

    keys: tuple[str, ...]
    """One key: settled. Several: equally likely, ask. None: no record fits."""
    how: str
    """file name, doi, arxiv, title, or none"""
    score: float
    """Share of the title found, 0 to 1; 1 for identifiers."""


def match(front: str, candidates: Sequence[Candidate], *, file_name: str = "") -> Match:
    """The record whose key, DOI, arXiv id or title is on the first pages.

    An identifier alone decides only when one record bears it and the file's words do not belie its
    title: first pages also name other papers' DOIs. Two records that fit alike are both returned.
    """
    named = [c for c in candidates if c.key and _names(file_name, c.key)]
    if len(named) == 1:
        return Match((named[0].key,), "file name", 1.0)
    words = plain(front).split()
    titled = {c.key: _title_share(c.title, words) for c in candidates}
    for how, found in (
        ("doi", _by_doi(front, candidates)),
        ("arxiv", _by_arxiv(front, candidates)),
    ):
        sure = [c for c in found if c.title is None or titled[c.key] >= _NEAR_TITLE]
        if sure:
            best = max(titled[c.key] for c in sure)
            keys = tuple(c.key for c in sure if titled[c.key] >= best - _MARGIN)
            return Match(keys, how, 1.0)
    best = max(titled.values(), default=0.0)
    if best < _NEAR_TITLE:
        return Match((), "none", best)
    keys = tuple(key for key, share in titled.items() if share >= best - _MARGIN)
    return Match(keys, "title", best)


def _names(file_name: str, key: str) -> bool:
    return bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(key)}(?![A-Za-z0-9])", file_name, re.I))


def _by_doi(front: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    joined = re.sub(r"(?<=[-/._])\s+", "", front)
    texts = _DOI.findall(front) + _DOI.findall(joined)
    found = {normal_doi(text) for text in texts}
    return [c for c in candidates if c.doi and c.doi in found]


def _by_arxiv(front: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    found = {normal_arxiv(text) for text in _ARXIV.findall(front)}
    return [c for c in candidates if c.arxiv_id and c.arxiv_id in found]


def _title_share(title: str | None, words: Sequence[str]) -> float:
    """Share of the title's words found in order near the top of the file, 0 to 1."""
    wanted = plain(title).split()
    if len(wanted) < 3:
        return 0.0
    near = list(words[:_TITLE_REACH])
    if len(set(wanted) & set(near)) < 0.8 * len(set(wanted)):
        return 0.0
    if f" {' '.join(wanted)} " in f" {' '.join(near)} ":
        return 1.0
    return (
        max(
            sum(block.size for block in _window(wanted, near, start).get_matching_blocks())
            / max(len(wanted), 1)
            for start in _starts(wanted, near)
        )
        - 0.01
    )


def _starts(wanted: Sequence[str], near: Sequence[str]) -> list[int]:
    """Where in the text a window may begin: at any of the title's first words."""
    heads = set(wanted[:3])
    return [place for place, word in enumerate(near) if word in heads][:40] or [0]


def _window(wanted: list[str], near: list[str], start: int) -> "SequenceMatcher[str]":
    stop = start + len(wanted) + 4
    return SequenceMatcher(None, wanted, near[start:stop], autojunk=False)
