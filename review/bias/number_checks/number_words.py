"""Reads numbers that are written as digits or as words, with the thing they count."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORD = rf"(?:(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(ONES[1:10])}))?|{'|'.join(ONES[1:])})"
NUMBER_WORD = rf"(?:{_WORD}(?: hundred(?: (?:and )?{_WORD})?)?)"
"""'seven', 'twenty-three', 'one hundred and twelve'."""
COUNT = (
    r"(?:(?<![\w.,/±–-])(?:\d{1,3}(?:,\d{3})+|\d{1,7})(?![\d.,/–-]*\d)(?!\s?%)|"
    rf"(?<![\w-]){NUMBER_WORD}(?![\w-]))"
)
"""A whole number that is no part of a decimal, range, fraction or percentage."""
UNIT = (
    r"(?:patients?|subjects?|participants?|individuals?|volunteers?|people|persons|children|adults|"
    r"women|men|cases?|images?|scans?|slices?|slides?|"
    r"x-?rays?(?!\s+(?:images?|films?|scans?|radiographs?|pictures?))|radiographs?|mammograms?|"
    r"films|CTs|"
    r"MRIs|CXRs|WSIs|eyes?|cells|lesions?|nodules?|tiles|patches|samples?|videos?|studies|"
    r"examinations?|exams?|volumes?|records?|frames?|photographs?|articles?|papers?|reports?|"
    r"publications?|abstracts?|blocks?|layers?|sessions?|biopsies|tumou?rs?|features|controls|"
    r"radiologists|dermatologists|pathologists|ophthalmologists|readers|raters|observers|experts)"
)
_COUNTED = re.compile(
    rf"(?P<n>{COUNT})\s+(?P<before>(?:(?!(?:and|or|of|with|were|was|to|from|"
    rf"in)\b)[A-Za-z][\w/+-]*\s+){{0,4}}?)"
    rf"(?P<unit>{UNIT})\b",
    re.I,
)
_PEOPLE = frozenset(
    [
        "patient",
        "subject",
        "participant",
        "individual",
        "volunteer",
        "people",
        "person",
        "children",
        "adult",
        "women",
        "men",
    ]
)


@dataclass(frozen=True, slots=True)
class CountedThing:
    """A number and what it counts: '219 COVID-19 images'."""

    count: int
    kind: str
    """The unit without plural; 'people' for patients, subjects and the like."""
    before: str
    """The words between the number and its unit, in lower case."""
    start: int
    end: int


def parse_number(text: str) -> int:
    """The number in '1,204', '23' or 'one hundred and twelve'."""
    if text[0].isdigit():
        return int(text.replace(",", ""))
    total = 0
    for word in re.findall(r"[a-z]+", text.lower()):
        if word == "hundred":
            total = (total or 1) * 100
        elif word in ONES:
            total += ONES.index(word)
        elif word in TENS:
            total += 10 * (TENS.index(word) + 2)
    return total


def list_counted(text: str) -> Iterator[CountedThing]:
    """The counted things of a text, in order."""
    for match in _COUNTED.finditer(text):
        unit = match["unit"].lower()
        stem = unit if unit in ("people", "children", "women", "men") else unit.rstrip("s")
        yield CountedThing(
            count=parse_number(match["n"]),
            kind="people" if stem in _PEOPLE else stem.replace("x-ray", "xray"),
            before=match["before"].lower().strip(),
            start=match.start(),
            end=match.end(),
        )


def join_thousands(text: str) -> str:
    """The text with '1, 200 images' and '1 200 images' as '1,200 images'."""
    text = re.sub(r"(?<![\d,.])(\d{1,3}), (\d{3})(?=\s+[a-z])(?!\s+(?:and|or)\b)", r"\1,\2", text)
    return re.sub(r"(?<![\d,.] )(?<![\d,.])([1-9]\d{0,2})[  ](\d{3})(?=\s+[a-z])", r"\1,\2", text)


_DATE = re.compile(
    r"\b(?:between|from|during|in|since|until|of|by)\s+(?:\d{1,2}\s+)?(?:[A-Z][a-z]+\.?,?\s+)?"
    r"(?:\d{1,2},?\s+)?(?:19|20)\d\d\b(?:\s*(?:and|to|until|through|[-–])\s*(?:\d{1,2}\s+)?"
    r"(?:[A-Z][a-z]+\.?,?\s+)?(?:\d{1,2},?\s+)?(?:19|20)\d\d\b)?"
)
_LABEL = re.compile(
    r"\b(?:institution|hospital|cent(?:er|re)|site|group|cohort|data ?set|table|fig(?:ure)?\.?|"
    r"section|class|"
    r"grade|stage|type|phase|fold|model|experiment|task|step|version|level|reader|"
    r"appendix)\s\d{1,2}\b(?!\s*,\d)",
    re.I,
)


def drop_other_numbers(text: str) -> str:
    """The text without numbers that count nothing: 'between 2015 and 2019', 'Institution 1'."""
    return _LABEL.sub(" ", _DATE.sub(" ", text))


def write_digits(text: str) -> str:
    """The text with 'forty-one patients' as '41 patients'; 'one' stays."""
    return re.sub(
        rf"(?<![\w-]){NUMBER_WORD}(?![\w-])",
        lambda match: match[0] if match[0].lower() == "one" else str(parse_number(match[0])),
        text,
        flags=re.I,
    )
