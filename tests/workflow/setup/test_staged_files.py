"""The files of a protocol and of forms follow their store: a commit that fails leaves them as they
were, and if a process was killed around it, the next opening finishes or drops the change."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.workflow.appraisal.instruments import OWN_CHECKLISTS_FOLDER
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import (
    form_versions,
    protocol_amendments,
    protocol_draft,
    staged_files,
)
from review.workflow.setup.extraction_forms import ExtractionField
from review.workflow.setup.form_versions import FormDraft
from review.workflow.setup.loading import open_project
from review.workflow.setup.protocol_amendments import read_protocol_text

NOTE = "# a later note\n"
FORM = "what-we-extract"


@pytest.fixture
def project(tmp_path, database):
    opened = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2)])
    add_decision(opened, NewDecision(1, "title-abstract", "ada", "include"))
    yield opened
    opened.store.close()


def build_draft(project):
    draft = form_versions.start_form(project, None, [])
    field = ExtractionField(name="Vendor")
    return FormDraft(replace(draft.form, id=FORM, title="What we extract", fields=(field,)))


def amend(project, *, note=NOTE):
    """Adds a note to the protocol and a form that it names."""
    before = read_protocol_text(project)
    after = protocol_draft.set_values(before, {("appraisal", "extraction"): FORM})
    protocol_amendments.amend_protocol(
        project,
        after + note,
        "ada",
        "asked for",
        seen=open_project(project.folder).fingerprint,
        drafts={FORM: build_draft(project)} if after != before else {},
    )


def get_form_path(project):
    return project.folder / OWN_CHECKLISTS_FOLDER / f"{FORM}.yaml"


def list_notes(project):
    return [version.why for version in protocol_amendments.list_versions(project)]


def break_commit(conn):
    """Makes the commit of this transaction fail in the database itself."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("pragma defer_foreign_keys = on")
        conn.exec_driver_sql("insert into groups (record, report, study) values (9999, 1, 1)")
        return
    pid = conn.exec_driver_sql("select pg_backend_pid()").scalar()
    other = create_engine(os.environ["DATABASE_URL"])
    with other.connect() as killer:
        killer.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
    other.dispose()


def test_after_a_commit_that_fails_the_files_are_as_they_were(project):
    before = read_protocol_text(project)
    event.listen(project.store.engine, "commit", break_commit)
    try:
        with pytest.raises(Exception, match=r"(?i)foreign key|terminat|closed|connection"):
            amend(project)
    finally:
        event.remove(project.store.engine, "commit", break_commit)
    assert read_protocol_text(project) == before
    assert not get_form_path(project).exists()
    assert staged_files.list_staged(project.folder) == []
    assert list_notes(project) == [None]
    amend(open_project(project.folder, who="ada"))  # and the change can be made again
    assert read_protocol_text(project).endswith(NOTE)
    assert list_notes(project) == [None, "asked for"]
    assert "Vendor" in get_form_path(project).read_text()


KILLED = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from sqlalchemy import event
from review.workflow.setup import staged_files
from review.workflow.setup.loading import open_project
sys.path.insert(0, {here!r})
import test_staged_files as tests
project = open_project(Path({folder!r}), who="ada")
if {before}:
    event.listen(project.store.engine, "commit", lambda conn: os._exit(9))
else:
    staged_files._put_in_place = lambda *given: os._exit(9)
tests.amend(project)
"""


def amend_and_die(project, *, before):
    """Amends in a process of its own that is killed before or after its commit."""
    code = KILLED.format(
        path=sys.path, here=str(Path(__file__).parent), folder=str(project.folder), before=before
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 9, done.stderr


def test_a_change_whose_process_was_killed_after_the_commit_is_finished_at_opening(project):
    amend_and_die(project, before=False)
    assert not read_protocol_text(project).endswith(NOTE)
    reopened = open_project(project.folder, who="ben")
    assert read_protocol_text(project).endswith(NOTE)
    assert reopened.protocol.appraisal.extraction == FORM
    assert "Vendor" in get_form_path(project).read_text()
    assert staged_files.list_staged(project.folder) == []
    assert list_notes(reopened) == [None, "asked for"]  # no version more, and none by ben
    reopened.store.close()


def test_a_change_whose_process_was_killed_before_the_commit_is_dropped(project):
    before = read_protocol_text(project)
    amend_and_die(project, before=True)
    assert len(staged_files.list_staged(project.folder)) == 2
    reopened = open_project(project.folder, who="ben")
    assert read_protocol_text(project) == before
    assert not get_form_path(project).exists()
    assert staged_files.list_staged(project.folder) == []
    assert list_notes(reopened) == [None]
    reopened.store.close()


def test_an_app_that_goes_on_finishes_the_change_of_a_killed_one_before_the_next(project):
    """A page drawn before must not put the plan before back in force."""
    amend_and_die(project, before=False)
    with pytest.raises(ReviewError, match="changed in the meantime"):
        protocol_amendments.amend_protocol(
            project,
            read_protocol_text(project) + "# mine\n",
            "ada",
            "from an old page",
            seen=project.fingerprint,
        )
    assert list_notes(project) == [None, "asked for"]


def test_a_change_keeps_the_file_s_permissions_and_leaves_nothing_beside_it(project):
    path = project.folder / "protocol.yaml"
    path.chmod(0o640)
    amend(project)
    assert path.stat().st_mode & 0o777 == 0o640
    assert not list(project.folder.glob(".*"))
