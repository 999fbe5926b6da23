"""The file commands in separate processes: exit status and output."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.samples import EXPORTS, MIXED_LIBRARY

from review.store import decisions, records
from review.workflow.setup.loading import init_project, open_project

COUNT = 2000
RIS = "".join(
    f"TY  - JOUR\nTI  - Title {n} about imaging\nAU  - Li, W.\nPY  - 2020\nDO  - 10.1234/{n}\n"
    f"AB  - Abstract of record {n}.\nER  - \n\n"
    for n in range(1, COUNT + 1)
)


def run(*words: str, folder: Path, user: str = "ada") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "review.cli", "--user", user, *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, env=environment()
    )


def environment() -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root, "COLUMNS": "200", "NO_COLOR": "1"}


@pytest.fixture
def review(tmp_path: Path) -> Path:
    init_project(tmp_path / "review")
    return tmp_path / "review"


def test_a_dry_run_needs_no_review_and_prints_one_object_a_record(tmp_path: Path) -> None:
    done = run("import", str(EXPORTS / "pubmed.nbib"), "--dry-run", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(objects) == 3
    wanted = {
        "title",
        "authors",
        "year",
        "journal",
        "doi",
        "pmid",
        "pmcid",
        "arxiv_id",
        "abstract",
        "source_id",
    }
    assert all(wanted <= one.keys() for one in objects)
    assert objects[0]["pmid"] == "90776991"
    assert not (tmp_path / "review.db").exists()


def test_an_import_says_that_its_records_name_several_databases(review: Path) -> None:
    done = run("import", str(EXPORTS / "library.xml"), folder=review)
    assert done.returncode == 0, done.stderr
    named = ", ".join(f"{name} {count}" for name, count in MIXED_LIBRARY.items())
    assert f"under the database each one names: {named}." in done.stdout
    plain = run("import", str(EXPORTS / "ieee.csv"), folder=review)
    assert "database" not in plain.stdout


def test_a_dry_run_prints_the_rejected_ones_and_fails(tmp_path: Path) -> None:
    (tmp_path / "cut.ris").write_text(RIS[:400])
    done = run("import", "cut.ris", "--dry-run", "--json", folder=tmp_path)
    assert done.returncode == 1
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["rejected"] is True
    assert last["number"] == len(done.stdout.splitlines())
    assert "truncated" in last["reason"]
    assert last["raw"].startswith("TY  - JOUR")
    assert len(done.stderr.strip().splitlines()) == 1
    kept = run("import", "cut.ris", "--dry-run", "--json", "--keep-good", folder=tmp_path)
    assert kept.returncode == 0
    assert kept.stdout == done.stdout


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03", b"hello\n"])
def test_what_is_no_export_is_one_line_and_status_1(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong.ris").write_bytes(content)
    done = run("import", "wrong.ris", "--dry-run", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("review: wrong.ris: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_wrong_command_line_is_status_2(tmp_path: Path) -> None:
    assert run("import", folder=tmp_path).returncode == 2


def test_import_decide_export_round(review: Path) -> None:
    (review / "s.ris").write_text(RIS[: RIS.index("TY", 400)])
    done = run("import", "s.ris", "--source", "embase", folder=review)
    assert done.returncode == 0, done.stderr
    assert "s.ris (embase): " in done.stdout
    again = run("import", "s.ris", folder=review)
    assert "Nothing was added" in again.stdout
    decided = run(
        "decide", "R000001", "--stage", "title-abstract", "--verdict", "include", folder=review
    )
    assert decided.returncode == 0, decided.stderr
    undone = run("decide", "R000001", "--stage", "title-abstract", "--withdraw", folder=review)
    assert "withdrawn by ada" in undone.stdout
    neither = run("decide", "R000001", "--stage", "title-abstract", folder=review)
    assert neither.returncode == 1
    stranger = run(
        "decide",
        "R000001",
        "--stage",
        "title-abstract",
        "--verdict",
        "include",
        folder=review,
        user="mallory",
    )
    assert stranger.returncode == 1
    assert "not a reviewer" in stranger.stderr
    for form, name in (("ris", "records.ris"), ("csv", "records.csv"), ("json", "records.json")):
        wrote = run("export", form, folder=review)
        assert wrote.returncode == 0, wrote.stderr
        assert "R000001" in (review / name).read_text(encoding="utf-8-sig")


def test_a_bad_file_among_good_ones_fails_alone(review: Path) -> None:
    (review / "a.ris").write_text(RIS[:300])
    (review / "b.ris").write_text(RIS[: RIS.index("TY", 400)])
    done = run("import", "a.ris", "b.ris", "--source", "EMBASE", folder=review)
    assert done.returncode == 1
    assert done.stderr.startswith("review: a.ris: 1 of ")
    assert "b.ris (embase): " in done.stdout


def test_decisions_are_imported_and_bad_lines_named(review: Path) -> None:
    (review / "s.ris").write_text(RIS[: RIS.index("TY", 400)])
    run("import", "s.ris", folder=review)
    head = "record,stage,reviewer,verdict\n"
    (review / "d.csv").write_text(head + "R000001,title-abstract,ada,include\nR000777,,ada,no\n")
    done = run("import-decisions", "d.csv", folder=review)
    assert done.returncode == 1
    assert "line 3" in done.stderr
    kept = run("import-decisions", "d.csv", "--keep-good", "--json", folder=review)
    assert kept.returncode == 3
    assert json.loads(kept.stdout)["added"] == 1


def batches_and_counts(review: Path) -> tuple[int, int, int]:
    project = open_project(review, who="ada")
    with project.store.read() as conn:
        return (
            len(records.list_batches(conn)),
            records.count_records(conn),
            len(decisions.list_decisions(conn)),
        )


def killed(words: list[str], review: Path, after: float) -> bool:
    """Runs a command and kills it with SIGKILL; False where it was done before."""
    command = [sys.executable, "-m", "review.cli", "--user", "ada", *words]
    process = subprocess.Popen(
        command,
        cwd=review,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    return process.wait(timeout=120) == -signal.SIGKILL


def test_a_killed_import_leaves_the_whole_batch_or_none(review: Path) -> None:
    (review / "s.ris").write_text(RIS)
    began = time.monotonic()
    assert run("import", "s.ris", "--dry-run", folder=review).returncode == 0
    reading = time.monotonic() - began
    struck = 0
    for tenth in (5, 9, 11, 13):
        struck += killed(["import", "s.ris"], review, reading * tenth / 10)
        batches, count, _ = batches_and_counts(review)
        assert (batches, count) in ((0, 0), (1, COUNT))
    assert struck > 0
    run("import", "s.ris", folder=review)
    assert batches_and_counts(review)[:2] == (1, COUNT)


def test_a_killed_decision_batch_is_whole_or_absent(review: Path) -> None:
    (review / "s.ris").write_text(RIS)
    assert run("import", "s.ris", folder=review).returncode == 0
    lines = "".join(
        f"R{n:06d},title-abstract,{who},include\n"
        for n in range(1, COUNT + 1)
        for who in ("ada", "ben")
    )
    (review / "d.csv").write_text("record,stage,reviewer,verdict\n" + lines)
    struck = 0
    for after in (0.5, 0.9, 1.3, 1.7):
        struck += killed(["import-decisions", "d.csv"], review, after)
        batches, _, entered = batches_and_counts(review)
        assert (batches, entered) in ((1, 0), (2, 2 * COUNT))
    assert struck > 0
    run("import-decisions", "d.csv", folder=review)
    assert batches_and_counts(review) == (2, COUNT, 2 * COUNT)


def test_a_day_of_the_search_is_taken_or_refused_in_one_line(review: Path) -> None:
    (review / "s.ris").write_text(RIS[: RIS.index("TY", 400)])
    for words in ("2999-01-01", "last week", "03/04/2026"):
        refused = run("import", "s.ris", "--searched", words, folder=review)
        assert refused.returncode == 1
        assert len(refused.stderr.strip().splitlines()) == 1
        assert "--searched" in refused.stderr
    done = run("import", "s.ris", "--searched", "2026-03-12", "--json", folder=review)
    assert json.loads(done.stdout)["searched"] == "2026-03-12"


def test_every_line_left_out_is_named_in_text_and_json(review: Path) -> None:
    (review / "s.ris").write_text(RIS[: RIS.index("TY", 800)])
    run("import", "s.ris", "--source", "embase", folder=review)
    (review / "d.csv").write_text(
        "record,reviewer,verdict\nR000001,ada,include\nR000001,ada,exclude\nR000555,ada,yes\n"
        "R000002,ada,include\nR000002,ada,include\nR000003,ada,splendid\n"
    )
    whole = run("import-decisions", "d.csv", folder=review)
    assert whole.returncode == 1
    for line in (2, 3, 4, 7):
        assert f"Not imported: line {line}: " in whole.stdout
    assert len(whole.stderr.strip().splitlines()) == 1
    kept = run("import-decisions", "d.csv", "--keep-good", "--json", folder=review)
    assert kept.returncode == 3
    [said] = [json.loads(line) for line in kept.stdout.splitlines()]
    assert [one["number"] for one in said["rejected"]] == [2, 3, 4, 7]
    assert [(one["number"], one["first"]) for one in said["repeated"]] == [(6, 5)]
    assert said["added"] == 1
    assert Path(review / said["rejected_path"]).suffix == ".csv"
