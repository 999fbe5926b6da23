"""NCBI E-utilities over the corpus: esearch, efetch, esummary, elink, epost, einfo."""

import hashlib
import re
from datetime import date, timedelta
from xml.sax.saxutils import escape

from standin import boolean, pubmed_xml
from standin.boolean import BadQuery, Term
from standin.nouns import Article
from standin.web import Answer, Ask, World, as_json, whole, xml

_XML = "text/xml; charset=UTF-8"
_FIELDS: dict[str, tuple[str, ...]] = {
    "title/abstract": ("title", "abstract", "keywords"),
    "tiab": ("title", "abstract", "keywords"),
    "ti": ("title",),
    "title": ("title",),
    "ab": ("abstract",),
    "abstract": ("abstract",),
    "mh": ("mesh",),
    "mesh": ("mesh",),
    "mesh terms": ("mesh",),
    "mh:noexp": ("mesh",),
    "au": ("authors",),
    "author": ("authors",),
    "ta": ("journal",),
    "journal": ("journal",),
    "pt": ("types",),
    "publication type": ("types",),
    "ot": ("keywords",),
    "tw": ("title", "abstract", "mesh", "keywords"),
    "all": ("title", "abstract", "mesh", "keywords", "authors", "journal"),
    "all fields": ("title", "abstract", "mesh", "keywords", "authors", "journal"),
}
_LONG = {
    "tiab": "Title/Abstract",
    "title/abstract": "Title/Abstract",
    "ti": "Title",
    "title": "Title",
    "ab": "Abstract",
    "abstract": "Abstract",
    "mh": "MeSH Terms",
    "mesh": "MeSH Terms",
    "mesh terms": "MeSH Terms",
    "au": "Author",
    "ta": "Journal",
    "pt": "Publication Type",
    "edat": "Date - Entry",
    "crdt": "Date - Create",
    "mdat": "Date - Modification",
    "lr": "Date - Modification",
    "pdat": "Date - Publication",
    "dp": "Date - Publication",
}
_DATES = {"edat", "crdt", "mdat", "pdat", "dp", "lr", "date - entry", "date - publication"}
_DATES |= {"date - create", "date - modification"}
TRUNCATION = 4  # letters before * without which PubMed ignores the truncation


def answer(ask: Ask, world: World) -> Answer:
    """One answer; the path ends in the utility's name."""
    if ask.method == "GET" and ask.url_length > world.limits.pubmed_url:
        return Answer(
            414, "text/html", b"<html><head><title>414 Request-URI Too Large</title></head></html>"
        )
    utility = ask.path.rsplit("/", 1)[-1].removesuffix(".fcgi")
    known = {
        "esearch": _esearch,
        "efetch": _efetch,
        "esummary": _esummary,
        "elink": _elink,
        "epost": _epost,
        "einfo": _einfo,
    }
    if utility not in known:
        return Answer(404, "text/html", b"<html><body>Not found</body></html>")
    return known[utility](ask, world)


def _esearch(ask: Ask, world: World) -> Answer:
    term = ask.params.get("term", "")
    start, count = whole(ask.params.get("retstart"), 0), whole(ask.params.get("retmax"), 20)
    if not term.strip():
        return xml(_error_body("Empty term and query_key - nothing todo"), kind=_XML)
    try:
        pmids, lost = _search(term, ask, world)
    except BadQuery as error:
        return xml(_error_body(f"Invalid query: {error}"), kind=_XML)
    if start > world.limits.pubmed_wall - 1:
        text = (
            "Search Backend failed: Exception:\n'retstart' cannot be larger than "
            f"{world.limits.pubmed_wall - 1}. For PubMed, ESearch can only retrieve the first "
            f"{world.limits.pubmed_wall} records matching the query."
        )
        return xml(_error_body(text), kind=_XML)
    page = [] if ask.trouble == "empty-page" else pmids[start : start + min(count, 10_000)]
    page = page[: max(0, world.limits.pubmed_wall - start)]
    total = len(pmids) + (13 if ask.trouble == "changed-total" else 0)
    env = (
        _remember(pmids[: world.limits.pubmed_wall], world)
        if ask.params.get("usehistory") == "y"
        else None
    )
    facts = {"count": str(total), "retmax": str(len(page)), "retstart": str(start)}
    if ask.params.get("retmode") == "json":
        return as_json(_esearch_json(term, page, facts, env, lost))
    return xml(_esearch_xml(term, page, facts, env, lost), kind=_XML)


