"""Reads BibTeX files.

An entry ends where the next begins, whatever its braces do, so that a fault stays in its entry.
Keys may hold blanks and signs or be absent, and commas may be missing, as databases write them.
"""

import itertools
import re
from collections.abc import Iterable

from review.formats import detect_database, funnel_note, latex
from review.formats.fields import (
    Fields,
    clean_values,
    collapse_spaces,
    collect_extra,
    find_date,
    find_doi_in_urls,
    find_merged,
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
from review.text.encodings import decode_utf8

_START = re.compile(
    rb"(?:^[ \t]*|(?<=[})])[ \t]*)@(?!(?:comment|string|preamble)\b)[A-Za-z]\w*\s*[{(]", re.M | re.I
)
_ENTRY_HEAD = re.compile(r"\s*@([A-Za-z]\w*)\s*([{(])")
_STRING_START = re.compile(r"^[ \t]*@string\s*[{(]\s*([\w.:+-]+)\s*=", re.M | re.I)
_COMMENT = re.compile(rb"^[ \t]*@comment\s*\{", re.M | re.I)
_FIELD = re.compile(r"^[ \t]*([A-Za-z][\w.:+-]*)[ \t]*=[ \t]*(?=[{\"\w])", re.M)
_NAME = re.compile(r"[\s,]*([A-Za-z][\w.:+/-]*)\s*=\s*")
_FIRST_FIELD = re.compile(r"\s*[A-Za-z][\w.:+-]*\s*=\s*[{\"]")
_KEY_BEFORE_FIELD = re.compile(r"\s*([^\s,]+)\s+(?=[A-Za-z][\w.:+-]*\s*=\s*[{\"\d])")
_FIELD_NAMES = frozenset(
    {
        *("abstract", "address", "author", "booktitle", "date", "day", "doi", "editor", "issn"),
        *("isbn", "issue", "journal", "keywords", "month", "note", "number", "pages", "publisher"),
        *("title", "type", "url", "volume", "year"),
    }
)
_SINGLE_FIELDS = ("title", "author", "year", "journal", "doi", "volume", "pages", "abstract")
"""Fields an entry has once; two of them twice are two entries run together."""
_BRACE = re.compile(r"\\\\|\\[{}]|[{}]")
_QUOTE_OR_BRACE = re.compile(r"\\\\|\\[{}\"]|[{}\"]")
_QUOTE_END = re.compile(r"\s*(?:[,#})]|\Z|[A-Za-z][\w.:+-]*\s*=)")
_JOIN = re.compile(r"\s*#\s*")
_BARE = re.compile(r"[^\s,#{}\"()]+")
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
    data = _blank_comments(data)
    starts = [match.start() for match in _START.finditer(data)]
    strings = _read_strings(decode_utf8(data)) if b"@string" in data.lower() else {}
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, (a, b) in enumerate(itertools.pairwise([*starts, len(data)]), 1):
        piece = decode_utf8(data[a:b])
        fields = _read_fields(piece, strings)
        problem = fields if isinstance(fields, str) else find_merged(fields, _SINGLE_FIELDS)
        if isinstance(fields, str) or problem:
            rejected.append(UnreadableEntry(number, problem or "", piece.strip()))
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


def _blank_comments(data: bytes) -> bytes:
    """The file with its @comment{...} blocks that close blanked out; others stay."""
    for match in reversed(list(_COMMENT.finditer(data))):
        end = _find_close(data[match.end() - 1 :].decode("latin-1"), 0)
        if end is not None:
            stop = match.end() + end
            data = data[: match.start()] + b" " * (stop - match.start()) + data[stop:]
    return data


def _find_close(text: str, start: int) -> int | None:
    """Index of the brace that closes the one at `start`; None where none does."""
    depth = 0
    for match in _BRACE.finditer(text, start):
        depth += 1 if match.group() == "{" else -1 if match.group() == "}" else 0
        if depth == 0:
            return match.start()
    return None


def _read_strings(text: str) -> dict[str, str]:
    """The file's @string abbreviations by lower-case name, values as they are written."""
    strings: dict[str, str] = {}
    for match in _STRING_START.finditer(text):
        value = _read_value(text, match.end())
        if value is not None:
            strings[match.group(1).lower()] = value[0]
    return strings


def _read_fields(piece: str, strings: dict[str, str]) -> Fields | str:
    """The fields of one entry, or the reason it has none that can be trusted."""
    head = _ENTRY_HEAD.match(piece)
    if head is None:
        return "it contains no entry"
    key, position = _read_key(piece, head.end())
    pairs: list[tuple[str, str]] = []
    closing = "}" if head.group(2) == "{" else ")"
    while match := _NAME.match(piece, position):
        value = _read_value(piece, match.end())
        if value is None:
            return _recover_fields(piece, head.group(1), key, position)
        pairs.append((match.group(1), _resolve_value(value[0], strings)))
        position = value[1]
    rest = piece[position:].lstrip(" \t\n,")
    if not rest.startswith(closing):
        return _recover_fields(piece, head.group(1), key, position)
    if _FIELD.search(rest):
        return "a closing brace comes too early: there are fields after its end"
    if not pairs:
        return "it contains no 'field = {value}'"
    return _build_fields(head.group(1), key, pairs)


def _read_key(piece: str, start: int) -> tuple[str, int]:
    """An entry's key, blanks and signs and all ('' where it has none), and where fields begin."""
    line_end = piece.find("\n", start)
    line_end = len(piece) if line_end < 0 else line_end
    text = piece[start:line_end]
    if not text.strip():  # the key, if any, is on the next line
        next_end = piece.find("\n", line_end + 1)
        line_end = len(piece) if next_end < 0 else next_end
        text = piece[start:line_end]
    first, comma, _ = text.partition(",")
    name = first.partition("=")[0].strip().lower()
    if _FIRST_FIELD.match(first) or (name in _FIELD_NAMES and "=" in first):
        return "", start
    if match := _KEY_BEFORE_FIELD.match(first):
        return match.group(1), start + match.end()
    if comma:
        return first.strip(), start + len(first) + 1
    closed = text.rstrip().rstrip("})")
    return closed.strip(), start + len(closed)


def _read_value(text: str, start: int) -> tuple[str, int] | None:
    """A value as it is written ('{..}', '"..."', a word, '#' between them) and where it ends."""
    position = start
    while True:
        while text[position : position + 1].isspace():
            position += 1
        end: int | None
        if text[position : position + 1] == "{":
            end = _find_close(text, position)
        elif text[position : position + 1] == '"':
            end = _find_quote(text, position)
        else:
            word = _BARE.match(text, position)
            end = word.end() - 1 if word else None
        if end is None:
            return None
        position = end + 1
        rest = _JOIN.match(text, position)
        if rest is None:
            return text[start:position], position
        position = rest.end()


def _find_quote(text: str, start: int) -> int | None:
    """Index of the quotation mark that ends a value: outside braces, before ',', '#' or the end."""
    depth = 0
    for match in _QUOTE_OR_BRACE.finditer(text, start + 1):
        mark = match.group()
        if mark == '"' and depth == 0 and _QUOTE_END.match(text, match.end()):
            return match.start()
        depth += 1 if mark == "{" else -1 if mark == "}" else 0
        if depth < 0:
            return None
    return None


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


def _recover_fields(piece: str, kind: str, key: str, position: int) -> Fields | str:
    """The fields read line by line from 'name = {' to the next such line; else the reason."""
    body = piece.rstrip()
    if not body.endswith(("}", ")")):
        return "a closing brace is missing: the file is truncated or the entry is damaged"
    starts = list(_FIELD.finditer(body))
    if not starts:
        return "it contains no 'field = {value}'"
    pairs = []
    for field_match, next_match in zip(starts, [*starts[1:], None], strict=True):
        raw = body[field_match.end() : next_match.start() if next_match else len(body) - 1]
        raw = raw.strip().rstrip(",").strip()
        if raw[:1] == "{" and not raw.endswith("}"):
            return f"a closing brace is missing in the field {field_match.group(1)}"
        pairs.append((field_match.group(1), _resolve_value(raw, {})))
    return _build_fields(kind, key, pairs)


def build_record(fields: Fields) -> Record:
    """The record of one BibTeX entry; its source is '' where the entry does not say."""
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


_AND = re.compile(r"\s+and\s+", re.I)


def _parse_authors(fields: Fields) -> tuple[str, ...]:
    """Authors parted by ' and ' outside braces; an 'others' stays an item of its own."""
    authors: list[str] = []
    for value in pop_values(fields, "author"):
        hidden = re.sub(r"\{[^{}]*\}", lambda m: _AND.sub("\ue002", m.group()), value)
        parts = re.split(r"\s+and\s+", hidden, flags=re.I)
        plain_parts = [latex.to_plain_text(part.replace("\ue002", " and ")) for part in parts]
        authors.extend(
            split_names(plain_parts[0])
            if len(plain_parts) == 1 and "{" not in value and value.count(",") != 1
            else plain_parts
        )
    authors = [name.strip(" ,;") for name in authors]
    return clean_values(authors)


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


_ACM_KEY = re.compile(r"10\.1145/\d")
"""The ACM Digital Library names an entry by its DOI."""


def _detect_source(fields: Fields, key: str, urls: tuple[str, ...]) -> str:
    database_names = [
        " ".join(fields.get(tag, ())) for tag in ("source", "database", "unique-id", "library")
    ]
    prefix = key.split(":")[0].upper()
    if prefix in ("PMID", "PPR", "PMC"):
        return "europepmc"
    if _ACM_KEY.match(key):
        return "acm"
    return (
        detect_database.find_by_name(*database_names, f"{prefix}:" if prefix == "WOS" else None)
        or detect_database.find_by_url(urls)
        or ""
    )


def _find_source_id(fields: Fields, key: str, urls: tuple[str, ...]) -> str | None:
    if match := re.search(r"eid=(2-s2\.0-\d+)", " ".join(urls)):
        return match.group(1)
    return pop_text(fields, "unique-id", "eid", "accession_number") or key or None
