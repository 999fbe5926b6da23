"""`review images ...` on phantoms: tables, sheets, manifest, summary and exit status."""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_phantoms.py"


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    """A folder with films of 30 patients, labels.csv and one fault of every kind."""
    spec = importlib.util.spec_from_file_location("make_phantoms", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    sys.modules["make_phantoms"] = script  # dataclasses look their module up
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("phantoms")
    script.write_phantoms(folder, patients=30, seed=5, faults_each=1)
    return folder


def run(*words, status=0):
    done = CliRunner().invoke(app, ["images", *map(str, words)])
    assert done.exit_code == status, (done.output, done.exception)
    return done.output


def refused(*words):
    done = CliRunner().invoke(app, ["images", *map(str, words)])
    assert isinstance(done.exception, ReviewError), done.output
    assert "\n" not in str(done.exception)
    return str(done.exception)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_marks(path, sample, verdicts, strata=None):
    """Marks of the first images of a sample, in order; the rest stay open."""
    rows = rows_of(sample / "marks.csv")
    for row, verdict in zip(rows, verdicts, strict=False):
        row["verdict"] = verdict
    for place, words in (strata or {}).items():
        rows[place]["strata"] = words
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def sample(phantoms, tmp_path):
    table = phantoms / "labels.csv"
    run("audit-sample", phantoms / "films", "--labels", table, "--label", "No Finding",
        "--n", "8", "--seed", "7", "--out", tmp_path / "sample")  # fmt: skip
    return tmp_path / "sample"


# Check


def test_check_counts_every_file(phantoms, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    sources = sorted((phantoms / "films").iterdir())[:4]
    for source in sources:
        (films / source.name).write_bytes(source.read_bytes())
    (films / "broken.png").write_bytes(sources[0].read_bytes()[:300])
    (films / "notes.txt").write_text("not an image")
    output = run("check", films, "--out", tmp_path / "out", status=3)
    assert "6 files: 4 images read, 1 images unreadable, 1 files skipped." in output
    assert "1 images cannot be read (truncated 1)." in output
    images = {row["path"]: row for row in rows_of(tmp_path / "out" / "check-images.csv")}
    assert len(images) == 5
    assert images["broken.png"]["fault"] == "truncated"
    assert rows_of(tmp_path / "out" / "check-skipped.csv") == [
        {"path": "notes.txt", "reason": "not an image"}
    ]
    counts = json.loads((tmp_path / "out" / "check.json").read_text())["counts"]
    assert counts["files"] == counts["readable"] + counts["unreadable"] + counts["skipped"] == 6
    (films / "broken.png").unlink()
    (films / sources[0].name).unlink()
    again = run("check", films, "--out", tmp_path / "out", status=3)
    assert "4 files: 3 images read" in again
    assert "2 images of an earlier run with this --out are missing from the folder." in again


def test_check_refuses_a_wrong_folder(phantoms, tmp_path):
    assert "does not exist" in refused("check", tmp_path / "none", "--out", tmp_path / "out")
    (tmp_path / "file").write_text("")
    line = refused("check", phantoms / "films", "--out", tmp_path / "file" / "out")
    assert "this folder cannot be created" in line


# Label audit


def test_a_sample_is_one_of_each_patient_and_the_same_for_a_seed(phantoms, sample, tmp_path):
    rows = rows_of(sample / "marks.csv")
    labels = {row["file"]: row for row in rows_of(phantoms / "labels.csv")}
    assert len(rows) == 8
    assert len({labels[row["path"]]["patient"] for row in rows}) == 8
    assert all("No Finding" in labels[row["path"]]["labels"] for row in rows)
    assert (sample / "sheet-01.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((sample / "audit-sample.json").read_text())["settings"]["seed"] == 7
    for seed, same in (("7", True), ("8", False)):
        run("audit-sample", phantoms / "films", "--labels", phantoms / "labels.csv",
            "--label", "No Finding", "--n", "8", "--seed", seed,
            "--out", tmp_path / seed)  # fmt: skip
        assert (rows_of(tmp_path / seed / "marks.csv") == rows) is same


def test_a_sample_never_replaces_marks(phantoms, sample):
    words = ("audit-sample", phantoms / "films", "--labels", phantoms / "labels.csv",
             "--label", "No Finding", "--n", "8", "--out", sample)  # fmt: skip
    assert "already contains" in refused(*words, "--seed", "8")
    run(*words, "--seed", "7")  # the same sample, not yet marked
    write_marks(sample / "marks.csv", sample, ["W"])
    assert "already contains" in refused(*words, "--seed", "7")
    assert rows_of(sample / "marks.csv")[0]["verdict"] == "W"


def test_marks_give_the_ppv_beside_a_claim(sample, tmp_path):
    marks = write_marks(tmp_path / "ada.csv", sample, "FFFfWDX", {0: "chest drain"})
    output = run("audit-result", sample, marks, "--claim", "94.3", "--source",
                 "Wang 2017, table 18", "--out", tmp_path / "out", status=3)  # fmt: skip
    assert "1 of 8 images have not been marked yet" in output
    assert "Published: 94.3 % (Wang 2017, table 18), within" in output
    (row,) = rows_of(tmp_path / "out" / "audit-result.csv")
    assert [row[f"counts.{name}"] for name in ("fine", "doubtful", "wrong", "cannot_tell")] == [
        "4", "1", "1", "1",
    ]  # fmt: skip
    assert float(row["ppv_strict.value"]) == pytest.approx(4 / 6, abs=1e-5)
    assert float(row["ppv_lenient.value"]) == pytest.approx(5 / 6, abs=1e-5)
    assert row["unmarked"] == "1"
    (stratum,) = rows_of(tmp_path / "out" / "audit-strata.csv")
    assert (stratum["stratum"], stratum["within.count"]) == ("chest drain", "1")


def test_two_readers_and_an_adjudicator(sample, tmp_path):
    ada = write_marks(tmp_path / "ada.csv", sample, "FFFFWWWW")
    ben = write_marks(tmp_path / "ben.csv", sample, "FFFWWWWW")
    output = run("audit-result", sample, ada, ben, "--out", tmp_path / "out", status=3)
    assert "8 images marked by both, 1 differ, kappa 0.75" in output
    (open_row,) = rows_of(tmp_path / "out" / "audit-open.csv")
    assert (open_row["ada"], open_row["ben"]) == ("fine", "wrong")
    final = write_marks(tmp_path / "carl.csv", sample, ["", "", "", "F"])
    output = run(
        "audit-result", sample, ada, ben, "--adjudicated", final, "--out", tmp_path / "out"
    )
    assert "consensus: 4 fine, 0 doubtful, 4 wrong" in output
    assert "PPV of No Finding: 50.0 % (21.5 to 78.5)" in output
    assert rows_of(tmp_path / "out" / "audit-open.csv") == []


def test_marks_that_cannot_be_used_are_named_with_their_line(sample, tmp_path):
    marks = write_marks(tmp_path / "ada.csv", sample, ["F", "maybe"])
    words = ("audit-result", sample, marks, "--out", tmp_path / "out")
    assert "ada.csv, line 3: 'maybe' is not a valid verdict" in refused(*words)
    marks.write_text("path,verdict\nother.png,F\n")
    assert "line 2: 'other.png' is not an image in this sample" in refused(*words)
    write_marks(marks, sample, [])
    assert "no image is marked" in refused(*words)
    write_marks(marks, sample, ["F"])
    assert "needs a reference" in refused(*words, "--claim", "0.9")
    assert "is not between" in refused(*words, "--claim", "120", "--source", "x")
    assert "written by review images audit-sample" in refused(
        "audit-result", tmp_path, marks, "--out", tmp_path / "o"
    )


def test_wrong_labels_and_columns_are_named(phantoms, tmp_path):
    words = ("audit-sample", phantoms / "films", "--labels", phantoms / "labels.csv",
             "--out", tmp_path / "out", "--label")  # fmt: skip
    assert "no image has the label 'Hernia'; there are" in refused(*words, "Hernia")
    assert "PART=COLUMN" in refused(*words, "Mass", "--column", "patients")
    assert "no column 'subject'" in refused(*words, "Mass", "--column", "patient=subject")


# Sieve, doubles, splits


def test_the_sieve_ranks_and_describes_and_deletes_nothing(phantoms, tmp_path):
    faults = {row["fault"]: row["file"] for row in rows_of(phantoms / "faults.csv")}
    before = sorted(path.name for path in (phantoms / "films").iterdir())
    rejects = tmp_path / "rejects.csv"
    rejects.write_text(f"path,problem,reader\n{faults['inverted']},inverted,ada\n")
    words = ("sieve", phantoms / "films", "--out", tmp_path / "out", "--labels",
             phantoms / "labels.csv", "--kind", "inverted", "--kind", "blank or grey")  # fmt: skip
    output = run(*words, "--rejects", rejects, "--sheets", "1")
    assert f"{len(before)} images ranked." in output
    assert "1 images rejected by a reviewer" in output
    rows = rows_of(tmp_path / "out" / "sieve-ranks.csv")
    assert len(rows) == 2 * len(before)
    first = {row["problem"]: row["path"] for row in rows if row["rank"] == "1"}
    assert first == {"inverted": faults["inverted"], "blank or grey": faults["blank"]}
    manifest = json.loads((tmp_path / "out" / "sieve.json").read_text())
    assert manifest["settings"]["learner"] == "regression"
    assert manifest["counts"]["quality"]["inverted"]["auc"] > 0.9
    assert (tmp_path / "out" / "sieve-blank-or-grey-01.png").exists()
    assert sorted(path.name for path in (phantoms / "films").iterdir()) == before
    (reject,) = rows_of(tmp_path / "out" / "sieve-rejects.csv")
    assert (reject["reader"], reject["problem"]) == ("ada", "inverted")
    assert float(reject["score"]) > 0.5
    groups = rows_of(tmp_path / "out" / "sieve-groups.csv")
    assert {"a person", "suspected"} == {row["rejected_by"] for row in groups}
    run(*words, "--sheets", "0")
    assert not list((tmp_path / "out").glob("sieve-*.png"))  # none is left of the earlier run
    assert "'blurred' is no kind of problem with a detector of its own" in refused(
        *words, "--kind", "blurred"
    )
    assert "'forest' is no learner; use regression or network" in refused(
        *words, "--learner", "forest"
    )
    rejects.write_text("path\nnone.png\n")
    assert "line 2: 'none.png' is not a readable image" in refused(*words, "--rejects", rejects)


def test_doubles_are_listed_with_their_sources(phantoms, tmp_path):
    output = run("doubles", phantoms / "films", "--out", tmp_path / "out", status=3)
    assert "1 images are too blank" in output
    pairs = {
        frozenset((row["first"], row["second"]))
        for row in rows_of(tmp_path / "out" / "doubles.csv")
    }
    planted = {
        frozenset((row["file"], row["source"]))
        for row in rows_of(phantoms / "faults.csv")
        if "exact" in row["fault"] or "scaled" in row["fault"]
    }
    assert len(planted) == 2
    assert planted <= pairs
    assert (tmp_path / "out" / "doubles-01.png").exists()


def test_doubles_between_two_sets(phantoms, tmp_path):
    faulty = {row["file"] for row in rows_of(phantoms / "faults.csv")}
    films = sorted(path for path in (phantoms / "films").iterdir() if path.name not in faulty)
    for name, count in (("train", slice(0, 6)), ("test", slice(5, 10))):
        (tmp_path / name).mkdir()
        for source in films[count]:
            (tmp_path / name / source.name).write_bytes(source.read_bytes())
    run("doubles", tmp_path / "train", tmp_path / "test", "--out", tmp_path / "out", "--no-crops")
    rows = rows_of(tmp_path / "out" / "doubles.csv")
    shared = films[5].name
    assert {"first": shared, "second": shared, "kind": "same bytes"}.items() <= rows[0].items()
    assert "is given twice" in refused(
        "doubles", tmp_path / "train", tmp_path / "train", "--out", tmp_path / "out"
    )


def test_splits_name_patients_and_files_on_both_sides(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(
        "file,patient,age,split\na.png,P1,4,train\nb.png,P1,5,test\nc.png,P2,60,train\n"
        "d.png,P3,61,test\nd.png,P3,61,train\ne.png,P4,50,\n"
    )
    output = run("splits", table, "--out", tmp_path / "out", status=3)
    assert "train and test: 2 patients in both (2 and 2 images); 1 files in both." in output
    assert "1 rows have no split." in output
    assert "5 images, 4 patients." in output
    assert [
        (row["kind"], row["name"]) for row in rows_of(tmp_path / "out" / "splits-shared.csv")
    ] == [("patient", "P1"), ("patient", "P3"), ("file", "d.png")]
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("file,patient\na.png,P1\n")
    two.write_text("file,patient\nb.png,P2\n")
    output = run("splits", one, two, "--out", tmp_path / "two")
    assert "one.csv and two.csv: no patients or files in common." in output
    two.write_text("file,label\nb.png,Mass\n")
    assert "no patient is known in 'two.csv'" in refused(
        "splits", one, two, "--out", tmp_path / "o"
    )


# Subgroups, shortcuts, nonsense


def write_predictions(path, *, patients=True, extra=()):
    """A score that works well among women and poorly among men; every patient has two films."""
    import random

    generator = random.Random(4)
    lines = ["image,patient,sex,race,label,model"]
    for place in range(240):
        sex = "FM"[place // 2 % 2]
        positive = place // 4 % 3 == 0
        spread = 0.15 if sex == "F" else 0.6
        score = min(1, max(0, (0.7 if positive else 0.3) + generator.uniform(-spread, spread)))
        patient = f"P{place // 2}" if patients else ""
        race = "Black" if place < 12 else "White"
        lines.append(f"f{place}.png,{patient},{sex},{race},{int(positive)},{score:.4f}")
    path.write_text("\n".join([*lines, *extra]) + "\n")
    return path


def test_subgroups_give_figures_gaps_proxies_and_a_control(tmp_path):
    table = write_predictions(tmp_path / "predictions.csv")
    words = ("subgroups", table, "--score", "model", "--label", "label", "--attribute", "sex",
             "--attribute", "race", "--draws", "200", "--out", tmp_path / "out")  # fmt: skip
    output = run(*words)
    assert "240 of 240 images have a class; intervals by draws of patients." in output
    assert "race Black: too few images of a class (12 images)." in output
    assert "model against shuffled labels: AUC 0." in output
    rows = {
        (row["attribute"], row["value"]): row for row in rows_of(tmp_path / "out" / "subgroups.csv")
    }
    assert set(rows) == {("all", "all images"), ("sex", "F"), ("sex", "M"), ("race", "White"),
                         ("race", "Black")}  # fmt: skip
    assert float(rows["sex", "F"]["auc.value"]) > float(rows["sex", "M"]["auc.value"]) + 0.1
    assert rows["race", "Black"]["auc.value"] == ""
    gaps = {row["measure"]: row for row in rows_of(tmp_path / "out" / "subgroups-gaps.csv")}
    assert float(gaps["AUC"]["p_holm"]) < 0.05
    assert rows_of(tmp_path / "out" / "subgroups-proxies.csv")
    foretold = {
        (row["attribute"], row["value"]): float(row["auc.value"])
        for row in rows_of(tmp_path / "out" / "subgroups-attributes.csv")
    }
    assert set(foretold) == {("sex", "F"), ("race", "White")}
    assert foretold["sex", "F"] == pytest.approx(0.5, abs=0.15)
    (control,) = rows_of(tmp_path / "out" / "subgroups-shuffled.csv")
    assert float(control["mean"]) == pytest.approx(0.5, abs=0.06)
    assert rows_of(tmp_path / "out" / "subgroups-calibration.csv")
    settings = json.loads((tmp_path / "out" / "subgroups.json").read_text())["settings"]
    assert (settings["seed"], settings["draws"], settings["unit"]) == (0, 200, "patients")
    run(*words, "--unit", "images")
    assert "DeLong" in rows_of(tmp_path / "out" / "subgroups.csv")[0]["auc.method"]


def test_rows_of_predictions_that_cannot_be_used_are_named_and_the_rest_goes_on(tmp_path):
    table = write_predictions(
        tmp_path / "predictions.csv",
        extra=["a.png,P1,F,White,1,1.7", "b.png,P1,F,White,1,", "c.png,P1,F,White,perhaps,0.5",
               "f0.png,P1,F,White,1,0.5", ",P1,F,White,1,0.5", "d.png,P1,F,White,1,high",
               "e.png,,F,White,1,0.5"],
    )  # fmt: skip
    words = ("subgroups", table, "--score", "model", "--label", "label", "--draws", "100",
             "--out", tmp_path / "out")  # fmt: skip
    output = run(*words, status=3)
    assert "244 of 247 images have a class" in output
    for line in ("score outside 0 to 1: 1 images, such as a.png (line 242, model): 1.7.",
                 "score missing: 1 images", "label not understood: 1 images", "no id: 1 images",
                 "repeated id: 1 images, such as f0.png (line 245)",
                 "score not a number: 1 images", "patient missing: 1 images"):  # fmt: skip
        assert line in output
    assert "no column 'other'" in refused(*words, "--score", "other")
    assert "write ATTRIBUTE=GROUP" in refused(*words, "--reference", "sex")
    assert "--unit 'films' is not understood" in refused(*words, "--unit", "films")
    table.write_text("image,label,model\na.png,1,0.5\nb.png,1,0.6\n")
    assert "of one class" in refused(*words)
    table.write_text("image,label,model\na.png,Mass,0.5\nb.png,Nodule,0.6\n")
    assert "say which one is positive" in refused(*words)
    table.write_text("image,model\na.png,0.5\n")
    assert "no column is recognised as the class; name it with --label" in refused(
        "subgroups", table, "--score", "model", "--out", tmp_path / "out"
    )


def test_scores_are_joined_to_labels_in_pairs(tmp_path):
    scores = ["image,one,two"]
    labels = ["file,labels,patient,sex"]
    for place in range(80):
        mass, nodule = place % 4 == 0, place % 4 == 1
        name = "|".join(["Mass"] * mass + ["Nodule"] * nodule) or "No Finding"
        labels.append(f"f{place}.png,{name},P{place},{'FM'[place % 2]}")
        scores.append(f"f{place}.png,{0.9 if mass else 0.1},{0.2 if nodule else 0.8}")
    (tmp_path / "scores.csv").write_text("\n".join(scores))
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    words = ("subgroups", tmp_path / "scores.csv", "--labels", tmp_path / "labels.csv",
             "--draws", "100", "--out", tmp_path / "out")  # fmt: skip
    run(*words, "--pair", "Mass=one", "--pair", "Nodule=two")
    rows = rows_of(tmp_path / "out" / "subgroups.csv")
    overall = {row["model"]: row["auc.value"] for row in rows if row["attribute"] == "all"}
    assert overall == {"one": "1", "two": "0"}
    assert "no image has the label 'Hernia'" in refused(*words, "--pair", "Hernia=one")
    assert "write LABEL=SCORE" in refused(*words, "--pair", "Mass")
    assert "with --finding, or --pair" in refused(*words, "--score", "one")


def test_shortcuts_of_a_table_of_files(tmp_path):
    table = tmp_path / "files.csv"
    lines = ["file,label,bytes,width,height,mode"]
    for place in range(60):
        covid = place % 2 == 0
        lines.append(f"f{place}.png,{'Covid' if covid else 'Normal'},"
                     f"{9000 + place if covid else 5000 + place},100,100,L")  # fmt: skip
    table.write_text("\n".join(lines))
    words = ("shortcuts", table, "--out", tmp_path / "out")
    output = run(*words, "--finding", "Covid", "--against", "Normal")
    assert "Covid, container: AUC 1.00" in output
    first = rows_of(tmp_path / "out" / "shortcuts-features.csv")[0]
    assert (first["name"], first["strength"]) == ("bytes", "1")
    assert "name the label to probe with --finding" in refused(*words)
    assert "no image has the label 'Flu'" in refused(*words, "--finding", "Flu")
    assert "no column 'dose'" in refused(*words, "--finding", "Covid", "--measure", "dose")


def test_shortcuts_of_images_by_label(phantoms, tmp_path):
    words = ("shortcuts", phantoms / "films", "--out", tmp_path / "out")
    assert "--labels CSV" in refused(*words)
    words = (*words, "--labels", phantoms / "labels.csv")
    assert "--by 'colour' is not understood" in refused(*words, "--by", "colour")
    output = run(*words, "--finding", "No Finding", status=0)
    assert "No Finding, pixels: AUC" in output
    families = {row["family"] for row in rows_of(tmp_path / "out" / "shortcuts.csv")}
    assert families == {"pixels", "container", "thumbnail"}
    sheets = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert sheets == ["shortcuts-no-finding-container.png", "shortcuts-no-finding-pixels.png"]


def write_label_tables(folder):
    """Forty films: mined labels that are half wrong, read labels and scores that follow those."""
    mined, read, scores = ["file,labels,patient"], ["file,Opacity,split"], ["file,p"]
    for place in range(40):
        truth = place % 2 == 0
        label = place % 4 < 2
        mined.append(f"f{place}.png,{'Pneumonia' if label else 'No Finding'},P{place}")
        read.append(f"f{place}.png,{'YES' if truth else 'NO'},{'test' if place < 20 else 'val'}")
        scores.append(f"f{place}.png,{0.6 + place / 200 if truth else 0.4 - place / 200}")
    paths = [folder / name for name in ("mined.csv", "read.csv", "scores.csv")]
    for path, lines in zip(paths, (mined, read, scores), strict=True):
        path.write_text("\n".join(lines))
    return paths


def test_nonsense_shows_what_the_errors_truly_are(tmp_path):
    paths = write_label_tables(tmp_path)
    words = ("nonsense", *paths, "--finding", "Pneumonia", "--read-finding", "Opacity",
             "--read-column", "Opacity", "--score", "p", "--out", tmp_path / "out")  # fmt: skip
    output = run(*words)
    assert "40 images: 20 positive by mined labels, 20 as read." in output
    assert "against read labels 1.000 (1.000 to 1.000)" in output
    assert "false positive: 10 images, 100 % truly positive." in output
    assert "20 images: 10 positive" in run(*words, "--read-split", "test")
    cells = rows_of(tmp_path / "out" / "nonsense-images.csv")
    assert len(cells) == 20
    assert "no row has the split 'tets'; there are test, val" in refused(
        *words, "--read-split", "tets"
    )
    assert "no image has the label 'Pneumnia'" in refused(*words, "--finding", "Pneumnia")


def test_a_sheet_of_each_cell_shows_films_drawn_from_it(tmp_path):
    paths = write_label_tables(tmp_path)
    films = tmp_path / "films"
    films.mkdir()
    for place in range(1, 40):  # the first film is gone
        Image.new("L", (40, 40), place * 5).save(films / f"f{place}.png")
    words = ("nonsense", *paths, "--finding", "Pneumonia", "--read-finding", "Opacity",
             "--read-column", "Opacity", "--score", "p", "--images", films,
             "--out", tmp_path / "out")  # fmt: skip
    output = run(*words, status=3)
    assert "1 images drawn for the sheets are not in" in output
    sheets = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert sheets == [
        f"nonsense-{truth}-{called}.png"
        for truth in ("false", "true")
        for called in ("negative", "positive")
    ]
    before = (tmp_path / "out" / sheets[0]).read_bytes()
    run(*words, status=3)
    assert (tmp_path / "out" / sheets[0]).read_bytes() == before


def test_labels_are_compared_beside_a_claim(tmp_path):
    mined, read, _ = write_label_tables(tmp_path)
    claims = tmp_path / "claims.csv"
    claims.write_text("label,precision\nPneumonia,95\n")
    words = ("labels", mined, read, "--finding", "Pneumonia", "--read-finding", "Opacity",
             "--read-column", "Opacity", "--out", tmp_path / "out")  # fmt: skip
    output = run(*words, "--claims", claims, "--source", "Somebody 2020, table 1")
    assert "Claimed for Pneumonia: precision 95.0 % (Somebody 2020, table 1)." in output
    assert "PPV: 10 of 20, 50.0 % (29.9 to 70.1)." in output
    assert "needs its source" in refused(*words, "--claims", claims)
    output = run("labels", mined, read, "--finding", "No Finding", "--read-finding", "Opacity",
                 "--read-column", "Opacity", "--absent", "--out", tmp_path / "out")  # fmt: skip
    assert "PPV: 10 of 20" in output


def test_a_published_list_is_counted_and_compared(tmp_path):
    table, other = tmp_path / "bad.csv", tmp_path / "other.txt"
    table.write_text("file,rotated,inverted\na.png,1,0\nb.png,1,1\na.png,1,0\nc.png,0,1\n")
    other.write_text("a.png\nd.png\n")
    words = ("lists", table, other, "--column", "label=rotated", "--column", "label=inverted",
             "--out", tmp_path / "out")  # fmt: skip
    output = run(*words)
    assert "4 rows name 3 files; 1 have several labels." in output
    assert "rotated: 2 files; 1 of the other list's 2." in output
    other.write_text("file,reader\nb.png,ada\n")
    assert "rotated: 2 files; 1 of the other list's 1." in run(*words)


# Inside a review


def run_in(review, *words, status=0):
    done = CliRunner().invoke(
        app, ["--review", str(review), "--user", "ada", "images", *map(str, words)]
    )
    assert done.exit_code == status, (done.output, done.exception)
    return done.output


def test_a_set_is_added_listed_and_drawn_from(phantoms, tmp_path):
    from review.workflow.setup.loading import init_project

    review = tmp_path / "review"
    review.mkdir()
    init_project(review)
    assert "No image sets yet" in run_in(review, "sets")
    words = ("add", phantoms / "films", "--set", "nih", "--dataset", "chestxray14", "--labels",
             phantoms / "labels.csv")  # fmt: skip
    assert "nih as NIH ChestX-ray8 / ChestX-ray14:" in run_in(review, *words)
    assert "nih (chestxray14):" in run_in(review, "sets")
    output = run_in(review, "draw", "nih", "--label", "No Finding", "--reader", "ada", "--reader",
                    "ben", "--n", "6", "--seed", "2")  # fmt: skip
    assert "6 of " in output and "drawn with seed 2 for ada and ben" in output
    assert "inverted: " in run_in(review, "sieve-set", "nih", "--kind", "inverted")
    assert run_in(review, "findings") == ""
    done = CliRunner().invoke(app, ["--review", str(review), "images", "move", "nih", "none"])
    assert isinstance(done.exception, ReviewError)


def test_a_kind_is_taught_by_marked_examples(phantoms, tmp_path):
    labels = [row for row in rows_of(phantoms / "labels.csv") if row["sex"] == "F"]
    examples = tmp_path / "marks.csv"
    lines = [f"{row['file']},female" for row in labels]
    assert len(lines) >= 20
    examples.write_text("\n".join(["path,problem", *lines[:19]]))
    words = ("sieve", phantoms / "films", "--labels", phantoms / "labels.csv", "--kind", "female",
             "--sheets", "0", "--examples", examples, "--out", tmp_path / "out")  # fmt: skip
    assert "a detector needs 20 of each" in refused(*words)
    examples.write_text("\n".join(["path,problem", *lines]))
    assert "female: " in run(*words)
    assert rows_of(tmp_path / "out" / "sieve-ranks.csv")[0]["problem"] == "female"
    examples.write_text("path,problem\nnone.png,female\n")
    assert "line 2: 'none.png' is not a readable image" in refused(*words)
    examples.write_text("path,problem,verdict\n" + lines[0] + ",perhaps\n")
    assert "'perhaps' is not reject or keep" in refused(*words)


# Bad input


@pytest.fixture
def hostile(tmp_path):
    """A folder with an image of every kind that must not stop the rest."""
    import io
    import struct
    import zlib

    from PIL import Image

    films = tmp_path / "films"
    (films / "twice").mkdir(parents=True)
    stream = io.BytesIO()
    Image.radial_gradient("L").save(stream, "PNG")
    good = stream.getvalue()
    for name in ("one.png", "two.png", "twice/one.png"):
        (films / name).write_bytes(good)
    (films / "truncated.png").write_bytes(good[: len(good) // 2])
    (films / "empty.png").write_bytes(b"")

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0" * 9))
    (films / "bomb.png").write_bytes(bomb + chunk(b"IEND", b""))
    (tmp_path / "outside.png").write_bytes(good)
    (films / "link.png").symlink_to(films / "one.png")
    (films / "escape.png").symlink_to(tmp_path / "outside.png")
    return films


def test_hostile_files_are_named_and_counted_and_the_rest_goes_on(hostile, tmp_path):
    output = run("check", hostile, "--out", tmp_path / "out", status=3)
    assert "8 files: 3 images read, 3 images unreadable, 2 files skipped." in output
    faults = {row["path"]: row["fault"] for row in rows_of(tmp_path / "out" / "check-images.csv")}
    assert (faults["truncated.png"], faults["empty.png"], faults["bomb.png"]) == (
        "truncated", "empty", "too large",
    )  # fmt: skip
    skipped = {
        row["path"]: row["reason"] for row in rows_of(tmp_path / "out" / "check-skipped.csv")
    }
    assert set(skipped) == {"link.png", "escape.png"}
    assert rows_of(tmp_path / "out" / "check-names.csv")[0]["name"] == "one.png"


def test_rows_and_files_that_do_not_meet_are_counted(hostile, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "file,labels\n../outside.png,Mass\none.png,Mass\nnone.png,Mass\ntwo.png,Mass\n"
    )
    output = run("audit-sample", hostile, "--labels", labels, "--label", "Mass", "--n", "5",
                 "--out", tmp_path / "out", status=3)  # fmt: skip
    assert "2 rows match no image in the fol" in output
    drawn = {row["path"] for row in rows_of(tmp_path / "out" / "marks.csv")}
    assert drawn == {"one.png", "two.png"}
    assert "images have no row" in output


def test_splits_may_be_lists_of_files(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(
        "Image Index,Finding Labels,Patient ID\n"
        "a/1.png,Mass,P1\na/2.png,Mass,P2\nb/3.png,Mass,P1\nb/4.png,Mass,P3\nb/5.png,Mass,P4\n"
    )
    (tmp_path / "train.txt").write_text("1.png\na/2.png\n5.png\n9.png\n")
    (tmp_path / "test.txt").write_text("3.png\nb\\4.png\n5.png\n")
    words = ("splits", table, "--out", tmp_path / "out", "--list",
             f"train={tmp_path / 'train.txt'}")  # fmt: skip
    output = run(*words, "--list", f"test={tmp_path / 'test.txt'}", status=3)
    assert "train and test: 2 patients in both (2 and 2 images); 1 files in both." in output
    assert "1 names have no row in the table, first '9.png'" in output
    shared = {(row["kind"], row["name"]) for row in rows_of(tmp_path / "out" / "splits-shared.csv")}
    assert shared == {("patient", "P1"), ("patient", "P4"), ("file", "b/5.png")}
    assert "2 rows have no split" in run(*words, status=3)
    assert "write it as train=train_list.txt" in refused(*words, "--list", "test.txt")
    assert "is given twice" in refused(*words, "--list", f"train={tmp_path / 'test.txt'}")
    (tmp_path / "other.txt").write_text("x.png\n")
    assert "none of its files is in the table" in refused(
        *words, "--list", f"x={tmp_path / 'other.txt'}"
    )
