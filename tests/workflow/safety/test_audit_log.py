"""The audit log: a row that is changed, taken out or added is named."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from support.acts import act_at_random
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.workflow.project import accounts
from review.workflow.safety import audit_log, backups
from review.workflow.screening.decisions import NewDecision, add_decision

ROOT = Path(__file__).parents[3]
TA = "title-abstract"


@pytest.fixture
def project(tmp_path, database):
    made = studies(tmp_path / "r", [Record("embase", title=f"Study {n}") for n in range(1, 9)])
    act_at_random(made, 40, 3)
    yield made
    made.store.close()


def write(project, tmp_path, who="lea"):
    path = tmp_path / "audit.jsonl"
    return path, audit_log.write_audit_log(project, path, who)


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def save(path, entries):
    path.write_text("".join(f"{audit_log._dump(entry)}\n" for entry in entries))


def find(entries, event, nth=0):
    """Place of a row of a kind."""
    return [place for place, entry in enumerate(entries) if entry.get("event") == event][nth]


def chain_again(entries):
    """What a forger without the key can do: every number and hash made anew."""
    previous = audit_log._hash("", entries[0])
    for number, row in enumerate(entries[1:-1], 1):
        content = {k: v for k, v in row.items() if k not in ("n", "prev", "chain")}
        row.update(n=number, prev=previous)
        previous = row["chain"] = audit_log._hash(previous, {"n": number, **content})
    entries[-1].update(rows=len(entries) - 2, head=previous)


def test_a_log_as_it_was_written_is_intact(project, tmp_path):
    accounts.add_user(project, "ada", "a long password", "ada")
    path, written = write(project, tmp_path)
    rows = read(path)[1:-1]
    assert written.rows == len(rows) > 20 and written.sealed == 0
    for known in (None, project):
        assert audit_log.check_audit_log(path, known) == audit_log.AuditResult(len(rows), 0, ())
    assert "argon2" not in path.read_text() and "password" in path.read_text()
    assert {row["event"] for row in rows} >= {"decisions", "records", "protocols", "accounts"}
    assert path.stat().st_mode & 0o077 == (project.folder / "audit.key").stat().st_mode & 0o077 == 0
    add_decision(project, NewDecision(8, TA, "ada", "include"))  # what comes later is no fault
    assert audit_log.check_audit_log(path, project).faults == ()
    with pytest.raises(ReviewError, match="already"):
        audit_log.write_audit_log(project, path, "lea")


@pytest.mark.parametrize("rechained", [False, True])
def test_a_changed_row_is_named(project, tmp_path, rechained):
    path, _ = write(project, tmp_path)
    entries = read(path)
    place = find(entries, "decisions", 2)
    entries[place]["verdict"] = (
        "exclude" if entries[place].get("verdict") != "exclude" else "unsure"
    )
    if rechained:
        chain_again(entries)
    save(path, entries)
    name = f"decisions {entries[place]['id']}"
    alone = audit_log.check_audit_log(path).faults
    if rechained:
        assert any("the signature does not fit" in line for line in alone)
    else:
        assert [line for line in alone if name in line and "was changed" in line]
    assert [line for line in audit_log.check_audit_log(path, project).faults if name in line]


@pytest.mark.parametrize("where", ["first", "middle", "last", "two"])
@pytest.mark.parametrize("rechained", [False, True])
def test_a_missing_row_is_named(project, tmp_path, where, rechained):
    path, _ = write(project, tmp_path)
    entries = read(path)
    last = len(entries) - 2
    gone = {"first": [1], "middle": [9], "last": [last], "two": [9, 10]}[where]
    removed = [entries[place] for place in gone]
    entries = [entry for place, entry in enumerate(entries) if place not in gone]
    if rechained:
        chain_again(entries)
    save(path, entries)
    alone = audit_log.check_audit_log(path).faults
    said = f"row {gone[0]} is missing" if len(gone) == 1 else "rows 9 to 10 are missing"
    if rechained:
        assert any("the signature does not fit" in line for line in alone)
    else:
        assert said in alone
    if rechained and where != "last":
        told = " ".join(audit_log.check_audit_log(path, project).faults)
        assert all(f"{row['event']} {row['id']} of the store is missing" in told for row in removed)


def test_an_added_or_moved_row_and_a_missing_end_are_named(project, tmp_path):
    path, _ = write(project, tmp_path)
    entries = read(path)
    save(path, [*entries[:5], {**entries[4], "id": 999}, *entries[5:]])
    assert any("was added" in line for line in audit_log.check_audit_log(path).faults)
    save(path, [*entries[:5], entries[6], entries[5], *entries[7:]])
    assert audit_log.check_audit_log(path).faults
    save(path, entries[:-1])
    assert audit_log.check_audit_log(path).faults == (
        "the end of the log, with its signature, is missing",
    )


def test_another_reviews_key_is_not_taken(project, tmp_path):
    """A forger who signs with a key of their own, and says so in the heading."""
    path, _ = write(project, tmp_path)
    entries = read(path)
    own = audit_log._load_key(tmp_path, make=True)
    entries[0]["public_key"] = audit_log._get_public_key(own)
    chain_again(entries)
    end = {key: value for key, value in entries[-1].items() if key != "signature"}
    entries[-1]["signature"] = own.sign(audit_log._dump(end).encode()).hex()
    save(path, entries)
    faults = audit_log.check_audit_log(path, project).faults
    assert "the log was signed with a key that is not this review's" in faults


def test_a_row_changed_in_the_store_is_named(project, tmp_path):
    path, _ = write(project, tmp_path)
    with project.store.write() as conn:
        conn.execute(text("update decisions set verdict = 'unsure', reviewer = 'eve' where id = 2"))
        conn.execute(text("delete from decisions where id = 3"))
    faults = audit_log.check_audit_log(path, project).faults
    assert any("decisions 2," in line and "not what the store holds" in line for line in faults)
    assert any("decisions 3," in line and "no longer in the store" in line for line in faults)
    assert len(faults) == 2


def test_a_lead_who_reviews_reads_nothing_of_open_records(tmp_path):
    project = studies(tmp_path / "r", [Record("embase", title=f"Study {n}") for n in (1, 2)])
    add_decision(project, NewDecision(1, TA, "ben", "exclude", note="Ben's secret"))
    path, written = write(project, tmp_path, "ada")
    assert written.sealed == 1 and "secret" not in path.read_text()
    (row,) = [row for row in read(path) if "sealed" in row]
    assert set(row) == {"n", "prev", "chain", "event", "id", "sealed"}
    assert audit_log.check_audit_log(path, project).faults == ()
    with project.store.write() as conn:
        conn.execute(text("update decisions set verdict = 'include'"))
    (fault,) = audit_log.check_audit_log(path, project).faults
    assert "decisions 1" in fault and "not what the store holds" in fault


def test_other_files_are_refused_and_only_the_lead_writes(project, tmp_path):
    for body, said in (
        ("", "not a log"),
        ("{}\n", "not a log"),
        ("[1]\n", "line 1"),
        ("x", "line 1"),
    ):
        (tmp_path / "x").write_text(body)
        with pytest.raises(ReviewError, match=said):
            audit_log.check_audit_log(tmp_path / "x")
    with pytest.raises(ReviewError, match="ben does not have permission"):
        audit_log.write_audit_log(project, tmp_path / "y", "ben")


def test_the_command_and_a_restored_review_check_the_same_log(tmp_path):
    project = studies(tmp_path / "r", [Record("embase", title="Study")])
    start = [sys.executable, "-m", "review.cli", "--review", str(tmp_path / "r"), "--user", "lea"]
    path = tmp_path / "a.jsonl"

    def run(*words):
        return subprocess.run([*start, *words], capture_output=True, text=True, cwd=ROOT)

    assert "rows, signed" in run("audit", str(path)).stdout
    assert run("audit", "--check", str(path)).returncode == 0
    backups.write_backup(project, tmp_path / "b.zip", "lea")
    backups.restore_backup(tmp_path / "b.zip", tmp_path / "again", {})
    from review.workflow.setup.loading import open_project

    assert audit_log.check_audit_log(path, open_project(tmp_path / "again")).faults == ()
    path.write_text(path.read_text().replace("Study", "Studio", 1).replace('"embase"', '"x"', 1))
    done = run("audit", "--check", "--alone", str(path))
    assert done.returncode == 1 and "NOT INTACT" in done.stdout and "was changed" in done.stdout
