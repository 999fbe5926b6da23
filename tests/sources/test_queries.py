"""Translations of a query for each source, their unsupported parts, and their equivalence."""

import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import requests
from standin import StandIn, make

from review.errors import QueryError
from review.protocol.loading import load_protocol
from review.query import DateWindow, build_text_matcher, parse
from review.query.ast import Term
from review.query.truncation import expand_stem, load_vocabulary
from review.sources.arxiv.query import compile_arxiv
from review.sources.europepmc.query import compile_europepmc
from review.sources.pubmed.query import compile_pubmed
from review.sources.query_preview import compile_for_source, describe_query

DATA = Path(__file__).parents[2] / "data"
YEAR = DateWindow(date(2020, 1, 1), date(2020, 10, 3))


@pytest.mark.parametrize(
    ("query", "pubmed", "europepmc"),
    [
        ("covid", '"covid"[tiab]', 'TITLE_ABS:"covid"'),
        ("covid*", "covid*[tiab]", "TITLE_ABS:covid*"),
        ('"x-ray"', '"x-ray"[tiab]', 'TITLE_ABS:"x ray"'),
        ("title:ai", '"ai"[ti]', 'TITLE:"ai"'),
        ("title:x-ray*", '"x-ray*"[ti]', '(TITLE:"x ray" OR TITLE:"x rays")'),
        ("abstract:ai", '"ai"[ab]', 'ABSTRACT:"ai"'),
        ('mesh:"COVID-19"', '"COVID-19"[mh]', 'MESH:"COVID-19"'),
        ("a1 AND b1", '("a1"[tiab] AND "b1"[tiab])', '(TITLE_ABS:"a1" AND TITLE_ABS:"b1")'),
        ("a1 NOT b1", '("a1"[tiab] NOT "b1"[tiab])', '(TITLE_ABS:"a1" NOT TITLE_ABS:"b1")'),
        (
            "a1 AND c1 NOT b1 NOT d1",
            '(("a1"[tiab] AND "c1"[tiab]) NOT ("b1"[tiab] OR "d1"[tiab]))',
            '((TITLE_ABS:"a1" AND TITLE_ABS:"c1") NOT (TITLE_ABS:"b1" OR TITLE_ABS:"d1"))',
        ),
        (
            "NOT a1",
            '(all[sb] NOT "a1"[tiab])',
            '(FIRST_PDATE:[1800-01-01 TO 3000-12-31] NOT TITLE_ABS:"a1")',
        ),
        ('"neural network*"', '"neural network*"[tiab]', None),
    ],
)
def test_pubmed_and_europepmc_are_asked_in_their_words(query, pubmed, europepmc):
    node = parse(query)
    assert compile_pubmed(node).text == pubmed
    if europepmc:
        assert compile_europepmc(node).text == europepmc


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("title:ai", 'ti:"ai"'),
        ("ai", '(ti:"ai" OR abs:"ai")'),
        ("title:x-ray", 'ti:"x ray"'),
        ("title:a1 NOT title:b1", '(ti:"a1" ANDNOT ti:"b1")'),
        (
            "title:a1 AND title:c1 NOT (title:b1 OR title:d1)",
            '((ti:"a1" AND ti:"c1") ANDNOT (ti:"b1" OR ti:"d1"))',
        ),
        ("NOT title:a1", '(submittedDate:[199101010000 TO 300001010000] ANDNOT ti:"a1")'),
        ("title:ncov*", '(ti:ncov* OR ti:"ncov" OR ti:"ncovs")'),
        ('title:"x-ray*"', '(ti:"x ray" OR ti:"x rays")'),
        (
            'title:"neural net*"',
            '(ti:"neural net" OR ti:"neural network" OR ti:"neural networked" '
            'OR ti:"neural networking" OR ti:"neural networks")',
        ),
    ],
)
def test_arxiv_is_asked_with_prefixes_and_quotes(query, text):
    assert compile_arxiv(parse(query)).text == text


