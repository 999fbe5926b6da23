"""Every rule fires on its own examples and not on the others; scope and negation are respected."""

import re

import pytest
import yaml
from support.papers import draw_pdf

from review import resources
from review.bias import datasets, pitfalls
from review.bias import rules as cues
from review.bias.facts import FIELDS
from review.bias.rules import matching
from review.bias.rules.patterns import compile_pattern, normalize_spelling
from review.checklists import load_checklist as load_checklist
from review.errors import ChecklistError
from review.fulltext import read_full_text
from review.fulltext.sentences import find_sentence_spans
from review.models import Sentence
from review.workflow.appraisal.instruments import available_checklists

FILE = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")
REGISTRY = datasets.load_registry(resources.get_shipped_path("data") / "datasets.yaml")
READER = cues.compile_rules(FILE, include_disabled=True)
RULES = {rule.id: rule for rule in FILE.rules}


def paper(text, section="methods"):
    return [
        Sentence(text[start:stop], 1, section, ((0.0, 0.0, 9.0, 9.0),))
        for start, stop in find_sentence_spans(text)
    ]


def found(text, section="methods"):
    return {flag.rule for flag in cues.find_flags(paper(text, section), READER, REGISTRY)}


@pytest.mark.parametrize(
    ("rule", "text"), [(rule.id, text) for rule in FILE.rules for text in rule.fires]
)
def test_a_rule_fires_on_its_examples(rule, text):
    assert rule in found(text)


@pytest.mark.parametrize(
    ("rule", "text"), [(rule.id, text) for rule in FILE.rules for text in rule.silent]
)
def test_a_rule_is_silent_on_its_counter_examples(rule, text):
    assert rule not in found(text)


def test_every_pitfall_has_a_rule_and_every_rule_a_pitfall():
    assert len(FILE.pitfalls) == 23
    assert {rule.pitfall for rule in FILE.rules} == {p.id for p in FILE.pitfalls}


def test_every_number_a_pitfall_informs_stands_in_its_checklist():
    for edition in ("probast-2019", "claim-2020"):
        checklist = load_checklist(resources.get_shipped_path("checklists") / f"{edition}.yaml")
        numbers = {item.number for section in checklist.sections for item in section.items}
        for pitfall in FILE.pitfalls:
            assert set(pitfall.informs[edition]) <= numbers, pitfall.id


def test_flags_carry_page_box_and_what_they_inform():
    flags = cues.find_flags(paper("Slice-level cross-validation was used."), READER)
    [flag] = [one for one in flags if one.rule == "image-level-split"]
    assert (flag.page, flag.boxes) == (1, ((0.0, 0.0, 9.0, 9.0),))
    assert flag.informs["probast-2019"] == ("4.8",)
    assert flag.strength == "strong"
    assert flag.text == "Slice-level cross-validation was used."


SCOPE = [
    ("The images were randomly split into two sets.", "methods", True),
    ("The images were randomly split into two sets.", "references", False),
    ("The images were randomly split into two sets.", "related work", False),
    ("Previous studies split images; their images were randomly split.", "methods", False),
    ("Smith et al. used slices that were randomly split.", "introduction", False),
    ("Following Smith et al., our images were randomly split.", "methods", True),
    ("Images were not randomly split.", "methods", False),
    ("In future work images will be randomly split.", "discussion", False),
    ("The images were randomly split.", "introduction", False),
    ("In this study the images were randomly split.", "introduction", True),
]


@pytest.mark.parametrize(("text", "section", "fires"), SCOPE)
def test_negation_and_scope_are_minded(text, section, fires):
    assert ("image-level-split" in found(text, section)) is fires


def test_absences_are_never_said_as_not_done():
    flags = cues.find_flags(
        paper("The AUC was 0.95 for patients with pneumonia."), READER, REGISTRY
    )
    absent = [flag for flag in flags if flag.mode == "absent"]
    assert {"calibration-not-found", "intervals-not-found"} <= {flag.rule for flag in absent}
    for flag in absent:
        assert "not found in the text" in flag.text
        assert (flag.sentence, flag.page, flag.strength) == (None, None, "weak")


def test_a_plan_or_a_denial_is_no_evidence_of_having_done_it():
    assert "external-not-found" in found(
        "Accuracy was 0.9. External validation will be done.", "discussion"
    )
    assert "calibration-not-found" in found("The AUC was 0.9. No calibration curve was drawn.")


def test_decimals_and_abbreviations_do_not_cut_a_cue():
    assert "selected-on-all" in found(
        "Univariate tests, i.e. those with p < 0.05, selected features."
    )


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [
        ("random split", "a random-split of", True),
        ("(x ray|ct) images", "X-ray images", True),
        ("(x ray|ct) images", "CT images", True),
        ("augment* data", "augmented data", True),
        ("a ... b", "a 1 2 3 4 5 6 7 8 b", True),
        ("a ... b", "a 1 2 3 4 5 6 7 8 9 b", False),
        ("a ..2 b", "a 1 2 3 b", False),
        ("(the)? test set", "test set", True),
        ("# patients", "1,204 patients", True),
        ("# patients", "many patients", False),
        ("version (#|v*)", "version 3", True),
    ],
)
def test_the_language_of_cues(pattern, text, met):
    finder = matching.compile_cues({"k": [pattern]})
    assert bool(matching.find_hits(finder, text)) is met


