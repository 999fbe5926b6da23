"""Reads a full text for pitfalls: each flag with its sentence and place, or what was not found."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from review.bias import datasets as registry_of
from review.bias.datasets import Mention, Registry
from review.bias.pitfalls import Mode, Pitfall, Pitfalls, Rule
from review.bias.rules import matching
from review.bias.rules.counts import largest
from review.bias.rules.matching import Finder, Hit
from review.models import Sentence

Strength = Literal["strong", "fair", "weak"]
Box = tuple[float, float, float, float]

_LEFT_OUT = frozenset({"references", "related work", "keywords"})
_LEFT_OUT_PRESENT = _LEFT_OUT | {"statements"}
_OWN_PARTS = frozenset({"methods", "results", "limitations"})
_LONGEST = 5_000
"""Letters of a sentence that are read: the longest of eight papers has 1,186, and what is longer is
a broken text layer, which would take time by its square."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One sign of a pitfall. It never sets a judgement: a reviewer confirms or dismisses it."""

    rule: str
    pitfall: str
    mode: Mode
    name: str
    text: str
    """The sentence as it stands; for absences and registry facts, what was (not) found."""
    sentence: int | None
    """Index of the sentence; None where the flag is about the text as a whole."""
    page: int | None
    boxes: tuple[Box, ...]
    section: str
    cue: str
    """The words that met the rule."""
    strength: Strength
    informs: Mapping[str, tuple[str, ...]]
    """Checklist edition -> published item numbers."""
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Compiled rules."""

    rules: tuple[Rule, ...]
    pitfalls: Mapping[str, Pitfall]
    finder: Finder


def reader(file: Pitfalls, every: bool = False) -> Reader:
    """Compiles a file's rules: those that are on, or every one.

    Raises:
        ChecklistError: a cue cannot be read.
    """
    rules = tuple(rule for rule in file.rules if rule.enabled or every)
    cues: dict[str, tuple[str, ...]] = {}
    for rule in rules:
        for part in ("cues", "unless", "unless_anywhere", "expected", "only_if"):
            patterns = getattr(rule, part)
            if patterns:
                cues[f"{rule.id}|{part}"] = patterns
    pitfalls = {pitfall.id: pitfall for pitfall in file.pitfalls}
    return Reader(rules, pitfalls, matching.finder(cues))


def flags(
    sentences: Sequence[Sentence],
    rules: Reader,
    registry: Registry | None = None,
    *,
    settled: Sequence[str] | None = None,
) -> list[Flag]:
    """Every flag of a full text, in reading order, those about the whole text last.

    Args:
        registry: public data sets; without it registry rules stay silent.
        settled: ids of the data sets the study used, where a person has settled them; else those
            found in the text.
    """
    admitted = matching.admissions(sentences)
    sentences = [
        _cut(replace(one, section="limitations") if place in admitted else one)
        for place, one in enumerate(sentences)
    ]
    met = [_met(sentence, rules.finder) for sentence in sentences]
    named = registry_of.used(registry_of.find(sentences, registry)) if registry else {}
    used = list(settled) if settled is not None else list(named)
    asks_absences = _on_imaging_models(sentences)
    out: list[Flag] = []
    for rule in rules.rules:
        if rule.mode == "present":
            out += _present(rule, rules, sentences, met)
        elif rule.mode == "number":
            out += _numbers(rule, rules, sentences)
        elif rule.mode == "absent":
            if not asks_absences:
                continue
            out += _absent(rule, rules, sentences, met, len(used))
        elif registry is not None:
            out += _registered(rule, rules, registry, (used, named), sentences)
    last = len(sentences)
    return sorted(out, key=lambda f: (last if f.sentence is None else f.sentence, f.rule, f.text))


def _cut(sentence: Sentence) -> Sentence:
    long = len(sentence.text) > _LONGEST
    return replace(sentence, text=sentence.text[:_LONGEST]) if long else sentence


Met = Mapping[str, list[Hit]]


def _met(sentence: Sentence, finder: Finder) -> Met:
    if sentence.section in _LEFT_OUT:
        return {}
    out: dict[str, list[Hit]] = {}
    for hit in matching.hits(finder, sentence.text):
        out.setdefault(hit.key, []).append(hit)
    return out


def _flag(
    rule: Rule, rules: Reader, sentence: Sentence | None, index: int | None, cue: str, text: str
) -> Flag:
    pitfall = rules.pitfalls[rule.pitfall]
    return Flag(
        rule=rule.id,
        pitfall=rule.pitfall,
        mode=rule.mode,
        name=pitfall.name,
        text=text,
        sentence=index,
        page=sentence.page if sentence else None,
        boxes=sentence.boxes if sentence else (),
        section=sentence.section if sentence else "",
        cue=cue,
        strength=_strength(rule, sentence),
        informs=pitfall.informs,
        why=pitfall.why,
        source=pitfall.source,
    )


def _strength(rule: Rule, sentence: Sentence | None) -> Strength:
    """strong in methods, results and limitations; weak in introductions and for absences."""
    if sentence is None:
        return "weak" if rule.mode == "absent" else "fair"
    if sentence.section in _OWN_PARTS:
        return "strong"
    return "weak" if sentence.section == "introduction" else "fair"


def _plain(met: Met, key: str) -> list[Hit]:
    return [hit for hit in met.get(key, ()) if not hit.negated]


def _speaks_of_itself(sentence: Sentence) -> bool:
    """Whether a sentence is about this study as it was done."""
    if sentence.section in _LEFT_OUT_PRESENT or matching.of_others(sentence.text):
        return False
    if matching.is_fragment(sentence.text) or matching.is_hypothetical(sentence.text):
        return False
    if sentence.section == "introduction":
        return bool(matching.OWN.search(sentence.text))
    return sentence.section == "limitations" or not matching.of_future(sentence.text)


def _present(
    rule: Rule, rules: Reader, sentences: Sequence[Sentence], met: Sequence[Met]
) -> list[Flag]:
    if any(_plain(one, f"{rule.id}|unless_anywhere") for one in met):
        return []
    out = []
    for index, sentence in enumerate(sentences):
        found = _plain(met[index], f"{rule.id}|cues")
        if not found or _plain(met[index], f"{rule.id}|unless"):
            continue
        if _speaks_of_itself(sentence):
            out.append(_flag(rule, rules, sentence, index, found[0].words, sentence.text))
    return out


def _absent(
    rule: Rule, rules: Reader, sentences: Sequence[Sentence], met: Sequence[Met], sets: int
) -> list[Flag]:
    """One flag when nothing expected stands anywhere, said as 'not found in the text'."""
    if not sentences or sets < rule.only_if_sets:
        return []
    if rule.only_if and not any(_plain(one, f"{rule.id}|only_if") for one in met):
        return []
    for index, sentence in enumerate(sentences):
        if _plain(met[index], f"{rule.id}|expected") and _may_show_it(sentence):
            return []
    return [_flag(rule, rules, None, None, "", rule.says or "")]


def _may_show_it(sentence: Sentence) -> bool:
    """Whether a sentence can show that this study did something: not plans, others, background."""
    if sentence.section == "introduction" and not matching.OWN.search(sentence.text):
        return False
    planned = matching.of_future(sentence.text) and sentence.section != "methods"
    return not planned and not matching.of_others(sentence.text)


_EXCERPT = 20
"""Sentences below which a text is an excerpt; the shortest labelled paper has 56."""
_IMAGING = re.compile(
    r"\b(radiograph\w*|radiolog\w*|x-?rays?|cxr|tomograph\w*|ct|mri|ultraso\w*|mammogra\w*|"
    r"dermosc\w*|fundus|endoscop\w*|histolog\w*|medical imag\w*|pneumo\w+|lesions?|scans)\b",
    re.I,
)
_MODEL = re.compile(
    r"\b(deep learning|machine learning|neural network\w*|cnns?|convolution\w*|classifier\w*|"
    r"radiomic\w*|random forest\w*|support vector\w*|accuracy|sensitivity|auc|auroc|train\w*)\b",
    re.I,
)


def _on_imaging_models(sentences: Sequence[Sentence]) -> bool:
    """Whether a text is on a model that reads medical images; elsewhere an absence says nothing.

    A paper needs words of either kind in one of fifty sentences; an excerpt is not asked.
    """
    if len(sentences) < _EXCERPT:
        return True
    needed = len(sentences) // 50 + 1
    imaging = sum(1 for sentence in sentences if _IMAGING.search(sentence.text))
    return imaging >= needed and sum(1 for s in sentences if _MODEL.search(s.text)) >= needed


def _numbers(rule: Rule, rules: Reader, sentences: Sequence[Sentence]) -> list[Flag]:
    """Sentences whose largest count of cases is below the rule's limit."""
    out = []
    for index, sentence in enumerate(sentences):
        if not _speaks_of_itself(sentence):
            continue
        count = largest(sentence.text)
        if count and rule.below and 0 < count[0] < rule.below:
            out.append(_flag(rule, rules, sentence, index, count[1], sentence.text))
    return out


