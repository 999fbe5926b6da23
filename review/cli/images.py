"""Commands of image audits: `review images ...`. Those of this module need no review."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import print_line, print_warning, show_bar

if TYPE_CHECKING:
    from review.workflow.imaging.inputs import ColumnChoice
    from review.workflow.imaging.outcome import AuditOutcome

OUT = typer.Option(..., "--out", help="Folder for the results, outside the image folder.")
FOLDER = typer.Argument(help="Folder of images (PNG, JPEG, TIFF, DICOM), including subfolders.")
LABELS = typer.Option(
    ..., "--labels", help="Table of labels (CSV, TSV or semicolon-separated; also .gz)."
)
OPTIONAL_LABELS = typer.Option(
    None, "--labels", help="Table with labels, patient, age, sex, view or site."
)
WORKERS = typer.Option(1, "--workers", min=1, help="Number of processes that read images.")
SEED = typer.Option(0, "--seed", min=0, help="Seed of the random number generator.")
COLUMN = typer.Option(
    [],
    "--column",
    help="PART=COLUMN for a column that is not recognised, e.g. patient=subject_id. Parts: file, "
    "label (repeatable), patient, age, sex, view, site, split.",
)
MINED = typer.Argument(help="Table of labels mined from reports.")
READ = typer.Argument(help="Table of labels read from the images.")
FINDINGS = typer.Option(..., "--finding", help="Mined label; any of several.")
READ_FINDINGS = typer.Option([], "--read-finding", help="Read label, if it is named otherwise.")
READ_COLUMNS = typer.Option(
    [], "--read-column", help="Column of read labels, if each label has its own."
)
READ_SPLIT = typer.Option("", "--read-split", help="Only this split of the read labels.")
COLUMN_PARTS = ("file", "label", "patient", "age", "sex", "view", "site", "split")


def register_commands(app: typer.Typer) -> None:
    """Adds the group."""
    from review.cli import image_sets

    images = typer.Typer(
        no_args_is_help=True,
        help="Audit images, labels and predictions. Exit status: 0 complete; 1 failed; 3 complete, "
        "but part of the input could not be used or is undecided.",
    )
    images.command("check")(check_set)
    images.command("audit-sample")(draw_audit_sample)
    images.command("audit-result")(judge_audit)
    images.command("sieve")(sieve_set)
    images.command("doubles")(list_doubles)
    images.command("splits")(compare_splits)
    images.command("subgroups")(audit_subgroups)
    images.command("shortcuts")(probe_shortcuts)
    images.command("nonsense")(audit_nonsense)
    images.command("labels")(compare_labels)
    images.command("lists")(compare_lists)
    image_sets.register_commands(images)
    app.add_typer(images, name="images")


def check_set(folder: Path = FOLDER, out: Path = OUT, workers: int = WORKERS) -> None:
    """Check the images of FOLDER: count every file and list those that cannot be read."""
    from review.workflow.imaging import image_sets

    with show_bar("Reading images") as progress:
        outcome = image_sets.check_set(folder, out, workers=workers, progress=progress)
    finish(outcome, out)


def draw_audit_sample(
    folder: Path = FOLDER,
    labels: Path = LABELS,
    label: str = typer.Option(..., "--label", help="Label to audit, as written in the table."),
    out: Path = OUT,
    n: int = typer.Option(130, "--n", min=1, help="Number of images to sample, one per patient."),
    seed: int = SEED,
    definition: str = typer.Option(
        "", "--definition", help="Definition of the label, shown to the readers."
    ),
    column: list[str] = COLUMN,
) -> None:
    """Sample images with a label onto contact sheets of 18, with a form for the readers."""
    from review.workflow.imaging import label_audit

    request = label_audit.SampleRequest(label=label, n=n, seed=seed, definition=definition or None)
    with show_bar("Drawing sheets") as progress:
        outcome = label_audit.write_sample(
            folder, labels, out, request, choose_columns(column), progress=progress
        )
    finish(outcome, out)


def judge_audit(
    sample: Path = typer.Argument(help="Folder written by audit-sample."),
    marks: list[Path] = typer.Argument(
        help="Completed forms of one or two readers, e.g. ada.csv ben.csv."
    ),
    out: Path = OUT,
    adjudicated: Path | None = typer.Option(
        None,
        "--adjudicated",
        help="Completed form of an adjudicator, for images on which the readers disagree.",
    ),
    claim: str = typer.Option("", "--claim", help="Published value, e.g. 0.943 or 94.3."),
    claims: Path | None = typer.Option(None, "--claims", help="Table of published values."),
    claim_column: str = typer.Option(
        "precision", "--claim-column", help="Column of that table with the values."
    ),
    source: str = typer.Option("", "--source", help="Reference for the published value."),
) -> None:
    """Estimate the PPV of a label from the readers' forms and compare it with a published value."""
    from review.workflow.imaging import label_audit

    request = label_audit.ClaimRequest(
        value=claim or None, source=source or None, table=claims, value_column=claim_column
    )
    finish(
        label_audit.write_result(sample, marks, out, adjudicated=adjudicated, claim=request), out
    )


