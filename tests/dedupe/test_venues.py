"""Conferences and their acronyms; journals with and without a place; proceedings of two years."""

import pytest

from review.dedupe import build_columns
from review.dedupe.similarity import compare_journals
from review.dedupe.venues import is_acronym_of
from review.models import Record


def folded(name):
    """A journal's name as the comparison sees it."""
    return build_columns([(1, Record("x", title="T", journal=name))]).journal[0]


@pytest.mark.parametrize(
    ("short", "long", "one"),
    [
        ("VLDB", "Very Large Data Bases", True),
        ("SIGMOD Conference", "International Conference on Management of Data", True),
        ("CVPR 2021", "Conference on Computer Vision and Pattern Recognition", True),
        ("NeurIPS", "Neural Information Processing Systems", True),
        (
            "MICCAI",
            "22nd International Conference on Medical Image Computing and Computer-Assisted "
            "Intervention",
            True,
        ),
        ("ICCV", "Conference on Computer Vision and Pattern Recognition", False),
        ("SIGMOD Record", "International Conference on Management of Data", False),
        ("VLDB", "The International Journal on Very Large Data Bases", False),
        ("MD", "Management of Data", False),
        ("MOD", "Conference on Management of Data and Knowledge", False),
        ("Radiology", "European Radiology and Imaging Physics", False),
    ],
)
def test_an_acronym_stands_for_the_meeting_it_spells_out(short, long, one):
    assert is_acronym_of(folded(short), folded(long)) is one


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        ("Fire", "FIRE-SWITZERLAND", 1),
        ("Medicina (Kaunas, Lithuania)", "MEDICINA-LITHUANIA", 1),
        ("Fire", "Fire - Switzerland", -1),
        ("Lancet Regional Health-Europe", "Lancet Regional Health-Americas", -1),
        ("Proceedings of MICCAI 2019", "Proceedings of MICCAI 2020", -1),
        ("Proceedings of MICCAI 2019", "Proceedings of MICCAI 2019", 1),
        ("NA", "Radiology", 0),
        ("VLDB J.", "The VLDB Journal &mdash; The International Journal on Large Data", 1),
    ],
)
def test_names_of_one_journal_agree(first, second, agreement):
    assert compare_journals(*sorted((folded(first), folded(second)))) == agreement


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        ("Proceedings of MICCAI 2020", "Proceedings of MICCAI 2020", 1),
        ("Proceedings of MICCAI 2020", "Proceedings of MICCAI", 1),
        ("Proceedings of MICCAI 2020", "Proceedings of MICCAI 2021", -1),
        ("Proceedings of MICCAI 2020, 2021", "Proceedings of MICCAI 2021", 1),
        ("", "Proceedings of MICCAI 2021", 0),
    ],
)
def test_proceedings_of_two_years_are_two(first, second, agreement):
    assert compare_journals(folded(first), folded(second)) == agreement
    assert compare_journals(folded(second), folded(first)) == agreement
