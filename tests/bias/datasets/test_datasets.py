"""The registry of public data sets: consistency, mentions in text, and shared images."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest
import yaml
from support.papers import draw_pdf

from review import resources
from review.bias import datasets as reg
from review.errors import ChecklistError
from review.figures.dataset_graph import draw_graph
from review.fulltext import read_full_text
from review.models import Sentence

PITFALLS = 23


@dataclass(frozen=True)
class Line:
    text: str
    section: str = "methods"


@pytest.fixture(scope="module")
def registry():
    return reg.load_registry(resources.get_shipped_path("data") / "datasets.yaml")


def ids(text, registry, section="methods", **more):
    found = reg.find_mentions([Line(text, section)], registry)
    return sorted({one for mention in found for one in mention.ids})


def test_the_shipped_registry_has_the_known_sets(registry):
    assert len(registry) >= 200
    assert sum(len(one.issues) for one in registry.values()) >= 60


def test_every_component_is_a_set_and_none_holds_itself(registry):
    for one in registry.values():
        for component in one.components:
            assert component.id in registry
            assert one.id not in reg.find_contained_sets(registry, component.id)


def test_every_issue_is_cited_and_names_a_known_pitfall(registry):
    cues = yaml.safe_load(
        (resources.get_shipped_path("data") / "cues.yaml").read_text(encoding="utf-8")
    )
    known = {entry["id"] for entry in cues["pitfalls"]}
    for one in registry.values():
        for issue in one.issues:
            assert re.search(r"doi:10\.|arXiv:\d|PMC\d|https?://", issue.source), issue
            assert issue.pitfall in known, issue


BAD = [
    ("components: [{id: nowhere, certain: true}]", "component 'nowhere' is not a dataset"),
    ("components: [{id: a, certain: true}]", "contains itself"),
    ("issues: [{pitfall: x, text: bad, source: a colleague, checked: true}]", "needs a DOI"),
    ("colour: blue", "colour"),
    ("kind: soup", "a, kind"),
    ("checked: [wings]", "checked names 'wings'"),
    ("names: [B set]", "also belongs to"),
]


@pytest.mark.parametrize(("line", "message"), BAD)
def test_mistakes_are_named_with_their_set(tmp_path, line, message):
    key = line.partition(":")[0]
    entry = {
        "id": "a",
        "name": "A",
        "url": "https://a.org",
        "modality": ["CT"],
        "kind": "primary",
        "year": 2020,
        "size": "9",
        "labels": "mixed",
        "checked": [],
        "population": {"age": "adult", "countries": ["X"]},
    }
    other = {**entry, "id": "b", "names": ["B-set"]}
    bad = {**entry, **yaml.safe_load(line)}
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump({"schema": 1, "compiled": "x", "datasets": [other, bad]}))
    with pytest.raises(ChecklistError, match=re.escape(message)) as caught:
        reg.load_registry(path)
    assert "a" in str(caught.value)
    assert str(path) in str(caught.value)
    assert key


def test_a_longer_circle_is_found_and_drawn(tmp_path):
    def entry(one, inner):
        return {
            "id": one,
            "name": one,
            "url": "https://a.org",
            "modality": ["CT"],
            "kind": "remix",
            "year": 2020,
            "size": "9",
            "labels": "mixed",
            "checked": [],
            "population": {"age": "adult", "countries": ["X"]},
            "components": [{"id": inner, "certain": True}],
        }

    path = tmp_path / "datasets.yaml"
    rows = [entry("a", "b"), entry("b", "c"), entry("c", "a")]
    path.write_text(yaml.safe_dump({"schema": 1, "compiled": "x", "datasets": rows}))
    with pytest.raises(ChecklistError, match=r"a, b, c, a"):
        reg.load_registry(path)


@pytest.mark.parametrize("text", ["a: [", "", "- x"])
def test_a_file_that_is_no_registry_is_refused(tmp_path, text):
    path = tmp_path / "datasets.yaml"
    path.write_text(text)
    with pytest.raises(ChecklistError, match=r"datasets.yaml"):
        reg.load_registry(path)
    with pytest.raises(ChecklistError, match="cannot be read"):
        reg.load_registry(tmp_path / "absent.yaml")


ALIASES = [
    ("COVID Radiography Database", "covid_radiography_db"),
    ("Guangzhou Women and Children Medical Center dataset", "kermany_cxr"),
    ("chest-xray-pneumonia dataset", "kermany_cxr"),
    ("NIH CXR dataset", "chestxray14"),
    ("NIH Chest X-rays", "chestxray14"),
    ("CXR-14", "chestxray14"),
    ("Shenzhen Hospital chest X-ray set", "shenzhen"),
    ("Montgomery County chest X-ray set", "montgomery"),
    ("Sartaj dataset", "kaggle_brain_tumor_sartaj"),
    ("Navoneel dataset", "kaggle_brain_tumor_navoneel"),
    ("Kaggle Alzheimer's dataset", "kaggle_alzheimer_4"),
    ("7-point checklist dataset", "derm7pt"),
    ("RIM-ONE v3", "rimone"),
    ("ODIR dataset", "odir5k"),
    ("HNSCC collection", "hnscc_tcia"),
    ("MOST dataset", "most"),
    ("M&Ms dataset", "mnms"),
    ("EchoNet dataset", "echonet"),
    ("NSCLC-Radiomics-Genomics", "nsclc_radiomics_genomics"),
    ("Actualmed COVID-19 chest X-ray dataset", "actualmed_covid"),
    ("Br35H dataset", "kaggle_brain_tumor_br35h"),
    ("PatchCamelyon", "pcam"),
    ("Fitzpatrick17k", "fitzpatrick17k"),
    ("TBX11K", "tbx11k"),
    ("BreaKHis dataset", "breakhis"),
    ("CVC-ClinicDB", "cvc_clinicdb"),
]


@pytest.mark.parametrize(("words", "set_id"), ALIASES)
def test_sets_are_known_by_the_names_that_journals_use(registry, words, set_id):
    sentence = Sentence(f"We used the {words} for training.", 1, "methods")
    assert set(reg.select_used(reg.find_mentions([sentence], registry))) == {set_id}


def test_author_and_cited_reference_together_name_a_set(registry):
    sentences = [
        Sentence("We trained on the MRI database published by Chakrabarty [12].", 1, "methods"),
        Sentence(
            "[12] N. Chakrabarty. Brain MRI Images for Brain Tumor Detection. Kaggle, 2019.",
            2,
            "references",
        ),
    ]
    used = reg.select_used(reg.find_mentions(sentences, registry))
    assert set(used) == {"kaggle_brain_tumor_navoneel"}
    assert not reg.select_used(reg.find_mentions(sentences[:1], registry))


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [
        ("optical coherence tomography (OCT)", {"kermany_oct"}),
        ("chest X-ray", {"kermany_cxr"}),
        ("photograph", set()),
    ],
)
def test_a_name_of_two_sets_means_the_one_of_the_papers_modality(registry, subject, wanted):
    lines = [f"The {subject} images of fold {n} were read." for n in range(6)]
    lines.append("The Kermany dataset was used for testing.")
    sentences = [Sentence(line, 1, "methods") for line in lines]
    mentions = reg.find_mentions(sentences, registry)
    assert set(reg.select_used(mentions)) == wanted
    assert bool(reg.select_unresolved(mentions)) == (not wanted)


def test_a_new_set_that_is_presented_in_this_paper_is_the_authors_own(registry):
    lines = (
        "The Tufts Dental Database, a new set of radiographs, is presented in this paper.",
        "Networks were trained on the Tufts Dental Database.",
    )
    sentences = [Sentence(line, 1, "methods") for line in lines]
    assert not reg.select_used(reg.find_mentions(sentences, registry))
    assert set(reg.select_used(reg.find_mentions(sentences[1:], registry))) == {"tufts_dental"}


def test_their_data_set_is_that_of_another_study(registry):
    text = "Their dataset from BraTS 2018 was split into training and test images."
    assert not reg.select_used(reg.find_mentions([Sentence(text, 1, "methods")], registry))


NAMED = [
    ("We used ChestX-ray14 for training.", ["chestxray14"]),
    ("We used the chest xray14 data.", ["chestxray14"]),
    ("Images of CHESTXRAY-14 were resized.", ["chestxray14"]),
    ("The COVID-chestxray-dataset was cloned.", ["cohen_covid_chestxray"]),
    (
        "See https://github.com/ieee8023/covid-chestxray-dataset for images.",
        ["cohen_covid_chestxray"],
    ),
    ("Taken from github.com/agchung/Figure1-COVID-chestxray-dataset.", ["figure1_covid"]),
    ("kaggle.com/tawsifurrahman/covid19-radiography-database was used.", ["covid_radiography_db"]),
    ("The RSNA Pneumonia Detection Challenge supplied normals.", ["rsna_pneumonia"]),
    ("We trained on CheXpert and MIMIC-CXR.", ["chexpert", "mimic_cxr"]),
    ("The COVIDx CXR-3 release was split.", ["covidx_cxr"]),
    ("Scans of the ADNI database were sliced.", ["adni"]),
    ("Cases were downloaded from Radiopaedia images.", ["radiopaedia_covid"]),
    ("Data came from doi 10.17632/rscbjbr9sj.2 only.", ["kermany_cxr"]),
    ("the Guangzhou Women and Children’s Medical Center films", ["kermany_cxr"]),
]
SILENT = [
    "Radiopaedia explains what an oasis is.",
    "The adni database is lower case.",
    "We thank Hannover Medical School for a stay.",
    "Murals were painted.",
    "The images show lungs.",
    "CheXpertise is needed for this data.",
]


@pytest.mark.parametrize(("text", "wanted"), NAMED)
def test_names_are_found_whatever_their_case_and_hyphens(registry, text, wanted):
    assert ids(text, registry) == wanted


@pytest.mark.parametrize("text", SILENT)
def test_lookalikes_are_not_found(registry, text):
    assert ids(text, registry) == []


def test_a_longer_name_wins_over_one_inside_it(registry):
    [mention] = reg.find_mentions([Line("Figure1-COVID-chestxray-dataset was used")], registry)
    assert mention.ids == ("figure1_covid",)


def test_a_set_of_named_authors_is_settled_by_its_name_elsewhere(registry):
    by_author = Line("The dataset of Cohen et al. was used.")
    for other, sure in (
        (Line("The COVID-19 image data collection has 200 films."), True),
        (Line("[1] J. P. Cohen. COVID-19 image data collection. 2020.", "references"), False),
    ):
        found = reg.find_mentions([by_author, other], registry)
        [mention] = [m for m in found if m.how == "author"]
        assert mention.ids == ("cohen_covid_chestxray",)
        assert mention.sure is sure


@pytest.mark.parametrize(
    "text",
    [
        "The dataset of Cohen et al. was used.",
        "We took images from the repository provided by Dr. Joseph Cohen.",
        "Cohen et al. [3] open dataset served for training.",
        "Cohen's collection was downloaded.",
    ],
)
def test_authors_alone_are_asked_and_not_guessed(registry, text):
    found = reg.find_mentions([Line(text)], registry)
    [mention] = reg.select_unresolved(found)
    assert mention.ids == ("cohen_covid_chestxray",)
    assert reg.select_used(found) == {}


def test_an_author_of_two_sets_is_asked_with_both(registry):
    [mention] = reg.select_unresolved(
        reg.find_mentions([Line("We used the dataset by Wang et al. here.")], registry)
    )
    assert mention.ids == ("chestxray14", "covidx_cxr")


def test_a_citation_number_alone_is_asked_and_never_used(registry):
    lines = [
        Line("Images were taken from two open datasets [4, 6]."),
        Line("Others did well [6]."),
        Line("[4] Cohen. COVID-19 image data collection. arXiv 2003.11597.", "references"),
        Line("[6] Kermany. Chest X-Ray Images (Pneumonia). rscbjbr9sj", "references"),
    ]
    found = reg.find_mentions(lines, registry)
    assert reg.select_used(found) == {}
    assert {m.ids for m in reg.select_unresolved(found)} == {
        ("cohen_covid_chestxray",),
        ("kermany_cxr",),
    }
    assert {m.sentence for m in found if m.how == "citation"} == {0}


def test_a_citation_is_settled_where_the_text_names_the_set(registry):
    lines = [
        Line("Images were taken from an open dataset [4]."),
        Line("We resized the COVID-19 Image Data Collection."),
        Line("[4] Cohen. COVID-19 image data collection. arXiv 2003.11597.", "references"),
    ]
    found = reg.find_mentions(lines, registry)
    assert set(reg.select_used(found)) == {"cohen_covid_chestxray"}
    assert reg.select_unresolved(found) == []


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("Images of the COVID-CT-Dataset were resized.", True),
        ("We added in-house COVID-CT-Dataset images.", False),
        ("COVID-CT-Dataset images of 200 patients at our own hospital were read.", False),
        ("Our private CheXpert collection was read.", False),
        ("CheXpert was read at the two sites.", True),
        ("DenseNet 0.91 0.88 CheXpert 0.90 0.87", False),
        ("We introduce VinDr-CXR, a set of labelled films.", False),
        ("We introduce a network and train it on VinDr-CXR.", True),
        ("The weights are at github.com/Messidor-lab/net.", False),
    ],
)
def test_own_collections_rows_and_addresses_are_no_public_set(registry, text, used):
    found = reg.select_used(reg.find_mentions([Line(text, "methods")], registry))
    assert bool(found) is used


def test_a_set_the_authors_made_is_not_used_elsewhere_in_their_paper(registry):
    lines = [
        Line("We present the new dataset BRSET.", "introduction"),
        Line("Images of BRSET were resized."),
    ]
    assert reg.select_used(reg.find_mentions(lines, registry)) == {}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Lesions in breast tissue were used.", set()),
        ("INbreast was used.", {"inbreast"}),
        ("InBreast was used.", {"inbreast"}),
        ("COVID CT dataset images were used.", {"covid_ct_ucsd"}),
    ],
)
def test_words_that_only_spell_a_name_together_are_no_name(registry, text, wanted):
    assert set(reg.select_used(reg.find_mentions([Line(text, "methods")], registry))) == wanted


def test_what_we_do_not_know_of_a_set_is_left_out(registry):
    assert registry["inbreast"].size is None
    assert registry["bccd"].kind == "unknown"
    assert registry["bccd"].labels is None


def test_a_caption_is_asked(registry):
    caption = Line("Table 3. Accuracy of published networks on CheXpert.", "results")
    found = reg.find_mentions([caption], registry)
    assert reg.select_used(found) == {}
    assert [m.ids for m in reg.select_unresolved(found)] == [("chexpert",)]
    named = reg.find_mentions([caption, Line("CheXpert was used.", "methods")], registry)
    assert set(reg.select_used(named)) == {"chexpert"}
    assert reg.select_unresolved(named) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("We used the Guangzhou pediatric images.", "kermany_cxr"),
        ("Films of the RSNA PNA Challenge were used.", "rsna_pneumonia"),
        ("kaggle.com/paultimothymooney/chest-xray-pneumonia was downloaded.", "kermany_cxr"),
        ("Nodules of LUNA (Lung Nodule Analysis) were used.", "luna16"),
        ("Knees of the Osteoarthritis Initiative were graded.", "oai"),
        ("Scans of the MRNet dataset were used.", "mrnet"),
        ("Scans of the Data Science Bowl 2017 were used.", "dsb2017"),
        ("The Brain Tumor MRI Dataset was used.", "kaggle_brain_tumor_4"),
        ("The data are at wiki.cancerimagingarchive.net/?pageId=1966254.", "lidc_idri"),
        ("Cells of the Nu-CLS set were used.", "nucls"),
    ],
)
def test_other_names_and_addresses_lead_to_the_set(registry, text, wanted):
    found = reg.select_used(reg.find_mentions([Line(text, "methods")], registry))
    assert set(found) == {wanted}


def test_sets_only_cited_are_not_used(registry):
    lines = [
        Line("CheXpert is a large dataset.", "introduction"),
        Line("Previous studies used MIMIC-CXR data.", "methods"),
        Line("[2] PadChest. 2019.", "references"),
        Line("In this study we use ChestX-ray14.", "introduction"),
    ]
    assert set(reg.select_used(reg.find_mentions(lines, registry))) == {"chestxray14"}


USED = [
    ("We did not use CheXpert.", []),
    ("We did not use CheXpert, MIMIC-CXR or PadChest.", []),
    ("CheXpert was excluded for its mined labels.", []),
    ("CheXpert images were excluded if they were lateral views.", ["chexpert"]),
    ("The CheXpert dataset was not used.", []),
    ("Neither CheXpert nor MIMIC-CXR was used.", []),
    ("Images came from PadChest, not from CheXpert.", ["padchest"]),
    ("We used PadChest instead of CheXpert.", ["padchest"]),
    ("Not only CheXpert but also MIMIC-CXR was used.", ["chexpert", "mimic_cxr"]),
    ("No images of CheXpert were used for training.", []),
    ("We used CheXpert without its uncertain labels.", ["chexpert"]),
    ("As no local data were available, CheXpert was used.", ["chexpert"]),
    ("Unlike Irvin et al., who used CheXpert, we used MIMIC-CXR.", ["mimic_cxr"]),
    ("While prior work used CheXpert, we used MIMIC-CXR.", ["mimic_cxr"]),
    ("Following previous studies, we used CheXpert.", ["chexpert"]),
    ("Wang et al. [3] trained on ChestX-ray14.", []),
    ("Future work will use CheXpert.", []),
    ("CheXpert could be added later.", []),
    ("Similar to CheXpert, our labels were mined.", []),
]


@pytest.mark.parametrize(("text", "wanted"), USED)
def test_sets_denied_planned_likened_or_used_by_others_are_not_used(registry, text, wanted):
    assert sorted(reg.select_used(reg.find_mentions([Line(text)], registry))) == wanted


def test_the_sets_of_a_paper_are_found(registry, tmp_path):
    (tmp_path / "study.pdf").write_bytes(draw_pdf("study.pdf"))
    text = read_full_text(tmp_path / "study.pdf")
    found = reg.select_used(reg.find_mentions(text.sentences, registry))
    assert set(found) == {"covidx_cxr", "cohen_covid_chestxray", "figure1_covid", "rsna_pneumonia"}
    overlaps = {(o.first, o.second, o.shared) for o in reg.find_overlaps(registry, found)}
    assert ("covidx_cxr", "rsna_pneumonia", "rsna_pneumonia") in overlaps


def test_a_paper_without_such_sets_names_none(registry, tmp_path):
    for name in ("unrelated.pdf", "unknown.pdf"):
        (tmp_path / name).write_bytes(draw_pdf(name))
        text = read_full_text(tmp_path / name)
        assert reg.find_mentions(text.sentences, registry) == []


def test_two_sets_with_an_ancestor_overlap_and_the_path_is_drawn(registry):
    [overlap] = reg.find_overlaps(registry, ["covid_radiography_db", "kermany_cxr"])
    assert overlap.certain
    assert overlap.shared == "kermany_cxr"
    drawn = reg.format_overlap_path(registry, overlap)
    assert drawn.startswith("COVID-19 Radiography Database → Guangzhou paediatric")
    [cousins] = reg.find_overlaps(registry, ["rsna_pneumonia", "siim_acr_ptx"])
    assert (cousins.shared, cousins.certain) == ("chestxray14", True)
    assert "→ NIH ChestX-ray8 / ChestX-ray14 ← SIIM" in reg.format_overlap_path(registry, cousins)


def test_only_the_nearest_shared_set_is_reported(registry):
    shared = {
        o.shared for o in reg.find_overlaps(registry, ["covid_radiography_db", "rsna_pneumonia"])
    }
    assert shared == {"rsna_pneumonia"}


def test_unrelated_sets_do_not_overlap(registry):
    assert reg.find_overlaps(registry, ["chexpert", "mimic_cxr", "brixia"]) == []
    assert reg.find_overlaps(registry, []) == []


def test_sets_that_may_share_images_are_of_one_modality_and_no_part_of_another(registry):
    assert reg.count_comparable_sets(registry, ["chexpert", "padchest"]) == 2
    assert reg.count_comparable_sets(registry, ["chexpert", "adni"]) == 1
    assert reg.count_comparable_sets(registry, ["lidc_idri", "luna16"]) == 1
    assert reg.count_comparable_sets(registry, []) == 0


def test_an_uncertain_step_makes_the_overlap_only_possible(registry):
    found = reg.find_overlaps(registry, ["covidx_cxr", "ricord"])
    assert [overlap.certain for overlap in found] == [False]


def test_children_against_adults_show_in_the_ages(registry):
    found = reg.group_by_age(registry, ["kermany_cxr", "brixia"])
    assert found == {"paediatric": ["kermany_cxr"], "adult": ["brixia"]}
    assert "kermany_cxr" in reg.group_by_age(registry, ["coronahack"])["paediatric"]


def test_the_matrix_counts_shared_ancestry_and_every_study(registry):
    named = {
        "S1": ["covid_radiography_db"],
        "S2": ["rsna_pneumonia"],
        "S3": ["chexpert"],
        "S4": [],
        "S5": ["covidx_cxr"],
    }
    table = reg.build_matrix(registry, named)
    assert table.cells["S1", "rsna_pneumonia"] == "held"
    assert table.cells["S2", "rsna_pneumonia"] == "named"
    assert table.cells["S5", "rsna_pneumonia"] == "possible"
    assert ("S3", "rsna_pneumonia") not in table.cells
    assert table.groups == (("S1", "S2"),)
    assert table.silent == ("S4",)
    assert set(table.studies) == set(named)
    assert "chestxray14" in table.sources
    assert "rsna_pneumonia" not in table.sources
    words = reg.summarize_matrix(registry, table)
    assert words.startswith("4 of 5 studies name known public datasets, drawn from ")
    assert "2 of them share images" in words


def test_studies_that_name_nothing_are_said_so(registry):
    table = reg.build_matrix(registry, {"S1": [], "S2": []})
    assert reg.summarize_matrix(registry, table) == (
        "None of the 2 studies names a known public dataset."
    )
    assert "name no known public dataset" in draw_graph(registry, table)


def test_the_graph_is_sound_svg_with_a_box_for_each_set_and_no_two_overlap(registry):
    for table in (None, reg.build_matrix(registry, {"S1": ["covidx_cxr"], "S2": ["kermany_cxr"]})):
        svg = draw_graph(registry, table)
        root = ElementTree.fromstring(svg)
        space = "{http://www.w3.org/2000/svg}"
        width, height = float(root.get("width")), float(root.get("height"))
        boxes = [
            tuple(float(box.get(key)) for key in ("x", "y", "width", "height"))
            for group in root.iter(f"{space}g")
            for box in group.iter(f"{space}rect")
        ]
        wanted = len(table.datasets) if table else 0
        assert len(boxes) == (wanted or len(boxes)) > 1
        for place, (x, y, w, h) in enumerate(boxes):
            assert min(x, y) >= 0
            assert x + w <= width
            assert y + h <= height
            for other_x, other_y, other_w, other_h in boxes[:place]:
                apart = (
                    x >= other_x + other_w
                    or other_x >= x + w
                    or y >= other_y + other_h
                    or other_y >= y + h
                )
                assert apart
        lines = len(list(root.iter(f"{space}path")))
        assert lines > 0


NAMED_IN_A_LIST = [
    ("The Montgomery County and Shenzhen sets were used.", {"montgomery", "shenzhen"}),
    ("We used the Montgomery and Shenzhen data sets.", {"montgomery", "shenzhen"}),
    ("A Shenzhen hospital provided data.", set()),
    ("We report BraTS-like segmentations.", set()),
    ("We used the CheXpert labeler for our own images.", set()),
    ("The RSNA annual meeting and its data were useful.", set()),
    (
        "The COVID-19 Radiography Database (Chowdhury et al., 2020) was used.",
        {"covid_radiography_db"},
    ),
    ("The COVID-19 Radiography Database of Chowdhury et al. was used.", {"covid_radiography_db"}),
    ("Chowdhury et al. used the COVID-19 Radiography Database.", set()),
]


@pytest.mark.parametrize(("text", "ids"), NAMED_IN_A_LIST)
def test_names_in_lists_likenesses_tools_and_citations(text, ids, registry):
    assert set(reg.select_used(reg.find_mentions([Line(text)], registry))) == ids


def test_no_name_is_cut_short_in_the_graph(registry):
    assert "…" not in draw_graph(registry)
    assert "…" not in draw_graph(registry, reg.build_matrix(registry, {"S": list(registry)}))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("We evaluate on BraTS2020 and BraTS'19.", {"brats"}),
        ("Scans of OASIS3, ADNI2 and ADNI3 were used.", {"oasis", "adni"}),
        ("Nuclei of the 2018 Data Science Bowl were used.", {"dsb2018"}),
        ("Nuclei of the Data Science Bowl 2017 were used.", {"dsb2017"}),
        ("Nuclei of the Data Science Bowl challenge of 2018 were used.", {"dsb2018"}),
        ("Nuclei of the Data Science Bowl were used.", set()),
        (
            "Slides of TCGA (BRCA, LUAD, and LUSC cohorts) were tiled.",
            {"tcga_brca_slides", "tcga_luad", "tcga_lusc"},
        ),
        ("Carriers of BRCA in TCGA were counted.", set()),
        (
            "Five polyp data sets were used: Kvasir-SEG, ClinicDB, ColonDB, EndoScene and ETIS.",
            {"kvasir_seg", "cvc_clinicdb", "cvc_colondb", "cvc_endoscene", "etis_larib"},
        ),
        ("At the CT rate of the data, no image was lost.", set()),
        ("Unlike CAM, Grad-CAM can show images.", set()),
        ("We collected the HAM10000 dataset and resized it.", {"ham10000"}),
        ("We collected a dataset named HAM10000 and resized it.", set()),
    ],
)
def test_years_programmes_and_short_names(registry, text, wanted):
    found = reg.select_used(reg.find_mentions([Line(text, "methods")], registry))
    assert set(found) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Regions followed the HCP parcellation and the ADNI acquisition protocol.", set()),
        ("Severity was graded on the Brixia score.", set()),
        ("We ran it with weights provided by the authors (pretrained on PanNuke).", set()),
        ("We used publicly available models pretrained on CheXpert.", set()),
        ("Our model was pretrained on CheXpert.", {"chexpert"}),
        ("A recent study on the LIDC-IDRI dataset reported 95% accuracy [5].", set()),
        ("Such performance was reported on CheXpert in [12].", set()),
        ("A study [58] reporting landmarks with good results was tested on MIRIAD.", set()),
        ("The model predicts drusen, SHRM and HRF in the second dataset.", set()),
        ("Vessels were segmented in the HRF dataset.", {"hrf_fundus"}),
        ("The state of the art on BraTS was set by Isensee et al. (2021).", set()),
        ("Many data sets (e.g., ISIC, HAM10000) are imbalanced.", set()),
        ("Public data sets such as CheXpert and PadChest have driven progress.", set()),
        ("Films of public data sets such as CheXpert were used.", {"chexpert"}),
        ("Non-standard films (e.g., lateral ones) of CheXpert are few.", {"chexpert"}),
        ("Our data were collected locally, in contrast to the ADNI dataset.", set()),
        (
            "Kvasir-SEG (Jha et al., 2020) 1,000 mask SUN-SEG (Ji et al., 2022) mask "
            "LDPolypVideo (Ma et al., 2021) box",
            set(),
        ),
    ],
)
def test_examples_tools_and_the_results_of_others_are_no_use(registry, text, wanted):
    found = reg.select_used(reg.find_mentions([Line(text, "methods")], registry))
    assert set(found) == wanted


@pytest.mark.parametrize(
    ("definition", "used"),
    [
        ("A mixed-scale dense network (MSD; Pelt 2017) was trained.", False),
        ("The Medical Segmentation Decathlon (MSD) was used.", True),
        ("The Multi Site Data collection (MSD) was read.", True),
        ("Images were resized.", True),
    ],
)
def test_an_acronym_that_the_paper_spells_out_otherwise_is_no_data_set(registry, definition, used):
    lines = [Line(definition), Line("MSD did well on the images of this dataset.", "results")]
    assert ("msd" in reg.select_used(reg.find_mentions(lines, registry))) is used


def test_an_address_of_two_sets_is_asked_and_settled_by_a_name(registry):
    shared = Line("Images are at https://doi.org/10.17632/rscbjbr9sj.3 for everyone.")
    found = reg.find_mentions([shared], registry)
    assert reg.select_used(found) == {}
    assert [m.ids for m in reg.select_unresolved(found)] == [("kermany_cxr", "kermany_oct")]
    named = reg.find_mentions([shared, Line("We used the OCT2017 images.")], registry)
    assert set(reg.select_used(named)) == {"kermany_oct"}
