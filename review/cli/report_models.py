"""Commands for the models of a report, each of which is appraised by itself."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line

if TYPE_CHECKING:
    from review.store.report_models import ReportModel

_RECORD = typer.Argument(help="Record number, e.g. R000012.")
_NAME = typer.Argument(help="Name of the model.")
_KIND = typer.Option(None, "--kind", help="Its architecture or method.")
_TASK = typer.Option(None, "--task", help="What it predicts: task and outcome.")
_DATA_SETS = typer.Option(None, "--data-sets", help="The data sets it was tested on.")
_VALIDATION = typer.Option(None, "--validation", help="internal, external, both or none.")


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    model_commands = typer.Typer(
        no_args_is_help=True, help="Models of a report, each appraised by itself."
    )
    model_commands.command("list")(list_models)
    model_commands.command("add")(add_model)
    model_commands.command("change")(change_model)
    model_commands.command("main")(mark_main_model)
    model_commands.command("remove")(remove_model)
    app.add_typer(model_commands, name="models")


def list_models(
    context: typer.Context,
    record: str = typer.Argument("", help="Record number (default: all due for appraisal)."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """List the models of a report, or of all reports."""
    from review.store.records import format_record_key, parse_record_key
    from review.workflow.appraisal.model_changes import list_all_models

    number = parse_record_key(record) if record else None
    models = list_all_models(open_review(context), number)
    if as_json:
        print_json(
            [
                {"record": format_record_key(report), "id": model.id, "main": model.main}
                | asdict(model.details)
                for report, of_report in models.items()
                for model in of_report
            ]
        )
        return
    for report, of_report in models.items():
        for model in of_report:
            print_line(f"{format_record_key(report)}  {format_model(model)}")
    if not models:
        print_line("No report has models of its own; each is appraised as a whole.")


def format_model(model: "ReportModel") -> str:
    """A model in one line."""
    details = model.details
    facts = [details.kind, details.task, details.data_sets, details.validation]
    main = " (main)" if model.main else ""
    return " · ".join(filter(None, (f"{model.name}{main}", *facts)))


def add_model(
    context: typer.Context,
    record: str = _RECORD,
    name: str = _NAME,
    kind: str | None = _KIND,
    task: str | None = _TASK,
    data_sets: str | None = _DATA_SETS,
    validation: str | None = _VALIDATION,
) -> None:
    """Add a model to a report. A removed model of that name comes back, with its answers."""
    from review.store.records import parse_record_key
    from review.store.report_models import ModelDetails
    from review.workflow.appraisal import model_changes

    details = ModelDetails(
        name=name, kind=kind, task=task, data_sets=data_sets, validation=validation
    )
    model = model_changes.add_model(
        open_review(context), parse_record_key(record), details, get_user_name(context)
    )
    print_line(f"Added to {record}: {format_model(model)}")


def change_model(
    context: typer.Context,
    record: str = _RECORD,
    name: str = _NAME,
    new_name: str | None = typer.Option(None, "--name", help="Its new name."),
    kind: str | None = _KIND,
    task: str | None = _TASK,
    data_sets: str | None = _DATA_SETS,
    validation: str | None = _VALIDATION,
) -> None:
    """Rename a model or change its details. Its answers stay; an empty text clears a detail."""
    from review.store.records import parse_record_key
    from review.workflow.appraisal import model_changes

    project, number = open_review(context), parse_record_key(record)
    given = {
        "name": new_name,
        "kind": kind,
        "task": task,
        "data_sets": data_sets,
        "validation": validation,
    }
    details = replace(
        model_changes.get_model(project, number, name).details,
        **{key: text for key, text in given.items() if text is not None},
    )
    model = model_changes.change_model(project, number, name, details, get_user_name(context))
    print_line(f"{record}: {format_model(model)}")


def mark_main_model(context: typer.Context, record: str = _RECORD, name: str = _NAME) -> None:
    """Make a model the main one of its report."""
    from review.store.records import parse_record_key
    from review.workflow.appraisal import model_changes

    model_changes.mark_main_model(
        open_review(context), parse_record_key(record), name, get_user_name(context)
    )
    print_line(f"{name} is the main model of {record}.")


def remove_model(context: typer.Context, record: str = _RECORD, name: str = _NAME) -> None:
    """Remove a model from its report. Its answers are kept and come back if it is added again."""
    from review.store.records import parse_record_key
    from review.workflow.appraisal import model_changes

    model_changes.remove_model(
        open_review(context), parse_record_key(record), name, get_user_name(context)
    )
    print_line(f"Removed from {record}: {name}. Its answers are kept.")
