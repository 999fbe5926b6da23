"""`review images ...` on phantoms: tables, sheets, manifest, summary and exit status."""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import pytest
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
    assert "6 files: 4 images read, 1 images not readable, 1 files skipped." in output
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
    assert "2 images of an earlier run in this --out are not in the folder." in again


def test_check_refuses_a_wrong_folder(phantoms, tmp_path):
    assert "does not exist" in refused("check", tmp_path / "none", "--out", tmp_path / "out")
    (tmp_path / "file").write_text("")
    line = refused("check", phantoms / "films", "--out", tmp_path / "file" / "out")
    assert "this folder cannot be made" in line


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
    assert "already holds" in refused(*words, "--seed", "8")
    run(*words, "--seed", "7")  # the same sample, not yet marked
    write_marks(sample / "marks.csv", sample, ["W"])
    assert "already holds" in refused(*words, "--seed", "7")
    assert rows_of(sample / "marks.csv")[0]["verdict"] == "W"


def test_marks_give_the_ppv_beside_a_claim(sample, tmp_path):
    marks = write_marks(tmp_path / "ada.csv", sample, "FFFfWDX", {0: "chest drain"})
    output = run("audit-result", sample, marks, "--claim", "94.3", "--source",
                 "Wang 2017, table 18", "--out", tmp_path / "out", status=3)  # fmt: skip
    assert "1 of 8 images are not marked yet" in output
    assert "Claimed: 94.3 % (Wang 2017, table 18), within" in output
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
    assert "ada.csv, line 3: 'maybe' is not a verdict" in refused(*words)
    marks.write_text("path,verdict\nother.png,F\n")
    assert "line 2: 'other.png' is not an image of this sample" in refused(*words)
    write_marks(marks, sample, [])
    assert "no image is marked" in refused(*words)
    write_marks(marks, sample, ["F"])
    assert "needs its source" in refused(*words, "--claim", "0.9")
    assert "is not between" in refused(*words, "--claim", "120", "--source", "x")
    assert "audit-sample wrote" in refused("audit-result", tmp_path, marks, "--out", tmp_path / "o")


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
    assert "1 images rejected by a person" in output
    rows = rows_of(tmp_path / "out" / "sieve-ranks.csv")
    assert len(rows) == 2 * len(before)
    first = {row["problem"]: row["path"] for row in rows if row["rank"] == "1"}
    assert first == {"inverted": faults["inverted"], "blank or grey": faults["blank"]}
    assert (tmp_path / "out" / "sieve-blank-or-grey-01.png").exists()
    assert sorted(path.name for path in (phantoms / "films").iterdir()) == before
    (reject,) = rows_of(tmp_path / "out" / "sieve-rejects.csv")
    assert (reject["reader"], reject["problem"]) == ("ada", "inverted")
    assert float(reject["score"]) > 0.5
    groups = rows_of(tmp_path / "out" / "sieve-groups.csv")
    assert {"a person", "suspected"} == {row["rejected_by"] for row in groups}
    run(*words, "--sheets", "0")
    assert not list((tmp_path / "out").glob("sieve-*.png"))  # none is left of the earlier run
    assert "is no kind of problem" in refused(*words, "--kind", "blurred")
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
    assert "1 rows name no split." in output
    assert "5 images, 4 patients." in output
    assert [
        (row["kind"], row["name"]) for row in rows_of(tmp_path / "out" / "splits-shared.csv")
    ] == [("patient", "P1"), ("patient", "P3"), ("file", "d.png")]
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("file,patient\na.png,P1\n")
    two.write_text("file,patient\nb.png,P2\n")
    output = run("splits", one, two, "--out", tmp_path / "two")
    assert "one.csv and two.csv: no patient and no file in both." in output
    two.write_text("file,label\nb.png,Mass\n")
    assert "no patient is known in 'two.csv'" in refused(
        "splits", one, two, "--out", tmp_path / "o"
    )
