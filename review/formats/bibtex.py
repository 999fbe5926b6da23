"""BibTeX files to records, cut by bibtexparser; entries it gives up are recovered here.

bibtexparser sets entries aside in silence (a repeated key or field, an '@' in a value), so the
entries are counted by their own lines and each one set aside is read again, line by line.
"""

import logging
import re
from collections.abc import Iterable, Iterator

from review.formats import detect_database, funnel_note, latex
from review.formats.fields import (
    Fields,
    clean,
    date_of,
    decoded,
    doi_in,
    each,
    extra_of,
    names,
    pmid_in,
    split_list,
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

# What bibtexparser warns of is counted and reported here; without this it would reach the screen.
logging.getLogger("bibtexparser").addHandler(logging.NullHandler())

CHUNK = 500
"""Entries handed to bibtexparser at once: a fault stays in its chunk, memory stays bounded."""

_START = re.compile(
    rb"^[ \t]*@(?!comment|string|preamble)([A-Za-z]\w*)\s*[{(]\s*([^\s,={}]*)[ \t]*(?:,|$)",
    re.M | re.I,
)
_STRING = re.compile(rb"^[ \t]*@string\s*[{(].*?[})][ \t]*$", re.M | re.I)
_FIELD = re.compile(r"^[ \t]*([A-Za-z][\w.:+-]*)[ \t]*=[ \t]*(?=[{\"\w])", re.M)
_TYPES = {
    "article": "Journal Article",
    "book": "Book",
    "conference": "Conference Paper",
    "inbook": "Book Section",
    "incollection": "Book Section",
    "inproceedings": "Conference Paper",
    "mastersthesis": "Thesis",
    "misc": "Generic",
    "phdthesis": "Thesis",
    "techreport": "Report",
    "unpublished": "Unpublished Work",
}


def parse(data: bytes, source: str | None = None) -> Parsed:
    """Records of a BibTeX file (UTF-8, \\n); an entry whose braces never close is rejected."""
    starts = [found.start() for found in _START.finditer(data)]
    strings = decoded(b"\n".join(_STRING.findall(data)))
    records: list[Record] = []
    rejected: list[Rejected] = []
    ends = [*starts[1:], len(data)]
    for first in range(0, len(starts), CHUNK):
        pieces = [
            decoded(data[a:b])
            for a, b in zip(starts[first : first + CHUNK], ends[first : first + CHUNK], strict=True)
        ]
        for number, (piece, fields) in enumerate(_entries(pieces, strings), first + 1):
            if isinstance(fields, str):
                rejected.append(Rejected(number, fields, piece.strip()))
            else:
                records.append(record_of(fields))
    named = source or detect_database.of_file((r.source or None for r in records), "bibtex")
    return Parsed(
        tuple(funnel_note.named(r, source, named) for r in records), tuple(rejected), len(starts)
    )


def _entries(pieces: list[str], strings: str) -> Iterator[tuple[str, Fields | str]]:
    """Each piece with its fields, or with the reason it has none."""
    found = _split(strings + "\n" + "\n".join(pieces))
    if len(found) != len(pieces) or None in found:
        found = [got[0] if len(got := _split(f"{strings}\n{p}")) == 1 else None for p in pieces]
    for piece, fields in zip(pieces, found, strict=True):
        yield piece, fields if fields is not None else _recovered(piece)


def _split(text: str) -> list[Fields | None]:
    """bibtexparser's entries in order; None for a block it could not read."""
    from bibtexparser.model import (
        DuplicateBlockKeyBlock,
        DuplicateFieldKeyBlock,
        Entry,
        ParsingFailedBlock,
    )
    from bibtexparser.splitter import Splitter

    library = Splitter(text).split()
    known = {key.lower(): s.value for key, s in library.strings_dict.items()}
    entries: list[Fields | None] = []
    for given in library.blocks:
        block: object = given
        if isinstance(given, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            block = given.ignore_error_block
        if isinstance(block, Entry):
            pairs = ((f.key, _value(str(f.value), known)) for f in block.fields)
            entries.append(_as_fields(block.entry_type, block.key, pairs))
        elif isinstance(block, ParsingFailedBlock):
            entries.append(None)
    return entries


def _value(raw: str, strings: dict[str, str]) -> str:
    """A field's value without its delimiters; names of @string resolved, '#' parts joined."""
    raw = raw.strip()
    if raw[:1] == "{" and raw.endswith("}"):
        return raw[1:-1]
    if re.fullmatch(r'"(?:[^"{}]|\{[^{}]*\})*"', raw):
        return raw[1:-1]
    if "#" in raw:
        parts = re.findall(r'"[^"]*"|\{[^{}]*\}|[^\s#"{}]+', raw)
        return "".join(_value(part, strings) for part in parts)
    if raw[:1] == '"' and raw.endswith('"') and len(raw) > 1:
        return raw[1:-1]
    found = strings.get(raw.lower())
    return _value(found, {}) if found is not None else raw


def _as_fields(kind: str, key: str, pairs: Iterable[tuple[str, str]]) -> Fields:
    fields: Fields = {"ENTRYTYPE": [kind.strip().lower()], "ID": [key.strip()]}
    for name, value in pairs:
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    return fields


def _recovered(piece: str) -> Fields | str:
    """The fields read line by line from 'name = {' to the next such line; else the reason."""
    head = _START.match(piece.encode())
    body = piece.rstrip()
    if not head or not body.endswith(("}", ")")):
        return "its braces never close: the file is cut short or the entry is damaged"
    starts = list(_FIELD.finditer(body))
    if not starts:
        return "no 'field = {value}' in it"
    pairs = []
    for this, following in zip(starts, [*starts[1:], None], strict=True):
        raw = body[this.end() : following.start() if following else len(body) - 1]
        pairs.append((this.group(1), _value(raw.strip().rstrip(",").strip(), {})))
    return _as_fields(decoded(head.group(1)), decoded(head.group(2)), pairs)


def record_of(fields: Fields) -> Record:
    """The record of one BibTeX entry; its source is '' where the entry does not tell."""
    kept = funnel_note.from_bibtex(fields)
    if kept is not None:
        return kept
    verbatim = ("doi", "url", "eprint", "file", "author", "editor", "howpublished")
    fields = {
        tag: list(values) if tag in verbatim else [latex.plain(v) for v in values]
        for tag, values in fields.items()
    }
    urls = unique(
        u.replace("\\_", "_").replace("\\&", "&").replace("\\%", "%").strip("{}")
        for u in take_all(fields, "url")
    )
    key, kind = fields["ID"][0], fields["ENTRYTYPE"][0]
    doi = _doi(fields, urls)
    year, date = _dates(fields)
    kinds = take_all(fields, "type", "document_type")
    return Record(
        source=_source(fields, key, urls),
        source_id=_source_id(fields, key, urls),
        title=take(fields, "title", "booktitle"),
        authors=_authors(fields),
        year=year,
        date=date,
        journal=take(fields, "journal", "journaltitle", "booktitle", "journal-full"),
        volume=take(fields, "volume"),
        issue=take(fields, "number", "issue"),
        pages=_pages(fields),
        abstract=take(fields, "abstract"),
        doi=doi,
        pmid=_pmid(fields, key, urls),
        pmcid=normal_pmcid(take(fields, "pmcid", "pmc")) or _pmcid(urls),
        arxiv_id=_arxiv(fields, doi, urls),
        language=take(fields, "language", "langid"),
        types=unique(kinds or [_TYPES.get(kind, kind)]),
        keywords=unique(
            item
            for tag in ("author_keywords", "keywords", "keyword", "keywords-plus")
            for value in fields.pop(tag, ())
            for item in split_list(value)
        ),
        affiliations=unique(
            part for v in take_all(fields, "affiliation", "affiliations") for part in v.split(";")
        ),
        urls=urls,
        extra=extra_of(fields),
    )


def _authors(fields: Fields) -> tuple[str, ...]:
    """Authors parted by ' and ' outside braces; 'others' is not an author."""
    people: list[str] = []
    for value in take_all(fields, "author"):
        hidden = re.sub(r"\{[^{}]*\}", lambda m: m.group().replace(" and ", "\ue002"), value)
        parts = re.split(r"\s+and\s+", hidden)
        shown = [latex.plain(part.replace("\ue002", " and ")) for part in parts]
        people.extend(names(shown[0]) if len(shown) == 1 and "{" not in value else shown)
    return each(a for a in people if a.strip().lower() not in ("others", "et al."))


def _pages(fields: Fields) -> str | None:
    pages = take(fields, "pages", "page")
    return re.sub(r"\s*(?:--+|–|—|\s-\s)\s*", "-", pages) if pages else None


def _dates(fields: Fields) -> tuple[int | None, str | None]:
    said = {tag: clean(" ".join(fields.get(tag, ()))) for tag in ("year", "date", "month", "day")}
    year = year_of(said["year"], said["date"])
    if year is None and re.fullmatch(r"\d{3,4}", said["year"] or ""):
        year = int(said["year"] or 0)
    month = said["month"]
    if month and re.fullmatch(r"\d{1,2}", month):
        date = date_of(year, said["date"], f"{year}-{month}-{said['day'] or ''}".rstrip("-"))
    else:
        date = date_of(year, said["date"], " ".join(filter(None, (month, said["day"]))) or None)
    if year is not None and said["year"] == str(year):
        fields.pop("year")
    if date and said["date"] == date:
        fields.pop("date")
    return year, date


def _doi(fields: Fields, urls: tuple[str, ...]) -> str | None:
    raw = " ".join(fields.pop("doi", ())).replace("\\", "").replace("{", "").replace("}", "")
    doi = normal_doi(raw)
    if raw.strip() and doi is None:
        fields["doi"] = [raw]
    return doi or doi_in(urls)


def _arxiv(fields: Fields, doi: str | None, urls: tuple[str, ...]) -> str | None:
    kind = " ".join(fields.get("archiveprefix", fields.get("eprinttype", ())))
    for text in fields.get("eprint", ()):
        if (kind.lower() == "arxiv" or not kind) and (found := normal_arxiv(text)):
            return found
    links = [u for u in urls if "arxiv.org/" in u.lower()]
    return next((a for text in (doi, *links) if (a := normal_arxiv(text))), None)


def _pmcid(urls: tuple[str, ...]) -> str | None:
    return next((p for u in urls if "/pmc" in u.lower() and (p := normal_pmcid(u))), None)


def _pmid(fields: Fields, key: str, urls: tuple[str, ...]) -> str | None:
    """A pmid field, a Europe PMC key ('PMID:18888888') or a PubMed link."""
    said = normal_pmid(take(fields, "pmid", "pubmedid", "pubmed_id"))
    from_key = normal_pmid(key) if key.upper().startswith("PMID") else None
    return said or from_key or pmid_in(urls)


def _source(fields: Fields, key: str, urls: tuple[str, ...]) -> str:
    said = [" ".join(fields.get(tag, ())) for tag in ("source", "database", "unique-id", "library")]
    prefix = key.split(":")[0].upper()
    if prefix in ("PMID", "PPR", "PMC"):
        return "europepmc"
    return (
        detect_database.by_name(*said, f"{prefix}:" if prefix == "WOS" else None)
        or detect_database.by_url(urls)
        or ""
    )


def _source_id(fields: Fields, key: str, urls: tuple[str, ...]) -> str | None:
    if found := re.search(r"eid=(2-s2\.0-\d+)", " ".join(urls)):
        return found.group(1)
    return take(fields, "unique-id", "eid", "accession_number") or key or None
