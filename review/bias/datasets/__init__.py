"""The registry of public imaging data sets: mentions in a text, ancestry, known issues.

load(path)                      the registry of data/datasets.yaml
find(sentences, registry)       mentions in a full text; used() and asked() sort them
overlaps(registry, ids)         sets of one study that share images, with the path
matrix(registry, named)         studies by sets with shared ancestry; sentence() for the report
draw(registry, table)           the graph as SVG
"""

from review.bias.datasets.ancestry import (
    DatasetMatrix,
    Overlap,
    build_matrix,
    find_contained_sets,
    find_overlaps,
    format_overlap_path,
    group_by_age,
    summarize_matrix,
)
from review.bias.datasets.mentions import Mention, find_mentions, select_unresolved, select_used
from review.bias.datasets.models import (
    Component,
    Dataset,
    Issue,
    Population,
    Registry,
    load_registry,
    squeeze_name,
)

__all__ = [
    "Component",
    "Dataset",
    "DatasetMatrix",
    "Issue",
    "Mention",
    "Overlap",
    "Population",
    "Registry",
    "build_matrix",
    "find_contained_sets",
    "find_mentions",
    "find_overlaps",
    "format_overlap_path",
    "group_by_age",
    "load_registry",
    "select_unresolved",
    "select_used",
    "squeeze_name",
    "summarize_matrix",
]
