"""Settings of a person's browser: kept as one short word, and harmless whatever it says."""

import pytest

from review.pages.widgets.key_help import KEYS_BY_PAGE, get_switchable_keys
from review.pages.widgets.preferences import (
    Preferences,
    format_preferences,
    parse_preferences,
)


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences(),
        Preferences(text_size=130, auto_advance=False, keys_off="ie1?"),
        Preferences(text_size=90, keys_off="z", ranking_words=False),
    ],
)
def test_settings_come_back_as_they_were_kept(preferences):
    assert parse_preferences(format_preferences(preferences)) == preferences


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "100",
        "99.1.",
        "100.2.",
        "100.1.I",
        "100.1..2",
        "100.1..0.0",
        '100.1."</script>',
        "100.1." + "a" * 41,
        "1e3.1.",
    ],
)
def test_a_cookie_that_is_not_ours_changes_nothing(text):
    assert parse_preferences(text) == Preferences()


def test_a_cookie_of_an_earlier_version_keeps_its_settings():
    assert parse_preferences("115.0.ie") == Preferences(
        text_size=115, auto_advance=False, keys_off="ie"
    )


def test_every_single_key_of_the_list_can_be_switched_off():
    names = [name for entries in KEYS_BY_PAGE.values() for name, _ in entries]
    single = {name for name in names if len(name) == 1 and name.isascii()}
    assert {"I", "E", "M", "N", "D", "Z", "Y", "P", "U", "Q", "0", "?"} <= single
    for name in single:
        assert get_switchable_keys(name) == name.casefold()
    assert get_switchable_keys("1 to 9") == "123456789"
    assert get_switchable_keys("Ctrl+Enter") == get_switchable_keys("← →") == ""
    for name in names:
        kept = Preferences(keys_off=get_switchable_keys(name))
        assert parse_preferences(format_preferences(kept)) == kept
