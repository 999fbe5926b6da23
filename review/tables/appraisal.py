"""Tables of appraisal: answers by study, totals, items in sum, judgements, evidence, agreement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.agreement import Figure
from review.checklists import NOT_JUDGED, Checklist, answerable, asked_of, items, label_of
from review.models import Answer
from review.scoring import Result
from review.tables.table import Cell, Table

Entries = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Filled:
    """One study's settled form."""

    key: str
    label: str
    entries: Entries
    result: Result
    settled: bool


def answers(one: Checklist, forms: Sequence[Filled]) -> Table:
    """Study by item: every settled answer, and the scores; blank where nothing is settled yet."""
    asked = [a for a in answerable(one) if not a.key.startswith(("judgement:", "applicability:"))]
    heads = [f"{a.number} {a.name}".strip() for a in asked]
    rows: list[tuple[Cell, ...]] = []
    for form in forms:
        told = [_told(one, a.key, form.entries.get(a.key)) for a in asked]
        rows.append((form.key, form.label, *told, *(t.value for t in form.result.totals)))
    scored = tuple(t.title for t in one.scores)
    return Table(
        one.id,
        f"{one.short}: settled answers by study",
        ("Record", "Study", *heads, *scored),
        tuple(rows),
        (_cited(one), *_unfinished(forms)),
    )


def _told(one: Checklist, key: str, entry: Answer | None) -> str | None:
    if entry is None or entry.answer is None:
        return None
    return label_of(asked_of(one, key), entry.answer)


def _cited(one: Checklist) -> str:
    cited = one.citation
    if cited is None:
        return f"{one.title}, edition {one.edition}."
    doi = f", doi {cited.doi}" if cited.doi else ""
    who = cited.authors.rstrip(".")
    return f"{one.title}. {who}. {cited.journal} {cited.year};{cited.where}{doi}."


def _unfinished(forms: Sequence[Filled]) -> tuple[str, ...]:
    n = sum(not form.settled for form in forms)
    verb = "is" if n == 1 else "are"
    return (f"{n:,} of {len(forms):,} forms {verb} not settled yet.",) if n else ()


def scores(one: Checklist, forms: Sequence[Filled], gate: float | None = None) -> Table:
    """Study by score, with the band, and whether a gate's minimum is met."""
    columns = ["Record", "Study"]
    for score in one.scores:
        columns.append(score.title)
        columns += ["Band"] if score.bands else []
    if gate is not None:
        columns.append(f"{gate:g} or more")
    rows: list[tuple[Cell, ...]] = []
    for form in forms:
        cells: list[Cell] = [form.key, form.label]
        for score, found in zip(one.scores, form.result.totals, strict=True):
            cells.append(found.value)
            cells += [found.band] if score.bands else []
        if gate is not None:
            value = next((t.value for t in form.result.totals if t.primary), None)
            cells.append(None if value is None else "yes" if value >= gate else "no")
        rows.append(tuple(cells))
    return Table(
        f"{one.id}-scores",
        f"{one.short}: scores by study",
        tuple(columns),
        tuple(rows),
        (_cited(one), *_unfinished(forms)),
    )


def items_summary(one: Checklist, counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Item by state: how many studies report each item, and the share of those it applies to.

    Args:
        counts: item id -> state (met, partly, unmet, unclear, not-applicable, open) -> studies.
    """
    rows: list[tuple[Cell, ...]] = []
    for item in items(one):
        here = counts.get(item.id, {})
        applies = sum(here.get(name, 0) for name in ("met", "partly", "unmet", "unclear"))
        share = round(100 * here.get("met", 0) / applies, 1) if applies else None
        told = [here.get(name, 0) for name in ("met", "partly", "unmet", "unclear",
                                                "not-applicable", "open")]  # fmt: skip
        rows.append((item.number, item.name, *told, share))
    return Table(
        f"{one.id}-items",
        f"{one.short}: studies by item",
        ("No.", "Item", "Reported", "Partly", "Not reported", "Unclear", "Not applicable",
         "Not answered", "% reported"),
        tuple(rows),
        (_cited(one), "% reported: of the studies the item applies to."),
    )  # fmt: skip


def judgements(one: Checklist, forms: Sequence[Filled], levels: Sequence[Mapping[str, str | None]],
               columns: Sequence[tuple[str, str]]) -> Table:  # fmt: skip
    """Study by domain: risk of bias and applicability, as judged, and where and why a judgement
    differs from what the answers propose.

    Args:
        levels: for each form, judgement key -> level.
        columns: judgement key and heading, in order.
    """
    rows = tuple(
        (form.key, form.label, *(_level(told.get(key)) for key, _ in columns),
         _overrides(form, columns))
        for form, told in zip(forms, levels, strict=True)
    )  # fmt: skip
    return Table(
        f"{one.id}-judgements",
        f"{one.short}: risk of bias and applicability by study",
        ("Record", "Study", *(head for _, head in columns), "Judged otherwise than proposed"),
        rows,
        (_cited(one), "A blank cell was not judged."),
    )


def _level(level: str | None) -> str | None:
    return "not judged" if level == NOT_JUDGED else level


def _overrides(form: Filled, columns: Sequence[tuple[str, str]]) -> str | None:
    heads = dict(columns)
    told = [
        f"{heads.get(one.key, one.key)}: {_level(one.given)}, the answers propose "
        f"{_level(one.proposed)}" + (f" ({one.reason})" if one.reason else "")
        for one in form.result.judgements
        if one.overridden
    ]
    return "; ".join(told) or None


def evidence(one: Checklist, forms: Sequence[Filled]) -> Table:
    """Every settled answer that has a quote or a sentence behind it, with its page."""
    rows: list[tuple[Cell, ...]] = []
    for form in forms:
        for asked in answerable(one):
            entry = form.entries.get(asked.key)
            if entry is None or not (entry.quote or entry.comment):
                continue
            answer = _told(one, asked.key, entry)
            head = f"{asked.number} {asked.name}".strip()
            rows.append((form.key, form.label, head, answer, entry.quote, entry.page,
                         entry.comment))  # fmt: skip
    return Table(
        f"{one.id}-evidence",
        f"{one.short}: the evidence behind the answers",
        ("Record", "Study", "Item", "Answer", "Quote", "Page", "Comment"),
        tuple(rows),
        (_cited(one),),
    )


def characteristics(one: Checklist, forms: Sequence[Filled]) -> Table:
    """Study by extracted item, as the extraction form asks them."""
    made = answers(one, forms)
    return Table("characteristics", "Characteristics of the included studies", made.columns,
                 made.rows, made.notes)  # fmt: skip


def agreement(rows: Sequence[tuple[str, str, Figure]]) -> Table:
    """Agreement between independent reviewers: what was judged, of what, and each statistic."""
    return Table(
        "agreement",
        "Agreement between independent reviewers",
        ("Where", "Item", "Statistic", "Value", "95% from", "to", "n", "Note"),
        tuple(
            (where, what, one.name, _rounded(one.value), _rounded(one.low), _rounded(one.high),
             one.n, one.note)
            for where, what, one in rows
        ),
        (
            "Stages: the decision of each reviewer that counts, made blind to the other's. "
            "Checklists: answers as they were when the second reviewer first finished the form.",
        ),
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
