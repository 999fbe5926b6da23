"""Converts a row of a table to a record: from columns to fields, with what citations add."""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass

from review.formats import detect_database
from review.formats.fields import (
    clean_text,
    find_date,
    find_doi_in_urls,
    find_pmid_in_urls,
    find_year,
    format_page_range,
    split_list,
    strip_page_mark,
    unique_values,
)
from review.formats.tabular import author_cells, columns
from review.formats.tabular.citation_line import parse_pubmed_citation, parse_source_line
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import Record
from review.text.placeholders import is_placeholder

_MULTI_COLUMN_FIELDS = ("types", "keywords", "mesh", "affiliations", "urls", "group_authors")
"""Fields that several columns fill together; of the others the first column wins."""

_NUMBER_FIELDS = ("year", "volume", "issue", "pages", "first_page", "last_page", "pmid")
_FLOAT = re.compile(r"(\d+)\.0+")
_BVS_PAGES = re.compile(r";\s*\w*\s*(?:\([^)]*\))?:\s*(\w+(?:-\w+)?)(?=[,.\s]|$)")
_REVIEW_JOURNAL = re.compile(r"cochrane database (?:of )?syst", re.I)
"""A database that is a journal as well."""
_YEAR_CELL = re.compile(r"(?:1[5-9]|20)\d\d(?:\.0)?")
_SPREADSHEET_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]00:00:00)?")
_CITATION_COLUMNS = ("so", "source", "bibliographicsource", "publicationdetails")
_RANK = {k: i for column_names in columns.COLUMNS.values() for i, k in enumerate(column_names)}

Pairs = list[tuple[str, str, str]]
"""(column as it is written, as it is compared, cell) for each filled cell of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """What the header says of all rows of a table."""

    fields: columns.ColumnFields = dataclasses.field(
        default_factory=lambda: columns.FIELD_BY_COLUMN
    )
    """Compared column name -> our field."""
    mapped: frozenset[str] = frozenset()
    """Compared names of the columns a person mapped; they win, and together fill one field."""
    joins_names: bool = False
    """The table runs whole names together ('Anne SmithCarl Jones'), as Springer does."""
    is_text: bool = True
    """The table is a text, not a sheet of a workbook: line ends may be lost or stand in cells."""


STANDARD_LAYOUT = TableLayout()


def build_record(pairs: Pairs, layout: TableLayout = STANDARD_LAYOUT) -> Record:
    """The record of one row; its source is '' where the row does not say."""
    pairs = [(name, key, _clean_cell(cell, layout.fields.get(key))) for name, key, cell in pairs]
    cells = {key: cell for _, key, cell in pairs}
    citation = _read_citation(cells, layout)
    citation_key = citation[0] if citation else None
    values_by_field, extra, column_by_field = _assign_fields(pairs, layout, citation_key)
    for name, value in (citation[1] if citation else {}).items():
        values_by_field.setdefault(name, [value])
    _move_spreadsheet_dates(values_by_field, extra, column_by_field)
    urls = unique_values(
        u for v in values_by_field.get("urls", ()) for u in re.split(r"[;\s|]+(?=http)|\s+\|\s+", v)
    )
    text = {field: clean_text(values[0]) for field, values in values_by_field.items() if values}

    def normalize_identifier(
        field: str, normalize: Callable[[str | None], str | None]
    ) -> str | None:
        """The identifier in its normal form; a text that is not one stays in `extra`."""
        identifier = normalize(text.get(field))
        if identifier is None and text.get(field):
            extra.setdefault(column_by_field[field], []).append(values_by_field[field][0].strip())
        return identifier

    year = find_year(text.get("year"), text.get("date"))
    if year is None and "year" in column_by_field:  # 'in press'
        extra.setdefault(column_by_field["year"], []).append(values_by_field["year"][0].strip())
    date = _combine_date(year, text.get("date"), cells)
    if "date" in column_by_field and text["date"] not in (date, str(year)):
        extra.setdefault(column_by_field["date"], []).append(values_by_field["date"][0].strip())
    doi = normalize_identifier("doi", normalize_doi) or find_doi_in_urls(urls)
    links = [t for t in (doi, *urls) if t and "arxiv" in t.lower()]
    source = _detect_source(cells) or detect_database.find_ebsco_database(urls) or ""
    return Record(
        source=source,
        source_id=text.get("source_id") or _find_ieee_number(urls),
        title=text.get("title"),
        authors=author_cells.list_authors(pairs, values_by_field, layout.joins_names),
        year=year,
        date=date,
        journal=text.get("journal"),
        volume=text.get("volume"),
        issue=text.get("issue"),
        pages=strip_page_mark(text.get("pages"))
        or format_page_range(text.get("first_page"), text.get("last_page"))
        or _find_bvs_pages(cells)
        or text.get("article_number"),
        abstract=text.get("abstract"),
        doi=doi,
        pmid=normalize_identifier("pmid", _normalize_pmid_cell)
        or find_pmid_in_urls(urls)
        or _find_ovid_pmid(source, cells),
        pmcid=normalize_identifier("pmcid", normalize_pmcid),
        arxiv_id=normalize_identifier("arxiv_id", normalize_arxiv)
        or next((a for t in links if (a := normalize_arxiv(t))), None),
        language=text.get("language"),
        types=unique_values(
            t for v in values_by_field.get("types", ()) for t in re.split("[;|]", v) if len(t) > 1
        ),
        keywords=unique_values(
            t for v in values_by_field.get("keywords", ()) for t in split_list(v)
        ),
        mesh=unique_values(t for v in values_by_field.get("mesh", ()) for t in re.split("[;|]", v)),
        affiliations=unique_values(
            t for v in values_by_field.get("affiliations", ()) for t in v.split(";")
        ),
        urls=urls,
        extra={name: tuple(values) for name, values in extra.items()},
    )


def _normalize_pmid_cell(text: str | None) -> str | None:
    """The PMID of a cell, also behind the word that CENTRAL writes: 'PUBMED 12345'."""
    return normalize_pmid(re.sub(r"(?i)^pubmed:?\s+", "", text) if text else None)


def _clean_cell(cell: str, field: str | None) -> str:
    """The cell without BASE's braces, and without the '.0' pandas puts behind whole numbers."""
    if field is None:
        return cell
    text = cell.strip()
    while text[:1] == "{" and text[-1:] == "}" and text.count("{") == text.count("}"):
        if _closes_early(text):
            break
        text = text[1:-1].strip()
    if field in _NUMBER_FIELDS and (match := _FLOAT.fullmatch(text)):
        return match.group(1)
    return text or cell


