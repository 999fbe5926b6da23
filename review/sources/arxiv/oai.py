"""arXiv's OAI-PMH service: pages of records in the formats arXiv, arXivRaw and oai_dc."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.formats.fields import unique
from review.models import Parsed, Record, Rejected, normal_arxiv
from review.sources.arxiv.fields import day_of, published_as, unwrapped_lines
from review.text.markup import one_line, text_of, tree

DELETED = "deleted at the source"
"""Why an entry that the source no longer holds is no record."""
_NS = {"oai": "http://www.openarchives.org/OAI/2.0/"}
_REFERENCE = re.compile(r"https?://|doi:|arxiv:", re.I)
"""How identifiers begin in Dublin Core that are no journal reference."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """How an OAI-PMH list goes on."""

    token: str | None
    """None on the last page."""
    total: int | None
    cursor: int | None


def resumption(body: bytes) -> Resumption:
    """How the list of a whole OAI-PMH page goes on. Raises SourceError as `parse` does."""
    node = tree(body, "arxiv").find(".//oai:resumptionToken", _NS)
    if node is None:
        return Resumption(None, None, None)
    size, cursor = node.get("completeListSize"), node.get("cursor")
    return Resumption(
        one_line(node.text),
        int(size) if size and size.isdigit() else None,
        int(cursor) if cursor and cursor.isdigit() else None,
    )


def records_of(root: Any) -> Parsed:
    """Records of one page. Raises SourceError on an OAI-PMH error other than an empty list."""
    error = root.find("oai:error", _NS)
    if error is not None:
        if error.get("code") == "noRecordsMatch":
            return Parsed((), (), 0)
        raise SourceError(f"arxiv: OAI-PMH {error.get('code')}: {text_of(error) or 'no words'}.")
    if root.find("oai:ListRecords", _NS) is None and root.find("oai:GetRecord", _NS) is None:
        verbs = [etree.QName(one).localname for one in root if one.tag.startswith("{")]
        verb = next((v for v in verbs if v not in ("responseDate", "request")), "no verb")
        raise SourceError(f"arxiv: an OAI-PMH answer to {verb} holds no records.")
    records: list[Record] = []
    rejected: list[Rejected] = []
    given = root.findall("oai:ListRecords/oai:record", _NS)
    given += root.findall("oai:GetRecord/oai:record", _NS)
    for number, node in enumerate(given, 1):
        header = node.find("oai:header", _NS)
        ident = None if header is None else text_of(header.find("oai:identifier", _NS))
        content = node.find("oai:metadata/*", _NS)
        if header is not None and header.get("status") == "deleted":
            raw = etree.tostring(node, encoding="unicode")
            gone = normal_arxiv((ident or "").removeprefix("oai:arXiv.org:")) or ident
            rejected.append(Rejected(number, f"{ident}: {DELETED}", raw, gone))
            continue
        try:
            if content is None:
                raise ValueError(f"{ident}: it has no metadata")
            records.append(_oai_record(content, ident, header))
        except ValueError as problem:
            raw = etree.tostring(node, encoding="unicode")
            rejected.append(Rejected(number, str(problem), raw))
    return Parsed(tuple(records), tuple(rejected), len(given))


def _oai_record(content: Any, said: str | None, header: Any) -> Record:
    """The record of one arXiv, arXivRaw or oai_dc metadata block."""
    fields: dict[str, list[Any]] = {}
    for child in content:
        fields.setdefault(etree.QName(child).localname, []).append(child)
    if etree.QName(content).localname == "dc":
        _named(fields)
    ident = normal_arxiv(_one(fields, "id") or (said or "").removeprefix("oai:arXiv.org:"))
    title = _one(fields, "title")
    if ident is None or title is None:
        raise ValueError(f"{said}: it has no arXiv id or no title")
    version, posted = _versions(fields)
    doi, reference = _one(fields, "doi"), _one(fields, "journal-ref")
    people = _people(fields)
    extra = {
        "datestamp": tuple(x for x in [text_of(header.find("oai:datestamp", _NS))] if x),
        "sets": tuple(t for s in header.iterfind("oai:setSpec", _NS) if (t := text_of(s))),
        "comment": _all(fields, "comments"),
        "journal_ref": _all(fields, "journal-ref"),
        "journal_doi": _all(fields, "doi"),
        "license": _all(fields, "license"),
        "submitter": _all(fields, "submitter"),
        "versions": tuple(_version(one) for one in fields.get("version", ())),
        "updated": _all(fields, "updated"),
        "report_no": _all(fields, "report-no"),
        "msc_class": _all(fields, "msc-class"),
        "acm_class": _all(fields, "acm-class"),
        "proxy": _all(fields, "proxy"),
    }
    abstracts = fields.get("abstract") or fields.get("description", [])[:1]
    categories = " ".join(_all(fields, "categories")).split()
    return Record(
        source="arxiv",
        source_id=f"{ident}v{version}" if version else ident,
        title=title,
        authors=people,
        year=int(posted[:4]) if posted else None,
        date=posted,
        abstract=unwrapped_lines("".join(abstracts[0].itertext())) if abstracts else None,
        doi=f"10.48550/arxiv.{ident}".lower(),
        arxiv_id=ident,
        version=version,
        categories=unique(categories or _all(fields, "subject")),
        language=_one(fields, "language"),
        affiliations=unique(_places(fields)),
        urls=(f"https://arxiv.org/abs/{ident}",),
        relations=published_as(doi, reference),
        extra={key: values for key, values in extra.items() if values},
    )


def _one(fields: dict[str, list[Any]], name: str) -> str | None:
    return next(iter(_all(fields, name)), None)


def _all(fields: dict[str, list[Any]], name: str) -> tuple[str, ...]:
    return tuple(t for node in fields.get(name, ()) if (t := text_of(node)))


def _named(fields: dict[str, list[Any]]) -> None:
    """Sorts what Dublin Core puts under one name: identifiers, comments, days, rights."""
    for node in fields.get("identifier", ()):
        said = text_of(node) or ""
        if said.lower().startswith("doi:"):
            node.text = said[4:]
            fields.setdefault("doi", []).append(node)
        elif not _REFERENCE.match(said):
            fields.setdefault("journal-ref", []).append(node)
    for node in fields.get("description", [])[1:]:
        node.text = (node.text or "").strip().removeprefix("Comment: ")
        fields.setdefault("comments", []).append(node)
    fields["license"] = fields.get("rights", [])
    days = sorted(fields.get("date", []), key=lambda node: text_of(node) or "")
    fields["updated"] = days[1:]


def _people(fields: dict[str, list[Any]]) -> tuple[str, ...]:
    """'Family, Given' in the arXiv format; as printed in arXivRaw and Dublin Core."""
    found = []
    for group in fields.get("authors", ()):
        if len(group):
            found += [_person(one) for one in group.iterfind("{*}author")]
        else:
            line, _ = _parted("".join(group.itertext()))
            parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", one_line(line) or "")
            found += [part.strip() for part in parts if part.strip()]
    found += _all(fields, "creator")
    return tuple(found)


def _places(fields: dict[str, list[Any]]) -> Iterator[str | None]:
    """Affiliations: in elements of their own, or in parentheses behind a printed name."""
    for group in fields.get("authors", ()):
        yield from (text_of(one) for one in group.iterfind(".//{*}affiliation"))
        if not len(group):
            yield from _parted("".join(group.itertext()))[1]


def _parted(line: str) -> tuple[str, list[str]]:
    """A printed line of authors without its parentheses, and the affiliations in them.

    Numbers that only point to a list of affiliations, such as '(1 and 2)', are left out of it.
    """
    if line.count("(") != line.count(")"):
        return re.sub(r"\([^()]*\)", "", line), []
    outside, inside, depth = "", [""], 0
    for sign in line:
        depth += sign == "("
        if depth:
            inside[-1] += sign
        else:
            outside += sign
        if sign == ")" and depth:
            depth -= 1
            if not depth:
                inside.append("")
    found = []
    for group in filter(None, inside):
        for part in re.split(r"\(\d+\)", group.removeprefix("(").removesuffix(")")):
            words = (one_line(part) or "").strip(" ,;")
            if not re.fullmatch(r"(?:[\d*†‡§\s,;&]|and)*", words):
                found.append(words)
    return outside, found


def _person(node: Any) -> str:
    family, given = node.findtext("{*}keyname"), node.findtext("{*}forenames")
    suffix = node.findtext("{*}suffix")
    rest = " ".join(part for part in (one_line(given), one_line(suffix)) if part)
    return ", ".join(part for part in (one_line(family), rest) if part)


def _versions(fields: dict[str, list[Any]]) -> tuple[int | None, str | None]:
    """Newest version where the format tells it, and the day of the first."""
    listed = fields.get("version", [])
    if listed:
        numbers = [int(v) for one in listed if (v := (one.get("version") or "")[1:]).isdigit()]
        return (max(numbers) if numbers else None), _mail_day(listed[0].findtext("{*}date"))
    created = day_of(_one(fields, "created")) or _earliest(_all(fields, "date"))
    return None, created


def _version(node: Any) -> str:
    """One version in a line: 'v1 Sun, 22 Mar 2020 12:26:36 GMT 2231kb D'."""
    told = (node.findtext(f"{{*}}{name}") for name in ("date", "size", "source_type"))
    return " ".join(part for part in (node.get("version"), *map(one_line, told)) if part)


def _earliest(days: Iterable[str]) -> str | None:
    found = sorted(day for one in days if (day := day_of(one)))
    return found[0] if found else None


def _mail_day(said: str | None) -> str | None:
    try:
        return parsedate_to_datetime(said or "").date().isoformat()
    except ValueError:
        return None
