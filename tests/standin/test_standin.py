"""The stand-in server answers like the real services: formats, paging, limits and faults."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import requests
from support.asking import ATOM, atom, details, esearch, get, short

from standin import StandIn, make
from standin.corpus import Corpus

QUERY = '(covid* OR ncov OR coronavirus) AND ("deep learning" OR ai OR "neural network*")'
PUBMED = (
    "(covid*[tiab] OR ncov[tiab] OR coronavirus[tiab]) AND "
    '("deep learning"[tiab] OR ai[tiab] OR "neural network*"[tiab])'
)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return make(3_000, seed=5)


@pytest.fixture
def server(corpus: Corpus) -> Iterator[StandIn]:
    corpus.today = date(2026, 11, 20)
    with StandIn(corpus, stall=0.3) as running:
        yield running


def test_one_seed_gives_one_corpus():
    first, second = make(400, seed=3), make(400, seed=3)
    assert first.preprints == second.preprints
    assert first.articles == second.articles
    assert make(400, seed=4).articles != first.articles


def test_ids_are_unique_and_the_size_is_kept(corpus):
    keys = [(one.server, one.id) for one in corpus.preprints] + [a.pmid for a in corpus.articles]
    assert len(keys) == len(set(keys)) >= 3_000


def test_a_corpus_holds_what_a_harvest_must_cope_with():
    corpus = make(20_000)
    by_work: dict[int, set[str]] = {}
    for one in corpus.preprints:
        by_work.setdefault(one.work, set()).add(one.server)
    for article in corpus.articles:
        by_work.setdefault(article.work, set()).add("pubmed")
    assert sum(1 for places in by_work.values() if len(places) > 1) > 500
    assert sum(1 for one in corpus.preprints if len(one.versions) > 1) > 1_000
    assert sum(1 for one in corpus.preprints if one.versions[-1].withdrawn) > 5
    assert {one.id.split("/")[0] for one in corpus.of("medrxiv")} == {"10.1101", "10.64898"}
    assert sum(1 for one in corpus.articles if one.retracted_on) > 10
    assert sum(1 for one in corpus.articles if one.book) > 5
    assert sum(1 for one in corpus.articles if not one.sections) > 100
    for article in corpus.articles:
        if article.retracted_on:
            notice = next(one for one in corpus.articles if one.pmid == article.notice)
            assert "Retraction of Publication" in notice.types
            assert ("RetractionOf", article.pmid) in [(k, p) for k, _, p in notice.links]


def test_arxiv_pages_give_the_whole_answer_once(server, corpus):
    query = "ti:covid* OR abs:covid* OR ti:coronavirus OR abs:coronavirus"
    found: list[str] = []
    while True:
        total, ids = atom(
            get(server, "arxiv", search_query=query, start=len(found), max_results=37)
        )
        if not ids:
            break
        found += short(ids)
    assert len(found) == total
    assert set(found) == corpus.expected("covid* OR coronavirus", "arxiv")
    assert len(set(found)) == len(found)


def test_arxiv_evaluates_prefixes_phrases_andnot_and_dates(server, corpus):
    query = (
        '((ti:"deep learning" OR abs:"deep learning") ANDNOT (ti:mri OR abs:mri)) '
        "AND submittedDate:[202001010000 TO 202006302359]"
    )
    _, ids = atom(get(server, "arxiv", search_query=query, max_results=2000))
    wanted = corpus.expected('"deep learning" NOT mri', "arxiv", "2020-01-01", "2020-06-30")
    assert wanted
    assert set(short(ids)) == wanted


def test_arxiv_takes_a_bare_space_for_or_and_a_bare_hyphen_for_not(server):
    spaced, _ = atom(get(server, "arxiv", search_query="ti:covid ti:ct"))
    either, _ = atom(get(server, "arxiv", search_query="ti:covid OR ti:ct"))
    assert spaced == either
    hyphen, _ = atom(get(server, "arxiv", search_query="ti:x-ray"))
    quoted, _ = atom(get(server, "arxiv", search_query='ti:"x-ray"'))
    assert hyphen == 0 < quoted


def test_arxiv_sorts_by_submission(server):
    answer = get(
        server,
        "arxiv",
        search_query="all:covid*",
        max_results=50,
        sortBy="submittedDate",
        sortOrder="ascending",
    )
    days = [one.text for one in ET.fromstring(answer.content).findall("a:entry/a:published", ATOM)]
    assert days == sorted(days, key=str)
    assert len(days) == 50


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"id_list": "abc"}, "incorrect id format for abc"),
        ({"search_query": "ti:a", "max_results": 2001}, "max_results must be"),
        ({"search_query": "ti:a", "start": 30000}, "start must be less than 30000"),
        ({"search_query": "(ti:a"}, "malformed query"),
        ({"search_query": "zz:a"}, "malformed query"),
        ({"search_query": "ti:a NOT ti:b"}, "malformed query"),
    ],
)
def test_arxiv_errors_are_feeds_with_one_entry(server, params, said):
    for status in (400, 200):
        server.limits.arxiv_errors_with_200 = status == 200
        answer = get(server, "arxiv", **params)
        assert answer.status_code == status
        feed = ET.fromstring(answer.content)
        assert feed.findtext("a:entry/a:title", namespaces=ATOM) == "Error"
        assert said in str(feed.findtext("a:entry/a:summary", namespaces=ATOM))


def test_arxiv_gives_versions_by_id(server, corpus):
    one = next(p for p in corpus.of("arxiv") if len(p.versions) > 1)
    _, ids = atom(get(server, "arxiv", id_list=f"{one.id},{one.id}v1,9912.99999"))
    assert ids == [
        f"http://arxiv.org/abs/{one.id}v{len(one.versions)}",
        f"http://arxiv.org/abs/{one.id}v1",
    ]


def test_oai_lists_everything_by_resumption(server, corpus):
    server.limits.oai_page = 200
    params, found, size = {"verb": "ListRecords", "metadataPrefix": "arXiv"}, [], None
    while True:
        text = get(server, "arxiv-oai", **params).text
        found += re.findall(r"<identifier>oai:arXiv.org:(.*?)</identifier>", text)
        token = re.search(r'completeListSize="(\d+)">([^<]+)<', text)
        if not token:
            break
        size = int(token[1])
        params = {"verb": "ListRecords", "resumptionToken": token[2]}
    server.limits.oai_page = 1300
    assert len(found) == size == len(set(found)) == len(corpus.of("arxiv"))


@pytest.mark.parametrize("form", ["arXiv", "arXivRaw", "oai_dc"])
def test_oai_records_are_well_formed(server, form):
    answer = get(
        server, "arxiv-oai", verb="ListRecords", metadataPrefix=form, **{"from": "2026-06-01"}
    )
    root = ET.fromstring(answer.content)
    assert root.findall(".//{http://www.openarchives.org/OAI/2.0/}record")


def test_oai_errors_are_named(server):
    assert (
        "badResumptionToken"
        in get(server, "arxiv-oai", verb="ListRecords", resumptionToken="x").text
    )
    assert (
        "noRecordsMatch"
        in get(
            server,
            "arxiv-oai",
            verb="ListRecords",
            metadataPrefix="arXiv",
            **{"from": "2030-01-01"},
        ).text
    )


def test_medrxiv_pages_hold_every_version_whatever_their_size(server, corpus):
    server.limits.rxiv_pages = (100, 30, 100, 7)
    rows = details(server, "2020-01-01", "2020-06-30")
    server.limits.rxiv_pages = ()
    posted = [
        (one.id, str(version.number))
        for one, version in corpus.rows("medrxiv")
        if date(2020, 1, 1) <= version.at.date() <= date(2020, 6, 30)
    ]
    assert [(row["doi"], row["version"]) for row in rows] == posted
    assert len({row["doi"] for row in rows}) < len(rows)


def test_medrxiv_totals_may_be_inflated_and_end_with_no_posts_found(server):
    server.limits.rxiv_inflation = 22
    first = get(server, "biorxiv", "/details/medrxiv/2020-01-01/2020-03-31/0/json").json()
    rows = details(server, "2020-01-01", "2020-03-31")
    server.limits.rxiv_inflation = 0
    assert int(first["messages"][0]["total"]) == len(rows) + 22
    assert int(first["messages"][0]["count_new_papers"]) < len(rows)


def test_medrxiv_abstracts_carry_the_known_damage(server):
    texts = [row["abstract"] for row in details(server, "2020-01-01", "2020-12-31")]
    glued = sum(
        "Methods" in text and re.search(r"Methods[A-Z]", text) is not None for text in texts
    )
    assert 0.3 < glued / len(texts) < 0.7
    assert any("O_ST_ABS" in text for text in texts)
    assert any("O_LI" in text for text in texts)
    assert any("{beta}" in text for text in texts)


def test_the_journals_doi_appears_when_its_day_comes(server, corpus):
    one = next(p for p in corpus.of("medrxiv") if p.published_on and p.published_on.year == 2021)
    path = f"/details/medrxiv/{one.id}/na/json"
    corpus.today = one.published_on - timedelta(days=1)
    assert get(server, "biorxiv", path).json()["collection"][0]["published"] == "NA"
    corpus.today = one.published_on
    assert get(server, "biorxiv", path).json()["collection"][0]["published"] == one.published_doi
    day = one.published_on.isoformat()
    rows = get(server, "biorxiv", f"/pubs/medrxiv/{day}/{day}/0/json").json()["collection"]
    assert (one.id, one.published_doi) in [(r["preprint_doi"], r["published_doi"]) for r in rows]


def test_nothing_of_tomorrow_is_shown(server, corpus):
    corpus.today = date(2020, 5, 5)
    rows = details(server, "2020-05-01", "2020-12-31")
    assert rows
    assert max(row["date"] for row in rows) <= "2020-05-05"
    _, ids = atom(get(server, "arxiv", search_query="all:covid*", max_results=2000))
    assert set(short(ids)) <= {p.id for p in corpus.of("arxiv") if p.first.date() <= corpus.today}


def test_esearch_finds_what_the_corpus_holds(server, corpus):
    found = esearch(
        server,
        term=PUBMED,
        retmax=9999,
        datetype="edat",
        mindate="2020/01/01",
        maxdate="2020/12/31",
    )
    wanted = corpus.expected(QUERY, "pubmed", "2020-01-01", "2020-12-31")
    keyword_only = set(found["idlist"]) - wanted  # PubMed's [tiab] holds author keywords too
    assert wanted <= set(found["idlist"])
    assert all(
        any(a.keywords for a in corpus.articles if str(a.pmid) == pmid) for pmid in keyword_only
    )
    assert found["count"] == str(len(found["idlist"]))


def test_esearch_dates_inside_the_term_equal_the_parameters(server):
    inside = esearch(server, term='covid*[tiab] AND ("2020/03/01"[edat] : "2020/03/31"[edat])')
    beside = esearch(
        server, term="covid*[tiab]", datetype="edat", mindate="2020/03/01", maxdate="2020/03/31"
    )
    assert inside["count"] == beside["count"] != "0"


def test_esearch_reads_left_to_right(server):
    mixed = esearch(server, term="covid*[tiab] OR stroke[tiab] AND ct[tiab]")
    left = esearch(server, term="(covid*[tiab] OR stroke[tiab]) AND ct[tiab]")
    assert mixed["count"] == left["count"]


def test_esearch_ends_at_the_wall(server):
    server.limits.pubmed_wall = 50
    inside = esearch(server, term="humans[mh]", retmax=100)
    past = get(server, "eutils", "/esearch.fcgi", db="pubmed", term="humans[mh]", retstart=50).text
    server.limits.pubmed_wall = 9_999
    assert len(inside["idlist"]) == 50 < int(str(inside["count"]))
    assert "'retstart' cannot be larger than 49" in past


def test_esearch_says_what_it_changed(server):
    bare = esearch(server, term="pneumonia")
    assert bare["translationset"][0]["from"] == "pneumonia"
    assert "[MeSH Terms]" in str(bare["querytranslation"])
    lost = esearch(server, term="zzqqxx[tiab] OR covid*[tiab]")
    assert lost["errorlist"]["phrasesnotfound"] == ["zzqqxx"]
    text = get(server, "eutils", "/esearch.fcgi", db="pubmed", term="zzqqxx[tiab]").text
    assert "<PhraseNotFound>zzqqxx</PhraseNotFound>" in text


def test_long_addresses_are_refused_and_posts_taken(server):
    term = " OR ".join(f"word{n}[tiab]" for n in range(600)) + " OR covid*[tiab]"
    long = get(server, "eutils", "/esearch.fcgi", db="pubmed", term=term)
    assert long.status_code == 414
    posted = requests.post(
        server.base["eutils"] + "/esearch.fcgi",
        data={"db": "pubmed", "term": term, "retmode": "json"},
        timeout=120,
    )
    assert int(posted.json()["esearchresult"]["count"]) > 0


def test_history_gives_batches_and_expires(server):
    found = esearch(server, term="covid*[tiab]", usehistory="y", retmax=9999)
    server.limits.webenv_uses = 2
    params = {"db": "pubmed", "WebEnv": found["webenv"], "query_key": 1, "retmode": "xml"}
    pmids = []
    for start in (0, 20):
        text = get(server, "eutils", "/efetch.fcgi", retstart=start, retmax=20, **params).text
        pmids += re.findall(r'<PubmedData>.*?<ArticleId IdType="pubmed">(\d+)<', text)
    third = get(server, "eutils", "/efetch.fcgi", retstart=40, retmax=20, **params)
    server.limits.webenv_uses = None
    assert pmids == found["idlist"][:40]
    assert third.status_code == 400
    assert "Unable to obtain query" in third.text


def test_deleted_pmids_are_missing_from_the_batch(server, corpus):
    pmids = [corpus.articles[n].pmid for n in (3, 4, 5)]
    server.limits.missing_pmids = frozenset({pmids[1]})
    text = get(server, "eutils", "/efetch.fcgi", db="pubmed", id=",".join(map(str, pmids))).text
    server.limits.missing_pmids = frozenset()
    found = re.findall(r'Owner="NLM"><PMID Version="1">(\d+)', text)
    assert found == [str(pmids[0]), str(pmids[2])]


def test_efetch_is_read_by_biopython(server, corpus):
    from io import BytesIO

    from Bio import Entrez

    pmids = ",".join(str(one.pmid) for one in corpus.articles[:200])
    answer = requests.post(
        server.base["eutils"] + "/efetch.fcgi", data={"db": "pubmed", "id": pmids}, timeout=20
    )
    read = Entrez.read(BytesIO(answer.content))
    books = sum(1 for one in corpus.articles[:200] if one.book)
    assert len(read["PubmedArticle"]) + len(read["PubmedBookArticle"]) == 200
    assert len(read["PubmedBookArticle"]) == books


def test_a_retraction_shows_from_its_day(server, corpus):
    one = next(a for a in corpus.articles if a.retracted_on)
    corpus.today = one.retracted_on - timedelta(days=1)
    assert (
        "Retracted Publication"
        not in get(server, "eutils", "/efetch.fcgi", db="pubmed", id=one.pmid).text
    )
    corpus.today = one.retracted_on
    text = get(server, "eutils", "/efetch.fcgi", db="pubmed", id=one.pmid).text
    assert "Retracted Publication" in text
    assert 'RefType="RetractionIn"' in text
    found = esearch(
        server,
        term=f"{one.pmid}[pmid]",
        datetype="mdat",
        mindate=f"{one.retracted_on:%Y/%m/%d}",
        maxdate=f"{one.retracted_on:%Y/%m/%d}",
    )
    assert found["idlist"] == [str(one.pmid)]


def test_europepmc_walks_by_cursor_to_its_end(server, corpus):
    query = "(TITLE_ABS:covid* OR TITLE_ABS:coronavirus) AND FIRST_PDATE:[2020-01-01 TO 2020-12-31]"
    mark, found = "*", set()
    while True:
        data = get(
            server,
            "europepmc",
            "/search",
            query=query,
            format="json",
            resultType="core",
            pageSize=100,
            cursorMark=mark,
        ).json()
        for one in data["resultList"]["result"]:
            found.add(f"{one['source']}:{one.get('pmid') or one['doi']}")
        if data["nextCursorMark"] == mark:
            break
        mark = data["nextCursorMark"]
    wanted = corpus.expected("covid* OR coronavirus", "europepmc", "2020-01-01", "2020-12-31")
    assert found == wanted
    assert len(found) == data["hitCount"]


def test_lookups_and_pdfs_answer(server, corpus):
    preprint = next(p for p in corpus.of("medrxiv") if p.published_doi)
    where = get(server, "unpaywall", f"/{preprint.id}", email="a@example.org").json()
    pdf = requests.get(where["best_oa_location"]["url_for_pdf"], timeout=120)
    assert pdf.content.startswith(b"%PDF-")
    assert get(server, "unpaywall", f"/{preprint.id}").status_code == 422
    work = get(server, "crossref", f"/{preprint.id}").json()["message"]
    assert work["relation"]["is-preprint-of"][0]["id"] == preprint.published_doi
    article = next(a for a in corpus.articles if a.open_access)
    prefix = f"metadata/{article.pmcid}."
    listing = get(server, "pmc-cloud", "/", **{"list-type": "2", "prefix": prefix}).text
    name = re.findall(r"<Key>metadata/(.+?)\.json</Key>", listing)[-1]
    metadata = get(server, "pmc-cloud", f"/metadata/{name}.json").json()
    path = metadata["pdf_url"].removeprefix("s3://pmc-oa-opendata").split("?")[0]
    assert get(server, "pmc-cloud", path).content.startswith(b"%PDF-")
    closed = next(a for a in corpus.articles if a.pmcid and not a.open_access)
    prefix = f"metadata/{closed.pmcid}."
    assert "<KeyCount>0<" in get(server, "pmc-cloud", "/", prefix=prefix).text
    assert get(server, "pmc-cloud", f"/metadata/{closed.pmcid}.1.json").status_code == 404
    retracted = next(a for a in corpus.articles if a.retracted_on and a.doi)
    assert get(server, "openalex", f"/doi:{retracted.doi}").json()["is_retracted"] is True
    assert get(server, "crossref", "/10.9/none").status_code == 404


def test_pdfs_are_read_by_pdfplumber(server, corpus):
    from io import BytesIO

    import pdfplumber

    one = corpus.of("arxiv")[0]
    with pdfplumber.open(BytesIO(get(server, "arxiv-pdf", f"/{one.id}v1").content)) as pdf:
        text = pdf.pages[0].extract_text()
    assert one.id in text
    assert "Abstract" in text
