"""The rules: from similarities of pairs to a verdict, the rule applied and a score.

Rules are read from the top; the first that fits a pair decides it. They were set on five labelled
sets (diabetes, respiratory, cytology, medRxiv links, synthetic), in which the thresholds below
separate true from false pairs with room to both sides; no rule knows a single record.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from review.dedupe.columns import Bools, Floats
from review.dedupe.similarity import PairSimilarity
from review.dedupe.verdicts import (
    DISTINCT,
    DUPLICATE,
    FULL_LOCATION,
    LONG_SPAN,
    MAYBE,
    MIN_DISTINCTIVE,
    NEXT_PAGE,
    OTHER_PAGES,
    STUDY,
    TWO_IDS_LOCATION,
    TWO_IDS_TEXT,
    VERSION,
)

SIMILAR_TITLE = 85.0
"""Title ratio of records typed twice: typing faults, spellings, small cuts."""
CLOSE_TITLE, RETYPED_TITLE = 92.0, 97.0
AKIN_WORDS = 75.0
"""Words in common (any order) of titles that may be one, with a translation or subtitle more."""
SAME_TEXT, SAME_ABSTRACT, OTHER_ABSTRACT = 95.0, 85.0, 55.0
"""Ratio of abstract openings: one text; likely one text (structured abstracts open alike); two."""
LONG_TITLE = 6
"""Telling words of a title that one team hardly gives twice in a year."""
HALF_TEAM, MOST_TEAM = 0.5, 0.8
"""Names in common over the shorter list."""


@dataclass(frozen=True, slots=True)
class PairVerdicts:
    """m pairs judged: index into VERDICTS, index into NAMES, score 0 to 1."""

    verdict: npt.NDArray[np.int8]
    rule: npt.NDArray[np.int16]
    score: Floats


@dataclass(frozen=True, slots=True)
class _PairSignals:
    """Readings several rules share, each an m-long mask."""

    authors: Bools
    """First author or half of the shorter list agree; of two articles more than one name."""
    other_authors: Bools
    no_authors: Bools
    location: Bools
    """First page and volume equal."""
    page: Bools
    other_location: Bools
    """Known pages differ, or volumes without first and last page that say one is misprinted."""
    other_issue: Bools
    """Known issues differ, without like titles and pages a volume has but once that say one is
    misprinted."""
    team: Bools
    """First author and most of the shorter list agree."""
    near_year: Bools
    similar: Bools
    distinctive: Bools
    other_ids: Bools
    """Two DOIs or two PMIDs."""
    same_date: Bools
    """Nothing suggests next year's column of the same title."""
    same_text: Bools
    other_text: Bools
    one_title: Bools
    """Unlike as one work's title is, typed, cut or spelt, not as two works' of one team are: words
    put for others, or in a supplement words added, need a text or a span of pages that agrees."""
    full_span: Bools
    """First and last page of a longer span equal, outside a supplement: a printed work's place."""
    same_venue: Bools
    """One journal and year, outside a supplement, no text that differs."""
    pages: Bools
    """First and last page equal, on two pages or more."""
    person: Bools
    """The first author's name and initial agree, or two names do."""


