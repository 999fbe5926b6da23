"""Finds data sets mentioned in a full text: by name, address, authors or cited reference."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Protocol

from review.bias.datasets.acronyms import find_other_meanings
from review.bias.datasets.models import Dataset, Registry, squeeze_name
from review.bias.datasets.scope import Context, is_introduced, read_context
from review.bias.gate import find_front_matter

MentionKind = Literal["name", "link", "author", "citation", "reference"]

_DATA_WORD = (
    r"(?:data ?-?sets?|data ?-?bases?|data|collections?|repositor(?:y|ies)|images?|cohorts?|corpus|"
    r"challenges?|archives?|radiographs?|x-?rays?|scans?)"
)
_DATA_WORD_PATTERN = re.compile(rf"\b{_DATA_WORD}\b", re.I)
_STRICT_DATA_WORD = re.compile(
    r"\b(?:data ?-?sets?|data ?-?bases?|collections?|repositor(?:y|ies)|kaggle|github)\b", re.I
)
_DATA_WORD_REACH = 60
"""Characters around a weak name within which a data word must occur: about six words."""
_CITATION_NUMBERS = re.compile(r"\[(\d{1,3}(?:\s*[,–-]\s*\d{1,3})*)\]")
_REFERENCE_NUMBER = re.compile(r"^\[?(\d{1,3})[\].]\s")
_MAX_ACRONYM_LETTERS = 5
"""Length up to which a name in capitals must be written in capitals: ADNI, not 'adni'."""
_MAX_HYPHENATED_LETTERS = 7
"""Length up to which a hyphen is no space: CT-RATE, not 'the CT rate'."""
_YEAR_LAST = re.compile(r"(.{3,}?)[ -]((?:19|20)\d\d)")
_YEAR_REACH = 25
"""Characters around a name without its year within which the year must be."""
_YEAR_BEHIND = re.compile(r"(?:20)?\d\d?(?![^\W_])")
"""Digits that may follow a name in letters at once: BraTS2020, BraTS20, OASIS3."""


class SentenceLike(Protocol):
    """What is needed of a sentence."""

    @property
    def text(self) -> str:
        """Its words."""

    @property
    def section(self) -> str:
        """Normal name of the section it is in."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that names a data set."""

    ids: tuple[str, ...]
    """One id: resolved. Several, or how 'author' with sure False: a person must decide."""
    sentence: int
    """Index among the sentences given."""
    words: str
    """The text found there."""
    how: MentionKind
    used: bool
    """Whether the context shows that this study used it rather than cited it."""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _DatasetName:
    key: str
    ids: tuple[str, ...]
    kind: MentionKind
    weak: bool
    exact_spelling: str | None
    """Spelling that must match exactly; None if case does not matter."""
    is_one_word: bool = False
    """Whether no space may part it: INbreast, CT-RATE, but not COVID-CT."""
    in_list: bool = False
    """A name without its data word, which must follow later: 'the Montgomery and Shenzhen data
    sets'."""
    family: str | None = None
    """A programme that the sentence must name besides another of its sets: 'TCGA (LUAD, LUSC)'."""
    year: str | None = None
    """A year that must follow or precede: 'the Data Science Bowl challenge of 2018'."""


def find_mentions(sentences: Sequence[SentenceLike], registry: Registry) -> list[Mention]:
    """All mentions in reading order. Longer names take precedence over names within them.

    Weak names need a data word nearby. A citation number, a caption or 'the dataset of Cohen et
    al.' counts as resolved only if the text uses the same dataset by name; otherwise a person must
    decide. A set that the authors introduce is theirs and not a public one they used, unless it is
    combined from public ones.
    """
    names = _select_names(_collect_names(tuple(registry.values())), sentences, registry)
    front = find_front_matter(sentences)
    mentions = [
        mention
        for index, sentence in enumerate(sentences)
        if index not in front
        for mention in _find_in_sentence(index, sentence, names)
    ]
    mentions = _take_first_words(mentions)
    set_by_reference = _map_references(sentences, mentions)
    mentions += _find_citations(sentences, set_by_reference, mentions, registry)
    mentions += _confirm_by_citation(_find_by_author(sentences, registry), mentions)
    introduced = {
        set_id
        for set_id in _find_introduced(sentences, mentions)
        if registry[set_id].kind != "remix"
    }
    mentions = [
        replace(mention, used=False) if introduced & set(mention.ids) else mention
        for mention in mentions
    ]
    mentions = _drop_sources(mentions, sentences, registry)
    mentions = _resolve_by_modality(mentions, sentences, registry)
    return sorted(_resolve_by_name(mentions), key=lambda m: (m.sentence, m.ids, m.how))


