"""Labels of whole papers: well formed, found again in a changed text, and scored as they say."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from review import resources
from review.bias import datasets, pitfalls, rules
from review.checklists import list_items, load_checklist
from review.fulltext import FullText
from review.models import Sentence

ROOT = Path(__file__).parents[2]
DATA = resources.get_shipped_path("data")
CATALOG = pitfalls.load_pitfalls(DATA / "cues.yaml")
REGISTRY = datasets.load_registry(DATA / "datasets.yaml")


@pytest.fixture(scope="module")
def labels():
    return load_module("paper_labels")


@pytest.fixture(scope="module")
def bench():
    return load_module("bench_labels")


@pytest.fixture(scope="module")
def label_passes():
    return load_module("label_passes")


@pytest.fixture(scope="module")
def bench_agreement():
    return load_module("bench_agreement")


def load_module(name):
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


def make_paper(labels, **changes):
    data = {
        "file": "invented.pdf",
        "key": "10.5555/invented",
        "sha256": "0" * 64,
        "imaging_ai": True,
        "kind": "invented",
        "rules": {},
        "datasets": [],
        "contradictions": [],
        "evidence": {},
        "openings": {},
    }
    return labels.parse_labels({**data, **changes})


def make_text(*sentences):
    return FullText(
        "ok", "0" * 64, "", 1, sentences=tuple(Sentence(text, 1, "methods") for text in sentences)
    )


def load_all_labels(labels):
    folders = (labels.FOLDER, labels.ELSEWHERE, labels.SHUT)
    return [paper for folder in folders for paper in labels.load_labels(folder)]


def test_every_label_names_a_rule_an_item_and_a_sentence_that_is_kept(labels):
    papers = load_all_labels(labels)
    modes = {rule.id: rule.mode for rule in CATALOG.rules}
    assert len({paper.key for paper in papers}) == len(papers) >= 40
    assert sum(not paper.imaging_ai for paper in papers) >= 8
    for paper in papers:
        assert set(paper.rules) <= set(modes), paper.file
        used = {n for label in paper.rules.values() for n in label.at}
        used |= {n for one in paper.datasets for n in one.at}
        used |= {n for one in paper.contradictions for n in (*one.at, *one.against)}
        for name, items in paper.evidence.items():
            checklist = load_checklist(resources.get_shipped_path("checklists") / f"{name}.yaml")
            assert set(items) <= {str(item.number) for item in list_items(checklist)}, paper.file
            used |= {n for at in items.values() for n in at}
        assert used == set(paper.openings), paper.file
        assert all(len(words.split()) <= labels.OPENING_WORDS for words in paper.openings.values())
        if paper.imaging_ai:
            absent_rules = {rule for rule, mode in modes.items() if mode == "absent"}
            assert absent_rules <= set(paper.rules), paper.file


def test_a_sentence_is_found_again_after_others_were_split_or_joined(labels):
    openings = {1: "We used 200 images", 2: "The images were split", 4: "Gone from the text"}
    paper = make_paper(labels, openings=openings)
    text = make_text(
        "A new heading.", "First.", "We used 200 im-ages of the lung. The images were split."
    )
    assert labels.locate_sentences(paper, text.sentences) == {1: 2, 2: 2}


def test_an_unchanged_text_keeps_its_numbers_even_if_a_sentence_is_printed_twice(labels):
    paper = make_paper(labels, openings={0: "The same words", 2: "The same words"})
    text = make_text("The same words.", "Other.", "The same words.")
    assert labels.locate_sentences(paper, text.sentences) == {0: 0, 2: 2}


def test_rules_for_missing_items_do_not_apply_to_a_paper_without_imaging_ai(labels):
    paper = make_paper(labels, imaging_ai=False, rules={"combined-sets": "unclear"})
    assert labels.get_rule_label(paper, "calibration-not-found", "absent") == "na"
    assert labels.get_rule_label(paper, "combined-sets", "present") == "unclear"
    assert labels.get_rule_label(paper, "children-used", "present") == "absent"


def test_a_flag_is_right_wrong_or_missed_by_its_label_and_unclear_ones_do_not_count(labels, bench):
    catalog = replace(CATALOG, rules=pick_rules("combined-sets"))
    rule_set = rules.compile_rules(catalog, include_disabled=True)
    text = make_text("We combined three publicly available datasets from Kaggle and GitHub.")
    silent = make_text("We read one set.")
    for label, paper_text, counted in (
        ("present 0", text, {"right": 1}),
        ("absent", text, {"wrong": 1}),
        ("na", text, {"wrong": 1}),
        ("unclear", text, {}),
        ("present 0", silent, {"missed": 1}),
        ("absent", silent, {}),
    ):
        score = bench.Score()
        paper = make_paper(labels, rules={"combined-sets": label})
        bench.score_flags(score, paper, paper_text, rule_set, REGISTRY)
        assert {verdict: n for (_, verdict), n in score.counts.items()} == counted, label


def pick_rules(*ids):
    return tuple(rule for rule in CATALOG.rules if rule.id in ids)


def test_a_data_set_counts_as_used_by_any_of_its_names_and_a_cited_one_not_at_all(labels, bench):
    text = make_text("We trained on the CheXpert dataset and tested on the MURA dataset.")
    named = [
        {"name": "CheXpert", "label": "used", "at": 0},
        {"name": "mura", "label": "asked", "at": 0},
        {"name": "A set nobody lists", "label": "used", "at": 0},
    ]
    score = bench.Score()
    bench.score_datasets(score, make_paper(labels, datasets=named), text.sentences, REGISTRY)
    assert score.counts == {("data sets used", "right"): 1, ("data sets used", "missed"): 1}


def test_a_contradiction_is_found_from_either_of_its_places(labels, bench):
    text = make_text("Sensitivity was 92% (46 of 80).", "Sensitivity was 90% (45 of 50).")
    contradictions = [{"at": 0, "what": "46 of 80 is not 92%"}]
    openings = {0: "Sensitivity was 92%"}
    for at, counted in (
        (contradictions, {"right": 1}),
        ([], {"wrong": 1}),
        ([{"at": 1, "what": "invented"}], {"missed": 1, "wrong": 1}),
    ):
        score = bench.Score()
        paper = make_paper(
            labels, contradictions=at, openings={**openings, 1: "Sensitivity was 90%"}
        )
        places = labels.locate_sentences(paper, text.sentences)
        bench.score_contradictions(score, paper, text, places)
        assert {verdict: n for (_, verdict), n in score.counts.items()} == counted


def test_evidence_counts_the_rank_of_the_first_labelled_sentence(labels, bench):
    checklist = load_checklist(resources.get_shipped_path("checklists") / "claim-2020.yaml")
    text = make_text(
        "The model was implemented in PyTorch version 1.10 with TensorFlow and Keras.",
        "The software was implemented in Python with Keras version 2.4.",
    )
    item = "23"
    for wanted, ranks in ((1, {1: 1, 3: 1, 5: 1}), (0, {1: 0, 3: 1, 5: 1})):
        paper = make_paper(
            labels,
            evidence={"claim-2020": {item: wanted}},
            openings={0: "The model was implemented", 1: "The software was"},
        )
        score = bench.Score()
        places = labels.locate_sentences(paper, text.sentences)
        bench.score_evidence(score, paper, text, checklist, places)
        assert score.items == {"claim-2020": 1}
        assert {rank: score.ranks["claim-2020", rank] for rank in bench.RANKS} == ranks


def test_the_cases_of_the_shut_half_are_not_listed(bench, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", str(tmp_path), "--half", "shut", "--detail"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "shut half" in capsys.readouterr().err


def test_papers_outside_the_corpora_are_asked_for_by_name_and_never_by_the_tests_of_corpora(
    labels, tmp_path
):
    more = labels.load_labels(labels.ELSEWHERE)
    assert not {paper.file for paper in more} & {paper.file for paper in labels.load_labels()}
    with pytest.raises(SystemExit, match=f"{more[0].file}: missing"):
        list(labels.read_papers(more, tmp_path))


def test_the_shut_half_is_scored_where_its_papers_are_named(bench, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", str(tmp_path), "--half", "shut"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "--more" in capsys.readouterr().err


def test_a_paper_that_is_missing_or_another_one_is_named(labels, tmp_path):
    paper = make_paper(labels, file="absent.pdf")
    with pytest.raises(SystemExit, match=r"absent\.pdf: missing"):
        list(labels.read_papers([paper], tmp_path))
    (tmp_path / "absent.pdf").write_bytes(b"not a PDF")
    with pytest.raises(SystemExit, match=r"absent\.pdf: not the file"):
        list(labels.read_papers([paper], tmp_path))


def make_passes(label_passes, first, second, settled=()):
    empty = {"rules": {}, "datasets": [], "contradictions": [], "evidence": {}}
    return label_passes.parse_passes(
        {
            "file": "invented.pdf",
            "key": "10.5555/invented",
            "imaging_ai": True,
            "sentences": 11,
            "first": {**empty, **first},
            "second": {**empty, **second},
            "settled": dict(settled),
        }
    )


def test_labels_of_a_paper_read_twice_follow_from_its_passes_and_their_reasons(
    labels, label_passes
):
    modes = label_passes.load_modes()
    papers = {paper.file: paper for paper in load_all_labels(labels)}
    read_twice = label_passes.load_all_passes()
    assert len(read_twice) >= 14
    for passes in read_twice:
        paper = papers[passes.file]
        settled = {**label_passes.settle(passes, modes), "openings": {}}
        parsed = labels.parse_labels(
            {
                **settled,
                "file": passes.file,
                "key": passes.key,
                "sha256": "",
                "kind": "",
                "imaging_ai": passes.first.imaging_ai,
            }
        )
        assert parsed.rules == paper.rules, passes.file
        assert parsed.datasets == paper.datasets, passes.file
        assert parsed.contradictions == paper.contradictions, passes.file
        assert parsed.evidence == {k: v for k, v in paper.evidence.items() if v}, passes.file
        assert all(decision.why for decision in passes.decisions.values()), passes.file


def test_two_contradictions_at_one_place_are_refused():
    complete_labels = load_module("complete_labels")
    draft = {"file": "a.pdf", "contradictions": [{"at": 3, "what": "a"}, {"at": "3", "what": "b"}]}
    with pytest.raises(SystemExit, match=r"a\.pdf: two contradictions at 3\."):
        complete_labels.check_contradictions(draft)
    complete_labels.check_contradictions(
        {"file": "a.pdf", "contradictions": [{"at": 3}, {"at": 4}]}
    )


def test_a_difference_needs_a_decision_and_agreement_none(label_passes):
    modes = {"combined-sets": "present", "children-used": "present"}
    first = {
        "rules": {"combined-sets": "present 1"},
        "datasets": [{"name": "mura", "label": "used", "at": 1}],
        "contradictions": [{"at": 3, "against": 4, "what": "invented"}],
        "evidence": {"claim-2020": {"7": "1 2"}},
    }
    second = {
        "rules": {"combined-sets": "present 2", "children-used": "present 5"},
        "datasets": [{"name": "mura", "label": "mentioned", "at": 2}],
        "contradictions": [{"at": 4, "what": "the same"}, {"at": 6, "what": "another"}],
        "evidence": {"claim-2020": {"7": 2, "8": 3}},
    }
    passes = make_passes(label_passes, first, second)
    differences = ["rules children-used", "datasets mura", "contradictions 6"]
    assert label_passes.list_differences(passes, modes) == differences
    with pytest.raises(ValueError, match="rules children-used, datasets mura, contradictions 6"):
        label_passes.settle(passes, modes)
    settled = {
        "rules children-used": {"label": "absent", "why": "the adults only"},
        "datasets mura": {"label": "used", "why": "trained on"},
        "contradictions 6": {"label": "no", "why": "rounded"},
        "evidence claim-2020 8": {"drop": 3, "why": "another study"},
    }
    assert label_passes.settle(make_passes(label_passes, first, second, settled), modes) == {
        "rules": {"combined-sets": "present 1 2", "children-used": "absent"},
        "datasets": [{"name": "mura", "label": "used", "at": "1 2"}],
        "contradictions": [{"at": 3, "against": 4, "what": "invented"}],
        "evidence": {"claim-2020": {"7": "1 2"}},
    }


def test_agreement_counts_facts_and_sentences(label_passes, bench_agreement):
    first = {"evidence": {"claim-2020": {"7": "1 2", "8": 3}}}
    second = {"evidence": {"claim-2020": {"7": "2 4"}}}
    papers = [make_passes(label_passes, first, second)]
    answered = bench_agreement.pair_answered(papers)
    assert answered.count(("yes", "yes")) == answered.count(("yes", "no")) == 1
    assert answered.count(("no", "no")) == 40
    sentences = bench_agreement.pair_sentences(papers)
    assert [sentences.count((a, b)) for a in ("yes", "no") for b in ("yes", "no")] == [1, 1, 1, 8]
    assert bench_agreement.share_sentences(papers) == ((1, 1), (0, 0))
    row = bench_agreement.format_row("sentences", sentences, "yes")
    assert row.split() == ["sentences", "11", "82", "%", "0.39", "1", "of", "3"]
