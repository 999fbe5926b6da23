"""Splits citation lines into fields, as Embase, Ovid and PubMed write them into one cell."""

import re

_EMBASE = re.compile(
    r"(?P<journal>.+?) \((?P<year>\d{4})\) ?(?P<volume>[^:(\s]+)?(?::(?P<issue>[^\s(]+))?"
    r"(?: (?:Article Number: \S+|\((?P<pages>[^)]*)\)))?(?:.*Date of Publication: (?P<date>[^.]*))?"
)
_PUBMED = re.compile(
    r"\. (?P<date>\d{4}[^;.]*);(?P<volume>[^(:]*)(?:\((?P<issue>[^)]*)\))?(?::(?P<pages>[\w-]+))?\."
)
_OVID = re.compile(
    r"(?P<journal>.+?)\.\s+(?:Conference: .+?\.\s+)?(?P<volume>[^\s(:,.]+)?"
    r"(?:\s?\((?P<issue>(?!pp\.? |no pagination)[^)]*)\))?"
    r"(?::\s?(?P<pages>[\w.-]+)|\s?\((?:pp\.? (?P<bracketed_pages>[^)]*)|no pagination)\))?"
    r",\s+(?P<date>\d{4}[^.,]*)(?:\.(?:\s.*?Date of Publication: (?P<full_date>[^.]*))?|$)",
    re.S,
)
"""'Radiology. 290(2):456-464, 2019 Feb.' (MEDLINE) and 'Radiology. 290(2) (pp 456-464), 2019. Date
of Publication: 01 Feb 2019.' (Embase). Source: Ovid's fields SO and Source."""
_ERIC = re.compile(
    r"(?P<journal>.+?),\s+v(?P<volume>\w+)(?:\s+n(?P<issue>[\w-]+))?(?:\s+p(?P<pages>[\w-]+))?"
    r"(?:\s+(?P<date>[^,;]*(?:19|20)\d\d[^,;]*))?\.?$"
)
"""'Journal of Film Education, v12 n3 p45-53 Spr 2024'. Source: ERIC's field Source."""


def parse_source_line(text: str) -> dict[str, str] | None:
    """Journal, volume, issue, pages and date of Embase's, Ovid's or ERIC's Source; else None."""
    match = _EMBASE.match(text) or _OVID.match(text) or _ERIC.match(text)
    if match is None:
        return None
    fields = {name: value.strip() for name, value in match.groupdict().items() if value}
    fields["pages"] = fields.pop("bracketed_pages", fields.get("pages", ""))
    fields["date"] = fields.pop("full_date", fields.get("date", ""))
    if year := re.match(r"\d{4}", match["date"] or "") if "year" not in fields else None:
        fields["year"] = year.group()
    return {name: value for name, value in fields.items() if value}


def parse_pubmed_citation(text: str) -> dict[str, str] | None:
    """Date, volume, issue and pages of PubMed's Citation; None for anything else."""
    match = _PUBMED.search(text)
    return {k: v for k, v in match.groupdict().items() if v} if match else None
