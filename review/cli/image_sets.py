"""Commands of image audits inside a review: add and move sets, run the sieve, list findings."""

from pathlib import Path

import typer

from review.cli.base import get_user_name, open_review, print_line, show_bar
from review.cli.images import COLUMN, FOLDER, SEED, WORKERS, choose_columns, finish


def register_commands(images: typer.Typer) -> None:
    """Adds the commands to `review images`."""
    images.command("add")(add_set)
    images.command("move")(move_set)
    images.command("sets")(list_sets)
    images.command("sieve-set")(sieve_review_set)
    images.command("draw")(draw_reading)
    images.command("findings")(list_findings)


def add_set(
    context: typer.Context,
    folder: Path = FOLDER,
    name: str = typer.Option(..., "--set", help="Short name of the set in this review."),
    dataset: str = typer.Option("", "--dataset", help="Its id in the registry of data sets."),
    labels: Path | None = typer.Option(None, "--labels", help="Table with labels and patients."),
    workers: int = WORKERS,
    column: list[str] = COLUMN,
) -> None:
    """Add the images of FOLDER to the review; may be stopped and started again."""
    from review.workflow.imaging import registered_sets

    request = registered_sets.SetRequest(
        name=name,
        folder=folder,
        dataset=dataset or None,
        labels=labels,
        choice=choose_columns(column),
        workers=workers,
    )
    project = open_review(context)
    with show_bar("Reading images") as progress:
        outcome = registered_sets.add_set(
            project, request, get_user_name(context), progress=progress
        )
    finish(outcome, registered_sets.get_set_folder(project, name))


def move_set(
    context: typer.Context,
    name: str = typer.Argument(help="Name of the set."),
    folder: Path = typer.Argument(help="Where its images are now."),
) -> None:
    """Say where the images of a set lie now."""
    from review.workflow.imaging import registered_sets

    project = open_review(context)
    outcome = registered_sets.move_root(project, name, folder, get_user_name(context))
    finish(outcome, folder)


def list_sets(context: typer.Context) -> None:
    """List the image sets of the review."""
    from review.workflow.imaging import registered_sets

    sets = registered_sets.list_sets(open_review(context))
    if not sets:
        print_line("No image sets yet. Add one: review images add DIR --set NAME")
    for held in sets:
        place = held.root or "place not known"
        tied = f" ({held.dataset})" if held.dataset else ""
        print_line(f"{held.name}{tied}: {held.readable:,} images, {place}")


def sieve_review_set(
    context: typer.Context,
    name: str = typer.Argument(help="Name of the set."),
    kind: list[str] = typer.Option([], "--kind", help="Only this problem; may be repeated."),
    seed: int = SEED,
) -> None:
    """Rank the images of a set for the page Image sieve; other kinds learn from its rejects."""
    from review.imaging.sieve import KINDS
    from review.workflow.imaging import archive_sieve, registered_sets

    project, who = open_review(context), get_user_name(context)
    image_set = registered_sets.get_set(project, name)
    own = [problem for problem in kind or KINDS if problem in KINDS]
    if own:
        archive_sieve.run_sieve(project, image_set, who, kinds=own, seed=seed)
    for problem in kind:
        if problem not in KINDS:
            archive_sieve.teach_kind(project, image_set, who, problem, seed=seed)
    for run in archive_sieve.list_runs(project, image_set):
        count = "ranked only" if run.suspected is None else f"{run.suspected:,} suspected"
        print_line(f"{run.problem}: {count}")


def draw_reading(
    context: typer.Context,
    name: str = typer.Argument(help="Name of the set."),
    label: str = typer.Option(..., "--label", help="The label to audit."),
    reader: list[str] = typer.Option(..., "--reader", help="A reader of the audit (repeatable)."),
    n: int = typer.Option(130, "--n", min=1, help="Images to draw, one per patient."),
    seed: int = SEED,
    definition: str = typer.Option("", "--definition", help="What the label means."),
    claim: float | None = typer.Option(
        None, "--claim", min=0, max=100, help="Published PPV in per cent."
    ),
    source: str = typer.Option("", "--source", help="Where the PPV was published."),
) -> None:
    """Draw a sample of a label for the readers of the page Label audit."""
    from review.workflow.imaging import label_reading

    project, who = open_review(context), get_user_name(context)
    request = label_reading.ReadingRequest(
        image_set=name,
        label=label,
        readers=tuple(reader),
        n=n,
        seed=seed,
        definition=definition or None,
        claim=None if claim is None else claim / 100,
        claim_source=source or None,
    )
    reading = label_reading.get_reading(project, label_reading.draw_reading(project, request, who))
    print_line(
        f"{len(reading.drawn):,} of {reading.images:,} images labelled {label} drawn with seed "
        f"{seed} for {' and '.join(reader)}. They mark them on the page Label audit."
    )


def list_findings(context: typer.Context) -> None:
    """List what was found out about data sets, with who and when."""
    from review.workflow.imaging import findings

    for finding in findings.list_findings(open_review(context)):
        print_line(
            f"{finding.at[:10]} {finding.who}, {findings.get_dataset_name(finding.dataset)}, "
            f"{finding.kind_name}: {finding.text}"
        )
