"""What the lead reads of the assistant before a protocol is saved."""

from support.assisted import CONSENT, assisted_review

from review.protocol.loading import parse_protocol
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.setup import protocol_amendments
from review.workflow.setup.loading import describe_plan


def describe(project: Project, text: str) -> list[str]:
    """What a text of the protocol plans, one sentence a line."""
    return describe_plan(project.folder, parse_protocol(text, PROTOCOL_FILE))


def test_the_plan_says_whether_the_assistant_is_on_and_what_leaves_the_machine(tmp_path):
    project = assisted_review(tmp_path / "r", "https://llm.example.org/v1", kinds=())
    text = protocol_amendments.read_protocol_text(project)
    assert describe(project, text)[-2:] == [
        "  assistant: invented-7b, on with the consent of ada, 2026-11-01",
        "  Each question sends one checklist item and at most 5 sentences of the paper to "
        "invented-7b at llm.example.org, with the name of the appraised model if the form is about "
        "one. Nothing else is sent: no names of people, no answers, no file.",
    ]
    without = text.replace(f", {CONSENT}", "")
    assert describe(project, without)[-1] == (
        "  assistant: invented-7b, off until the lead consents"
    )
    assert "assistant" not in "".join(describe(project, text.split("assistant:")[0])[1:])
