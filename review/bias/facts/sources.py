"""Which class of images comes from which source, over several sentences."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import combinations

from review.bias.facts.models import Fact
from review.models import Sentence

CLASS = (
    r"(?:covid(?:[- ]?19)?(?:[- ]positive)?|sars[- ]cov[- ]2|(?:viral |bacterial |other |common "
    r")?pneumonia|tubercul\w+|tb|normal|healthy|control|negative|positive|non[- ]covid\w*|benign|"
    r"malignan\w+|cancer\w*|tumou?r\w*|melanom\w+|nev(?:us|i)|diseased?|abnormal|glaucom\w+|"
    r"cataract|glioma|meningioma|pituitary|alzheimer\S*|mci|patients?|adenocarcinoma|fractur\w+|"
    r"lung opacity|asthma)"
)
_NOUN = (
    r"(?:images?|cases?|x-?rays?|radiographs?|scans?|samples?|subjects?|patients?|controls?|"
    r"class(?:es)?|slides?|photographs?|films?|volumes?|ones|data|cxrs?|cts?)"
)
_TAKEN = (
    r"(?:(?:were|was|are|is|have been|had been)\s+)?(?:\w+ly\s+)?(?:obtained|collected|taken|"
    r"drawn|downloaded|gathered|acquired|retrieved|extracted|selected|sourced|sampled|added|came|"
    r"come|comes|originat\w+|used|stem\w*|chosen|recruited)"
)
_CLASS_FROM = re.compile(
    rf"\b(?P<class>{CLASS})\b(?:\s+(?:\w[\w-]*\s+){{0,2}}?{_NOUN})?(?:\s*\([^()]*\))?"
    rf"[^.;]{{0,40}}?\b{_TAKEN}\b"
    r"[^.;]{0,30}?\b(?:from|of|in|at)\s+(?P<source>[^.;]+?)"
    r"(?=,? (?:while|whereas|and the|but)\b|[.;]|$)",
    re.I,
)
_SOURCE_FOR = re.compile(
    rf"(?P<source>[^.;,]+?)\b(?:was|were|is|are|served|provid\w+|contribut\w+|suppl\w+|contains?|"
    rf"includes?|offers?)\b"
    rf"[^.;]{{0,40}}?\b(?:as|for|the|of|only|all|with)?\s*(?P<class>{CLASS})\s+(?:\w[\w-]*\s+){{0,1}}?{_NOUN}\b",
    re.I,
)
_NAMED = re.compile(
    r"\b(?:[A-Z][\w’'&-]*(?:\s+|-))+(?:data ?set|database|collection|challenge|repository|"
    r"archive|cohort)\b|\b(?:[A-Z][\w’'&-]+\s+(?:of\s+|and\s+)?)+(?:Hospital|University|"
    r"Cent(?:er|re)|Institute|Clinic)\b|\b(?:[Kk]aggle|[Gg]it[Hh]ub|[Rr]adiopaedia|[Ff]igshare|"
    r"[Mm]endeley|[Ee]urorad)\b|\bour (?:own )?(?:hospital|institution|cent(?:er|re)|"
    r"department)\b|"
    r"\b(?:[Hh]ospital|[Ii]nstitution|[Ss]ite|[Cc]ent(?:er|re)) [A-Z0-9]\b",
)
_GENERIC_NAME = re.compile(
    r"^(?:the|this|these|our|an?|experimental|final|whole|entire|training|test|second|first|each|public)\b",
    re.I,
)
_SECTIONS = frozenset({"", "abstract", "methods", "results", "limitations", "supplement"})
_NO_CLASSES = frozenset({"patient"})
"""Words that are people and not a class."""


def find_class_sources(
    sentences: Sequence[Sentence],
    own: Set[int],
    sets_by_sentence: Mapping[int, Sequence[tuple[str, str]]],
) -> Iterator[Fact]:
    """The source of each class a sentence names.

    Args:
        sets_by_sentence: sentence -> (words, name) of the public sets it names as used.
    """
    for index, sentence in enumerate(sentences):
        if index not in own or sentence.section not in _SECTIONS:
            continue
        clauses = re.split(
            r"(?:,\s*|\s+)(?:while|whereas|but|and the|and)\s+(?=the |all |\w+ (?:images|cases))|;",
            _hide_names(sentence.text, sets_by_sentence.get(index, ())),
        )
        for clause in clauses:
            match = _CLASS_FROM.search(clause) or _SOURCE_FOR.search(clause)
            if match is None:
                continue
            source = _name_source(match["source"], sets_by_sentence.get(index, ()))
            if source and name_class(match["class"]) not in _NO_CLASSES:
                yield Fact("class source", name_class(match["class"]), source, (index,))


def _hide_names(text: str, known_sets: Sequence[tuple[str, str]]) -> str:
    """The text with a mark for each public set: "COVID-19 Radiography Database" is no class."""
    for number, (printed, _) in sorted(enumerate(known_sets), key=lambda entry: -len(entry[1][0])):
        text = re.sub(re.escape(printed), _mark_set(number), text, flags=re.I)
    return text


def _mark_set(number: int) -> str:
    return f"PublicSet{number}_"


def _name_source(words: str, known_sets: Sequence[tuple[str, str]]) -> str | None:
    """The name of a public set among the words, or a name in capitals, or our own hospital."""
    for number, (_, name) in enumerate(known_sets):
        if _mark_set(number) in words:
            return name
    names = [name for name in _NAMED.findall(words) if not _GENERIC_NAME.match(name)]
    return " ".join(names[0].split()) if names else None


def name_class(words: str) -> str:
    """One name for a class however it is written."""
    text = words.lower().replace("-", " ").strip()
    if re.match(r"covid|sars", text):
        return "COVID-19"
    if text in ("normal", "healthy", "control", "negative") or text.startswith("non covid"):
        return "normal"
    for stem, name in (
        ("malignan", "malignant"),
        ("tubercul", "tuberculosis"),
        ("tb", "tuberculosis"),
    ):
        if text.startswith(stem):
            return name
    return text.removesuffix("s") if text.startswith("patient") else text


def find_disjoint_sources(facts: Sequence[Fact]) -> tuple[Fact, Fact] | None:
    """Two classes of which each comes from sources of its own; None if some source has both."""
    by_class: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.field == "class source":
            by_class.setdefault(fact.label, []).append(fact)
    for first, second in combinations(by_class, 2):
        sources = [{fact.value.lower() for fact in by_class[label]} for label in (first, second)]
        if not sources[0] & sources[1]:
            return by_class[first][0], by_class[second][0]
    return None
