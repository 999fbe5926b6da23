"""The registry of public imaging data sets: mentions in a text, ancestry, known issues.

load_registry(path)                  the registry of data/datasets.yaml
find_mentions(sentences, registry)   mentions in a full text; select_used and select_unresolved
find_unlisted(sentences, mentions, registry)  data sets used that the registry does not describe
find_overlaps(registry, ids)         sets of one study that share images, with the path
build_matrix(registry, named)        studies by sets with shared ancestry; summarize_matrix
"""

from review.bias.datasets.ancestry import (
    DatasetMatrix,
    Overlap,
    build_matrix,
    count_comparable_sets,
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
    squeeze_name,
)
from review.bias.datasets.registry_file import load_registry
from review.bias.datasets.unlisted import UnlistedName, find_unlisted

__all__ = [
    "Component",
    "Dataset",
    "DatasetMatrix",
    "Issue",
    "Mention",
    "Overlap",
    "Population",
    "Registry",
    "UnlistedName",
    "build_matrix",
    "count_comparable_sets",
    "find_contained_sets",
    "find_mentions",
    "find_overlaps",
    "find_unlisted",
    "format_overlap_path",
    "group_by_age",
    "load_registry",
    "select_unresolved",
    "select_used",
    "squeeze_name",
    "summarize_matrix",
]
