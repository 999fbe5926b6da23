"""The published figures of image audits, as the commands print and save them."""

import csv
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review.cli import app

pytestmark = pytest.mark.corpora
TABLES = Path(os.environ["CORPORA"]) / "imaging" / "tables"
NIH = TABLES / "Data_Entry_2017_v2020.csv.gz"
READ = TABLES / "google2019_nih-chest-xray-labels.csv.gz"
CLAIMS = TABLES / "wang2017_text_mining_claims.csv"
PREDICTIONS = TABLES / "zech_chexnet_preds.csv.gz"
OPACITIES = ("Consolidation", "Infiltration", "Atelectasis", "Pneumonia")
FOUR = ("Fracture", "Pneumothorax", "Airspace opacity", "Nodule or mass")


def run(*words, status):
    done = CliRunner().invoke(app, ["images", *map(str, words)])
    assert done.exit_code == status, (done.output, done.exception)
    return done.output


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def repeat(option, values):
    return [word for value in values for word in (option, value)]


@pytest.mark.parametrize(
    ("mined", "read", "claims", "figures"),
    [
        (
            ["Pneumothorax"],
            ["Pneumothorax"],
            ["Claimed for Pneumothorax: nih_p 94.3 %"],
            ["PPV: 97 of 200, 48.5 % (41.7 to 55.4)."],
        ),
        (
            ["Nodule", "Mass"],
            ["Nodule or mass"],
            ["Claimed for Nodule: nih_p 84.5 %", "Claimed for Mass: nih_p 92.5 %"],
            ["PPV: 134 of 237, 56.5 % (50.2 to 62.7)."],
        ),
        (
            OPACITIES,
            ["Airspace opacity"],
            [],
            ["PPV: 555 of 724, 76.7 % (73.4 to 79.6).", "Sensitivity: 555 of 1,135, 48.9 %"],
        ),
    ],
)
def test_claimed_against_read_labels(tmp_path, mined, read, claims, figures):
    output = run(
        "labels", NIH, READ, "--out", tmp_path, *repeat("--finding", mined),
        *repeat("--read-finding", read), *repeat("--read-column", FOUR), "--read-split", "test",
        *(["--claims", CLAIMS, "--claim-column", "nih_p", "--source", "Wang 2017, table 18"]
          if claims else []),
        status=3,
    )  # fmt: skip
    assert "1,962 images are in both tables." in output
    for line in (*claims, *figures):
        assert line in output


def test_no_finding_is_free_of_the_four(tmp_path):
    output = run(
        "labels", NIH, READ, "--out", tmp_path, "--finding", "No Finding",
        *repeat("--read-finding", FOUR), *repeat("--read-column", FOUR), "--read-split", "test",
        "--absent", status=3,
    )  # fmt: skip
    assert "PPV: 417 of 770, 54.2 %" in output


def test_a_good_auc_over_nonsense(tmp_path):
    # All read labels with a prediction: 935 films, of both splits of the read labels.
    output = run(
        "nonsense", NIH, READ, PREDICTIONS, "--out", tmp_path, *repeat("--finding", OPACITIES),
        "--read-finding", "Airspace opacity", *repeat("--read-column", FOUR),
        *repeat("--score", [f"prob_{label}" for label in OPACITIES]), status=3,
    )  # fmt: skip
    assert "935 images:" in output
    assert "AUC against mined labels 0.743 (0.709 to 0.776)" in output
    assert "against read labels 0.874 (0.852 to 0.896)" in output
    assert "false positive: 136 images, 86 % truly positive" in output
    assert "true negative: 502 images, 29 % truly positive" in output


