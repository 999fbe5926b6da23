"""Reads the labels of whole papers, and finds the labelled sentences in the text as read today."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from review import fulltext
from review.fulltext import FullText
from review.models import Sentence

FOLDER = Path(__file__).parent / "labels"
ELSEWHERE = FOLDER / "elsewhere"
"""Labels of open papers that are not in the corpora: whoever scores them fetches them first."""
SHUT = FOLDER / "shut"
"""Labels that only measure: whoever works on rules, facts and weights does not open them."""
HALVES = ("learn", "shut")
OPENING_WORDS = 8
"""First words of a labelled sentence, kept so that it is found again when sentences are counted
differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLabel:
    """What we read about one rule in one paper."""

    label: str
    """present: a flag would be right; absent: it would be wrong; unclear or na: not counted."""
    at: tuple[int, ...]
    """Sentences that show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetLabel:
    """A data set named in a paper."""

    name: str
    """Id in data/datasets.yaml if it was listed when we read the paper, else its name."""
    label: str
    """used, mentioned (by the way), own (the authors' own data) or asked (cited only)."""
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContradictionLabel:
    """Two statements of a paper that cannot both be right."""

    at: tuple[int, ...]
    against: tuple[int, ...]
    """The other place; empty if the sentence contradicts itself."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLabels:
    """All labels of one paper."""

    file: str
    key: str
    """DOI, or the name in the volume where there is none."""
    sha256: str
    imaging_ai: bool
    kind: str
    rules: Mapping[str, RuleLabel]
    datasets: tuple[DatasetLabel, ...]
    contradictions: tuple[ContradictionLabel, ...]
    evidence: Mapping[str, Mapping[str, tuple[int, ...]]]
    """Checklist -> published number of an item -> sentences of which each alone answers it."""
    openings: Mapping[int, str]


def load_labels(folder: Path = FOLDER) -> list[PaperLabels]:
    """The labels of all papers of a folder, in order of their files."""
    return [
        parse_labels(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.yaml"))
    ]


def read_labelled(folder: Path, more: Path | None = None) -> Iterator[tuple[PaperLabels, FullText]]:
    """The papers to learn from with their texts: those of the corpora, and the others if given."""
    for labels, papers in ((FOLDER, folder), (ELSEWHERE, more)):
        if papers is not None:
            labelled = load_labels(labels)
            yield from zip(labelled, read_papers(labelled, papers), strict=True)


def read_shut(more: Path) -> Iterator[tuple[PaperLabels, FullText]]:
    """The papers that only measure, with their texts."""
    labelled = load_labels(SHUT)
    yield from zip(labelled, read_papers(labelled, more), strict=True)


def parse_labels(data: Mapping[str, Any]) -> PaperLabels:
    """Labels as loaded from YAML; '*' stands for all rules that are not named."""
    return PaperLabels(
        file=data["file"],
        key=data["key"],
        sha256=data["sha256"],
        imaging_ai=data["imaging_ai"],
        kind=data["kind"],
        rules={rule: _parse_rule(text) for rule, text in data["rules"].items()},
        datasets=tuple(
            DatasetLabel(name=one["name"], label=one["label"], at=parse_indexes(one["at"]))
            for one in data["datasets"]
        ),
        contradictions=tuple(
            ContradictionLabel(
                at=parse_indexes(one["at"]),
                against=parse_indexes(one.get("against")),
                what=one["what"],
            )
            for one in data["contradictions"]
        ),
        evidence={
            checklist: {str(number): parse_indexes(at) for number, at in items.items()}
            for checklist, items in data["evidence"].items()
        },
        openings=data["openings"],
    )


def _parse_rule(text: str) -> RuleLabel:
    label, _, indexes = text.partition(" ")
    return RuleLabel(label=label, at=parse_indexes(indexes))


def parse_indexes(value: object) -> tuple[int, ...]:
    """Sentence numbers as written: 7, or '7 13 20'."""
    return tuple(int(part) for part in str("" if value is None else value).split())


def get_rule_label(paper: PaperLabels, rule: str, mode: str) -> str:
    """present, absent, unclear or na. A rule that is not named is absent; rules for missing items
    do not apply to a paper without a model that reads images."""
    if rule in paper.rules:
        return paper.rules[rule].label
    return "na" if mode == "absent" and not paper.imaging_ai else "absent"


def read_paper(path: Path) -> FullText:
    """The full text of a PDF, of an article in JATS or of plain text."""
    read_markup = getattr(fulltext, "read_markup", None)
    text = read_markup(path) if read_markup else None
    return text or fulltext.read_full_text(path)


def read_papers(papers: Sequence[PaperLabels], folder: Path) -> Iterator[FullText]:
    """The texts of labelled papers, in order; stops at a file that is not the labelled one."""
    for paper in papers:
        path = folder / paper.file
        if not path.is_file():
            raise SystemExit(f"{path}: missing. Give the folder of the labelled papers.")
        text = read_paper(path)
        if text.sha256 != paper.sha256:
            raise SystemExit(f"{path}: not the file that was labelled; its content differs.")
        yield text


def locate_sentences(paper: PaperLabels, sentences: Sequence[Sentence]) -> dict[int, int]:
    """Labelled index -> index in this text; a sentence that is no longer found is left out.

    Only letters and digits are compared. The nearest sentence that contains the opening is taken.
    """
    letters = [squeeze_letters(sentence.text) for sentence in sentences]
    places: dict[int, int] = {}
    for index, opening in paper.openings.items():
        wanted = squeeze_letters(opening)
        if index < len(letters) and letters[index].startswith(wanted):
            places[index] = index
            continue
        matches = [n for n, text in enumerate(letters) if text.startswith(wanted)]
        matches = matches or [n for n, text in enumerate(letters) if wanted in text]
        if matches:
            places[index] = min(matches, key=lambda n: abs(n - index))
    return places


def squeeze_letters(text: str) -> str:
    """The letters and digits of a text, in lower case."""
    return re.sub(r"[\W_]+", "", text.casefold())


def take_opening(text: str) -> str:
    """The first words of a sentence, as kept with the labels."""
    return " ".join(text.split()[:OPENING_WORDS])
