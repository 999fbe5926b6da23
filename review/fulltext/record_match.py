"""Matches a PDF to a record by the DOI, arXiv ID or title on its first pages."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from review.identifiers import fold_doi, list_doi_spellings, normalize_arxiv, normalize_doi
from review.text.folding import fold_text

_MIN_TITLE_SHARE = 0.9
"""Share of a title's words found in order on the first pages that counts as the title."""
_MIN_LEAD = 0.04
"""By how much the best title must lead the next; two versions of a preprint often share most."""
_TITLE_WORDS_SEARCHED = 400
"""Words from the top that contain a paper's own title; further down others are cited."""
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_DOI_LINE = re.compile(
    r"\s*\(?(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/\s?|doi:?\s*|digital object identifier:?\s*)?"
    r"10\.\d{4,9}/\S+\s*",
    re.I,
)
"""A line that holds nothing but a DOI, as publishers print an article's own."""
_BLANKS = r"[ \t\u00a0\u2009]{0,2}"
_BROKEN_DOI = re.compile(r"\b((?:doi|10)\.|10\.\d{4,9}/(?:\S*[-/_.])?)\n(?=[a-z0-9])")
"""A DOI or its address that goes on in the next line."""
_SPACED_DOI = re.compile(
    rf"\b10({_BLANKS})\.({_BLANKS})(\d{{4,9}})({_BLANKS})/({_BLANKS})"
    r"([^\s/]\S*(?:[ \t\u00a0\u2009]{1,2}\S+){0,8})"
)
"""A DOI set with blanks at its marks: 'doi: 10. 1000 / xyz. 2020. 12'."""
_CITE_AS = re.compile(r"\s*(?:please )?(?:how to cite|to cite|cite) (?:this |as\b)", re.I)
_ENTRY = re.compile(r"\s*(?:\[\d{1,3}\]|\d{1,3}\.)\s")
"""How an entry of a reference list begins."""
_ENTRY_LINES = 3
"""Lines after which the DOI of an entry may be on a line of its own."""
_OWN_DOI_WORDS = 100
"""Words from the top within which a paper prints its own DOI."""
_ARXIV = re.compile(r"arxiv:\s?(\S+)", re.I)


@dataclass(frozen=True, slots=True)
class RecordCandidate:
    """A record that may be the one in the file."""

    key: str
    title: str | None
    doi: str | None = None
    arxiv_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordMatch:
    """What a file seems to hold."""

    keys: tuple[str, ...]
    """One key: settled. Several: equally likely, ask. None: no record fits."""
    method: str
    """file name, doi, arxiv, title, or none"""
    score: float
    """Share of the title found, 0 to 1; 1 for identifiers."""


def match_record(
    front: str, candidates: Sequence[RecordCandidate], *, file_name: str = ""
) -> RecordMatch:
    """The record whose key, DOI, arXiv id or title is on the first pages.

    An identifier alone decides only when one record bears it and the file's words do not belie its
    title: first pages also name other papers' DOIs. Two records that fit alike are both returned.
    """
    front = front.replace("%2F", "/").replace("%2f", "/")
    named_candidates = [c for c in candidates if c.key and _contains_key(file_name, c.key)]
    if len(named_candidates) == 1:
        return RecordMatch((named_candidates[0].key,), "file name", 1.0)
    words = fold_text(front).split()
    title_shares = {c.key: _compute_title_share(c.title, words) for c in candidates}
    for method, hits in (
        ("doi", _find_by_doi(front, candidates)),
        ("arxiv", _find_by_arxiv(front, candidates)),
    ):
        confirmed = [c for c in hits if c.title is None or title_shares[c.key] >= _MIN_TITLE_SHARE]
        if confirmed:
            best = max(title_shares[c.key] for c in confirmed)
            keys = tuple(c.key for c in confirmed if title_shares[c.key] >= best - _MIN_LEAD)
            return RecordMatch(keys, method, 1.0)
    best = max(title_shares.values(), default=0.0)
    sole = _find_sole_doi(front, candidates)
    if best < _MIN_TITLE_SHARE and sole is not None:
        return RecordMatch((sole.key,), "doi", 1.0)
    if best < _MIN_TITLE_SHARE:
        return RecordMatch((), "none", best)
    keys = tuple(key for key, share in title_shares.items() if share >= best - _MIN_LEAD)
    return RecordMatch(keys, "title", best)


def _contains_key(file_name: str, key: str) -> bool:
    return bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(key)}(?![A-Za-z0-9])", file_name, re.I))


