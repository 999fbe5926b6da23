"""The commands of the assistant."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.assisted import ITEM, KEY, QUOTATION, answer, assisted_review
from support.language_model import language_model

from review.workflow.setup.loading import open_project
from review.workflow.setup.protocol_amendments import list_versions

ROOT = Path(__file__).parents[2]


def review(project, *words, user="ada"):
    return subprocess.run(
        [
            *(sys.executable, "-m", "review.cli", "--review", str(project.folder)),
            *("--user", user, "assistant", *words),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "FUNNEL_ASSISTANT_KEY": KEY},
    )


@pytest.fixture
def service():
    with language_model() as running:
        yield running


def test_a_suggestion_is_printed_and_counted(tmp_path, service):
    project = assisted_review(tmp_path / "r", service.address, budget="calls: 2")
    refused = review(project, "ask", "R000001", ITEM)
    assert refused.returncode == 1
    assert refused.stderr == (
        "review: Answer CLAIM 2020 7 yourself first; the protocol asks for your own look.\n"
    )
    answer(project, "ada")
    service.replies("no", QUOTATION)
    done = review(project, "ask", "R000001", "7", "--checklist", "claim-2020")
    assert done.stdout.splitlines() == [
        "invented-7b suggests: No (by a language model, please check)",
        f"  p. 2: “{QUOTATION}”",
    ], done.stderr
    shown = review(project, "status").stdout.splitlines()
    assert shown[0] == (
        f"On: invented-7b at {service.address}, with the consent of ada, 2026-11-01."
    )
    assert "one checklist item and at most 5 sentences of the paper" in shown[1]
    assert shown[2:] == [
        "Left: 1 question, 1 of them today.",
        "1 question: 1 suggestion, 0 dropped, 0 failed, 0 without an answer.",
        "No suggestion has been compared with a settled answer yet.",
    ]
    data = json.loads(review(project, "status", "--json").stdout)
    assert (data["is_on"], data["calls"], data["suggested"]) == (True, 1, 1)
    assert review(project, "status", user="gil").returncode == 0


def test_a_failure_is_said_and_is_no_success(tmp_path, service):
    project = assisted_review(tmp_path / "r", service.address)
    answer(project, "ada")
    service.fails(401, KEY)
    done = review(project, "ask", "R000001", ITEM)
    assert done.returncode == 1
    assert "did not accept the key (HTTP 401)" in done.stdout
    assert KEY not in done.stdout + done.stderr
    ambiguous = review(project, "ask", "R000001", "1")
    assert "choose one with --checklist: claim-2020, rqs-1.0." in ambiguous.stderr
    unknown = review(project, "ask", "R000001", "nothing")
    assert "No checklist of this review has the item 'nothing'" in unknown.stderr


def test_a_review_without_an_assistant_says_that_it_is_off(tmp_path, service):
    project = assisted_review(tmp_path / "r", service.address, more="")
    assert review(project, "status").stdout.splitlines() == [
        "Off. To use it, see 'assistant' in the protocol reference."
    ]


def test_a_lead_consents_and_withdraws_by_command(tmp_path, service):
    project = assisted_review(tmp_path / "r", service.address, more="")
    shown = review(project, "consent").stdout.splitlines()
    assert "one checklist item and at most 5 sentences of the paper" in shown[0]
    assert shown[1] == ("Nothing has changed. To consent, run this command again with --agree.")
    refused = review(project, "consent", "--agree", "--why", "tested", user="ben")
    assert refused.returncode == 1 and "lead" in refused.stderr
    both = review(project, "consent", "--agree", "--withdraw")
    assert both.stderr == "review: Give either --agree or --withdraw.\n"
    done = review(project, "consent", "--agree", "--why", "tested")
    assert done.stdout.splitlines()[1] == "The assistant is on, with the consent of ada.", (
        done.stderr
    )
    assert "with the consent of ada" in review(project, "status").stdout
    taken_back = review(project, "consent", "--withdraw", "--why", "not allowed")
    assert taken_back.stdout == "The assistant is off. Questions asked so far are kept.\n"
    both = review(project, "consent", "--agree", "--withdraw")
    assert both.stderr == "review: Give either --agree or --withdraw.\n"
    assert [version.why for version in list_versions(open_project(project.folder))][-2:] == [
        "tested",
        "not allowed",
    ]