def _select_names(
    names: Sequence[_DatasetName], sentences: Sequence[SentenceLike], registry: Registry
) -> list[_DatasetName]:
    """The names that occur in a paper, without acronyms that it uses for something else."""
    letters = " ".join(
        _squeeze_text(_SHORT_IN_BRACKETS.sub(_blank, sentence.text))[0] for sentence in sentences
    )
    names = [name for name in names if name.key in letters]
    full_names = {
        name.exact_spelling: [
            squeeze_name(full_name)
            for set_id in name.ids
            for full_name in (registry[set_id].name, *registry[set_id].names)
        ]
        for name in names
        if name.exact_spelling is not None and name.kind == "name" and not name.in_list
    }
    others = find_other_meanings((sentence.text for sentence in sentences), full_names)
    return [name for name in names if name.exact_spelling not in others]


def _take_first_words(mentions: Sequence[Mention]) -> list[Mention]:
    """Short mentions as the first word of the one set whose name the paper gives in full: 'RSNA' in
    a paper on the RSNA PE data set, though it is a short name of another."""
    short = [_DATA_WORD_PATTERN.sub("", m.words).strip().lower() for m in mentions]
    named = {
        (words, m.ids[0])
        for words, m in zip(short, mentions, strict=True)
        if m.how == "name" and len(m.ids) == 1 and " " in words
    }
    taken: list[Mention] = []
    for words, mention in zip(short, mentions, strict=True):
        full = {set_id for name, set_id in named if words and name.startswith(words + " ")}
        is_short = mention.how == "name" and " " not in words
        if is_short and len(full) == 1 and not full & set(mention.ids):
            mention = replace(mention, ids=tuple(full), sure=True)
        taken.append(mention)
    return taken


def _drop_sources(
    mentions: Sequence[Mention], sentences: Sequence[SentenceLike], registry: Registry
) -> list[Mention]:
    """A set in brackets behind one that was compiled from it, 'FeTS 2022 (BraTS 2021)', is only
    where that one comes from."""
    compiled: dict[int, list[Mention]] = {}
    for mention in mentions:
        if mention.used and mention.sure and len(mention.ids) == 1:
            compiled.setdefault(mention.sentence, []).append(mention)

    def is_source(mention: Mention) -> bool:
        text = sentences[mention.sentence].text
        bracket = text.rfind("(", 0, text.find(mention.words) + 1)
        before = text[max(0, bracket - _BRACKET_REACH) : max(0, bracket)]
        is_inside = bracket >= 0 and ")" not in text[bracket : text.find(mention.words)]
        return is_inside and any(
            other.words in before and part.certain and part.id in mention.ids
            for other in compiled.get(mention.sentence, ())
            for part in registry[other.ids[0]].components
        )

    return [replace(m, used=False) if m.used and is_source(m) else m for m in mentions]


_BRACKET_REACH = 40
"""Characters before a bracket in which the set must stand that the bracket explains."""


def _find_introduced(sentences: Sequence[SentenceLike], mentions: Iterable[Mention]) -> set[str]:
    """The sets of which a sentence says that the authors made them."""
    return {
        mention.ids[0]
        for mention in mentions
        if len(mention.ids) == 1
        and mention.how == "name"
        and is_introduced(sentences[mention.sentence].text, mention.words)
    }


_MODALITY_WORDS = {
    "CXR": re.compile(r"\b(?:chest (?:x-?rays?|radiographs?)|cxrs?)\b", re.I),
    "CT": re.compile(r"\b(?:ct|computed tomography)\b", re.I),
    "MRI": re.compile(r"\b(?:mri|magnetic resonance)\b", re.I),
    "OCT": re.compile(r"\b(?:oct|optical coherence)\b", re.I),
    "fundus": re.compile(r"\bfundus\b", re.I),
}
_CLEARLY_MORE = 5
"""Times the words of one modality exceed those of the other in a paper on the first."""


