"""First authors who are one person despite a wrong letter or swapped names."""

import pytest

from review.dedupe.names import is_same_person, list_spellings, parse_family_name, split_authors

SAME = [
    ("zhang|wei", "wei|zhang"),
    ("gonzalez|maria", "gonzales|maria"),
    ("gonzalez|m", "gonzales|maria jose"),
    ("gonzalez|mj", "gonzales|maria jose"),
    ("smith|ann", "smiht|ann"),
    ("meyer|u", "meier|urs"),
]
OTHER = [
    ("smit|ann", "smet|ann"),
    ("gonzalez|maria", "gonzales|marta"),
    ("gonzalez|m", "gonzales|p"),
    ("johansen|bo", "johnston|bo"),
    ("zhang|wei", "wei|li"),
    ("gonzalez|", "gonzales|maria"),
    ("", "gonzales|maria"),
    ("li|w", "w|li"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_one_person_misspelt_or_swapped(left, right):
    assert is_same_person(left, right)
    assert list_spellings(left) & list_spellings(right)


@pytest.mark.parametrize(("left", "right"), OTHER)
def test_two_people(left, right):
    assert not is_same_person(left, right)


def test_entities_and_brackets_in_names_are_read():
    assert split_authors("B&#246;hlen, M.; Fox, A.")[0] == ("Böhlen, M.", "Fox, A.")
    assert parse_family_name("Meier, U. (Switzerland)") == "meier"
    assert parse_family_name("Urs Meier (CH)") == "meier"
