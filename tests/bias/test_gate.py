"""Which papers are asked for what is missing, and which of their sentences can answer."""

import pytest

from review import resources
from review.bias import pitfalls
from review.bias.gate import find_front_matter, is_address, is_on_disease, is_on_imaging_model
from review.bias.rules import compile_rules, find_flags
from review.bias.rules.matching import find_others_passages
from review.models import Sentence

FILLER = [Sentence("The weather was recorded each day.", 2, "methods") for _ in range(40)]
CATALOG = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")
RULES = compile_rules(CATALOG, include_disabled=True)


def paper(title, *abstract, body=()):
    return [
        Sentence(title, 1, ""),
        Sentence("1 Department of Radiology, City Hospital, a@b.org", 1, ""),
        *(Sentence(text, 1, "abstract") for text in abstract),
        *FILLER,
        *(Sentence(text, 3, "methods") for text in body),
    ]


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("Deep learning for melanoma in dermoscopic images", "We trained a model."),
        ("Convolutional networks that grade photographs of chronic wounds", "It works."),
        ("A random forest on knee MRI", "It works."),
        ("Counting teeth with YOLO on panoramic radiographs", "It works."),
        ("Radiomic signature of renal masses", "Contrast-enhanced CT was used."),
        (
            "Learning brain graphs",
            "Resting-state fMRI was used. Graph neural networks learn it from the scans.",
        ),
        ("Support vector machines on OCT of the macula", "It works."),
        ("Self-supervised features for whole-slide images", "It works."),
        (
            "Predicting embryo quality",
            "Images of blastocysts were read by a neural network. More images were added.",
        ),
    ],
)
def test_models_of_every_organ_and_modality_are_asked(title, abstract):
    assert is_on_imaging_model(paper(title, *abstract.split(". ")))


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("Deep learning predicts sepsis from laboratory values", "A neural network was trained."),
        ("Acupuncture for back pain: a randomised trial", "Patients had an MRI scan."),
        ("Test-retest reliability of brain MRI volumes", "We computed intraclass correlations."),
        ("A systematic review of deep learning on chest radiographs", "We found 60 studies."),
        ("Extracting findings from radiology reports with transformers", "We trained BERT."),
        ("Raman spectroscopy of serum in asthma", "Principal components were computed."),
    ],
)
def test_other_papers_are_not(title, abstract):
    assert not is_on_imaging_model(paper(title, *abstract.split(". ")))


def test_an_abstract_on_pictures_is_asked_if_the_text_shows_medical_images():
    title = "Label conditioned segmentation"
    abstract = ("Deep learning can segment images.", "A network is trained on large volumes.")
    body = [f"Brain MRI scans were read in step {n}." for n in range(10)]
    assert is_on_imaging_model(paper(title, *abstract, body=body))
    assert not is_on_imaging_model(paper(title, *abstract))


def test_a_title_on_a_part_of_the_body_is_asked_if_the_text_is_on_its_images():
    title = "Analysis of unbalanced skin cancer data with a neural network"
    body = [f"Dermoscopic images were cleaned in step {n}." for n in range(12)]
    assert is_on_imaging_model(paper(title, "We weigh the classes.", body=body))
    assert not is_on_imaging_model(paper(title, "We weigh the classes.", body=body[:6]))


@pytest.mark.parametrize(
    "text",
    [
        "An implicit neural representation registers cine-MRI of the bowel.",
        "A brain age prediction model uses partial least squares on structural MRI.",
        "Deep learning infers shapes from 3D images of the anatomy.",
    ],
)
def test_models_of_other_kinds_are_asked(text):
    assert is_on_imaging_model(paper("A new model", text, body=["MRI was used."] * 3))