def _derive_signals(x: PairSimilarity) -> _PairSignals:
    several = (x.shared >= 2) | (x.least <= 1) | (x.preprints > 0)
    named = (x.initial >= 0) | (x.shared >= 2) | (x.preprints > 0)
    authors = ((x.first == 1) & named) | ((x.team >= HALF_TEAM) & several & named)
    known = x.team >= 0
    location = (x.page == 1) & (x.volume == 1)
    pages = (x.page == 1) & (x.last_page == 1) & (x.span >= 2)
    same_text = x.abstract >= SAME_ABSTRACT
    distinctive = x.informative >= MIN_DISTINCTIVE
    other_text = (x.abstract >= 0) & (x.abstract < OTHER_ABSTRACT)
    other_text &= ~_is_same_printing(x, location, distinctive)
    spelt = ~x.reworded & (~x.supplement | ((x.ratio >= CLOSE_TITLE) & ~x.begins))
    typed = ~x.supplement & (pages | (x.ratio >= RETYPED_TITLE))
    similar = (x.ratio >= SIMILAR_TITLE) | x.begins | ((x.words >= 97) & (x.least >= 1))
    akin = similar | (x.words >= AKIN_WORDS)
    return _PairSignals(
        authors=authors,
        other_authors=known & ~authors,
        no_authors=~known,
        location=location,
        page=x.page == 1,
        other_location=(x.page == -1) | ((x.volume == -1) & (~pages | x.low_page | (x.years >= 1))),
        other_issue=(x.issue == -1)
        & ~(location & pages & distinctive & akin & (~x.low_page | (x.span >= LONG_SPAN))),
        team=(x.team >= MOST_TEAM) & (x.first == 1),
        near_year=x.years <= 1,
        similar=similar,
        distinctive=distinctive,
        other_ids=(x.doi == -1) | (x.pmid == -1),
        same_date=(x.years <= 0)
        | (x.volume == 1)
        | ((x.page == 1) & ~x.low_page & ((x.last_page == 1) | (distinctive & (x.last_page == 0))))
        | (distinctive & same_text),
        same_text=same_text,
        other_text=other_text,
        one_title=x.same_title | x.cut | same_text | spelt | typed,
        full_span=pages & ~x.supplement,
        same_venue=(x.journal == 1) & (x.years == 0) & ~x.supplement & ~other_text,
        pages=(x.page == 1) & (x.last_page == 1) & (x.span >= 1),
        person=((x.first == 1) & (x.initial >= 0)) | (x.shared >= 2),
    )


def _is_same_printing(x: PairSimilarity, location: Bools, distinctive: Bools) -> Bools:
    """One title, team and printed place: then a database has written an abstract of its own.

    Abstracts of a meeting share a page, so in a supplement only a longer span counts.
    """
    one_work = x.same_title & ~x.sequel & (x.numerals >= 0) & distinctive & (x.doi >= 0)
    one_work &= (x.journal == 1) & (x.years == 0) & (x.pmid >= 0)
    team = ((x.team >= MOST_TEAM) & (x.first == 1)) | x.in_order
    longer = (x.last_page == 1) & (x.span >= LONG_SPAN)
    place = location & (x.last_page >= 0) & (x.issue >= 0)
    place &= longer | (~x.supplement & ((x.issue == 1) | ~x.low_page))
    unpaged = (x.page == 0) & (x.volume == 1) & (x.issue == 1) & ~x.supplement & x.exact
    unpaged &= x.in_order & (x.least >= 3)
    mask: Bools = one_work & team & (place | unpaged)
    return mask


def _build_identifier_rules(x: PairSimilarity, s: _PairSignals) -> list[tuple[str, int, Bools]]:
    """Equal identifiers decide, unless the titles plainly speak of two documents."""
    no_preprint, two_preprints, one_preprint = x.preprints == 0, x.preprints == 2, x.preprints == 1
    posting = two_preprints & ((x.arxiv == 1) | ((x.doi == 1) & x.same_server))
    stranger = (x.ratio < 60) & (x.words < 75) & s.other_authors
    doi = (x.doi == 1) & no_preprint
    other_page = doi & (x.page == -1)
    fits = (
        x.same_title
        | (s.similar & ~s.other_authors)
        | ((s.page | (x.words >= 80)) & s.authors & ~s.other_text)
    )
    far = (x.ratio < 70) & (x.words < 80) & ~x.begins
    retitled = ~far & s.authors & ~s.other_text & ~x.supplement
    clear = x.same_kind & (x.numerals >= 0) & ((fits & s.one_title) | retitled)
    clear &= ~(s.other_authors & (x.pmid == -1)) & ~(other_page & x.reworded & ~s.same_text)
    return [
        ("one preprint id, other title and authors", MAYBE, posting & stranger),
        ("same preprint version", DUPLICATE, posting & (x.version == 1)),
        ("same preprint", VERSION, posting),
        ("same arXiv id", STUDY, one_preprint & (x.arxiv == 1) & ~stranger),
        ("article's doi on its preprint", STUDY, one_preprint & x.article_doi & ~stranger),
        (
            "doi shared by a supplement",
            DISTINCT,
            other_page & (s.other_text | far | (x.supplement & ~x.same_title)),
        ),
        (
            NEXT_PAGE,
            DUPLICATE,
            other_page
            & x.beside
            & x.same_title
            & s.distinctive
            & (x.first == 1)
            & (x.team >= MOST_TEAM),
        ),
        ("one doi, two pages in a supplement", MAYBE, other_page & x.supplement & ~s.same_text),
        (
            "doi shared by a supplement",
            DISTINCT,
            doi & x.supplement & far & (s.other_authors | s.other_text),
        ),
        ("doi", DUPLICATE, doi & clear & ~(other_page & ~s.authors)),
        ("pmid", DUPLICATE, (x.pmid == 1) & clear),
        ("pmcid", DUPLICATE, (x.pmcid == 1) & no_preprint & clear & ~s.other_ids),
        ("one doi, two documents", MAYBE, doi),
        ("one pmid, two documents", MAYBE, x.pmid == 1),
        ("same doi on a preprint", STUDY, (x.doi == 1) & one_preprint & ~stranger),
        ("one doi, two documents", MAYBE, (x.doi == 1) & one_preprint),
    ]


