"""Downloads the PDF of a document from preprint servers, PubMed Central or Unpaywall.

Only open copies are asked for. Every address that was tried is reported with its outcome.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from lxml import etree

from review.errors import SourceError
from review.models import Record
from review.sources.http import HttpClient, Request
from review.sources.models import QueryRejected, StatusRejected, TransientError
from review.text.markup import parse_json, parse_xml, reject_web_page, to_one_line

MAX_PDF_BYTES = 100 * 1024 * 1024
"""Largest PDF taken (bytes)."""
NO_CONTACT = "not searched, as the protocol has no contact address"
"""Why Unpaywall was not asked."""
END_MARK_BYTES = 4096
"""Bytes at the end in which a whole PDF has its end mark. Source: ISO 32000-1, 7.5.5: %%EOF is
on the last line; readers look for it in the last kilobyte, files with trailing bytes need more."""
AddressLookup = Callable[[str], str]
"""Address of a service by name (see terms.PLACES)."""


@dataclass(frozen=True, slots=True)
class PdfSearchResult:
    """What came of asking for a PDF."""

    pdf: bytes | None
    service: str | None
    """Service it came from: arxiv, medrxiv, biorxiv, pmc, unpaywall."""
    url: str | None
    attempts: tuple[tuple[str, str], ...]
    """Service and why it gave none, in the order asked."""
    is_temporary: bool = False
    """A service could not be reached, is gone or made no sense; another day it may have the PDF."""
    was_answered: bool = True
    """Some service said whether it has the PDF."""


@dataclass(frozen=True, slots=True)
class _PdfLocation:
    service: str
    rate_limit: str
    url: str


def find_pdf(record: Record, http: HttpClient, base: AddressLookup) -> PdfSearchResult:
    """The PDF of a record from the first place that has it."""
    attempts: list[tuple[str, str]] = []
    seen_urls: set[str] = set()
    is_temporary = was_answered = False
    for find_locations in (
        _iter_preprint_locations,
        _iter_pmc_locations,
        _iter_unpaywall_locations,
    ):
        try:
            for location in find_locations(record, http, base):
                if location.url in seen_urls:
                    continue
                seen_urls.add(location.url)
                try:
                    pdf = _download_pdf(http, location)
                except SourceError as error:
                    attempts.append((location.service, _describe_error(error)))
                    is_temporary |= isinstance(error, TransientError)
                    was_answered |= not isinstance(error, TransientError)
                    continue
                return PdfSearchResult(pdf, location.service, location.url, tuple(attempts))
        except SourceError as error:
            attempts.append((_SERVICE_NAMES[find_locations.__name__], _describe_error(error)))
            says_no = isinstance(error, QueryRejected) and not isinstance(error, StatusRejected)
            is_temporary |= not says_no
            was_answered |= says_no
    return PdfSearchResult(
        pdf=None,
        service=None,
        url=None,
        attempts=tuple(attempts),
        is_temporary=is_temporary,
        was_answered=was_answered,
    )


_SERVICE_NAMES = {
    "_iter_preprint_locations": "preprint server",
    "_iter_pmc_locations": "pmc",
    "_iter_unpaywall_locations": "unpaywall",
}


def _describe_error(error: SourceError) -> str:
    return to_one_line(str(error)) or "no message"


def _iter_preprint_locations(
    record: Record, _http: HttpClient, base: AddressLookup
) -> Iterator[_PdfLocation]:
    """arXiv and medRxiv/bioRxiv keep each version's PDF under its id."""
    if record.arxiv_id:
        version = f"v{record.version}" if record.source == "arxiv" and record.version else ""
        yield _PdfLocation("arxiv", "arxiv", f"{base('arxiv-pdf')}/{record.arxiv_id}{version}")
    doi = record.doi or ""
    if doi.startswith(("10.1101/", "10.64898/")):
        servers = [record.source] if record.source in ("medrxiv", "biorxiv") else []
        for server in servers or ["medrxiv", "biorxiv"]:
            number = record.version if servers and record.version else 1
            yield _PdfLocation(server, "pdf", f"{base(f'{server}-pdf')}/{doi}v{number}.full.pdf")


