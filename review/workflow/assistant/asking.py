"""Asks the assistant about one item of a reviewer's own form, within the review's budget.

Off unless the protocol names a model and the lead consents in it. What comes back is a suggestion
in tables of its own: nothing here writes an answer, a judgement or a form.
"""

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from review import fulltext
from review.bias import assistant as prompts
from review.bias.assistant import DROP_REASONS, CheckedReply, ItemPrompt, PaperQuotation
from review.bias.rules import Suggestion
from review.checklists import FormQuestion, find_question, list_items
from review.errors import ReviewError, SourceError
from review.fulltext import FullText
from review.protocol.models import Assistant, list_stage_reviewers
from review.sources.assistant import (
    LanguageModel,
    ModelReply,
    ask_model,
    build_request_body,
    read_key,
)
from review.store import Connection, assistant_calls
from review.store.assistant_calls import AnsweredCall, AssistantAnswer, AssistantCall
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.appraisal import forms, report_models, tasks
from review.workflow.appraisal.assignment import get_appraisal_stage
from review.workflow.appraisal.forms import AppraisalForm
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    get_checklist,
    list_checklist_ids,
)
from review.workflow.assistant.settings import get_settings
from review.workflow.fulltexts import reading
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan

PENDING_SECONDS = 30.0
"""How long after its time limit a question without an answer counts as under way."""
NEAREST_NOTE = "It was given the nearest sentences; none is suggested for this item."
"""Said beside what a model suggests where the ranker suggests nothing."""
AssistantState = Literal["off", "answer first", "finished", "ready"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantSuggestion:
    """What came of a question, as the reviewer who asked is shown it."""

    model: str
    """As the protocol named it when it was asked."""
    state: Literal["suggested", "dropped", "failed"]
    answer: str | None = None
    quotations: tuple[PaperQuotation, ...] = ()
    dropped_quotations: int = 0
    reason: str | None = None
    """Why it was dropped, or what failed: one sentence."""
    nearest_only: bool = False
    """Whether no sentence was suggested for the item, so that the model got the nearest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantView:
    """The state of the assistant for one item of one reviewer's form."""

    state: AssistantState
    """ready: it can be asked."""
    settings: Assistant | None = None
    suggestion: AssistantSuggestion | None = None


def get_view(project: Project, form: AppraisalForm, question: FormQuestion) -> AssistantView:
    """What the reviewer of a form may see and do about one of its items. Only their own questions
    are read."""
    settings = get_settings(project)
    if settings is None or question.key not in _list_item_ids(form):
        return AssistantView(state="off")
    if settings.after_own_answer and question.key not in form.entries:
        return AssistantView(state="answer first", settings=settings)
    with project.store.read() as conn:
        records = forms.list_report_records(conn, form.report)
        calls = assistant_calls.list_calls(conn, records, who=form.reviewer)
    own_calls = [
        entry
        for entry in calls
        if (entry.call.checklist, entry.call.item) == (form.checklist.id, question.key)
    ]
    answered = [entry for entry in own_calls if entry.answer is not None]
    return AssistantView(
        state="finished" if form.finished else "ready",
        settings=settings,
        suggestion=_to_suggestion(answered[-1]) if answered else None,
    )


def ask_about_item(
    project: Project, record: int, checklist_id: str, item: str, who: str
) -> AssistantSuggestion:
    """Asks the assistant about one item of a person's own form, and keeps question and answer.

    The same question by the same person is answered from what is kept; only one that failed is sent
    again.

    Raises:
        ReviewError: the assistant is off or its budget is used up, the person does not appraise the
            report or has not answered the item yet, or there is nothing to send.
    """
    require_role(project, who, "appraise")
    settings = _require_settings(project)
    form = forms.open_form(project, record, checklist_id, who)
    question = _choose_item(project, settings, form, item)
    text, prompt = _build_prompt(project, settings, form, question)
    model, key = _build_model(settings), read_key()
    body = build_request_body(model, prompt.messages)
    call = AssistantCall(
        at=utc_now(),
        who=who,
        record=form.report,
        checklist=form.checklist.id,
        item=question.key,
        model=settings.model,
        address=settings.address,
        prompt=prompts.PROMPT_VERSION,
        request=hashlib.sha256(body).hexdigest(),
        characters=prompt.characters,
        sentences={candidate.id: candidate.page for candidate in prompt.candidates},
        answered=question.key in form.entries,
    )
    kept, call = _reserve_call(project, settings, call)
    if kept is not None:
        return _to_suggestion(kept)
    start = time.monotonic()
    try:
        reply: ModelReply | SourceError = ask_model(model, body, key)
    except SourceError as error:
        reply = error
    milliseconds = round(1000 * (time.monotonic() - start))
    answer = AssistantAnswer(call=call.id, at=utc_now(), state="failed", milliseconds=milliseconds)
    if isinstance(reply, ModelReply):
        checked = prompts.check_reply(
            reply.text, question, prompt.candidates, lambda quote: _find_quotation(text, quote)
        )
        answer = _add_reply(answer, reply, checked)
    else:
        answer = replace(answer, reason=str(reply))
    with project.store.write() as conn:
        assistant_calls.add_answer(conn, call, answer)
    return _to_suggestion(AnsweredCall(call, answer))


def _add_reply(
    answer: AssistantAnswer, reply: ModelReply, checked: CheckedReply
) -> AssistantAnswer:
    """What came of a question the model answered: its reply, and what is left of it."""
    return replace(
        answer,
        state="suggested" if checked.drop_reason is None else "dropped",
        reason=checked.drop_reason,
        answer=checked.answer,
        sentences=checked.sentences,
        quotations=tuple((quotation.text, quotation.page) for quotation in checked.quotations),
        dropped_quotations=checked.dropped_quotations,
        reply=reply.text,
        model=reply.model,
        version=reply.version,
        tokens=reply.tokens,
    )


def find_checklist(project: Project, item: str) -> str:
    """The checklist of the review that has an item, by its id or number.

    Raises:
        ReviewError: none has it, or several have.
    """
    names = [
        name
        for name in list_checklist_ids(project.protocol)
        if name != KIND_CHECKLIST
        and any(
            item.strip() in (listed.id, listed.number)
            for listed in list_items(get_checklist(project, name))
        )
    ]
    if len(names) == 1:
        return names[0]
    if not names:
        raise ReviewError(f"No checklist of this review has the item '{item}'.")
    raise ReviewError(
        f"Several checklists have an item '{item}'; choose one with --checklist: "
        f"{', '.join(names)}."
    )


def _require_settings(project: Project) -> Assistant:
    """The assistant's settings. Raises ReviewError where it is off."""
    if project.protocol.assistant is None:
        raise ReviewError(
            "The assistant is off in this review: protocol.yaml has no key 'assistant'."
        )
    settings = get_settings(project)
    if settings is None:
        raise ReviewError(
            "The assistant is off in this review until the lead consents under "
            "'assistant.consent' in protocol.yaml."
        )
    return settings


def _choose_item(
    project: Project, settings: Assistant, form: AppraisalForm, item: str
) -> FormQuestion:
    """An item of a person's own form, if they may ask about it now."""
    who = form.reviewer
    appraisers = list_stage_reviewers(project.protocol, get_appraisal_stage(project))
    if who not in appraisers:
        raise ReviewError(f"{who} does not appraise in this review, so the assistant is not asked.")
    with project.store.read() as conn:
        own_forms = tasks.list_reviewer_forms(project, conn, form.report, who)
    if form.checklist.id not in [form_row.checklist for form_row in own_forms]:
        raise ReviewError(
            f"{format_record_key(form.report)} does not ask you for {form.checklist.short}, so the "
            "assistant is not asked."
        )
    question = find_question(form.checklist, item)
    name = f"{form.checklist.short} {question.number or question.key}"
    if question.key not in _list_item_ids(form):
        raise ReviewError(f"{name} is a judgement or a fact about the study: answer it yourself.")
    if form.finished:
        raise ReviewError(f"You have finished {form.checklist.short}. Reopen it to ask.")
    if settings.after_own_answer and question.key not in form.entries:
        raise ReviewError(f"Answer {name} yourself first; the protocol asks for your own look.")
    return question


def _list_item_ids(form: AppraisalForm) -> list[str]:
    """The items the assistant is asked about; the kind of study is left to the reviewers, as it
    decides which gates apply."""
    if form.checklist.id == KIND_CHECKLIST:
        return []
    return [item.id for item in list_items(form.checklist)]


def _build_prompt(
    project: Project, settings: Assistant, form: AppraisalForm, question: FormQuestion
) -> tuple[FullText, ItemPrompt]:
    """The paper's text and the question about it."""
    key = format_record_key(form.report)
    text = reading.get_record_text(project, form.report)
    if text is None or not text.sentences:
        raise ReviewError(f"{key} has no full text that can be read; attach its PDF first.")
    suggestions, nearest_only = _choose_sentences(project, settings, form, question)
    if not suggestions:
        raise ReviewError(
            f"The full text of {key} has no sentence to send, only headings and references."
        )
    prompt = prompts.build_prompt(
        form.checklist.short,
        question,
        suggestions,
        max_characters=settings.budget.characters,
        model_name=_find_model_name(project, form),
        nearest_only=nearest_only,
    )
    if prompt is None:
        raise ReviewError(
            f"The item and its best sentence are longer than the {settings.budget.characters:,} "
            "characters of 'assistant.budget.characters'."
        )
    return text, prompt


def _choose_sentences(
    project: Project, settings: Assistant, form: AppraisalForm, question: FormQuestion
) -> tuple[list[Suggestion], bool]:
    """The sentences to send, best first; and whether none of them is suggested to the reviewer, so
    that they are only those that come nearest."""
    for keep_all in (False, True):
        suggestions = reading.suggest_evidence(
            project,
            form.report,
            form.checklist,
            most=settings.sentences,
            model=project.protocol.appraisal.model,
            reader=form.reviewer,
            keep_all=keep_all,
        ).get(question.key, [])
        if suggestions:
            return suggestions, keep_all
    return [], True


def _find_model_name(project: Project, form: AppraisalForm) -> str | None:
    """Name of the model that a form appraises; None for a form of the whole report."""
    with project.store.read() as conn:
        models = report_models.list_report_models(conn, form.report)
    named = report_models.list_forms(form.checklist, models)
    return next(
        (model.name for form_id, model in named if model and form_id == form.checklist.id), None
    )


def _build_model(settings: Assistant) -> LanguageModel:
    return LanguageModel(
        address=settings.address,
        name=settings.model,
        seconds=settings.budget.seconds,
        reply_tokens=settings.budget.reply_tokens,
    )


def _reserve_call(
    project: Project, settings: Assistant, call: AssistantCall
) -> tuple[AnsweredCall | None, AssistantCall]:
    """Counts the question in the budget before it is sent, or finds it answered already. All
    processes count in one transaction each, so that together they never send one too many."""
    with project.store.write() as conn:
        if get_settings(follow_plan(project, conn)) != settings:
            raise ReviewError("The protocol's assistant has changed meanwhile. Reload the page.")
        records = forms.list_report_records(conn, call.record)
        earlier = [
            earlier_call
            for earlier_call in assistant_calls.list_calls(conn, records, who=call.who)
            if earlier_call.call.request == call.request
            and earlier_call.call.address == call.address
        ]
        for earlier_call in earlier:
            if earlier_call.answer is not None and earlier_call.answer.state != "failed":
                return earlier_call, call
            limit = timedelta(seconds=2 * settings.budget.seconds + PENDING_SECONDS)
            if (
                earlier_call.answer is None
                and timedelta() <= call.at - earlier_call.call.at < limit
            ):
                raise ReviewError("The assistant is answering this question already; wait for it.")
        _check_budget(conn, settings, call.at)
        number = assistant_calls.add_call(conn, call)
    return None, replace(call, id=number)


def _check_budget(conn: Connection, settings: Assistant, now: datetime) -> None:
    """Raises ReviewError where the review has asked as often as its protocol allows."""
    budget = settings.budget
    if assistant_calls.count_calls(conn) >= budget.calls:
        raise ReviewError(
            f"The assistant's budget of {format_count(budget.calls, 'question')} for this review "
            "is used up. The lead sets it under 'assistant.budget' in protocol.yaml."
        )
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if assistant_calls.count_calls(conn, since=midnight) >= budget.calls_per_day:
        raise ReviewError(
            f"The assistant's budget of {format_count(budget.calls_per_day, 'question')} a day is "
            "used up. Ask again after midnight UTC."
        )


def _find_quotation(text: FullText, quotation: str) -> PaperQuotation | None:
    match = fulltext.find_exact_quote(text, quotation)
    return None if match is None else PaperQuotation(text=match.text, page=match.page)


def _to_suggestion(answered: AnsweredCall) -> AssistantSuggestion:
    """What the person who asked is shown."""
    answer = answered.answer
    assert answer is not None  # it has been answered
    reason = answer.reason
    if answer.state == "dropped":
        reason = f"The model's answer was dropped: {DROP_REASONS.get(reason or '', reason)}."
    return AssistantSuggestion(
        model=answered.call.model,
        state=answer.state,
        answer=answer.answer,
        quotations=tuple(PaperQuotation(text=text, page=page) for text, page in answer.quotations),
        dropped_quotations=answer.dropped_quotations,
        reason=reason,
        nearest_only=prompts.are_nearest(answered.call.sentences),
    )