def _closes_early(text: str) -> bool:
    """Whether the brace that opens the text closes before its end: '{A} and {B}'."""
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return position < len(text) - 1
    return True


def _assign_fields(
    pairs: Pairs, layout: TableLayout, citation_key: str | None
) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, str]]:
    """Cells by field, cells that fill none by column, and the column that filled each field."""
    values_by_field: dict[str, list[str]] = {}
    extra: dict[str, list[str]] = {}
    column_by_field: dict[str, str] = {}

    def sort_key(pair: tuple[str, str, str]) -> tuple[bool, int]:
        return pair[1] not in layout.mapped, _RANK.get(pair[1], 0)

    for name, key, cell in sorted(pairs, key=sort_key):
        is_silent = key == citation_key or is_placeholder(cell)
        field = None if is_silent else layout.fields.get(key)
        if field == "journal" and key not in layout.mapped and _YEAR_CELL.fullmatch(cell.strip()):
            field = "year"  # 'Publication' may be the journal or its year
        is_joined = field in _MULTI_COLUMN_FIELDS or (field == "authors" and key in layout.mapped)
        if field is None or (field in values_by_field and not is_joined):
            if not columns.NUMBERED_AUTHOR.fullmatch(key) or "authors" in values_by_field:
                extra.setdefault(name, []).append(cell.strip())
        elif field in ("first_author", "other_authors") and "authors" in values_by_field:
            extra.setdefault(name, []).append(cell.strip())
        else:
            values_by_field.setdefault(field, []).append(cell)
            column_by_field.setdefault(field, name)
    return values_by_field, extra, column_by_field


def _move_spreadsheet_dates(
    values_by_field: dict[str, list[str]],
    extra: dict[str, list[str]],
    column_by_field: dict[str, str],
) -> None:
    """Excel turns the pages 10-12 into a date; what they were is not known, so they stay apart."""
    for name in ("pages", "issue", "volume"):
        values = values_by_field.get(name)
        if values and _SPREADSHEET_DATE.fullmatch(values[0].strip()):
            extra.setdefault(column_by_field.get(name, name), []).append(values[0].strip())
            del values_by_field[name]


def _find_bvs_pages(cells: dict[str, str]) -> str | None:
    """The pages in a Source cell of BVS: 'Rev. bras. ; 12(3): 45-50, jul.-set. 2020'."""
    match = _BVS_PAGES.search(cells.get("source", ""))
    return match.group(1) if match else None


def _find_ieee_number(urls: tuple[str, ...]) -> str | None:
    """IEEE Xplore's own number of the article, which its CSV holds in the link only."""
    match = re.search(r"arnumber=(\d+)", " ".join(urls))
    return match.group(1) if match else None


def _find_ovid_pmid(source: str, cells: dict[str, str]) -> str | None:
    """Ovid's MEDLINE gives the PMID as its unique identifier."""
    identifier = cells.get("ui", "").strip()
    return normalize_pmid(identifier) if source == "medline" and identifier.isdecimal() else None


def _combine_date(year: int | None, text: str | None, cells: dict[str, str]) -> str | None:
    """Date from a date column, or from Rayyan's and Covidence's month and day columns."""
    month = cells.get("month") or cells.get("publishedmonth") or ""
    if month.isdecimal():
        month = f"{year}-{month}" + (f"-{cells['day']}" if cells.get("day") else "")
    return find_date(year, text, month or None)


def _read_citation(
    cells: dict[str, str], layout: TableLayout
) -> tuple[str | None, dict[str, str]] | None:
    """The column of a citation line and its fields: Embase's and Ovid's Source, PubMed's Citation.

    Where Source is neither a citation nor a database it is the journal (Cochrane, CNKI, EBSCO,
    Publish or Perish).
    """
    if parsed := parse_pubmed_citation(cells.get("citation", "")):
        return None, parsed
    has_journal = any(
        layout.fields.get(key) == "journal" and key not in _CITATION_COLUMNS for key in cells
    )
    if has_journal:
        return None
    for key in _CITATION_COLUMNS:
        cell = cells.get(key, "")
        if cell and key not in layout.mapped and (parsed := parse_source_line(cell)):
            return key, parsed
    source = cells.get("source", "")
    if (
        source
        and "so" not in cells
        and "source" not in layout.mapped
        and len(source) < 200
        and (detect_database.find_by_name(source) is None or _REVIEW_JOURNAL.match(source))
    ):
        return None, {"journal": source}
    return None


def _detect_source(cells: dict[str, str]) -> str:
    """The database the row names in a column for it; '' where it names none."""
    for key, cell in cells.items():
        if columns.is_database_column(key) and (name := detect_database.name_database(cell)):
            return name
    for key in columns.HOST_COLUMNS:
        cell = cells.get(key, "")
        if 0 < len(cell) < 40 and (source := detect_database.find_by_name(cell)):
            return source
    return ""
