"""Reads MEDLINE text (.nbib of PubMed and ERIC, and tagged text of Ovid and others).

An entry is the text between blank lines and has one PMID line; Ovid numbers its entries
('<1. >'). What cannot be parted from its neighbour for sure is rejected, never joined.
"""

import re

from review.formats import detect_database, funnel_note
from review.formats.fields import (
    Fields,
    clean_values,
    collapse_spaces,
    collect_extra,
    find_date,
    find_merged,
    find_year,
    pop_text,
    pop_values,
    split_names,
    unique_values,
)
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import ParseResult, Record, Relation, UnreadableEntry
from review.text.encodings import decode_utf8
from review.text.markup import to_plain_text

_TAG_LINE = re.compile(r"([A-Z][A-Z0-9]{1,4})( {0,2})- ?(.*)")
_OVID_NUMBER = re.compile(r"^<\d+\.? ?>[ \t]*$", re.M)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+(?=[A-Z][A-Z0-9]{1,4} {0,2}-)")
_SINGLE_TAGS = (
    "TI",
    "DP",
    "JT",
    "TA",
    "SO",
    "YR",
    "UI",
    "JN",
    "PMC",
    "OWN",
    "STAT",
    "PG",
    "VI",
    "IP",
)
"""Tags a record has once; two of them twice are two records run together."""
_OVID_LABELS = {
    "abstract": "AB",
    "accession number": "AN",
    "author keywords": "KW",
    "author": "AU",
    "authors": "AU",
    "authors full name": "FA",
    "database": "DB",
    "digital object identifier": "DO",
    "institution": "IN",
    "journal": "JN",
    "journal name": "JN",
    "keyword heading": "KW",
    "language": "LG",
    "mesh subject headings": "SH",
    "publication type": "PT",
    "source": "SO",
    "status": "ST",
    "title": "TI",
    "unique identifier": "UI",
    "volume": "VO",
    "year of publication": "YR",
}
"""Ovid's long field names, as its text export writes them on a line of their own."""
_OVID_LABEL = re.compile(r"^([A-Z][A-Za-z()/ -]{3,40}?):?[ \t]*\n[ \t]+(?=\S)", re.M)
_OVID_SOURCE = re.compile(
    r"(?P<journal>.+?)\.\s+(?P<volume>[\w-]+)?\s*(?:\((?P<issue>[^)]*)\))?"
    r"(?::\s*(?P<pages>[\w,. -]+?))?,\s+(?P<date>(?:1[89]|20)\d\d\b[^.]*)\.?\s*$"
)

RELATIONS = {
    "CIN": "comment_in",
    "CON": "comment_on",
    "CRF": "update_of",
    "CRI": "update_in",
    "ECF": "expression_of_concern_for",
    "ECI": "expression_of_concern_in",
    "EFR": "erratum_for",
    "EIN": "erratum_in",
    "RIN": "retracted_by",
    "ROF": "retraction_of",
    "UIN": "update_in",
    "UOF": "update_of",
}
"""Links PubMed states. Source: MEDLINE/PubMed data element descriptions, NLM."""


