"""The labels on which rules are measured are consistent."""

import importlib.util
from pathlib import Path

import pytest
import yaml

from review import resources
from review.bias import pitfalls

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


@pytest.mark.parametrize("rule", FILE.rules, ids=lambda one: one.id)
def test_only_a_rule_that_was_right_on_whole_papers_raises_flags(rule):
    assert rule.measured is not None
    if rule.enabled:
        figures = rule.measured
        enough = 2 if rule.mode == "registry" else 3
        read = figures.read if figures.read and figures.judged < enough else [0, 0]
        right, judged = figures.right + read[0], figures.judged + sum(read)
        assert figures.right >= 0.9 * figures.judged
        assert right >= 0.9 * judged
        assert judged >= enough