def _search(term: str, ask: Ask, world: World) -> tuple[list[int], list[str]]:
    dates = tuple(ask.params.get(key) for key in ("datetype", "mindate", "maxdate", "reldate"))
    key = ("pubmed", term, dates, world.today, len(world.corpus.articles))
    if key not in world.memory:
        world.memory[key] = _find(term, ask, world)
    found: tuple[list[int], list[str]] = world.memory[key]
    return found


def _find(query: str, ask: Ask, world: World) -> tuple[list[int], list[str]]:
    corpus, lost = world.corpus, list[str]()
    articles, fields = corpus.articles, corpus.fields("pubmed")
    everything = {i for i, one in enumerate(articles) if one.edat <= world.today}

    def find(term: Term) -> set[int]:
        if term.range or (term.field in _DATES):
            low, high = term.range or (term.text, term.text)
            return _dated(term.field or "pdat", low, high, world)
        if term.field == "sb" or (term.field == "filter"):
            return everything
        if term.field == "pmid" or term.field == "uid":
            return {i for i, one in enumerate(articles) if str(one.pmid) == term.text}
        name = term.field or "all"
        proximity = re.fullmatch(r"(.+):~0", name)
        names = _FIELDS.get(proximity[1] if proximity else name)
        if names is None:
            raise BadQuery(f"unknown field {term.field}")
        stem = term.stem and len(term.words[-1] if term.words else "") >= TRUNCATION
        found = set().union(*(fields.find(n, term.words, stem) for n in names))
        if not found & everything:
            lost.append(term.text)
            return everything if world.limits.pubmed_drops_unknown else set()
        return found

    places = boolean.evaluate(query, "pubmed", find, everything) & everything
    low, high = ask.params.get("mindate"), ask.params.get("maxdate")
    kind = ask.params.get("datetype", "pdat")
    if ask.params.get("reldate"):
        start = world.today - timedelta(days=whole(ask.params["reldate"], 0))
        low, high = f"{start:%Y/%m/%d}", f"{world.today:%Y/%m/%d}"
    if low and high:
        places &= _dated(kind, low, high, world)
    return sorted((articles[place].pmid for place in places), reverse=True), lost


def _dated(kind: str, low: str, high: str, world: World) -> set[int]:
    first, last = _day(low, last=False), _day(high, last=True)
    kind = kind.lower()

    def inside(*days: date | None) -> bool:
        return any(day is not None and first <= day <= last for day in days)

    found = set()
    for place, one in enumerate(world.corpus.articles):
        if one.edat > world.today:
            continue
        if kind in ("edat", "crdt", "date - entry", "date - create"):
            hit = inside(one.edat)
        elif kind in ("mdat", "lr", "date - modification"):
            hit = inside(world.corpus.modified(one))
        else:
            hit = inside(one.issue_date, one.epub)
        if hit:
            found.add(place)
    return found


def _day(text: str, *, last: bool) -> date:
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    if not numbers or not 1 <= numbers[0] <= 9999:
        raise BadQuery(f"bad date {text}")
    year = numbers[0]
    month = numbers[1] if len(numbers) > 1 else (12 if last else 1)
    day = numbers[2] if len(numbers) > 2 else (31 if last else 1)
    while day > 28:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1
    return date(year, min(max(month, 1), 12), max(day, 1))


def _remember(pmids: list[int], world: World) -> str:
    about = repr((pmids[:3], len(pmids), len(world.sessions)))
    env = f"MCID_{hashlib.sha1(about.encode()).hexdigest()[:24]}"
    world.sessions[env] = {"pmids": pmids, "uses": 0}
    return env