def test_aucs_of_the_predictions_table(tmp_path):
    published = {row["label"]: row["auc"] for row in rows_of(TABLES / "zech_chexnet_aucs.csv")}
    assert len(published) == 14
    output = run(
        "subgroups", PREDICTIONS, "--labels", NIH, "--out", tmp_path, "--draws", "100",
        *repeat("--pair", [f"{label}=prob_{label}" for label in published]), status=3,
    )  # fmt: skip
    assert "22,433 of 22,433 images have a class; intervals by draws of patients." in output
    rows = rows_of(tmp_path / "subgroups.csv")
    found = {row["model"]: row for row in rows if row["attribute"] == "all"}
    for label, auc in published.items():
        row = found[f"prob_{label}"]
        assert f"{float(row['auc.value']):.4f}" == f"{float(auc):.4f}", label
        assert (row["images"], row["patients"]) == ("22433", "6187")
    views = {
        (row["model"], row["value"]): f"{float(row['auc.value']):.3f}"
        for row in rows
        if row["attribute"] == "view" and row["auc.value"]
    }
    assert (views["prob_Cardiomegaly", "PA"], views["prob_Cardiomegaly", "AP"]) == (
        "0.940", "0.852",
    )  # fmt: skip
    assert (views["prob_Effusion", "PA"], views["prob_Effusion", "AP"]) == ("0.911", "0.830")
    (proxy,) = [
        row
        for row in rows_of(tmp_path / "subgroups-proxies.csv")
        if row["value"] == "AP" and row["score_auc"].startswith("prob_Edema")
    ]
    assert f"{float(proxy['label_auc.value']):.3f}" == "0.728"
    shuffled = rows_of(tmp_path / "subgroups-shuffled.csv")
    assert len(shuffled) == 14
    for row in shuffled:
        assert 0.45 < float(row["mean"]) < 0.55, row


def test_the_patient_is_the_unit(tmp_path):
    words = ("subgroups", PREDICTIONS, "--labels", NIH, "--finding", "Effusion", "--score",
             "prob_Effusion", "--out", tmp_path)  # fmt: skip
    for unit, limits in (("patients", ("0.8729", "0.8924")), ("images", ("0.8765", "0.8890"))):
        run(*words, "--unit", unit, status=3)
        row = rows_of(tmp_path / "subgroups.csv")[0]
        assert (f"{float(row['auc.low']):.4f}", f"{float(row['auc.high']):.4f}") == limits


def test_the_nih_table(tmp_path):
    output = run("splits", NIH, "--out", tmp_path, status=0)
    assert "112,120 images, 30,805 patients." in output
    assert "7.2 % of patients have more than" in output
    share = re.search(r"account for (\d+\.\d) % of the images", output)
    assert share and round(float(share[1])) == 45
    assert "1,538 are of children under 10 years." in output


def test_the_public_list_of_bad_films(tmp_path):
    labels = ("Inverted", "Not frontal", "Rotated")
    output = run(
        "lists", TABLES / "cxr14_bad_labels.csv", TABLES / "azure_rotated_images.csv",
        "--out", tmp_path, "--column", "file=File label",
        *repeat("--column", [f"label={label}" for label in labels]), status=0,
    )  # fmt: skip
    assert "432 rows name 257 files" in output
    counts = {row["label"]: row for row in rows_of(tmp_path / "lists.csv")}
    assert [counts[label]["files"] for label in labels] == ["62", "171", "51"]
    assert (counts["Rotated"]["other"], counts["Rotated"]["both"]) == ("18", "18")


def test_the_size_of_a_file_tells_pneumonia_from_normal(tmp_path):
    table = TABLES / "darkcovidnet_files.csv"
    run("shortcuts", table, "--finding", "Pneumonia", "--against", "No_findings",
        "--out", tmp_path, status=0)  # fmt: skip
    strength = {
        row["name"]: float(row["strength"]) for row in rows_of(tmp_path / "shortcuts-features.csv")
    }
    assert f"{strength['bytes per pixel']:.2f}" == "0.92"
    covid = next(row["label"] for row in rows_of(table) if "covid" in row["label"].lower())
    run("shortcuts", table, "--finding", covid, "--against", "No_findings", "--out", tmp_path,
        status=0)  # fmt: skip
    (probe,) = rows_of(tmp_path / "shortcuts.csv")
    assert f"{float(probe['auc.value']):.2f}" == "1.00"
