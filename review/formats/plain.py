"""What a field of an export can store exactly, and the FUNNEL note for the rest.

Exports give records back without loss: fields go to the format's own places, and whatever those
cannot hold exactly goes into one FUNNEL note per record, a JSON object that the import reads.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from review.models import Record, record_to_dict

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_CONTROL_BUT_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def is_exact_line(text: str) -> bool:
    """Whether a text survives as one line: no control characters, single spaces, none around."""
    return bool(text) and text == " ".join(text.split()) and not _CONTROL.search(text)


def is_exact_cell(text: str) -> bool:
    """Whether a text survives as a cell: as one_line, but line breaks and tabs are allowed."""
    return bool(text) and text == text.strip() and not _CONTROL_BUT_LINES.search(text)


def clean_line(text: str) -> str:
    """The text as one line for people, without what a line cannot hold."""
    return " ".join(_CONTROL.sub(" ", text).split())


def clean_cell(text: str) -> str:
    """The text as a cell for people, without characters a file cannot hold."""
    return _CONTROL_BUT_LINES.sub(" ", text).strip()


def collect_inexact_fields(record: Record, exact: Iterable[str]) -> dict[str, Any]:
    """The fields of the record that are not among the `exact` ones; silent fields left out."""
    exact_names = set(exact)
    return {
        name: value for name, value in record_to_dict(record).items() if name not in exact_names
    }


def format_note(data: Mapping[str, Any]) -> str:
    """The JSON of a note: one line of ASCII, so that every program hands it on unchanged."""
    return json.dumps(data, ensure_ascii=True, separators=(",", ":"), default=list)


def format_status(status: Mapping[str, str]) -> str:
    """What the review says of a record, in one line: 'key R000001; title_abstract include'."""
    return "; ".join(
        f"{clean_line(name)} {clean_line(value)}" for name, value in status.items() if value
    )
