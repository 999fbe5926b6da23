"""Image audits on genuine films and tables: `CORPORA=../shared pytest tests/corpora`.

Every figure is printed in IMAGING.md, "Numbers a test can reproduce" and "Measured".
"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review.imaging.audit import estimate_proportion
from review.imaging.discrimination import (
    compute_auc,
    estimate_auc_by_patient,
    estimate_auc_delong,
)
from review.imaging.doubles import (
    ComparedImages,
    find_doubles,
    find_doubles_between,
)
from review.imaging.features import make_thumbnail
from review.imaging.label_sources import (
    check_nonsense,
    compare_label_sources,
    pair_labels,
    read_claims,
)
from review.imaging.labels import (
    LabelColumns,
    compare_lists,
    match_labels,
    merge_rows,
    read_file_list,
    read_labels,
    read_table,
)
from review.imaging.manifest import check_images, summarize_check
from review.imaging.predictions import combine_scores, join_scores, read_scores
from review.imaging.shortcuts import probe_measures
from review.imaging.sieve import fit_detector, sieve_images, sieve_taught_kind, spoil_thumbnails
from review.imaging.splits import describe_people
from review.imaging.subgroups import compare_subgroups, estimate_auc, measure_proxies

pytestmark = pytest.mark.corpora
FILMS = Path(os.environ["CORPORA"]) / "imaging"
TABLES = FILMS / "tables"
OPACITIES = ("Consolidation", "Infiltration", "Atelectasis", "Pneumonia")
READ = ("Fracture", "Pneumothorax", "Airspace opacity", "Nodule or mass")
WANG = "Wang et al. 2017, arXiv:1705.02315, table 18"


@pytest.fixture(scope="module")
def nih():
    table = read_labels(TABLES / "Data_Entry_2017_v2020.csv.gz")
    return {row.file: row for row in table.rows}


@pytest.fixture(scope="module")
def adjudicated():
    """The radiologists' labels, by split."""
    table = read_labels(
        TABLES / "google2019_nih-chest-xray-labels.csv.gz",
        LabelColumns(file="Image Index", labels=READ, patient="Patient ID", split="Set Id"),
    )
    assert not table.problems
    return {row.file: row for row in table.rows}


@pytest.fixture(scope="module")
def scores():
    path = TABLES / "zech_chexnet_preds.csv.gz"
    header, _ = read_table(path)
    return read_scores(path, id_column="Image Index", score_columns=header[1:])


@pytest.fixture(scope="module")
def check():
    return check_images(FILMS / "nih_frontal_256")


@pytest.fixture(scope="module")
def patients(check):
    return [entry.path[:8] for entry in check.readable]


@pytest.fixture(scope="module")
def results(check, patients):
    return sieve_images(check.thumbnails, patients)


# Labels


def compare(nih, adjudicated, mined, read):
    test = {name: row for name, row in adjudicated.items() if row.split == "test"}
    pair = pair_labels(nih, test, mined_labels=mined, read_labels=read)
    assert len(pair.ids) == len(test) == 1962
    return compare_label_sources(pair.mined, pair.read)


def test_labels_of_pneumothorax_are_right_half_of_the_time(nih, adjudicated):
    ppv = compare(nih, adjudicated, ["Pneumothorax"], ["Pneumothorax"]).ppv
    assert (ppv.count, ppv.n) == (97, 200)
    assert [f"{100 * x:.1f}" for x in (ppv.value, ppv.low, ppv.high)] == ["48.5", "41.7", "55.4"]


def test_labels_of_nodule_or_mass(nih, adjudicated):
    ppv = compare(nih, adjudicated, ["Nodule", "Mass"], ["Nodule or mass"]).ppv
    assert (ppv.count, ppv.n) == (134, 237)
    assert [f"{100 * x:.1f}" for x in (ppv.value, ppv.low, ppv.high)] == ["56.5", "50.2", "62.7"]


def test_labels_of_the_opacity_group(nih, adjudicated):
    accuracy = compare(nih, adjudicated, OPACITIES, ["Airspace opacity"])
    ppv = accuracy.ppv
    assert (ppv.count, ppv.n) == (555, 724)
    assert [f"{100 * x:.1f}" for x in (ppv.value, ppv.low, ppv.high)] == ["76.7", "73.4", "79.6"]
    assert f"{accuracy.sensitivity.value:.3f}" == "0.489"