def sieve_set(
    folder: Path = FOLDER,
    out: Path = OUT,
    labels: Path | None = OPTIONAL_LABELS,
    kind: list[str] = typer.Option([], "--kind", help="Limit to this problem (repeatable)."),
    rejects: Path | None = typer.Option(
        None, "--rejects", help="Table of rejected images, with columns path, problem, reader."
    ),
    examples: Path | None = typer.Option(
        None,
        "--examples",
        help="Marked examples (path, problem; verdict reject or keep): 20 or more teach a --kind "
        "that has no detector, such as lateral.",
    ),
    sheets: int = typer.Option(2, "--sheets", min=0, help="Number of contact sheets per problem."),
    learner: str = typer.Option(
        "regression",
        "--learner",
        help="regression; or network, a small convolutional network, which needs PyTorch (the "
        "extra networks), ranks mirrored films better and takes 15 to 80 times as long.",
    ),
    seed: int = SEED,
    workers: int = WORKERS,
    column: list[str] = COLUMN,
) -> None:
    """Rank images that may be rotated, inverted, mirrored, bordered or blank."""
    from review.workflow.imaging import sieving

    with show_bar("Reading images") as progress:
        outcome = sieving.sieve_set(
            folder,
            out,
            labels,
            choose_columns(column),
            kinds=kind,
            seed=seed,
            sheets=sheets,
            rejects=rejects,
            examples=examples,
            learner=learner,
            workers=workers,
            progress=progress,
        )
    finish(outcome, out)


def list_doubles(
    folder: Path = FOLDER,
    second: Path | None = typer.Argument(
        None, help="Second folder to compare with, e.g. the test set."
    ),
    out: Path = OUT,
    crops: bool | None = typer.Option(
        None,
        "--crops/--no-crops",
        help="Search for cropped copies, rotated ones too (default: only in sets of up to 5,000 "
        "images; above 2,000 upright and mirrored ones).",
    ),
    sheets: int = typer.Option(
        5, "--sheets", min=0, help="Number of contact sheets, nine pairs each."
    ),
    workers: int = WORKERS,
) -> None:
    """Find duplicate images, also scaled, rotated, mirrored or cropped, in one or two folders."""
    from review.workflow.imaging import doubles

    with show_bar("Reading and comparing") as progress:
        outcome = doubles.list_doubles(
            folder, out, second, crops=crops, sheets=sheets, workers=workers, progress=progress
        )
    finish(outcome, out)


def compare_splits(
    tables: list[Path] = typer.Argument(
        help="One table with a split column, or one table per split."
    ),
    out: Path = OUT,
    lists: list[str] = typer.Option(
        [],
        "--list",
        help="NAME=FILE: a list of the files of a split, one a line, instead of a split column "
        "(repeatable): train=train_val_list.txt.",
    ),
    column: list[str] = COLUMN,
) -> None:
    """Find patients and files in more than one split; tabulate age, sex, view and site by label."""
    from review.workflow.imaging import splits

    finish(splits.compare_splits(tables, out, choose_columns(column), lists=lists), out)


