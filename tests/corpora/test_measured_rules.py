"""Rules that are on keep their precision on labelled papers."""

import importlib.util
from pathlib import Path

import pytest
import yaml

from review import resources
from review.bias import datasets, pitfalls
from review.bias import rules as cues
from review.fulltext import find_quote, read_full_text, read_full_texts

ROOT = Path(__file__).parents[2]
FILE = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("flags", ROOT / "benchmarks" / "bench_flags.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tally(bench, corpora):
    names = [paper["file"] for paper in bench.load("papers.yaml")["papers"]]
    texts = read_full_texts([corpora / "reference" / "pdfs" / name for name in names])
    registry = datasets.load_registry(resources.get_shipped_path("data") / "datasets.yaml")
    reader = cues.compile_rules(FILE, include_disabled=True)
    found = bench.on_papers(reader, registry, dict(zip(names, texts, strict=True)))
    for name in bench.SETS:
        found += bench.on_sentences(reader, name) + bench.on_shown(reader, registry, name)
    return found


@pytest.mark.parametrize("rule", FILE.rules, ids=lambda one: one.id)
def test_a_rule_has_the_precision_on_single_sentences_that_it_claims(bench, tally, rule):
    right, wrong, _ = bench.figures(tally, rule.id)
    claimed = f"{right} of {right + wrong} flags right"
    assert str(rule.on_sentences).startswith(claimed) if right + wrong else not rule.on_sentences


def test_quotes_of_labelled_papers_stand_on_their_page(corpora):
    papers = yaml.safe_load((ROOT / "data" / "labels" / "papers.yaml").read_text())["papers"]
    found = 0
    for paper in papers:
        text = read_full_text(corpora / "reference" / "pdfs" / paper["file"])
        assert text.sha256 == paper["sha256"]
        for one in paper["pitfalls"].values():
            places = find_quote(text, one.get("quote", ""))
            if places:
                found += 1
                assert one.get("page") in {page for page, _ in places}, one
    assert found >= 12