def test_films_without_finding_that_are_free_of_the_four(nih, adjudicated):
    # The pair is positive if one of the four was read; free of them is the rest.
    test = {name: row for name, row in adjudicated.items() if row.split == "test"}
    pair = pair_labels(nih, test, mined_labels=["No Finding"], read_labels=READ)
    free = sum(a and not b for a, b in zip(pair.mined, pair.read, strict=True))
    share = estimate_proportion(free, sum(pair.mined))
    assert (share.count, share.n) == (417, 770)
    assert f"{100 * share.value:.1f}" == "54.2"


def test_claims_of_wang_2017():
    claims = read_claims(
        TABLES / "wang2017_text_mining_claims.csv",
        label_column="label",
        value_column="nih_p",
        source=WANG,
    )
    printed = {label: f"{100 * claim.value:.1f}" for label, claim in claims.items()}
    assert printed["Pneumothorax"] == "94.3"
    assert (printed["Nodule"], printed["Mass"]) == ("84.5", "92.5")


def test_the_nih_table(nih):
    people = describe_people(nih.values())
    assert people.all.images == 112_120
    assert people.all.patients == people.concentration.patients == 30_805
    assert people.all.children == 1_538
    assert f"{100 * people.concentration.share_of_patients:.1f}" == "7.2"
    assert f"{100 * people.concentration.share_of_images:.0f}" == "45"


def test_the_public_list_of_bad_films():
    table = read_labels(
        TABLES / "cxr14_bad_labels.csv",
        LabelColumns(file="File label", labels=("Inverted", "Not frontal", "Rotated")),
    )
    merged, repeats, _ = merge_rows(table.rows)
    assert (len(table.rows), len(merged), repeats) == (432, 257, 175)
    kinds = {
        kind: {name for name, row in merged.items() if kind in row.labels}
        for kind in table.columns.labels
    }
    assert {kind: len(names) for kind, names in kinds.items()} == {
        "Inverted": 62, "Not frontal": 171, "Rotated": 51,
    }  # fmt: skip
    # 284 marks on 257 films: 23 films are of two kinds and 2 of all three.
    kinds_each = [len(row.labels) for row in merged.values()]
    assert (kinds_each.count(2), kinds_each.count(3)) == (23, 2)
    overlap = compare_lists(kinds["Rotated"], read_file_list(TABLES / "azure_rotated_images.csv"))
    assert (overlap.second, overlap.both) == (18, 18)


# Predictions


def test_aucs_of_chexnet_equal_the_published_file(scores, nih):
    header, lines = read_table(TABLES / "zech_chexnet_aucs.csv")
    assert header == ["label", "auc"] and len(lines) == 14
    for _, (label, published) in lines:
        table = join_scores(scores, nih, [label], models=[f"prob_{label}"])
        assert len(table.ids) == 22_433 and len(set(table.patients)) == 6_187
        auc = compute_auc(table.positive, table.scores[f"prob_{label}"])
        assert f"{auc:.4f}" == f"{float(published):.4f}", label


@pytest.mark.parametrize(
    ("label", "pa", "ap"), [("Cardiomegaly", ".940", ".852"), ("Effusion", ".911", ".830")]
)
def test_views_differ(scores, nih, label, pa, ap):
    table = join_scores(scores, nih, [label], models=[f"prob_{label}"])
    report = compare_subgroups(table, ["view"], draws=200)
    figures = {group.value: f"{group.auc.value:.3f}"[1:] for group in report.groups}
    assert figures == {"PA": pa, "AP": ap}
    gap = next(gap for gap in report.gaps if gap.measure == "AUC")
    assert (gap.value, gap.reference) == ("AP", "PA")
    assert gap.high < 0 and gap.p_holm < 0.001


def test_the_view_alone_predicts_oedema(scores, nih):
    table = join_scores(scores, nih, ["Edema"], models=["prob_Edema"])
    proxies = {figures.value: figures for figures in measure_proxies(table, ["view"])}
    assert f"{proxies['AP'].label_auc.value:.3f}" == "0.728"