def _esearch_xml(
    term: str, page: list[int], facts: dict[str, str], env: str | None, lost: list[str]
) -> str:
    history = f"<QueryKey>1</QueryKey><WebEnv>{env}</WebEnv>" if env else ""
    ids = "".join(f"<Id>{pmid}</Id>\n" for pmid in page)
    mapped = "".join(
        f"<Translation>     <From>{escape(a)}</From>     <To>{escape(b)}</To>    </Translation>"
        for a, b in _mapped(term)
    )
    errors = "".join(f"<PhraseNotFound>{escape(one)}</PhraseNotFound>" for one in lost)
    warning = "<OutputMessage>No items found.</OutputMessage>" if facts["count"] == "0" else ""
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC '
        '"-//NLM//DTD esearch 20060628//EN" '
        '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
        f"<eSearchResult><Count>{facts['count']}</Count><RetMax>{facts['retmax']}</RetMax>"
        f"<RetStart>{facts['retstart']}</RetStart>{history}<IdList>\n{ids}</IdList>"
        f"<TranslationSet>{mapped}</TranslationSet>"
        f"<QueryTranslation>{escape(_translation(term))}</QueryTranslation>"
        + (f"<ErrorList>{errors}</ErrorList>" if errors else "")
        + (f"<WarningList>{warning}</WarningList>" if warning else "")
        + "</eSearchResult>\n"
    )


