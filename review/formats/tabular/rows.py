"""One row of a table to a record: which column fills which field, and what citations add."""

import re
from collections.abc import Callable

from review.formats import detect_database
from review.formats.fields import (
    clean_text,
    clean_values,
    find_date,
    find_doi_in_urls,
    find_pmid_in_urls,
    find_year,
    format_page_range,
    split_list,
    split_names,
    unique_values,
)
from review.formats.tabular import columns
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import Record

_EMBASE = re.compile(
    r"(?P<journal>.+?) \((?P<year>\d{4})\) ?(?P<volume>[^:(\s]+)?(?::(?P<issue>[^\s(]+))?"
    r"(?: (?:Article Number: \S+|\((?P<pages>[^)]*)\)))?(?:.*Date of Publication: (?P<date>[^.]*))?"
)
_PUBMED = re.compile(
    r"\. (?P<date>\d{4}[^;.]*);(?P<volume>[^(:]*)(?:\((?P<issue>[^)]*)\))?(?::(?P<pages>[\w-]+))?\."
)
_OVID = re.compile(
    r"(?P<journal>[^.]+(?:\.(?! \d)[^.]*)*)\. (?P<volume>\w+)?(?: ?\((?P<issue>[^)]*)\))?"
    r"(?:: ?(?P<pages>[\w-]+))?, (?P<date>\d{4}[^.]*)\.?$"
)
_MULTI_COLUMN_FIELDS = ("types", "keywords", "mesh", "affiliations", "urls")
"""Fields that several columns fill together; of the others the first column wins."""

_RANK = {k: i for column_names in columns.COLUMNS.values() for i, k in enumerate(column_names)}

Pairs = list[tuple[str, str, str]]
"""(column as it is written, as it is compared, cell) for each filled cell of a row."""


def build_record(pairs: Pairs) -> Record:
    """The record of one row; its source is '' where the row does not tell."""
    values_by_field, extra, column_by_field = _assign_fields(pairs)
    cells = {k: cell for _, k, cell in pairs}
    _add_citation_fields(values_by_field, cells)
    urls = unique_values(
        u for v in values_by_field.get("urls", ()) for u in re.split(r"[;\s|]+(?=http)|\s+\|\s+", v)
    )
    text = {field: clean_text(values[0]) for field, values in values_by_field.items()}

    def normalize_identifier(
        field: str, normalize: Callable[[str | None], str | None]
    ) -> str | None:
        """The identifier in its normal form; a text that is not one stays in `extra`."""
        identifier = normalize(text.get(field))
        if identifier is None and text.get(field):
            extra.setdefault(column_by_field[field], []).append(values_by_field[field][0].strip())
        return identifier

    year = find_year(text.get("year"), text.get("date"))
    date = _combine_date(year, text.get("date"), cells)
    if "date" in column_by_field and text["date"] not in (date, str(year)):
        extra.setdefault(column_by_field["date"], []).append(values_by_field["date"][0].strip())
    doi = normalize_identifier("doi", normalize_doi) or find_doi_in_urls(urls)
    links = [t for t in (doi, *urls) if t and "arxiv" in t.lower()]
    return Record(
        source=_detect_source(cells, urls),
        source_id=text.get("source_id") or _find_ieee_number(urls),
        title=text.get("title"),
        authors=clean_values(n for v in values_by_field.get("authors", ()) for n in split_names(v)),
        year=year,
        date=date,
        journal=text.get("journal"),
        volume=text.get("volume"),
        issue=text.get("issue"),
        pages=text.get("pages") or format_page_range(text.get("first_page"), text.get("last_page")),
        abstract=text.get("abstract"),
        doi=doi,
        pmid=normalize_identifier("pmid", normalize_pmid) or find_pmid_in_urls(urls),
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


def _assign_fields(
    pairs: Pairs,
) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, str]]:
    """Cells by field, cells that fill none by column, and the column that filled each field."""
    values_by_field: dict[str, list[str]] = {}
    extra: dict[str, list[str]] = {}
    column_by_field: dict[str, str] = {}
    for name, k, cell in sorted(pairs, key=lambda pair: _RANK.get(pair[1], 0)):
        field = columns.FIELD_BY_COLUMN.get(k)
        if field is None or (field in values_by_field and field not in _MULTI_COLUMN_FIELDS):
            extra.setdefault(name, []).append(cell.strip())
        else:
            values_by_field.setdefault(field, []).append(cell)
            column_by_field.setdefault(field, name)
    return values_by_field, extra, column_by_field


def _find_ieee_number(urls: tuple[str, ...]) -> str | None:
    """IEEE Xplore's own number of the article, which its CSV holds in the link only."""
    match = re.search(r"arnumber=(\d+)", " ".join(urls))
    return match.group(1) if match else None


def _combine_date(year: int | None, text: str | None, cells: dict[str, str]) -> str | None:
    """Date from a date column, or from Rayyan's and Covidence's month and day columns."""
    month = cells.get("month") or cells.get("publishedmonth") or ""
    if month.isdecimal():
        month = f"{year}-{month}" + (f"-{cells['day']}" if cells.get("day") else "")
    return find_date(year, text, month or None)


def _add_citation_fields(values_by_field: dict[str, list[str]], cells: dict[str, str]) -> None:
    """Fills what only a citation line tells: Embase's and Ovid's Source, PubMed's Citation.

    Where Source is no citation and no database it is the journal (Cochrane, Publish or Perish).
    """
    source, citation = cells.get("source", ""), cells.get("citation", "")
    match = _PUBMED.search(citation) if citation else None
    if match is None and "journal" not in values_by_field and source:
        match = _EMBASE.match(source) or _OVID.match(source)
        if match is None and len(source) < 200 and detect_database.find_by_name(source) is None:
            values_by_field["journal"] = [source]
    for field, value in (match.groupdict() if match else {}).items():
        if value:
            values_by_field.setdefault(field, [value])


def _detect_source(cells: dict[str, str], urls: tuple[str, ...]) -> str:
    """The database the row names: in a short Source, Database or Library Catalog cell."""
    for column in ("source", "database", "librarycatalog", "databasename", "databaseprovider"):
        cell = cells.get(column, "")
        if 0 < len(cell) < 40 and (source := detect_database.find_by_name(cell)):
            return source
    return detect_database.find_by_url(urls) or ""