def test_arxiv_never_sees_a_bare_hyphen_or_not():
    text = compile_arxiv(parse('(x-ray* OR "sars-cov-2") NOT non-invasive')).text
    assert "-" not in text
    assert " NOT " not in text


def test_windows_are_written_in_each_way():
    node = parse("title:ai")
    assert compile_pubmed(node, YEAR).text == '"ai"[ti] AND ("2020/01/01"[dp] : "2020/10/03"[dp])'
    assert '"2020/01/01"[edat]' in compile_pubmed(node, YEAR, dates="edat").text
    assert compile_arxiv(node, YEAR).text.endswith("submittedDate:[202001010000 TO 202010032359]")
    assert compile_europepmc(node, YEAR).text.endswith("(FIRST_PDATE:[2020-01-01 TO 2020-10-03])")
    open_start = DateWindow(None, date(2020, 10, 3))
    assert '("1800/01/01"[dp] : "2020/10/03"[dp])' in compile_pubmed(node, open_start).text
    open_end = DateWindow(date(2020, 1, 1), None)
    assert ': "3000/12/31"[dp]' in compile_pubmed(node, open_end).text
    assert "TO 300001010000]" in compile_arxiv(node, open_end).text
    assert "TO 3000-12-31]" in compile_europepmc(node, open_end).text
    assert compile_pubmed(node, DateWindow()).text == '"ai"[ti]'


def test_losses_are_said():
    assert compile_pubmed(parse("covid*")).unsupported == ()
    short = compile_pubmed(parse("ct*"))
    assert short.text == '("ct"[tiab] OR "cts"[tiab])'
    assert "fewer than 4 letters" in short.unsupported[0]
    stem = compile_arxiv(parse("prognos*"))
    assert 'ti:"prognostic"' in stem.text
    assert "does not document truncation" in stem.unsupported[0]
    phrase = compile_europepmc(parse('"neural network*"'))
    assert 'TITLE_ABS:"neural networks"' in phrase.text
    assert "other endings are not found" in phrase.unsupported[0]
    mesh = compile_arxiv(parse("covid AND mesh:Humans"))
    assert "more records are found" in mesh.unsupported[0]
    mesh = compile_arxiv(parse("covid OR mesh:Humans"))
    assert "fewer records are found" in mesh.unsupported[0]
    assert "Humans" not in mesh.text
    with pytest.raises(QueryError, match="no part of it can be used"):
        compile_arxiv(parse("mesh:Humans"))
    assert any("narrower" in one for one in compile_pubmed(parse("mesh:Humans")).notes)


def test_a_headings_qualifier_is_not_asked_of_europe_pmc_and_that_is_said():
    made = compile_europepmc(parse('"Lung/diagnostic imaging"[mh]'))
    assert made.text == 'MESH:"Lung"'
    assert "headings without qualifiers" in made.unsupported[0]


def test_words_that_are_only_marks_and_letters_are_pointed_out():
    assert any("C++ as c" in one for one in describe_query('"C++" OR covid')["warnings"])
    assert not any("Marks" in one for one in describe_query('"vitamin c" OR x-ray')["warnings"])


def test_sources_are_named():
    assert compile_for_source("medrxiv", parse("covid*")).text == "covid*"
    assert "applied locally" in compile_for_source("biorxiv", parse("covid*")).notes[0]
    with pytest.raises(QueryError, match="unknown source 'scopus'"):
        compile_for_source("scopus", parse("covid*"))


def test_known_words_hold_what_reviews_truncate():
    found = expand_stem(Term("diagnos", stem=True))
    assert {"diagnos", "diagnosis", "diagnostic", "diagnosed", "diagnosing"} <= set(found)
    assert expand_stem(Term("neural net", stem=True))[0] == "neural net"
    assert expand_stem(Term("zzz", stem=True)) == ["zzz", "zzzs", "zzzes", "zzzed", "zzzing"]
    assert expand_stem(Term("X-ray", stem=True)) == ["X-ray", "X-rays"]
    assert "x-rays" not in load_vocabulary()
    assert expand_stem(Term("X-radiograph", stem=True))[1] == "X-radiographer"
    assert all(word == word.lower() and " " not in word for word in load_vocabulary())


