"""Names of the rules that the rest of deduplication refers to."""

from review.models import LinkVerdict

ENGINE = "funnel-dedupe-9"
"""Version of the rules, stored with every link. Raise it when a verdict can change."""

NEXT_PAGE = "one doi, same title, next page"
OTHER_PAGES = "title+authors+volume, other pages"
FULL_LOCATION = "title+place, first and last page"
TWO_IDS_LOCATION, TWO_IDS_TEXT = "title+place, two ids", "title+text+page, two ids"
SAME_POSTING = ("same preprint version", "same preprint")
IDENTIFIER_RULES = (*SAME_POSTING, "doi", "pmid", "pmcid", "same arXiv id")
"""Rules that grouping must know by name: identifiers, and those that allow two ids or two pages."""

NOTHING, DISTINCT, MAYBE, STUDY, VERSION, DUPLICATE = range(6)
VERDICTS: tuple[LinkVerdict, ...] = (
    "distinct",
    "distinct",
    "maybe",
    "study",
    "version",
    "duplicate",
)
"""NOTHING reads as distinct: no rule joins the pair."""

STATED_PREFIX = "stated: "
"""How the rules of registry statements begin."""
BY_HAND = "by hand"
"""Rule of a pair that people's own words bring back."""
TOOL = "tool"
"""Who a link is by where a rule spoke."""
WITHDRAWN = "withdrawn"
"""Rule of a link that takes an earlier word of the same person back."""

UNIQUE_TITLE_WORDS = 4
"""Telling words of a title that hardly comes twice by one team."""
MIN_DISTINCTIVE = UNIQUE_TITLE_WORDS
LONG_SPAN = 3
"""Pages after the first, from which a work's first and last page hardly come again together."""