def _build_duplicate_rules(x: PairSimilarity, s: _PairSignals) -> list[tuple[str, int, Bools]]:
    """Two records of one printed document, recognised by title, location and people."""
    base = (x.preprints == 0) & x.same_kind & x.same_title & (x.numerals >= 0) & ~x.sequel
    return [
        *_build_two_id_rules(x, s, base & s.other_ids & (x.years == 0) & (x.journal == 1)),
        *_build_location_rules(x, s, base & ~s.other_ids),
        *_build_no_location_rules(x, s, base & ~s.other_ids),
    ]


def _build_two_id_rules(
    x: PairSimilarity, s: _PairSignals, base: Bools
) -> list[tuple[str, int, Bools]]:
    """One document that two DOIs or PMIDs name; `one`: equal titles in one journal and year."""
    issue = (x.issue >= 0) & ~(x.low_page & (x.issue == 0))
    similar = base & issue & (x.team >= MOST_TEAM) & s.person & s.distinctive
    return [
        (
            TWO_IDS_LOCATION,
            DUPLICATE,
            similar & s.location & (x.last_page >= 0) & ~x.supplement & ~s.other_text,
        ),
        (TWO_IDS_TEXT, DUPLICATE, similar & x.exact & s.page & (x.abstract >= SAME_TEXT)),
    ]