def _find_sole_doi(front: str, candidates: Sequence[RecordCandidate]) -> RecordCandidate | None:
    """The record whose DOI the first pages print as their own; None where they print none or two.

    A title set in an odd font, or changed since, does not belie the only DOI in print, nor one at
    the top of the paper before those of the papers it cites.
    """
    known_dois = {fold_doi(c.doi) for c in candidates if c.doi}
    joined_text = _close_up_dois(_BROKEN_DOI.sub(r"\1", front), known_dois)
    texts = _DOI.findall(joined_text)
    dois = {_read_doi(text) for text in texts} - {""}
    lines = joined_text.split("\n")
    own_dois = {
        _read_doi(part)
        for index, line in enumerate(lines)
        if not any(_ENTRY.match(text) for text in lines[max(0, index - _ENTRY_LINES) : index])
        for part in re.split(r"\s[|·•–—-]\s", line)
        if _DOI_LINE.fullmatch(part) or _CITE_AS.match(part)
    } - {""}
    if len(own_dois) != 1:
        return None
    if len(dois) > 1:
        top_text = " ".join(joined_text.split()[:_OWN_DOI_WORDS])
        first = _DOI.search(top_text)
        if first is None or _read_doi(first.group()) not in own_dois:
            return None
    hits = [c for c in candidates if c.doi and fold_doi(c.doi) in own_dois]
    return hits[0] if len(hits) == 1 else None


def _read_doi(text: str) -> str:
    """The DOI of a text in the form for comparison; '' if there is none."""
    return fold_doi(normalize_doi(text) or "")


def _close_up_dois(text: str, known_dois: Collection[str]) -> str:
    """The text with its spaced DOIs closed up. Where blanks leave open how far one goes, it is the
    longest reading that a record has, else what precedes the first blank."""

    def close_up(match: re.Match[str]) -> str:
        *gaps, digits, before_slash, after_slash, rest = match.groups()
        if not any((*gaps, before_slash, after_slash)):
            return match.group()
        pieces = re.split(r"([ \t\u00a0\u2009]+)", rest)
        for end in range(len(pieces), 1, -2):
            doi = f"10.{digits}/{''.join(pieces[:end:2])}"
            if _read_doi(doi) in known_dois:
                return doi + "".join(pieces[end:])
        return f"10.{digits}/{rest}"

    return _SPACED_DOI.sub(close_up, text)


def _find_by_doi(front: str, candidates: Sequence[RecordCandidate]) -> list[RecordCandidate]:
    joined_text = re.sub(r"(?<=[-/._])\s+", "", front)
    texts = _DOI.findall(front) + _DOI.findall(joined_text)
    dois = {_read_doi(text) for text in texts}
    folded_text = front.lower()
    close_texts = (
        re.sub(r"\s+", "", folded_text),
        re.sub(r"\s+", "", re.sub(r"-\n", "", folded_text)),
    )
    return [
        c
        for c in candidates
        if c.doi
        and (
            fold_doi(c.doi) in dois
            or any(
                any(doi in text for text in close_texts) and _is_printed(doi, folded_text)
                for doi in list_doi_spellings(c.doi)
            )
        )
    ]


def _is_printed(doi: str, text: str) -> bool:
    """Whether the text prints the DOI, be it broken at a line end or spaced at a mark."""
    pattern = ""
    for index, letter in enumerate(doi):
        pattern += re.escape(letter)
        if index + 1 < len(doi):
            at_mark = letter in "-/._" or doi[index + 1] in "-/._"
            pattern += r"(?:-\n|\s*)" if at_mark else r"(?:-?\n)?"
    return bool(re.search(pattern + r"(?:v\d+)?(?!\w|[._-]\w)", text))


def _find_by_arxiv(front: str, candidates: Sequence[RecordCandidate]) -> list[RecordCandidate]:
    arxiv_ids = {normalize_arxiv(text) for text in _ARXIV.findall(front)}
    return [c for c in candidates if c.arxiv_id and c.arxiv_id in arxiv_ids]


def _compute_title_share(title: str | None, words: Sequence[str]) -> float:
    """Share of the title's words found in order near the top of the file, 0 to 1."""
    title_words = fold_text(title).split()
    if len(title_words) < 3:
        return 0.0
    top_words = list(words[:_TITLE_WORDS_SEARCHED])
    if len(set(title_words) & set(top_words)) < 0.8 * len(set(title_words)):
        return 0.0
    if f" {' '.join(title_words)} " in f" {' '.join(top_words)} ":
        return 1.0
    return (
        max(
            sum(
                block.size
                for block in _build_window_matcher(
                    title_words, top_words, start
                ).get_matching_blocks()
            )
            / max(len(title_words), 1)
            for start in _find_window_starts(title_words, top_words)
        )
        - 0.01
    )


def _find_window_starts(title_words: Sequence[str], top_words: Sequence[str]) -> list[int]:
    """Where in the text a window may begin: at any of the title's first words."""
    first_words = set(title_words[:3])
    return [word_index for word_index, word in enumerate(top_words) if word in first_words][
        :40
    ] or [0]


def _build_window_matcher(
    title_words: list[str], top_words: list[str], start: int
) -> "SequenceMatcher[str]":
    stop = start + len(title_words) + 4
    return SequenceMatcher(None, title_words, top_words[start:stop], autojunk=False)
