"""Finds fields that most records of a file lack, and columns that may contain them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from review.formats.author_lists import PRINTED_AUTHORS
from review.formats.fields import find_year
from review.models import Record
from review.text.placeholders import is_placeholder

CheckedField = Literal["title", "authors", "year", "abstract", "journal", "doi"]

CHECKED_FIELDS: tuple[CheckedField, ...] = (
    "title",
    "authors",
    "year",
    "abstract",
    "journal",
    "doi",
)
REQUIRED_FIELDS: tuple[CheckedField, ...] = ("title", "authors", "year", "abstract")
"""Fields whose absence is always reported; the others only if a column suggests them."""

EXAMPLE_COUNT = 3
"""Rows shown of what was read."""

_TELLING_NAMES: tuple[tuple[CheckedField, re.Pattern[str]], ...] = (
    ("authors", re.compile(r"author|writer|creator|investigator|researcher|names?$", re.I)),
    ("abstract", re.compile(r"abstract|summary|synopsis|resum", re.I)),
    ("year", re.compile(r"year|date|published|publ\.? ?in", re.I)),
    ("journal", re.compile(r"journal|periodical|magazine|venue|source|publication", re.I)),
    ("doi", re.compile(r"\bdois?\b|digital object", re.I)),
    ("title", re.compile(r"title|headline", re.I)),
)
_OTHER_THINGS = re.compile(
    r"\bids?\b|count|number|affiliation|address|email|e-mail|orcid|cited|import|export|access|"
    r"update|download|added|keyword|type|status|stage|link|url|sponsor",
    re.I,
)
"""Words that say a column holds something else: 'Author(s) ID', 'Date added', 'Source type'."""


@dataclass(frozen=True, slots=True)
class UnusedColumn:
    """A column or tag that filled no field although its name suggests one."""

    name: str
    field: CheckedField
    """The field it may hold."""
    count: int
    """Records in which it is filled."""
    example: str


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """What the records of one import lack."""

    record_count: int
    lacking: tuple[tuple[CheckedField, int], ...]
    """Fields that over half of the records lack, with how many lack them."""
    unused: tuple[UnusedColumn, ...]
    examples: tuple[Record, ...]
    """The first records, for a person to look at."""

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to say."""
        return not self.lacking and not self.unused


def check_fields(records: Sequence[Record]) -> FieldCheck:
    """The fields that over half of the records lack, and the columns that may hold them."""
    lacking: dict[CheckedField, int] = {
        name: count
        for name in CHECKED_FIELDS
        if (count := sum(not getattr(record, name) for record in records)) * 2 > len(records)
    }
    unused = _find_unused_columns(records, set(lacking))
    suggested = {column.field for column in unused}
    return FieldCheck(
        len(records),
        tuple(
            (name, count)
            for name, count in lacking.items()
            if name in REQUIRED_FIELDS or name in suggested
        ),
        tuple(unused),
        tuple(records[:EXAMPLE_COUNT]),
    )


def format_check(check: FieldCheck, *, takes_mapping: bool = True) -> list[str]:
    """The check as lines for a person; none where all is well.

    Args:
        takes_mapping: the file is a table, so that its columns can be mapped.
    """
    if check.is_fine:
        return []
    lines = [
        f"{count:,} of {check.record_count:,} records have no {_name_field(name)}."
        for name, count in check.lacking
    ]
    for column in check.unused:
        lines.append(
            f"Column {column.name!r} was not used (filled in {column.count:,} records, for example "
            f"{column.example!r})."
        )
    lines.append("First records as read:")
    lines.extend(f"  {_describe(record)}" for record in check.examples)
    if takes_mapping and check.lacking:
        column_name = check.unused[0].name if check.unused else "COLUMN"
        field = check.unused[0].field if check.unused else check.lacking[0][0]
        lines.append(
            "If a column contains the missing values, map it: review import FILE --map "
            f'"{column_name}={field}" (repeatable).'
        )
    return lines


def _name_field(name: str) -> str:
    return {"doi": "DOI"}.get(name, name)


def _describe(record: Record) -> str:
    authors = "; ".join(record.authors[:3]) or "no authors"
    abstract = "abstract" if record.abstract else "no abstract"
    return (
        f"{authors} | {record.year or 'no year'} | {(record.title or 'no title')[:80]} | "
        f"{record.journal or 'no journal'} | {abstract}"
    )


def _find_unused_columns(
    records: Sequence[Record], lacking: set[CheckedField]
) -> list[UnusedColumn]:
    """Columns that suggest a lacking field and are filled where it is lacking."""
    counts: Counter[tuple[str, CheckedField]] = Counter()
    examples: dict[str, str] = {}
    for record in records:
        for name, values in record.extra.items():
            field = None if name == PRINTED_AUTHORS else _guess_field(name)
            if field not in lacking or getattr(record, field) or is_placeholder(values[0]):
                continue
            if field == "year" and find_year(values[0]) is None:
                continue
            counts[name, field] += 1
            examples.setdefault(name, " ".join(values[0].split())[:60])
    return [
        UnusedColumn(name, field, count, examples[name])
        for (name, field), count in counts.most_common()
        if count * 2 > len(records)
    ]


def _guess_field(name: str) -> CheckedField | None:
    """The field a column's name suggests."""
    if len(name) < 3 or _OTHER_THINGS.search(name):
        return None
    return next((field for field, pattern in _TELLING_NAMES if pattern.search(name)), None)
