"""Settings of a person's browser: kept as one short word, and harmless whatever it says."""

import pytest

from review.pages.widgets.key_help import ALL_KEYS, KEYS_BY_PAGE, LETTERS, get_switchable_keys
from review.pages.widgets.preferences import (
    Preferences,
    exchange_keys,
    format_preferences,
    parse_preferences,
)


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences(),
        Preferences(text_size=130, auto_advance=False, keys_off="ie1?"),
        Preferences(text_size=90, keys_off="z", ranking_words=False),
        Preferences(keys_off=ALL_KEYS, keys_changed="exxe"),
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
        "100.1..0..1.e",
        "100.1..0..1.EX",
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


@pytest.mark.parametrize("pairs", ["ex", "exix", "exxi", "eeee"])
def test_pairs_that_would_give_one_key_two_tasks_are_left_out(pairs):
    assert parse_preferences(f"100.1..0..1.{pairs}").keys_changed == ""


def test_keys_change_places_and_never_meet():
    pairs = exchange_keys("", "e", "x")
    assert (get(pairs, "e"), get(pairs, "x"), get(pairs, "i")) == ("x", "e", "i")
    pairs = exchange_keys(pairs, "i", "e")  # the letter that became free
    assert (get(pairs, "i"), get(pairs, "x"), get(pairs, "e")) == ("e", "i", "x")
    for usual, letter in ("qn", "ny", "yq", "zz", "ie"):
        pairs = exchange_keys(pairs, usual, letter)
        assert get(pairs, usual) == letter
        assert sorted(get(pairs, one) for one in LETTERS) == list(LETTERS)
        kept = Preferences(keys_changed=pairs)
        assert parse_preferences(format_preferences(kept)) == kept
    assert exchange_keys(exchange_keys("", "e", "x"), "e", "e") == ""


def get(pairs, usual):
    return Preferences(keys_changed=pairs).get_key(usual)