def _iter_pmc_locations(
    record: Record, http: HttpClient, base: AddressLookup
) -> Iterator[_PdfLocation]:
    """PMC's cloud service keeps each version's files under its id, and says in its metadata where
    the PDF is. Source: https://pmc.ncbi.nlm.nih.gov/tools/pmcaws/ (the open-access service that was
    asked before was retired in August 2026)."""
    if not record.pmcid:
        return
    address = base("pmc-cloud")
    listing = Request(
        "pmc-cloud", f"{address}/", {"list-type": "2", "prefix": f"metadata/{record.pmcid}."}
    )
    version_name = http.fetch(listing, partial(parse_pmc_listing, record.pmcid)).value
    metadata = Request("pmc-cloud", f"{address}/metadata/{version_name}.json")
    yield _PdfLocation("pmc", "pmc-cloud", f"{address}/{http.fetch(metadata, parse_pmc_pdf).value}")


def parse_pmc_listing(pmcid: str, body: bytes) -> str:
    """The newest version of an article in a listing of PMC's cloud service: 'PMC123.2'.

    Raises:
        QueryRejected: the article is not in PMC's article datasets.
        SourceError: not a whole listing.
    """
    root = parse_xml(body, "pmc")
    if etree.QName(root).localname != "ListBucketResult":
        raise SourceError("pmc: the response is XML, but not a file listing")
    versions = [
        int(match[1])
        for node in root.iter("{*}Key")
        if (match := re.fullmatch(rf"metadata/{re.escape(pmcid)}\.(\d+)\.json", node.text or ""))
    ]
    if not versions:
        raise QueryRejected("pmc: the article is not open access")
    return f"{pmcid}.{max(versions)}"


def parse_pmc_pdf(body: bytes) -> str:
    """Path of the PDF within PMC's cloud service, by the metadata of one version.

    Raises:
        QueryRejected: this version has no PDF there.
        SourceError: not whole JSON, or not the metadata of an article.
    """
    answer = parse_json(body, "pmc")
    if not isinstance(answer, Mapping) or "pmcid" not in answer:
        raise SourceError("pmc: the response is not article metadata")
    match = re.fullmatch(
        r"(?:s3|https)://[^/]+/([^?#]+)(?:[?#].*)?", str(answer.get("pdf_url") or "")
    )
    if match is None:
        raise QueryRejected("pmc: open access, but no PDF")
    return match[1]


def _iter_unpaywall_locations(
    record: Record, http: HttpClient, base: AddressLookup
) -> Iterator[_PdfLocation]:
    """Unpaywall knows free copies by DOI; it wants an e-mail address with each question."""
    if not record.doi:
        return
    if not http.contact:
        raise QueryRejected(f"unpaywall: {NO_CONTACT}")
    url = f"{base('unpaywall')}/{quote(record.doi, safe='/')}"
    request = Request("unpaywall", url, {"email": http.contact}, accept=frozenset({200, 404}))
    for link in http.fetch(request, parse_free_copies).value:
        yield _PdfLocation("unpaywall", "pdf", link)


def parse_free_copies(body: bytes) -> list[str]:
    """PDF addresses in an Unpaywall answer, best first.

    Raises:
        Refused: Unpaywall does not know the DOI, or knows no free copy.
        SourceError: not whole JSON.
    """
    answer = parse_json(body, "unpaywall")
    if not isinstance(answer, Mapping) or answer.get("error"):
        raise QueryRejected("unpaywall: unknown DOI")
    locations = [answer.get("best_oa_location"), *(answer.get("oa_locations") or ())]
    links = [location.get("url_for_pdf") for location in locations if isinstance(location, Mapping)]
    pdf_urls = list(dict.fromkeys(str(link) for link in links if link))
    if not pdf_urls:
        raise QueryRejected("unpaywall: no open-access PDF found")
    return pdf_urls


def _download_pdf(http: HttpClient, location: _PdfLocation) -> bytes:
    request = Request(
        location.rate_limit, location.url, limit=MAX_PDF_BYTES, accept=frozenset({200, 404, 410})
    )
    response = http.fetch(request, partial(check_pdf, location.service))
    return response.value


def check_pdf(service: str, body: bytes) -> bytes:
    """The PDF, if it is whole.

    Raises:
        Refused: a web page (a sign-in, a notice that it is gone) in place of a PDF.
        SourceError: empty or cut short; worth another try.
    """
    if b"%PDF-" in body[:1024]:
        if b"%%EOF" not in body[-END_MARK_BYTES:]:
            raise SourceError(f"{service}: the PDF is truncated")
        return body
    if not body.strip():
        raise SourceError(f"{service}: the response is empty instead of a PDF")
    try:
        reject_web_page(body, service, "a PDF")
    except SourceError as error:
        raise QueryRejected(str(error)) from error
    raise QueryRejected(f"{service}: the response is not a PDF")