def test_the_founding_reviews_search_compiles_from_its_protocol():
    search = load_protocol(DATA / "roberts2021/protocol.yaml").search
    node = parse(search.query)
    window = DateWindow(search.from_, search.to)
    assert "[202001010000 TO 202010032359]" in compile_arxiv(node, window).text
    assert '("2020/01/01"[dp] : "2020/10/03"[dp])' in compile_pubmed(node, window).text
    holds = build_text_matcher(node)
    assert holds("ncov ai on ct", None)
    assert holds("COVID-19 and deep learning on chest x-ray", None)
    assert not holds("ncovx ai ct", None)
    assert not holds("ncov aid ct", None)
    assert not holds("ncov ai ctdna", None)
    assert not holds("ncov ai cxrs", None)


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn(make(4_000, seed=8)) as running:
        yield running


QUERIES = [
    "covid*",
    'covid* AND ("deep learning" OR ai OR "neural network*") AND (ct OR "x-ray*" OR radiograph*)',
    "(prognos* OR diagnos*) AND (ct OR cxr OR mri) NOT covid*",
    'title:("x-ray" OR ct) AND abstract:calibrat*',
    "ncov OR coronavirus",
    '"sars-cov-2" NOT (triage OR segmentation)',
    "imag* AND NOT (title:covid* OR abstract:saliency)",
]


def ids_on_arxiv(server: StandIn, text: str) -> set[str]:
    found: set[str] = set()
    while True:
        data = {"search_query": text, "start": len(found), "max_results": 2000}
        answer = requests.post(server.base["arxiv"], data=data, timeout=120)
        answer.raise_for_status()
        ids = re.findall(r"<id>http://arxiv.org/abs/(.*?)v\d+</id>", answer.text)
        found |= set(ids)
        if not ids:
            return found


def ids_in_pubmed(server: StandIn, text: str) -> set[str]:
    data = {"db": "pubmed", "retmax": 9999, "retmode": "json", "term": text}
    answer = requests.post(server.base["eutils"] + "/esearch.fcgi", data=data, timeout=120).json()
    return set(answer["esearchresult"]["idlist"])


def ids_in_europepmc(server: StandIn, text: str) -> set[str]:
    data = {"query": text, "format": "json", "pageSize": 1000}
    found: set[str] = set()
    while True:
        url = server.base["europepmc"] + "/search"
        answer = requests.post(url, data=data, timeout=120).json()
        rows = answer["resultList"]["result"]
        found |= {f"{one['source']}:{one.get('pmid') or one['doi']}" for one in rows}
        if not rows:
            return found
        data["cursorMark"] = answer["nextCursorMark"]


@pytest.mark.parametrize("query", QUERIES)
def test_every_source_gives_what_the_query_means(server, query):
    corpus, node = server.corpus, parse(query)
    window = ("2020-01-01", "2020-10-03")
    wanted = corpus.expected(query, "arxiv", *window)
    assert wanted
    for wildcards in (True, False):
        server.limits.arxiv_wildcards = wildcards
        server.forget()
        assert ids_on_arxiv(server, compile_arxiv(node, YEAR).text) == wanted
    server.limits.arxiv_wildcards = True
    found = ids_in_pubmed(server, compile_pubmed(node, YEAR, dates="edat").text)
    truth = corpus.expected(query, "pubmed", *window)
    by_keyword = {str(a.pmid) for a in corpus.articles if a.keywords}
    assert found ^ truth <= by_keyword  # [tiab] also searches keywords; nothing else differs
    shown = ids_in_europepmc(server, compile_europepmc(node, YEAR).text)
    assert shown == corpus.expected(query, "europepmc", *window)


WORDS = (
    "covid*",
    "ct",
    '"chest ct"',
    '"deep learning"',
    "ai",
    "title:covid*",
    "abstract:calibrat*",
    '"x-ray*"',
    "segment*",
    "triage",
    '"neural network*"',
    "mri",
    "title:prognos*",
    "radiomic*",
    "saliency",
    '"random forests"',
)


