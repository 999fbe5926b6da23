"""Europe PMC's REST search over the corpus: PubMed's articles (MED) and preprints (PPR)."""

import base64
from datetime import date
from typing import Any

from standin import boolean
from standin.boolean import BadQuery, Term
from standin.nouns import RXIV, Article, Preprint
from standin.web import Answer, Ask, World, as_json, whole

_TIAB = ("title", "abstract")
_FIELDS = {
    "title": ("title",),
    "abstract": ("abstract",),
    "title_abs": _TIAB,
    "auth": ("authors",),
    "mesh": ("mesh",),
}
_HOUSE = {"medrxiv": "medRxiv", "biorxiv": "bioRxiv"}


def answer(ask: Ask, world: World) -> Answer:
    """One page of the search, as JSON."""
    query, mark = ask.params.get("query", ""), ask.params.get("cursorMark", "*")
    size = whole(ask.params.get("pageSize"), 25)
    if not query.strip() or size > world.limits.europepmc_page:
        text = "Query string is empty" if not query.strip() else "pageSize above 1000"
        return as_json({"version": "6.9", "errCode": 404, "errMsg": f"Invalid request: {text}"})
    key = ("europepmc", query, world.today, len(world.corpus.articles))
    if key not in world.memory:
        try:
            world.memory[key] = _search(query, world)
        except BadQuery as error:
            return as_json({"version": "6.9", "errCode": 400, "errMsg": f"Invalid query: {error}"})
    found: list[Preprint | Article] = world.memory[key]
    start = _place(mark)
    page = [] if ask.trouble == "empty-page" else found[start : start + size]
    after = _mark(start + len(page)) if page else mark
    results = [_result(one, world) for one in page]
    if ask.trouble == "malformed" and results:
        results[len(results) // 2] = {"source": "MED"}
    return as_json(
        {
            "version": "6.9",
            "hitCount": len(found) + (5 if ask.trouble == "changed-total" else 0),
            "nextCursorMark": after,
            "request": {
                "queryString": query,
                "resultType": ask.params.get("resultType", "lite"),
                "cursorMark": mark,
                "pageSize": size,
                "sort": ask.params.get("sort", ""),
                "synonym": ask.params.get("synonym", "false").lower() == "true",
            },
            "resultList": {"result": results},
        }
    )


def _mark(place: int) -> str:
    return base64.b64encode(f"stand-in {place}".encode()).decode()


def _place(mark: str) -> int:
    if mark == "*":
        return 0
    try:
        return int(base64.b64decode(mark).decode().split()[1])
    except (ValueError, IndexError):
        return 0


def _search(query: str, world: World) -> list[Preprint | Article]:
    found: list[Preprint | Article] = []
    for source in (*RXIV, "pubmed"):
        fields = world.corpus.fields(source)
        things = _things(source, world)
        everything = set(range(fields.count))

        def find(
            term: Term, source: str = source, things: dict[int, Preprint | Article] = things
        ) -> set[int]:
            if term.range:
                return _dated(term, things)
            if term.field in ("src", "publisher", "source"):
                return set(things) if _from(term, source) else set()
            names = _FIELDS.get(term.field or "title_abs")
            if names is None:
                raise BadQuery(f"unknown field {term.field}")
            index = world.corpus.fields(source)
            stem = term.stem and not term.quoted
            return set().union(*(index.find(name, term.words, stem) for name in names))

        places = boolean.evaluate(query, "europepmc", find, everything)
        found += [things[place] for place in sorted(places) if place in things]
    return found


def _things(source: str, world: World) -> dict[int, Preprint | Article]:
    """What is shown of a source by its position: first versions, articles that are no preprints."""
    if source == "pubmed":
        return {
            place: one
            for place, one in enumerate(world.corpus.articles)
            if one.edat <= world.today and "Preprint" not in one.types
        }
    return {
        place: one
        for place, (one, version) in enumerate(world.corpus.rows(source))
        if version.number == 1 and version.at.date() <= world.today
    }


def _from(term: Term, source: str) -> bool:
    text = term.text.lower()
    if term.field == "publisher":
        return text == source
    return text == ("med" if source == "pubmed" else "ppr")


def _dated(term: Term, things: dict[int, Preprint | Article]) -> set[int]:
    if term.field != "first_pdate" or term.range is None:
        raise BadQuery(f"unknown range field {term.field}")
    low, high = (
        _day(text, bound) for text, bound in zip(term.range, (date.min, date.max), strict=True)
    )
    return {place for place, one in things.items() if low <= _first(one) <= high}


def _day(text: str, open_end: date) -> date:
    if text == "*":
        return open_end
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadQuery(f"bad date {text}") from error


def _first(one: Preprint | Article) -> date:
    return one.first.date() if isinstance(one, Preprint) else one.epub or one.issue_date


def _result(one: Preprint | Article, world: World) -> dict[str, Any]:
    day = _first(one).isoformat()
    shared: dict[str, Any] = {
        "authorString": ", ".join(f"{a.family} {a.initials}" for a in one.authors) + ".",
        "authorList": {
            "author": [
                {
                    "fullName": f"{a.family} {a.initials}",
                    "firstName": a.given,
                    "lastName": a.family,
                    "initials": a.initials,
                    "authorAffiliationDetailsList": {
                        "authorAffiliation": [{"affiliation": a.affiliation}]
                    },
                }
                for a in one.authors
            ]
        },
        "pubYear": day[:4],
        "language": "eng",
        "isOpenAccess": "N",
        "inEPMC": "N",
        "firstIndexDate": day,
        "firstPublicationDate": day,
    }
    if isinstance(one, Preprint):
        return _preprint(one, shared, world)
    return _article(one, shared, world)


def _preprint(one: Preprint, shared: dict[str, Any], world: World) -> dict[str, Any]:
    first = one.versions[0]
    number = f"PPR{int(''.join(c for c in one.id if c.isdigit())[-9:])}"
    published = world.corpus.published_doi(one)
    links = [{"id": published, "source": "DOI", "type": "Preprint of", "reference": ""}]
    return {
        "id": number,
        "source": "PPR",
        "doi": one.id,
        "title": f"{first.title}",
        **shared,
        "abstractText": _html(first.sections),
        "publicationStatus": "ppublish",
        "pubTypeList": {"pubType": ["Preprint"]},
        "bookOrReportDetails": {
            "publisher": _HOUSE[one.server],
            "yearOfPublication": int(shared["pubYear"]),
        },
        **({"commentCorrectionList": {"commentCorrection": links}} if published else {}),
    }


def _article(one: Article, shared: dict[str, Any], world: World) -> dict[str, Any]:
    types = [*one.types, *(["Retracted Publication"] if world.corpus.retracted(one) else [])]
    made: dict[str, Any] = {"id": str(one.pmid), "source": "MED", "pmid": str(one.pmid)}
    if one.pmcid:
        made |= {"pmcid": one.pmcid, "fullTextIdList": {"fullTextId": [one.pmcid]}}
    if one.doi:
        made["doi"] = one.doi
    made |= {"title": one.title, **shared}
    made["journalInfo"] = {
        "issue": str(one.number),
        "volume": str(one.volume),
        "dateOfPublication": f"{one.issue_date:%Y %b}",
        "yearOfPublication": one.issue_date.year,
        "monthOfPublication": one.issue_date.month,
        "journal": {
            "title": one.journal.title,
            "medlineAbbreviation": one.journal.short,
            "issn": one.journal.issn,
        },
    }
    if one.sections:
        made["abstractText"] = _html(one.sections)
    made |= {
        "pageInfo": f"{one.page}-{one.page + 9}",
        "pubTypeList": {"pubType": types},
        "isOpenAccess": "Y" if one.open_access else "N",
        "inPMC": "Y" if one.pmcid else "N",
    }
    if one.keywords:
        made["keywordList"] = {"keyword": list(one.keywords)}
    if one.mesh:
        headings = [{"majorTopic_YN": "N", "descriptorName": name} for name in one.mesh]
        made["meshHeadingList"] = {"meshHeading": headings}
    return made


def _html(sections: tuple[tuple[str, str], ...]) -> str:
    """Labelled parts as Europe PMC writes them, with headings in tags."""
    return " ".join(f"<h4>{a}</h4>{b}" if a else b for a, b in sections)
