"""One row of a table to a record: which column fills which field, and what citations add."""

import re
from collections.abc import Callable

from review.formats import detect_database
from review.formats.fields import (
    date_of,
    doi_in,
    each,
    names,
    pages_of,
    pmid_in,
    readable,
    split_list,
    unique,
    year_of,
)
from review.formats.tabular import columns
from review.models import Record, normal_arxiv, normal_doi, normal_pmcid, normal_pmid

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
_MERGED = ("types", "keywords", "mesh", "affiliations", "urls")
"""Fields that several columns fill together; of the others the first column wins."""

_RANK = {k: i for known in columns.COLUMNS.values() for i, k in enumerate(known)}

Pairs = list[tuple[str, str, str]]
"""(column as it is written, as it is compared, cell) for each filled cell of a row."""


def record_of(pairs: Pairs) -> Record:
    """The record of one row; its source is '' where the row does not tell."""
    got, extra, column = _sorted_out(pairs)
    cells = {k: cell for _, k, cell in pairs}
    _from_citation(got, cells)
    urls = unique(u for v in got.get("urls", ()) for u in re.split(r"[;\s|]+(?=http)|\s+\|\s+", v))
    text = {field: readable(values[0]) for field, values in got.items()}

    def normal(field: str, form: Callable[[str | None], str | None]) -> str | None:
        """The identifier in its normal form; a text that is not one stays in `extra`."""
        found = form(text.get(field))
        if found is None and text.get(field):
            extra.setdefault(column[field], []).append(got[field][0].strip())
        return found

    year = year_of(text.get("year"), text.get("date"))
    date = _date(year, text.get("date"), cells)
    if "date" in column and text["date"] not in (date, str(year)):
        extra.setdefault(column["date"], []).append(got["date"][0].strip())
    doi = normal("doi", normal_doi) or doi_in(urls)
    links = [t for t in (doi, *urls) if t and "arxiv" in t.lower()]
    return Record(
        source=_source(cells, urls),
        source_id=text.get("source_id") or _number(urls),
        title=text.get("title"),
        authors=each(n for v in got.get("authors", ()) for n in names(v)),
        year=year,
        date=date,
        journal=text.get("journal"),
        volume=text.get("volume"),
        issue=text.get("issue"),
        pages=text.get("pages") or pages_of(text.get("first_page"), text.get("last_page")),
        abstract=text.get("abstract"),
        doi=doi,
        pmid=normal("pmid", normal_pmid) or pmid_in(urls),
        pmcid=normal("pmcid", normal_pmcid),
        arxiv_id=normal("arxiv_id", normal_arxiv)
        or next((a for t in links if (a := normal_arxiv(t))), None),
        language=text.get("language"),
        types=unique(t for v in got.get("types", ()) for t in re.split("[;|]", v) if len(t) > 1),
        keywords=unique(t for v in got.get("keywords", ()) for t in split_list(v)),
        mesh=unique(t for v in got.get("mesh", ()) for t in re.split("[;|]", v)),
        affiliations=unique(t for v in got.get("affiliations", ()) for t in v.split(";")),
        urls=urls,
        extra={name: tuple(values) for name, values in extra.items()},
    )


def _sorted_out(
    pairs: Pairs,
) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, str]]:
    """Cells by field, cells that fill none by column, and the column that filled each field."""
    got: dict[str, list[str]] = {}
    extra: dict[str, list[str]] = {}
    column: dict[str, str] = {}
    for name, k, cell in sorted(pairs, key=lambda pair: _RANK.get(pair[1], 0)):
        field = columns.FIELD.get(k)
        if field is None or (field in got and field not in _MERGED):
            extra.setdefault(name, []).append(cell.strip())
        else:
            got.setdefault(field, []).append(cell)
            column.setdefault(field, name)
    return got, extra, column


def _number(urls: tuple[str, ...]) -> str | None:
    """IEEE Xplore's own number of the article, which its CSV holds in the link only."""
    found = re.search(r"arnumber=(\d+)", " ".join(urls))
    return found.group(1) if found else None


def _date(year: int | None, said: str | None, cells: dict[str, str]) -> str | None:
    """Date from a date column, or from Rayyan's and Covidence's month and day columns."""
    month = cells.get("month") or cells.get("publishedmonth") or ""
    if month.isdecimal():
        month = f"{year}-{month}" + (f"-{cells['day']}" if cells.get("day") else "")
    return date_of(year, said, month or None)


def _from_citation(got: dict[str, list[str]], cells: dict[str, str]) -> None:
    """Fills what only a citation line tells: Embase's and Ovid's Source, PubMed's Citation.

    Where Source is no citation and no database it is the journal (Cochrane, Publish or Perish).
    """
    source, citation = cells.get("source", ""), cells.get("citation", "")
    found = _PUBMED.search(citation) if citation else None
    if found is None and "journal" not in got and source:
        found = _EMBASE.match(source) or _OVID.match(source)
        if found is None and len(source) < 200 and detect_database.by_name(source) is None:
            got["journal"] = [source]
    for field, value in (found.groupdict() if found else {}).items():
        if value:
            got.setdefault(field, [value])


def _source(cells: dict[str, str], urls: tuple[str, ...]) -> str:
    """The database the row names: in a short Source, Database or Library Catalog cell."""
    for column in ("source", "database", "librarycatalog", "databasename", "databaseprovider"):
        cell = cells.get(column, "")
        if 0 < len(cell) < 40 and (found := detect_database.by_name(cell)):
            return found
    return detect_database.by_url(urls) or ""
