"""Identifiers of documents: their normal forms, and what they say about a record.

Equal identifiers are equal strings. bioRxiv and medRxiv share a DOI prefix, so both count as
medRxiv here. Imports no heavy library, because screening and appraisal use `is_preprint`.
"""

import html
import re
from functools import lru_cache
from urllib.parse import unquote

from review.models import Record

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_NORMAL_DOI = re.compile(r"10\.(?!1101/|64898/)\d{4,9}/[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
"""A DOI already in normal form: no entity, version suffix, bracket or space."""
_DOUBLE_SLASH = re.compile(r"^(10\.\d{4,9})/{2,}")
_PMID = re.compile(r"(?:pmid:?\s*)?0*([1-9]\d{0,7})", re.I)
_ARXIV_NEW = re.compile(r"(?<!\d)(\d{4}\.\d{4,5})(v\d+)?(?!\d)")
_ARXIV_OLD = re.compile(r"\b([a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?", re.I)
_PMCID = re.compile(r"PMC\s*(\d{3,9})", re.I)
_PREPRINT_DOI = re.compile(
    r"^(10\.(?:1101|64898)/\d{4}\.\d\d\.\d\d\.\d{6,8}|10\.1101/\d{6,8})(?![\d.])(v\d+)?"
)
_SERVER_DOIS = (
    ("10.48550/", "arxiv"),
    ("10.64898/", "medrxiv"),
    ("10.21203/", "researchsquare"),
    ("10.20944/", "preprints"),
    ("10.2139/", "ssrn"),
    ("10.31219/", "osf"),
    ("10.31234/", "psyarxiv"),
    ("10.36227/", "techrxiv"),
    ("10.26434/", "chemrxiv"),
    ("10.22541/", "authorea"),
)
_BIORXIV = re.compile(r"^10\.1101/(?:\d{4}\.\d\d\.\d\d\.|\d{6,8}$)")
PREPRINT_SERVERS = (
    "medrxiv",
    "biorxiv",
    "arxiv",
    "researchsquare",
    "ssrn",
    "preprints",
    "techrxiv",
    "chemrxiv",
    "psyarxiv",
    "authorea",
    "osf",
)
"""Names of preprint servers, in the order in which journal names are tested."""


def is_normal_doi(text: str) -> bool:
    """Whether the text is a DOI in normal form and nothing else."""
    return _NORMAL_DOI.fullmatch(text) is not None


def normalize_doi(text: str | None) -> str | None:
    """The DOI in lower case without resolver or stray punctuation; None if there is none.

    A version suffix of a 10.1101 or 10.64898 preprint DOI ('...v2', '...v2.full') is cut, so that
    all versions of a preprint share one DOI. Source: DOI Handbook 2.4 (DOIs ignore case).
    """
    if not text:
        return None
    if is_normal_doi(text):
        return text
    match = _DOI.search(html.unescape(text.strip()).replace("%2F", "/").replace("%2f", "/"))
    if not match:
        return None
    doi = match.group().lower()
    # Old Wiley DOIs (SICI) contain < and >; elsewhere these characters end the DOI.
    ends = r"[\s\"]|\[doi\]" if "(sici)" in doi else r"[\s\"<>]|\[doi\]"
    doi = re.split(ends, doi, maxsplit=1)[0].rstrip(".,;:'")
    while doi.endswith((")", "]", "}")) and doi.count(doi[-1]) > doi.count(
        {")": "(", "]": "[", "}": "{"}[doi[-1]]
    ):
        doi = doi[:-1].rstrip(".,;:'")
    preprint = _PREPRINT_DOI.match(doi)
    return preprint.group(1) if preprint else doi


def fold_doi(doi: str) -> str:
    """The form in which DOIs are compared: with one slash after the prefix. APA registered DOIs
    such as 10.1037//0022-3514.1.1 with two, and databases give them with either."""
    return _DOUBLE_SLASH.sub(r"\1/", doi)


def list_doi_spellings(doi: str) -> tuple[str, str]:
    """A DOI with one slash after its prefix and with two: the forms in which it may be stored."""
    folded = fold_doi(doi)
    return folded, folded.replace("/", "//", 1)


def normalize_pmid(text: str | int | None) -> str | None:
    """The PMID as digits without leading zeros; None if the text is not one (1 to 8 digits)."""
    match = _PMID.fullmatch(str(text).strip()) if text else None
    return match.group(1) if match else None


def normalize_pmcid(text: str | None) -> str | None:
    """The PMCID as PMC followed by digits; None if there is none."""
    match = _PMCID.search(text or "")
    return f"PMC{int(match.group(1))}" if match else None


def normalize_arxiv(text: str | None) -> str | None:
    """The arXiv ID without version (2003.09871, cs/0112017); None if there is none.

    Reads bare ids, arXiv:ids, abs and pdf links and 10.48550 DOIs. Other DOIs are not arXiv ids.
    """
    if not text:
        return None
    text = text.strip()
    without_prefix = re.sub(r"^.*10\.48550/arxiv\.", "", text, flags=re.I)
    if without_prefix == text and _DOI.search(text):
        return None
    match = _ARXIV_NEW.search(without_prefix) or _ARXIV_OLD.search(without_prefix)
    if not match:
        return None
    ident = match.group(1)
    if "/" not in ident:
        return ident
    return ident.lower() if "." not in ident else re.sub(r"\.[A-Z]{2}/", "/", ident, flags=re.I)


@lru_cache(maxsize=100_000)
def _match_server_name(text: str) -> str | None:
    normalized = re.sub(r"[\W_]", "", text.lower())
    for name in PREPRINT_SERVERS:
        if normalized.startswith(name) and (len(normalized) <= len(name) + 12 or name == "arxiv"):
            return name
    return None


def find_preprint_server(record: Record, doi: str | None) -> str | None:
    """The preprint server on which the record was posted; None if it is not a preprint.

    Args:
        record: the record.
        doi: its own DOI, as `get_own_identifiers` gives it.
    """
    if doi:
        if _BIORXIV.match(doi):
            return "medrxiv"
        for prefix, name in _SERVER_DOIS:
            if doi.startswith(prefix):
                return name
    server = _match_server_name(record.journal) if record.journal else None
    if server is None and record.source in ("arxiv", "medrxiv", "biorxiv"):
        server = record.source
    return "medrxiv" if server == "biorxiv" else server


def is_preprint(record: Record) -> bool:
    """Whether the record is a preprint."""
    return find_preprint_server(record, get_own_identifiers(record)[0]) is not None


def get_own_identifiers(record: Record) -> tuple[str | None, str | None]:
    """The record's own DOI, in the form for comparison, and arXiv ID; the journal DOI of an arXiv
    entry is not its own."""
    doi = normalize_doi(unquote(record.doi) if record.doi and "%" in record.doi else record.doi)
    doi = fold_doi(doi) if doi else doi
    arxiv = normalize_arxiv(record.arxiv_id) or normalize_arxiv(record.doi)
    if record.source == "arxiv":
        arxiv = arxiv or normalize_arxiv(record.source_id) or normalize_arxiv(record.journal)
        if arxiv and doi and not doi.startswith("10.48550/"):
            doi = None
    if arxiv and doi is None and (record.source == "arxiv" or record.journal is None):
        doi = f"10.48550/arxiv.{arxiv}"
    if doi and doi.startswith("10.48550/") and arxiv:
        doi = f"10.48550/arxiv.{arxiv}"
    return doi, arxiv