def _registered(
    rule: Rule,
    rules: Reader,
    registry: Registry,
    sets: tuple[Sequence[str], Mapping[str, Sequence[Mention]]],
    sentences: Sequence[Sentence],
) -> list[Flag]:
    """What the registry knows of the data sets the study used, at their first mention."""
    used, mentions = sets
    out = []
    for ids, fact in _facts(rule, registry, used):
        first = min((m.sentence for one in ids for m in mentions.get(one, ())), default=None)
        sentence = sentences[first] if first is not None else None
        text = (rule.says or "").replace("{fact}", fact)
        names = ", ".join(registry[one].name for one in ids)
        out.append(_flag(rule, rules, sentence, first, names, text))
    return out


def _facts(
    rule: Rule, registry: Registry, used: Sequence[str]
) -> list[tuple[tuple[str, ...], str]]:
    """(data sets, fact in words) for a registry rule."""
    if rule.known == "overlap":
        return [
            (
                (o.first, o.second),
                registry_of.drawn(registry, o) + ("" if o.certain else " (differs by release)"),
            )
            for o in registry_of.overlaps(registry, used)
        ]
    if rule.known == "ages":
        ages = registry_of.ages(registry, used)
        grown = [*ages.get("adult", ()), *ages.get("mixed", ())]
        if not ages.get("paediatric") or not grown:
            return []
        children = ", ".join(registry[one].name for one in ages["paediatric"])
        others = ", ".join(registry[one].name for one in grown[:3])
        return [(tuple(used), f"children: {children}; adults or mixed: {others}")]
    return [((one,), registry[one].name) for one in used if _is_known(rule, registry, one)]


def _is_known(rule: Rule, registry: Registry, one: str) -> bool:
    kind, labels = registry[one].kind, registry[one].labels
    return {
        "assembled": kind == "remix",
        "copies": kind == "case_collection",
        "mined-labels": labels == "report_nlp",
        "open-labels": labels in ("publication_claim", "unknown"),
    }.get(str(rule.known), False)
