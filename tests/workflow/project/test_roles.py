"""Every public function of the workflow that writes refuses readers and guests, and librarians
unless it is their work, whatever interface calls it."""

import ast
import importlib
import inspect
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.small import studies

import review.workflow
from review.errors import ReviewError
from review.models import Record
from review.protocol.models import find_stage
from review.store.feedback import FeedbackEntry
from review.store.timestamps import utc_now
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.bias import flags
from review.workflow.fulltexts.retrieval_statements import RetrievalStatement
from review.workflow.project import accounts
from review.workflow.screening import keyword_rules, reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

FOLDER = Path(review.workflow.__path__[0])
READER, GUEST, LIBRARIAN = "rita", "gil", "lib"
PERSON_ARGUMENTS = ("who", "reviewer", "adjudicator", "entry", "statement")
LIBRARIAN_WRITERS = {
    "deduplication.run.run_deduplication",
    "deduplication.run.settle_pair",
    "deduplication.run.undo_answer",
    "fulltexts.attachments.attach_pdf",
    "fulltexts.reading.attach_folder",
    "fulltexts.retrieval.fetch_pdfs",
    "fulltexts.uploads.remove_pdf",
    "harvest.enrichment.enrich_records",
    "harvest.schedule_settings.save_settings",
    "records.import_undo.undo_import",
    "records.imports.import_file",
}
"""What is a librarian's work: to import, search, deduplicate and attach."""
OWN_SETTINGS = {"screening.own_words.save_words"}
"""How a person's own screen looks: everybody who may read keeps that, and nobody else sees it."""
WRITES_FOR_NOBODY = {
    # the tool's own rows, which follow from what is there or from the file on disk
    "appraisal.adjudication.evaluate_gates",
    "appraisal.assignment.enqueue_new_reports",
    "harvest.alerts.raise_new_alerts",
    "harvest.ingest.ingest_page",
    "screening.reviewing.get_next_record",
    "safety.store_check.check_at_opening",
    "setup.loading.open_project",
    "bias.flags.flag_all",
    "bias.flags.get_flags",
    "fulltexts.reading.fit_review_ranker",
    "fulltexts.reading.get_pdf_text",
    "fulltexts.reading.get_record_text",
    "fulltexts.reading.read_all",
    "fulltexts.reading.suggest_evidence",
    "harvest.schedule_settings.claim_due_run",
    "harvest.schedule_settings.note_end",
    "harvest.update_check.check_known_records",
    "screening.ranking.place_new_reports",
    "screening.ranking.retrain_in_background",
    # a review of its own, made anew from published data
    "exports.replay.replay_review",
    # signing in and out is everybody's
    "project.accounts.sign_in",
    "project.accounts.sign_out",
    "project.accounts.start_confirmed_session",
    "project.sign_in_limits.attempt_sign_in",
    "project.sign_in_limits.change_password",
    "project.sign_in_limits.find_known_browser",
    "project.sign_in_limits.is_known_browser",
    "project.sign_in_limits.make_browser_cookie",
    "project.sign_in_limits.check_own_password",
    "project.invitations.accept_invitation",
    "setup.first_account.create_first_account",
    "project.home.find_home_store",
    "project.home.open_home",
    "project.home.open_home_store",
}


def find_writers():
    """Public functions that open a writing transaction, with those that call a writing helper."""
    writers = []
    for path in sorted(FOLDER.rglob("*.py")):
        tree = ast.parse(path.read_text())
        functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
        writing = {name for name, one in functions.items() if "store.write()" in ast.unparse(one)}
        while True:
            more = {
                name
                for name, one in functions.items()
                if name not in writing and writing & called_names(one)
            }
            if not more:
                break
            writing |= more
        room = ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        writers += [f"{room}.{name}" for name in sorted(writing) if not name.startswith("_")]
    return writers