def _build_location_rules(
    x: PairSimilarity, s: _PairSignals, base: Bools
) -> list[tuple[str, int, Bools]]:
    """Equal titles and a page. A column's title comes again in the next issue, often on the same
    page of it, so a bland title needs the issue too where pages begin anew with each."""
    few_words, fewest_words = x.informative < MIN_DISTINCTIVE, x.informative <= 2
    one_issue = (
        (x.issue == 1)
        | (~x.low_page & (x.issue == 0))
        | (~x.low_page & (x.informative == 2) & (x.last_page == 1))
        | ((x.informative == MIN_DISTINCTIVE - 1) & (~x.low_page | ((x.issue == 0) & s.authors)))
    )
    editor = ((x.first == 1) & (x.initial >= 0)) | x.nobody
    editor |= s.no_authors & ~x.low_page & ((x.span >= 1) | ~fewest_words)
    fits = (x.journal >= 0) & (x.years <= 1) & (x.last_page >= 0) & one_issue & editor
    located = s.location & ~s.other_issue & (~few_words | fits) & ((x.journal >= 0) | ~x.low_page)
    team = s.team & (x.journal == 1) & ((x.years == 0) | ((x.shared >= 3) & (x.last_page == 1)))
    pair = x.in_order & (x.shared >= 2) & x.ordinary
    same_venue, unnamed = base & s.same_venue, s.no_authors & ~x.nobody
    return [
        (
            "title+pages+issue",
            DUPLICATE,
            same_venue & s.pages & (x.volume == 1) & (x.issue == 1) & unnamed,
        ),
        (
            "title+page+issue+authors",
            DUPLICATE,
            same_venue
            & s.page
            & (x.last_page >= 0)
            & (x.volume == 0)
            & (x.issue == 1)
            & s.authors
            & s.person
            & (s.pages | ~x.low_page | pair),
        ),
        (
            "title+pages+volume+authors",
            DUPLICATE,
            same_venue
            & s.pages
            & (x.volume == 1)
            & (x.issue == 0)
            & s.authors
            & s.person
            & (pair | (x.span >= LONG_SPAN)),
        ),
        (
            "recurring title, other issue",
            MAYBE,
            base & s.location & ~located & s.authors & (x.journal >= 0),
        ),
        (
            FULL_LOCATION,
            DUPLICATE,
            base
            & located
            & ~s.other_text
            & s.full_span
            & s.distinctive
            & s.near_year
            & (x.journal >= 0)
            & (s.authors | (x.issue >= 0)),
        ),
        (
            "title+place",
            DUPLICATE,
            base & located & ~s.other_text & (s.authors | (s.no_authors & (x.journal >= 0))),
        ),
        (
            "title+page+authors",
            DUPLICATE,
            base
            & s.page
            & s.authors
            & s.near_year
            & ~s.other_text
            & ~s.other_issue
            & ((x.volume == 1) | (x.years == 0) | (x.last_page == 1))
            & (~fewest_words | (team & ~x.low_page))
            & (~x.low_page | (s.distinctive & ((x.volume == 1) | (x.years == 0))))
            & ((x.volume >= 0) | ((x.journal == 1) & ~s.other_location))
            & ((x.volume == 1) | (x.journal >= 0) | s.distinctive),
        ),
        (
            "title+authors+issue",
            DUPLICATE,
            base
            & x.exact
            & s.team
            & (x.journal == 1)
            & (x.years == 0)
            & (x.initial >= 0)
            & (x.volume == 1)
            & (x.issue == 1)
            & (x.page == 0)
            & ~x.supplement
            & ((x.informative >= 2) | x.ordinary)
            & ~s.other_text,
        ),
        (
            "title+team+volume",
            DUPLICATE,
            same_venue
            & x.exact
            & (x.volume == 1)
            & (x.issue >= 0)
            & (x.page == 0)
            & x.in_order
            & (x.shared >= 3)
            & (x.initial >= 0)
            & x.ordinary,
        ),
        (
            "title+pages+journal",
            DUPLICATE,
            base
            & s.full_span
            & s.no_authors
            & s.distinctive
            & (x.journal == 1)
            & (x.years == 0)
            & (x.volume >= 0)
            & ~s.other_issue
            & ~s.other_text
            & (~x.low_page | (x.span >= LONG_SPAN)),
        ),
    ]


def _build_no_location_rules(
    x: PairSimilarity, s: _PairSignals, base: Bools
) -> list[tuple[str, int, Bools]]:
    """Equal titles, and people or texts where pages are missing or misprinted."""
    few_words = (
        ~s.other_location & (x.years == 0) & (x.informative >= MIN_DISTINCTIVE - 2) & ~s.other_text
    )
    whole_team = (x.shared == x.most) & (x.shared >= 2)
    spelt = ~x.supplement | (x.ratio >= RETYPED_TITLE)
    ahead = (x.page == 0) & (x.volume == 0) & (x.span > 0) & (x.years != 0)
    consistent = ~s.other_location & ~s.other_issue & s.same_date & (x.years <= 1)
    open_location = consistent & ~ahead & (x.years >= 0) & s.distinctive & ~s.other_text
    text = base & s.same_text & consistent & (s.distinctive | s.page | (x.issue == 1))
    alone = (x.most == 1) & (x.ratio >= RETYPED_TITLE) & (x.informative >= LONG_TITLE)
    typed = (x.numerals == 1) & spelt & (whole_team | alone)
    pair = x.nowhere & x.exact & (x.shared >= 2) & (x.informative >= MIN_DISTINCTIVE - 1)
    return [
        (
            "title+authors+journal",
            DUPLICATE,
            base
            & (x.exact | s.same_text | typed)
            & s.authors
            & (x.journal == 1)
            & (((x.first == 1) & (x.initial >= 0)) | (x.shared >= 2))
            & (open_location | (few_words & whole_team & ((x.shared >= 3) | pair))),
        ),
        (
            "long title+authors+year",
            DUPLICATE,
            base
            & x.exact
            & x.nowhere
            & x.ordinary
            & (x.journal == 0)
            & (x.years == 0)
            & (x.informative >= LONG_TITLE)
            & x.in_order
            & (x.first == 1)
            & (x.initial >= 0)
            & ~s.other_text,
        ),
        (
            "title+authors+meeting",
            DUPLICATE,
            base
            & x.exact
            & x.supplement
            & x.nowhere
            & whole_team
            & (x.journal == 1)
            & (x.years == 0)
            & (x.informative >= 2)
            & ~s.other_text,
        ),
        (
            OTHER_PAGES,
            DUPLICATE,
            base
            & (x.journal == 1)
            & (x.volume == 1)
            & (x.years == 0)
            & x.in_order
            & (x.least >= 4)
            & (x.informative >= 2 * MIN_DISTINCTIVE)
            & (x.issue >= 0)
            & ~x.supplement
            & ~s.other_text,
        ),
        ("title+authors+abstract", DUPLICATE, text & s.authors & (x.journal >= 0)),
        (
            "title+text",
            DUPLICATE,
            text
            & (x.page >= 0)
            & (
                (s.page & (x.journal >= 0))
                | ((x.volume == 1) & (x.issue >= 0) & (x.journal == 1) & ~s.other_authors)
            ),
        ),
        (
            "title+text+authors+journal",
            DUPLICATE,
            base
            & s.same_text
            & s.authors
            & (x.journal == 1)
            & (x.years == 0)
            & s.distinctive
            & (x.page >= 0)
            & ~s.other_issue,
        ),
    ]


