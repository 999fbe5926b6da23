"""Parses arXiv's OAI-PMH responses in the formats arXiv, arXivRaw and oai_dc."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

from review.errors import SourceError
from review.formats.fields import unique_values
from review.identifiers import normalize_arxiv
from review.models import ParseResult, Record, UnreadableEntry
from review.sources.arxiv.fields import find_iso_day, find_journal_articles, unwrap_lines
from review.sources.models import DELETED_MESSAGE
from review.text.markup import get_text, parse_xml, to_one_line

_NS = {"oai": "http://www.openarchives.org/OAI/2.0/"}
_REFERENCE = re.compile(r"https?://|doi:|arxiv:", re.I)
"""How identifiers begin in Dublin Core that are no journal reference."""


@dataclass(frozen=True, slots=True)
class ResumptionToken:
    """How an OAI-PMH list goes on."""

    token: str | None
    """None on the last page."""
    total: int | None
    cursor: int | None


def read_resumption_token(body: bytes) -> ResumptionToken:
    """How the list of a whole OAI-PMH page goes on. Raises SourceError as `parse` does."""
    node = parse_xml(body, "arxiv").find(".//oai:resumptionToken", _NS)
    if node is None:
        return ResumptionToken(None, None, None)
    size, cursor = node.get("completeListSize"), node.get("cursor")
    return ResumptionToken(
        to_one_line(node.text),
        int(size) if size and size.isdigit() else None,
        int(cursor) if cursor and cursor.isdigit() else None,
    )


def parse_records(root: Any) -> ParseResult:
    """Records of one page. Raises SourceError on an OAI-PMH error other than an empty list."""
    error = root.find("oai:error", _NS)
    if error is not None:
        if error.get("code") == "noRecordsMatch":
            return ParseResult((), (), 0)
        raise SourceError(f"arxiv: OAI-PMH {error.get('code')}: {get_text(error) or 'no message'}.")
    if root.find("oai:ListRecords", _NS) is None and root.find("oai:GetRecord", _NS) is None:
        verbs = [etree.QName(child).localname for child in root if child.tag.startswith("{")]
        verb = next((v for v in verbs if v not in ("responseDate", "request")), "no verb")
        raise SourceError(f"arXiv: an OAI-PMH response to {verb} contains no records.")
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    record_nodes = root.findall("oai:ListRecords/oai:record", _NS)
    record_nodes += root.findall("oai:GetRecord/oai:record", _NS)
    for number, node in enumerate(record_nodes, 1):
        header = node.find("oai:header", _NS)
        ident = None if header is None else get_text(header.find("oai:identifier", _NS))
        content = node.find("oai:metadata/*", _NS)
        if header is not None and header.get("status") == "deleted":
            raw = etree.tostring(node, encoding="unicode")
            deleted_id = normalize_arxiv((ident or "").removeprefix("oai:arXiv.org:")) or ident
            rejected.append(UnreadableEntry(number, f"{ident}: {DELETED_MESSAGE}", raw, deleted_id))
            continue
        try:
            if content is None:
                raise ValueError(f"{ident}: it has no metadata")
            records.append(_build_record(content, ident, header))
        except ValueError as problem:
            raw = etree.tostring(node, encoding="unicode")
            rejected.append(UnreadableEntry(number, str(problem), raw))
    return ParseResult(tuple(records), tuple(rejected), len(record_nodes))


def _build_record(content: Any, oai_identifier: str | None, header: Any) -> Record:
    """The record of one arXiv, arXivRaw or oai_dc metadata block."""
    fields: dict[str, list[Any]] = {}
    for child in content:
        fields.setdefault(etree.QName(child).localname, []).append(child)
    if etree.QName(content).localname == "dc":
        _sort_dublin_core(fields)
    ident = normalize_arxiv(
        _get_first_text(fields, "id") or (oai_identifier or "").removeprefix("oai:arXiv.org:")
    )
    title = _get_first_text(fields, "title")
    if ident is None or title is None:
        raise ValueError(f"{oai_identifier}: it has no arXiv ID or no title")
    version, posted = _get_version_and_date(fields)
    doi, reference = _get_first_text(fields, "doi"), _get_first_text(fields, "journal-ref")
    authors = _parse_authors(fields)
    extra = {
        "datestamp": tuple(x for x in [get_text(header.find("oai:datestamp", _NS))] if x),
        "sets": tuple(t for s in header.iterfind("oai:setSpec", _NS) if (t := get_text(s))),
        "comment": _get_texts(fields, "comments"),
        "journal_ref": _get_texts(fields, "journal-ref"),
        "journal_doi": _get_texts(fields, "doi"),
        "license": _get_texts(fields, "license"),
        "submitter": _get_texts(fields, "submitter"),
        "versions": tuple(
            _format_version(version_node) for version_node in fields.get("version", ())
        ),
        "updated": _get_texts(fields, "updated"),
        "report_no": _get_texts(fields, "report-no"),
        "msc_class": _get_texts(fields, "msc-class"),
        "acm_class": _get_texts(fields, "acm-class"),
        "proxy": _get_texts(fields, "proxy"),
    }
    abstracts = fields.get("abstract") or fields.get("description", [])[:1]
    categories = " ".join(_get_texts(fields, "categories")).split()
    return Record(
        source="arxiv",
        source_id=f"{ident}v{version}" if version else ident,
        title=title,
        authors=authors,
        year=int(posted[:4]) if posted else None,
        date=posted,
        abstract=unwrap_lines("".join(abstracts[0].itertext())) if abstracts else None,
        doi=f"10.48550/arxiv.{ident}".lower(),
        arxiv_id=ident,
        version=version,
        types=("withdrawn",) if _is_withdrawn(fields) else (),
        categories=unique_values(categories or _get_texts(fields, "subject")),
        language=_get_first_text(fields, "language"),
        affiliations=unique_values(_iter_affiliations(fields)),
        urls=(f"https://arxiv.org/abs/{ident}",),
        relations=find_journal_articles(doi, reference),
        extra={key: values for key, values in extra.items() if values},
    )


def _get_first_text(fields: dict[str, list[Any]], name: str) -> str | None:
    return next(iter(_get_texts(fields, name)), None)


def _get_texts(fields: dict[str, list[Any]], name: str) -> tuple[str, ...]:
    return tuple(t for node in fields.get(name, ()) if (t := get_text(node)))


def _sort_dublin_core(fields: dict[str, list[Any]]) -> None:
    """Sorts what Dublin Core puts under one name: identifiers, comments, days, rights."""
    for node in fields.get("identifier", ()):
        text = get_text(node) or ""
        if text.lower().startswith("doi:"):
            node.text = text[4:]
            fields.setdefault("doi", []).append(node)
        elif not _REFERENCE.match(text):
            fields.setdefault("journal-ref", []).append(node)
    for node in fields.get("description", [])[1:]:
        node.text = (node.text or "").strip().removeprefix("Comment: ")
        fields.setdefault("comments", []).append(node)
    fields["license"] = fields.get("rights", [])
    days = sorted(fields.get("date", []), key=lambda node: get_text(node) or "")
    fields["updated"] = days[1:]


def _parse_authors(fields: dict[str, list[Any]]) -> tuple[str, ...]:
    """'Family, Given' in the arXiv format; as printed in arXivRaw and Dublin Core."""
    authors = []
    for group in fields.get("authors", ()):
        if len(group):
            authors += [_format_name(author_node) for author_node in group.iterfind("{*}author")]
        else:
            line, _ = _split_affiliations("".join(group.itertext()))
            parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", to_one_line(line) or "")
            authors += [part.strip() for part in parts if part.strip()]
    authors += _get_texts(fields, "creator")
    return tuple(authors)


def _iter_affiliations(fields: dict[str, list[Any]]) -> Iterator[str | None]:
    """Affiliations: in elements of their own, or in parentheses behind a printed name."""
    for group in fields.get("authors", ()):
        yield from (
            get_text(affiliation_node) for affiliation_node in group.iterfind(".//{*}affiliation")
        )
        if not len(group):
            yield from _split_affiliations("".join(group.itertext()))[1]


def _split_affiliations(line: str) -> tuple[str, list[str]]:
    """A printed line of authors without its parentheses, and the affiliations in them.

    Numbers that only point to a list of affiliations, such as '(1 and 2)', are left out of it.
    """
    if line.count("(") != line.count(")"):
        return re.sub(r"\([^()]*\)", "", line), []
    outside, inside, depth = "", [""], 0
    for character in line:
        depth += character == "("
        if depth:
            inside[-1] += character
        else:
            outside += character
        if character == ")" and depth:
            depth -= 1
            if not depth:
                inside.append("")
    affiliations = []
    for group in filter(None, inside):
        for part in re.split(r"\(\d+\)", group.removeprefix("(").removesuffix(")")):
            words = (to_one_line(part) or "").strip(" ,;")
            if not re.fullmatch(r"(?:[\d*†‡§\s,;&]|and)*", words):
                affiliations.append(words)
    return outside, affiliations


def _format_name(node: Any) -> str:
    family, forenames = node.findtext("{*}keyname"), node.findtext("{*}forenames")
    suffix = node.findtext("{*}suffix")
    rest = " ".join(part for part in (to_one_line(forenames), to_one_line(suffix)) if part)
    return ", ".join(part for part in (to_one_line(family), rest) if part)


def _get_version_and_date(fields: dict[str, list[Any]]) -> tuple[int | None, str | None]:
    """Newest version where the format gives it, and the day of the first."""
    version_nodes = fields.get("version", [])
    if version_nodes:
        numbers = [
            int(v)
            for version_node in version_nodes
            if (v := (version_node.get("version") or "")[1:]).isdigit()
        ]
        return (max(numbers) if numbers else None), _parse_mail_date(
            version_nodes[0].findtext("{*}date")
        )
    created = find_iso_day(_get_first_text(fields, "created")) or _find_earliest_day(
        _get_texts(fields, "date")
    )
    return None, created


def _is_withdrawn(fields: dict[str, list[Any]]) -> bool:
    """Whether arXivRaw says that the newest version has no files to show: source type I.

    arXiv keeps a withdrawn paper's record and marks the version that withdrew it "I" (ignore).
    Source: https://info.arxiv.org/help/oa/, format arXivRaw.
    """
    numbered = [
        (int(number), to_one_line(node.findtext("{*}source_type")) or "")
        for node in fields.get("version", [])
        if (number := (node.get("version") or "")[1:]).isdigit()
    ]
    return bool(numbered) and "I" in max(numbered)[1].upper()


def _format_version(node: Any) -> str:
    """One version in a line: 'v1 Sun, 22 Mar 2020 12:26:36 GMT 2231kb D'."""
    texts = (node.findtext(f"{{*}}{name}") for name in ("date", "size", "source_type"))
    return " ".join(part for part in (node.get("version"), *map(to_one_line, texts)) if part)


def _find_earliest_day(days: Iterable[str]) -> str | None:
    iso_days = sorted(day for text in days if (day := find_iso_day(text)))
    return iso_days[0] if iso_days else None


def _parse_mail_date(text: str | None) -> str | None:
    try:
        return parsedate_to_datetime(text or "").date().isoformat()
    except ValueError:
        return None
