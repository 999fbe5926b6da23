"""'et al.' and its like name nobody; names that only look like it are people."""

import pytest

from review.text.other_authors import drop_other_authors, split_off_mark


@pytest.mark.parametrize(
    "mark",
    [
        "et al.", "et al", "Et Al.", "ET AL.", "[et al.]", "et alii", "others", "and others",
        "and 5 others", "12 more authors", "& al.", "and colleagues", "al., et", "al., e.",
        "et coll.", "y cols.", "e outros", "и др.", "等", "等人", "…", "...",
    ],
)  # fmt: skip
def test_a_mark_is_no_author(mark: str) -> None:
    assert drop_other_authors(("Fox, A.", "Hu, B.", mark)) == ("Fox, A.", "Hu, B.")
    assert drop_other_authors(("Fox, A.", mark, "The Lung Group")) == ("Fox, A.", "The Lung Group")
    assert drop_other_authors((mark,)) == ()


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Hu, B., et al.", "Hu, B."),
        ("Hu B.et al", "Hu B."),
        ("Hu et al.", "Hu"),
        ("Hu and colleagues", "Hu"),
        ("Hu B. [et al.]", "Hu B."),
        ("Hu B, …", "Hu B"),
        ("Иванов И. и др.", "Иванов И."),
    ],
)
def test_a_mark_behind_a_name_leaves_the_person(name: str, person: str) -> None:
    assert drop_other_authors(("Fox, A.", name)) == ("Fox, A.", person)


@pytest.mark.parametrize(
    "name",
    [
        "Al, E.", "Smith, Al", "Brunet al", "El-Etal", "Jolivet", "Vidal", "Carothers",
        "Crothers, J.", "Smothers", "Others Study Group", "STOP and Others Trial", "Moore",
        "Gilmore",
        "Meyer, U.A.", "张等", "Doe K...", "Thomas More", "Arthur et", "ABC Group (UK)",
    ],
)  # fmt: skip
def test_a_name_that_resembles_a_mark_stays(name: str) -> None:
    assert drop_other_authors(("Fox, A.", name)) == ("Fox, A.", name)
    assert split_off_mark(f"Fox, A., {name}")[1] == ""


def test_no_author_is_none() -> None:
    assert drop_other_authors(()) == ()
    assert split_off_mark("") == ("", "")
