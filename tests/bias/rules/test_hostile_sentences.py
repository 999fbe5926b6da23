"""Hostile sentences: negation, scope, whose work it is, decimals, abbreviations, broken lines.

Each line names a rule and whether it may speak. For rules that look for what is absent, it tells
whether the rule may still say 'not found'.
"""

import pytest

from review import resources
from review.bias import datasets, pitfalls, rules
from review.fulltext.sentences import find_sentence_spans
from review.models import Sentence

FILE = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")
REGISTRY = datasets.load_registry(resources.get_shipped_path("data") / "datasets.yaml")
READER = rules.compile_rules(FILE, include_disabled=True)


def found(text, section="methods"):
    lines = [Sentence(text[a:b], 1, section) for a, b in find_sentence_spans(text)]
    return {flag.rule for flag in rules.find_flags(lines, READER, REGISTRY)}


M, R, D, L, N = "methods", "results", "discussion", "limitations", "introduction"
PRESENT = [
    # a plain no, not, never, without
    ("We did not combine public datasets from Kaggle.", M, "combined-sets", False),
    ("Images were never randomly split; patients were.", M, "image-level-split", False),
    ("The images were not split randomly but by patient.", M, "image-level-split", False),
    (
        "Instead of randomly splitting the images, we split the patients.",
        M,
        "image-level-split",
        False,
    ),
    (
        "Rather than randomly splitting the slices, whole patients were assigned.",
        M,
        "image-level-split",
        False,
    ),
    (
        "To avoid randomly splitting slices of one patient, folds were made of patients.",
        M,
        "image-level-split",
        False,
    ),
    (
        "Neither random splitting of images nor slice-level cross-validation was used.",
        M,
        "image-level-split",
        False,
    ),
    ("Slice-level cross-validation was not used.", M, "image-level-split", False),
    ("Slice-level cross-validation was avoided.", M, "image-level-split", False),
    ("Labels were not extracted from radiology reports.", M, "labels-mined", False),
    ("No labels were derived from reports by NLP.", M, "labels-mined", False),
    ("Hyperparameters were never tuned on the test set.", M, "chosen-on-test", False),
    ("The test set was not used for tuning.", M, "chosen-on-test", False),
    ("At no point was the model selected on the test set.", M, "chosen-on-test", False),
    (
        "Neither SMOTE nor any other balancing was applied to the entire dataset.",
        M,
        "augmented-first",
        False,
    ),
    ("Augmentation was not done before splitting.", M, "augmented-first", False),
    ("Our dataset is not small.", D, "few-cases-admitted", False),
    ("The sample was by no means a small sample.", D, "few-cases-admitted", False),
    ("There is no overlap between the two datasets.", M, "overlap-stated", False),
    ("No patient overlap existed between the training and test sets.", M, "overlap-stated", False),
    ("The two datasets do not overlap with the training set.", M, "overlap-stated", False),
    ("No images were extracted from figures of publications.", M, "copies-stated", False),
    (
        "None of the radiologists was absent; two radiologists reviewed all cases.",
        M,
        "no-clinician-stated",
        False,
    ),
    # a no that says something else, or that the rule is about
    ("The model was not tested on an external dataset.", R, "external-denied", True),
    ("No external validation was performed.", L, "external-denied", True),
    ("No prior study lacked external validation.", N, "external-denied", False),
    (
        "The images were not only randomly split, they were also shuffled twice.",
        M,
        "image-level-split",
        True,
    ),
    ("Patients gave no consent; the images were randomly split.", M, "image-level-split", True),
    (
        "Although no DICOM files existed, the images were randomly split.",
        M,
        "image-level-split",
        True,
    ),
    ("There was no calibration, but the AUC was high.", R, "calibration-denied", True),
    (
        "Two sets were used, without correction, and the small sample size is a limitation.",
        L,
        "few-cases-admitted",
        True,
    ),
    # a no from another clause or in a number
    ("Of slices no. 1 to 30 only, the images were randomly split.", M, "image-level-split", True),
    ("Table No. 3 shows that the images were randomly split.", M, "image-level-split", True),
    # other people's work
    ("Previous studies combined several public datasets.", N, "combined-sets", False),
    ("Ozturk et al. [12] used slices that were randomly split.", M, "image-level-split", False),
    (
        "Smith et al. (2020) reported that the images were randomly split.",
        D,
        "image-level-split",
        False,
    ),
    ("In [7], the images were randomly split.", D, "image-level-split", False),
    ("The authors of [7] randomly split the images.", D, "image-level-split", False),
    (
        "Unlike Wang et al., we split by patient and not by randomly split images.",
        M,
        "image-level-split",
        False,
    ),
    (
        "Unlike Wang et al., who randomly split the images, we assigned patients to folds.",
        M,
        "image-level-split",
        False,
    ),
    (
        "In contrast to earlier work that combined public datasets from Kaggle, we used local "
        "data.",
        M,
        "combined-sets",
        False,
    ),
    ("Most published models were tuned on the test set.", D, "chosen-on-test", False),
    ("Many of these studies suffer from a small sample size.", D, "few-cases-admitted", False),
    (
        "Their dataset was small and labels were extracted from reports.",
        D,
        "few-cases-admitted",
        False,
    ),
    (
        "Like Wang et al., we combined public datasets from Kaggle and GitHub.",
        M,
        "combined-sets",
        True,
    ),
    ("Following [7], our images were randomly split.", M, "image-level-split", True),
    (
        "As in Cohen et al., images were collected from publicly available sources.",
        M,
        "combined-sets",
        True,
    ),
    # plans, wishes, advice, conditions
    ("Future work will combine several public datasets.", D, "combined-sets", False),
    ("In future studies the images should be randomly split.", D, "image-level-split", False),
    ("We plan to combine public datasets from Kaggle.", D, "combined-sets", False),
    ("One could combine several public datasets.", D, "combined-sets", False),
    (
        "If the images were randomly split, accuracy would be too high.",
        D,
        "image-level-split",
        False,
    ),
    (
        "Had the images been randomly split, leakage would have followed.",
        D,
        "image-level-split",
        False,
    ),
    ("External validation will be performed in the future.", D, "external-denied", False),
    ("It should be noted that the sample size was small.", D, "few-cases-admitted", True),
    # decimals, abbreviations, references to figures
    (
        "Univariate tests at p < 0.05 (vs. controls, cf. Fig. 2) [3] were used to select features.",
        M,
        "selected-on-all",
        True,
    ),
    ("With a ratio of 0.8 vs. 0.2 the images were randomly split.", M, "image-level-split", True),
    ("The images were randomly split (cf. Sec. 2.1, Fig. 2, Eq. 3).", M, "image-level-split", True),
    (
        "Approx. 80.5% of the images (i.e. 1.2 k, resp. 3.4 k) were randomly split.",
        M,
        "image-level-split",
        True,
    ),
    ("See Fig. 2 for images; Figure 3 covid cases are drawn.", R, "few-cases-counted", False),
    ("Accuracy was 0.45 positive cases aside.", R, "few-cases-counted", False),
    ("An AUC of 0.93 was found in 45 positive patients.", R, "few-cases-counted", True),
    ("In 1,045 positive patients the AUC was 0.93.", R, "few-cases-counted", False),
    ("Of 12 positive slices per patient the mean was taken.", R, "few-cases-counted", False),
    # places that are not the study's own text
    (
        "Deep learning on a small sample size of images. Radiology 2020;12:45.",
        "references",
        "few-cases-admitted",
        False,
    ),
    ("Labels were extracted from reports with NLP.", "related work", "labels-mined", False),
    ("small sample size, deep learning, public datasets", "keywords", "few-cases-admitted", False),
    ("Public data were combined from Kaggle datasets.", "statements", "combined-sets", False),
    # broken lines, headings, cells
    ("The images were ran-\ndomly split into two sets.", M, "image-level-split", True),
    ("The images were randomly\nsplit into two sets.", M, "image-level-split", True),
    ("2.3 Small sample size", M, "few-cases-admitted", False),
    ("Limitations of small datasets", D, "few-cases-admitted", False),
    ("Random split of images 0.93 0.91 0.88 0.95 0.97", R, "image-level-split", False),
    ("Table 2. Image-level split 0.99 Patient-level split 0.81", R, "image-level-split", False),
    ("IMAGES WERE RANDOMLY SPLIT INTO TWO SETS.", M, "image-level-split", True),
    ("The X‑ray images were randomly split.", M, "image-level-split", True),
    ("The small–sample size limits us.", L, "few-cases-admitted", True),
]