_PUBMED_TAGS = {"PMID", "OWN", "STAT"}
"""Tags of every record that PubMed writes."""
NO_END_NOTE = (
    "The last record has no SO line, unlike the others, so it may be truncated: compare it with "
    "the database."
)


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a MEDLINE text file (UTF-8, \\n); what cannot be parted safely is rejected."""
    text = decode_utf8(data)
    is_ovid = _OVID_NUMBER.search(text) is not None
    if is_ovid:
        text = _OVID_LABEL.sub(_shorten_label, text)
    pieces = _split_entries(text, is_ovid)
    complete_count = sum(1 for piece, _ in pieces if re.search(r"^SO  -", piece, re.M))
    is_pubmed = bool(pieces) and set(_list_tags(pieces[0][0])) >= _PUBMED_TAGS
    notes: tuple[str, ...] = ()
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, (piece, problem) in enumerate(pieces, 1):
        fields = _read_fields(piece)
        if is_ovid and "AU" in fields:
            fields["AU"] = _split_ovid_authors(piece) or fields["AU"]
        problem = problem or _find_problem(fields)
        if number == len(pieces) and not problem and "SO" not in fields:
            lacks_end = 0 < complete_count == len(pieces) - 1
            is_sure = complete_count > 2 or is_pubmed or not text.endswith("\n")
            if lacks_end and is_sure:
                problem = "no SO line at its end, unlike all others: the file is truncated"
            elif lacks_end:
                notes = (NO_END_NOTE,)
            elif complete_count == 0 and number == 1 and is_pubmed:
                problem = "no SO line, with which PubMed ends each record: the file is truncated"
        if problem:
            rejected.append(UnreadableEntry(number, problem, piece.strip()))
        else:
            records.append(build_record(fields))
    default_source = source or detect_database.choose_for_file(
        (r.source or None for r in records), "ovid" if is_ovid else "medline"
    )
    return ParseResult(
        tuple(funnel_note.assign_source(r, source, default_source) for r in records),
        tuple(rejected),
        len(pieces),
        notes,
    )


def _split_entries(text: str, is_ovid: bool) -> list[tuple[str, str | None]]:
    """The entries, each with the reason it cannot be parted safely from its neighbours, if any.

    Ovid numbers its entries. Elsewhere blank lines part them, and each has one PMID line (or, in
    files without PMIDs, one line of the tag that opens the first entry).
    """
    if is_ovid:
        head, *blocks = _OVID_NUMBER.split(text)
        reason = "no number ('<1. >') before it, unlike the others: its beginning is missing"
        heads = [(head, reason)] if _list_tags(head) else []
        return [*heads, *((block, None) for block in blocks)]
    blocks = [block for block in _BLANK_LINES.split("\n" + text) if block.strip()]
    opening_tag = "PMID"
    if not re.search(r"^PMID ?-", text, re.M):
        tags = [tag for block in blocks for tag in _list_tags(block)[:1]]
        opening_tag = tags[0] if tags else "TI"
    pieces: list[tuple[str, str | None]] = []
    blocks = _join_parted_blocks(blocks, opening_tag)
    if blocks and (start := _find_first_tag(blocks[0])):
        pieces.append((blocks[0][:start], "text before the first tag: its beginning is missing"))
        blocks[0] = blocks[0][start:]
    first_tags = [tag for block in blocks for tag in _list_tags(block)[:1]]
    opens_most = first_tags.count(opening_tag) * 2 >= len(first_tags)
    for block in blocks:
        if opens_most and (start := _find_opening(block, opening_tag)):
            reason = f"tags before the {opening_tag} line, unlike the others: its beginning is lost"
            pieces.append((block[:start], reason))
            block = block[start:]
        pieces += _split_block(block, opening_tag)
    return pieces


def _find_first_tag(block: str) -> int:
    """Where the first line with a tag begins, if text precedes it; else 0."""
    position = 0
    for line in block.split("\n"):
        if _match_tag(line):
            return position if block[:position].strip() else 0
        position += len(line) + 1
    return 0


def _find_opening(block: str, opening_tag: str) -> int:
    """Where the line of the opening tag begins, if other tags precede it; else 0."""
    position = 0
    has_other_tags = False
    for line in block.split("\n"):
        match = _match_tag(line)
        if match and match[1] == opening_tag:
            return position if has_other_tags else 0
        has_other_tags = has_other_tags or match is not None
        position += len(line) + 1
    return 0


def _shorten_label(match: re.Match[str]) -> str:
    """Ovid's 'Title', with its text on the next line, as 'TI  - '; other lines as they are."""
    tag = _OVID_LABELS.get(match.group(1).strip().lower())
    return f"{tag}  - " if tag else match.group()


def _list_tags(text: str) -> list[str]:
    """The tags of the lines, in order."""
    matches = (_match_tag(line) for line in text.split("\n"))
    return [match[1] for match in matches if match]


def _match_tag(line: str) -> re.Match[str] | None:
    """The line's tag and text; None for a line that goes on with the text before.

    A tag fills four columns with its blanks; 'ISSN - x' and 'PMID - x' are met as well. 'CT - an'
    within an abstract is no tag.
    """
    match = _TAG_LINE.match(line)
    if match is None:
        return None
    width = len(match[1]) + len(match[2])
    return match if width == 4 or (len(match[1]) >= 3 and width == 5) else None