def audit_subgroups(
    predictions: Path = typer.Argument(help="Table with an image and a score a row."),
    out: Path = OUT,
    score: list[str] = typer.Option(
        [], "--score", help="Column of scores, one per model (repeatable)."
    ),
    image: str = typer.Option("", "--id", help="Column of the image."),
    label: str = typer.Option("", "--label", help="Column of the class."),
    positive: str = typer.Option("", "--positive", help="The class that counts as positive."),
    patient: str = typer.Option("", "--patient", help="Column of the patient."),
    age: str = typer.Option("", "--age", help="Column of the age."),
    attribute: list[str] = typer.Option([], "--attribute", help="Column to group by: race."),
    labels: Path | None = typer.Option(
        None, "--labels", help="Table of labels to join, if the predictions hold scores only."
    ),
    finding: list[str] = typer.Option([], "--finding", help="Label of that table to predict."),
    pair: list[str] = typer.Option(
        [], "--pair", help="LABEL=SCORE: several labels of that table, each with its own score."
    ),
    logits: bool = typer.Option(
        False, "--any-scale", help="Scores are no probabilities and may lie outside 0 to 1."
    ),
    threshold: float = typer.Option(0.5, "--threshold", help="Positive at or above this score."),
    reference: list[str] = typer.Option([], "--reference", help="Group to compare with: sex=M."),
    unit: str = typer.Option(
        "automatic", "--unit", help="What is independent: patients (if known) or images (DeLong)."
    ),
    draws: int = typer.Option(1000, "--draws", min=100, help="Draws of patients."),
    seed: int = SEED,
    column: list[str] = COLUMN,
) -> None:
    """AUC, sensitivity and calibration by group, gaps, proxies and a shuffled control."""
    from review.workflow.imaging import predictions as actions

    request = actions.SubgroupRequest(
        scores=tuple(score),
        id=image or None,
        label=label or None,
        positive=positive or None,
        patient=patient or None,
        age=age or None,
        attributes=tuple(attribute),
        labels=labels,
        findings=tuple(finding),
        pairs=tuple(pair),
        probabilities=not logits,
        threshold=threshold,
        references=tuple(reference),
        unit=unit,
        draws=draws,
        seed=seed,
    )
    finish(actions.audit_subgroups(predictions, out, request, choose_columns(column)), out)


def probe_shortcuts(
    folder: Path = typer.Argument(
        help="Folder of the images; or a table of files with bytes, width, height and mode."
    ),
    labels: Path | None = typer.Option(None, "--labels", help="Table of labels of the folder."),
    out: Path = OUT,
    by: str = typer.Option("label", "--by", help="label, site, view, sex or split."),
    finding: str = typer.Option("", "--finding", help="One label against all others."),
    against: str = typer.Option("", "--against", help="Table of files: only against this label."),
    measure: list[str] = typer.Option([], "--measure", help="Table of files: column to probe."),
    seed: int = SEED,
    workers: int = WORKERS,
    column: list[str] = COLUMN,
) -> None:
    """Ask what brightness, borders, file size and a blurred look know of a label or a site."""
    from review.errors import ReviewError
    from review.workflow.imaging import probing

    if folder.is_file():
        if not finding:
            raise ReviewError(f"{folder}: name the label to probe with --finding")
        outcome = probing.probe_table(
            folder,
            out,
            choose_columns(column),
            finding=finding,
            against=against or None,
            measures=measure,
            seed=seed,
        )
        finish(outcome, out)
        return
    if labels is None:
        raise ReviewError(f"name the table with the labels of the images in {folder}: --labels CSV")
    with show_bar("Reading images") as progress:
        outcome = probing.probe_set(
            folder,
            labels,
            out,
            choose_columns(column),
            target=by,
            finding=finding or None,
            seed=seed,
            workers=workers,
            progress=progress,
        )
    finish(outcome, out)


