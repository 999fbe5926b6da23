"""Reads EndNote XML (EndNote, Zotero, Mendeley, Covidence) as a stream, with lxml."""

import io
import re
from typing import Any

from review.errors import SourceError
from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean_values,
    collect_extra,
    find_date,
    find_doi_in_urls,
    find_pmid_in_urls,
    find_year,
    pop_text,
    pop_values,
    unique_values,
)
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, UnreadableEntry
from review.text.encodings import decode_utf8

_START = re.compile(rb"<record(?=[\s>])")
_NESTED = ("contributors", "titles", "periodical", "dates", "urls")
_LEAVES = ("author", "date", "url")
"""Elements that are a value each; any other element inside a value (style, i) is markup."""

_NUMBERS = {"rec-number", "ref-type"}
_TELLING = {
    *("title", "secondary-title", "full-title", "authors", "author", "abstract", "year", "date"),
    *("electronic-resource-num", "accession-num", "related-urls", "web-urls", "url", "keyword"),
    *("alt-title", "short-title", "translated-title", "secondary-authors", "notes", "isbn"),
}
"""Elements of which an EndNote record has at least one."""
_COMMENT_OR_CDATA = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.S)


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of an EndNote XML file; what follows a break in the XML is rejected as one piece.

    Entities are never expanded and nothing is fetched: a file that declares them is refused whole.
    """
    from lxml import etree

    announced = len(_START.findall(_COMMENT_OR_CDATA.sub(b"", data)))
    if b"<!ENTITY" in data:
        reason = "the XML declares entities, which exports do not use; for safety it was not read"
        return ParseResult((), (UnreadableEntry(1, reason, decode_utf8(data[:2000])),), announced)
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    steps = etree.iterparse(
        io.BytesIO(data),
        tag="record",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for _, element in steps:
            number = len(records) + len(rejected) + 1
            fields = _read_fields(element)
            if not fields.keys() & _TELLING:
                raw = etree.tostring(element, encoding="unicode")
                reason = (
                    "an empty entry"
                    if fields.keys() <= _NUMBERS
                    else "it contains no EndNote field"
                )
                rejected.append(UnreadableEntry(number, reason, raw))
            else:
                records.append(build_record(fields))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        rejected.extend(_reject_rest(data, len(records) + len(rejected), str(error)))
    if not records and {entry.reason for entry in rejected} == {"it contains no EndNote field"}:
        raise SourceError(
            "XML with <record> elements, but none has a title, author or other EndNote field. "
            "Export EndNote XML, RIS or PubMed XML."
        )
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "endnote"
    )
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        announced,
    )


def _reject_rest(data: bytes, read_count: int, detail: str) -> list[UnreadableEntry]:
    """The entries after a break in the XML, each as written in the file."""
    starts = [match.start() for match in _START.finditer(data)]
    ends = [*starts[1:], len(data)] if starts else []
    reason = f"the XML is invalid here ({detail}): the file is truncated or damaged"
    return [
        UnreadableEntry(number, reason, decode_utf8(data[a:b]).strip())
        for number, (a, b) in enumerate(zip(starts, ends, strict=True), 1)
        if number > read_count
    ]


def _get_text(element: Any) -> str:
    return "".join(element.itertext()).replace("\r", "\n").strip()


def _read_fields(record: Any) -> Fields:
    """One entry by its elements' names; lists (authors, keywords, urls) one value an item."""
    fields: Fields = {}
    for child in record:
        if not isinstance(child.tag, str):
            continue
        if child.tag in _NESTED:
            for inner in child:
                leaves = [leaf for leaf in inner if leaf.tag in _LEAVES] or [inner]
                tag = "date" if inner.tag == "pub-dates" else str(inner.tag)
                for leaf in leaves:
                    _add_value(fields, tag, _get_text(leaf))
        elif child.tag == "keywords":
            for inner in child:
                _add_value(fields, "keyword", _get_text(inner))
        elif child.tag == "ref-type":
            _add_value(fields, "ref-type", child.get("name") or _get_text(child))
        elif child.tag == "foreign-keys":
            for inner in child:
                _add_value(
                    fields,
                    "foreign-key",
                    f"{inner.get('db-id') or inner.get('app') or ''}:{_get_text(inner)}",
                )
        else:
            _add_value(fields, child.tag, _get_text(child))
    return fields


def _add_value(fields: Fields, tag: str, text: str) -> None:
    if text:
        fields.setdefault(tag, []).append(text)


def build_record(fields: Fields) -> Record:
    """The record of one EndNote entry; its source is '' where the entry does not say."""
    database = [
        *fields.get("remote-database-name", ()),
        *fields.get("remote-database-provider", ()),
    ]
    urls = unique_values(
        u
        for tag in ("related-urls", "web-urls", "url", "text-urls", "pdf-urls")
        for value in pop_values(fields, tag)
        for u in re.split(r"\s+(?=http)", value)
    )
    source = detect_database.find_by_name(*database) or detect_database.find_by_url(urls) or ""
    accession = pop_text(fields, "accession-num") or ""
    number = " ".join(pop_values(fields, "electronic-resource-num"))
    doi = normalize_doi(number)
    if number and doi is None and not normalize_arxiv(number):
        fields["electronic-resource-num"] = [number]
    custom = [*fields.get("custom2", ()), *fields.get("custom1", ())]
    year = find_year(*fields.get("year", ()), *fields.get("date", ()))
    date = find_date(year, *fields.get("date", ()), *fields.get("year", ()))
    if year is not None and " ".join(fields.get("year", ())).strip() == str(year):
        fields.pop("year")
    arxiv = [t for t in (number, *urls) if "arxiv" in t.lower()]
    long_number = len(" ".join(fields.get("number", ()))) > 20  # Embase puts an address there
    medline = source in ("pubmed", "medline") or "NLM" in database
    return Record(
        source=source,
        source_id=accession or " ".join(fields.get("rec-number", ())) or None,
        title=pop_text(fields, "title"),
        authors=clean_values(a.rstrip(",") for a in pop_values(fields, "authors")),
        year=year,
        date=date,
        journal=pop_text(fields, "secondary-title", "full-title", "alt-title", "abbr-1"),
        volume=pop_text(fields, "volume"),
        issue=pop_text(fields, "number", "issue") if not long_number else pop_text(fields, "issue"),
        pages=pop_text(fields, "pages"),
        abstract=pop_text(fields, "abstract"),
        doi=doi or find_doi_in_urls(urls),
        pmid=(normalize_pmid(accession) if medline else None) or find_pmid_in_urls(urls),
        pmcid=next((p for v in custom if (p := normalize_pmcid(v))), None),
        arxiv_id=next((a for t in arxiv if (a := normalize_arxiv(t))), None),
        language=pop_text(fields, "language"),
        types=unique_values([*pop_values(fields, "work-type"), *pop_values(fields, "ref-type")]),
        keywords=unique_values(pop_values(fields, "keyword")),
        affiliations=unique_values(
            line for v in pop_values(fields, "auth-address") for line in v.split("\n")
        ),
        urls=urls,
        extra=collect_extra(fields),
    )
