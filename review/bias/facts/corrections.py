"""Facts of a paper with what a person corrected."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from review.bias.facts.models import FIELDS, Fact
from review.models import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person says of one cell."""

    field: str
    label: str
    found: str | None
    """Value as found in the text; None for a cell that was added by hand."""
    value: str | None
    """The right value; None if the paper does not report it."""
    sentence: str | None = None
    """The sentence that gives it, if it is another one than was found."""
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactCell:
    """One cell of the facts of a paper, as it counts now."""

    field: str
    label: str
    value: str | None
    """None if a person says that the paper does not report it."""
    found: str | None
    """As found in the text; None for a cell added by hand."""
    corrected: bool
    sentence: str
    """The first sentence that gives it; '' if there is none."""
    page: int | None
    sentences: tuple[int, ...]
    """Indexes of the sentences that give it; those it was found in, if the text has no sentence
    like the one a person gave."""
    cell: str = ""
    """The cell of a table it was read from; '' for a sentence."""


def correct_facts(
    facts: Sequence[Fact], sentences: Sequence[Sentence], corrections: Sequence[Correction]
) -> list[FactCell]:
    """Facts with corrections, in the order of the fields; those added by hand come last in theirs.

    A correction of a cell that is no longer found (a newer PDF, newer rules) still counts.
    """
    by_cell = {
        (correction.field, correction.label, correction.found): correction
        for correction in corrections
    }
    cells = []
    for fact in facts:
        first = sentences[fact.sentences[0]]
        cell = FactCell(
            field=fact.field,
            label=fact.label,
            value=fact.value,
            found=fact.value,
            corrected=False,
            sentence=first.text,
            page=first.page or None,
            sentences=fact.sentences,
            cell=fact.cell,
        )
        correction = by_cell.pop((fact.field, fact.label, fact.value), None)
        cells.append(_apply(cell, correction, sentences) if correction else cell)
    for correction in by_cell.values():
        empty = FactCell(
            field=correction.field,
            label=correction.label,
            value=None,
            found=correction.found,
            corrected=True,
            sentence="",
            page=None,
            sentences=(),
        )
        cells.append(_apply(empty, correction, sentences))
    order = {field: place for place, field in enumerate(FIELDS)}
    return sorted(cells, key=lambda cell: order.get(cell.field, len(order)))


def _apply(cell: FactCell, correction: Correction, sentences: Sequence[Sentence]) -> FactCell:
    sentence, page, indexes = cell.sentence, cell.page, cell.sentences
    if correction.sentence:
        sentence, page = correction.sentence, correction.page
        index = _find_sentence(sentence, sentences)
        if index is not None:
            indexes, page = (index,), sentences[index].page or page
    elif correction.page is not None:
        page = correction.page
    return replace(
        cell,
        value=correction.value,
        corrected=True,
        sentence=sentence,
        page=page,
        sentences=indexes,
    )


def _find_sentence(words: str, sentences: Sequence[Sentence]) -> int | None:
    """The sentence a person copied, whole, in part or with its neighbours; letters and digits
    count alone, as a copy breaks lines and spaces elsewhere."""
    copied = _fold(words)
    folded = [_fold(sentence.text) for sentence in sentences]
    if copied and copied in folded:
        return folded.index(copied)
    return next(
        (
            n
            for n, text in enumerate(folded)
            if (len(copied) >= _MIN_LETTERS and copied in text)
            or (len(text) >= _MIN_LETTERS and text in copied)
        ),
        None,
    )


_MIN_LETTERS = 20
"""Letters and digits from which part of a sentence is enough to find it."""


def _fold(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def list_reported(cells: Sequence[FactCell]) -> list[Fact]:
    """The cells as facts for rules: without what is not reported, and without what no sentence of
    the text gives."""
    return [
        Fact(cell.field, cell.label, cell.value, cell.sentences, cell.cell)
        for cell in cells
        if cell.value is not None and cell.sentences
    ]
