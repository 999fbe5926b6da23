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
    clean_values,
    collapse_spaces,
    collect_extra,
    decode_utf8,
    find_date,
    find_doi_in_urls,
    find_pmid_in_urls,
    find_year,
    pop_text,
    pop_values,
    split_list,
    split_names,
    unique_values,
)
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, UnreadableEntry

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


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a BibTeX file (UTF-8, \\n); an entry whose braces never close is rejected."""
    starts = [match.start() for match in _START.finditer(data)]
    strings = decode_utf8(b"\n".join(_STRING.findall(data)))
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    ends = [*starts[1:], len(data)]
    for first in range(0, len(starts), CHUNK):
        pieces = [
            decode_utf8(data[a:b])
            for a, b in zip(starts[first : first + CHUNK], ends[first : first + CHUNK], strict=True)
        ]
        for number, (piece, fields) in enumerate(_iter_entries(pieces, strings), first + 1):
            if isinstance(fields, str):
                rejected.append(UnreadableEntry(number, fields, piece.strip()))
            else:
                records.append(build_record(fields))
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "bibtex"
    )
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(starts),
    )


def _iter_entries(pieces: list[str], strings: str) -> Iterator[tuple[str, Fields | str]]:
    """Each piece with its fields, or with the reason it has none."""
    entries = _split_entries(strings + "\n" + "\n".join(pieces))
    if len(entries) != len(pieces) or None in entries:
        entries = [
            blocks[0] if len(blocks := _split_entries(f"{strings}\n{p}")) == 1 else None
            for p in pieces
        ]
    for piece, fields in zip(pieces, entries, strict=True):
        yield piece, fields if fields is not None else _recover_fields(piece)


def _split_entries(text: str) -> list[Fields | None]:
    """bibtexparser's entries in order; None for a block it could not read."""
    from bibtexparser.model import (
        DuplicateBlockKeyBlock,
        DuplicateFieldKeyBlock,
        Entry,
        ParsingFailedBlock,
    )
    from bibtexparser.splitter import Splitter

    library = Splitter(text).split()
    string_values = {key.lower(): s.value for key, s in library.strings_dict.items()}
    entries: list[Fields | None] = []
    for raw_block in library.blocks:
        block: object = raw_block
        if isinstance(raw_block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            block = raw_block.ignore_error_block
        if isinstance(block, Entry):
            pairs = ((f.key, _resolve_value(str(f.value), string_values)) for f in block.fields)
            entries.append(_build_fields(block.entry_type, block.key, pairs))
        elif isinstance(block, ParsingFailedBlock):
            entries.append(None)
    return entries


def _resolve_value(raw: str, strings: dict[str, str]) -> str:
    """A field's value without its delimiters; names of @string resolved, '#' parts joined."""
    raw = raw.strip()
    if raw[:1] == "{" and raw.endswith("}"):
        return raw[1:-1]
    if re.fullmatch(r'"(?:[^"{}]|\{[^{}]*\})*"', raw):
        return raw[1:-1]
    if "#" in raw:
        parts = re.findall(r'"[^"]*"|\{[^{}]*\}|[^\s#"{}]+', raw)
        return "".join(_resolve_value(part, strings) for part in parts)
    if raw[:1] == '"' and raw.endswith('"') and len(raw) > 1:
        return raw[1:-1]
    definition = strings.get(raw.lower())
    return _resolve_value(definition, {}) if definition is not None else raw


def _build_fields(kind: str, key: str, pairs: Iterable[tuple[str, str]]) -> Fields:
    fields: Fields = {"ENTRYTYPE": [kind.strip().lower()], "ID": [key.strip()]}
    for name, value in pairs:
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    return fields


def _recover_fields(piece: str) -> Fields | str:
    """The fields read line by line from 'name = {' to the next such line; else the reason."""
    head = _START.match(piece.encode())
    body = piece.rstrip()
    if not head or not body.endswith(("}", ")")):
        return "its braces never close: the file is cut short or the entry is damaged"
    starts = list(_FIELD.finditer(body))
    if not starts:
        return "no 'field = {value}' in it"
    pairs = []
    for field_match, next_match in zip(starts, [*starts[1:], None], strict=True):
        raw = body[field_match.end() : next_match.start() if next_match else len(body) - 1]
        pairs.append((field_match.group(1), _resolve_value(raw.strip().rstrip(",").strip(), {})))
    return _build_fields(decode_utf8(head.group(1)), decode_utf8(head.group(2)), pairs)


def build_record(fields: Fields) -> Record:
    """The record of one BibTeX entry; its source is '' where the entry does not tell."""
    funnel_record = funnel_note.read_bibtex_entry(fields)
    if funnel_record is not None:
        return funnel_record
    verbatim = ("doi", "url", "eprint", "file", "author", "editor", "howpublished")
    fields = {
        tag: list(values) if tag in verbatim else [latex.to_plain_text(v) for v in values]
        for tag, values in fields.items()
    }
    urls = unique_values(
        u.replace("\\_", "_").replace("\\&", "&").replace("\\%", "%").strip("{}")
        for u in pop_values(fields, "url")
    )
    key, kind = fields["ID"][0], fields["ENTRYTYPE"][0]
    doi = _find_doi(fields, urls)
    year, date = _parse_dates(fields)
    kinds = pop_values(fields, "type", "document_type")
    return Record(
        source=_detect_source(fields, key, urls),
        source_id=_find_source_id(fields, key, urls),
        title=pop_text(fields, "title", "booktitle"),
        authors=_parse_authors(fields),
        year=year,
        date=date,
        journal=pop_text(fields, "journal", "journaltitle", "booktitle", "journal-full"),
        volume=pop_text(fields, "volume"),
        issue=pop_text(fields, "number", "issue"),
        pages=_normalize_pages(fields),
        abstract=pop_text(fields, "abstract"),
        doi=doi,
        pmid=_find_pmid(fields, key, urls),
        pmcid=normalize_pmcid(pop_text(fields, "pmcid", "pmc")) or _find_pmcid(urls),
        arxiv_id=_find_arxiv_id(fields, doi, urls),
        language=pop_text(fields, "language", "langid"),
        types=unique_values(kinds or [_TYPES.get(kind, kind)]),
        keywords=unique_values(
            item
            for tag in ("author_keywords", "keywords", "keyword", "keywords-plus")
            for value in fields.pop(tag, ())
            for item in split_list(value)
        ),
        affiliations=unique_values(
            part for v in pop_values(fields, "affiliation", "affiliations") for part in v.split(";")
        ),
        urls=urls,
        extra=collect_extra(fields),
    )


def _parse_authors(fields: Fields) -> tuple[str, ...]:
    """Authors parted by ' and ' outside braces; 'others' is not an author."""
    authors: list[str] = []
    for value in pop_values(fields, "author"):
        hidden = re.sub(r"\{[^{}]*\}", lambda m: m.group().replace(" and ", "\ue002"), value)
        parts = re.split(r"\s+and\s+", hidden)
        plain_parts = [latex.to_plain_text(part.replace("\ue002", " and ")) for part in parts]
        authors.extend(
            split_names(plain_parts[0])
            if len(plain_parts) == 1 and "{" not in value
            else plain_parts
        )
    return clean_values(a for a in authors if a.strip().lower() not in ("others", "et al."))


def _normalize_pages(fields: Fields) -> str | None:
    pages = pop_text(fields, "pages", "page")
    return re.sub(r"\s*(?:--+|–|—|\s-\s)\s*", "-", pages) if pages else None


def _parse_dates(fields: Fields) -> tuple[int | None, str | None]:
    texts = {
        tag: collapse_spaces(" ".join(fields.get(tag, ())))
        for tag in ("year", "date", "month", "day")
    }
    year = find_year(texts["year"], texts["date"])
    if year is None and re.fullmatch(r"\d{3,4}", texts["year"] or ""):
        year = int(texts["year"] or 0)
    month = texts["month"]
    if month and re.fullmatch(r"\d{1,2}", month):
        date = find_date(year, texts["date"], f"{year}-{month}-{texts['day'] or ''}".rstrip("-"))
    else:
        date = find_date(year, texts["date"], " ".join(filter(None, (month, texts["day"]))) or None)
    if year is not None and texts["year"] == str(year):
        fields.pop("year")
    if date and texts["date"] == date:
        fields.pop("date")
    return year, date


def _find_doi(fields: Fields, urls: tuple[str, ...]) -> str | None:
    raw = " ".join(fields.pop("doi", ())).replace("\\", "").replace("{", "").replace("}", "")
    doi = normalize_doi(raw)
    if raw.strip() and doi is None:
        fields["doi"] = [raw]
    return doi or find_doi_in_urls(urls)


def _find_arxiv_id(fields: Fields, doi: str | None, urls: tuple[str, ...]) -> str | None:
    kind = " ".join(fields.get("archiveprefix", fields.get("eprinttype", ())))
    for text in fields.get("eprint", ()):
        if (kind.lower() == "arxiv" or not kind) and (arxiv_id := normalize_arxiv(text)):
            return arxiv_id
    links = [u for u in urls if "arxiv.org/" in u.lower()]
    return next((a for text in (doi, *links) if (a := normalize_arxiv(text))), None)


def _find_pmcid(urls: tuple[str, ...]) -> str | None:
    return next((p for u in urls if "/pmc" in u.lower() and (p := normalize_pmcid(u))), None)


def _find_pmid(fields: Fields, key: str, urls: tuple[str, ...]) -> str | None:
    """A pmid field, a Europe PMC key ('PMID:18888888') or a PubMed link."""
    field_pmid = normalize_pmid(pop_text(fields, "pmid", "pubmedid", "pubmed_id"))
    from_key = normalize_pmid(key) if key.upper().startswith("PMID") else None
    return field_pmid or from_key or find_pmid_in_urls(urls)


def _detect_source(fields: Fields, key: str, urls: tuple[str, ...]) -> str:
    database_names = [
        " ".join(fields.get(tag, ())) for tag in ("source", "database", "unique-id", "library")
    ]
    prefix = key.split(":")[0].upper()
    if prefix in ("PMID", "PPR", "PMC"):
        return "europepmc"
    return (
        detect_database.find_by_name(*database_names, f"{prefix}:" if prefix == "WOS" else None)
        or detect_database.find_by_url(urls)
        or ""
    )


def _find_source_id(fields: Fields, key: str, urls: tuple[str, ...]) -> str | None:
    if match := re.search(r"eid=(2-s2\.0-\d+)", " ".join(urls)):
        return match.group(1)
    return pop_text(fields, "unique-id", "eid", "accession_number") or key or None