def made_up(rng: random.Random, depth: int) -> str:
    """A random query of some depth."""
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(WORDS)
    joint = rng.choice((" AND ", " OR ", " AND NOT ", " OR "))
    parts = [made_up(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    return f"{rng.choice(('', '', '', 'NOT '))}({joint.join(parts)})"


@pytest.mark.parametrize("seed", range(30))
def test_random_queries_mean_the_same_everywhere(server, seed):
    query = made_up(random.Random(seed), 3)
    node, corpus = parse(query), server.corpus
    assert ids_on_arxiv(server, compile_arxiv(node).text) == corpus.expected(query, "arxiv")
    by_keyword = {str(a.pmid) for a in corpus.articles if a.keywords}
    found = ids_in_pubmed(server, compile_pubmed(node).text)
    assert found ^ corpus.expected(query, "pubmed") <= by_keyword
    shown = ids_in_europepmc(server, compile_europepmc(node).text)
    assert shown == corpus.expected(query, "europepmc")
    holds = build_text_matcher(node)
    rows = corpus.rows("medrxiv")
    here = {one.id for one, version in rows if holds(version.title, version.abstract)}
    assert here == corpus.expected(query, "medrxiv")


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("which", ["medrxiv", "biorxiv"])
def test_the_matcher_finds_in_damaged_texts_what_the_corpus_holds(server, query, which):
    holds = build_text_matcher(parse(query))
    found, seen = set(), 0
    while True:
        url = f"{server.base['biorxiv']}/details/{which}/2020-01-01/2020-10-03/{seen}/json"
        rows = requests.get(url, timeout=120).json()["collection"]
        if not rows:
            break
        seen += len(rows)
        found |= {row["doi"] for row in rows if holds(row["title"], row["abstract"])}
    assert found == server.corpus.expected(query, which, "2020-01-01", "2020-10-03")


def test_the_arxiv_text_is_a_query_the_service_reads(server):
    text = compile_arxiv(parse("(a1 OR (b1 AND NOT c1)) NOT (d1 AND e1)"), YEAR).text
    answer = requests.get(server.base["arxiv"], params={"search_query": text}, timeout=120)
    assert answer.status_code == 200
    assert ET.fromstring(answer.content).tag.endswith("feed")


def run(*words: str) -> tuple[int, str, str]:
    """A command of the command line: exit status, what it printed, and its complaint."""
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "review.cli", *words], capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_line_explains_a_query():
    import json

    status, out, _ = run("query", "explain", "covid* AND ct", "--from", "2020-01-01", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["window"] == {"from": "2020-01-01", "to": None}
    assert found["sources"]["pubmed"]["text"].startswith('(covid*[tiab] AND "ct"[tiab])')
    status, out, _ = run("query", "explain", "covid* and mesh:Mice")
    assert status == 0
    assert "medRxiv (query applied locally)\n  covid*\n" in out
    assert "Please check:\n  - and is read as an operator" in out


def test_the_command_line_prints_one_sources_text():
    assert run("query", "explain", "title:ai", "--source", "arxiv")[1] == 'ti:"ai"\n'
    status, out, said = run("query", "explain", "mesh:Mice", "--source", "arxiv")
    assert (status, out) == (1, "")
    assert "no part of it can be used" in said


def test_the_command_line_points_at_a_mistake():
    status, out, said = run("query", "explain", "(covid OR ct")
    assert (status, out) == (1, "")
    assert said == (
        "review: Query, character 1: a closing ')' is missing for this '('.\n  (covid OR ct\n  ^\n"
    )


def test_the_command_line_explains_a_reviews_own_search():
    status, out, _ = run("--review", str(DATA / "roberts2021"), "query", "explain")
    assert status == 0
    assert "2020-01-01 to 2020-10-03" in out
    assert "prognos*[tiab]" in out
    assert not (DATA / "roberts2021/review.db").exists()  # reading a protocol opens no store
