"""Which class of images comes from which source, over several sentences."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import combinations

from review.bias.facts.models import Fact
from review.models import Sentence

CLASS = (
    r"(?:covid(?:[- ]?19)?(?:[- ]positive)?|sars[- ]cov[- ]2|(?:viral |bacterial |other |common "
    r")?pneumonia|tubercul\w+|tb|normal|healthy|control|negative|positive|non[- ]covid\w*|benign|"
    r"malignan\w+|cancer\w*|tumou?r\w*|melanom\w+|na?ev(?:us|i)|diseased?|abnormal|glaucom\w+|"
    r"cataract|glioma|meningioma|pituitary|alzheimer\S*|mci|patients?|adenocarcinoma|fractur\w+|"
    r"lung opacity|asthma|psoria\w+|retinopath\w+|caries|osteoarthrit\w+|stroke)"
)
_NOUN = (
    r"(?:images?|cases?|x-?rays?|radiographs?|scans?|samples?|subjects?|patients?|controls?|"
    r"class(?:es)?|group|slides?|slices?|photographs?|films?|volumes?|ones|data|cxrs?|cts?|eyes|"
    r"tissues?|skin|people|individuals|volunteers|persons|lesions?|mris?|mammograms?)"
)
_TAKEN = (
    r"(?:(?:(?:were|was|are|is|have been|had been)\s+)?(?:\w+ly\s+)?(?:obtained|collected|taken|"
    r"drawn|downloaded|gathered|acquired|retrieved|extracted|selected|sourced|sampled|added|came|"
    r"come|comes|originat\w+|used|stem\w*|chosen|recruited|scanned|imaged|photographed|enrolled|"
    r"provided|supplied|contributed|borrowed|compiled)|(?:are|is|were|was)(?= from))"
)
_CLASS_FROM = re.compile(
    rf"\b(?P<class>{CLASS})\b(?:\s+(?:\w[\w-]*\s+){{0,2}}?{_NOUN})?(?:\s*\([^()]*\))?"
    rf"[^.;]{{0,40}}?\b{_TAKEN}\b"
    r"[^.;]{0,30}?\b(?:from|of|in|at|by|on)\s+(?P<source>[^.;]+?)"
    rf"(?=,? (?:while|whereas|but|and (?:(?:the |all )?{CLASS}|(?:then )?(?:combin|merg|mix|add|"
    rf"pool)\w*))\b|"
    r"[.;]|$)",
    re.I,
)
_TAKING = re.compile(
    r"\b(?:obtain|collect|take|took|draw|drew|download|gather|acquir|retriev|extract|select|sampl|"
    rf"add|us|chose|choose|includ)\w*\s+[^.;]{{0,40}}?\b(?P<class>{CLASS})\s+(?:\w[\w-]*\s+){{0,2}}?{_NOUN}"
    r"\b(?:\s*\([^()]*\))?\s+(?:from|of|at)\s+(?P<source>[^.;]+)",
    re.I,
)
"""We collected 219 COVID-19 images from SIRM."""
_FOR_CLASS = re.compile(
    rf"^\s*(?:for|as|in) (?:the )?(?P<class>{CLASS})"
    r"(?:\s+(?:class|group|cases|images|category|controls?|subjects|people|eyes|skin|tissue))?,"
    r"[^.;]*?\b(?:from|of)\s+(?P<source>[^.;]+)",
    re.I,
)
"""For the normal class, 1,341 images of the Kaggle data set were used."""
_CLASS_OF = re.compile(
    rf"^\W*(?:(?:and|combin\w+|merg\w+|mix\w+|added|pooled|with|to|then|the|all|our|\d[\d,]*)\s+)*"
    rf"(?P<class>{CLASS})\s+(?:\w[\w-]*\s+)?{_NOUN}\s+"
    r"(?:from|come from|of)\s+(?P<source>[^.;]+)",
    re.I,
)
"""'... and the healthy images from IXI', after a clause with a verb."""
_SOURCE_FOR = re.compile(
    rf"(?P<source>[^.;,]+?)\b(?:was|were|is|are|served|provid\w+|contribut\w+|suppl\w+|contains?|"
    rf"includes?|offers?)\b"
    rf"[^.;]{{0,40}}?\b(?:as|for|the|of|only|all|"
    rf"with)?\s*(?P<class>{CLASS})\s+(?:\w[\w-]*\s+){{0,1}}?{_NOUN}\b",
    re.I,
)
_NAMED = re.compile(
    r"\b(?:[A-Z][\w’'&-]*\s+)*[A-Z][\w’'&-]*(?:\s+|-)(?:data ?set|database|collection|"
    r"challenge|repository|archive|cohort)\b|"
    r"\b(?:[A-Z][\w’'&-]+\s+(?:of\s+|and\s+)?)+(?:Hospital|University|"
    r"Cent(?:er|re)|Institute|Clinic)\b|\b(?:[Kk]aggle|[Gg]it[Hh]ub|[Rr]adiopaedia|[Ff]igshare|"
    r"[Mm]endeley|[Ee]urorad)\b|\b[Oo]ur (?:own )?(?:hospital|institution|cent(?:er|re)|"
    r"department)\b|"
    r"\b(?:[Hh]ospital|[Ii]nstitution|[Ss]ite|[Cc]ent(?:er|re)) [A-Z0-9]\b",
)
_PROPER = re.compile(r"(?<![.] )\b[A-Z][\w’'-]*(?:[- ](?:[A-Z]|\d)[\w’'-]*)*")
_NO_SOURCE = re.compile(
    r"^(?:CT|MRI?|PET|RGB|T[12]w?\b|FLAIR|X-?ray|OCT|CXR|PCR|RT-PCR|DICOM|Table|Fig|Figure|Section|"
    r"Appendix|January|February|March|April|May|June|July|August|September|October|November|"
    r"December|COVID|SARS|Magnetom|The|This|Two|Three|In|II|III|IV|SD|AP|PA)\b|PublicSet",
)
"""Capitals that are no name of a source."""
_GENERIC_NAME = re.compile(
    r"^(?:the|this|these|our|an?|experimental|final|whole|entire|training|test|second|first|"
    r"each|public)\b",
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
            r"(?:,\s*|\s+)(?:while|whereas|but|and)\s+"
            rf"(?=(?:the |all |our )?(?:\d[\d,]* )?{CLASS}\b)|"
            rf",\s+(?=(?:and |the |and the )?\d[\d,]* {CLASS}\b)|(?:,\s*|\s+)(?:while|"
            rf"whereas)\s+|;",
            _hide_names(sentence.text, sets_by_sentence.get(index, ())),
            flags=re.I,
        )
        subject = ""
        for clause in clauses:
            found = list(_read_clause(subject + clause, sets_by_sentence.get(index, ())))
            subject = "" if found else f"{subject}{clause} and "
            yield from (Fact("class source", label, source, (index,)) for label, source in found)


def _read_clause(clause: str, known_sets: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(class, source) of each class that a clause takes from some sources."""
    if _RESULTS.search(clause):
        return
    while match := next(filter(None, (pattern.search(clause) for pattern in _CLAUSES)), None):
        sources = _name_sources(match["source"], known_sets, match.re is not _SOURCE_FOR)
        is_first = match.start("source") < match.start("class")
        words = clause[match.end("source") :] if is_first else clause[: match.start("source")]
        for label in dict.fromkeys(name_class(one) for one in _ANY_CLASS.findall(words)):
            if label not in _NO_CLASSES:
                yield from ((label, source) for source in sources)
        clause = "" if is_first else clause[match.end("source") :]


