"""A backup made while others write, restored: the same state and the same exports."""

import threading
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest
from support.acts import act_at_random, build_exports, read_state
from support.archives import LOCKED, UNKNOWN_METHOD, spoil
from support.disks import fill, small_disk
from support.postgres import emptied
from support.small import studies

from review.errors import ReviewError, StoreError
from review.models import Record
from review.protocol.models import find_stage
from review.store import raw_answers
from review.store.timestamps import utc_now
from review.workflow.fulltexts.attachments import attach_pdf
from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser
from review.workflow.safety import backup_archive, backups
from review.workflow.screening import reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def make(folder, count=12):
    return studies(
        folder, [Record("embase", title=f"Study {n}", year=2020) for n in range(1, count + 1)]
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_restored_review_is_the_same(tmp_path, database, seed):
    project = make(tmp_path / "r")
    act_at_random(project, 60, seed)
    attach_pdf(project, 1, "a.pdf", b"%PDF-1.4 one", "ada")
    raw = raw_answers.save_response(project.folder, b"<answer/>")
    state, exports = read_state(project), build_exports(project)
    backup = backups.write_backup(project, tmp_path / "b.zip", "ada")
    assert backup.manifest.rows["records"] == 12 and backup.manifest.missing == ()
    backups.restore_backup(tmp_path / "b.zip", tmp_path / "again", {})  # into SQLite, from either
    again = open_project_on_sqlite(tmp_path / "again")
    assert read_state(again) == state
    assert build_exports(again) == exports
    assert raw_answers.load_response(again.folder, raw) == b"<answer/>"
    assert act_at_random(again, 10, 3) > 0
    assert (tmp_path / "again" / "review.db").stat().st_mode & 0o077 == 0
    for one in (project, again):
        one.store.close()


def open_project_on_sqlite(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        return open_project(folder, who="ada")


def test_a_backup_is_restored_into_a_server_that_goes_on_from_there(
    tmp_path, postgres_server, monkeypatch
):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    project = make(tmp_path / "r")
    act_at_random(project, 40, 5)
    state = read_state(project)
    backups.write_backup(project, tmp_path / "b.zip", "ada")
    url = emptied(postgres_server)
    backups.restore_backup(tmp_path / "b.zip", tmp_path / "again", {"DATABASE_URL": url})
    assert not (tmp_path / "again" / "review.db").exists()
    with pytest.raises(StoreError, match="holds a review already"):
        backups.restore_backup(tmp_path / "b.zip", tmp_path / "third", {"DATABASE_URL": url})
    assert not (tmp_path / "third").exists()
    monkeypatch.setenv("DATABASE_URL", url)
    again = open_project(tmp_path / "again", who="ada")
    assert read_state(again) == state
    assert act_at_random(again, 20, 6) > 0  # new rows get numbers of their own
    for one in (project, again):
        one.store.close()


def test_what_is_acknowledged_before_a_backup_is_in_it_and_nothing_half(tmp_path, database):
    """Others press keys all the while: the copy is one moment of the review."""
    project = make(tmp_path / "r", 60)
    stage = find_stage(project.protocol, "screening")
    stop, acknowledged = threading.Event(), []

    def press():
        for number in range(1, 61):
            if stop.is_set():
                return
            reviewing.save_decision(project, stage, "ada", number, "include")
            acknowledged.append(number)

    thread = threading.Thread(target=press)
    thread.start()
    while len(acknowledged) < 5:
        stop.wait(0.01)
    before = list(acknowledged)
    backup = backups.write_backup(project, tmp_path / "b.zip", "ada")
    stop.set()
    thread.join()
    backups.restore_backup(tmp_path / "b.zip", tmp_path / "again", {})
    again = open_project_on_sqlite(tmp_path / "again")
    state = read_state(again)
    kept = {n: one[0] for n, one in state["computed"][stage.id].items()}
    assert state["kept"][stage.id] == kept
    assert {n for n, one in kept.items() if one == "partial"} >= set(before)
    assert backup.manifest.rows["decisions"] == sum(one == "partial" for one in kept.values())
    for one in (project, again):
        one.store.close()


def test_a_restore_signs_nobody_in(tmp_path):
    project = make(tmp_path / "r")
    accounts.add_user(project, "ada", "a long password", "ada")
    token = accounts.sign_in(project, "ada", "a long password")
    assert accounts.get_current_user(project, token)
    backups.write_backup(project, tmp_path / "b.zip", "ada")
    backups.restore_backup(tmp_path / "b.zip", tmp_path / "again", {})
    again = open_project(tmp_path / "again", who="ada")
    assert accounts.get_current_user(again, token) is None
    assert accounts.sign_in(again, "ada", "a long password")


def rewrite(source, target, name, data):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            body = old.read(info)
            if info.filename == name:
                if data is None:
                    continue
                body = data(body)
            new.writestr(info, body)
        new.comment = old.comment


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("folder/protocol.yaml", lambda body: body + b"#", "folder/protocol.yaml was changed"),
        ("review.db", lambda body: body[:-1] + b"x", "review.db was changed"),
        ("folder/protocol.yaml", None, "folder/protocol.yaml is missing"),
        ("manifest.json", lambda body: body.replace(b'"ada"', b'"eve"'), "list of files"),
        ("manifest.json", lambda _: b"{}", "not a backup"),
        ("manifest.json", lambda body: body.replace(b'"format": 1', b'"format": 9'), "newer"),
    ],
)
def test_a_changed_backup_is_refused_and_leaves_nothing(tmp_path, name, change, said):
    project = make(tmp_path / "r")
    backups.write_backup(project, tmp_path / "b.zip", "ada")
    rewrite(tmp_path / "b.zip", tmp_path / "bad.zip", name, change)
    with pytest.raises(StoreError, match=said):
        backups.restore_backup(tmp_path / "bad.zip", tmp_path / "again", {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.zip", "bad.zip", "r"]


def test_a_backup_that_is_cut_short_is_refused(tmp_path):
    project = make(tmp_path / "r")
    path = backups.write_backup(project, tmp_path / "b.zip", "ada").path
    data = path.read_bytes()
    for size in (0, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "cut.zip").write_bytes(data[:size])
        with pytest.raises(StoreError, match=r"cut\.zip"):
            backups.check_backup(tmp_path / "cut.zip")


@pytest.mark.parametrize("fault", [LOCKED, UNKNOWN_METHOD])
def test_a_backup_that_cannot_be_unpacked_is_refused_in_one_line(tmp_path, fault):
    project = make(tmp_path / "r")
    path = backups.write_backup(project, tmp_path / "b.zip", "ada").path
    path.write_bytes(spoil(path.read_bytes(), fault))
    with pytest.raises(StoreError, match=r"b\.zip: this is not a backup"):
        backups.check_backup(path)


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path):
    for name in ("folder/../x", "/etc/x", "folder/a/../../x", "folder/c:/x", "folder/a\\..\\x"):
        with pytest.raises(StoreError, match="leads out"):
            backup_archive._get_place(tmp_path / "b.zip", tmp_path, name)


def test_nothing_is_overwritten_and_a_full_disk_leaves_nothing(tmp_path, new_store):
    project = make(tmp_path / "r")
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(StoreError, match="already"):
        backups.write_backup(project, tmp_path / "b.zip", "ada")
    with pytest.raises(StoreError, match="not empty"):
        backups.restore_backup(tmp_path / "b.zip", tmp_path / "r", {})
    with small_disk(tmp_path / "disk", 1) as disk:
        fill(disk)
        with pytest.raises(StoreError, match="cannot be written"):
            backups.write_backup(project, disk / "b.zip", "ada")
        assert [p.name for p in disk.iterdir()] == ["filler"]


def test_a_pdf_that_is_gone_from_the_folder_is_named(tmp_path):
    project = make(tmp_path / "r")
    digest = attach_pdf(project, 1, "a.pdf", b"%PDF-1.4 one", "ada")
    (project.folder / "files" / digest[:2] / f"{digest}.pdf").unlink()
    backup = backups.write_backup(project, tmp_path / "b.zip", "ada")
    assert backup.manifest.missing == (f"files/{digest[:2]}/{digest}.pdf",)
    assert "1 files were missing" in backups.format_backup(backup)[-1]


def test_the_last_fourteen_days_are_kept(tmp_path):
    project = make(tmp_path / "r")
    folder = backups.get_backup_folder(project)
    for day in range(17):
        at = NOON + timedelta(days=day)
        assert backups.run_due_backup(project, at) is not None
        assert backups.run_due_backup(project, at + timedelta(hours=3)) is None
    names = [path.name[6:16] for path in backups.list_daily_backups(folder)]
    assert names == [f"{NOON + timedelta(days=day):%Y-%m-%d}" for day in range(3, 17)]
    backup = backups.check_backup(backups.list_daily_backups(folder)[-1])
    assert not any("backups/" in file.name for file in backup.manifest.files)


def test_a_number_of_days_in_the_protocol_counts_and_none_turns_them_off(tmp_path):
    project = make(tmp_path / "r")
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text() + "backups: {keep: 2, folder: safe}\n")
    project = open_project(project.folder, who="ada")
    for day in range(4):
        backups.run_due_backup(project, NOON + timedelta(days=day))
    assert len(backups.list_daily_backups(project.folder / "safe")) == 2
    path.write_text(path.read_text().replace("keep: 2", "keep: 0"))
    project = open_project(project.folder, who="ada")
    assert backups.run_due_backup(project, NOON + timedelta(days=9)) is None
    assert "off" in backups.format_backup_state(project, backups.get_backup_state(project, NOON))


