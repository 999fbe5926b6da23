"""Facts of a paper: sizes, classes and their sources, split, dates, sites, readers, figures.

extract_facts(sentences, own=..., mentions=...)   cells with the sentences that give them
find_disjoint_sources(facts)                      classes that come from different data sets
"""

from review.bias.facts.extraction import extract_facts
from review.bias.facts.models import FIELDS, Fact
from review.bias.facts.sources import find_disjoint_sources

__all__ = ["FIELDS", "Fact", "extract_facts", "find_disjoint_sources"]
