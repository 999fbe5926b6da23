"""A librarian and a guest, and each act and view that is not theirs."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies
from typer.testing import CliRunner

from review import open_review
from review.cli import app
from review.errors import ReviewError
from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions
from review.workflow.deduplication import run as deduplication
from review.workflow.exports import overview
from review.workflow.exports.bundle import _write_log
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.fulltexts.attachments import attach_pdf, find_pdf
from review.workflow.project.accounts import ROLES_BY_ACTION, CurrentUser, is_allowed
from review.workflow.records import imports, listing
from review.workflow.screening import blinding, reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

LIBRARIAN, GUEST = CurrentUser("lib", ("librarian",)), CurrentUser("gil", ("guest",))
TA = "title-abstract"
ROOT = Path(__file__).parents[3]
RIS = "TY  - JOUR\nTI  - A new study of chest films\nAU  - Doe, J\nPY  - 2020\nER  - \n"


@pytest.fixture
def project(tmp_path, new_store):
    """Record 1 is settled; ada alone has judged record 2; on record 3 they differ."""
    studies(tmp_path, [Record("embase", title=f"Study number {n}") for n in (1, 2, 3)])
    path = tmp_path / "protocol.yaml"
    added = "  - {name: lib, roles: [librarian]}\n  - {name: gil, roles: [guest]}\n"
    path.write_text(path.read_text().replace("\ncriteria:", f"{added}\ncriteria:", 1))
    made = open_project(tmp_path, who="ada")
    for number, name, verdict in (
        (1, "ada", "include"),
        (1, "ben", "include"),
        (2, "ada", "include"),
        (3, "ada", "include"),
        (3, "ben", "exclude"),
    ):
        add_decision(made, NewDecision(number, TA, name, verdict))
    return made


def test_the_table_in_the_docs_is_that_of_the_roles():
    page = (ROOT / "docs" / "sign-in.md").read_text(encoding="utf-8")
    rows = [line.strip("|\n").split("|") for line in page.splitlines() if " | `" in line]
    told = {
        row[1].strip("` |"): {n for n, cell in enumerate(row[2:]) if "yes" in cell} for row in rows
    }
    roles = ("lead", "reviewer", "adjudicator", "librarian", "reader", "guest")
    assert told == {
        action: {n for n, role in enumerate(roles) if role in allowed}
        for action, allowed in ROLES_BY_ACTION.items()
    }


def test_a_librarian_imports_deduplicates_and_attaches(project):
    file = project.folder / "export.ris"
    file.write_text(RIS + RIS.replace("2020", "2020"))
    imports.import_file(project, file, "lib")
    deduplication.run_deduplication(project, "lib")
    attach_pdf(project, 1, "R000001.pdf", b"%PDF-1.4 " + b"x" * 400, "lib")
    assert find_pdf(project, 1) is not None
    assert all(is_allowed(LIBRARIAN, one) for one in ("harvest", "import", "dedupe", "attach"))


def test_neither_screens_appraises_nor_settles(project):
    stage = find_stage(project.protocol, "screening")
    for person in (LIBRARIAN, GUEST):
        for act in (
            lambda who: reviewing.save_decision(project, stage, who, 2, "include"),
            lambda who: reviewing.undo_decision(project, stage, who),
            lambda who: reviewing.settle_conflict(project, stage, who, 3, "include"),
            lambda who: reviewing.add_note(project, stage, who, 2, "a note"),
            lambda who: add_decision(project, NewDecision(2, TA, who, "include"), who),
            lambda who: add_decision(project, NewDecision(2, TA, "ben", "include"), who),
            lambda who: deduplication.reopen_preprint(project, "R000001", who),
        ):
            with pytest.raises(ReviewError):
                act(person.name)
    with project.store.read() as conn:
        assert len(decisions.list_decisions(conn)) == 5


def test_a_librarian_sees_no_decision_on_an_open_record(project):
    for key, told in (("R000001", True), ("R000002", False), ("R000003", False)):
        history = [event.what for event in listing.get_record_view(project, key, LIBRARIAN).history]
        assert any("include" in words for words in history) is told, key
    log = _write_log(snapshot_at(project), "lib").decode()
    assert '"R000001"' in log and "withheld" in log
    decided = [line for line in log.splitlines() if '"event": "decisions"' in line]
    assert len(decided) == 2 and all('"R000001"' in line for line in decided)
    for person in (LIBRARIAN, GUEST):
        progress = overview.get_progress(project, person)[0]
        assert progress.statuses == {"included": 1, "open": 2}
        assert progress.by_reviewer == {}
        with project.store.read() as conn:
            reader = blinding.get_blinded_reader(project, conn, person.name)
        assert reader is not None and not blinding.may_see(reader, TA, 3, "conflict")


def test_a_librarian_who_leads_or_reviews_keeps_that_view(project):
    path = project.folder / "protocol.yaml"
    text = path.read_text()
    path.write_text(
        text.replace("{name: lib, roles: [librarian]}", "{name: lib, roles: [librarian, lead]}")
    )
    led = open_project(project.folder, who="ada", why="x")
    with led.store.read() as conn:
        assert blinding.get_blinded_reader(led, conn, "lib") is None
    path.write_text(
        text.replace("{name: lib, roles: [librarian]}", "{name: lib, roles: [librarian, reviewer]}")
    )
    reviewed = open_project(project.folder, who="ada", why="y")
    with reviewed.store.read() as conn:
        reader = blinding.get_blinded_reader(reviewed, conn, "lib")
    assert reader.stages == {stage.id for stage in reviewed.protocol.stages}
    assert 2 in reader.reports_to_judge[TA]


def test_a_guest_opens_no_record(project):
    with pytest.raises(ReviewError, match="gil does not have permission"):
        listing.get_record_view(project, "R000001", GUEST)


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["import", "export.ris"], ("gil",)),
        (["dedupe"], ("gil",)),
        (["harvest"], ("gil",)),
        (["attach", "."], ("gil",)),
        (["export", "ris", "out.ris"], ("gil", "lib", "ben", "cleo")),
        (["export", "json", "out.json", "--no-decisions"], ("gil", "lib", "ben")),
        (["export", "all", "out"], ("gil", "lib", "ben", "cleo")),
        (["retire", "ben"], ("gil", "lib")),
        (["import-decisions", "export.ris"], ("gil", "lib")),
        (["user", "add", "gil"], ("gil", "lib")),
        (["user", "invite", "gil"], ("gil", "lib")),
        (["user", "close", "ada"], ("gil", "lib")),
        (["user", "sign-out", "ada"], ("gil", "lib")),
    ],
)
def test_a_command_refuses_what_is_not_theirs(project, monkeypatch, words, refused):
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("FUNNEL_PASSWORD", "long enough")
    (project.folder / "export.ris").write_text(RIS)
    for name in refused:
        result = CliRunner().invoke(app, ["--review", ".", "--user", name, *words])
        text = result.output + str(result.exception)
        assert result.exit_code and f"{name} does not have permission" in text, text


def test_a_reviewer_takes_no_report_out_by_python(project):
    for name in ("ben", "cleo", "lib"):
        with pytest.raises(ReviewError, match=f"{name} does not have permission"):
            open_review(project.folder, user=name).export(project.folder / "out")
    assert not (project.folder / "out").exists()


def test_a_guest_may_ask_how_far_the_review_is(project):
    result = CliRunner().invoke(app, ["--review", str(project.folder), "--user", "gil", "status"])
    assert result.exit_code == 0, result.output


def list_pages(person):
    """Titles of the pages that the app's navigation offers a person."""
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    pages = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
    )
    return [
        title
        for section in pages.values()
        for _, _, title, action in section
        if is_allowed(person, action)
    ]


