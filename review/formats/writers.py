"""Records to RIS, BibTeX and JSON files that reference managers read and our import reads whole.

Each writer takes records and, in the same order, what the review says of each (key, decisions).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from review.formats import plain
from review.models import Record, as_dict

Status = Sequence[Mapping[str, str]]
"""One mapping a record in the records' order, e.g. {'key': 'R000001', 'title_abstract': 'include'};
or empty."""

_RIS_TEXT = {
    "title": "TI",
    "journal": "T2",
    "volume": "VL",
    "issue": "IS",
    "abstract": "AB",
    "doi": "DO",
    "language": "LA",
}
_RIS_LISTS = {"authors": "AU", "keywords": "KW", "urls": "UR"}
_RIS_TYPES = (
    ("conference", "CONF"),
    ("proceeding", "CONF"),
    ("book section", "CHAP"),
    ("chapter", "CHAP"),
    ("book", "BOOK"),
    ("thesis", "THES"),
    ("dissertation", "THES"),
    ("report", "RPRT"),
    ("preprint", "UNPB"),
    ("unpublished", "UNPB"),
    ("dataset", "DATA"),
    ("web page", "ELEC"),
)
_PASSED_ON = ("A2", "A3", "C7", "CY", "ET", "J2", "JA", "JO", "PB", "SN", "ST", "T3")
"""Tags of RIS that an imported record keeps in `extra` and that go out again as they came."""

_ISSN = ("SN", "ISSN", "issn", "IS", "isbn", "ISBN")


def ris(records: Sequence[Record], status: Status = ()) -> bytes:
    """A RIS file. Each entry's N1 'FUNNEL' note holds what RIS has no exact place for."""
    entries = [_ris_entry(r, status[i] if status else {}) for i, r in enumerate(records)]
    return "\r\n".join(entries).encode("utf-8")


def _ris_entry(record: Record, status: Mapping[str, str]) -> str:
    lines: list[tuple[str, str]] = [("TY", _ris_type(record))]
    exact = []
    for name, tag in _RIS_TEXT.items():
        value = getattr(record, name)
        if value is not None:
            lines.append((tag, plain.shown(value)))
            if plain.one_line(value):
                exact.append(name)
    if record.year is not None and 0 <= record.year <= 9999:
        lines.append(("PY", str(record.year)))
        exact.append("year")
    for name, tag in _RIS_LISTS.items():
        values = getattr(record, name)
        lines += [(tag, plain.shown(value)) for value in values]
        if all(plain.one_line(value) for value in values):
            exact.append(name)
    if record.mesh:  # reference managers know keywords only; the note keeps the two apart
        lines += [("KW", plain.shown(term)) for term in record.mesh]
        exact.remove("keywords") if "keywords" in exact else None
    lines += _ris_more(record)
    if status:
        lines.append(("N1", f"REVIEW: {plain.words(status)}"))
    kept = plain.rest(record, exact)
    if record.mesh:
        kept.setdefault("keywords", [])
    lines.append(("N1", f"FUNNEL: {plain.note(kept)}"))
    return "".join(f"{tag}  - {text}\r\n" for tag, text in lines if text) + "ER  - \r\n"


def _ris_type(record: Record) -> str:
    given = record.extra.get("TY", ())
    if given and re.fullmatch(r"[A-Z]{3,7}", given[0]):
        return given[0]
    said = " ".join(record.types).lower()
    return next((code for word, code in _RIS_TYPES if word in said), "JOUR")


def _ris_more(record: Record) -> list[tuple[str, str]]:
    """Standard tags for other programs; our import takes these fields from the note."""
    first, _, last = (record.pages or "").partition("-")
    lines = [
        ("DA", (record.date or "").replace("-", "/")),
        ("SP", first),
        ("EP", last),
        ("AN", record.source_id or ""),
        ("DB", record.source),
        ("C5", record.pmid or ""),
        ("C2", record.pmcid or ""),
    ]
    lines += [("AD", text) for text in record.affiliations]
    lines += [("M3", text) for text in record.types]
    lines += [(tag, text) for tag in _PASSED_ON for text in record.extra.get(tag, ())]
    if "SN" not in record.extra:
        lines += [("SN", text) for tag in _ISSN for text in record.extra.get(tag, ())][:1]
    return [(tag, plain.shown(text)) for tag, text in lines]


_BIBTEX_TYPES = (
    ("conference", "inproceedings"),
    ("proceeding", "inproceedings"),
    ("book section", "incollection"),
    ("chapter", "incollection"),
    ("book", "book"),
    ("thesis", "phdthesis"),
    ("dissertation", "phdthesis"),
    ("report", "techreport"),
)
_TEX = {
    ord(char): text
    for char, text in {
        "\\": "\\textbackslash{}",
        "{": "\\textbraceleft{}",
        "}": "\\textbraceright{}",
        "~": "\\textasciitilde{}",
        "^": "\\textasciicircum{}",
        "&": "\\&",
        "%": "\\%",
        "$": "\\$",
        "#": "\\#",
        "_": "\\_",
    }.items()
}
"""Characters TeX reserves. Braces become commands: BibTeX counts even those behind a backslash."""

