"""Flags pitfalls in a full text, each with its sentence and position, or as not found."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from review.bias import datasets as registry_of
from review.bias.datasets import Mention, Registry
from review.bias.facts.extraction import extract_facts
from review.bias.facts.models import Fact
from review.bias.facts.sources import find_disjoint_sources
from review.bias.gate import (
    find_front_matter,
    is_excerpt,
    is_on_disease,
    is_on_imaging_model,
)
from review.bias.number_checks.rows import is_row
from review.bias.pitfalls import (
    Pitfall,
    PitfallCatalog,
    PitfallRule,
    RuleMode,
    Tier,
    decide_tier,
    expand_cue,
)
from review.bias.rules import matching
from review.bias.rules.choices import find_choices_by_results
from review.bias.rules.counts import find_largest_count, find_small_group
from review.bias.rules.matching import CueMatcher, Hit
from review.bias.rules.merged_sets import find_merged_sets
from review.bias.rules.parts import find_listed_test_part, find_small_share
from review.bias.rules.units import find_counted_parts
from review.models import Sentence

Strength = Literal["strong", "fair", "weak"]
BoundingBox = tuple[float, float, float, float]

_SKIPPED_SECTIONS = frozenset({"references", "related work", "keywords"})
_SKIPPED_SECTIONS_PRESENT = _SKIPPED_SECTIONS | {"statements"}
_SHOWN_IN_STATEMENTS = frozenset({"irreproducible_data", "duplicates_across_datasets"})
"""Pitfalls that a statement on the availability of data can rule out."""
_OWN_WORK_SECTIONS = frozenset({"methods", "results", "limitations"})
_DATA_SECTIONS = frozenset({"", "abstract", "methods", "results", "supplement"})
"""Where a study describes its classes and its test set."""
_MAX_PLACE_LENGTH = 800
"""Letters above which a 'sentence' is most likely a table."""
_MAX_SENTENCE_LENGTH = 5_000
"""Letters of a sentence that are read: the longest of eight papers has 1,186, and what is longer is
a broken text layer, which would take time by its square."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A possible sign of a pitfall. It never sets a judgement; reviewers confirm or dismiss it."""

    rule: str
    pitfall: str
    mode: RuleMode
    name: str
    text: str
    """The sentence as printed; for absences and registry facts, what was (not) found."""
    sentence: int | None
    """Index of the sentence; None if the flag concerns the text as a whole."""
    page: int | None
    boxes: tuple[BoundingBox, ...]
    section: str
    cue: str
    """The words that met the rule."""
    strength: Strength
    informs: Mapping[str, tuple[str, ...]]
    """Checklist edition -> published item numbers."""
    why: str
    source: str
    tier: Tier = "flag"
    score: float | None = None
    """For places to look at: higher comes first."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Compiled rules."""

    rules: tuple[PitfallRule, ...]
    pitfalls: Mapping[str, Pitfall]
    cue_matcher: CueMatcher


def compile_rules(catalog: PitfallCatalog, include_disabled: bool = False) -> RuleSet:
    """Compile the rules of a file: those enabled by default, or all.

    Raises:
        ChecklistError: a cue cannot be read.
    """
    rules = tuple(rule for rule in catalog.rules if rule.enabled or include_disabled)
    cue_sets: dict[str, tuple[str, ...]] = {}
    for rule in rules:
        for field_name in ("cues", "unless", "only_with", "unless_anywhere", "expected", "only_if"):
            patterns = getattr(rule, field_name)
            if patterns:
                cue_sets[f"{rule.id}|{field_name}"] = tuple(
                    expand_cue(pattern, catalog.vocabulary) for pattern in patterns
                )
    pitfalls = {pitfall.id: pitfall for pitfall in catalog.pitfalls}
    return RuleSet(rules, pitfalls, matching.compile_cues(cue_sets))