def _resolve_by_modality(
    mentions: Sequence[Mention], sentences: Sequence[SentenceLike], registry: Registry
) -> list[Mention]:
    """Names that two sets share ('Kermany') mean the set of the modality that the paper is on."""
    if not any(len(mention.ids) > 1 for mention in mentions):
        return list(mentions)
    text = " ".join(sentence.text for sentence in sentences)
    counts = {name: len(pattern.findall(text)) for name, pattern in _MODALITY_WORDS.items()}
    resolved = []
    for mention in mentions:
        if len(mention.ids) > 1:
            order = sorted(
                mention.ids,
                key=lambda set_id: (
                    -max(
                        (counts.get(modality, 0) for modality in registry[set_id].modality),
                        default=0,
                    )
                ),
            )
            first, second = (
                max((counts.get(m, 0) for m in registry[set_id].modality), default=0)
                for set_id in order[:2]
            )
            if first >= _CLEARLY_MORE and first > _CLEARLY_MORE * second:
                mention = replace(mention, ids=(order[0],), sure=mention.how == "name")
        resolved.append(mention)
    return resolved


def _resolve_by_name(mentions: Iterable[Mention]) -> list[Mention]:
    """Doubtful mentions of a set that the text uses by name are settled; repeats are dropped."""
    mentions = list(dict.fromkeys(mentions))
    named = {m.ids[0] for m in mentions if m.used and m.sure and len(m.ids) == 1}
    resolved = []
    for mention in mentions:
        known = [set_id for set_id in mention.ids if set_id in named]
        if not mention.sure and len(known) == 1:
            mention = replace(mention, ids=(known[0],), sure=True)
        resolved.append(mention)
    return resolved


def select_used(mentions: Iterable[Mention]) -> dict[str, list[Mention]]:
    """The resolved mentions of each dataset that the study used, by id."""
    mentions_by_set: dict[str, list[Mention]] = {}
    for mention in mentions:
        if mention.used and mention.sure and len(mention.ids) == 1:
            mentions_by_set.setdefault(mention.ids[0], []).append(mention)
    return mentions_by_set


def select_unresolved(mentions: Iterable[Mention]) -> list[Mention]:
    """The mentions a person has to settle; a name of two sets only where one of them is used."""
    return [
        mention
        for mention in mentions
        if (not mention.sure or len(mention.ids) > 1)
        and (mention.used or mention.how not in ("name", "reference") or len(mention.ids) == 1)
    ]


@lru_cache(maxsize=4)
def _collect_names(datasets: tuple[Dataset, ...]) -> tuple[_DatasetName, ...]:
    """All spellings to look for; kept, because every text is searched for the same ones."""
    owners: dict[tuple[str, MentionKind, bool, str | None], list[str]] = {}
    for dataset in datasets:
        spellings: list[tuple[str, MentionKind, bool]] = [
            (name, "name", False) for name in _put_years_first(dataset.names)
        ]
        spellings += [(name, "name", True) for name in dataset.weak_names]
        spellings += [(link, "link", False) for link in dataset.links]
        spellings += [
            (identifier.partition(":")[2] or identifier, "link", False)
            for identifier in dataset.identifiers
        ]
        for text, kind, weak in spellings:
            key = squeeze_name(text)
            acronym = len(key) <= _MAX_ACRONYM_LETTERS and text.upper() == text
            owners.setdefault((key, kind, weak, text if acronym else None), []).append(dataset.id)
    hyphenated_keys = {
        squeeze_name(name)
        for dataset in datasets
        for name in dataset.names
        if "-" in name and " " not in name and len(squeeze_name(name)) <= _MAX_HYPHENATED_LETTERS
    } - {squeeze_name(name) for dataset in datasets for name in dataset.names if " " in name}
    separated_keys = {
        squeeze_name(name)
        for dataset in datasets
        for name in (*_put_years_first(dataset.names), *dataset.weak_names)
        if re.search(r"[\W_\d]", name)
    }
    dataset_names = [
        _DatasetName(
            key,
            tuple(sorted(set(ids))),
            kind,
            weak,
            exact_spelling,
            is_one_word=kind == "name" and (key not in separated_keys or key in hyphenated_keys),
        )
        for (key, kind, weak, exact_spelling), ids in owners.items()
    ]
    return (
        *dataset_names,
        *_collect_list_names(datasets),
        *_collect_family_names(datasets),
        *_collect_yearly_names(datasets),
    )


def _put_years_first(names: Sequence[str]) -> list[str]:
    """The names, and those with a year at the end also as '2018 Data Science Bowl'."""
    matches = (_YEAR_LAST.fullmatch(name) for name in names)
    return [*names, *(f"{match[2]} {match[1]}" for match in matches if match)]