_VERBATIM = re.compile(r"[^\s{}\\]+")
_AND = re.compile(r"(?:^|\s)and(?:\s|$)")


def bibtex(records: Sequence[Record], status: Status = ()) -> bytes:
    """A BibTeX file in UTF-8. Each entry's 'funnel' field holds what BibTeX has no place for."""
    used: dict[str, int] = {}
    entries = []
    for i, record in enumerate(records):
        key = _cite_key(record, used)
        entries.append(_bibtex_entry(record, key, status[i] if status else {}))
    return "\n".join(entries).encode("utf-8")


def _cite_key(record: Record, used: dict[str, int]) -> str:
    """Its own key where it came with one, else Family2020; a number is added to a repeated one.

    `used` holds each key given so far, with the last number tried for it.
    """
    own = (record.extra.get("ID") or ("",))[0]
    if not re.fullmatch(r"[A-Za-z][\w:./-]*", own, re.ASCII):
        family = re.split(r"[,\s]", record.authors[0])[0] if record.authors else "record"
        own = re.sub(r"[^A-Za-z]", "", family) or "record"
        own += str(record.year or "")
    key, n = own, used.get(own.lower(), 1)
    while key.lower() in used:
        n += 1
        key = f"{own}-{n}"
    used[own.lower()] = n
    used.setdefault(key.lower(), 1)
    return key


def _bibtex_entry(record: Record, key: str, status: Mapping[str, str]) -> str:
    said = " ".join(record.types).lower()
    otherwise = "article" if record.journal else "misc"
    kind = next((entry for word, entry in _BIBTEX_TYPES if word in said), otherwise)
    within = "booktitle" if kind in ("inproceedings", "incollection") else "journal"
    fields, exact = _bibtex_fields(record, within)
    for name, value in (
        ("pmid", record.pmid),
        ("pmcid", record.pmcid),
        ("eprint", record.arxiv_id),
        ("archiveprefix", "arXiv" if record.arxiv_id else None),
        ("issn", next((v for t in _ISSN for v in record.extra.get(t, ())), None)),
        ("annote", f"REVIEW: {plain.words(status)}" if status else None),
    ):
        if value:
            fields[name] = plain.shown(value).translate(_TEX)
    fields["funnel"] = _bibtex_note(plain.rest(record, exact))
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{body}}}\n"


def _bibtex_fields(record: Record, within: str) -> tuple[dict[str, str], list[str]]:
    """The standard fields, and the names of those that BibTeX holds exactly."""
    fields: dict[str, str] = {}
    exact: list[str] = []
    people = [plain.shown(author) for author in record.authors]
    fields["author"] = " and ".join(author.translate(_TEX) for author in people)
    if all(plain.one_line(a) and not _AND.search(a) for a in record.authors):
        exact.append("authors")
    for name, field in (
        ("title", "title"),
        ("journal", within),
        ("volume", "volume"),
        ("issue", "number"),
        ("abstract", "abstract"),
        ("language", "language"),
    ):
        value = getattr(record, name)
        if value is not None:
            fields[field] = plain.shown(value).translate(_TEX)
            if plain.one_line(value):
                exact.append(name)
    if record.year is not None and record.year >= 0:
        fields["year"] = str(record.year)
        exact.append("year")
    if record.pages is not None:
        fields["pages"] = plain.shown(record.pages).translate(_TEX).replace("-", "--")
        if plain.one_line(record.pages) and "--" not in record.pages:
            exact.append("pages")
    if record.doi is not None and _VERBATIM.fullmatch(record.doi) and plain.one_line(record.doi):
        fields["doi"] = record.doi
        exact.append("doi")
    links = [url for url in record.urls if _VERBATIM.fullmatch(url) and plain.one_line(url)]
    fields["url"] = links[0] if links else ""
    if len(links) == len(record.urls) <= 1:
        exact.append("urls")
    fields["keywords"] = "; ".join(plain.shown(k) for k in record.keywords).translate(_TEX)
    if all(plain.one_line(k) and ";" not in k for k in record.keywords):
        exact.append("keywords")
    return fields, exact


def _bibtex_note(data: Mapping[str, Any]) -> str:
    """The note with the braces and '@' inside its texts escaped, so that BibTeX sees none."""

    def safe(found: re.Match[str]) -> str:
        text = found.group().replace("{", "\\u007b").replace("}", "\\u007d")
        return text.replace("@", "\\u0040")

    return re.sub(r'"(?:[^"\\]|\\.)*"', safe, plain.note(data))


def as_json(records: Sequence[Record], status: Status = ()) -> bytes:
    """A JSON list, one object a record with all its fields; 'status' holds what the review says."""
    items = []
    for i, record in enumerate(records):
        said = dict(status[i]) if status else {}
        key = {"key": said.pop("key")} if "key" in said else {}
        items.append({**key, **as_dict(record), **({"status": said} if said else {})})
    try:
        return json.dumps(items, ensure_ascii=False, indent=1, default=list).encode("utf-8")
    except UnicodeEncodeError:  # half a character pair from a damaged file
        return json.dumps(items, indent=1, default=list).encode("ascii")


Writer = Callable[[Sequence[Record], Status], bytes]
