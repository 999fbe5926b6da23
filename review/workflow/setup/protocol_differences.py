"""What a change of the protocol changes, as sentences a team can confirm."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from review import query
from review.checklists import Checklist
from review.errors import QueryError
from review.protocol.models import (
    Person,
    Protocol,
    QualityGate,
    Stage,
    format_stage_name,
    list_question_parts,
)
from review.workflow.records.source_names import format_source
from review.workflow.setup.gate_wording import describe_gate, join_words

KEY_LABELS = {
    "title": "Title",
    "question": "Question",
    "registration": "Registration",
    "criteria.include": "Inclusion criteria",
    "criteria.exclude": "Exclusion criteria",
    "highlight.include": "Words highlighted in green",
    "highlight.exclude": "Words highlighted in red",
    "search.from_": "First day of the search",
    "search.to": "Last day of the search",
    "search.sources": "Sources searched",
    "search.native": "Queries in a source's own language",
    "search.imports": "Imported files",
    "search.key_papers": "Key papers",
    "search.contact": "Contact address sent with requests",
    "search.base_urls": "Addresses of sources",
    "ranking.model": "Order of records, model",
    "ranking.seed": "Order of records, random seed",
    "ranking.min_included": "Order of records, included records needed first",
    "ranking.min_excluded": "Order of records, excluded records needed first",
    "ranking.random_share": "Share of records drawn at random",
    "ranking.target_recall": "Target recall of the stopping evidence",
    "ranking.show_words": "Show the words that rank a record higher",
    "appraisal.tools": "Instruments",
    "appraisal.extraction": "Data extraction form",
    "appraisal.accuracy": "Form for 2×2 tables",
    "appraisal.model_rule": "Model that represents a report with several",
    "appraisal.model": "Language model for suggested evidence",
    "appraisal.min_events_per_variable": "Events per variable below which a sample is flagged",
    "appraisal.min_positives_test": "Positives in the test set below which it is flagged",
    "previous": "Previous review",
    "backups.keep": "Daily backups kept",
    "backups.folder": "Folder of the backups",
    "reviewers": "Reviewers per record",
    "who": "Reviewers",
    "allocation": "Allocation of records",
    "shares": "Shares of the records",
    "pilot": "Pilot records that everybody screens",
    "reasons": "Reasons for exclusion",
    "ask_reason": "A reason is asked",
    "maybe": "Maybe counts as",
    "kind": "Kind of stage",
    "name": "Name",
    "roles": "Roles",
    "email": "E-mail address",
    "full_name": "Full name",
}
PART_LABELS = {
    "population": "Population",
    "index_test": "Index test",
    "reference_standard": "Reference standard",
    "diagnosis": "Diagnosis",
    "intervention": "Intervention",
    "comparison": "Comparison",
    "outcome": "Outcome",
}
KIND_OF_STAGE = {
    "screening": "by title and abstract",
    "eligibility": "by full text",
    "quality": "by appraisal",
}
MAX_NAMED = 8
"""Terms named in the sentence on a query."""
DESCRIBED = (
    "title",
    "question",
    "registration",
    "question_parts",
    "criteria",
    "highlight",
    "search",
    "ranking",
    "appraisal",
    "backups",
    "stages",
    "team",
    "rules",
    "previous",
)
"""Keys of the protocol that have words of their own; others go by their name."""
SECTIONS = ("criteria", "highlight", "search", "ranking", "appraisal", "backups")


def describe_changes(
    before: Protocol, after: Protocol, checklists: Mapping[str, Checklist] | None = None
) -> list[str]:
    """One sentence for each thing that differs between two plans; none where they are the same.

    Args:
        checklists: id -> checklist, for the names of instruments.
    """
    titles = {name: checklist.title for name, checklist in (checklists or {}).items()}
    sentences: list[str] = []
    for key in ("title", "question", "registration"):
        sentences += _compare_values(key, getattr(before, key), getattr(after, key), str)
    sentences += _compare_parts(before, after)
    for section in SECTIONS:
        old, new = getattr(before, section), getattr(after, section)
        for spec in fields(old):
            key = f"{section}.{spec.name}"
            if key == "search.query":
                sentences += _compare_queries("Search query", old.query, new.query)
            elif key != "appraisal.gates":
                show = _choose_format(key, titles)
                sentences += _compare_values(
                    key, getattr(old, spec.name), getattr(new, spec.name), show
                )
    sentences += _compare_stages(before, after)
    sentences += _compare_people(before.team, after.team)
    sentences += _compare_rules(before, after)
    sentences += _compare_gates(before, after, checklists or {})
    sentences += _compare_values("previous", before.previous, after.previous, _format_previous)
    for spec in fields(Protocol):
        if spec.name not in DESCRIBED:
            sentences += _compare_parts_of_key(
                spec.name, getattr(before, spec.name), getattr(after, spec.name)
            )
    return sentences


def _compare_parts_of_key(key: str, old: Any, new: Any) -> list[str]:
    """The sentences on a key that has no words of its own here, part by part."""
    if is_dataclass(old) and is_dataclass(new):
        return [
            sentence
            for spec in fields(old)
            for sentence in _compare_parts_of_key(
                f"{key}, {spec.name.replace('_', ' ')}",
                getattr(old, spec.name),
                getattr(new, spec.name),
            )
        ]
    return _compare_values(key, old, new, _format_value, capitalize=True)


def _choose_format(key: str, titles: Mapping[str, str]) -> Callable[[Any], str]:
    if key == "search.sources":
        return format_source
    if key == "search.imports":
        return lambda search_import: str(search_import.file)
    if key in ("appraisal.tools", "appraisal.extraction", "appraisal.accuracy"):
        return lambda name: titles.get(name, str(name))
    return _format_value


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    if is_dataclass(value):
        stated = {spec.name: getattr(value, spec.name) for spec in fields(value)}
        return _format_value({k.replace("_", " "): v for k, v in stated.items() if v is not None})
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_format_value(part)}" for key, part in value.items())
    return str(value)


def _format_previous(previous: Any) -> str:
    return f"{previous.studies} studies in {previous.reports} reports"


def _quote(text: str) -> str:
    return f"“{' '.join(text.split())}”"


def _compare_values(
    key: str,
    old: Any,
    new: Any,
    show: Callable[[Any], str],
    subject: str = "",
    *,
    capitalize: bool = False,
) -> list[str]:
    """The sentences on one key."""
    if old == new:
        return []
    label = f"{subject}{KEY_LABELS.get(key, key)}"
    label = label[:1].upper() + label[1:] if capitalize else label
    if isinstance(old, tuple) and isinstance(new, tuple):
        return _compare_lists(label, [show(part) for part in old], [show(part) for part in new])
    if old in (None, {}, ""):
        return [f"{label}: set to {_quote(show(new))}."]
    if new in (None, {}, ""):
        return [f"{label}: removed (was {_quote(show(old))})."]
    return [f"{label}: changed from {_quote(show(old))} to {_quote(show(new))}."]


def _compare_lists(label: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    removed = [entry for entry in old if entry not in new]
    added = [entry for entry in new if entry not in old]
    pairs = []
    for entry in list(removed):  # an entry that was reworded
        close = difflib.get_close_matches(entry, added, n=1, cutoff=0.75)
        if close:
            pairs.append((entry, close[0]))
            removed.remove(entry)
            added.remove(close[0])
    sentences = [
        f"{label}: reworded from {_quote(entry)} to {_quote(other)}." for entry, other in pairs
    ]
    if added:
        sentences.append(f"{label}: added {join_words([_quote(entry) for entry in added])}.")
    if removed:
        sentences.append(f"{label}: removed {join_words([_quote(entry) for entry in removed])}.")
    return sentences or [f"{label}: the order changed to {join_words([_quote(e) for e in new])}."]


def _compare_parts(before: Protocol, after: Protocol) -> list[str]:
    old = dict(list_question_parts(before.question_parts)) if before.question_parts else {}
    new = dict(list_question_parts(after.question_parts)) if after.question_parts else {}
    sentences = []
    for key, label in PART_LABELS.items():
        for sentence in _compare_values(label, old.get(key), new.get(key), str):
            sentences.append(sentence)
    frames = [plan.question_parts.frame for plan in (before, after) if plan.question_parts]
    if len(frames) == 2 and frames[0] != frames[1]:
        sentences.append(f"Question: asked as {frames[1]} in place of {frames[0]}.")
    elif len(frames) == 1 and not sentences:
        taken_apart = after.question_parts is not None
        sentences.append(
            f"Question: {'taken apart' if taken_apart else 'no longer taken apart'} as {frames[0]}."
        )
    return sentences


def _compare_queries(label: str, old: str, new: str) -> list[str]:
    if " ".join(old.split()) == " ".join(new.split()):
        return []
    try:
        old_node, new_node = query.parse(old), query.parse(new)
    except QueryError:
        return [f"{label}: changed to {_quote(new)}."]
    if old_node == new_node:
        return [f"{label}: written differently, with the same meaning."]
    old_terms = list(dict.fromkeys(map(query.format_query, query.iter_terms(old_node))))
    new_terms = list(dict.fromkeys(map(query.format_query, query.iter_terms(new_node))))
    added = [term for term in new_terms if term not in old_terms]
    removed = [term for term in old_terms if term not in new_terms]
    parts = [f"added {_name_some(added)}"] if added else []
    parts += [f"removed {_name_some(removed)}"] if removed else []
    return [f"{label}: {'; '.join(parts) or 'the same terms are combined differently'}."]


def _name_some(terms: Sequence[str]) -> str:
    if len(terms) <= MAX_NAMED:
        return join_words(terms)
    return f"{', '.join(terms[:MAX_NAMED])} and {len(terms) - MAX_NAMED:,} more"


def _compare_stages(before: Protocol, after: Protocol) -> list[str]:
    old_stages = {stage.id: stage for stage in before.stages}
    new_stages = {stage.id: stage for stage in after.stages}
    sentences = []
    for stage_id, stage in new_stages.items():
        old = old_stages.get(stage_id)
        if old is None:
            sentences.append(
                f"Stages: added {_quote(format_stage_name(stage))} ({KIND_OF_STAGE[stage.kind]}, "
                f"reviewers per record: {stage.reviewers})."
            )
            continue
        subject = f"{format_stage_name(stage)}: "
        for spec in fields(Stage):
            value = (getattr(old, spec.name), getattr(stage, spec.name))
            sentences += [
                subject + sentence[0].lower() + sentence[1:]
                for sentence in _compare_values(spec.name, *value, _format_value)
            ]
    removed = [_quote(format_stage_name(s)) for i, s in old_stages.items() if i not in new_stages]
    return sentences + ([f"Stages: removed {join_words(removed)}."] if removed else [])


def _compare_people(old: Sequence[Person], new: Sequence[Person]) -> list[str]:
    before, after = ({person.name: person for person in team} for team in (old, new))
    sentences = [
        f"Team: added {name} ({join_words(person.roles)})."
        for name, person in after.items()
        if name not in before
    ]
    sentences += [f"Team: removed {name}." for name in before if name not in after]
    for name in before.keys() & after.keys():
        for spec in fields(Person):
            values = (getattr(before[name], spec.name), getattr(after[name], spec.name))
            sentences += _compare_values(spec.name, *values, _format_value, f"Team, {name}: ")
    if not sentences and list(before) != list(after):
        sentences.append("Team: listed in another order.")
    return sentences


def _compare_rules(before: Protocol, after: Protocol) -> list[str]:
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    sentences = [
        f"Keyword rules: added “{name}”: records that do not match {_quote(rule.must_match)} are "
        "marked ineligible."
        for name, rule in new.items()
        if name not in old
    ]
    sentences += [f"Keyword rules: removed “{name}”." for name in old if name not in new]
    for name in old.keys() & new.keys():
        label = f"Keyword rule “{name}”"
        sentences += _compare_queries(label, old[name].must_match, new[name].must_match)
        sentences += _compare_values(
            f"{label}, reason", old[name].reason, new[name].reason, _format_value
        )
    if not sentences and before.rules != after.rules:
        sentences.append("Keyword rules: applied in another order.")
    return sentences


def _compare_gates(
    before: Protocol, after: Protocol, checklists: Mapping[str, Checklist]
) -> list[str]:
    old: dict[str, QualityGate] = {gate.id: gate for gate in before.appraisal.gates}
    new: dict[str, QualityGate] = {gate.id: gate for gate in after.appraisal.gates}

    def state(gate: QualityGate) -> str:
        return f"{describe_gate(gate, checklists)} Reason: {gate.reason}."

    sentences = [
        f"Quality gates: added “{state(gate)}”" for name, gate in new.items() if name not in old
    ]
    sentences += [
        f"Quality gates: removed “{state(gate)}”" for name, gate in old.items() if name not in new
    ]
    for name in [name for name in new if name in old and new[name] != old[name]]:
        first, second = state(old[name]), state(new[name])
        sentences.append(
            f"Quality gates: changed from “{first}” to “{second}”"
            if first != second
            else f"Quality gate “{new[name].reason}”: changed in its details."
        )
    if not sentences and before.appraisal.gates != after.appraisal.gates:
        sentences.append("Quality gates: listed in another order.")
    return sentences
