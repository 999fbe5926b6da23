"""Tables of appraisal: answers by study, totals, item summaries, judgements, evidence,
agreement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.agreement import AgreementFigure
from review.checklists import (
    NOT_JUDGED,
    Checklist,
    find_question,
    format_answer,
    list_items,
    list_questions,
)
from review.models import Answer
from review.scoring.form import FormResult
from review.tables.table import Cell, Table

FormEntries = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class StudyForm:
    """The final form of one study, or of one of its models."""

    key: str
    label: str
    entries: FormEntries
    result: FormResult
    is_final: bool
    model: str | None = None
    """Name of the model appraised, which the label also gives; None for the whole study."""
    is_main: bool = False
    """Whether that is the study's main model."""
    is_stated: bool = False
    """Whether a consensus was entered and no reviewer has filled in a form here, as where a
    published review is replayed."""


def build_answers_table(checklist: Checklist, forms: Sequence[StudyForm]) -> Table:
    """Study by item: all final answers and the scores; blank where there is no final answer yet."""
    questions = [
        a
        for a in list_questions(checklist)
        if not a.key.startswith(("judgement:", "applicability:"))
    ]
    heads = [f"{a.number} {a.name}".strip() for a in questions]
    rows: list[tuple[Cell, ...]] = []
    for form in forms:
        answer_labels = [
            _format_answer(checklist, a.key, form.entries.get(a.key)) for a in questions
        ]
        rows.append((form.key, form.label, *answer_labels, *(t.value for t in form.result.totals)))
    score_titles = tuple(t.title for t in checklist.scores)
    return Table(
        checklist.id,
        f"{checklist.short}: consensus answers by {_name_unit(forms)}",
        ("Record", "Study", *heads, *score_titles),
        tuple(rows),
        (_format_citation(checklist), *_describe_unfinished(forms)),
    )


def _format_answer(checklist: Checklist, key: str, entry: Answer | None) -> str | None:
    if entry is None or entry.answer is None:
        return None
    return format_answer(find_question(checklist, key), entry.answer)


def _format_citation(checklist: Checklist) -> str:
    citation = checklist.citation
    if citation is None:
        return f"{checklist.title}, edition {checklist.edition}."
    doi = f", doi {citation.doi}" if citation.doi else ""
    author_names = citation.authors.rstrip(".")
    return (
        f"{checklist.title}. {author_names}. {citation.journal} "
        f"{citation.year};{citation.where}{doi}."
    )


def _describe_unfinished(forms: Sequence[StudyForm]) -> tuple[str, ...]:
    n = sum(not form.is_final for form in forms)
    verb = "is" if n == 1 else "are"
    return (f"{n:,} of {len(forms):,} forms {verb} without consensus.",) if n else ()


def build_scores_table(
    checklist: Checklist, forms: Sequence[StudyForm], gate: float | None = None
) -> Table:
    """Study by score, with the band, and whether a gate's minimum is met."""
    columns = ["Record", "Study"]
    for score in checklist.scores:
        columns.append(score.title)
        columns += ["Band"] if score.bands else []
    if gate is not None:
        columns.append(f"{gate:g} or more")
    rows: list[tuple[Cell, ...]] = []
    for form in forms:
        cells: list[Cell] = [form.key, form.label]
        for score, form_score in zip(checklist.scores, form.result.totals, strict=True):
            cells.append(form_score.value)
            cells += [form_score.band] if score.bands else []
        if gate is not None:
            value = next((t.value for t in form.result.totals if t.primary), None)
            cells.append(None if value is None else "yes" if value >= gate else "no")
        rows.append(tuple(cells))
    return Table(
        f"{checklist.id}-scores",
        f"{checklist.short}: scores by {_name_unit(forms)}",
        tuple(columns),
        tuple(rows),
        (_format_citation(checklist), *_describe_unfinished(forms)),
    )