def _join_parted_blocks(blocks: list[str], opening_tag: str) -> list[str]:
    """The blocks, with one joined to the block before where a blank line parts one entry.

    So it is where the later one lacks the opening tag and shares no tag with the earlier one.
    """
    joined: list[str] = []
    joined_tags: set[str] = set()
    for block in blocks:
        tags = set(_list_tags(block))
        is_rest = opening_tag not in tags and bool(joined) and not tags & joined_tags
        if joined and (not tags or (is_rest and opening_tag in joined_tags)):
            joined[-1] += "\n" + block
            joined_tags |= tags
        else:
            joined.append(block)
            joined_tags = tags
    return joined


def _split_block(block: str, opening_tag: str) -> list[tuple[str, str | None]]:
    """Lines without a blank line between: one entry, or several that follow without one."""
    tags = _list_tags(block)
    count = tags.count(opening_tag)
    if not tags:
        return [(block, "it contains no MEDLINE tag")]
    if count == 0:
        return [(block, f"no {opening_tag} line, unlike the others: its beginning is missing")]
    if count == 1:
        return [(block, None)]
    is_safe = tags.count(tags[0]) == count
    pieces: list[list[str]] = []
    start_tag = tags[0] if is_safe else opening_tag
    for line in block.split("\n"):
        match = _match_tag(line)
        if not pieces or (match and match[1] == start_tag and start_tag in _list_tags_of(pieces)):
            pieces.append([])
        pieces[-1].append(line)
    reason = (
        None if is_safe else f"several {opening_tag} lines, and no blank line separates the records"
    )
    texts = ["\n".join(lines) for lines in pieces]
    if is_safe and any(_list_tags(text).count(opening_tag) != 1 for text in texts):
        reason = f"its {opening_tag} line cannot be distinguished from its neighbour's"
    return [(text, reason) for text in texts if text.strip()]


def _list_tags_of(pieces: list[list[str]]) -> list[str]:
    return _list_tags("\n".join(pieces[-1]))


def _read_fields(text: str) -> Fields:
    """One entry by tag, every tag a list; a line without a tag goes on with the text before."""
    fields: Fields = {}
    values = fields.setdefault("ZZ", [])
    for line in text.split("\n"):
        match = _match_tag(line)
        if match:
            values = fields.setdefault(match[1], [])
            values.append(match[3].strip())
        elif line.strip():
            if values and not _OVID_NUMBER.match(line):
                values[-1] = f"{values[-1]} {line.strip()}".strip()
            else:
                values.append(line.strip())
    return {tag: values for tag, texts in fields.items() if (values := [t for t in texts if t])}


def _split_ovid_authors(piece: str) -> list[str]:
    """The authors of an entry of Ovid, which writes one a line, or several with two blanks."""
    names: list[str] = []
    is_author = False
    for line in piece.split("\n"):
        match = _match_tag(line)
        is_author = match[1] == "AU" if match else is_author
        if is_author and (text := match[3] if match else line).strip():
            names += [
                name for part in re.split(r" {2,}", text.strip()) for name in split_names(part)
            ]
    return names


def _find_problem(fields: Fields) -> str | None:
    """Why an entry is none, or is two; None where it is one."""
    if fields.keys() <= {"ZZ"}:
        return "it contains no MEDLINE tag"
    if len(fields.get("PMID", ())) > 1:
        return "two PMID lines in one record"
    return find_merged(fields, _SINGLE_TAGS)


