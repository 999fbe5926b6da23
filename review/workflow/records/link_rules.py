"""Why two records were linked, in words: the rules of the deduplication and what sources state."""

RULE_LABELS = {
    "same title and place, other ids": "same title, volume and pages, but different identifiers",
    "same title and authors, place unclear": "same title and authors; volume and pages unclear",
    "recurring title, page unknown": "title used more than once (page unknown)",
    "same title, authors unclear": "same title; authors unclear",
    "same title and abstract, other place": "same title and abstract, different volume or pages",
    "like title, same page": "similar title, same page",
    "like title and authors, place unclear": "similar title and authors; volume and pages unclear",
    "preprint, like title or team": "possible preprint of the same study (similar title or "
    "authors)",
    "doi": "same DOI",
    "pmid": "same PMID",
    "pmcid": "same PMC identifier",
    "same arXiv id": "same arXiv identifier",
}
"""Rule of the deduplication -> words."""
STATED_LABELS = {
    "published_as": "the source names the published article",
    "preprint_of": "the source names the published article",
    "has_preprint": "the source names the preprint",
    "update_of": "the source names the earlier version",
    "update_in": "the source names the later version",
    "retracted_by": "the source names the retraction notice",
    "retraction_of": "the source names the retracted article",
    "erratum_in": "the source names the correction",
    "erratum_for": "the source names the corrected article",
}
"""Relation that a source states -> words."""


def format_link_rule(rule: str) -> str:
    """Why two records were linked, in words."""
    stated, separator, relation = rule.partition("stated: ")
    if separator and not stated:
        return STATED_LABELS.get(relation, f"stated by the source: {relation.replace('_', ' ')}")
    if rule in RULE_LABELS:
        return RULE_LABELS[rule]
    words = rule.replace("+", ", ")
    if words.startswith("like title"):
        return f"similar {words.removeprefix('like ')}"
    return f"same {words}" if words.startswith("title,") else words