def audit_nonsense(
    mined: Path = MINED,
    read: Path = READ,
    predictions: Path = typer.Argument(help="Table of scores."),
    out: Path = OUT,
    finding: list[str] = FINDINGS,
    read_finding: list[str] = READ_FINDINGS,
    read_column: list[str] = READ_COLUMNS,
    read_split: str = READ_SPLIT,
    score: list[str] = typer.Option(..., "--score", help="Column of scores; several: any of them."),
    threshold: float | None = typer.Option(None, "--threshold", help="Positive at or above."),
    images: Path | None = typer.Option(
        None, "--images", help="Folder of the images: draws a sheet of each cell."
    ),
    seed: int = SEED,
) -> None:
    """Compare a model with mined and with read labels: what are its errors truly?"""
    from review.workflow.imaging import predictions as actions
    from review.workflow.imaging.label_tables import LabelTables

    request = actions.NonsenseRequest(
        tables=LabelTables(
            mined=mined,
            read=read,
            mined_labels=tuple(finding),
            read_labels=tuple(read_finding or finding),
            read_columns=tuple(read_column),
            read_split=read_split or None,
        ),
        scores=predictions,
        score_columns=tuple(score),
        threshold=threshold,
        images=images,
        seed=seed,
    )
    finish(actions.audit_nonsense(out, request), out)


def compare_labels(
    mined: Path = MINED,
    read: Path = READ,
    out: Path = OUT,
    finding: list[str] = FINDINGS,
    read_finding: list[str] = READ_FINDINGS,
    read_column: list[str] = READ_COLUMNS,
    read_split: str = READ_SPLIT,
    absent: bool = typer.Option(
        False, "--absent", help="The label is right if none of the read labels is there."
    ),
    claims: Path | None = typer.Option(None, "--claims", help="Table of published figures."),
    claim_column: str = typer.Option("precision", "--claim-column", help="Its column of figures."),
    source: str = typer.Option("", "--source", help="Where the figures were published."),
) -> None:
    """How right are mined labels by the labels somebody read, and what was claimed for them?"""
    from review.workflow.imaging import label_tables

    tables = label_tables.LabelTables(
        mined=mined,
        read=read,
        mined_labels=tuple(finding),
        read_labels=tuple(read_finding or finding),
        read_columns=tuple(read_column),
        read_split=read_split or None,
        absent=absent,
    )
    published = None
    if claims is not None:
        published = label_tables.PublishedClaims(
            table=claims, source=source, value_column=claim_column
        )
    finish(label_tables.compare_labels(out, tables, published), out)


def compare_lists(
    table: Path = typer.Argument(help="Published list of images, with what is wrong with each."),
    other: Path | None = typer.Argument(None, help="Another list: a file name a line."),
    out: Path = OUT,
    column: list[str] = COLUMN,
) -> None:
    """Count the images of a published list by label, and compare it with another list."""
    from review.workflow.imaging import label_tables

    finish(label_tables.compare_file_lists(table, out, other, choose_columns(column)), out)


def choose_columns(words: list[str]) -> "ColumnChoice":
    """The columns named by words such as 'patient=subject_id'."""
    from review.errors import ReviewError
    from review.workflow.imaging.inputs import ColumnChoice

    parts: dict[str, str] = {}
    labels: list[str] = []
    for word in words:
        part, _, column = (piece.strip() for piece in word.partition("="))
        if part not in COLUMN_PARTS or not column:
            raise ReviewError(
                f"--column {word!r}: expected PART=COLUMN, where PART is one of "
                f"{', '.join(COLUMN_PARTS)}."
            )
        if part == "label":
            labels.append(column)
        else:
            parts[part] = column
    return ColumnChoice(parts=parts, labels=tuple(labels))


def finish(outcome: "AuditOutcome", out: Path) -> None:
    """Prints the summary, then what could not be used; exits with 3 if there is any."""
    for line in outcome.lines:
        print_line(line)
    print_line(f"Results: {out}")
    for line in outcome.shortfalls:
        print_warning(f"Note: {line}")
    if outcome.exit_status:
        raise typer.Exit(outcome.exit_status)
