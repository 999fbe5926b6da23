"""Reads the authors of a row: one cell of names, one column per name, groups, joined names."""

import re

from review.formats.fields import clean_values, split_names
from review.formats.tabular import columns

_BEHALF = re.compile(
    r"^(?:and\s+)?(?:on behalf of|for and on behalf of|for|representing)\s+(?:the\s+)?(?=\S)", re.I
)
_JOINED_NAMES = re.compile(
    r"(?<=[^\W\d_A-Z])(?=[A-Z\u00c0-\u00d6\u00d8-\u00de])|(?<=\.)(?=[A-Z][a-z])"
)
_AFFILIATION_MARK = re.compile(r"\s*\(\d+(?:,\s*\d+)*\)$")
"""The numbers behind a name: of an affiliation (Compendex), of the author (Scopus)."""
_NAME_PREFIXES = {
    "al", "ap", "d", "da", "de", "del", "der", "di", "do", "dos", "du", "el", "fitz", "la", "las",
    "le", "lo", "los", "mac", "mc", "o", "saint", "san", "st", "te", "ten", "van", "vander", "von",
}  # fmt: skip
"""What may precede a capital inside one name: McDonald, LeCun, DeLuca."""


def list_authors(
    pairs: list[tuple[str, str, str]], values_by_field: dict[str, list[str]], joins_names: bool
) -> tuple[str, ...]:
    """The authors of a row in printed order, groups last.

    Args:
        pairs: the filled cells of the row.
        values_by_field: cells by the field they fill.
        joins_names: whole names may follow each other without a separator.
    """
    names = [
        name
        for cell in values_by_field.get("authors", ())
        for name in _split_cell(cell, joins_names)
    ]
    if not names:
        names = _read_numbered_columns(pairs)
    if not names:
        fields = ("first_author", "other_authors")
        cells = [cell for field in fields for cell in values_by_field.get(field, ())]
        names = [name for cell in cells for name in _split_cell(cell, joins_names)]
    known = {name.casefold() for name in names}
    groups = [
        name
        for cell in values_by_field.get("group_authors", ())
        for name in re.split(r"[;|\n]", cell)
        if _strip_behalf(name.strip()).casefold() not in known
    ]
    return clean_values(
        _AFFILIATION_MARK.sub("", _strip_behalf(name.strip())) for name in (*names, *groups)
    )


def _split_cell(cell: str, joins_names: bool) -> list[str]:
    if joins_names and not re.search(r"[;|\n]", cell):
        return _split_joined_names(cell)
    if "\n" in cell and ";" not in cell:
        return [line.strip(" ,") for line in cell.split("\n") if line.strip(" ,")]
    braced = re.findall(r"\{([^{}]+)\}", cell)
    if braced and not re.sub(r"\{[^{}]+\}|\band\b|[\s,;]", "", cell):
        return braced
    return list(split_names(cell))


def _split_joined_names(cell: str) -> list[str]:
    """'Anne SmithCarl McDonald' -> two names; a capital after a known prefix parts nothing."""
    names, start = [], 0
    for match in _JOINED_NAMES.finditer(cell):
        word = re.split(r"[\s\-'\u2019.]", cell[: match.start()].rstrip("."))[-1]
        if word.casefold() in _NAME_PREFIXES:
            continue
        names.append(cell[start : match.start()])
        start = match.start()
    return [name for part in (*names, cell[start:]) for name in split_names(part)]


def _strip_behalf(name: str) -> str:
    """'on behalf of the Reader Group' -> 'Reader Group'."""
    return _BEHALF.sub("", name)


def _read_numbered_columns(pairs: list[tuple[str, str, str]]) -> list[str]:
    """Names of 'Author 1', 'Author 2 last name' with 'Author 2 first name', in number order."""
    parts: dict[int, dict[str, str]] = {}
    for _, key, cell in pairs:
        match = columns.NUMBERED_AUTHOR.fullmatch(key)
        if match is None or not cell.strip():
            continue
        part = {"last": "family", "sur": "family", "family": "family", None: "name"}.get(
            match["part"], "given"
        )
        parts.setdefault(int(match["number"]), {}).setdefault(part, cell.strip())
    names = []
    for _, author in sorted(parts.items()):
        pieces = [author[part] for part in ("family", "given") if part in author]
        names.append(author.get("name") or ", ".join(pieces))
    return names
