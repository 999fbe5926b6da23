"""The learned ranking of sentences: its features, its two steps, and fitting again."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from review import resources
from review.bias.rules import ranker as ranking
from review.bias.rules import suggest_evidence
from review.bias.rules.evidence import Suggestion, find_phrases
from review.bias.rules.word_vectors import WordVectors
from review.errors import ChecklistError
from review.models import Sentence

SHIPPED = resources.get_shipped_path("data") / "evidence-ranker.json"
IDF = {"split": 2.0, "patient": 1.5, "fund": 3.0, "split patient": 2.5, "grant": 3.0}
PLAIN = ranking.EvidenceRanker(
    version="t", idf=IDF, item_weights={}, mixing={"cue": 1.0, "item": 10.0}, floor=-99.0
)
ITEM = ranking.RankedItem(
    id="split", key="invented-2020 split", question="How were patients split?", guidance="", cues=()
)


def make_sentences(*texts, section="methods"):
    return [Sentence(text, 1, section) for text in texts]


def make_suggestion(n, text, score=1.0):
    return Suggestion("split", n, text, 1, (), "methods", "split*", "split", score, "phrases")


def rank(sentences, ranker, suggestions=(), item=ITEM, limit=5):
    ranked = ranking.rank_evidence(sentences, [item], {item.id: suggestions}, ranker, limit=limit)
    return [one.sentence for one in ranked[item.id]]


def test_terms_are_words_without_endings_their_pairs_and_numbers_as_one_sign():
    terms = ranking.count_terms("Patients were splitting; 300 patients, 12%.")
    assert terms["patient"] == 2
    assert terms["splitt"] == 1
    assert terms["#"] == 2
    assert terms["# patient"] == 1
    assert "s" not in ranking.count_terms("a s b")


def test_a_text_weighs_the_same_whatever_its_length():
    for text in ("split", "split patients", "split split patients by grants and funds"):
        vector = ranking.weigh_terms(text, IDF)
        assert math.isclose(sum(value * value for value in vector.values()), 1.0)
    assert ranking.weigh_terms("nothing known", IDF) == {}


def test_a_rarer_word_weighs_more_than_a_frequent_one():
    vector = ranking.weigh_terms("patient and grant", IDF)
    assert vector["grant"] > vector["patient"]


def test_references_and_broken_text_are_never_candidates():
    text = "We split patients at random."
    assert ranking.is_candidate(Sentence(text, 1, "methods"))
    assert not ranking.is_candidate(Sentence(text, 1, "references"))
    longest = "a" * ranking.MAX_CANDIDATE_LENGTH
    assert ranking.is_candidate(Sentence(longest, 1, "methods"))
    assert not ranking.is_candidate(Sentence(longest + "a", 1, "methods"))


def test_place_and_section_are_features_and_an_unknown_section_counts_as_none():
    sentences = [*make_sentences(*["Split."] * 9), Sentence("Split.", 1, "a new name")]
    first = ranking.build_features(sentences, 0, PLAIN)
    last = ranking.build_features(sentences, 9, PLAIN)
    assert ":section methods" in first
    assert ":section " in last
    assert ":place 0" in first
    assert ":place 4" in last


def test_the_place_within_a_section_is_a_feature():
    sentences = make_sentences(*["Split."] * 12)
    sentences += make_sentences("Split.", section="results")
    places = [
        next(name for name in ranking.build_features(sentences, n, PLAIN) if name[:3] == ":at")
        for n in range(len(sentences))
    ]
    assert places == [
        ":at methods 0",
        *[":at methods 1"] * 2,
        *[":at methods 2"] * 5,
        *[":at methods 3"] * 4,
        ":at results 0",
    ]


def test_cue_phrases_and_concepts_of_a_sentence_and_its_neighbours_are_features():
    knowing = replace(
        PLAIN,
        cues=("split*", "grants"),
        concepts=(("partition", r"\bsplit\w*"), ("money", r"\b(grant|fund)")),
    )
    sentences = make_sentences("It was funded.", "We split it.", "A grant.")
    features = ranking.build_features(sentences, 1, knowing)
    assert {name for name in features if name.startswith(":cue ")} == {":cue split*"}
    assert {name for name in features if name.startswith(":about ")} == {":about partition"}
    assert ":after money" in features and ":before money" in features
    assert ":before money" not in ranking.build_features(sentences, 2, knowing)
    references = [sentences[1], Sentence("A grant.", 9, "references")]
    assert ":before money" not in ranking.build_features(references, 0, knowing)


def test_the_heading_above_a_sentence_is_a_feature():
    knowing = replace(
        PLAIN, concepts=(("partition", r"\bsplit\w*"),), heading_words=frozenset({"data", "pati"})
    )
    sentence = Sentence("A sentence.", 1, "methods", heading="3.1. Split of the Data")
    features = ranking.build_features([sentence], 0, knowing)
    assert {name for name in features if name.startswith((":under", ":heading "))} == {
        ":under partition",
        ":heading data",
    }
    assert ":heading data" not in ranking.build_features([sentence], 0, PLAIN)


def test_a_word_that_no_paper_had_counts_like_words_of_its_meaning():
    matrix = np.array([[9, 0], [8, 1], [0, 9]], dtype=np.int8)
    vectors = WordVectors({"radiologists": 0, "dermatologists": 1, "optimizer": 2}, matrix)
    learned = replace(
        PLAIN,
        vectors=vectors,
        mean_vector=(0.1, 0.1),
        item_weights={ITEM.key: {":meaning 0": 1.0}},
    )
    sentences = make_sentences("An optimizer was set.", "Nothing.", "Two dermatologists read it.")
    assert rank(sentences, learned)[0] == 2
    asked = replace(ITEM, key="other-1 item", question="Which radiologists?")
    alike = replace(learned, mixing={"meaning-question": 1.0})
    assert rank(sentences, alike, item=asked)[0] == 2


def test_of_a_labelled_item_only_the_best_candidates_are_ranked(monkeypatch):
    monkeypatch.setattr(ranking, "MAX_CANDIDATES", 2)
    sentences = make_sentences("One.", "Two.", "We split.", "We split patients.", "Five.", "Six.")
    learned = replace(PLAIN, item_weights={ITEM.key: {"split": 1.0}})
    assert sorted(rank(sentences, learned)) == [2, 3]
    cues = [make_suggestion(n, sentences[n].text, 2.0 - n / 9) for n in (0, 1, 4, 5)]
    assert sorted(rank(sentences, learned, cues, limit=9)) == [0, 1, 2, 3, 4]
    assert len(rank(sentences, PLAIN, limit=9)) == 6


def test_the_nearest_sentences_of_an_item_without_suggestions_can_be_asked_for():
    sentences = make_sentences("One.", "We split patients.")
    learned = replace(PLAIN, item_weights={ITEM.key: {"split": 1.0}}, floor=99.0)
    assert rank(sentences, learned) == []
    ranked = ranking.rank_evidence(sentences, [ITEM], {}, learned, keep_all=True)
    assert [one.sentence for one in ranked[ITEM.id]] == [1, 0]


def test_a_sentence_too_long_to_be_one_has_no_cue_phrases():
    assert find_phrases("We split it.", ("split*", "it")) == {"split*", "it"}
    assert find_phrases("We split it. " * 40, ("split*", "it")) == frozenset()


def test_an_item_on_the_title_is_answered_by_the_title_page_and_the_abstract_alone():
    title = replace(ITEM, is_in_front=True)
    learned = replace(PLAIN, item_weights={ITEM.key: {"split": 1.0}})
    front = make_sentences("A study of lungs", "By A. B.", section="")
    front += make_sentences("We split patients.", section="abstract")
    sentences = [*front, *make_sentences(*["We split."] * 20), Sentence("We split.", 3, "")]
    assert rank(sentences, learned, limit=2)[0] == 3
    assert set(rank(sentences, learned, item=title, limit=50)) == {0, 1, 2}


def test_words_learned_for_an_item_bring_a_sentence_without_a_cue_to_the_top():
    sentences = make_sentences("Nothing here.", "We split patients.", "A grant paid for it.")
    learned = replace(PLAIN, item_weights={ITEM.key: {"split": 1.0, "split patient": 1.0}})
    assert rank(sentences, learned)[0] == 1
    top = ranking.rank_evidence(sentences, [ITEM], {}, learned)["split"][0]
    assert (top.cue, top.words, top.rule) == ("", "", ranking.LEARNED_RULE)
    assert (top.text, top.page, top.section) == ("We split patients.", 1, "methods")


def test_an_item_without_learned_words_is_ranked_by_its_cues():
    sentences = make_sentences("One.", "Two.", "Three.")
    suggestions = [make_suggestion(2, "Three."), make_suggestion(0, "One.", 0.5)]
    assert rank(sentences, PLAIN, suggestions) == [0, 2, 1]
    by_rank = replace(PLAIN, mixing={"cue-rank": 1.0})
    assert rank(sentences, by_rank, suggestions) == [2, 0, 1]
    kept = ranking.rank_evidence(sentences, [ITEM], {"split": suggestions}, by_rank)["split"][0]
    assert (kept.cue, kept.words, kept.rule) == ("split*", "split", "phrases")


def test_the_words_of_the_question_count_for_items_that_nobody_labelled():
    sentences = make_sentences("A grant paid.", "We split patients.")
    alike = replace(PLAIN, mixing={"like-question": 1.0})
    assert rank(sentences, alike) == [1, 0]


def test_ties_go_to_the_earlier_sentence_and_the_limit_holds():
    sentences = make_sentences(*["The same words."] * 7)
    assert rank(sentences, PLAIN) == [0, 1, 2, 3, 4]
    assert rank(sentences, PLAIN, limit=2) == [0, 1]


def test_a_sentence_below_the_floor_is_not_suggested():
    sentences = make_sentences("One.", "Two.")
    suggestions = [make_suggestion(1, "Two.")]
    assert rank(sentences, replace(PLAIN, floor=1.0), suggestions) == [1]
    assert rank(sentences, replace(PLAIN, floor=1.001), suggestions) == []
    assert rank([], PLAIN) == []


def test_what_related_items_score_speaks_for_an_item():
    sentences = make_sentences("Nothing here.", "A grant paid.", "Nothing there.")
    related = replace(
        PLAIN,
        item_weights={"invented-2020 money": {"grant": 1.0}},
        mixing={"related": 1.0},
    )
    assert rank(sentences, related) == [0, 1, 2]
    related = replace(related, related={ITEM.key: {"invented-2020 money": 0.5}})
    assert rank(sentences, related)[0] == 1


def test_an_item_that_the_paper_most_likely_does_not_answer_has_no_suggestions():
    sentences = make_sentences("One.", "Two.")
    suggestions = [make_suggestion(1, "Two.")]
    unsure = replace(PLAIN, presence={"odds": 1.0, "cue-best": 2.0}, presence_odds={ITEM.key: -1.0})
    likely, unlikely = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1))
    for least, found in ((likely - 1e-9, [1, 0]), (likely + 1e-9, [])):
        assert rank(sentences, replace(unsure, least_presence=least), suggestions) == found
    for least, found in ((unlikely - 1e-9, [0, 1]), (unlikely + 1e-9, [])):
        assert rank(sentences, replace(unsure, least_presence=least)) == found
    unlabelled = replace(unsure, presence_odds={}, least_presence=0.99)
    assert rank(sentences, unlabelled) == [0, 1]
    front = make_sentences("One.", "Two.", section="abstract")
    title = replace(ITEM, is_in_front=True)
    assert rank(front, replace(unsure, least_presence=0.99), item=title) == [0, 1]
    assert rank(front, replace(unsure, least_presence=0.99)) == []


def test_another_edition_of_a_checklist_takes_the_weights_of_the_same_item():
    weights = {"claim-2020 flow": {"split": 1.0}, "probast-2019 flow": {"grant": 1.0}}
    ranker = replace(PLAIN, item_weights=weights)
    assert ranking.get_item_weights(ranker, "claim-2024 flow") == {"split": 1.0}
    assert ranking.get_item_weights(ranker, "probast-2019 flow") == {"grant": 1.0}
    assert ranking.get_item_weights(ranker, "claim-2024 size") == {}
    assert ranking.get_item_weights(ranker, "rqs-1.0 flow") == {}


def test_an_item_worded_like_a_labelled_one_gets_its_weights():
    learned = replace(
        PLAIN,
        item_weights={"invented-2020 a": {"split": 1.0}, "invented-2020 b": {"grant": 1.0}},
        item_texts={
            "invented-2020 a": "How were patients split?",
            "invented-2020 b": "Who gave the grant?",
        },
    )
    sentences = make_sentences("A grant paid.", "We split patients.")
    alike = replace(ITEM, key="other-1 x", question="Were patients split in parts?")
    unlike = replace(ITEM, key="other-1 y", question="Was code given?")
    adopted = ranking.adopt_items(learned, [alike, unlike])
    assert adopted.item_weights["other-1 x"] == {"split": 1.0}
    assert "other-1 y" not in adopted.item_weights
    assert learned.item_weights.keys() == {"invented-2020 a", "invented-2020 b"}
    assert rank(sentences, learned, item=alike) == [1, 0]
    assert rank(sentences, learned, item=unlike) == [0, 1]
    used = ranking.refit_ranker(adopted, [make_example("A grant.", used=True, key="other-1 x")])
    assert used.item_weights["other-1 x"]["split"] == 1.0
    assert used.item_weights["other-1 x"]["grant"] > 0


def test_weights_of_several_items_are_shared_by_likeness():
    learned = replace(
        PLAIN,
        item_weights={f"invented-2020 {n}": {"split": n} for n in range(1, 5)},
        item_texts={f"invented-2020 {n}": "Patients split" for n in range(1, 5)},
    )
    alike = replace(ITEM, key="other-1 x", question="Patients split")
    adopted = ranking.adopt_items(learned, [alike]).item_weights["other-1 x"]
    assert math.isclose(adopted["split"], (1 + 2 + 3) / 3)


def make_example(text, used, key=ITEM.key):
    features = ranking.build_features(make_sentences(text, "Other."), 0, PLAIN)
    return ranking.EvidenceExample(key=key, features=features, used=used)


def test_used_sentences_raise_their_like_and_dismissed_ones_lower_it():
    sentences = make_sentences("A grant paid.", "We split patients.")
    assert rank(sentences, PLAIN) == [0, 1]
    used = ranking.refit_ranker(PLAIN, [make_example("Patients were split.", used=True)] * 3)
    assert rank(sentences, used) == [1, 0]
    weights = {ITEM.key: {"split": 0.5}}
    learned = replace(PLAIN, item_weights=weights)
    assert rank(sentences, learned) == [1, 0]
    dismissed = [make_example("We split it.", used=False)] * 40
    lowered = ranking.refit_ranker(learned, dismissed).item_weights[ITEM.key]
    assert 0 < lowered["split"] < 0.5
    assert learned.item_weights is weights


def test_fitting_again_is_the_ridge_solution_around_the_shipped_weights():
    """One example x with target 1: w moves by x (1 - w.x) / (x.x + penalty)."""
    example = make_example("Patients were split.", used=True)
    start = {"split": 0.2}
    moved = ranking.refit_ranker(
        replace(PLAIN, item_weights={ITEM.key: start}), [example]
    ).item_weights[ITEM.key]
    x = dict(example.features)
    error = 1 - 0.2 * x["split"]
    size = sum(value * value for value in x.values())
    for name, value in x.items():
        expected = start.get(name, 0.0) + value * error / (size + ranking.RIDGE_PENALTY)
        assert math.isclose(moved[name], expected, rel_tol=1e-9)


def test_fitting_again_leaves_other_items_alone_and_is_the_same_each_time():
    examples = [make_example("We split it.", used=True), make_example("A grant.", used=False)]
    ranker = replace(PLAIN, item_weights={"other-1 item": {"grant": 1.0}})
    first, second = (ranking.refit_ranker(ranker, examples) for _ in range(2))
    assert first == second
    assert first.item_weights["other-1 item"] == {"grant": 1.0}
    assert first.version == "t+2"
    assert ranking.refit_ranker(ranker, []) is ranker


def test_only_the_newest_examples_of_an_item_count(monkeypatch):
    monkeypatch.setattr(ranking, "MAX_EXAMPLES", 1)
    old, new = make_example("A grant.", used=True), make_example("We split it.", used=True)
    assert (
        ranking.refit_ranker(PLAIN, [old, new]).item_weights
        == ranking.refit_ranker(PLAIN, [new]).item_weights
    )


def test_the_shipped_weights_know_every_item_they_were_trained_for():
    ranker = ranking.load_ranker(SHIPPED)
    assert {key.split()[0] for key in ranker.item_weights} == {"claim-2020", "probast-2019"}
    assert len(ranker.item_weights) >= 40
    assert all(len(weights) <= 900 for weights in ranker.item_weights.values())
    dimensions = [f":meaning {n}" for n in range(len(ranker.mean_vector))]
    assert len(dimensions) == ranker.vectors.matrix.shape[1] == 48
    assert all(set(dimensions) <= weights.keys() for weights in ranker.item_weights.values())
    assert ranker.mixing["cue-rank"] > 0
    assert ranker.mixing["item"] > 0
    assert SHIPPED.stat().st_size < 1_500_000


def test_the_shipped_weights_find_the_funding_and_the_split_without_cues():
    sentences = [
        Sentence("Deep learning may help radiologists.", 1, "introduction"),
        Sentence("We split the patients into training, validation and test sets.", 2, "methods"),
        Sentence("The network has five convolutional layers.", 3, "methods"),
        Sentence("This work was supported by the National Science Foundation.", 9, "statements"),
    ]
    ranker = replace(ranking.load_ranker(SHIPPED), least_presence=0.0)
    for item, wanted in (("funding", 3), ("partition-assignment", 1), ("architecture", 2)):
        asked = ranking.RankedItem(
            id=item, key=f"claim-2020 {item}", question="", guidance="", cues=()
        )
        ranked = ranking.rank_evidence(sentences, [asked], {}, replace(ranker, floor=-99.0))
        assert ranked[item][0].sentence == wanted, item


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 99}, "schema 99, expected 3"),
        ({"idf": []}, "not the weights"),
        ({"items": {"a b": [[10**9, 1.0]]}}, "not the weights"),
        ({"mixing": None}, "not the weights"),
    ],
)
def test_weights_of_another_version_or_broken_ones_are_refused(tmp_path, change, words):
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({**json.loads(SHIPPED.read_text()), **change}))
    with pytest.raises(ChecklistError, match=words):
        ranking.load_ranker(path)


def test_a_file_that_is_missing_or_no_json_is_refused(tmp_path):
    path = tmp_path / "weights.json"
    with pytest.raises(ChecklistError, match=r"weights\.json: not the weights"):
        ranking.load_ranker(path)
    path.write_text("[1")
    with pytest.raises(ChecklistError, match="not the weights"):
        ranking.load_ranker(path)


def test_all_sentences_with_a_cue_can_be_asked_for():
    sentences = make_sentences(*[f"We split set {n}." for n in range(9)])
    found = suggest_evidence(sentences, {"split": ("split*",)}, limit=len(sentences))
    assert len(found["split"]) == 9
