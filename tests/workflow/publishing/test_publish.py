"""Publishing: only settled results, an edition only where something is new, never half a page."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support import appraising, reporting
from support.sites import find_faults, find_feed_faults
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.models import Answer, Record
from review.store import answers, editions, notes
from review.store.answers import FormEvent
from review.store.editions import Edition
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.appraisal.adjudication import finish_form
from review.workflow.appraisal.forms import AnswerInput, add_answer
from review.workflow.exports import prisma
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.publishing import folders
from review.workflow.publishing.content import find_address
from review.workflow.publishing.editions import list_site_editions
from review.workflow.publishing.publish import (
    describe_preview,
    pack_zip,
    publish,
    publish_folder,
    publish_zip,
)
from review.workflow.setup.loading import open_project

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path):
    return reporting.whole(tmp_path / "review")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A published review, to be copied."""
    folder = tmp_path_factory.mktemp("published")
    made = reporting.whole(folder / "review")
    publish_folder(made, folder / "page", who="ada")
    made.store.close()
    return folder


def read_folder(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_all(publication):
    return b"\n".join(publication.files.values()).decode("utf-8", "replace")


def test_the_page_is_complete_safe_and_accessible(project, tmp_path):
    publication = publish_folder(project, tmp_path / "page", who="ada")
    files = read_folder(tmp_path / "page")
    assert files == publication.files and find_faults(files) == []
    assert find_feed_faults(files["feed.xml"]) == []
    assert {"studies/R000001.html", "figures/prisma.svg", "data/included.ris"} <= files.keys()
    study = files["studies/R000001.html"].decode()
    assert "We trained on 12 images." in study and "https://doi.org/10.5555/pubmed.1" in study
    assert (tmp_path / "page").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_publishing_twice_makes_one_edition_and_touches_nothing(project, tmp_path):
    first = publish_folder(project, tmp_path / "page", who="ada")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "page").rglob("*")}
    second = publish_folder(project, tmp_path / "page", who="ada")
    assert (first.is_new, second.is_new, second.is_written) == (True, False, False)
    assert second.edition == first.edition and len(list_site_editions(project)) == 1
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "page").rglob("*")} == before
    elsewhere = publish_folder(project, tmp_path / "other", who="ada")
    assert not elsewhere.is_new and read_folder(tmp_path / "other") == first.files


def test_a_change_makes_an_edition_that_tells_it(database, project, tmp_path):
    publish_folder(project, tmp_path / "page", who="ada")
    reporting.updated(project)
    publication = publish_folder(project, tmp_path / "page", who="ada")
    assert publication.edition.number == 2 and publication.is_new
    assert "Scopus searched on 1 August 2020: 3 records." in publication.edition.changes
    assert publication.edition.changes[0].startswith("Newly included: ")
    files = read_folder(tmp_path / "page")
    assert "Scopus searched" in files["editions.html"].decode()
    assert find_faults(files) == [] and find_feed_faults(files["feed.xml"]) == []
    assert "edition-1" in files["editions.html"].decode()


SECRETS = ("note-of-ada", "comment-of-ada", "quote-of-ada", "quote-of-cleo", "rejected-abstract")


def enter(project, record, who, key, quote, *, role="reviewer", answer="yes", finish=True):
    """One answer of a form on PROBAST that is never settled."""
    at = reporting.day("2020-06-02")
    with project.store.write() as conn:
        row = Answer(record, "probast-2019", key, who, answer, at, quote, 1, "comment-of-ada", role)
        answers.add_answers(conn, [row])
        if finish:
            answers.add_form_event(conn, FormEvent(record, "probast-2019", who, "finished", at))


def test_nothing_private_is_published(project):
    reporting.updated(project)
    with project.store.write() as conn:
        notes.add_note(
            conn,
            1,
            stage="title-abstract",
            reviewer="ada",
            text="note-of-ada",
            at=reporting.day("2020-06-01"),
        )
    enter(project, 7, "ada", "sq-1.1", "quote-of-ada")  # waits for a second form
    enter(project, 12, "ada", "sq-1.1", "quote-of-ada")
    enter(project, 12, "ben", "sq-1.1", "quote-of-ada", answer="no")  # they differ
    enter(project, 13, "ada", "sq-1.1", "quote-of-ada", finish=False)
    enter(project, 13, "cleo", "sq-1.1", "quote-of-cleo", role="consensus", finish=False)
    publication = publish_zip(project, who="ada")
    text = read_all(publication)
    for secret in SECRETS:
        assert secret not in text, secret
    for name in ("ada", "ben", "cleo", "dan"):
        assert not re.search(rf"\b{name}\b", text), name
    assert "Words." not in publication.files["data/included.ris"].decode()  # the abstracts
    assert "pubmed.ris" not in text  # the names of imported files
    content = json.loads(publication.files["edition.json"])["content"]
    assert content["unsettled"] == 3


