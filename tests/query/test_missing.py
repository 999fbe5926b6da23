"""Which parts of a query a paper misses."""

import pytest

from review.query import parse
from review.query.missing import list_missed_parts

QUERY = '(pneumonia OR covid*) AND ("deep learning" OR network*) AND radiograph* NOT review'


@pytest.mark.parametrize(
    ("title", "missed"),
    [
        ("Neural networks find pneumonia on radiographs", []),
        ("Neural networks find pneumonia on CT", ["radiograph*"]),
        ("A network for CT", ["pneumonia OR covid*", "radiograph*"]),
        ("Review of networks for pneumonia on radiographs", ["NOT review"]),
    ],
)
def test_each_part_that_misses_is_named(title, missed):
    assert [one.strip("()") for one in list_missed_parts(parse(QUERY), title, None)] == missed


def test_the_abstract_counts_and_a_part_of_mesh_terms_is_passed_over():
    node = parse('pneumonia AND mesh:"Radiography, Thoracic"')
    assert list_missed_parts(node, "A title", "On pneumonia.") == []
    assert list_missed_parts(node, "A title", None) == ["pneumonia"]
