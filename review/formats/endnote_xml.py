"""EndNote XML (EndNote, Zotero, Mendeley, Covidence) to records, read by lxml as a stream."""

import io
import re
from typing import Any

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    date_of,
    decoded,
    doi_in,
    each,
    extra_of,
    pmid_in,
    take,
    take_all,
    unique,
    year_of,
)
from review.models import (
    Parsed,
    Record,
    Rejected,
    normal_arxiv,
    normal_doi,
    normal_pmcid,
    normal_pmid,
)

_START = re.compile(rb"<record(?=[\s>])")
_NESTED = ("contributors", "titles", "periodical", "dates", "urls")
_LEAVES = ("author", "date", "url")
"""Elements that are a value each; whatever else stands inside a value (style, i) is markup."""

_HIDDEN = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.S)


def parse(data: bytes, source: str | None = None) -> Parsed:
    """Records of an EndNote XML file; what follows a break in the XML is rejected as one piece.

    Entities are never expanded and nothing is fetched: a file that declares them is refused whole.
    """
    from lxml import etree

    announced = len(_START.findall(_HIDDEN.sub(b"", data)))
    if b"<!ENTITY" in data:
        reason = "the XML declares entities, which no export needs; it is refused for safety"
        return Parsed((), (Rejected(1, reason, decoded(data[:2000])),), announced)
    records: list[Record] = []
    rejected: list[Rejected] = []
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
            fields = _fields(element)
            if fields.keys() <= {"rec-number", "ref-type"}:
                raw = etree.tostring(element, encoding="unicode")
                rejected.append(Rejected(number, "an empty entry", raw))
            else:
                records.append(record_of(fields))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        rejected.extend(_rest(data, len(records) + len(rejected), str(error)))
    named = source or detect_database.of_file((r.source or None for r in records), "endnote")
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records), tuple(rejected), announced
    )


def _rest(data: bytes, done: int, why: str) -> list[Rejected]:
    """The entries after a break in the XML, each as it stands in the file."""
    starts = [found.start() for found in _START.finditer(data)]
    ends = [*starts[1:], len(data)] if starts else []
    reason = f"the XML breaks here ({why}): the file is cut short or damaged"
    return [
        Rejected(number, reason, decoded(data[a:b]).strip())
        for number, (a, b) in enumerate(zip(starts, ends, strict=True), 1)
        if number > done
    ]


def _text(element: Any) -> str:
    return "".join(element.itertext()).replace("\r", "\n").strip()


def _fields(record: Any) -> Fields:
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
                    _add(fields, tag, _text(leaf))
        elif child.tag == "keywords":
            for inner in child:
                _add(fields, "keyword", _text(inner))
        elif child.tag == "ref-type":
            _add(fields, "ref-type", child.get("name") or _text(child))
        elif child.tag == "foreign-keys":
            for inner in child:
                _add(fields, "foreign-key", f"{inner.get('db-id') or inner.get('app') or ''}:"
                     f"{_text(inner)}")  # fmt: skip
        else:
            _add(fields, child.tag, _text(child))
    return fields


def _add(fields: Fields, tag: str, text: str) -> None:
    if text:
        fields.setdefault(tag, []).append(text)


def record_of(fields: Fields) -> Record:
    """The record of one EndNote entry; its source is '' where the entry does not tell."""
    database = [
        *fields.get("remote-database-name", ()),
        *fields.get("remote-database-provider", ()),
    ]
    urls = unique(
        u
        for tag in ("related-urls", "web-urls", "url", "text-urls", "pdf-urls")
        for value in take_all(fields, tag)
        for u in re.split(r"\s+(?=http)", value)
    )
    source = detect_database.by_name(*database) or detect_database.by_url(urls) or ""
    accession = take(fields, "accession-num") or ""
    number = " ".join(take_all(fields, "electronic-resource-num"))
    doi = normal_doi(number)
    if number and doi is None and not normal_arxiv(number):
        fields["electronic-resource-num"] = [number]
    custom = [*fields.get("custom2", ()), *fields.get("custom1", ())]
    year = year_of(*fields.get("year", ()), *fields.get("date", ()))
    date = date_of(year, *fields.get("date", ()), *fields.get("year", ()))
    if year is not None and " ".join(fields.get("year", ())).strip() == str(year):
        fields.pop("year")
    arxiv = [t for t in (number, *urls) if "arxiv" in t.lower()]
    long_number = len(" ".join(fields.get("number", ()))) > 20  # Embase puts an address there
    medline = source in ("pubmed", "medline") or "NLM" in database
    return Record(
        source=source,
        source_id=accession or " ".join(fields.get("rec-number", ())) or None,
        title=take(fields, "title"),
        authors=each(a.rstrip(",") for a in take_all(fields, "authors")),
        year=year,
        date=date,
        journal=take(fields, "secondary-title", "full-title", "alt-title", "abbr-1"),
        volume=take(fields, "volume"),
        issue=take(fields, "number", "issue") if not long_number else take(fields, "issue"),
        pages=take(fields, "pages"),
        abstract=take(fields, "abstract"),
        doi=doi or doi_in(urls),
        pmid=(normal_pmid(accession) if medline else None) or pmid_in(urls),
        pmcid=next((p for v in custom if (p := normal_pmcid(v))), None),
        arxiv_id=next((a for t in arxiv if (a := normal_arxiv(t))), None),
        language=take(fields, "language"),
        types=unique([*take_all(fields, "work-type"), *take_all(fields, "ref-type")]),
        keywords=unique(take_all(fields, "keyword")),
        affiliations=unique(
            line for v in take_all(fields, "auth-address") for line in v.split("\n")
        ),
        urls=urls,
        extra=extra_of(fields),
    )
