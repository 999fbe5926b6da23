"""A review that asks an assistant, with one paper."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from support.appraising import kind, review_in
from support.papers import draw_pdf

from review.store import assistant_calls
from review.store.assistant_calls import AssistantAnswer, AssistantCall, CallState
from review.store.timestamps import utc_now
from review.workflow.appraisal import forms
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

ITEM = "data-sources"
QUOTATION = "we combined and modified three different publicly available datasets"
KEY = "sk-invented-0123456789"
CONSENT = "consent: {by: ada, on: 2026-11-01}"


def assisted_review(
    folder: Path,
    address: str,
    *,
    more: str = CONSENT,
    budget: str = "",
    kinds: Sequence[str] = ("ada", "ben"),
) -> Project:
    """Makes a review with one paper whose protocol names an assistant.

    Args:
        more: further keys of the assistant.
        budget: keys of its budget.
        kinds: who has said what kind of study it is.
    """
    project = review_in(folder, 1)
    attachments.attach_pdf(project, 1, "study.pdf", draw_pdf("study.pdf"), "ada")
    plan = folder / "protocol.yaml"
    keys = ", ".join(filter(None, [more, f"budget: {{{budget}}}" if budget else ""]))
    line = f"assistant: {{address: '{address}', model: invented-7b" + (f", {keys}" if keys else "")
    plan.write_text(plan.read_text() + line + "}\n")
    project = open_project(folder)
    for name in kinds:
        kind(project, 1, "deep-learning", name)
    return project


def answer(project: Project, who: str, given: str | None = "yes", item: str = ITEM) -> None:
    """A reviewer answers an item of CLAIM, or withdraws the answer."""
    forms.add_answer(project, AnswerInput(1, "claim-2020", item, given), who)


def keep_call(
    project: Project,
    item: str,
    suggested: str | None,
    *,
    state: CallState = "suggested",
    reason: str | None = None,
    who: str = "ada",
    checklist: str = "claim-2020",
    answered: bool = True,
    record: int = 1,
    at: datetime | None = None,
) -> None:
    """Keeps a question and what came of it, as if the service had been asked."""
    call = AssistantCall(
        at=at or utc_now(),
        who=who,
        record=record,
        checklist=checklist,
        item=item,
        model="invented-7b",
        address="http://localhost/v1",
        prompt="1",
        request="0" * 64,
        characters=900,
        sentences={"S1": 2, "S2": 3},
        answered=answered,
    )
    with project.store.write() as conn:
        number = assistant_calls.add_call(conn, call)
        kept = AssistantAnswer(
            call=number,
            at=at or utc_now(),
            state=state,
            reason=reason,
            answer=suggested,
            model="invented-7b:latest",
            version="fp_1",
            milliseconds=5,
        )
        assistant_calls.add_answer(conn, call, kept)
