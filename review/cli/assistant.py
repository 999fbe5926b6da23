"""Commands for the assistant, the optional language model that suggests answers."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line

if TYPE_CHECKING:
    from review.checklists import FormQuestion
    from review.workflow.assistant.asking import AssistantSuggestion
    from review.workflow.assistant.measurement import AssistantStatus


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    assistant_commands = typer.Typer(
        no_args_is_help=True, help="The optional language model that suggests answers."
    )
    assistant_commands.command("status")(show_status)
    assistant_commands.command("ask")(ask_assistant)
    assistant_commands.command("consent")(change_consent)
    app.add_typer(assistant_commands, name="assistant")


def show_status(context: typer.Context, as_json: bool = typer.Option(False, "--json")) -> None:
    """Show whether the assistant is on, what it may still cost, and how often it was right."""
    from review.workflow.assistant.measurement import describe_status

    status = describe_status(open_review(context), reader=get_user_name(context))
    if as_json:
        print_json(asdict(status))
        return
    for line in _format_status(status):
        print_line(line)


def _format_status(status: "AssistantStatus") -> list[str]:
    from review.text.wording import format_count
    from review.workflow.assistant.measurement import format_agreement

    lines = [
        f"On: {status.model} at {status.address}, with the consent of {status.consent}."
        if status.is_on
        else "Off. To use it, see 'assistant' in the protocol reference."
    ]
    if status.disclosure:
        lines.append(status.disclosure)
    if status.calls_left is not None:
        lines.append(
            f"Left: {format_count(status.calls_left, 'question')}, "
            f"{status.calls_left_today:,} of them today."
        )
    if status.calls:
        counts = f"{format_count(status.suggested, 'suggestion')}, {status.dropped:,} dropped, "
        counts += f"{status.failed:,} failed, {status.unanswered:,} without an answer"
        lines.append(f"{format_count(status.calls, 'question')}: {counts}.")
        if not status.agreement:
            lines.append("No suggestion has been compared with a settled answer yet.")
    lines += [
        f"{figure.short}, {figure.model}: {format_agreement(figure)}" for figure in status.agreement
    ]
    return lines


def change_consent(
    context: typer.Context,
    agree: bool = typer.Option(False, "--agree", help="Consent: switch the assistant on."),
    withdraw: bool = typer.Option(False, "--withdraw", help="Take the consent back."),
    why: str = typer.Option("", help="Reason, once somebody has decided on a record."),
) -> None:
    """Show what the assistant would be sent; with --agree, a lead consents to it."""
    from review.errors import ReviewError
    from review.workflow.setup import assistant_consent

    if agree and withdraw:
        raise ReviewError("Give either --agree or --withdraw.")
    project, who = open_review(context), get_user_name(context)
    if withdraw:
        assistant_consent.withdraw_consent(project, who, why)
        print_line("The assistant is off. Questions asked so far are kept.")
        return
    print_line(assistant_consent.describe_consent(project))
    if agree:
        assistant_consent.give_consent(project, who, why)
        print_line(f"The assistant is on, with the consent of {who}.")
    else:
        print_line("Nothing has changed. To consent, run this command again with --agree.")


def ask_assistant(
    context: typer.Context,
    record: str = typer.Argument(help="Record number, e.g. R000012."),
    item: str = typer.Argument(help="Number or id of the item."),
    checklist: str = typer.Option(
        "", help="Checklist id, needed where several checklists of the review have such an item."
    ),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Ask about one ITEM of your own form; the suggestion is shown and fills nothing."""
    from review.checklists import find_question
    from review.store.records import parse_record_key
    from review.workflow.appraisal.instruments import get_checklist
    from review.workflow.assistant import asking

    project = open_review(context)
    name = checklist or asking.find_checklist(project, item)
    suggestion = asking.ask_about_item(
        project, parse_record_key(record), name, item, get_user_name(context)
    )
    if as_json:
        print_json(asdict(suggestion))
    else:
        question = find_question(get_checklist(project, name), item)
        for line in _format_suggestion(suggestion, question):
            print_line(line)
    if suggestion.state == "failed":
        raise typer.Exit(1)


def _format_suggestion(suggestion: "AssistantSuggestion", question: "FormQuestion") -> list[str]:
    from review.checklists import format_answer
    from review.workflow.assistant.asking import NEAREST_NOTE

    notes = [f"  {NEAREST_NOTE}"] if suggestion.nearest_only else []
    if suggestion.state != "suggested":
        return [f"{suggestion.model}: {suggestion.reason}", *notes]
    answer = format_answer(question, suggestion.answer)
    return [
        f"{suggestion.model} suggests: {answer} (by a language model, please check)",
        *(f"  p. {quotation.page}: “{quotation.text}”" for quotation in suggestion.quotations),
        *notes,
    ]
