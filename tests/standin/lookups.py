"""Lookups by DOI (Unpaywall, Crossref, OpenAlex) and PDFs, over the corpus."""

import re
import zlib
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from standin import pdfs
from standin.nouns import RXIV, Article, Preprint
from standin.web import Answer, Ask, World, as_json, xml


def _by_doi(doi: str, world: World) -> Preprint | Article | None:
    """The newest-kept document with a DOI, as shown today."""
    key = ("doi", world.today, len(world.corpus.articles), len(world.corpus.preprints))
    if key not in world.memory:
        table: dict[str, Preprint | Article] = {
            one.doi: one
            for one in world.corpus.articles
            if one.doi and one.edat <= world.today and "Preprint" not in one.types
        }
        for server in RXIV:
            for one in world.corpus.of(server):
                if world.corpus.versions(one):
                    table[one.id] = one
        world.memory[key] = table
    found: Preprint | Article | None = world.memory[key].get(doi.lower())
    return found


def unpaywall(ask: Ask, world: World) -> Answer:
    """Where a DOI can be read for free."""
    doi = ask.path.strip("/").lower()
    if "@" not in ask.params.get("email", ""):
        text = "Please add your email to the request (email=you@example.org)."
        return as_json({"HTTP_status_code": 422, "error": True, "message": text}, 422)
    one = _by_doi(doi, world)
    if one is None or doi in world.limits.unpaywall_unknown:
        text = f"'{doi}' isn't in Unpaywall. See https://support.unpaywall.org/a/solutions/..."
        return as_json({"HTTP_status_code": 404, "error": True, "message": text}, 404)
    place = _open_place(one, world)
    made: dict[str, Any] = {
        "doi": doi,
        "doi_url": f"https://doi.org/{doi}",
        "genre": "journal-article",
    }
    made |= {
        "title": _title(one),
        "is_oa": place is not None,
        "oa_status": "green" if place else "closed",
    }
    made |= {"best_oa_location": place, "oa_locations": [place] if place else []}
    return as_json(made)


def _open_place(one: Preprint | Article, world: World) -> dict[str, Any] | None:
    if isinstance(one, Preprint):
        url = f"{world.base}/www.{one.server}/content/{one.id}v1.full.pdf"
    elif one.open_access and one.pmcid:
        url = f"{world.base}/pmc/pdf/{one.pmcid}.pdf"
    else:
        return None
    made: dict[str, Any] = {"url": url, "url_for_pdf": url, "host_type": "repository"}
    return made | {"version": "publishedVersion", "license": "cc-by", "is_best": True}


def _title(one: Preprint | Article) -> str:
    return one.versions[-1].title if isinstance(one, Preprint) else one.title.rstrip(".")


def crossref(ask: Ask, world: World) -> Answer:
    """A work by DOI, or several by filter=doi:a,doi:b; the pace stands in the headers."""
    answer = _crossref_answer(ask, world)
    if world.limits.crossref_rate is None:
        return answer
    limit, interval = world.limits.crossref_rate
    rate = (("X-Rate-Limit-Limit", str(limit)), ("X-Rate-Limit-Interval", interval))
    return replace(answer, headers=(*answer.headers, *rate))


def _crossref_answer(ask: Ask, world: World) -> Answer:
    doi = ask.path.strip("/").lower()
    if doi:
        one = _by_doi(doi, world)
        if one is None:
            return Answer(404, "text/plain", b"Resource not found.")
        message = _crossref(one, doi, world)
        return as_json({"status": "ok", "message-type": "work", "message": message})
    wanted = re.findall(r"doi:([^,]+)", ask.params.get("filter", "").lower())
    found = [(_by_doi(each, world), each) for each in wanted]
    items = [_crossref(one, each, world) for one, each in found if one is not None]
    message = {"total-results": len(items), "items-per-page": 20, "items": items}
    return as_json({"status": "ok", "message-type": "work-list", "message": message})