def build_items_table(checklist: Checklist, counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Item by state: number of studies per state, and percentage that report the item.

    Args:
        counts: item id -> state (met, partly, unmet, unclear, not-applicable, open) -> studies.
    """
    rows: list[tuple[Cell, ...]] = []
    for item in list_items(checklist):
        item_counts = counts.get(item.id, {})
        applies = sum(item_counts.get(name, 0) for name in ("met", "partly", "unmet", "unclear"))
        share = round(100 * item_counts.get("met", 0) / applies, 1) if applies else None
        state_counts = [
            item_counts.get(name, 0)
            for name in ("met", "partly", "unmet", "unclear", "not-applicable", "open")
        ]
        rows.append((item.number, item.name, *state_counts, share))
    return Table(
        f"{checklist.id}-items",
        f"{checklist.short}: studies by item",
        (
            "No.",
            "Item",
            "Reported",
            "Partly",
            "Not reported",
            "Unclear",
            "Not applicable",
            "Not answered",
            "% reported",
        ),
        tuple(rows),
        (
            _format_citation(checklist),
            "% reported: percentage of the studies to which the item applies.",
        ),
    )


def build_judgements_table(
    checklist: Checklist,
    forms: Sequence[StudyForm],
    levels: Sequence[Mapping[str, str | None]],
    columns: Sequence[tuple[str, str]],
) -> Table:
    """Study by domain: risk of bias and applicability, and where and why a judgement differs from
    the one suggested by the answers.

    Args:
        levels: for each form, judgement key -> level.
        columns: judgement key and heading, in order.
    """
    rows = tuple(
        (
            form.key,
            form.label,
            *(_format_level(checklist, form_levels.get(key)) for key, _ in columns),
            _describe_overrides(checklist, form, columns),
        )
        for form, form_levels in zip(forms, levels, strict=True)
    )
    return Table(
        f"{checklist.id}-judgements",
        f"{name_judged_parts(checklist)} by {_name_unit(forms)}",
        ("Record", "Study", *(head for _, head in columns), "Differs from suggested judgement"),
        rows,
        (_format_citation(checklist), "Blank cells were not judged."),
    )


def _name_unit(forms: Sequence[StudyForm]) -> str:
    """What a row of a table is about."""
    return "study and model" if any(form.model for form in forms) else "study"


def name_judged_parts(checklist: Checklist) -> str:
    """The instrument with what it judges: 'QUADAS-2: risk of bias and applicability'."""
    applicability = any(section.applicability for section in checklist.sections)
    return f"{checklist.short}: {checklist.judged.lower()}" + (
        " and applicability" if applicability else ""
    )


def _format_level(checklist: Checklist, level: str | None) -> str | None:
    names = {NOT_JUDGED: "not judged", "unclear": checklist.unclear_name.lower()}
    return names.get(level, level) if level else level


def _describe_overrides(
    checklist: Checklist, form: StudyForm, columns: Sequence[tuple[str, str]]
) -> str | None:
    heads = dict(columns)
    overrides = [
        f"{heads.get(judgement.key, judgement.key)}: {_format_level(checklist, judgement.given)}, "
        f"suggested {_format_level(checklist, judgement.proposed)}"
        + (f" ({judgement.reason})" if judgement.reason else "")
        for judgement in form.result.judgements
        if judgement.overridden
    ]
    return "; ".join(overrides) or None


def build_evidence_table(checklist: Checklist, forms: Sequence[StudyForm]) -> Table:
    """Every final answer with a quote or comment, and its page."""
    rows: list[tuple[Cell, ...]] = []
    for form in forms:
        for question in list_questions(checklist):
            entry = form.entries.get(question.key)
            if entry is None or not (entry.quote or entry.comment):
                continue
            answer = _format_answer(checklist, question.key, entry)
            head = f"{question.number} {question.name}".strip()
            rows.append(
                (form.key, form.label, head, answer, entry.quote, entry.page, entry.comment)
            )
    return Table(
        f"{checklist.id}-evidence",
        f"{checklist.short}: evidence for the answers",
        ("Record", "Study", "Item", "Answer", "Quote", "Page", "Comment"),
        tuple(rows),
        (_format_citation(checklist),),
    )


def build_characteristics_table(checklist: Checklist, forms: Sequence[StudyForm]) -> Table:
    """Study by extracted item, in the order of the extraction form."""
    answers_table = build_answers_table(checklist, forms)
    return Table(
        "characteristics",
        "Characteristics of the included studies",
        answers_table.columns,
        answers_table.rows,
        answers_table.notes,
    )


def build_agreement_table(rows: Sequence[tuple[str, str, AgreementFigure]]) -> Table:
    """Agreement between independent reviewers, per stage or checklist item and statistic."""
    return Table(
        "agreement",
        "Agreement between independent reviewers",
        ("Where", "Item", "Statistic", "Value", "95% from", "to", "n", "Note"),
        tuple(
            (
                stage_name,
                item_name,
                figure.name,
                _round_value(figure.value),
                _round_value(figure.low),
                _round_value(figure.high),
                figure.n,
                figure.note,
            )
            for stage_name, item_name, figure in rows
        ),
        (
            "Stages: each reviewer's decision, made while blinded to the other's. Checklists: "
            "answers at the time the second reviewer first completed the form.",
        ),
    )


def _round_value(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
