"""Finds data sets named in a full text: by name, address, authors or the reference they cite."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from review.bias.datasets.models import Dataset, Registry, squeezed
from review.bias.datasets.scope import is_used

How = Literal["name", "link", "author", "citation", "reference"]

_DATA_WORD = (
    r"(?:data ?-?sets?|data ?-?bases?|data|collections?|repositor(?:y|ies)|images?|cohorts?|corpus|"
    r"challenges?|archives?|radiographs?|x-?rays?|scans?)"
)
_NEAR = re.compile(rf"\b{_DATA_WORD}\b", re.I)
_STRICT_DATA_WORD = re.compile(
    r"\b(?:data ?-?sets?|data ?-?bases?|collections?|repositor(?:y|ies)|kaggle|github)\b", re.I
)
_REACH = 60
"""Letters either side of a weak name within which a data word must stand: about six words."""
_NUMBERS = re.compile(r"\[(\d{1,3}(?:\s*[,–-]\s*\d{1,3})*)\]")
_REFERENCE = re.compile(r"^\[?(\d{1,3})[\].]\s")
_SHORT = 5
"""Letters up to which a name in capitals must be written in capitals: ADNI, not 'adni'."""


class Sentence(Protocol):
    """What is needed of a sentence."""

    @property
    def text(self) -> str:
        """Its words."""

    @property
    def section(self) -> str:
        """Normal name of the section it stands in."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that names a data set."""

    ids: tuple[str, ...]
    """One id: settled. Several, or how 'author' with sure False: a person is asked."""
    sentence: int
    """Index among the sentences given."""
    words: str
    """What stands there."""
    how: How
    used: bool
    """Whether the place says that this study used it, rather than cites it."""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _Name:
    squeezed: str
    ids: tuple[str, ...]
    how: How
    weak: bool
    as_written: str | None
    """Spelling that must be met letter by letter; None where case does not matter."""
    listed: bool = False
    """A name that lacks its data word, which must follow further on: 'the Montgomery and Shenzhen
    data sets'."""


def find(sentences: Sequence[Sentence], registry: Registry) -> list[Mention]:
    """Every mention, in reading order. Longer names win over names inside them.

    Weak names need a data word nearby. 'The dataset of Cohen et al.' counts as settled only when
    the same set is also named or referenced by itself; otherwise it is asked.
    """
    names = _names(registry.values())
    found = [
        mention
        for index, sentence in enumerate(sentences)
        for mention in _in_sentence(index, sentence, names)
    ]
    referenced = _referenced(sentences, found)
    found += _cited(sentences, referenced, found, registry)
    known = {one for mention in found for one in mention.ids if len(mention.ids) == 1}
    found += _by_author(sentences, registry, known)
    return sorted(_without_repeats(found), key=lambda m: (m.sentence, m.ids, m.how))


def used(mentions: Iterable[Mention]) -> dict[str, list[Mention]]:
    """The settled mentions of each data set that the study used, by id."""
    out: dict[str, list[Mention]] = {}
    for mention in mentions:
        if mention.used and mention.sure and len(mention.ids) == 1:
            out.setdefault(mention.ids[0], []).append(mention)
    return out


def asked(mentions: Iterable[Mention]) -> list[Mention]:
    """The mentions a person has to settle."""
    return [mention for mention in mentions if not mention.sure or len(mention.ids) > 1]


def _names(datasets: Iterable[Dataset]) -> list[_Name]:
    datasets = list(datasets)
    owners: dict[tuple[str, How, bool, str | None], list[str]] = {}
    for dataset in datasets:
        every: list[tuple[str, How, bool]] = [(name, "name", False) for name in dataset.names]
        every += [(name, "name", True) for name in dataset.weak_names]
        every += [(link, "link", False) for link in dataset.links]
        every += [(one.partition(":")[2] or one, "link", False) for one in dataset.identifiers]
        for text, how, weak in every:
            key = squeezed(text)
            acronym = len(key) <= _SHORT and text.upper() == text
            owners.setdefault((key, how, weak, text if acronym else None), []).append(dataset.id)
    whole = [
        _Name(key, tuple(sorted(set(ids))), how, weak, written)
        for (key, how, weak, written), ids in owners.items()
    ]
    return whole + _in_lists(datasets)


