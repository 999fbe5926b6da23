"""The protocol's versions and amendments, in the workflow and on the page."""

import pytest
from support.small import studies

from review.errors import ProtocolError
from review.models import Record
from review.pages.widgets import session
from review.protocol.loading import fingerprint_text
from review.store import decisions
from review.workflow.project import accounts
from review.workflow.project.current_protocol import refresh_protocol
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import protocol_amendments, protocol_preview
from review.workflow.setup.loading import list_amendments, open_project

TA = "title-abstract"


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2, 3)])


def one_reviewer(text):
    return text.replace("reviewers: 2                      #", "reviewers: 1 #")


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


def test_a_preview_says_in_words_what_changes_and_what_follows(project):
    text = protocol_amendments.read_protocol_text(project)
    preview = protocol_preview.preview_change(project, text, one_reviewer(text))
    (sentence,) = preview.sentences
    assert sentence == "Title and abstract: reviewers per record: changed from “2” to “1”."
    assert not preview.is_amendment and not preview.effects
    assert preview.lines.splitlines()[0].startswith("-    reviewers: 2")
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    dropped = text.replace("tools: [claim-2020, rqs-1.0, probast-2019]", "tools: [claim-2020]")
    dropped = dropped[: dropped.index("    - id: rqs-minimum")]
    dropped = dropped.replace("arxiv, medrxiv", "arxiv")
    preview = protocol_preview.preview_change(project, text, dropped)
    assert preview.is_amendment
    assert "Searches already run are kept as they were" in preview.effects[0]
    assert [effect.split(" are kept")[0] for effect in preview.effects[1:]] == [
        "Forms already filled in on Radiomics Quality Score (RQS)",
        "Forms already filled in on Prediction model Risk Of Bias ASsessment Tool (PROBAST)",
    ]
    again = protocol_preview.preview_change(project, text, text + "# a note\n")
    assert again.sentences == () and again.lines == "+# a note"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("(covid*", "((covid*", 12),
        ("sources: [pubmed", "sources: [pubmad", 18),
        ('required: ["9"', 'required: ["99"', 72),
        ("extraction-imaging-ai", "extraction-imaging", 70),
        ("imports: []", "imports: [{file: gone.ris}]", 20),
    ],
)
def test_a_preview_of_a_faulty_plan_names_the_line_and_no_folder(project, old, new, line):
    text = protocol_amendments.read_protocol_text(project)
    assert old in text
    with pytest.raises(ProtocolError) as caught:
        protocol_preview.preview_change(project, text, text.replace(old, new, 1))
    assert str(caught.value).startswith(f"protocol.yaml: line {line}: ")
    assert str(project.folder) not in str(caught.value)


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