@pytest.mark.parametrize("pattern", [" ", "(a (b|c))", "(a|b", "a)"])
def test_a_cue_that_cannot_be_read_is_named(pattern):
    with pytest.raises(ChecklistError, match=re.escape(pattern)):
        compile_pattern(pattern)


def test_a_cue_with_too_many_variants_is_refused():
    with pytest.raises(ChecklistError, match="variants"):
        compile_pattern(" ".join(["(a b|c d|e f|g h|i j)"] * 4))


def test_spelling_of_hyphens_does_not_matter():
    assert normalize_spelling("X-ray/CT follow-up 80% of  all") == "X ray CT follow up 80 of all"


RULE = {
    "id": "r",
    "pitfall": "p",
    "mode": "present",
    "cues": ["a b"],
    "fires": ["a b", "a b c"],
    "silent": ["c", "d"],
}
PITFALL = {"id": "p", "name": "P", "why": "w", "informs": {}, "source": "s"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pitfall": "q"}, "pitfall 'q' is not in the file"),
        ({"fires": ["a b"]}, "needs two texts"),
        ({"cues": []}, "needs 'cues'"),
        ({"mode": "absent", "expected": ["x"], "says": "It was not done."}, "never 'not done'"),
        ({"mode": "registry"}, "needs 'known'"),
        ({"colour": "blue"}, "r, colour"),
        ({"mode": "guess"}, "r, mode"),
    ],
)
def test_mistakes_in_the_rules_are_named(tmp_path, change, message):
    path = tmp_path / "cues.yaml"
    data = {"schema": 1, "version": "1", "pitfalls": [PITFALL], "rules": [{**RULE, **change}]}
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(ChecklistError, match=re.escape(message)):
        pitfalls.load_pitfalls(path)


def test_a_mistake_is_named_with_its_line_and_a_key_given_twice_is_one(tmp_path):
    path = tmp_path / "cues.yaml"
    data = {"schema": 1, "version": "1", "pitfalls": [PITFALL], "rules": [RULE]}
    text = yaml.safe_dump(data, sort_keys=False)
    lines = text.splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.strip().startswith("mode:"))
    twice = [*lines[:number], lines[number - 1], *lines[number:]]
    path.write_text("\n".join(twice))
    with pytest.raises(ChecklistError, match=f"line {number + 1}: .*mode.* appears twice"):
        pitfalls.load_pitfalls(path)
    wrong = [
        *lines[: number - 1],
        lines[number - 1].replace(RULE["mode"], "guess"),
        *lines[number:],
    ]
    path.write_text("\n".join(wrong))
    with pytest.raises(ChecklistError, match=f"line {number}: {RULE['id']}, mode: "):
        pitfalls.load_pitfalls(path)


def test_only_enabled_rules_flag_by_default():
    reader = cues.compile_rules(FILE)
    assert {rule.id for rule in reader.rules} == {rule.id for rule in FILE.rules if rule.enabled}
    assert 0 < len(reader.rules) < len(FILE.rules)


def test_a_split_described_in_the_discussion_is_not_the_studys_own():
    text = "The images were randomly split into 80% training and 20% testing."
    assert "image-level-split" in found(text, "methods")
    assert "image-level-split" not in found(text, "discussion")