def test_a_backup_that_fails_keeps_the_ones_before_and_is_said(tmp_path):
    project = make(tmp_path / "r")
    backups.run_due_backup(project, NOON)
    stop = threading.Event()
    thread = threading.Thread(target=backups.keep_daily_backups, args=(project, stop))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(project.store), "check_pages", lambda _: "page 7 is wrong")
        thread.start()
        problem = project.folder / "backups" / backups.PROBLEM_FILE
        while not problem.exists():
            stop.wait(0.05)
        stop.set()
        thread.join()
    state = backups.get_backup_state(project, utc_now())
    assert "page 7 is wrong" in state.problem and state.kept == 1


def test_an_unforeseen_error_is_noted_and_the_daily_backups_go_on(tmp_path, monkeypatch):
    project = make(tmp_path / "r")
    (project.folder / "backups").mkdir()
    stop, problems = threading.Event(), []

    def attempt(own, at):
        note = project.folder / "backups" / backups.PROBLEM_FILE
        problems.append(note.read_text() if note.exists() else None)
        if len(problems) == 1:
            raise RuntimeError("a bug")
        if len(problems) == 3:
            stop.set()

    monkeypatch.setattr(backups, "run_due_backup", attempt)
    monkeypatch.setattr(backups, "CHECK_SECONDS", 0.01)
    backups.keep_daily_backups(project, stop)
    assert "the server's log" in problems[1] and "a bug" not in problems[1]
    assert problems[0] is problems[2] is None


def test_the_overview_says_when_the_last_backup_was_made(tmp_path):
    project = make(tmp_path / "r")

    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import overview
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        overview.render_page(open_project(Path(folder)))

    def draw():
        person = CurrentUser("ada", ("lead", "reviewer"))
        args = (str(project.folder), person)
        app = AppTest.from_function(script, args=args, default_timeout=300).run()
        assert not app.exception
        return " ".join(one.value for one in app.caption)

    assert "No backup yet" in draw()
    backups.run_due_backup(project, utc_now())
    assert "1 daily backup kept" in draw()


def test_only_the_lead_makes_a_backup_of_everything(tmp_path):
    project = make(tmp_path / "r")
    with pytest.raises(ReviewError, match="ben does not have permission"):
        backups.write_backup(project, tmp_path / "b.zip", "ben")
    add_decision(project, NewDecision(1, "title-abstract", "ben", "include"))
