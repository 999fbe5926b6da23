"""Flags, number checks and data sets told: as lines for a terminal, and as JSON-ready data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from review.bias import datasets, number_checks
from review.bias.datasets import Matrix, Mention
from review.bias.rules import Flag
from review.models import Sentence
from review.store.records import key_of
from review.workflow.bias import flags


def datasets_as_json(named: flags.Named, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """What was found of data sets, as JSON-ready data with sentences and pages."""
    registry = flags.knowledge().registry

    def place(mention: Mention) -> dict[str, Any]:
        sentence = sentences[mention.sentence]
        return {
            **asdict(mention),
            "page": sentence.page,
            "text": sentence.text,
            "boxes": sentence.boxes,
        }

    return {
        "used": [
            {"id": one, "name": registry[one].name, "mentions": [*map(place, named.mentions[one])]}
            for one in named.used
        ],
        "to_settle": [place(mention) for mention in named.asked],
        "overlaps": [
            {**asdict(one), "drawn": datasets.drawn(registry, one)} for one in named.overlaps
        ],
    }


def matrix_as_json(table: Matrix) -> dict[str, Any]:
    """The matrix as JSON-ready data, one row a study."""
    return {
        "sentence": flags.matrix_sentence(table),
        "studies": {
            study: {
                one: table.cells[study, one]
                for one in table.datasets
                if (study, one) in table.cells
            }
            for study in table.studies
        },
        "groups": table.groups,
        "sources": table.sources,
    }


def flagged_in_words(raised: Mapping[int, int | None]) -> list[str]:
    """What a run over a review's PDFs raised, as lines for a terminal; what failed is named."""
    done = [count for count in raised.values() if count is not None]
    lost = [key_of(record) for record, count in raised.items() if count is None]
    out = [f"{len(done)} PDFs flagged now, {sum(done)} flags."]
    if lost:
        out.append(f"Not flagged, for its process ended (run again to retry): {', '.join(lost)}")
    return out


def flags_in_words(found: Sequence[Flag]) -> list[str]:
    """Flags as lines for a terminal."""
    out = []
    for flag in found:
        place = f"p. {flag.page}" if flag.page else "whole text"
        informs = "; ".join(f"{one} {', '.join(ns)}" for one, ns in flag.informs.items() if ns)
        out += [
            f"{flag.name} ({flag.strength}, {place}, rule {flag.rule})",
            f"   {flag.text}",
            f"   informs {informs}",
        ]
    return [*out, f"{len(found)} flags. A flag is a sign for a reviewer, never a judgement."]


def numbers_in_words(
    found: Sequence[number_checks.Found], sentences: Sequence[Sentence]
) -> list[str]:
    """Number checks as lines for a terminal."""
    out = []
    for one in found:
        said = " ".join(problem.text for problem in one.problems) or "The figures agree."
        sentence = sentences[one.sentence]
        out += [f"p. {sentence.page}: {said}", f"   {sentence.text}"]
    return [*out, f"{len(found)} sentences with figures that can be checked."]


def datasets_in_words(named: flags.Named, sentences: Sequence[Sentence]) -> list[str]:
    """Data sets of a text as lines for a terminal."""
    registry = flags.knowledge().registry
    out = []
    for one in named.used:
        mentions = named.mentions[one]
        page = sentences[mentions[0].sentence].page
        out.append(f"{registry[one].name} (p. {page}, mentions: {len(mentions)})")
    for mention in named.asked:
        names = " or ".join(registry[one].name for one in mention.ids)
        out.append(f"please settle: '{mention.words}' may be {names}")
    for overlap in named.overlaps:
        sure = "hold the same images" if overlap.certain else "may hold the same images"
        out.append(f"{sure}: {datasets.drawn(registry, overlap)}")
    used, asked = len(named.used), len(named.asked)
    return [*out, f"{used} registered data sets used, {asked} to settle."]


def matrix_in_words(table: Matrix) -> list[str]:
    """The matrix as lines for a terminal, one a study."""
    out = []
    for study in table.studies:
        cells = [
            f"{one} ({table.cells[study, one]})"
            for one in table.datasets
            if (study, one) in table.cells
        ]
        out.append(f"{study}  {', '.join(cells) or 'names no registered data set'}")
    return [*out, flags.matrix_sentence(table)]