def _build_similar_title_rules(x: PairSimilarity, s: _PairSignals) -> list[tuple[str, int, Bools]]:
    """Two records of one printed document whose titles were typed, cut or translated unlike."""
    base = (x.preprints == 0) & x.same_kind & ~s.other_ids & ~s.other_text & s.one_title
    numbers = x.numerals >= 0
    full_span = s.full_span & s.location & (x.years == 0)
    full_span &= ~s.other_issue & (s.distinctive | ~x.low_page | (x.issue == 1))
    near = s.similar & numbers & s.authors & s.near_year & (s.distinctive | ~x.low_page)
    near &= (x.informative > 2) & ~s.other_issue
    near &= ~x.low_page | (x.volume == 1) | (x.years == 0)
    open_location = (
        ~s.other_location & ~s.other_issue & s.same_date & (x.years <= 1) & (x.years >= 0)
    )
    open_location &= s.distinctive
    issue = x.issue == 1
    translated = base & full_span & (x.first == 1) & (x.team >= MOST_TEAM) & numbers
    translated &= ~x.low_page & (x.informative >= 2)
    translated &= (x.journal >= 0) | (
        s.distinctive & ((x.words >= 75) | (x.in_order & (x.shared >= 3)))
    )
    return [
        (
            "like title+place+authors",
            DUPLICATE,
            base
            & near
            & s.location
            & ((x.ratio >= CLOSE_TITLE) | x.begins | s.same_text | (x.last_page == 1)),
        ),
        (
            "like title+pages+authors",
            DUPLICATE,
            base & full_span & s.similar & s.authors & (x.journal >= 0) & (x.ratio >= CLOSE_TITLE),
        ),
        (
            "like title+page+journal",
            DUPLICATE,
            base
            & near
            & s.page
            & (x.journal == 1)
            & (x.volume >= 0)
            & ((x.volume == 1) | (x.years == 0) | (x.last_page == 1))
            & ((x.ratio >= CLOSE_TITLE) | x.begins),
        ),
        (
            "like title+text+authors",
            DUPLICATE,
            base
            & (x.ratio >= 95)
            & (x.numerals == 1)
            & (x.abstract >= 99)
            & (x.first == 1)
            & (x.team >= MOST_TEAM)
            & (x.journal == 1)
            & ~s.other_location
            & (x.years <= 1)
            & s.distinctive,
        ),
        (
            "cut title+authors+journal",
            DUPLICATE,
            base
            & x.cut
            & (x.words >= 95)
            & (x.team >= MOST_TEAM)
            & (x.journal == 1)
            & open_location
            & ((x.years == 0) | (x.volume == 1))
            & (x.numerals == 1),
        ),
        (
            "translated title+pages+authors",
            DUPLICATE,
            translated & x.kindred & (issue | (x.span >= LONG_SPAN)),
        ),
        (
            "like title+pages+journal",
            DUPLICATE,
            base & full_span & s.no_authors & (x.journal == 1) & (x.words >= 80) & numbers,
        ),
    ]


