"""arXiv's OAI-PMH over the corpus: datestamps by day, resumption tokens, three formats."""

import hashlib
from datetime import date
from xml.sax.saxutils import escape

from standin.nouns import Preprint
from standin.web import Answer, Ask, World, xml

_SETS = {"cs.CV": "cs:cs:CV", "cs.LG": "cs:cs:LG", "eess.IV": "eess:eess:IV"}
_SETS |= {"stat.ML": "stat:stat:ML", "q-bio.QM": "q-bio:q-bio:QM"}
_FORMATS = ("oai_dc", "arXiv", "arXivRaw")
_KIND = "text/xml; charset=utf-8"


def answer(ask: Ask, world: World) -> Answer:
    """One OAI-PMH answer."""
    verb = ask.params.get("verb", "")
    known = {
        "Identify": _identify,
        "ListMetadataFormats": _formats,
        "ListSets": _sets,
        "ListRecords": _list,
        "ListIdentifiers": _list,
        "GetRecord": _get,
    }
    if verb not in known:
        return _error("badVerb", "Illegal OAI verb", world)
    return known[verb](ask, world)


def _envelope(inner: str, verb: str, world: World) -> Answer:
    return xml(
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"<responseDate>{world.today}T00:00:00Z</responseDate>\n"
        f'<request verb="{escape(verb)}">https://oaipmh.arxiv.org/oai</request>\n'
        f"{inner}\n</OAI-PMH>\n",
        kind=_KIND,
    )


def _error(code: str, text: str, world: World) -> Answer:
    return _envelope(f'<error code="{code}">{escape(text)}</error>', "", world)


def _identify(ask: Ask, world: World) -> Answer:
    return _envelope(
        "<Identify><repositoryName>arXiv</repositoryName><baseURL>https://oaipmh.arxiv.org/oai"
        "</baseURL><protocolVersion>2.0</protocolVersion><adminEmail>help@arxiv.org</adminEmail>"
        "<earliestDatestamp>2005-09-16</earliestDatestamp><deletedRecord>persistent</deletedRecord>"
        "<granularity>YYYY-MM-DD</granularity></Identify>",
        "Identify",
        world,
    )


def _formats(ask: Ask, world: World) -> Answer:
    inner = "".join(
        f"<metadataFormat><metadataPrefix>{name}</metadataPrefix></metadataFormat>"
        for name in _FORMATS
    )
    return _envelope(
        f"<ListMetadataFormats>{inner}</ListMetadataFormats>", "ListMetadataFormats", world
    )


def _sets(ask: Ask, world: World) -> Answer:
    inner = "".join(
        f"<set><setSpec>{spec}</setSpec><setName>{name}</setName></set>"
        for name, spec in _SETS.items()
    )
    return _envelope(f"<ListSets>{inner}</ListSets>", "ListSets", world)


def datestamp(one: Preprint, world: World) -> date:
    """The day of the last change: the newest version, the journal's DOI, or the deletion."""
    if world.corpus.deleted(one):
        assert one.deleted_on is not None
        return one.deleted_on
    days = [version.at.date() for version in world.corpus.versions(one)]
    if world.corpus.published_doi(one) and one.published_on:
        days.append(one.published_on)
    return max(days)


def _list(ask: Ask, world: World) -> Answer:
    token, verb = ask.params.get("resumptionToken"), ask.params["verb"]
    if token is not None:
        session = world.sessions.get(f"oai {token}")
        if session is None:
            return _error("badResumptionToken", "The token is invalid or has expired", world)
        found, start, prefix = session["found"], session["start"], session["prefix"]
    else:
        prefix = ask.params.get("metadataPrefix", "")
        if prefix not in _FORMATS:
            return _error("cannotDisseminateFormat", f"No such format: {prefix}", world)
        try:
            low = date.fromisoformat(ask.params.get("from", "0001-01-01"))
            high = date.fromisoformat(ask.params.get("until", "9999-12-31"))
        except ValueError:
            return _error("badArgument", "Dates must be YYYY-MM-DD", world)
        found, start = _found(low, high, ask.params.get("set"), world), 0
        if not found:
            return _error("noRecordsMatch", "No records match", world)
    page = found[start : start + world.limits.oai_page]
    end = start + len(page)
    if ask.trouble == "empty-page":
        page = []
    full = verb == "ListRecords"
    inner = "".join(_record(one, prefix, world, full=full) for one in page)
    return _envelope(f"<{verb}>{inner}{_next(found, end, prefix, world)}</{verb}>", verb, world)


def _found(low: date, high: date, within: str | None, world: World) -> list[Preprint]:
    found = [
        (datestamp(one, world), one.id, one)
        for one in world.corpus.of("arxiv")
        if (world.corpus.versions(one) or world.corpus.deleted(one))
        and (within is None or in_set(one, within))
    ]
    return [one for day, _, one in sorted(found, key=lambda row: row[:2]) if low <= day <= high]