def test_the_pages_each_may_open(project):
    assert list_pages(GUEST) == ["Overview", "Protocol", "Account", "Results"]
    librarian = list_pages(LIBRARIAN)
    assert {"Searches", "Duplicates", "Records", "Results"} <= set(librarian)
    assert not {"Screening", "Conflicts", "Appraisal", "Consensus", "People", "Reports"} & set(
        librarian
    )


@pytest.mark.parametrize("page", ["people", "searches", "records"])
def test_a_page_that_is_not_theirs_shows_nothing(project, page):
    """The way the app draws a page: its action is asked for before the page is."""

    def script(folder, page, action, person):
        from pathlib import Path

        import streamlit as st

        from review.workflow.project.accounts import require_permission
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        require_permission(person, action)
        __import__(f"review.pages.{page}", fromlist=["x"]).render_page(open_project(Path(folder)))

    action = {"people": "manage", "searches": "harvest", "records": "read"}[page]
    drawn = AppTest.from_function(
        script, args=(str(project.folder), page, action, GUEST), default_timeout=300
    ).run()
    assert "gil does not have permission" in drawn.exception[0].message
    assert not drawn.title


def test_results_show_the_diagram_and_the_included_studies(project):
    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import results
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        results.render_page(open_project(Path(folder)))

    for person in (GUEST, LIBRARIAN, CurrentUser("ben", ("reviewer",))):
        drawn = AppTest.from_function(
            script, args=(str(project.folder), person), default_timeout=300
        ).run()
        assert not drawn.exception
        assert [one.value for one in drawn.subheader] == [
            "PRISMA 2020 flow diagram",
            "Included studies",
        ]
        assert "No study has been included yet" in drawn.info[0].value