def test_a_lack_of_labels_or_of_shots_is_no_small_study():
    assert "few-cases-admitted" in found("Our study has a small sample of patients.")
    assert "few-cases-admitted" not in found("The amount of labeled training data is limited.")
    assert "few-cases-admitted" not in found(
        "We study few-shot classification. A new class has only a few samples."
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("papers") / "study.pdf"
    path.write_bytes(draw_pdf("study.pdf"))
    return read_full_text(path)


def test_suggestions_are_the_sentences_that_answer(study):
    checklist = load_checklist(resources.get_shipped_path("checklists") / "claim-2020.yaml")
    items = {i.id: i.cues for s in checklist.sections for i in s.items}
    found = cues.suggest_evidence(study.sentences, items)
    wanted = {
        "training": "The following hyperparameters were used",
        "initialisation": "was pretrained on ImageNet",
        "software": "Keras deep learning library",
        "data-sources": "publicly available datasets",
        "protocol-access": "example.org/filmnet",
        "architecture": "network architecture of FilmNet",
        "objectives": "The objective of this study",
        "limitations": "several areas of improvement",
    }
    for item, words in wanted.items():
        assert any(words in s.text for s in found[item][:3]), (item, [s.text for s in found[item]])
    for suggestions in found.values():
        assert len(suggestions) <= 5
        assert [s.score for s in suggestions] == sorted(
            (s.score for s in suggestions), reverse=True
        )
        assert all(s.section != "references" and s.boxes for s in suggestions)


def test_remains_of_tables_and_other_peoples_work_come_later():
    lines = [
        Sentence("Table Accuracy Sensitivity.", 1, "results"),
        Sentence("Previous studies reported a sensitivity of 90%.", 1, "results"),
        Sentence("We computed the sensitivity for each class.", 2, "results"),
    ]
    found = cues.suggest_evidence(lines, {"a": ("sensitivity",)})["a"]
    assert [one.sentence for one in found] == [2, 1, 0]


def test_a_pattern_tells_the_words_that_met_it():
    lines = [Sentence("Images were randomly split into two halves.", 1, "methods")]
    pattern = "(randomly|random) ..2 (split*|divid*)"
    (found,) = cues.suggest_evidence(lines, {"a": (pattern, "halves")})["a"]
    assert (found.cue, found.words) == (f"{pattern}; halves", "randomly split; halves")


@pytest.mark.parametrize("name", available_checklists(None))
def test_every_cue_of_every_shipped_checklist_can_be_read(name):
    checklist = load_checklist(available_checklists(None)[name])
    cues.check_cues({i.id: i.cues for s in checklist.sections for i in s.items}, name)


@pytest.mark.parametrize("name", available_checklists(None))
def test_every_fact_that_a_shipped_checklist_offers_as_answer_is_one(name):
    checklist = load_checklist(available_checklists(None)[name])
    entries = [entry for s in checklist.sections for i in s.items for entry in i.from_facts]
    assert {entry.partition(":")[0] for entry in entries} <= set(FIELDS)


@pytest.mark.parametrize("cue", ["nois(e|y)*", "U ?Net*", "colou?r*", "(a|b)c", "(a|(b|c)"])
def test_a_cue_written_as_a_regular_expression_is_refused(cue):
    with pytest.raises(ChecklistError, match="ours: item 'a': cue"):
        cues.check_cues({"a": (cue,)}, "ours")


def test_the_same_text_gives_the_same_suggestions(study):
    wanted = {"a": ("learning rate", "dataset"), "b": ("patients",)}
    assert cues.suggest_evidence(study.sentences, wanted) == cues.suggest_evidence(
        study.sentences, wanted
    )
    flags = cues.find_flags(study.sentences, READER, REGISTRY)
    assert flags == cues.find_flags(study.sentences, READER, REGISTRY)


def test_a_preferred_section_comes_first():
    lines = [
        Sentence("The learning rate was small.", 1, "introduction"),
        Sentence("The learning rate was 0.1.", 2, "methods"),
    ]
    found = cues.suggest_evidence(
        lines, {"a": ("learning rate",)}, preferred_sections={"a": ("introduction",)}
    )
    assert [s.page for s in found["a"]] == [1, 2]
    assert [s.page for s in cues.suggest_evidence(lines, {"a": ("learning rate",)})["a"]] == [2, 1]
    assert cues.suggest_evidence(lines, {"a": ()}) == {"a": []}


def test_an_absent_model_is_an_error_and_is_never_fetched():
    with pytest.raises(ChecklistError, match="not installed"):
        cues.load_pipeline("en_core_web_sm_absent")


def test_an_installed_model_compares_word_forms(tmp_path):
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"}).lookups.add_table(
        "lemma_lookup", {"tuned": "tune", "tuning": "tune"}
    )
    nlp.to_disk(tmp_path / "model")
    lines = [Sentence("Parameters were tuned.", 1, "methods")]
    assert cues.suggest_evidence(lines, {"a": ("tuning",)}) == {"a": []}
    [found] = cues.suggest_evidence(lines, {"a": ("tuning",)}, model=str(tmp_path / "model"))["a"]
    assert found.rule.startswith("pipeline")


def test_a_cue_names_a_group_of_words_by_its_name():
    vocabulary = {"reader": ("radiologist", "two pathologists")}
    cue = "({reader}|nurse) ..3 read"
    assert pitfalls.expand_cue(cue, vocabulary) == "(radiologist|two pathologists|nurse) ..3 read"
    assert pitfalls.expand_cue("films were read", vocabulary) == "films were read"
    with pytest.raises(ChecklistError, match="surgeon"):
        pitfalls.expand_cue("({surgeon}) operated", vocabulary)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Calibration is left for future work.", True),
        ("Older scanners were not examined.", True),
        ("Duplicates should be removed.", True),
        ("Duplicates were not removed by hand but by hashing.", False),
        ("It should be noted that duplicates were removed.", False),
    ],
)
def test_what_remains_to_be_done_was_not_done(text, left):
    assert matching.is_left_undone(text) is left


def test_to_our_knowledge_names_no_own_work():
    assert not matching.names_own_work("To our knowledge, saliency maps are rarely used.")
    assert matching.names_own_work("To our knowledge, we are the first to use them.")
