"""Display names of databases: `embase` is Embase, `medrxiv` is medRxiv."""

from review.sources.registry import SOURCES

DATABASE_NAMES = {
    "medline": "MEDLINE",
    "embase": "Embase",
    "scopus": "Scopus",
    "ieee": "IEEE Xplore",
    "wos": "Web of Science",
    "web of science": "Web of Science",
    "acm": "ACM Digital Library",
    "cochrane": "Cochrane Library",
    "zotero": "Zotero",
    "proquest": "ProQuest",
    "psycinfo": "PsycInfo",
    "cinahl": "CINAHL",
    "eric": "ERIC",
    "jstor": "JSTOR",
    "various": "Several databases",
}
"""Databases whose exports are imported; the names of searched sources are in the registry."""
SOURCE_NAMES = {**DATABASE_NAMES, **{source.name: source.title for source in SOURCES.values()}}


def format_source(source: str) -> str:
    """The name of a source as a person reads it; an unlisted source keeps its identifier."""
    return SOURCE_NAMES.get(source, source)
