"""The lead's consent to the assistant, given and withdrawn as changes of the protocol."""

from datetime import date

import pytest
from support.assisted import CONSENT, assisted_review

from review.errors import ProtocolError, ReviewError
from review.protocol.loading import parse_protocol
from review.workflow.assistant.settings import get_settings
from review.workflow.setup import assistant_consent
from review.workflow.setup.loading import open_project
from review.workflow.setup.protocol_amendments import list_versions, read_protocol_text

ADDRESS = "https://llm.example.org/v1"
WHY = "the library allows it"
"""Needed, since a record of the review was excluded before."""


def make_review(folder, more=""):
    return assisted_review(folder, ADDRESS, more=more, kinds=())


def test_a_lead_consents_and_the_protocol_keeps_who_when_and_why(tmp_path):
    project = make_review(tmp_path / "r")
    assert get_settings(project) is None
    assistant_consent.give_consent(project, "ada", WHY, on=date(2026, 11, 1))
    opened = open_project(project.folder)
    settings = get_settings(opened)
    assert settings is not None and settings.consent is not None
    assert (settings.consent.by, settings.consent.on) == ("ada", date(2026, 11, 1))
    version = list_versions(opened)[-1]
    assert (version.who, version.why, version.amendment) == ("ada", WHY, True)
    added = [line for line in (version.change or "").splitlines() if line.startswith("+")]
    assert len(added) == 1 and "by: ada" in added[0] and "2026-11-01" in added[0]
    assert len(list_versions(opened)) == len(list_versions(project))


@pytest.mark.parametrize("who", ["ben", "dan", "cleo"])
def test_nobody_but_a_lead_consents_or_takes_it_back(tmp_path, who):
    project = make_review(tmp_path / "r")
    before = read_protocol_text(project)
    with pytest.raises(ReviewError, match="lead"):
        assistant_consent.give_consent(project, who, WHY)
    assert read_protocol_text(project) == before
    consenting = make_review(tmp_path / "s", CONSENT)
    before = read_protocol_text(consenting)
    with pytest.raises(ReviewError, match="lead"):
        assistant_consent.withdraw_consent(consenting, who, WHY)
    assert read_protocol_text(consenting) == before


def test_who_is_not_in_the_team_cannot_consent_for_the_lead(tmp_path):
    project = make_review(tmp_path / "r")
    with pytest.raises(ProtocolError, match="Only the lead consents: ada"):
        assistant_consent.give_consent(project, "root", WHY)
    assert parse_protocol(read_protocol_text(project)).assistant.consent is None


def test_a_lead_takes_the_consent_back(tmp_path):
    project = make_review(tmp_path / "r", CONSENT)
    assistant_consent.withdraw_consent(project, "ada", WHY)
    opened = open_project(project.folder)
    assert get_settings(opened) is None
    assert opened.protocol.assistant.model == "invented-7b"
    assert list_versions(opened)[-1].why == WHY
    with pytest.raises(ProtocolError, match="nobody has consented"):
        assistant_consent.withdraw_consent(opened, "ada", WHY)


def test_consent_is_given_once_with_a_reason_and_to_a_planned_assistant(tmp_path):
    project = make_review(tmp_path / "r")
    with pytest.raises(ProtocolError, match="give a reason"):
        assistant_consent.give_consent(project, "ada")
    assistant_consent.give_consent(project, "ada", WHY, on=date(2026, 11, 1))
    with pytest.raises(ProtocolError, match="ada consented on 2026-11-01"):
        assistant_consent.give_consent(project, "ada", WHY)
    plan = project.folder / "protocol.yaml"
    plan.write_text(plan.read_text().split("assistant:")[0])
    unplanned = open_project(project.folder, who="ada", why="no assistant")
    for change in (assistant_consent.give_consent, assistant_consent.withdraw_consent):
        with pytest.raises(ProtocolError, match="plans no assistant"):
            change(unplanned, "ada", WHY)


def test_what_would_be_sent_is_described_before_consent(tmp_path):
    project = make_review(tmp_path / "r")
    assert assistant_consent.describe_consent(project) == (
        "Each question sends one checklist item and at most 5 sentences of the paper to "
        "invented-7b at llm.example.org, with the name of the appraised model if the form is about "
        "one. Nothing else is sent: no names of people, no answers, no file."
    )