def test_the_patient_is_the_unit(scores, nih):
    table = join_scores(scores, nih, ["Effusion"], models=["prob_Effusion"])
    delong = estimate_auc(table, "prob_Effusion", method="DeLong")
    assert (f"{delong.low:.4f}", f"{delong.high:.4f}") == ("0.8765", "0.8890")
    patients = estimate_auc(table, "prob_Effusion")
    assert (f"{patients.low:.4f}", f"{patients.high:.4f}") == ("0.8729", "0.8924")


def test_a_good_auc_over_nonsense(scores, nih, adjudicated):
    scored = scores.scores["prob_Pneumonia"]
    mined = {name: row for name, row in nih.items() if name in scored}
    pair = pair_labels(mined, adjudicated, mined_labels=OPACITIES, read_labels=["Airspace opacity"])
    assert len(pair.ids) == 935
    combined = combine_scores(
        np.array([scores.scores[f"prob_{label}"][name] for name in pair.ids]) for label in OPACITIES
    )
    report = check_nonsense(pair, combined)
    figures = [
        f"{value:.3f}"
        for area in (report.against_mined, report.against_read)
        for value in (area.value, area.low, area.high)
    ]
    assert figures == ["0.743", "0.709", "0.776", "0.874", "0.852", "0.896"]
    cells = {cell.name: cell for cell in report.cells}
    assert f"{100 * cells['false positive'].truly_positive.value:.0f}" == "86"
    assert f"{100 * cells['true negative'].truly_positive.value:.0f}" == "29"
    assert sum(len(cell.images) for cell in report.cells) == 935
    # With patients drawn the intervals are wider.
    assert report.against_mined_by_patient.low < report.against_mined.low


# Films


def test_every_film_is_read_and_finds_its_row(check, nih):
    summary = summarize_check(check)
    assert (summary.files, summary.readable, summary.skipped) == (998, 998, 0)
    table = read_labels(TABLES / "Data_Entry_2017_v2020.csv.gz")
    match = match_labels(table, [entry.path for entry in check.entries])
    assert len(match.rows) == 998 and not match.files_without_row
    assert match.matched_by == {"name without suffix": 998}
    assert len(match.rows_without_file) == 112_120 - 998


@pytest.mark.parametrize(
    ("kind", "auc", "accuracy"),
    [
        ("rotated", 0.999, 0.995),
        ("inverted", 0.999, 0.999),
        ("upside down", 0.999, 0.995),
        ("over-bordered", 0.995, 0.96),
        ("mirrored", 0.97, 0.93),
    ],
)
def test_detectors_on_other_patients(results, kind, auc, accuracy):
    quality = results[kind].quality
    assert quality.auc >= auc
    assert quality.accuracy >= accuracy


def test_few_good_films_are_suspected(results):
    for kind in ("rotated", "inverted", "upside down"):
        assert results[kind].suspected.sum() <= 3, kind
    assert not results["mirrored"].suspected.any()
    assert not results["blank or grey"].suspected.any()