def _crossref(one: Preprint | Article, doi: str, world: World) -> dict[str, Any]:
    made: dict[str, Any] = {"DOI": doi, "title": [_title(one)], "URL": f"https://doi.org/{doi}"}
    made["author"] = [{"given": a.given, "family": a.family} for a in one.authors]
    if isinstance(one, Preprint):
        day, text = one.first.date(), one.versions[-1].abstract
        made |= {"type": "posted-content", "subtype": "preprint", "publisher": "openRxiv"}
        published = world.corpus.published_doi(one)
        if published:
            target = {"id": published, "id-type": "doi", "asserted-by": "subject"}
            made["relation"] = {"is-preprint-of": [target]}
    else:
        day, text = one.issue_date, one.abstract
        made |= {"type": "journal-article", "container-title": [one.journal.title]}
        made |= {"volume": str(one.volume), "issue": str(one.number), "ISSN": [one.journal.issn]}
        if world.corpus.retracted(one):
            notice = next((a for a in world.corpus.articles if a.pmid == one.notice), None)
            if notice and notice.doi:
                made["updated-by"] = [
                    {
                        "DOI": notice.doi,
                        "type": "retraction",
                        "label": "Retraction",
                        "source": "publisher",
                    }
                ]
    made["issued"] = {"date-parts": [[day.year, day.month, day.day]]}
    if text:
        made["abstract"] = f"<jats:p>{escape(text)}</jats:p>"
    return made


def openalex(ask: Ask, world: World) -> Answer:
    """A work by DOI, or several by filter=doi:a|b or filter=pmid:1|2."""
    path = ask.path.strip("/").lower()
    if path:
        doi = re.sub(r"^(?:doi:|https://doi\.org/)", "", path)
        one = _by_doi(doi, world)
        if one is None:
            return Answer(404, "text/html", b"<!doctype html><title>404 Not Found</title>")
        return as_json(_openalex(one, doi, world))  # a single work costs nothing
    if not ask.params.get("api_key"):
        calls = world.memory["openalex calls"] = world.memory.get("openalex calls", 0) + 1
        if calls > world.limits.openalex_calls:
            text = {"error": "Rate limit exceeded", "message": "Insufficient budget."}
            return replace(as_json(text, 429), headers=(("Retry-After", "40000"),))
    pmids = re.search(r"pmid:([\d|]+)", ask.params.get("filter", ""))
    if pmids:
        given = set(pmids[1].split("|"))
        known = [one for one in world.corpus.articles if str(one.pmid) in given and one.doi]
        results = [_openalex(one, one.doi, world) for one in known]
        meta = {"count": len(results), "page": 1, "per_page": 25}
        return as_json({"meta": meta, "results": results, "group_by": []})
    named = re.search(r"doi:(.+?)(?:,|$)", ask.params.get("filter", "").lower())
    wanted = (
        [re.sub(r"^https://doi\.org/", "", each) for each in named[1].split("|")] if named else []
    )
    found = [(_by_doi(each, world), each) for each in wanted]
    results = [_openalex(one, each, world) for one, each in found if one is not None]
    meta = {"count": len(results), "page": 1, "per_page": 25}
    return as_json({"meta": meta, "results": results, "group_by": []})


def _openalex(one: Preprint | Article, doi: str, world: World) -> dict[str, Any]:
    text = one.versions[-1].abstract if isinstance(one, Preprint) else one.abstract
    places: dict[str, list[int]] = {}
    for place, word in enumerate(text.split()):
        places.setdefault(word, []).append(place)
    day = one.first.date() if isinstance(one, Preprint) else one.issue_date
    made: dict[str, Any] = {"id": f"https://openalex.org/W{zlib.crc32(doi.encode())}"}
    made |= {"doi": f"https://doi.org/{doi}", "title": _title(one), "display_name": _title(one)}
    made |= {"publication_year": day.year, "publication_date": day.isoformat()}
    made |= {"type": "preprint" if isinstance(one, Preprint) else "article"}
    made["is_retracted"] = isinstance(one, Article) and world.corpus.retracted(one)
    made["abstract_inverted_index"] = places or None
    if isinstance(one, Article):
        made["ids"] = {"doi": made["doi"], "pmid": f"https://pubmed.ncbi.nlm.nih.gov/{one.pmid}"}
    return made


