"""JSON to records: what our own JSON export wrote, and EPPI-Reviewer's and CSL reference lists."""

import json
from collections.abc import Mapping
from typing import Any

from review.errors import SourceError
from review.formats import funnel_note
from review.formats.tabular import rows
from review.formats.tabular.columns import key
from review.models import Parsed, Record, Rejected, from_dict

_CSL = {
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


def parse(data: bytes, source: str | None = None) -> Parsed:
    """Records of a JSON file: a list of records, one record a line, or EPPI's 'References' list.

    Raises:
        SourceError: the file is not JSON, or holds no list of references.
    """
    text = data.decode("utf-8", "review-windows")
    items = _items(text)
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, item in enumerate(items, 1):
        found = _record(item) if isinstance(item, Mapping) else "not an object"
        if isinstance(found, str):
            raw = json.dumps(item, ensure_ascii=False)
            rejected.append(Rejected(number, found, raw))
        else:
            records.append(funnel_note.named(found, source, "json"))
    return Parsed(tuple(records), tuple(rejected), len(items))


def _items(text: str) -> list[Any]:
    try:
        whole = json.loads(text)
    except ValueError as error:
        lines = [line for line in text.split("\n") if line.strip()]
        try:
            return [json.loads(line) for line in lines]
        except ValueError:
            raise SourceError(f"not readable JSON: {error}. Is the file cut short?") from error
    if isinstance(whole, list):
        return whole
    for name in ("References", "records", "items"):
        if isinstance(whole.get(name), list):
            return list(whole[name])
    return [whole]


def _record(item: Mapping[str, Any]) -> Record | str:
    """The record of one JSON object, or why there is none."""
    data = {k: v for k, v in item.items() if k not in ("key", "status")}
    if isinstance(data.get("source"), str):
        try:
            return from_dict(data)
        except (TypeError, AttributeError, ValueError):
            pass  # another program's JSON: read by its names below
    pairs = []
    for name, value in item.items():
        shown = _text(value)
        if shown:
            column = _CSL.get(name, name)
            pairs.append((column, key(column), shown))
    if not any(k in ("title", "doi", "pmid") for _, k, _ in pairs):
        return "no title, DOI or PMID in it"
    return rows.record_of(pairs)


def _text(value: Any) -> str:
    """A JSON value as a cell: names and dates of CSL, lists joined by ';'."""
    if isinstance(value, list):
        return "; ".join(filter(None, (_text(v) for v in value)))
    if isinstance(value, Mapping):
        if "family" in value:
            return ", ".join(str(value[n]) for n in ("family", "given") if value.get(n))
        if "date-parts" in value:
            return "-".join(str(part) for part in (value["date-parts"] or [[]])[0])
        return str(value.get("literal") or json.dumps(value, ensure_ascii=False))
    return "" if value is None else str(value)