def test_how_cases_were_confirmed_is_asked_if_a_paper_is_on_a_disease():
    organs = paper("Deep learning segments the liver on CT", "A network was trained.")
    tumours = paper("Deep learning segments liver tumours on CT", "A network was trained.")
    twice = paper("Deep learning on CT", "Tumours were found.", "Cancers were graded.")
    assert not is_on_disease(organs)
    assert is_on_disease(tumours)
    assert is_on_disease(twice)
    absent = {
        name: {flag.rule for flag in find_flags(text, RULES)}
        for name, text in (("organs", organs), ("tumours", tumours))
    }
    assert "confirmation-not-found" in absent["tumours"]
    assert "confirmation-not-found" not in absent["organs"]


def test_a_study_of_papers_is_not_asked():
    title = "Reproducibility of deep learning in medical imaging"
    assert is_on_imaging_model(paper(title, "Networks were trained on brain MRI."))
    text = "We have evaluated all accepted full paper submissions on deep learning for brain MRI."
    assert not is_on_imaging_model(paper(title, text))


def test_a_paper_on_something_else_has_no_flags_of_its_text():
    text = "Our dataset has 68 positive patients."
    model, trial = "A convolutional network on brain MRI", "A trial of acupuncture"
    assert "few-cases-counted" in {f.rule for f in find_flags(paper(model, body=[text]), RULES)}
    assert find_flags(paper(trial, body=[text]), RULES) == []


def test_prediction_in_the_abstract_needs_learning_in_the_methods():
    opening = ("CT of the liver predicts survival", "Patients were scanned.")
    learning = ["A support vector machine was fitted to scans."] * 4
    assert not is_on_imaging_model(paper(*opening))
    assert is_on_imaging_model(paper(*opening, body=learning))


def test_an_excerpt_is_asked():
    assert is_on_imaging_model([Sentence("The accuracy was 90%.", 1, "results")])


def missing(*body, section="methods"):
    text = paper("Deep learning on chest radiographs", "A network was trained on images.")
    text += [Sentence(line, 3, section) for line in body]
    return {flag.rule for flag in find_flags(text, RULES) if flag.mode == "absent"}


def test_a_whole_paper_needs_no_word_for_its_performance():
    assert {"calibration-not-found", "intervals-not-found", "demographics-not-found"} <= missing()


@pytest.mark.parametrize(
    ("rule", "line", "section"),
    [
        ("demographics-not-found", "The mean age was 61 years.", "methods"),
        ("intervals-not-found", "The AUC was 0.91 (95% CI 0.88 to 0.94).", "results"),
        ("calibration-not-found", "The Brier score was 0.1.", "supplement"),
        ("clinician-not-found", "A cardiologist graded each scan.", "methods"),
    ],
)
def test_only_what_the_study_did_counts(rule, line, section):
    assert rule in missing()
    assert rule not in missing(line, section=section)
    assert rule in missing(line, section="related work")
    assert rule in missing(line, section="statements")
    assert rule in missing(f"Previous studies used this: {line}", section=section)


def test_front_matter_shows_nothing():
    assert "clinician-not-found" in missing()  # 'Department of Radiology' is an address
    assert find_front_matter(paper("T", "A.")) == {0, 1}
    assert find_front_matter([Sentence("One.", 1, "")] * 30) == frozenset()
    assert is_address("2 School of Medicine, Northtown")
    assert not is_address("We collected scans at a hospital.")


def test_a_passage_on_another_study_ends_with_our_own():
    lines = [
        "Novak et al. reported a model for the same task.",
        "The images were randomly split.",
        "Its accuracy was high.",
        "In our study, slices were randomly split.",
        "The images were small.",
    ]
    discussion = [Sentence(line, 1, "discussion") for line in lines]
    assert find_others_passages(discussion) == {0, 1, 2}
    assert find_others_passages([Sentence(line, 1, "methods") for line in lines]) == set()


def test_a_passage_on_another_study_is_not_endless():
    lines = ["Novak et al. reported a model.", *["The images were few."] * 9]
    found = find_others_passages([Sentence(line, 1, "discussion") for line in lines])
    assert found == set(range(7))