def arxiv_pdf(ask: Ask, world: World) -> Answer:
    """/ID or /IDvN, with or without .pdf."""
    match = re.fullmatch(r"/(\d{4}\.\d{4,5}|[a-z-]+/\d{7})(?:v(\d+))?(?:\.pdf)?", ask.path)
    found = [one for one in world.corpus.of("arxiv") if match and one.id == match[1]]
    return _preprint_pdf(found, match[2] if match else None, world)


def rxiv_pdf(ask: Ask, world: World) -> Answer:
    """/DOIvN.full.pdf"""
    match = re.fullmatch(r"/(10\.\d+/[\d.]+?)v(\d+)\.full\.pdf", ask.path)
    found = [
        one for server in RXIV for one in world.corpus.of(server) if match and one.id == match[1]
    ]
    return _preprint_pdf(found, match[2] if match else None, world)


def _preprint_pdf(found: list[Preprint], number: str | None, world: World) -> Answer:
    versions = world.corpus.versions(found[0]) if found else []
    chosen = [v for v in versions if number is None or v.number == int(number)]
    if not chosen:
        return Answer(404, "text/html", b"<html><body><h1>Not found</h1></body></html>")
    body = pdfs.make(chosen[-1].title, chosen[-1].abstract, found[0].id)
    return Answer(200, "application/pdf", body)


def pmc_cloud(ask: Ask, world: World) -> Answer:
    """PMC's cloud service: a listing by prefix, metadata of a version as JSON, and its files.

    Articles with an even PMCID have a second version, so that the newest must be looked for.
    """
    if ask.path in ("", "/"):
        return _pmc_listing(ask.params.get("prefix", ""), world)
    paths = r"/(?:metadata/(PMC\d+)\.(\d+)\.json|(PMC\d+)\.(\d+)/\3\.\4\.pdf)"
    match = re.fullmatch(paths, ask.path)
    pmcid = (match[1] or match[3]) if match else ""
    one = next((a for a in world.corpus.articles if a.pmcid == pmcid and a.open_access), None)
    if one is None or match is None or int(match[2] or match[4]) > _pmc_versions(pmcid):
        return xml("<Error><Code>NoSuchKey</Code></Error>", status=404)
    version = f"{pmcid}.{match[2] or match[4]}"
    if match[3]:
        return Answer(200, "application/pdf", pdfs.make(one.title, one.abstract, version))
    pdf = f"s3://pmc-oa-opendata/{version}/{version}.pdf?md5=0123456789abcdef"
    made = {"pmcid": pmcid, "version": int(match[2]), "pmid": one.pmid, "doi": one.doi}
    return as_json(made | {"title": one.title, "license_code": "CC BY", "pdf_url": pdf})


def _pmc_versions(pmcid: str) -> int:
    return 2 if int(pmcid.removeprefix("PMC")) % 2 == 0 else 1


def _pmc_listing(prefix: str, world: World) -> Answer:
    match = re.fullmatch(r"metadata/(PMC\d+)\.", prefix)
    pmcid = match[1] if match else ""
    is_there = any(a.pmcid == pmcid and a.open_access for a in world.corpus.articles)
    keys = [f"{prefix}{n + 1}.json" for n in range(_pmc_versions(pmcid))] if is_there else []
    contents = "".join(f"<Contents><Key>{key}</Key><Size>900</Size></Contents>" for key in keys)
    return xml(
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>pmc-oa-opendata</Name><Prefix>{escape(prefix)}</Prefix>"
        f"<KeyCount>{len(keys)}</KeyCount>{contents}</ListBucketResult>"
    )


def pmc_pdf(ask: Ask, world: World) -> Answer:
    """/PMCn.pdf"""
    pmcid = ask.path.strip("/").removesuffix(".pdf")
    one = next((a for a in world.corpus.articles if a.pmcid == pmcid and a.open_access), None)
    if one is None:
        return Answer(404, "text/html", b"<html><body><h1>Not found</h1></body></html>")
    return Answer(200, "application/pdf", pdfs.make(one.title, one.abstract, pmcid))