def _esearch_json(
    term: str, page: list[int], facts: dict[str, str], env: str | None, lost: list[str]
) -> dict[str, object]:
    result: dict[str, object] = dict(facts)
    if env:
        result |= {"querykey": "1", "webenv": env}
    result["idlist"] = [str(pmid) for pmid in page]
    result["translationset"] = [{"from": a, "to": b} for a, b in _mapped(term)]
    result["querytranslation"] = _translation(term)
    if lost:
        result["errorlist"] = {"phrasesnotfound": lost, "fieldsnotfound": []}
    if facts["count"] == "0":
        messages: dict[str, list[str]] = {"phrasesignored": [], "quotedphrasesnotfound": []}
        result["warninglist"] = {**messages, "outputmessages": ["No items found."]}
    return {"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}


def _mapped(query: str) -> list[tuple[str, str]]:
    """Words without a field are mapped to more than was asked; those with a field are not."""
    return [
        (term.text, f'"{term.text}"[MeSH Terms] OR "{term.text}"[All Fields]')
        for term in boolean.terms(query, "pubmed")
        if term.field is None and not term.quoted and not term.stem and not term.range
    ]


def _translation(query: str) -> str:
    """The query as PubMed says it ran it: fields spelled out, words without field mapped."""

    def spelled(match: re.Match[str]) -> str:
        tag = match[1].strip().lower()
        return f"[{_LONG.get(tag, match[1])}]"

    text = re.sub(r"\[([^\]]+)\]", spelled, query)
    for word, mapped in _mapped(query):
        text = re.sub(rf"(?<![\w\"\[]){re.escape(word)}(?![\w\"\]*])", f"({mapped})", text)
    return text


def _error_body(text: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        f"<eSearchResult><ERROR>{escape(text)}</ERROR></eSearchResult>\n"
    )


def _asked_for(ask: Ask, world: World) -> list[int] | str:
    """The PMIDs a request is about, or what is wrong with it."""
    start, count = whole(ask.params.get("retstart"), 0), whole(ask.params.get("retmax"), 10_000)
    env = ask.params.get("WebEnv")
    if env:
        session = world.sessions.get(env)
        uses = world.limits.webenv_uses
        if session is None or (uses is not None and session["uses"] >= uses):
            return "Unable to obtain query #1"
        session["uses"] += 1
        pmids: list[int] = session["pmids"]
        return pmids[start : start + count]
    ids = [one.strip() for one in ask.params.get("id", "").split(",") if one.strip()]
    if not ids:
        return "Empty id list; nothing todo"
    return [int(one) for one in ids if one.isdigit()][:count]


def _efetch(ask: Ask, world: World) -> Answer:
    asked = _asked_for(ask, world)
    if isinstance(asked, str):
        error = f"<eFetchResult>\n\t<ERROR>{escape(asked)}</ERROR>\n</eFetchResult>\n"
        return xml(f'<?xml version="1.0" ?>\n{error}', 400, _XML)
    by_pmid = {one.pmid: one for one in world.corpus.articles if one.edat <= world.today}
    found = [
        by_pmid[pmid]
        for pmid in asked
        if pmid in by_pmid and pmid not in world.limits.missing_pmids
    ]
    if ask.trouble == "missing" and found:
        del found[len(found) // 2]
    if ask.trouble == "empty-page":
        found = []
    entries = [_entry(one, world) for one in found]
    if ask.trouble == "malformed" and entries:
        entries[len(entries) // 2] = "<PubmedArticle><MedlineCitation/></PubmedArticle>\n"
    return xml(pubmed_xml.HEAD + "".join(entries) + "</PubmedArticleSet>\n", kind=_XML)


def _entry(one: Article, world: World) -> str:
    key = ("pubmed entry", one.pmid, world.corpus.modified(one))
    if key not in world.memory:
        world.memory[key] = pubmed_xml.article(one, world.corpus)
    made: str = world.memory[key]
    return made


def _esummary(ask: Ask, world: World) -> Answer:
    asked = _asked_for(ask, world)
    if isinstance(asked, str):
        return xml(f"<eSummaryResult><ERROR>{escape(asked)}</ERROR></eSummaryResult>", 400, _XML)
    wanted = set(asked)
    found = [one for one in world.corpus.articles if one.pmid in wanted]
    return xml(pubmed_xml.summaries(found), kind=_XML)


def _elink(ask: Ask, world: World) -> Answer:
    wanted = [int(one) for one in ask.params.get("id", "").split(",") if one.strip().isdigit()]
    by_pmid = {one.pmid: one for one in world.corpus.articles}
    sets = []
    for pmid in wanted:
        one = by_pmid.get(pmid)
        pmc = one.pmcid.removeprefix("PMC") if one and one.pmcid else None
        links = (
            "<LinkSetDb><DbTo>pmc</DbTo><LinkName>pubmed_pmc</LinkName>"
            f"<Link><Id>{pmc}</Id></Link></LinkSetDb>"
        )
        sets.append(
            f"<LinkSet><DbFrom>pubmed</DbFrom><IdList><Id>{pmid}</Id></IdList>"
            f"{links if pmc else ''}</LinkSet>"
        )
    head = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eLinkResult PUBLIC "-//NLM//DTD elink '
        '20101123//EN" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20101123/elink.dtd">\n'
    )
    return xml(f"{head}<eLinkResult>{''.join(sets)}</eLinkResult>\n", kind=_XML)


def _epost(ask: Ask, world: World) -> Answer:
    ids = [int(one) for one in ask.params.get("id", "").split(",") if one.strip().isdigit()]
    if not ids:
        return xml("<ePostResult><ERROR>Wrong UID</ERROR></ePostResult>", 400, _XML)
    env = _remember(ids, world)
    return xml(
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        f"<ePostResult>\n\t<QueryKey>1</QueryKey>\n\t<WebEnv>{env}</WebEnv>\n</ePostResult>\n",
        kind=_XML,
    )


def _einfo(ask: Ask, world: World) -> Answer:
    names = "".join(f"\t<DbName>{name}</DbName>\n" for name in ("pubmed", "pmc", "mesh", "books"))
    if ask.params.get("db"):
        count = sum(1 for one in world.corpus.articles if one.edat <= world.today)
        inner = (
            f"<DbInfo><DbName>pubmed</DbName><Count>{count}</Count>"
            f"<LastUpdate>{world.today:%Y/%m/%d} 05:00</LastUpdate></DbInfo>"
        )
    else:
        inner = f"<DbList>\n{names}</DbList>"
    return xml(
        f'<?xml version="1.0" encoding="UTF-8" ?>\n<eInfoResult>{inner}</eInfoResult>', kind=_XML
    )
