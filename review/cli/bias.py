"""Commands on bias: flags and data sets of a PDF, the graph of data sets, a whole review's."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from review.cli.base import opened, say, say_json
from review.cli.fulltext import JSON, PASSWORD, PDF, bar

sets = typer.Typer(no_args_is_help=True, help="Public data sets: find, list, draw.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("flags")(flags)
    app.command("numbers")(numbers)
    app.add_typer(sets, name="datasets")


def flags(
    context: typer.Context,
    file: Path | None = typer.Argument(None, help="The PDF; left out: every PDF of the review."),
    every: bool = typer.Option(False, "--all", help="With rules that were not measured yet."),
    json: bool = JSON,
    password: str | None = PASSWORD,
) -> None:
    """Show signs of pitfalls in a PDF, each with its sentence, page and questions it informs."""
    from review.cli import format_bias
    from review.store.records import key_of
    from review.workflow.bias import flags as bias
    from review.workflow.fulltexts.reading import read_text

    if file is None:
        raised = bias.flag_all(opened(context), progress=bar)
        if json:
            say_json([{"record": key_of(n), "flags": count} for n, count in raised.items()])
            return
        say("\n".join(format_bias.flagged_in_words(raised)))
        return
    found = bias.flags_in(read_text(file, password).sentences, every=every)
    show(found, format_bias.flags_in_words(found), json)


def numbers(
    context: typer.Context, file: Path = PDF, json: bool = JSON, password: str | None = PASSWORD
) -> None:
    """Recompute the figures a PDF states; name contradictions and samples that are too small."""
    from review.cli import format_bias
    from review.workflow.bias import flags as bias
    from review.workflow.bias import sample_sizes
    from review.workflow.fulltexts.reading import read_text

    sentences = read_text(file, password).sentences
    asked = sample_sizes.thresholds(Path(context.find_root().obj.folder))
    found, few = bias.numbers_in(sentences), sample_sizes.concerns_in(sentences, asked)
    if json:
        say_json({"figures": [asdict(one) for one in found], "sizes": [asdict(one) for one in few]})
        return
    say("\n".join(format_bias.numbers_in_words(found, sentences)))
    say("\n".join(sample_sizes.concerns_in_words(few, asked)))


@sets.command("find")
def find(file: Path = PDF, json: bool = JSON, password: str | None = PASSWORD) -> None:
    """Find the public data sets a PDF names, and those of them that share images."""
    from review.cli import format_bias
    from review.workflow.bias import flags as bias
    from review.workflow.fulltexts.reading import read_text

    text = read_text(file, password)
    named = bias.datasets_in(text.sentences)
    if json:
        say_json(format_bias.datasets_as_json(named, text.sentences))
    else:
        say("\n".join(format_bias.datasets_in_words(named, text.sentences)))


@sets.command("list")
def list_(json: bool = JSON) -> None:
    """List the registry: every data set with size, labels, components and issues."""
    from review.workflow.bias.flags import knowledge

    every = list(knowledge().registry.values())
    show(every, [f"{one.id:<24} {one.kind:<15} {one.year}  {one.name}" for one in every], json)


@sets.command("graph")
def graph(
    context: typer.Context,
    out: Path = typer.Option(Path("datasets.svg"), help="An .svg or .png file."),
    whole: bool = typer.Option(False, "--registry", help="Draw the registry, not the review."),
) -> None:
    """Draw which data sets hold which: those of the review's studies, or the whole registry."""
    from review.workflow.bias import flags as bias
    from review.workflow.project.project import PROTOCOL

    inside = (Path(context.find_root().obj.folder) / PROTOCOL).exists() and not whole
    table = bias.matrix_of(opened(context)) if inside else None
    bias.write_graph(table, out)
    say(f"{out} written." + (f" {bias.matrix_sentence(table)}" if table else ""))


@sets.command("matrix")
def matrix(context: typer.Context, json: bool = JSON) -> None:
    """Show the review's studies by data sets, shared ancestry counted."""
    from review.cli import format_bias
    from review.workflow.bias import flags as bias

    table = bias.matrix_of(opened(context))
    if json:
        say_json(format_bias.matrix_as_json(table))
    else:
        say("\n".join(format_bias.matrix_in_words(table)))


def show(found: Sequence[Any], words: Sequence[str], json: bool) -> None:
    """Prints dataclasses as JSON, or their words line by line."""
    if json:
        say_json([asdict(one) for one in found])
    else:
        say("\n".join(words))