_NAME_WITH_DATA_WORD = re.compile(r"(.{4,}?) (?:data ?set|data ?base|collection|set)", re.I)
_LIST_CONTINUATION = re.compile(
    r"(?:\s+County)?(?:\s*(?:,|&|\band\b|\bor\b)\s*(?:and\s+)?[\w-]+(?:\s+[\w-]+){0,3}?){0,5}\s+"
    r"(?:data ?-?sets|data ?-?bases|collections|sets|cohorts)\b"
)


def _collect_list_names(datasets: Iterable[Dataset]) -> list[_DatasetName]:
    """'Shenzhen dataset' also as 'Shenzhen', for lists with one data word at their end."""
    owners: dict[str, set[str]] = {}
    for dataset in datasets:
        for name in (*dataset.names, *dataset.weak_names):
            match = _NAME_WITH_DATA_WORD.fullmatch(name)
            if match:
                owners.setdefault(match.group(1), set()).add(dataset.id)
    return [
        _DatasetName(squeeze_name(stem), tuple(sorted(ids)), "name", True, stem, in_list=True)
        for stem, ids in owners.items()
    ]


_FAMILY_NAME = re.compile(r"(TCGA|CPTAC)-([A-Z]{2,5})")


def _collect_family_names(datasets: Iterable[Dataset]) -> list[_DatasetName]:
    """'TCGA-LUAD' also as 'LUAD', for lists: 'the LUAD and LUSC slides of TCGA'."""
    return [
        _DatasetName(squeeze_name(match[2]), (dataset.id,), "name", True, match[2], family=match[1])
        for dataset in datasets
        for match in map(_FAMILY_NAME.fullmatch, dataset.names)
        if match
    ]


def _collect_yearly_names(datasets: Iterable[Dataset]) -> list[_DatasetName]:
    """'Data Science Bowl 2018' also as 'Data Science Bowl', where 2018 is near."""
    return [
        _DatasetName(squeeze_name(match[1]), (dataset.id,), "name", True, None, year=match[2])
        for dataset in datasets
        for match in map(_YEAR_LAST.fullmatch, dataset.names)
        if match and len(squeeze_name(match[1])) > _MAX_ACRONYM_LETTERS
    ]


def _is_in_family_list(text: str, name: _DatasetName, names: Sequence[_DatasetName]) -> bool:
    """Whether a sentence names the programme of a short name, and another set of it."""
    if name.family is None or not re.search(rf"\b{name.family}\b", text):
        return False
    relatives = {one.exact_spelling for one in names if one.family == name.family}
    return any(word in relatives - {name.exact_spelling} for word in re.findall(r"[A-Z]+", text))


def _find_in_sentence(
    index: int, sentence: SentenceLike, names: Sequence[_DatasetName]
) -> list[Mention]:
    text = sentence.text
    letters, positions = _squeeze_text(_SHORT_IN_BRACKETS.sub(_blank, text))
    spans: list[tuple[int, int, _DatasetName]] = []
    for name in names:
        start = letters.find(name.key)
        while start >= 0:
            first, last = positions[start], positions[start + len(name.key) - 1]
            if _is_name_at(text, first, last, name) and (
                name.family is None or _is_in_family_list(text, name, names)
            ):
                spans.append((first, last + 1, name))
            start = letters.find(name.key, start + 1)
    spans.sort(key=lambda span: (span[0] - span[1], span[2].weak))
    occupied_spans: list[tuple[int, int]] = []
    mentions = []
    for first, stop, name in spans:
        if any(first < span_stop and stop > span_start for span_start, span_stop in occupied_spans):
            continue
        occupied_spans.append((first, stop))
        is_reference = sentence.section == "references"
        context: Context = read_context(text, sentence.section, first, stop)
        mentions.append(
            Mention(
                ids=name.ids,
                sentence=index,
                words=text[first:stop],
                how="reference" if is_reference else name.kind,
                used=not is_reference and context != "other",
                sure=len(name.ids) == 1 and context != "doubtful",
            )
        )
    return mentions


_SHORT_IN_BRACKETS = re.compile(r"(?<=[a-z] )\([A-Z]{2,7}\)(?= [A-Z])")


def _blank(match: re.Match[str]) -> str:
    """Spaces in place of an acronym inside a name: 'Duke Breast Cancer (DBC) MRI'."""
    return " " * len(match.group())


