"""Rules that are on have earned it on labelled text, and the labels themselves hold together."""

import importlib.util
from pathlib import Path

import pytest
import yaml

from review import resources
from review.bias import datasets, pitfalls
from review.bias import rules as cues
from review.fulltext import read_full_texts

ROOT = Path(__file__).parents[3]
SETS = sorted(
    path.name for path in (ROOT / "data" / "labels").glob("*.yaml") if path.name != "papers.yaml"
)
FILE = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("flags", ROOT / "benchmarks" / "bench_flags.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tally(bench, shared):
    names = [paper["file"] for paper in bench.load("papers.yaml")["papers"]]
    texts = read_full_texts([shared / "reference" / "pdfs" / name for name in names])
    registry = datasets.load_registry(resources.get_shipped_path("data") / "datasets.yaml")
    reader = cues.compile_rules(FILE, include_disabled=True)
    found = bench.on_papers(reader, registry, dict(zip(names, texts, strict=True)))
    for name in bench.SETS:
        found += bench.on_sentences(reader, name) + bench.on_shown(reader, registry, name)
    return found


@pytest.mark.parametrize("rule", [one for one in FILE.rules if one.enabled], ids=lambda one: one.id)
def test_a_rule_that_is_on_has_the_precision_it_claims(bench, tally, rule):
    right, wrong, _ = bench.figures(tally, rule.id)
    quiet = tally[rule.id, "quiet"]
    assert right >= 1
    assert right / (right + wrong) >= bench.WANTED
    assert right + wrong + quiet >= (2 if rule.mode == "registry" else 3)
    assert rule.mode != "absent" or quiet >= 2
    assert str(rule.measured).startswith(f"{right} of {right + wrong} flags right")


def test_every_set_of_sentences_is_measured(bench):
    assert set(bench.SETS) == set(SETS)


def test_every_label_names_a_known_pitfall():
    known = {pitfall.id for pitfall in FILE.pitfalls}
    folder = ROOT / "data" / "labels"
    for name in SETS:
        data = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for document in data["documents"]:
            for line in document["sentences"]:
                assert {*line["pitfalls"], *line.get("shows", ())} <= known, line["text"]
    papers = yaml.safe_load((folder / "papers.yaml").read_text(encoding="utf-8"))["papers"]
    for paper in papers:
        if paper["imaging"]:
            assert set(paper["pitfalls"]) == known
        assert {one["label"] for one in paper["pitfalls"].values()} <= {"yes", "no", "unclear"}


def test_no_sentence_is_labelled_twice():
    texts = []
    for name in SETS:
        data = yaml.safe_load((ROOT / "data" / "labels" / name).read_text(encoding="utf-8"))
        texts += [line["text"] for document in data["documents"] for line in document["sentences"]]
    assert len(texts) == len(set(texts))
    assert len(texts) > 350


def test_quotes_of_labelled_papers_stand_on_their_page(shared):
    from review.fulltext import find_quote, read_full_text

    papers = yaml.safe_load((ROOT / "data" / "labels" / "papers.yaml").read_text())["papers"]
    found = 0
    for paper in papers:
        text = read_full_text(shared / "reference" / "pdfs" / paper["file"])
        assert text.sha256 == paper["sha256"]
        for one in paper["pitfalls"].values():
            places = find_quote(text, one.get("quote", ""))
            if places:
                found += 1
                assert one.get("page") in {page for page, _ in places}, one
    assert found >= 12
