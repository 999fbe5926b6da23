"""Single fields whose meaning hangs on how they are written."""

import pytest

from review.formats import read_file, ris
from review.formats.latex import to_plain_text


def read_ris(line: str):
    entry = f"TY  - JOUR\nTI  - Film reading\n{line}\nER  - \n"
    (record,) = ris.parse(entry.encode(), None).records
    return record


@pytest.mark.parametrize(
    ("value", "issue"),
    [
        ("4", "4"),
        ("Supplement 1 to No. 4", None),  # 21 characters: an address, a note
        ("Supplement 1 to no 4", "Supplement 1 to no 4"),  # 20
        ("M. Fox, Department of Radiology, Ghent", None),
    ],
)
def test_only_a_short_m1_is_an_issue(value, issue):
    assert read_ris(f"M1  - {value}").issue == issue


def test_an_issue_of_its_own_outranks_m1():
    assert read_ris("IS  - 7\nM1  - 4").issue == "7"


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Fox, Ann and Hu, Bo", ("Fox, Ann", "Hu, Bo")),
        ("{Barnes and Noble} and Hu, Bo", ("Barnes and Noble", "Hu, Bo")),
        ("{Barnes and Noble}", ("Barnes and Noble",)),
        ("Fox, Ann AND others", ("Fox, Ann",)),
        ("Anderson, Andy", ("Anderson, Andy",)),
    ],
)
def test_an_and_within_braces_parts_no_names(author, names):
    entry = f"@article{{a, title = {{Film reading}}, author = {{{author}}}, year = 2020}}\n"
    (record,) = read_file(entry.encode()).records
    assert record.authors == names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (r"The {\alpha} of \rho{} and $\varepsilon$", "The α of ρ and $ε$"),
        (r"\Delta-E and \omega-3", "Δ-E and ω-3"),
        (r"\alphabet soup", r"\alphabet soup"),
    ],
)
def test_every_greek_letter_of_a_bibtex_value_is_read(value, text):
    assert to_plain_text(value) == text