def test_what_waits_is_told_without_the_names_of_files(tmp_path):
    project = reporting.started(tmp_path / "review")
    reporting.bring(project, "scopus", range(1, 6), "2020-02-01")
    assert any("scopus.ris" in note for note in prisma.list_notes(snapshot_at(project)))
    publication = publish_zip(project, who="ada")
    notes = json.loads(publication.files["edition.json"])["content"]["notes"]
    assert any(note.startswith("All records of Scopus (5 records)") for note in notes)
    assert any("not been compared for duplicates" in note for note in notes)
    assert "scopus.ris" not in read_all(publication)
    assert "This review is in progress" in publication.files["index.html"].decode()


def test_a_comment_written_for_the_consensus_is_published(project):
    enter(project, 1, "cleo", "sq-1.1", "quote", role="consensus", finish=False)
    assert "comment-of-ada" in read_all(publish_zip(project, who="ada"))


def test_once_settled_a_form_is_published_without_its_reviewers_comments(tmp_path):
    project = appraising.review_in(
        tmp_path / "review", reports=1, quality="reviewers: 1, who: [ada]"
    )
    appraising.kind(project, 1, "traditional", "ada")
    form = appraising.full(project, "rqs-1.0") | appraising.RQS_GOOD
    appraising.fill(project, 1, "rqs-1.0", "ada", form, finish=False)
    commented = AnswerInput(
        1, "rqs-1.0", "open", "code", quote="The code is public.", comment="comment-of-ada"
    )
    add_answer(project, commented, "ada")
    finish_form(project, 1, "rqs-1.0", "ada")
    assert appraising.standing(project, 1)[0] == "included"
    publication = publish_zip(project, who="ada")
    [study] = json.loads(publication.files["edition.json"])["content"]["studies"]
    assert [form["tool"] for form in study["forms"]] == ["RQS"]
    text = read_all(publication)
    assert "The code is public." in text and "comment-of-ada" not in text


@pytest.mark.parametrize(
    "foreign", ["notes.txt", "studies/R000001.bak", ".git/config", "empty.html"]
)
@pytest.mark.parametrize("published", [True, False])
def test_a_folder_with_other_files_is_refused_in_one_line(template, tmp_path, foreign, published):
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    project = open_project(tmp_path / "review", who="ada")
    reporting.updated(project)
    out = tmp_path / ("page" if published else "mine")
    path = out / foreign
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    before = read_folder(out)
    with pytest.raises(ReviewError, match=re.escape(foreign)) as error:
        publish_folder(project, out, who="ada")
    assert "\n" not in str(error.value)
    assert read_folder(out) == before and len(list_site_editions(project)) == 1


def test_a_file_and_the_page_of_another_review_are_refused(template, tmp_path):
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    project = open_project(tmp_path / "review", who="ada")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ReviewError, match="not a folder"):
        publish_folder(project, tmp_path / "file", who="ada")
    other = reporting.whole(tmp_path / "other")
    publish_folder(other, tmp_path / "of-other", who="ada")
    before = read_folder(tmp_path / "of-other")
    with pytest.raises(ReviewError, match="another review"):
        publish_folder(project, tmp_path / "of-other", who="ada")
    assert read_folder(tmp_path / "of-other") == before


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"funnel_page": 1}', '{"funnel_page": 2}', "[" * 100_000, "\x00"]
)
def test_a_damaged_edition_file_is_one_clear_line(template, tmp_path, text):
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    project = open_project(tmp_path / "review", who="ada")
    (tmp_path / "page" / "edition.json").write_text(text)
    with pytest.raises(ReviewError, match=r"edition\.json of a published review") as error:
        publish_folder(project, tmp_path / "page", who="ada")
    assert "\n" not in str(error.value)


def test_after_an_older_backup_the_folder_knows_the_missing_editions(template, tmp_path):
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    shutil.copytree(template / "review", tmp_path / "backup")
    project = open_project(tmp_path / "review", who="ada")
    reporting.updated(project)
    second = publish_folder(project, tmp_path / "page", who="ada").edition
    restored = open_project(tmp_path / "backup", who="ada")
    third = publish_folder(restored, tmp_path / "page", who="ada")
    assert (third.edition.number, third.is_new) == (3, True)
    assert [one.uid for one in list_site_editions(restored)][1] == second.uid
    assert any(line.startswith("No longer included") for line in third.edition.changes)
    reporting.decide(project, 13, "quality", "exclude", "2020-09-01", "late", role="adjudicator")
    publish_zip(project, who="ada")  # a third edition that the folder does not know
    with pytest.raises(ReviewError, match="another copy of this review"):
        publish_folder(project, tmp_path / "page", who="ada")


def test_the_address_is_kept_and_must_be_one(project, tmp_path):
    page = tmp_path / "page"
    with pytest.raises(ReviewError, match="not an address"):
        publish_folder(project, page, who="ada", address="javascript:alert(1)")
    assert not page.exists() and list_site_editions(project) == []
    publish_folder(project, page, who="ada", address="https://example.org/r")
    publication = publish_folder(project, page, who="ada")
    assert not publication.is_written
    assert b"https://example.org/r/feed.xml" in publication.files["feed.xml"]