_WITH_DATA_WORD = re.compile(r"(.{4,}?) (?:data ?set|data ?base|collection|set)", re.I)
_LIST_GOES_ON = re.compile(
    r"(?:\s+County)?(?:\s*(?:,|&|\band\b|\bor\b)\s*(?:and\s+)?[\w-]+(?:\s+[\w-]+){0,3}?){0,5}\s+"
    r"(?:data ?-?sets|data ?-?bases|collections|sets|cohorts)\b"
)


def _in_lists(datasets: Iterable[Dataset]) -> list[_Name]:
    """'Shenzhen dataset' also as 'Shenzhen', for lists with one data word at their end."""
    owners: dict[str, set[str]] = {}
    for dataset in datasets:
        for name in (*dataset.names, *dataset.weak_names):
            found = _WITH_DATA_WORD.fullmatch(name)
            if found:
                owners.setdefault(found.group(1), set()).add(dataset.id)
    return [
        _Name(squeezed(stem), tuple(sorted(ids)), "name", True, stem, listed=True)
        for stem, ids in owners.items()
    ]


def _in_sentence(index: int, sentence: Sentence, names: Sequence[_Name]) -> list[Mention]:
    text = sentence.text
    letters, places = _squeeze(text)
    spans: list[tuple[int, int, _Name]] = []
    for name in names:
        start = letters.find(name.squeezed)
        while start >= 0:
            first, last = places[start], places[start + len(name.squeezed) - 1]
            if _stands(text, first, last, name):
                spans.append((first, last + 1, name))
            start = letters.find(name.squeezed, start + 1)
    spans.sort(key=lambda span: (span[0] - span[1], span[2].weak))
    taken: list[tuple[int, int]] = []
    out = []
    for first, stop, name in spans:
        if any(first < b and stop > a for a, b in taken):
            continue
        taken.append((first, stop))
        reference = sentence.section == "references"
        out.append(
            Mention(
                name.ids,
                index,
                text[first:stop],
                "reference" if reference else name.how,
                not reference and is_used(text, sentence.section, first, stop),
                len(name.ids) == 1,
            )
        )
    return out


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The letters and figures of a text in lower case, and where each stands in it."""
    letters: list[str] = []
    places: list[int] = []
    low = text.lower()
    if len(low) != len(text):  # a few letters grow when made small; leave them large
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    for word in _WORD.finditer(low):
        letters.append(word.group())
        places.extend(range(word.start(), word.end()))
    return "".join(letters), places


_WORD = re.compile(r"[^\W_]+")


_ONLY_LIKE = re.compile(
    r"[\s-]+(?:like|style|styled|type|inspired|esque)\b|\s+(?:auto-?)?labell?(?:er|ing tool)s?\b",
    re.I,
)
"""'BraTS-like labels' and 'the CheXpert labeler' name no images."""


def _stands(text: str, first: int, last: int, name: _Name) -> bool:
    """Whether the letters found are the name: whole words, and near a data word where needed."""
    before, after = text[first - 1 : first], text[last + 1 : last + 2]
    if before.isalnum() or after.isalnum():
        return False
    if name.as_written is not None and text[first : last + 1] != name.as_written:
        return False
    if _ONLY_LIKE.match(text[last + 1 :]):
        return False
    if name.listed:
        return bool(_LIST_GOES_ON.match(text[last + 1 :]))
    if not name.weak:
        return True
    around = text[max(0, first - _REACH) : first] + " | " + text[last + 1 : last + 1 + _REACH]
    return bool(_NEAR.search(around))


def _referenced(sentences: Sequence[Sentence], found: Sequence[Mention]) -> dict[int, str]:
    """Number of each reference that names one data set, to its id."""
    out: dict[int, str] = {}
    for mention in found:
        number = _REFERENCE.match(sentences[mention.sentence].text)
        if mention.how == "reference" and number and len(mention.ids) == 1:
            out.setdefault(int(number.group(1)), mention.ids[0])
    return out


def _cited(
    sentences: Sequence[Sentence],
    referenced: Mapping[int, str],
    named: Sequence[Mention],
    registry: Registry,
) -> list[Mention]:
    """Sentences on data that cite such a reference by its number.

    'The RSNA challenge [17], which used data from [18]' uses the first and only explains it by the
    second: a cited part of a set that the same sentence names does not count as used.
    """
    out = []
    parts: dict[int, set[str]] = {}
    for mention in named:
        inner = {c.id for one in mention.ids for c in registry[one].components if c.certain}
        parts.setdefault(mention.sentence, set()).update(inner)
    for index, sentence in enumerate(sentences):
        if sentence.section == "references" or not _STRICT_DATA_WORD.search(sentence.text):
            continue
        for found in _NUMBERS.finditer(sentence.text):
            for number in _numbers(found.group(1)):
                if number in referenced:
                    one = referenced[number]
                    place = (found.start(), found.end())
                    here = is_used(sentence.text, sentence.section, *place)
                    here = here and one not in parts.get(index, ())
                    out.append(Mention((one,), index, found.group(), "citation", here))
    return out


def _numbers(text: str) -> list[int]:
    out: list[int] = []
    for part in text.split(","):
        ends = [int(n) for n in re.findall(r"\d+", part)]
        out += range(ends[0], ends[-1] + 1) if ends and ends[-1] - ends[0] < 30 else ends
    return out


def _by_author(sentences: Sequence[Sentence], registry: Registry, known: set[str]) -> list[Mention]:
    """'the dataset of Cohen et al.'; asked unless the set is known from elsewhere in the text."""
    owners: dict[str, list[str]] = {}
    for dataset in registry.values():
        for author in dataset.authors:
            owners.setdefault(author, []).append(dataset.id)
    if not owners:
        return []
    pattern = _author_pattern(owners)
    out = []
    for index, sentence in enumerate(sentences):
        if sentence.section in ("references", "related work"):
            continue
        for found in pattern.finditer(sentence.text):
            ids = tuple(sorted(owners[found["after"] or found["before"]]))
            sure = [one for one in ids if one in known]
            settled = tuple(sure) if len(sure) == 1 else ids
            used_here = is_used(sentence.text, sentence.section, found.start(), found.end())
            out.append(Mention(settled, index, found.group(), "author", used_here, len(sure) == 1))
    return out


def _author_pattern(owners: Iterable[str]) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(owners))
    given = r"(?:Dr\.?\s+)?(?:[A-Z][\w.]*\s+){0,2}"
    data = r"(?:data ?-?sets?|data ?-?bases?|collections?|repositor(?:y|ies)|images|github)"
    verb = (
        r"(?:of|by|from|due to|(?:provided|prepared|created|collected|published|released|compiled|"
        r"organi[sz]ed|made available|shared|introduced|maintained|developed)\s+by)"
    )
    after = rf"\b{data}\b[^.;]{{0,40}}?\b{verb}\s+{given}(?P<after>{names})\b(?:\s+et al\.?)?"
    before = (
        rf"\b(?P<before>{names})\b(?:\s+et al\.?|\s+and (?:colleagues|co-?workers))?(?:['’]s)?"
        rf"(?:\s*\[[\d, –-]+\]|\s*\(\d{{4}}\))?\s+(?:[\w-]+\s+){{0,3}}?{data}\b"
    )
    return re.compile(f"{after}|{before}")


def _without_repeats(found: Iterable[Mention]) -> list[Mention]:
    return list(dict.fromkeys(found))
