"""What is new in an edition against the one before, in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from review.site.html import format_day
from review.text.wording import format_count

MAX_NAMES = 10
"""Names in one sentence; the rest are counted."""
PLAN_SENTENCES = {
    "title": "The title has changed.",
    "question": "The question has changed.",
    "registration": "The registration has changed.",
    "include": "The criteria for inclusion have changed.",
    "exclude": "The criteria for exclusion have changed.",
    "query": "The search query has changed.",
    "dates": "The dates of the search have changed.",
}

Plain = Mapping[str, Any]
"""Content as it comes from JSON; parts that an older version did not know may be missing."""


def describe_first_edition(content: Plain) -> list[str]:
    """The one sentence of a first edition."""
    count = format_count(len(content.get("studies", [])), "report")
    return [f"First edition, with {count} included."]


def describe_changes(before: Plain, after: Plain) -> list[str]:
    """Sentences for all that differs, the most important first; never empty for two contents that
    differ."""
    lines = [
        *_compare_studies(before, after),
        *_compare_judgements(before, after),
        *_compare_searches(before, after),
        *_compare_boxes(before, after),
        *_compare_data_sets(before, after),
        *_compare_accuracy(before, after),
        *(
            sentence
            for key, sentence in PLAN_SENTENCES.items()
            if before.get(key) != after.get(key)
        ),
    ]
    if before.get("is_in_progress") and not after.get("is_in_progress"):
        lines.append("All records have been screened and appraised.")
    return lines or ["Details of the content have changed."]


def _compare_studies(before: Plain, after: Plain) -> Iterable[str]:
    old, new = _index_studies(before), _index_studies(after)
    added = [new[key]["label"] for key in new if key not in old]
    removed = [old[key]["label"] for key in old if key not in new]
    if added:
        yield f"Newly included: {_join_names(added)}."
    if removed:
        yield f"No longer included: {_join_names(removed)}."
    renamed = [
        new[key]["label"]
        for key in new
        if key in old and old[key].get("reference") != new[key].get("reference")
    ]
    if renamed:
        yield f"Reference corrected: {_join_names(renamed)}."


def _compare_judgements(before: Plain, after: Plain) -> Iterable[str]:
    """One sentence for each judgement that changed, then how many answers did."""
    old, new = _index_studies(before), _index_studies(after)
    settled, answers, facts = [], [], []
    for key, study in new.items():
        if key not in old:
            continue
        old_forms, new_forms = _index_forms(old[key]), _index_forms(study)
        if new_forms.keys() - old_forms.keys():
            settled.append(study["label"])
        for name in new_forms.keys() & old_forms.keys():
            yield from _compare_forms(study["label"], name, old_forms[name], new_forms[name])
            if _list_answers(old_forms[name]) != _list_answers(new_forms[name]):
                answers.append(study["label"])
        if withdrawn := sorted(old_forms.keys() - new_forms.keys()):
            tools = _join_names([tool for tool, _ in withdrawn])
            yield f"{study['label']}: the appraisal on {tools} is being revised."
        if old[key].get("characteristics") != study.get("characteristics"):
            facts.append(study["label"])
    if settled:
        yield f"Newly appraised: {_join_names(list(dict.fromkeys(settled)))}."
    if answers:
        yield f"Answers or quotes changed: {_join_names(list(dict.fromkeys(answers)))}."
    if facts:
        yield f"Extracted facts changed: {_join_names(facts)}."


def _compare_forms(label: str, name: tuple[str, str], old: Plain, new: Plain) -> Iterable[str]:
    tool = name[0] + (f", {name[1]}" if name[1] else "")
    old_levels, new_levels = _index_levels(old), _index_levels(new)
    for key, (heading, level) in new_levels.items():
        former = old_levels.get(key)
        if former is None:
            yield f"{label}, {tool}: {heading} judged {level}."
        elif former[1] != level:
            yield f"{label}, {tool}: {heading} changed from {former[1]} to {level}."
    for key, (heading, level) in old_levels.items():
        if key not in new_levels:
            yield f"{label}, {tool}: {heading} is no longer judged (it was {level})."
    old_scores = {score["title"]: score["value"] for score in old.get("scores", [])}
    for score in new.get("scores", []):
        former_value = old_scores.get(score["title"])
        if former_value != score["value"] and former_value is not None:
            yield (
                f"{label}, {tool}: {score['title']} changed from {former_value:g} to "
                f"{score['value']:g}."
            )


def _compare_searches(before: Plain, after: Plain) -> Iterable[str]:
    old = {search["source"]: search for search in before.get("searches", [])}
    new = {search["source"]: search for search in after.get("searches", [])}
    for source, search in new.items():
        former = old.get(source)
        day = f" on {format_day(search['last_day'])}" if search.get("last_day") else ""
        count = format_count(search["records"], "record")
        if former is None:
            yield f"{source} searched{day}: {count}."
        elif (former.get("last_day"), former["records"]) != (
            search.get("last_day"),
            search["records"],
        ):
            more = search["records"] - former["records"]
            words = f"{format_count(more, 'record')} more" if more > 0 else f"{count} in all"
            yield f"{source} searched again{day}: {words}."
    for source in old:
        if source not in new:
            yield f"The search of {source} was withdrawn."


def _compare_boxes(before: Plain, after: Plain) -> Iterable[str]:
    """The boxes that changed, without the lines within them."""
    old = _index_boxes(before)
    changed = []
    for box, number in _index_boxes(after).items():
        former = old.get(box)
        if former is not None and former != number:
            changed.append(f"{box[0].lower()}{box[1:]} {_format(former)} → {_format(number)}")
        elif former is None and number:
            changed.append(f"{box[0].lower()}{box[1:]} {_format(number)}")
    if changed:
        yield f"Flow of records: {'; '.join(changed)}."


def _compare_data_sets(before: Plain, after: Plain) -> Iterable[str]:
    old, new = (
        [data_set["name"] for data_set in content.get("data_sets", [])]
        for content in (before, after)
    )
    if added := [name for name in new if name not in old]:
        yield f"Data sets newly used: {_join_names(added)}."
    if removed := [name for name in old if name not in new]:
        yield f"Data sets no longer used: {_join_names(removed)}."


def _compare_accuracy(before: Plain, after: Plain) -> Iterable[str]:
    old, new = (_index_accuracy(content) for content in (before, after))
    if added := [label for label in new if label not in old]:
        yield f"Accuracy newly reported: {_join_names(added)}."
    if removed := [label for label in old if label not in new]:
        yield f"Accuracy no longer reported: {_join_names(removed)}."
    if changed := [label for label in new if label in old and new[label] != old[label]]:
        yield f"Accuracy corrected: {_join_names(changed)}."


def _index_accuracy(content: Plain) -> dict[str, list[Any]]:
    """Label of a model -> its figures on each data set."""
    models: dict[str, list[Any]] = {}
    for entry in content.get("accuracy", []):
        models.setdefault(entry["label"], []).append(entry)
    return models


def _index_studies(content: Plain) -> dict[str, Any]:
    return {study["key"]: study for study in content.get("studies", [])}


def _index_forms(study: Plain) -> dict[tuple[str, str], Any]:
    return {(form["tool"], form.get("model") or ""): form for form in study.get("forms", [])}


def _index_levels(form: Plain) -> dict[str, tuple[str, str]]:
    levels = {}
    for judgement in form.get("judgements", []):
        group = judgement.get("group", "")
        heading = f"{group.lower()}, {judgement['domain'].lower()}" if group else ""
        levels[judgement["key"]] = (heading, str(judgement["level"]).replace("-", " "))
    return levels


def _list_answers(form: Plain) -> list[Any]:
    return list(form.get("answers", []))


def _index_boxes(content: Plain) -> dict[str, int | str]:
    numbers: dict[str, int | str] = {}
    for box, line, number in content.get("boxes", []):
        if line is None:
            former = numbers.get(box)
            numbers[box] = (
                former + number if isinstance(former, int) and isinstance(number, int) else number
            )
    return numbers


def _format(number: int | str) -> str:
    return f"{number:,}" if isinstance(number, int) else number


def _join_names(names: Sequence[str]) -> str:
    shown = list(names[:MAX_NAMES])
    if len(names) > MAX_NAMES:
        return f"{', '.join(shown)} and {len(names) - MAX_NAMES:,} more"
    return ", ".join(shown)
