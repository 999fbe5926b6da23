"""'et al.' and 'and others' in a list of authors: they say that there are more, and name nobody."""

import re
from collections.abc import Sequence

_MARK = (
    r"et\.?\s*al(?:\.|ii|iae)?|et\s+coll?\.?|"
    r"(?:and|&)\s+(?:\d+\s+)?(?:others?|colleagues|co-?workers|more(?:\s+authors)?|al\.?)|"
    r"(?:y|e)\s+(?:otros|outros|cols?\.?)|и\s+(?:др|соавт)\.?|等人?|ほか|…|\.{3,}"
)
_ONLY_A_MARK = re.compile(
    rf"[\s\[(,;]*(?:{_MARK}|others|colleagues|\d+\s+(?:others|more(?:\s+authors)?)|"
    r"(?-i:al\.?,\s*et?\.?))[\s\]),;.]*",
    re.I,
)
"""Reference managers turn 'et al.' into a family name 'al.' with the given name 'et' or 'e.'."""
_ENDS_IN_A_MARK = re.compile(rf"(?:[\s,;]+[\[(]?|(?<=\w)\.\s*|(?<=…))(?:{_MARK})[\s\]),;.]*$", re.I)
_ENDINGS = (
    "al", "al.", "Al", "Al.", "AL", "AL.", "al]", "al.]", "alii", "aliae", "ll.", "thers", "ther",
    "THERS", "eagues", "orkers", "more", "authors", "otros", "outros", "col", "col.", "cols",
    "cols.", "др", "др.", "соавт.", "等", "等人", "ほか", "…", "...", "et", "et.", ", e.", "]", ")",
)  # fmt: skip
"""How a name can only end that has such a mark."""


def has_other_authors(names: Sequence[str]) -> bool:
    """Whether one of the last two names may be such a mark or end in one: a quick look, since a
    review has a hundred thousand lists."""
    return bool(names) and (
        names[-1].endswith(_ENDINGS) or (len(names) > 1 and names[-2].endswith(_ENDINGS))
    )


def drop_other_authors(names: Sequence[str]) -> tuple[str, ...]:
    """The people (and groups) of a list: ('Fox A', 'Hu B. et al.') -> ('Fox A', 'Hu B.')."""
    if not has_other_authors(names):
        return tuple(names)
    people = []
    for name in names:
        if _ONLY_A_MARK.fullmatch(name):
            continue
        match = _ENDS_IN_A_MARK.search(name)
        if match is None:
            people.append(name)
            continue
        person = name[: match.start()] + ("." if match.group().startswith(".") else "")
        if person.strip(" ,;"):
            people.append(person.rstrip(" ,;"))
    return tuple(people)


def split_off_mark(text: str) -> tuple[str, str]:
    """A text of several names without the mark at its end, and the mark; '' where there is none."""
    match = _ENDS_IN_A_MARK.search(text) if text.rstrip(" ,;").endswith(_ENDINGS) else None
    if match is None:
        return text, ""
    dot = "." if match.group().startswith(".") else ""
    return text[: match.start()] + dot, match.group().strip(" ,;.").strip()
