"""The registry of public imaging data sets: names in a text, what holds what, known issues.

load(path)                      the registry of data/datasets.yaml
find(sentences, registry)       mentions in a full text; used() and asked() sort them
overlaps(registry, ids)         sets of one study that share images, with the path
matrix(registry, named)         studies by sets with shared ancestry; sentence() for the report
draw(registry, table)           the graph as SVG
"""

from review.bias.datasets.ancestry import (
    Matrix,
    Overlap,
    ages,
    drawn,
    holds,
    matrix,
    overlaps,
    sentence,
)
from review.bias.datasets.mentions import Mention, asked, find, used
from review.bias.datasets.models import (
    Component,
    Dataset,
    Issue,
    Population,
    Registry,
    load,
    squeezed,
)

__all__ = [
    "Component",
    "Dataset",
    "Issue",
    "Matrix",
    "Mention",
    "Overlap",
    "Population",
    "Registry",
    "ages",
    "asked",
    "drawn",
    "find",
    "holds",
    "load",
    "matrix",
    "overlaps",
    "sentence",
    "squeezed",
    "used",
]
