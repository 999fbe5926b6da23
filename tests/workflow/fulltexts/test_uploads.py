"""PDFs given in the app: matched, asked, warned of, replaced and removed, with their history."""

import io
import threading
import zipfile
from pathlib import Path

import pytest
from support.archives import LOCKED, UNKNOWN_METHOD, spoil
from support.papers import STUDY_TITLE, UNRELATED_DOI, draw_pdf

from review.errors import FullTextError
from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.fulltexts import attachments, background
from review.workflow.fulltexts.uploads import (
    attach_checked_pdf,
    attach_uploads,
    list_sought_reports,
    remove_pdf,
)
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three reports whose full texts are sought, and one that was excluded before."""
    init_project(tmp_path / "review")
    opened = open_project(tmp_path / "review", who="ada")
    given = [
        Record("embase", title=STUDY_TITLE),
        Record("embase", title="Wheat yields under drought", doi=UNRELATED_DOI),
        Record("embase", title="Segmentation of the pancreas on abdominal MRI of adults"),
        Record("embase", title="Not about imaging at all"),
    ]
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        records.add_records(conn, batch, list(enumerate(given, 1)), utc_now())
        status.rebuild_statuses(opened, conn)
    stage = opened.protocol.stages[0].id
    for number in range(1, 5):
        for name in ("ada", "ben"):
            verdict = "exclude" if number == 4 else "include"
            add_decision(opened, NewDecision(number, stage, name, verdict))
    return opened


def pack(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_pdf", ".pdf"), data)
    return stream.getvalue()


def list_states(project: Project) -> dict[str, str]:
    return {one.key: one.state for one in list_sought_reports(project)}


def test_pdfs_of_an_archive_find_their_records(project: Project) -> None:
    archive = pack(
        folder__study_pdf=draw_pdf("study.pdf"),
        other__study_pdf=draw_pdf("unrelated.pdf"),
        notes_txt=b"not a PDF",
    )
    done = attach_uploads(project, [("papers.zip", archive)], "ada")
    outcomes = {result.name: (result.state, result.keys) for result in done.results}
    assert outcomes == {
        "study.pdf": ("attached", ("R000001",)),
        "study (2).pdf": ("attached", ("R000002",)),
    }
    assert not done.unassigned
    assert list_states(project) == {
        "R000001": "attached",
        "R000002": "attached",
        "R000003": "missing",
    }
    (first, *_) = list_sought_reports(project)
    assert (first.file_name, first.attached_by) == ("study.pdf", "ada")


def test_a_pdf_that_two_records_may_be_is_kept_to_be_assigned(project: Project) -> None:
    with project.store.write() as conn:
        conn.exec_driver_sql(
            "update records set data = json_set(data, '$.title', :1) where id = 3", (STUDY_TITLE,)
        )
    given = [("paper.pdf", draw_pdf("study.pdf")), ("broken.pdf", b"no pdf")]
    done = attach_uploads(project, given, "ada")
    outcomes = {result.name: (result.state, result.keys) for result in done.results}
    assert outcomes == {
        "broken.pdf": ("not_pdf", ()),
        "paper.pdf": ("ask", ("R000001", "R000003")),
    }
    assert dict(done.unassigned) == {"paper.pdf": draw_pdf("study.pdf")}
    assert set(list_states(project).values()) == {"missing"}


def test_a_name_that_the_first_pages_belie_is_warned_of(project: Project) -> None:
    done = attach_uploads(project, [("R000003.pdf", draw_pdf("study.pdf"))], "ada")
    (result,) = done.results
    assert result.warning == ("its name says R000003, but its first pages are those of R000001")
    right = attach_uploads(project, [("R000001 study.pdf", draw_pdf("study.pdf"))], "ada")
    assert right.results[0].warning is None
    stranger = attach_uploads(project, [("R000003.pdf", draw_pdf("unknown.pdf"))], "ada")
    assert stranger.results[0].warning == (
        "its name says R000003, but that title is not on its first pages"
    )


def test_an_upload_of_another_paper_is_warned_of(project: Project) -> None:
    study, unrelated = draw_pdf("study.pdf"), draw_pdf("unrelated.pdf")
    assert attach_checked_pdf(project, 1, "a.pdf", study, "ada") is None
    assert attach_checked_pdf(project, 2, "b.pdf", unrelated, "ada") is None
    warning = attach_checked_pdf(project, 3, "c.pdf", study, "ada")
    assert warning is not None and warning.startswith("This PDF seems to be R000001")
    with project.store.write() as conn:
        conn.exec_driver_sql("update records set title = 'Nothing alike', doi = null where id = 1")
        conn.exec_driver_sql(
            """update records set data = json_set(data, '$.title', 'Nothing alike') where id = 1"""
        )
    missing = attach_checked_pdf(project, 3, "c.pdf", study, "ada")
    assert missing is not None and "not on the first pages" in missing


def test_a_pdf_is_replaced_and_removed_and_the_history_tells(project: Project) -> None:
    before = compute_flow(project)
    attach_checked_pdf(project, 3, "wrong.pdf", draw_pdf("study.pdf"), "ada")
    attach_checked_pdf(project, 3, "other.pdf", draw_pdf("unrelated.pdf"), "ada")
    path = attachments.find_pdf(project, 3)
    assert path is not None and path.read_bytes() == draw_pdf("unrelated.pdf")
    remove_pdf(project, 3, "ada")
    assert attachments.find_pdf(project, 3) is None
    assert list_states(project)["R000003"] == "missing"
    assert compute_flow(project) == before
    view = listing.get_record_view(project, "R000003", CurrentUser("ada", ("lead",)))
    lines = [event.what for event in view.history if "PDF" in event.what]
    assert lines == [
        "attached the PDF wrong.pdf (R000003)",
        "attached the PDF other.pdf (R000003)",
        "removed the PDF other.pdf (R000003)",
    ]
    with pytest.raises(FullTextError, match="no PDF is attached"):
        remove_pdf(project, 3, "ada")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pack(readme_txt=b"x"), "contains 0 PDFs"),
        (b"PK\x03\x04 broken", "damaged or protected"),
        (spoil(pack(a_pdf=b"x"), LOCKED), "damaged or protected"),
        (spoil(pack(a_pdf=b"x"), UNKNOWN_METHOD), "damaged or protected"),
    ],
)
def test_a_bad_archive_is_refused_in_one_line(project: Project, data: bytes, message: str) -> None:
    with pytest.raises(FullTextError, match=f"^papers.zip: .*{message}"):
        attach_uploads(project, [("papers.zip", data)], "ada")


def test_the_search_for_open_copies_tells_how_far_it_is(project: Project) -> None:
    attach_checked_pdf(project, 2, "b.pdf", draw_pdf("unrelated.pdf"), "ada")
    search = background.start_search(project, "ada")
    for thread in threading.enumerate():
        if thread.name == "open-copies":
            thread.join(120)
    assert background.get_search(project) is search and not search.is_running
    assert (search.done, search.total, search.problem) == (2, 2, None)
    assert search.describe() == (
        "Search for open copies finished: 0 found, 2 without an open copy."
    )
    assert list_states(project)["R000001"] == "not retrieved"


def test_a_search_for_open_copies_that_breaks_off_says_so(project: Project, monkeypatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(background, "fetch_pdfs", fail)
    search = background.start_search(project, "ada")
    for thread in threading.enumerate():
        if thread.name == "open-copies":
            thread.join(120)
    assert not search.is_running and search.problem == background.UNFORESEEN
