"""The first page: question, eligibility, searches, flow, studies, bias, data sets, downloads."""

import re

from review.site.html import (
    escape_text,
    format_day,
    isolate,
    render_figure,
    render_link,
    render_list,
    render_table,
)
from review.site.models import SiteContent, SiteFigure, SiteForm, SiteJudgement, SiteStudy, Website
from review.text.wording import format_count

LEVEL_LABELS = {
    "low": "+ Low",
    "unclear": "? Unclear",
    "high": "− High",
    "at-risk": "− At risk",
    "not-judged": "Not judged",
}
LEVEL_CLASSES = {"at-risk": "high", "not-judged": "none"}
SECTIONS = (
    ("question", "Question"),
    ("eligibility", "Eligibility"),
    ("searches", "Searches"),
    ("flow", "Flow of records"),
    ("studies", "Included reports"),
    ("bias", "Quality and risk of bias"),
    ("accuracy", "Diagnostic accuracy"),
    ("data-sets", "Data sets"),
    ("downloads", "Downloads"),
    ("changes", "Changes"),
)


def render_overview(website: Website) -> str:
    """The main part of the first page, as HTML."""
    sections = {
        "question": _render_question(website.content),
        "eligibility": _render_eligibility(website.content),
        "searches": _render_searches(website.content),
        "flow": _render_flow(website),
        "studies": _render_studies(website.content),
        "bias": _render_figures(website, "bias"),
        "accuracy": _render_accuracy(website),
        "data-sets": _render_data_sets(website),
        "downloads": _render_downloads(website),
        "changes": render_changes(website),
    }
    shown = [(anchor, title) for anchor, title in SECTIONS if sections[anchor]]
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title in shown)
    body = "\n".join(
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{title}</h2>\n'
        f"{sections[anchor]}</section>"
        for anchor, title in shown
    )
    return (
        f"{_render_header(website)}\n"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n<main id="main">\n{body}\n</main>'
    )


def _render_header(website: Website) -> str:
    content, edition = website.content, website.editions[-1]
    state = (
        '<p class="state">This review is in progress: its numbers will change.</p>'
        if content.is_in_progress
        else ""
    )
    registration = (
        f" · Registered as {render_link(content.registration, content.registration)}"
        if content.registration
        else ""
    )
    reports = len(content.studies)
    studies = sum(study.same_study_as is None for study in content.studies)
    facts = [("Studies included", studies), ("Reports included", reports)]
    if studies == reports:
        facts = facts[:1]
    identified = find_number(content, "identified")
    if identified is not None:
        facts.insert(0, ("Records identified", identified))
    numbers = "".join(
        f"<div><dt>{escape_text(label)}</dt><dd>{number:,}</dd></div>" for label, number in facts
    )
    return (
        f"<header><h1>{isolate(content.title)}</h1>\n"
        f'<p class="facts">Edition {edition.number}, published {format_day(edition.at)} · State of '
        f"the review on {format_day(edition.day)}{registration}</p>\n"
        f'{state}<dl class="numbers">{numbers}</dl></header>'
    )


def find_number(content: SiteContent, word: str) -> int | None:
    """The sum of the boxes whose name contains a word; None if none has a number."""
    numbers = [
        number
        for box, line, number in content.boxes
        if line is None and word in box.lower() and isinstance(number, int)
    ]
    return sum(numbers) if numbers else None


def _render_question(content: SiteContent) -> str:
    paragraphs = [part for part in re.split(r"\n\s*\n", content.question) if part.strip()]
    return "".join(f"<p>{isolate(part)}</p>" for part in paragraphs)


def _render_eligibility(content: SiteContent) -> str:
    parts = [
        f"<div><h3>{title}</h3>{render_list(criteria)}</div>"
        for title, criteria in (("Included", content.include), ("Excluded", content.exclude))
        if criteria
    ]
    return f'<div class="columns">{"".join(parts)}</div>' if parts else ""


def _render_searches(content: SiteContent) -> str:
    rows = []
    for search in content.searches:
        day = format_day(search.last_day) if search.last_day else "not known"
        if search.is_import_day:
            day += " (date of import)"
        rows.append((isolate(search.source), escape_text(day), f"{search.records:,}"))
    table = (
        render_table("Last search of each source", ("Source", "Searched", "Records"), rows, (2,))
        if rows
        else "<p>No source has been searched yet.</p>"
    )
    queries = "".join(
        f"<h3>{isolate(search.source)}</h3><pre>{escape_text(search.query)}</pre>"
        for search in content.searches
        if search.query
    )
    return (
        f"<p>{escape_text(content.dates)}</p>\n{table}\n<details><summary>Search strategy</summary>"
        f"<h3>Query of the protocol</h3><pre>{escape_text(content.query)}</pre>{queries}</details>"
    )


def _render_flow(website: Website) -> str:
    content = website.content
    rows = []
    for box, line, number in content.boxes:
        head = f'<span class="indent">{isolate(line)}</span>' if line else isolate(box)
        count = f"{number:,}" if isinstance(number, int) else escape_text(number)
        rows.append((head, count))
    notes = "".join(f'<p class="note">{isolate(note)}</p>' for note in content.notes)
    table = render_table("The same numbers as a table", ("Step", "Number"), rows, (1,))
    return (
        f"{_render_figures(website, 'flow')}{notes}"
        f"<details><summary>Numbers as a table</summary>{table}</details>"
    )