def _build_study_rules(x: PairSimilarity, s: _PairSignals) -> list[tuple[str, int, Bools]]:
    """A preprint and its journal article, recognised by title and team; another DOI is no veto."""
    one_preprint = (x.preprints == 1) & x.same_kind & (x.years <= 4)
    same_posting = (x.preprints == 2) & ~x.same_server & x.same_kind
    numbers, other_text = x.numerals >= 0, s.other_text
    n = x.least
    team = s.team
    named = (x.initial >= 0) | (x.first != 1)
    retitled = (
        (
            (x.in_order & (n >= 8) & (x.contained >= 0.40))
            | (x.in_order & (n >= 4) & (x.contained >= 0.55))
            | (x.in_order & (n >= 2) & (x.contained >= 0.75))
            | (team & (n >= 4) & (x.contained >= 0.80))
            | ((x.team >= MOST_TEAM) & (x.shared >= 3) & (x.contained >= 0.90))
            | (team & (x.shared >= 3) & (x.ratio >= SIMILAR_TITLE) & (x.contained >= 0.6))
            | (team & x.begins & (n >= 2))
            | (x.in_order & (x.contained >= 0.90) & s.distinctive)
            | ((x.first == 1) & (x.shared >= 5) & (x.team >= HALF_TEAM) & (x.contained >= 0.95))
            | ((x.first == 1) & (x.ratio >= 95) & s.distinctive & (x.shared >= 2))
        )
        & ~other_text
        & ~x.sequel
        & named
    )
    return [
        (
            "preprint, same title and team",
            STUDY,
            one_preprint
            & x.same_title
            & ~x.sequel
            & s.authors
            & (s.distinctive | (x.shared >= 2))
            & (named | (x.shared >= 3))
            & ~(other_text & (x.team < HALF_TEAM)),
        ),
        (
            "preprint, same text and team",
            STUDY,
            one_preprint
            & (x.abstract >= SAME_TEXT)
            & (x.team >= MOST_TEAM)
            & (x.first == 1)
            & numbers
            & named
            & (x.in_order | (x.shared >= 2)),
        ),
        ("preprint retitled, same team", STUDY, one_preprint & retitled),
        ("preprint on two servers", STUDY, same_posting & x.same_title & s.authors & s.distinctive),
        (
            "preprint on two servers, retitled",
            STUDY,
            same_posting & retitled & (x.contained >= 0.75),
        ),
    ]


