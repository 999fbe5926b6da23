"""The page of each included report: judgements, scores, quotes and extracted facts."""

from collections.abc import Sequence

from review.site.html import escape_text, isolate, render_link, render_list, render_table
from review.site.models import SiteAnswer, SiteForm, SiteStudy
from review.site.overview import format_score, render_level


def render_study(study: SiteStudy) -> str:
    """The main part of a report's page, as HTML."""
    facts = [f"<p>{isolate(study.reference)}</p>"]
    if study.address:
        facts.append(f"<p>{render_link(study.address, study.address)}</p>")
    if study.kind:
        facts.append(f"<p>Kind of study: {isolate(study.kind)}</p>")
    if study.same_study_as:
        facts.append(f"<p>Another report of the study {isolate(study.same_study_as)}.</p>")
    parts = [_render_form(form) for form in study.forms] or [
        '<p class="state">The appraisal of this report is not settled yet.</p>'
    ]
    if study.characteristics:
        rows = [(isolate(item), isolate(value)) for item, value in study.characteristics]
        table = render_table("Facts extracted from the report", ("Item", "Value"), rows)
        parts.append(f"<section><h2>Characteristics</h2>{table}</section>")
    if study.data_sets:
        parts.append(f"<section><h2>Public data sets</h2>{render_list(study.data_sets)}</section>")
    heading = study.title or study.label
    return (
        '<nav aria-label="Back"><ul><li><a href="../index.html#studies">All included reports</a>'
        f"</li></ul></nav>\n<header><h1>{isolate(heading)}</h1>{''.join(facts)}</header>\n"
        f'<main id="main">{"".join(parts)}</main>'
    )


def _render_form(form: SiteForm) -> str:
    title = isolate(form.tool) + (f" · {isolate(form.model)}" if form.model else "")
    name = form.tool + (f", {form.model}" if form.model else "")
    parts = []
    if form.judgements:
        rows = [
            [
                isolate(judgement.domain),
                escape_text(judgement.group),
                render_level(judgement),
                isolate(judgement.reason or ""),
            ]
            for judgement in form.judgements
        ]
        heads = ["Domain", "Judged", "Judgement", "Reason"]
        has_reasons = any(judgement.reason for judgement in form.judgements)
        parts.append(_render_columns(f"{name}: judgements", heads, rows, 4 if has_reasons else 3))
    if form.scores:
        rows = [
            [
                isolate(score.title),
                format_score(score.value, score.highest),
                isolate(score.band or ""),
            ]
            for score in form.scores
        ]
        has_bands = any(score.band for score in form.scores)
        heads = ["Score", "Value", "Band"]
        parts.append(_render_columns(f"{name}: scores", heads, rows, 3 if has_bands else 2))
    if form.answers:
        rows = [
            [isolate(answer.item), isolate(answer.answer) + _render_evidence(answer)]
            for answer in form.answers
        ]
        parts.append(render_table(f"{name}: agreed answers", ["Item", "Answer and quote"], rows))
    return f"<section><h2>{title}</h2>{''.join(parts)}</section>"


def _render_columns(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], count: int
) -> str:
    """A table of the first columns; those that are empty in every row come last."""
    return render_table(caption, heads[:count], [row[:count] for row in rows])


def _render_evidence(answer: SiteAnswer) -> str:
    parts = []
    if answer.quote:
        page = f' <span class="soft">p. {answer.page}</span>' if answer.page else ""
        parts.append(f"<blockquote>{isolate(answer.quote)}{page}</blockquote>")
    if answer.comment:
        parts.append(f"<p>{isolate(answer.comment)}</p>")
    return "".join(parts)
