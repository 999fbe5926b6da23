"""The address of an account or of a notice is that of one person."""

import pytest

from review.errors import ReviewError
from review.workflow.project.account_fields import check_email


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        (" mia.o'neil+ct@x-ray.org ", "mia.o'neil+ct@x-ray.org"),
    ],
)
def test_one_address_is_kept_without_its_spaces(text, address):
    assert check_email(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "mia",
        "mia@host",
        "@x.org",
        "mia@",
        "a@x.org,b@y.org",
        "a@x.org; b@y.org",
        "Mia <mia@x.org>",
        "mia@x.org@y.org",
        "mia @x.org",
        "mia@x.org\nBcc: b@y.org",
        "mia@x.org\u202e",
    ],
)
def test_what_is_not_the_address_of_one_person_is_refused(text):
    with pytest.raises(ReviewError, match=r"is not an e-mail address\. Enter the address of one"):
        check_email(text)