_RESULTS = re.compile(
    r"\b(?:precision|recall|accurac\w+|sensitivity|specificity|f1|f-?(?:score|measure)|auc|auroc|"
    r"dice|misclassif\w+|classifier|predict\w+|detect\w+|correctly|wrongly|confus\w+)\b",
    re.I,
)
"""A clause on how a model did says nothing of where its images come from."""
_ANY_CLASS = re.compile(rf"\b{CLASS}\b", re.I)
_CLAUSES = (_FOR_CLASS, _CLASS_FROM, _TAKING, _CLASS_OF, _SOURCE_FOR)


def _hide_names(text: str, known_sets: Sequence[tuple[str, str]]) -> str:
    """The text with a mark for each public set: "COVID-19 Radiography Database" is no class."""
    for number, (printed, _) in sorted(enumerate(known_sets), key=lambda entry: -len(entry[1][0])):
        text = re.sub(re.escape(printed), _mark_set(number), text, flags=re.I)
    return text


def _mark_set(number: int) -> str:
    return f"PublicSet{number}_"


def _name_sources(
    words: str, known_sets: Sequence[tuple[str, str]], may_be_any_name: bool
) -> list[str]:
    """The names of the public sets among the words, or names in capitals, or our own hospital."""
    known = [name for number, (_, name) in enumerate(known_sets) if _mark_set(number) in words]
    if known:
        return list(dict.fromkeys(known))
    names = [name for name in _NAMED.findall(words) if not _GENERIC_NAME.match(name)]
    if not names and may_be_any_name:
        proper = _PROPER.match(re.sub(r"^(?:the|a|an)\s+", "", words.strip(), flags=re.I))
        names = [proper.group()] if proper and not _NO_SOURCE.match(proper.group()) else []
    return list(dict.fromkeys(" ".join(name.split()) for name in names))


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


_NOT_ILL = frozenset({"normal", "benign"})
_SEPARATE = frozenset(
    {"COVID-19", "pneumonia", "viral pneumonia", "bacterial pneumonia", "tuberculosis"}
)
"""Diseases that are classes of their own; other names may mean one class, as tumour and cancer."""


def _are_opposed(first: str, second: str) -> bool:
    if {first, second} <= _SEPARATE:
        return first != second
    return (first in _NOT_ILL) != (second in _NOT_ILL)


def find_disjoint_sources(facts: Sequence[Fact]) -> tuple[Fact, Fact] | None:
    """Two classes of which each comes from sources of its own; None if some source has both."""
    by_class: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.field == "class source":
            by_class.setdefault(fact.label, []).append(fact)
    for first, second in combinations(by_class, 2):
        sources = [{fact.value.lower() for fact in by_class[label]} for label in (first, second)]
        if _are_opposed(first, second) and not sources[0] & sources[1]:
            return by_class[first][0], by_class[second][0]
    return None
