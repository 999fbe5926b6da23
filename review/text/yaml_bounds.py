"""Whether a YAML text is small and shallow enough to be read: counted by its events, before any of
it is built, since a few bytes of YAML can nest without end, hold themselves, or swell."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_LETTERS = 5_000_000
"""Longest text that is looked at; a protocol has some thousand letters."""
MAX_DEPTH = 60
MAX_VALUES = 200_000
"""Most values once every alias is written out."""

STRICT: Mapping[str, str] = {"extra": "forbid"}
"""How a dataclass of a file is checked by pydantic: no key that is not known."""


@dataclass(slots=True)
class _Part:
    """A list or mapping that is being read."""

    anchor: str | None
    size: int = 1


def find_yaml_excess(text: str) -> str | None:
    """What is too much in a YAML text, with its line; None where it can be read.

    A text that is no YAML is not judged here: its reader says what is wrong with it.
    """
    import yaml

    if len(text) > MAX_LETTERS:
        return f"it is longer than {MAX_LETTERS:,} letters."
    parts = [_Part(None)]
    sizes: dict[str, int] = {}
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            mark = event.start_mark
            line = f"line {mark.line + 1}:" if mark is not None else "somewhere"
            size = 0
            if isinstance(event, yaml.AliasEvent):
                if any(part.anchor == event.anchor for part in parts):
                    return f"{line} the part '{event.anchor}' contains itself."
                size = sizes.get(event.anchor or "", 1)
            elif isinstance(event, yaml.ScalarEvent):
                size = 1
                sizes[event.anchor or ""] = 1
            elif isinstance(event, yaml.CollectionStartEvent):
                parts.append(_Part(event.anchor))
                if len(parts) > MAX_DEPTH:
                    return f"{line} lists within lists deeper than {MAX_DEPTH}."
            elif isinstance(event, yaml.CollectionEndEvent):
                part = parts.pop()
                size = part.size
                sizes[part.anchor or ""] = size
            parts[-1].size += size
            if parts[-1].size > MAX_VALUES:
                return f"{line} more than {MAX_VALUES:,} values."
    except yaml.YAMLError:
        return None
    return None
