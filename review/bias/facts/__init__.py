"""Facts of a paper: sizes, classes and their sources, split, dates, sites, readers, figures.

extract_facts(sentences, own=..., mentions=...)   cells with the sentences that give them
add_table_facts(facts, tables, sentences)         with those in the cells of tables
find_disjoint_sources(facts)                      classes that come from different data sets
correct_facts(facts, sentences, corrections)      the cells as a person corrected them
"""

from review.bias.facts.corrections import Correction, FactCell, correct_facts, list_reported
from review.bias.facts.extraction import extract_facts
from review.bias.facts.models import FIELDS, SIZE_FIELDS, Fact
from review.bias.facts.sources import find_disjoint_sources
from review.bias.facts.tables import add_table_facts

__all__ = [
    "FIELDS",
    "SIZE_FIELDS",
    "Correction",
    "Fact",
    "FactCell",
    "add_table_facts",
    "correct_facts",
    "extract_facts",
    "find_disjoint_sources",
    "list_reported",
]
