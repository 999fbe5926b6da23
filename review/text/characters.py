"""Characters that no store keeps: NUL, which PostgreSQL refuses in text, and lone surrogates, which
UTF-8 cannot express. JSON and the API can name both ("\\u0000", "\\ud800")."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from operator import attrgetter
from typing import Any, TypeVar

REPLACEMENT = "\ufffd"
"""What stands in their place, as decoders put it for bytes that are no text."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

T = TypeVar("T")


def is_storable(value: Any) -> bool:
    """Whether every text in a value can be stored: of a string, a list, a mapping or a dataclass,
    to any depth."""
    if isinstance(value, str):
        return _is_storable_text(value)
    if isinstance(value, list | tuple):
        return all(map(is_storable, value))
    if isinstance(value, Mapping):
        return all(is_storable(key) and is_storable(one) for key, one in value.items())
    if is_dataclass(value) and not isinstance(value, type):
        return _is_storable_dataclass(value)
    return True


def _is_storable_dataclass(value: Any) -> bool:
    """A file has a hundred thousand records with dozens of texts each: the texts of a record are
    looked at together. (Joined, two lone surrogates do not become a letter.)"""
    texts: list[str] = []
    for part in _get_fields(type(value))(value):
        if not part:
            continue
        kind = type(part)
        if kind is str:
            texts.append(part)
        elif kind is dict:
            for name, values in part.items():
                if not (_add_texts((name,), texts) and _add_texts(values, texts)):
                    return False
        elif not _add_texts(part, texts):
            return False
    return _is_storable_text("".join(texts))


def _add_texts(value: Any, texts: list[str]) -> bool:
    """Whether a value holds nothing but texts, which are added, or can be stored."""
    if type(value) is tuple:
        try:
            texts.append("".join(value))
        except TypeError:  # not all of it is text
            return is_storable(value)
        return True
    return is_storable(value)


def _is_storable_text(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or _is_encodable(text))


_FIELD_GETTERS: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def _get_fields(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of all fields of a dataclass at once."""
    if kind not in _FIELD_GETTERS:
        names = [spec.name for spec in fields(kind)]
        if len(names) > 1:
            _FIELD_GETTERS[kind] = attrgetter(*names)
        else:
            _FIELD_GETTERS[kind] = lambda value: tuple(getattr(value, name) for name in names)
    return _FIELD_GETTERS[kind]


def replace_unstorable(value: T) -> T:
    """The value with a replacement character for each that cannot be stored; the very same value
    if there is none."""
    return value if is_storable(value) else _replace(value)


def _replace(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {_replace(key): _replace(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_replace(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        names = value.__dataclass_fields__
        return replace(value, **{name: _replace(getattr(value, name)) for name in names})
    return value


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
