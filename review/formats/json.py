"""Reads JSON: our own export, and the reference lists of EPPI-Reviewer and CSL."""

import json
from collections.abc import Mapping
from typing import Any

from review.errors import SourceError
from review.formats import funnel_note
from review.formats.tabular import rows
from review.formats.tabular.columns import normalize_name
from review.models import ParseResult, Record, UnreadableEntry, record_from_dict
from review.text.json_objects import RepeatedNames, describe_repeated_names, format_json, load_json

_CSL_COLUMNS = {
    "container-title": "Journal",
    "issued": "Date",
    "page": "Pages",
    "DOI": "DOI",
    "PMID": "PMID",
    "PMCID": "PMCID",
    "URL": "URL",
    "type": "Type",
    "keyword": "Keywords",
    "abstract": "Abstract",
}


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a JSON file: a list of records, one record a line, or EPPI's 'References' list.

    Raises:
        SourceError: the file is not JSON, or holds no list of references.
    """
    text = data.decode("utf-8", "review-windows")
    items = _load_items(text)
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, item in enumerate(items, 1):
        record_or_reason: Record | str
        repeated = describe_repeated_names(item)
        if repeated:
            record_or_reason = f"it has {repeated}: two records may have run together"
        else:
            record_or_reason = _build_record(item) if isinstance(item, Mapping) else "not an object"
        if isinstance(record_or_reason, str):
            raw = format_json(item)
            rejected.append(UnreadableEntry(number, record_or_reason, raw))
        else:
            records.append(funnel_note.assign_source(record_or_reason, source, "json"))
    return ParseResult(tuple(records), tuple(rejected), len(items))


def _load_items(text: str) -> list[Any]:
    try:
        document = load_json(text)
    except RecursionError as error:
        raise SourceError("not readable JSON: lists within lists without end.") from error
    except ValueError as error:
        lines = [line for line in text.split("\n") if line.strip()]
        try:
            return [load_json(line) for line in lines]
        except (ValueError, RecursionError):
            raise SourceError(f"not readable JSON: {error}. Is the file cut short?") from error
    if isinstance(document, list):
        return document
    if not isinstance(document, Mapping):
        raise SourceError("JSON, but no list of references in it.")
    for name in ("References", "records", "items"):
        if isinstance(document.get(name), list):
            if isinstance(document, RepeatedNames) and name in document.values_by_name:
                raise SourceError(f"JSON with two lists named {name!r}. Join them into one.")
            return list(document[name])
    return [document]


def _build_record(item: Mapping[str, Any]) -> Record | str:
    """The record of one JSON object, or why there is none."""
    data = {k: v for k, v in item.items() if k not in ("key", "status")}
    if isinstance(data.get("source"), str):
        try:
            return record_from_dict(data)
        except (TypeError, AttributeError, ValueError):
            pass  # another program's JSON: read by its names below
    pairs = []
    for name, value in item.items():
        text = _value_to_text(value)
        if text:
            column = _CSL_COLUMNS.get(name, name)
            pairs.append((column, normalize_name(column), text))
    if not any(k in ("title", "doi", "pmid") for _, k, _ in pairs):
        return "it has no title, DOI or PMID"
    return rows.build_record(pairs)


def _value_to_text(value: Any) -> str:
    """A JSON value as a cell: names and dates of CSL, lists joined by ';'."""
    if isinstance(value, list):
        return "; ".join(filter(None, (_value_to_text(v) for v in value)))
    if isinstance(value, Mapping):
        if "family" in value:
            return ", ".join(str(value[n]) for n in ("family", "given") if value.get(n))
        if "date-parts" in value:
            return "-".join(str(part) for part in (value["date-parts"] or [[]])[0])
        return str(value.get("literal") or json.dumps(value, ensure_ascii=False))
    return "" if value is None else str(value)
