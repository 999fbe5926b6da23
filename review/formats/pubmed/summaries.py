"""eSummary answers to records: version 1 (XML), version 2 (XML), and JSON, which is version 2."""

from collections.abc import Iterable, Mapping
from typing import Any

from review.formats.fields import date_of, unique, year_of
from review.models import Record, normal_doi, normal_pmcid, normal_pmid
from review.text.markup import one_line, plain_text

Extra = dict[str, tuple[str, ...]]
_LISTS = frozenset({
    "authors", "lang", "pubtype", "articleids", "history", "references", "attributes",
    "srccontriblist", "doccontriblist",
})  # fmt: skip
"""Items of version 2 that hold several."""


def summary(given: Mapping[str, Any]) -> Record:
    """The record of an entry of version 1. Raises ValueError where it is not PubMed's."""
    _refuse(given.get("Id"), given.get("error"))
    ids = given.get("ArticleIds")
    pmid = normal_pmid(str(given.get("Id", "")))
    if pmid is None or not isinstance(ids, Mapping):
        raise ValueError("not a PubMed summary")
    said = one_line(given.get("PubDate"))
    year = year_of(said)
    taken = {"Id", "PubDate", "Title", "AuthorList", "FullJournalName", "Source", "Volume",
             "Issue", "Pages", "LangList", "PubTypeList", "DOI"}  # fmt: skip
    return Record(
        source="pubmed",
        source_id=pmid,
        title=_shown(given.get("Title")),
        authors=tuple(n for one in given.get("AuthorList", ()) if (n := plain_text(one))),
        year=year,
        date=date_of(year, said),
        journal=plain_text(given.get("FullJournalName")) or plain_text(given.get("Source")),
        volume=one_line(given.get("Volume")),
        issue=one_line(given.get("Issue")),
        pages=one_line(given.get("Pages")),
        doi=normal_doi(given.get("DOI") or str(ids.get("doi", ""))),
        pmid=pmid,
        pmcid=normal_pmcid(str(ids.get("pmc", ""))),
        language=", ".join(given.get("LangList", ())) or None,
        types=unique(given.get("PubTypeList", ())),
        extra=_rest(given, taken),
    )


def summary2(given: Mapping[str, Any]) -> Record:
    """The record of an entry of version 2, its items in small letters as JSON has them.

    Raises:
        ValueError: an error in place of the entry, or it is not PubMed's.
    """
    _refuse(given.get("uid"), given.get("error"))
    pmid = normal_pmid(str(given.get("uid", "")))
    listed = given.get("articleids")
    if pmid is None or not isinstance(listed, list):
        raise ValueError("not a PubMed summary")
    ids = {str(one.get("idtype")): str(one.get("value") or "") for one in listed}
    said = one_line(given.get("pubdate"))
    electronic = one_line(given.get("epubdate"))
    year = year_of(said, electronic)
    place = str(given.get("elocationid") or "")
    taken = {"uid", "pubdate", "title", "authors", "fulljournalname", "volume", "issue", "pages",
             "lang", "pubtype", "articleids"}  # fmt: skip
    extra = _rest({k: v for k, v in given.items() if k not in ("history", "articleids")}, taken)
    for day in given.get("history") or ():
        extra[f"history.{day.get('pubstatus')}"] = _flat(day.get("date"))
    for kind, value in ids.items():
        if kind not in ("pubmed", "doi", "pmc") and one_line(value):
            extra[f"id.{kind}"] = (value,)
    return Record(
        source="pubmed",
        source_id=pmid,
        title=_shown(given.get("title")) or _shown(given.get("booktitle")),
        authors=tuple(n for one in given.get("authors") or () if (n := plain_text(one["name"]))),
        year=year,
        date=date_of(year, said, None if year_of(said) else electronic),
        journal=plain_text(given.get("fulljournalname")) or plain_text(given.get("source")),
        volume=one_line(given.get("volume")),
        issue=one_line(given.get("issue")),
        pages=one_line(given.get("pages")),
        doi=normal_doi(ids.get("doi") or (place if "doi" in place.lower() else None)),
        pmid=pmid,
        pmcid=normal_pmcid(ids.get("pmc")),
        language=", ".join(given.get("lang") or ()) or None,
        types=unique(given.get("pubtype") or ()),
        extra={key: values for key, values in extra.items() if values},
    )


def _shown(marked: Any) -> str | None:
    """A title without marks; summaries send <i> as &lt;i&gt;."""
    return plain_text(plain_text(marked))


def of_json(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The entries of a JSON answer, in its order."""
    result = read["result"]
    return [result.get(uid) or {"uid": uid, "error": "no summary given"} for uid in result["uids"]]


def of_xml(root: Any) -> list[Mapping[str, Any]]:
    """The entries of an answer of version 2, as JSON has them."""
    return [
        {**_items(one), "uid": one.get("uid")} for one in root.iterfind(".//DocumentSummary")
    ]  # fmt: skip


def _items(node: Any) -> dict[str, Any]:
    return {str(child.tag).lower(): _value(child) for child in node}


def _value(node: Any) -> Any:
    if str(node.tag).lower() in _LISTS:
        return [_items(one) if len(one) else one.text or "" for one in node]
    return _items(node) if len(node) else node.text or ""


def _refuse(ident: Any, error: Any) -> None:
    if error:
        raise ValueError(f"PMID {ident}: {one_line(str(error))}")


def _rest(given: Mapping[str, Any], taken: Iterable[str]) -> Extra:
    """What has no field of its own, by the answer's own names."""
    rest = {key: _flat(value) for key, value in given.items() if key not in set(taken)}
    return {key: values for key, values in rest.items() if values}


def _flat(value: Any) -> tuple[str, ...]:
    """The values of an item, nested lists and maps in one line each."""
    if isinstance(value, Mapping):
        return tuple(f"{key}: {inner}" for key, part in value.items() for inner in _flat(part))
    if isinstance(value, list | tuple):
        return tuple(inner for part in value for inner in _flat(part))
    text = one_line(str(int(value)) if isinstance(value, int) else str(value or ""))
    return (text,) if text else ()
