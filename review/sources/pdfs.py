"""The PDF of a document from where it may be had: preprint servers, PubMed Central, Unpaywall.

Only open copies are asked for. Every place that was tried is told of, with what came of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from review.errors import SourceError
from review.models import Record
from review.sources.http import Ask, Http
from review.sources.models import Passing, Refused
from review.text.markup import data, one_line, refuse_page, text_of, tree

MOST = 100 * 1024 * 1024
"""Largest PDF taken (bytes)."""
TAIL = 4096
"""Bytes at the end in which a whole PDF has its end mark. Source: ISO 32000-1, 7.5.5: %%EOF stands
on the last line; readers look for it in the last kilobyte, files with trailing bytes need more."""
Base = Callable[[str], str]
"""Address of a service by name (see terms.PLACES)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking for a PDF."""

    pdf: bytes | None
    place: str | None
    """Service it came from: arxiv, medrxiv, biorxiv, pmc, unpaywall."""
    url: str | None
    tried: tuple[tuple[str, str], ...]
    """Service and why it gave none, in the order asked."""
    passing: bool = False
    """A service could not be reached; another day it may have the PDF."""


@dataclass(frozen=True, slots=True)
class _Spot:
    place: str
    terms: str
    url: str


def find(record: Record, http: Http, base: Base) -> Found:
    """The PDF of a record from the first place that has it."""
    tried: list[tuple[str, str]] = []
    seen: set[str] = set()
    passing = False
    for spots in (_preprint, _central, _unpaywall):
        try:
            for spot in spots(record, http, base):
                if spot.url in seen:
                    continue
                seen.add(spot.url)
                try:
                    pdf = _pdf(http, spot)
                except SourceError as error:
                    tried.append((spot.place, _why(error)))
                    passing |= isinstance(error, Passing)
                    continue
                return Found(pdf, spot.place, spot.url, tuple(tried))
        except SourceError as error:
            tried.append((_NAMES[spots.__name__], _why(error)))
            passing |= isinstance(error, Passing)
    return Found(None, None, None, tuple(tried), passing)


_NAMES = {"_preprint": "preprint server", "_central": "pmc", "_unpaywall": "unpaywall"}


def _why(error: SourceError) -> str:
    return one_line(str(error)) or "no words"


def _preprint(record: Record, _http: Http, base: Base) -> Iterator[_Spot]:
    """arXiv and medRxiv/bioRxiv keep each version's PDF under its id."""
    if record.arxiv_id:
        version = f"v{record.version}" if record.source == "arxiv" and record.version else ""
        yield _Spot("arxiv", "arxiv", f"{base('arxiv-pdf')}/{record.arxiv_id}{version}")
    doi = record.doi or ""
    if doi.startswith(("10.1101/", "10.64898/")):
        servers = [record.source] if record.source in ("medrxiv", "biorxiv") else []
        for server in servers or ["medrxiv", "biorxiv"]:
            number = record.version if servers and record.version else 1
            yield _Spot(server, "pdf", f"{base(f'{server}-pdf')}/{doi}v{number}.full.pdf")


def _central(record: Record, http: Http, base: Base) -> Iterator[_Spot]:
    """PubMed Central's open-access service names the PDF, where the licence allows it."""
    if not record.pmcid:
        return
    ask = Ask("ncbi", base("pmc-oa"), {"id": record.pmcid})
    for url in http.fetch(ask, open_links).value:
        yield _Spot("pmc", "pdf", url)


def open_links(body: bytes) -> list[str]:
    """PDF links of an answer of PMC's open-access service.

    Raises:
        Refused: the article is not in the open-access subset.
        SourceError: not whole XML.
    """
    root = tree(body, "pmc")
    error = root.find("error")
    if error is not None:
        raise Refused(f"pmc: {text_of(error) or error.get('code')}")
    links = [link.get("href") or "" for link in root.iter("link") if link.get("format") == "pdf"]
    if not links:
        raise Refused("pmc: open access, but without a PDF")
    return [link.replace("ftp://ftp.ncbi", "https://ftp.ncbi", 1) for link in links if link]


def _unpaywall(record: Record, http: Http, base: Base) -> Iterator[_Spot]:
    """Unpaywall knows free copies by DOI; it wants an e-mail address with each question."""
    if not record.doi or not http.contact:
        return
    url = f"{base('unpaywall')}/{quote(record.doi, safe='/')}"
    ask = Ask("unpaywall", url, {"email": http.contact}, accept=frozenset({200, 404}))
    for link in http.fetch(ask, free_copies).value:
        yield _Spot("unpaywall", "pdf", link)


def free_copies(body: bytes) -> list[str]:
    """PDF addresses in an Unpaywall answer, best first.

    Raises:
        Refused: Unpaywall does not know the DOI, or knows no free copy.
        SourceError: not whole JSON.
    """
    read = data(body, "unpaywall")
    if not isinstance(read, Mapping) or read.get("error"):
        raise Refused("unpaywall: the DOI is not known there")
    places = [read.get("best_oa_location"), *(read.get("oa_locations") or ())]
    links = [one.get("url_for_pdf") for one in places if isinstance(one, Mapping)]
    found = list(dict.fromkeys(str(link) for link in links if link))
    if not found:
        raise Refused("unpaywall: no free PDF is known")
    return found


def _pdf(http: Http, spot: _Spot) -> bytes:
    ask = Ask(spot.terms, spot.url, limit=MOST, accept=frozenset({200, 404, 410}))
    got = http.fetch(ask, partial(whole_pdf, spot.place))
    return got.value


def whole_pdf(place: str, body: bytes) -> bytes:
    """The PDF, if it is whole.

    Raises:
        Refused: a web page (a sign-in, a notice that it is gone) in place of a PDF.
        SourceError: empty or cut short; worth another try.
    """
    if b"%PDF-" in body[:1024]:
        if b"%%EOF" not in body[-TAIL:]:
            raise SourceError(f"{place}: the PDF is cut short")
        return body
    if not body.strip():
        raise SourceError(f"{place}: the answer is empty where a PDF was expected")
    try:
        refuse_page(body, place, "a PDF")
    except SourceError as error:
        raise Refused(str(error)) from error
    raise Refused(f"{place}: the answer is no PDF")
