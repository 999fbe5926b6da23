"""Compares sample sizes of a study, extracted or stated in the text, with the protocol."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from review.bias import number_checks, rules
from review.bias.facts import FactCell
from review.fulltext import FullText
from review.models import Answer, Sentence
from review.protocol.loading import load_protocol
from review.protocol.models import Appraisal
from review.store import files as stored_files
from review.text.wording import format_count
from review.workflow.appraisal import forms
from review.workflow.appraisal.form_consensus import load_consensus
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.appraisal.report_models import (
    get_form_id,
    get_representative,
    list_report_models,
)
from review.workflow.bias import flags
from review.workflow.fulltexts import reading as texts
from review.workflow.project.project import PROTOCOL_FILE, Project

_PREDICTORS = re.compile(
    r"\b(?P<n>\d{1,5})(?=\D{0,60}\b(?:features?|predictors?|variables?|parameters|biomarkers?)\b)",
    re.I,
)


_SKIPPED_SECTIONS = frozenset({"references", "related work", "keywords"})


@dataclass(frozen=True, slots=True)
class SampleSizes:
    """Numbers of people or images as a reviewer extracted them; None where not stated."""

    development: int | None = None
    positives_development: int | None = None
    predictors: int | None = None
    test: int | None = None
    positives_test: int | None = None
    sensitivity: float | None = None
    """The one stated under performance, 0 to 1."""


@dataclass(frozen=True, slots=True)
class SizeConcern:
    """A sample size that is too small, and where it is stated."""

    text: str
    where: str
    """extraction, consensus; extraction, your own form; or the text"""
    page: int | None = None
    sentence: str = ""


def parse_sizes(answers: Mapping[str, str | None]) -> SampleSizes:
    """Sizes of an extraction form, item id -> answer; what is no number is unknown."""

    def parse_number(key: str) -> int | None:
        return _parse_whole((answers.get(key) or "").replace(",", "").strip())

    predictors_text = (answers.get("predictors") or "").strip()
    stated_counts = [int(match["n"]) for match in _PREDICTORS.finditer(predictors_text)]
    predictors = _parse_whole(predictors_text)
    if predictors is None and len(stated_counts) == 1:
        predictors = stated_counts[0]
    return SampleSizes(
        development=parse_number("size-development"),
        positives_development=parse_number("positives-development"),
        predictors=predictors,
        test=parse_number("size-test"),
        positives_test=parse_number("positives-test"),
        sensitivity=number_checks.extract_sensitivity(answers.get("performance") or ""),
    )


def _parse_whole(text: str) -> int | None:
    """A whole number in digits; None for other text ('10²', a number too long to be a size)."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def check_sizes(sizes: SampleSizes, settings: Appraisal) -> list[str]:
    """Which extracted sizes are below the thresholds of the protocol, one sentence for each."""
    development_problems = (
        number_checks.find_size_concerns(
            positives=sizes.positives_development,
            predictors=sizes.predictors,
            per_variable=settings.min_events_per_variable,
        )
        if sizes.predictors
        else []
    )
    messages = [f"Development: {problem}" for problem in development_problems]
    negatives = None
    if sizes.test is not None and sizes.positives_test is not None:
        negatives = sizes.test - sizes.positives_test
        if negatives < 0:
            messages.append(
                f"Test set: {sizes.positives_test} positives, but only {sizes.test} in total."
            )
            negatives = None
    test_problems = number_checks.find_size_concerns(
        positives=sizes.positives_test,
        negatives=negatives,
        share=sizes.sensitivity,
        to_validate=settings.min_positives_test,
    )
    return messages + [f"Test set: {problem}" for problem in test_problems]


def load_thresholds(folder: Path) -> Appraisal:
    """What the protocol of the review in this folder asks for; the defaults outside a review.

    Raises:
        ProtocolError: the protocol cannot be read.
    """
    path = folder / PROTOCOL_FILE
    return load_protocol(path).appraisal if path.exists() else Appraisal()