@pytest.mark.parametrize(("text", "section", "rule", "fires"), PRESENT)
def test_a_rule_speaks_only_where_the_study_says_so_of_itself(text, section, rule, fires):
    assert (rule in found(text, section)) is fires


ASKED = (
    "The accuracy of the convolutional network on chest radiographs of pneumonia patients from the "
    "CheXpert dataset and MIMIC-CXR was 95% on the test set. "
)
ABSENT = [
    ("A 95% CI was computed by bootstrapping.", R, "intervals-not-found", False),
    ("No confidence intervals were computed.", R, "intervals-not-found", True),
    ("Smith et al. reported confidence intervals.", D, "intervals-not-found", True),
    ("Confidence intervals will be given in future work.", D, "intervals-not-found", True),
    ("Neither bootstrapping nor confidence intervals were used.", R, "intervals-not-found", True),
    ("Accuracy was 0.91 ± 0.02.", R, "intervals-not-found", False),
    ("The model was externally validated at two hospitals.", R, "external-not-found", False),
    ("External validation is needed.", D, "external-not-found", True),
    ("We did not do an external validation.", L, "external-not-found", True),
    (
        "Unlike Li et al., who used an external test set, we had none.",
        D,
        "external-not-found",
        True,
    ),
    ("Calibration curves are in Fig. 3.", R, "calibration-not-found", False),
    ("The scanner underwent calibration.", M, "calibration-not-found", True),
    ("Calibration was not assessed.", L, "calibration-not-found", True),
    ("Duplicates were removed by hashing.", M, "duplicates-not-checked", False),
    ("Duplicates were not removed.", M, "duplicates-not-checked", True),
    ("Grad-CAM maps showed the lungs.", R, "shortcut-check-not-found", False),
    ("Grad-CAM was proposed by Selvaraju et al.", "references", "shortcut-check-not-found", True),
    ("Mean age was 61.4 yrs.", M, "demographics-not-found", False),
    ("Age and sex were not known.", M, "demographics-not-found", True),
]


@pytest.mark.parametrize(("text", "section", "rule", "missing"), ABSENT)
def test_what_was_not_done_or_done_by_others_does_not_count_as_found(text, section, rule, missing):
    lines = [Sentence(ASKED, 1, R), Sentence(text, 2, section)]
    raised = {flag.rule for flag in rules.find_flags(lines, READER, REGISTRY)}
    assert (rule in raised) is missing