def _build_doubt_rules(x: PairSimilarity, s: _PairSignals) -> list[tuple[str, int, Bools]]:
    """Pairs a person should look at: nothing says they differ, too little says they are one."""
    base = (x.preprints == 0) & x.same_kind
    open_ids = ~s.other_ids
    one_venue = base & open_ids & (x.journal == 1) & (x.years == 0) & ~x.supplement
    one_venue &= ~x.sequel & ~s.other_text
    return [
        (
            "same title and place, other ids",
            MAYBE,
            base & x.same_title & s.location & (x.journal >= 0) & s.authors,
        ),
        (
            "same title and authors, place unclear",
            MAYBE,
            base
            & open_ids
            & x.same_title
            & s.authors
            & ~s.other_location
            & s.near_year
            & (x.informative >= 2),
        ),
        (
            "recurring title, page unknown",
            MAYBE,
            base
            & open_ids
            & x.same_title
            & s.same_venue
            & s.authors
            & s.person
            & (x.page == 0)
            & (x.volume == 1)
            & (x.issue == 1),
        ),
        (
            "same title, authors unclear",
            MAYBE,
            base
            & open_ids
            & x.same_title
            & s.no_authors
            & ~s.other_location
            & (x.journal >= 0)
            & s.near_year
            & s.distinctive,
        ),
        (
            "same title and pages, journal unclear",
            MAYBE,
            base
            & open_ids
            & x.same_title
            & s.pages
            & (x.span >= LONG_SPAN)
            & (x.years == 0)
            & (x.volume >= 0)
            & ~s.other_authors
            & s.distinctive,
        ),
        (
            "same title and abstract, other place",
            MAYBE,
            base & open_ids & x.same_title & s.same_text & s.authors & (x.journal >= 0),
        ),
        (
            "same title, team and volume, other place",
            MAYBE,
            one_venue & x.same_title & s.team & (x.volume == 1) & (x.informative >= LONG_TITLE),
        ),
        (
            "like title, same page",
            MAYBE,
            base & open_ids & s.similar & s.location & s.authors & (x.informative >= 2),
        ),
        (
            "other title, one place and team",
            MAYBE,
            base
            & open_ids
            & s.location
            & s.pages
            & s.near_year
            & (x.issue >= 0)
            & (x.journal >= 0)
            & (x.team >= MOST_TEAM)
            & (x.first == 1)
            & s.person
            & ~x.supplement
            & ~x.sequel
            & ~s.other_text
            & (~x.low_page | (x.issue == 1))
            & (x.informative >= 2),
        ),
        (
            "like title and authors, place unclear",
            MAYBE,
            base
            & open_ids
            & s.similar
            & (x.numerals == 1)
            & ((x.ratio >= CLOSE_TITLE) | x.begins)
            & (x.team >= MOST_TEAM)
            & ~s.other_location
            & (x.journal >= 0)
            & s.near_year
            & s.distinctive,
        ),
        (
            "cut title, same team and year",
            MAYBE,
            one_venue
            & (x.begins | (x.words >= 97))
            & (x.numerals >= 0)
            & (x.team >= MOST_TEAM)
            & s.person
            & ~s.other_location
            & (x.informative >= MIN_DISTINCTIVE - 1),
        ),
        (
            "preprint, like title or team",
            MAYBE,
            (x.preprints == 1)
            & x.same_kind
            & (x.years <= 4)
            & ~s.other_text
            & (
                ((x.team >= MOST_TEAM) & (x.shared >= 3) & (x.first == 1) & (x.contained >= 0.5))
                | (x.in_order & (x.contained >= 0.4) & (x.least >= 3))
                | (x.same_title & s.distinctive)
            ),
        ),
        (
            "two postings, same title",
            MAYBE,
            (x.preprints == 2) & x.same_kind & x.same_title & s.authors & s.distinctive,
        ),
    ]


def _compute_score(x: PairSimilarity) -> Floats:
    """Evidence that two entries are one work, 0 to 1: titles half, people a quarter, place and text
    the rest.

    It orders links and the doubtful list; the verdict rests on the rules alone.
    """
    title = np.where(x.same_title, 1.0, np.maximum(x.ratio / 100, 0.9 * x.contained))
    people = np.where(x.team >= 0, 0.7 * x.team + 0.2 * (x.first == 1) + 0.1 * x.in_order, 0.5)
    location = 0.5 + 0.2 * x.page + 0.1 * x.volume + 0.1 * x.journal
    location = location + 0.05 * x.issue + 0.05 * x.last_page
    text = np.where(x.abstract >= 0, x.abstract / 100, 0.5)
    total = 0.5 * title + 0.25 * people + 0.15 * location + 0.1 * text
    rounded: Floats = np.round(np.clip(total, 0.0, 1.0), 4).astype(np.float32)
    return rounded


def _build_rules(x: PairSimilarity) -> list[tuple[str, int, Bools]]:
    s = _derive_signals(x)
    return [
        *_build_identifier_rules(x, s),
        *_build_duplicate_rules(x, s),
        *_build_similar_title_rules(x, s),
        *_build_study_rules(x, s),
        *_build_doubt_rules(x, s),
    ]


def judge_pairs(x: PairSimilarity) -> PairVerdicts:
    """The verdict on each pair by the first rule that fits; NOTHING and rule -1 where none does."""
    m = len(x.ratio)
    verdict, rule = np.zeros(m, np.int8), np.full(m, -1, np.int16)
    for rule_index, (_, rule_verdict, fits) in enumerate(_build_rules(x)):
        undecided = fits & (rule < 0)
        verdict[undecided], rule[undecided] = rule_verdict, rule_index
    return PairVerdicts(verdict, rule, _compute_score(x))


def _list_rule_names() -> tuple[str, ...]:
    empty = PairSimilarity(
        **{
            spec.name: np.zeros(0, np.bool_ if "bool" in str(spec.type) else np.float32)
            for spec in fields(PairSimilarity)
        }
    )
    return tuple(name for name, _, _ in _build_rules(empty))


RULES = _list_rule_names()
"""Names of the rules, in the order in which they are asked."""
