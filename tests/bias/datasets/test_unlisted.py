"""Data sets that a paper names and the registry lacks, and mentions that show no use."""

import pytest

from review import resources
from review.bias import datasets
from review.models import Sentence

REGISTRY = datasets.load_registry(resources.get_shipped_path("data") / "datasets.yaml")


def read(*lines):
    """Sentences of a paper, each a text in methods or (section, text)."""
    pairs = [("methods", line) if isinstance(line, str) else line for line in lines]
    return [Sentence(text, 1, section) for section, text in pairs]


def find_used(*lines):
    return set(datasets.select_used(datasets.find_mentions(read(*lines), REGISTRY)))


def find_unlisted(*lines):
    sentences = read(*lines)
    mentions = datasets.find_mentions(sentences, REGISTRY)
    return [one.name for one in datasets.find_unlisted(sentences, mentions, REGISTRY)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "The second data set is from the Nordic Vessel Imaging Network (NVIN), a study of "
            "vascular disease (Berg et al., 2016).",
            ["NVIN"],
        ),
        ("We train and test on the QuanScan dataset (Lee et al., 2020).", ["QuanScan"]),
        (
            "The models were evaluated on the Ostara-2 and VegaHeart datasets [12, 14].",
            ["Ostara-2", "VegaHeart"],
        ),
        (
            "The studies included were the NeuroPD (a clinical study) (Ahn et al., 2007), Q-BIG "
            "(Quebec archive of scans), Tirol (Berg et al., 2017) and Lin Yu (Lin, 2014).",
            ["NeuroPD", "Tirol", "Lin Yu", "Q-BIG"],
        ),
        (
            "Images were downloaded from https://www.kaggle.com/somebody/lung-ct-scans-2021.",
            ["kaggle.com/somebody/lung-ct-scans-2021"],
        ),
        (
            "We validate on the Federated Spine Segmentation 2030 Challenge dataset (FeSS2030) "
            "(Roy et al., 2030).",
            ["FeSS2030"],
        ),
    ],
)
def test_a_set_that_the_registry_lacks_is_named(text, names):
    assert sorted(find_unlisted(text)) == sorted(names)


@pytest.mark.parametrize(
    "text",
    [
        "We used the Training dataset for all experiments (see Lee et al., 2020).",
        "We train on the ADNI dataset (Jack et al., 2008).",
        "We train on our in-house QuanScan dataset (Lee et al., 2020).",
        "The encoder was pretrained on the QuanScan dataset (Lee et al., 2020).",
        "Lee et al. (2020) used the QuanScan dataset in a previous study.",
        "We use the QuanScan dataset, which is small.",  # no source, not called public
        "Supported by the Tyrol Centre for Imaging Network (TCIN), whose grants paid for data.",
        "Each T1-weighted MRI dataset was registered to a template (Lee et al., 2020).",
        "We first train on the Kinetics-400 dataset (Kay et al., 2017).",
        "We present QuanScan, a new dataset, and test on the QuanScan dataset [3].",
    ],
)
def test_what_is_no_set_of_others_that_was_used(text):
    assert find_unlisted(text) == []


def test_other_sections_show_no_use():
    text = "We train and test on the QuanScan dataset (Lee et al., 2020)."
    assert find_unlisted(("introduction", text)) == []
    assert find_unlisted(("references", text)) == []


def test_the_place_of_a_set_goes_with_its_address():
    lines = (
        "The Kaggle COVID dataset was used as the source (Lee et al., 2020).",
        "It is at https://www.kaggle.com/somebody/covid-lung-ct-2020.",
    )
    assert find_unlisted(*lines) == ["kaggle.com/somebody/covid-lung-ct-2020"]


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("Survival is poor despite the many head and neck tumor subsites.", set()),
        ("We study liver tumor segmentation in 80 CT scans of our clinic.", set()),
        ("We train on the liver tumor segmentation challenge with 131 scans.", {"lits"}),
        (
            "We use the Duke Breast Cancer (DBC) MRI dataset for all experiments.",
            {"duke_breast_mri"},
        ),
        ("We did the same task (lesion detection) as the PI-CAI challenge.", set()),
        ("For the AIROGS challenge, the win percentage was 45%.", set()),
        ("We used the images of the AIROGS challenge for training.", {"airogs"}),
        ("Several challenges are compared: CoNIC, STOIC, AIROGS and PI-CAI.", set()),
        ("Scores are as in Table 2 (M2† has been additionally trained on CheXpert).", set()),
        ("COVIDx (17,342) Attention Maps (ViT) Lee", set()),
    ],
)
def test_names_of_subjects_challenges_and_rivals_show_no_use(text, used):
    assert find_used(text) == used


def test_a_short_name_is_the_set_that_the_paper_gives_in_full():
    full = "We used the RSNA PE CT dataset of 7,279 studies."
    short = "Models were trained on the RSNA and LIDC training sets."
    assert find_used(full, short) == {"rsna_pe", "lidc_idri"}
    assert "rsna_pneumonia" in find_used("We used the RSNA pneumonia dataset.", full, short)


def test_where_a_used_set_comes_from_shows_no_use():
    lines = (
        "We train on the FeTS 2022 dataset (e.g. BraTS 2021).",
        "This dataset is based on the Brain Tumor Segmentation 2021 Challenge dataset (BraTS2021).",
    )
    assert find_used(*lines) == {"fets"}
    assert find_used(*lines, "We test on BraTS 2018 as well.") == {"fets", "brats"}


@pytest.mark.parametrize(
    "text",
    [
        "A brain graph (BG) was built for each scan, and the BG dataset was used for training.",
        "Scans were taken from The Cancer Imaging Archive (TCIA), and we used the data for tests.",
        "Slides of The Polar Genome Atlas (PGA) program were used to create this dataset.",
    ],
)
def test_terms_archives_and_origins_are_no_sets(text):
    assert find_unlisted(text, "The dataset is public (Berg et al., 2020).") == []