def find_concerns(sentences: Sequence[Sentence], settings: Appraisal) -> list[SizeConcern]:
    """Sentences that state sizes too few for what the protocol asks: counts behind the figures of a
    test, positives of a test set, events beside candidate predictors. Each is reported once."""
    results: list[SizeConcern] = []
    for sentence in sentences:
        if sentence.section in _SKIPPED_SECTIONS or rules.is_about_others(sentence.text):
            continue
        stated_counts = number_checks.extract_counts(sentence.text)
        sizes = SampleSizes(
            positives_development=stated_counts.events,
            predictors=stated_counts.predictors,
            positives_test=stated_counts.positives_test,
            sensitivity=number_checks.extract_sensitivity(sentence.text)
            if stated_counts.positives_test
            else None,
        )
        known_messages = {concern.text for concern in results}
        messages = [text for text in check_sizes(sizes, settings) if text not in known_messages]
        results += [
            SizeConcern(text, "the text", sentence.page, sentence.text) for text in messages
        ]
    for finding in number_checks.check_sentences(sentences):
        completed, sentence = (
            number_checks.complete_figures(finding.stated),
            sentences[finding.sentence],
        )
        share = completed.sensitivity.value if completed.sensitivity else None
        if share is None and completed.tp is not None and completed.positives:
            share = completed.tp / completed.positives
        messages = number_checks.find_size_concerns(
            positives=completed.positives,
            negatives=completed.negatives,
            share=share,
            to_validate=settings.min_positives_test,
        )
        results += [
            SizeConcern(text, "the text", sentence.page, sentence.text) for text in messages
        ]
    return results


def format_concerns(concerns: Sequence[SizeConcern], settings: Appraisal) -> list[str]:
    """Concerns of a text as lines for a terminal, the last with the thresholds of the protocol."""
    lines = []
    for concern in concerns:
        place = concern.where if concern.page is None else f"p. {concern.page}"
        lines.append(f"{place}: {concern.text}")
        if concern.sentence:
            lines.append(f"   {concern.sentence}")
    return [
        *lines,
        f"{format_count(len(concerns), 'reported sample size')} below the recommended minimum: "
        f"{settings.min_positives_test} "
        f"positives in a test set, {settings.min_events_per_variable:g} events per predictor.",
    ]


def find_study_concerns(project: Project, record: int, who: str) -> list[SizeConcern]:
    """Every concern about the sizes of a study.

    The extraction comes from the settled form, else from this reviewer's own; others' are not read.
    """
    settings = project.protocol.appraisal
    answers, where = _get_extracted_answers(project, record, who)
    if corrected := list_corrected_sizes(flags.get_fact_cells(project, record)):
        missing = {key: size for key, size in corrected.items() if not answers.get(key)}
        answers = {**answers, **missing}
        if missing:
            where = f"{where}, and corrected facts" if where else "corrected facts"
    results = [SizeConcern(text, where) for text in check_sizes(parse_sizes(answers), settings)]
    text = texts.get_record_text(project, record)
    return results + find_concerns(text.sentences if text else (), settings)


def find_file_concerns(project: Project, text: FullText, who: str) -> list[SizeConcern]:
    """Every concern about the sizes in a file: those of the study where the file is the PDF of a
    report of the review, else those its sentences state. Each is reported once."""
    with project.store.read() as conn:
        attached = stored_files.list_current_files(conn)
    reports = sorted(
        record for record, row in attached.items() if text.sha256 and row["sha256"] == text.sha256
    )
    if not reports:
        return find_concerns(text.sentences, project.protocol.appraisal)
    concerns = [
        concern for record in reports for concern in find_study_concerns(project, record, who)
    ]
    return list(dict.fromkeys(concerns))


def list_corrected_sizes(cells: Sequence[FactCell]) -> dict[str, str]:
    """Extraction item -> size, where a person corrected the size of a part."""
    items = {"training": "size-development", "test": "size-test"}
    return {
        items[cell.label.casefold()]: cell.value
        for cell in cells
        if cell.corrected
        and cell.value
        and cell.field == "part size"
        and cell.label.casefold() in items
    }


def _get_extracted_answers(
    project: Project, record: int, who: str
) -> tuple[dict[str, str | None], str]:
    name = project.protocol.appraisal.extraction
    if name is None:
        return {}, ""
    form = get_checklist(project, name)
    with project.store.read() as conn:
        report = forms.get_report(conn, record)
        model = get_representative(list_report_models(conn, report))
        form = get_checklist(project, get_form_id(form, model))
        consensus = load_consensus(project, conn, report, form)
        if consensus.settled:
            return _get_answers(consensus.entries), "extraction, consensus"
        return _get_answers(
            forms.load_own_form(conn, report, form, who).entries
        ), "extraction, your own form"


def _get_answers(entries: Mapping[str, Answer]) -> dict[str, str | None]:
    return {key: entry.answer for key, entry in entries.items()}