def find_flags(
    sentences: Sequence[Sentence],
    rule_set: RuleSet,
    registry: Registry | None = None,
    *,
    confirmed_sets: Sequence[str] | None = None,
    facts: Sequence[Fact] | None = None,
) -> list[Flag]:
    """All flags of a full text in reading order, those about the complete text last.

    A paper that is not about a model that reads medical images only has flags from the registry.

    Args:
        registry: public datasets; without it, registry rules raise no flags.
        confirmed_sets: ids of the datasets the study used, if a person has decided; else those
            found in the text.
        facts: facts of the paper, if a person has corrected some; else those found in the text.
    """
    sentences = name_passages(sentences)
    hits = [_match_sentence(sentence, rule_set.cue_matcher) for sentence in sentences]
    mentions = registry_of.find_mentions(sentences, registry) if registry else []
    mentions_by_set = registry_of.select_used(mentions)
    used_sets = list(confirmed_sets) if confirmed_sets is not None else list(mentions_by_set)
    reads_text = is_on_imaging_model(sentences)
    all_flags: list[Flag] = []
    for rule in rule_set.rules:
        if rule.mode != "registry" and not reads_text:
            continue
        if rule.mode == "present":
            all_flags += _flag_presence(rule, rule_set, sentences, hits)
        elif rule.mode == "number":
            all_flags += _flag_small_counts(rule, rule_set, sentences)
        elif rule.mode == "absent":
            set_count = len(used_sets)
            if registry is not None and rule.only_if_sets > 1:
                set_count = registry_of.count_comparable_sets(registry, used_sets)
            all_flags += _flag_absence(rule, rule_set, sentences, hits, set_count)
        elif registry is not None:
            all_flags += _flag_registry_facts(
                rule, rule_set, registry, (used_sets, mentions_by_set), sentences
            )
    if reads_text:
        facts = _extract_facts(sentences, mentions, registry) if facts is None else facts
        all_flags += _flag_facts(rule_set, sentences, facts, all_flags)
        all_flags += _flag_merged_sets(rule_set, sentences, mentions, all_flags)
        if not is_excerpt(sentences):
            all_flags = [
                flag
                for flag in all_flags
                if not (_is_split_of_people(flag, facts) or _has_no_adults(flag, sentences))
            ]
    sentence_count = len(sentences)
    return sorted(
        all_flags,
        key=lambda f: (sentence_count if f.sentence is None else f.sentence, f.rule, f.text),
    )


def find_facts(sentences: Sequence[Sentence], registry: Registry | None = None) -> list[Fact]:
    """The facts of a full text, from the sentences on this study."""
    named = name_passages(sentences)
    mentions = registry_of.find_mentions(named, registry) if registry else []
    return _extract_facts(named, mentions, registry)


def _extract_facts(
    sentences: Sequence[Sentence], mentions: Sequence[Mention], registry: Registry | None
) -> list[Fact]:
    front = find_front_matter(sentences)
    own = {
        index
        for index, sentence in enumerate(sentences)
        if index not in front and _can_state_facts(sentence)
    }
    sets_by_sentence: dict[int, list[tuple[str, str]]] = {}
    for mention in mentions:
        if registry and len(mention.ids) == 1 and mention.how in ("name", "link"):
            name = registry[mention.ids[0]].name
            sets_by_sentence.setdefault(mention.sentence, []).append((mention.words, name))
    return extract_facts(sentences, own=own, sets_by_sentence=sets_by_sentence)


def _can_state_facts(sentence: Sentence) -> bool:
    if sentence.section in _SKIPPED_SECTIONS or matching.is_about_others(sentence.text):
        return False
    if sentence.section == "introduction" and not matching.OWN_WORK.search(sentence.text):
        return False
    return not (matching.is_hypothetical(sentence.text) or matching.is_licence(sentence.text))