@pytest.mark.parametrize("kind", ["rotated", "inverted"])
def test_planted_films_are_all_found(check, patients, kind):
    generator = np.random.default_rng(7)
    planted = generator.choice(len(patients), 20, replace=False)
    thumbnails = check.thumbnails.copy()
    copies = spoil_thumbnails(thumbnails[planted], kind, generator)
    thumbnails[planted] = copies[
        generator.integers(len(copies) // 20, size=20) * 20 + np.arange(20)
    ]
    result = sieve_images(thumbnails, patients, kinds=[kind])[kind]
    assert result.suspected[planted].sum() == 20
    assert result.suspected.sum() - 20 <= 3
    assert set(result.rank(20)) == set(planted)


def test_fifty_films_are_enough_for_rotation_and_inversion(check, patients):
    for kind in ("rotated", "inverted"):
        detector = fit_detector(check.thumbnails[:50], kind)
        others = check.thumbnails[60:]
        bad = detector.score(spoil_thumbnails(others, kind, np.random.default_rng(0)))
        good = detector.score(others)
        classes = np.r_[np.zeros(len(good), bool), np.ones(len(bad), bool)]
        assert compute_auc(classes, np.r_[good, bad]) >= 0.995


def test_a_detector_learns_another_source_from_examples(check, patients):
    other = check_images(FILMS / "ccby_covid_frontal_256")
    thumbnails = np.concatenate([check.thumbnails, other.thumbnails])
    people = [*patients, *(entry.path for entry in other.readable)]
    marked = [False] * len(patients) + [True] * len(other.readable)
    result = sieve_taught_kind(thumbnails, people, marked, kind="other source")
    assert result.quality.auc >= 0.97


def test_films_hold_no_double(check):
    search = find_doubles(ComparedImages.from_check(check), crops=False)
    assert search.doubles == () and search.compared == 998


def test_hashes_of_patients_differ_in_fifty_bits(check):
    # Whichever way the films are turned; the nearest pairs are films of one patient.
    search = find_doubles(ComparedImages.from_check(check), crops=False, most_bits=53)
    assert {pair.first[:8] == pair.second[:8] for pair in search.doubles} <= {True}


@pytest.mark.parametrize(("scale", "least"), [(0.9, 0.9), (0.75, 0.85)])
def test_cropped_films_are_found_without_a_false_one(check, scale, least):
    generator = np.random.default_rng(3)
    chosen = generator.choice(len(check.readable), 40, replace=False)
    names, thumbnails = [], []
    for place in chosen:
        path = check.readable[place].path
        film = Image.open(FILMS / "nih_frontal_256" / path)
        side = round(256 * scale)
        left, top = (int(value) for value in generator.integers(0, 256 - side + 1, 2))
        part = film.crop((left, top, left + side, top + side))
        names.append(path)
        thumbnails.append(make_thumbnail(np.asarray(part)))
    parts = ComparedImages(paths=names, thumbnails=np.stack(thumbnails))
    search = find_doubles_between(ComparedImages.from_check(check), parts)
    right = sum(double.first == double.second for double in search.doubles)
    assert right >= least * len(names)
    assert right == len(search.doubles)


# Shortcuts


@pytest.fixture(scope="module")
def darkcovidnet():
    header, lines = read_table(TABLES / "darkcovidnet_files.csv")
    assert header == ["file", "label", "width", "height", "mode", "bytes"]
    return [cells for _, cells in lines]


def select_classes(rows, positive, negative):
    rows = [row for row in rows if row[1] in (positive, negative)]
    sizes = np.array([[float(row[2]), float(row[3]), float(row[5])] for row in rows])
    colour = np.array([row[4] != "L" for row in rows], dtype=float)
    per_pixel = sizes[:, 2] / (sizes[:, 0] * sizes[:, 1])
    values = np.column_stack([per_pixel, sizes, sizes[:, 0] / sizes[:, 1], colour])
    names = ("bytes per pixel", "width", "height", "bytes", "aspect", "colour")
    paths = [f"{row[1]}/{row[0]}" for row in rows]
    return values, names, np.array([row[1] == positive for row in rows]), paths


def test_file_size_tells_pneumonia_from_normal(darkcovidnet):
    values, names, positive, paths = select_classes(darkcovidnet, "Pneumonia", "No_findings")
    patients = [path.split("/")[1][:8] for path in paths]
    probe = probe_measures(
        values,
        names,
        positive=positive,
        paths=paths,
        patients=patients,
        family="container",
        target="Pneumonia",
    )
    alone = {figures.name: figures for figures in probe.measures}
    assert f"{alone['bytes per pixel'].strength:.2f}" == "0.92"
    assert probe.shuffled.low >= 0.40 and probe.shuffled.high <= 0.60


def test_the_container_tells_covid_from_normal(darkcovidnet):
    classes = sorted({row[1] for row in darkcovidnet})
    covid = next(name for name in classes if "ovid" in name.lower())
    values, names, positive, paths = select_classes(darkcovidnet, covid, "No_findings")
    probe = probe_measures(
        values,
        names,
        positive=positive,
        paths=paths,
        patients=paths,
        family="container",
        target=covid,
    )
    assert f"{probe.auc.value:.2f}" == "1.00"


def test_intervals_by_delong_agree_with_patients_of_one_film(check):
    generator = np.random.default_rng(0)
    classes = generator.random(400) < 0.3
    values = generator.normal(size=400) + classes
    one = estimate_auc_delong(classes, values)
    two = estimate_auc_by_patient(classes, values, [str(place) for place in range(400)])
    assert abs(one.low - two.low) < 0.015 and abs(one.high - two.high) < 0.015