def _squeeze_text(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in lower case, with their positions."""
    letters: list[str] = []
    positions: list[int] = []
    lowered = text.lower()
    if len(lowered) != len(
        text
    ):  # a few letters become longer in lower case; keep them as they are
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    for word in _WORD_CHARACTERS.finditer(lowered):
        letters.append(word.group())
        positions.extend(range(word.start(), word.end()))
    return "".join(letters), positions


_WORD_CHARACTERS = re.compile(r"[^\W_]+")


_LIKENESS_SUFFIX = re.compile(
    r"[\s-]+(?:like|style|styled|type|inspired|esque)\b|\s+(?:auto-?)?labell?(?:er|ing tool)s?\b|"
    r"\s+scores?\b|[\s-]+(?:[\w.-]+\s+){0,2}?(?:atlas(?:es)?|parcellations?|templates?|pipelines?|protocols?|"
    r"tool ?box|tool ?kit|grading scale|severity scale)\b",
    re.I,
)
"""'BraTS-like labels', 'the CheXpert labeler' and 'the HCP atlas' name no images."""


_WORD_BREAK = re.compile(r"(?<=[^\W\d])\s+(?=[^\W\d])")


def _is_run_together(printed: str, name: _DatasetName) -> bool:
    """Whether separate words only look like a name in one word: 'in breast' for INbreast."""
    return name.is_one_word and bool(_WORD_BREAK.search(printed))


def _is_name_at(text: str, first: int, last: int, name: _DatasetName) -> bool:
    """Whether a match is the name: complete words, and near a data word if necessary."""
    before, after = text[first - 1 : first], text[last + 1 : last + 2]
    if before.isalnum() or (after.isalnum() and not _has_year_behind(text, last, name)):
        return False
    if name.exact_spelling is not None and text[first : last + 1] != name.exact_spelling:
        return False
    if _LIKENESS_SUFFIX.match(text[last + 1 :]) or _is_run_together(text[first : last + 1], name):
        return False
    if name.year is not None:
        return name.year in text[max(0, first - _YEAR_REACH) : last + 1 + _YEAR_REACH]
    if name.in_list:
        return bool(_LIST_CONTINUATION.match(text[last + 1 :]))
    if _is_plain_words(text, first, last, name) and not _DATA_WORD_BEHIND.match(text[last + 1 :]):
        return False
    if name.kind == "name" and _is_in_address(
        text, first, _ADDRESS_PART if name.weak else _CODE_HOST
    ):
        return False
    if not name.weak or name.family is not None:
        return True
    if name.exact_spelling is not None and _STRICT_DATA_WORD.search(text):
        return True
    context = (
        text[max(0, first - _DATA_WORD_REACH) : first]
        + " | "
        + text[last + 1 : last + 1 + _DATA_WORD_REACH]
    )
    return bool(_DATA_WORD_PATTERN.search(context))


_DATA_WORD_BEHIND = re.compile(
    r"\s*(?:\([^()]*\)\s*)?(?:20\d\d\s*)?(?:data ?-?sets?|data ?bases?|challenge|benchmark|"
    r"collection)\b",
    re.I,
)


def _is_plain_words(text: str, first: int, last: int, name: _DatasetName) -> bool:
    """Whether a name of three words or more is printed in small letters, as its subject would be:
    'liver tumor segmentation'."""
    printed = text[first : last + 1]
    letters = printed[1:] if first == 0 else printed
    return name.kind == "name" and printed.count(" ") > 1 and letters.islower()


def _has_year_behind(text: str, last: int, name: _DatasetName) -> bool:
    """Whether a name in letters is followed by its year or number: BraTS2020, OASIS3."""
    is_in_letters = name.kind == "name" and name.key.isalpha() and not name.in_list
    return is_in_letters and bool(_YEAR_BEHIND.match(text, last + 1))


_ADDRESS_PART = re.compile(r"://|www\.|@|\.(?:com|org|edu|net|gov|io)\b/?", re.I)


_CODE_HOST = re.compile(r"git(?:hub|lab)\.|@", re.I)
"""Addresses of code and people, which may bear the name of a data set."""


def _is_in_address(text: str, position: int, kind: re.Pattern[str]) -> bool:
    """Whether a place is inside a web address or e-mail of a kind."""
    start = text.rfind(" ", 0, position) + 1
    stop = text.find(" ", position)
    return bool(kind.search(text[start : stop if stop >= 0 else len(text)]))


def _map_references(
    sentences: Sequence[SentenceLike], mentions: Sequence[Mention]
) -> dict[int, str]:
    """Number of each reference that names one data set, to its id."""
    set_by_reference: dict[int, str] = {}
    for mention in mentions:
        match = _REFERENCE_NUMBER.match(sentences[mention.sentence].text)
        if mention.how == "reference" and match and len(mention.ids) == 1:
            set_by_reference.setdefault(int(match.group(1)), mention.ids[0])
    return set_by_reference


def _find_citations(
    sentences: Sequence[SentenceLike],
    set_by_reference: Mapping[int, str],
    known_mentions: Sequence[Mention],
    registry: Registry,
) -> list[Mention]:
    """Sentences on data that cite such a reference by its number.

    'The RSNA challenge [17], which used data from [18]' uses the first and only explains it by the
    second: a cited part of a set that the same sentence names does not count as used.
    """
    mentions = []
    components_by_sentence: dict[int, set[str]] = {}
    for mention in known_mentions:
        component_ids = {
            c.id for set_id in mention.ids for c in registry[set_id].components if c.certain
        }
        components_by_sentence.setdefault(mention.sentence, set()).update(component_ids)
    for index, sentence in enumerate(sentences):
        if sentence.section == "references" or not _STRICT_DATA_WORD.search(sentence.text):
            continue
        for match in _CITATION_NUMBERS.finditer(sentence.text):
            for number in _parse_numbers(match.group(1)):
                if number in set_by_reference:
                    set_id = set_by_reference[number]
                    span = (match.start(), match.end())
                    is_own_use = read_context(sentence.text, sentence.section, *span) != "other"
                    is_own_use = is_own_use and set_id not in components_by_sentence.get(index, ())
                    mentions.append(
                        Mention(
                            ids=(set_id,),
                            sentence=index,
                            words=match.group(),
                            how="citation",
                            used=is_own_use,
                            sure=not is_own_use,
                        )
                    )
    return mentions


def _parse_numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        ends = [int(n) for n in re.findall(r"\d+", part)]
        numbers += range(ends[0], ends[-1] + 1) if ends and ends[-1] - ends[0] < 30 else ends
    return numbers


def _find_by_author(sentences: Sequence[SentenceLike], registry: Registry) -> list[Mention]:
    """'the dataset of Cohen et al.'; unresolved unless the text uses it by name elsewhere."""
    owners: dict[str, list[str]] = {}
    for dataset in registry.values():
        for author in dataset.authors:
            owners.setdefault(author, []).append(dataset.id)
    if not owners:
        return []
    pattern = _build_author_pattern(owners)
    mentions = []
    for index, sentence in enumerate(sentences):
        if sentence.section in ("references", "related work"):
            continue
        for match in pattern.finditer(sentence.text):
            ids = tuple(sorted(owners[match["after"] or match["before"]]))
            span = (match.start(), match.end())
            is_own_use = read_context(sentence.text, sentence.section, *span) != "other"
            mentions.append(
                Mention(
                    ids=ids,
                    sentence=index,
                    words=match.group(),
                    how="author",
                    used=is_own_use,
                    sure=not is_own_use,
                )
            )
    return mentions


def _confirm_by_citation(
    by_author: Sequence[Mention], known_mentions: Sequence[Mention]
) -> list[Mention]:
    """Mentions by author, resolved where the same sentence cites the reference of that set: 'the
    database published by Chakrabarty [12]'."""
    cited = {
        (mention.sentence, mention.ids[0])
        for mention in known_mentions
        if mention.how == "citation" and mention.used and len(mention.ids) == 1
    }
    confirmed = []
    for mention in by_author:
        ids = tuple(set_id for set_id in mention.ids if (mention.sentence, set_id) in cited)
        if mention.used and len(ids) == 1:
            mention = replace(mention, ids=ids, sure=True)
        confirmed.append(mention)
    return confirmed


def _build_author_pattern(owners: Iterable[str]) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(owners))
    given_names = r"(?:Dr\.?\s+)?(?:[A-Z][\w.]*\s+){0,2}"
    data = r"(?:data ?-?sets?|data ?-?bases?|collections?|repositor(?:y|ies)|images|github)"
    verb = (
        r"(?:of|by|from|due to|(?:provided|prepared|created|collected|published|released|compiled|"
        r"organi[sz]ed|made available|shared|introduced|maintained|developed)\s+by)"
    )
    after = rf"\b{data}\b[^.;]{{0,40}}?\b{verb}\s+{given_names}(?P<after>{names})\b(?:\s+et al\.?)?"
    before = (
        rf"\b(?P<before>{names})\b(?:\s+et al\.?|\s+and (?:colleagues|co-?workers))?(?:['’]s)?"
        rf"(?:\s*\[[\d, –-]+\]|\s*\(\d{{4}}\))?\s+(?:[\w-]+\s+){{0,3}}?{data}\b"
    )
    return re.compile(f"{after}|{before}")
