"""Sample sizes of a study against the protocol: what was extracted, and what the text states."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from review import protocol as protocols
from review.bias import number_checks, rules
from review.models import Answer, Sentence
from review.protocol import Appraisal
from review.workflow.appraisal import adjudication, forms
from review.workflow.appraisal.instruments import checklist
from review.workflow.fulltexts import reading as texts
from review.workflow.project.project import PROTOCOL, Project

_PREDICTORS = re.compile(
    r"\b(?P<n>\d{1,5})(?=\D{0,60}\b(?:features?|predictors?|variables?|parameters|biomarkers?)\b)",
    re.I,
)


_NOT_READ = frozenset({"references", "related work", "keywords"})


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of people or images as a reviewer extracted them; None where not stated."""

    development: int | None = None
    positives_development: int | None = None
    predictors: int | None = None
    test: int | None = None
    positives_test: int | None = None
    sensitivity: float | None = None
    """The one stated under performance, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Concern:
    """What a size cannot bear, and where the size comes from."""

    text: str
    where: str
    """extraction, settled; extraction, your own form; or the text"""
    page: int | None = None
    sentence: str = ""


def sizes_from(answers: Mapping[str, str | None]) -> Sizes:
    """Sizes of an extraction form, item id -> answer; what is no number is unknown."""

    def number(key: str) -> int | None:
        said = (answers.get(key) or "").replace(",", "").strip()
        return int(said) if said.isdigit() else None

    given = (answers.get("predictors") or "").strip()
    named = [int(one["n"]) for one in _PREDICTORS.finditer(given)]
    predictors = int(given) if given.isdigit() else named[0] if len(named) == 1 else None
    return Sizes(
        number("size-development"), number("positives-development"), predictors,
        number("size-test"), number("positives-test"),
        number_checks.sensitivity_in(answers.get("performance") or ""),
    )  # fmt: skip


def concerns_of(sizes: Sizes, asked: Appraisal) -> list[str]:
    """What the extracted sizes cannot bear by the protocol's thresholds."""
    out = number_checks.concerns(
        positives=sizes.positives_development,
        predictors=sizes.predictors,
        per_variable=asked.min_events_per_variable,
    ) if sizes.predictors else []  # fmt: skip
    said = [f"Development: {one}" for one in out]
    negatives = None
    if sizes.test is not None and sizes.positives_test is not None:
        negatives = sizes.test - sizes.positives_test
        if negatives < 0:
            said.append(
                f"Test set: {sizes.positives_test} positives are more than the {sizes.test} in it."
            )
            negatives = None
    found = number_checks.concerns(
        positives=sizes.positives_test,
        negatives=negatives,
        share=sizes.sensitivity,
        to_validate=asked.min_positives_test,
    )
    return said + [f"Test set: {one}" for one in found]


def thresholds(folder: Path) -> Appraisal:
    """What the protocol of the review in this folder asks for; the defaults outside a review.

    Raises:
        ProtocolError: the protocol cannot be read.
    """
    path = folder / PROTOCOL
    return protocols.load(path).appraisal if path.exists() else Appraisal()


def concerns_in(sentences: Sequence[Sentence], asked: Appraisal) -> list[Concern]:
    """Sentences that state sizes too few for what the protocol asks: counts behind the figures of a
    test, positives of a test set, events beside candidate predictors. Each is told once."""
    out: list[Concern] = []
    for sentence in sentences:
        if sentence.section in _NOT_READ or rules.of_others(sentence.text):
            continue
        said = number_checks.counted_in(sentence.text)
        sizes = Sizes(
            positives_development=said.events,
            predictors=said.predictors,
            positives_test=said.positives_test,
            sensitivity=number_checks.sensitivity_in(sentence.text)
            if said.positives_test
            else None,
        )
        told = {one.text for one in out}
        found = [text for text in concerns_of(sizes, asked) if text not in told]
        out += [Concern(text, "the text", sentence.page, sentence.text) for text in found]
    for one in number_checks.find(sentences):
        whole, sentence = number_checks.filled(one.stated), sentences[one.sentence]
        share = whole.sensitivity.value if whole.sensitivity else None
        if share is None and whole.tp is not None and whole.positives:
            share = whole.tp / whole.positives
        found = number_checks.concerns(
            positives=whole.positives,
            negatives=whole.negatives,
            share=share,
            to_validate=asked.min_positives_test,
        )
        out += [Concern(text, "the text", sentence.page, sentence.text) for text in found]
    return out


def concerns_in_words(found: Sequence[Concern], asked: Appraisal) -> list[str]:
    """Concerns of a text as lines for a terminal, with the thresholds they are held against."""
    out = []
    for one in found:
        out += [f"p. {one.page}: {one.text}", f"   {one.sentence}"]
    return [
        *out,
        f"{len(found)} sizes in the text are below what is asked for: {asked.min_positives_test} "
        f"positives in a test set, {asked.min_events_per_variable:g} events for each predictor.",
    ]


def concerns(project: Project, record: int, who: str) -> list[Concern]:
    """Every concern about the sizes of a study.

    The extraction comes from the settled form, else from this reviewer's own; others' are not read.
    """
    asked = project.protocol.appraisal
    answers, where = _extracted(project, record, who)
    out = [Concern(text, where) for text in concerns_of(sizes_from(answers), asked)]
    text = texts.text_of(project, record)
    return out + concerns_in(text.sentences if text else (), asked)


def _extracted(project: Project, record: int, who: str) -> tuple[dict[str, str | None], str]:
    name = project.protocol.appraisal.extraction
    if name is None:
        return {}, ""
    one = checklist(project, name)
    with project.store.read() as conn:
        report = forms.report_of(conn, record)
        together = adjudication.settlement(project, conn, report, one)
        if together.settled:
            return _said(together.entries), "extraction, settled"
        return _said(forms.own_form(conn, report, one, who).entries), "extraction, your own form"


def _said(entries: Mapping[str, Answer]) -> dict[str, str | None]:
    return {key: entry.answer for key, entry in entries.items()}
