"""Image sets of a review: added, moved, read by two, sieved, and found out about."""

import json
import shutil

import pytest
from support.image_review import add_films, add_studies, make_films, make_project

from review.errors import ReviewError
from review.store import image_findings, image_sieves, log
from review.workflow.appraisal.forms import active_questions
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports import bundle, image_audits
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.imaging import (
    archive_sieve,
    findings,
    label_reading,
    registered_sets,
    result_runs,
)
from review.workflow.imaging.label_reading import ReadingRequest
from review.workflow.imaging.predictions import SubgroupRequest
from review.workflow.imaging.registered_sets import SetRequest
from review.workflow.safety import audit_log


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return make_films(tmp_path_factory.mktemp("films"), patients=40)


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "review")


@pytest.fixture
def image_set(project, films):
    add_films(project, films)
    return registered_sets.get_set(project, "nih")


# Sets


def test_a_set_is_added_with_its_labels_and_every_file_is_counted(project, films, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(films, copy)
    names = sorted(path.name for path in (copy / "films").iterdir())
    (copy / "films" / names[0]).write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (copy / "films" / "notes.txt").write_text("not an image")
    outcome = add_films(project, copy)
    assert outcome.exit_status == 3
    assert (
        f"{len(names) + 1} files, {len(names) - 1} images read, 1 not readable, 1 files"
        in (outcome.lines[0])
    )
    held = registered_sets.get_set(project, "nih")
    assert (held.dataset, held.readable, held.unreadable) == ("chestxray14", len(names) - 1, 1)
    rows = registered_sets.list_rows(project, held)
    assert len(rows) == len(names)
    assert all(row.patient for path, row in rows.items() if row.labels)
    assert registered_sets.list_labels(project, held)["No Finding"] > 0


def test_an_interrupted_reading_goes_on_where_it_was(project, films):
    class StopError(Exception):
        pass

    def stop(done, total):
        if done >= 10:
            raise StopError

    request = SetRequest(name="nih", folder=films / "films", labels=films / "labels.csv")
    with pytest.raises(StopError):
        registered_sets.add_set(project, request, "ada", progress=stop)
    assert registered_sets.list_sets(project) == []
    outcome = registered_sets.add_set(project, request, "ada")
    again = registered_sets.add_set(project, request, "ada")
    assert outcome.lines[0] == again.lines[0]
    with project.store.read() as conn:
        rows = registered_sets.stored_sets.list_image_sets(conn, all_readings=True)
    assert len(rows) == 2 and rows[0]["manifest"] == rows[1]["manifest"]
    assert len(registered_sets.list_sets(project)) == 1


def test_wrong_names_sets_and_folders_are_refused_in_one_line(project, films, tmp_path):
    for name, dataset, folder, words in (
        ("NIH films", None, films / "films", "no name for an image set"),
        ("nih", "chestxray15", films / "films", "no data set of the registry"),
        ("nih", None, tmp_path / "none", "does not exist"),
    ):
        with pytest.raises(ReviewError, match=words) as caught:
            registered_sets.add_set(
                project, SetRequest(name=name, folder=folder, dataset=dataset), "ada"
            )
        assert "\n" not in str(caught.value)
    with pytest.raises(ReviewError, match="requires the role lead"):
        registered_sets.add_set(project, SetRequest(name="nih", folder=films / "films"), "cleo")
    with pytest.raises(ReviewError, match="no image set 'nih'; there are none yet"):
        registered_sets.get_set(project, "nih")


def test_the_folder_of_a_set_may_move(project, image_set, films, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(films / "films", moved)
    with pytest.raises(ReviewError, match="none of the"):
        registered_sets.move_root(project, "nih", tmp_path, "ada")
    outcome = registered_sets.move_root(project, "nih", moved, "ada")
    assert not outcome.shortfalls
    assert registered_sets.get_set(project, "nih").root == moved.resolve()
    with project.store.read() as conn:
        text = json.dumps(list(log.iter_events(conn)))
    assert str(moved) not in text and str(films) not in text  # where images lie stays here


# Label audit


def draw(project, **values):
    request = ReadingRequest(
        image_set="nih", label="No Finding", readers=("ada", "ben"), n=12, seed=3,
        claim=0.943, claim_source="Wang 2017, table 18", **values,
    )  # fmt: skip
    return label_reading.get_reading(project, label_reading.draw_reading(project, request, "ada"))


def mark_all(project, reading, who, verdicts, strata=()):
    label_reading.save_marks(
        project,
        reading,
        who,
        {
            image: {"verdict": verdict, "strata": strata}
            for (image, _), verdict in zip(reading.drawn, verdicts, strict=True)
        },
    )


def test_two_readers_are_blind_until_both_are_done(project, image_set):
    reading = draw(project)
    assert len(reading.drawn) == 12
    mark_all(project, reading, "ada", ["fine"] * 8 + ["wrong"] * 4)
    assert label_reading.get_result(project, reading) is None
    assert label_reading.get_own_marks(project, reading, "ben") == {}
    with project.store.read() as conn:
        assert label_reading.list_open_audits(conn) == {reading.id}
    with pytest.raises(ReviewError, match="after both readers have finished"):
        mark_all(project, reading, "cleo", ["fine"] * 12)
    mark_all(project, reading, "ben", ["fine"] * 7 + ["wrong"] * 5)
    result = label_reading.get_result(project, reading)
    assert result.comparison.both == 12 and len(result.open_images) == 1
    assert result.comparison.kappa.value == pytest.approx((11 / 12 - 76 / 144) / (1 - 76 / 144))
    with pytest.raises(ReviewError, match="can no longer be changed"):
        mark_all(project, reading, "ben", ["fine"] * 12)
    with pytest.raises(ReviewError, match="can no longer be changed"):
        label_reading.undo_marks(project, reading, "ben")
    with pytest.raises(ReviewError, match="only images on which the readers differ"):
        mark_all(project, reading, "cleo", ["fine"] * 12)
    (image,) = result.open_images
    label_reading.save_marks(project, reading, "cleo", {image: {"verdict": "wrong"}})
    final = label_reading.get_result(project, reading).final
    assert (final.counts.fine, final.counts.wrong) == (7, 5)
    assert final.claim.value == 0.943 and final.claim_holds is False
    sentence = label_reading.describe_result(reading, label_reading.get_result(project, reading))
    assert "7 truly show it: PPV 58.3 %" in sentence
    assert "94.3 % was claimed for it (Wang 2017, table 18)" in sentence


def test_undo_goes_back_step_by_step_and_keeps_every_row(project, image_set):
    reading = draw(project)
    (first, _), (second, _) = reading.drawn[:2]
    label_reading.save_marks(project, reading, "ada", {first: {"verdict": "wrong"}})
    label_reading.save_marks(project, reading, "ada", {first: {"verdict": "doubtful"}})
    label_reading.save_marks(
        project, reading, "ada",
        {second: {"verdict": "fine", "strata": ["chest drain present"]}},
    )  # fmt: skip
    assert label_reading.undo_marks(project, reading, "ada") == 1
    assert list(label_reading.get_own_marks(project, reading, "ada")) == [first]
    assert label_reading.undo_marks(project, reading, "ada") == 1
    marks = label_reading.get_own_marks(project, reading, "ada")
    assert marks[first].verdict == "wrong"
    assert label_reading.undo_marks(project, reading, "ada") == 1
    assert label_reading.get_own_marks(project, reading, "ada") == {}
    assert label_reading.undo_marks(project, reading, "ada") == 0
    label_reading.save_marks(project, reading, "ada", {first: {"verdict": "cannot tell"}})
    marks = label_reading.get_own_marks(project, reading, "ada")
    assert marks[first].verdict == "cannot tell"


def test_marks_and_samples_that_make_no_sense_are_refused(project, image_set):
    reading = draw(project)
    (image, _) = reading.drawn[0]
    with pytest.raises(ReviewError, match="'bad' is not a verdict"):
        label_reading.save_marks(project, reading, "ada", {image: {"verdict": "bad"}})
    with pytest.raises(ReviewError, match="was not drawn"):
        label_reading.save_marks(project, reading, "ada", {10**6: {"verdict": "fine"}})
    for values, words in (
        ({"readers": ("ada", "ada")}, "two different ones"),
        ({"readers": ("zoe",)}, "not on this review's team"),
        ({"claim_source": None}, "needs its source"),
        ({"label": "Hernia"}, "no image has the label 'Hernia'"),
    ):
        request = {"image_set": "nih", "label": "No Finding", "readers": ("ada", "ben"),
                   "claim": 0.9, "claim_source": "x", **values}  # fmt: skip
        with pytest.raises(ReviewError, match=words):
            label_reading.draw_reading(project, ReadingRequest(**request), "ada")


def test_the_logs_keep_readers_blind(project, image_set, tmp_path):
    reading = draw(project)
    mark_all(project, reading, "ben", ["fine"] * 12)

    def read_log(name):
        lines = bundle._write_log(snapshot_at(project), name).decode().splitlines()
        return [json.loads(line) for line in lines]

    assert not [event for event in read_log("ada") if event["event"] == "image_readings"]
    audit_log.write_audit_log(project, tmp_path / "audit.jsonl", "ada")
    entries = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    readings = [entry for entry in entries if entry.get("event") == "image_readings"]
    assert len(readings) == 12 and all("verdict" not in entry for entry in readings)
    assert len([event for event in read_log("ben") if event["event"] == "image_readings"]) == 12
    mark_all(project, reading, "ada", ["fine"] * 12)
    assert len([event for event in read_log("ada") if event["event"] == "image_readings"]) == 24


# Sieve


def test_the_sieve_ranks_marks_and_describes_and_deletes_nothing(project, image_set, films):
    before = sorted(path.name for path in (films / "films").iterdir())
    runs = archive_sieve.run_sieve(project, image_set, "ben", kinds=["inverted"], seed=4)
    (run,) = runs
    assert run.images == image_set.readable and run.auc > 0.9
    first = archive_sieve.list_ranked(project, image_set, run, most=3)
    assert [image.rank for image in first] == [1, 2, 3]
    archive_sieve.mark_images(
        project, "ben", "inverted", {first[0].image: "reject", first[1].image: "keep"},
        {image.image: image.score for image in first},
    )  # fmt: skip
    marked = archive_sieve.list_ranked(project, image_set, run, most=3)
    assert [(image.verdict, image.who) for image in marked] == [
        ("reject", "ben"), ("keep", "ben"), (None, None),
    ]  # fmt: skip
    assert "rejected 1 after the image sieve" in archive_sieve.describe_rejects(project, image_set)
    assert archive_sieve.compare_rejected(project, image_set)
    assert archive_sieve.undo_marks(project, image_set, "ada", "inverted") == 0
    assert archive_sieve.undo_marks(project, image_set, "ben", "inverted") == 2
    assert archive_sieve.list_marks(project, image_set) == []
    with project.store.read() as conn:
        assert len(image_sieves.list_scores(conn, run.id)) == image_set.readable
    assert sorted(path.name for path in (films / "films").iterdir()) == before


def test_a_kind_is_taught_from_twenty_marked_examples(project, image_set, films):
    rows = registered_sets.list_rows(project, image_set)
    paths = sorted(path for path, row in rows.items() if row.view == "AP")
    assert len(paths) >= 20
    archive_sieve.mark_paths(
        project, image_set, "ben", "bedside", dict.fromkeys(paths[:19], "reject")
    )
    with pytest.raises(ReviewError, match="a detector needs 20 of each"):
        archive_sieve.teach_kind(project, image_set, "ben", "bedside")
    archive_sieve.mark_paths(project, image_set, "ben", "bedside", {paths[19]: "reject"})
    run = archive_sieve.teach_kind(project, image_set, "ben", "bedside")
    assert run.taught and run.images == image_set.readable
    with pytest.raises(ReviewError, match="is no image of nih"):
        archive_sieve.mark_paths(project, image_set, "ben", "bedside", {"none.png": "reject"})
    with pytest.raises(ReviewError, match="has its own detector"):
        archive_sieve.teach_kind(project, image_set, "ben", "rotated")


# Runs and findings


def test_runs_keep_their_input_result_and_files(project, image_set, tmp_path):
    run = result_runs.run_splits(project, image_set, "ben")
    assert "patients" in run.lines[0]
    assert result_runs.read_run_table(run, "splits-people.csv")[0]["label"] == "all images"
    assert not (run.folder / "labels.csv").exists()
    doubles = result_runs.run_doubles(project, image_set, "ben", crops=False)
    assert result_runs.read_run_table(doubles, "doubles.csv")
    assert not (doubles.folder / "manifest").exists()  # the set's own is used
    table = tmp_path / "predictions.csv"
    lines = ["image,patient,sex,label,model"]
    for place in range(80):
        lines.append(f"f{place},P{place},{'FM'[place % 2]},{place // 2 % 2},{place % 7 / 7:.2f}")
    table.write_text("\n".join(lines))
    request = SubgroupRequest(scores=("model",), label="label", id="image", draws=100)
    subgroups = result_runs.run_subgroups(project, table, request, "ben")
    for form in ("svg", "png", "pdf"):
        assert (subgroups.folder / f"subgroups-forest-model.{form}").stat().st_size > 1000
    assert [run.kind for run in result_runs.list_runs(project)] == [
        "subgroups", "doubles", "splits",
    ]  # fmt: skip
    with project.store.read() as conn:
        assert all(len(row["input"]) == 64 for row in image_findings.list_runs(conn))


def test_a_finding_is_shown_beside_probast_3_of_every_study_that_used_the_set(project, image_set):
    one, two, other = add_studies(project, 3)
    from review.workflow.bias import flags

    flags.settle_dataset(project, other, "chestxray14", "dismiss", "ada")
    number = findings.add_finding(
        project, "ben", dataset="chestxray14", kind="labels", text="Half of the labels are wrong.",
        image_set=image_set.id,
    )  # fmt: skip
    checklist = get_checklist(project, "probast-2019")
    questions = {question.number: question for question in active_questions(checklist, {})}
    for study, count in ((one, 1), (two, 1), (other, 0)):
        shown = findings.list_question_findings(project, study, checklist, questions["3.1"])
        assert len(shown) == count
        assert not findings.list_question_findings(project, study, checklist, questions["4.1"])
    assert (shown := findings.list_study_findings(project, one))[0].who == "ben"
    assert shown[0].at[:2] == "20"
    findings.withdraw_finding(project, number, "ada")
    assert findings.list_study_findings(project, one) == []
    with pytest.raises(ReviewError, match="no finding number"):
        findings.withdraw_finding(project, number, "ada")
    with pytest.raises(ReviewError, match="no kind of finding"):
        findings.add_finding(project, "ben", dataset="chestxray14", kind="rumour", text="x")


def test_a_set_made_of_another_inherits_its_findings(project):
    (study,) = add_studies(project, 1, dataset="rsna_pneumonia")
    findings.add_finding(
        project, "ben", dataset="chestxray14", kind="doubles", text="Forty films occur twice."
    )
    assert len(findings.list_study_findings(project, study)) == 1


# Export


def test_the_report_holds_finished_audits_figures_and_seeds_but_no_pictures(
    project, image_set, tmp_path
):
    reading = draw(project)
    snapshot = snapshot_at(project)
    assert "images/audits.csv" in image_audits.build_files(snapshot)
    assert image_audits.list_finished_audits(project) == []
    mark_all(project, reading, "ada", ["fine"] * 6 + ["wrong"] * 6)
    mark_all(project, reading, "ben", ["fine"] * 6 + ["wrong"] * 6)
    result_runs.run_doubles(project, image_set, "ben", crops=False)
    files = image_audits.build_files(snapshot_at(project))
    audits = files["images/audits.csv"].decode().splitlines()
    assert len(audits) == 2 and "ada; ben" in audits[1] and ",0.943," in audits[1]
    assert not [name for name in files if name.endswith(".png")]
    asked = image_audits.build_files(snapshot_at(project), pictures=True)
    assert [name for name in asked if name.endswith("doubles-01.png")]
    manifest = json.loads(files["images/manifest.json"])
    assert manifest["audits"] == [{"audit": reading.id, "label": "No Finding", "seed": 3}]
    assert len(manifest["image_sets"][0]["manifest_sha256"]) == 64
    sentence = image_audits.write_methods_sentence(snapshot_at(project))
    assert "Two readers marked 12 random images labelled No Finding (seed 3, kappa 1.00)" in (
        sentence
    )
    assert "PPV 50.0 %." in sentence
    assert image_audits.build_files(snapshot_at(make_project(tmp_path / "other"))) == {}


def test_columns_of_a_page_are_words_and_figures_are_rounded():
    row = {"attribute": "sex", "auc.value": "0.87654", "auc.low": "", "p_holm": "0.1",
           "at_threshold.sensitivity.value": "1", "duplicate_names": "a; b"}  # fmt: skip
    assert result_runs.name_columns([row]) == [
        {"Attribute": "sex", "AUC": 0.877, "AUC from": None, "P (Holm)": "0.100",
         "Sensitivity": 1.0, "Duplicate names": "a; b"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("2e-5", "< 0.001"), ("0", "< 0.001"), ("0.001", "0.001"), ("0.0314", "0.031"), ("", None)],
)
def test_a_small_p_value_is_no_zero_on_the_page(cell, shown):
    assert result_runs.name_columns([{"p": cell}]) == [{"P": shown}]


def test_a_run_names_tables_as_the_person_knows_them(project, image_set):
    folder = project.folder / "images" / "tables"
    folder.mkdir(parents=True)
    table = folder / "0123456789ab-predictions.csv"
    rows = [f"f{n},P{n},{'FM'[n % 2]},{n // 2 % 2},{n % 7 / 7:.2f}" for n in range(80)]
    table.write_text("\n".join(["image,patient,sex,label,model", *rows, "f80,P80,F,2,0.5"]))
    request = SubgroupRequest(scores=("model",), label="label", id="image", positive="1", draws=100)
    run = result_runs.run_subgroups(project, table, request, "ben")
    splits = result_runs.run_splits(project, image_set, "ben")
    assert run.title == "predictions.csv: model"
    for line in (*run.lines, *run.shortfalls, *splits.lines, *splits.shortfalls):
        assert str(project.folder) not in line and "0123456789ab" not in line
        assert "images/results" not in line and "images/tables" not in line
