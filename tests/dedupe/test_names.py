"""First authors who are one person despite a wrong letter or swapped names."""

import pytest

from review.dedupe.names import (
    is_same_person,
    list_spellings,
    parse_family_name,
    parse_given_name,
    parse_initial,
    split_authors,
)

SAME = [
    ("zhang|wei", "wei|zhang"),
    ("gonzalez|maria", "gonzales|maria"),
    ("gonzalez|m", "gonzales|maria jose"),
    ("gonzalez|mj", "gonzales|maria jose"),
    ("gonzalez|maria", "gonzales|mj"),
    ("gonzalez|m j", "gonzales|maria jose"),
    ("smith|ann", "smiht|ann"),
    ("meyer|u", "meier|urs"),
]
OTHER = [
    ("smit|ann", "smet|ann"),
    ("gonzalez|maria", "gonzales|marta"),
    ("gonzalez|m", "gonzales|p"),
    ("gonzalez|m p", "gonzales|maria jose"),
    ("gonzalez|mp", "gonzales|maria jose"),
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


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Smith, John A.", "smith", "john a"),
        ("Smith JA", "smith", "ja"),
        ("Smith J A", "smith", "j a"),
        ("John Smith", "smith", "john"),
        ("John Smith Jr.", "smith", "john"),
        ("Smith Jr", "smith", ""),
        ("Smith", "smith", ""),
        ("von Pawel, J.", "pawel", "j"),
        ("王小明", "王小明", ""),
        ("王, 小明", "王", "小 明"),
    ],
)
def test_a_name_is_split_into_family_and_given_name(name, family, given):
    assert parse_family_name(name) == family
    assert parse_given_name(name) == given
    assert parse_initial(name) == given[:1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Wu, B. and Li, C.", ("Wu, B.", "Li, C.")),
        ("Wu, B. and Li, C. and Fox, A.", ("Wu, B.", "Li, C.", "Fox, A.")),
        ("Aziz Khan, Lee Kenney and Mo Fox", ("Aziz Khan", "Lee Kenney", "Mo Fox")),
        ("Aziz Khan and Mo Fox", ("Aziz Khan", "Mo Fox")),
        ("Wu, B.", ("Wu, B.",)),
    ],
)
def test_a_list_of_names_is_split_at_its_own_separator(text, names):
    assert split_authors(text) == (names, False)


def test_a_list_that_is_cut_short_says_so():
    assert split_authors("Khan A; Fox M; et al.") == (("Khan A", "Fox M"), True)
    assert split_authors("Khan A., Fox M. et al.") == (("Khan A.", "Fox M."), True)
    assert split_authors("Khan. et al") == (("Khan",), True)
    assert split_authors("Khan A; Fox M") == (("Khan A", "Fox M"), False)
    assert split_authors("  ") == split_authors(None) == ((), False)
