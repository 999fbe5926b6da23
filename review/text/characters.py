"""Characters that no store keeps: NUL, which PostgreSQL refuses in text, and lone surrogates, which
UTF-8 cannot express. JSON and the API can name both ("\\u0000", "\\ud800")."""

import re
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any, TypeVar

REPLACEMENT = "\ufffd"
"""What stands in their place, as decoders put it for bytes that are no text."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

T = TypeVar("T")


def is_storable(value: Any) -> bool:
    """Whether every text in a value can be stored: of a string, a list, a mapping or a dataclass,
    to any depth."""
    if isinstance(value, str):
        return "\x00" not in value and (value.isascii() or _is_encodable(value))
    if isinstance(value, Mapping):
        return all(is_storable(key) and is_storable(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_storable, value))
    if is_dataclass(value):
        return all(is_storable(getattr(value, name)) for name in value.__dataclass_fields__)
    return True


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
