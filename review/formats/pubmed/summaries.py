"""Parses ESummary responses: version 1 (XML), version 2 (XML and JSON)."""

from collections.abc import Iterable, Mapping
from typing import Any

from review.formats.fields import find_date, find_year, unique_values
from review.identifiers import normalize_doi, normalize_pmcid, normalize_pmid
from review.models import Record
from review.text.markup import strip_tags, to_one_line

Extra = dict[str, tuple[str, ...]]
_LISTS = frozenset(
    {
        "authors",
        "lang",
        "pubtype",
        "articleids",
        "history",
        "references",
        "attributes",
        "srccontriblist",
        "doccontriblist",
    }
)
"""Items of version 2 that hold several."""


def build_summary_v1(entry: Mapping[str, Any]) -> Record:
    """The record of an entry of version 1. Raises ValueError where it is not PubMed's."""
    _raise_entry_error(entry.get("Id"), entry.get("error"))
    ids = entry.get("ArticleIds")
    pmid = normalize_pmid(str(entry.get("Id", "")))
    if pmid is None or not isinstance(ids, Mapping):
        raise ValueError("not a PubMed summary")
    date_text = to_one_line(entry.get("PubDate"))
    year = find_year(date_text)
    mapped_keys = {
        "Id",
        "PubDate",
        "Title",
        "AuthorList",
        "FullJournalName",
        "Source",
        "Volume",
        "Issue",
        "Pages",
        "LangList",
        "PubTypeList",
        "DOI",
    }
    return Record(
        source="pubmed",
        source_id=pmid,
        title=_clean_title(entry.get("Title")),
        authors=tuple(n for author in entry.get("AuthorList", ()) if (n := strip_tags(author))),
        year=year,
        date=find_date(year, date_text),
        journal=strip_tags(entry.get("FullJournalName")) or strip_tags(entry.get("Source")),
        volume=to_one_line(entry.get("Volume")),
        issue=to_one_line(entry.get("Issue")),
        pages=to_one_line(entry.get("Pages")),
        doi=normalize_doi(entry.get("DOI") or str(ids.get("doi", ""))),
        pmid=pmid,
        pmcid=normalize_pmcid(str(ids.get("pmc", ""))),
        language=", ".join(entry.get("LangList", ())) or None,
        types=unique_values(entry.get("PubTypeList", ())),
        extra=_collect_rest(entry, mapped_keys),
    )


def build_summary_v2(entry: Mapping[str, Any]) -> Record:
    """The record of an entry of version 2, its items in small letters as JSON has them.

    Raises:
        ValueError: an error in place of the entry, or it is not PubMed's.
    """
    _raise_entry_error(entry.get("uid"), entry.get("error"))
    pmid = normalize_pmid(str(entry.get("uid", "")))
    article_ids = entry.get("articleids")
    if pmid is None or not isinstance(article_ids, list):
        raise ValueError("not a PubMed summary")
    ids = {
        str(article_id.get("idtype")): str(article_id.get("value") or "")
        for article_id in article_ids
    }
    date_text = to_one_line(entry.get("pubdate"))
    electronic = to_one_line(entry.get("epubdate"))
    year = find_year(date_text, electronic)
    location_id = str(entry.get("elocationid") or "")
    mapped_keys = {
        "uid",
        "pubdate",
        "title",
        "authors",
        "fulljournalname",
        "volume",
        "issue",
        "pages",
        "lang",
        "pubtype",
        "articleids",
    }
    extra = _collect_rest(
        {k: v for k, v in entry.items() if k not in ("history", "articleids")}, mapped_keys
    )
    for day in entry.get("history") or ():
        extra[f"history.{day.get('pubstatus')}"] = _flatten_value(day.get("date"))
    for kind, value in ids.items():
        if kind not in ("pubmed", "doi", "pmc") and to_one_line(value):
            extra[f"id.{kind}"] = (value,)
    return Record(
        source="pubmed",
        source_id=pmid,
        title=_clean_title(entry.get("title")) or _clean_title(entry.get("booktitle")),
        authors=tuple(
            n for author in entry.get("authors") or () if (n := strip_tags(author["name"]))
        ),
        year=year,
        date=find_date(year, date_text, None if find_year(date_text) else electronic),
        journal=strip_tags(entry.get("fulljournalname")) or strip_tags(entry.get("source")),
        volume=to_one_line(entry.get("volume")),
        issue=to_one_line(entry.get("issue")),
        pages=to_one_line(entry.get("pages")),
        doi=normalize_doi(
            ids.get("doi") or (location_id if "doi" in location_id.lower() else None)
        ),
        pmid=pmid,
        pmcid=normalize_pmcid(ids.get("pmc")),
        language=", ".join(entry.get("lang") or ()) or None,
        types=unique_values(entry.get("pubtype") or ()),
        extra={key: values for key, values in extra.items() if values},
    )


def _clean_title(markup: Any) -> str | None:
    """A title without marks; summaries send <i> as &lt;i&gt;."""
    return strip_tags(strip_tags(markup))


def read_json_entries(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The entries of a JSON answer, in its order."""
    result = answer["result"]
    return [result.get(uid) or {"uid": uid, "error": "no summary given"} for uid in result["uids"]]


def read_xml_entries(root: Any) -> list[Mapping[str, Any]]:
    """The entries of an answer of version 2, as JSON has them."""
    return [
        {**_read_items(node), "uid": node.get("uid")}
        for node in root.iterfind(".//DocumentSummary")
    ]


def _read_items(node: Any) -> dict[str, Any]:
    return {str(child.tag).lower(): _read_value(child) for child in node}


def _read_value(node: Any) -> Any:
    if str(node.tag).lower() in _LISTS:
        return [_read_items(child) if len(child) else child.text or "" for child in node]
    return _read_items(node) if len(node) else node.text or ""


def _raise_entry_error(ident: Any, error: Any) -> None:
    if error:
        raise ValueError(f"PMID {ident}: {to_one_line(str(error))}")


def _collect_rest(entry: Mapping[str, Any], mapped_keys: Iterable[str]) -> Extra:
    """What has no field of its own, by the answer's own names."""
    rest = {
        key: _flatten_value(value) for key, value in entry.items() if key not in set(mapped_keys)
    }
    return {key: values for key, values in rest.items() if values}


def _flatten_value(value: Any) -> tuple[str, ...]:
    """The values of an item, nested lists and maps in one line each."""
    if isinstance(value, Mapping):
        return tuple(
            f"{key}: {inner}" for key, part in value.items() for inner in _flatten_value(part)
        )
    if isinstance(value, list | tuple):
        return tuple(inner for part in value for inner in _flatten_value(part))
    text = to_one_line(str(int(value)) if isinstance(value, int) else str(value or ""))
    return (text,) if text else ()
