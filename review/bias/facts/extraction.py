"""Fills the facts of a paper from its sentences and tables."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set

from review.bias.facts.models import FIELDS, Fact
from review.bias.facts.sources import CLASS, find_class_sources, name_class
from review.bias.number_checks.rows import find_blocks, is_row
from review.models import Sentence

_COUNT = r"(?<![\w.,:/–-])(?<!covid )(?<!\[)(?P<n>\d{1,3}(?:,\d{3})+|\d+)(?![\d.,]*\d)(?!\s?%)"
_PEOPLE = r"(?:patients?|subjects?|participants?|individuals|volunteers|people|persons)"
_PICTURES = (
    r"(?:images?|scans?|x-?rays?|radiographs?|cxrs?|mammograms?|slices?|slides?|tiles?|patches|"
    r"frames?|videos?|volumes?|photographs?|studies|examinations?)"
)
_WORDS = r"\s+(?:(?!(?:per|each|every|and|or|of|to|were|was)\b)[a-z][\w'/-]*\s+){0,4}?"
_SIZES = {
    "patients": re.compile(rf"{_COUNT}{_WORDS}\b{_PEOPLE}\b", re.I),
    "images": re.compile(rf"{_COUNT}{_WORDS}\b{_PICTURES}\b", re.I),
}
_STUDY_SIZE = re.compile(
    r"\b(totals?|overall|includ\w+|enrol+ed|recruited|compris\w+|contain\w*|consist\w*|collected|"
    r"data ?sets?|cohort|study population|used|from|acquired|analy[sz]ed)\b",
    re.I,
)
_CLASS_SIZE = re.compile(
    rf"{_COUNT}\s+(?:(?:cases?|images?|patients?|scans?|subjects?|x-?rays?|samples?)\s+(?:of|"
    rf"with|were)\s+)?"
    rf"(?:with\s+)?(?P<class>{CLASS}|(?:high|low)[- ]grade \w+|(?-i:[A-Z]{{3,5}}))\b",
    re.I,
)
_CLASS_THEN_SIZE = re.compile(
    rf"\b(?P<class>{CLASS}|(?-i:[A-Z]{{3,5}}))[’'\"”]?(?:\s+(?:class|group|images?|"
    rf"cases?))?(?:\s*\([^()\d]*\))?\s*"
    rf"(?:class\s+)?(?:with|has|had|contains?|\(n\s*=|n\s*=|:)\s*{_COUNT}",
    re.I,
)
_PARTS = {
    "training": r"train(?:ing)?",
    "validation": r"validation|tuning",
    "test": r"test(?:ing)?|hold-?out",
}
_SPLIT = re.compile(
    r"\b(split|splits|splitting|divided|partition\w*|folds?|cross[- ]validat\w+|hold-?out|"
    r"leave-one-\w+-out|"
    r"randomly assigned|allocated)\b",
    re.I,
)
_SPLIT_AMOUNT = re.compile(
    r"\d\s?%|\d\s?[:/]\s?\d|\d+[- ]fold|\b(?:k|two|three|four|five|six|seven|eight|ten)[- ]fold|"
    r"\b\d+ (?:for|in|were|images|patients|training)|leave-one|\bratio\b|\b(?:were|was|is|are) "
    r"(?:then |"
    r"randomly )*(?:split|divided|partitioned|assigned)",
    re.I,
)
_CAPTION = re.compile(r"^\s*(?:supplementary )?(?:table|fig(?:ure)?)\b", re.I)
_SPLIT_CONTEXT = re.compile(r"\b(train\w*|test\w*|validation|folds?|leave-one)\b", re.I)
_SPLIT_UNIT = (
    (
        "patient",
        re.compile(
            r"\b(patient|subject|participant|person|individual|case)[- ](?:level|wise|based|"
            r"disjoint)|\b(?:by|per|at the|across) (?:patients?|subjects?|participants?)\b|"
            r"leave-one-(?:subject|patient)-out|\b(?:patients|subjects|participants) were (?:\w+ "
            r")?(?:split|"
            r"divided|assigned|partitioned)|same (?:patient|subject)|(?:patient|subject)s? overlap",
            re.I,
        ),
    ),
    (
        "site",
        re.compile(
            r"leave-one-(?:site|cent(?:er|re)|hospital)-out|\bby (?:site|hospital|cent(?:er|re))\b",
            re.I,
        ),
    ),
    (
        "image",
        re.compile(
            r"\b(?:images|slices|radiographs|scans|x-?rays|patches|tiles|samples) were (?:then "
            r")?(?:randomly )?(?:split|divided|partitioned|assigned)|\b(?:slice|image)[- "
            r"](?:level|wise)|"
            r"(?:split|divided|partitioned) (?:the |all )?(?:images|slices|radiographs|x-?rays)",
            re.I,
        ),
    ),
)
_BALANCING = re.compile(
    r"\b(oversampl\w+|smote|balanc(?:e|ed|ing)|equali[sz]\w+|expanded|enlarged|augment\w+)\b[^.;]*?"
    r"\b(?:to|into|compris\w+|total of|contain\w*|increas\w+)\b[^.;]*?"
    r"(?P<n>\d[\d,]*)\b(?!\s?%|\.\d)",
    re.I,
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{_MONTH}\.?,? )?(?:\d{{1,2}},? )?(?:19|20)\d\d"
_DATES = re.compile(
    rf"\b(?:between|from)\s+(?P<dates>{_DAY}\s+(?:and|to|through|until|[-–])\s+{_DAY})\b", re.I
)
_SITES = re.compile(
    r"\b(?P<count>two|three|four|five|six|seven|eight|nine|ten|\d{1,3}) (?:\w+ ){0,2}?"
    r"(?:hospitals|cent(?:er|re)s|institutions|sites|clinics)\b|"
    r"\b(?:at|in|from) (?:the )?(?P<name>(?:[A-Z][\w’'&.-]+ (?:of |and |for |the )?){1,6}"
    r"(?:Hospitals?|Cent(?:er|re)|Clinic|University|College|Institute|Corporation)"
    r"(?: of [A-Z]\w+)?)",
)
_REFERENCE = re.compile(
    r"\b(reference standard|gold standard|ground truth|(?:histo)?patholog\w+|biops\w+|rt-?pcr|"
    r"follow-?up|laboratory[- ]confirmed|consensus)\b[^.;]*\b(confirm\w*|proven|diagnos\w+|"
    r"label\w*|annotat\w+|standard|truth|verif\w+|defin\w+|based)\b|\b(?:confirm\w+|annotat\w+|"
    r"label\w*|diagnos\w+) (?:by|based on|with|"
    r"using)\b[^.;]*\b(patholog\w+|biops\w+|rt-?pcr|radiologists?|experts?|physicians?|criteria)\b",
    re.I,
)
_READERS = re.compile(
    r"\b(?P<n>one|two|three|four|five|six|an?|\d{1,2}) (?:[\w-]+ "
    r"){0,4}?(?P<kind>(?:neuro)?radiologists?|(?:hemato|haemato|neuro)?pathologists?|clinicians?|"
    r"physicians?|dermatologists?|ophthalmologists?|"
    r"surgeons?|cardiologists?|dentists?|readers?|experts?|annotators?|observers?|graders?)\b",
    re.I,
)
_EXTERNAL = re.compile(
    r"\b(external(?:ly)? (?:\w+ )?(?:validat\w+|test\w*|cohort|data ?set|data)|independent "
    r"(?:\w+ )?(?:hospital|"
    r"cent(?:er|re)|site|institution|cohort)|leave-one-(?:site|cent(?:er|re)|hospital)-out)\b",
    re.I,
)
_METRIC = (
    r"accuracy|sensitivity|specificity|auc|auroc|area under the (?:\w+ ){0,4}curve|f1(?:[- "
    r"]score)?|dice(?: (?:score|coefficient))?|precision|recall|ppv|npv|kappa|c-?index|"
    r"concordance index"
)
_PERFORMANCE = re.compile(
    rf"\b(?P<metric>{_METRIC})\b(?:\s*\([^()]*\))?\s*(?:score|value|rate)?s?\s*(?:of|was|is|=|:|"
    rf"reached|at|were)\s*"
    r"(?:about |up to )?(?P<value>\d{1,3}(?:\.\d+)?\s?%|"
    r"[01]?\.\d+)(?P<interval>\s*(?:[(\[][^()\[\]]*(?:CI|confidence|"
    r"[-–]|to)[^()\[\]]*[)\]]|±\s*[\d.]+\s?%?))?",
    re.I,
)
_AVAILABLE = re.compile(
    r"\b(code|data|data ?sets?|weights|models?|implementation|images)\b[^.;]*\b(available|"
    r"released?|provided|"
    r"public\w*|upon (?:\w+ )?request|on (?:\w+ )?request)\b",
    re.I,
)
_ADDRESS = re.compile(r"(?:https?://|www\.|github\.com/)\S+?(?=[).,;]?(?:\s|$))", re.I)


_SECTIONS = frozenset(
    {"", "abstract", "methods", "results", "limitations", "supplement", "statements"}
)
"""Where a study reports on itself; a discussion has too much on others."""


def extract_facts(
    sentences: Sequence[Sentence],
    *,
    own: Set[int],
    sets_by_sentence: Mapping[int, Sequence[tuple[str, str]]] | None = None,
) -> list[Fact]:
    """The facts of a paper, in the order of FIELDS and of the text; equal cells are one.

    Args:
        own: indexes of the sentences on this study.
        sets_by_sentence: sentence -> (words, id) of the public sets it names as used.
    """
    found: list[Fact] = []
    for index in sorted(own):
        text = sentences[index].text
        if sentences[index].section not in _SECTIONS:
            continue
        for find in _FINDERS:
            found += [Fact(field, label, value, (index,)) for field, label, value in find(text)]
    found += _read_class_tables(sentences)
    found += find_class_sources(sentences, own, sets_by_sentence or {})
    return _merge(found)


_QUOTED = frozenset({"split", "reference standard", "external data"})
"""Fields whose cells are sentences."""
_MAX_QUOTED = 4
"""Sentences kept of each such field; those that come first say it best."""


def _merge(facts: Sequence[Fact]) -> list[Fact]:
    merged: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        key = (fact.field, fact.label, fact.value.lower())
        known = merged.get(key)
        places = (*known.sentences, *fact.sentences) if known else fact.sentences
        merged[key] = Fact(
            fact.field, fact.label, (known or fact).value, tuple(dict.fromkeys(places))
        )
    order = list(FIELDS)
    facts_in_order = sorted(
        merged.values(), key=lambda fact: (order.index(fact.field), fact.sentences[0])
    )
    kept: list[Fact] = []
    counts: Counter[str] = Counter()
    for fact in facts_in_order:
        counts[fact.field] += 1
        if fact.field not in _QUOTED or counts[fact.field] <= _MAX_QUOTED:
            kept.append(fact)
    return kept


Cell = tuple[str, str, str]
"""Field, label and value."""


def _find_sizes(text: str) -> Iterator[Cell]:
    if is_row(text) or not _STUDY_SIZE.search(text):
        return
    for field, pattern in _SIZES.items():
        counts = [int(match["n"].replace(",", "")) for match in pattern.finditer(text)]
        if counts and max(counts) >= _MIN_SIZE:
            yield field, "", str(max(counts))


def _find_class_sizes(text: str) -> Iterator[Cell]:
    if is_row(text):
        return
    matches = [*_CLASS_SIZE.finditer(text), *_CLASS_THEN_SIZE.finditer(text)]
    cells = {name_class(m["class"]): m["n"].replace(",", "") for m in matches}
    cells = {name: n for name, n in cells.items() if name not in ("patient",) and int(n) > 1}
    if len(cells) > 1:
        for name, n in cells.items():
            yield "class size", name, n


def _find_parts(text: str) -> Iterator[Cell]:
    if is_row(text):
        return
    for part, words in _PARTS.items():
        after = re.search(
            rf"\b(?:{words})\b(?: (?:sets?|data ?sets?|cohorts?|images|"
            rf"data))?\s*(?:\(\s*n\s*=\s*|\(|: ?|of |with )"
            rf"{_COUNT}",
            text,
            re.I,
        )
        before = re.search(
            rf"{_COUNT}\s+(?:[a-z][\w-]*\s+){{0,3}}?(?:for |in |as |to )?(?:the )?\b(?:{words})\b",
            text,
            re.I,
        )
        match = after or before
        if match and int(match["n"].replace(",", "")) > 1:
            yield "part size", part, match["n"].replace(",", "")


def _find_split(text: str) -> Iterator[Cell]:
    is_split = _SPLIT.search(text) and _SPLIT_CONTEXT.search(text) and _SPLIT_AMOUNT.search(text)
    if is_row(text) or not is_split or _CAPTION.match(text):
        return
    yield "split", "", _shorten(text)
    for unit, pattern in _SPLIT_UNIT:
        if pattern.search(text):
            yield "split unit", "", unit
            return


_MIN_BALANCED = 20
"""Smaller numbers beside such words are factors or citations."""


def _find_balancing(text: str) -> Iterator[Cell]:
    match = _BALANCING.search(text)
    if match and int(match["n"].replace(",", "")) < _MIN_BALANCED:
        match = None
    if match and not re.search(r"\btraining (?:set|data|images|samples)\b", text, re.I):
        yield "balancing", "", match["n"].replace(",", "")


def _find_setting(text: str) -> Iterator[Cell]:
    for match in _DATES.finditer(text):
        yield "dates", "", " ".join(match["dates"].split())
    for match in _SITES.finditer(text):
        yield (
            "sites",
            "",
            " ".join(match.group().split()) if match["count"] else match["name"].strip(),
        )


_MAX_SENTENCE = 350
"""Letters above which a 'sentence' is a list or a broken table."""
_MIN_SIZE = 5
"""Smaller numbers of people or images are examples and not the size of a study."""


def _find_reference(text: str) -> Iterator[Cell]:
    if is_row(text):
        return
    if _REFERENCE.search(text) and not _CAPTION.match(text) and len(text) < _MAX_SENTENCE:
        yield "reference standard", "", _shorten(text)
    for match in _READERS.finditer(text):
        if re.search(
            r"\b(read|label|annotat|review|segment|delineat|grad|assess|scor|confirm|select|"
            r"diagnos|"
            r"interpret|contour)\w*",
            text,
            re.I,
        ):
            yield (
                "readers",
                match["kind"].lower().removesuffix("s"),
                " ".join(match.group().split()),
            )
    if _EXTERNAL.search(text):
        yield "external data", "", _shorten(text)


def _find_performance(text: str) -> Iterator[Cell]:
    for match in _PERFORMANCE.finditer(text):
        value = " ".join(f"{match['value']}{match['interval'] or ''}".split())
        yield "performance", match["metric"].lower(), value


def _find_availability(text: str) -> Iterator[Cell]:
    if _AVAILABLE.search(text):
        address = _ADDRESS.search(text)
        if address or re.search(r"\brequest\b", text, re.I):
            yield "availability", "", address.group() if address else "on request"


def _shorten(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 3].rstrip() + "..."


_FINDERS: tuple[Callable[[str], Iterator[Cell]], ...] = (
    _find_sizes,
    _find_class_sizes,
    _find_parts,
    _find_split,
    _find_balancing,
    _find_setting,
    _find_reference,
    _find_performance,
    _find_availability,
)
_CLASS_TABLE = re.compile(
    r"\b(statistic\w*|distribution|number of|composition|breakdown|details)\b.*\b(class\w*|"
    r"categor\w+|types?|"
    r"data ?set|images|samples)\b",
    re.I,
)


def _read_class_tables(sentences: Sequence[Sentence]) -> Iterator[Fact]:
    """The classes of a table of sizes: a name and one whole number each."""
    for block in find_blocks(sentences):
        if not _CLASS_TABLE.search(block.caption):
            continue
        for row in block.rows:
            pairs = re.findall(r"([A-Za-z][\w()/ -]*?)[\s:]+(\d[\d,]*)(?![\d.%])", row.text)
            if len(pairs) == len(row.numbers):
                for name, n in pairs:
                    yield Fact("class size", name.strip(), n.replace(",", ""), (row.sentence,))