def in_set(one: Preprint, within: str) -> bool:
    """Whether a preprint is in a set or one of its parts."""
    specs = [_SETS.get(category, category) for category in one.categories]
    return any(spec == within or spec.startswith(f"{within}:") for spec in specs)


def _next(found: list[Preprint], end: int, prefix: str, world: World) -> str:
    size = f'cursor="{end}" completeListSize="{len(found)}"'
    if end >= len(found):
        return f"<resumptionToken {size}/>" if end > world.limits.oai_page else ""
    token = hashlib.sha1(f"{found[end].id} {end} {prefix} {len(found)}".encode()).hexdigest()[:20]
    world.sessions[f"oai {token}"] = {"found": found, "start": end, "prefix": prefix}
    return f"<resumptionToken {size}>{token}</resumptionToken>"


def _get(ask: Ask, world: World) -> Answer:
    ident = ask.params.get("identifier", "").removeprefix("oai:arXiv.org:")
    one = next((one for one in world.corpus.of("arxiv") if one.id == ident), None)
    if one is None or not (world.corpus.versions(one) or world.corpus.deleted(one)):
        return _error("idDoesNotExist", f"No such record: {ident}", world)
    record = _record(one, ask.params.get("metadataPrefix", "arXiv"), world, full=True)
    return _envelope(f"<GetRecord>{record}</GetRecord>", "GetRecord", world)


def _record(one: Preprint, prefix: str, world: World, *, full: bool) -> str:
    specs = "".join(f"<setSpec>{_SETS.get(c, c)}</setSpec>" for c in one.categories)
    gone = world.corpus.deleted(one)
    status = ' status="deleted"' if gone else ""
    header = (
        f"<header{status}><identifier>oai:arXiv.org:{one.id}</identifier>"
        f"<datestamp>{datestamp(one, world)}</datestamp>{specs}</header>"
    )
    if not full:
        return header
    if gone:
        return f"<record>{header}</record>\n"
    return f"<record>{header}<metadata>{_WRITERS[prefix](one, world)}</metadata></record>\n"


def _arxiv(one: Preprint, world: World) -> str:
    versions = world.corpus.versions(one)
    last = versions[-1]
    doi = world.corpus.published_doi(one)
    authors = "".join(
        f"<author><keyname>{escape(a.family)}</keyname>"
        f"<forenames>{escape(a.given)}</forenames></author>"
        for a in one.authors
    )
    updated = f"<updated>{last.at:%Y-%m-%d}</updated>" if len(versions) > 1 else ""
    return (
        '<arXiv xmlns="http://arxiv.org/OAI/arXiv/">'
        f"<id>{one.id}</id><created>{one.first:%Y-%m-%d}</created>{updated}"
        f"<authors>{authors}</authors><title>{escape(last.title)}</title>"
        f"<categories>{' '.join(one.categories)}</categories>"
        f"<comments>{escape(one.comment or '')}</comments>"
        + (f"<doi>{escape(doi)}</doi>" if doi else "")
        + "<license>http://creativecommons.org/licenses/by/4.0/</license>"
        f"<abstract> {escape(last.abstract)} </abstract></arXiv>"
    )


def _raw(one: Preprint, world: World) -> str:
    versions = world.corpus.versions(one)
    last = versions[-1]
    doi = world.corpus.published_doi(one)
    history = "".join(
        f'<version version="v{v.number}"><date>{v.at:%a, %d %b %Y %H:%M:%S} GMT</date>'
        f"<size>{100 + v.number}kb</size><source_type>{'I' if v.withdrawn else 'D'}</source_type>"
        "</version>"
        for v in versions
    )
    names = ", ".join(f"{a.given} {a.family}" for a in one.authors)
    return (
        '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">'
        f"<id>{one.id}</id><submitter>{escape(names.split(', ')[0])}"
        f"</submitter>{history}<title>{escape(last.title)}</title><authors>{escape(names)}</authors>"
        f"<categories>{' '.join(one.categories)}</categories>"
        f"<comments>{escape(one.comment or '')}</comments>"
        + (f"<doi>{escape(doi)}</doi>" if doi else "")
        + f"<abstract> {escape(last.abstract)} </abstract></arXivRaw>"
    )


def _dublin(one: Preprint, world: World) -> str:
    last = world.corpus.versions(one)[-1]
    names = "".join(
        f"<dc:creator>{escape(a.family)}, {escape(a.given)}</dc:creator>" for a in one.authors
    )
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(last.title)}</dc:title>{names}"
        f"<dc:description>{escape(last.abstract)}</dc:description>"
        f"<dc:date>{one.first:%Y-%m-%d}</dc:date><dc:type>text</dc:type>"
        f"<dc:identifier>http://arxiv.org/abs/{one.id}</dc:identifier></oai_dc:dc>"
    )


_WRITERS = {"arXiv": _arxiv, "arXivRaw": _raw, "oai_dc": _dublin}