def test_a_zip_holds_the_page_in_one_folder(project, tmp_path):
    import io
    import zipfile

    publication = publish(project, tmp_path / "page.zip", who="ada")
    archive = zipfile.ZipFile(io.BytesIO((tmp_path / "page.zip").read_bytes()))
    assert {f"review-page/{name}" for name in publication.files} == set(archive.namelist())
    assert pack_zip(publication) == (tmp_path / "page.zip").read_bytes()


@pytest.mark.parametrize("person", ["ben", "cleo", "dan"])
def test_only_the_lead_publishes(project, tmp_path, person):
    for act in (
        lambda: publish_folder(project, tmp_path / "page", who=person),
        lambda: publish_zip(project, who=person),
        lambda: describe_preview(project, who=person),
    ):
        with pytest.raises(ReviewError, match=f"{person} does not have permission"):
            act()
    assert not (tmp_path / "page").exists() and list_site_editions(project) == []


def test_the_preview_says_what_becomes_public_and_makes_nothing(project):
    lines = "\n".join(describe_preview(project, who="ada"))
    assert "3 included reports" in lines and "Not published: names of the team" in lines
    assert "New in edition 1:" in lines and list_site_editions(project) == []
    publish_zip(project, who="ada")
    assert "Nothing has changed since edition 1." in describe_preview(project, who="ada")


def test_the_command_publishes_and_says_what_is_new(project, tmp_path):
    start = ["--review", str(project.folder), "--user", "ada", "publish"]
    done = CliRunner().invoke(app, [*start, str(tmp_path / "page")])
    assert done.exit_code == 0, done.output
    assert "Published edition 1" in done.output and "3 reports included" in done.output
    done = CliRunner().invoke(app, [*start, str(tmp_path / "page")])
    assert "Nothing has changed since edition 1" in done.output
    done = CliRunner().invoke(app, [*start, str(tmp_path / "page"), "--preview"])
    assert done.exit_code == 0 and "This becomes public:" in done.output


KILLED = """
import sys
from pathlib import Path
from review.workflow.publishing.folders import replace_folder
out, can_exchange = Path(sys.argv[1]), sys.argv[2] == "1"
if not can_exchange:
    from review.workflow.publishing import folders
    folders._exchange = lambda new, folder: False
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    replace_folder(out, {f"{n}/{turn % 2}.html": bytes([65 + turn % 2]) * 5000 for n in range(40)})
"""


@pytest.mark.parametrize("can_exchange", ["1", "0"])
def test_a_kill_at_any_moment_leaves_one_whole_edition(tmp_path, can_exchange):
    out = tmp_path / "page"
    for delay in (0.01, 0.03, 0.07, 0.2, 0.31):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(out), can_exchange],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert child.stdout.readline() == b"ready\n"
        while not out.exists():  # the first edition is there
            time.sleep(0.01)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        if can_exchange == "0":
            folders.recover_folder(out)
        files = read_folder(out)
        assert len(files) == 40 and len(set(files.values())) == 1, delay
        assert len({Path(name).name for name in files}) == 1


def test_unfinished_folders_of_killed_publications_are_removed_later(tmp_path):
    out = tmp_path / "page"
    stale, fresh = tmp_path / ".page.abc.new", tmp_path / ".page.def.new"
    for folder in (stale, fresh):
        folder.mkdir()
    os.utime(stale, (1, 1))
    folders.replace_folder(out, {"index.html": b"x"})
    assert not stale.exists() and fresh.exists() and read_folder(out) == {"index.html": b"x"}


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReviewError, match="cannot be written") as error:
        folders.replace_folder(tmp_path / "file" / "page", {"index.html": b"x"})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("other", "address"),
    [
        ({"doi": '10.1/a"<b> c'}, "https://doi.org/10.1/a%22%3Cb%3E%20c"),
        ({"pmid": "123"}, "https://pubmed.ncbi.nlm.nih.gov/123/"),
        ({"arxiv_id": "cs/0112017"}, "https://arxiv.org/abs/cs/0112017"),
        ({"urls": ("javascript:x", "https://a.org/1")}, "https://a.org/1"),
        ({"urls": ("file:///x",)}, None),
    ],
)
def test_papers_are_linked_by_their_best_address(other, address):
    assert find_address(replace(Record("embase"), **other)) == address


def test_a_published_letter_stays_in_later_exports_and_not_in_earlier_ones(project):
    before = snapshot_at(project)
    report = before.included[0]
    label = before.labels[report]
    edition = Edition(
        number=1,
        uid="7c1a8a4e-0000-4000-8000-000000000001",
        at=utc_now(),
        day=before.day,
        digest="0" * 64,
        changes=(),
    )
    shown = {"studies": [{"key": format_record_key(report), "label": f"{label}c"}]}
    with project.store.write() as conn:
        editions.add_edition(conn, edition, shown, who="ada")
    assert snapshot_at(project).labels[report] == f"{label}c"
    assert snapshot_at(project, before.day).labels[report] == label
