"""Key papers: those the team knows should be found, and the reports of the review that they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from review.dedupe.normalize import normalize_text
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.protocol.models import Protocol
from review.store import Connection, links, records


@dataclass(frozen=True, slots=True)
class KeyPaper:
    """A paper named under `search.key_papers`, and where it is in the review."""

    text: str
    """As the protocol names it: a DOI, another identifier or a title."""
    reports: tuple[int, ...]
    """Numbers of its reports; none if the review does not have it, several where a title fits
    several."""
    records: tuple[int, ...]
    """Numbers of its records, duplicates of any source included."""
    is_title: bool
    """Whether it is named by its title."""


def find_key_papers(protocol: Protocol, conn: Connection) -> list[KeyPaper]:
    """The protocol's key papers in its order, with the reports and records that each one is."""
    texts = [text.strip() for text in protocol.search.key_papers if text.strip()]
    if not texts:
        return []
    groups = links.list_groups(conn)
    members: dict[int, list[int]] = {}
    for number, (report, _) in groups.items():
        members.setdefault(report, []).append(number)
    identifiers_by_text = {text: _read_identifiers(text) for text in texts}
    numbers_by_title = _find_titles(
        conn, {_fold_title(text) for text, found in identifiers_by_text.items() if not found}
    )
    papers = []
    for text in texts:
        identifiers = identifiers_by_text[text]
        if identifiers:
            numbers = records.find_by_identifier(conn, **identifiers)
        else:
            numbers = numbers_by_title.get(_fold_title(text), [])
        reports = dict.fromkeys(groups.get(n, (n, n))[0] for n in numbers)
        duplicates = sorted({n for report in reports for n in members.get(report, ())})
        numbers = list(dict.fromkeys([*numbers, *duplicates]))
        papers.append(KeyPaper(text, tuple(reports), tuple(numbers), not identifiers))
    return papers


def iter_reports(papers: list[KeyPaper]) -> Iterator[int]:
    """Reports of the key papers that the review has, each once."""
    return iter(dict.fromkeys(report for paper in papers for report in paper.reports))


def _read_identifiers(text: str) -> dict[str, str]:
    """The identifier that names a key paper; nothing if it is named by its title."""
    lowered = text.lower()
    doi = normalize_doi(text)
    if doi is not None:
        arxiv_id = normalize_arxiv(text)
        return {"doi": doi} if arxiv_id is None else {"doi": doi, "arxiv_id": arxiv_id}
    if lowered.startswith("pmid"):
        pmid = normalize_pmid(text[4:].strip(" :"))
        return {} if pmid is None else {"pmid": pmid}
    if " " in text:
        return {}
    pmcid, arxiv_id = normalize_pmcid(text), normalize_arxiv(text)
    if lowered.startswith("pmc") and pmcid is not None:
        return {"pmcid": pmcid}
    return {} if arxiv_id is None else {"arxiv_id": arxiv_id}


def _find_titles(conn: Connection, wanted: set[str]) -> dict[str, list[int]]:
    """Wanted title, without case, punctuation and blanks -> numbers of its records."""
    numbers_by_title: dict[str, list[int]] = {}
    wanted = wanted - {""}
    for number, title in records.iter_titles(conn) if wanted else ():
        folded = _fold_title(title)
        if folded in wanted:
            numbers_by_title.setdefault(folded, []).append(number)
    return numbers_by_title


def _fold_title(title: str | None) -> str:
    return normalize_text(title).replace(" ", "")
