"""The protocol's versions and amendments, in the workflow and on the page."""

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.errors import ProtocolError
from review.models import Record
from review.pages.widgets import session
from review.protocol import fingerprint_text
from review.store import decisions
from review.web.current_protocol import refresh_protocol
from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import protocol_amendments
from review.workflow.setup.loading import list_amendments, open_project

TA = "title-abstract"
LEAD, REVIEWER = CurrentUser("ada", ("lead", "reviewer")), CurrentUser("ben", ("reviewer",))


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2, 3)])


def one_reviewer(text):
    return text.replace("reviewers: 2                      #", "reviewers: 1 #")


def draw(folder, person):
    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import protocol
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        protocol.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder), person), default_timeout=300).run()


def test_a_change_before_any_decision_is_a_version_and_no_amendment(project):
    text = protocol_amendments.read_protocol_text(project)
    new = protocol_amendments.amend_protocol(
        project, text + "# a note\n", "ada", "", seen=project.fingerprint
    )
    first, second = protocol_amendments.list_versions(project)
    assert (first.number, first.change, second.change) == (1, None, "+# a note")
    assert (second.fingerprint, second.who, second.amendment) == (new, "ada", False)
    assert open_project(project.folder).fingerprint == new == fingerprint_text(text + "# a note\n")
    assert list_amendments(project) == []


def test_an_amendment_needs_a_reason_and_is_kept_with_it(project):
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    text = protocol_amendments.read_protocol_text(project) + "# a note\n"
    with pytest.raises(ProtocolError, match="give a reason"):
        protocol_amendments.amend_protocol(project, text, "ada", " ", seen=project.fingerprint)
    assert "# a note" not in protocol_amendments.read_protocol_text(project)
    protocol_amendments.amend_protocol(
        project, text, "ada", "the registry asked", seen=project.fingerprint
    )
    (found,) = list_amendments(open_project(project.folder, who="ben"))
    assert (found["who"], found["why"]) == ("ada", "the registry asked")
    assert found["what"] == "+# a note"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: x\n", "missing"),
        ("title: [", "this is not YAML"),
        (None, "no changes to save"),
    ],
)
def test_what_does_not_hold_together_changes_nothing(project, text, said):
    before = protocol_amendments.read_protocol_text(project)
    with pytest.raises(ProtocolError, match=said):
        protocol_amendments.amend_protocol(
            project, text or before, "ada", "why", seen=project.fingerprint
        )
    assert protocol_amendments.read_protocol_text(project) == before
    assert len(protocol_amendments.list_versions(project)) == 1
    assert [one.name for one in project.folder.glob(".protocol-*")] == []


def test_nobodys_change_is_written_over(project):
    text = protocol_amendments.read_protocol_text(project)
    protocol_amendments.amend_protocol(
        project, text + "# from ada\n", "ada", "", seen=project.fingerprint
    )
    with pytest.raises(ProtocolError, match="changed in the meantime"):
        protocol_amendments.amend_protocol(
            project, text + "# from the other tab\n", "ada", "", seen=project.fingerprint
        )
    assert protocol_amendments.read_protocol_text(project).endswith("# from ada\n")


@pytest.mark.parametrize("through", ["app", "file"])
def test_records_stand_anew_when_the_number_of_reviewers_changes(project, through):
    add_decision(project, NewDecision(1, TA, "ada", "exclude"))
    text = one_reviewer(protocol_amendments.read_protocol_text(project))
    assert text != protocol_amendments.read_protocol_text(project)
    if through == "app":
        protocol_amendments.amend_protocol(
            project, text, "ada", "too few hands", seen=project.fingerprint
        )
    else:
        (project.folder / "protocol.yaml").write_text(text)
        open_project(project.folder, who="ada")
    with project.store.read() as conn:
        counts = decisions.count_statuses(conn)
    assert counts == {(TA, "excluded"): 1, (TA, "pending"): 2}


def test_the_page_shows_the_plan_and_only_the_lead_may_change_it(project):
    app = draw(project.folder, REVIEWER)
    assert not app.exception
    shown = " ".join(one.value for one in [*app.markdown, *app.caption])
    assert project.fingerprint[:12] in shown
    assert "A model that reads chest radiographs or CT" in shown
    assert "Only the lead can change the protocol." in shown
    assert not app.text_area
    assert any("[tiab]" in one.value for one in app.code)


def test_the_lead_amends_on_the_page(project):
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    app = draw(project.folder, LEAD)
    changed = app.text_area[0].value.replace("title: Machine", "title: Deep")
    app.text_area[0].input(changed)
    app = app.button[1].click().run()
    assert "the protocol is valid" in app.success[0].value
    app.text_area[0].input(changed)
    app = app.button[0].click().run()
    assert "give a reason" in app.error[0].value
    app.text_input[0].input("the title was wrong")
    app = app.button[0].click().run()
    assert not app.exception
    assert "Saved as version 2" in app.success[0].value
    assert open_project(project.folder).protocol.title.startswith("Deep")
    assert list_amendments(project)[0]["why"] == "the title was wrong"


def test_an_app_that_runs_takes_up_a_changed_protocol(project, monkeypatch):
    monkeypatch.setenv("FUNNEL_REVIEW", str(project.folder))
    before = session.load_project()
    new = protocol_amendments.amend_protocol(
        before,
        protocol_amendments.read_protocol_text(before) + "# more\n",
        "ada",
        "",
        seen=before.fingerprint,
    )
    assert session.load_project().fingerprint == new
    assert session.load_project() is session.load_project()


def test_the_door_knows_who_joined_or_left_the_team_while_the_app_ran(project):
    text = protocol_amendments.read_protocol_text(project)
    joined = text.replace("team:\n", "team:\n  - {name: dora, roles: [reviewer]}\n")
    protocol_amendments.amend_protocol(project, joined, "ada", "", seen=project.fingerprint)
    accounts.add_user(open_project(project.folder), "dora", "a long enough one", "ada")
    token = accounts.sign_in(refresh_protocol(project), "dora", "a long enough one")
    assert accounts.get_current_user(refresh_protocol(project), token) is not None
    protocol_amendments.amend_protocol(project, text, "ada", "", seen=fingerprint_text(joined))
    assert accounts.get_current_user(refresh_protocol(project), token) is None
    assert accounts.sign_in(refresh_protocol(project), "dora", "a long enough one") is None
