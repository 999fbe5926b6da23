"""Words to highlight in titles and abstracts come from the query's own parser."""

import pytest

from review.pages.widgets.highlighting import extract_search_words, highlight_words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("covid* AND (ct OR x-ray)", ("covid*", "ct", "x-ray")),
        ('"deep learning" NOT (animal OR "rat lung")', ("deep learning",)),
        ("lung NOT (mouse OR (rat AND cat))", ("lung",)),
        ("lung NOT (mouse NOT human)", ("lung", "human")),
        ("title:stroke OR mesh:brain", ("stroke",)),
        ("ct OR ct", ("ct",)),
        ("covid AND (", ()),
    ],
)
def test_only_what_may_match_is_marked(query, words):
    assert extract_search_words(query) == words


def test_what_not_excludes_is_never_marked_in_a_nested_query():
    words = extract_search_words('tumour* NOT ((mouse OR "in vitro") AND (rat OR cell*))')
    marked = highlight_words("Tumours in a mouse, in vitro cells", {"search": words})
    assert "Tumours</mark>" in marked
    assert marked.count("<mark") == 1