def called_names(function):
    return {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def load(name):
    module, function = name.rsplit(".", 1)
    return getattr(importlib.import_module(f"review.workflow.{module}"), function)


WRITERS = [
    name
    for name in find_writers()
    if name not in WRITES_FOR_NOBODY
    # a home has no roles of its own: tests/workflow/home says who may do what there
    and not name.startswith("home.")
    and set(inspect.signature(load(name)).parameters) & set(PERSON_ARGUMENTS)
]


@pytest.fixture
def project(tmp_path, new_store):
    return make_review(tmp_path)


@pytest.fixture(scope="module")
def untouched(module_store, tmp_path_factory):
    """A review that no test of this module changes, on either database."""
    project = make_review(tmp_path_factory.mktemp("roles"))
    assert project.store.is_sqlite == (module_store == "sqlite")
    yield project
    project.store.close()


def make_review(folder):
    studies(folder, [Record("embase", title=f"Study {n}") for n in (1, 2)])
    path = folder / "protocol.yaml"
    added = (
        f"  - {{name: ben, roles: [reviewer]}}\n  - {{name: {READER}, roles: [reader]}}\n"
        f"  - {{name: {GUEST}, roles: [guest]}}\n  - {{name: {LIBRARIAN}, roles: [librarian]}}\n"
    )
    path.write_text(path.read_text().replace("  - {name: ben, roles: [reviewer]}\n", added))
    return open_project(folder, who="ada")


def build_arguments(project, function, person):
    """Plausible arguments by name."""
    values = {
        "project": project,
        "stage": find_stage(project.protocol, "screening"),
        "number": 1,
        "record": 1,
        "key": "R000001",
        "pair": ("R000001", "R000002"),
        "answer": "same",
        "name": "ben",
        "verdict": "include",
        "text": "Some text",
        "why": "because",
        "path": project.folder / "some.ris",
        "folder": project.folder,
        "data": b"%PDF-1.4",
        "rule_id": "rule",
        "password": "long enough",
        "seen": "",
        "statement": RetrievalStatement(1, "not retrieved", person, "a paywall"),
        "entry": FeedbackEntry(1, "flag", "r", None, "s", 1, "confirm", person, utc_now()),
        "flag": flags.Flag,
        "dataset": "chestx-ray14",
        "answer_input": AnswerInput(1, "claim-2024", "item:1", "yes"),
        "new_decision": NewDecision(1, "title-abstract", "ben", "include"),
        "image_set": SimpleNamespace(id=1, name="films"),
        "reading": SimpleNamespace(id=1, readers=(person,), paths={}),
        "reviewer": person,
        "adjudicator": person,
        "who": person,
        "member": None,
        "roles": ("lead",),
        "base_url": "http://127.0.0.1:8501",
    }
    wanted = inspect.signature(function).parameters.values()
    return {
        one.name: values.get(one.name)
        for one in wanted
        if one.default is inspect.Parameter.empty or one.name == "who"
    }


def count_rows(project):
    from sqlalchemy import text

    from review.store.log import EVENT_TABLES

    with project.store.read() as conn:
        return {
            name: conn.execute(text(f"select count(*) from {name}")).scalar()
            for name in EVENT_TABLES
        }


@pytest.mark.parametrize("name", WRITERS)
def test_who_only_reads_writes_nothing(untouched, name):
    project, function = untouched, load(name)
    before = count_rows(project)
    refused = [GUEST]
    if name not in OWN_SETTINGS:
        refused += [READER] + [LIBRARIAN] * (name not in LIBRARIAN_WRITERS)
    for person in refused:
        with pytest.raises(
            ReviewError, match=f"{person} does not have permission .* requires the role"
        ):
            function(**build_arguments(project, function, person))
    assert count_rows(project) == before


def test_the_writers_are_found():
    assert len(WRITERS) >= 30 and set(WRITERS) >= LIBRARIAN_WRITERS
    assert "screening.reviewing.save_decision" in WRITERS
    assert "bias.flags.settle_dataset" not in find_writers()  # it writes through add_feedback
    assert "fulltexts.reading.add_feedback" in WRITERS


def test_no_writer_is_passed_over():
    """A new function that writes asks for a person, or is entered above as the tool's own."""
    others = {name for name in find_writers() if not name.startswith("home.")} - set(WRITERS)
    assert others == WRITES_FOR_NOBODY


def test_a_reader_confirms_no_flag_and_dismisses_no_data_set(project):
    dataset = next(iter(flags.load_knowledge().registry))
    with pytest.raises(ReviewError, match="rita does not have permission"):
        flags.settle_dataset(project, 1, dataset, "dismiss", READER)


def test_the_acts_of_the_lead_are_not_a_reviewers(project):
    for act in (
        lambda: reviewing.retire_reviewer(project, "ada", "ben"),
        lambda: keyword_rules.apply_rules(project, "ben"),
        lambda: accounts.add_user(project, "ben", "long enough", "ben"),
    ):
        with pytest.raises(ReviewError, match="ben does not have permission"):
            act()
    assert reviewing.retire_reviewer(project, "ben", "ada").changed == 0


def test_who_keeps_the_machine_and_who_works_alone_may_do_all(project, monkeypatch):
    reviewing.retire_reviewer(project, "cleo", "root")
    monkeypatch.setenv(accounts.SOLO_VARIABLE, "ben")
    reviewing.retire_reviewer(project, "cleo", "ben", returning=True)
    add_decision(project, NewDecision(1, "title-abstract", "ben", "include"), "ben")
