"""A report is verified against its manifest, as a folder and as a ZIP file."""

import json
import shutil
import zipfile

import pytest
from support import reporting
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.workflow.exports import bundle, folder, prisma, snapshot
from review.workflow.exports import manifest as verifying


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    project = reporting.whole(tmp_path_factory.mktemp("verified") / "review")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prisma, "DPIS", (20,))
        return bundle.build_report_files(snapshot.snapshot_at(project))


@pytest.fixture
def out(files, tmp_path):
    folder.write_files(files, tmp_path / "out")
    return tmp_path / "out"


def run(*words):
    return CliRunner().invoke(app, ["verify", *map(str, words)])


def test_a_report_as_written_is_whole_and_says_so(out, files):
    done = run(out)
    assert done.exit_code == 0, done.output
    assert f"All {len(files) - 1:,} files are unchanged" in done.output
    assert "'Imaging AI', as of 2020-05-02" in done.output


def test_each_file_that_differs_or_is_missing_has_a_line_and_the_status_tells(out):
    methods = out / "methods.md"
    methods.write_bytes(methods.read_bytes().replace(b"records", b"Records"))
    (out / "records" / "included.ris").unlink()
    (out / "tables" / "notes.txt").write_text("ours")
    done = run(out)
    assert done.exit_code == 1
    told = done.output.splitlines()
    assert told[:3] == [
        "Changed: methods.md",
        "Missing: records/included.ris",
        "Not part of this report: tables/notes.txt",
    ]
    assert json.loads(run(out, "--json").output)["changed"] == ["methods.md"]


def test_files_beside_a_report_are_named_and_no_fault(out):
    for n in range(25):
        (out / f"own-{n:02}.txt").write_text("ours")
    done = run(out)
    assert done.exit_code == 0
    assert "Not part of this report: own-19.txt" in done.output
    assert (
        "own-20.txt" not in done.output and "Not part of this report: 5 more files" in done.output
    )


def test_a_zip_is_held_against_its_manifest_too(files, tmp_path):
    whole = tmp_path / "whole.zip"
    whole.write_bytes(bundle.pack_zip(files))
    assert run(whole).exit_code == 0
    less = tmp_path / "less.zip"
    with zipfile.ZipFile(less, "w") as book:
        for name, data in files.items():
            if name != "log.jsonl":
                book.writestr(name, data if name != "prisma.csv" else data + b"\n")
    done = run(less)
    assert done.exit_code == 1
    assert done.output.splitlines()[:2] == [
        "Changed: prisma.csv",
        "Missing: log.jsonl",
    ]


def test_bytes_damaged_inside_a_zip_are_named(files, tmp_path):
    place = tmp_path / "damaged.zip"
    data = bytearray(bundle.pack_zip(files))
    with zipfile.ZipFile(tmp_path / "damaged.zip", "w"):
        pass
    place.write_bytes(data)
    with zipfile.ZipFile(place) as book:
        info = book.getinfo("log.jsonl")
    at = info.header_offset + 30 + len(info.filename) + 20
    data[at : at + 8] = bytes(255 - one for one in data[at : at + 8])
    place.write_bytes(data)
    found = verifying.verify_report(place)
    assert found.changed == ("log.jsonl",) and not found.missing


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (None, "manifest.json not found"),
        ("[]", "not the manifest of a report"),
        ('{"files": {"a": 1}}', "not the manifest of a report"),
        ("\x00", "not the manifest of a report"),
        ('{"files": {}}', "lists no files"),
    ],
)
def test_what_is_no_report_is_said_in_one_line(tmp_path, manifest, said):
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(ReviewError, match=said):
        verifying.verify_report(tmp_path)


def test_a_file_that_is_no_zip_is_said_so(tmp_path):
    (tmp_path / "report.docx").write_text("words")
    with pytest.raises(ReviewError, match="not a folder or a readable ZIP"):
        verifying.verify_report(tmp_path / "report.docx")


def test_a_place_that_is_not_there_has_no_manifest(tmp_path):
    with pytest.raises(ReviewError, match=r"manifest\.json not found"):
        verifying.verify_report(tmp_path / "none")


def test_an_export_over_an_older_one_names_what_is_left_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(prisma, "DPIS", (20,))
    project = reporting.whole(tmp_path / "review")
    words = ["--review", str(project.folder), "--user", "ada", "export", "all", str(tmp_path / "o")]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0 and "earlier report" not in first.output
    assert "review verify" in first.output
    older = tmp_path / "o" / "manifest.json"
    told = json.loads(older.read_text())
    shutil.copy(tmp_path / "o" / "prisma.svg", tmp_path / "o" / "figures" / "gone.svg")
    told["files"]["figures/gone.svg"] = told["files"]["prisma.svg"]
    older.write_text(json.dumps(told))
    again = CliRunner().invoke(app, words)
    named = "  Left over from an earlier report, not part of this one: figures/gone.svg"
    assert named in again.output.splitlines()