def name_passages(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with passages on limitations and on other studies named as such."""
    admission_indexes = matching.find_admissions(sentences)
    named = [
        _truncate_sentence(
            replace(raw_sentence, section="limitations")
            if index in admission_indexes
            else raw_sentence
        )
        for index, raw_sentence in enumerate(sentences)
    ]
    others = matching.find_others_passages(named)
    return [
        replace(sentence, section="related work") if index in others else sentence
        for index, sentence in enumerate(named)
    ]


def _flag_facts(
    rule_set: RuleSet,
    sentences: Sequence[Sentence],
    facts: Sequence[Fact],
    known_flags: Sequence[Flag],
) -> list[Flag]:
    """Flags that follow from facts of several sentences: classes from different sources, classes
    with few cases."""
    rules = {rule.id: rule for rule in rule_set.rules}
    new_flags = []
    known_places = {(flag.rule, flag.sentence) for flag in known_flags}

    def add_flag(rule_id: str, index: int, cue: str) -> None:
        if (rule_id, index) not in known_places:
            known_places.add((rule_id, index))
            sentence = sentences[index]
            rule = rules[rule_id]
            new_flags.append(
                _build_flag(
                    rule, rule_set, sentence=sentence, index=index, cue=cue, text=sentence.text
                )
            )

    pair = find_disjoint_sources(facts)
    if "class-by-source" in rules and pair:
        cue = "; ".join(f"{fact.label}: {fact.value}" for fact in pair)
        for fact in pair:
            add_flag("class-by-source", fact.sentences[0], cue)
    few = rules.get("few-cases-counted")
    if few is not None and few.below:
        for index in _find_small_test_rows(sentences, few.below):
            add_flag(few.id, index, sentences[index].text)
        for fact in facts:
            text = sentences[fact.sentences[0]].text
            is_part = re.search(r"\b(test|testing|validation)\b", text, re.I) or is_row(text)
            is_sentence = can_show_pitfall(sentences[fact.sentences[0]])
            if (
                fact.field == "class size"
                and int(fact.value) < few.below
                and is_sentence
                and not is_part
            ):
                add_flag(few.id, fact.sentences[0], f"{fact.label}: {fact.value}")
    if "augmented-first" in rules:
        for index, cue in _find_early_balancing(facts, sentences):
            add_flag("augmented-first", index, cue)
    if "chosen-on-test" in rules:
        own = [n for n, sentence in enumerate(sentences) if can_show_pitfall(sentence)]
        for index, cue in find_choices_by_results(sentences, own):
            add_flag("chosen-on-test", index, cue)
    if "slices-counted" in rules:
        by_patient = any(f.field == "split unit" and f.value in ("patient", "site") for f in facts)
        for index, sentence in enumerate(sentences):
            is_read = _describes_data(sentence)
            words = find_counted_parts(sentence.text, by_patient) if is_read else None
            if words:
                add_flag("slices-counted", index, words)
        for index, cue in _find_many_pictures(facts, sentences):
            add_flag("slices-counted", index, cue)
    return new_flags


_SLICED = re.compile(
    r"\b(?:(?:mri?|ct|pet|spect|oct)\b[\w ]{0,20}\bimages|slices?|patches|tiles|frames)\b", re.I
)
_MANY_PICTURES_EACH = 5


def _find_many_pictures(
    facts: Sequence[Fact], sentences: Sequence[Sentence]
) -> Iterator[tuple[int, str]]:
    """The size of the data in slices or frames, if another sentence says how few people they are
    from."""
    sizes = {
        field: max(
            (f for f in facts if f.field == field and f.value.isdigit()),
            key=lambda fact: int(fact.value),
            default=None,
        )
        for field in ("images", "patients")
    }
    images, people = sizes["images"], sizes["patients"]
    if images is None or people is None:
        return
    is_many = int(images.value) >= _MANY_PICTURES_EACH * int(people.value)
    index = images.sentences[0]
    is_near = abs(index - people.sentences[0]) <= _ROWS_APART
    is_sliced = _SLICED.search(sentences[index].text) and _describes_data(sentences[index])
    if is_many and is_near and is_sliced:
        yield index, f"{images.value} images, {people.value} people"


def _flag_merged_sets(
    rule_set: RuleSet,
    sentences: Sequence[Sentence],
    mentions: Sequence[Mention],
    known_flags: Sequence[Flag],
) -> list[Flag]:
    """Sentences that make one data set from two or more that they name."""
    rule = next((rule for rule in rule_set.rules if rule.id == "combined-sets"), None)
    known = {flag.sentence for flag in known_flags if flag.rule == "combined-sets"}
    names: dict[int, dict[tuple[str, ...], str]] = {}
    for mention in mentions:
        names.setdefault(mention.sentence, {})[tuple(mention.ids)] = mention.words
    new_flags = []
    for index, sentence in enumerate(sentences):
        if rule is None or index in known or not _describes_data(sentence):
            continue
        words = find_merged_sets(sentence.text, list(names.get(index, {}).values()))
        if words:
            new_flags.append(
                _build_flag(
                    rule, rule_set, sentence=sentence, index=index, cue=words, text=sentence.text
                )
            )
    return new_flags


_TEST_ROW = re.compile(
    r"^\s*test(?:ing)?(?: set| data)?(?:\s*\([^()]*\))?((?:\s+\d[\d,]*)+)\s*$", re.I
)
_TRAINING_ROW = re.compile(r"^\s*train(?:ing)?\b[^.]*\d\s*$", re.I)
_ROWS_APART = 3
_MIN_IN_ROW = 5


def _find_small_test_rows(sentences: Sequence[Sentence], below: int) -> Iterator[int]:
    """Rows of a table of parts, "Test 40 50 50 140", in which a class has few cases."""
    for index, sentence in enumerate(sentences):
        match = _TEST_ROW.match(sentence.text)
        near = sentences[max(0, index - _ROWS_APART) : index + _ROWS_APART + 1]
        if match and any(_TRAINING_ROW.match(row.text) for row in near):
            sizes = [int(number.replace(",", "")) for number in match[1].split()]
            if _MIN_IN_ROW <= min(sizes) < below:
                yield index


_MAX_SENTENCES_TO_SPLIT = 25
"""Sentences between the enlargement of a class and the split that follows it."""


_TRAIN_AND_TEST = re.compile(r"\btrain\w*\b.*\btest\w*\b|\btest\w*\b.*\btrain\w*\b", re.I)


def _find_early_balancing(
    facts: Sequence[Fact], sentences: Sequence[Sentence]
) -> Iterator[tuple[int, str]]:
    """Classes that were enlarged before the data were split: a total after balancing that is not
    of the training data, and either no split before it and one soon after it, or a sentence soon
    after it that takes training and test data out of that total."""
    splits = sorted({fact.sentences[0] for fact in facts if fact.field == "split"})
    for fact in facts:
        if fact.field != "balancing":
            continue
        index = fact.sentences[0]
        soon = range(index + 1, min(len(sentences), index + 1 + _MAX_SENTENCES_TO_SPLIT))
        is_first = bool(splits) and splits[0] > index and splits[0] in soon
        is_divided = any(
            fact.value in sentences[n].text.replace(",", "")
            and _TRAIN_AND_TEST.search(sentences[n].text)
            for n in soon
        )
        if is_first or is_divided:
            yield index, f"balanced: {fact.value}"


_PEOPLES_DATA = re.compile(
    r"^(?:(?:randomly|then|we|each|the|our|all|whole|entire|split|divided?|partitioned|mri|ct|"
    r"pet) )*(?:data ?sets?|data|samples)\b",
    re.I,
)
_PEOPLES_SCANS = re.compile(
    r"^(?:[\w,]+ ){0,5}?(?:scans|volumes|studies|examinations)\b",
    re.I,
)


def _is_split_of_people(flag: Flag, facts: Sequence[Fact]) -> bool:
    """Whether a split of "the dataset" or of scans may be one of people: the paper counts no more
    images than people, or never says that people have several scans."""
    if flag.rule != "image-level-split":
        return False
    is_of_scans = bool(_PEOPLES_SCANS.search(flag.cue))
    if not (is_of_scans or _PEOPLES_DATA.search(flag.cue)):
        return False
    if not is_of_scans and not _AT_RANDOM.search(flag.text):
        return True
    people, images = (
        max((int(f.value) for f in facts if f.field == field and f.value.isdigit()), default=0)
        for field in ("patients", "images")
    )
    return images <= people or (is_of_scans and people == 0)


_AT_RANDOM = re.compile(r"\brandom\w*|\bshuffl\w+|\d", re.I)
"""Without it or a number, "the data were divided" says nothing about how."""
_ADULTS = re.compile(
    r"\b(?:covid\S*|sars-cov\S*|adults?|tubercul\w+|lung cancer|smok\w+|mean age of (?:[2-9]\d))\b",
    re.I,
)


def _has_no_adults(flag: Flag, sentences: Sequence[Sentence]) -> bool:
    """Whether a flag on children is raised for a paper in which nobody is grown up."""
    return flag.rule == "children-used" and not any(
        _ADULTS.search(sentence.text)
        for sentence in sentences
        if sentence.section in _DATA_SECTIONS
    )


def _describes_data(sentence: Sentence) -> bool:
    return sentence.section in _DATA_SECTIONS and can_show_pitfall(sentence)


def _truncate_sentence(sentence: Sentence) -> Sentence:
    is_too_long = len(sentence.text) > _MAX_SENTENCE_LENGTH
    return replace(sentence, text=sentence.text[:_MAX_SENTENCE_LENGTH]) if is_too_long else sentence


HitsByKey = Mapping[str, list[Hit]]


def _match_sentence(sentence: Sentence, cue_matcher: CueMatcher) -> HitsByKey:
    if sentence.section in _SKIPPED_SECTIONS:
        return {}
    hits_by_key: dict[str, list[Hit]] = {}
    for hit in matching.find_hits(cue_matcher, sentence.text):
        hits_by_key.setdefault(hit.key, []).append(hit)
    return hits_by_key


def _build_flag(
    rule: PitfallRule,
    rule_set: RuleSet,
    *,
    sentence: Sentence | None,
    index: int | None,
    cue: str,
    text: str,
) -> Flag:
    pitfall = rule_set.pitfalls[rule.pitfall]
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
        strength=_rate_strength(rule, sentence),
        informs=pitfall.informs,
        why=pitfall.why,
        source=pitfall.source,
        tier=decide_tier(rule.measured, rule.mode, None),
    )


def build_place(pitfall: Pitfall, sentence: Sentence, index: int, rule: str) -> Flag:
    """A sentence that may show a pitfall although no rule matches it."""
    return Flag(
        rule=rule,
        pitfall=pitfall.id,
        mode="present",
        name=pitfall.name,
        text=sentence.text,
        sentence=index,
        page=sentence.page,
        boxes=sentence.boxes,
        section=sentence.section,
        cue="",
        strength="weak",
        informs=pitfall.informs,
        why=pitfall.why,
        source=pitfall.source,
        tier="other",
    )


def _rate_strength(rule: PitfallRule, sentence: Sentence | None) -> Strength:
    """strong in methods, results and limitations; weak in introductions and for absences."""
    if sentence is None:
        return "weak" if rule.mode == "absent" else "fair"
    if sentence.section in _OWN_WORK_SECTIONS:
        return "strong"
    return "weak" if sentence.section == "introduction" else "fair"


def _list_affirmed_hits(hits: HitsByKey, key: str) -> list[Hit]:
    return [hit for hit in hits.get(key, ()) if not hit.negated]


def can_show_pitfall(sentence: Sentence) -> bool:
    """Whether a sentence may be offered as a place to look at."""
    return len(sentence.text) <= _MAX_PLACE_LENGTH and _is_about_own_study(sentence)


def _is_about_own_study(sentence: Sentence) -> bool:
    """Whether a sentence is about this study as it was done."""
    if sentence.section in _SKIPPED_SECTIONS_PRESENT or matching.is_about_others(sentence.text):
        return False
    if matching.is_fragment(sentence.text) or matching.is_hypothetical(sentence.text):
        return False
    if sentence.section == "introduction":
        return bool(matching.OWN_WORK.search(sentence.text))
    return sentence.section == "limitations" or not matching.is_about_future(sentence.text)


_FIGURE = re.compile(r"\s*fig(?:ure|\.)\s*\w+\s*[:.]", re.I)
"""The caption of a figure shows examples."""


def _flag_presence(
    rule: PitfallRule,
    rule_set: RuleSet,
    sentences: Sequence[Sentence],
    hits_by_sentence: Sequence[HitsByKey],
) -> list[Flag]:
    if any(
        _list_affirmed_hits(sentence_hits, f"{rule.id}|unless_anywhere")
        for sentence_hits in hits_by_sentence
    ):
        return []
    new_flags = []
    for index, sentence in enumerate(sentences):
        cue_hits = _list_affirmed_hits(hits_by_sentence[index], f"{rule.id}|cues")
        if not cue_hits or _list_affirmed_hits(hits_by_sentence[index], f"{rule.id}|unless"):
            continue
        is_backed = (
            not rule.only_with
            or sentence.section == "limitations"
            or bool(hits_by_sentence[index].get(f"{rule.id}|only_with"))
        )
        is_read = sentence.section not in rule.not_in and not _FIGURE.match(sentence.text)
        if is_backed and is_read and _is_about_own_study(sentence):
            new_flags.append(
                _build_flag(
                    rule,
                    rule_set,
                    sentence=sentence,
                    index=index,
                    cue=cue_hits[0].words,
                    text=sentence.text,
                )
            )
    return new_flags


def _flag_absence(
    rule: PitfallRule,
    rule_set: RuleSet,
    sentences: Sequence[Sentence],
    hits_by_sentence: Sequence[HitsByKey],
    set_count: int,
) -> list[Flag]:
    """One flag if nothing expected occurs anywhere, worded as 'not found in the text'."""
    if not sentences or set_count < rule.only_if_sets:
        return []
    if rule.only_on_disease and not is_on_disease(sentences):
        return []
    if (
        rule.only_if
        and is_excerpt(sentences)
        and not any(
            _list_affirmed_hits(sentence_hits, f"{rule.id}|only_if")
            for sentence_hits in hits_by_sentence
        )
    ):
        return []
    ignored = find_front_matter(sentences)
    if not is_excerpt(sentences):
        ignored |= matching.find_background(sentences)
    for index, sentence in enumerate(sentences):
        if (
            index not in ignored
            and _list_affirmed_hits(hits_by_sentence[index], f"{rule.id}|expected")
            and not _list_affirmed_hits(hits_by_sentence[index], f"{rule.id}|unless")
            and _can_show_presence(sentence, rule)
        ):
            return []
    return [_build_flag(rule, rule_set, sentence=None, index=None, cue="", text=rule.says or "")]


def _can_show_presence(sentence: Sentence, rule: PitfallRule) -> bool:
    """Whether a sentence can show that this study did something.

    Plans, background, other people's studies, licences and acknowledgements cannot. Statements on
    availability can show which release of the data was used, and software never can.
    """
    if sentence.section == "introduction" and not matching.names_own_work(sentence.text):
        return False
    if sentence.section == "statements" and rule.pitfall not in _SHOWN_IN_STATEMENTS:
        return False
    if matching.is_licence(sentence.text) or matching.is_left_undone(sentence.text):
        return False
    is_plan = matching.is_about_future(sentence.text) and sentence.section != "methods"
    return not is_plan and not matching.is_about_others(sentence.text)


def _flag_small_counts(
    rule: PitfallRule, rule_set: RuleSet, sentences: Sequence[Sentence]
) -> list[Flag]:
    """Sentences whose largest count of cases is below the limit of the rule, or that give a class
    or a test set below it."""
    new_flags = []
    for index, sentence in enumerate(sentences):
        if not rule.below or not _is_about_own_study(sentence):
            continue
        count = find_largest_count(sentence.text)
        if count is None or not 0 < count[0] < rule.below:
            count = _find_small_part(sentences, index, rule.below)
        if count:
            new_flags.append(
                _build_flag(
                    rule, rule_set, sentence=sentence, index=index, cue=count[1], text=sentence.text
                )
            )
    return new_flags


_MAX_BEFORE = 2
"""Sentences before the split in which the total may be given."""


def _find_small_part(
    sentences: Sequence[Sentence], index: int, below: int
) -> tuple[int, str] | None:
    """A class or a test part below a limit, as a sentence that describes data gives it."""
    text, section = sentences[index].text, sentences[index].section
    if section not in _DATA_SECTIONS:
        return None
    before = range(max(0, index - _MAX_BEFORE), index)
    earlier = [sentences[n].text for n in reversed(before) if _describes_data(sentences[n])]
    totals = [find_largest_count(one) for one in (text, *earlier)]
    return (
        find_small_group(text, below)
        or find_listed_test_part(text, below)
        or find_small_share(text, totals, below)
    )


def _flag_registry_facts(
    rule: PitfallRule,
    rule_set: RuleSet,
    registry: Registry,
    used_and_mentioned: tuple[Sequence[str], Mapping[str, Sequence[Mention]]],
    sentences: Sequence[Sentence],
) -> list[Flag]:
    """What the registry knows about the datasets the study used, at their first mention."""
    used_sets, mentions = used_and_mentioned
    new_flags = []
    for ids, fact in _list_registry_facts(rule, registry, used_sets):
        first_sentence = min(
            (m.sentence for set_id in ids for m in mentions.get(set_id, ())), default=None
        )
        sentence = sentences[first_sentence] if first_sentence is not None else None
        text = (rule.says or "").replace("{fact}", fact)
        names = ", ".join(registry[set_id].name for set_id in ids)
        new_flags.append(
            _build_flag(
                rule, rule_set, sentence=sentence, index=first_sentence, cue=names, text=text
            )
        )
    return new_flags


def _list_registry_facts(
    rule: PitfallRule, registry: Registry, used_sets: Sequence[str]
) -> list[tuple[tuple[str, ...], str]]:
    """(data sets, fact in words) for a registry rule."""
    if rule.known == "overlap":
        return [
            (
                (o.first, o.second),
                registry_of.format_overlap_path(registry, o)
                + ("" if o.certain else " (differs by release)"),
            )
            for o in registry_of.find_overlaps(registry, used_sets)
        ]
    if rule.known == "ages":
        ages = registry_of.group_by_age(registry, used_sets)
        adult_sets = [*ages.get("adult", ()), *ages.get("mixed", ())]
        if not ages.get("paediatric") or not adult_sets:
            return []
        children = ", ".join(registry[set_id].name for set_id in ages["paediatric"])
        others = ", ".join(registry[set_id].name for set_id in adult_sets[:3])
        return [(tuple(used_sets), f"children: {children}; adults or mixed: {others}")]
    return [
        ((set_id,), registry[set_id].name)
        for set_id in used_sets
        if _is_known_issue(rule, registry, set_id)
    ]


def _is_known_issue(rule: PitfallRule, registry: Registry, set_id: str) -> bool:
    kind, labels = registry[set_id].kind, registry[set_id].labels
    return {
        "assembled": kind == "remix",
        "copies": kind == "case_collection",
        "mined-labels": labels == "report_nlp",
        "open-labels": labels in ("publication_claim", "unknown"),
    }.get(str(rule.known), False)
