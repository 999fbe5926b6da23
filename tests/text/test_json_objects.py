"""A name with several values in a JSON object is found, wherever it is, and nothing is lost."""

import json

import pytest

from review.text.json_objects import (
    describe_repeated_names,
    format_json,
    list_repeated_names,
    load_json,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"a": 1, "b": [1, {"c": 2}]}', []),
        ('{"a": 1, "a": 1}', []),
        ('{"a": {"x": 1, "y": 2}, "a": {"y": 2, "x": 1}}', []),
        ('{"a": 1, "a": 2}', ["a"]),
        ('{"a": 1, "a": null, "b": "", "b": "x"}', ["a", "b"]),
        ('{"a": 1, "a": 2, "a": 1}', ["a"]),
        ('{"record": {"doi": "x", "doi": "y"}}', ["record.doi"]),
        ('{"a": [{"n": 1}, [{"n": 1, "n": 2}]]}', ["a.n"]),
        ('[{"a": 1}, {"a": 1, "a": 2}]', ["a"]),
        ('"a"', []),
    ],
)
def test_names_with_several_values_are_listed(text: str, names: list[str]) -> None:
    assert list_repeated_names(load_json(text)) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1}', ""),
        ('{"vote": "in", "vote": "out"}', "'vote' twice with different values ('in' and 'out')"),
        ('{"r": {"d": 1, "d": 2}}', "'r.d' twice with different values"),
        ('{"a": [1], "a": 2}', "'a' twice with different values ('[1]' and '2')"),
        (
            '{"a": "%s", "a": 2}' % ("x" * 50),
            f"'a' twice with different values ('{'x' * 37}...' and '2')",
        ),
        ('{"a": 1, "a": 2, "b": 1, "b": 2}', "'a', 'b' twice with different values"),
    ],
)
def test_the_values_are_named_in_the_message(text: str, words: str) -> None:
    assert describe_repeated_names(load_json(text)) == words


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 2}', '[{"ü": {"d": "x", "d": [1, null]}}, true]', '{"a": {"b": 1}}', "[]"],
)
def test_every_value_is_written_back(text: str) -> None:
    assert format_json(load_json(text)) == text


def test_what_is_no_json_is_refused_as_python_does() -> None:
    with pytest.raises(json.JSONDecodeError):
        load_json('{"a": 1')