def _render_figures(website: Website, section: str) -> str:
    return "\n".join(
        render_figure(
            f"figures/{figure.name}.svg", figure.title, figure.alt, measure_figure(figure)
        )
        for figure in website.figures
        if figure.section == section
    )


def measure_figure(figure: SiteFigure) -> float:
    """The natural width of a figure (points)."""
    match = re.search(r'<svg[^>]* width="([\d.]+)"', figure.svg)
    return float(match.group(1)) if match else 600.0


def render_level(judgement: SiteJudgement) -> str:
    """A judgement as a word with its symbol, coloured."""
    level = judgement.level
    label = LEVEL_LABELS.get(level, level)
    if level == "unclear":
        label = f"? {judgement.unclear_name}"
    css_class = LEVEL_CLASSES.get(level, level if level in LEVEL_LABELS else "none")
    return f'<span class="level {css_class}">{escape_text(label)}</span>'


def _render_studies(content: SiteContent) -> str:
    if not content.studies:
        return "<p>No study has been included yet.</p>"
    tools = list(dict.fromkeys(form.tool for study in content.studies for form in study.forms))
    has_kinds = any(study.kind for study in content.studies)
    rows = []
    for study in content.studies:
        head = (
            f'<a href="studies/{study.key}.html">{isolate(study.label)}</a>'
            f'<span class="ref">{isolate(study.reference)}</span>'
        )
        kind = (isolate(study.kind or ""),) if has_kinds else ()
        rows.append((head, *kind, *(_summarize_tool(study, tool) for tool in tools)))
    heads = ("Report", *(("Kind",) if has_kinds else ()), *tools)
    unsettled = (
        f'<p class="note">{format_count(content.unsettled, "included report")} '
        f"{'has' if content.unsettled == 1 else 'have'} no settled appraisal yet. Only what the "
        "reviewers have agreed on is published.</p>"
        if content.unsettled
        else ""
    )
    return render_table("Reports included in the review", heads, rows) + unsettled


def _summarize_tool(study: SiteStudy, tool: str) -> str:
    parts = [_summarize_form(form) for form in study.forms if form.tool == tool]
    return "<br>".join(part for part in parts if part)


def _summarize_form(form: SiteForm) -> str:
    """The overall judgement of a form, else its first score."""
    model = f"{isolate(form.model)}: " if form.model else ""
    overall = next(
        (
            judgement
            for judgement in form.judgements
            if judgement.domain == "Overall" and judgement.key.startswith("judgement:")
        ),
        None,
    )
    if overall is not None:
        return model + render_level(overall)
    if form.scores:
        score = form.scores[0]
        return f"{model}{format_score(score.value, score.highest)}"
    return f"{model}appraised" if form.answers or form.judgements else ""


def format_score(value: float, highest: float | None) -> str:
    """A score with the highest possible one: 12 of 36."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return f"{text} of {highest:g}" if highest is not None else text


def _render_accuracy(website: Website) -> str:
    models = website.content.accuracy
    if not models:
        return ""
    rows = [
        (
            isolate(model.label if model.is_exact else f"{model.label} *"),
            isolate(model.group),
            *(
                f"{count:,}"
                for count in (
                    model.true_positives,
                    model.false_positives,
                    model.false_negatives,
                    model.true_negatives,
                )
            ),
            escape_text(model.sensitivity),
            escape_text(model.specificity),
        )
        for model in models
    ]
    heads = ("Study", "Data set", "TP", "FP", "FN", "TN", "Sensitivity", "Specificity")
    table = render_table("Sensitivity and specificity of each model", heads, rows, (2, 3, 4, 5))
    return (
        f"{_render_figures(website, 'accuracy')}"
        f"<details><summary>Numbers as a table</summary>{table}</details>"
    )


def _render_data_sets(website: Website) -> str:
    content = website.content
    if content.data_set_summary is None:
        return ""
    rows = [
        (
            render_link(data_set.address, data_set.name),
            f"{data_set.named:,}",
            f"{data_set.included:,}",
            f"{data_set.possible:,}",
        )
        for data_set in content.data_sets
    ]
    heads = ("Data set", "Named by", "Contained in another set of", "Possibly contained")
    caption = "Public data sets and the number of studies that rest on each"
    table = render_table(caption, heads, rows, (1, 2, 3)) if rows else ""
    return (
        f"<p>{isolate(content.data_set_summary)}</p>{_render_figures(website, 'data-sets')}{table}"
    )


def _render_downloads(website: Website) -> str:
    items = "".join(
        f'<li><a href="data/{escape_text(download.name)}">{escape_text(download.label)}</a> '
        f'<span class="soft">{escape_text(download.name)}</span></li>'
        for download in website.downloads
    )
    return (
        f"<ul>{items}"
        '<li><a href="CITATION.cff">How to cite this edition</a> '
        '<span class="soft">CITATION.cff</span></li>'
        '<li><a href="edition.json">Everything on this page for programs</a> '
        '<span class="soft">edition.json</span></li></ul>'
    )


def render_changes(website: Website) -> str:
    """What the newest edition changed, with the way to the older ones."""
    edition = website.editions[-1]
    return (
        f"{render_list(edition.changes)}"
        '<p><a href="editions.html">All editions</a> · '
        '<a href="feed.xml">Atom feed of new editions</a></p>'
    )