def build_record(fields: Fields) -> Record:
    """The record of one MEDLINE entry; its source is '' where the entry does not say."""
    fields = {tag: list(values) for tag, values in fields.items()}
    owner = " ".join(fields.get("OWN", ()))
    pmid = normalize_pmid(pop_text(fields, "PMID"))
    links = [value for tag in ("LID", "AID") for value in fields.get(tag, ())]
    doi = _find_doi([*links, *fields.get("DO", ())])
    if doi and normalize_doi(" ".join(fields.get("DO", ()))) == doi:
        fields.pop("DO")
    citation = _parse_citation(fields)
    date_text = collapse_spaces(" ".join(fields.get("DP", fields.get("YR", ()))))
    year = find_year(date_text, citation.get("date"))
    date = find_date(year, date_text, citation.get("date"))
    published = [v for v in fields.get("DEP", ()) if re.fullmatch(r"\d{8}", v)]
    if year is None and published:
        year = int(published[0][:4])
    if date is not None and (date_text == str(year) or date.count("-") == 2):
        fields.pop("DP", None)
        fields.pop("YR", None)
    pmcid = normalize_pmcid(" ".join(fields.get("PMC", ())))
    if pmcid:
        fields.pop("PMC")
    arxiv = next((a for v in links if "arxiv" in v.lower() and (a := normalize_arxiv(v))), None)
    source = "pubmed" if pmid else detect_database.find_by_name(*fields.get("DB", ()), owner)
    source = source or _detect_by_id(fields)
    source_id = pmid or pop_text(fields, "UI", "OID", "AN", "KUID", "KMID", "ID")
    title, book_title = pop_text(fields, "TI", "CTI", "TT", "BTI"), pop_text(fields, "BTI")
    return Record(
        source=source,
        source_id=source_id,
        title=title,
        authors=_pick_authors(fields),
        year=year,
        date=date,
        journal=pop_text(fields, "JT", "JN", "TA", "JA") or book_title or citation.get("journal"),
        volume=pop_text(fields, "VI", "VO") or citation.get("volume"),
        issue=pop_text(fields, "IP") or citation.get("issue"),
        pages=pop_text(fields, "PG") or citation.get("pages"),
        abstract=_pop_abstract(fields),
        doi=doi,
        pmid=pmid or normalize_pmid(pop_text(fields, "PM")),
        pmcid=pmcid,
        arxiv_id=arxiv,
        language=pop_text(fields, "LA", "LG"),
        types=unique_values(pop_values(fields, "PT")),
        keywords=unique_values(pop_values(fields, "OT", "KW", "KF")),
        mesh=unique_values(pop_values(fields, "MH", "SH", "HW")),
        affiliations=unique_values(pop_values(fields, "AD", "IN")),
        urls=unique_values(v for v in [*links, *pop_values(fields, "UR")] if v.startswith("http")),
        relations=_build_relations(fields),
        extra=collect_extra(fields),
    )


def _detect_by_id(fields: Fields) -> str:
    """KoreaMed alone numbers its records so."""
    return "koreamed" if "KUID" in fields or "KMID" in fields else ""


def _parse_citation(fields: Fields) -> dict[str, str]:
    """Journal, volume, issue, pages and date of Ovid's SO line; empty where it has another form."""
    match = _OVID_SOURCE.fullmatch(" ".join(fields.get("SO", ())).strip())
    return {name: text.strip() for name, text in match.groupdict().items() if text} if match else {}


def _pop_abstract(fields: Fields) -> str | None:
    """The abstract; where there is none, the one in another language or of the publisher (OAB)."""
    abstract = pop_text(fields, "AB")
    return abstract or pop_text(fields, "OAB")


def _pick_authors(fields: Fields) -> tuple[str, ...]:
    """Full names where every author has one; group authors (CN) last."""
    short = fields.get("AU", [])
    full_tag = "FAU" if "FAU" in fields else "FA"
    tag = full_tag if len(fields.get(full_tag, ())) >= len(short) else "AU"
    authors = [name for value in fields.pop(tag, ()) for name in to_plain_text(value).split(";")]
    return clean_values([*authors, *pop_values(fields, "CN")])


def _find_doi(links: list[str]) -> str | None:
    """The DOI among the article ids: those marked [doi] first, then any that reads as one."""
    marked_values = [v for v in links if "[doi]" in v]
    for value in (*marked_values, *links):
        if "[pii]" not in value and (doi := normalize_doi(value)):
            return doi
    return None


def _build_relations(fields: Fields) -> tuple[Relation, ...]:
    """What PubMed says of other documents, by their PMID where it is given."""
    relations = []
    for tag, kind in RELATIONS.items():
        for value in pop_values(fields, tag):
            numbers = re.search(r"PMID:\s*(\d+)", value)
            target = f"pmid:{numbers.group(1)}" if numbers else (collapse_spaces(value) or value)
            relations.append(Relation(kind, target, "pubmed"))
    return tuple(relations)
