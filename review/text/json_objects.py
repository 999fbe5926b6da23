"""JSON without loss: Python keeps only the last of the values that an object has for one name."""

import json
from typing import Any

MAX_SHOWN_VALUES = 3
MAX_VALUE_LENGTH = 40
"""Longest value in a message (letters)."""


class RepeatedNames(dict[str, Any]):
    """An object with different values of one name; as a mapping it has the last ones."""

    pairs: list[tuple[str, Any]]
    """Every name with its value, as the text has them."""
    values_by_name: dict[str, list[Any]]
    """The names that are in it more than once, with their different values in order."""


def load_json(text: str) -> Any:
    """The value of a JSON text; an object with different values of one name is a `RepeatedNames`.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested without end.
    """
    return json.loads(text, object_pairs_hook=_build_object)


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    values_by_name: dict[str, list[Any]] = {}
    for name, value in pairs:
        different_values = values_by_name.setdefault(name, [])
        if value not in different_values:
            different_values.append(value)
    repeated = {name: found for name, found in values_by_name.items() if len(found) > 1}
    if not repeated:
        return values
    result = RepeatedNames(values)
    result.pairs, result.values_by_name = pairs, repeated
    return result


def format_json(value: Any) -> str:
    """A value of `load_json` as JSON, with every value of a repeated name."""
    if isinstance(value, list):
        return f"[{', '.join(map(format_json, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    pairs = value.pairs if isinstance(value, RepeatedNames) else value.items()
    parts = [f"{json.dumps(name, ensure_ascii=False)}: {format_json(part)}" for name, part in pairs]
    return f"{{{', '.join(parts)}}}"


def list_repeated_names(value: Any, prefix: str = "") -> list[str]:
    """The names that have different values anywhere in a value of `load_json`, each as it is
    reached: 'verdict', 'record.doi'."""
    if isinstance(value, list):
        return [name for part in value for name in list_repeated_names(part, prefix)]
    if not isinstance(value, dict):
        return []
    own = value.values_by_name if isinstance(value, RepeatedNames) else {}
    names = [f"{prefix}{name}" for name in own]
    for name, part in value.items():
        if isinstance(part, dict | list):
            names += list_repeated_names(part, f"{prefix}{name}.")
    return list(dict.fromkeys(names))


def describe_repeated_names(value: Any) -> str:
    """Such names for a message: 'verdict' twice with different values ('include' and 'exclude');
    empty where there is none."""
    names = list_repeated_names(value)
    if not names:
        return ""
    listing = ", ".join(repr(name) for name in names)
    own = value.values_by_name if isinstance(value, RepeatedNames) else {}
    if len(names) > 1 or names[0] not in own:
        return f"{listing} twice with different values"
    texts = [_shorten(found) for found in own[names[0]][:MAX_SHOWN_VALUES]]
    return f"{listing} twice with different values ({' and '.join(texts)})"


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return repr(text if len(text) <= MAX_VALUE_LENGTH else f"{text[: MAX_VALUE_LENGTH - 3]}...")
